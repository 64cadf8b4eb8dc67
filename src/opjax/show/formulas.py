"""Signs, fractions and comparisons as people write them in formulas: a minus leads, one fraction stands for two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from opjax.ir.nodes import AnyNode, Apply, Constant, Symbol
from opjax.ir.types import Dim
from opjax.show.leaves import position_axis
from opjax.show.notation import BIG, ZERO, Fixed, Piece, Position
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
