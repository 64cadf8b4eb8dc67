"""Swaps: what is read at the other of two points, or at one point for each, is read there, without a selection.

``sum(M[j]*x[o, j] for o in sex, j in group if o != sex)`` has one term for each sex, that of the other one; and so has
``x["m"] if sex == "f" else x["f"]``. Both are x read one point further on, round the axis.

Law: no value changes by a bit but for the sign of a zero.
Benchmark: two sexes in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    AtPosition,
    Constant,
    Contract,
    Graph,
    IntegerPower,
    Reduce,
    Symbol,
    View,
)
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.types import Dim
from opjax.passes.shift import POSITIONAL
from opjax.traverse import Walk, run

MOST_CELLS = 10_000
Found = tuple[Dim, Along]
"""A dim, and how it is read."""


def swaps(program: Program) -> Program:
    """The same values with points read where they are."""
    if "where" not in program.functions:
        return program
    found = {n.number: at for n in program.nodes if (at := _one_term(program, n) or _exchange(program, n))}

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if node.number not in found:
            return copy_node(graph, node, operands)
        dim, along = found[node.number]
        if isinstance(node, Reduce):
            missing = set(node.over) - set(operands[0].operands[1].dims)
            if missing:  # the same for all points that are summed over
                return copy_node(graph, node, operands)
            value = run(_Reading(graph, dim, along).walk(operands[0].operands[1]))
            found_there = graph.reduce("sum", value, tuple(d for d in node.over if d in value.dims), node.span)
            return found_there if found_there.dims == node.dims else copy_node(graph, node, operands)
        view = operands[1]
        assert isinstance(view, View)
        chosen = [along if d == dim else s for d, s in zip(view.operand.dims, view.selections, strict=True)]
        return graph.view(view.operand, chosen, node.span)

    return rebuild(program, rule, lambda node: node.number in found)


def _one_term(program: Program, node: AnyNode) -> Found | None:
    """Of a sum that has one term at each point of another dim, so many points further on: where that is read."""
    if not isinstance(node, Reduce) or node.reduction != "sum":
        return None
    match node.operand:
        case Apply(function="where", arguments=(condition, _, Constant(value=0.0, kind="real"))):
            bound = [dim for dim in condition.dims if dim in node.over]
        case _:
            return None
    if len(condition.dims) != 2 or len(bound) != 1:
        return None
    (dim,) = bound
    (free,) = (d for d in condition.dims if d != dim)
    size = program.axes[dim.axis].size or 0
    if program.axes[free.axis].size != size:
        return None
    place = condition.dims.index(dim)
    terms = [(cell[place], cell[1 - place]) for cell in _holding(program, condition)]
    steps = {(at - point) % size for at, point in terms}
    return (dim, Along(free, steps.pop(), "periodic")) if len(steps) == 1 and len(terms) == size else None


def _exchange(program: Program, node: AnyNode) -> Found | None:
    """Of a selection between the two points of an axis: where that is read."""
    match node:
        case Apply(function="where", arguments=(condition, View() as chosen, View() as other)):
            pairs = zip(chosen.operand.dims, chosen.selections, other.selections, strict=False)
            differing = [(dim, one, another) for dim, one, another in pairs if one != another]
        case _:
            return None
    if chosen.operand is not other.operand or len(differing) != 1 or len(condition.dims) != 1:
        return None
    (dim, one, another), (free,) = differing[0], condition.dims
    if not isinstance(one, AtPosition) or not isinstance(another, AtPosition):
        return None
    if free in chosen.dims or {program.axes[d.axis].size for d in (dim, free)} != {2}:
        return None
    holding = _holding(program, condition)
    return (dim, Along(free, (one.position - holding[0][0]) % 2, "periodic")) if len(holding) == 1 else None


def _holding(program: Program, condition: AnyNode) -> list[tuple[int, ...]]:
    """The points at which a condition on points of axes alone holds; none where that is not soon known."""
    cells = math.prod(program.axes[dim.axis].size or 0 for dim in condition.dims)
    if not condition.roles <= POSITIONAL or cells > MOST_CELLS:
        return []
    (found,) = evaluate([condition], program.axes, _no_leaf)
    return [cell for cell, holds in found.values.items() if holds]


def _no_leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    raise AssertionError(symbol.name)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads values along another dim."""

    graph: Graph
    dim: Dim
    along: Along
    made: dict[int, AnyNode] = field(default_factory=dict[int, AnyNode])

    def walk(self, node: AnyNode) -> Walk[AnyNode]:
        """The value read there; what is computed point by point is computed of what is read there."""
        if self.dim not in node.dims:
            return node
        if node.number not in self.made:
            self.made[node.number] = yield self.read(node)
        return self.made[node.number]

    def read(self, node: AnyNode) -> Walk[AnyNode]:
        """The same of what varies along the dim."""
        inside = isinstance(node, Reduce | Contract) and self.along.dim not in node.over
        if isinstance(node, Apply | IntegerPower) or inside:
            operands: list[AnyNode] = []
            for operand in node.operands:
                operands.append((yield self.walk(operand)))
            return copy_node(self.graph, node, tuple(operands))
        if isinstance(node, View) and [s for s in node.selections if isinstance(s, Along) and s.dim == self.dim] == [
            Along(self.dim)
        ]:
            chosen = [self.along if s == Along(self.dim) else s for s in node.selections]
            return self.graph.view(node.operand, chosen, node.span)
        return self.graph.view(node, [self.along if d == self.dim else Along(d) for d in node.dims], node.span)
