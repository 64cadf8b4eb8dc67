"""Tables: ``linear(beta[week] over week)``, ``previous(...)``; and inputs, whose table comes with the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opjax.errors import catalogue
from opjax.ir.nodes import Along, AnyNode, Between
from opjax.ir.system import time_axis_of
from opjax.ir.types import Dim
from opjax.spec.names import Name
from opjax.spec.scope import Scope
from opjax.syntax.declarations import InputDeclaration
from opjax.syntax.nodes import Call, Reduction
from opjax.traverse import Walk

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering


def lower_table(
    lowering: Lowering, reduction: Reduction, between: Between, inner: Scope, outer: Scope
) -> Walk[AnyNode]:
    """A table over the points of an axis, read at the time, or at what stands behind ``at``.

    Arguments:
        lowering: the model.
        reduction: the table as it was written.
        between: what lies between two points.
        inner: the scope of the table's values: its axis is bound.
        outer: the scope of the place where it is read.
    """
    binder, *others = reduction.binders
    dim, span = inner.indices[binder.name], reduction.span
    if others or reduction.condition is not None:
        what = "another axis" if others else "a filter"
        hint = f"write {between}(table[{dim.axis}] over {dim.axis})"
        raise lowering.misplaced(what, Scope(f"'{between}'"), span, hint)
    if not lowering.names.axes[dim.axis].numeric:
        raise lowering.report.stop(catalogue.NO_POINTS, span, axis=dim.axis)
    body = yield lowering.walk(reduction.body, inner)
    table = lowering.as_real(body)
    if dim not in table.dims:
        raise lowering.report.stop(catalogue.NOT_A_TABLE, reduction.body.span, axis=dim.axis, name=binder.name)
    at = lowering.graph.symbol("time", "t", (), span)
    if reduction.at is not None:
        place = yield lowering.walk(reduction.at, outer)
        at = lowering.as_real(place)
    return lowering.graph.interpolate(table, dim, at, between, span)


def lower_input(lowering: Lowering, call: Call, entry: Name, time: AnyNode, scope: Scope) -> AnyNode:
    """An input at a time: a table over points of time that come with it."""
    declared = entry.declaration
    assert isinstance(declared, InputDeclaration)
    points = time_axis_of(call.name)
    selections = lowering.indices.positions(call.name, entry.axes, call.indices, scope, call.span)
    axes = (points, *entry.axes)
    whole = lowering.graph.symbol("input", call.name, axes, call.span)
    read = lowering.along(whole, axes, [Along(Dim(points)), *selections], call.span)
    return lowering.graph.interpolate(read, Dim(points), time, declared.interpolation, call.span)
