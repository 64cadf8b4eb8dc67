"""Parsing in tests: the tree of a text, or its problems."""

from __future__ import annotations

from typing import Any

from opjax.errors import Diagnostic, OpjaxError, Report, Stop
from opjax.source import DEFAULT_LIMITS, Limits, Source, Span
from opjax.syntax.parser import StatementKind, parse_statement


def parse(kind: StatementKind, text: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    """The tree of a text.

    Raises:
        OpjaxError: with the problem.
    """
    report = Report()
    try:
        return parse_statement(kind, Span(Source("<test>", text), 0, len(text)), report, limits)
    except Stop:
        raise OpjaxError(report.diagnostics) from None


def problem(kind: StatementKind, text: str, limits: Limits = DEFAULT_LIMITS) -> Diagnostic:
    """The one problem of a text that is wrong."""
    try:
        found = parse(kind, text, limits)
    except OpjaxError as error:
        (diagnostic,) = error.diagnostics
        return diagnostic
    raise AssertionError(f"{text!r} was read as {found!r}")
