"""Pieces of generated code: the text of a value, and what the code refers to by name."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from opjax.ir.types import Dims
from opjax.records import record

TIGHTEST = 9


@record()
class Value:
    """Python text for a value.

    Arguments:
        text: an expression.
        order: the physical order of its dims.
        binding: how tightly it binds.
        fresh: whether it is an array that nothing else holds, so that it may be written to.
        whole: whether it has all points of its dims, and not one of length 1 for some.
        covers: the dims of which it has all points, where these are not all.
    """

    text: str
    order: Dims
    binding: int = TIGHTEST
    fresh: bool = False
    whole: bool = True
    covers: Dims = ()

    def is_own(self, order: Dims) -> bool:
        """Whether it is an array of that order that may be written over."""
        return self.fresh and self.whole and self.order == order

    def within(self, binding: int) -> str:
        """The text as an operand of something that binds this tightly."""
        return self.text if self.binding >= binding else f"({self.text})"


@record(eq=False)
class Table:
    """A constant array that the code refers to by name: what it holds is decided with the dtype.

    Tables are equal when their bits are: 0 and -0, or 1 and a truth, are not the same.
    """

    kind: str
    axis: str = ""
    position: int = 0
    number: float = 0.0
    numbers: tuple[float | bool, ...] = ()
    positions: tuple[int, ...] = ()

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Table) and self._identity() == other._identity())

    def __hash__(self) -> int:
        return hash(self._identity())

    @property
    def is_of_truths(self) -> bool:
        """Whether it holds truth values."""
        return self.kind == "mask" or (self.kind == "numbers" and isinstance(self.numbers[0], bool))

    def _identity(self) -> tuple[object, ...]:
        numbers = bits((self.number, *self.numbers))
        return self.kind, self.axis, self.position, numbers, self.is_of_truths, self.positions


def bits(numbers: Sequence[float]) -> bytes:
    """The bits of numbers, which tell 0 from -0, and a number that is undefined from none."""
    return struct.pack(f"{len(numbers)}d", *numbers)
