"""Arrays that are joined of parts along one of several dims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, Protocol

from opjax.compile.text import TIGHTEST, Value
from opjax.ir.nodes import AnyNode, Constant, Join
from opjax.ir.types import Axis, Dims


class Writer(Protocol):
    """What is needed of the emitter."""

    def operand(self, node: AnyNode) -> Value:
        """The text of a node that has been written."""
        ...

    def number(self, number: float) -> str:
        """The name of a number as an array."""
        ...

    def common_order(self, orders: list[Dims]) -> Dims:
        """One physical order for several values."""
        ...


class Block(NamedTuple):
    """A part of an array.

    Arguments:
        value: it, with the dim that it is joined along in place of its own.
        first: where it begins.
        points: how many it has.
    """

    value: Value
    first: int
    points: int


def blocks(writer: Writer, node: Join, axes: Mapping[str, Axis]) -> tuple[list[Block], Dims]:
    """The parts, and the order of the dims of the whole."""
    found: list[Block] = []
    first = 0
    for part in node.parts:
        own = node.own(part)
        value = Value(writer.number(part.value), ()) if isinstance(part, Constant) else writer.operand(part)
        points = (axes[own.axis].size or 0) if own else 1
        order = tuple(node.dim if dim == own else dim for dim in value.order)
        found.append(Block(replace(value, order=order), first, points))
        first += points
    return found, writer.common_order([*(block.value.order for block in found), (node.dim,), node.others])


def concatenated(writer: Writer, node: Join, axes: Mapping[str, Axis]) -> Value:
    """The text of the whole as a new array."""
    found, order = blocks(writer, node, axes)
    parts, comma = ", ".join(_whole(found, order, node, axes)), "," if len(found) == 1 else ""
    return Value(f"xp.concat(({parts}{comma}), axis={order.index(node.dim)})", order)


def _whole(found: list[Block], order: Dims, node: Join, axes: Mapping[str, Axis]) -> Iterator[str]:
    """The texts of the parts with all dims."""
    for value, _, points in found:
        present = tuple(dim for dim in order if dim in value.order)
        text = value.within(TIGHTEST)
        if present != value.order:
            text = f"xp.permute_dims({value.text}, ({', '.join(str(value.order.index(dim)) for dim in present)}))"
        if present != order:
            text += f"[{', '.join(':' if dim in present else 'None' for dim in order)}]"
        if not set(node.others).issubset(present):
            shape = ", ".join(str(points if dim == node.dim else axes[dim.axis].size or 0) for dim in order)
            text = f"xp.broadcast_to({text}, ({shape}))"
        yield text
