"""Opposite differences are one: the same values but for the signs of zeros, and fewer arrays over pairs."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import opjax
from backends.namespaces import equations
from interpreted import derivative
from opjax.backends.numpy import BACKEND as NUMPY
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import AnyNode, Apply, Graph, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.opposite import opposite

AXES = {"a": Axis("a", "labels", labels=("p", "q", "r"))}
VALUES = (1.0, -1.0, 0.3, -7.0, 1e5, 0.7, math.inf, math.nan, 2.0)


@st.composite
def exchanges(draw: st.DrawFn) -> Program:
    """Differences in both directions, and what is made of them."""
    graph = Graph()
    found: list[AnyNode] = [graph.symbol("state", name, ("a",)) for name in "STU"]
    found.append(graph.symbol("parameter", "k"))
    for _ in range(draw(st.integers(2, 10))):
        one, other = (draw(st.sampled_from(found)) for _ in range(2))
        kind = draw(st.sampled_from(("both", "both", "multiply", "divide", "power", "sum", "sin", "cos", "add", "exp")))
        if kind == "both":
            minus = [graph.apply("negate", (node,)) for node in (one, other)]
            found += [graph.apply("add", pair) for pair in ((one, minus[1]), (minus[0], other))]
        elif kind == "power":
            found.append(graph.integer_power(one, draw(st.sampled_from((2, 3, -1)))))
        elif kind == "sum":
            found.append(graph.reduce("sum", one, one.dims) if one.dims else one)
        else:
            found.append(graph.apply(kind, (one, other) if kind in ("multiply", "divide", "add") else (one,)))
    return Program(graph, {str(at): node for at, node in enumerate(found[-4:])}, AXES, {})


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(exchanges(), st.integers(0, 100))
def test_no_value_changes_but_the_signs_of_zeros(program: Program, seed: int) -> None:
    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        return VALUES[(seed + 3 * sum(cell) + 5 * ord(symbol.name)) % len(VALUES)]

    def values(given: Program) -> list[float]:
        cells = evaluate(list(given.roots.values()), AXES, leaf)
        return [float(value) for one in cells for value in one.values.values()]

    for old, new in zip(values(program), values(opposite(program)), strict=True):
        known = old == new or (math.isnan(old) and math.isnan(new))
        assert known or (math.isinf(old) and not math.isnan(new))  # over a zero of another sign


def test_there_is_one_difference_for_both_directions() -> None:
    graph = Graph()
    s, t = (graph.symbol("state", name, ("a",)) for name in "ST")
    one = graph.apply("add", (s, graph.apply("negate", (t,))))
    other = graph.apply("add", (t, graph.apply("negate", (s,))))
    total = graph.reduce("sum", graph.apply("multiply", (other, s)), (Dim("a"),))
    after = opposite(Program(graph, {"one": one, "square": graph.integer_power(other, 2), "total": total}, AXES, {}))
    assert sum(isinstance(node, Apply) and node.function == "add" for node in after.nodes) == 1
    square, total = after.roots["square"], after.roots["total"]
    assert square.operands == (one,)
    assert isinstance(total, Apply)
    assert total.function == "negate"
    assert not total.dims


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("other_turned", [False, True])
def test_terms_may_stand_in_any_order(turned: bool, other_turned: bool) -> None:
    """What flows to and fro, ``-f + g`` and ``f - g``, is one sum as well."""
    graph = Graph()
    s, t = (graph.symbol("state", name, ("a",)) for name in "ST")
    minus_s, minus_t = (graph.apply("negate", (node,)) for node in (s, t))
    one = graph.apply("add", (minus_t, s) if turned else (s, minus_t))
    other = graph.apply("add", (minus_s, t) if other_turned else (t, minus_s))
    after = opposite(Program(graph, {"one": one, "other": other}, AXES, {}))
    assert sum(isinstance(node, Apply) and node.function == "add" for node in after.nodes) == 1


PAIRS = """
model Pairs:
  axes:
    i = {axis}
  params:
    K = 1.2
    l = 0.7
  states: x[i], y[i]
  dynamics:
    x[i]' = K*sum(exp(-((x[j] - x[i])^2 + (y[j] - y[i])^2)/l^2)*(x[i] - x[j]) for j in i)
    y[i]' = K*sum(exp(-((x[j] - x[i])^2 + (y[j] - y[i])^2)/l^2)*(y[i] - y[j]) for j in i)
"""


@pytest.mark.parametrize("count", [3, 12])
def test_bodies_that_drive_each_other_apart(count: int) -> None:
    rhs = opjax.compile_rhs(PAIRS.format(axis="[" + ", ".join(f"b{i}" for i in range(count)) + "]"))
    state = np.random.default_rng(4).normal(size=2 * count)

    def by_hand(state: jax.Array) -> jax.Array:
        x, y = state.reshape(2, -1)
        a, b = x[:, None] - x, y[:, None] - y
        near = jnp.exp(-(a * a + b * b) / 0.7**2)
        return jnp.concatenate([1.2 * (near * a).sum(1), 1.2 * (near * b).sum(1)])

    np.testing.assert_allclose(rhs(0.0, state), derivative(rhs, state, {"K": 1.2, "l": 0.7}), rtol=1e-12, atol=1e-13)
    with jax.enable_x64(True):
        given = jnp.asarray(state)
        np.testing.assert_allclose(rhs(0.0, given), by_hand(given), rtol=1e-12, atol=1e-13)
        slopes = [jax.grad(lambda y, f=f: (f(y) ** 2).sum())(given) for f in (lambda y: rhs(0.0, y), by_hand)]
        np.testing.assert_allclose(*slopes, rtol=1e-11, atol=1e-12)
        traced = equations(jax.make_jaxpr(lambda y: rhs(0.0, y))(given).jaxpr)
    over_pairs = [e for e in traced if e.outvars[0].aval.shape == (count, count) and e.primitive.name in ("add", "sub")]
    assert len(over_pairs) == 3  # two differences, and the sum of their squares
    assert rhs._quantities.kernel(NUMPY).code("written").text.count("[:, None]") == 2
