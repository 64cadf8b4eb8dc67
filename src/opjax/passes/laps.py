"""Factors of products as vectors, where one of them is nearly all of a vector, read once or several times: all is read.

Of 1,000 species that decay in 999 reactions, the reactants are two slices, which XLA copies in a loop of its own. All
species are one vector that is there already: one product more is computed, which nothing reads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from opjax.ir.nodes import Along, AnyNode
from opjax.ir.table import Numbers
from opjax.ir.types import Dim
from opjax.passes.columns import MOST_IDLE, Columns


class Laps(NamedTuple):
    """Readings of all of a vector.

    Arguments:
        vector: what is read.
        times: how often.
        size: how many elements are read.
        places: where among these the scalars are that are wanted.
    """

    vector: AnyNode
    times: int
    size: int
    places: Numbers


def factors_in_laps(columns: Columns, factors: list[Numbers], one: int) -> tuple[list[AnyNode], Numbers] | None:
    """The factors of products as vectors, and where in these each product is; None where no factor is such readings.

    Arguments:
        columns: makes the vectors.
        factors: factor by factor, the scalars of all products.
        one: the scalar one, which is every other factor of a product that nothing reads: it cannot overflow.
    """
    if any((column == column[0]).all() for column in factors):
        return None
    found = [laps_of(columns, column) for column in factors]
    chosen = next(filter(None, found), None)
    if chosen is None:
        return None
    dim, vectors = columns.new_dim(chosen.size), list[AnyNode]()
    for laps, column in zip(found, factors, strict=True):
        spread = np.full(chosen.size, one)
        spread[chosen.places] = column
        vectors.append(_whole(columns, chosen, dim) if laps is chosen else columns.gather(spread, dim))
    return vectors, chosen.places


def laps_of(columns: Columns, column: Numbers) -> Laps | None:
    """How scalars are nearly all of a vector, read once or several times; None where they are not, or are all of it."""
    found = columns.placed.of(column)
    vector = columns.only(found)
    steps = np.diff(found.positions)
    if vector is None or (steps == 1).all():
        return None
    lap, length = np.cumsum(np.concatenate([[0], steps <= 0])), columns.length(vector)
    times = int(lap[-1]) + 1
    size = times * length
    if not 0 < size - column.size <= MOST_IDLE * size:
        return None
    return Laps(vector, times, size, lap * length + found.positions)


def _whole(columns: Columns, laps: Laps, dim: Dim) -> AnyNode:
    """The vector, as often as it is read."""
    graph = columns.graph
    return graph.view(laps.vector, (Along(dim),)) if laps.times == 1 else graph.join([laps.vector] * laps.times, dim)
