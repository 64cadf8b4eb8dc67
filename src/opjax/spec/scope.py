"""What an expression may refer to where it stands, and the index positions of a reference."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import field

from opjax.errors import Report, Stop, catalogue, did_you_mean
from opjax.ir.nodes import Along, AnyNode, AtPosition, Edge, Selection
from opjax.ir.types import Axis, Dim, Role
from opjax.records import record
from opjax.source import Span
from opjax.spec.names import Names
from opjax.syntax.nodes import Index

AXIS_ROLES: frozenset[Role] = frozenset[Role](("size", "coordinate", "position", "quadrature", "measure"))
PARAMETER_ROLES: frozenset[Role] = AXIS_ROLES | frozenset[Role](("parameter",))
OBSERVED_ROLES: frozenset[Role] = PARAMETER_ROLES | frozenset[Role](
    ("state", "time", "incidence", "input", "delay", "noise", "operator")
)
ROLE_IN_WORDS: Mapping[Role, str] = {
    "state": "the state",
    "time": "the time",
    "input": "an input",
    "incidence": "an incidence",
    "over_time": "the whole solution",
    "delay": "an earlier state",
    "noise": "noise",
    "operator": "a spatial operator",
    "parameter": "parameters",
}


@record()
class Scope:
    """The surroundings of an expression.

    Arguments:
        where: what the expression is, in words, for errors: ``the rate of 'infection'``.
        indices: the index names that may be used here, with the dims they run over.
        edge: what lies beyond the end of an axis, where the statement says so.
        arguments: the values of a user function's parameters.
        initial: whether a state's name means its initial value.
        derived: whether reductions over time, and derived quantities, may be used.
        pointwise: whether a quantity without indices stands for its value at each point, as in ``grad(u, x)``.
    """

    where: str
    indices: Mapping[str, Dim] = field(default_factory=dict[str, Dim])
    edge: Edge | None = None
    arguments: Mapping[str, AnyNode] = field(default_factory=dict[str, AnyNode])
    initial: bool = False
    derived: bool = False
    pointwise: bool = False

    def bind(self, name: str, axis: str) -> tuple[Scope, Dim]:
        """The scope inside a reduction: one more index, over a dim of its own."""
        depth = sum(1 for d in self.indices.values() if d.axis == axis)
        dim = Dim(axis, depth if Dim(axis) in self.indices.values() else depth + 1)
        return dataclasses.replace(self, indices={**self.indices, name: dim}), dim


def counted(number: int, one: str, many: str) -> str:
    """``no axes``, ``1 axis``, ``2 axes``."""
    return f"1 {one}" if number == 1 else f"{number or 'no'} {many}"


def free_scope(where: str, axes: tuple[str, ...], edge: Edge | None = None) -> Scope:
    """The scope of a quantity that is declared over some axes: they are its indices."""
    return Scope(where, {axis: Dim(axis) for axis in axes}, edge)


@record()
class IndexReader:
    """Reads the indices of references: ``[age]``, ``[b]``, ``[age+1]``, ``[age="65+"]``."""

    names: Names
    report: Report

    def positions(
        self, name: str, axes: tuple[str, ...], indices: tuple[Index, ...], scope: Scope, span: Span
    ) -> list[Selection]:
        """One selection for each declared axis of a name.

        Arguments:
            name: the name that is indexed, for errors.
            axes: its declared axes.
            indices: what stands in the brackets.
            scope: what may be used here.
            span: the whole reference.
        """
        if not axes and not indices:
            return []
        if not indices:
            raise self.report.stop(
                catalogue.MISSING_INDEX, span, name=name, axes=", ".join(axes), hint=self._spellings(name, axes, scope)
            )
        if len(indices) != len(axes):
            raise self.report.stop(
                catalogue.WRONG_INDEX_COUNT,
                span,
                name=name,
                expected=counted(len(axes), "axis", "axes"),
                found=f"{counted(len(indices), 'index', 'indices')} {'is' if len(indices) == 1 else 'are'}",
                hint=_count_hint(name, axes, indices),
            )
        return [self.position(name, axis, index, scope) for axis, index in zip(axes, indices, strict=True)]

    def _spellings(self, name: str, axes: tuple[str, ...], scope: Scope) -> str:
        whole = f"{name}[{', '.join(axes)}]"
        bound = [axis[0] if axis[:1] != axis else f"{axis}_" for axis in axes]
        binders = ", ".join(f"{b} in {axis}" for b, axis in zip(bound, axes, strict=True))
        total = f"sum({name}[{', '.join(bound)}] for {binders})"
        usable = all(Dim(axis) in scope.indices.values() for axis in axes)
        return f"write {whole}, or {total}" if usable else f"write {total} for the total"

    def position(self, name: str, axis: str, index: Index, scope: Scope) -> Selection:
        """The meaning of one index at a place where an axis is wanted."""
        if index.axis is not None and index.axis != axis:
            raise self._wrong_axis(name, axis, index.axis, index.axis, index.span)
        if index.label is not None:
            return AtPosition(self.label_position(self.names.axes.get(axis), axis, index.label, index.span))
        assert index.name is not None
        dim = scope.indices.get(index.name)
        if dim is None:
            raise self._free(axis, index)
        if dim.axis != axis:
            raise self._wrong_axis(name, axis, index.name, dim.axis, index.span)
        if not index.offset:
            return Along(dim)
        if scope.edge is None:
            raise self.no_edge(index, axis)
        return Along(dim, index.offset, scope.edge)

    def no_edge(self, index: Index, axis: str) -> Exception:
        """The problem of an index that reaches over the end of an axis, where nothing says what lies there."""
        shown = f"{index.name}{index.offset:+d}"
        return self.report.stop(catalogue.NO_EDGE, index.span, index=shown, axis=axis)

    def _wrong_axis(self, name: str, expected: str, index: str, found: str, span: Span) -> Exception:
        return self.report.stop(catalogue.WRONG_AXIS, span, name=name, expected=expected, index=index, found=found)

    def _free(self, axis: str, index: Index) -> Exception:
        assert index.name is not None
        if index.name in self.names.unknown_axes:
            raise Stop  # that this axis does not exist has been said where it was first wanted
        known = self.names.axes.get(axis)
        if known is not None and index.name in known.labels:
            hint = f'for the label, write {axis}="{index.name}"'
        elif index.name == axis:
            hint = f"reduce over it, such as sum(... for {axis[0]} in {axis}), or declare what you define over [{axis}]"
        else:
            hint = did_you_mean(index.name, self.names.axes, f"here the index is '{axis}', or a label {axis}=...")
        return self.report.stop(catalogue.FREE_INDEX, index.span, index=index.name, hint=hint)

    def label_position(self, axis: Axis | None, name: str, label: str | float, span: Span) -> int:
        """The position of a label or coordinate on an axis."""
        if axis is None:  # the unknown axis is reported where it is declared
            raise self.report.stop(catalogue.UNKNOWN_AXIS, span, name=name, hint=did_you_mean(name, self.names.axes))
        if axis.size is None:
            raise self.report.stop(catalogue.AXIS_WITHOUT_LABELS, span, name=name)
        wanted = label if axis.numeric else str(label) if isinstance(label, str) else f"{label:g}"
        points: tuple[str | float, ...] = axis.names
        if wanted in points:
            return points.index(wanted)
        near = [place for place, point in enumerate(axis.coordinates) if _same_point(point, wanted, axis.coordinates)]
        if near:
            return near[0]
        shown = [p if isinstance(p, str) else f"{p:g}" for p in points]
        several = ", ".join(f'"{s}"' for s in shown[:12]) + (", ..." if len(shown) > 12 else "")
        hint = did_you_mean(str(label), shown, f"its labels are {several}")
        if axis.numeric:
            plain = several.replace('"', "")
            bare = f"write {name}={label}, without quotation marks" if label in shown else "between two stands at(...)"
            hint = f"its points are {plain}; {bare}"
        raise self.report.stop(catalogue.UNKNOWN_LABEL, span, axis=name, label=str(label), labels=several, hint=hint)


def _count_hint(name: str, axes: tuple[str, ...], indices: tuple[Index, ...]) -> str:
    """What to write where a quantity has another number of axes."""
    if axes:
        return f"write {name}[{', '.join(axes)}]"
    past = next((index for index in indices if index.name == "t" and index.offset < 0), None)
    return f"write {name}" if past is None else f"write {name}({past.name}{past.offset}) for its past"


def _same_point(point: float, wanted: str | float, points: tuple[float, ...]) -> bool:
    """Whether a number written by hand means a point of a grid, whose last digits are those of a computation."""
    span = max(abs(points[0]), abs(points[-1]))
    return not isinstance(wanted, str) and abs(point - wanted) <= 1e-12 * span
