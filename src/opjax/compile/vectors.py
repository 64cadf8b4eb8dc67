"""Vectors of scalars in generated code: neighbours in the state vector are a slice, and need no names."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from operator import attrgetter
from typing import Literal, Protocol

from opjax.compile.text import Table, Value
from opjax.ir.nodes import AnyNode, Constant, Gather, Join, Segment, Stack, Symbol
from opjax.ir.types import Axis, Dims
from opjax.records import record

Source = Literal["state", "parameter", "number", "vector", "scalar"]
MANY = 16
"""Parameters from which on those between them are read as well."""
_DIMS, _ROLE, _NAME = attrgetter("dims"), attrgetter("role"), attrgetter("name")
Stretch = tuple[Source, list[AnyNode]]


@record()
class Stored:
    """Where the function's arguments hold scalars.

    Arguments:
        states: the place of each scalar state in ``y``.
        parameters: the place of each parameter in the tuple ``p``.
        blocks: where in ``y`` each state begins and ends.
        flat: whether ``y`` is a vector, and not a tuple of arrays.
        size: the length of ``y``.
    """

    states: Mapping[str, int] = field(default_factory=dict[str, int])
    parameters: Mapping[str, int] = field(default_factory=dict[str, int])
    blocks: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    flat: bool = False
    size: int = 0
    stretches: dict[int, list[Stretch]] = field(default_factory=dict[int, "list[Stretch]"], compare=False)
    """Of each vector that was looked at, the stretches that are read from one source."""

    def source(self, part: AnyNode) -> Source:
        """What a part of a vector is read from."""
        if part.dims:
            return "vector"
        if type(part) is Constant:
            return "number"
        if type(part) is Symbol:
            if part.role == "state" and part.name in self.states:
                return "state"
            if part.role == "parameter" and part.name in self.parameters:
                return "parameter"
        return "scalar"

    def stretches_of(self, node: Join) -> list[Stretch]:
        """The stretches of parts that are read from one source; a vector may have very many parts."""
        found = self.stretches.get(node.number)
        if found is None:
            source = self.source_of_all(node.parts)
            whole: list[tuple[Source, Iterable[AnyNode]]] = [(source, node.parts)] if source else []
            runs = whole or itertools.groupby(node.parts, key=self.source)
            found = self.stretches[node.number] = [(source, list(run)) for source, run in runs]
        return found

    def source_of_all(self, parts: Sequence[AnyNode]) -> Source | None:
        """What many parts are read from, where that is soon seen to be the same for all."""
        kinds = set(map(type, parts))
        if kinds == {Constant}:
            return "number"
        if kinds != {Symbol} or any(map(_DIMS, parts)):
            return None
        roles, names = set(map(_ROLE, parts)), map(_NAME, parts)
        if roles == {"state"}:
            return "state" if all(map(self.states.__contains__, names)) else None
        return "parameter" if roles == {"parameter"} and all(map(self.parameters.__contains__, names)) else None

    def block(self, node: Stack) -> tuple[int, int, Dims] | None:
        """Where a stack of states lies in the flat vector ``y``, one behind the other; and the dims of each."""
        places: list[tuple[int, int]] = []
        for part in node.parts:
            if not (self.flat and isinstance(part, Symbol) and part.role == "state" and part.name in self.blocks):
                return None
            places.append(self.blocks[part.name])
        first = node.parts[0]
        assert isinstance(first, Symbol)
        joined = all(end == start for (_, end), (start, _) in itertools.pairwise(places))
        alike = all(isinstance(part, Symbol) and part.axes == first.axes for part in node.parts)
        return (places[0][0], places[-1][1], first.axes) if joined and alike else None

    def places(self, states: Iterable[AnyNode]) -> list[int]:
        """Where in ``y`` some scalar states lie."""
        return [*map(self.states.__getitem__, map(_NAME, states))]

    def part_of_y(self, node: AnyNode) -> bool:
        """Whether a vector holds elements of the flat vector ``y`` alone, so that it is best read there."""
        return self.flat and isinstance(node, Join) and all(source == "state" for source, _ in self.stretches_of(node))


class Writer(Protocol):
    """What is needed of the emitter."""

    def operand(self, node: AnyNode) -> Value:
        """The text of a node that has been written."""
        ...

    def assign(self, hint: str, value: Value) -> Value:
        """A statement that gives a value a variable."""
        ...

    def helper(self, function: str) -> str:
        """The text that calls a function."""
        ...

    def table(self, table: Table, hint: str) -> str:
        """The name of a constant array."""
        ...


@record()
class Vectors:
    """Writes the operations on vectors of scalars."""

    writer: Writer
    stored: Stored
    axes: Mapping[str, Axis]

    def written(self, node: Join | Gather | Segment) -> Value:
        """The text of a node over the texts of its operands."""
        match node:
            case Join():
                found = list(self.pieces(node))
                if len(found) == 1:
                    return Value(found[0], node.dims)
                return Value(f"xp.concat(({', '.join(found)}))", node.dims, fresh=True)
            case Gather(operand=Join(parts=parts)) if self.stored.part_of_y(node.operand):
                states = [self.stored.states[part.name] for part in parts if isinstance(part, Symbol)]
                return self.elements("y", [states[p] for p in node.positions], node, self.stored.size)
            case Gather():
                operand = self.writer.operand(node.operand)
                if not operand.text.isidentifier():
                    operand = self.writer.assign("pool", operand)
                return self.elements(operand.text, node.positions, node, self.size(node.operand))
            case Segment():
                table = self.positions(node.positions)
                operand = self.writer.operand(node.operand).text
                call = self.writer.helper("segment_sum")
                ascending = all(one <= other for one, other in itertools.pairwise(node.positions))
                size, kept = room(node.positions, self.size(node))
                order = "" if ascending else ", False"
                return Value(f"{call}({operand}, {table}, {size}{order}){kept}", node.dims, fresh=True)

    def size(self, vector: AnyNode) -> int:
        """The number of elements."""
        return self.axes[vector.dims[0].axis].size or 0

    def positions(self, positions: Sequence[int]) -> str:
        """The name of a constant array of positions."""
        return self.writer.table(Table("positions", positions=tuple(positions)), "positions")

    def elements(self, name: str, positions: Sequence[int], node: AnyNode, size: int) -> Value:
        """Elements of a vector that has a name and a size, as the value of a node."""
        part = sliced(name, positions, size)
        text = part or f"{self.writer.helper('take')}({name}, {self.positions(positions)})"
        return Value(text, node.dims, fresh=part is None)

    def pieces(self, node: Join) -> Iterator[str]:
        """The text of each stretch of parts that one expression can give."""
        for source, stretch in self.stored.stretches_of(node):
            if source == "vector":
                yield from (self.writer.operand(part).text for part in stretch)
            else:
                yield self.piece(source, stretch, "vector" if node.kind == "real" else "vector_of_truths")

    def piece(self, source: Source, stretch: Sequence[AnyNode], kind: str = "vector") -> str:
        """The text of scalars from one source as a vector."""
        stored, vector = self.stored, self.writer.helper(kind)
        match source:
            case "number":
                numbers = tuple(part.value for part in stretch if isinstance(part, Constant))
                return self.writer.table(Table("numbers", numbers=numbers), "numbers")
            case "state" if stored.flat:
                return self.elements("y", stored.places(stretch), stretch[0], stored.size).text
            case "state":
                return f"{vector}({_items('y', stored.places(stretch))})"
            case "parameter":
                places = [*map(stored.parameters.__getitem__, map(_NAME, stretch))]
                low, high = min(places), max(places) + 1
                if len(places) < MANY or high - low > 2 * len(places) or places == list(range(low, high)):
                    return f"{vector}({_items('p', places)})"
                positions = self.positions([place - low for place in places])
                return f"{self.writer.helper('take')}({vector}(p[{low}:{high}]), {positions})"
            case _:
                return f"{vector}(({', '.join(self.writer.operand(part).text for part in stretch)},))"


def _items(name: str, places: list[int]) -> str:
    """Items of a tuple."""
    if places == list(range(places[0], places[0] + len(places))):
        return f"{name}[{places[0]}:{places[-1] + 1}]"
    return f"({', '.join(f'{name}[{place}]' for place in places)},)"


def room(positions: Sequence[int], size: int) -> tuple[int, str]:
    """How many sums are made for so many that are read, and the text that leaves out what is in no sum."""
    return (size + 1, f"[:{size}]") if max(positions) == size else (size, "")


def sliced(name: str, positions: Sequence[int], size: int) -> str | None:
    """Evenly spaced positions of a vector as a slice; None for others."""
    first, step = positions[0], positions[1] - positions[0] if len(positions) > 1 else 1
    if step < 1 or any(later - earlier != step for earlier, later in itertools.pairwise(positions)):
        return None
    if step == 1 and first == 0 and len(positions) == size:
        return name
    return f"{name}[{first}:{positions[-1] + 1}{f':{step}' if step > 1 else ''}]"
