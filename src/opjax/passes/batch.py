"""Batch: equations of neighbouring states that differ in the state alone become one, over an axis more.

Ageing in each of four compartments, or the fifty stages of a chain in each age group, are the same few operations on
other states. States that are declared one behind the other lie one behind the other, so that they are one array
already; the equations are computed for all of them at once.

Law: no value changes by a bit.
Benchmark: `benchmarks/compare_with_op_system.py`, ageing over 240 classes in several compartments.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    AtPosition,
    Contract,
    Graph,
    IntegerPower,
    Reduce,
    Selection,
    Symbol,
    View,
)
from opjax.ir.program import Program, copy_node
from opjax.ir.types import Axis, Dim

FEWEST = 3
"""Fewer equations stay as they are."""
MOST_CELLS = 10_000
"""Larger arrays stay as they are: what equations share would be computed for each."""
MOST_NODES = 500

Pair = tuple[AnyNode, AnyNode]


def batch(program: Program) -> Program:
    """The same values with runs of equations as one."""
    runs = list(_runs(program))
    if not runs:
        return program
    graph, axes, roots = program.graph.copy(), dict(program.axes), dict(program.roots)
    for run in runs:
        dim = Dim(f"states {len(axes)}")
        axes[dim.axis] = Axis(dim.axis, "labels", ("",) * len(run))
        whole = Batch(graph, dim).node(tuple(program.roots[name] for name in run))
        for place, name in enumerate(run):
            chosen: list[Selection] = [AtPosition(place) if d == dim else Along(d) for d in whole.dims]
            roots[name] = graph.view(whole, chosen)
    return Program(graph, roots, axes, program.names, program.places)


def _runs(program: Program) -> Iterator[list[str]]:
    """The names of neighbouring roots of one form."""
    if not any(root.dims for root in program.roots.values()):
        return
    place = {name: number for number, name in enumerate(program.roots)}
    run: list[str] = []
    form: tuple[bool, ...] = ()
    for before, name in itertools.pairwise(program.roots):
        pair = (program.roots[before], program.roots[name])
        found = form_of(program, place, pair) if isinstance(pair[0], Apply) else None
        if found is None or (run and found != form):
            if len(run) >= FEWEST:
                yield run
            run = []
        if found is not None:
            run, form = (run or [before]) + [name], found
    if len(run) >= FEWEST:
        yield run


def form_of(program: Program, place: Mapping[str, int], roots: Pair) -> tuple[bool, ...] | None:
    """Of each operand, whether it is the next state; None where two equations, or terms of them, differ in more."""
    first = roots[0]
    cells = 1
    for dim in first.dims:
        cells *= program.axes[dim.axis].size or 0
    if not first.dims or first.dims != roots[1].dims or cells > MOST_CELLS:
        return None
    waiting, seen, form = [roots], set[tuple[int, int]](), list[bool]()
    while waiting:
        one, other = waiting.pop()
        if (one.number, other.number) in seen:
            continue
        seen.add((one.number, other.number))
        if one is other:
            form.append(False)
        elif isinstance(one, Symbol):
            if not _is_next(one, other, place):
                return None
            form.append(True)
        elif is_alike(one, other) and len(seen) <= MOST_NODES:
            waiting.extend(zip(one.operands, other.operands, strict=True))
        else:
            return None
    return tuple(form) if any(form) else None


def _is_next(one: Symbol, other: AnyNode, place: Mapping[str, int]) -> bool:
    """Whether a state is declared behind another, over the same axes."""
    if not isinstance(other, Symbol) or one.role != "state" or other.role != "state" or one.axes != other.axes:
        return False
    return one.name in place and place.get(other.name, -1) == place[one.name] + 1


def is_alike(one: AnyNode, other: AnyNode) -> bool:
    """Whether two operations differ in their operands only."""
    if one.dims != other.dims or len(one.operands) != len(other.operands):
        return False
    match one, other:
        case Apply(), Apply():
            return one.function == other.function
        case IntegerPower(), IntegerPower():
            return one.exponent == other.exponent
        case Reduce(), Reduce():
            return (one.reduction, one.over) == (other.reduction, other.over)
        case Contract(), Contract():
            return one.over == other.over
        case View(), View():
            return one.selections == other.selections
        case _:
            return False


@dataclass(slots=True)
class Batch:
    """Makes the operations for all members of a run at once."""

    graph: Graph
    dim: Dim
    made: dict[tuple[int, ...], AnyNode] = field(default_factory=dict[tuple[int, ...], AnyNode])

    def node(self, members: tuple[AnyNode, ...]) -> AnyNode:
        """The node for corresponding nodes of the members."""
        waiting = [members]
        while waiting:
            column = waiting[-1]
            key = tuple(node.number for node in column)
            operands = [] if self.is_leaf(column) else list(zip(*(node.operands for node in column), strict=True))
            missing = [o for o in operands if tuple(node.number for node in o) not in self.made]
            if missing and key not in self.made:
                waiting.extend(missing)
                continue
            waiting.pop()
            if key not in self.made:
                self.made[key] = self.build(column, [self.made[tuple(n.number for n in o)] for o in operands])
        return self.made[tuple(node.number for node in members)]

    def is_leaf(self, column: tuple[AnyNode, ...]) -> bool:
        """Whether a column is one node, or neighbouring states."""
        return all(node is column[0] for node in column) or isinstance(column[0], Symbol)

    def build(self, column: tuple[AnyNode, ...], operands: list[AnyNode]) -> AnyNode:
        """The node for one column over what its operands are now."""
        first = column[0]
        if all(node is first for node in column):
            return first
        if isinstance(first, Symbol):
            return self.graph.stack(column, self.dim)
        if isinstance(first, View):
            known = dict(zip(first.operand.dims, first.selections, strict=True))
            return self.graph.view(operands[0], [known.get(d, Along(d)) for d in operands[0].dims], first.span)
        return copy_node(self.graph, first, tuple(operands))
