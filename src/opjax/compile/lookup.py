"""Reading tables at run time: where a place lies among the points, and the value there.

A place is found once for all tables over the same points. All of it can be traced, mapped and differentiated, and
nothing looks at a value.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Mapping

from opjax.backends.base import Array, ArrayFunction, Backend
from opjax.backends.tridiagonal import FEWEST, curvature


@functools.lru_cache(maxsize=32)
def lookups(backend: Backend) -> Mapping[str, ArrayFunction]:
    """The functions that generated code reads tables with, by name; the same for all models, so that JAX knows them."""
    own, one = _Lookup(backend), backend.as_one
    return {
        "find_before": one(own.before),
        "find_between": one(own.between),
        "read_point": one(own.point, 2),
        "read_line": one(own.line, 3),
        "read_points": one(own.points),
        "read_lines": one(own.lines),
        "read_curve": one(own.curve, 3),
        "read_curves": one(own.curves),
        "find_tick_before": tick_before,
        "find_tick_between": tick_between,
        "read_number_at": number_at,
        "read_number_between": number_between,
    }


class _Lookup:
    """Lookups in the arrays of one namespace; `n` is the number of points."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.clip = backend.function("clip")

    def before(self, points: Array, at: Array) -> Array:
        """The last point that is not above each place, 0 to n - 1; the first one for what lies before it."""
        return self.backend.count_not_above(points[1:], at)

    def between(self, points: Array, at: Array) -> tuple[Array, Array]:
        """The interval that each place lies in, 0 to n - 2, and how much of it lies before the place, 0 to 1."""
        start = self.backend.count_not_above(points[1:-1], at)
        if points.shape[0] == 1:
            return start, at * 0.0
        left, right = self.backend.pick(points, start, 0), self.backend.pick(points, start + 1, 0)
        return start, self.clip((at - left) / (right - left), 0.0, 1.0)

    def point(self, table: Array, start: Array, axis: int) -> Array:
        """The values at a point."""
        return self.backend.pick(table, start, axis)

    def line(self, table: Array, start: Array, part: Array, axis: int) -> Array:
        """The values on the straight line between a point and the next."""
        left = self.backend.pick(table, start, axis)
        if table.shape[axis] == 1:
            return left
        return (1.0 - part) * left + part * self.backend.pick(table, start + 1, axis)

    def points(self, table: Array, start: Array) -> Array:
        """The values at a point for each place; the points are the first dimension, the others are broadcast."""
        xp = self.backend.xp
        shape = xp.broadcast_to(table[0, ...], _common(table.shape[1:], start.shape)).shape
        whole = xp.broadcast_to(table, (table.shape[0], *shape))
        places = xp.broadcast_to(start, shape)
        return self.backend.pick_along(whole, places[None, ...])[0, ...]

    def lines(self, table: Array, start: Array, part: Array) -> Array:
        """The values on the straight line between a point and the next for each place; as `points`."""
        left = self.points(table, start)
        if table.shape[0] == 1:
            return left
        return (1.0 - part) * left + part * self.points(table, start + 1)

    def curve(self, table: Array, start: Array, part: Array, axis: int, points: Array) -> Array:
        """The values on the natural cubic spline through all points."""
        found = self.line(table, start, part, axis)
        if table.shape[axis] < FEWEST:
            return found
        second = curvature(self.backend, points, self.backend.xp.moveaxis(table, axis, 0))
        before, behind = self.backend.pick(second, start, 0), self.backend.pick(second, start + 1, 0)
        return found + self.bend(before, behind, self.step(points, start), part)

    def curves(self, table: Array, start: Array, part: Array, points: Array) -> Array:
        """The values on the natural cubic spline for each place; as `points`."""
        found = self.lines(table, start, part)
        if table.shape[0] < FEWEST:
            return found
        second = curvature(self.backend, points, table)
        before, behind = self.points(second, start), self.points(second, start + 1)
        return found + self.bend(before, behind, self.step(points, start), part)

    def step(self, points: Array, start: Array) -> Array:
        """The length of the interval that each place lies in."""
        return self.backend.pick(points, start + 1, 0) - self.backend.pick(points, start, 0)

    @staticmethod
    def bend(before: Array, behind: Array, step: Array, part: Array) -> Array:
        """How far a cubic with these second derivatives at its ends lies above the straight line."""
        rest = 1.0 - part
        return step * step / 6.0 * ((rest * rest - 1.0) * rest * before + (part * part - 1.0) * part * behind)


def tick_before(ticks: tuple[float, ...], at: float) -> int:
    """The last point that is not above one place; points are Python's numbers."""
    return bisect_right(ticks, at, 1) - 1


def tick_between(ticks: tuple[float, ...], at: float) -> tuple[int, float]:
    """The interval that one place lies in, and how much of it lies before the place; points are Python's numbers."""
    if len(ticks) == 1:
        return 0, at * 0.0
    start = bisect_right(ticks, at, 1, len(ticks) - 1) - 1
    left = ticks[start]
    part = (at - left) / (ticks[start + 1] - left)
    return start, 0.0 if part < 0.0 else 1.0 if part > 1.0 else part  # and what is undefined stays so


def number_at(table: Array, start: int, axis: int) -> float:
    """The value of a vector at a point, as a number of Python's."""
    return table.item(start)


def number_between(table: Array, start: int, part: float, axis: int) -> float:
    """The value of a vector on the straight line between a point and the next, as a number of Python's."""
    left = table.item(start)
    return left if table.size == 1 else (1.0 - part) * left + part * table.item(start + 1)


def _common(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that two shapes broadcast to; the shorter one is that of the last dimensions."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    lead = len(longer) - len(shorter)
    paired = zip(longer[lead:], shorter, strict=True)
    return (*longer[:lead], *(a if b == 1 else b for a, b in paired))
