"""Shapes of scalar expressions: what is left of an expression when its leaves are forgotten."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from opjax.ir.table import SAME, Mask, Numbers, ragged
from opjax.passes.parts import Level, Parts, Shape
from opjax.passes.rows import Reals, Rows, once, runs_of, split, true_at

OTHER_USE = 1 << 32
"""Uses by anything but scalar operations count so much."""
MIXER = np.uint64(0x9E3779B97F4A7C15)
"""The golden ratio as a part of 2^64: what is multiplied with its powers is spread over all numbers."""


class Terms(NamedTuple):
    """The terms of sums, one sum behind the other, each without its sign and the number that it is multiplied with.

    Arguments:
        sums: the sums.
        counts: how many terms each has.
        terms: the terms.
        factors: the number that each is multiplied with.
    """

    sums: Numbers
    counts: Numbers
    terms: Numbers
    factors: Reals

    def of(self, sums: Numbers, apart: Mask | bool = True) -> Terms:
        """The terms of some sums that are taken apart; what is not, or is none of those here, is its own term."""
        places = np.full(1 + max(int(self.sums.max()), int(sums.max())), -1)
        places[self.sums] = np.arange(self.sums.size)
        at = places[sums]
        known = (at >= 0) & apart
        counts = np.where(known, self.counts[at], 1)
        terms, factors = np.repeat(sums, counts), np.ones(int(counts.sum()))
        several, at = np.repeat(known, counts), at[known]
        found = ragged((np.cumsum(self.counts) - self.counts)[at], self.counts[at])
        terms[several], factors[several] = self.terms[found], self.factors[found]
        return Terms(sums, counts, terms, factors)


@dataclass(slots=True)
class Shapes:
    """The units of a program, and the shape and level of every scalar operation.

    Arguments:
        rows: all nodes.
        apart: operations that are units though they are used once.
        again: operations that are no units though they are used twice.

    The level of a unit is above those of all units that it is made of. Units are roots, what is used twice, and what
    other than scalar operations use. What is as quick to compute again as to read, such as the square of a state, is
    no unit for being used twice.
    """

    rows: Rows
    apart: Mask = field(default_factory=lambda: np.zeros(1, bool))
    again: Mask = field(default_factory=lambda: np.zeros(1, bool))
    groups: dict[Level, Numbers] = field(default_factory=dict[Level, Numbers])
    """The units of each level and shape."""
    units: Mask = field(init=False)
    inside: Mask = field(init=False)
    """The operations that are part of a larger unit."""
    table: Parts = field(default_factory=Parts)
    own: Numbers = field(init=False)
    """What each operation is; -1 for what is none."""
    uses: Numbers = field(init=False)
    """How often each node is used; from `OTHER_USE` up not by operations on scalars alone."""
    read: Numbers = field(init=False)
    """What each node is for those that use it: a leaf, or a part; a unit is no longer an operation there."""

    def __post_init__(self) -> None:
        self.uses = self.count_uses()
        self.read, self.own = self.rows.leaves.copy(), np.full(self.rows.size, -1)
        for front in self.rows.fronts:
            self.settle(front)
        if self.rows.rest.size:
            self.settle_each(self.rows.rest)
        self.units = self.raised(self.own, self.uses)
        self.inside = (self.own >= 0) & ~self.units
        units = self.by_place(self.rows.in_order(true_at(self.units)))
        for place in sorted(units, key=lambda place: self.rows.earliest(units[place])):
            self.groups[self.table.kinds[place]] = units[place]

    @property
    def operations(self) -> int:
        """How many scalar operations there are."""
        return int(self.rows.interior.sum())

    def count_uses(self) -> Numbers:
        """How often each node is used."""
        uses = self.rows.uses + OTHER_USE * (self.rows.held | self.apart)
        scaled = self.rows.numbers[self.rows.scaled[self.rows.numbers]][::-1]
        values = self.rows.last(scaled)
        inside = np.zeros(uses.size, bool)
        inside[values] = True
        chained = inside[scaled] | self.rows.scaled[values]
        for number, value in zip(scaled[chained].tolist(), values[chained].tolist(), strict=True):
            if 1 < uses[number] < OTHER_USE:
                uses[value] += 1  # read in its place, so that it is the unit
        several = ~chained & (uses[scaled] > 1) & (uses[scaled] < OTHER_USE)
        uses += np.bincount(values[several], minlength=uses.size)  # the same for those of which no other is made
        again = self.again & (uses < OTHER_USE)
        uses[again] = np.minimum(uses[again], 1)
        return uses

    def raised(self, own: Numbers, uses: Numbers) -> Mask:
        """Which operations are units, by what they are and how often they are used."""
        cheap = self.table.among(self.table.cheap)
        return (own >= 0) & (uses > 1) & ((uses >= OTHER_USE) | ~cheap[own])

    def settle(self, front: Numbers) -> None:
        """What some operations are, all of whose operands are known, and what they are for others."""
        rows, table = self.rows, self.table
        counts, operands = rows.counts[front], rows.operands(front)
        ends = np.cumsum(counts)
        parts, last = self.read[operands], (ends - 1)[rows.roots[front]]
        parts[last] = SAME - operands[last]
        first, alike, exact = _alike(rows.codes[front], counts, parts)
        if not exact:
            self.settle_each(front)
            return
        met = zip(rows.operations_of(front[first]), (ends - counts)[first].tolist(), ends[first].tolist(), strict=True)
        found = [table.place(operation, parts[start:end].tolist()) for operation, start, end in met]
        places = np.array(found, np.intp)
        own = np.where(rows.interior[front], places[alike], -1)
        units = self.raised(own, self.uses[front])
        above = places.copy()
        for at in once(alike[units], first.size).tolist():
            above[at] = table.raised(int(places[at]), rows.kind(int(front[first[at]])))
        self.own[front], self.read[front] = own, np.where(units, above[alike], places[alike])

    def settle_each(self, numbers: Numbers) -> None:
        """The same for operations that may be made of each other, one by one."""
        rows, table, read, own = self.rows, self.table, self.read.tolist(), list[int]()
        known, above, cheap = table.known, table.above, table.cheap
        columns = rows.operations_of(numbers), rows.roots[numbers].tolist(), self.uses[numbers].tolist()
        for number, below, operation, root, use in zip(numbers.tolist(), rows.each(numbers), *columns, strict=True):
            parts = [*map(read.__getitem__, below)]
            if root:
                parts[-1] = SAME - below[-1]
            if isinstance(operation, tuple):
                read[number] = table.value(operation[0], parts)
                own.append(-1)
                continue
            place = known.get((operation, *parts))
            if place is None:
                place = table.operation(operation, parts)
            own.append(place)
            read[number] = place
            if use > 1 and (use >= OTHER_USE or place not in cheap):
                raised = above.get(place)
                read[number] = table.raised(place, rows.kind(number)) if raised is None else raised
        self.own[numbers], self.read = own, np.array(read)

    def by_place(self, numbers: Numbers) -> dict[int, Numbers]:
        """Operations by what they are."""
        if not numbers.size:
            return {}
        own = self.own[numbers].astype(np.min_scalar_type(len(self.table.kinds)))  # small ones are sorted sooner
        order = np.argsort(own, kind="stable")
        own, numbers = own[order], numbers[order]
        ends = runs_of(own)
        return dict(zip(own[ends[:-1]].tolist(), split(numbers, ends.tolist()), strict=True))

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return 1 + max((level for level, _ in self.table.kinds), default=0)

    def level_of(self, number: int) -> int:
        """The level of what is made of a node: that of a unit is one below."""
        return self.table.level(int(self.read[number]))

    def shape_of(self, units: Numbers) -> Shape:
        """The shape of operations that are alike."""
        return self.table.shapes[self.table.kinds[self.own[units[0]]][1]]

    @property
    def shapes(self) -> list[Shape]:
        """The shapes in the order of their numbers."""
        return self.table.shapes

    def size(self, units: Numbers) -> int:
        """The operations of each of some units that are alike."""
        own = int(self.own[units[0]])
        return self.table.sizes[self.table.kinds[own][1]] if own >= 0 else 0

    def leaves(self, units: Numbers, apart: Container[int] = ()) -> list[Numbers]:
        """What units of one shape read, place by place; operands `apart` are read, whatever their shapes are."""
        found: list[Numbers] = []
        waiting = [(units, apart)]
        while waiting:
            column, whole = waiting.pop()
            for place, part in enumerate(self.shape_of(column)[1:]):
                below = self.rows.operand(column, place)
                if isinstance(part, int) and part >= 0 and place not in whole:
                    waiting.append((below, ()))
                else:
                    found.append(below)
        return found

    def ends(self) -> set[Level]:
        """The groups of roots that nothing else uses."""
        used = self.table.among(self.own[self.units & self.rows.used]).tolist()
        return {kind for kind in self.groups if not used[self.table.places[kind]]}

    def are_ends(self, units: Numbers) -> bool:
        """Whether units are roots that nothing else uses."""
        return not self.rows.used[units].any()

    def terms(self, sums: Numbers) -> Terms:
        """The terms of sums, each without its sign and the number that it is multiplied with; a unit may be one."""
        rows, scaled = self.rows, self.table.among(self.table.scaled)
        alone = rows.scaled[sums]
        counts = np.where(alone, 1, rows.counts[sums])
        terms = np.repeat(sums, counts)
        several = np.repeat(~alone, counts)
        terms[several] = rows.operands(sums[~alone])
        factors = np.ones(terms.size)
        left = true_at(~several | scaled[np.maximum(self.read[terms], -1)])
        while left.size:
            found = terms[left]
            factors[left] *= np.where(rows.counts[found] == 2, rows.values[rows.operand(found, 0)], -1.0)
            terms[left] = found = rows.last(found)
            left = left[scaled[np.maximum(self.read[found], -1)]]
        return Terms(sums, counts, terms, factors)

    def raise_up(self, numbers: Numbers) -> None:
        """Make units of what is inside others."""
        numbers = numbers[self.inside[numbers]]
        if not numbers.size:
            return
        met = np.zeros(len(self.table.kinds), np.intp)
        met[self.own[numbers[::-1]]] = np.arange(numbers.size)[::-1]
        grown = self.by_place(once(numbers, self.rows.size))
        for place in sorted(grown, key=met.__getitem__):
            found = grown[place]
            self.read[found] = self.table.raised(place, self.rows.kind(int(found[0])))
            self.units[found], self.inside[found] = True, False
            kind = self.table.kinds[place]
            units = np.concatenate([self.groups[kind], found]) if kind in self.groups else found
            self.groups[kind] = self.rows.in_order(units)


def _alike(codes: Numbers, counts: Numbers, parts: Numbers) -> tuple[Numbers, Numbers, bool]:
    """Rows that are the same.

    Arguments:
        codes: what each row does.
        counts: how many parts it has.
        parts: the parts of all rows, one behind the other.

    Returns:
        The first row of each kind, of which kind each row is, and whether that is so: rows are known by a number that
        they are mixed to, which two may have in common.
    """
    starts = np.cumsum(counts) - counts
    powers = np.cumprod(np.full(2 + int(counts.max()), MIXER))
    within = np.arange(parts.size) - np.repeat(starts, counts)
    mixed: np.ndarray[tuple[int], np.dtype[np.uint64]] = np.add.reduceat(
        parts.astype(np.uint64) * powers[within + 2], starts
    )
    mixed += codes.astype(np.uint64) * powers[0] + counts.astype(np.uint64) * powers[1]
    kinds = np.unique(mixed)
    alike = np.asarray(np.searchsorted(kinds, mixed), np.intp)
    first = np.empty(kinds.size, np.intp)
    first[alike[::-1]] = np.arange(alike.size)[::-1]  # the last that is written stays
    order = np.argsort(first)
    alike, first = np.argsort(order)[alike], first[order]
    like = first[alike]
    exact = (codes == codes[like]).all() and (counts == counts[like]).all()
    return first, alike, bool(exact and (parts == parts[ragged(starts[like], counts)]).all())
