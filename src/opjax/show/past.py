"""Values of the past in equations: ``N(t - tau)``, ``convolve_history(...)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opjax.ir.nodes import AnyNode, Opaque, Symbol, View
from opjax.show.notation import Piece, Position
from opjax.traverse import Walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opjax.ir.types import Dim
    from opjax.show.writer import Writer

LAGS = ("tau", "lag")


def of_the_past(writer: Writer, node: Opaque, at: Mapping[Dim, Position]) -> Walk[Piece]:
    """An expression some time ago, or weighed over the time before now.

    Arguments:
        writer: writes the parts.
        node: has the expression as its first part, and those options that are computed behind it.
        at: what the dims of the node are read at.
    """
    signal = writer.system.history[node.name]
    body, *computed = yield writer.walks(node.parts, at, 0)
    rest = iter(computed)
    options: dict[str, Piece] = {}
    for name, value in signal.settled.items():
        if isinstance(value, str):
            options[name] = Piece(value)
        else:
            options[name] = next(rest) if value is None else writer.notation.number(value)
    notation = writer.notation
    ago = next((options[name] for name in LAGS if name in options), None)
    if ago is None:
        return notation.convolved(body, options)
    if _is_quantity(node.parts[0]):
        return notation.of_time(body, notation.sum([(False, notation.quantity("t")), (True, ago)]))
    return notation.delayed(body, ago)


def _is_quantity(node: AnyNode) -> bool:
    """Whether a node is written as a name with indices."""
    return isinstance(node.operand if isinstance(node, View) else node, Symbol)
