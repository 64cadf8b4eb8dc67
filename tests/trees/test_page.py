"""The page about kUPS: every name of the original has its line, and every line is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "coming-from-kups.md").read_text(encoding="utf-8")
CELLS = re.findall(r"^```\{code-cell\}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)

NAMES = {
    "B1": ["dataclass"],
    "B2": ["field"],
    "B3": ["lens_field", "LensField"],
    "B4": ["is_traced"],
    "B5": ["isin"],
    "B6": ["jit"],
    "B7": ["kahan_summation"],
    "B8": ["key_chain"],
    "B9": ["linearize"],
    "B10": ["no_jax_tracing", "NotJaxCompatibleError"],
    "B11": ["non_differentiable"],
    "B12": ["sequential_vmap_with_vjp"],
    "B13": ["shard_map"],
    "B14": ["no_post_init", "enable_post_init", "skip_post_init_if_disabled"],
    "B15": ["SupportsTreeMatch", "tree_map"],
    "B16": ["tree_concat", "tree_stack"],
    "B17": ["tree_zeros_like"],
    "B18": ["tree_where_broadcast_last"],
    "B19": ["ScatterArgs", "HasScatterArgs", "tree_scatter_set"],
    "B20": ["tree_structure", "PyTreeDef"],
    "B21": ["vectorize"],
    "B22": ["StaticScalar"],
}
LEFT_OUT = ["B3", "B6", "B9", "B13", "B14", "B17", "B22"]


class Line(NamedTuple):
    """A line of the table: codes of its first three cells, words of the last."""

    names: list[str]
    here: list[str]
    example: str
    words: str


def lines() -> list[Line]:
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    codes = [[re.findall(r"`([^`]+)`", cell) for cell in row[:3]] for row in rows]
    return [Line(names, here, *example, row[3]) for (names, here, example), row in zip(codes, rows, strict=True)]


LINES = lines()


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the first cell of the page defines."""
    found: dict[str, Any] = {"__name__": "page"}
    run(CELLS[0], found)
    return found


def run(cell: str, names: dict[str, Any]) -> None:
    """As a notebook runs it: without the `from __future__` of this file."""
    exec(compile(cell, "page", "exec", dont_inherit=True), names)


def test_every_name_of_the_original_has_one_line() -> None:
    assert sorted(name for line in LINES for name in line.names) == sorted(
        name for row in NAMES.values() for name in row
    )


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.names[0])
def test_the_line_is_true(line: Line, names: dict[str, Any]) -> None:
    for code in line.here:
        eval(code, names)
    assert eval(line.example, names)


@pytest.mark.parametrize("row", LEFT_OUT)
def test_what_is_left_out_has_its_reason(row: str) -> None:
    (line,) = [line for line in LINES if line.names == NAMES[row]]
    assert line.words.startswith("left out, because ")
    assert line.here


def test_names_that_are_kept_are_in_the_room() -> None:
    from opjax import trees

    kept = {name for line in LINES if not line.words.startswith("left out") for name in line.names}
    assert {name for name in kept if not hasattr(trees, name)} == {"dataclass"}


def test_the_other_cells_run(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    for cell in CELLS[1:]:
        run(cell, names)
    assert "runs on the host" in capsys.readouterr().out


def test_the_page_is_in_the_table_of_contents() -> None:
    assert re.search(r"^coming-from-kups$", (DOCS / "index.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
