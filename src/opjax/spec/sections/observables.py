"""`observables`, op_system's word for derived quantities: an expression, the axes that are kept, those reduced."""

from __future__ import annotations

from opjax.errors import catalogue
from opjax.spec.document import Entry, Node
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Section, nothing
from opjax.spec.sections.shapes import EXPRESSION, NAME, TEXT, Keyed, Listed, Record, Scalar
from opjax.spec.sections.values import expression, scalar, simple_name, text_of, unit_of
from opjax.syntax.declarations import AliasDeclaration
from opjax.syntax.nodes import Binder, Expression, Reduction, ReductionKind

_KINDS: tuple[ReductionKind, ...] = ("sum", "integral")
_AXES = Listed("a list of axes", NAME)
_REDUCTION = Record(
    "a mapping with 'kind' and 'axes'",
    {"kind": Scalar("sum or integral", (), _KINDS), "axes": _AXES},
    ("kind", "axes"),
)
_OBSERVABLE = Record(
    "a mapping with 'expr'",
    {"expr": EXPRESSION, "axes": _AXES, "reduction": _REDUCTION, "units": TEXT, "description": TEXT},
    ("expr",),
)


def _read(node: Node, draft: Draft) -> None:
    draft.each(node, "observables", lambda entry, path: draft.derived.append(_observable(entry, path, draft)))


def _observable(entry: Entry, path: str, draft: Draft) -> AliasDeclaration:
    fields = draft.fields(entry.value, _OBSERVABLE, path)
    name = simple_name(scalar(entry.key, TEXT, path, draft), path, draft)
    axes = _axes(fields.get("axes"), f"{path}.axes", draft)
    value = expression(fields["expr"], f"{path}.expr", draft)
    if "reduction" in fields:
        value = _reduced(value, draft.fields(fields["reduction"], _REDUCTION, f"{path}.reduction"), axes, draft)
    return AliasDeclaration(
        name,
        value,
        axes,
        unit_of(fields.get("units"), draft),
        doc=text_of(fields.get("description")),
        span=entry.key.span,
        comments=comments_of(draft, entry.key, entry.value),
    )


def _reduced(value: Expression, fields: dict[str, Node], kept: tuple[str, ...], draft: Draft) -> Expression:
    """``sum(S[age] for age in age)``: the axes that are reduced keep their names as indices."""
    named = text_of(fields["kind"])
    kind: ReductionKind = next(known for known in _KINDS if known == named)
    axes = _axes(fields["axes"], "reduction.axes", draft)
    span = fields["axes"].span
    both = [axis for axis in axes if axis in kept]
    if both or not axes:
        problem = f"keeps the axis '{both[0]}' and reduces it" if both else "has a reduction over no axis"
        raise draft.report.stop(catalogue.BAD_OBSERVABLE, span, problem=problem)
    return Reduction(kind, value, tuple(Binder(axis, axis, span=span) for axis in axes), span=value.span)


def _axes(node: Node | None, path: str, draft: Draft) -> tuple[str, ...]:
    found: list[str] = []
    if node is not None:
        draft.every(node, path, lambda item, below: found.append(simple_name(item, below, draft)))
    return tuple(found)


SECTIONS = (
    Section(
        "observables",
        "quantities that are computed from states, in op_system's form; written as `derived`",
        Keyed("names with mappings", _OBSERVABLE),
        _read,
        nothing,
        "derived",
    ),
)
