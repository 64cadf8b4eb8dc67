"""``trapezoid(x)``: the weight of a point in the trapezoid rule, whatever measure its axis declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opjax.errors import catalogue
from opjax.ir.nodes import Along, AnyNode
from opjax.spec.scope import Scope
from opjax.syntax.nodes import Argument, Reference

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering


def trapezoid(lowering: Lowering, argument: Argument, scope: Scope) -> AnyNode:
    """The trapezoid weights along an index: half the distance between the two neighbours of each point."""
    value, span = argument.value, argument.span
    dim = scope.indices.get(value.name) if isinstance(value, Reference) and not value.indices else None
    if dim is None:
        raise lowering.report.stop(
            catalogue.FREE_INDEX, span, index=span.text, hint="write trapezoid(x) for an index x"
        )
    if not lowering.names.axes[dim.axis].numeric:
        raise lowering.no_quadrature(dim.axis, span)
    weights = lowering.graph.symbol("quadrature", dim.axis, (dim.axis,), span)
    return lowering.graph.view(weights, (Along(dim),), span)
