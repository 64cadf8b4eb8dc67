"""Advection: what a velocity carries along the points of an axis.

Conservative finite volumes: through the face between two cells goes the flux of the cell that it leaves (first-order
upwind, the donor cell), so that what one cell loses another gains and ``sum(u*width)`` changes at the ends only. A
limiter makes the value at the face second order where the profile is smooth (van Leer 1979, Sweby 1984).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from opjax.ir.nodes import AnyNode
from opjax.spec.operators.line import Line

Limiter = Callable[[Line, AnyNode, AnyNode], AnyNode]
"""The limited difference of the differences on both sides; zero where they have different signs."""


@dataclass(frozen=True, slots=True)
class Transport:
    """How a profile is carried.

    Arguments:
        line: the cells.
        reflecting: whether nothing leaves at the end; what arrives there stays in the last cell.
        limiter: makes it second order, or None.
    """

    line: Line
    reflecting: bool
    limiter: Limiter | None = None

    def change(self, flux: AnyNode, forward: bool) -> AnyNode:
        """What each cell gains, and loses, in one time unit (not yet per width).

        Arguments:
            flux: velocity times density at each point, not negative.
            forward: towards increasing coordinates.
        """
        line, ahead = self.line, 1 if forward else -1
        leaving = self.at_face(flux, ahead)
        if self.reflecting and not line.periodic:
            leaving = line.but_at_end(leaving, last=forward)
        leaving = line.walled(leaving, ahead)
        return line.minus(line.shifted(leaving, -ahead), leaving)

    def at_face(self, flux: AnyNode, ahead: int) -> AnyNode:
        """The flux through the face ahead of each cell."""
        if self.limiter is None:
            return flux
        line = self.line
        onward = line.minus(line.shifted(flux, ahead, "stay"), flux)
        behind = line.minus(flux, line.shifted(flux, -ahead, "stay"))
        if line.even_step() is None:  # the slope behind, over the distance ahead
            near, far = (line.gap(), line.gap_before()) if ahead > 0 else (line.gap_before(), line.gap())
            behind = line.times(behind, line.apply("divide", near, far))
        half = line.times(line.number(0.5), self.limiter(line, behind, onward))
        return line.apply("add", flux, half)


def minmod(line: Line, behind: AnyNode, onward: AnyNode) -> AnyNode:
    """The smaller of two differences of one sign."""
    zero = line.number(0.0)
    rising = line.apply("maximum", zero, line.apply("minimum", behind, onward))
    falling = line.apply("minimum", zero, line.apply("maximum", behind, onward))
    return line.apply("add", rising, falling)


def superbee(line: Line, behind: AnyNode, onward: AnyNode) -> AnyNode:
    """The larger of two differences, of which neither may be more than twice the other."""
    zero, two = line.number(0.0), line.number(2.0)
    steep = minmod(line, line.times(two, behind), onward)
    steeper = minmod(line, behind, line.times(two, onward))
    rising = line.apply("maximum", zero, line.apply("maximum", steep, steeper))
    falling = line.apply("minimum", zero, line.apply("minimum", steep, steeper))
    return line.apply("add", rising, falling)


def van_leer(line: Line, behind: AnyNode, onward: AnyNode) -> AnyNode:
    """The harmonic mean of two differences of one sign."""
    product, zero, one = line.times(behind, onward), line.number(0.0), line.number(1.0)
    sum_of_both = line.apply("where", line.apply("greater", product, zero), line.apply("add", behind, onward), one)
    positive = line.apply("maximum", product, zero)
    return line.apply("divide", line.times(line.number(2.0), positive), sum_of_both)


LIMITERS: Mapping[str, Limiter] = {"minmod": minmod, "superbee": superbee, "van_leer": van_leer}
