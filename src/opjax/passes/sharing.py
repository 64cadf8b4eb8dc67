"""Operations of which some are used twice and some are not: one shape is made of them.

Two reactions with the same constant must not be another kind of equation than all the others.
"""

from __future__ import annotations

import numpy as np

from opjax.ir.table import Mask, Numbers
from opjax.passes.shapes import OTHER_USE, Shapes
from opjax.passes.sums import Bounds

RARE = 4
"""So many operations are part of others for each that is used twice by chance."""
MOST_AGAIN = 8
"""What has more operations is not computed again."""
QUICK = frozenset(("add", "multiply", "divide", "negate"))
SHORT = 2
"""So many quick operations take no longer than reading their result at places in no order."""
MOST_USES = 3
"""What is used more often than this on average is computed once, even so."""


def mixed(shapes: Shapes, bounds: Bounds) -> tuple[Mask, Mask]:
    """What is no unit though it is used twice, and what is one though it is not, so that all like it are alike."""
    again = np.zeros(shapes.rows.size, bool)
    apart: set[int] = set()
    terms = _terms(shapes, bounds)
    counts = np.bincount(shapes.own[shapes.rows.interior], minlength=len(shapes.table.kinds)).tolist()
    for kind, units in shapes.groups.items():
        place = shapes.table.places[kind]
        count, size = counts[place], units.size
        if size == count or count < bounds.members:
            continue
        shared = units[shapes.uses[units] < OTHER_USE]
        few = RARE * shared.size <= count - bounds.members or shared.size < bounds.members <= count - size
        rare = few and shapes.table.sizes[kind[1]] <= MOST_AGAIN
        if rare or (place not in terms and _is_short(shapes, kind[1], shared)):
            again[shared] = True
        elif place not in terms and shared.size and place not in shapes.table.cheap:
            apart.add(place)
    return again, shapes.inside & shapes.table.among(apart)[shapes.own]


def _terms(shapes: Shapes, bounds: Bounds) -> set[int]:
    """What is only part of others as a term of sums, where these have many shapes and are taken apart anyway."""
    table = shapes.table
    if sum(table.shapes[shape][0] == "add" for _, shape in shapes.groups) <= bounds.kinds:
        return set()
    others: set[object] = set()
    for (operation, *parts), place in table.known.items():
        if operation != "add" and place not in table.scaled:
            others.update(parts)
    return set(range(len(table.kinds))) - others


def _is_short(shapes: Shapes, shape: int, shared: Numbers) -> bool:
    """Whether operations are as quick to compute again as to read where they are."""
    waiting, found = [shape], list[str | int]()
    while waiting:
        operation, *parts = shapes.shapes[waiting.pop()]
        found.append(operation)
        waiting += [int(part) for part in parts if isinstance(part, int) and part >= 0]
    uses = int(shapes.uses[shared].sum())
    return len(found) <= SHORT and QUICK.issuperset(found) and uses <= MOST_USES * shared.size
