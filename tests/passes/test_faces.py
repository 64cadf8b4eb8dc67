"""What neighbours compute alike is computed once, with the same value; second differences keep to their units."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Apply, AtPosition, Edge, Graph, IntegerPower, Symbol, View
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.differences import differences
from opjax.passes.faces import faces

X, Z = Dim("x"), Dim("z")
AXES = {"x": Axis("x", "labels", tuple("pqrst")), "z": Axis("z", "labels", ("u", "v", "w"))}
EDGES: tuple[Edge, ...] = ("periodic", "stay", "absorb")
SPECIAL = (0.0, -0.0, 1.0, -1.5, math.inf, -math.inf, math.nan, 3e307, 5e-324, 0.1, 0.7, -0.3)
At = Callable[[int], AnyNode]
"""An expression by how many points further on it is read."""


def values(program: Program, leaf: Callable[[Symbol, tuple[int, ...]], float]) -> list[dict[tuple[int, ...], float]]:
    return [dict(cells.values) for cells in evaluate(list(program.roots.values()), program.axes, leaf)]


def read(graph: Graph, array: AnyNode, step: int, edge: Edge) -> AnyNode:
    return graph.view(array, [Along(d, step, edge) if d == X and step else Along(d) for d in array.dims])


def operations(program: Program) -> int:
    return sum(isinstance(node, Apply | IntegerPower) for node in program.nodes)


@st.composite
def expressions(draw: st.DrawFn, graph: Graph, edge: Edge, depth: int) -> At:
    """An expression that can be read some points further on."""
    kind = draw(st.sampled_from(("read", "add", "multiply", "minus", "square", "sin", "number"))) if depth else "read"
    if kind == "read":
        name, axes = draw(st.sampled_from((("u", ("x",)), ("k", ("x",)), ("w", ("x", "z")), ("m", ("x", "x")))))
        array, step = graph.symbol("state", name, axes), draw(st.integers(-1, 2))
        if name in "wm" and draw(st.booleans()):
            other = draw(st.sampled_from((AtPosition(1), Along(array.dims[1], 1, edge), Along(array.dims[1]))))
            return lambda more: graph.view(array, (Along(X, step + more, edge), other))
        if name == "m" and draw(st.booleans()):
            turned = graph.view(array, (Along(Dim("x", 1)), Along(X)))
            return lambda more: read(graph, turned, step + more, edge)
        return lambda more: read(graph, array, step + more, edge)
    inner = draw(expressions(graph, edge, depth - 1))
    if kind in ("add", "multiply"):
        other = draw(expressions(graph, edge, depth - 1))
        return lambda more: graph.apply(kind, (inner(more), other(more)))
    if kind == "square":
        return lambda more: graph.integer_power(inner(more), 2)
    if kind == "number":
        number = draw(st.sampled_from((graph.constant(3.0), graph.symbol("parameter", "q"))))
        return lambda more: graph.apply("multiply", (number, inner(more)))
    return lambda more: graph.apply("sin" if kind == "sin" else "negate", (inner(more),))


@st.composite
def fluxes(draw: st.DrawFn) -> Program:
    """Sums of what neighbours compute alike, some of it over two axes, some of it of other sums."""
    graph, roots = Graph(), dict[str, AnyNode]()
    for name in ("a", "b"):
        edge = draw(st.sampled_from(EDGES))
        at = draw(expressions(graph, edge, draw(st.integers(1, 3))))
        steps = draw(st.lists(st.integers(-2, 2), min_size=1, max_size=3))
        total = graph.apply("add", [at(step) for step in steps]) if len(steps) > 1 else at(steps[0])
        roots[name] = total
        if draw(st.booleans()):
            edge = draw(st.sampled_from(EDGES))
            roots[f"{name} of {name}"] = graph.apply("add", (total, read(graph, total, draw(st.integers(-1, 1)), edge)))
    return Program(graph, roots, AXES, {})


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(program=fluxes(), seed=st.integers(0, 10_000))
def test_no_value_changes(program: Program, seed: int) -> None:
    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        return SPECIAL[(seed + ord(symbol.name[0]) + sum((i + 1) * 5**p for p, i in enumerate(cell))) % len(SPECIAL)]

    after = faces(program)
    assert operations(after) <= operations(program)
    for old, new in zip(values(program, leaf), values(after, leaf), strict=True):
        assert old.keys() == new.keys()
        for cell, value in old.items():
            assert str(new[cell]) == str(value) or new[cell] == value == 0 or value != value, (cell, value, new[cell])


def closed(function: Callable[[Graph, AnyNode], AnyNode], edges: tuple[Edge, Edge]) -> Program:
    """What flows to one side minus what flows to the other, times ``k``; with what lies beyond the ends of each."""
    graph = Graph()
    u, k = (graph.symbol("state", name, axes) for name, axes in (("u", ("x", "z")), ("k", ("x",))))

    def at(step: int) -> AnyNode:
        minus = graph.apply("negate", (read(graph, u, step, edges[0]),))
        slope = function(graph, graph.apply("add", (read(graph, u, step + 1, edges[0]), minus)))
        return graph.apply("multiply", (read(graph, k, step, edges[1]), slope))

    rate = graph.apply("add", (at(0), graph.apply("negate", (at(-1),))))
    return Program(graph, {"rate": rate}, AXES, {})


INSIDE: dict[str, Callable[[Graph, AnyNode], AnyNode]] = {
    "slope": lambda graph, slope: slope,
    "sine": lambda graph, slope: graph.apply("sin", (slope,)),
    "cube": lambda graph, slope: graph.integer_power(slope, 3),
    "part": lambda graph, slope: graph.apply("divide", (slope, graph.constant(3.0))),
    "both": lambda graph, slope: graph.apply("add", (slope, graph.integer_power(slope, 2))),
    "all": lambda graph, slope: graph.apply("add", (*slope.operands, graph.integer_power(slope, 3))),
}
OPEN: dict[str, Callable[[Graph, AnyNode], AnyNode]] = {
    "cosine": lambda graph, slope: graph.apply("cos", (slope,)),
    "more": lambda graph, slope: graph.apply("add", (slope, graph.constant(1.0))),
    "inverse": lambda graph, slope: graph.integer_power(slope, -1),
}


@pytest.mark.parametrize("edge", ["stay", "absorb"])
@pytest.mark.parametrize("name", [*INSIDE, *OPEN])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_nothing_flows_through_ends_that_reflect(name: str, edge: Edge, seed: int) -> None:
    program = closed((INSIDE | OPEN)[name], (edge, "stay"))
    after = faces(program)
    is_inside = name in INSIDE and edge == "stay"
    assert ("x and 1 less" in after.axes) == is_inside

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        return math.sin(seed + len(symbol.name) + sum((i + 1) * 5**p for p, i in enumerate(cell)))

    if name != "inverse" or edge == "absorb":
        assert values(program, leaf) == values(after, leaf)
    if is_inside:  # all that is read lies inside
        reads = [s for n in after.nodes if isinstance(n, View) and isinstance(n.operand, Symbol) for s in n.selections]
        assert all(s.offset + s.points <= 5 and s.offset >= 0 for s in reads if isinstance(s, Along))


def flux(edges: tuple[Edge, Edge], second: int) -> Program:
    """``(k[x] + k[x+1])*(u[x+1] - u[x])`` minus the same one point before."""
    graph = Graph()
    k, u = (graph.symbol("state", name, ("x",)) for name in "ku")

    def at(step: int) -> AnyNode:
        edge = edges[step != 0]
        mean = graph.apply("add", (read(graph, k, step, edge), read(graph, k, step + 1, edge)))
        slope = graph.apply("negate", (read(graph, u, step, edge),))
        return graph.apply("multiply", (mean, graph.apply("add", (read(graph, u, step + 1, edge), slope))))

    minus = graph.apply("negate", (at(second),))
    return Program(graph, {"rate": graph.apply("add", (at(0), minus))}, AXES, {})


@pytest.mark.parametrize("edge", EDGES)
def test_a_flux_is_computed_once(edge: Edge) -> None:
    program = flux((edge, edge), -1)
    assert (operations(program), operations(faces(program))) == (10, 6)  # a sum, difference, its sign, and product less


@pytest.mark.parametrize(("edges", "second"), [(("stay", "absorb"), -1), (("stay", "stay"), 4), (("stay", "stay"), -3)])
def test_what_is_not_alike_or_too_far_stays(edges: tuple[Edge, Edge], second: int) -> None:
    program = flux(edges, second)
    assert faces(program) is program


def pair(graph: Graph, function: str, at: At) -> Program:
    """A function of something here, and of the same one point further on."""
    return Program(graph, {str(step): graph.apply(function, (at(step),)) for step in (0, 1)}, AXES, {})


def test_what_is_not_worth_an_array_stays() -> None:
    graph = Graph()
    u, w, k = (graph.symbol("state", n, d) for n, d in (("u", ("x",)), ("w", ("x", "z")), ("k", ())))
    here = graph.symbol("position", "x", ("x",))
    half = graph.constant(0.5)
    pairs = [
        pair(graph, "negate", lambda step: read(graph, u, step, "stay")),
        pair(graph, "sin", lambda step: read(graph, here, step, "stay")),
        *(
            Program(
                graph,
                {str(step): graph.apply(name, (one, read(graph, array, step, "stay"))) for step in (0, 1)},
                AXES,
                {},
            )
            for name, one, array in (("less", half, u), ("multiply", k, w), ("divide", k, w))
        ),
    ]
    for program in pairs:
        assert faces(program) is program


@pytest.mark.parametrize("name", ["sin", "add", "multiply"])
def test_what_is_worth_an_array_on_a_plane(name: str) -> None:
    """Functions and sums, and products of two arrays."""
    graph = Graph()
    w, v = (graph.symbol("state", n, ("x", "z")) for n in "wv")

    def at(step: int) -> AnyNode:
        operands = [read(graph, array, step, "stay") for array in (w, v)]
        return graph.apply(name, operands[:1] if name == "sin" else operands)

    assert operations(faces(Program(graph, {str(step): at(step) for step in (0, 1)}, AXES, {}))) == 1


def test_what_differs_in_a_number_or_along_another_axis_is_not_alike() -> None:
    """``sin(q*u[x+1])`` beside ``sin(3*u[x])``; ``sin(w[x+1, z+1])`` beside ``sin(w[x, z])``."""
    graph = Graph()
    u, w = graph.symbol("state", "u", ("x",)), graph.symbol("state", "w", ("x", "z"))
    numbers = graph.symbol("parameter", "q"), graph.constant(3.0)
    one = [graph.apply("multiply", (n, read(graph, u, step, "stay"))) for step, n in enumerate(numbers)]
    two = [graph.view(w, (Along(X, step, "stay"), Along(Z, step, "stay"))) for step in (0, 1)]
    for pair_of in (one, two):
        roots = {str(at): graph.apply("sin", (node,)) for at, node in enumerate(pair_of)}
        program = Program(graph, roots, AXES, {})
        assert faces(program) is program


def test_what_is_alike_along_another_axis_too_is_computed_once() -> None:
    """What neighbours along both axes compute: ``sin(w[x+1, z+1])`` is that at ``w[x, z+1]`` one point further on."""
    graph = Graph()
    w = graph.symbol("state", "w", ("x", "z"))
    steps = [(0, 1), (1, 1), (0, -1), (1, -1)]
    roots = {
        str(at): graph.apply("sin", (graph.view(w, (Along(X, at[0], "stay"), Along(Z, at[1], "periodic"))),))
        for at in steps
    }
    program = Program(graph, roots, AXES, {})
    after = faces(program)
    assert operations(after) < 4
    old, new = (values(p, lambda symbol, cell: float(3 * cell[0] + 7 * cell[1] ** 2)) for p in (program, after))
    assert old == new


def test_fluxes_along_two_axes_are_computed_once_each() -> None:
    graph = Graph()
    w, v = (graph.symbol("state", n, ("x", "z")) for n in "wv")

    def flux_of(dim: Dim, step: int) -> AnyNode:
        moved = [
            graph.view(
                a, [Along(d, step if d == dim else 0, "stay") if d == dim and step else Along(d) for d in (X, Z)]
            )
            for a in (w, v)
        ]
        return graph.apply("sin", (graph.apply("multiply", moved),))

    roots = {f"{dim.axis} {step}": flux_of(dim, step) for dim in (X, Z) for step in (0, 1)}
    assert operations(faces(Program(graph, roots, AXES, {}))) == 4


def test_what_is_read_at_neighbours_is_not_computed_again() -> None:
    """``sin(f[x+1])`` beside ``sin(f[x])``, where f is computed itself: its sines are one array."""
    graph = Graph()
    product = graph.apply("multiply", [graph.symbol("state", n, ("x",)) for n in "uk"])
    program = pair(graph, "sin", lambda step: read(graph, product, step, "stay"))
    assert operations(faces(program)) == 2


# --- second differences


def second_difference(edge: Edge, terms: list[int], sign: float) -> tuple[Program, Program]:
    """The sum of neighbours and -2 times the point itself in some order; and that of the absolute values."""
    graph = Graph()
    u = graph.symbol("state", "u", ("x",))
    parts = [graph.apply("multiply", (graph.constant(2.0), u)) if not t else read(graph, u, t, edge) for t in terms]
    signs = [sign * (-1 if not t else 1) for t in terms]
    given_terms = [graph.apply("negate", (p,)) if s < 0 else p for p, s in zip(parts, signs, strict=True)]
    sizes = [graph.apply("abs", (p,)) for p in parts]
    sums = [graph.apply("add", each) for each in (given_terms, sizes)]
    first, second = (Program(graph, {"value": node}, AXES, {}) for node in sums)
    return first, second


ORDERS = [[1, 0, -1], [-1, 0, 1], [0, 1, -1], [2, -2, 0], [1, -1, 0]]


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("terms", ORDERS)
@settings(max_examples=20, deadline=None)
@given(u=st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5))
def test_second_differences_keep_to_their_units(edge: Edge, sign: float, terms: list[int], u: list[float]) -> None:
    program, size = second_difference(edge, terms, sign)
    after = differences(program)
    assert max(len(node.operands) for node in after.nodes) == 2
    (old,), (new,), (most,) = (values(p, lambda symbol, cell: u[cell[0]]) for p in (program, after, size))
    for cell, value in old.items():
        assert abs(value - new[cell]) <= 4 * math.ulp(most[cell])


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_infinite_stays_so(edge: Edge, at: int, value: float) -> None:
    program, _ = second_difference(edge, [1, 0, -1], 1.0)
    (old,), (new,) = (
        values(p, lambda symbol, cell: value if cell[0] == at else 1.0) for p in (program, differences(program))
    )
    assert {c: str(v) for c, v in old.items()} == {c: str(v) for c, v in new.items()}


# --- differences times numbers, and odd functions of differences


def combined(edge: Edge, form: int) -> tuple[Program, Program]:
    """Diffusion and drift, written in several ways; and the sum of the absolute values of the terms."""
    graph = Graph()
    u, k, q = graph.symbol("state", "u", ("x",)), graph.symbol("parameter", "k"), graph.symbol("parameter", "q")
    right, left = (read(graph, u, step, edge) for step in (1, -1))
    second = graph.apply(
        "add", (right, graph.apply("negate", (graph.apply("multiply", (graph.constant(2.0), u)),)), left)
    )
    first = graph.apply("add", [(right, graph.apply("negate", (left,))), (u, graph.apply("negate", (left,)))][form % 2])
    spread = graph.apply("multiply", (k, second)) if form < 4 else graph.apply("divide", (second, k))
    drift = graph.apply("multiply", (q, first)) if form % 4 < 2 else graph.apply("divide", (first, q))
    node = graph.apply("add", (graph.apply("sin", (u,)), spread, graph.apply("negate", (drift,))))
    sizes = [
        graph.apply(
            "abs",
            (
                graph.apply(
                    "multiply",
                    (number, read(graph, u, step, edge)),
                ),
            ),
        )
        for number in (k, q)
        for step in (1, 0, 0, -1)
    ]
    return Program(graph, {"value": node}, AXES, {}), Program(graph, {"value": graph.apply("add", sizes)}, AXES, {})


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("form", range(8))
@settings(max_examples=15, deadline=None)
@given(u=st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5), numbers=st.tuples(*[st.floats(0.1, 10)] * 2))
def test_drift_and_diffusion_keep_to_their_units(edge: Edge, form: int, u: list[float], numbers: list[float]) -> None:
    program, size = combined(edge, form)
    after = differences(program)
    assert sum(isinstance(node, Apply) and node.function == "multiply" and bool(node.dims) for node in after.nodes) == 2

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        return u[cell[0]] if symbol.name == "u" else numbers["kq".index(symbol.name)]

    def sized(symbol: Symbol, cell: tuple[int, ...]) -> float:
        at = "kq".find(symbol.name)
        divides = (at == 0 and form >= 4) or (at == 1 and form % 4 >= 2)
        return 1 / leaf(symbol, cell) if divides else leaf(symbol, cell)

    (old,), (new,) = (values(p, leaf) for p in (program, after))
    (most,) = values(size, sized)
    for cell, value in old.items():
        assert abs(value - new[cell]) <= 12 * math.ulp(most[cell] + 1)


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("function", ["sin", "tanh", "power"])
@settings(max_examples=15, deadline=None)
@given(u=st.lists(st.floats(-50, 50), min_size=5, max_size=5))
def test_an_odd_function_of_a_difference_is_computed_once(edge: Edge, function: str, u: list[float]) -> None:
    graph = Graph()
    array = graph.symbol("state", "u", ("x",))
    minus = graph.apply("negate", (array,))
    slopes = [graph.apply("add", (read(graph, array, step, edge), minus)) for step in (1, -1)]
    odd = [graph.integer_power(s, 3) if function == "power" else graph.apply(function, (s,)) for s in slopes]
    program = Program(graph, {"value": graph.apply("add", odd)}, AXES, {})
    after = faces(differences(program))
    assert (
        sum(
            isinstance(node, IntegerPower) or node.function == function
            for node in after.nodes
            if isinstance(node, Apply | IntegerPower)
        )
        == 1
    )
    (old,), (new,) = (values(p, lambda symbol, cell: u[cell[0]]) for p in (program, after))
    assert old == new
