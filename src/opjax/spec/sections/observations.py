"""`observations`, `boundary` and `require`."""

from __future__ import annotations

import dataclasses

from opjax.spec.document import Entry, MappingNode, Node
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain, Section, commented, named, record
from opjax.spec.sections.shapes import DISTRIBUTION, EXPRESSION, TEXT, Either, Keyed, Listed, Record
from opjax.spec.sections.values import (
    boundary,
    declared,
    distribution,
    expression,
    scalar,
    text_of,
)
from opjax.spec.sections.written import (
    written_boundary,
    written_distribution,
    written_expression,
    written_name,
)
from opjax.syntax.declarations import ModelSyntax, ObservationDeclaration, RequirementDeclaration

_OBSERVATION = Record(
    "a mapping with 'dist'", {"dist": DISTRIBUTION, "every": EXPRESSION, "description": TEXT}, required=("dist",)
)
_OBSERVATION_OR_TEXT = Either("a distribution, or a mapping with 'dist'", (DISTRIBUTION, _OBSERVATION))
_REQUIREMENT = Record(
    "a mapping with 'condition'", {"condition": EXPRESSION, "description": TEXT}, required=("condition",)
)
_REQUIREMENT_OR_TEXT = Either("a condition, or a mapping with 'condition'", (EXPRESSION, _REQUIREMENT))
_BOUNDARY = Record("a mapping with 'condition'", {"condition": TEXT, "description": TEXT}, required=("condition",))
_BOUNDARY_OR_TEXT = Either("a boundary condition, or a mapping with 'condition'", (TEXT, _BOUNDARY))


def _read_observations(node: Node, draft: Draft) -> None:
    draft.each(node, "observations", lambda entry, path: _read_observation(entry, path, draft))


def _read_observation(entry: Entry, path: str, draft: Draft) -> None:
    name, axes = declared(entry.key, draft)
    draft.must_fit(entry.value, _OBSERVATION_OR_TEXT, path)
    fields = draft.fields(entry.value, _OBSERVATION, path) if isinstance(entry.value, MappingNode) else {}
    draft.observations.append(
        ObservationDeclaration(
            name,
            distribution(fields.get("dist", entry.value), path, draft),
            axes,
            expression(fields["every"], f"{path}.every", draft) if "every" in fields else None,
            doc=text_of(fields.get("description")),
            span=entry.key.span,
            comments=comments_of(draft, entry.key, entry.value),
        )
    )


def _write_observations(model: ModelSyntax) -> Plain:
    return named(_observation(row) for row in model.observations)


def _observation(row: ObservationDeclaration) -> tuple[str, Plain]:
    every = None if row.every is None else written_expression(row.every)
    said = record(("dist", written_distribution(row.distribution)), every=every, description=row.doc)
    return written_name(row.name, row.axes), commented(row, said)


def _read_boundary(node: Node, draft: Draft) -> None:
    draft.each(node, "boundary", lambda entry, path: _read_condition(entry, path, draft))


def _read_condition(entry: Entry, path: str, draft: Draft) -> None:
    draft.must_fit(entry.value, _BOUNDARY_OR_TEXT, path)
    fields = draft.fields(entry.value, _BOUNDARY, path) if isinstance(entry.value, MappingNode) else {}
    condition = scalar(fields.get("condition", entry.value), TEXT, path, draft)
    doc, comments = text_of(fields.get("description")), comments_of(draft, entry.key, entry.value)
    draft.boundaries.append(dataclasses.replace(boundary(entry.key, condition, draft), doc=doc, comments=comments))


def _write_boundary(model: ModelSyntax) -> Plain:
    rows = ((row, *written_boundary(row)) for row in model.boundaries)
    return named((face, commented(row, record(("condition", said), description=row.doc))) for row, face, said in rows)


def _read_requirements(node: Node, draft: Draft) -> None:
    draft.every(node, "require", lambda item, path: _read_requirement(item, path, draft))


def _read_requirement(node: Node, path: str, draft: Draft) -> None:
    draft.must_fit(node, _REQUIREMENT_OR_TEXT, path)
    fields = draft.fields(node, _REQUIREMENT, path) if isinstance(node, MappingNode) else {}
    draft.requirements.append(
        RequirementDeclaration(
            expression(fields.get("condition", node), path, draft),
            doc=text_of(fields.get("description")),
            span=node.span,
            comments=comments_of(draft, node, node),
        )
    )


def _write_requirements(model: ModelSyntax) -> Plain:
    return [
        commented(row, record(("condition", written_expression(row.condition)), description=row.doc))
        for row in model.requirements
    ] or None


BOUNDARY = Section(
    "boundary",
    'boundary conditions, such as "u at x.lo" with "neumann(0)"',
    Keyed("faces with conditions", _BOUNDARY_OR_TEXT),
    _read_boundary,
    _write_boundary,
    "boundaries",
)
OBSERVATIONS = Section(
    "observations",
    "distributions of data",
    Keyed("names with distributions", _OBSERVATION_OR_TEXT),
    _read_observations,
    _write_observations,
    "observations",
)
REQUIREMENTS = Section(
    "require",
    "conditions that parameters must meet",
    Listed("a list of conditions", _REQUIREMENT_OR_TEXT),
    _read_requirements,
    _write_requirements,
    "requirements",
)
