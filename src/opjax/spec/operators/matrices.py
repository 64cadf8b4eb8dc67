"""The matrices of operators: both indices of the axis, the first for the sources, the second for the targets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from opjax.errors import catalogue
from opjax.ir.nodes import AnyNode
from opjax.ir.types import Dim
from opjax.spec.names import Names
from opjax.spec.scope import Scope
from opjax.syntax.nodes import Call, Expression, Index, Negate, Number, Reduction, Reference, walk

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering

SOURCE, TARGET = "source index", "target index"
"""Names of indices that no text can contain."""


def matrix_of(lowering: Lowering, written: Expression, scope: Scope, axis: str) -> AnyNode:
    """The node of a matrix: its rows run over the dim of sources, its columns over that of the state.

    ``J`` and ``J[imm, imm]`` are the same; ``eta[vax, imm, imm]`` has a matrix for each vax, ``eta[imm, imm](t)`` and
    ``linear(eta[time, imm, imm] over time)`` are read from tables over time.
    """
    told_apart = _told_apart(lowering, written, axis)
    if told_apart is None:
        hint = f"declare a parameter with the axes [{axis}, {axis}]: rows are sources, columns are targets"
        raise lowering.report.stop(catalogue.NO_MATRIX, written.span, axis=axis, hint=hint)
    inner = dataclasses.replace(scope, indices={**scope.indices, SOURCE: Dim(axis, 1), TARGET: Dim(axis)})
    return lowering.value(told_apart, inner)


def _told_apart(lowering: Lowering, written: Expression, axis: str) -> Expression | None:
    """The expression with different names for the two indices over the axis; None where these are not two."""
    if isinstance(written, Reduction):  # a table read at the time
        body = _told_apart(lowering, written.body, axis)
        return None if body is None else dataclasses.replace(written, body=body)
    if not isinstance(written, Reference | Call):
        return None
    entry, indices = lowering.names.values.get(written.name), written.indices
    axes = () if entry is None else entry.axes
    if isinstance(written, Reference) and not indices and axes.count(axis) == 2:
        indices = tuple(Index(one, span=written.span) for one in axes)
    twice = [place for place, index in enumerate(indices) if index.name == axis and not index.offset]
    if len(twice) != 2:
        return None
    new = {twice[0]: SOURCE, twice[1]: TARGET}
    named_apart = (dataclasses.replace(i, name=new.get(place, i.name)) for place, i in enumerate(indices))
    return dataclasses.replace(written, indices=tuple(named_apart))


def named(value: Expression) -> str:
    """The name that a reference or a call begins with."""
    return value.name if isinstance(value, Reference | Call) else ""


def parameters_in(names: Names, value: Expression | None) -> tuple[str, ...]:
    """The parameters and inputs that a setting mentions, in the order of the text."""
    mentioned = [] if value is None else [named(node) for node in walk(value)]
    known = (name for name in mentioned if name in names.values)
    return tuple(dict.fromkeys(name for name in known if names.values[name].kind in ("parameter", "input")))


def array_axes(names: Names, values: Iterable[Expression]) -> Mapping[str, tuple[str, ...]]:
    """The axes of the array parameters, and of the tables over time, that settings mention."""
    found: dict[str, tuple[str, ...]] = {}
    for value in values:
        for node in walk(value):
            entry = names.values.get(named(node))
            if entry is not None and entry.kind == "input":
                found[named(node)] = ("time", *entry.axes)
            elif entry is not None and entry.kind == "parameter" and entry.axes:
                found[named(node)] = entry.axes
    return found


def written_number(value: Expression) -> float | None:
    """A number as it is written, with its sign."""
    match value:
        case Number():
            return value.value
        case Negate(operand=Number() as operand):
            return -operand.value
        case _:
            return None
