"""Problems with data."""

from __future__ import annotations

from opjax.errors import Report, catalogue
from opjax.source import NOWHERE, Span

MOST = 20
"""Problems of one set of data that are worth reading."""


def bad_data(report: Report, problem: str, span: Span = NOWHERE, hint: str = "") -> None:
    """Record a problem of the data and go on; the sentence begins with "the data". After many it records no more."""
    if len(report.diagnostics) < MOST:
        report.add(catalogue.BAD_DATA, span, problem=problem, hint=hint)
