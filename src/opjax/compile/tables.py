"""Emission of tables: the place among the points is found in one statement for all tables that are read there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from opjax.compile.text import Table
from opjax.ir.nodes import AnyNode, Between, Constant, Interpolate

if TYPE_CHECKING:
    from opjax.compile.emit import Emitter, Value

ONE: Mapping[str, str] = {"linear": "read_line", "previous": "read_point", "cubic": "read_curve"}
MANY: Mapping[Between, str] = {"linear": "read_lines", "previous": "read_points", "cubic": "read_curves"}
NUMBERS: Mapping[str, str] = {"linear": "read_number_between", "previous": "read_number_at"}
"""What reads a table at one place, and at many; and a vector at one place as a number of Python's."""


def interpolated(emitter: Emitter, node: Interpolate) -> Value:
    """The text that reads a table.

    Arguments:
        emitter: has the texts of the table and of the place, and gets a statement that finds the place.
        node: the table and where it is read.
    """
    table, at = emitter.operand(node.table), emitter.operand(node.at)
    found = _found(emitter, node)
    points = f", {emitter.points(node.dim.axis)}" if node.between == "cubic" else ""
    rest = tuple(dim for dim in table.order if dim != node.dim)
    if not at.order:
        read = emitter.helper(emitter.reads[node.between])
        text = f"{read}({table.text}, {', '.join(found)}, {table.order.index(node.dim)}{points})"
        return dataclasses.replace(table, text=text, order=rest)
    order = (*rest, *(dim for dim in at.order if dim not in rest))
    whole = emitter.aligned(table, (node.dim, *order)).text
    places = [emitter.aligned(dataclasses.replace(at, text=name), order).text for name in found]
    read = emitter.helper(MANY[node.between])
    return dataclasses.replace(table, text=f"{read}({whole}, {', '.join(places)}{points})", order=order)


def _found(emitter: Emitter, node: Interpolate) -> tuple[str, ...]:
    """The variables that say where a place lies; made when they are first needed."""
    axis = node.dim.axis
    key = (axis, node.at.number, node.between == "previous", emitter.here is emitter.settled)
    if key not in emitter.found:
        points, place, word = emitter.points(axis), _place(emitter, node.at), "find"
        if emitter.has_ticks and not node.at.dims and axis not in emitter.knots:
            points, word = emitter.table(Table("ticks", axis), f"ticks_{axis}"), "find_tick"
        if node.between != "previous":
            names = (emitter.namer.name(f"{axis}_before"), emitter.namer.name(f"{axis}_part"))
            call = emitter.helper(f"{word}_between")
        else:
            names = (emitter.namer.name(f"{axis}_before"),)
            call = emitter.helper(f"{word}_before")
        emitter.here.append(f"{', '.join(names)} = {call}({points}, {place})")
        emitter.found[key] = names
    return emitter.found[key]


def _place(emitter: Emitter, at: AnyNode) -> str:
    """Where a table is read; a literal is an array too."""
    return emitter.number(float(at.value)) if isinstance(at, Constant) else emitter.operand(at).text
