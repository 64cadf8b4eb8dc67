"""Tables in equations: ``school(t)``, ``linear(beta[w] for w in week)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opjax.ir.nodes import Interpolate, Symbol
from opjax.show.notation import Piece, Position, Running
from opjax.traverse import Walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opjax.ir.types import Dim
    from opjax.show.writer import Writer


def interpolated(writer: Writer, node: Interpolate, at: Mapping[Dim, Position]) -> Walk[Piece]:
    """A table read at a place: an input by its name, any other with a bound index.

    Arguments:
        writer: writes the parts.
        node: the table and the place.
        at: what the dims of the node are read at.
    """
    place = yield writer.walk(node.at, {dim: at[dim] for dim in node.at.dims}, 0)
    rest = {dim: at[dim] for dim in node.table.dims if dim != node.dim}
    if node.dim.axis not in writer.system.axes:
        value = yield writer.walk(node.table, {**rest, node.dim: Running(node.dim)}, 0)
        return writer.notation.of_time(value, place)
    (bound,) = writer.bound((node.dim,), at).values()
    body = yield writer.walk(node.table, {**rest, node.dim: bound}, 0)
    now = isinstance(node.at, Symbol) and node.at.role == "time"
    index = (writer.index(bound), node.dim.axis)
    return writer.notation.table(node.between, body, index, None if now else place)
