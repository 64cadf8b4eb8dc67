"""The logarithm of the gamma function and its derivatives, on single numbers.

`math.lgamma` is off by up to 7 units in the last place, and by thousands around its zeros 1 and 2. Formulas: NIST
Digital Library of Mathematical Functions, https://dlmf.nist.gov, sections 5.5 (recurrence, reflection), 5.7 (series),
5.11 (asymptotic expansions), 5.15 (polygamma) and 25.11 (Hurwitz zeta).
"""

from __future__ import annotations

import math

# Bernoulli numbers B_2, B_4, ...
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
_LARGE = 12.0  # from here on the asymptotic expansions have full accuracy
_HIGHEST_ORDER = 100
_HALF_LOG_TAU = 0.5 * math.log(math.tau)


def _hurwitz_zeta(s: float, a: float) -> float:
    """The sum of ``(a + k)^-s`` over k = 0, 1, ..., for a > 0 and s > 1 (DLMF 25.11.43)."""
    shift = max(0, math.ceil(_LARGE + s - a))
    terms = [(a + k) ** -s for k in range(shift)]
    a = a + shift
    terms.extend((a ** (1.0 - s) / (s - 1.0), 0.5 * a**-s))
    factor = s * a ** (-s - 1.0) / 2.0
    for j, bernoulli in enumerate(_BERNOULLI, start=1):
        terms.append(bernoulli * factor)
        factor *= (s + 2 * j - 1) * (s + 2 * j) / ((2 * j + 1) * (2 * j + 2) * a * a)
    return math.fsum(terms)


_AROUND_TWO = tuple(_hurwitz_zeta(float(k), 2.0) / k for k in range(2, 42))
_EULER = 0.5772156649015329


def _around_two(z: float) -> float:
    """``lgamma(2 + z)`` for ``-3/4 <= z <= 1/2`` (DLMF 5.7.3)."""
    series = 0.0
    for coefficient in reversed(_AROUND_TWO):
        series = coefficient - z * series
    return z * ((1.0 - _EULER) + z * series)


def _stirling(x: float) -> float:
    """``lgamma(x)`` for large x (DLMF 5.11.1)."""
    inverse, power, correction = 1.0 / x, 1.0 / x, 0.0
    for j, bernoulli in enumerate(_BERNOULLI[:8], start=1):
        correction += bernoulli * power / (2 * j * (2 * j - 1))
        power *= inverse * inverse
    return (x - 0.5) * (math.log(x) - 1.0) + (_HALF_LOG_TAU - 0.5 + correction)


def _lgamma_positive(x: float) -> float:
    if x < 0.5:
        return _around_two(x) - math.log1p(x) - math.log(x)
    if x < 1.25:
        return _around_two(x - 1.0) - math.log1p(x - 1.0)
    if x >= _LARGE:
        return _stirling(x)
    product = 1.0
    while x > 2.5:
        x -= 1.0
        product *= x
    return _around_two(x - 2.0) + math.log(product)


def lgamma(x: float) -> float:
    """The logarithm of the absolute value of the gamma function; inf at 0, -1, -2, ... and at both infinities.

    Arguments:
        x: any number.
    """
    if math.isnan(x):
        return x
    if math.isinf(x) or (x <= 0 and x == math.floor(x)):
        return math.inf
    if x > 0:
        return _lgamma_positive(x)
    fraction = abs(x - round(x))
    return math.log(math.pi / math.sin(math.pi * fraction)) - math.log(-x) - _lgamma_positive(-x)


def digamma(x: float) -> float:
    """The derivative of `lgamma`; nan at 0, -1, -2, ... and at -inf.

    Arguments:
        x: any number.
    """
    if not math.isfinite(x):
        return x if x == math.inf else math.nan
    if x <= 0:
        if x == math.floor(x):
            return math.nan
        return digamma(1.0 - x) - math.pi / math.tan(math.pi * (x - round(x)))
    terms: list[float] = []
    while x < _LARGE:
        terms.append(-1.0 / x)
        x += 1.0
    terms.extend((math.log(x), -0.5 / x))
    power = 1.0 / (x * x)
    for j, bernoulli in enumerate(_BERNOULLI, start=1):
        terms.append(-bernoulli * power / (2 * j))
        power /= x * x
    return math.fsum(terms)


def polygamma(order: float, x: float) -> float:
    """The derivative of `digamma` of the given order, for x > 0 and the orders 1, 2, ..., 100; nan elsewhere.

    Arguments:
        order: how often `digamma` is differentiated.
        x: a positive number.
    """
    if not (x > 0 and 1 <= order <= _HIGHEST_ORDER and order == math.floor(order)):
        return math.nan
    sign = 1.0 if order % 2 == 1 else -1.0
    if x == math.inf:
        return sign * 0.0
    try:
        return sign * math.gamma(order + 1.0) * _hurwitz_zeta(order + 1.0, x)
    except OverflowError:
        return sign * math.inf
