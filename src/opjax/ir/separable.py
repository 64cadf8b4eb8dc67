"""Whether expressions fall apart along an axis: no value at one of its positions depends on what is at another.

A block is a model without the axis; it knows its slice of the states and parameters, and neither the other slices nor
where it stands. So every node must keep to the position that it is computed at. This is a property of each node by
itself: a dim over the axis that no node sums, picks, shifts or doubles reaches the rates as it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from opjax.ir.evaluate import reachable
from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    AtPosition,
    Constant,
    Contract,
    Gather,
    IntegerPower,
    Interpolate,
    Join,
    Opaque,
    Place,
    Reduce,
    Segment,
    Stack,
    Symbol,
    View,
)
from opjax.ir.types import Axis, Dim


def first_mixing(roots: Iterable[AnyNode], axis: Axis) -> tuple[AnyNode, str] | None:
    """The first node that leaves its position along an axis, and what it does, in words; None where none does.

    Arguments:
        roots: the values that should fall apart.
        axis: the axis.
    """
    for node in reachable(roots):
        what = _mixing(node, axis)
        if what:
            return node, what
    return None


def _mixing(node: AnyNode, axis: Axis) -> str:
    if sum(dim.axis == axis.name for dim in node.dims) > 1:
        return "this has it twice"
    match node:
        case Reduce(over=over) | Contract(over=over):
            return "this runs over all its positions" if _along(over, axis) else ""
        case Place(dim=dim, position=position):
            return f"this happens at {_label(axis, position)} only" if dim.axis == axis.name else ""
        case View():
            return _reading(node, axis)
        case Interpolate(dim=dim):
            return "this reads between its positions" if dim.axis == axis.name else ""
        case Symbol(role="coordinate" | "position" | "quadrature" | "measure"):
            return "this asks where along it" if _along(node.dims, axis) else ""
        case Opaque(role="delay"):
            return ""  # the past of each position is its own
        case Opaque() | Join() | Gather() | Segment() | Stack():
            parts = tuple(dim for part in (node, *node.operands) for dim in part.dims)
            return "it cannot be seen what this does along it" if _along(parts, axis) else ""
        case Symbol() | Constant() | Apply() | IntegerPower():
            return ""


def _along(dims: Iterable[Dim], axis: Axis) -> bool:
    return any(dim.axis == axis.name for dim in dims)


def _reading(view: View, axis: Axis) -> str:
    for dim, chosen in zip(view.operand.dims, view.selections, strict=True):
        if dim.axis == axis.name and isinstance(chosen, AtPosition):
            return f"this reads what is at {_label(axis, chosen.position)}"
        if dim.axis == axis.name and isinstance(chosen, Along) and chosen.offset:
            return "this reads a neighbour along it"
    return ""


def _label(axis: Axis, position: int) -> str:
    return f"'{axis.names[position]}'"
