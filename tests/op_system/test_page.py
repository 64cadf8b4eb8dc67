"""The page about op_system: every line is true, on both sides."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

op_system = pytest.importorskip("op_system", reason="op_system 0.9 is not installed: it is in the extra 'dev'")

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "coming-from-op-system.md").read_text(encoding="utf-8")
(CELL,) = re.findall(r"^```\{code-cell\}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if re.match(r"\| (?!what \||---)", line)]


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the cell of the page defines, and op_system."""
    found: dict[str, Any] = {"op": op_system}
    exec(compile(CELL, "page", "exec", dont_inherit=True), found)
    return found


def test_every_row_has_three_cells_and_two_examples() -> None:
    assert len(ROWS) > 20
    assert {len(row) for row in ROWS} == {3}
    assert all(re.search(r": `[^`]+`$", cell) for row in ROWS for cell in row[1:])


@pytest.mark.filterwarnings("ignore::DeprecationWarning", r"ignore:[^\n]*W0404")  # a line of the page has one
@pytest.mark.parametrize("side", [1, 2], ids=["op_system", "opjax"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].replace("`", ""))
def test_the_line_is_true(row: list[str], side: int, names: dict[str, Any]) -> None:
    example = re.findall(r"`([^`]+)`$", row[side])[0]
    assert eval(example, names), example


def test_the_page_is_in_the_table_of_contents() -> None:
    assert re.search(r"^coming-from-op-system$", (DOCS / "index.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
