"""Signs, fractions and comparisons as people write them in formulas: a minus leads, one fraction stands for two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from opjax.ir.nodes import Along, AnyNode, Apply, Constant, Symbol, View
from opjax.ir.types import Dim
from opjax.show.leaves import position_axis
from opjax.show.notation import BIG, ZERO, Fixed, Piece, Position, Running
from opjax.traverse import Walk

if TYPE_CHECKING:
    from opjax.show.writer import Writer

Positions = Mapping[Dim, Position]


def negative(writer: Writer, piece: Piece) -> Piece:
    """The same with a minus."""
    return ZERO if piece.zero else writer.notation.sum([(True, piece)])


def negated(writer: Writer, node: AnyNode) -> AnyNode | None:
    """What stands behind the minus of a node, where the minus can lead what the node is a part of."""
    if not writer.notation.formulas or node.number in writer.names:
        return None
    return node.arguments[0] if isinstance(node, Apply) and node.function == "negate" else None


def without_minus(writer: Writer, piece: Piece) -> Piece | None:
    """What stands behind the minus of a written term; None where there is none, or more than one term."""
    if not writer.notation.formulas or piece.terms != (piece.text,) or not piece.text.startswith("-"):
        return None
    return Piece(piece.text[1:], BIG)  # a minus stands before what binds so tightly


def fraction(writer: Writer, node: Apply, at: Positions, terms: int) -> Walk[Piece]:
    """A quotient; quotients in its numerator have a part in one denominator, and a minus there leads it."""
    above, below = node.arguments
    factors = [below]
    while isinstance(above, Apply) and above.function == "divide" and above.number not in writer.names:
        above, below = above.arguments
        factors.insert(0, below)
    inner = negated(writer, above)
    pieces = yield writer.walks([above if inner is None else inner, *factors], at, terms)
    whole = ZERO if pieces[0].zero else writer.notation.call("divide", [pieces[0], writer.product(pieces[1:])])
    return whole if inner is None else negative(writer, whole)


def compared(writer: Writer, node: Apply, at: Positions, terms: int) -> Walk[Piece]:
    """A comparison; a number beside the position along an axis is the label there."""
    ended = _before_end(writer, node, at)
    if ended is not None:
        return ended
    axes = [a for a in map(position_axis, node.arguments) if a is not None]
    pieces: list[Piece] = []
    for argument in node.arguments:
        if axes and isinstance(argument, Constant):
            pieces.append(Piece(writer.index(Fixed(axes[0], int(argument.value)))))
        else:
            pieces.append((yield writer.walk(argument, at, terms)))
    return writer.notation.call(node.function, pieces)


def is_behind(writer: Writer, node: AnyNode, at: Positions) -> bool:
    """Whether a condition says that a point is not the last one, of a point that stands before another."""
    if not isinstance(node, Apply) or _before_end(writer, node, at) is None:
        return False
    (position,) = (at[dim] for dim in node.dims)
    if not isinstance(position, Running) or position.offset >= 0:
        return False
    return (position.dim.axis, "periodic") not in writer.edges  # there, the last one stands before the first


def as_repeated(view: View, along: Along, at: Positions) -> Along:
    """A selection as a formula has it: a flux that is zero beyond an end is so too where the last point is repeated.

    What is in the flux is read with the last point repeated, and one formula says one thing of an end.
    """
    if not along.offset or along.edge != "absorb" or not isinstance(at[along.dim], Running):
        return along
    dim = next(dim for dim, one in zip(view.operand.dims, view.selections, strict=True) if one == along)
    return Along(along.dim, along.offset, "stay", along.points) if _vanishes(view.operand, dim) else along


def _vanishes(node: AnyNode, dim: Dim) -> bool:
    """Whether a value is zero where the last point is repeated beyond an end: a flux between neighbours is."""
    while isinstance(node, Apply):
        match node:
            case Apply(function="divide" | "negate"):
                node = node.arguments[0]
            case Apply(function="where", arguments=(_, Constant(value=0.0), other)):
                node = other
            case Apply(function="multiply"):
                return any(_vanishes(factor, dim) for factor in node.arguments if isinstance(factor, Apply))
            case Apply(function="add", arguments=(far, Apply(function="negate", arguments=(near,)))):
                return _repeats(far, near, dim) or _repeats(near, far, dim)
            case _:
                return False
    return False


def _repeats(far: AnyNode, near: AnyNode, dim: Dim) -> bool:
    """Whether one value is the other at a neighbour along a dim, the last point being repeated."""
    if not isinstance(far, View) or far.operand is not near:
        return False
    moved = [one for one in far.selections if one != Along(one.dim if isinstance(one, Along) else dim)]
    return len(moved) == 1 and isinstance(moved[0], Along) and moved[0].dim == dim and moved[0].edge == "stay"


def _before_end(writer: Writer, node: Apply, at: Positions) -> Piece | None:
    """``position + 1 < size`` as a formula: that the point is not the last one."""
    match node:
        case Apply(
            function="less",
            arguments=(Apply(function="add", arguments=(place, Constant(value=1))), Symbol(role="size") as size),
        ) if writer.notation.formulas and position_axis(place) == size.name:
            points = writer.system.axes[size.name].size
        case _:
            return None
    if not points:
        return None
    here = Piece(writer.index(at[place.dims[0]]))
    return writer.notation.call("not_equal", [here, Piece(writer.index(Fixed(size.name, points - 1)))])
