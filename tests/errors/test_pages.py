"""Every code has its page, its models do what the page says, and the text of every problem is kept.

`OPJAX_REWRITE_GOLDEN=1 pytest tests/errors` writes the golden texts anew; look at what changed before you keep it.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import opjax
from opjax.errors import OpjaxError, OpjaxWarning, catalogue, explain

SOURCE = Path(opjax.__file__).parent
PATHS = [str(SOURCE.parent), str(Path(__file__).parents[1])]
PAGES = SOURCE / "errors" / "pages"
GOLDEN = Path(__file__).parent / "golden"
REWRITE = os.environ.get("OPJAX_REWRITE_GOLDEN") == "1"
ROWS = {name: row for name, row in vars(catalogue).items() if isinstance(row, catalogue.Problem)}
CODES = sorted(row.code for row in ROWS.values())
BLOCK = re.compile(r"^```(\w+) (wrong|right)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A model, or a few lines of Python, on a page."""

    kind: str
    text: str


def blocks(code: str) -> dict[str, Block]:
    return {which: Block(kind, text) for kind, which, text in BLOCK.findall(explain.page(code))}


FRESH = """
import contextlib, sys
from opjax import OpjaxError
from quickly import hurried
text = sys.stdin.read()
try:
    with hurried() if ".fit(" in text else contextlib.nullcontext():
        exec(compile(text, "<page>", "exec"), {})
except OpjaxError as error:
    print("\\n".join(d.render() for d in error.diagnostics))
"""


def outcome(block: Block) -> str:
    """What the block raises or warns of, as text."""
    if "sys.modules[" in block.text or ".fit(" in block.text:  # it hides a package; it computes in threads
        command = [sys.executable, "-c", FRESH]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(PATHS), "JAX_ENABLE_X64": "1"}
        return subprocess.run(
            command, input=block.text, env=environment, capture_output=True, encoding="utf-8", check=True
        ).stdout
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            run(block)
        except OpjaxError as error:
            return "\n".join(d.render() for d in error.diagnostics) + "\n"
    assert all(isinstance(w.message, OpjaxWarning) for w in caught), [str(w.message) for w in caught]
    return "".join(f"{w.message}\n" for w in caught)


def run(block: Block) -> None:
    if block.kind == "python":
        exec(compile(block.text, "<page>", "exec"), {})
    else:
        assert opjax.loads(block.text, block.kind).compile_rhs(np).source


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, x64: None) -> None:
    """Files that a block writes go to an empty folder; JAX computes in double precision."""
    monkeypatch.chdir(tmp_path)


def cases(which: str) -> list[Any]:
    """All codes; those whose block draws from a posterior are slow."""
    slow = {code for code in CODES if which in blocks(code) and "num_samples" in blocks(code)[which].text}
    return [pytest.param(code, marks=[pytest.mark.slow] if code in slow else []) for code in CODES]


def test_codes_are_unique() -> None:
    assert len(set(CODES)) == len(CODES)


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert {path.name for path in PAGES.iterdir()} == {f"{code}.md" for code in CODES}
    assert list(explain.codes()) == CODES


@pytest.mark.parametrize("code", CODES)
def test_the_page_has_a_title_a_text_and_two_blocks(code: str) -> None:
    title, empty, text, *_ = explain.page(code).splitlines()
    assert re.fullmatch(rf"# {code}: \w.*[^.]", title)
    assert empty == ""
    assert len(text) > 30
    assert set(blocks(code)) == {"wrong", "right"}


@pytest.mark.parametrize("code", cases("wrong"))
def test_the_wrong_block_has_this_problem_alone(code: str) -> None:
    found = outcome(blocks(code)["wrong"])
    assert set(re.findall(r"(?:error|warning) ([EW]\d{4}): ", found)) == {code}, found
    golden = GOLDEN / f"{code}.txt"
    if REWRITE:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", cases("right"))
def test_the_right_block_has_no_problem(code: str) -> None:
    assert outcome(blocks(code)["right"]) == ""


def test_no_golden_text_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(CODES)


@pytest.mark.parametrize("code", ["e0301", " E0301\n"])
def test_codes_are_found_however_they_are_typed(code: str) -> None:
    assert explain.page(code) == explain.page("E0301")


def test_an_unknown_code_gets_suggestions() -> None:
    with pytest.raises(OpjaxError) as caught:
        explain.page("E03O1")
    assert "there is no error code 'E03O1'" in str(caught.value)
    assert "did you mean 'E03" in str(caught.value)


@pytest.mark.parametrize("code", ["", "../catalogue", "E0301.md", "e" * 10_000])
def test_no_other_file_is_read(code: str) -> None:
    with pytest.raises(OpjaxError, match="E0806"):
        explain.page(code)


# --- the rows and the code


def used_rows() -> set[str]:
    """The rows that the code names, as `catalogue.ROW` or by importing them from the catalogue."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(value=ast.Name(id="catalogue"), attr=name):
                    found.add(name)
                case ast.ImportFrom(module="opjax.errors.catalogue", names=names):
                    found |= {alias.name for alias in names}
                case _:
                    pass
    return found


def test_the_raised_codes_are_the_documented_ones() -> None:
    assert used_rows() - {"Problem"} == set(ROWS)
