"""Small models with operators, and their right-hand sides as matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

import opjax

GRIDS = {
    "even": "grid(0, 1, 9)",
    "log": "grid(1, 20, 9, log)",
    "uneven": "points [0, 0.2, 0.3, 0.7, 1.1, 1.2, 2]",
    "two": "grid(0, 2, 2)",
    "ordered": "ordered [a, b, c, d, e]",
    "labels": "[a, b, c, d]",
}


def text(axis: str, operators: str, params: str = "", states: str = "u[x]", dynamics: str = "") -> str:
    """A model with one axis x."""
    return f"""model M:
  axes:
    x = {axis}
    g = [old, new]
  params:
    {params or "unused = 0"}
  states: {states}
  dynamics:
    {dynamics or "u[x]' = 0"}
  operators:
    {operators}
"""


def compiled(*parts: Any, **named: Any) -> Any:
    """The right-hand side of such a model."""
    return opjax.compile_rhs(text(*parts, **named))


def matrix(rhs: Any, **parameters: Any) -> np.ndarray:
    """The matrix of a linear right-hand side: column j is what the unit vector j becomes."""
    size = len(rhs.state_names)
    return np.stack([rhs.eval_fn(0.0, row, **parameters) for row in np.eye(size)], axis=1)


def points(rhs: Any) -> np.ndarray:
    """The coordinates, or 0, 1, 2, ..."""
    axis = rhs.system.axes["x"]
    return np.asarray(axis.coordinates if axis.numeric else range(axis.size), float)


def widths(rhs: Any, periodic: bool = False) -> np.ndarray:
    """The width of each cell, from the coordinates alone."""
    x = points(rhs)
    if not rhs.system.axes["x"].numeric:
        return np.ones(len(x))
    steps = np.diff(x)
    if periodic:
        steps = np.append(steps, (steps[0] + steps[-1]) / 2)
        return (steps + np.roll(steps, 1)) / 2
    return (np.append(steps, 0) + np.append(0, steps)) / 2
