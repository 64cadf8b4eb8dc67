"""`inputs`: tables over time that are bound with the data."""

from __future__ import annotations

from opjax.spec.document import Entry, MappingNode, Node, repeated_key
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain, Section, commented, named, record
from opjax.spec.sections.shapes import TEXT, Either, Keyed, Record, Scalar
from opjax.spec.sections.values import declared_over_time, text_of, unit_of
from opjax.spec.sections.written import written_name, written_unit
from opjax.syntax.declarations import InputDeclaration, Interpolation, ModelSyntax

INTERPOLATIONS: tuple[Interpolation, ...] = ("linear", "previous", "cubic")
INTERPOLATION = Scalar("linear, previous or cubic", (), INTERPOLATIONS)
_INPUT = Record(
    "a mapping with 'interpolation'",
    {"interpolation": INTERPOLATION, "units": TEXT, "description": TEXT},
    required=("interpolation",),
)
_SHAPE = Either("linear, previous, cubic or a mapping with 'interpolation'", (INTERPOLATION, _INPUT))


def interpolation_of(node: Node) -> Interpolation:
    """The interpolation that a checked node names."""
    return next(known for known in INTERPOLATIONS if known == text_of(node))


def _read(node: Node, draft: Draft) -> None:
    draft.each(node, "inputs", lambda entry, path: _read_input(entry, path, draft))


def _read_input(entry: Entry, path: str, draft: Draft) -> None:
    name, axes = declared_over_time(entry.key, draft)
    draft.must_fit(entry.value, _SHAPE, path)
    fields = draft.fields(entry.value, _INPUT, path) if isinstance(entry.value, MappingNode) else {}
    if name in draft.inputs:
        repeated_key(draft.report, entry.key)
    draft.inputs[name] = InputDeclaration(
        name,
        interpolation_of(fields.get("interpolation", entry.value)),
        axes,
        unit_of(fields.get("units"), draft),
        doc=text_of(fields.get("description")),
        span=entry.key.span,
        comments=comments_of(draft, entry.key, entry.value),
    )


def _write(model: ModelSyntax) -> Plain:
    return named((written_name(row.name, row.axes), commented(row, _written(row))) for row in model.inputs)


def _written(row: InputDeclaration) -> Plain:
    return record(("interpolation", row.interpolation), units=written_unit(row.unit), description=row.doc)


SECTIONS = (
    Section("inputs", "tables over time, by name", Keyed("names with interpolations", _SHAPE), _read, _write, "inputs"),
)
