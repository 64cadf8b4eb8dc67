"""`constraints`: cells that do not exist. op_system only keeps the key for later; here it has a meaning.

``{states: [S, I], where: 'age == "child" and dose == "third"'}`` is the statement
``S, I where age == "child" and dose == "third"`` of the section `absent`.
"""

from __future__ import annotations

from opjax.spec.document import MappingNode, Node
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain, Section, commented
from opjax.spec.sections.shapes import EXPRESSION, TEXT, Either, Listed, Record
from opjax.spec.sections.values import declared, expression, scalar, text_of
from opjax.spec.sections.written import written_expression
from opjax.syntax.declarations import AbsenceDeclaration, ModelSyntax

_CONSTRAINT = Record(
    "a mapping with 'where'",
    {"state": TEXT, "states": Listed("a list of states", TEXT), "where": EXPRESSION, "description": TEXT},
    required=("where",),
)
_CONSTRAINT_OR_TEXT = Either("a condition, or a mapping with 'where'", (EXPRESSION, _CONSTRAINT))


def _read_constraints(node: Node, draft: Draft) -> None:
    draft.every(node, "constraints", lambda item, path: _read_constraint(item, path, draft))


def _read_constraint(node: Node, path: str, draft: Draft) -> None:
    draft.must_fit(node, _CONSTRAINT_OR_TEXT, path)
    fields = draft.fields(node, _CONSTRAINT, path) if isinstance(node, MappingNode) else {}
    states: list[str] = []

    def take(item: Node, below: str) -> None:
        states.append(declared(scalar(item, TEXT, below, draft), draft)[0])

    if "state" in fields:
        take(fields["state"], f"{path}.state")
    if "states" in fields:
        draft.every(fields["states"], f"{path}.states", take)
    draft.absences.append(
        AbsenceDeclaration(
            expression(fields.get("where", node), f"{path}.where", draft),
            tuple(states),
            doc=text_of(fields.get("description")),
            span=node.span,
            comments=comments_of(draft, node, node),
        )
    )


def _write_constraints(model: ModelSyntax) -> Plain:
    return [commented(row, _written(row)) for row in model.absences] or None


def _written(row: AbsenceDeclaration) -> Plain:
    condition = written_expression(row.condition)
    if not row.states and not row.doc:
        return condition
    written: dict[str, Plain] = {"states": list(row.states)} if row.states else {}
    written["where"] = condition
    if row.doc:
        written["description"] = row.doc
    return written


SECTIONS = (
    Section(
        "constraints",
        "cells that do not exist: states, and where along their axes",
        Listed("a list of conditions", _CONSTRAINT_OR_TEXT),
        _read_constraints,
        _write_constraints,
        "absences",
    ),
)
