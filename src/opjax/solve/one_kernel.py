"""One kernel: on a CPU, a whole small solve as a single machine-code function.

XLA's CPU compiler runs a loop as a list of operations, and pays a dispatch for each of them in each step: for a model of
a few states this is most of the time. A function that carries the attribute ``xla_cpu_small_call`` is compiled as one
kernel instead. XLA does not check that it can: a sort, a scatter, a call of a library or a matrix product in such a
function is an error of the compiler. So the function is traced first, and gets the attribute only when every operation
in it is known to work; small products of matrices are written as sums of products. Everything else runs as it would
anyway, with the same results up to rounding.

A function with the attribute must not be transformed further, for that would bring in other operations: under `vmap` it
becomes a loop over the batch (quicker on a CPU than a solve in lock step, whose every lane waits for the slowest), and
its derivative is taken of the function without the attribute.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental.xla_metadata import set_xla_metadata
from jax.extend import core

Array = Any
Function = Callable[..., Any]
ATTRIBUTES = {"xla_cpu_small_call": "true", "inlineable": "false"}
TESTED = ((0, 8), (0, 10))
"""The first and the last version of JAX that the tests of this module have passed with; others take the plain path."""
SWITCH = "OPJAX_ONE_KERNEL"
"""The environment variable that turns this off, with the value ``off``."""
LARGEST_VALUE = 768
"""Elements of the largest value that an eligible function computes with; above, the dispatch no longer matters."""
LARGEST_PRODUCT = 8192
"""Multiplications of the largest product of matrices that is written as a sum of products."""

KNOWN = frozenset(
    """
    abs acos acosh add add_any and argmax asin asinh atan atan2 atanh broadcast_in_dim cbrt ceil clamp concatenate
    convert_element_type copy copy_p cos cosh div dynamic_slice dynamic_update_slice empty2 eq erf erfc exp exp2 expm1
    floor ge gt integer_pow iota is_finite le lgamma log log1p logistic lt max maybe_set min mul ne neg nextafter
    nonbatchable nondifferentiable_backward not or pad pow real reduce_and reduce_max reduce_min reduce_or reduce_prod
    reduce_sum rem reshape rev round rsqrt select_and_if_vmap select_if_vmap select_n sign sin sinh slice split sqrt
    square squeeze stack stop_gradient sub tan tanh transpose unstack unvmap_all unvmap_any unvmap_max xor
    """.split()
)
"""Operations that compile inside one kernel: elementwise, rearranging and reducing ones."""
ROOMY = frozenset(
    """
    broadcast_in_dim cond copy copy_p custom_jvp_call custom_vjp_call dynamic_slice dynamic_update_slice empty2 eq
    is_finite jit maybe_set nonbatchable pjit reshape scatter select_if_vmap select_n slice squeeze while
    """.split()
)
"""Operations whose result may be large: the room for the saved states passes through them."""


@dataclass(eq=False)
class OneKernel:
    """A function that is compiled as one kernel where that is possible; called like the function.

    Arguments:
        function: takes and returns pytrees of arrays, and closes over no traced value.
    """

    function: Function
    _built: dict[object, Function] = field(default_factory=dict[object, Function])

    def __call__(self, *arguments: Any) -> Any:
        """The value of the function."""
        if not available():
            return self.function(*arguments)
        leaves, structure = jax.tree.flatten(arguments)
        key = structure, tuple((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
        if key not in self._built:
            self._built[key] = _build(self.function, arguments)
        return self._built[key](*arguments)


def _build(function: Function, arguments: Sequence[Any]) -> Function:
    """The compiled form where the function is eligible at arguments like these, else the function."""
    like = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(jnp.shape(leaf), jnp.result_type(leaf)), tuple(arguments))
    traced, out_like = jax.make_jaxpr(function, return_shape=True)(*like)
    given, results = Packing.of(like), Packing.of(out_like)
    one_type = len({leaf.dtype for leaf in given.leaves}) == 1 and jnp.issubdtype(given.dtype, jnp.floating)
    counts = all(leaf.dtype == given.dtype or jnp.issubdtype(leaf.dtype, jnp.integer) for leaf in results.leaves)
    if one_type and counts and eligible(traced.jaxpr):
        return _shielded(function, traced, given, results)

    def again(*arguments: Any) -> Any:  # what was traced, so as not to trace it twice
        found = core.jaxpr_as_fun(traced)(*jax.tree.leaves(arguments))
        return jax.tree.unflatten(results.structure, found)

    return again


def _shielded(function: Function, traced: core.ClosedJaxpr, given: Packing, results: Packing) -> Function:
    """The compiled form for plain calls and batches, the function itself for derivatives."""

    def whole(vector: Array) -> Array:
        leaves = jax.tree.leaves(given.unpack(vector))
        return results.pack(_evaluate(traced.jaxpr, traced.consts, leaves), given.dtype)

    compiled = jax.jit(whole)

    def with_attributes(vector: Array) -> Array:
        with set_xla_metadata(**ATTRIBUTES):
            return compiled(vector)

    sequential = jax.custom_batching.sequential_vmap(with_attributes)

    def value(*arguments: Any) -> Any:
        return results.unpack(sequential(given.pack(jax.tree.leaves(arguments), given.dtype)))

    def tangent(primals: Sequence[Any], directions: Sequence[Any]) -> Any:
        return jax.jvp(function, tuple(primals), tuple(directions))

    shielded = jax.custom_jvp(value)
    shielded.defjvp(tangent)
    return shielded


@dataclass(frozen=True, slots=True)
class Packing:
    """A pytree of arrays as one vector.

    A kernel takes one vector and gives one, for XLA stops the whole process at an argument that the kernel does not use
    in the end. Whole numbers travel as floating ones: they count steps, and are small.
    """

    structure: Any
    leaves: tuple[jax.ShapeDtypeStruct, ...]

    @classmethod
    def of(cls, like: Any) -> Packing:
        """The packing of values of these shapes and data types."""
        leaves, structure = jax.tree.flatten(like)
        return cls(structure, tuple(leaves))

    @property
    def dtype(self) -> Any:
        """The data type of the first array."""
        return self.leaves[0].dtype

    def pack(self, leaves: Sequence[Array], dtype: Any) -> Array:
        """The vector."""
        return jnp.concatenate([jnp.reshape(leaf, -1).astype(dtype) for leaf in leaves])

    def unpack(self, vector: Array) -> Any:
        """The pytree."""
        parts: list[Array] = []
        start = 0
        for leaf in self.leaves:
            size = math.prod(leaf.shape)
            parts.append(vector[start : start + size].reshape(leaf.shape).astype(leaf.dtype))
            start += size
        return jax.tree.unflatten(self.structure, parts)


# --- may it?


def eligible(jaxpr: core.Jaxpr) -> bool:
    """Whether every operation is known to work inside one kernel, and none is large."""
    waiting = [jaxpr]
    while waiting:
        for equation in waiting.pop().eqns:
            name = equation.primitive.name
            inner = _inner(equation.params)
            if name == "dot_general":
                fine = _multiplications(equation) <= LARGEST_PRODUCT
            elif name == "scatter":
                fine = _sets_one_place(equation)
            else:
                fine = name in RULES or (name in KNOWN and not inner)
            large = name not in ROOMY and any(_size(v.aval) > LARGEST_VALUE for v in equation.outvars)
            if not fine or large:
                return False
            waiting.extend(inner)
    return True


def _inner(params: Mapping[str, Any]) -> list[core.Jaxpr]:
    """The functions that an operation holds."""
    found: list[core.Jaxpr] = []
    for value in params.values():
        for part in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(part, core.ClosedJaxpr):
                found.append(part.jaxpr)
            elif isinstance(part, core.Jaxpr):
                found.append(part)
    return found


def _size(aval: Any) -> int:
    return math.prod(aval.shape)


def _multiplications(equation: core.JaxprEqn) -> int:
    (contracted, _), _ = equation.params["dimension_numbers"]
    shape = equation.invars[0].aval.shape
    return _size(equation.outvars[0].aval) * math.prod(shape[d] for d in contracted)


def _sets_one_place(equation: core.JaxprEqn) -> bool:
    """Whether a scatter is an assignment at one index, which the compiler writes as an update of a slice."""
    numbers = equation.params["dimension_numbers"]
    indices = equation.invars[1].aval
    return not numbers.operand_batching_dims and _size(indices) == indices.shape[-1]


# --- the same function, of operations that may


def _evaluate(jaxpr: core.Jaxpr, constants: Sequence[Array], arguments: Sequence[Array]) -> list[Array]:
    """Evaluate a traced function, equation by equation, with the rules in place of some operations."""
    values: dict[core.Var, Array] = dict(zip(jaxpr.constvars, constants, strict=True))
    values.update(zip(jaxpr.invars, arguments, strict=True))

    def read(variable: core.Var | core.Literal) -> Array:
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


def _closed(closed: core.ClosedJaxpr, operands: Sequence[Array]) -> list[Array]:
    return _evaluate(closed.jaxpr, closed.consts, operands)


def _call(params: Params, operands: list[Array]) -> list[Array]:
    return _closed(params["jaxpr"] if "jaxpr" in params else params["call_jaxpr"], operands)


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


def _branch(closed: core.ClosedJaxpr, *operands: Array) -> list[Array]:
    return _closed(closed, operands)


def _product(params: Params, operands: list[Array]) -> list[Array]:
    """A product of matrices as a sum of products."""
    (left_over, right_over), (left_batch, right_batch) = params["dimension_numbers"]
    left, right = operands
    left_free = [d for d in range(left.ndim) if d not in (*left_over, *left_batch)]
    right_free = [d for d in range(right.ndim) if d not in (*right_over, *right_batch)]
    left = jnp.transpose(left, (*left_batch, *left_free, *left_over))
    right = jnp.transpose(right, (*right_batch, *right_free, *right_over))
    batch, summed = len(left_batch), len(left_over)
    middle = tuple(range(batch + len(left_free), batch + len(left_free) + len(right_free)))
    left = jnp.expand_dims(left, middle)
    right = jnp.expand_dims(right, tuple(range(batch, batch + len(left_free))))
    total = jnp.sum(left * right, axis=tuple(range(-summed, 0))) if summed else left * right
    wanted = params["preferred_element_type"]
    return [total if wanted is None else total.astype(wanted)]


Rule = Callable[[Params, list[Array]], list[Array]]
RULES: Mapping[str, Rule] = {
    "jit": _call,
    "pjit": _call,
    "closed_call": _call,
    "core_call": _call,
    "custom_jvp_call": _call,
    "custom_vjp_call": _call,
    "while": _while,
    "cond": _cond,
    "dot_general": _product,
}


# --- can this version of XLA?


def available() -> bool:
    """Whether the default device is a CPU, this version of JAX was tested, and its compiler makes a kernel of a probe."""
    known = TESTED[0] <= jax.__version_info__[:2] <= TESTED[1]
    return known and jax.default_backend() == "cpu" and os.environ.get(SWITCH, "") != "off" and _probe()


@functools.cache
def _probe() -> bool:
    def loop(state: tuple[Array, Array]) -> tuple[Array, Array]:
        count, saved = state
        return count + 1, lax.dynamic_update_index_in_dim(saved, jnp.sum(saved * 0.5) + 1.0, count, 0)

    def function(saved: Array) -> Array:
        return lax.while_loop(lambda state: state[0] < 3, loop, (0, saved))[1]

    inner = jax.jit(function)

    def with_attributes(saved: Array) -> Array:
        with set_xla_metadata(**ATTRIBUTES):
            return inner(saved)

    found = None
    with contextlib.suppress(jax.errors.JaxRuntimeError), jax.ensure_compile_time_eval():
        found = jax.jit(with_attributes)(jnp.zeros(3, jnp.float32)).tolist()
    return found == [1.0, 1.5, 2.25]
