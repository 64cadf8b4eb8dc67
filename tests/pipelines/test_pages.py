"""The pages about pipelines run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import pytest

DOCS = Path(__file__).parents[2] / "docs"
PIPEKIT = (DOCS / "coming-from-pipekit.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`.*?) \| .* \| `(.*)` \|$", PIPEKIT, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def names() -> Iterator[dict[str, Any]]:
    """What the page defines first."""
    (prelude,) = re.findall(r"^```python\n(.*?)^```$", PIPEKIT, flags=re.MULTILINE | re.DOTALL)
    module = types.ModuleType("coming_from_pipekit")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setitem(sys.modules, module.__name__, module)  # classes pickle by the name of their module
    exec(compile(prelude, "coming-from-pipekit.md", "exec", dont_inherit=True), vars(module))
    yield vars(module)
    monkeypatch.undo()


def test_every_row_of_the_table_is_found() -> None:
    assert len(ROWS) == len(re.findall(r"^\| `", PIPEKIT, flags=re.MULTILINE)) > 60


@pytest.mark.parametrize(("there", "code"), ROWS, ids=[there for there, _ in ROWS])
def test_the_row_runs(there: str, code: str, names: dict[str, Any]) -> None:
    result = eval(compile(code.replace("\\|", "|"), there, "eval", dont_inherit=True), names)
    jax.block_until_ready(jax.tree.leaves(result))


def cells(page: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```\{code-cell\}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_cells_of_the_guide_run(capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, Any] = {"__name__": "pipelines_page"}
    for cell in cells("pipelines.md"):
        exec(compile(cell, "pipelines.md", "exec", dont_inherit=True), found)
    printed = capsys.readouterr().out
    assert "stands here twice" in printed
    assert "os:system" in printed


def test_what_the_page_says_of_traces_is_so(capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, Any] = {"__name__": "build_trace_run_page"}
    for cell in cells("build-trace-run.md")[:3]:
        exec(compile(cell, "build-trace-run.md", "exec", dont_inherit=True), found)
    printed = capsys.readouterr().out
    first, rest = printed.split("new values of a param:")
    assert [line.split(":")[0] for line in first.splitlines()] == ["build", "trace", "run", "run"]
    assert re.findall(r": +(\d)$", f": {rest}", flags=re.MULTILINE) == ["1", "1", "3", "3", "3", "3"]
    assert "boolean" in rest


HURRIED = """
import contextlib, quickly
stack = contextlib.ExitStack()
stack.enter_context(quickly.hurried())
"""


@pytest.mark.slow
def test_a_retrieval_is_trained_spread_and_sampled() -> None:
    """In a process of its own, because the page asks JAX for four devices; the page checks its numbers itself."""
    pytest.importorskip("numpyro")
    paths = os.pathsep.join(str(DOCS.parent / folder) for folder in ("src", "tests"))
    environment = {**os.environ, "PYTHONPATH": paths, "JAX_PLATFORMS": "cpu"}
    script = "\n".join([HURRIED, *cells("matched-filter.md")])
    command = [sys.executable, "-"]
    done = subprocess.run(command, input=script, env=environment, capture_output=True, text=True, check=True)
    assert "on 4 devices" in done.stdout
    assert "compiled 1 time" in done.stdout
    assert "strength of the target" in done.stdout
