"""The JAX backend: traced, mapped, differentiated, in the precision of the state."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Final, final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from opjax.backends import numpy as calculating
from opjax.backends.base import Array, ArrayFunction, Backend, DType, Namespace, Runs, Values
from opjax.backends.jax_functions import COMPOSED, DIRECT
from opjax.backends.jax_ways import either, for_one

_ELEMENTS: Final = lax.GatherDimensionNumbers(offset_dims=(), collapsed_slice_dims=(0,), start_index_map=(0,))


SHORT: Final = 16
"""The longest vectors that are put together as quickly as they are, in one operation, as in rows."""
FEW: Final = 8
"""Numbers that are put together in one operation."""
_SUMS: Final = lax.ScatterDimensionNumbers(
    update_window_dims=(), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,)
)


@final
class JaxBackend(Backend):
    """JAX: `jax.numpy`, with functions that are safe to differentiate."""

    name = "jax"
    xp: Namespace = jnp
    differentiable = True
    takes_numbers = True
    places_constants = True
    widens = True
    maps_by_rules = True
    splits = True
    _direct = DIRECT
    _composed = COMPOSED

    def asarray(self, value: object, dtype: DType, like: Array | None = None) -> Array:
        """As `Backend.asarray`; JAX places arrays by itself, so `like` is not used.

        A number that is known stays known while a function is traced: many of them are one constant then.
        """
        if isinstance(value, jax.Array) and value.dtype == dtype and not value.weak_type:
            return value
        if isinstance(value, Tracer) or getattr(value, "ndim", 0) > 0:
            return self.xp.asarray(value, dtype=dtype)
        with jax.ensure_compile_time_eval():
            return self.xp.asarray(value, dtype=dtype)

    def dtype_of(self, y: object) -> DType:
        """As `Backend.dtype_of`; the default is double precision where JAX's x64 mode is on, single elsewhere."""
        dtype = jnp.result_type(y if hasattr(y, "dtype") else self.xp.asarray(y))
        return dtype if jnp.issubdtype(dtype, jnp.inexact) else jnp.result_type(float)

    def constant(self, values: Values, dtype: DType, like: Array | None = None) -> Array:
        """As `Backend.constant`, also while a function is traced; NumPy reads long tuples at once."""
        with np.errstate(over="ignore", under="ignore"):
            array = np.asarray(values, dtype)
        return self.constant_of(array)

    def packer(
        self, sizes: Sequence[int], dtype: DType, numbers: bool, alone: bool = False
    ) -> Callable[[Sequence[Array]], Array]:
        """As `Backend.packer`; of one state nothing needs to stand in rows."""
        return functools.partial(self._packed, sizes=tuple(sizes), dtype=dtype, rows=not alone)

    def pack(self, parts: Sequence[Array], sizes: Sequence[int], dtype: DType) -> Array:
        """As `Backend.pack`; neighbouring numbers become one stack, long vectors of one length the rows of a table."""
        return self._packed(parts, sizes, dtype, rows=True)

    def _packed(self, parts: Sequence[Array], sizes: Sequence[int], dtype: DType, rows: bool) -> Array:
        arrays = [self._part(part, size, dtype) for part, size in zip(parts, sizes, strict=True)]
        if len(arrays) > 1 and arrays[0].ndim > 0 and len({array.shape for array in arrays}) == 1:
            if arrays[0].ndim > 1:
                return jnp.concatenate(arrays).reshape(-1)
            return _rows(*arrays) if rows and arrays[0].shape[0] > SHORT else jnp.concatenate(arrays)
        # What is known when the program is made XLA computes once, in one piece.
        stacked = _stacked if any(isinstance(part, Tracer) for part in parts) else jnp.stack
        runs: list[Array] = []
        for is_number, run in itertools.groupby(arrays, key=lambda array: array.ndim == 0):
            neighbours = list(run)
            runs.extend([stacked(neighbours)] if is_number else [array.reshape(-1) for array in neighbours])
        if not runs:
            return self.xp.zeros(0, dtype=dtype)
        return runs[0] if len(runs) == 1 else jnp.concatenate(runs)

    def vector(self, numbers: Sequence[Array], dtype: DType) -> Array:
        """As `Backend.vector`: a constant of numbers that are known."""
        if any(isinstance(number, Tracer) for number in numbers):
            return self.pack(numbers, [1] * len(numbers), dtype)
        return self.constant_of(np.array([np.asarray(number) for number in numbers], dtype))

    def _part(self, part: Array, size: int, dtype: DType) -> Array:
        array = self.asarray(part, dtype)
        return jnp.broadcast_to(array, (size,)) if array.ndim == 0 and size != 1 else array

    def split(self, vector: Array, sizes: Sequence[int]) -> Sequence[Array]:
        """As `Backend.split`: one operation, whose gradient puts the parts together; that of slices adds up vectors."""
        return lax.split(vector, sizes)

    def einsum(self, subscripts: str, *operands: Array) -> Array:
        """As `Backend.einsum`; in full precision, where accelerators would otherwise drop bits."""
        turned = _rows_first(subscripts)
        if turned is not None:
            subscripts, operands = turned, operands[::-1]
        return self.xp.einsum(subscripts, *operands, precision=jax.lax.Precision.HIGHEST)

    def neighbours(self, edge: str) -> ArrayFunction | None:
        """As `Backend.neighbours`; with zeros beyond the ends it is two operations."""
        return _moved if edge == "absorb" else None

    def beyond(self, edge: str) -> ArrayFunction | None:
        """As `Backend.beyond`; with zeros beyond the ends it is one operation."""
        return _with_zeros if edge == "absorb" else None

    def widened(self, edge: str) -> ArrayFunction:
        """As `Backend.widened`: one operation; on CPUs a buffer, which XLA would take apart for each slice of it."""
        return functools.partial(_widen, edge)

    def alone(self, one: ArrayFunction, many: ArrayFunction) -> ArrayFunction:
        """As `Backend.alone`, on CPUs, and where the function is traced: each operation for itself takes more time."""
        return for_one(one, many)

    def as_one(self, function: ArrayFunction, *static: int) -> ArrayFunction:
        """As `Backend.as_one`."""
        return jax.jit(function, static_argnums=static)

    def placing(self, dtype: DType) -> ArrayFunction:
        """As `Backend.placing`: zeros around it, whose derivative is a slice."""
        return functools.partial(_placed, dtype)

    def positions(self, values: Sequence[int]) -> Array:
        """As `Backend.positions`; one index for each element, as `lax.gather` counts them."""
        return self.constant_of(np.asarray(values, np.int32)[:, None])

    def take(self, x: Array, positions: Array) -> Array:
        """As `Backend.take`: one operation, without the checks of positions that indexing brings."""
        return _take(x, positions)

    def pieces(self, x: Array, positions: Array, runs: tuple[tuple[int, int], ...]) -> Array:
        """As `Backend.pieces`; derivatives are put together of slices, so that the gradient adds slices up."""
        return _pieces(x, positions, runs)

    def takes(self, x: Array, everywhere: Array, *parts: Array) -> tuple[Array, ...]:
        """As `Backend.takes`: all at once, which is one loop for XLA, and one sum in a gradient."""
        return _cut(_take(x, everywhere), [*itertools.accumulate((part.shape[0] for part in parts), initial=0)])

    def added(self, x: Array, runs: Runs, size: int, numbers: Array, sums: Array, *rest: Array) -> Array:
        """As `Backend.added`: in the order of the runs for one state, in that of the sums where many are mapped.

        XLA writes slices behind each other in a loop over memory, and a gather asks for each element where it lies. Of
        many states, each sum is in the processor's cache while it grows, if sums are taken in their order.
        """

        def one(x: Array, numbers: Array, sums: Array, *rest: Array) -> Array:
            read = jnp.concatenate([*(x[low:high] for low, high in runs), *(_take(x, found) for found in rest)])
            return _sums(read * numbers, sums, size, False, lax.GatherScatterMode.FILL_OR_DROP)

        def each(x: Array) -> Array:
            own, behind = np.asarray(sums)[:, 0], [np.asarray(found)[:, 0] for found in rest]
            order = np.argsort(own, kind="stable")[: np.count_nonzero(own < size)]
            reads = np.concatenate([*(np.arange(low, high) for low, high in runs), *behind])[order]
            terms = _take(x, self.positions(reads.tolist())) * self.constant_of(np.asarray(numbers)[order])
            return self.segment_sum(terms, self.positions(own[order].tolist()), size)

        return either(one, each, x, numbers, sums, *rest)

    def segment_sum(self, x: Array, positions: Array, size: int, ascending: bool = True) -> Array:
        """As `Backend.segment_sum`."""
        return _sums(x, positions, size, ascending, lax.GatherScatterMode.PROMISE_IN_BOUNDS)

    def stop_gradient(self, x: Array) -> Array:
        """As `Backend.stop_gradient`."""
        return jax.lax.stop_gradient(x)

    @property
    def calculator(self) -> Backend:
        """As `Backend.calculator`: NumPy."""
        return calculating.BACKEND

    def constant_of(self, value: Array) -> Array:
        """As `Backend.constant_of`; `jnp.asarray` would have XLA compile a program for each shape."""
        with jax.ensure_compile_time_eval():
            return jax.device_put(value)

    def count_not_above(self, points: Array, at: Array) -> Array:
        """As `Backend.count_not_above`; a few points are compared all at once, which is quicker than a search."""
        way = "compare_all" if points.shape[0] <= 512 else "scan"
        return jnp.searchsorted(points, at, side="right", method=way)

    def is_array(self, x: object) -> bool:
        """As `Backend.is_array`."""
        return isinstance(x, jax.Array)


def _rows_first(subscripts: str) -> str | None:
    """The subscripts of a vector times each row of a matrix, ``a,ba->b``, for the matrix times the vector; else None.

    Mapped over matrices, the product is one of all their rows then, and XLA turns nothing.
    """
    vector, _, others = subscripts.partition(",")
    matrix, _, result = others.partition("->")
    return f"{matrix},{vector}->{result}" if len(vector) == 1 and result and matrix == result + vector else None


def _take(x: jax.Array, positions: jax.Array) -> jax.Array:
    return lax.gather(x, positions, _ELEMENTS, (1,), mode=lax.GatherScatterMode.PROMISE_IN_BOUNDS)


def _sums(x: jax.Array, positions: jax.Array, size: int, ascending: bool, mode: lax.GatherScatterMode) -> jax.Array:
    return lax.scatter_add(jnp.zeros(size, x.dtype), positions, x, _SUMS, indices_are_sorted=ascending, mode=mode)


def _pieces(x: jax.Array, positions: jax.Array, runs: Runs) -> jax.Array:
    """Slices that are put together; these XLA writes to memory first where many vectors are mapped."""

    def one(x: jax.Array) -> jax.Array:
        return jnp.concatenate([x[low:high] for low, high in runs])

    def each(x: jax.Array) -> jax.Array:
        return _take(x, positions)

    return either(one, each, x)


def _cut(vector: jax.Array, ends: Sequence[int]) -> tuple[jax.Array, ...]:
    return tuple(vector[low:high] for low, high in itertools.pairwise(ends))


def _stacked(numbers: Sequence[jax.Array]) -> jax.Array:
    """Numbers as a vector: where they are many, pieces that are written to memory first.

    XLA computes a vector out of few numbers as statements one behind the other; out of more it makes a loop that asks
    for each element which number it is, which is slow, and takes long to compile.
    """
    parts, join = list(numbers), jnp.stack
    while len(parts) > FEW:
        count = -(-len(parts) // FEW)
        size = -(-len(parts) // count)  # as even as can be: a piece of one number is not worth it
        parts = [_written(join(parts[first : first + size])) for first in range(0, len(parts), size)]
        join = jnp.concatenate
    return join(parts)


def _written(value: jax.Array) -> jax.Array:
    """A value that XLA writes to memory, and does not compute again inside of what reads it, on a CPU."""
    return lax.optimization_barrier(value) if jax.default_backend() == "cpu" else value


def _in_rows(*vectors: jax.Array) -> jax.Array:
    """Vectors one behind the other: XLA writes rows in one loop, and vectors under vmap in several."""
    return jnp.concatenate([vector.reshape(1, -1) for vector in vectors]).reshape(-1)


def _with_ends(edge: str, value: jax.Array, low: int, high: int) -> jax.Array:
    size = value.shape[-1]
    if edge == "absorb":
        wide = _with_zeros(value, -low, size + high, value.ndim - 1)
    elif edge == "periodic":
        wide = jnp.concatenate([value[..., size - low :], value, value[..., :high]], axis=-1)
    else:
        ends = (value[..., :1], low), (value[..., -1:], high)
        before, after = ([jnp.broadcast_to(end, (*value.shape[:-1], n))] if n else [] for end, n in ends)
        wide = jnp.concatenate([*before, value, *after], axis=-1)
    return _written(wide)


def _with_zeros(value: jax.Array, first: int, last: int, axis: int) -> jax.Array:
    """The points from one to another, with zeros for those that do not exist."""
    around = [(0, 0, 0)] * value.ndim
    around[axis] = (-first, last - value.shape[axis], 0)
    return lax.pad(value, np.zeros((), value.dtype), around)


def _moved(value: jax.Array, offset: int, axis: int) -> jax.Array:
    """What stays of the points, with zeros beside it.

    Padding by less than nothing would cut them off too; but XLA makes a longer array of that first, in memory of its
    own where something is shifted there and back.
    """
    size = value.shape[axis]
    step = max(-size, min(size, offset))
    kept = lax.slice_in_dim(value, max(0, step), size + min(0, step), axis=axis)
    return _with_zeros(kept, min(0, step), size + min(0, step), axis)


_rows: ArrayFunction = jax.jit(_in_rows)


def _placed(dtype: DType, x: Array, axis: int, position: int, size: int) -> Array:
    """The value at one position of a new axis, zero elsewhere."""
    row = lax.expand_dims(jnp.asarray(x, dtype), (axis,))
    around = [(0, 0, 0)] * row.ndim
    around[axis] = (position, size - 1 - position, 0)
    return lax.pad(row, np.zeros((), dtype), around)


_widen: ArrayFunction = jax.jit(_with_ends, static_argnums=(0, 2, 3))


def register_without_leaves(kind: type) -> None:
    """Make a class a pytree without leaves: its objects are compared by equality and never traced."""
    jax.tree_util.register_static(kind)


BACKEND: Final = JaxBackend()
