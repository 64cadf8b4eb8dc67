"""Axes that always stand together are computed as one: found where that may be, and nowhere else."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from opjax.ir.nodes import Along, AnyNode, AtPosition, Graph
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim, Role
from opjax.passes.coalesce import coalesce, coalesced_axes

A, B, C, D = (Dim(name) for name in "abcd")
A1, B1, C1, D1 = (Dim(name, 1) for name in "abcd")
SIZES = {"a": 2, "b": 3, "c": 2, "d": 2}
AXES = {name: Axis(name, "labels", tuple(f"{name}{i}" for i in range(size))) for name, size in SIZES.items()}
Build = Callable[[Graph, AnyNode], AnyNode]
"""A value made of a graph and of the state S over a, b, c and d."""


def found(build: Build, *others: Build) -> tuple[tuple[str, ...], ...]:
    """The axes of a program that are computed as one."""
    graph = Graph()
    state = graph.symbol("state", "S", ("a", "b", "c", "d"))
    roots = {f"value {place}": one(graph, state) for place, one in enumerate((build, *others))}
    return coalesce(Program(graph, roots, AXES, {})).coalesced


def halved(graph: Graph, state: AnyNode) -> AnyNode:
    """An operation on every element."""
    return graph.apply("multiply", (graph.constant(0.5), state))


def times(name: str, axes: tuple[str, ...], role: Role = "parameter") -> Build:
    """The state times another leaf."""

    def build(graph: Graph, state: AnyNode) -> AnyNode:
        return graph.apply("multiply", (graph.symbol(role, name, axes), state))

    return build


def summed(*over: Dim) -> Build:
    """A sum over some dims."""
    return lambda graph, state: graph.reduce("sum", halved(graph, state), over)


def read(**selections: Along | AtPosition) -> Build:
    """The state read through other indices."""

    def build(graph: Graph, state: AnyNode) -> AnyNode:
        chosen = [selections.get(dim.axis, Along(dim)) for dim in state.dims]
        return halved(graph, graph.view(state, chosen))

    return build


def contacts(*axes: str) -> Build:
    """A matrix over some axes times the state."""

    def build(graph: Graph, state: AnyNode) -> AnyNode:
        matrix = graph.symbol("parameter", "M", (*axes, *axes))
        chosen = [Along(Dim(dim.axis, 1) if dim.axis in axes else dim) for dim in state.dims]
        return graph.contract((matrix, graph.view(state, chosen)), tuple(Dim(axis, 1) for axis in axes))

    return build


def test_axes_that_always_stand_together_are_one() -> None:
    assert found(halved) == (("a", "b", "c", "d"),)


@pytest.mark.parametrize(
    ("build", "runs"),
    [
        (times("k", ("a",)), (("b", "c", "d"),)),
        (times("k", ("b",)), (("c", "d"),)),
        (times("k", ("c",)), (("a", "b"),)),
        (times("k", ("c", "d")), (("a", "b"), ("c", "d"))),
        (times("k", ("a", "c", "d")), (("c", "d"),)),
        (times("k", ("b", "a")), (("c", "d"),)),
        (times("k", ("a", "c", "b", "d")), ()),
        (times("k", ("a", "b", "d", "c")), (("a", "b"),)),
        (summed(C), (("a", "b"),)),
        (summed(C, D), (("a", "b"), ("c", "d"))),
        (summed(A, B, C, D), (("a", "b", "c", "d"),)),
        (contacts("a"), (("b", "c", "d"),)),
        (contacts("b"), (("c", "d"),)),
        (contacts("a", "b"), (("a", "b"), ("c", "d"))),
        (contacts("b", "c"), (("b", "c"),)),
        (times("k", ("a", "b", "b", "a")), (("c", "d"),)),
        (times("k", ("a", "b", "a")), (("c", "d"),)),
    ],
)
def test_what_stands_alone_somewhere_stays_apart(build: Build, runs: tuple[tuple[str, ...], ...]) -> None:
    assert found(halved, build) == runs


@pytest.mark.parametrize("role", ["coordinate", "position", "quadrature", "measure"])
def test_positions_along_one_axis_keep_it_apart(role: str) -> None:
    assert found(times("b", ("b",), role)) == (("c", "d"),)


@pytest.mark.parametrize("role", ["input", "incidence", "over_time"])
def test_other_leaves_keep_their_axes(role: Role) -> None:
    assert found(times("extra", ("a", "b"), role)) == (("c", "d"),)


@pytest.mark.parametrize(
    "build",
    [
        read(b=Along(B, 1)),
        read(a=Along(A, -1, "stay")),
        read(a=Along(A, 1, "periodic"), b=Along(B, 1, "periodic")),
        read(a=Along(A1)),
        read(a=Along(A1), b=Along(Dim("b", 2))),
        read(a=Along(C1), b=Along(D1), c=Along(C), d=Along(D)),
        read(a=AtPosition(1)),
        read(a=AtPosition(1), b=AtPosition(1)),
        read(b=Along(B, points=2)),
    ],
)
def test_what_is_read_elsewhere_along_one_axis_keeps_it_apart(build: Build) -> None:
    assert ("a", "b") not in {pair for run in found(halved, build) for pair in itertools.pairwise(run)}


def test_what_is_read_along_primes_of_both_axes_is_one() -> None:
    assert found(read(a=Along(A1), b=Along(B1))) == (("a", "b"), ("c", "d"))


def test_diagonals_of_all_axes_are_diagonals_of_one() -> None:
    def diagonal(graph: Graph, state: AnyNode) -> AnyNode:
        matrix = graph.symbol("parameter", "M", ("c", "d", "c", "d"))
        read_twice = graph.view(matrix, [Along(Dim(dim.axis)) for dim in matrix.dims])
        return graph.apply("multiply", (read_twice, state))

    assert found(diagonal) == (("a", "b"), ("c", "d"))


def test_a_row_of_a_matrix_and_a_diagonal_are_not_the_same() -> None:
    """Both axes are left, but the one was read at a position, and the other along a diagonal."""

    def mixed(graph: Graph, state: AnyNode) -> AnyNode:
        matrix = graph.symbol("parameter", "M", ("c", "d", "c", "d"))
        chosen = {C: AtPosition(1), C1: Along(C), D: Along(D), D1: Along(D)}
        return graph.apply("multiply", (graph.view(matrix, [chosen[dim] for dim in matrix.dims]), state))

    assert found(mixed) == (("a", "b"),)


def matrix_read(**selections: Dim) -> Build:
    """A matrix over a and b by a and b, read along other dims, times the state."""

    def build(graph: Graph, state: AnyNode) -> AnyNode:
        matrix = graph.symbol("parameter", "M", ("a", "b", "a", "b"))
        chosen = [Along(selections.get(str(dim).replace("'", "1"), dim)) for dim in matrix.dims]
        return graph.apply("multiply", (graph.view(matrix, chosen), state))

    return build


def test_a_matrix_is_read_along_both_axes() -> None:
    assert found(matrix_read(a=A1, b=B1, a1=A, b1=B)) == (("a", "b"), ("c", "d"))
    assert found(matrix_read(a=A1, b1=B, a1=A, b=B1)) == (("a", "b"), ("c", "d"))
    assert found(matrix_read(a=A1, a1=A)) == (("c", "d"),)  # a transpose of one of the two
    assert found(matrix_read(a=C, b=B, a1=A, b1=B)) == ()  # a diagonal of one of the two


def test_a_matrix_summed_over_one_of_its_axes_keeps_them_apart() -> None:
    def summed_once(graph: Graph, state: AnyNode) -> AnyNode:
        matrix = graph.symbol("parameter", "M", ("a", "b", "a", "b"))
        part = graph.reduce("sum", matrix, (B1,))
        return graph.apply("multiply", (part, state))

    assert found(summed_once) == (("c", "d"),)


def test_what_is_read_along_two_axes_for_others_keeps_these_apart() -> None:
    def lent(graph: Graph, state: AnyNode) -> AnyNode:
        other = graph.symbol("parameter", "k", ("c", "d"))
        return graph.apply("multiply", (graph.view(other, (Along(A), Along(B))), state))

    assert found(lent) == ()


def test_places_are_along_one_axis() -> None:
    def placed(graph: Graph, state: AnyNode) -> AnyNode:
        return graph.place(graph.reduce("sum", state, (A, B)), A, 1)

    assert found(halved, placed) == (("c", "d"),)


def test_what_is_joined_along_an_axis_keeps_it_apart() -> None:
    """The parts are the same all along the other axis, which only the whole has."""

    def joined(graph: Graph, state: AnyNode) -> AnyNode:
        rest = graph.reduce("sum", state, (A, B))
        parts = [graph.apply("multiply", (graph.constant(float(i)), rest)) for i in range(2)]
        return graph.join(parts, A, others=(B, C, D))

    assert found(halved, joined) == (("c", "d"),)


def test_what_is_joined_along_another_axis_takes_both_as_one() -> None:
    def joined(graph: Graph, state: AnyNode) -> AnyNode:
        first, last = (graph.view(state, (AtPosition(i), Along(B), Along(C), Along(D))) for i in (0, 1))
        return graph.join((last, first), A, others=(B, C, D))

    assert found(halved, joined) == (("b", "c", "d"),)


def test_what_is_stacked_along_an_axis_keeps_it_apart() -> None:
    def stacked(graph: Graph, state: AnyNode) -> AnyNode:
        rest = graph.reduce("sum", state, (A, B))
        return graph.stack((rest, graph.apply("negate", (rest,))), A)

    assert found(halved, stacked) == (("c", "d"),)


def test_tables_are_read_along_one_axis() -> None:
    def interpolated(graph: Graph, state: AnyNode) -> AnyNode:
        return graph.interpolate(state, A, graph.symbol("time", "t"), "linear")

    assert found(halved, interpolated) == (("b", "c", "d"),)


def test_what_is_not_seen_through_keeps_its_axes() -> None:
    def noise(graph: Graph, state: AnyNode) -> AnyNode:
        return graph.apply("add", (state, graph.opaque("noise", "w", (), (A, B))))

    assert found(noise) == (("c", "d"),)


def test_it_says_which_axes() -> None:
    graph = Graph()
    state = graph.symbol("state", "S", ("a", "b", "c", "d"))
    k = graph.symbol("parameter", "k", ("a", "b"))
    before = Program(graph, {"S": graph.apply("multiply", (k, state))}, AXES, {})
    after = coalesce(before)
    assert after.roots["S"] is before.roots["S"]
    assert coalesced_axes(before, after) == "computed as one axis: a and b; c and d"
    assert not coalesced_axes(before, before)
