"""Walls: on a plane with ends that reflect, second differences are differences of what flows between neighbours.

``u[x+1, y] + u[x-1, y] + u[x, y+1] + u[x, y-1] - 4*u[x, y]`` reads four arrays that are each put together of a part and
an end; as differences of first differences it reads parts alone, which stand between zeros, as a skilled person writes
it. Gradients gain most: that of an end put in place is another array, and they are all added up. For arrays that
cannot be written to: NumPy takes the sum along memory.

Law: a sum is taken in another order. While nothing overflows, one with n dims differs by at most 8*n units in the last
place of the sum of the absolute values of its terms.
Benchmark: heat on a plane in `benchmarks/time_stencils.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from opjax.ir.nodes import Along, AnyNode, Apply, Graph, View
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.types import Dim
from opjax.passes.differences import Term, read_term

FEWEST_TERMS = 3


def walls(program: Program) -> Program:
    """The same values with second differences between ends that reflect in two steps."""
    if View not in program.kinds:
        return program
    found = {node.number: some for node in program.arrays if _is_sum(node) and (some := _found(node.operands))}
    if not found:
        return program

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if node.number not in found:
            return copy_node(graph, node, operands)
        return _in_two_steps(graph, node, operands, found[node.number])

    return rebuild(program, rule, lambda node: node.number in found)


def _is_sum(node: AnyNode) -> bool:
    is_sum = isinstance(node, Apply) and node.function == "add" and len(node.operands) >= FEWEST_TERMS
    return is_sum and len(node.dims) > 1


def _found(operands: Sequence[AnyNode]) -> tuple[int, ...]:
    """The places of the terms that are second differences of one array along one or more dims."""
    terms = [read_term(operand) for operand in operands]
    for array in {term.array.number: term.array for term in terms if term.offset}.values():
        places = tuple(at for at, term in enumerate(terms) if term.array is array)
        if _is_second([terms[at] for at in places]):
            return places
    return ()


def _is_second(terms: Sequence[Term]) -> bool:
    """Whether terms are the two nearest neighbours along each of some dims, and as much less of the point itself."""
    sides: dict[Dim, dict[int, float]] = {}
    for term in terms:
        if term.dim is not None:
            if abs(term.offset) != 1 or term.edge != "stay":
                return False
            along = sides.setdefault(term.dim, {})
            along[term.offset] = along.get(term.offset, 0.0) + term.factor
    return all(along.get(1) == along.get(-1) for along in sides.values()) and not sum(term.factor for term in terms)


def _in_two_steps(graph: Graph, node: AnyNode, operands: Sequence[AnyNode], places: tuple[int, ...]) -> AnyNode:
    """A sum in which these terms are differences of differences."""
    terms = [read_term(operands[at]) for at in places]
    array, factors = terms[0].array, dict[Dim, float]()
    for term in terms:
        if term.dim is not None and term.offset > 0:
            factors[term.dim] = factors.get(term.dim, 0.0) + term.factor
    rest = [operand for at, operand in enumerate(operands) if at not in places]
    made = [part for dim, factor in factors.items() for part in _difference(graph, array, dim, factor)]
    first = sum(at not in places for at in range(min(places)))
    return graph.apply("add", (*rest[:first], *made, *rest[first:]), node.span)


def _difference(graph: Graph, array: AnyNode, dim: Dim, factor: float) -> tuple[AnyNode, ...]:
    """The terms of a constant times a second difference along a dim."""
    high, low = (
        graph.view(array, [Along(d, step, "stay") if d == dim else Along(d) for d in array.dims]) for step in (1, -1)
    )
    after = graph.apply("add", (high, graph.apply("negate", (array,))))
    before = graph.apply("add", (array, graph.apply("negate", (low,))))
    if factor < 0:
        after, before = before, after
    pair = after, graph.apply("negate", (before,))
    if abs(factor) == 1:
        return pair
    return (graph.apply("multiply", (graph.constant(abs(factor)), graph.apply("add", pair))),)
