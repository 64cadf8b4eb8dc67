"""Operators in generated code: their signs, and the terms of sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from opjax.compile.text import Value
from opjax.ir.nodes import AnyNode, Apply, Symbol
from opjax.ir.program import is_negated

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
        (operand, node.function == "add" and operand.text.startswith("-") and is_negated(argument))
        for argument, operand in zip(arguments, operands, strict=True)
    ]
    swaps = len(terms) > 1 and terms[0][1] and not terms[1][1]
    return [terms[1], terms[0], *terms[2:]] if swaps else terms


def only_subtracted(nodes: Iterable[AnyNode], uses: Mapping[int, int]) -> set[int]:
    """The numbers of arrays with a minus that sums alone read, which subtract what they are of: no array is made.

    ``a + (-b)`` is ``a - b`` to the last bit. What they are of is held by a variable, since something else reads it.

    Arguments:
        nodes: the operations.
        uses: how often each node is used.
    """
    shared = {node.number: node for node in nodes if node.dims and uses.get(node.number, 0) > 1 and is_negated(node)}
    held = {n for n, node in shared.items() if isinstance(of := node.operands[0], Symbol) or uses[of.number] > 1}
    read = Counter[int]()
    for node in nodes if held else ():
        if isinstance(node, Apply) and node.function == "add" and not all(map(is_negated, node.operands[:2])):
            read.update(o.number for o in node.operands if o.number in held and o.dims == node.dims)
    return {number for number in held if read[number] == uses[number]}


def folds(node: Apply) -> bool:
    """Whether a function of two arguments is applied to more, two at a time."""
    return len(node.arguments) > 2 and node.function in ("minimum", "maximum")
