"""One problem of a call as an exception."""

from __future__ import annotations

from opjax.errors import OpjaxError, Report
from opjax.errors.catalogue import Problem
from opjax.source import NOWHERE, Span


def refuse(problem: Problem, span: Span = NOWHERE, /, *, hint: str = "", **values: object) -> OpjaxError:
    """One problem as an exception."""
    report = Report()
    report.add(problem, span, hint=hint, **values)
    return OpjaxError(report.diagnostics)
