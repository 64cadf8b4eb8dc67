"""What generated code calls beside its namespace: functions of the backend, sums of products, neighbours."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Sequence
from typing import Any

from opjax.backends.base import Array, ArrayFunction, Backend, DType
from opjax.compile.lookup import lookups
from opjax.ir.nodes import Edge

SHIFTS: dict[str, Edge] = {"shift_stay": "stay", "shift_absorb": "absorb", "shift_periodic": "periodic"}
READ: dict[str, Edge] = {"read_stay": "stay", "read_absorb": "absorb", "read_periodic": "periodic"}
WIDENED: dict[str, Edge] = {"widen_stay": "stay", "widen_absorb": "absorb", "widen_periodic": "periodic"}


def helper(backend: Backend, name: str, dtype: DType) -> ArrayFunction:
    """The function that a helper's name stands for; vectors are made of the given data type."""
    if name.startswith("number "):
        return NUMBERS[name.removeprefix("number ")]
    if name in SHIFTS:
        return backend.neighbours(name.removeprefix("shift_")) or neighbours(backend, SHIFTS[name])
    if name in WIDENED:
        return backend.widened(WIDENED[name]) or widened(backend, WIDENED[name])
    if name in READ:
        return backend.beyond(READ[name]) or read_beyond(backend, READ[name])
    own: dict[str, Any] = {
        "placed": backend.placing(dtype) or _placing(backend, dtype),
        "einsum": backend.einsum,
        "split": backend.split,
        "stop_gradient": backend.stop_gradient,
        "take": backend.take,
        "takes": backend.takes,
        "pieces": backend.pieces,
        "added": backend.added,
        "segment_sum": backend.segment_sum,
        "vector": functools.partial(_vector, backend, dtype),
        "vector_of_truths": functools.partial(_vector, backend, backend.xp.bool),
        "real": dtype,
    }
    own |= _writing(backend, dtype) if backend.name == "numpy" else {}
    return own.get(name) or lookups(backend).get(name) or backend.function(name)


def _placing(backend: Backend, dtype: DType) -> ArrayFunction:
    """The value at one position of a new axis, zero elsewhere, where a namespace has no function for that."""
    xp = backend.xp

    def placed(v: Array, axis: int, position: int, size: int) -> Array:
        part = xp.expand_dims(xp.asarray(v, dtype=dtype), axis=axis)
        before, behind = (
            xp.zeros((*part.shape[:axis], count, *part.shape[axis + 1 :]), dtype=dtype)
            for count in (position, size - position - 1)
        )
        return xp.concat((before, part, behind), axis=axis)

    return placed


def _minimum(x: float, y: float) -> float:
    return x if x <= y or x != x else y


def _maximum(x: float, y: float) -> float:
    return x if x >= y or x != x else y


def _clip(x: float, low: float, high: float) -> float:
    return _minimum(_maximum(x, low), high)


def _floor(x: float) -> float:
    return x // 1.0 if x - x == 0.0 else x  # also where there is no such integer, or it would lose the sign of -0


def _ceil(x: float) -> float:
    return -_floor(-x)


def _sign(x: float) -> float:
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0 if x == 0.0 else x


def _step(x: float) -> float:
    return 1.0 if x >= 0.0 else 0.0


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


NUMBERS: dict[str, ArrayFunction] = {
    "abs": abs,
    "sign": _sign,
    "step": _step,
    "floor": _floor,
    "ceil": _ceil,
    "mod": operator.mod,
    "sigmoid": _sigmoid,
    "exp": math.exp,
    "expm1": math.expm1,
    "log": math.log,
    "log1p": math.log1p,
    "log2": math.log2,
    "log10": math.log10,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "atan2": math.atan2,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "pow": math.pow,
    "minimum": _minimum,
    "maximum": _maximum,
    "clip": _clip,
}
"""Functions of Python's numbers; where the result is no finite number they raise, or say what arrays say."""


def _writing(backend: Backend, dtype: DType) -> dict[str, ArrayFunction]:
    """What makes arrays and writes to them; numbers that stand beside arrays are arrays without axes."""
    xp = backend.xp

    def counted(positions: Array, x: Array, size: int) -> Array:
        return backend.segment_sum(x, positions, size)

    return {
        "counted": xp.bincount if dtype == xp.float64 else counted,  # which adds in double precision
        "taken": xp.ndarray.take,
        "array": xp.array,
        "empty": xp.empty,
        "cell": xp.asarray,
        "write_add": xp.add,
        "write_subtract": xp.subtract,
        "write_multiply": xp.multiply,
        "write_divide": xp.divide,
        "write_negative": xp.negative,
        "sum_of": xp.add.reduce,
        "prod_of": xp.multiply.reduce,
        "min_of": xp.minimum.reduce,
        "max_of": xp.maximum.reduce,
    }


def _vector(backend: Backend, dtype: DType, items: Sequence[Array] | Array) -> Array:
    if hasattr(items, "dtype"):  # a slice of defaults, which is one vector
        return items
    return backend.vector(items, dtype)


def neighbours(backend: Backend, edge: Edge) -> ArrayFunction:
    """A function that reads each point's neighbour: ``shift(v, offset, axis)[i]`` is ``v[i + offset]`` along the axis.

    Beyond the end lies the last point ("stay"), zero ("absorb") or the other end ("periodic").
    """
    xp = backend.xp

    def shift(value: Array, offset: int, axis: int) -> Array:
        size = value.shape[axis]
        if edge == "periodic":
            return xp.roll(value, -offset, axis=axis)
        beyond = min(abs(offset), size)
        if edge == "stay":
            last = part(value, axis, slice(size - 1, size) if offset > 0 else slice(0, 1))
            ends = [last] * beyond
        else:
            ends = [xp.zeros_like(part(value, axis, slice(0, beyond)))]
        inner = part(value, axis, slice(beyond, size) if offset > 0 else slice(0, size - beyond))
        return xp.concat([inner, *ends] if offset > 0 else [*ends, inner], axis=axis)

    return shift


def widened(backend: Backend, edge: Edge) -> ArrayFunction:
    """A function ``widen(v, low, high)``: an array with some points beyond both ends of its last axis."""
    read = read_beyond(backend, edge)

    def widen(value: Array, low: int, high: int) -> Array:
        last = value.ndim - 1
        return read(value, -low, value.shape[last] + high, last)

    return widen


def read_beyond(backend: Backend, edge: Edge) -> ArrayFunction:
    """A function ``read(v, first, last, axis)``: the points from one to another, which may be beyond the ends."""
    xp = backend.xp

    def read(value: Array, first: int, last: int, axis: int) -> Array:
        size, parts = value.shape[axis], list[Array]()
        while first < last:
            inside = edge == "periodic" or 0 <= first < size
            start = first % size if inside else 0 if first < 0 else size - 1
            stop = min(size, start + last - first) if inside else start + 1
            found = part(value, axis, slice(start, stop))
            parts.append(found if inside or edge == "stay" else xp.zeros_like(found))
            first += stop - start
        return xp.concat(parts, axis=axis)

    return read


def part(value: Array, axis: int, where: slice) -> Array:
    """A slice along one axis."""
    return value[_at(axis, where.start, where.stop)]


@functools.cache
def _at(axis: int, start: int, stop: int) -> tuple[object, ...]:
    return (*(slice(None),) * axis, slice(start, stop), ...)
