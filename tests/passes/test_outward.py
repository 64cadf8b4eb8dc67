"""What is read elsewhere in one way is computed before it is read: no bit changes, and less is computed."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import interpreted
import opjax
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Edge, Graph, Reduce, Symbol, View
from opjax.ir.program import Program, is_negated
from opjax.ir.types import Axis, Dim
from opjax.passes.outward import outward

RANDOM = np.random.default_rng(23)
AXES = {"a": Axis("a", "labels", labels=tuple("pqrs")), "b": Axis("b", "labels", labels=tuple("uvw"))}
HERE, THERE, ACROSS = Dim("a"), Dim("a", 1), Dim("b")
SPECIAL = (1.5, -2.0, 0.0, -0.0, 3.0, math.inf, -math.inf, math.nan, 5e-324)
PLANE = """
model Plane:
  axes:
    x = grid(0, 4, 5)
    z = grid(0, 5, 6)
  params:
    k
    m[x, z]
  states: e[x, z], u[x, z]
  dynamics:
    d(e[x, z])/dt = {rate}
    d(u[x, z])/dt = k*e[x, z]
"""
MOVED = {
    "products": ("(k + e[x+1, z])*u[x+1, z] - (k + e[x-1, z])*u[x-1, z] edge periodic", 2),
    "both axes": ("e[x+1, z]*u[x+1, z] - e[x, z-1]*u[x, z-1] edge periodic", 2),
    "a diagonal": ("e[x+1, z-1]*u[x+1, z-1] edge periodic", 1),
    "the ends again": ("e[x+1, z]^2*u[x+1, z] edge stay", 1),
    "parameters": ("exp(e[x+1, z])/m[x+1, z] edge periodic", 1),
}
KEPT = {
    "sums": "e[x+1, z] + 2*u[x+1, z] edge periodic",
    "zeros beyond the end": "e[x+1, z]*u[x+1, z] edge absorb",
    "two places": "e[x+1, z]*u[x-1, z] edge periodic",
    "one array": "k*e[x+1, z]^2 edge periodic",
    "one that is not moved": "e[x+1, z]*u[x, z] edge periodic",
}
ORGANS = """
model Organs:
  axes:
    age = [child, adult]
    organ = [liver, lung, rest]
  params:
    Q[age, organ]
    K[organ]
  states: blood[age], x[age, organ]
  dynamics:
    blood[age]' = {total}
    x[age, organ]' = Q[age, organ]*(blood[age] - x[age, organ]/K[organ])
"""


def fired(rhs: opjax.CompiledRhs) -> bool:
    return {record.name: record.fired for record in rhs.explain().passes}["outward"]


def agrees(rhs: opjax.CompiledRhs) -> None:
    """The derivative is that of the interpreter, with NumPy and with JAX."""
    y = RANDOM.uniform(0.5, 1.5, len(rhs.state_names))
    p = {key: RANDOM.uniform(0.5, 1.5, shape) for key, shape in rhs.param_shapes.items()}
    want = interpreted.derivative(rhs, y, p)
    np.testing.assert_allclose(rhs(0.0, y, p), want, rtol=1e-13, atol=1e-14)
    with jax.enable_x64(True):
        run: Callable[..., np.ndarray] = jax.jit(rhs.eval_fn)
        np.testing.assert_allclose(run(0.0, y, **p), want, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", MOVED)
def test_products_at_neighbours_are_computed_before_they_are_read(name: str) -> None:
    rate, shifts = MOVED[name]
    rhs = opjax.compile_rhs(PLANE.format(rate=rate))
    assert fired(rhs)
    program = outward(Program(rhs.system.graph, rhs.system.rates, rhs.system.axes, {}))
    moved = [n for n in program.nodes if isinstance(n, View) and any(s != Along(d) for s, d in pairs(n))]
    assert len(moved) == shifts
    assert not [view for view in moved if is_negated(view.operand)]  # what is subtracted stays so
    agrees(rhs)


def pairs(view: View) -> list[tuple[object, Dim]]:
    return list(zip(view.selections, view.operand.dims, strict=True))


@pytest.mark.parametrize("name", KEPT)
def test_what_is_not_read_in_one_way_stays(name: str) -> None:
    rhs = opjax.compile_rhs(PLANE.format(rate=KEPT[name]))
    assert not fired(rhs)
    agrees(rhs)


def test_a_sum_is_taken_over_what_is_computed_anyway() -> None:
    rhs = opjax.compile_rhs(ORGANS.format(total="sum(Q[age, o]*(x[age, o]/K[o] - blood[age]) for o in organ)"))
    assert fired(rhs)
    assert rhs.source.count("/") == 1
    agrees(rhs)


def test_a_sum_that_shares_nothing_stays() -> None:
    rhs = opjax.compile_rhs(ORGANS.format(total="sum(Q[age, o]*x[age, o]^2 for o in organ)"))
    assert not fired(rhs)
    agrees(rhs)


def test_a_sum_of_products_that_are_computed_anyway_stays_one_operation() -> None:
    rhs = opjax.compile_rhs(
        "model M:\n  axes:\n    a = [p, q]\n  params:\n    m[a]\n  states: u[a]\n"
        "  dynamics:\n    u[a]' = sum(m[b]*u[b] for b in a) + m[a]*u[a]\n"
    )
    assert not fired(rhs)
    agrees(rhs)


def test_a_sum_over_neighbours_keeps_what_lies_at_the_ends() -> None:
    rhs = opjax.compile_rhs(
        "model M:\n  axes:\n    a = grid(0, 3, 4)\n  params:\n    m[a]\n  states: u[a]\n"
        "  let:\n    w[a] = m[a]/(1 + u[a])\n"
        "  dynamics:\n    u[a]' = sum(m[b+1]/(1 + u[b+1]) for b in a) - w[a] edge stay\n"
    )
    agrees(rhs)


@st.composite
def readings(draw: st.DrawFn) -> Program:
    """Arrays read at neighbours and under other names, what is made of them, and its sums."""
    graph = Graph()
    real: list[AnyNode] = [graph.symbol("parameter", "k"), graph.symbol("state", "q", ("b",))]
    plain = [graph.symbol("state", "S", ("a",)), graph.symbol("state", "U", ("a", "b"))]
    plain.append(graph.symbol("parameter", "W", ("a", "a")))
    edges: tuple[Edge, ...] = ("stay", "periodic", "absorb")
    ways = [Along(HERE, draw(st.integers(-2, 2)), draw(st.sampled_from(edges))), Along(THERE)]
    for node in plain:
        real.append(node)
        for way in ways:
            free = [d for d in (HERE, THERE) if d != way.dim]
            chosen = [way if d == HERE else Along(free[0] if d == THERE else d) for d in node.dims]
            real.append(graph.view(node, chosen))
    for _ in range(draw(st.integers(2, 10))):
        parts = draw(st.lists(st.sampled_from(real), min_size=2, max_size=3))
        kind = draw(st.sampled_from(("add", "multiply", "multiply", "divide", "negate", "power", "sum", "max", "view")))
        if kind == "negate":
            real.append(graph.apply("negate", parts[:1]))
        elif kind == "power":
            real.append(graph.integer_power(parts[0], 2))
        elif kind in ("sum", "max"):
            over = tuple(d for d in parts[0].dims if draw(st.booleans()))
            real.append(graph.reduce("sum" if kind == "sum" else "max", parts[0], over))
        elif kind == "view":
            real.append(graph.view(parts[0], [ways[0] if d == HERE else Along(d) for d in parts[0].dims]))
        else:
            real.append(graph.apply(kind, parts[:2] if kind == "divide" else parts))
    roots = {f"value {place}": node for place, node in enumerate(real[-4:])}
    return Program(graph, roots, AXES, {})


@settings(max_examples=400, deadline=None)
@given(program=readings(), seed=st.integers(0, 10_000))
def test_no_bit_changes(program: Program, seed: int) -> None:
    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        return SPECIAL[(seed + ord(symbol.name[0]) + sum((i + 1) * 3**p for p, i in enumerate(cell))) % len(SPECIAL)]

    after = outward(program)
    old, new = (evaluate(list(p.roots.values()), AXES, leaf) for p in (program, after))
    for one, other in zip(old, new, strict=True):
        assert one.values.keys() == other.values.keys()
        for cell, value in one.values.items():
            assert repr(float(other.values[cell])) == repr(float(value))


def test_other_names_in_another_order_stay() -> None:
    """A sum over two dims of one axis adds up in their order, which other names would change."""
    graph = Graph()
    w = graph.symbol("parameter", "W", ("a", "a"))
    turned = graph.view(w, (Along(THERE), Along(HERE)))
    total = graph.reduce("sum", graph.integer_power(turned, 2), (HERE, THERE))
    program = Program(graph, {"square": graph.integer_power(w, 2), "total": total}, AXES, {})
    assert outward(program) is program
    over_one = graph.reduce("sum", graph.integer_power(turned, 2), (THERE,))
    after = outward(Program(graph, {"square": graph.integer_power(w, 2), "total": over_one}, AXES, {}))
    assert any(isinstance(n, Reduce) and n.operand is after.roots["square"] for n in after.nodes)
