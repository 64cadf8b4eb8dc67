"""Pieces of generated code: the text of a value, and what the code refers to by name."""

from __future__ import annotations

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
    """

    text: str
    order: Dims
    binding: int = TIGHTEST
    fresh: bool = False
    whole: bool = True

    def within(self, binding: int) -> str:
        """The text as an operand of something that binds this tightly."""
        return self.text if self.binding >= binding else f"({self.text})"


@record()
class Table:
    """A constant array that the code refers to by name: what it holds is decided with the dtype."""

    kind: str
    axis: str = ""
    position: int = 0
    number: float = 0.0
    numbers: tuple[float | bool, ...] = ()
    positions: tuple[int, ...] = ()
