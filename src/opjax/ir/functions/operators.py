"""Records of the operators, which expressions reach by a sign and not by a call."""

from __future__ import annotations

import operator

from opjax.ir.functions import reference
from opjax.ir.functions.record import Function, Scalar


def _compare(name: str, sign: str, latex: str, example: tuple[str, Scalar], doc: str) -> Function:
    return Function(
        name=name,
        reference=_COMPARISONS[sign],
        arguments=("x", "y"),
        argument_kinds=("real", "real"),
        result="boolean",
        derivatives=("", ""),
        latex=latex,
        example=example,
        doc=f"{doc}; false if one is nan." if name != "not_equal" else f"{doc}; true if one is nan.",
        infix=sign,
        operator=True,
    )


def _logical(name: str, word: str, latex: str, example: tuple[str, Scalar]) -> Function:
    return Function(
        name=name,
        reference=_all if word == "and" else _any,
        arguments=("x", "y"),
        argument_kinds=("boolean", "boolean"),
        result="boolean",
        variadic=True,
        derivatives=("", ""),
        latex=latex,
        example=example,
        doc=f"Whether {'all' if word == 'and' else 'any'} of two or more conditions hold.",
        infix=word,
        operator=True,
    )


def _all(*conditions: bool) -> bool:
    return all(conditions)


def _any(*conditions: bool) -> bool:
    return any(conditions)


def _negate(x: float) -> float:
    return -x


def _same(x: float) -> float:
    return x


_COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}

OPERATORS: tuple[Function, ...] = (
    Function(
        name="add",
        reference=reference.add,
        arguments=("x", "y"),
        argument_kinds=("real", "real"),
        variadic=True,
        derivatives=("1", "1"),
        latex="{x} + {y}",
        example=("1 + 2 + 3", 6.0),
        doc="The sum of two or more values.",
        infix="+",
        operator=True,
    ),
    Function(
        name="multiply",
        reference=reference.multiply,
        arguments=("x", "y"),
        argument_kinds=("real", "real"),
        variadic=True,
        derivatives=("y", "x"),
        latex=r"{x} \, {y}",
        example=("2*3*4", 24.0),
        doc="The product of two or more values.",
        infix="*",
        operator=True,
    ),
    Function(
        name="divide",
        reference=reference.divide,
        arguments=("numerator", "denominator"),
        argument_kinds=("real", "real"),
        derivatives=("1/denominator", "-numerator/denominator^2"),
        domain="denominator != 0",
        total=False,
        latex=r"\frac{{{numerator}}}{{{denominator}}}",
        example=("1/4", 0.25),
        doc="The quotient; a number over zero is an infinity, 0/0 is nan.",
        infix="/",
        operator=True,
    ),
    Function(
        name="negate",
        reference=_negate,
        derivatives=("-1",),
        latex="-{x}",
        example=("-(2)", -2.0),
        doc="The value with the opposite sign.",
        infix="-",
        operator=True,
    ),
    _compare("less", "<", "{x} < {y}", ("1 < 2", True), "Whether x is below y"),
    _compare("less_equal", "<=", r"{x} \le {y}", ("2 <= 2", True), "Whether x is at most y"),
    _compare("greater", ">", "{x} > {y}", ("1 > 2", False), "Whether x is above y"),
    _compare("greater_equal", ">=", r"{x} \ge {y}", ("1 >= 2", False), "Whether x is at least y"),
    _compare("equal", "==", "{x} = {y}", ("1 == 2", False), "Whether x equals y"),
    _compare("not_equal", "!=", r"{x} \ne {y}", ("1 != 2", True), "Whether x differs from y"),
    _logical("logical_and", "and", r"{x} \land {y}", ("1 < 2 and 2 < 1", False)),
    _logical("logical_or", "or", r"{x} \lor {y}", ("1 < 2 or 2 < 1", True)),
    Function(
        name="logical_not",
        reference=operator.not_,
        argument_kinds=("boolean",),
        result="boolean",
        derivatives=("",),
        latex=r"\lnot {x}",
        example=("not 1 < 2", False),
        doc="Whether the condition does not hold.",
        infix="not",
        operator=True,
    ),
    Function(
        name="stop_gradient",
        reference=_same,
        derivatives=("",),
        latex="{x}",
        example=("(2)", 2.0),
        doc="The same value, constant under differentiation; made by the compiler only.",
        operator=True,
    ),
)
