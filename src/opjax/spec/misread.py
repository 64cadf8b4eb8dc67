"""What reads as an expression and means something else: a date, and a truth value in place of a rate."""

from __future__ import annotations

import re

from opjax.errors import Report, catalogue
from opjax.syntax.nodes import Expression, Number, Sum, Truth

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def refuse_date(expression: Expression, report: Report) -> None:
    """Refuse what looks like a date, and would be a difference of three numbers.

    Arguments:
        expression: the whole value.
        report: gets the problem.

    Raises:
        Stop: if it is one.
    """
    if not isinstance(expression, Sum) or not all(isinstance(term, Number) for term in expression.terms):
        return
    text = expression.span.text
    if _DATE.fullmatch(text):
        hint = "count the time from the model's origin, in its unit"
        raise report.stop(catalogue.BAD_NUMBER, expression.span, problem=f"'{text}' is a date", hint=hint)


def want_rate(expression: Expression, where: str, report: Report) -> None:
    """Refuse what cannot be meant as a rate: a date, and ``true`` or ``false`` alone, which would be 1 or 0.

    Arguments:
        expression: the whole rate.
        where: what it is the rate of, for the sentence.
        report: gets the problem.

    Raises:
        Stop: if it is one of them.
    """
    if isinstance(expression, Truth):
        found = f"the truth value '{str(expression.value).lower()}'"
        hint = f"write {float(expression.value):g}, or a condition, such as t > 5"
        raise report.stop(
            catalogue.WRONG_KIND, expression.span, where=where, expected="a number", found=found, hint=hint
        )
    refuse_date(expression, report)
