"""Boundary conditions: what lies beyond the ends of an axis for one state.

``u at x.lo: neumann(g)``   the slope at the end, outward, is g: beyond it lies the mirror image plus ``2*g*distance``
``u at x.lo: robin(a, b, c)``   the slope is such that ``a*u + b*slope = c`` at the end
``u at x.lo: dirichlet(v)``   the end point is held at v, whatever the state's own value is there, which does not change
``u at x.lo: periodic``   beyond the end lies the other end; both ends are

They are what ``u[x-1]`` and ``u[x+1]`` read there, to second order, and what a diffusion along the axis keeps to.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from opjax.errors import Stop, catalogue, did_you_mean
from opjax.ir.nodes import Along, AnyNode, AtPosition
from opjax.ir.types import Axis, Dim, Role, declared_dims
from opjax.source import Span
from opjax.spec.dynamics import Dynamics
from opjax.spec.names import Name, unknown_axis
from opjax.spec.order import names_in
from opjax.spec.scope import PARAMETER_ROLES, Scope, free_scope
from opjax.syntax.declarations import BoundaryDeclaration
from opjax.syntax.nodes import Expression, Reference

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering

Side = Literal["lo", "hi"]
CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "neumann": ("slope",),
    "dirichlet": ("value",),
    "robin": ("a", "b", "c"),
    "periodic": (),
}
"""The conditions with their arguments; slope and value are 0 where they are left out."""
GIVEN_ROLES: frozenset[Role] = PARAMETER_ROLES | frozenset[Role](("time", "input"))


@dataclass(frozen=True, slots=True)
class Face:
    """One end of an axis for a state.

    Arguments:
        kind: the condition.
        side: which end.
        values: its arguments by name.
    """

    kind: str
    side: Side
    values: Mapping[str, AnyNode]

    def position(self, axis: Axis) -> int:
        """The position of the end point."""
        return 0 if self.side == "lo" else (axis.size or 1) - 1

    def slope(self, lowering: Lowering, state: AnyNode, dim: Dim) -> AnyNode | None:
        """The outward slope of a state at this end; None where the condition does not give it."""
        graph = lowering.graph
        if self.kind == "neumann":
            return self.values["slope"]
        if self.kind != "robin":
            return None
        a, b, c = (self.values[name] for name in CONDITIONS["robin"])
        end = at_point(lowering, state, dim, self.position(lowering.names.axes[dim.axis]))
        rest = graph.apply("add", (c, graph.apply("negate", (graph.apply("multiply", (a, end)),))))
        return graph.apply("divide", (rest, b))


def at_point(lowering: Lowering, node: AnyNode, dim: Dim, position: int) -> AnyNode:
    """A value at one point of a dim."""
    return lowering.graph.view(node, (AtPosition(position) if d == dim else Along(d) for d in node.dims))


# --- declarations


def define_boundaries(lowering: Lowering, declared: tuple[BoundaryDeclaration, ...]) -> None:
    """Note the ends of axes that have a condition, and the points at which a state is held."""
    for row in declared:
        try:
            _define(lowering, row)
        except Stop:
            continue
    for (state, axis), faces in lowering.faces.items():
        ends = [face.kind == "periodic" for face in faces.values()]
        if any(ends) and not (len(ends) == 2 and all(ends)):
            row = next(r for r in declared if (r.state, r.axis) == (state, axis))
            lowering.report.add(catalogue.HALF_PERIODIC, row.span, name=state, axis=axis)


def _define(lowering: Lowering, row: BoundaryDeclaration) -> None:
    report, names = lowering.report, lowering.names
    entry = Dynamics(lowering).state(Reference(row.state, span=row.span))
    if row.axis not in names.axes:
        unknown_axis(names, row.axis, row.span, report)
        raise Stop
    faces = lowering.faces.setdefault((row.state, row.axis), {})
    problem = ""
    if row.axis not in entry.axes:
        problem = f"the state '{row.state}' does not have this axis"
    elif names.axes[row.axis].size is None:
        problem = "the points of this axis come with the data"
    elif row.side in faces:
        problem = "this end has a condition already"
    if problem:
        raise report.stop(
            catalogue.BAD_BOUNDARY, row.span, face=f"{row.state} at {row.axis}.{row.side}", problem=problem
        )
    values = _values(lowering, row, entry)
    face = faces[row.side] = Face(row.kind, row.side, values)
    if face.kind == "dirichlet":
        axis = names.axes[row.axis]
        position = lowering.graph.symbol("position", axis.name, (axis.name,))
        end = lowering.graph.constant(float(face.position(axis)))
        there = lowering.graph.apply("equal", (position, end), row.span)
        lowering.held.setdefault(row.state, []).append((there, values["value"]))


def _values(lowering: Lowering, row: BoundaryDeclaration, entry: Name) -> dict[str, AnyNode]:
    """The arguments of a condition; they may depend on parameters, time and inputs."""
    known = CONDITIONS.get(row.kind)
    if known is None:
        hint = did_you_mean(row.kind, CONDITIONS, f"the conditions are {', '.join(CONDITIONS)}")
        raise lowering.report.stop(catalogue.UNKNOWN_CONDITION, row.span, name=row.kind, hint=hint)
    scope = free_scope(f"the condition '{row.kind}'", tuple(a for a in entry.axes if a != row.axis))
    found: dict[str, AnyNode] = {}
    for place, argument in enumerate(row.arguments):
        name = argument.keyword or (known[place] if place < len(known) else "")
        if name not in known or name in found:
            raise _wrong_arguments(lowering, row)
        found[name] = _value(lowering, argument.value, scope)
    if row.kind != "robin":
        return {name: found.get(name, lowering.graph.constant(0.0)) for name in known}
    if len(found) < len(known):
        raise _wrong_arguments(lowering, row)
    return found


def _value(lowering: Lowering, expression: Expression, scope: Scope) -> AnyNode:
    for name in names_in([expression]):
        entry = lowering.names.values.get(name)
        if entry is not None and entry.kind in ("alias", "derived"):  # they are defined later
            raise lowering.misplaced(f"the alias '{name}'", scope, expression.span, "write its formula")
    node = lowering.value(expression, scope)
    lowering.want_roles(node, GIVEN_ROLES, scope.where, expression.span)
    return node


def not_a_density(lowering: Lowering, state: str, span: Span) -> Stop:
    """The problem of a slope of a state that has none, because it is the mass of each cell."""
    problem = "the state is the mass of each cell; a slope is that of a density"
    return lowering.report.stop(catalogue.BAD_BOUNDARY, span, face=state, problem=problem)


def _wrong_arguments(lowering: Lowering, row: BoundaryDeclaration) -> Stop:
    written = f"{row.kind}({', '.join(CONDITIONS[row.kind])})" if CONDITIONS[row.kind] else row.kind
    return lowering.report.stop(catalogue.CONDITION_ARGUMENTS, row.span, name=row.kind, hint=f"write {written}")


# --- reading


def value_where_held(lowering: Lowering, name: str, node: AnyNode) -> AnyNode:
    """A state, with what it is held at where it is held."""
    for there, value in lowering.held.get(name, ()):
        node = lowering.graph.apply("where", (there, value, node), node.span)
    return node


def start_where_held(lowering: Lowering, name: str, node: AnyNode) -> AnyNode:
    """The initial value of a state, with what it is held at; where that changes in time, the initial value stays."""
    for there, value in lowering.held.get(name, ()):
        if value.roles <= PARAMETER_ROLES:
            node = lowering.graph.apply("where", (there, value, node), node.span)
    return node


def moving_ends(lowering: Lowering) -> Mapping[str, AnyNode]:
    """The states that are held at what changes in time, as they are read: their own values there mean nothing."""
    found: dict[str, AnyNode] = {}
    for name, rows in lowering.held.items():
        if any(not value.roles <= PARAMETER_ROLES for _, value in rows):
            entry = lowering.names.values[name]
            scope = free_scope(f"the state '{name}'", entry.axes)
            found[name] = lowering.whole(name, entry, scope, lowering.graph.constant(0.0).span)
    return found


def zero_where_held(lowering: Lowering, name: str, rate: AnyNode) -> AnyNode:
    """The rate of a state, zero where the state is held."""
    for there, _ in lowering.held.get(name, ()):
        rate = lowering.graph.apply("where", (there, lowering.graph.constant(0.0), rate), rate.span)
    return rate


def read_neighbours(lowering: Lowering, entry: Name, reference: Reference, scope: Scope) -> AnyNode:
    """A state read through its indices, of which some reach over an end that has a condition."""
    name, span = reference.name, reference.span
    lenient = dataclasses.replace(scope, edge=scope.edge or "absorb")
    selections = lowering.indices.positions(name, entry.axes, reference.indices, lenient, span)
    node = lowering.whole(name, entry, scope, span)
    for place, (own, index) in enumerate(zip(declared_dims(entry.axes), reference.indices, strict=True)):
        selection = selections[place]
        if not isinstance(selection, Along) or not selection.offset:
            continue
        face = lowering.faces.get((name, own.axis), {}).get("hi" if selection.offset > 0 else "lo")
        if face is None and scope.edge is None:
            raise lowering.indices.no_edge(index, own.axis)
        if face is not None:
            node = _beyond(lowering, node, (own, selection.offset), face, reference)
            selections[place] = Along(selection.dim)
    return lowering.along(node, entry.axes, selections, span)


def _beyond(lowering: Lowering, node: AnyNode, step: tuple[Dim, int], face: Face, reference: Reference) -> AnyNode:
    """What stands some points further on along a dim of a state; beyond the end what the condition says."""
    graph, (dim, offset) = lowering.graph, step
    axis = lowering.names.axes[dim.axis]
    edge = "periodic" if face.kind == "periodic" else "absorb"
    inner = graph.view(node, (Along(d, offset, edge) if d == dim else Along(d) for d in node.dims), reference.span)
    if face.kind == "periodic":
        return inner
    size, end = axis.size or 1, face.position(axis)
    if abs(offset) >= size:
        raise lowering.report.stop(
            catalogue.BAD_BOUNDARY, reference.span, face=reference.span.text, problem="this reaches over both ends"
        )
    parts = [inner]
    for beyond in range(1, abs(offset) + 1):
        mirror = end + beyond if face.side == "lo" else end - beyond
        position = end - beyond - offset if face.side == "lo" else end + beyond - offset
        parts.append(graph.place(_image(lowering, node, dim, face, mirror), dim, position, reference.span))
    return graph.apply("add", parts, reference.span)


def _image(lowering: Lowering, node: AnyNode, dim: Dim, face: Face, mirror: int) -> AnyNode:
    """The value beyond an end, at the distance of the point `mirror` inside."""
    graph, axis = lowering.graph, lowering.names.axes[dim.axis]
    inside, end = at_point(lowering, node, dim, mirror), face.position(axis)
    slope = face.slope(lowering, node, dim)
    if slope is None:  # held: the odd image
        twice = graph.apply("multiply", (graph.constant(2.0), face.values["value"]))
        return graph.apply("add", (twice, graph.apply("negate", (inside,))))
    points = axis.coordinates if axis.numeric else range(axis.size or 1)
    rise = graph.apply("multiply", (graph.constant(2.0 * abs(points[mirror] - points[end])), slope))
    return graph.apply("add", (inside, rise))
