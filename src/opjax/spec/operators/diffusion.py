"""Diffusion: a flux against the gradient, second order on even and on uneven points.

The flux through the face between two points is the mean of the coefficients at both times the difference over the
distance; what one cell loses the other gains.
"""

from __future__ import annotations

from opjax.ir.nodes import AnyNode
from opjax.spec.operators.line import Line


def diffused(line: Line, density: AnyNode, coefficient: AnyNode) -> AnyNode:
    """What each cell gains in one time unit (not yet per width); nothing goes through the ends of a line.

    Arguments:
        line: the cells.
        density: the density at each point.
        coefficient: the diffusion coefficient, for all points or for each.
    """
    if line.dim in coefficient.dims:
        both = line.apply("add", coefficient, line.shifted(coefficient, 1, "stay"))
        coefficient = line.times(line.number(0.5), both)
    rise = line.minus(line.shifted(density, 1, "stay"), density)
    entering = line.walled(line.apply("divide", line.times(coefficient, rise), line.gap()), 1)
    return line.minus(entering, line.shifted(entering, -1))
