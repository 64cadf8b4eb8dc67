"""Reductions: ``sum prod min max mean integral`` over axes, and over the saved times in derived quantities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opjax.errors import Stop, catalogue
from opjax.ir.nodes import Along, AnyNode, Graph, ReduceKind
from opjax.ir.system import TimeReduction
from opjax.ir.types import Dim, Dims
from opjax.spec.idle_names import warn_of_idle_names
from opjax.spec.names import unknown_axis
from opjax.spec.representations import check_integrated
from opjax.spec.scope import Scope
from opjax.spec.tables import lower_table
from opjax.syntax.nodes import Binder, Reduction
from opjax.traverse import Walk

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering

NEUTRAL: dict[ReduceKind, float] = {"sum": 0.0, "prod": 1.0, "min": float("inf"), "max": float("-inf")}
"""What a point that the filter leaves out counts as."""


def lower_reduction(lowering: Lowering, reduction: Reduction, scope: Scope) -> Walk[AnyNode]:
    """The node of a reduction over axes.

    A reduction over an axis that the body does not use repeats the body for each of its points: a sum multiplies by the
    number of points, a product takes it to that power, the others leave the body as it is.
    """
    kind = reduction.kind
    if kind in ("linear", "previous", "cubic"):
        inner, _ = bind_all(lowering, reduction.binders, scope)
        return (yield lower_table(lowering, reduction, kind, inner, scope))
    if reduction.at is not None:
        hint = "only linear(...), cubic(...) and previous(...) read a table at a place"
        raise lowering.misplaced("'at'", Scope(f"'{kind}'"), reduction.at.span, hint)
    if any(b.axis == "time" and (scope.derived or "time" not in lowering.names.axes) for b in reduction.binders):
        return (yield lower_over_time(lowering, reduction, scope))
    inner, dims = bind_all(lowering, reduction.binders, scope)
    warn_of_idle_names(reduction, lowering.report)
    body = yield lowering.walk(reduction.body, inner)
    body = lowering.as_real(body)
    if reduction.kind == "integral" and scope.derived:
        check_integrated(lowering, body, dims, reduction.span)
    condition = None
    if reduction.condition is not None:
        test = yield lowering.walk(reduction.condition, inner)
        condition = lowering.as_kind(test, "boolean", "the filter of a reduction", reduction.condition.span)
    return Reducer(lowering, reduction, dims).reduce(body, condition)


def lower_over_time(lowering: Lowering, reduction: Reduction, scope: Scope) -> Walk[AnyNode]:
    """A reduction over the saved times: a leaf, and what it is the reduction of."""
    if not scope.derived:
        section = lowering.report.spelled("derive", "derived")
        hint = f"move it to '{section}', where the whole solution is known"
        raise lowering.misplaced("a reduction over time", scope, reduction.span, hint)
    if len(reduction.binders) > 1 or reduction.condition is not None:
        hint = "reduce over the other axes inside: max(sum(I[a] for a in age) for s in time)"
        raise lowering.misplaced("another axis or a filter", Scope("a reduction over time"), reduction.span, hint)
    body = yield lowering.walk(reduction.body, scope)
    body = lowering.as_real(body)
    axes = tuple(d.axis for d in body.dims)
    if any(d.primes for d in body.dims) or "over_time" in body.roles:
        hint = f"define it in '{lowering.report.spelled('derive', 'derived')}' under a name of its own"
        raise lowering.misplaced("a reduction over time", Scope("another reduction"), reduction.span, hint)
    name = f"{reduction.kind}_over_time_{len(lowering.time_reductions) + 1}"
    lowering.time_reductions.append(TimeReduction(name, reduction.kind, body))
    return lowering.graph.symbol("over_time", name, axes, reduction.span)


def bind_all(lowering: Lowering, binders: tuple[Binder, ...], scope: Scope) -> tuple[Scope, list[Dim]]:
    """The scope inside a reduction, and the dims that its bound names run over."""
    dims: list[Dim] = []
    for binder in binders:
        if binder.axis not in lowering.names.axes:
            unknown_axis(lowering.names, binder.axis, binder.span, lowering.report)
            raise Stop
        if binder.name in scope.indices:
            raise lowering.report.stop(catalogue.SHADOWED_INDEX, binder.span, name=binder.name, use="an index here")
        scope, dim = scope.bind(binder.name, binder.axis)
        dims.append(dim)
    return scope, dims


class Reducer:
    """Builds one reduction from its body and its filter."""

    def __init__(self, lowering: Lowering, reduction: Reduction, dims: list[Dim]) -> None:
        self.lowering = lowering
        self.graph: Graph = lowering.graph
        self.reduction = reduction
        self.span = reduction.span
        self.dims = dims

    def reduce(self, body: AnyNode, condition: AnyNode | None) -> AnyNode:
        """The node of the reduction."""
        match self.reduction.kind:
            case "mean":
                total = self.plain("sum", body, condition)
                count = self.plain("sum", self.graph.constant(1.0), condition)
                return self.graph.apply("divide", (total, count), self.span)
            case "integral":
                return self.integral(body, condition)
            case "sum" | "prod" | "min" | "max":
                return self.plain(self.reduction.kind, body, condition)
            case "linear" | "previous" | "cubic":
                raise AssertionError(self.reduction.kind)

    def plain(self, kind: ReduceKind, body: AnyNode, condition: AnyNode | None) -> AnyNode:
        """A reduction over the bound dims; points that the filter leaves out count as the neutral value."""
        if condition is not None:
            neutral = self.graph.constant(NEUTRAL[kind])
            body = self.graph.apply("where", (condition, body, neutral), self.span)
        present: Dims = tuple(d for d in self.dims if d in body.dims)
        node = self.graph.reduce(kind, body, present, self.span)
        for dim in self.dims:
            if dim not in present:
                node = self.repeated(kind, node, dim)
        return node

    def repeated(self, kind: ReduceKind, node: AnyNode, dim: Dim) -> AnyNode:
        """The same value for every point of an axis."""
        size = self.graph.symbol("size", dim.axis, (), self.span)
        if kind == "sum":
            return self.graph.apply("multiply", (size, node), self.span)
        return self.graph.apply("pow", (node, size), self.span) if kind == "prod" else node

    def integral(self, body: AnyNode, condition: AnyNode | None) -> AnyNode:
        """The sum of the values with their weights; see `weight`."""
        weights = [self.weight(dim, condition) for dim in self.dims]
        if condition is not None and len(self.dims) > 1:
            hint = "integrate over one axis at a time"
            raise self.lowering.misplaced("a filter", Scope("an integral over several axes"), self.span, hint)
        if condition is not None:  # a point left out has no weight, whatever its value (which may not be finite)
            body = self.graph.apply("where", (condition, body, self.graph.constant(0.0)), self.span)
        weighted = self.graph.apply("multiply", (*weights, body), self.span)
        return self.graph.reduce("sum", weighted, tuple(self.dims), self.span)

    def weight(self, dim: Dim, condition: AnyNode | None) -> AnyNode:
        """The weights along a dim: those of the axis' measure, or of the trapezoid rule.

        With a filter, the trapezoid rule has half of each interval whose two ends pass it; a measure has the weights of
        the points that pass it.
        """
        axis = self.lowering.names.axes[dim.axis]
        if axis.measure is None and not axis.numeric:
            raise self.lowering.no_quadrature(dim.axis, self.span)
        if condition is None or axis.measure is not None:
            weights = self.graph.symbol(axis.weighing, dim.axis, (dim.axis,), self.span)
            return self.graph.view(weights, (Along(dim),), self.span)
        inside = self.lowering.as_real(condition)
        if dim not in inside.dims:
            whole = self.weight(dim, None)
            return self.graph.apply("multiply", (inside, whole), self.span)
        halves = [self.half_interval(dim, inside, side) for side in (-1, 1)]
        return self.graph.apply("add", halves, self.span)

    def half_interval(self, dim: Dim, inside: AnyNode, side: int) -> AnyNode:
        """Half the distance to the neighbour on one side, where both points are inside."""
        point = self.graph.view(self.graph.symbol("coordinate", dim.axis, (dim.axis,)), (Along(dim),))
        neighbour = self.graph.view(self.graph.symbol("coordinate", dim.axis, (dim.axis,)), (Along(dim, side, "stay"),))
        ends = (neighbour, point) if side > 0 else (point, neighbour)
        distance = self.graph.apply("add", (ends[0], self.graph.apply("negate", (ends[1],))), self.span)
        other = self.graph.view(inside, (Along(d, side if d == dim else 0) for d in inside.dims), self.span)
        half = self.graph.constant(0.5)
        return self.graph.apply("multiply", (half, inside, other, distance), self.span)
