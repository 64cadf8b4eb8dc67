"""Products of different numbers of factors as one: what a shorter product lacks are factors of 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opjax.ir.nodes import AnyNode
from opjax.passes.shapes import MOST_REPEATED, NUMBER, PARAMETER, Place, Shape, Shapes

MOST_FACTORS = 12
AT_ONCE = 1_000
"""So many factors of 1 take less time than another operation."""
PART = 2
"""There may be one factor of 1 for so many others."""


@dataclass(frozen=True, slots=True)
class Factor:
    """Some equal factors of the products of one shape.

    Arguments:
        path: which operand of which operand it is; nothing for what stands for itself.
        times: how often it is a factor.
        number: whether it is a parameter or a number.
    """

    path: tuple[int, ...]
    times: int
    number: bool

    def column(self, units: list[AnyNode]) -> list[AnyNode]:
        """The factor in each product."""
        found = units
        for place in self.path:
            found = [node.operands[place] for node in found]
        return found


@dataclass(frozen=True, slots=True)
class Group:
    """The products of one shape.

    Arguments:
        units: the products.
        factors: their factors.
    """

    units: list[AnyNode]
    factors: list[Factor]

    def width(self, number: bool) -> int:
        """How many parameters and numbers, or how many other factors, each has."""
        return sum(factor.times for factor in self.factors if factor.number == number)

    def columns(self, number: bool, width: int, one: AnyNode) -> list[list[AnyNode]]:
        """One kind of factors, with ones for those that are missing."""
        found = [(f.column(self.units), f.times) for f in self.factors if f.number == number]
        columns = [column for column, times in found for _ in range(times)]
        return columns + [[one] * len(self.units)] * (width - len(columns))


@dataclass(frozen=True, slots=True)
class Products:
    """Products that are computed together.

    Arguments:
        groups: the products by shape; leaves stand for themselves.
        numbers: how many parameters and numbers each is given as factors.
        values: how many other factors.
        place: what they are sorted by.
    """

    groups: list[Group]
    numbers: int
    values: int
    place: Place

    @property
    def count(self) -> int:
        """How many products."""
        return sum(len(group.units) for group in self.groups)

    @property
    def slots(self) -> int:
        """How many factors they are given."""
        return self.count * (self.numbers + self.values)

    def units(self) -> list[AnyNode]:
        """The products in order."""
        return sorted((unit for group in self.groups for unit in group.units), key=self.place)

    def columns(self, one: AnyNode) -> list[list[AnyNode]]:
        """Factor by factor, each for all products in order; `one` stands for what is missing."""
        places = [self.place(unit) for group in self.groups for unit in group.units]
        order = sorted(range(len(places)), key=places.__getitem__)
        rows = [[*g.columns(True, self.numbers, one), *g.columns(False, self.values, one)] for g in self.groups]
        joined = [[node for part in parts for node in part] for parts in zip(*rows, strict=True)]
        return [[column[place] for place in order] for column in joined]

    def and_also(self, other: Products) -> Products:
        """Both as one."""
        widths = max(self.numbers, other.numbers), max(self.values, other.values)
        return Products(self.groups + other.groups, *widths, self.place)


def factors_of(shape: Shape, shapes: Shapes) -> list[Factor]:
    """The factors of a product of leaves and their powers; none for any other shape."""
    found: list[Factor] = []
    waiting: list[tuple[Shape, tuple[int, ...]]] = [(shape, ())]
    while waiting and len(found) <= MOST_FACTORS:
        (operation, *parts), path = waiting.pop()
        inside = [isinstance(part, int) and part >= 0 for part in parts]
        power = operation if isinstance(operation, int) and not any(inside) else 0
        if operation != "multiply" and not 0 < power <= MOST_REPEATED:
            return []
        for place, part in enumerate(parts):
            if inside[place]:
                waiting.append((shapes.shapes[int(part)], (*path, place)))
            else:
                found.append(Factor((*path, place), power or 1, part in (PARAMETER, NUMBER)))
    return sorted(found, key=lambda factor: factor.path)


def merged(groups: Iterable[list[AnyNode]], bare: list[AnyNode], shapes: Shapes, fewest: int) -> list[Products]:
    """The groups of products as few larger ones.

    Arguments:
        groups: units of one level, of one shape each.
        bare: parameters and numbers that stand for themselves.
        shapes: their shapes.
        fewest: what has fewer members even then is left out.
    """
    found = [Products([Group(bare, [Factor((), 1, True)])], 1, 0, shapes.place)] if bare else []
    for units in groups:
        factors = factors_of(shapes.shape_of(units[0]), shapes)
        if factors:
            group = Group(units, factors)
            found.append(Products([group], group.width(True), group.width(False), shapes.place))
    rows: list[Products] = []
    for row in sorted(found, key=lambda row: (row.values, row.numbers)):
        if row.numbers + row.values > MOST_FACTORS:
            continue
        if rows:
            both, real = rows[-1].and_also(row), rows[-1].slots + row.slots
            if both.slots - real <= AT_ONCE + real // PART:
                rows[-1] = both
                continue
        rows.append(row)
    return [row for row in rows if row.count >= fewest]
