"""`axes`, and op_system's tables over time: `time_axis`, `time_interpolation`."""

from __future__ import annotations

import dataclasses
from typing import Literal, TypedDict, get_args

from opjax.spec.document import Node, ScalarNode, SequenceNode, wrong_value
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft, TimeTables
from opjax.spec.sections.inputs import INTERPOLATION, interpolation_of
from opjax.spec.sections.section import Plain, Section, commented, nothing
from opjax.spec.sections.shapes import EXPRESSION, NAME, TEXT, TRUTH, Listed, Record, Scalar
from opjax.spec.sections.values import expression, is_true, one_line, simple_name, text_of, unit_of
from opjax.spec.sections.written import written_expression, written_unit
from opjax.syntax.declarations import (
    AxisDeclaration,
    AxisKind,
    MeasureDeclaration,
    MeasureKind,
    ModelSyntax,
    TimeDeclaration,
)
from opjax.syntax.nodes import Expression

_POINT = Scalar("a text or a number", ("string", "number"))
_INTERPOLATION = INTERPOLATION
_DOMAIN = Record("a mapping with 'lb' and 'ub'", {"lb": EXPRESSION, "ub": EXPRESSION}, ("lb", "ub"))
_MEASURE = Record(
    "a mapping with 'kind'",
    {
        "kind": Scalar("counting, cell or quadrature", (), get_args(MeasureKind)),
        "weights": Listed("a list of numbers", Scalar("a number", ("number",))),
        "units": TEXT,
    },
    ("kind",),
)
_AXIS = Record(
    "a mapping with 'name'",
    {
        "name": NAME,
        "type": Scalar("categorical, ordinal or continuous", (), ("categorical", "ordinal", "continuous")),
        "coords": Listed("a list", _POINT),
        "domain": _DOMAIN,
        "size": Scalar("a number of points", ("string", "number")),
        "spacing": Scalar("linear, log or geom", (), ("linear", "log", "geom")),
        "data": TRUTH,
        "units": TEXT,
        "measure": _MEASURE,
        "description": TEXT,
    },
    required=("name",),
)


_KINDS: tuple[MeasureKind, ...] = get_args(MeasureKind)


class _Points(TypedDict, total=False):
    """The fields of an axis that say where its points come from."""

    kind: AxisKind
    values: tuple[str | float, ...]
    grid: tuple[Expression, ...]
    spacing: Literal["linear", "log"]


def _read_axes(node: Node, draft: Draft) -> None:
    draft.every(node, "axes", lambda item, path: _read_axis(item, path, draft))


def _read_axis(node: Node, path: str, draft: Draft) -> None:
    fields = draft.fields(node, _AXIS, path)
    name = simple_name(fields["name"], f"{path}.name", draft)
    kind = text_of(fields.get("type")) or ("continuous" if "domain" in fields else "categorical")
    units = unit_of(fields.get("units"), draft)
    if kind == "continuous" and name == draft.tables.axis:
        draft.tables.is_declared = True
        if units and draft.time is None:
            draft.time = TimeDeclaration(units)
    axis = AxisDeclaration(
        name,
        "labels",
        unit=units,
        measure=_measure(fields.get("measure"), f"{path}.measure", draft),
        doc=text_of(fields.get("description")),
        span=fields["name"].span,
        comments=comments_of(draft, node, node),
    )
    draft.axes.append(dataclasses.replace(axis, **_points(node, fields, kind, draft, path)))


def _measure(node: Node | None, path: str, draft: Draft) -> MeasureDeclaration | None:
    """What the points of an axis weigh."""
    if node is None:
        return None
    fields = draft.fields(node, _MEASURE, path)
    said = text_of(fields["kind"])
    kind: MeasureKind = next(known for known in _KINDS if known == said)
    listed = fields.get("weights")
    weights = _numbers(listed, f"{path}.weights", draft) if isinstance(listed, SequenceNode) else ()
    return MeasureDeclaration(kind, weights, unit_of(fields.get("units"), draft))


def _points(node: Node, fields: dict[str, Node], kind: str, draft: Draft, path: str) -> _Points:
    """Where the points of an axis come from: data, labels, numbers, or a grid."""
    coords = fields.get("coords")
    if is_true(fields.get("data")):
        return {"kind": "data"}
    if kind != "continuous":
        if not isinstance(coords, SequenceNode):
            raise draft.missing(node, path, "coords")
        return {"kind": "ordered" if kind == "ordinal" else "labels", "values": _labels(coords, draft, path)}
    if isinstance(coords, SequenceNode):
        return {"kind": "points", "values": _numbers(coords, f"{path}.coords", draft)}
    for key in ("domain", "size"):
        if key not in fields:
            raise draft.missing(node, path, key)
    domain = draft.fields(fields["domain"], _DOMAIN, f"{path}.domain")
    bounds = tuple(expression(domain[key], f"{path}.domain.{key}", draft) for key in ("lb", "ub"))
    size = expression(fields["size"], f"{path}.size", draft)
    logarithmic = text_of(fields.get("spacing")) in ("log", "geom")
    return {"kind": "grid", "grid": (*bounds, size), "spacing": "log" if logarithmic else "linear"}


def _labels(coords: SequenceNode, draft: Draft, path: str) -> tuple[str, ...]:
    """Labels are texts: a number would be another label when it is written in another way."""
    labels: list[str] = []
    for number, item in enumerate(coords.items):
        if not (isinstance(item, ScalarNode) and isinstance(item.value, str)):
            wrong_value(draft.report, item, f"'{path}.coords[{number}]'", "a text in quotes")
        elif one_line(item, f"{path}.coords[{number}]", draft):
            labels.append(item.value)
    return tuple(labels)


def _numbers(coords: SequenceNode, path: str, draft: Draft) -> tuple[float, ...]:
    values: list[float] = []
    for number, item in enumerate(coords.items):
        if isinstance(item, ScalarNode) and isinstance(item.value, int | float) and not isinstance(item.value, bool):
            values.append(float(item.value))
        else:
            wrong_value(draft.report, item, f"'{path}[{number}]'", "a number")
    return tuple(values)


def _write_axes(model: ModelSyntax) -> Plain:
    return [commented(axis, _written(axis)) for axis in model.axes] or None


def _written(axis: AxisDeclaration) -> dict[str, Plain]:
    row: dict[str, Plain] = {"name": axis.name, **_written_points(axis)}
    if axis.unit:
        row["units"] = written_unit(axis.unit)
    if axis.measure is not None:
        row["measure"] = _written_measure(axis.measure)
    if axis.doc:
        row["description"] = axis.doc
    return row


def _written_measure(measure: MeasureDeclaration) -> dict[str, Plain]:
    row: dict[str, Plain] = {"kind": measure.kind}
    if measure.weights:
        row["weights"] = list(measure.weights)
    if measure.unit:
        row["units"] = written_unit(measure.unit)
    return row


def _written_points(axis: AxisDeclaration) -> dict[str, Plain]:
    values: list[Plain] = list(axis.values)
    match axis.kind:
        case "labels":
            return {"type": "categorical", "coords": values}
        case "ordered":
            return {"type": "ordinal", "coords": values}
        case "points":
            return {"type": "continuous", "coords": values}
        case "data":
            return {"data": True}
        case "grid":
            low, high, size = (written_expression(part) for part in axis.grid)
            count = str(size).lower() if isinstance(size, bool) else size  # as a truth value the form does not take it
            row: dict[str, Plain] = {"type": "continuous", "domain": {"lb": low, "ub": high}, "size": count}
            return {**row, "spacing": "log"} if axis.spacing == "log" else row


def _read_time_axis(node: Node, draft: Draft) -> None:
    is_text = isinstance(node, ScalarNode) and isinstance(node.value, str)
    draft.tables.axis = text_of(node) if is_text else ""


def _write_time_axis(model: ModelSyntax) -> Plain:
    """An axis that only happens to have the name of op_system's time axis stays an axis."""
    clash = any(axis.name == TimeTables().axis and axis.kind in ("points", "grid") for axis in model.axes)
    return False if clash else None


def _read_interpolation(node: Node, draft: Draft) -> None:
    draft.tables.interpolation = interpolation_of(node)


SECTIONS = (
    Section(
        "time_axis",
        "the continuous axis that stands for time in tables; false: there is none",
        Scalar("the name of an axis, or false", ("string", "boolean")),
        _read_time_axis,
        _write_time_axis,
    ),
    Section("time_interpolation", "how tables over time are read", _INTERPOLATION, _read_interpolation, nothing),
    Section(
        "axes",
        "the axes, in order",
        Listed("a list of axes, such as {name: age, coords: [young, old]}", _AXIS),
        _read_axes,
        _write_axes,
        "axes",
    ),
)
