"""Flows that stop at the end of an axis: shifts in place of conditions, with the same values and gradients."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import opjax
from opjax.backends.numpy import BACKEND
from opjax.compile.helpers import neighbours
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Edge, Graph, Place, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.shift import shift

SIZE = 6
AXES = {"a": Axis("a", "ordered", labels=tuple("pqrstu")), "b": Axis("b", "labels", labels=("u", "v"))}


def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    return 1.5 + sum((7 * place + 3) * 0.37 for place in cell)


@st.composite
def stopped_flows(draw: st.DrawFn) -> Program:
    """A flow behind a condition on the position, read at neighbours."""
    graph = Graph()
    position = graph.symbol("position", "a", ("a",))
    bound = graph.constant(float(draw(st.integers(-1, SIZE))))
    test = graph.apply(draw(st.sampled_from(("less", "greater_equal", "not_equal"))), (position, bound))
    flow = graph.symbol("state", "T", ("b", "a"))
    value: AnyNode = graph.apply("where", (test, flow, graph.constant(0.0)))
    total = [value]
    for _ in range(draw(st.integers(1, 3))):
        edge: Edge = draw(st.sampled_from(("absorb", "absorb", "stay", "periodic")))
        steps = draw(st.integers(-3, 3))
        value = graph.view(
            draw(st.sampled_from(total)), [Along(d, steps if d.axis == "a" else 0, edge) for d in flow.dims]
        )
        total.append(value)
    return Program(graph, {"x": graph.apply("add", total)}, AXES, {})


@given(stopped_flows())
def test_a_stopped_flow_keeps_its_value(program: Program) -> None:
    ((want,), (got,)) = (evaluate(list(p.roots.values()), AXES, leaf) for p in (program, shift(program)))
    assert got == want


@pytest.mark.parametrize("comparison", ["equal", "less_equal", "greater", "not_equal"])
@given(at=st.integers(-1, SIZE))
def test_a_number_at_one_point_is_placed_there(comparison: str, at: int) -> None:
    graph = Graph()
    test = graph.apply(comparison, (graph.symbol("position", "a", ("a",)), graph.constant(float(at))))
    births = graph.reduce("sum", graph.symbol("state", "T", ("b", "a")), (Dim("a"),))
    value = graph.apply("where", (test, births, graph.constant(0.0)))
    program = Program(graph, {"x": graph.apply("negate", (value,))}, AXES, {})
    after = shift(program)
    ((want,), (got,)) = (evaluate(list(p.roots.values()), AXES, leaf) for p in (program, after))
    assert got == want
    holding = {"equal": at in range(SIZE), "less_equal": at == 0, "greater": at == SIZE - 2, "not_equal": False}
    assert (Place in after.kinds) == holding[comparison]


@given(st.sampled_from(("stay", "absorb", "periodic")), st.integers(-9, 9), st.integers(0, 2), st.integers(1, 5))
def test_numpy_shifts_as_the_others_do(edge: Edge, offset: int, axis: int, size: int) -> None:
    value = np.random.default_rng(offset + 9).uniform(size=(size, size + 1, 2))
    quick = BACKEND.neighbours(edge)
    assert quick is not None
    np.testing.assert_array_equal(quick(value, offset, axis), neighbours(BACKEND, edge)(value, offset, axis))


TEXT = """
model Ageing:
  axes:
    age = ordered [p, q, r, s, t]
  states: S[age], I[age]
  params: a
  dynamics:
    S[age] -> S[age+1] @ {rate} edge stay
    I[age]' = -I[age]
"""


def test_ageing_has_no_conditions() -> None:
    rhs = opjax.compile_rhs(opjax.loads(TEXT.format(rate="a"), format="ojx"))
    s = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    flow = 0.5 * s[:-1]
    want = np.concatenate([[0.0], flow]) - np.concatenate([flow, [0.0]])
    np.testing.assert_allclose(rhs.eval_fn(0.0, np.concatenate([s, s]), a=0.5), [*want, *-s], rtol=1e-15)
    assert "where" not in rhs.source


def test_a_condition_that_keeps_a_gradient_finite_stays() -> None:
    """The last class has an infinite slope, and its flow is cut off: the gradient is 0 there, not 0 times infinity."""
    rhs = opjax.compile_rhs(opjax.loads(TEXT.format(rate="sqrt(a*S[age])"), format="ojx"))
    s = jnp.array([1.0, 2.0, 4.0, 8.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    gradient = jax.grad(lambda y: rhs.eval_fn(0.0, y, a=1.0).sum())(s)
    assert np.isfinite(np.asarray(gradient)).all()


@pytest.mark.parametrize("xp", [np, jnp])
def test_two_steps_at_once(xp: object) -> None:
    text = TEXT.format(rate="a").replace("S[age+1]", "S[age+2]")
    rhs = opjax.compile_rhs(opjax.loads(text, format="ojx"))
    s = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    y = xp.asarray(np.concatenate([s, s]))  # type: ignore[attr-defined]
    want = [-0.5, -1.0, -2.0 + 0.5, 1.0, 2.0]
    np.testing.assert_allclose(np.asarray(rhs.eval_fn(0.0, y, a=0.5))[:5], want, rtol=1e-6)
