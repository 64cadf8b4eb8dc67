"""Terms with a number in common are multiplied once: the same values and gradients, fewer operations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import opjax
from interpreted import derivative
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import AnyNode, Apply, Constant, Graph, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis
from opjax.passes.common import common

AXES = {"a": Axis("a", "labels", labels=("p", "q", "r")), "b": Axis("b", "labels", labels=("u", "v"))}
VALUES = (1.0, -1.0, 0.3, -7.0, 1e5, -1e-5, 3.0, 0.7)


@st.composite
def sums(draw: st.DrawFn) -> Program:
    """Sums of products of numbers and arrays; some are used twice."""
    graph = Graph()
    numbers: list[AnyNode] = [graph.symbol("parameter", name) for name in "km"]
    numbers += [graph.constant(value) for value in (2.0, 3.0, -0.25)]
    arrays: list[AnyNode] = [
        graph.symbol("state", "S", ("a",)),
        graph.symbol("state", "T", ("a",)),
        graph.symbol("state", "M", ("a", "b")),
    ]
    roots: list[AnyNode] = []
    for _ in range(draw(st.integers(1, 3))):
        terms: list[AnyNode] = []
        for _ in range(draw(st.integers(2, 5))):
            term = draw(st.sampled_from(arrays))
            for function in draw(st.lists(st.sampled_from(("multiply", "divide", "negate", "array")), max_size=3)):
                other = draw(st.sampled_from(arrays if function == "array" else numbers))
                pair = (term, other) if draw(st.booleans()) or function == "divide" else (other, term)
                known = "multiply" if function == "array" else function
                term = graph.apply(known, pair if function != "negate" else (term,))
            terms.append(term)
        roots.append(graph.apply("add", terms))
        arrays += [roots[-1], *terms[:1]]
    return Program(graph, {str(at): root for at, root in enumerate(roots)}, AXES, {})


def cells(root: AnyNode, sizes: bool) -> list[float]:
    """The values of a root; or those of its terms without their signs, added up all the way down."""

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        at = sum((3 * place + 2) * i for place, i in enumerate(cell, 1)) + 5 * ord(symbol.name)
        return abs(VALUES[at % len(VALUES)]) if sizes else VALUES[at % len(VALUES)]

    if sizes:
        root = positive(root)
    return [float(value) for value in evaluate([root], AXES, leaf)[0].values.values()]


def positive(root: AnyNode) -> AnyNode:
    """The same expression without signs."""
    graph = Graph()
    made: dict[int, AnyNode] = {}
    waiting = [root]
    while waiting:
        node = waiting[-1]
        left = [o for o in node.operands if o.number not in made]
        if left:
            waiting += left
            continue
        waiting.pop()
        inner = [made[o.number] for o in node.operands]
        if isinstance(node, Apply):
            made[node.number] = inner[0] if node.function == "negate" else graph.apply(node.function, inner)
        elif isinstance(node, Symbol):
            made[node.number] = graph.symbol(node.role, node.name, tuple(d.axis for d in node.axes))
        else:
            made[node.number] = graph.constant(abs(float(cast(Constant, node).value)))
    return made[root.number]


def products(program: Program) -> int:
    """How many products and quotients of arrays there are, factor by factor."""
    found = [n for n in program.nodes if isinstance(n, Apply) and n.dims and n.function in ("multiply", "divide")]
    return sum(len(node.operands) - 1 for node in found)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(sums())
def test_values_differ_by_units_of_what_is_added_up(program: Program) -> None:
    after = common(program)
    for old, new in zip(program.roots.values(), after.roots.values(), strict=True):
        sizes = cells(old, True)
        for one, other, size in zip(cells(old, False), cells(new, False), sizes, strict=True):
            assert abs(one - other) <= 30 * math.ulp(size)


MODEL = """
model Common:
  axes:
    x = grid(0, 1, 90)
  params:
    k = 2
    m = 3
    w[x]
  states:
    u[x]
  dynamics:
    d(u[x])/dt = {rate} edge stay
"""
Hand = Callable[[Any, Any], Any]
RATES: dict[str, tuple[Hand, int]] = {
    "k*u[x] + k*w[x]": (lambda u, w: 2 * (u + w), 1),
    "k*u[x]/m - k*w[x]/m": (lambda u, w: 2 / 3 * (u - w), 1),
    "m + k*u[x] - k*u[x]*w[x]": (lambda u, w: 3 + 2 * (u - u * w), 2),
    "u[x]/4 + w[x]/4": (lambda u, w: (u + w) / 4, 1),
    "3*u[x] - 2*w[x]": (lambda u, w: 3 * u - 2 * w, 2),
    "k*u[x] - 2*k*w[x] + k*u[x]^3": (lambda u, w: 2 * (u - 2 * w + u**3), 4),
    "-k*u[x] - k*w[x]*u[x]": (lambda u, w: -2 * (u + w * u), 2),
}


@pytest.mark.parametrize("rate", RATES)
def test_terms_are_multiplied_once(rate: str) -> None:
    rhs = opjax.compile_rhs(MODEL.format(rate=rate))
    by_hand, most = RATES[rate]
    rng = np.random.default_rng(3)
    y, w = rng.normal(size=90), rng.normal(size=90)
    given = {"w": w}
    np.testing.assert_allclose(rhs(0.0, y, given), by_hand(y, w), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(rhs(0.0, y, given), derivative(rhs, y, {"w": w, "k": 2, "m": 3}), rtol=1e-12, atol=1e-12)
    traced = str(jax.make_jaxpr(lambda u, w: rhs(0.0, u, {"w": w}))(y, w))
    numbers = [line for line in traced.splitlines() if " = mul " in line or " = div " in line]
    assert len([line for line in numbers if "[90]" in line]) <= most
    with jax.enable_x64(True):
        found = jax.grad(lambda u: rhs(0.0, u, given) @ w)(jnp.asarray(y))
        wanted = jax.grad(lambda u: by_hand(u, w) @ w)(jnp.asarray(y))
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_what_is_used_elsewhere_is_no_product_of_a_term() -> None:
    graph = Graph()
    k, s, t = graph.symbol("parameter", "k"), graph.symbol("state", "S", ("a",)), graph.symbol("state", "T", ("a",))
    flow = graph.apply("multiply", (k, s))
    total = graph.apply("add", (flow, graph.apply("multiply", (k, t))))
    program = Program(graph, {"flow": flow, "total": total}, AXES, {})
    assert products(common(program)) == products(program) == 2
