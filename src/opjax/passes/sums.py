"""Which sums become vectors, which are taken apart into their terms, and which are the sum of a vector."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from opjax.ir.table import Mask, Numbers
from opjax.passes.parts import Shape
from opjax.passes.rows import Rows
from opjax.passes.shapes import Shapes


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
        at_once: whether terms are multiplied with their factors all at once, as is best where operations are compiled.
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
    at_once: bool = False

    def are_long(self, terms: int, count: int) -> bool:
        """Whether so many sums that are alike are better the sums of vectors, having so many terms."""
        return terms >= (self.alone if count < self.members else max(self.terms, count // self.repeated))


USUAL = Bounds()
LAST = -1
"""The level of sums that nothing uses: they are added up when all else is there."""


def inner_sums(shapes: Shapes, bounds: Bounds) -> Mask:
    """The sums inside other expressions that keep these from being of one shape, or have many terms."""
    table = shapes.table
    terms = {place: tuple(parts) for (operation, *parts), place in table.known.items() if operation == "add"}
    every = np.bincount(shapes.own[shapes.inside], minlength=len(table.kinds)).tolist()
    counts = {place: every[place] for place in terms if every[place]}
    alike: dict[tuple[int, int], int] = {}
    for place, count in counts.items():
        kind = table.kinds[place][0], len(terms[place])
        alike[kind] = alike.get(kind, 0) + count
    chosen = _of_many_lengths({place: (terms[place], count) for place, count in counts.items()}, shapes, bounds)
    for place in counts:
        kind = table.kinds[place][0], len(terms[place])
        if bounds.are_long(kind[1], alike[kind]):
            chosen.add(place)
    return shapes.inside & table.among(chosen)[shapes.own]


def _of_many_lengths(sums: dict[int, tuple[tuple[str | int, ...], int]], shapes: Shapes, bounds: Bounds) -> set[int]:
    """The sums of levels where these have many lengths; not those whose like all have one, such as ``1 + x``.

    Arguments:
        sums: the terms of sums, and how many there are, by their place.
        shapes: the shapes.
        bounds: where vectors begin to pay.
    """
    table = shapes.table
    below: dict[str | int, str | int] = {p: key[-1] for key, p in table.known.items() if p in table.scaled}
    families: dict[tuple[int, frozenset[str | int]], list[int]] = {}
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


def long_sums(shapes: Shapes, done: Mask, bounds: Bounds) -> dict[int, list[Numbers]]:
    """The sums of each level that are the sum of a vector each, since they have many terms."""
    found: dict[int, list[Numbers]] = {}
    for (level, shape), group in shapes.groups.items():
        operation, *parts = shapes.shapes[shape]
        if operation == "add" and len(parts) >= bounds.alone:
            sums = group[~done[group]]
            if 0 < sums.size < bounds.members:
                found.setdefault(level, []).append(sums)
    return found


def split_sums(shapes: Shapes, inner: Mask, done: Mask, bounds: Bounds) -> dict[int, Numbers]:
    """The sums of each level that have too many shapes to be vectors of their own, those inside of others too."""
    found: dict[int, list[Numbers]] = {}
    ends = shapes.ends()
    for kind, group in shapes.groups.items():
        if shapes.shapes[kind[1]][0] == "add" and not done[group[0]]:
            found.setdefault(LAST if kind in ends else kind[0], []).append(group)
    chosen: dict[int, Numbers] = {}
    for level, rows in found.items():
        irregular = _irregular(rows, shapes.rows, inner, bounds)
        if irregular.size >= bounds.members:
            chosen[level] = shapes.rows.in_order(irregular)
    if LAST in chosen:  # beside them, what is one term is a sum too
        scaled = shapes.rows.scaled
        groups = [group for kind, group in shapes.groups.items() if scaled[group[0]] and kind in ends]
        chosen[LAST] = np.concatenate([chosen[LAST], *groups])
    return chosen


def _irregular(groups: list[Numbers], rows: Rows, apart: Mask, bounds: Bounds) -> Numbers:
    """The sums of one level, each group of one shape, that are few of their shape, have many terms, or stand apart."""
    few = sum(group.size for group in groups) // 2 if len(groups) > bounds.kinds else 0
    terms = rows.counts[[group[0] for group in groups]].tolist()
    counts: Counter[int] = Counter()
    for group, length in zip(groups, terms, strict=True):
        counts[length] += group.size
    found = [np.zeros(0, np.intp)]
    for group, length in zip(groups, terms, strict=True):
        odd = group.size < max(few, bounds.members) or bounds.are_long(length, counts[length])
        found.append(group if odd else group[apart[group]])
    return np.concatenate(found)


def totals(shapes: Shapes, bounds: Bounds) -> list[tuple[int, Numbers, frozenset[int]]]:
    """Sums of several shapes with a term of the same shape: the other terms become units, and the sums one vector."""
    found: dict[int, dict[int, list[tuple[Shape, Numbers]]]] = {}
    for (level, number), group in shapes.groups.items():
        shape = shapes.shapes[number]
        if shape[0] == "add":
            found.setdefault(level, {}).setdefault(len(shape) - 1, []).append((shape[1:], group))
    totals: list[tuple[int, Numbers, frozenset[int]]] = []
    for level, lengths in found.items():
        sums = sum(group.size for rows in lengths.values() for _, group in rows)
        for terms, rows in lengths.items():
            count = sum(group.size for _, group in rows)
            if len(rows) < 2 or count < max(bounds.members, bounds.most * sums) or bounds.are_long(terms, count):
                continue
            columns = zip(*(parts for parts, _ in rows), strict=True)
            apart = frozenset(place for place, column in enumerate(columns) if len(set(column)) > 1)
            if len(apart) < terms:
                units = shapes.rows.in_order(np.concatenate([group for _, group in rows]))
                totals.append((level, units, apart))
    below = [np.stack([shapes.rows.operand(units, place) for place in apart], 1) for _, units, apart in totals if apart]
    for operands in below:
        shapes.raise_up(operands.ravel())
    return totals
