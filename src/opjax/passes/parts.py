"""What operations on scalars are, apart from their leaves: a table of levels and shapes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from opjax.ir.table import CONDITION, NUMBER, UNIT, Mask, Numbers, Operation
from opjax.ir.types import Kind

MOST_REPEATED = 4
"""Powers up to this are a few products."""

Shape = tuple[str | int, ...]
"""An operation (a function, or the exponent of a power) and the shapes of its operands: numbers, below 0 for leaves."""
Level = tuple[int, int]
"""A level and a shape; `UNIT` or `CONDITION` for what is a value of its own."""


@dataclass(slots=True)
class Parts:
    """What operations are: each a level and a shape."""

    kinds: list[Level] = field(default_factory=list[Level])
    """The level and the shape of each."""
    known: dict[tuple[str | int, ...], int] = field(default_factory=dict[tuple[str | int, ...], int])
    """The place of an operation on other parts."""
    places: dict[Level, int] = field(default_factory=dict[Level, int])
    above: dict[int, int] = field(default_factory=dict[int, int])
    """What a unit is for those that use it: operations of one place are of one kind."""
    shapes: list[Shape] = field(default_factory=list[Shape])
    """The shapes in the order of their numbers."""
    sizes: list[int] = field(default_factory=list[int])
    """The operations of each shape."""
    numbers: dict[Shape, int] = field(default_factory=dict[Shape, int])
    cheap: set[int] = field(default_factory=set[int])
    """What is one operation that takes no longer than reading its result."""
    scaled: set[int] = field(default_factory=set[int])
    """What has a minus sign, or is multiplied with a number."""

    def level(self, part: int) -> int:
        """The level of what is made of a part or leaf."""
        return self.kinds[part][0] if part >= 0 else 0

    def shape(self, part: int) -> int:
        """The shape of a part or leaf."""
        return self.kinds[part][1] if part >= 0 else part

    def among(self, chosen: Iterable[int] | Numbers) -> Mask:
        """Which places are among some."""
        found = np.zeros(len(self.kinds) + 1, bool)  # behind them is none, for what has no place
        found[chosen if isinstance(chosen, np.ndarray) else [*chosen]] = True
        return found

    def add(self, level: int, shape: int) -> int:
        """The place of a level with a shape."""
        place = self.places.get((level, shape))
        if place is None:
            place = self.places[level, shape] = len(self.kinds)
            self.kinds.append((level, shape))
        return place

    def raised(self, place: int, kind: Kind) -> int:
        """What a unit is for those that use it."""
        known = self.above.get(place)
        if known is None:
            known = self.above[place] = self.add(self.kinds[place][0] + 1, UNIT if kind == "real" else CONDITION)
        return known

    def place(self, operation: Operation, parts: list[int]) -> int:
        """The place of an operation."""
        if isinstance(operation, tuple):
            return self.value(operation[0], parts)
        known = self.known.get((operation, *parts))
        return self.operation(operation, parts) if known is None else known

    def value(self, shape: int, parts: list[int]) -> int:
        """The place of what is no operation on scalars: a value of its own."""
        return self.add(max([self.level(part) for part in parts]), shape)

    def operation(self, operation: str | int, parts: list[int]) -> int:
        """The place of an operation that is met for the first time."""
        kinds = self.kinds
        below = [kinds[part][1] if part >= 0 else part for part in parts]
        key: Shape = (operation, *below)
        shape = self.numbers.get(key)
        if shape is None:
            shape = self.numbers[key] = len(self.shapes)
            self.shapes.append(key)
            self.sizes.append(1 + sum([self.sizes[shape] for shape in below if shape >= 0]))
        level = max([kinds[part][0] if part >= 0 else 0 for part in parts])
        place = self.known[operation, *parts] = self.add(level, shape)
        if operation == "negate" or (operation == "multiply" and len(parts) == 2 and parts[0] == NUMBER):
            self.scaled.add(place)
        short = place in self.scaled or (isinstance(operation, int) and 0 < operation <= MOST_REPEATED)
        if short and below[-1] < 0:
            self.cheap.add(place)
        return place
