"""The functions of the table on JAX arrays, where `jax.numpy` has none or one that is not safe to differentiate.

`jax.numpy` differentiates corners and edges by multiplication with a mask or with an infinite slope, and 0*inf is nan.
Three rules here:

* `maximum`, `minimum`, `clip` and `absolute` hand on the tangent of the selected argument: a selection, not a product.
  So ``sqrt(maximum(x, 0))`` has the slope 0 at x = -1. Of equal arguments the first is selected.
* `sqrt`, `cbrt`, `asin`, `acos` and `power` have infinite slopes at an edge; there a zero tangent or cotangent stays
  zero (`_along`), which makes the same slope 0 in forward mode too.
* `power` has the right value and slopes at the base 0: 0^0 is 1, the slope in a positive exponent is 0.

Each is a `jax.custom_jvp` around one primitive. Counted in equations, ``maximum`` is 1 forward and 3 with its tangent;
``jnp.maximum`` is 1 and 8; a select that keeps nan (``where((x >= y) | (x != x), x, y)``) would be 4 and 5.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeAlias, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_derivatives import SymbolicZero

from opjax.backends.base import Array

_Pair: TypeAlias = tuple[jax.Array, jax.Array]
_MOST_FACTORS = 8  # more factors in a repeated product are less exact than a power


def _alike(*values: Array) -> list[jax.Array]:
    """The values as arrays of their common floating data type; Python numbers take that of the arrays."""
    dtype = jnp.result_type(*values)
    if not jnp.issubdtype(dtype, jnp.floating):
        dtype = jnp.result_type(float)
    return [_of_dtype(value, dtype) for value in values]


def _of_dtype(value: Array, dtype: np.dtype) -> jax.Array:
    if isinstance(value, jax.Array) and value.dtype == dtype:
        return value
    return lax.convert_element_type(value, dtype)


def _select(condition: jax.Array, yes: jax.Array, no: jax.Array) -> jax.Array:
    """`jnp.where` without the nested call that it leaves in the traced program."""
    shape = np.broadcast_shapes(condition.shape, yes.shape, no.shape)
    return lax.select(*(jnp.broadcast_to(value, shape) for value in (condition, yes, no)))


def _along(tangent: jax.Array, slope: jax.Array) -> jax.Array:
    """``slope*tangent``, linear in the tangent, where an infinite slope gives 0 for 0 and an infinity for the rest.

    An infinite slope is the product of two largest numbers: 0 stays 0 in both steps, and whatever is not 0 overflows.
    """
    largest = lax.full_like(slope, float(np.asarray(jnp.finfo(slope.dtype).max)), shape=())
    finite = lax.clamp(-largest, slope, largest)
    return tangent * finite * _select(lax.abs(slope) == np.inf, largest, lax.full_like(largest, 1.0))


@jax.custom_jvp
def _maximum(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.maximum(x, y)


@_maximum.defjvp
def _maximum_jvp(primals: _Pair, tangents: _Pair) -> _Pair:
    x, y = primals
    return _maximum(x, y), _select(x >= y, *tangents)


@jax.custom_jvp
def _minimum(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.minimum(x, y)


@_minimum.defjvp
def _minimum_jvp(primals: _Pair, tangents: _Pair) -> _Pair:
    x, y = primals
    return _minimum(x, y), _select(x <= y, *tangents)


def maximum(x: Array, y: Array) -> jax.Array:
    """The larger value; nan if one is nan; of equal values the first has the slope 1."""
    return _maximum(*_alike(x, y))


def minimum(x: Array, y: Array) -> jax.Array:
    """The smaller value; nan if one is nan; of equal values the first has the slope 1."""
    return _minimum(*_alike(x, y))


def clip(x: Array, low: Array, high: Array) -> jax.Array:
    """``minimum(maximum(x, low), high)``; at the bounds the slope in x is 1."""
    return minimum(maximum(x, low), high)


@jax.custom_jvp
def _absolute(x: jax.Array) -> jax.Array:
    return lax.abs(x)


@_absolute.defjvp
def _absolute_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> _Pair:
    (x,), (tangent,) = primals, tangents
    return _absolute(x), _select(x > 0, tangent, _select(x < 0, -tangent, lax.full_like(tangent, 0.0)))


def absolute(x: Array) -> jax.Array:
    """The absolute value; its slope at 0 is 0."""
    return _absolute(*_alike(x))


def _with_edge(
    value: Callable[[jax.Array], jax.Array], slope: Callable[[jax.Array, jax.Array], jax.Array]
) -> Callable[[Array], jax.Array]:
    """A function of one argument whose slope is infinite at an edge.

    Arguments:
        value: the function.
        slope: its derivative, from the argument and the value.
    """

    @jax.custom_jvp
    def function(x: jax.Array) -> jax.Array:
        return value(x)

    @function.defjvp
    def _(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> _Pair:
        (x,), (tangent,) = primals, tangents
        y = function(x)
        return y, _along(tangent, slope(x, y))

    def of_one(x: Array) -> jax.Array:
        return function(*_alike(x))

    return of_one


sqrt = _with_edge(lax.sqrt, lambda x, y: 0.5 / y)
cbrt = _with_edge(lax.cbrt, lambda x, y: (1 / 3) / (y * y))
asin = _with_edge(lax.asin, lambda x, y: lax.rsqrt((1.0 - x) * (1.0 + x)))
acos = _with_edge(lax.acos, lambda x, y: -lax.rsqrt((1.0 - x) * (1.0 + x)))


@jax.custom_jvp
def _power(base: jax.Array, exponent: jax.Array) -> jax.Array:
    return jnp.power(base, exponent)


def _power_jvp(primals: _Pair, tangents: tuple[object, object]) -> _Pair:
    base, exponent = primals
    value = _power(base, exponent)
    parts: list[jax.Array] = []
    if not isinstance(tangents[0], SymbolicZero):
        less = _select(exponent == 0, lax.full_like(exponent, 0.0), exponent - 1.0)  # 0*base^-1 is nan at the base 0
        parts.append(_along(cast(jax.Array, tangents[0]), exponent * _power(base, less)))
    if not isinstance(tangents[1], SymbolicZero):
        # At the base 0, 0*log(0) is nan, and 0^exponent is constant. A negative base has a value for whole exponents
        # only, and log(abs(base)) keeps a slope that nobody asked for from turning the others into nan.
        flat = (base == 0) & (exponent >= 0)
        logarithm = jnp.log(_select(flat, lax.full_like(base, 1.0), _absolute(base)))
        parts.append(cast(jax.Array, tangents[1]) * (value * logarithm))
    return value, sum(parts[1:], parts[0]) if parts else lax.full_like(value, 0.0)


_power.defjvp(_power_jvp, symbolic_zeros=True)


@functools.lru_cache(maxsize=1024)
def _root(exponent: float) -> Callable[[Array], jax.Array]:
    """The power with a literal exponent between 0 and 1: the slope at 0 is infinite."""
    return _with_edge(
        lambda x: lax.pow(x, _of_dtype(exponent, x.dtype)),
        lambda x, y: exponent * power(x, exponent - 1.0),
    )


def power(base: Array, exponent: Array) -> jax.Array:
    """The power, with the right value and slopes at the base 0.

    Arguments:
        base: an array or a number.
        exponent: an array or a number; the derivative is cheaper for a Python number.
    """
    if not isinstance(exponent, (int, float)):
        return _power(*_alike(base, exponent))
    (base,) = _alike(base)
    if abs(exponent) <= _MOST_FACTORS and float(exponent).is_integer():
        return lax.integer_pow(base, int(exponent))
    if 0 < exponent < 1:
        return _root(float(exponent))(base)
    return lax.pow(base, _of_dtype(exponent, base.dtype))


@jax.custom_jvp
def _hypot(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.hypot(x, y)


@_hypot.defjvp
def _hypot_jvp(primals: _Pair, tangents: _Pair) -> _Pair:
    x, y = primals
    value = _hypot(x, y)
    length = _select(value == 0, lax.full_like(value, 1.0), value)
    return value, tangents[0] * (x / length) + tangents[1] * (y / length)


def hypot(x: Array, y: Array) -> jax.Array:
    """``sqrt(x^2 + y^2)``; at (0, 0) both slopes are 0."""
    return _hypot(*_alike(x, y))


@jax.custom_jvp
def _softplus(x: jax.Array) -> jax.Array:
    return lax.max(x, lax.full_like(x, 0.0)) + lax.log1p(lax.exp(-lax.abs(x)))


@_softplus.defjvp
def _softplus_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> _Pair:
    (x,), (tangent,) = primals, tangents
    return _softplus(x), tangent * lax.logistic(x)


def softplus(x: Array) -> jax.Array:
    """``log(1 + exp(x))`` without overflow."""
    return _softplus(*_alike(x))


@jax.custom_jvp
def _logit(x: jax.Array) -> jax.Array:
    # XLA's log1p has full accuracy for positive arguments only, so around 1/2 it gets the larger odds minus 1.
    excess = lax.log1p(lax.abs(2.0 * x - 1.0) / lax.min(x, 1.0 - x))
    return _select(lax.abs(x - 0.5) <= 0.25, _select(x < 0.5, -excess, excess), lax.log(x / (1.0 - x)))


@_logit.defjvp
def _logit_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> _Pair:
    (x,), (tangent,) = primals, tangents
    return _logit(x), tangent / (x * (1.0 - x))


def logit(x: Array) -> jax.Array:
    """``log(x/(1 - x))``."""
    return _logit(*_alike(x))


def step(x: Array) -> jax.Array:
    """1 where ``x >= 0``, 0 elsewhere."""
    (x,) = _alike(x)
    return lax.convert_element_type(x >= 0, x.dtype)


def sigmoid(x: Array) -> jax.Array:
    """``1/(1 + exp(-x))``."""
    return lax.logistic(*_alike(x))


def erf(x: Array) -> jax.Array:
    """The error function."""
    return lax.erf(*_alike(x))


def erfc(x: Array) -> jax.Array:
    """``1 - erf(x)``."""
    return lax.erfc(*_alike(x))


def lgamma(x: Array) -> jax.Array:
    """The logarithm of the absolute value of the gamma function."""
    return lax.lgamma(*_alike(x))


def digamma(x: Array) -> jax.Array:
    """The derivative of `lgamma`."""
    return lax.digamma(*_alike(x))


def polygamma(order: float, x: Array) -> jax.Array:
    """The derivative of `digamma` of an order that is a literal; nan for x <= 0."""
    (x,) = _alike(x)
    value = jax.scipy.special.polygamma(int(order), x)
    return _select(x > 0, value, lax.full_like(x, np.nan))
