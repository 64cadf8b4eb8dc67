"""Long arrays that lie alike in memory are copied as products with one, which are the same to the last bit.

How quickly memory is copied depends on where the two arrays lie: if within pages of 4,096 bytes the second begins less
than 32 bytes behind the first, some processors take ten to forty times as long. Arithmetic does not depend on it. An
array with room for neighbours often begins so: where it is made behind one that fills whole pages, or where both are so
long that each has pages of its own. Others do once in a hundred times, and a product takes longer to begin than a copy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from opjax.compile.text import Table, Value
from opjax.ir.types import Axis

LONG_ROW = 256
"""Elements of a row from which on it may be copied as a product."""
PAGE = 4_096 // 8
"""Elements of double precision in a page of memory."""
NEAR = 16
"""A row that ends so few elements beside the end of a page fills whole pages, with what lies between arrays."""
OWN_PAGES = 16_000
"""An array of so many elements has pages of its own."""


class Writer(Protocol):
    """Writes the text of constants and functions."""

    def helper(self, function: str) -> str:
        """The text that calls a function."""
        ...

    def table(self, table: Table, hint: str) -> str:
        """The name of a constant array."""
        ...


def copied(writer: Writer, there: str, value: Value, axes: Mapping[str, Axis]) -> str:
    """The statement that copies a value.

    Arguments:
        writer: writes the text of what it calls.
        there: where to.
        value: a real value.
        axes: the axes by name.
    """
    sizes = [axes[dim.axis].size or 0 for dim in value.order]
    if not value.whole or not _lie_alike(sizes):
        return f"{there} = {value.text}"
    one = writer.table(Table("cell", number=1.0), "number_1")
    return f"{writer.helper('write_multiply')}({value.text}, {one}, {there.removesuffix('[...]')})"


def _lie_alike(sizes: Sequence[int]) -> bool:
    """Whether an array of some lengths and what it is copied to are likely to begin at like places in pages."""
    if not sizes or sizes[-1] < LONG_ROW:
        return False
    return math.prod(sizes) >= OWN_PAGES or (sizes[-1] + NEAR) % PAGE <= 2 * NEAR
