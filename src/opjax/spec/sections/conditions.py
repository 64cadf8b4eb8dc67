"""Numbers as conditions, as Python and op_system take them: ``a if x else b`` is ``a if x != 0 else b``.

The text spelling wants the comparison written out, since ``if x`` may as well mean ``x > 0``; op_system's users mean
Python. ``x and y`` as a number stays what it is, an error: Python's answer, one of the two, is hardly what is meant.
"""

from __future__ import annotations

import dataclasses

from opjax.syntax.nodes import Call, Compare, Conditional, Expression, Logical, Not, Number, Truth
from opjax.traverse import Walk, run


def has_condition(node: Expression) -> bool:
    """Whether a node has a place for a condition in it."""
    return isinstance(node, Conditional | Not) or (isinstance(node, Call) and node.name == "where")


def with_conditions(node: Expression) -> Expression:
    """A node whose conditions are no numbers."""
    match node:
        case Conditional():
            return dataclasses.replace(node, conditions=tuple(map(as_condition, node.conditions)))
        case Not():
            return dataclasses.replace(node, operand=as_condition(node.operand))
        case Call(name="where", arguments=(first, *rest)):
            first = dataclasses.replace(first, value=as_condition(first.value))
            return dataclasses.replace(node, arguments=(first, *rest))
        case _:
            return node


def as_condition(expression: Expression) -> Expression:
    """An expression where a condition is wanted."""
    return run(_walk(expression))


def _walk(node: Expression) -> Walk[Expression]:
    match node:
        case Compare() | Truth():
            return node
        case Not():
            return dataclasses.replace(node, operand=(yield _walk(node.operand)))
        case Logical():
            operands: list[Expression] = []
            for operand in node.operands:
                operands.append((yield _walk(operand)))
            return dataclasses.replace(node, operands=tuple(operands))
        case _:
            zero = Number(0.0, True, "0", span=node.span)
            return Compare((node, zero), ("!=",), span=node.span)
