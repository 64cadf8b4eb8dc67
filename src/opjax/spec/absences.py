"""Cells that do not exist: ``S, I where age == "child" and dose == "third"``.

Whatever reads an absent cell reads zero, its initial value and its rate are zero, and no transition leads into or out
of it. Which cells these are is known from the labels, coordinates and positions alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from opjax.errors import Stop, catalogue
from opjax.ir.nodes import AnyNode
from opjax.spec.dynamics import Dynamics
from opjax.spec.names import Name
from opjax.spec.order import names_in
from opjax.spec.scope import AXIS_ROLES, free_scope
from opjax.syntax.declarations import AbsenceDeclaration
from opjax.syntax.nodes import Reference

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering


def define_absences(lowering: Lowering, declared: tuple[AbsenceDeclaration, ...]) -> None:
    """Note for each state which of its cells are absent, as a condition in its axes."""
    for row in declared:
        try:
            for name, entry in _states(lowering, row).items():
                _note(lowering, row, name, entry)
        except Stop:
            continue


def _states(lowering: Lowering, row: AbsenceDeclaration) -> Mapping[str, Name]:
    """The states that a row is about: those named, or all that have the axes of the condition."""
    names = lowering.names
    if row.states:
        dynamics = Dynamics(lowering)
        return {name: dynamics.state(Reference(name, span=row.span)) for name in row.states}
    axes = [name for name in dict.fromkeys(names_in([row.condition])) if name in names.axes]
    known = {name: entry for name, entry in names.values.items() if entry.kind == "state"}
    found = {name: entry for name, entry in known.items() if axes and set(axes) <= set(entry.axes)}
    if not found:
        raise lowering.report.stop(catalogue.NO_ABSENT_STATE, row.span, axes=", ".join(axes) or "none")
    return found


def _note(lowering: Lowering, row: AbsenceDeclaration, name: str, entry: Name) -> None:
    scope = free_scope(f"the absent cells of '{name}'", entry.axes)
    node = lowering.value(row.condition, scope, "boolean")
    lowering.want_roles(node, AXIS_ROLES, scope.where, row.condition.span)
    known = lowering.absent.get(name)
    lowering.plain.pop(name, None)
    lowering.absent[name] = node if known is None else lowering.graph.apply("logical_or", (known, node), row.span)


def zero_where_absent(lowering: Lowering, name: str, node: AnyNode) -> AnyNode:
    """A value of a state (itself, its rate, its initial value) with zero in the cells that are absent."""
    absent = lowering.absent.get(name)
    if absent is None:
        return node
    return lowering.graph.apply("where", (absent, lowering.graph.constant(0.0), node), node.span)
