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


def read_along(value: Value, along: Along, size: int, helper: Callable[[str], str], place: int) -> Value:
    """The value read along a dim: shifted, or at another number of points, which is a slice where all of them exist.

    Arguments:
        value: an array.
        along: how the dim is read.
        size: its points.
        helper: gives the name of a function.
        place: which dim it is.
    """
    lead, rest = ":, " * place, ", ..." if place + 1 < len(value.order) else ""  # the standard of arrays wants all dims
    if not along.points:
        if is_swap(along, size):
            return Value(f"{value.within(TIGHTEST)}[{lead}::-1{rest}]", value.order)
        call = f"{helper(f'shift_{along.edge}')}({value.text}, {along.offset}, {place})" if along.offset else ""
        return Value(call, value.order) if call else value
    first, last = along.offset, along.offset + along.points
    if first >= 0 and last <= size:
        return Value(f"{value.within(TIGHTEST)}[{lead}{first}:{last}{rest}]", value.order)
    return Value(f"{helper(f'read_{along.edge}')}({value.text}, {first}, {last}, {place})", value.order)


def is_swap(along: Along, size: int) -> bool:
    """Whether the two points of a dim change places."""
    return size == 2 and along.offset % 2 == 1 and along.edge == "periodic" and not along.points


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
