"""Axes: from what was written to labels and coordinates."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Callable

from opjax.errors import Report, catalogue
from opjax.ir.types import Axis, Measure
from opjax.source import Limits
from opjax.syntax.declarations import AxisDeclaration, MeasureDeclaration
from opjax.syntax.nodes import Expression

ConstantNumber = Callable[[Expression, str], float | None]
"""Gives the value of an expression of numbers; the text says where it stands, for errors."""


def build_axis(
    declared: AxisDeclaration,
    labels: tuple[str, ...],
    number: ConstantNumber,
    report: Report,
    limits: Limits,
) -> Axis:
    """The axis that a declaration means.

    Arguments:
        declared: the declaration.
        labels: the labels of an axis that takes them from data, if they are known.
        number: gives the value of the expressions in ``grid(...)``.
        report: gets the problems; a bad axis still has one point, so that the rest of the model can be read.
        limits: the largest number of points.
    """
    axis = _points_of(declared, labels, number, report, limits)
    if declared.measure is None or axis.size is None:
        return axis
    return dataclasses.replace(axis, measure=_measure(declared, declared.measure, axis.size, report))


def _measure(declared: AxisDeclaration, measure: MeasureDeclaration, size: int, report: Report) -> Measure:
    """The measure of an axis with this many points; one that has a problem weighs each point with 1."""
    weights = measure.weights
    if measure.kind == "counting":
        if weights:
            _bad(declared, "has a counting measure with weights", report, "leave the weights out: each point counts 1")
    elif len(weights) != size:
        found = f"has {size} points, and its measure has {len(weights)} weights"
        _bad(declared, found, report, "write one weight for each point: measure cell [1, 2]")
    elif not all(math.isfinite(weight) and weight > 0 for weight in weights):
        _bad(declared, "has a weight that is not a positive number", report)
    usable = len(weights) == size and measure.kind != "counting"
    return Measure(measure.kind, weights if usable else (1.0,) * size, measure.unit)


def _points_of(
    declared: AxisDeclaration,
    labels: tuple[str, ...],
    number: ConstantNumber,
    report: Report,
    limits: Limits,
) -> Axis:
    match declared.kind:
        case "labels" | "ordered":
            names = tuple(str(v) for v in declared.values)
            _check_labels(declared, names, report, limits)
            return Axis(declared.name, declared.kind, labels=names, unit=declared.unit, doc=declared.doc)
        case "data":
            names = labels
            _check_labels(declared, names, report, limits)
            return Axis(declared.name, "data", labels=names, unit=declared.unit, doc=declared.doc)
        case "points":
            points = tuple(float(v) for v in declared.values)
        case "grid":
            points = _grid(declared, number, report, limits)
    _check_points(declared, points, report)
    return Axis(declared.name, declared.kind, coordinates=points, unit=declared.unit, doc=declared.doc)


def _bad(declared: AxisDeclaration, problem: str, report: Report, hint: str = "") -> None:
    report.add(catalogue.BAD_AXIS, declared.span, name=declared.name, problem=problem, hint=hint)


def _check_labels(declared: AxisDeclaration, names: tuple[str, ...], report: Report, limits: Limits) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        _bad(declared, f"has the label '{repeated[0]}' twice", report, "give every point its own label")
    if not names and declared.kind != "data":
        _bad(declared, "has no labels", report, f'write {declared.name} = ["first", "second"]')
    if len(names) > limits.axis_points:
        _too_many(declared, len(names), report, limits)


def _too_many(declared: AxisDeclaration, count: float, report: Report, limits: Limits) -> None:
    report.add(
        catalogue.TOO_LARGE,
        declared.span,
        what=f"the axis '{declared.name}'",
        size=f"{count:g} points",
        limit=limits.axis_points,
        field="axis_points",
    )


def _check_points(declared: AxisDeclaration, points: tuple[float, ...], report: Report) -> None:
    if not points:
        _bad(
            declared,
            "has no points",
            report,
            report.spelled(f"write {declared.name} = points [0, 1, 2]", "write coords: [0, 1, 2]"),
        )
    elif not all(math.isfinite(p) for p in points):
        _bad(declared, "has a point that is not finite", report)
    elif any(b <= a for a, b in itertools.pairwise(points)):
        _bad(declared, "does not increase from point to point", report, "write its points in increasing order")


def _grid(declared: AxisDeclaration, number: ConstantNumber, report: Report, limits: Limits) -> tuple[float, ...]:
    values = [number(part, f"the grid of '{declared.name}'") for part in declared.grid]
    if len(values) != 3 or any(v is None for v in values):
        return (0.0,)
    low, high, count = (v for v in values if v is not None)
    if not (count >= 1 and count == int(min(count, 1e300))):
        _bad(declared, f"has {count:g} points", report, "write a whole number: grid(low, high, points)")
    elif count > limits.axis_points:
        _too_many(declared, count, report, limits)
    elif not (math.isfinite(low) and math.isfinite(high) and (low < high or count == 1)):
        _bad(declared, f"runs from {low:g} to {high:g}", report, "write grid(low, high, points) with low < high")
    elif declared.spacing == "log" and low <= 0:
        _bad(declared, f"begins at {low:g}, where a logarithm ends", report, "begin above 0, or leave out 'log'")
    else:
        return spaced(low, high, int(count), declared.spacing == "log")
    return (0.0,)


def spaced(low: float, high: float, count: int, logarithmic: bool) -> tuple[float, ...]:
    """Points from low to high, both included and exact; the others to the last bit as op_system has them.

    Without a logarithm they are those of `numpy.linspace`, so that arrays over such an axis find each other.
    """
    if count == 1:
        return (low,)
    last = count - 1
    if logarithmic:
        ratio = (high / low) ** (1 / last)
        inner = [low * ratio**i for i in range(1, last)]
    else:
        step = (high - low) / last
        inner = [low + i * step for i in range(1, last)]
    return (low, *inner, high)
