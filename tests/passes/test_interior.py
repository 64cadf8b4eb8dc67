"""The points inside of a line apart from those at its ends: the same values, one by one, mapped and differentiated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import interpreted
import opjax
from opjax.backends.jax import BACKEND as JAX
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, AtPosition, Edge, Graph, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.interior import interior

X, FACES, B, REST = Dim("x"), Dim("faces"), Dim("b"), Dim("rest")
AXES = {
    "rest": Axis("rest", "labels", ("",) * 11),
    "b": Axis("b", "labels", ("", "")),
    "x": Axis("x", "labels", ("",) * 12),
    "faces": Axis("faces", "labels", ("",) * 13),
}
EDGES: tuple[Edge, ...] = ("periodic", "stay", "absorb")
SPECIAL = (0.0, -0.0, 1.0, -1.5, 2.5, math.inf, -math.inf, math.nan, 1e308, 5e-324)
Cells = Mapping[tuple[int, ...], float | bool]


class Line:
    """Makes values along a line, and of neighbours of what has been computed of neighbours."""

    def __init__(self, draw: st.DrawFn, graph: Graph) -> None:
        self.draw, self.graph = draw, graph
        u, s = graph.symbol("state", "u", ("x",)), graph.symbol("state", "S", tuple(draw(st.permutations(("b", "x")))))
        self.values = {X: [u, s, graph.symbol("parameter", "k", ("x",))], FACES: list[AnyNode]()}
        self.others = [graph.symbol("parameter", "c"), graph.constant(2.0), graph.symbol("parameter", "w", ("b",))]
        self.others.append(graph.reduce("sum", s, (X,)))

    def any(self, dim: Dim, more: bool = False) -> AnyNode:
        return self.draw(st.sampled_from([*self.values[dim], *(self.others if more else [])]))

    def read(self, node: AnyNode, dim: Dim, along: Along) -> AnyNode:
        return self.graph.view(node, [along if each == dim else Along(each) for each in node.dims])

    def moved(self, node: AnyNode, dim: Dim) -> AnyNode:
        return self.read(node, dim, Along(dim, self.draw(st.integers(-4, 4)), self.draw(st.sampled_from(EDGES))))

    def between(self, dim: Dim, to: Dim, offset: int) -> None:
        """What is at faces read at cells, or the other way round."""
        points = AXES[to.axis].size or 0
        along = Along(to, offset, self.draw(st.sampled_from(EDGES)), points=points)
        self.values[to].append(self.read(self.any(dim), dim, along))

    def step(self) -> None:
        """One value more."""
        graph, dim = self.graph, self.draw(st.sampled_from([X, *([FACES] if self.values[FACES] else [])]))
        kinds = ("move", "move", "faces", "cells", "apply", "apply", "where", "power", "place", "join")
        kind = self.draw(st.sampled_from(kinds))
        one = self.any(dim)
        match kind:
            case "move":
                self.values[dim].append(self.moved(one, dim))
            case "faces":
                self.between(X, FACES, self.draw(st.integers(-2, 1)))
            case "cells" if self.values[FACES]:
                self.between(FACES, X, self.draw(st.integers(0, 1)))
            case "where":
                less = self.moved(graph.apply("less", (one, self.any(dim))), dim)
                self.values[dim].append(graph.apply("where", (less, one, self.any(dim, more=True))))
            case "power":
                self.values[dim].append(graph.integer_power(one, self.draw(st.integers(2, 3))))
            case "place":
                node = graph.place(self.draw(st.sampled_from(self.others)), X, self.draw(st.integers(0, 11)))
                self.values[X].append(node)
            case "join":
                first, number = self.draw(st.integers(0, 1)), self.draw(st.sampled_from(self.others))
                rest = self.read(self.any(X), X, Along(REST, first, points=11))
                parts = (number, rest) if self.draw(st.booleans()) else (rest, number)
                dims = {each for part in parts for each in part.dims}
                self.values[X].append(graph.join(parts, X, others=tuple(dims - {REST})))
            case _:
                function = self.draw(st.sampled_from(("add", "add", "multiply", "negate", "maximum")))
                rest = [] if function == "negate" else [self.any(dim, more=True)]
                self.values[dim].append(graph.apply(function, (one, *rest)))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Some values along a line, of one row and of several, and rows of them."""
    graph = Graph()
    line = Line(draw, graph)
    for _ in range(draw(st.integers(3, 9))):
        line.step()
    wanted = [*line.values[X][-3:], *line.values[FACES][-1:]]
    roots: dict[str, AnyNode] = {}
    for place, node in enumerate(wanted):
        if B in node.dims and draw(st.booleans()):
            for at in range(2):
                row = graph.view(node, [AtPosition(at) if each == B else Along(each) for each in node.dims])
                roots[f"value {place}, row {at}"] = row
        else:
            roots[f"value {place}"] = node
    return Program(graph, roots, AXES, {})


def values(program: Program, seed: int) -> list[Cells]:
    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        place = dict(zip(symbol.axes, cell, strict=True))
        return SPECIAL[(seed + 7 * ord(symbol.name[0]) + 3 * place.get(X, 0) ** 2 + place.get(B, 0)) % len(SPECIAL)]

    return [cells.values for cells in evaluate(list(program.roots.values()), program.axes, leaf)]


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(program=programs(), seed=st.integers(0, 10_000))
def test_no_value_changes_but_for_the_sign_of_a_zero(program: Program, seed: int) -> None:
    after = interior(program)
    assert after.roots == program.roots
    for old, new in zip(values(program, seed), values(after.alone or after, seed), strict=True):
        assert old.keys() == new.keys()
        for cell, value in old.items():
            assert new[cell] == value or (new[cell] != new[cell] and value != value), (cell, value, new[cell])


def test_what_is_placed_at_an_end_and_what_is_joined_is_read_beyond_the_ends() -> None:
    graph = Graph()
    u, c = graph.symbol("state", "u", ("x",)), graph.symbol("parameter", "c")
    minus = graph.apply("negate", (graph.place(graph.constant(2.0), X, 0),))
    rest = graph.view(u, (Along(REST, points=11),))
    joined = graph.join((rest, c), X)
    roots = {
        "placed": graph.apply("add", (minus, graph.view(u, (Along(X, 1),)))),
        "joined": graph.view(joined, (Along(FACES, edge="periodic", points=13),)),
    }
    program = Program(graph, roots, AXES, {})
    after = interior(program)
    assert after.alone is not None
    assert values(after.alone, 2) == values(program, 2)


def kernel_of(rhs: opjax.CompiledRhs) -> Program:
    return rhs._quantities.kernel(JAX).program


LORENZ = """
model Lorenz:
  axes:
    x = grid(0, 1, {points})
  params: F
  states: u[x]
  dynamics:
    u[x]' = (u[x+1] - u[x-2])*u[x-1] - u[x] + F edge periodic
"""
CABLE = """
model Cable:
  axes:
    x = grid(0, 1, {points})
  params:
    D
    k[x]
  states: u[x], w[x]
  dynamics:
    u[x]' = D*(u[x+1] - 2*u[x] + u[x-1]) + exp(-u[x]^2)*(k[x] - w[x]) edge {edge}
    w[x]' = u[x]*w[x+1] - w[x] edge {edge}
"""


def case(name: str, points: int) -> tuple[opjax.CompiledRhs, np.ndarray, dict[str, Any]]:
    """A model, a state, and parameters."""
    random = np.random.default_rng(points)
    if name == "lorenz":
        return opjax.compile_rhs(LORENZ.format(points=points)), random.normal(size=points), {"F": 8.0}
    rhs = opjax.compile_rhs(CABLE.format(points=points, edge=name))
    return rhs, random.normal(size=2 * points), {"D": 0.3, "k": random.uniform(size=points)}


MODELS = ("lorenz", *EDGES)


@pytest.mark.parametrize("points", [6, 41])
@pytest.mark.parametrize("name", MODELS)
def test_one_state_many_states_and_derivatives_are_those_of_the_meaning(name: str, points: int) -> None:
    rhs, y, p = case(name, points)
    assert kernel_of(rhs).alone is not None
    with jax.enable_x64(True):
        p = {name: jnp.asarray(value) for name, value in p.items()}
        one = jax.jit(lambda y, p: rhs(0.0, y, p))
        many = jax.vmap(one, (0, None))
        near = {"rtol": 1e-12, "atol": 1e-12}
        want = interpreted.derivative(rhs, y, {name: np.asarray(value) for name, value in p.items()})
        np.testing.assert_allclose(one(y, p), want, **near)
        rows = y * np.array([[1.0], [0.5], [-0.25]])
        np.testing.assert_allclose(many(rows, p), [one(row, p) for row in rows], **near)
        # Numbers as NumPy has them, which differentiate by small steps in the complex plane: no rule of JAX.
        steps = np.stack([_slope(rhs, y, p, place) for place in range(y.size)], axis=1)
        np.testing.assert_allclose(jax.jit(jax.jacfwd(one))(y, p), steps, rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(jax.jit(jax.jacrev(one))(y, p), steps, rtol=1e-7, atol=1e-7)


def _slope(rhs: opjax.CompiledRhs, y: np.ndarray, p: dict[str, Any], place: int) -> np.ndarray:
    """The slope along one state, of fourth order."""
    h, unit = 1e-3, np.eye(y.size)[place]
    given = {name: np.asarray(value) for name, value in p.items()}
    far, near = (rhs(0.0, y + n * h * unit, given) - rhs(0.0, y - n * h * unit, given) for n in (2, 1))
    return (8 * near - far) / (12 * h)


def total_by_hand(y: Any, d: Any, k: Any) -> Any:
    """The sum of the squares of what `CABLE` computes, with neighbours gathered."""
    (u, w), points = y.reshape(2, -1), np.arange(y.size // 2)
    left, right = np.maximum(points - 1, 0), np.minimum(points + 1, points[-1])
    first = d * (u[right] - 2 * u + u[left]) + jnp.exp(-(u**2)) * (k - w)
    return jnp.sum(jnp.concatenate([first, u * w[right] - w]) ** 2)


def descent(f: Any) -> Any:
    """Values along a few steps down, in a loop that is compiled."""

    def along(y: Any, d: Any, k: Any) -> Any:
        return jax.lax.scan(lambda y, _: (y - 0.01 * jax.grad(f)(y, d, k), f(y, d, k)), y, k)[1]

    return along


def of_all(f: Any) -> Any:
    """The sum over several numbers ``d``."""
    return lambda *given: jnp.sum(jax.vmap(f, (None, 0, None))(*given))


def of_scaled(f: Any) -> Any:
    """The function of several states."""
    return lambda y, d, k: f(y * d[:, None], d, k)


CHANGES: dict[str, Any] = {
    "value": lambda f: f,
    "gradient": lambda f: jax.grad(f, argnums=(0, 1, 2)),
    "second": jax.hessian,
    "forward": lambda f: lambda y, d, k: jax.jvp(lambda y, k: f(y, d, k), (y, k), (jnp.cos(y), k)),
    "linear": lambda f: lambda y, d, k: jax.linearize(lambda y: f(y, d, k), y)[1](jnp.cos(y)),
    "again": lambda f: jax.grad(jax.checkpoint(f)),
    "in a loop": descent,
}
MAPPED: dict[str, Any] = {
    "values": lambda f: jax.vmap(f, (None, 0, None)),
    "gradients": lambda f: jax.vmap(jax.grad(f), (None, 0, None)),
    "gradient of values": lambda f: jax.grad(of_all(f), argnums=(1, 2)),
    "values in loops": lambda f: jax.vmap(descent(f), (None, 0, None)),
    "on two axes": lambda f: (
        lambda y, d, k: jax.vmap(jax.vmap(f, (0, None, None)), (None, 0, None))(y * d[:, None], d, k)
    ),
}


@pytest.mark.parametrize("name", [*CHANGES, *MAPPED])
def test_all_ways_to_map_and_to_differentiate_are_those_by_hand(name: str) -> None:
    rhs, state, p = case("stay", 30)
    change = {**CHANGES, **MAPPED}[name]
    with jax.enable_x64(True):
        given = jnp.asarray(state), jnp.asarray([0.1, 0.5, 0.9] if name in MAPPED else 0.3), jnp.asarray(p["k"])

        def total(y: Any, d: Any, k: Any) -> Any:
            return jnp.sum(rhs(0.0, y, {"D": d, "k": k}) ** 2)

        found, want = jax.jit(change(total))(*given), jax.jit(change(total_by_hand))(*given)
        for each, other in zip(jax.tree.leaves(found), jax.tree.leaves(want), strict=True):
            np.testing.assert_allclose(each, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_conditions_may_be_mapped(name: str) -> None:
    rhs, y, p = case(name, 20)
    with jax.enable_x64(True):
        rows = jnp.asarray(y * np.array([[1.0], [0.5], [-1.0]]))

        def chosen(y: jax.Array) -> jax.Array:
            return jax.lax.cond(y[0] > 0, lambda y: rhs(0.0, y, p), jnp.negative, y)

        want = [interpreted.derivative(rhs, np.asarray(row), p) if row[0] > 0 else -row for row in rows]
        np.testing.assert_allclose(jax.vmap(chosen)(rows), want, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(jax.jit(jax.vmap(chosen))(rows), want, rtol=1e-12, atol=1e-12)


HEAT = """
model Heat:
  axes:
    x = grid(0, 1, 20)
  params: k
  states: u[x]
  dynamics:
    u[x]' = k*(u[x+1] - 3*u[x] + u[x-2]) edge absorb
"""


def test_what_is_linear_is_transposed() -> None:
    rhs = opjax.compile_rhs(HEAT)
    matrix = rhs.jacobian(0.0, np.zeros(20), {"k": 0.3})
    weights = jnp.linspace(-1.0, 2.0, 20)
    for change in (lambda f: f, jax.jit):
        transpose = jax.linear_transpose(change(lambda y: rhs(0.0, y, {"k": 0.3})), jnp.zeros(20))
        (found,) = transpose(weights)
        np.testing.assert_allclose(found, matrix.T @ weights, rtol=1e-5, atol=1e-6)
    (found,) = jax.jit(lambda k: jax.linear_transpose(lambda y: rhs(0.0, y, {"k": k}), jnp.zeros(20))(weights))(0.3)
    np.testing.assert_allclose(found, matrix.T @ weights, rtol=1e-5, atol=1e-6)


def test_a_call_in_a_loop_reads_slices_and_a_mapped_one_an_array_with_its_ends() -> None:
    rhs, y, p = case("lorenz", 200)
    one, many = (str(jax.make_jaxpr(change(lambda y: rhs(0.0, y, p)))(y)) for change in (lambda f: f, of_rows))
    assert "slice[limit_indices=(198,) start_indices=(1,)" in one.replace("\n", "")
    assert "optimization_barrier" not in one
    assert "optimization_barrier" in many
    assert "optimization_barrier" in str(jax.make_jaxpr(jax.grad(lambda y: jnp.sum(rhs(0.0, y, p))))(y))
    first, _, second = opjax.compile_rhs(LORENZ.format(points=200), xp=jnp).source.partition("# many states")
    assert "widen" not in first
    assert "widen" in second


def of_rows(f: Any) -> Any:
    """The function of rows."""
    return lambda y: jax.vmap(f)(jnp.stack([y, y]))


def test_by_name_and_by_number_are_the_same() -> None:
    rhs, y, p = case("absorb", 25)
    traced = jax.jit(lambda y: rhs.pytree_eval_fn(0.0, {"u": y[:25], "w": y[25:]}, **p))(y)
    np.testing.assert_allclose(np.concatenate([traced["u"], traced["w"]]), rhs(0.0, y, p), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("points", [3, 5])
def test_lines_that_are_nearly_all_ends_stay_as_they_are(points: int) -> None:
    rhs, y, p = case("lorenz", points)
    assert kernel_of(rhs).alone is None
    want = interpreted.derivative(rhs, y, p)
    np.testing.assert_allclose(jax.jit(lambda y: rhs(0.0, y, p))(y), want, rtol=1e-5)
    assert not any(record.fired for record in rhs.explain(jnp).passes if record.name == "interior")


def test_the_explanation_says_which_lines() -> None:
    rhs, _, _ = case("stay", 20)
    (record,) = (each for each in rhs.explain(jnp).passes if each.name == "interior")
    assert record.fired
    assert record.remark == "the ends apart, for one state: x"
