"""Each kind of operator as nodes: what it adds to the rate of one state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opjax.ir.evaluate import constant_value
from opjax.ir.nodes import Along, AnyNode, AtPosition
from opjax.ir.types import Dim
from opjax.spec.operators.diffusion import diffused
from opjax.spec.operators.jumps import Direction, jumped, redistributed, spread
from opjax.spec.operators.line import Line
from opjax.spec.operators.transport import LIMITERS, Transport


@dataclass(slots=True)
class Parts:
    """An operator on one state, with all its parts as nodes.

    Arguments:
        kind: the kind of operator.
        line: the cells along its axis.
        state: the state.
        counts: whether the state is the mass of each cell, not a density.
        values: velocity, coefficient, rate.
        words: direction, boundary, limiter, form.
        matrix: the matrix, rows over the sources.
        transfer: another axis with two positions, between which a flux moves.
        slopes: the outward slopes at end points, where a boundary condition gives them.
    """

    kind: str
    line: Line
    state: AnyNode
    counts: bool
    values: Mapping[str, AnyNode]
    words: Mapping[str, str]
    matrix: AnyNode | None = None
    transfer: tuple[str, int, int] | None = None
    slopes: list[tuple[int, AnyNode]] = field(default_factory=list[tuple[int, AnyNode]])


@dataclass(frozen=True, slots=True)
class Discretised:
    """What an operator adds to the rate of a state, and the points where it holds the state at zero (conditions)."""

    gain: AnyNode
    held: list[AnyNode] = field(default_factory=list[AnyNode])


def discretise(parts: Parts) -> Discretised:
    """What an operator adds to the rate of a state."""
    match parts.kind:
        case "diffusion":
            return _diffusion(parts)
        case "jump_integral":
            return Discretised(_jump(parts))
        case "axis_kernel":
            return Discretised(_kernel(parts))
        case _:
            return Discretised(_advection(parts))


# --- along neighbours


def _density(parts: Parts) -> AnyNode:
    return parts.line.by_width(parts.state) if parts.counts else parts.state


def _per_cell(parts: Parts, change: AnyNode) -> AnyNode:
    return change if parts.counts else parts.line.by_width(change)


def _advection(parts: Parts) -> AnyNode:
    line, velocity, words = parts.line, parts.values["velocity"], parts.words
    limiter = LIMITERS.get(words.get("limiter", ""))
    transport = Transport(line, words.get("boundary", "reflecting") == "reflecting", limiter)
    density = _density(parts)
    number = constant_value(velocity)
    direction = words.get("direction")
    if number is not None:
        forward = (float(number) >= 0.0) == (direction != "decreasing")
        return _per_cell(parts, transport.change(line.times(line.number(abs(float(number))), density), forward))
    if direction is not None:
        return _per_cell(parts, transport.change(line.times(velocity, density), direction == "increasing"))
    onward = line.apply("maximum", velocity, line.number(0.0))
    back = line.apply("maximum", line.apply("negate", velocity), line.number(0.0))
    both = [transport.change(line.times(speed, density), speed is onward) for speed in (onward, back)]
    return _per_cell(parts, line.apply("add", *both))


def _diffusion(parts: Parts) -> Discretised:
    line, density = parts.line, _density(parts)
    if parts.words.get("boundary") not in ("dirichlet", "absorbing"):
        change = diffused(line, density, parts.values["coefficient"])
        entering = _through_ends(parts)
        change = line.apply("add", change, *entering) if entering else change
        return Discretised(_per_cell(parts, change))
    inside = line.but_at_end(line.but_at_end(density, last=False), last=True)
    gain = _per_cell(parts, diffused(line, inside, parts.values["coefficient"]))
    return Discretised(gain, [line.at_end(last) for last in (False, True)])


def _through_ends(parts: Parts) -> list[AnyNode]:
    """What enters through the ends where a boundary condition gives the slope there."""
    line, coefficient = parts.line, parts.values["coefficient"]
    found: list[AnyNode] = []
    for position, slope in parts.slopes:
        picks = (AtPosition(position) if d == line.dim else Along(d) for d in coefficient.dims)
        there = line.graph.view(coefficient, picks, line.span)
        found.append(line.graph.place(line.times(there, slope), line.dim, position, line.span))
    return found


# --- along matrices


def _jump(parts: Parts) -> AnyNode:
    assert parts.matrix is not None
    flux = parts.line.times(parts.values["rate"], parts.state)
    known: dict[str, Direction] = {"up": "up", "down": "down"}
    return jumped(parts.line, flux, parts.matrix, known.get(parts.words.get("direction", ""), "both"))


def _kernel(parts: Parts) -> AnyNode:
    assert parts.matrix is not None
    line, flux = parts.line, parts.state
    for key in ("velocity", "rate"):
        if key in parts.values:
            flux = line.times(parts.values[key], flux)
    if parts.words["form"] == "generator":
        return spread(line, flux, parts.matrix)
    if parts.transfer is None:
        return redistributed(line, flux, parts.matrix)
    across, source, target = parts.transfer
    dim = Dim(across)

    def at_source(node: AnyNode) -> AnyNode:
        picks = (AtPosition(source) if d == dim else Along(d) for d in node.dims)
        return line.graph.view(node, picks, line.span)

    moved = redistributed(line, at_source(flux), at_source(parts.matrix))
    return line.graph.place(moved, dim, target, line.span)
