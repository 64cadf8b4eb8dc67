"""Differences: a second difference is the difference of two first ones, which neighbours share.

``u[x+1] - 2*u[x] + u[x-1]`` goes over the array three times, ``d[x] - d[x-1]`` with ``d[x] = u[x+1] - u[x]`` twice, and
what else reads first differences has them. It is the more exact of the two: what is close to each other is subtracted
first.

Law: sums are taken in another order, and what is infinite or undefined stays so. While nothing overflows, a second
difference differs by at most 4 units in the last place of the sum of the absolute values of its terms.
Benchmark: the models of finite differences in `benchmarks/time_stencils.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from opjax.ir.nodes import Along, AnyNode, Apply, Constant, Edge, Graph, View
from opjax.ir.program import Program, copy_node, rebuild

FEWEST_TERMS = 3


def differences(program: Program) -> Program:
    """The same values with second differences along the only dim of an array taken in two steps."""
    if View not in program.kinds:
        return program

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        made = _in_two_steps(graph, node, operands) if _is_sum(node) else None
        return made or copy_node(graph, node, operands)

    return rebuild(program, rule, lambda node: _is_sum(node) and _find(node.operands) is not None)


def _is_sum(node: AnyNode) -> bool:
    """Whether a node is a sum over one dim that may be a second difference."""
    several = isinstance(node, Apply) and node.function == "add" and len(node.operands) >= FEWEST_TERMS
    return several and len(node.dims) == 1


@dataclass(frozen=True, slots=True)
class _Term:
    """A constant times an array that is read some points further on."""

    factor: float
    array: AnyNode
    offset: int = 0
    edge: Edge = "absorb"


def _term(node: AnyNode) -> _Term:
    factor = 1.0
    while isinstance(node, Apply) and node.dims:
        if node.function == "negate":
            factor, node = -factor, node.operands[0]
            continue
        numbers = [o for o in node.operands if isinstance(o, Constant)]
        if node.function != "multiply" or len(node.operands) != 2 or len(numbers) != 1:
            break
        factor *= float(numbers[0].value)
        (node,) = (o for o in node.operands if o is not numbers[0])
    if isinstance(node, View) and node.dims == node.operand.dims:
        (along,) = node.selections
        if isinstance(along, Along) and not along.points:
            return _Term(factor, node.operand, along.offset, along.edge)
    return _Term(factor, node)


def _find(operands: tuple[AnyNode, ...]) -> tuple[int, int, int] | None:
    """The places of the neighbour on the one side, of the point itself and of the other neighbour."""
    terms = [_term(operand) for operand in operands]
    sides = {(t.array.number, t.factor, t.offset, t.edge): at for at, t in enumerate(terms) if t.offset}
    for middle, term in enumerate(terms):
        if abs(term.factor) != 2 or term.offset:
            continue
        for (number, factor, offset, edge), high in sides.items():
            low = sides.get((number, factor, -offset, edge))
            if offset > 0 and low is not None and number == term.array.number and 2 * factor == -term.factor:
                return high, middle, low
    return None


def _in_two_steps(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode | None:
    found = _find(operands)
    if found is None:
        return None
    terms = [_term(operands[at]) for at in found]
    high, middle, low = (
        graph.view(t.array, (Along(t.array.dims[0], t.offset, t.edge),)) if t.offset else t.array for t in terms
    )
    after = graph.apply("add", (high, graph.apply("negate", (middle,))))
    before = graph.apply("add", (middle, graph.apply("negate", (low,))))
    if terms[0].factor < 0:
        after, before = before, after
    rest = [operand for at, operand in enumerate(operands) if at not in found]
    pair = (after, graph.apply("negate", (before,)))
    at = min(found)
    return graph.apply("add", (*rest[:at], *pair, *rest[at:]), node.span)
