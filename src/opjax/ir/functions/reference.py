"""The meaning of the functions on single numbers: Python's `math`, made to follow IEEE 754 and never to raise."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

UnaryFunction = Callable[[float], float]


def _defined(function: UnaryFunction) -> UnaryFunction:
    """The function with nan where `math` raises a domain error, and inf where it overflows."""

    @functools.wraps(function)
    def total(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return total


exp = _defined(math.exp)
expm1 = _defined(math.expm1)
sqrt = _defined(math.sqrt)
sin = _defined(math.sin)
cos = _defined(math.cos)
tan = _defined(math.tan)
asin = _defined(math.asin)
acos = _defined(math.acos)
cosh = _defined(math.cosh)


def sinh(x: float) -> float:
    """The hyperbolic sine; overflow has the sign of the argument."""
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(math.inf, x)


def _with_pole(function: UnaryFunction, pole: float) -> UnaryFunction:
    """The logarithm `function` with -inf at its pole and nan below."""
    defined = _defined(function)

    @functools.wraps(function)
    def total(x: float) -> float:
        return -math.inf if x == pole else defined(x)

    return total


log = _with_pole(math.log, 0.0)
log2 = _with_pole(math.log2, 0.0)
log10 = _with_pole(math.log10, 0.0)
log1p = _with_pole(math.log1p, -1.0)


def absolute(x: float) -> float:
    """The absolute value."""
    return math.fabs(x)


def floor(x: float) -> float:
    """The largest whole number that is not above; infinities and nan stay."""
    return math.copysign(math.floor(x), x) if math.isfinite(x) else x


def ceil(x: float) -> float:
    """The smallest whole number that is not below; infinities and nan stay."""
    return math.copysign(math.ceil(x), x) if math.isfinite(x) else x


def sign(x: float) -> float:
    """-1, 0 or 1; nan stays."""
    return x if math.isnan(x) else float(x > 0) - float(x < 0)


def step(x: float) -> float:
    """1 where ``x >= 0``, 0 elsewhere and for nan."""
    return 1.0 if x >= 0 else 0.0


def minimum(*values: float) -> float:
    """The smallest; nan if any is nan."""
    return math.nan if any(map(math.isnan, values)) else min(values)


def maximum(*values: float) -> float:
    """The largest; nan if any is nan."""
    return math.nan if any(map(math.isnan, values)) else max(values)


def clip(x: float, low: float, high: float) -> float:
    """``minimum(maximum(x, low), high)``."""
    return minimum(maximum(x, low), high)


def where(condition: bool, yes: float | bool, no: float | bool) -> float | bool:
    """The second argument where the first holds, the third elsewhere."""
    return yes if condition else no


def divide(numerator: float, denominator: float) -> float:
    """The quotient; a number over zero is an infinity with the product of the signs, 0/0 is nan."""
    if denominator != 0:
        return numerator / denominator
    if numerator == 0 or math.isnan(numerator):
        return math.nan
    return math.copysign(math.inf, numerator) * math.copysign(1.0, denominator)


def power(base: float, exponent: float) -> float:
    """The power as in C and IEEE 754: ``pow(0, 0)`` is 1, a negative base wants a whole exponent, else nan."""
    odd = math.isfinite(exponent) and exponent % 2 == 1
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and odd else math.inf
    except ValueError:  # zero to a negative power, or a negative base with a fraction as exponent
        if base != 0:
            return math.nan
        return math.copysign(math.inf, base) if odd else math.inf


def mod(x: float, divisor: float) -> float:
    """The remainder with the sign of the divisor, as Python's ``%``; nan where the divisor is zero."""
    if divisor == 0 or math.isinf(x):
        return math.nan
    return x % divisor


def sigmoid(x: float) -> float:
    """``1/(1 + exp(-x))`` to full accuracy on both sides."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    small = math.exp(x)
    return small / (1.0 + small)


def softplus(x: float) -> float:
    """``log(1 + exp(x))`` without overflow."""
    return (x if x > 0 else 0.0) + math.log1p(math.exp(-abs(x)))


def logit(x: float) -> float:
    """``log(x/(1 - x))``, to full accuracy also around 1/2, where it is zero."""
    if 0.25 <= x <= 0.75:
        return math.log1p((2.0 * x - 1.0) / (1.0 - x))
    return log(divide(x, 1.0 - x)) if x <= 1 else math.nan


def add(*terms: float) -> float:
    """The sum, from the left."""
    return functools.reduce(lambda a, b: a + b, terms)


def multiply(*factors: float) -> float:
    """The product, from the left."""
    return functools.reduce(lambda a, b: a * b, factors)
