"""YAML, JSON and Python mappings -> the syntax of models."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import TypedDict

from opjax.errors import Report, Stop, catalogue
from opjax.source import DEFAULT_LIMITS, Limits, Source, Span
from opjax.spec.document import MappingNode, Node, ScalarNode, wrong_value
from opjax.spec.document_json import json_documents
from opjax.spec.document_mapping import mapping_document
from opjax.spec.document_yaml import yaml_documents
from opjax.spec.embedded import Root, is_definitions, models_in
from opjax.spec.files import path_hint
from opjax.spec.inference import infer_parameters
from opjax.spec.sections import MODEL, SECTIONS
from opjax.spec.sections.carried import spread
from opjax.spec.sections.comments import section_comments_of
from opjax.spec.sections.completion import complete
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.heading import check_kind
from opjax.syntax.declarations import NO_COMMENTS, Comments, ModelSyntax, SectionComments


def read_yaml(source: Source, report: Report, limits: Limits = DEFAULT_LIMITS) -> list[ModelSyntax]:
    """Read the models of a YAML text: one per document.

    Arguments:
        source: the text, as `read_source` or `source_from_text` gives it.
        report: takes all problems; the caller asks it to raise them.
        limits: `bytes`, `nesting`, `tokens` and `declarations` are checked.

    Returns:
        The models, in order. Where the report has problems they hold what could be read.

    Example:
        >>> report = Report()
        >>> [model] = read_yaml(Source("<text>", "name: Decay\\nstate: [N]\\nequations: {N: -k*N}\\n"), report)
        >>> report.check()
        >>> [parameter.name for parameter in model.parameters]
        ['k']
    """
    return models_of(yaml_documents(source, report, limits), Span(source, 0, 0), report, limits)


def read_json(source: Source, report: Report, limits: Limits = DEFAULT_LIMITS) -> list[ModelSyntax]:
    """Read the model of a JSON text, which has the form of the YAML spelling.

    Arguments:
        source: the text.
        report: takes all problems.
        limits: as for `read_yaml`.

    Returns:
        The model, or nothing where the text is no JSON.
    """
    return models_of(json_documents(source, report, limits), Span(source, 0, 0), report, limits)


def read_mapping(mapping: Mapping[str, object], report: Report, limits: Limits = DEFAULT_LIMITS) -> ModelSyntax | None:
    """Read a model from Python objects, which have the form of the YAML spelling.

    Arguments:
        mapping: texts, numbers, truth values, lists and mappings of these.
        report: takes all problems.
        limits: `nesting`, `tokens` and `declarations` are checked.

    Returns:
        The model, or None where the mapping could not be read at all.

    Example:
        >>> report = Report()
        >>> model = read_mapping({"name": "Decay", "state": ["N"], "equations": {"N": "-k*N"}}, report)
        >>> report.check()
        >>> model.name
        'Decay'
    """
    root = mapping_document(mapping, report, limits)
    found = models_of([] if root is None else [root], Span(Source("<mapping>", ""), 0, 0), report, limits)
    return found[0] if found else None


def defines_operators(source: Source, form: str) -> bool:
    """Whether a document of a YAML or JSON text defines operators and pipelines."""
    roots = (yaml_documents if form == "yaml" else json_documents)(source, Report(), DEFAULT_LIMITS)
    return any(map(is_definitions, roots))


def models_of(roots: list[Node], place: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> list[ModelSyntax]:
    """The models of documents.

    Arguments:
        roots: the documents; those that define operators and pipelines are left out.
        place: where a problem of all of them is shown.
        report: takes all problems.
        limits: as for `read_yaml`.

    Returns:
        The models, in order.
    """
    report.by_keys = True
    if not roots and not report.errors:
        report.add(catalogue.EMPTY_SOURCE, place, hint="begin with 'name: ...' and 'state: [...]'")
    written = [root for root in roots if not is_definitions(root)]
    models = [_model(found, report, limits) for root in written for found in models_in(root)]
    return [model for model in models if model is not None]


def _model(found: Root, report: Report, limits: Limits) -> ModelSyntax | None:
    root = found.node
    if not isinstance(root, MappingNode):
        hint = path_hint(root.span.source.text)
        wrong_value(report, root, "a model", "a mapping with the keys 'name', 'state', ...", hint=hint)
        return None
    draft = Draft(root.span, report, limits, has_comments="#" in root.span.source.text)
    draft.name = found.name or draft.name
    values = _values(spread(root, draft), draft)
    for section in SECTIONS:
        if section.key in values:
            with contextlib.suppress(Stop):
                section.read(values[section.key], draft)
    check_kind(draft)
    complete(draft)
    model = dataclasses.replace(draft.model(), **_comments(root, draft))
    return infer_parameters(model, report, draft.valued) if draft.infers else model


class _Around(TypedDict):
    """The comments around the sections of a model."""

    comments: Comments
    section_comments: tuple[SectionComments, ...]


def _comments(root: MappingNode, draft: Draft) -> _Around:
    """The comments above and behind the keys: a section's, or the model's where a key fills no section."""
    fields = {section.key: section.field for section in SECTIONS}
    model, sections = NO_COMMENTS, list[SectionComments]()
    for entry in root.entries if draft.has_comments else ():
        found, field = section_comments_of(draft, entry.key, entry.value), fields.get(entry.key.text)
        if field and found != NO_COMMENTS:
            sections.append(SectionComments(field, found))
        elif not field:
            model = Comments((*model.before, *found.before), model.behind or found.behind)
    return {"comments": model, "section_comments": tuple(sections)}


def _values(root: MappingNode, draft: Draft) -> dict[str, Node]:
    """The values of the keys that are known and of the right type; a key without a value counts as absent."""
    found: dict[str, Node] = {}
    for entry in root.entries:
        key, value = entry.key.text, entry.value
        if key not in MODEL.fields:
            draft.unknown_key(entry.key, tuple(MODEL.fields), "a model")
        elif isinstance(value, ScalarNode) and value.value is None:
            continue
        elif draft.fits(value, MODEL.fields[key], key):
            found[key] = value
    with contextlib.suppress(Stop):
        draft.require(root, MODEL, found, "")
    return found
