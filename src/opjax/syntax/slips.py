"""The problems that text can have, one function per row of the catalogue."""

from __future__ import annotations

from opjax.errors import Report, Stop, catalogue
from opjax.errors.catalogue import Problem
from opjax.source import Span


class TextError(Exception):
    """A problem found where there is no report at hand; the parser hands it over."""

    def __init__(self, problem: Problem, span: Span, hint: str = "", /, **values: object) -> None:
        super().__init__(problem.message)
        self.problem, self.span, self.hint, self.values = problem, span, hint, values

    def stop(self, report: Report) -> Stop:
        """Record the problem; the result is to be raised."""
        return report.stop(self.problem, self.span, hint=self.hint, **self.values)


def unexpected_text(span: Span, hint: str) -> TextError:
    """Text that cannot stand where it stands."""
    return TextError(catalogue.UNEXPECTED_TEXT, span, hint, found=span.text)


def unexpected_end(span: Span, hint: str) -> TextError:
    """A statement that lacks its end."""
    return TextError(catalogue.UNEXPECTED_END, span, hint)


def unexpected_character(span: Span, shown: str, hint: str) -> TextError:
    """A character outside the language."""
    return TextError(catalogue.UNEXPECTED_CHARACTER, span, hint, found=shown)


def unclosed_bracket(span: Span, closing: str) -> TextError:
    """A bracket without its partner."""
    return TextError(catalogue.UNCLOSED_BRACKET, span, bracket=span.text, closing=closing)


def unclosed_text(span: Span, hint: str = "") -> TextError:
    """A text in quotes whose second quote is missing."""
    return TextError(catalogue.UNCLOSED_TEXT, span, hint, quote=span.text[:1])


def too_large(span: Span, what: str, size: int, field: str, limit: int) -> TextError:
    """More of something than the limits allow."""
    return TextError(catalogue.TOO_LARGE, span, what=what, size=size, field=field, limit=limit)


def bad_number(span: Span, problem: str, hint: str = "") -> TextError:
    """A number that cannot be read, or not where it stands."""
    return TextError(catalogue.BAD_NUMBER, span, hint, problem=problem)


def bad_name(span: Span, problem: str, hint: str = "") -> TextError:
    """A name that is not allowed."""
    return TextError(catalogue.BAD_NAME, span, hint, name=span.text, problem=problem)
