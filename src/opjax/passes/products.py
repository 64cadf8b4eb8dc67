"""Products of different numbers of factors as one: what a shorter product lacks are factors of 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from opjax.ir.table import NUMBER, PARAMETER, Numbers
from opjax.passes.parts import MOST_REPEATED, Shape
from opjax.passes.rows import Rows
from opjax.passes.shapes import Shapes

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

    def column(self, units: Numbers, rows: Rows) -> Numbers:
        """The factor in each product."""
        found = units
        for place in self.path:
            found = rows.operand(found, place)
        return found


@dataclass(frozen=True, slots=True)
class Group:
    """The products of one shape.

    Arguments:
        units: the products.
        factors: their factors.
    """

    units: Numbers
    factors: list[Factor]

    def width(self, number: bool) -> int:
        """How many parameters and numbers, or how many other factors, each has."""
        return sum(factor.times for factor in self.factors if factor.number == number)

    def columns(self, number: bool, width: int, one: int, rows: Rows) -> list[Numbers]:
        """One kind of factors, with ones for those that are missing."""
        found = [(f.column(self.units, rows), f.times) for f in self.factors if f.number == number]
        columns = [column for column, times in found for _ in range(times)]
        return columns + [np.full(self.units.size, one)] * (width - len(columns))


@dataclass(frozen=True, slots=True)
class Products:
    """Products that are computed together.

    Arguments:
        groups: the products by shape; leaves stand for themselves.
        numbers: how many parameters and numbers each is given as factors.
        values: how many other factors.
        rows: the nodes.
    """

    groups: list[Group]
    numbers: int
    values: int
    rows: Rows

    @property
    def count(self) -> int:
        """How many products."""
        return sum(group.units.size for group in self.groups)

    @property
    def slots(self) -> int:
        """How many factors they are given."""
        return self.count * (self.numbers + self.values)

    def units(self) -> Numbers:
        """The products in order."""
        return self.rows.in_order(np.concatenate([group.units for group in self.groups]))

    def columns(self, one: int) -> list[Numbers]:
        """Factor by factor, each for all products in order; `one` stands for what is missing."""
        order = self.rows.argsort(np.concatenate([group.units for group in self.groups]))
        given = one, self.rows
        rows = [[*g.columns(True, self.numbers, *given), *g.columns(False, self.values, *given)] for g in self.groups]
        return [np.concatenate(parts)[order] for parts in zip(*rows, strict=True)]

    def and_also(self, other: Products) -> Products:
        """Both as one."""
        widths = max(self.numbers, other.numbers), max(self.values, other.values)
        return Products(self.groups + other.groups, *widths, self.rows)


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


def merged(groups: Iterable[Numbers], bare: Numbers, shapes: Shapes, fewest: int) -> list[Products]:
    """The groups of products as few larger ones.

    Arguments:
        groups: units of one level, of one shape each.
        bare: parameters and numbers that stand for themselves.
        shapes: their shapes.
        fewest: what has fewer members even then is left out.
    """
    found = [Products([Group(bare, [Factor((), 1, True)])], 1, 0, shapes.rows)] if bare.size else []
    for units in groups:
        factors = factors_of(shapes.shape_of(units), shapes)
        if factors:
            group = Group(units, factors)
            found.append(Products([group], group.width(True), group.width(False), shapes.rows))
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
