"""Optional parts that are not installed."""

from __future__ import annotations

from opjax.errors import catalogue
from opjax.errors.diagnostic import OpjaxError, Report
from opjax.source import NOWHERE


def missing_extra(error: ImportError, extra: str) -> OpjaxError:
    """E0906: a package that an optional part of opjax needs is not installed."""
    report = Report()
    report.add(catalogue.MISSING_EXTRA, NOWHERE, package=error.name or str(error), extra=extra)
    return OpjaxError(report.errors)
