"""What the tests of this room share: double precision, reading models, walking traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import pytest

from opjax import stages
from opjax.errors import Report
from opjax.stages import Checked

EXAMPLES = Path(__file__).parents[2] / "examples"
Read = Callable[[str], Checked]


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    """Double precision, unless a test asks otherwise."""
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="session")
def read() -> Read:
    """Reads a model from its text, or from the name of an example."""

    def reader(text: str) -> Checked:
        report = Report()
        source = text if "\n" in text else (EXAMPLES / f"{text}.ojx").read_text(encoding="utf-8")
        (syntax,) = stages.read_string(source, "ojx", report)
        return stages.check(syntax, report)

    return reader


def equations(jaxpr: Any) -> Iterator[Any]:
    """Every equation of a traced function, those inside others included."""
    waiting = [jaxpr]
    while waiting:
        current = waiting.pop()
        for equation in current.eqns:
            yield equation
            for value in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda v: hasattr(v, "eqns")):
                inner = value if hasattr(value, "eqns") else getattr(value, "jaxpr", None)
                if hasattr(inner, "eqns"):
                    waiting.append(inner)


@pytest.fixture
def trace() -> Callable[..., list[Any]]:
    """The equations of a function at some arguments."""

    def traced(function: Callable[..., Any], *arguments: Any) -> list[Any]:
        return list(equations(jax.make_jaxpr(function)(*arguments).jaxpr))

    return traced
