"""Jumps along an axis: matrices whose rows are sources and whose columns are targets.

The meaning is that of op_system's reference functions: a generator G moves ``velocity * u @ G``; a stochastic matrix K
redistributes a flux F as ``F @ K - F``; a jump kernel J is a generator once its diagonal is left out, its columns are
weighed (on an axis with coordinates, by the trapezoid weights of the targets) and each row loses what it sends.
They conserve ``sum(u)``: a state that jumps holds the mass of each cell.
"""

from __future__ import annotations

from typing import Literal

from opjax.ir.nodes import Along, AnyNode
from opjax.ir.types import Dim
from opjax.spec.operators.line import Line

Direction = Literal["up", "down", "both"]
_ALLOWED = {"up": "greater", "down": "less", "both": "not_equal"}


def renamed(line: Line, node: AnyNode, names: dict[Dim, Dim]) -> AnyNode:
    """The node with some dims called otherwise."""
    return line.graph.view(node, (Along(names.get(d, d)) for d in node.dims), line.span)


def source_of(line: Line) -> Dim:
    """The dim of the sources of a matrix; the targets have the dim of the line."""
    return Dim(line.axis.name, 1)


def spread(line: Line, flux: AnyNode, matrix: AnyNode) -> AnyNode:
    """``flux @ matrix`` along the axis: where the flux of all sources arrives."""
    source = source_of(line)
    sent = line.times(renamed(line, flux, {line.dim: source}), matrix)
    return line.graph.reduce("sum", sent, (source,), line.span)


def redistributed(line: Line, flux: AnyNode, matrix: AnyNode) -> AnyNode:
    """``flux @ matrix - flux``."""
    return line.minus(spread(line, flux, matrix), flux)


def jumped(line: Line, flux: AnyNode, kernel: AnyNode, direction: Direction) -> AnyNode:
    """What a jump kernel moves; `flux` is the rate times the state at the sources."""
    source = source_of(line)
    targets, sources = line.position(), renamed(line, line.position(), {line.dim: source})
    allowed = line.apply(_ALLOWED[direction], targets, sources)
    if line.absent is not None:
        allowed = line.apply("logical_and", allowed, line.apply("logical_not", line.absent))
    moved = line.apply("where", allowed, kernel, line.number(0.0))
    if line.axis.numeric:
        moved = line.times(moved, line.graph.symbol("quadrature", line.axis.name, (line.axis.name,)))
    leaving = line.graph.reduce("sum", moved, (line.dim,), line.span)
    lost = line.times(flux, renamed(line, leaving, {source: line.dim}))
    return line.minus(spread(line, flux, moved), lost)
