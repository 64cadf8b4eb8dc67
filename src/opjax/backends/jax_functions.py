"""The functions of the language on JAX arrays, with values and slopes at corners and edges.

`jax.numpy` differentiates corners and edges by multiplication with a mask or with an infinite slope, and 0*inf is nan.
Three rules:

* `maximum`, `minimum`, `clip` and `abs` hand on the tangent of the selected argument: a selection, not a product.
  So ``sqrt(maximum(x, 0))`` has the slope 0 at x = -1. Of equal arguments the first is selected.
* `sqrt`, `cbrt`, `asin`, `acos` and `pow` have infinite slopes at an edge; there a zero tangent or cotangent stays
  zero (`_along`), which makes the same slope 0 in forward mode too.
* `pow` has the right value and slopes at the base 0: 0^0 is 1, the slope in a positive exponent is 0.

Each is a `jax.custom_jvp` around one primitive. Counted in equations, ``maximum(x, 0)`` is 1 forward and 3 with its
gradient; ``jnp.maximum`` is 1 and 7 (and 13 for two variables, here 4); a select that keeps nan, ``where((x >= y) |
(x != x), x, y)``, would be 4 and 6. The zero that stays zero costs `sqrt` 5 equations more than ``jnp.sqrt``.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_derivatives import SymbolicZero

from opjax.backends.base import OPERATORS, Array, ArrayFunction, variadic

_Pair: TypeAlias = tuple[jax.Array, jax.Array]
_MOST_FACTORS = 8  # more factors in a repeated product are less exact than a power
_MOST_HALVES = 5


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


def _of(function: Callable[..., jax.Array]) -> ArrayFunction:
    """The function with its arguments made alike first."""

    def of_any(*values: Array) -> jax.Array:
        return function(*_alike(*values))

    return of_any


def _select(condition: Array, yes: Array, no: Array) -> jax.Array:
    """`jnp.where` without the nested call that it leaves in the traced program."""
    yes, no = _alike(yes, no)
    shape = np.broadcast_shapes(np.shape(condition), yes.shape, no.shape)
    return lax.select(*(jnp.broadcast_to(value, shape) for value in (condition, yes, no)))


def _extreme(
    value: Callable[[jax.Array, jax.Array], jax.Array], first: Callable[[jax.Array, jax.Array], jax.Array]
) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """A selection of one of two arguments.

    Arguments:
        value: selects.
        first: whether it is the first.
    """

    @jax.custom_jvp
    def function(x: jax.Array, y: jax.Array) -> jax.Array:
        return value(x, y)

    @function.defjvp
    def _(primals: _Pair, tangents: _Pair) -> _Pair:
        return function(*primals), _select(first(*primals), *tangents)

    return function


_maximum = _extreme(jnp.maximum, operator.ge)
_minimum = _extreme(jnp.minimum, operator.le)


def _clip(x: jax.Array, low: jax.Array, high: jax.Array) -> jax.Array:
    return _minimum(_maximum(x, low), high)


@jax.custom_jvp
def _absolute(x: jax.Array) -> jax.Array:
    return lax.abs(x)


@_absolute.defjvp
def _absolute_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> _Pair:
    (x,), (tangent,) = primals, tangents
    return _absolute(x), _select(x > 0, tangent, _select(x < 0, -tangent, 0.0))


def _along(tangent: jax.Array, slope: jax.Array) -> jax.Array:
    """``slope*tangent``, linear in the tangent; the slope inf gives 0 for the tangent 0, and infinities for others.

    The slope inf is the product of twice the largest number: 0 stays 0 in both steps, and whatever is not 0 overflows.
    """
    largest = lax.full_like(slope, _largest(slope.dtype), shape=())
    return tangent * _minimum(slope, largest) * _select(slope == np.inf, largest, 1.0)


def _largest(dtype: np.dtype) -> Array:
    return cast(Callable[[np.dtype], Array], jnp.finfo)(dtype).max


def _with_edge(
    value: Callable[[jax.Array], jax.Array],
    slope: Callable[[jax.Array, jax.Array], jax.Array],
    falling: bool = False,
) -> Callable[[jax.Array], jax.Array]:
    """A function of one argument whose slope is infinite at an edge.

    Arguments:
        value: the function.
        slope: the size of its derivative, from the argument and the value.
        falling: whether the derivative is negative.
    """

    @jax.custom_jvp
    def function(x: jax.Array) -> jax.Array:  # of one argument: JAX 0.8 counts the options of a function among them
        return value(x)

    @function.defjvp
    def _(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> _Pair:
        (x,), (tangent,) = primals, tangents
        y = function(x)
        return y, _along(-tangent if falling else tangent, slope(x, y))

    return function


_sqrt = _with_edge(lax.sqrt, lambda x, y: 0.5 / lax.abs(y))  # the root of -0 is -0
_cbrt = _with_edge(lax.cbrt, lambda x, y: (1 / 3) / (y * y))
_asin = _with_edge(lax.asin, lambda x, y: lax.rsqrt((1.0 - x) * (1.0 + x)))
_acos = _with_edge(lax.acos, lambda x, y: lax.rsqrt((1.0 - x) * (1.0 + x)), falling=True)


@jax.custom_jvp
def _power(base: jax.Array, exponent: jax.Array) -> jax.Array:
    return jnp.power(base, exponent)


def _power_jvp(primals: _Pair, tangents: tuple[object, object]) -> _Pair:
    base, exponent = primals
    value = _power(base, exponent)
    parts: list[jax.Array] = []
    if not isinstance(tangents[0], SymbolicZero):
        less = _select(exponent == 0, 0.0, exponent - 1.0)  # 0*base^-1 is nan at the base 0
        parts.append(_along(cast(jax.Array, tangents[0]), exponent * _power(base, less)))
    if not isinstance(tangents[1], SymbolicZero):
        # At the base 0, 0*log(0) is nan, and 0^exponent is constant. A negative base has a value for whole exponents
        # only, and log(abs(base)) keeps a slope that nobody asked for from turning the others into nan.
        flat = (base == 0) & (exponent >= 0)
        logarithm = jnp.log(_select(flat, 1.0, _absolute(base)))
        parts.append(cast(jax.Array, tangents[1]) * (value * logarithm))
    return value, sum(parts[1:], parts[0]) if parts else lax.full_like(value, 0.0)


_power.defjvp(_power_jvp, symbolic_zeros=True)


@functools.lru_cache(maxsize=1024)
def _root(exponent: float) -> Callable[[jax.Array], jax.Array]:
    """The power with a literal exponent between 0 and 1: the slope at 0 is infinite."""
    return _with_edge(
        lambda x: lax.abs(lax.sqrt(x)) if exponent == 0.5 else lax.pow(x, _of_dtype(exponent, x.dtype)),
        lambda x, y: exponent * _power_of(x, exponent - 1.0),
    )


@functools.lru_cache(maxsize=1024)
def _half(exponent: float) -> Callable[[jax.Array], jax.Array]:
    """The power with a literal exponent such as 3/2: a root times whole powers, which is quicker."""

    def value(x: jax.Array) -> jax.Array:
        root, factors = lax.sqrt(x), int(abs(exponent))
        product = root if factors % 2 else lax.abs(root)  # the root of -0 is -0
        if factors:
            product = product * (x if factors == 1 else lax.integer_pow(x, factors))
        return 1.0 / product if exponent < 0 else product

    function = jax.custom_jvp(value)

    @function.defjvp
    def _(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> _Pair:
        (x,), (tangent,) = primals, tangents
        return function(x), tangent * (exponent * _power_of(x, exponent - 1.0))

    return function


def _power_of(base: Array, exponent: Array) -> jax.Array:
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
    if abs(exponent) < _MOST_HALVES and 2 * exponent % 2 == 1:
        return _half(float(exponent))(base)
    return lax.pow(base, _of_dtype(exponent, base.dtype))


@jax.custom_jvp
def _hypot(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.hypot(x, y)


@_hypot.defjvp
def _hypot_jvp(primals: _Pair, tangents: _Pair) -> _Pair:
    x, y = primals
    value = _hypot(x, y)
    length = _select(value == 0, 1.0, value)
    return value, tangents[0] * (x / length) + tangents[1] * (y / length)


@jax.custom_jvp
def _softplus(x: jax.Array) -> jax.Array:
    return lax.max(x, lax.full_like(x, 0.0)) + lax.log1p(lax.exp(-lax.abs(x)))


@_softplus.defjvp
def _softplus_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> _Pair:
    (x,), (tangent,) = primals, tangents
    return _softplus(x), tangent * lax.logistic(x)


@jax.custom_jvp
def _logit(x: jax.Array) -> jax.Array:
    # XLA's log1p has full accuracy for positive arguments only, so around 1/2 it gets the larger odds minus 1.
    excess = lax.log1p(jnp.divide(lax.abs(2.0 * x - 1.0), lax.min(x, 1.0 - x)))
    return _select(lax.abs(x - 0.5) <= 0.25, _select(x < 0.5, -excess, excess), lax.log(jnp.divide(x, 1.0 - x)))


@_logit.defjvp
def _logit_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> _Pair:
    (x,), (tangent,) = primals, tangents
    return _logit(x), jnp.divide(tangent, x * (1.0 - x))


def _step(x: jax.Array) -> jax.Array:
    return lax.convert_element_type(x >= 0, x.dtype)


def _polygamma(order: float, x: Array) -> jax.Array:
    """The derivative of `digamma` of an order that is a literal; nan for x <= 0."""
    (x,) = _alike(x)
    value = jax.scipy.special.polygamma(int(order), x)
    return _select(x > 0, value, np.nan)


DIRECT: Mapping[str, ArrayFunction] = MappingProxyType(
    {
        "exp": jnp.exp,
        "expm1": jnp.expm1,
        "log": jnp.log,
        "log1p": jnp.log1p,
        "log2": jnp.log2,
        "log10": jnp.log10,
        "sin": jnp.sin,
        "cos": jnp.cos,
        "tan": jnp.tan,
        "atan": jnp.atan,
        "atan2": jnp.atan2,
        "sinh": jnp.sinh,
        "cosh": jnp.cosh,
        "tanh": jnp.tanh,
        "where": jnp.where,
        "floor": jnp.floor,
        "ceil": jnp.ceil,
        "sign": jnp.sign,
        "logical_not": jnp.logical_not,
        "mod": jnp.remainder,
    }
)
COMPOSED: Mapping[str, ArrayFunction] = MappingProxyType(
    {
        **OPERATORS,
        "abs": _of(_absolute),
        "minimum": variadic(_of(_minimum)),
        "maximum": variadic(_of(_maximum)),
        "clip": _of(_clip),
        "sqrt": _of(_sqrt),
        "cbrt": _of(_cbrt),
        "asin": _of(_asin),
        "acos": _of(_acos),
        "pow": _power_of,
        "hypot": _of(_hypot),
        "sigmoid": _of(lax.logistic),
        "softplus": _of(_softplus),
        "logit": _of(_logit),
        "step": _of(_step),
        "erf": _of(lax.erf),
        "erfc": _of(lax.erfc),
        "lgamma": _of(lax.lgamma),
        "digamma": _of(lax.digamma),
        "polygamma": _polygamma,
    }
)


def solve_tridiagonal(lower: jax.Array, middle: jax.Array, upper: jax.Array, right: jax.Array) -> jax.Array:
    """The solution of three equations or more with three diagonals.

    Arguments:
        lower: what stands below the diagonal in each row, shape (rows,); the first is not read.
        middle: the diagonal.
        upper: what stands above it; the last is not read.
        right: shape (rows, columns).
    """
    ends = jax.numpy.arange(right.shape[0])
    below = jax.numpy.where(ends > 0, lower, 0.0)
    above = jax.numpy.where(ends < right.shape[0] - 1, upper, 0.0)
    return lax.linalg.tridiagonal_solve(below, middle, above, right)
