"""The statements of a sum over neighbours that is computed along memory: see `opjax.compile.neighbours`.

The array has room at the ends of its first dim, so that all its neighbours are stretches of memory; or they are
shorter stretches of the states themselves. Where a neighbour along another dim is beyond the end, another row's was
added; these points are computed by themselves before, and put there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from opjax.compile.naming import Namer
from opjax.compile.neighbours import Neighbours, Reading
from opjax.compile.padding import Padded, Padding
from opjax.compile.text import Value
from opjax.compile.vectors import Stored
from opjax.ir.nodes import AnyNode, Symbol
from opjax.ir.types import Axis, Dims

Ends = tuple[int, int, int]
"""Points at an end of a dim: its place, and from where to where."""


class Writer(Protocol):
    """Writes statements, as `opjax.compile.in_place.InPlace` does."""

    namer: Namer
    here: list[str]
    long: set[str]
    stored: Stored
    padding: Padding

    def helper(self, function: str) -> str:
        """The text that calls a function."""
        ...

    def operand(self, node: AnyNode) -> Value:
        """The text of a node."""
        ...

    def assign(self, hint: str, value: Value) -> Value:
        """A statement that gives a value a variable."""
        ...

    def number_beside(self, node: AnyNode) -> str:
        """The text of a number beside an array."""
        ...

    def with_room(self, node: AnyNode, value: Value) -> Padded:
        """A value copied to an array that has room at its ends."""
        ...


@dataclass(slots=True)
class Stencils:
    """Writes sums over neighbours.

    Arguments:
        axes: the axes by name.
        neighbours: which they are.
        fields: the arrays that they read, by number.
        made: the variables that hold sums, with the place of the statement that makes the array.
    """

    axes: Mapping[str, Axis] = field(default_factory=dict[str, Axis])
    neighbours: Neighbours = field(default_factory=lambda: Neighbours({}))
    fields: dict[int, Field] = field(default_factory=dict[int, "Field"])
    made: dict[str, int] = field(default_factory=dict[str, int])

    def sum(self, run: Sequence[Reading], writer: Writer, order: Dims, total: str = "") -> Value:
        """A sum over neighbours, in an array of its own if there is none."""
        array = run[0].array
        if array.number not in self.fields:
            self.fields[array.number] = self.field(array, writer)
        found, fresh = self.fields[array.number], not total
        sizes = tuple(run[0].points if at == run[0].place and run[0].points else n for at, n in enumerate(found.sizes))
        text = ", ".join(map(str, sizes))
        shape = f"({text})" if "," in text else text
        if not total:
            total = writer.assign("total", Value(f"{writer.helper('empty')}({shape}, real)", order)).text
            self.made[total] = len(writer.here) - 1
        flat = run[0].place is None
        vector = writer.assign("v", Value(f"{total}.reshape(-1)", found.order)).text if flat else total
        Stencil(writer, found, total, vector, sizes).sum(run)
        return Value(total, order, fresh=fresh)

    def field(self, array: AnyNode, writer: Writer) -> Field:
        """An array as a vector."""
        if array.number in self.neighbours.sliced and isinstance(array, Symbol):
            name = writer.operand(array).text
            return Field(name, name, array.axes, tuple(self.axes[dim.axis].size or 0 for dim in array.axes), None)
        if array.number in self.neighbours.bare and isinstance(array, Symbol):
            start, stop = writer.stored.blocks[array.name]
            value = writer.operand(array)
            name, order, low, text = value.text, value.order, None, f"y[{start}:{stop}]"
        else:
            padded = writer.padding.made.get(array.number) or writer.with_room(array, writer.operand(array))
            name, order, text = padded.name, padded.order, f"{padded.name}.reshape(-1)"
            low = padded.rooms[order[0]].low
        sizes = tuple(self.axes[dim.axis].size or 0 for dim in order)
        return Field(name, writer.assign("flat", Value(text, order)).text, order, sizes, low)


@dataclass(frozen=True, slots=True)
class Field:
    """An array whose neighbours are read.

    Arguments:
        name: the variable that holds it.
        vector: that which holds it as a vector.
        order: its dims.
        sizes: their lengths.
        low: its first row, behind the room; None where there is none.
    """

    name: str
    vector: str
    order: Dims
    sizes: tuple[int, ...]
    low: int | None


@dataclass(frozen=True, slots=True)
class Stencil:
    """Writes a sum over neighbours of one array.

    Arguments:
        writer: takes the statements.
        field: the array.
        total: the variable that holds the sum.
        vector: that which holds it as a vector.
        shape: its lengths.
    """

    writer: Writer
    field: Field
    total: str
    vector: str
    shape: tuple[int, ...]

    def sum(self, readings: Sequence[Reading]) -> None:
        """The statements that write the sum."""
        first, second, *rest = readings
        ends = [*self.ends(first), *self.ends(second)]
        ends = ends if first.place is None else _split(ends)
        if (
            first.place is None
            and len(ends) == 2
            and (ends[0][0] != ends[1][0] or first.moves[ends[0][0]] * second.moves[ends[0][0]] > 0)
        ):
            to, (one,) = self.along(first)
            self.line(f"{to or f'{self.vector}[:]'} = {self.sign(first)}{one}")
            self.line(f"{self.at(ends[0])} = {self.sign(first)}{self.beyond(first, ends[0])}")
            rest = [second, *rest]
        else:
            write = self.writer.helper("write_subtract" if second.minus else "write_add")
            to, (one, other) = self.along(first, second)
            self.line(f"{write}({self.sign(first)}{one}, {other}, {to or self.vector})")
            terms = [(f"{self.sign(first)}{self.beyond(first, end)}", self.beyond(second, end)) for end in ends]
            if len(self.shape) == 1:
                texts = [f"{one} {'-' if second.minus else '+'} {other}" for one, other in terms]
                for text in dict.fromkeys(texts):
                    there = [self.at(end) for end, own in zip(ends, texts, strict=True) if own == text]
                    self.line(f"{' = '.join(there)} = {text}")
            else:
                for end, (one, other) in zip(ends, terms, strict=True):
                    self.line(f"{write}({one}, {other}, {self.at(end)})")
        for reading in rest:
            self.add(reading)

    def add(self, reading: Reading) -> None:
        """The statements that add another term."""
        sign = "-" if reading.minus else "+"
        to, (text,) = self.along(reading)
        saved = {end: self.writer.namer.name("ends") for end in self.ends(reading)}
        for end, name in saved.items():
            self.line(f"{name} = {self.at(end)} {sign} {self.beyond(reading, end)}")
        if to:
            part = self.writer.assign("part", Value(to, self.field.order)).text
            self.line(f"{part} {sign}= {text}")
        else:
            self.line(f"{self.vector} {sign}= {text}")
        for end, name in saved.items():
            self.line(f"{self.at(end)} = {name}")

    def line(self, text: str) -> None:
        """Write a statement."""
        self.writer.here.append(text)

    # --- what is read

    def sign(self, reading: Reading) -> str:
        """The sign of a first term."""
        return "-" if reading.minus else ""

    def along(self, *readings: Reading) -> tuple[str, list[str]]:
        """Terms along memory, and where they are added; nothing for everywhere."""
        sizes, place = self.field.sizes, readings[0].place
        if place is not None:
            return self.slices(place, readings)
        steps = [math.prod(sizes[place + 1 :]) for place in range(len(sizes))]
        moves = [sum(move * step for move, step in zip(r.moves, steps, strict=True)) for r in readings]
        first, last = 0, math.prod(sizes)
        if self.field.low is None:
            first, last = max(0, *[-move for move in moves]), last - max(0, *moves)
        low = steps[0] * (self.field.low or 0)
        texts = [f"{self.field.vector}[{low + first + move}:{low + last + move}]" for move in moves]
        to = f"{self.vector}[{first}:{last}]" if last - first < math.prod(sizes) else ""
        return to, [self.times(reading, text) for reading, text in zip(readings, texts, strict=True)]

    def slices(self, place: int, readings: Sequence[Reading]) -> tuple[str, list[str]]:
        """The same slice by slice, along the only dim that it moves along."""
        moves, lead, size = [r.moves[place] for r in readings], ":, " * place, self.field.sizes[place]
        first, last = max(0, *[-move for move in moves]), min(self.shape[place], *[size - move for move in moves])
        texts = [f"{self.field.name}[{lead}{first + move}:{last + move}]" for move in moves]
        to = f"{self.total}[{lead}{first}:{last}]" if last - first < self.shape[place] else ""
        return to, [self.times(reading, text) for reading, text in zip(readings, texts, strict=True)]

    def ends(self, reading: Reading) -> list[Ends]:
        """The points for which a term along memory is another row's, or nothing."""
        found: list[Ends] = []
        for place in range(len(self.shape)) if self.field.low is None else reading.across:
            last = self.field.sizes[place] - reading.moves[place]
            if reading.moves[place] < 0:
                found.append((place, 0, -reading.moves[place]))
            if last < self.shape[place]:
                found.append((place, last, self.shape[place]))
        return found

    def at(self, end: Ends) -> str:
        """The sum at some ends."""
        place, first, last = end
        return f"{self.total}[{':, ' * place}{_slice(first, last)}]"

    def beyond(self, reading: Reading, end: Ends) -> str:
        """A term at some ends."""
        place, first, last = end
        edge = reading.edge if place else reading.first_edge
        size = self.field.sizes[place]
        low, high = first + reading.moves[place], last + reading.moves[place]
        if low < 0 or high > size:
            if edge == "absorb":
                return self.times(reading, "0.0")
            if edge == "stay":
                point = 0 if low < 0 else size - 1
                low, high = point, point + 1
            else:
                low, high = low % size, low % size + high - low
        start = (self.field.low or 0) + reading.moves[0]
        rows = [":" if self.field.low is None else f"{start}:{start + self.field.sizes[0]}"] if place else []
        inside = [*rows, *[":"] * (place - 1), _slice(low, high) if last - first == 1 else f"{low}:{high}"]
        return self.times(reading, f"{self.field.name}[{', '.join(inside)}]")

    def times(self, reading: Reading, text: str) -> str:
        """A term with its factor or divisor."""
        if reading.number is None:
            return text
        number = self.writer.number_beside(reading.number)
        return f"{text}/{number}" if reading.divides else f"{number}*{text}"


def _split(ends: Sequence[Ends]) -> list[Ends]:
    """Ends in pieces that no other end begins or stops within."""
    cuts = sorted({cut for _, first, last in ends for cut in (first, last)})
    pieces = itertools.pairwise(cuts)
    place = ends[0][0] if ends else 0
    return [(place, a, b) for a, b in pieces if any(first <= a and b <= last for _, first, last in ends)]


def _slice(start: int, stop: int) -> str:
    return str(start) if stop - start == 1 else f"{start}:{stop}"
