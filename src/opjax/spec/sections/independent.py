"""`factorize_axes`: the axes along which a model falls apart into blocks."""

from __future__ import annotations

from opjax.spec.document import MappingNode, Node
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain, Section, commented, record
from opjax.spec.sections.shapes import NAME, TEXT, Either, Listed, Record
from opjax.spec.sections.values import simple_name, text_of
from opjax.syntax.declarations import IndependentAxis, ModelSyntax

_AXIS = Record("a mapping with 'axis'", {"axis": NAME, "description": TEXT}, required=("axis",))
_AXIS_OR_NAME = Either("the name of an axis, or a mapping with 'axis'", (NAME, _AXIS))


def _read(node: Node, draft: Draft) -> None:
    draft.every(node, "factorize_axes", lambda item, path: _read_axis(item, path, draft))


def _read_axis(node: Node, path: str, draft: Draft) -> None:
    draft.must_fit(node, _AXIS_OR_NAME, path)
    fields = draft.fields(node, _AXIS, path) if isinstance(node, MappingNode) else {}
    named = fields.get("axis", node)
    draft.independent.append(
        IndependentAxis(
            simple_name(named, path, draft),
            doc=text_of(fields.get("description")),
            span=named.span,
            comments=comments_of(draft, node, node),
        )
    )


def _write(model: ModelSyntax) -> Plain:
    return [commented(row, record(("axis", row.name), description=row.doc)) for row in model.independent] or None


SECTIONS = (
    Section(
        "factorize_axes",
        "axes along which the model falls apart into blocks",
        Listed("a list of axes", _AXIS_OR_NAME),
        _read,
        _write,
        "independent",
    ),
)
