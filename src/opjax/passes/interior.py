"""Interior: points that have all their neighbours are computed apart from the few at the ends of a line.

The neighbours of the points inside are slices of the array itself, and those of the others are a few numbers. XLA makes
one loop of that, in which nothing is asked of each point, and no array with its ends around it has to be written to
memory first; in a loop of Runge-Kutta steps that is up to twice as quick. Where many states are mapped, and in
derivatives, it is the slower way: the program stays as it is, and has the other one beside it, for one state alone.

Law: no value changes but for the sign of a zero.
Benchmark: models on lines, and Lorenz-96 in a loop, in `benchmarks/time_stencils.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from opjax.ir.nodes import Along, AnyNode, Apply, Constant, Edge, IntegerPower, Place, Selection, View
from opjax.ir.program import Program, is_negated
from opjax.ir.types import Axis, Dim
from opjax.passes.stretches import Stretches
from opjax.traverse import Walk, run

LONG = 4
"""Points of a line from which on it pays."""
FEW = 2
"""The part of a line, one in so many, that its ends may be."""
Range = tuple[int, int]
"""From one point to before another."""


def interior(program: Program) -> Program:
    """The same program, with another beside it for one state, where there are long lines."""
    if not any(_is_beyond(node, program) for node in program.arrays):
        return program
    inside = _Inside(program)
    found = {name: inside.of(root) for name, root in program.roots.items() if len(root.dims) == 1}
    cut = {name: each for name, each in found.items() if _is_worth(each, inside.size(program.roots[name]))}
    if not cut:
        return program
    parts = _Parts(program.graph.copy(), dict(program.axes), inside.keeps, inside=inside)
    roots = {name: parts.joined(root, cut[name]) if name in cut else root for name, root in program.roots.items()}
    return replace(program, alone=replace(program, graph=parts.graph, roots=roots, axes=parts.axes))


def lines(before: Program, after: Program) -> str:
    """The axes whose ends are computed apart; empty where there are none."""
    if after.alone is None:
        return ""
    changed = (root for name, root in after.roots.items() if after.alone.roots[name] is not root)
    return f"for one state, the ends apart: {', '.join(sorted({str(dim) for root in changed for dim in root.dims}))}"


def _is_beyond(node: AnyNode, program: Program) -> bool:
    """Whether a node reads a line of some length beyond its ends."""
    if not isinstance(node, View) or len(node.operand.dims) != 1:
        return False
    size, (selection,) = program.axes[node.operand.dims[0].axis].size or 0, node.selections
    if not isinstance(selection, Along) or size < LONG:
        return False
    return selection.offset < 0 or selection.offset + (selection.points or size) > size


def _is_worth(inside: Range, size: int) -> bool:
    """Whether the ends are there, and are few."""
    ends = size - (inside[1] - inside[0])
    return size >= LONG and 0 < FEW * ends <= size


@dataclass(slots=True)
class _Inside:
    """Finds of each line at which points everything is there that it is computed from."""

    program: Program
    known: dict[int, Range] = field(default_factory=dict[int, Range])
    read: set[int] = field(default_factory=set[int])
    """What is read at neighbours."""

    def __post_init__(self) -> None:
        for node in self.program.arrays:
            if len(node.dims) == 1:
                self.known[node.number] = self._find(node)

    def size(self, node: AnyNode) -> int:
        """The number of points of a line."""
        return self.program.axes[node.dims[0].axis].size or 0

    def of(self, node: AnyNode) -> Range:
        """The points of a line that are inside."""
        return self.known.get(node.number) or (0, self.size(node))

    def keeps(self, node: AnyNode) -> bool:
        """Whether an operation is computed for all points and read there: all are inside, and it is no mere sign."""
        return self.of(node) == (0, self.size(node)) and not is_negated(node)

    def _find(self, node: AnyNode) -> Range:
        size = self.size(node)
        if isinstance(node, Apply | IntegerPower):
            ranges = [self.of(operand) for operand in node.operands if operand.dims]
            return max(low for low, _ in ranges), min(high for _, high in ranges)
        if isinstance(node, Place):
            return (node.position + 1, size) if 2 * node.position < size else (0, node.position)
        if not isinstance(node, View) or len(node.operand.dims) != 1:
            return 0, size
        (along,) = node.selections
        assert isinstance(along, Along)
        if along.offset or along.points:
            self.read.add(node.operand.number)
        low, high = self.of(node.operand)
        return max(0, low - along.offset), min(size, high - along.offset)


@dataclass(slots=True)
class _Parts(Stretches):
    """Reads lines at some of their points, also beyond their ends."""

    inside: _Inside = field(kw_only=True)
    bases: dict[int, AnyNode] = field(default_factory=dict[int, AnyNode])
    """What is read at neighbours, for all points inside."""

    def joined(self, root: AnyNode, inside: Range) -> AnyNode:
        """A line as its first points, those inside, and its last points."""
        (dim,) = root.dims
        ends = (0, *inside, self.size(dim))
        parts: list[AnyNode] = []
        for low, high in zip(ends, ends[1:], strict=False):
            if low < high:
                parts += _elements(run(self.walk(root, dim, self.some(dim, low, high))), high - low)
        return self.graph.join(parts, dim, root.span)

    def some(self, dim: Dim, first: int, stop: int) -> Selection:
        """As `Stretches.some`; one point is a line too."""
        points = stop - first
        if points not in self.lengths:
            own = self.lengths[points] = Dim(f"stretch {len(self.axes)}")
            self.axes[own.axis] = Axis(own.axis, "labels", ("",) * points)
        return Along(self.lengths[points], first, points=points if points < self.size(dim) else 0)

    def _read(self, node: AnyNode, dim: Dim, part: Selection) -> Walk[AnyNode]:
        assert isinstance(part, Along)
        if isinstance(node, Place):
            return self._placed(node, part)
        if isinstance(node, Apply | IntegerPower) and node.number in self.inside.read and not self.keeps(node):
            low, high = self.inside.of(node)
            start, points = part.offset, self.size(part.dim)
            if low <= start and start + points <= high:
                base = yield self._base(node, dim)
                if not base.dims:
                    return base
                whole = points == high - low
                return self._here(base, {base.dims[0]: Along(part.dim, start - low, points=0 if whole else points)})
        found = yield Stretches._read(self, node, dim, part)
        if is_negated(found) and isinstance(found.operands[0], Constant):
            return self.graph.constant(-found.operands[0].value)
        return found

    def _base(self, node: AnyNode, dim: Dim) -> Walk[AnyNode]:
        """What is read at neighbours, at all points inside."""
        low, high = self.inside.of(node)
        if node.number not in self.bases:
            self.bases[node.number] = yield Stretches._read(self, node, dim, self.some(dim, low, high))
        return self.bases[node.number]

    def _placed(self, node: Place, part: Along) -> AnyNode:
        """What is placed at one point, if it is among those that are read."""
        if not 0 <= node.position - part.offset < self.size(part.dim):
            return self.graph.constant(0.0)
        return node.operand if self.size(part.dim) == 1 else self._here(node, {node.dim: part})

    def _through(self, view: View, dim: Dim, part: Selection) -> Walk[AnyNode]:
        (along, *others), (of, *_) = view.selections, view.operand.dims
        if others or not isinstance(along, Along) or not isinstance(part, Along):
            return self._here(view, {dim: part})
        start, nothing = along.offset + part.offset, self.graph.constant(0.0 if view.kind == "real" else False)
        found: list[AnyNode] = []
        for piece, count in _pieces(along.edge, start, start + self.size(part.dim), self.size(of)):
            each = (yield self.walk(view.operand, of, self.some(of, *piece))) if piece else nothing
            found += _elements(each, piece[1] - piece[0] if piece else 1) * count
        return found[0] if len(set(found)) == 1 and not found[0].dims else self.graph.join(found, part.dim, view.span)


def _elements(node: AnyNode, count: int) -> list[AnyNode]:
    """The parts of a line that one of so many points is: a number is there for each."""
    return [node] if node.dims else [node] * count


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
