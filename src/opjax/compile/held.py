"""Selections that hold a number at a few points: with NumPy it is written there, over all that was computed.

A pinned cell, a source that is switched off in one place, or an insulated row is ``where(x == 3, 0, rate)``, which
goes over memory once more with a condition beside it; ``rate[3] = 0`` does not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import AnyNode, Apply, Symbol
from opjax.ir.types import Axis, Dim, Dims, Role

MOST_POINTS = 10_000
"""Points of a condition that is looked at."""
MOST_PLACES = 3
"""Places from which on a selection is as quick."""
KNOWN: frozenset[Role] = frozenset(("position", "coordinate", "size"))


def held(node: Apply, axes: Mapping[str, Axis]) -> tuple[AnyNode, AnyNode, list[dict[Dim, str]]] | None:
    """What a selection by a known condition is at most points, the number that it is at others, and where these are.

    Arguments:
        node: the selection.
        axes: the axes by name.

    Returns:
        None where there is no number, or where it is not in a few places.
    """
    if node.function != "where" or node.kind != "real" or not node.arguments[0].roles <= KNOWN:
        return None
    condition, *values = node.arguments
    points = math.prod(axes[dim.axis].size or 0 for dim in condition.dims)
    if not 0 < points <= MOST_POINTS or not condition.dims:
        return None
    (cells,) = evaluate([condition], axes, _no_leaf)
    first, second = values
    for value, number, there in ((second, first, True), (first, second, False)):
        if number.dims or value.dims != node.dims:
            continue
        places = list(_boxes([cell for cell, holds in cells.values.items() if bool(holds) == there], condition.dims))
        if 0 < len(places) <= MOST_PLACES:
            return value, number, places
    return None


def _no_leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    raise AssertionError(symbol.name)


def _boxes(cells: Sequence[tuple[int, ...]], dims: Dims) -> Iterator[dict[Dim, str]]:
    """Cells as stretches of the only dim, or as one box; as more than enough places where they are none."""
    if len(dims) == 1:
        at = sorted(cell[0] for cell in cells)
        for _, run in itertools.groupby(enumerate(at), lambda pair: pair[1] - pair[0]):
            stretch = [place for _, place in run]
            yield {dims[0]: _slice(stretch[0], stretch[-1] + 1)}
    elif cells:
        ranges = [(min(at), max(at) + 1) for at in zip(*cells, strict=True)]
        full = math.prod(high - low for low, high in ranges) == len(cells)
        box = {dim: _slice(low, high) for dim, (low, high) in zip(dims, ranges, strict=True)}
        yield from [box] if full else [box] * (MOST_PLACES + 1)


def _slice(start: int, stop: int) -> str:
    return str(start) if stop - start == 1 else f"{start}:{stop}"
