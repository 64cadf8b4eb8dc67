"""The default values of many parameters: what a call without any value for them would otherwise make again each time.

A network has a parameter for each reaction. Code that reads them takes neighbours as one vector, ``vector(p[0:2000])``;
here that slice is a vector already, made when it is first asked for, in the state's data type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from opjax.backends.base import Array, Backend, DType

MANY = 64
"""Parameters from which on a vector made once is worth it."""
SEVERAL = 16
"""Parameters from which on a call without any value does not look for each default."""


class Settled(Sequence[Array]):
    """Numbers in order, read like a tuple; a slice of them is a vector.

    Arguments:
        numbers: the values.
        backend: makes arrays of them.
        dtype: their data type.
    """

    def __init__(self, numbers: Sequence[float], backend: Backend, dtype: DType) -> None:
        self.numbers = tuple(numbers)
        self._backend, self._dtype = backend, dtype
        self._computed: dict[object, tuple[Array, ...]] = {}
        self._made: dict[tuple[int, int | None], Array] = {}

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> Array: ...

    @overload
    def __getitem__(self, place: slice) -> Array: ...

    def __getitem__(self, place: int | slice) -> Array:
        key = (place.start, place.stop) if isinstance(place, slice) else (place, None)
        if key not in self._made:
            self._made[key] = self._backend.constant(self.numbers[place], self._dtype)
        return self._made[key]

    def once(self, compute: Callable[[Settled], tuple[Array, ...]]) -> tuple[Array, ...]:
        """What a function computes from the numbers: the first time it is asked for."""
        found = self._computed.get(compute)
        if found is None:
            found = self._computed[compute] = compute(self)
        return found
