"""Arithmetic of plain names and numbers: most expressions of large models, which mean the same to op_system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from opjax.spec.sections.cells import may_be_cell
from opjax.syntax.nodes import Expression, Negate, Number, Power, Product, Reference, Remainder, Sum, children

TRUTHS: Mapping[str, bool] = {"True": True, "False": False}
"""Python's truth values."""
CONSTANTS: Mapping[str, str] = {"pi": "3.14159...", "inf": "infinity"}
"""Names of numbers, which are no more than names to op_system."""
_ARITHMETIC = frozenset({Sum, Product, Remainder, Power, Negate})


def is_common(expression: Expression) -> bool:
    """Whether an expression is arithmetic of plain names and numbers, in which nothing is ever rewritten."""
    stack = [expression]
    for node in stack:  # it grows meanwhile
        kind = type(node)
        if kind is Reference:
            reference = cast(Reference, node)
            name = reference.name
            if reference.indices or name in TRUTHS or name in CONSTANTS or may_be_cell(name):
                return False
        elif kind in _ARITHMETIC:
            stack.extend(children(node))
        elif kind is not Number:
            return False
    return True
