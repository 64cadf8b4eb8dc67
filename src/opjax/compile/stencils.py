"""The statements of a sum over neighbours that is computed along memory: see `opjax.compile.neighbours`.

The array has room at the ends of its first dim, so that all its neighbours are stretches of memory. Where a neighbour
along another dim is beyond the end, another row's was added; these points are computed again before, and put there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from opjax.compile.naming import Namer
from opjax.compile.neighbours import Reading
from opjax.compile.padding import Padded
from opjax.ir.nodes import AnyNode
from opjax.ir.types import Axis

Ends = tuple[int, int, int]
"""Points at an end of a dim: its place, and from where to where."""


class Writer(Protocol):
    """Writes statements, as `opjax.compile.in_place.InPlace` does."""

    namer: Namer
    here: list[str]
    long: set[str]

    def helper(self, function: str) -> str:
        """The text that calls a function."""
        ...

    def number_beside(self, node: AnyNode) -> str:
        """The text of a number beside an array."""
        ...


@dataclass(frozen=True, slots=True)
class Stencil:
    """Writes the sums over neighbours of one array.

    Arguments:
        writer: takes the statements.
        padded: the array, with room at the ends of its first dim.
        vector: the variable that holds it as a vector.
        axes: the axes by name.
    """

    writer: Writer
    padded: Padded
    vector: str
    axes: Mapping[str, Axis]

    def sum(self, readings: Sequence[Reading], total: str) -> None:
        """The statements that write a sum to an array, whose memory is in order."""
        vector = self.writer.namer.name("v")
        self.writer.long.add(vector)
        self.line(f"{vector} = {total}.reshape(-1)")
        first, second, *rest = readings
        ends = [*self.ends(first), *self.ends(second)]
        if len(ends) == 2 and (ends[0][0] != ends[1][0] or first.moves[ends[0][0]] * second.moves[ends[0][0]] > 0):
            self.line(f"{vector}[:] = {self.sign(first)}{self.along(first)}")
            self.line(f"{self.at(total, ends[0])} = {self.sign(first)}{self.beyond(first, ends[0])}")
            rest = [second, *rest]
        else:
            write = self.writer.helper("write_subtract" if second.minus else "write_add")
            self.line(f"{write}({self.sign(first)}{self.along(first)}, {self.along(second)}, {vector})")
            for end in ends:
                terms = f"{self.sign(first)}{self.beyond(first, end)}, {self.beyond(second, end)}"
                self.line(f"{write}({terms}, {self.at(total, end)})")
        for reading in rest:
            self.add(reading, total, vector)

    def add(self, reading: Reading, total: str, vector: str) -> None:
        """The statements that add another term."""
        sign = "-" if reading.minus else "+"
        for end in self.ends(reading):
            name = self.writer.namer.name("ends")
            self.line(f"{name} = {self.at(total, end)} {sign} {self.beyond(reading, end)}")
            self.line(f"{vector} {sign}= {self.along(reading)}")
            self.line(f"{self.at(total, end)} = {name}")
        if not reading.across:
            self.line(f"{vector} {sign}= {self.along(reading)}")

    def line(self, text: str) -> None:
        """Write a statement."""
        self.writer.here.append(text)

    # --- what is read

    @property
    def sizes(self) -> list[int]:
        """The lengths of the array, without room."""
        return [self.axes[dim.axis].size or 0 for dim in self.padded.order]

    def sign(self, reading: Reading) -> str:
        """The sign of a first term."""
        return "-" if reading.minus else ""

    def along(self, reading: Reading) -> str:
        """A term along memory."""
        sizes = self.sizes
        steps = [math.prod(sizes[place + 1 :]) for place in range(len(sizes))]
        low = self.padded.rooms[self.padded.order[0]].low
        start = low * steps[0] + sum(move * step for move, step in zip(reading.moves, steps, strict=True))
        return self.times(reading, f"{self.vector}[{start}:{start + math.prod(sizes)}]")

    def ends(self, reading: Reading) -> list[Ends]:
        """The points for which a term along memory is another row's."""
        found: list[Ends] = []
        for place in reading.across:
            move, size = reading.moves[place], self.sizes[place]
            found.append((place, 0, -move) if move < 0 else (place, size - move, size))
        return found

    def at(self, array: str, end: Ends) -> str:
        """An array at some ends."""
        place, first, last = end
        return f"{array}[{':, ' * place}{_slice(first, last)}]"

    def beyond(self, reading: Reading, end: Ends) -> str:
        """A term at some ends."""
        place, first, last = end
        move, size = reading.moves[place], self.sizes[place]
        low, high = first + move, last + move
        if low < 0 or high > size:
            if reading.edge == "absorb":
                return self.times(reading, "0.0")
            if reading.edge == "stay":
                point = 0 if low < 0 else size - 1
                low, high = point, point + 1
            else:
                low, high = low % size, low % size + high - low
        text = _slice(low, high) if last - first == 1 else f"{low}:{high}"
        start = self.padded.rooms[self.padded.order[0]].low + reading.moves[0]
        rows = f"{self.padded.name}[{start}:{start + self.sizes[0]}"
        return self.times(reading, f"{rows}{', :' * (place - 1)}, {text}]")

    def times(self, reading: Reading, text: str) -> str:
        """A term with its factor or divisor."""
        if reading.number is None:
            return text
        number = self.writer.number_beside(reading.number)
        return f"{text}/{number}" if reading.divides else f"{number}*{text}"


def _slice(start: int, stop: int) -> str:
    return str(start) if stop - start == 1 else f"{start}:{stop}"
