"""The texts of the function table evaluated by other means: exactly by mpmath, or with the references of the table.

Derivatives, domains and examples are text of the model language. Their grammar is a part of Python's, but for ``^``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import mpmath as mp

from opjax.ir.functions import CONSTANTS, FUNCTIONS

Number = Any


def _mod(x: Number, divisor: Number) -> Number:
    a, b = (Fraction(int(v.man)) * Fraction(2) ** int(v.exp) * int(mp.sign(v)) for v in map(mp.mpf, (x, divisor)))
    rest = a - b * (a // b)
    return mp.mpf(rest.numerator) / rest.denominator


def _where(condition: bool, yes: Number, no: Number) -> Number:
    return yes if condition else no


EXACT: Mapping[str, Callable[..., Number]] = {
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "sqrt": mp.sqrt,
    "cbrt": lambda x: mp.sign(x) * mp.root(abs(x), 3),
    "pow": mp.power,
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "atan2": mp.atan2,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "abs": abs,
    "sign": mp.sign,
    "minimum": min,
    "maximum": max,
    "clip": lambda x, low, high: min(max(x, low), high),
    "where": _where,
    "step": lambda x: mp.mpf(x >= 0),
    "floor": mp.floor,
    "ceil": mp.ceil,
    "mod": _mod,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "logit": lambda x: mp.log(x / (1 - x)),
    "erf": mp.erf,
    "erfc": lambda x: mp.erfc(x) if abs(x) < 1e4 else mp.mpf(1 - mp.sign(x)),
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))),
    "digamma": mp.digamma,
    "polygamma": lambda order, x: mp.psi(int(order), x),
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "stop_gradient": lambda x: x,
    "divide": lambda x, y: x / y,
    "negate": lambda x: -x,
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
    "equal": lambda x, y: x == y,
    "not_equal": lambda x, y: x != y,
    "logical_and": lambda x, y: x and y,
    "logical_or": lambda x, y: x or y,
    "logical_not": lambda x: not x,
}
"""Every function of the table as mpmath has it, or from its definition; independent of the table."""

REFERENCE: Mapping[str, Callable[..., Number]] = {name: record.reference for name, record in FUNCTIONS.items()}

_BINARY = {ast.Add: "add", ast.Mult: "multiply", ast.Div: "divide", ast.Mod: "mod", ast.Pow: "pow"}
_COMPARE = {
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}


def evaluate(text: str, values: Mapping[str, Number], functions: Mapping[str, Callable[..., Number]]) -> Number:
    """The value of a text of the model language.

    Arguments:
        text: arithmetic, comparisons, ``and``, ``or``, ``not`` and calls; only the wanted branch of `where` is used.
        values: the values of the names.
        functions: `EXACT` for mpmath, `REFERENCE` for floating point.
    """
    number = mp.mpf if functions is EXACT else float
    names = dict(CONSTANTS) | ({"pi": mp.pi} if functions is EXACT else {}) | dict(values)

    def value(node: ast.expr) -> Number:
        match node:
            case ast.Constant(value=constant):
                return number(str(constant)) if not isinstance(constant, bool) else constant
            case ast.Name(id=name):
                return names[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return functions["negate"](value(operand))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return functions["logical_not"](value(operand))
            case ast.BinOp(op=ast.Sub(), left=left, right=right):
                return functions["add"](value(left), functions["negate"](value(right)))
            case ast.BinOp(left=left, op=op, right=right):
                return functions[_BINARY[type(op)]](value(left), value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return functions[_COMPARE[type(op)]](value(left), value(right))
            case ast.BoolOp(op=op, values=parts):
                every = [value(part) for part in parts]
                return all(every) if isinstance(op, ast.And) else any(every)
            case ast.Call(func=ast.Name(id="where"), args=[condition, yes, no]):
                return value(yes) if value(condition) else value(no)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return functions[name](*map(value, arguments))
            case _:
                raise AssertionError(ast.dump(node))

    return value(ast.parse(text.replace("^", "**"), mode="eval").body)
