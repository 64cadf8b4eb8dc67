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
from opjax.syntax.nodes import Call, Expression, Index, Negate, Number, Reference, walk

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering

SOURCE, TARGET = "source index", "target index"
"""Names of indices that no text can contain."""


def matrix_of(lowering: Lowering, written: Expression, scope: Scope, axis: str) -> AnyNode:
    """The node of a matrix: its rows run over the dim of sources, its columns over that of the state.

    ``J`` and ``J[imm, imm]`` are the same; ``eta[vax, imm, imm]`` has a matrix for each vax, ``eta[imm, imm](t)`` is
    read from a table over time.
    """
    indices = written.indices if isinstance(written, Reference | Call) else ()
    entry = lowering.names.values.get(named(written))
    axes = () if entry is None else entry.axes
    if isinstance(written, Reference) and not indices and axes.count(axis) == 2:
        indices = tuple(Index(one, span=written.span) for one in axes)
    twice = [place for place, index in enumerate(indices) if index.name == axis and not index.offset]
    if not isinstance(written, Reference | Call) or len(twice) != 2:
        hint = f"declare a parameter with the axes [{axis}, {axis}]: rows are sources, columns are targets"
        raise lowering.report.stop(catalogue.NO_MATRIX, written.span, axis=axis, hint=hint)
    new = {twice[0]: SOURCE, twice[1]: TARGET}
    told_apart = tuple(dataclasses.replace(i, name=new.get(place, i.name)) for place, i in enumerate(indices))
    inner = dataclasses.replace(scope, indices={**scope.indices, SOURCE: Dim(axis, 1), TARGET: Dim(axis)})
    return lowering.value(dataclasses.replace(written, indices=told_apart), inner)


def named(value: Expression) -> str:
    """The name that a reference or a call begins with."""
    return value.name if isinstance(value, Reference | Call) else ""


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
