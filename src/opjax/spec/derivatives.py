"""Derivatives along an axis with coordinates, inside an expression: ``grad``, ``div``, ``upwind``; and ``at``.

``grad(u, x)``          the slope at each point: central differences, second order on even and on uneven points
``div(D*grad(u, x), x)``   what a flux brings into each cell per width of the cell: what one loses another gains
``div(f, x)``           of any other flux, the slope of it
``upwind(u, x, v)``     the slope on the side that a velocity comes from, first order: behind where v > 0, else ahead
``at(u, x=2.5)``        the value at a place, on the straight line between two points

A quantity without indices stands for its value at each point. Beyond an end lies what the state's `boundary` says, or
else the statement's `edge`; without either, `grad` takes the slope of the parabola through the last three points, and
nothing flows through the end in `div(D*grad(u, x), x)`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opjax.errors import Stop, catalogue
from opjax.ir.evaluate import constant_value
from opjax.ir.nodes import Along, AnyNode, AtPosition, Edge
from opjax.ir.types import Dim
from opjax.spec.names import unknown_axis
from opjax.spec.operators.diffusion import diffused
from opjax.spec.operators.line import Line
from opjax.spec.scope import Scope
from opjax.syntax.nodes import Argument, Call, Expression, Index, Negate, Product, Reference, Sum, walk
from opjax.traverse import Walk

if TYPE_CHECKING:
    from opjax.spec.boundaries import Face, Side
    from opjax.spec.expressions import Lowering

SPATIAL = ("grad", "div", "upwind", "at")
FEWEST = 3
"""The points of a parabola."""


def lower_spatial(lowering: Lowering, call: Call, arguments: tuple[Argument, ...], scope: Scope) -> Walk[AnyNode]:
    """The node of a derivative along an axis.

    Arguments:
        lowering: the model.
        call: ``grad``, ``div`` or ``upwind``.
        arguments: what is differentiated, the axis, and for ``upwind`` the velocity.
        scope: the surroundings.
    """
    inner = dataclasses.replace(scope, pointwise=True)
    body, axis = arguments[0].value, _axis(lowering, arguments[1].value, scope)
    if call.name == "div":
        return (yield _divergence(lowering, body, axis, inner))
    value = yield lowering.walk(body, inner)
    line = _line(lowering, body, axis, inner)
    slope = _Slope(lowering, line, lowering.as_real(value), _ends(lowering, body, line, inner), inner.edge)
    if call.name == "grad":
        return slope.central()
    velocity = yield lowering.walk(arguments[2].value, inner)
    return slope.upwind(lowering.as_real(velocity))


def lower_at(lowering: Lowering, call: Call, scope: Scope) -> Walk[AnyNode]:
    """A value between the points of an axis, or of several."""
    values = [argument for argument in call.arguments if argument.keyword is None]
    places = [argument for argument in call.arguments if argument.keyword is not None]
    if len(values) != 1 or not places:
        found = f"{len(call.arguments)} {'is' if len(call.arguments) == 1 else 'are'}"
        facts = {"name": "at", "expected": "one value and its place", "found": found, "hint": "write at(u, x=2.5)"}
        raise lowering.report.stop(catalogue.WRONG_ARGUMENT_COUNT, call.span, **facts)
    inner = dataclasses.replace(scope, pointwise=True)
    bound: list[tuple[Dim, AnyNode, Argument]] = []
    for argument in places:
        name = argument.keyword or ""
        _known(lowering, name, argument.value)
        place = yield lowering.walk(argument.value, scope)
        inner, dim = inner.bind(name, name)
        bound.append((dim, lowering.as_real(place), argument))
    node = yield lowering.walk(values[0].value, inner)
    node = lowering.as_real(node)
    for dim, place, argument in bound:
        if dim not in node.dims:
            raise lowering.report.stop(catalogue.NOT_A_TABLE, values[0].span, axis=dim.axis, name=dim.axis)
        node = lowering.graph.interpolate(node, dim, place, "linear", argument.span)
    return node


# --- what is differentiated, and along what


def _known(lowering: Lowering, name: str, place: Expression) -> None:
    """Refuse an axis that does not exist, or has no coordinates."""
    if name not in lowering.names.axes:
        unknown_axis(lowering.names, name, place.span, lowering.report)
        raise Stop
    axis = lowering.names.axes[name]
    if not axis.numeric or axis.size is None:
        raise lowering.report.stop(catalogue.NO_POINTS, place.span, axis=name)


def _axis(lowering: Lowering, written: Expression, scope: Scope) -> str:
    name = written.name if isinstance(written, Reference) and not written.indices else ""
    if not name:
        raise lowering.misplaced("an expression", Scope("the place of an axis"), written.span, "name the axis")
    _known(lowering, name, written)
    lowering.indices.position(name, name, Index(name, span=written.span), scope)
    if lowering.names.axes[name].size == 1:
        raise lowering.misplaced("a slope", Scope("an axis of one point"), written.span)
    return name


def _states(lowering: Lowering, body: Expression, axis: str) -> set[str]:
    """The states of an expression that change along an axis."""
    names = {part.name for part in walk(body) if isinstance(part, Reference)}
    known = {name: lowering.names.values[name] for name in names if name in lowering.names.values}
    return {name for name, entry in known.items() if entry.kind == "state" and axis in entry.axes}


def _line(lowering: Lowering, body: Expression, axis: str, scope: Scope) -> Line:
    states = _states(lowering, body, axis)
    faces = [face for state in states for face in lowering.faces.get((state, axis), {}).values()]
    ring = bool(faces) and all(face.kind == "periodic" for face in faces)
    absent = lowering.absent.get(next(iter(states))) if len(states) == 1 else None
    if absent is not None and Dim(axis) not in absent.dims:
        absent = None
    periodic = ring or (not faces and scope.edge == "periodic")
    return Line(lowering.graph, lowering.names.axes[axis], periodic, body.span, absent)


def _ends(lowering: Lowering, body: Expression, line: Line, scope: Scope) -> Mapping[str, AnyNode | None]:
    """The outward slopes at both ends, where something says what they are: a state's conditions, or the edge."""
    if line.periodic:
        return {}
    faces: Mapping[Side, Face] = {}
    if isinstance(body, Reference) and all(not index.offset for index in body.indices):
        faces = lowering.faces.get((body.name, line.axis.name), {})
    found: dict[str, AnyNode | None] = {}
    sides: tuple[Side, Side] = ("lo", "hi")
    for side in sides:
        if side in faces:
            state = lowering.value(body, scope)
            found[side] = faces[side].slope(lowering, state, line.dim)
        elif scope.edge == "stay":
            found[side] = line.number(0.0)
    return found


# --- slopes


@dataclass(frozen=True, slots=True)
class _Slope:
    """The differences of a value along a line.

    Arguments:
        lowering: gets the problems.
        line: the points.
        value: the value at each of them.
        ends: the outward slopes at its ends ("lo", "hi") that are known; None where the end point is held.
        edge: what the statement says of the others.
    """

    lowering: Lowering
    line: Line
    value: AnyNode
    ends: Mapping[str, AnyNode | None]
    edge: Edge | None = None

    def is_flat(self) -> bool:
        """Whether the value is the same at all points, with a slope at most at ends beyond which it is zero."""
        return self.line.dim not in self.value.dims

    def ahead(self) -> AnyNode:
        """The slope to the next point; at the last one zero, unless the line is a ring."""
        line = self.line
        return line.apply("divide", line.minus(line.shifted(self.value, 1, "stay"), self.value), line.gap())

    def behind(self) -> AnyNode:
        """The slope from the point before; at the first one zero, unless the line is a ring."""
        line = self.line
        return line.apply("divide", line.minus(self.value, line.shifted(self.value, -1, "stay")), line.gap_before())

    def central(self) -> AnyNode:
        """The slope of the parabola through a point and its neighbours."""
        line = self.line
        if self.is_flat():
            inner = line.number(0.0)
        elif line.even_step() is not None:
            inner = line.times(line.number(0.5), line.apply("add", self.ahead(), self.behind()))
        else:
            near, far = line.gap_before(), line.gap()
            both = line.apply("add", line.times(near, self.ahead()), line.times(far, self.behind()))
            inner = line.apply("divide", both, line.apply("add", near, far))
        return inner if line.periodic else self.with_end(self.with_end(inner, "lo"), "hi")

    def with_end(self, inner: AnyNode, side: str) -> AnyNode:
        """The slope with that at an end."""
        line, outward = self.line, self.ends.get(side)
        if outward is not None:
            there = outward if side == "hi" else line.apply("negate", outward)
        elif self.edge == "absorb" and side not in self.ends:
            there = self.towards_zero(side == "hi")
        elif self.is_flat():
            return inner
        else:
            there = self.one_sided(side == "hi")
        return line.apply("where", line.at_end(side == "hi"), there, inner)

    def towards_zero(self, last: bool) -> AnyNode:
        """The slope at an end beyond which, as far away as its neighbour, lies zero."""
        line = self.line
        step = line.steps()[-1 if last else 0] * (-2.0 if last else 2.0)
        return line.apply("divide", self.at(len(line.steps()) - 1 if last else 1), line.number(step))

    def one_sided(self, last: bool) -> AnyNode:
        """The slope at an end of the parabola through the three points there, or of the line through two."""
        line, points = self.line, self.line.axis.coordinates
        places = list(range(len(points)))[::-1][:FEWEST] if last else list(range(len(points)))[:FEWEST]
        here, *others = places
        steps = [points[place] - points[here] for place in others]
        weights = (
            [1.0 / steps[0]]
            if len(steps) == 1
            else [
                steps[1] / (steps[0] * (steps[1] - steps[0])),
                -steps[0] / (steps[1] * (steps[1] - steps[0])),
            ]
        )
        end = self.at(here)
        terms = [
            line.times(line.number(weight), line.minus(self.at(place), end))
            for weight, place in zip(weights, others, strict=True)
        ]
        return terms[0] if len(terms) == 1 else line.apply("add", *terms)

    def at(self, position: int) -> AnyNode:
        """The value at one point."""
        picks = (AtPosition(position) if d == self.line.dim else Along(d) for d in self.value.dims)
        return self.line.graph.view(self.value, picks, self.line.span)

    def upwind(self, velocity: AnyNode) -> AnyNode:
        """The slope on the side that a velocity comes from."""
        line = self.line
        number = constant_value(velocity)
        behind, ahead = (line.number(0.0),) * 2 if self.is_flat() else (self.behind(), self.ahead())
        if not line.periodic:
            if number is None or number > 0:
                behind = self.entering(behind, "lo")
            if number is None or number <= 0:
                ahead = self.entering(ahead, "hi")
        if number is not None:
            return behind if number > 0 else ahead
        return line.apply("where", line.apply("greater", velocity, line.number(0.0)), behind, ahead)

    def entering(self, inner: AnyNode, side: str) -> AnyNode:
        """The slope at the end where something comes in."""
        line, last = self.line, side == "hi"
        if side in self.ends:
            return self.with_end(inner, side)
        if self.edge != "absorb":
            if self.is_flat():
                return inner
            raise self.lowering.report.stop(catalogue.NO_EDGE, line.span, index=line.span.text, axis=line.axis.name)
        steps = line.steps()
        there = line.apply("divide", self.at(len(steps) if last else 0), line.number(steps[-1] if last else steps[0]))
        there = line.apply("negate", there) if last else there
        return line.apply("where", line.at_end(last), there, inner)


# --- fluxes


def _divergence(lowering: Lowering, body: Expression, axis: str, scope: Scope) -> Walk[AnyNode]:
    """What a flux brings into each cell: that against a gradient through the faces, any other as its slope."""
    match body:
        case Sum():
            terms: list[AnyNode] = []
            for term, minus in zip(body.terms, body.negative, strict=True):
                node = yield _divergence(lowering, term, axis, scope)
                terms.append(lowering.graph.apply("negate", (node,), term.span) if minus else node)
            return lowering.graph.apply("add", terms, body.span)
        case Negate():
            node = yield _divergence(lowering, body.operand, axis, scope)
            return lowering.graph.apply("negate", (node,), body.span)
        case _:
            pass
    factors = body.factors if isinstance(body, Product) else (body,)
    inverse = body.inverse if isinstance(body, Product) else (False,)
    gradients = [place for place, factor in enumerate(factors) if not inverse[place] and _is_gradient(factor, axis)]
    if len(gradients) == 1:
        pairs = list(zip(factors, inverse, strict=True))
        del pairs[gradients[0]]
        return (yield _diffusion(lowering, factors[gradients[0]], pairs, axis, scope))
    value = yield lowering.walk(body, scope)
    line = _line(lowering, body, axis, scope)
    ends: dict[str, AnyNode | None] = {}
    if scope.edge == "stay":
        ends = {"lo": line.number(0.0), "hi": line.number(0.0)}
    return _Slope(lowering, line, lowering.as_real(value), ends, scope.edge).central()


def _is_gradient(factor: Expression, axis: str) -> bool:
    """Whether a factor is ``grad(u, x)`` along the same axis."""
    if not isinstance(factor, Call) or factor.name != "grad" or len(factor.arguments) != 2:
        return False
    along = factor.arguments[1].value
    return isinstance(along, Reference) and along.name == axis and factor.arguments[0].keyword is None


def _diffusion(
    lowering: Lowering, gradient: Expression, rest: list[tuple[Expression, bool]], axis: str, scope: Scope
) -> Walk[AnyNode]:
    """The flux ``coefficient*grad(u, x)`` through the faces between the points."""
    assert isinstance(gradient, Call)
    _axis(lowering, gradient.arguments[1].value, scope)
    body = gradient.arguments[0].value
    value = yield lowering.walk(body, scope)
    coefficient: AnyNode = lowering.graph.constant(1.0)
    for factor, by in rest:
        node = yield lowering.walk(factor, scope)
        coefficient = lowering.graph.apply(
            "divide" if by else "multiply", (coefficient, lowering.as_real(node)), factor.span
        )
    line, value = _line(lowering, body, axis, scope), lowering.as_real(value)
    slope = _Slope(lowering, line, value, _ends(lowering, body, line, scope), scope.edge)
    inner = line.number(0.0) if slope.is_flat() else diffused(line, value, coefficient)
    gained = [inner, *_through_ends(slope, coefficient)]
    return line.by_width(gained[0] if len(gained) == 1 else line.apply("add", *gained))


def _through_ends(slope: _Slope, coefficient: AnyNode) -> list[AnyNode]:
    """What a flux brings in through the ends, where something says what the slope is there."""
    line = slope.line
    found: list[AnyNode] = []
    for side, position in () if line.periodic else (("lo", 0), ("hi", len(line.axis.coordinates) - 1)):
        outward = slope.ends.get(side)
        if slope.edge == "absorb" and side not in slope.ends:
            step = line.steps()[0 if side == "lo" else -1]
            outward = line.apply("divide", line.apply("negate", slope.at(position)), line.number(step))
        if outward is not None and constant_value(outward) != 0.0:
            picks = (AtPosition(position) if d == line.dim else Along(d) for d in coefficient.dims)
            there = line.graph.view(coefficient, picks, line.span)
            found.append(line.graph.place(line.times(there, outward), line.dim, position, line.span))
    return found
