"""Large models take linear work, counted and not timed: calls, nodes, and lines of code."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping

import numpy as np
import pytest

import opjax

LAWS = (
    "v*x{a}^2/(1 + x{a}^2) - {d}*x{i}",
    "v/(1 + x{a}^2) - {d}*x{i}",
    "v*x{a}/(1 + x{a})/(1 + x{b}) - {d}*x{i}",
    "v*x{a}*x{b} - {d}*x{i}",
    "v*exp(-x{a}) - {d}*x{i}",
    "v*(x{a} + x{b})/(2 + x{a}) - {d}*x{i}",
)
"""Six shapes of equations, between neighbours that no rule gives."""


def shapes(count: int) -> str:
    """Equations of six shapes."""
    random = np.random.default_rng(count)
    a, b = random.integers(count, size=(2, count))
    rows = [f"x{i}' = {LAWS[i % 6].format(i=i, a=a[i], b=b[i], d=1 + i % 7)}" for i in range(count)]
    return _text("    v = 1\n", [f"x{i}" for i in range(count)], rows)


def network(count: int) -> str:
    """Mass action, with two reactions and two parameters for each species."""
    random = np.random.default_rng(count)
    b, c = random.integers(count, size=(2, 2 * count))
    rows = [f"R{i}: x{i % count} + x{b[i]} -> x{c[i]} @ k{i}" for i in range(2 * count)]
    rates = "".join(f"    k{i} = {1 + i % 7}\n" for i in range(2 * count))
    return _text(rates, [f"x{i}" for i in range(count)], rows)


def chain(count: int) -> str:
    """Stages, each of which flows into the next."""
    rows = [f"x{i} -> x{i + 1} @ k" for i in range(count - 1)]
    return _text("    k = 1\n", [f"x{i}" for i in range(count)], rows)


def aliases(count: int) -> str:
    """Aliases, each of which uses the one before twice."""
    rows = [f"    a{i} = a{i - 1} + v*a{i - 1}\n" for i in range(1, count)]
    head = f"  let:\n    a0 = x\n{''.join(rows)}"
    return f"model M:\n  params: v\n  states: x\n{head}  dynamics:\n    x' = -a{count - 1}\n"


def _text(parameters: str, states: list[str], dynamics: list[str]) -> str:
    lines = "".join(f"    {row}\n" for row in dynamics)
    return f"model M:\n  params:\n{parameters}  states: {', '.join(states)}\n  dynamics:\n{lines}"


def first_call(text: str) -> opjax.CompiledRhs:
    """Compile a model and call it."""
    rhs = opjax.compile_rhs(text)
    values = {"v": 1.0} if rhs.param_names == ("v",) else {}  # the others have defaults
    rhs.eval_fn(0.0, np.full(len(rhs.state_names), 0.5), **values)
    return rhs


def calls(text: str) -> int:
    """How many functions are called up to the first derivative."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    gc.collect()
    gc.disable()  # what other tests have left behind is no work of this call
    sys.setprofile(note)
    try:
        first_call(text)
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


@pytest.mark.parametrize(("model", "few"), [(shapes, 80), (network, 120), (chain, 120), (aliases, 120)])
def test_the_work_up_to_the_first_call_is_linear(model: Callable[[int], str], few: int) -> None:
    first_call(model(60))  # whatever is kept between calls
    assert calls(model(4 * few)) < 4.6 * calls(model(few))


@pytest.mark.parametrize(("model", "few", "most"), [(shapes, 500, 150), (network, 250, 30), (chain, 250, 10)])
def test_the_code_is_as_long_for_four_times_as_many_equations(model: Callable[[int], str], few: int, most: int) -> None:
    small, large = (first_call(model(count)).source.splitlines() for count in (few, 4 * few))
    assert len(large) <= len(small) + 2
    assert len(small) < most
    assert max(map(len, large)) < 2_000


def test_what_the_code_computes_is_the_model() -> None:
    rhs, count = first_call(shapes(120)), 120
    random = np.random.default_rng(count)
    a, b = random.integers(count, size=(2, count))
    y = random.uniform(0.2, 2.0, count)
    known: Mapping[str, object] = {"exp": np.exp, "v": 1.0, **{f"x{i}": y[i] for i in range(count)}}
    rows = [LAWS[i % 6].format(i=i, a=a[i], b=b[i], d=1 + i % 7).replace("^", "**") for i in range(count)]
    want = [eval(row, {}, dict(known)) for row in rows]
    np.testing.assert_allclose(rhs.eval_fn(0.0, y), want, rtol=1e-13)
