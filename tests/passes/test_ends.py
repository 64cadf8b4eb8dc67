"""What enters, leaves, or counts at an end of an axis: the same values, with neither zeros nor selections."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import interpreted
import opjax
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Apply, AtPosition, Edge, Graph, Join, Place, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.ends import ends

A, B = Dim("a"), Dim("b")
AXES = {"a": Axis("a", "labels", tuple("pqrst")), "b": Axis("b", "labels", ("u", "v", "w"))}
RANDOM = np.random.default_rng(8)
Parameters = dict[str, np.ndarray]


def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    """Whole numbers that are not large, which are the same in any order."""
    if symbol.role == "position":
        return float(cell[0])
    return float((sum(map(ord, symbol.name)) + sum((i + 1) * 3**p for p, i in enumerate(cell))) % 7 - 3)


def moved(graph: Graph, node: AnyNode, dim: Dim, offset: int, edge: Edge = "absorb") -> AnyNode:
    return graph.view(node, [Along(d, offset, edge) if d == dim else Along(d) for d in node.dims])


class Line:
    """What moves along an axis, and what enters, leaves, or counts at its points."""

    def __init__(self, draw: st.DrawFn, graph: Graph) -> None:
        self.draw, self.graph = draw, graph
        self.dim, self.across = draw(st.sampled_from(((A, B), (B, A))))
        self.size = AXES[self.dim.axis].size or 0
        self.state = graph.symbol("state", "S", ("a", "b"))
        self.rate = draw(
            st.sampled_from((graph.symbol("parameter", "k"), graph.symbol("parameter", "r", (self.dim.axis,))))
        )
        product, beside = graph.apply("multiply", (self.rate, self.state)), moved(graph, self.state, self.across, 1)
        self.flow = draw(st.sampled_from((self.state, product, product, graph.apply("multiply", (product, beside)))))
        self.other = graph.symbol("state", "T", (self.across.axis,))

    def minus(self, node: AnyNode) -> AnyNode:
        return self.graph.apply("negate", (node,))

    def signed(self, node: AnyNode) -> AnyNode:
        """A node with up to two signs before it."""
        for _ in range(self.draw(st.integers(0, 2))):
            node = self.minus(node)
        return node

    def at(self, place: int) -> AnyNode:
        """The flow at one point."""
        parts = self.flow.operands or (self.state,)
        found = [self.graph.view(n, [AtPosition(place) if d == self.dim else Along(d) for d in n.dims]) for n in parts]
        return self.graph.apply("multiply", found) if len(found) > 1 else found[0]

    def inside(self) -> AnyNode:
        """The flow without what leaves an end: shifted away and back; or something like it."""
        forth = self.draw(st.sampled_from((-1, -1, 1, 2)))
        back, dim = self.draw(
            st.sampled_from(((-forth, self.dim), (-forth, self.dim), (1, self.dim), (1, self.across)))
        )
        return moved(self.graph, moved(self.graph, self.flow, self.dim, forth, self.edge()), dim, back, self.edge())

    def placed(self) -> AnyNode:
        """Something at one point, most often the flow at an end."""
        place = self.draw(st.sampled_from((0, self.size - 1, self.draw(st.integers(0, self.size - 1)))))
        if self.draw(st.integers(0, 4)) == 0:
            beside = self.graph.view(
                self.flow, [AtPosition(0) if d == self.across else Along(d) for d in self.flow.dims]
            )
            return self.graph.place(beside, self.across, 0)
        value = self.draw(st.sampled_from((self.at(place), self.at(0), self.other)))
        return self.signed(self.graph.place(self.signed(value), self.dim, place))

    def edge(self) -> Edge:
        return self.draw(st.sampled_from(("absorb", "absorb", "absorb", "stay", "periodic")))

    def term(self) -> AnyNode:
        match self.draw(st.sampled_from(("inside", "moved", "placed", "placed", "flow", "product", "zero"))):
            case "inside":
                return self.signed(self.inside())
            case "moved":
                return self.signed(
                    moved(self.graph, self.flow, self.dim, self.draw(st.sampled_from((-1, 1, 2))), self.edge())
                )
            case "placed":
                return self.placed()
            case "flow":
                return self.signed(self.flow)
            case "product":
                return self.graph.apply("multiply", (self.state, self.other))
            case _:
                return self.graph.constant(0.0)

    def sum(self) -> AnyNode:
        return self.graph.apply("add", [self.term() for _ in range(self.draw(st.integers(2, 5)))])


@st.composite
def rates(draw: st.DrawFn) -> Program:
    """Sums of flows along axes, what enters and leaves at points, and equations of their own there."""
    graph = Graph()
    line = Line(draw, graph)
    whole = line.sum()
    place = draw(st.sampled_from((0, 1, line.size - 1, line.size)))
    above = graph.apply(
        "less", (graph.symbol("position", line.dim.axis, (line.dim.axis,)), graph.constant(float(place)))
    )
    branches = [draw(st.sampled_from((line.sum(), line.state, line.at(0), whole))) for _ in range(2)]
    branches = [
        moved(graph, node, line.dim, draw(st.integers(-1, 1))) if line.dim in node.dims else node for node in branches
    ]
    nested = graph.apply("add", (graph.integer_power(line.sum(), 2), line.inside()))
    chosen = graph.apply("where", (above, *draw(st.permutations((branches[0], nested)))))
    roots = {
        "whole": whole,
        "chosen": chosen,
        "both": graph.apply("add", (graph.apply("where", (above, *branches)), whole)),
    }
    return Program(graph, roots, AXES, {})


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(rates())
def test_whole_numbers_do_not_change(program: Program) -> None:
    after = ends(program)
    old, new = (evaluate(list(p.roots.values()), p.axes, leaf) for p in (program, after))
    for one, other in zip(old, new, strict=True):
        for cell in itertools.product(*(range(AXES[dim.axis].size or 0) for dim in one.dims)):
            where = dict(zip(one.dims, cell, strict=True))
            assert one.at(where) == other.at(where)


def unchanged(graph: Graph, node: AnyNode) -> Program:
    """The program after the pass, whose values are those before."""
    program = Program(graph, {"x": node}, AXES, {})
    after = ends(program)
    (old,), (new,) = (evaluate([p.roots["x"]], p.axes, leaf) for p in (program, after))
    for cell in itertools.product(*(range(AXES[dim.axis].size or 0) for dim in node.dims)):
        where = dict(zip(node.dims, cell, strict=True))
        assert old.at(where) == new.at(where)
    return after


def test_what_is_shifted_back_along_another_axis_has_not_left() -> None:
    graph = Graph()
    state = graph.symbol("state", "S", ("a", "b"))
    forth = moved(graph, moved(graph, state, A, -1), B, 1)
    last = graph.place(graph.view(state, (Along(A), AtPosition(2))), B, 2)
    node = graph.apply("add", [graph.apply("negate", (n,)) for n in (forth, last)])
    assert any(isinstance(found, Place) for found in unchanged(graph, node).nodes)


def test_what_leaves_along_two_axes_is_told_apart() -> None:
    graph = Graph()
    state = graph.symbol("state", "S", ("a", "b"))
    terms: list[AnyNode] = []
    for dim in (A, B):
        first = graph.view(state, [AtPosition(0) if d == dim else Along(d) for d in (A, B)])
        terms += [moved(graph, moved(graph, state, dim, 1), dim, -1), graph.place(first, dim, 0)]
    after = unchanged(graph, graph.apply("add", terms))
    assert not any(isinstance(found, Place) for found in after.nodes)


def test_selections_in_selections_are_joined() -> None:
    """And what is read on a diagonal is read there."""
    graph = Graph()
    diagonal = graph.view(graph.symbol("parameter", "M", ("a", "a")), (Along(A), Along(A)))
    rest = graph.apply("multiply", (diagonal, graph.symbol("state", "x", ("a",))))
    inner = graph.apply("where", (at_first(graph, point=4.0), graph.constant(2.0), rest))
    for point in (0.0, 4.0):
        node = graph.apply("where", (at_first(graph, point=point), graph.constant(1.0), inner))
        after = unchanged(graph, node)
        assert isinstance(after.roots["x"], Join)


STAGES = """  axes:
    k = ordered [a, b, c, d]
    j = ordered [a, b, c]
  params:
    beta
    sigma
    gamma
  states: S, E[k], I[j], R
"""
ERLANG = f"""
model Erlang:
{STAGES}  dynamics:
    S -> E[k="a"] @ beta*sum(I[i] for i in j)
    E[k] -> E[k+1] @ 4*sigma edge stay
    E[k="d"] -> I[j="a"] @ 4*sigma
    I[j] -> I[j+1] @ 3*gamma edge stay
    I[j="c"] -> R @ 3*gamma
"""
EQUATIONS = f"""
model Equations:
{STAGES}  let:
    infection = beta*S*sum(I[i] for i in j)
  dynamics:
    S' = -infection
    E[k]' = 4*sigma*(E[k-1] - E[k]) edge absorb
    E[k="a"]' = infection - 4*sigma*E[k="a"]
    I[j]' = 3*gamma*(I[j-1] - I[j]) edge absorb
    I[j="a"]' = 4*sigma*E[k="d"] - 3*gamma*I[j="a"]
    R' = 3*gamma*I[j="c"]
"""
BIRTHS = """
model Births:
  axes:
    a = ordered [u, v, w, x, y]
  params:
    m[a]
    mu[a]
    da
  states: n[a]
  dynamics:
    n[a] -> n[a+1] @ 1/da edge absorb
    n[a] -> 0 @ mu[a]
    0 -> n[a="u"] @ sum(m[b]*n[b] for b in a)
"""
BACK = """
model Back:
  axes:
    a = ordered [u, v, w]
    k = ordered [p, q, r, s]
  params:
    C[a, a]
    g
  states: S[a], I[a, k], R[a]
  dynamics:
    S[a] -> I[a, k="s"] @ sum(C[a, b]*sum(I[b, j] for j in k) for b in a)
    I[a, k] -> I[a, k-1] @ g edge stay
    I[a, k="p"] -> R[a] @ g
"""
DIVISION = """
model Division:
  axes:
    k = ordered [p, q, r, s]
  params:
    g
  states: x[k]
  dynamics:
    d(x[k])/dt = 2*g*x[k="s"] - g*sqrt(x[k]) if k == "p" else g*(x[k-1] - x[k])/sqrt(x[k] - x[k="p"]) edge absorb
"""
BOTH = """
model Both:
  axes:
    k = ordered [p, q, r, s, t]
  params:
    g
  states: x[k]
  dynamics:
    x[k]' = g/(x[k+1] - 2*x[k] + x[k-1]) edge stay
    x[k="p"]' = -g*x[k="p"]
    x[k="t"]' = g*sqrt(x[k="q"])
"""


def both(y: np.ndarray, p: Parameters) -> np.ndarray:
    inside = p["g"] / (y[2:] - 2 * y[1:-1] + y[:-2])
    return np.concatenate([[-p["g"] * y[0]], inside, [p["g"] * np.sqrt(y[1])]])


def erlang(y: np.ndarray, p: Parameters) -> np.ndarray:
    infection = p["beta"] * y[0] * y[5:8].sum()
    flows = np.concatenate([[infection], 4 * p["sigma"] * y[1:5], 3 * p["gamma"] * y[5:8]])
    return np.concatenate([[0.0], flows]) - np.concatenate([flows, [0.0]])


def births(y: np.ndarray, p: Parameters) -> np.ndarray:
    return np.concatenate([[p["m"] @ y], y[:-1] / p["da"]]) - y / p["da"] - p["mu"] * y


def back(y: np.ndarray, p: Parameters) -> np.ndarray:
    infectious = y[3:15].reshape(3, 4)
    flow = p["g"] * infectious
    caught = y[:3] * (p["C"] @ infectious.sum(axis=1))
    change = np.concatenate([flow[:, 1:], caught[:, None]], axis=1) - flow
    return np.concatenate([-caught, change.ravel(), flow[:, 0]])


def division(y: np.ndarray, p: Parameters) -> np.ndarray:
    rest = p["g"] * (y[:-1] - y[1:]) / np.sqrt(y[1:] - y[0])
    return np.concatenate([[2 * p["g"] * y[-1] - p["g"] * np.sqrt(y[0])], rest])


Case = tuple[str, Callable[[np.ndarray, Parameters], np.ndarray], np.ndarray, dict[str, tuple[int, ...]]]
CASES: dict[str, Case] = {
    "erlang": (ERLANG, erlang, RANDOM.uniform(size=9), {"beta": (), "sigma": (), "gamma": ()}),
    "equations": (EQUATIONS, erlang, RANDOM.uniform(size=9), {"beta": (), "sigma": (), "gamma": ()}),
    "births": (BIRTHS, births, RANDOM.uniform(size=5), {"m": (5,), "mu": (5,), "da": ()}),
    "back": (BACK, back, RANDOM.uniform(size=18), {"C": (3, 3), "g": ()}),
    "both": (BOTH, both, np.array([1.0, 1.5, 3.0, 3.7, 8.0]), {"g": ()}),
    "division": (DIVISION, division, np.array([0.5, 0.9, 1.7, 2.0]), {"g": ()}),
}


def parameters(name: str) -> Parameters:
    random = np.random.default_rng(3)
    return {key: random.uniform(0.5, 1.5, shape) for key, shape in CASES[name][3].items()}


@pytest.mark.parametrize("name", CASES)
def test_models_are_as_written_by_hand(name: str) -> None:
    text, by_hand, y, _ = CASES[name]
    rhs, p = opjax.compile_rhs(text), parameters(name)
    np.testing.assert_allclose(rhs(0.0, y, p), by_hand(y, p), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(rhs(0.0, y, p), interpreted.derivative(rhs, y, p), rtol=1e-12, atol=1e-15)
    single = rhs(0.0, y.astype(np.float32), p)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, by_hand(y, p), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_jax_computes_and_differentiates_the_same(name: str) -> None:
    text, by_hand, y, _ = CASES[name]
    rhs, p = opjax.compile_rhs(text), parameters(name)

    def squares(y: jax.Array) -> jax.Array:
        return jnp.sum(rhs(0.0, y, p) ** 2)

    run: Callable[[jax.Array], tuple[jax.Array, jax.Array]] = jax.jit(jax.value_and_grad(squares))

    with jax.enable_x64(True):
        value, slope = map(np.asarray, run(jnp.asarray(y)))
    np.testing.assert_allclose(value, np.sum(by_hand(y, p) ** 2), rtol=1e-12)
    step = 1e-6 * np.eye(y.size)
    want = [(np.sum(by_hand(y + d, p) ** 2) - np.sum(by_hand(y - d, p) ** 2)) / 2e-6 for d in step]
    np.testing.assert_allclose(slope, want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_there_are_no_zeros_and_no_selections(name: str) -> None:
    rhs = opjax.compile_rhs(CASES[name][0])
    assert "where" not in rhs.source
    assert "shift" not in rhs.source
    assert "concat" in rhs.source


def test_what_leaves_is_read_from_the_flow() -> None:
    """The last class is left by the flow itself: not one operation is for the end alone."""
    graph = Graph()
    k, state = graph.symbol("parameter", "k"), graph.symbol("state", "x", ("a",))
    flow = graph.apply("multiply", (k, state))
    inside = moved(graph, moved(graph, flow, A, -1), A, 1)
    last = graph.apply("multiply", (k, graph.view(state, [AtPosition(4)])))
    rate = graph.apply("add", (graph.apply("negate", (inside,)), graph.apply("negate", (graph.place(last, A, 4),))))
    found = ends(Program(graph, {"x": graph.apply("add", (rate, state)), "rate": rate, "y": last}, AXES, {}))
    assert sum(isinstance(node, Apply) and node.function == "multiply" for node in found.nodes) == 1


def test_a_condition_that_changes_twice_stays() -> None:
    graph = Graph()
    state, position = graph.symbol("state", "x", ("a",)), graph.symbol("position", "a", ("a",))
    here = graph.apply("equal", (position, graph.constant(2.0)))
    program = Program(graph, {"x": graph.apply("where", (here, graph.constant(1.0), state))}, AXES, {})
    assert ends(program) is program
    first = graph.apply("equal", (position, graph.constant(0.0)))
    changed = Program(graph, {"x": graph.apply("where", (first, graph.constant(1.0), state))}, AXES, {})
    assert isinstance(ends(changed).roots["x"], Join)


# --- which selections are joined


def selection(graph: Graph, condition: AnyNode, dims: tuple[str, ...] = ("a",)) -> AnyNode:
    """One where a condition holds, a state elsewhere."""
    return graph.apply("where", (condition, graph.constant(1.0), graph.symbol("state", "x", dims)))


def at_first(graph: Graph, axis: str = "a", point: float = 0.0) -> AnyNode:
    return graph.apply("equal", (graph.symbol("position", axis, (axis,)), graph.constant(point)))


def stays(graph: Graph, name: str) -> AnyNode:
    """Selections that are left as they are."""
    first, here = at_first(graph), graph.symbol("position", "a", ("a",))
    match name:
        case "everywhere":
            return selection(graph, graph.apply("less", (here, graph.constant(9.0))))
        case "in four parts":
            return selection(graph, graph.apply("logical_or", (first, at_first(graph, point=2.0))))
        case "on a plane":
            return selection(graph, graph.apply("less", (here, graph.symbol("position", "b", ("b",)))), ("a", "b"))
        case "by a state":
            return selection(graph, graph.apply("less", (graph.symbol("state", "x", ("a",)), graph.constant(0.0))))
        case "of two points":
            return selection(graph, at_first(graph, "c"), ("c",))
        case "of conditions":
            above = graph.apply("less", (graph.symbol("state", "x", ("a",)), graph.constant(0.0)))
            chosen = graph.apply("where", (first, graph.constant(True), above))
            return graph.apply("where", (chosen, graph.symbol("state", "x", ("a",)), graph.constant(2.0)))
        case _:
            return graph.apply("sin", (selection(graph, first),))


@pytest.mark.parametrize(
    "name", ["everywhere", "in four parts", "on a plane", "by a state", "of two points", "of conditions", "inside"]
)
def test_selections_that_stay(name: str) -> None:
    graph = Graph()
    node = stays(graph, name)
    program = Program(graph, {"x": node}, {**AXES, "c": Axis("c", "labels", ("m", "n"))}, {})
    assert ends(program) is program


@pytest.mark.parametrize("axis", ["a", "b", "c"])
def test_selections_over_three_axes_keep_their_values(axis: str) -> None:
    graph = Graph()
    axes = {**AXES, "c": Axis("c", "labels", tuple("ijkl"))}
    node = selection(graph, at_first(graph, axis), ("a", "b", "c"))
    program = Program(graph, {"x": node}, axes, {})
    after = ends(program)
    assert isinstance(after.roots["x"], Join)
    (old,), (new,) = (evaluate([p.roots["x"]], p.axes, leaf) for p in (program, after))
    for cell in itertools.product(range(5), range(3), range(4)):
        where = dict(zip(node.dims, cell, strict=True))
        assert old.at(where) == new.at(where)


def test_what_enters_along_two_axes_is_joined_along_both() -> None:
    graph = Graph()
    state = graph.symbol("state", "S", ("a", "b"))
    entering = [graph.place(graph.symbol("state", "T", (other,)), dim, 0) for other, dim in (("b", A), ("a", B))]
    node = graph.apply("add", (moved(graph, state, A, -1), moved(graph, state, B, -1), *entering))
    after = ends(Program(graph, {"S": node}, AXES, {}))
    assert sum(isinstance(found, Join) for found in after.nodes) == 2
    assert not any(isinstance(found, Place) for found in after.nodes)


@pytest.mark.parametrize("outer", ["add", "where"])
def test_selections_in_sums_and_selections_are_joined(outer: str) -> None:
    graph = Graph()
    state, inner = graph.symbol("state", "y", ("a",)), selection(graph, at_first(graph))
    above = graph.apply("less", (state, graph.constant(0.0)))
    node = graph.apply("add", (state, inner)) if outer == "add" else graph.apply("where", (above, inner, state))
    after = ends(Program(graph, {"x": node}, AXES, {}))
    assert any(isinstance(found, Join) for found in after.nodes)


def test_what_is_computed_for_all_points_anyway_is_read() -> None:
    graph = Graph()
    state = graph.symbol("state", "x", ("a",))
    flow = graph.apply("multiply", (graph.symbol("parameter", "k"), state))
    chosen = graph.apply("where", (at_first(graph), graph.constant(1.0), flow))
    after = ends(Program(graph, {"x": chosen, "y": flow}, AXES, {}))
    assert isinstance(after.roots["x"], Join)
    assert sum(isinstance(node, Apply) and node.function == "multiply" for node in after.nodes) == 1


@pytest.mark.parametrize("around", ["sqrt", "sin"])
def test_what_may_not_be_finite_is_computed_where_it_is_read(around: str) -> None:
    """Its slope at the point that is not read would count, times zero."""
    graph = Graph()
    value = graph.apply("sqrt", (graph.symbol("state", "x", ("a",)),))
    value = graph.apply("sin", (value,)) if around == "sin" else value
    roots = {
        name: graph.apply("where", (at_first(graph), graph.constant(number), value))
        for name, number in (("x", 1.0), ("y", 2.0))
    }
    after = ends(Program(graph, roots, AXES, {}))
    assert not any(node.dims == (A,) for node in after.nodes if isinstance(node, Apply) and node.function != "equal")


ROOTS = """
model Roots:
  axes:
    k = ordered [p, q, r]
  states: x[k], y[k]
  let:
    root[k] = sqrt(x[k] - x[k="p"])
  dynamics:
    x[k]' = 1 if k == "p" else {inner}
    y[k]' = 2 if k == "p" else {inner}*y[k]
"""


@pytest.mark.parametrize("inner", ["root[k]", "sin(root[k])"])
def test_slopes_are_finite_where_what_is_shared_is_not_read(inner: str) -> None:
    rhs = opjax.compile_rhs(ROOTS.format(inner=inner))
    slopes = jax.jit(jax.jacfwd(lambda y: rhs(0.0, y)))(jnp.array([1.0, 2.0, 3.5, 1.0, 2.0, 3.0]))
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize("axes", ["x, a", "a, x"])
def test_an_equation_of_its_own_inside_of_another(axes: str) -> None:
    at, read = f"[{axes}]", f"[{axes.replace('x', 'x+2')}]"
    rhs = opjax.compile_rhs(
        f"""
model M:
  axes:
    x = grid(0, 1, 12)
    a = grid(0, 1, 3)
  params: c
  states: u{at}, s{at}
  dynamics:
    u{at}' = u{read} if x == 0 else (s{at} if x == 0 else c*s{at.replace("x", "x-2")}) edge absorb
    s{at}' = u{at}
"""
    )
    y, p = RANDOM.normal(size=72), {"c": 0.7}
    want = interpreted.derivative(rhs, y, p)
    np.testing.assert_allclose(rhs(0.0, y, p), want, rtol=1e-13)
    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.jit(lambda y: rhs(0.0, y, p))(y), want, rtol=1e-13)
        np.testing.assert_allclose(jax.vmap(lambda y: rhs(0.0, y, p))(y[None])[0], want, rtol=1e-13)
