"""Texts that read parts of arrays, and what the variables of values are called after."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opjax.compile.signs import INFIX
from opjax.compile.text import TIGHTEST, Value
from opjax.ir.nodes import Along, AnyNode, Apply, AtPosition, Contract, Reduce, Symbol, View
from opjax.ir.types import Dim, Dims


def picked(operand: Value, chosen: Mapping[Dim, Along | AtPosition]) -> Value:
    """The value at the positions that a view picks."""
    picks = [s.position if isinstance(s := chosen[d], AtPosition) else None for d in operand.order]
    if all(p is None for p in picks):
        return operand
    last = max(place for place, p in enumerate(picks) if p is not None)
    inside = ", ".join(":" if p is None else str(p) for p in picks[: last + 1])
    inside += ", ..." if last + 1 < len(picks) else ""
    kept = tuple(d for d in operand.order if isinstance(chosen[d], Along))
    return Value(f"{operand.within(TIGHTEST)}[{inside}]", kept)


def resized(value: Value, along: Along, size: int, helper: Callable[[str], str], place: int) -> Value:
    """The value with another number of points along a dim: a slice where all of them exist.

    Arguments:
        value: an array.
        along: how the dim is read.
        size: its points.
        helper: gives the name of a function.
        place: which dim it is.
    """
    first, last = along.offset, along.offset + along.points
    if first >= 0 and last <= size:
        rest = ", ..." if place + 1 < len(value.order) else ""  # the standard of arrays wants all dims
        return Value(f"{value.within(TIGHTEST)}[{':, ' * place}{first}:{last}{rest}]", value.order)
    return Value(f"{helper(f'read_{along.edge}')}({value.text}, {first}, {last}, {place})", value.order)


def in_order(value: Value, order: Dims) -> Value:
    """The value with its dims in the given order; missing ones have length 1 where broadcasting needs them."""
    wanted = tuple(d for d in order if d in value.order)
    if wanted != value.order:
        places = ", ".join(str(value.order.index(d)) for d in wanted)
        value = Value(f"xp.permute_dims({value.text}, ({places}))", wanted)
    if not wanted or wanted == order[len(order) - len(wanted) :]:
        return value
    first = order.index(wanted[0])
    inside = ", ".join(":" if d in wanted else "None" for d in order[first:])
    return Value(f"{value.within(TIGHTEST)}[{inside}]", order[first:])


def hint_of(node: AnyNode) -> str:
    """What a variable that holds a node is called after, where the model has no name for it."""
    while isinstance(node, View):
        node = node.operand
    match node:
        case Symbol():
            return node.name
        case Apply():
            return node.function if node.function not in INFIX else "v"
        case Reduce() | Contract():
            return "total"
        case _:
            return "v"
