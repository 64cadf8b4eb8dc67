"""Kernels that are narrower than the gaps between the points that they are integrated over."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping

from opjax.ir.types import Axis

WORST = 0.1
"""The relative error of an integral from which on it is told."""
_MOST = 10_000
_FORMS: Mapping[str, tuple[str, Callable[[float], float], float]] = {
    "gaussian": ("sigma", lambda away: math.exp(-away * away / 2.0), math.sqrt(2.0 * math.pi)),
    "exponential": ("lambda", lambda away: math.exp(-away), 2.0),
    "erfc": ("sigma", math.erfc, 2.0 / math.sqrt(math.pi)),
}
"""The setting that is a width, the shape as a function of distance over width, and its integral over all distances."""


def overrated(form: str, settings: Mapping[str, float | str], axis: Axis) -> tuple[float, float] | None:
    """How many times too large the integral of a kernel is even where the points of an axis are densest.

    Arguments:
        form: of the kernel.
        settings: what was written: numbers, or texts of expressions, about which nothing is known.
        axis: the axis with the points.

    Returns:
        The least gap and that factor, by the trapezoid rule around a point inside; None if it is about 1, or unknown.

    Example:
        >>> gap, factor = overrated("gaussian", {"scale": 1.0, "sigma": 0.25}, Axis("x", "points", (), (0.0, 1.0)))
        >>> round(factor, 4)
        1.5968
    """
    if form not in _FORMS or not axis.numeric:
        return None
    name, shape, whole = _FORMS[form]
    width = settings[name]
    gap = min((b - a for a, b in itertools.pairwise(axis.coordinates)), default=0.0)
    if isinstance(width, str) or not width > 0.0 or not gap > 0.0:
        return None
    step = gap / width
    if step < WORST:  # far below the width every rule is good
        return None
    tail = sum(itertools.takewhile(lambda value: value > 0.0, (shape(step * place) for place in range(1, _MOST))))
    factor = step * (shape(0.0) + 2.0 * tail) / whole
    return (gap, factor) if factor > 1.0 + WORST else None
