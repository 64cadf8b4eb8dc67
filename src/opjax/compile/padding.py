"""Arrays with room at their ends, so that the neighbours of all points are a slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from opjax.compile.neighbours import Neighbours
from opjax.compile.reading import is_swap
from opjax.ir.nodes import Along, AnyNode, AtPosition, Edge, Join, Symbol, View
from opjax.ir.types import Axis, Dim, Dims


@dataclass(slots=True)
class Room:
    """What is needed beyond the ends of a dim, and what stands there."""

    edge: Edge
    size: int
    low: int = 0
    high: int = 0
    filled: bool = False
    """Whether something else writes to it."""


@dataclass(frozen=True, slots=True)
class Padded:
    """An array with room at its ends: a variable, the order of its dims, and the room of those that have some."""

    name: str
    order: Dims
    rooms: Mapping[Dim, Room]

    def shape(self, axes: Mapping[str, Axis]) -> tuple[int, ...]:
        """The lengths, with the room."""
        rooms = [self.rooms.get(dim) for dim in self.order]
        return tuple(
            (axes[dim.axis].size or 0) + (room.low + room.high if room else 0)
            for dim, room in zip(self.order, rooms, strict=True)
        )

    def inside(self, moved: Mapping[Dim, int] | None = None) -> str:
        """The array itself, moved by some steps."""
        steps = moved or {}
        parts = [self._along(dim, steps.get(dim, 0)) for dim in self.order]
        return f"{self.name}[{', '.join(parts)}]"

    def read(self, chosen: Mapping[Dim, Along | AtPosition]) -> str:
        """The array read as a view says."""
        parts: list[str] = []
        for dim in self.order:
            match chosen[dim]:
                case AtPosition(position=position):
                    parts.append(str(position + (self.rooms[dim].low if dim in self.rooms else 0)))
                case Along(offset=offset, points=points):
                    parts.append(self._along(dim, offset, points))
        return self.name if set(parts) == {":"} else f"{self.name}[{', '.join(parts)}]"

    def kept(self, chosen: Mapping[Dim, Along | AtPosition]) -> Dims:
        """The dims that are left of an array when it is read as a view says."""
        found = [chosen[dim] for dim in self.order]
        return tuple(selection.dim for selection in found if isinstance(selection, Along))

    def _along(self, dim: Dim, offset: int, points: int = 0) -> str:
        room = self.rooms.get(dim)
        if room is None:
            return f"{offset}:{offset + points}" if points else ":"
        start, count = room.low + offset, points or room.size
        whole = count == room.low + room.size + room.high
        return ":" if whole else f"{start}:{start + count}"

    def ends(self) -> Iterator[str]:
        """The statements that fill the room; each dim is filled for all points of the others, corners last."""
        for place, dim in enumerate(self.order):
            room = self.rooms.get(dim)
            if room is not None and not room.filled:
                lead, end = f"{self.name}[{':, ' * place}", room.low + room.size
                sources = {
                    "absorb": ("0.0", "0.0"),
                    "stay": (f"{lead}{_point(room.low, room.low)}]", f"{lead}{_point(end - 1, room.high)}]"),
                    "periodic": (
                        f"{lead}{_slice(room.size, end)}]",
                        f"{lead}{_slice(room.low, room.low + room.high)}]",
                    ),
                }[room.edge]
                if room.low:
                    yield f"{lead}{_slice(0, room.low)}] = {sources[0]}"
                if room.high:
                    yield f"{lead}{_slice(end, end + room.high)}] = {sources[1]}"

    def zeros(self, dim: Dim, offset: int) -> Iterator[str]:
        """The statements that leave zeros wherever something shifted by an offset has no value here."""
        room, lead = self.rooms[dim], f"{self.name}[{':, ' * self.order.index(dim)}"
        first, last = room.low + max(0, -offset), room.low + room.size - max(0, offset)
        if first:
            yield f"{lead}{_slice(0, first)}] = 0.0"
        if last < room.low + room.size + room.high:
            yield f"{lead}{_slice(last, room.low + room.size + room.high)}] = 0.0"


def _point(at: int, width: int) -> str:
    return str(at) if width == 1 else f"{at}:{at + 1}"


def _slice(start: int, stop: int) -> str:
    return str(start) if stop - start == 1 else f"{start}:{stop}"


@dataclass(slots=True)
class Padding:
    """Which nodes are kept with room at their ends, and which views read them there."""

    rooms: dict[int, dict[Dim, Room]] = field(default_factory=dict[int, dict[Dim, Room]])
    views: set[int] = field(default_factory=set[int])
    through: dict[int, View] = field(default_factory=dict[int, View])
    """Nodes that only a shift uses which has room itself: they are written where the shift wants them."""
    made: dict[int, Padded] = field(default_factory=dict[int, Padded])
    filled: set[int] = field(default_factory=set[int])
    """Joins of what enters at an end and what is read one point further on: the former goes where there is room."""

    def plan(self, nodes: Sequence[AnyNode], uses: Mapping[int, int], neighbours: Neighbours) -> None:
        """Find what is read at its neighbours.

        Arguments:
            nodes: the operations.
            uses: how often each node is used.
            neighbours: what is read along memory, with room at the ends of the first dim.
        """
        axes = neighbours.axes
        for node in nodes:
            if isinstance(node, View) and node.dims and node.number not in neighbours.within:
                self._add(node, axes)
        for array, dim, reading in neighbours.rooms():
            room = self.rooms.setdefault(array.number, {}).setdefault(dim, Room("stay", axes[dim.axis].size or 0))
            room.edge = reading.first_edge if reading.moves[0] else room.edge
            low, high = reading.room
            room.low, room.high = max(room.low, low), max(room.high, high)
        for node in nodes:
            if isinstance(node, View) and node.number in self.views and self._is_through(node, uses):
                self.through[node.operand.number] = node
                self.views.discard(node.number)
                del self.rooms[node.operand.number]
        for node in nodes:
            moving = entered(node, axes) if isinstance(node, Join) else None
            if isinstance(node, Join) and moving is not None and moving.number not in self.rooms:
                room = Room("absorb", axes[node.dim.axis].size or 0, filled=True)
                room.low, room.high = (1, 0) if node.own(node.parts[0]) is None else (0, 1)
                self.rooms[moving.number] = {node.dim: room}
                self.filled.add(node.number)

    def _add(self, view: View, axes: Mapping[str, Axis]) -> None:
        """Room for one view, if its offsets are small and its edges those of the others."""
        wanted: list[tuple[Dim, Room]] = []
        rooms = self.rooms.get(view.operand.number, {})
        for dim, selection in zip(view.operand.dims, view.selections, strict=True):
            if isinstance(selection, Along) and (selection.offset or selection.points):
                size, first = axes[dim.axis].size or 0, selection.offset
                if is_swap(selection, size):
                    return
                room = Room(selection.edge, size, max(0, -first), max(0, first + (selection.points or size) - size))
                known = rooms.get(dim)
                if max(room.low, room.high) > size or (known is not None and known.edge != room.edge):
                    return
                if room.low or room.high:
                    wanted.append((dim, room))
        if view.operand.kind != "real" or not wanted:
            return
        self.views.add(view.number)
        rooms = self.rooms.setdefault(view.operand.number, {})
        for dim, new in wanted:
            room = rooms.setdefault(dim, new)
            room.low, room.high = max(room.low, new.low), max(room.high, new.high)

    def _is_through(self, view: View, uses: Mapping[int, int]) -> bool:
        """Whether a shift has room itself for all that it shifts."""
        step, rooms = shift_of(view), self.rooms.get(view.number, {})
        if step is None or uses[view.operand.number] != 1 or list(rooms) != [step[0]]:
            return False
        if isinstance(view.operand, Symbol | View):
            return False
        room = rooms[step[0]]
        return room.edge == "absorb" and -room.low <= -step[1] <= room.high


def shift_of(view: View) -> tuple[Dim, int] | None:
    """The dim and the offset of a shift along one dim, with zero beyond the end."""
    moved = [(d, s) for d, s in zip(view.operand.dims, view.selections, strict=True) if s != Along(d)]
    if len(moved) != 1 or not isinstance(moved[0][1], Along):
        return None
    dim, along = moved[0][0], moved[0][1]
    return (dim, along.offset) if along.dim == dim and along.edge == "absorb" and along.offset else None


def entered(node: Join, axes: Mapping[str, Axis]) -> AnyNode | None:
    """What one point is joined to of which all others are read, one point further on."""
    if len(node.parts) != 2:
        return None
    first, last = node.parts
    (inside, start, other) = (last, 0, first) if node.own(first) is None else (first, 1, last)
    if node.own(other) is not None or not isinstance(inside, View) or inside.kind != "real":
        return None
    if inside.operand.dims != node.dims:
        return None
    size = axes[node.dim.axis].size or 0
    chosen = dict(zip(inside.operand.dims, inside.selections, strict=True))
    along = chosen.pop(node.dim, None)
    whole = all(selection == Along(dim) for dim, selection in chosen.items())
    moved = isinstance(along, Along) and (along.offset, along.points) == (start, size - 1)
    return inside.operand if whole and moved else None
