"""Emission for JAX: long arrays that are read at several neighbours have their ends around them once.

XLA's compiler for CPUs computes a short shifted array inside the loop that reads it. A long one, of `LONG` elements
along its last axis, it writes to memory first, piece by piece, for each shift: three times the time of one array with
its ends around it, of which every shift is a slice.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from opjax.compile.emit import Emitter
from opjax.compile.padding import Room
from opjax.compile.text import TIGHTEST, Value
from opjax.ir.nodes import Along, Edge, View
from opjax.ir.types import Dim

LONG = 128
Place = tuple[int, Dim, Edge]
"""An operand, the dim that it is read along, and what lies beyond its ends."""


@dataclass(slots=True)
class Widened(Emitter):
    """Writes the statements of a function over arrays that cannot be written to.

    Arguments:
        rooms: what is needed beyond the ends of operands.
        wide: the variables that hold operands with their ends around them.
    """

    rooms: dict[Place, Room] = field(default_factory=dict[Place, Room])
    wide: dict[Place, str] = field(default_factory=dict[Place, str])

    def count(self) -> None:
        """As `Emitter.count`; and find how far each operand is read beyond its ends."""
        Emitter.count(self)
        for node in self.program.nodes:
            if isinstance(node, View) and node.dims and node.operand.kind == "real":
                for dim, selection in zip(node.operand.dims, node.selections, strict=True):
                    if isinstance(selection, Along) and selection.offset:
                        self.reach(node, dim, selection)

    def reach(self, node: View, dim: Dim, along: Along) -> None:
        """Room for one view, where the dim is long and the view does not reach beyond the other end."""
        size = self.program.axes[dim.axis].size or 0
        if size >= LONG and abs(along.offset) <= size:
            room = self.rooms.setdefault((node.operand.number, dim, along.edge), Room(along.edge, size))
            room.low, room.high = max(room.low, -along.offset), max(room.high, along.offset)

    def view(self, node: View) -> Value:
        """As `Emitter.view`; along the last axis of a long array, a slice of it with its ends around it."""
        operand = self.operand(node.operand)
        chosen = dict(zip(node.operand.dims, node.selections, strict=True))
        last = operand.order[-1] if operand.order else None
        along = chosen[last] if last else None
        kept = all(isinstance(selection, Along) for selection in chosen.values())
        if last is None or not isinstance(along, Along) or not along.offset or not kept or self.here is self.settled:
            return Emitter.view(self, node)
        place = (node.operand.number, last, along.edge)
        room = self.rooms.get(place)
        if room is None or abs(along.offset) > room.size:
            return Emitter.view(self, node)
        if place not in self.wide:
            call = self.helper(f"widen_{along.edge}")
            self.wide[place] = self.assign("wide", Value(f"{call}({operand.text}, {room.low}, {room.high})", ())).text
        start = room.low + along.offset
        lead = ":, " * (len(operand.order) - 1)
        read = Value(f"{self.wide[place]}[{lead}{start}:{start + room.size}]", operand.order, TIGHTEST)
        return self.moved(read, {**chosen, last: Along(along.dim)})
