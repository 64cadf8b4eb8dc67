"""Terms of many sums in an order in which most of them are read as they lie, without a gather.

A flow between two states is a term of both their balances: of ``v[0], v[1], ...`` first all are read once, then all
once more, but for those that are a term of one balance alone; what lies here and there is gathered behind that. Adding
them up goes to and fro then, which takes less than a gather of all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from opjax.ir.table import Numbers

MANY = 1024
"""Terms from which on it pays."""
MOST_GATHERED = 0.6
"""The part of the terms that may be gathered at most."""
FEW_RUNS = 8
"""Runs of neighbours that a reading of all may consist of."""


class Layers(NamedTuple):
    """An order of terms.

    Arguments:
        order: which term is first, second, and so on.
        once: the terms that are read, each once, as places in those given: they make a vector.
        runs: from where to where that vector is read, one run behind the other.
        rest: where in it the terms lie that are gathered behind that.
    """

    order: Numbers
    once: Numbers
    runs: tuple[tuple[int, int], ...]
    rest: Numbers


def layers_of(places: Numbers) -> Layers | None:
    """The order of terms by where they lie; None where it does not pay.

    Arguments:
        places: for each term a number that says where it lies: terms with the same number are the same value.
    """
    if places.size < MANY:
        return None
    by_place = np.argsort(places, kind="stable")
    ordered = places[by_place]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
    counts = np.diff(starts, append=ordered.size)
    group = np.repeat(np.arange(starts.size), counts)
    layer = np.arange(ordered.size) - starts[group]
    runs: list[tuple[int, int]] = []
    kept: list[Numbers] = []
    for number in range(int(counts.max())):
        inside = layer == number
        found = _runs(group[inside])
        if len(found) > FEW_RUNS:
            break
        runs += found
        kept.append(inside)
    behind = layer >= len(kept)
    if behind.sum() > MOST_GATHERED * ordered.size:
        return None
    order = np.concatenate([*(by_place[inside] for inside in kept), by_place[behind]])
    return Layers(order, by_place[starts], tuple(runs), group[behind])


def _runs(places: Numbers) -> list[tuple[int, int]]:
    """Where runs of ascending numbers without a gap begin and end."""
    cuts = np.flatnonzero(np.diff(places) != 1) + 1
    lows, highs = places[np.concatenate([[0], cuts])], places[np.concatenate([cuts - 1, [places.size - 1]])] + 1
    return list(zip(lows.tolist(), highs.tolist(), strict=True))
