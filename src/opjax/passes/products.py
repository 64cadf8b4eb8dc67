"""Products of different numbers of factors as one: what a shorter product lacks are factors of 1."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from opjax.ir.nodes import AnyNode, Apply, Constant, IntegerPower, Symbol

MOST_REPEATED = 4
"""Powers up to this are repeated factors."""
MOST_FACTORS = 12
AT_ONCE = 1_000
"""So many factors of 1 take less time than another operation."""
PART = 2
"""There may be one factor of 1 for so many others."""


@dataclass(frozen=True, slots=True)
class Widths:
    """How many factors products have.

    Arguments:
        numbers: parameters and numbers.
        values: states and what is computed.
    """

    numbers: int
    values: int

    def wide(self, other: Widths) -> Widths:
        """Room for both."""
        return Widths(max(self.numbers, other.numbers), max(self.values, other.values))

    @property
    def total(self) -> int:
        """All factors."""
        return self.numbers + self.values


@dataclass(frozen=True, slots=True)
class Products:
    """Products that are computed together.

    Arguments:
        units: the products, or leaves that stand for themselves.
        widths: the factors that each is given.
    """

    units: list[AnyNode]
    widths: Widths

    def columns(self, one: AnyNode, inside: Container[int]) -> Iterable[Sequence[AnyNode]]:
        """Factor by factor; `one` stands for what is missing, and `inside` has the operations that are no leaves."""
        rows: list[list[AnyNode]] = []
        width = self.widths
        for unit in self.units:
            numbers: list[AnyNode] = []
            values: list[AnyNode] = []
            for factor in factors_of(unit, inside) or ():
                (numbers if _is_number(factor) else values).append(factor)
            numbers += [one] * (width.numbers - len(numbers))
            values += [one] * (width.values - len(values))
            rows.append(numbers + values)
        return zip(*rows, strict=True)


def factors_of(unit: AnyNode, inside: Container[int]) -> list[AnyNode] | None:
    """The leaves whose product a unit is, powers as repeated factors; None where it is no product of leaves."""
    if isinstance(unit, Symbol | Constant):
        return [unit]
    found: list[AnyNode] = []
    for node in unit.operands if isinstance(unit, Apply) and unit.function == "multiply" else (unit,):
        if node is not unit and node.number not in inside:
            found.append(node)
        elif isinstance(node, IntegerPower) and 0 < node.exponent <= MOST_REPEATED and node.base.number not in inside:
            found += [node.base] * node.exponent
        else:
            return None
    return found


def merged(groups: Iterable[list[AnyNode]], inside: Container[int], fewest: int) -> list[Products]:
    """The groups of products as few larger ones.

    Arguments:
        groups: units of one level, of one shape each.
        inside: the operations that are no leaves.
        fewest: what has fewer members even then is left out.
    """
    found: dict[Widths, list[AnyNode]] = {}
    for group in groups:
        factors = factors_of(group[0], inside)
        if factors is not None and len(factors) <= MOST_FACTORS:
            numbers = sum(map(_is_number, factors))
            found.setdefault(Widths(numbers, len(factors) - numbers), []).extend(group)
    rows: list[Products] = []
    for widths in sorted(found, key=lambda w: (w.values, w.numbers)):
        row = Products(found[widths], widths)
        if rows:
            both = Products(rows[-1].units + row.units, rows[-1].widths.wide(widths))
            real = _slots(rows[-1]) + _slots(row)
            if _slots(both) - real <= AT_ONCE + real // PART:
                rows[-1] = both
                continue
        rows.append(row)
    kept = [row for row in rows if len(row.units) >= fewest]
    return [Products(sorted(row.units, key=lambda unit: unit.number), row.widths) for row in kept]


def _slots(row: Products) -> int:
    return len(row.units) * row.widths.total


def _is_number(factor: AnyNode) -> bool:
    return isinstance(factor, Constant) or (isinstance(factor, Symbol) and factor.role == "parameter")
