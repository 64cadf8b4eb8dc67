"""The cells of a quantity with axes: what they are called, and which one a label means."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opjax.compile.layout import shape_of
from opjax.ir.system import System
from opjax.ir.types import Axis

Cell = tuple[int, ...]


def labels_of(axis: Axis) -> tuple[str, ...]:
    """What the points of an axis are called in data.

    Example:
        >>> labels_of(Axis("x", "grid", coordinates=(0.0, 0.5)))
        ('0', '0.5')
    """
    return tuple(f"{x:g}" for x in axis.coordinates) if axis.numeric else axis.labels


def position_of(axis: Axis, label: Any) -> int | None:
    """The position of a label on an axis, or None; coordinates are compared as numbers."""
    text = unquoted(str(label))
    if not axis.numeric:
        known = labels_of(axis)
        # a column of whole numbers with gaps comes out of a data frame as 1.0, 2.0, ...
        text = text if text in known or not text.endswith(".0") else text[:-2]
        return known.index(text) if text in known else None
    try:
        value = float(text)
    except ValueError:
        return None
    near = (math.isclose(value, x, rel_tol=1e-5, abs_tol=1e-12) for x in axis.coordinates)
    return next((place for place, found in enumerate(near) if found), None)


def unquoted(text: str) -> str:
    """The text without blanks and quotation marks around it."""
    return text.strip().strip("'\"").strip()


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one quantity.

    Arguments:
        name: its name.
        axes: its axes in declared order.
    """

    name: str
    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of points along each axis."""
        return tuple(axis.size or 0 for axis in self.axes)

    def columns(self) -> Mapping[str, Cell]:
        """The name of each cell's column, ``cases[north,0-4]``, with its position."""
        positions = itertools.product(*(range(size) for size in self.shape))
        labels = itertools.product(*(labels_of(axis) for axis in self.axes))
        return {cell_name(self.name, names): cell for cell, names in zip(positions, labels, strict=True)}


def cell_name(name: str, labels: tuple[str, ...]) -> str:
    """A quantity with the labels of one cell."""
    return f"{name}[{','.join(labels)}]" if labels else name


def plain_column(column: str) -> str:
    """A column name without blanks and quotation marks inside its brackets.

    Example:
        >>> plain_column('cases["north", 0-4]')
        'cases[north,0-4]'
    """
    name, bracket, inside = column.partition("[")
    if not bracket or not inside.endswith("]"):
        return column
    return cell_name(name.strip(), tuple(unquoted(part) for part in inside[:-1].split(",")))


def grid_of(system: System, name: str, axes: tuple[str, ...]) -> Grid:
    """The cells of a quantity of a model.

    Raises:
        OpjaxError: E0803 if an axis has no labels yet.
    """
    shape_of(axes, system.axes)
    return Grid(name, tuple(system.axes[axis] for axis in axes))
