"""Traced functions: whether XLA's CPU compiler can make one kernel of them, and the same function in its terms."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from opjax.solve.untyped import core, jnp, lax

Array = Any
LARGEST_VALUE = 768
"""Elements of the largest value that an eligible function computes with; above, the dispatch no longer matters."""
LARGEST_SUM = 4095
"""Terms of all sums of the largest reduction; of more, XLA makes a call of a library."""
SHORT_SUM = 8
"""Terms of the longest sums in a product of matrices that are written in full, as those of the stages of a step are;
the others are a reduction that is computed once, not again in each place that reads it."""

_ELEMENTWISE = """
    abs acos acosh add add_any and asin asinh atan atan2 atanh cbrt ceil clamp convert_element_type cos cosh div eq erf
    erfc exp exp2 expm1 floor ge gt integer_pow is_finite le lgamma log log1p log2 logistic lt max min mul ne neg
    nextafter not one_minus_square or pow real rem round rsqrt select_and_if_vmap select_if_vmap select_n sign sin sinh
    sqrt square stop_gradient sub tan tanh xor
"""
_REDUCING = "argmax reduce_and reduce_max reduce_min reduce_or reduce_prod reduce_sum unvmap_all unvmap_any unvmap_max"
REDUCING = frozenset(_REDUCING.split())
_REARRANGING = """
    broadcast_in_dim concatenate copy copy_p dynamic_slice dynamic_update_slice empty2 iota maybe_set nonbatchable
    nondifferentiable_backward optimization_barrier pad reshape rev slice split squeeze stack transpose unstack
"""
KNOWN = REDUCING.union(_ELEMENTWISE.split(), _REARRANGING.split())
"""Operations, of JAX and equinox, that compile inside one kernel."""
_ROOMY = """
    broadcast_in_dim cond copy copy_p custom_jvp_call custom_vjp_call dynamic_slice dynamic_update_slice empty2 eq
    is_finite jit maybe_set nonbatchable pjit reshape scatter select_if_vmap select_n slice squeeze while
"""
ROOMY = frozenset(_ROOMY.split())
"""Operations whose result may be large: the room for the saved states passes through them."""


# --- may it?


def eligible(jaxpr: Any) -> bool:
    """Whether every operation is known to work inside one kernel, and none is large."""
    waiting = [jaxpr]
    while waiting:
        for equation in waiting.pop().eqns:
            name = equation.primitive.name
            inner = _inner(equation.params)
            if name == "dot_general":
                terms = _terms(equation)
                fine = terms <= SHORT_SUM or terms * _size(equation.outvars[0].aval) <= LARGEST_SUM
            elif name in REDUCING:
                fine = _size(equation.invars[0].aval) <= LARGEST_SUM
            elif name == "scatter":
                fine = _sets_one_place(equation)
            elif name == "bitcast_convert_type":  # in the derivative of erf, from JAX 0.12 on
                fine = equation.invars[0].aval.shape == equation.outvars[0].aval.shape
            else:
                fine = name in RULES or (name in KNOWN and not inner)
            large = name not in ROOMY and any(_size(v.aval) > LARGEST_VALUE for v in equation.outvars)
            if not fine or large:
                return False
            waiting.extend(inner)
    return True


def _inner(params: Mapping[str, Any]) -> list[Any]:
    """The functions that an operation holds."""
    found: list[Any] = []
    for value in params.values():
        parts = cast("Sequence[Any]", value) if isinstance(value, (tuple, list)) else (value,)
        for part in parts:
            if isinstance(part, core.ClosedJaxpr):
                found.append(part.jaxpr)
            elif isinstance(part, core.Jaxpr):
                found.append(part)
    return found


def _size(aval: Any) -> int:
    return math.prod(aval.shape)


def _terms(equation: Any) -> int:
    """The number of products in each sum of a product of matrices."""
    (contracted, _), _ = equation.params["dimension_numbers"]
    shape = equation.invars[0].aval.shape
    return math.prod(shape[d] for d in contracted)


def _sets_one_place(equation: Any) -> bool:
    """Whether a scatter is an assignment at one index, which the compiler writes as an update of a slice."""
    numbers = equation.params["dimension_numbers"]
    indices = equation.invars[1].aval
    return not numbers.operand_batching_dims and _size(indices) == indices.shape[-1]


# --- the same function, of operations that may


def evaluate(jaxpr: Any, constants: Sequence[Array], arguments: Sequence[Array]) -> list[Array]:
    """Evaluate a traced function, equation by equation, with the rules in place of some operations."""
    values: dict[Any, Array] = dict(zip(jaxpr.constvars, constants, strict=True))
    values.update(zip(jaxpr.invars, arguments, strict=True))

    def read(variable: Any) -> Array:
        return variable.val if isinstance(variable, core.Literal) else values[variable]

    for equation in jaxpr.eqns:
        operands = [read(v) for v in equation.invars]
        rule = RULES.get(equation.primitive.name)
        if rule is not None:
            results = rule(equation.params, operands)
        else:
            results = equation.primitive.bind(*operands, **equation.params)
        if not equation.primitive.multiple_results and rule is None:
            results = [results]
        values.update(zip(equation.outvars, results, strict=True))
    return [read(v) for v in jaxpr.outvars]


Params = Mapping[str, Any]


def _closed(closed: Any, operands: Sequence[Array]) -> list[Array]:
    return evaluate(closed.jaxpr, closed.consts, operands)


def _call(params: Params, operands: list[Array]) -> list[Array]:
    held = next(name for name in ("jaxpr", "call_jaxpr", "call") if name in params)
    return _closed(params[held], operands)


def _while(params: Params, operands: list[Array]) -> list[Array]:
    first, second = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
    for_test, for_body, carry = operands[:first], operands[first:second], operands[second:]

    def test(values: list[Array]) -> Array:
        return _closed(params["cond_jaxpr"], [*for_test, *values])[0]

    def body(values: list[Array]) -> list[Array]:
        return _closed(params["body_jaxpr"], [*for_body, *values])

    return lax.while_loop(test, body, carry)


def _cond(params: Params, operands: list[Array]) -> list[Array]:
    branches = [functools.partial(_branch, closed) for closed in params["branches"]]
    return lax.switch(operands[0], branches, *operands[1:])


def _branch(closed: Any, *operands: Array) -> list[Array]:
    return _closed(closed, operands)


def _product(params: Params, operands: list[Array]) -> list[Array]:
    """A product of matrices as a sum of products."""
    left, right = _aligned(params["dimension_numbers"], *operands)
    terms = left.shape[-1]
    if 0 < terms <= SHORT_SUM:
        places = [[lax.index_in_dim(side, i, side.ndim - 1, False) for i in range(terms)] for side in (left, right)]
        total = functools.reduce(operator.add, map(operator.mul, *places))
    else:
        total = lax.optimization_barrier(jnp.sum(left * right, axis=-1))
    wanted = params["preferred_element_type"]
    return [total if wanted is None else total.astype(wanted)]


def _aligned(dimension_numbers: Any, left: Array, right: Array) -> tuple[Array, Array]:
    """The factors of a product with the axes of the result, of size 1 where they have none, and one to sum over."""
    (left_over, right_over), (left_batch, right_batch) = dimension_numbers
    left_free = [d for d in range(left.ndim) if d not in (*left_over, *left_batch)]
    right_free = [d for d in range(right.ndim) if d not in (*right_over, *right_batch)]
    terms = math.prod(left.shape[d] for d in left_over)
    left = jnp.transpose(left, (*left_batch, *left_free, *left_over))
    right = jnp.transpose(right, (*right_batch, *right_free, *right_over))
    batch, rows = len(left_batch), len(left_batch) + len(left_free)
    left = left.reshape(*left.shape[:rows], *(1 for _ in right_free), terms)
    right = right.reshape(
        *right.shape[:batch], *(1 for _ in left_free), *right.shape[batch : batch + len(right_free)], terms
    )
    return left, right


def _polynomial(params: Params, operands: list[Array]) -> list[Array]:
    """A polynomial by Horner's rule, in full; of a long one JAX makes a loop over the coefficients."""
    x, *coefficients = operands
    return [functools.reduce(lambda value, coefficient: value * x + coefficient, reversed(coefficients))]


Rule = Callable[[Params, list[Array]], list[Array]]
RULES: Mapping[str, Rule] = {
    "jit": _call,
    "pjit": _call,
    "closed_call": _call,
    "core_call": _call,
    "custom_jvp_call": _call,
    "custom_vmap_call": _call,
    "custom_vjp_call": _call,
    "while": _while,
    "cond": _cond,
    "dot_general": _product,
    "polynomial": _polynomial,
}
