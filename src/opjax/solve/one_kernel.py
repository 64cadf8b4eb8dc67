"""One kernel: on a CPU, a whole small solve as a single machine-code function.

XLA's CPU compiler runs a loop as a list of operations, and pays a dispatch for each of them in each step: for a model
of a few states this is most of the time. A function that carries the attribute ``xla_cpu_small_call`` is compiled as
one kernel instead. XLA does not check that it can: a sort, a scatter, a call of a library or a matrix product in such a
function is an error of the compiler, or the end of the process. So the function is traced first, and gets the attribute
only when every operation in it is known to work; small products of matrices are written as sums of products
(`opjax.solve.rewriting`). Everything else runs as it would anyway, with the same results up to rounding.

A function with the attribute must not be transformed further, for that would bring in other operations: under `vmap` it
becomes a loop over the batch (quicker on a CPU than a solve in lock step, whose every lane waits for the slowest), and
its derivative is taken of the function without the attribute.

Measured with diffrax 0.7.2, double precision, Tsit5, rtol 1e-6, in turns in one process on a busy machine (best of 60,
so read the ratios), in microseconds; "gradient" is value and gradient by sensitivities, "batch" and "gradients" are
four of each under `vmap`, "checkpoint" the gradient by diffrax's default adjoint, without one kernel:

    model                       solve       gradient     batch         gradients      checkpoint
                                plain  one  plain  one   plain   one   plain    one
    JAX 0.10.2
    SIR, 2 parameters              58   42    152   49     372    68     474     89          623
    lynx and hare, 6               69   33    328   46     319    82     615    118          802
    SEIR, 64 states, 4            349  119    856  383     914   354   2,755  1,554        2,021
    Fisher-KPP, 256 states, 1     435  124    614  266   1,499   460   2,662  1,073        2,421
    JAX 0.12.0
    SIR, 2 parameters              26   48     78   47     127    72     152     80          153
    lynx and hare, 6               37   34    119   39     156    76     340    102          153
    SEIR, 64 states, 4            103   89    534  240     491   289   2,474    859          333
    Fisher-KPP, 256 states, 1     111  128    239  277   1,839   470   5,530  1,068          957

With JAX 0.12 XLA makes a kernel of the loop itself where all that it holds is small, as in the one solve of SIR at few
times, and knows the numbers that are given with the model, which are arguments here; what is differentiated or mapped
is quicker here in all rows but one. The gradient of Fisher-KPP by 3 parameters is over `LARGEST_VALUE` of
`opjax.solve.rewriting`. Compilation of one solve takes up to a third longer than without with JAX 0.12, that of a batch
half as long, and with JAX 0.10 none takes longer.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from opjax.solve.rewriting import eligible, evaluate
from opjax.solve.untyped import core, jax, jnp, lax, xla_metadata

Array = Any
Function = Callable[..., Any]
ATTRIBUTES = {"xla_cpu_small_call": "true", "inlineable": "false"}
TESTED = ((0, 8), (0, 12))
"""The first and the last version of JAX that the tests of this module have passed with; others take the plain path."""
SWITCH = "OPJAX_ONE_KERNEL"
"""The environment variable that turns this off, with the value ``off``."""


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

    def shape_of(leaf: Any) -> Any:
        return jax.ShapeDtypeStruct(jnp.shape(leaf), jnp.result_type(leaf))

    like = jax.tree.map(shape_of, tuple(arguments))
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


def _shielded(function: Function, traced: Any, given: Packing, results: Packing) -> Function:
    """The compiled form for plain calls and batches, the function itself for derivatives."""

    def whole(vector: Array) -> Array:
        leaves = jax.tree.leaves(given.unpack(vector))
        return results.pack(evaluate(traced.jaxpr, traced.consts, leaves), given.dtype)

    compiled = jax.jit(whole)

    def with_attributes(vector: Array) -> Array:
        with xla_metadata.set_xla_metadata(**ATTRIBUTES):
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
    leaves: tuple[Any, ...]

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


# --- can this version of XLA?


def available() -> bool:
    """Whether the default device is a CPU, JAX is of a tested version, and its compiler makes a kernel of a probe."""
    known = TESTED[0] <= jax.__version_info__[:2] <= TESTED[1]
    return known and jax.default_backend() == "cpu" and os.environ.get(SWITCH, "") != "off" and _probe()


@functools.cache
def _probe() -> bool:
    def loop(state: tuple[Array, Array]) -> tuple[Array, Array]:
        count, saved = state
        return count + 1, lax.dynamic_update_index_in_dim(saved, jnp.sum(saved * 0.5) + 1.0, count, 0)

    def function(saved: Array) -> Array:
        def unfinished(state: Any) -> Any:
            return state[0] < 3

        return lax.while_loop(unfinished, loop, (0, saved))[1]

    inner = jax.jit(function)

    def with_attributes(saved: Array) -> Array:
        with xla_metadata.set_xla_metadata(**ATTRIBUTES):
            return inner(saved)

    found = None
    with contextlib.suppress(jax.errors.JaxRuntimeError), jax.ensure_compile_time_eval():
        found = jax.jit(with_attributes)(jnp.zeros(3, jnp.float32)).tolist()
    return found == [1.0, 1.5, 2.25]
