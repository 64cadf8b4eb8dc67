"""Terms of many sums in an order in which most of them are read as they lie, without a gather.

A flow between two states is a term of both their balances: of ``v[0], v[1], ...`` first all are read once, as what
flows out, then all once more, as what flows in; what lies here and there is gathered behind that. Adding them up goes
to and fro then, which takes less than a gather of all. The few flows that are a term of one balance alone are read
again like all others, for a sum that nothing reads: without them a reading would be cut into many, each a loop.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from opjax.ir.nodes import AnyNode
from opjax.ir.table import Numbers
from opjax.passes.columns import MOST_IDLE, Columns
from opjax.passes.rows import Reals
from opjax.passes.shapes import Terms

MANY = 4096
"""Terms from which on it pays."""
MOST_GATHERED = 0.6
"""The part of the terms that may be gathered at most."""
FEW_RUNS = 8
"""Runs of neighbours that a reading of all may consist of."""
LEAST = 128
"""Terms that are worth a reading of their own."""
Runs = tuple[tuple[int, int], ...]


class Layers(NamedTuple):
    """An order of terms.

    Arguments:
        order: which term is first, second, and so on; how many there are, for what is read and is no term.
        once: the terms that are read, each once, as places in those given: they make a vector; None where the vector
            in which they lie is read as it is.
        runs: from where to where that vector is read each time, one run behind the other.
        rest: where in it the terms lie that are gathered behind that.
    """

    order: Numbers
    once: Numbers | None
    runs: tuple[Runs, ...]
    rest: Numbers


def layers_of(places: Numbers, factors: Reals, size: int = 0) -> Layers | None:
    """The order of terms by where they lie; None where it does not pay.

    Arguments:
        places: for each term a number that says where it lies: terms with the same number are the same value.
        factors: the number that each is multiplied with: the least of a value's comes first, and then the greatest.
        size: how long the vector is in which all lie, where the places are positions in one.
    """
    if places.size < MANY:
        return None
    by_place = np.lexsort((factors, places))
    ordered = places[by_place]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
    counts = np.diff(starts, append=ordered.size)
    layer = np.arange(ordered.size) - np.repeat(starts, counts)
    last = np.repeat(counts, counts) - 1
    as_it_is = 0 <= size - starts.size <= MOST_IDLE * size
    length, at = (size, ordered) if as_it_is else (starts.size, np.repeat(np.arange(starts.size), counts))
    layer = np.where((layer == last) & (last > 0), 1, layer + ((layer > 0) & (layer < last)))
    runs: list[Runs] = []
    kept: list[Numbers] = []
    for number in range(int(counts.max())):
        inside = layer == number
        found, terms = _reading(at[inside], by_place[inside], length, places.size)
        if len(found) > FEW_RUNS or inside.sum() < LEAST:
            break
        runs.append(found)
        kept.append(terms)
    behind = layer >= len(kept)
    if behind.sum() > MOST_GATHERED * ordered.size:
        return None
    order = np.concatenate([*kept, by_place[behind]])
    return Layers(order, None if as_it_is else by_place[starts], tuple(runs), at[behind])


def layered(columns: Columns, sums: Terms, at_once: bool) -> tuple[AnyNode, Numbers] | None:
    """Terms times their factors, as a vector in the order of their layers, and that order; None where it does not pay.

    Arguments:
        columns: makes the vectors.
        sums: the sums that the terms belong to.
        at_once: whether all are multiplied together; otherwise what has no factor is not multiplied.
    """
    places, vector = columns.places_of(sums.terms)
    layers = layers_of(places, sums.factors, columns.length(vector) if vector else 0)
    if layers is None:
        return None
    factors = np.append(sums.factors, 1.0)[layers.order]
    if vector is None or layers.once is not None:
        once = sums.terms[layers.once]
        vector = columns.gather(once, columns.new_dim(once.size), terms=True)
    parts = [columns.reads(vector, runs) for runs in layers.runs]
    if layers.rest.size:
        parts.append([columns.read(vector, layers.rest, columns.new_dim(layers.rest.size))])
    if at_once:
        return columns.times(columns.in_line([*itertools.chain(*parts)]), factors), layers.order
    ends = np.cumsum([sum(map(columns.length, reads)) for reads in parts])
    found: list[AnyNode] = []
    for reads, own in zip(parts, np.split(factors, ends[:-1]), strict=True):
        found += reads if (own == 1.0).all() else [columns.times(columns.in_line(reads), own)]
    return columns.in_line(found), layers.order


def _reading(places: Numbers, terms: Numbers, size: int, idle: int) -> tuple[Runs, Numbers]:
    """From where to where a vector is read, and the terms that are read so.

    Arguments:
        places: where terms lie, in ascending order.
        terms: the terms.
        size: how long the vector is.
        idle: what stands for a term where nothing is one.
    """
    if not 0 < size - places.size <= MOST_IDLE * size:
        return _runs(places), terms
    every = np.full(size, idle)
    every[places] = terms
    return ((0, size),), every


def _runs(places: Numbers) -> Runs:
    """Where runs of ascending numbers without a gap begin and end."""
    cuts = np.flatnonzero(np.diff(places) != 1) + 1
    lows, highs = places[np.concatenate([[0], cuts])], places[np.concatenate([cuts - 1, [places.size - 1]])] + 1
    return tuple(zip(lows.tolist(), highs.tolist(), strict=True))
