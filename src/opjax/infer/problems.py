"""Problems with data, priors and starting points, each as the report and the exception want it."""

from __future__ import annotations

from opjax.errors import OpjaxError, Report, catalogue
from opjax.errors.catalogue import Problem
from opjax.source import NOWHERE, Span

MOST = 20
"""Problems of one set of data that are worth reading."""


def bad_data(report: Report, problem: str, span: Span = NOWHERE, hint: str = "") -> None:
    """Record a problem of the data and go on; the sentence begins with "the data". After many it records no more."""
    if len(report.diagnostics) < MOST:
        report.add(catalogue.BAD_DATA, span, problem=problem, hint=hint)


def one_problem(problem: Problem, span: Span = NOWHERE, *, hint: str = "", **values: object) -> OpjaxError:
    """One problem as an exception."""
    report = Report()
    report.add(problem, span, hint=hint, **values)
    return OpjaxError(report.diagnostics)
