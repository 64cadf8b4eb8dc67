"""Differences that cancel, or of which one side is missing, are those by hand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import opjax
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Edge, Graph, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.differences import differences, second_differences

TEXT = """
model M:
  axes:
    x = grid(0, 69, 70)
  params:
    D = 0.3
    v = 0.9
  states: u[x]
  dynamics:
    d(u[x])/dt = {rate} edge {edge}
"""
Rate = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
RATES: dict[str, Rate] = {
    "D*(u[x+1] - u[x+1]) + v*(u[x+1] - u[x-1])": lambda low, u, high: 0.9 * (high - low),
    "D*(u[x+1] - u[x+1]) + v*(u[x-1] - u[x-1])": lambda low, u, high: 0 * u,
    "D*(u[x+1] - u[x+1] + u[x] - u[x]) - v*(u[x] - u[x-1])": lambda low, u, high: -0.9 * (u - low),
    "2*(u[x-1] - u[x-1]) - 3*(u[x-1] - u[x-1])": lambda low, u, high: 0 * u,
    "D*(u[x+1] + u[x-1] - u[x] - u[x]) + v*(u[x+1] - u[x+1])": lambda low, u, high: 0.3 * (high + low - 2 * u),
}


@pytest.mark.parametrize("edge", ["periodic", "stay", "absorb"])
@pytest.mark.parametrize("rate", RATES)
def test_differences_that_cancel(rate: str, edge: str) -> None:
    rhs = opjax.compile_rhs(TEXT.format(rate=rate, edge=edge))
    u = np.random.default_rng(20261122).normal(size=70)
    beyond = {"periodic": (u[-1], u[0]), "stay": (u[0], u[-1]), "absorb": (0.0, 0.0)}[edge]
    low, high = np.append(beyond[0], u[:-1]), np.append(u[1:], beyond[1])
    want = RATES[rate](low, u, high)
    np.testing.assert_allclose(rhs(0.0, u), want, rtol=0, atol=4e-15)
    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.jit(rhs)(0.0, jnp.asarray(u)), want, rtol=0, atol=4e-15)


FACTORS = (1, -4, 6, -4, 1)
FOURTH = {
    "u[x+2] - 4*u[x+1] + 6*u[x] - 4*u[x-1] + u[x-2]": (1, 0),
    "6*u[x] - u[x-1]*4 - 4*u[x+1] + u[x-2] + u[x+2]": (1, 0),
    "-u[x+2] + 4*u[x+1] - 6*u[x] + 4*u[x-1] - u[x-2] + u[x]^2": (-1, 1),
}


@pytest.mark.parametrize("edge", ["periodic", "stay", "absorb"])
@pytest.mark.parametrize("rate", FOURTH)
def test_a_fourth_difference_is_four_differences(rate: str, edge: str) -> None:
    factor, products = FOURTH[rate]
    rhs = opjax.compile_rhs(TEXT.format(rate=rate, edge=edge))
    u = np.random.default_rng(20261122).normal(size=70)
    wide = np.pad(u, 2, mode={"periodic": "wrap", "stay": "edge", "absorb": "constant"}[edge])
    points = (wide[4:], wide[3:-1], u, wide[1:-3], wide[:-4])
    total = sum(by * point for by, point in zip(FACTORS, points, strict=True))
    want = factor * total + (u**2 if factor < 0 else 0)
    np.testing.assert_allclose(rhs(0.0, u), want, rtol=0, atol=160 * np.spacing(np.abs(u).max()))
    assert rhs.source.count("*") == products
    with jax.enable_x64(True):
        found = jax.jit(rhs)(0.0, jnp.asarray(u))
    np.testing.assert_allclose(found, rhs(0.0, u), rtol=0, atol=160 * np.spacing(np.abs(u).max()))


@pytest.mark.parametrize("places", [(2, 1, 0, -1, -2), (3, 1, 0, -2, -3), (4, 2, 0, -2, -4)])
@pytest.mark.parametrize("factor", [1, 2, -3])
def test_what_looks_like_a_fourth_difference(places: tuple[int, ...], factor: int) -> None:
    """Another factor, or points that are not as far from each other."""
    indices = [f"x{place:+d}" if place else "x" for place in places]
    terms = [f"({factor * by})*u[{index}]" for by, index in zip(FACTORS, indices, strict=True)]
    rhs = opjax.compile_rhs(TEXT.format(rate=" + ".join(terms), edge="periodic"))
    u = np.random.default_rng(20261123).normal(size=70)
    want = sum(factor * by * np.roll(u, -place) for by, place in zip(FACTORS, places, strict=True))
    np.testing.assert_allclose(rhs(0.0, u), want, rtol=0, atol=500 * np.spacing(np.abs(u).max()))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=5, max_size=5))
def test_a_fourth_difference_keeps_to_its_units(values: list[float]) -> None:
    graph = Graph()
    u = graph.symbol("state", "u", ("x",))
    read = [graph.view(u, (Along(X, step, "periodic"),)) if step else u for step in (2, 1, 0, -1, -2)]
    factors = [(float(by), v) for by, v in zip(FACTORS, read, strict=True)]
    terms = [graph.apply("multiply", (graph.constant(by), v)) for by, v in factors]
    program = Program(graph, {"rate": graph.apply("add", terms)}, AXES, {})
    assert second_differences(program).roots == program.roots
    after = differences(program)
    assert after is not program
    (found,) = evaluate(list(after.roots.values()), AXES, lambda _, cell: values[cell[0]])
    (old,) = evaluate(list(program.roots.values()), AXES, lambda _, cell: values[cell[0]])
    for place in range(5):
        places = [(place + step) % 5 for step in (2, 1, 0, -1, -2)]
        most = sum(abs(by * values[at]) for by, at in zip(FACTORS, places, strict=True))
        assert abs(found.values[(place,)] - old.values[(place,)]) <= 10 * math.ulp(most)


# --- any sums of differences, and what looks like one

X, Z = Dim("x"), Dim("z")
AXES = {"x": Axis("x", "labels", tuple("pqrst")), "z": Axis("z", "labels", tuple("uvw"))}
EDGES: tuple[Edge, ...] = ("stay", "absorb", "periodic")
STENCILS = (
    ((1, 1), (0, -2), (-1, 1)),
    ((1, -1), (0, 2), (-1, -1)),
    ((1, 1), (-1, -1)),
    ((1, 1), (0, -1)),
    ((0, 1), (-1, -1)),
    ((2, 1), (0, -2), (-2, 1)),
    ((1, 1), (0, 2), (-1, 1)),
    ((1, 1), (0, -2), (-1, -1)),
    ((2, 1), (0, -2), (-1, 1)),
    ((1, 2), (0, -4), (-1, 2)),
    ((1, 1), (0, -2), (-1, 1), (2, 1)),
    ((1, 1), (0, 1), (-1, -2)),
    ((2, 1), (1, -4), (0, 6), (-1, -4), (-2, 1)),
    ((2, -1), (1, 4), (0, -6), (-1, 4), (-2, -1)),
    ((2, 2), (1, -8), (0, 12), (-1, -8), (-2, 2)),
    ((2, 1), (1, -4), (0, 6), (-1, -4), (-2, -1)),
    ((2, 1), (1, -4), (0, 5), (-1, -4), (-2, 1)),
    ((2, 1), (1, -2), (-1, 2), (-2, -1)),
    ((2, -1), (1, 2), (-1, -2), (-2, 1)),
    ((2, 1), (1, -2), (-1, 2), (-2, 1)),
)


class Stencils:
    """Sums over neighbours in an array, times numbers; sometimes of one in another array, or with another end."""

    def __init__(self, draw: st.DrawFn, graph: Graph) -> None:
        self.draw, self.graph = draw, graph
        self.axes = draw(st.sampled_from((("x",), ("x",), ("x", "z"))))
        self.edge: Edge = draw(st.sampled_from(EDGES))
        self.parameters = [graph.symbol("parameter", name) for name in "kq"]

    def chosen(self, usual: str | Dim, other: str | Dim) -> str | Dim:
        return other if self.draw(st.integers(0, 7)) == 0 else usual

    def read(self, offset: int, dim: Dim) -> AnyNode:
        array = self.graph.symbol("state", str(self.chosen("u", "v")), self.axes)
        edge = self.draw(st.sampled_from((*[self.edge] * 7, *EDGES)))
        steps = {dim: offset}
        if len(self.axes) == 2 and self.draw(st.integers(0, 9)) == 0:
            steps[Z if dim == X else X] = self.draw(st.sampled_from((1, -1)))
        along = [Along(d, steps[d], edge) if steps.get(d) else Along(d) for d in array.dims]
        return self.graph.view(array, along) if any(steps.values()) else array

    def times(self, factor: float, node: AnyNode) -> AnyNode:
        """A number times a node, written in one of several ways."""
        way, make = (
            self.draw(st.sampled_from(("sign", "sign", "sign", "constant", "divided", "three"))),
            self.graph.apply,
        )
        if way == "constant":
            return make("multiply", (self.graph.constant(factor), node))
        if way == "divided" and abs(factor) == 2:
            return self.times(2 * factor, make("divide", (node, self.graph.constant(2.0))))
        if abs(factor) != 1:
            factors = [self.graph.constant(abs(factor)), node]
            node = make("multiply", [*factors, self.parameters[0]] if way == "three" and factor == -2 else factors)
        return make("negate", (node,)) if factor < 0 else node

    def terms(self) -> list[AnyNode]:
        dim = Z if len(self.axes) == 2 and self.draw(st.booleans()) else X
        found = self.draw(st.sampled_from(STENCILS))
        return [
            self.times(float(factor), self.read(offset, dim)) for offset, factor in self.draw(st.permutations(found))
        ]

    def times_numbers(self, node: AnyNode) -> AnyNode:
        numbers = [*self.parameters, self.graph.constant(0.5), self.graph.symbol("parameter", "r", self.axes)]
        for _ in range(self.draw(st.integers(0, 3))):
            number = self.draw(st.sampled_from(numbers[: 4 if self.draw(st.integers(0, 5)) == 0 else 3]))
            match self.draw(st.sampled_from(("multiply", "divide", "negate", "under"))):
                case "multiply":
                    node = self.graph.apply("multiply", self.draw(st.permutations((number, node))))
                case "divide":
                    node = self.graph.apply("divide", (node, number))
                case "under" if self.draw(st.integers(0, 3)) == 0:
                    node = self.graph.apply("divide", (number, node))
                case _:
                    node = self.graph.apply("negate", (node,))
        return node

    def odd(self) -> AnyNode:
        """A function of a difference and of the opposite one, most often an odd function."""
        function = self.draw(st.sampled_from(("sin", "tanh", "atan", "cos", 3, 2, -3)))
        one, other = self.draw(st.sampled_from(((1, 0), (1, -1), (2, 0))))
        dim = X if len(self.axes) == 1 else self.draw(st.sampled_from((X, Z)))
        parts: list[AnyNode] = []
        for first, second in ((one, other), (-one, -other)):
            terms = [self.read(first, dim), self.times(-1.0, self.read(second, dim))]
            terms += self.parameters[:1] if self.draw(st.integers(0, 4)) == 0 else []
            node = self.graph.apply("add", self.draw(st.permutations(terms)))
            made = (
                self.graph.apply(function, (node,))
                if isinstance(function, str)
                else self.graph.integer_power(node, function)
            )
            parts.append(made)
        return self.graph.apply("add", parts)

    def sum(self) -> AnyNode:
        parts: list[AnyNode] = []
        for _ in range(self.draw(st.integers(1, 4))):
            match self.draw(st.sampled_from(("terms", "product", "product", "product", "odd"))):
                case "terms":
                    parts += self.terms()
                case "product":
                    parts.append(self.times_numbers(self.graph.apply("add", self.terms())))
                case _:
                    parts.append(self.odd())
        return self.graph.apply("add", parts) if len(parts) > 1 else parts[0]


@st.composite
def sums(draw: st.DrawFn) -> Program:
    graph = Graph()
    stencils = Stencils(draw, graph)
    roots = {"one": stencils.sum(), "two": stencils.sum()}
    for name, root in tuple(roots.items()):
        for operand in root.operands[: draw(st.integers(0, 1))]:
            roots[f"{name} again"] = operand
    return Program(graph, roots, AXES, {})


def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    """Whole numbers and powers of two: what is added up or divided is exact in any order."""
    if symbol.name in "kqr":
        return {"k": 4.0, "q": 0.5, "r": 2.0}[symbol.name]
    return float((7 * ord(symbol.name) + sum((i + 2) ** 3 * 5**p for p, i in enumerate(cell))) % 11 - 5)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(sums())
def test_sums_of_differences_are_what_they_were(program: Program) -> None:
    after = differences(program)
    old, new = (evaluate(list(p.roots.values()), p.axes, leaf) for p in (program, after))
    for one, other in zip(old, new, strict=True):
        for cell in itertools.product(*(range(AXES[dim.axis].size or 0) for dim in one.dims)):
            where = dict(zip(one.dims, cell, strict=True))
            value, found = float(one.at(where)), float(other.at(where))
            known = math.isclose(value, found, rel_tol=1e-13, abs_tol=1e-12)
            assert known or not math.isfinite(value), (value, found)
