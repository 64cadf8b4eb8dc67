"""Which sums become vectors, which are taken apart into their terms, and which are the sum of a vector."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass

from opjax.ir.nodes import AnyNode
from opjax.passes.shapes import Shapes, is_scaled


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where vectors begin to pay.

    Arguments:
        operations: fewer scalar operations in a program stay as they are.
        members: fewer expressions of one shape stay scalars.
        kinds: more shapes of sums on one level are taken apart, but for one that half of the sums have.
        lengths: so many lengths of sums inside others on one level are taken apart.
        terms: sums of as many terms are taken apart, unless more than `repeated` times as many are alike.
        repeated: see there.
        alone: a sum of as many terms is taken apart, however few there are.
        most: this part of the sums must have as many terms for some of their terms to be vectors.
        runs: a vector of more slices than this is gathered from one pool.
    """

    operations: int = 100
    members: int = 8
    kinds: int = 4
    lengths: int = 3
    terms: int = 8
    repeated: int = 8
    alone: int = 24
    most: float = 0.9
    runs: int = 8

    def are_long(self, terms: int, count: int) -> bool:
        """Whether so many sums that are alike are better the sums of vectors, having so many terms."""
        return terms >= (self.alone if count < self.members else max(self.terms, count // self.repeated))


USUAL = Bounds()
LAST = -1
"""The level of sums that nothing uses: they are added up when all else is there."""


def inner_sums(shapes: Shapes, bounds: Bounds) -> frozenset[int]:
    """The sums inside other expressions that keep these from being of one shape, or have many terms."""
    table, own = shapes.table, shapes.own
    terms = {place: tuple(parts) for (operation, *parts), place in table.known.items() if operation == "add"}
    counts = Counter([place for number in shapes.inside if (place := own[number]) in terms])
    alike: dict[tuple[int, int], int] = {}
    for place, count in counts.items():
        kind = table.kinds[place][0], len(terms[place])
        alike[kind] = alike.get(kind, 0) + count
    chosen = _of_many_lengths({place: (terms[place], count) for place, count in counts.items()}, shapes, bounds)
    for place in counts:
        kind = table.kinds[place][0], len(terms[place])
        if bounds.are_long(kind[1], alike[kind]):
            chosen.add(place)
    return frozenset([number for number in shapes.inside if own[number] in chosen]) if chosen else frozenset()


def _of_many_lengths(sums: dict[int, tuple[tuple[int, ...], int]], shapes: Shapes, bounds: Bounds) -> set[int]:
    """The sums of levels where these have many lengths; not those whose like all have one, such as ``1 + x``.

    Arguments:
        sums: the terms of sums, and how many there are, by their place.
        shapes: the shapes.
        bounds: where vectors begin to pay.
    """
    table = shapes.table
    below = {place: key[-1] for key, place in table.known.items() if place in table.scaled}
    families: dict[tuple[int, frozenset[int]], list[int]] = {}
    for place, (terms, _) in sums.items():
        kinds = frozenset([below.get(part, part) for part in terms])
        families.setdefault((table.kinds[place][0], kinds), []).append(place)
    by_level: dict[int, list[int]] = {}
    for (level, _), places in families.items():
        many = sum(sums[place][1] for place in places) >= bounds.members
        if not many or len({len(sums[place][0]) for place in places}) > 1:
            by_level.setdefault(level, []).extend(places)
    chosen: set[int] = set()
    for places in by_level.values():
        lengths, count = {len(sums[place][0]) for place in places}, sum(sums[place][1] for place in places)
        if len(lengths) >= bounds.lengths and count >= bounds.members:
            chosen.update(places)
    return chosen


def long_sums(shapes: Shapes, done: Container[int], bounds: Bounds) -> dict[int, list[AnyNode]]:
    """The sums of each level that are the sum of a vector each, since they have many terms."""
    found: dict[int, list[AnyNode]] = {}
    for (level, shape), group in shapes.groups.items():
        sums = [unit for unit in group if unit.number not in done] if shapes.shapes[shape][0] == "add" else []
        if sums and len(sums) < bounds.members and len(sums[0].operands) >= bounds.alone:
            found.setdefault(level, []).extend(sums)
    return found


def split_sums(shapes: Shapes, inner: Container[int], done: Container[int], bounds: Bounds) -> dict[int, list[AnyNode]]:
    """The sums of each level that have too many shapes to be vectors of their own, those inside of others too."""
    found: dict[int, list[list[AnyNode]]] = {}
    for (level, shape), group in shapes.groups.items():
        if shapes.shapes[shape][0] == "add" and group[0].number not in done:
            found.setdefault(LAST if shapes.are_ends(group) else level, []).append(group)
    chosen: dict[int, list[AnyNode]] = {}
    for level, rows in found.items():
        irregular = _irregular(rows, inner, bounds)
        if len(irregular) >= bounds.members:
            chosen[level] = sorted(irregular, key=shapes.place)
    if LAST in chosen:  # beside them, what is one term is a sum too
        groups = [group for group in shapes.groups.values() if is_scaled(group[0]) and shapes.are_ends(group)]
        chosen[LAST] += itertools.chain.from_iterable(groups)
    return chosen


def _irregular(rows: list[list[AnyNode]], apart: Container[int], bounds: Bounds) -> list[AnyNode]:
    """The sums of one level, each row of one shape, that are few of their shape, have many terms, or stand apart."""
    few = sum(map(len, rows)) // 2 if len(rows) > bounds.kinds else 0
    counts = Counter([len(unit.operands) for row in rows for unit in row])
    found: list[AnyNode] = []
    for row in rows:
        terms = len(row[0].operands)
        odd = len(row) < max(few, bounds.members) or bounds.are_long(terms, counts[terms])
        found += [unit for unit in row if odd or unit.number in apart]
    return found


def totals(shapes: Shapes, bounds: Bounds) -> list[tuple[int, list[AnyNode], frozenset[int]]]:
    """Sums of several shapes with a term of the same shape: the other terms become units, and the sums one vector."""
    found: dict[int, dict[int, list[list[AnyNode]]]] = {}
    for (level, shape), group in shapes.groups.items():
        operation, *parts = shapes.shapes[shape]
        if operation == "add":
            found.setdefault(level, {}).setdefault(len(parts), []).append(group)
    totals: list[tuple[int, list[AnyNode], frozenset[int]]] = []
    for level, lengths in found.items():
        sums = sum(len(group) for rows in lengths.values() for group in rows)
        for rows in lengths.values():
            count = sum(map(len, rows))
            terms = len(rows[0][0].operands)
            if len(rows) < 2 or count < max(bounds.members, bounds.most * sums) or bounds.are_long(terms, count):
                continue
            columns = zip(*(shapes.shape_of(group[0])[1:] for group in rows), strict=True)
            apart = frozenset(place for place, column in enumerate(columns) if len(set(column)) > 1)
            units = sorted(itertools.chain.from_iterable(rows), key=shapes.place)
            if len(apart) < len(units[0].operands):
                totals.append((level, units, apart))
    shapes.raise_up(unit.operands[place] for _, units, apart in totals for unit in units for place in apart)
    return totals
