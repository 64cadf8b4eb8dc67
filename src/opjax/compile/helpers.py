"""What generated code calls beside its namespace: functions of the backend, sums of products, neighbours."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from opjax.backends.base import Array, ArrayFunction, Backend, DType
from opjax.compile.lookup import lookups
from opjax.ir.nodes import Edge

SHIFTS: dict[str, Edge] = {"shift_stay": "stay", "shift_absorb": "absorb", "shift_periodic": "periodic"}


def helper(backend: Backend, name: str, dtype: DType) -> ArrayFunction:
    """The function that a helper's name stands for; vectors are made of the given data type."""
    if name in SHIFTS:
        return backend.neighbours(name.removeprefix("shift_")) or neighbours(backend, SHIFTS[name])
    own: dict[str, Callable[..., Array]] = {
        "einsum": backend.einsum,
        "stop_gradient": backend.stop_gradient,
        "take": backend.take,
        "segment_sum": backend.segment_sum,
        "vector": functools.partial(_vector, backend, dtype),
        "vector_of_truths": functools.partial(_vector, backend, backend.xp.bool),
    }
    return own.get(name) or lookups(backend).get(name) or backend.function(name)


def _vector(backend: Backend, dtype: DType, items: Sequence[Array]) -> Array:
    return backend.pack(items, [1] * len(items), dtype)


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


def part(value: Array, axis: int, where: slice) -> Array:
    """A slice along one axis."""
    return value[_at(axis, where.start, where.stop)]


@functools.cache
def _at(axis: int, start: int, stop: int) -> tuple[object, ...]:
    return (*(slice(None),) * axis, slice(start, stop), ...)
