"""Values on a part of an axis: what is computed element by element is computed there alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    AtPosition,
    Constant,
    Graph,
    IntegerPower,
    Join,
    Place,
    Selection,
    View,
)
from opjax.ir.program import copy_node
from opjax.ir.types import Axis, Dim
from opjax.traverse import Walk


@dataclass(slots=True)
class Stretches:
    """Reads values at a part of the points of their dims.

    Arguments:
        graph: makes the nodes.
        axes: the axes with those of the parts, to which new ones are added.
        keeps: whether an operation is computed for all points anyway, so that the part is read from it.
    """

    graph: Graph
    axes: dict[str, Axis]
    keeps: Callable[[AnyNode], bool] = lambda node: False
    made: dict[tuple[int, Dim, Selection], AnyNode] = field(default_factory=dict[tuple[int, Dim, Selection], AnyNode])
    whole: set[int] = field(default_factory=set[int])
    """The numbers of operations that are computed for all points anyway."""
    lengths: dict[int, Dim] = field(default_factory=dict[int, Dim])

    def size(self, dim: Dim) -> int:
        """The number of points of a dim."""
        return self.axes[dim.axis].size or 0

    def some(self, dim: Dim, first: int, stop: int) -> Selection:
        """Some neighbouring points of a dim; one of them is a position."""
        if stop - first == 1:
            return AtPosition(first)
        points = stop - first
        if points not in self.lengths:
            own = self.lengths[points] = Dim(f"stretch {len(self.axes)}")
            self.axes[own.axis] = Axis(own.axis, "labels", ("",) * points)
        return Along(self.lengths[points], first, points=points) if points < self.size(dim) else Along(dim)

    def walk(self, node: AnyNode, dim: Dim, part: Selection) -> Walk[AnyNode]:
        """The value at a part of a dim, all of whose points are there."""
        if dim not in node.dims or part == Along(dim):
            return node
        key = (node.number, dim, part)
        if key not in self.made:
            self.made[key] = yield self._read(node, dim, part)
        return self.made[key]

    def _read(self, node: AnyNode, dim: Dim, part: Selection) -> Walk[AnyNode]:
        if isinstance(node, Place) and node.dim == dim and isinstance(part, AtPosition):
            return node.operand if part == AtPosition(node.position) else self.graph.constant(0.0)
        if isinstance(node, Apply | IntegerPower) and node.number not in self.whole and not self.keeps(node):
            operands: list[AnyNode] = []
            for operand in node.operands:
                operands.append((yield self.walk(operand, dim, part)))
            if isinstance(node, Apply) and node.function == "add":
                operands = [o for o in operands if not (isinstance(o, Constant) and o.value == 0)] or operands[:1]
                if len(operands) == 1:
                    return operands[0]
            return copy_node(self.graph, node, tuple(operands))
        if isinstance(node, View):
            return (yield self._through(node, dim, part))
        if isinstance(node, Join) and node.dim == dim:
            return (yield self._of_parts(node, part))
        return self._here(node, {dim: part})

    def _here(self, node: AnyNode, parts: Mapping[Dim, Selection]) -> AnyNode:
        return self.graph.view(node, [parts.get(d, Along(d)) for d in node.dims], node.span)

    def _through(self, view: View, dim: Dim, part: Selection) -> Walk[AnyNode]:
        """The same of what a view reads, if all of these points are there."""
        inner = dict(zip(view.operand.dims, view.selections, strict=True))
        reads = {d: s for d, s in inner.items() if isinstance(s, Along) and s.dim == dim}
        if len(reads) != 1:
            return self._here(view, {dim: part})
        ((of, along),) = reads.items()
        moved = self._moved(along, part, self.size(of))
        if moved is None:
            return self._here(view, {dim: part})
        del inner[of]
        if all(s == Along(d) for d, s in inner.items()):
            return (yield self.walk(view.operand, of, moved))
        return self._here(view.operand, {**inner, of: moved})

    def _moved(self, along: Along, part: Selection, size: int) -> Selection | None:
        """A part of what is read some points further on; None where some of it lies beyond an end."""
        if isinstance(part, AtPosition):
            place = part.position + along.offset
            return AtPosition(place) if 0 <= place < size else None
        first, points = along.offset + part.offset, part.points or self.size(part.dim)
        if first < 0 or first + points > size:
            return None
        return Along(part.dim, first, points=points) if points < size else Along(part.dim)

    def _of_parts(self, node: Join, part: Selection) -> Walk[AnyNode]:
        """The same of what is joined."""
        first = part.position if isinstance(part, AtPosition) else part.offset
        stop = first + (1 if isinstance(part, AtPosition) else part.points or self.size(part.dim))
        found: list[AnyNode] = []
        start = 0
        for one in node.parts:
            own = node.own(one)
            end = start + (self.size(own) if own else 1)
            low, high = max(first, start), min(stop, end)
            if low < high:
                inside = self.some(own, low - start, high - start) if own else None
                found += self.elements((yield self.walk(one, own, inside)), inside) if own and inside else [one]
            start = end
        if isinstance(part, AtPosition):
            return found[0]
        if len(found) == 1:
            own = node.own(found[0])
            return self._here(found[0], {own: Along(part.dim)} if own else {})
        return self.graph.join(found, part.dim, node.span, node.others)

    def elements(self, node: AnyNode, part: Selection) -> list[AnyNode]:
        """What stands for some points where others are joined to them; what is the same at all is there for each."""
        if isinstance(part, AtPosition) or part.dim in node.dims:
            return [node]
        return [node] * self.size(part.dim)
