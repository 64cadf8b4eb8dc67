"""Comparisons: of numbers, and of an index with the labels of its axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opjax.ir.nodes import Along, AnyNode
from opjax.spec.scope import Scope
from opjax.syntax.nodes import Compare, CompareOperator, Expression, Reference, Text
from opjax.traverse import Walk

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering

FUNCTION_OF: Mapping[CompareOperator, str] = {
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "==": "equal",
    "!=": "not_equal",
}


def lower_comparison(lowering: Lowering, comparison: Compare, scope: Scope) -> Walk[AnyNode]:
    """A chain of comparisons: every neighbouring pair must hold."""
    axis = _compared_axis(lowering, comparison, scope)
    nodes: list[AnyNode] = []
    for operand in comparison.operands:
        if axis is not None:
            nodes.append(_Labels(lowering, axis, scope).position(operand, comparison))
        else:
            node = yield lowering.walk(operand, scope)
            nodes.append(lowering.as_real(node))
    graph, span = lowering.graph, comparison.span
    pairs = zip(nodes[:-1], comparison.operators, nodes[1:], strict=True)
    tests = [graph.apply(FUNCTION_OF[sign], (left, right), span) for left, sign, right in pairs]
    return tests[0] if len(tests) == 1 else graph.apply("logical_and", tests, span)


def _compared_axis(lowering: Lowering, comparison: Compare, scope: Scope) -> str | None:
    """The axis with labels whose points are compared, if that is what the comparison is about."""
    for operand in comparison.operands:
        if isinstance(operand, Reference) and operand.name in scope.indices and not operand.indices:
            axis = scope.indices[operand.name].axis
            if not lowering.names.axes[axis].numeric:
                return axis
    return None


@dataclass(frozen=True, slots=True)
class _Labels:
    """The sides of a comparison along an axis with labels."""

    lowering: Lowering
    axis: str
    scope: Scope

    def position(self, operand: Expression, comparison: Compare) -> AnyNode:
        """The position that a label or an index stands for, on one side of a comparison."""
        lowering, axis, span = self.lowering, self.axis, operand.span
        declared = lowering.names.axes[axis]
        if declared.kind == "labels" and any(sign not in ("==", "!=") for sign in comparison.operators):
            what = f"an order of the labels of '{axis}', which has none,"
            hint = lowering.report.spelled(f"declare it as {axis} = ordered [...]", "give the axis 'type: ordinal'")
            raise lowering.misplaced(what, self.scope, comparison.span, hint)
        match operand:
            case Text():
                position = lowering.indices.label_position(declared, axis, operand.value, span)
                return lowering.graph.constant(float(position), span)
            case Reference() if not operand.indices and operand.name in self.scope.indices:
                return self.positions(operand)
            case _:
                hint = f'compare it with one of its labels in quotes, such as "{next(iter(declared.labels), "label")}"'
                raise lowering.misplaced(f"something other than a label of '{axis}'", self.scope, span, hint)

    def positions(self, index: Reference) -> AnyNode:
        """The positions 0, 1, 2, ... along the dim that an index runs over."""
        lowering, span = self.lowering, index.span
        dim = self.scope.indices[index.name]
        if dim.axis != self.axis:
            other = f"the index '{index.name}', which runs over '{dim.axis}',"
            raise lowering.misplaced(other, self.scope, span, f"compare it with an index or a label of '{dim.axis}'")
        whole = lowering.graph.symbol("position", self.axis, (self.axis,), span)
        return lowering.along(whole, (self.axis,), [Along(dim)], span)
