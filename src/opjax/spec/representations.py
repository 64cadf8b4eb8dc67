"""What the numbers of a state are: counts that add up, or densities that are integrated; and what must fit to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opjax.errors import Report, catalogue
from opjax.ir.evaluate import reachable
from opjax.ir.nodes import AnyNode, Symbol, View
from opjax.ir.system import EXTENSIVE, INTENSIVE
from opjax.ir.types import Dim
from opjax.source import Span
from opjax.spec.names import Names, unknown_axis
from opjax.syntax.declarations import StateDeclaration

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering


def check_representation(declared: StateDeclaration, names: Names, report: Report) -> None:
    """Refuse a state that is said to be two things, and a density over an axis that does not say what it measures."""
    said = [flag for flag in declared.flags if flag in EXTENSIVE or flag in INTENSIVE]
    if len(said) > 1:
        _refuse(declared, f"is both {said[0]} and {said[1]}", "keep one of the two", report)
    if declared.measure_axes and not any(flag in INTENSIVE for flag in said):
        problem = "has axes behind 'over', and is neither a density nor a concentration"
        _refuse(declared, problem, "write 'density over [...]', or leave 'over [...]' out", report)
    for name in declared.measure_axes:
        axis = names.axes.get(name)
        if axis is None:
            unknown_axis(names, name, declared.span, report)
        elif name not in declared.axes:
            _refuse(declared, f"is a density over '{name}', which is not among its axes", "", report)
        elif axis.measure is None and axis.size is not None:
            written = report.spelled(
                f"{name} = ... measure quadrature [...]", "measure: {kind: quadrature, weights: [...]}"
            )
            hint = f"give the axis its measure: {written}"
            _refuse(declared, f"is a density over '{name}', which has no measure", hint, report)


def _refuse(declared: StateDeclaration, problem: str, hint: str, report: Report) -> None:
    report.add(catalogue.BAD_REPRESENTATION, declared.span, name=declared.name, problem=problem, hint=hint)


def check_integrated(lowering: Lowering, body: AnyNode, dims: list[Dim], span: Span) -> None:
    """Refuse the integral of something that adds up already: counts have been integrated over their cells."""
    for node in reachable([body]):
        if not isinstance(node, View) or not isinstance(node.operand, Symbol) or node.operand.role != "state":
            continue
        name = node.operand.name
        declared = lowering.names.values[name].declaration
        wrong = [f for f in declared.flags if f in EXTENSIVE] if isinstance(declared, StateDeclaration) else []
        over = [dim.axis for dim in node.dims if dim in dims]
        if wrong and over:
            raise lowering.report.stop(catalogue.INTEGRAL_OF_COUNTS, span, name=name, what=wrong[0], axis=over[0])
