"""The points of an axis as a line of cells: neighbours, distances, widths.

The cell of a point reaches half way to its neighbours. On an axis with coordinates the first and the last cell end at
their points, so that the widths are the trapezoid weights and ``sum(u*width)`` is ``integral(u)``. On an axis with
labels every width is 1 (the counting measure). A periodic axis goes on behind its last point with the first one: the
gap between the two is the mean of the first and the last gap, and every cell reaches half way to both neighbours.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from opjax.ir.nodes import Along, AnyNode, Edge, Graph
from opjax.ir.types import Axis, Dim
from opjax.source import Span

EVEN = 1e-9
"""Gaps that differ by less than this part are even: they are those of a grid, up to rounding."""


@dataclass(frozen=True, slots=True)
class Line:
    """The cells along one dim of a state.

    Arguments:
        graph: gets the nodes.
        axis: the axis.
        periodic: whether the last point is a neighbour of the first.
        span: where the operator was written.
        absent: which cells do not exist, as a condition, where that differs along the axis: walls to the others.
    """

    graph: Graph
    axis: Axis
    periodic: bool
    span: Span
    absent: AnyNode | None = None

    @property
    def dim(self) -> Dim:
        """The dim that the operator acts along."""
        return Dim(self.axis.name)

    # --- arithmetic, with the place of the operator

    def apply(self, function: str, *operands: AnyNode) -> AnyNode:
        """A function of the table."""
        return self.graph.apply(function, operands, self.span)

    def number(self, value: float) -> AnyNode:
        """A constant."""
        return self.graph.constant(value)

    def times(self, *factors: AnyNode) -> AnyNode:
        """A product."""
        return self.apply("multiply", *factors)

    def minus(self, left: AnyNode, right: AnyNode) -> AnyNode:
        """A difference."""
        return self.apply("add", left, self.apply("negate", right))

    # --- neighbours

    def shifted(self, node: AnyNode, offset: int, edge: Edge = "absorb") -> AnyNode:
        """What stands `offset` points further on; beyond the end `edge`, unless the line is periodic."""
        if self.dim not in node.dims:
            return node
        edge = "periodic" if self.periodic else edge
        return self.graph.view(
            node, (Along(d, offset, edge) if d == self.dim else Along(d) for d in node.dims), self.span
        )

    def walled(self, flux: AnyNode, ahead: int) -> AnyNode:
        """The flux through the face ahead of each cell, none where a cell beside the face is absent."""
        if self.absent is None:
            return flux
        beside = self.apply("logical_or", self.absent, self.shifted(self.absent, ahead))
        return self.apply("where", beside, self.number(0.0), flux)

    def position(self) -> AnyNode:
        """0, 1, 2, ... along the line."""
        return self.graph.symbol("position", self.axis.name, (self.axis.name,), self.span)

    def at_end(self, last: bool) -> AnyNode:
        """Whether a point is the last (or the first)."""
        if not last:
            return self.apply("less", self.position(), self.number(1.0))
        size = self.graph.symbol("size", self.axis.name)
        return self.apply("greater_equal", self.apply("add", self.position(), self.number(1.0)), size)

    def but_at_end(self, node: AnyNode, last: bool) -> AnyNode:
        """The node with zero at the last (or the first) point."""
        return self.apply("where", self.at_end(last), self.number(0.0), node)

    # --- distances

    def steps(self) -> tuple[float, ...]:
        """The gap behind each point but the last; empty where the axis has labels."""
        return tuple(b - a for a, b in itertools.pairwise(self.axis.coordinates))

    def even_step(self) -> float | None:
        """The one distance between neighbours, if there is one."""
        steps = self.steps()
        if not self.axis.numeric:
            return 1.0
        whole = self.axis.coordinates[-1] - self.axis.coordinates[0]
        step = whole / len(steps)
        return step if all(abs(one - step) <= EVEN * whole for one in steps) else None

    def gap(self) -> AnyNode:
        """The distance from each point to the next; from the last point it is that to the first, if periodic."""
        step = self.even_step()
        if step is not None:
            return self.number(step)
        steps = self.steps()
        closing = (steps[0] + steps[-1]) / 2 if self.periodic else steps[-1]
        points = self.graph.symbol("coordinate", self.axis.name, (self.axis.name,))
        beyond = self.graph.view(points, (Along(self.dim, 1, "stay"),))
        end = self.graph.place(self.number(closing), self.dim, len(steps))
        return self.apply("add", beyond, self.apply("negate", points), end)

    def gap_before(self) -> AnyNode:
        """The distance from the point before."""
        if self.even_step() is not None:
            return self.gap()
        if self.periodic:
            return self.shifted(self.gap(), -1)
        points = self.graph.symbol("coordinate", self.axis.name, (self.axis.name,))
        before = self.graph.view(points, (Along(self.dim, -1, "stay"),))
        end = self.graph.place(self.number(self.steps()[0]), self.dim, 0)
        return self.apply("add", points, self.apply("negate", before), end)

    def width(self) -> AnyNode | None:
        """The width of each cell; None where it is 1."""
        if not self.axis.numeric:
            return None
        if not self.periodic:
            return self.graph.symbol("quadrature", self.axis.name, (self.axis.name,))
        step = self.even_step()
        if step is not None:
            return self.number(step)
        both = self.apply("add", self.gap(), self.gap_before())
        return self.apply("divide", both, self.number(2.0))

    def by_width(self, node: AnyNode) -> AnyNode:
        """The node per width of its cell."""
        width = self.width()
        return node if width is None else self.apply("divide", node, width)
