"""Long arrays are copied as products with one, which are the same to the last bit.

How quickly memory is copied depends on where the two arrays lie: if within pages of 4,096 bytes the second begins less
than 32 bytes behind the first, some processors take ten to forty times as long, and arrays with room for neighbours
often do. Arithmetic does not depend on it, and takes as long as a copy does elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from opjax.compile.text import Table, Value
from opjax.ir.types import Axis

LONG_ROW = 256
"""Elements of a row from which on it is copied as a product."""


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
    if not value.order or (axes[value.order[-1].axis].size or 0) < LONG_ROW or not value.whole:
        return f"{there} = {value.text}"
    one = writer.table(Table("cell", number=1.0), "number_1")
    return f"{writer.helper('write_multiply')}({value.text}, {one}, {there.removesuffix('[...]')})"
