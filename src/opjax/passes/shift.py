"""Shift: what is zero beyond an end becomes a shift there and back, and shifts that undo each other disappear.

An ageing flow that stays inside is ``where(position + 1 < size, v, 0)``; its loss is minus that, its gain the neighbour
of that. The condition is known now: what it takes away at an end is what ``v`` shifted away from the end and back
lacks. The gain then needs no condition at all, and the loss is the gain shifted back. A number that counts at one point
alone, such as births, is placed there.

Law: no value changes by a bit.
Benchmark: Lorenz-96 and Gray-Scott in `benchmarks/time_models.py`.
"""

from __future__ import annotations

import itertools
import math

from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Apply, Constant, Graph, Symbol, View
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.types import Dim, Role
from opjax.passes.guard import WITHOUT_SLOPE, is_sharp

MOST_POINTS = 10_000
Known = tuple[Dim, AnyNode, list[bool]]
"""A dim, a value, and at which points of the dim it is as written; it is zero elsewhere."""
POSITIONAL: frozenset[Role] = frozenset(("position", "coordinate", "size"))


def shift(program: Program) -> Program:
    """The same values with known conditions at the ends of an axis as shifts."""
    if "where" not in program.functions:
        return program
    known = {node.number: found for node in program.nodes if (found := _known(program, node)) is not None}
    smooth = _smooth(program.nodes) if known else set[int]()
    places = {number: at for number, found in known.items() if (at := _only_place(found)) is not None}
    runs = {number: at for number, found in known.items() if number in smooth and (at := _ends(found)) is not None}

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if isinstance(node, View):
            return graph.view(_without_detour(graph, node, operands[0]), node.selections, node.span)
        if node.number in places:
            return graph.place(operands[1], *places[node.number], node.span)
        if node.number not in runs:
            return copy_node(graph, node, operands)
        dim, low, high = runs[node.number]
        value = operands[1]
        for steps in (-high, low):  # away from the end, and back
            if steps:
                value = _shifted(graph, _shifted(graph, value, dim, steps), dim, -steps)
        return value

    return rebuild(program, rule, lambda node: node.number in runs or node.number in places)


def _smooth(nodes: list[AnyNode]) -> set[int]:
    """Nodes without an operation whose slope may be infinite: elsewhere a condition keeps gradients from being nan."""
    found: set[int] = set()
    for node in nodes:
        own = not is_sharp(node) or not node.roles - WITHOUT_SLOPE
        if own and all(o.number in found for o in node.operands):
            found.add(node.number)
    return found


def _shifted(graph: Graph, value: AnyNode, dim: Dim, offset: int) -> AnyNode:
    return graph.view(value, [Along(d, offset if d == dim else 0) for d in value.dims], value.span)


def _ends(found: Known) -> tuple[Dim, int, int] | None:
    """How many points at both ends of a dim a value is zero at, if it is as written elsewhere."""
    dim, value, holding = found
    if dim not in value.dims:
        return None
    runs = [(holds, len(list(run))) for holds, run in itertools.groupby(holding)]
    inside = [place for place, (holds, _) in enumerate(runs) if holds]
    if len(inside) != 1 or len(runs) == 1:
        return None
    low = runs[0][1] if inside[0] else 0
    high = runs[-1][1] if inside[0] + 1 < len(runs) else 0
    return dim, low, high


def _only_place(found: Known) -> tuple[Dim, int] | None:
    """The one point of a dim at which a value that does not vary along it is as written."""
    dim, value, holding = found
    return (dim, holding.index(True)) if dim not in value.dims and sum(holding) == 1 else None


def _known(program: Program, node: AnyNode) -> Known | None:
    """Where a value is known to be zero."""
    match node:
        case Apply(function="where", arguments=(condition, value, Constant(value=0.0, kind="real") as zero)):
            if math.copysign(1.0, zero.value) < 0:  # shifts bring in a positive one
                return None
        case _:
            return None
    if len(condition.dims) != 1 or not condition.roles <= POSITIONAL:
        return None
    (dim,) = condition.dims
    size = program.axes[dim.axis].size
    if size is None or size > MOST_POINTS:
        return None
    (cells,) = evaluate([condition], program.axes, _no_leaf)
    return dim, value, [bool(cells.values[(i,)]) for i in range(size)]


def _no_leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    raise AssertionError(symbol.name)


def _without_detour(graph: Graph, node: View, operand: AnyNode) -> AnyNode:
    """The operand of a shift without a shift back and forth that takes away what this one drops."""
    inner = operand
    if not (isinstance(inner, View) and isinstance(inner.operand, View)):
        return operand
    back, forth = inner, inner.operand
    moves = [
        _single(one.selections, one.operand.dims) if one.operand.dims == one.dims else None
        for one in (node, back, forth)
    ]
    first, second, third = moves
    if first is None or second is None or third is None:
        return operand
    undone = first[0] == second[0] == third[0] and second[1] == -third[1]
    drops = third[1] * first[1] > 0 and abs(first[1]) >= abs(third[1])
    return forth.operand if undone and drops else operand


def single_shift(node: AnyNode) -> tuple[Dim, int] | None:
    """The dim and the steps of a node that is a shift along one dim, with zero beyond the end."""
    if not isinstance(node, View) or node.operand.dims != node.dims:
        return None
    return _single(node.selections, node.dims)


def _single(selections: tuple[object, ...], dims: tuple[Dim, ...]) -> tuple[Dim, int] | None:
    """The dim and the steps of a shift along one dim, with zero beyond the end."""
    moved = [(d, s) for d, s in zip(dims, selections, strict=True) if s != Along(d)]
    if len(moved) != 1 or not isinstance(moved[0][1], Along):
        return None
    dim, along = moved[0][0], moved[0][1]
    return (dim, along.offset) if along.dim == dim and along.edge == "absorb" and along.offset else None
