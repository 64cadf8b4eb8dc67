"""Operators in generated code: their signs, and the terms of sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opjax.compile.text import Value
from opjax.ir.nodes import AnyNode, Apply

INFIX: Mapping[str, tuple[str, int]] = {
    "less": (" < ", 1),
    "less_equal": (" <= ", 1),
    "greater": (" > ", 1),
    "greater_equal": (" >= ", 1),
    "equal": (" == ", 1),
    "not_equal": (" != ", 1),
    "logical_or": (" | ", 2),
    "logical_and": (" & ", 3),
    "add": (" + ", 4),
    "multiply": ("*", 5),
    "divide": ("/", 5),
}
"""Operators with how tightly they bind, as in Python."""
Term = tuple[Value, bool]
"""A term of a sum, and whether it is subtracted; or a factor."""


def terms_of(node: Apply, arguments: Sequence[AnyNode], operands: Sequence[Value]) -> list[Term]:
    """The terms of a sum, or the factors of a product, that have been written as `operands`.

    A sum does not begin with a term that is subtracted if the second is not: ``-a + b`` is ``b - a`` to the last bit.
    """
    terms = [
        (operand, node.function == "add" and operand.text.startswith("-") and _is_negation(argument))
        for argument, operand in zip(arguments, operands, strict=True)
    ]
    swaps = len(terms) > 1 and terms[0][1] and not terms[1][1]
    return [terms[1], terms[0], *terms[2:]] if swaps else terms


def folds(node: Apply) -> bool:
    """Whether a function of two arguments is applied to more, two at a time."""
    return len(node.arguments) > 2 and node.function in ("minimum", "maximum")


def _is_negation(node: AnyNode) -> bool:
    return isinstance(node, Apply) and node.function == "negate"
