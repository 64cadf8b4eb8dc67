"""Interior: points that have all their neighbours are computed apart from the few at the ends of a line.

The neighbours of the points inside are slices of the array itself, and those of the others are a few numbers. XLA makes
one loop of that, in which nothing is asked of each point, and no array with its ends around it has to be written to
memory first; most of all that pays in a loop of Runge-Kutta steps. Where many states are mapped, and in derivatives, it
is the slower way: the program stays as it is, and has the other one beside it, for one state alone.

Law: no value changes but for the sign of a zero.
Benchmark: rings and a cable in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    AtPosition,
    Constant,
    Edge,
    IntegerPower,
    Join,
    Place,
    Selection,
    Symbol,
    View,
)
from opjax.ir.program import Program, is_negated
from opjax.ir.types import Axis, Dim, Dims
from opjax.passes.fold import fold
from opjax.passes.stretches import Stretches
from opjax.traverse import Walk, run

LONG = 4
"""Points of a line from which on it is done."""
FEW = 2
"""The part of a line, one in so many, that its ends may be."""
Range = tuple[int, int]
"""From one point to before another."""


def interior(program: Program) -> Program:
    """The same program, with another beside it for one state, where there are lines that are read at neighbours."""
    if not any(_is_beyond(node, program) for node in program.arrays):
        return program
    targets = {name: _target(root) for name, root in program.roots.items()}
    inside = _Inside(program, len(set(targets.values())) == 1)
    cuts = {node.number: cut for node in targets.values() if (cut := inside.cut(node)) is not None}
    if not cuts:
        return program
    parts = _Parts(program.graph.copy(), dict(program.axes), inside=inside)
    joined = {n: parts.joined(program.graph[n], *cut) for n, cut in cuts.items()}
    roots = {name: _of(parts, root, joined.get(targets[name].number)) for name, root in program.roots.items()}
    alone = fold(Program(parts.graph, roots, parts.axes, program.names, program.places, elements=program.elements))
    return replace(program, alone=replace(alone, coalesced=program.coalesced))


def lines(before: Program, after: Program) -> str:
    """The axes whose ends are computed apart; empty where there are none."""
    if after.alone is None:
        return ""
    changed = [node for node in map(_target, after.alone.roots.values()) if isinstance(node, Join)]
    axes = {str(node.dim) for node in changed if node.number >= len(after.graph)}
    return f"the ends apart, for one state: {', '.join(sorted(axes))}"


def _is_beyond(node: AnyNode, program: Program) -> bool:
    """Whether a node reads points beyond the ends of an axis."""
    if not isinstance(node, View):
        return False
    for dim, selection in zip(node.operand.dims, node.selections, strict=True):
        axis = program.axes.get(dim.axis)  # that of a table over time is none of the program's
        size = axis.size if axis else None
        if size and isinstance(selection, Along) and not 0 <= selection.offset <= size - (selection.points or size):
            return True
    return False


def _target(root: AnyNode) -> AnyNode:
    """The array of which a wanted value is a part, or the value."""
    if not isinstance(root, View) or not any(isinstance(s, AtPosition) for s in root.selections):
        return root
    pairs = zip(root.operand.dims, root.selections, strict=True)
    return root.operand if all(isinstance(s, AtPosition) or s == Along(d) for d, s in pairs) else root


def _of(parts: _Parts, root: AnyNode, joined: AnyNode | None) -> AnyNode:
    """A wanted value, of the array that is put together."""
    if joined is None or not isinstance(root, View) or _target(root) is root:
        return joined or root
    return parts.graph.view(joined, root.selections, root.span)


@dataclass(slots=True)
class _Inside:
    """Finds at which points of each axis everything is there that a value is computed from.

    Arguments:
        program: the program.
        is_one: whether it computes one array.
        known: what was found, by number and dim.
        read: what is read at neighbours.
    """

    program: Program
    is_one: bool
    known: dict[tuple[int, Dim], Range] = field(default_factory=dict[tuple[int, Dim], Range])
    read: set[tuple[int, Dim]] = field(default_factory=set[tuple[int, Dim]])

    def __post_init__(self) -> None:
        for node in self.program.arrays:
            for dim in node.dims:
                self.known[node.number, dim] = self._find(node, dim)

    def size(self, dim: Dim) -> int:
        """The number of points; none of an axis that is none of the program's, such as that of a table over time."""
        axis = self.program.axes.get(dim.axis)
        return (axis.size if axis else None) or 0

    def of(self, node: AnyNode, dim: Dim) -> Range:
        """The points that are inside."""
        return self.known.get((node.number, dim)) or (0, self.size(dim))

    def is_whole(self, node: AnyNode, dim: Dim) -> bool:
        """Whether all points are inside."""
        return self.of(node, dim) == (0, self.size(dim))

    def cut(self, node: AnyNode) -> tuple[Dim, Range] | None:
        """The only dim of an array that has ends, with the points inside, if these are most of it."""
        found = [dim for dim in node.dims if not self.is_whole(node, dim)]
        if len(found) != 1 or not (self.is_one or self.are_rows(node, found[0])):
            return None
        size, (low, high) = self.size(found[0]), self.of(node, found[0])
        return (found[0], (low, high)) if size >= LONG and FEW * (size - (high - low)) <= size else None

    def are_rows(self, node: AnyNode, dim: Dim) -> bool:
        """Whether the points of a dim are rows in memory: of several arrays that are cut, XLA joins these quickly."""
        states = (leaf for leaf in self.program.leaves if isinstance(leaf, Symbol) and leaf.role == "state")
        stored = [state.axes for state in states if dim in state.axes]
        return {dim, *itertools.chain(*stored)}.issuperset(node.dims) and all(axes[0] == dim for axes in stored)

    def _find(self, node: AnyNode, dim: Dim) -> Range:
        size = self.size(dim)
        if isinstance(node, Apply | IntegerPower):
            ranges = [self.of(operand, dim) for operand in node.operands if dim in operand.dims]
            return max(low for low, _ in ranges), min(high for _, high in ranges)
        if isinstance(node, Place) and node.dim == dim:
            return (node.position + 1, size) if 2 * node.position < size else (0, node.position)
        step = _step(node, dim) if isinstance(node, View) else None
        if step is None:
            return 0, size
        of, along = step
        if along.offset or along.points:
            self.read.add((node.operands[0].number, of))
        low, high = self.of(node.operands[0], of)
        return max(0, low - along.offset), min(size, high - along.offset)


def _step(view: View, dim: Dim) -> tuple[Dim, Along] | None:
    """How a dim is read, and of which, where the others are read as they are."""
    found = [(d, s) for d, s in zip(view.operand.dims, view.selections, strict=True) if s != Along(d) or d == dim]
    if len(found) != 1 or not isinstance(along := found[0][1], Along) or along.dim != dim:
        return None
    return found[0][0], along


@dataclass(slots=True)
class _Parts(Stretches):
    """Reads arrays at some points of an axis, also beyond its ends."""

    inside: _Inside = field(kw_only=True)
    bases: dict[tuple[int, Dim], AnyNode] = field(default_factory=dict[tuple[int, Dim], AnyNode])
    """What is read at neighbours, for all points inside."""

    def joined(self, node: AnyNode, dim: Dim, inside: Range) -> AnyNode:
        """An array as its first points, those inside, and its last points."""
        ends = (0, *inside, self.size(dim))
        parts: list[AnyNode] = []
        for low, high in itertools.pairwise(ends):
            if low < high:
                part = self.some(dim, low, high)
                parts += self.elements(run(self.walk(node, dim, part)), part)
        return self.graph.join(parts, dim, node.span, _others(node, dim))

    def some(self, dim: Dim, first: int, stop: int) -> Along:
        """As `Stretches.some`; one point is a line too."""
        points = stop - first
        if points not in self.lengths:
            own = self.lengths[points] = Dim(f"stretch {len(self.axes)}")
            self.axes[own.axis] = Axis(own.axis, "labels", ("",) * points)
        return Along(self.lengths[points], first, points=points if points < self.size(dim) else 0)

    def _read(self, node: AnyNode, dim: Dim, part: Selection) -> Walk[AnyNode]:
        assert isinstance(part, Along)
        if isinstance(node, Place) and node.dim == dim:
            return self._placed(node, part)
        if isinstance(node, Apply | IntegerPower) and not is_negated(node) and self.inside.is_whole(node, dim):
            return self._here(node, {dim: part})
        low, high = self.inside.of(node, dim)
        start, points = part.offset, self.size(part.dim)
        is_read = isinstance(node, Apply | IntegerPower) and (node.number, dim) in self.inside.read
        if is_read and low <= start and start + points <= high:
            base, own = (yield self._base(node, dim)), self.some(dim, low, high).dim
            return self._here(base, {own: Along(part.dim, start - low, points=points if points < high - low else 0)})
        found = yield Stretches._read(self, node, dim, part)
        if is_negated(found) and isinstance(found.operands[0], Constant):
            return self.graph.constant(-found.operands[0].value)
        return found

    def _base(self, node: AnyNode, dim: Dim) -> Walk[AnyNode]:
        """What is read at neighbours, at all points inside."""
        if (node.number, dim) not in self.bases:
            inside = self.some(dim, *self.inside.of(node, dim))
            self.bases[node.number, dim] = yield Stretches._read(self, node, dim, inside)
        return self.bases[node.number, dim]

    def _placed(self, node: Place, part: Along) -> AnyNode:
        """What is placed at one point, if it is among those that are read."""
        if not 0 <= node.position - part.offset < self.size(part.dim):
            return self.graph.constant(0.0)
        return node.operand if self.size(part.dim) == 1 else self._here(node, {node.dim: part})

    def _through(self, view: View, dim: Dim, part: Selection) -> Walk[AnyNode]:
        step = _step(view, dim)
        if step is None or not isinstance(part, Along):
            return self._here(view, {dim: part})
        of, along = step
        start, nothing = along.offset + part.offset, self.graph.constant(0.0 if view.kind == "real" else False)
        found: list[AnyNode] = []
        for piece, count in _pieces(along.edge, start, start + self.size(part.dim), self.size(of)):
            if piece is None:
                found += [nothing] * count
            else:
                some = self.some(of, *piece)
                found += self.elements((yield self.walk(view.operand, of, some)), some) * count
        same = len(set(found)) == 1 and (len(found) == 1 or not found[0].dims)
        return found[0] if same else self.graph.join(found, part.dim, view.span, _others(view, dim))


def _others(node: AnyNode, dim: Dim) -> Dims:
    """The dims of a node but for one."""
    return tuple([each for each in node.dims if each != dim])


def _pieces(edge: Edge, start: int, stop: int, size: int) -> Iterator[tuple[Range | None, int]]:
    """The neighbours that are read from one point to another, with how often each piece is there; zeros are None."""
    while start < stop:
        within = 0 <= start < size
        end = min(stop, size if within else 0 if start < 0 else stop)
        if within or edge == "periodic":
            low = start % size
            end = min(end, start + size - low)
            yield (low, low + end - start), 1
        elif edge == "stay":
            yield (0, 1) if start < 0 else (size - 1, size), end - start
        else:
            yield None, end - start
        start = end
