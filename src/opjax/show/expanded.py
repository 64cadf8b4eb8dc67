"""Every cell's equation on a line of its own, with labels in place of indices."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from opjax.compile.layout import shape_of
from opjax.ir.nodes import AnyNode
from opjax.ir.system import System
from opjax.ir.types import declared_dims
from opjax.show.naming import alias_names, taken_names, with_shared
from opjax.show.notation import Fixed
from opjax.show.plain import Plain
from opjax.show.writer import Writer
from opjax.source import Span

MOST_CELLS = 300
MOST_CHARACTERS = 500_000
MOST_TERMS = 12
"""Reductions over more points than this stay reductions."""


@dataclass(frozen=True, slots=True)
class _Quantity:
    """Something to write cell by cell; `pattern` puts the cell's name into the left side."""

    pattern: str
    name: str
    axes: tuple[str, ...]
    node: AnyNode
    span: Span
    is_definition: bool = False


def expanded(system: System) -> str:
    """The equations of a model, cell by cell.

    Arguments:
        system: the model.

    Returns:
        Aliases first, then the derivatives; what is left out of a large model is counted.

    Raises:
        OpjaxError: E0803 for an axis without labels.
    """
    aliases = alias_names(system)
    names = with_shared(system, aliases, system.rates.values())
    writer = Writer(system, Plain(taken_names(system)), names, MOST_TERMS)
    lines: list[str] = []
    written = 0
    for quantity in _quantities(system, writer):
        shape = shape_of(quantity.axes, system.axes, quantity.span)
        total = math.prod(shape)
        for place in range(total):
            if place == MOST_CELLS or written > MOST_CHARACTERS:
                lines.append(f"# {total - place} more cells of {quantity.name}: {place} of {total} are shown")
                break
            lines.append(_line(writer, quantity, _cell(place, shape)))
            written += len(lines[-1])
    return "\n".join(lines) + "\n"


def _quantities(system: System, writer: Writer) -> Iterator[_Quantity]:
    aliased = {alias.name for alias in system.aliases.values()}
    for alias in system.aliases.values():
        own = writer.names.get(alias.value.number)
        same = own is not None and own.name == alias.name
        yield _Quantity("{}", alias.name, alias.axes, alias.value, alias.span, same)
    for named in writer.names.values():
        if named.name not in aliased:
            yield _Quantity("{}", named.name, tuple(d.axis for d in named.dims), named.node, named.node.span, True)
    for state in system.states.values():
        yield _Quantity("d({})/dt", state.name, state.axes, system.rates[state.name], state.span)


def _line(writer: Writer, quantity: _Quantity, cell: tuple[int, ...]) -> str:
    own = declared_dims(quantity.axes)
    if quantity.is_definition and quantity.name in {n.name for n in writer.names.values()}:
        own = next(n.dims for n in writer.names.values() if n.name == quantity.name)
    at = {dim: Fixed(dim.axis, place) for dim, place in zip(own, cell, strict=True)}
    left = writer.notation.quantity(quantity.name, [writer.index(at[dim]) for dim in own]).text
    positions = {dim: at[dim] for dim in quantity.node.dims}
    write = writer.define if quantity.is_definition else writer.write
    return f"{quantity.pattern.format(left)} = {write(quantity.node, positions).text}"


def _cell(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The positions of a cell, the last axis varying fastest."""
    positions: list[int] = []
    for length in reversed(shape):
        place, position = divmod(place, length)
        positions.append(position)
    return tuple(reversed(positions))
