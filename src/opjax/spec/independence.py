"""The section ``independent``: its axes are there, and the derivative falls apart along them."""

from __future__ import annotations

from opjax.errors import Report, catalogue, did_you_mean
from opjax.ir.separable import first_mixing
from opjax.ir.system import System
from opjax.source import Span
from opjax.syntax.declarations import IndependentAxis


def check_independent(system: System, declared: tuple[IndependentAxis, ...], report: Report) -> None:
    """Report axes that do not exist or stand there twice, and what mixes positions of the others.

    Arguments:
        system: the typed model.
        declared: the axes along which it should fall apart.
        report: gets the problems.
    """
    seen: dict[str, Span] = {}
    for row in declared:
        axis = system.axes.get(row.name)
        first = seen.setdefault(row.name, row.span)
        if axis is None:
            hint = did_you_mean(row.name, system.axes, catalogue.UNKNOWN_AXIS.hint)
            report.add(catalogue.UNKNOWN_AXIS, row.span, name=row.name, hint=hint)
        elif first is not row.span:
            report.add(catalogue.REPEATED_NAME, row.span, name=row.name, first=repr(first))
        else:
            found = first_mixing(system.rates.values(), axis)
            if found is not None:
                node, what = found
                report.add(catalogue.NOT_INDEPENDENT, node.span, axis=row.name, what=what)
