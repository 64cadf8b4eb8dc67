"""`functions`, `aliases` and `derived`."""

from __future__ import annotations

import contextlib
import dataclasses

from opjax.errors import Report, Stop
from opjax.spec.document import Entry, MappingNode, Node, ScalarNode
from opjax.spec.sections.cells import check_labels, pin, pinned_name
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain, Section, commented, named, record
from opjax.spec.sections.shapes import EDGE, EXPRESSION, TEXT, Either, Keyed, Record
from opjax.spec.sections.values import declared, declared_cell, edge_of, expression, function_head, text_of, unit_of
from opjax.spec.sections.written import written_expression, written_name, written_unit
from opjax.syntax.declarations import AliasDeclaration, FunctionDeclaration, ModelSyntax

_ALIAS = Record(
    "a mapping with 'value'",
    {"value": EXPRESSION, "units": TEXT, "edge": EDGE, "description": TEXT},
    required=("value",),
)
_FUNCTION = Record("a mapping with 'value'", {"value": EXPRESSION, "description": TEXT}, required=("value",))
_ALIAS_OR_EXPRESSION = Either("an expression, or a mapping with 'value'", (EXPRESSION, _ALIAS))
_FUNCTION_OR_EXPRESSION = Either("an expression, or a mapping with 'value'", (EXPRESSION, _FUNCTION))


def _read_functions(node: Node, draft: Draft) -> None:
    draft.each(node, "functions", lambda entry, path: draft.aliases.append(_function(entry, path, draft)))


def _read_aliases(node: Node, draft: Draft) -> None:
    quiet = dataclasses.replace(draft, report=Report())  # what is wrong with a name is said when it is read
    for entry in node.entries if isinstance(node, MappingNode) else ():
        with contextlib.suppress(Stop):
            _expect(entry.key, quiet)
    draft.each(node, "aliases", lambda entry, path: draft.aliases.append(_alias_or_function(entry, path, draft)))


def _expect(key: ScalarNode, draft: Draft) -> None:
    """Note that cells of an alias have names, before any alias is read."""
    if "[" not in key.text or "(" in key.text:
        return
    cell = declared_cell(key, draft)
    if cell is not None:
        pin(cell, draft)
    else:
        name, axes = declared(key, draft)
        draft.alias_axes[name] = axes


def _read_derived(node: Node, draft: Draft) -> None:
    draft.each(node, "derived", lambda entry, path: draft.derived.append(_alias(entry, path, draft)))


def _alias_or_function(entry: Entry, path: str, draft: Draft) -> AliasDeclaration | FunctionDeclaration:
    return _function(entry, path, draft) if "(" in entry.key.text else _alias(entry, path, draft)


def _alias(entry: Entry, path: str, draft: Draft) -> AliasDeclaration:
    cell = declared_cell(entry.key, draft)
    name, axes = declared(entry.key, draft) if cell is None else (pinned_name(cell), ())
    if cell is not None:
        check_labels(cell, draft)
    draft.must_fit(entry.value, _ALIAS_OR_EXPRESSION, path)
    fields = draft.fields(entry.value, _ALIAS, path) if isinstance(entry.value, MappingNode) else {}
    return AliasDeclaration(
        name,
        expression(fields.get("value", entry.value), path, draft),
        axes,
        unit_of(fields.get("units"), draft),
        edge_of(fields.get("edge")),
        doc=text_of(fields.get("description")),
        span=entry.key.span,
        comments=comments_of(draft, entry.key, entry.value),
    )


def _function(entry: Entry, path: str, draft: Draft) -> FunctionDeclaration:
    name, parameters = function_head(entry.key, draft)
    draft.must_fit(entry.value, _FUNCTION_OR_EXPRESSION, path)
    fields = draft.fields(entry.value, _FUNCTION, path) if isinstance(entry.value, MappingNode) else {}
    return FunctionDeclaration(
        name,
        parameters,
        expression(fields.get("value", entry.value), path, draft),
        doc=text_of(fields.get("description")),
        span=entry.key.span,
        comments=comments_of(draft, entry.key, entry.value),
    )


def _functions_lead(model: ModelSyntax) -> bool:
    """Whether all functions stand before all aliases; otherwise their common order is kept in `aliases`."""
    kinds = [isinstance(row, FunctionDeclaration) for row in model.aliases]
    return kinds == sorted(kinds, reverse=True)


def _write_functions(model: ModelSyntax) -> Plain:
    rows = model.aliases if _functions_lead(model) else ()
    return named(_written(row) for row in rows if isinstance(row, FunctionDeclaration))


def _write_aliases(model: ModelSyntax) -> Plain:
    functions_too = not _functions_lead(model)
    return named(_written(row) for row in model.aliases if functions_too or isinstance(row, AliasDeclaration))


def _write_derived(model: ModelSyntax) -> Plain:
    return named(_written(row) for row in model.derived)


def _written(row: AliasDeclaration | FunctionDeclaration) -> tuple[str, Plain]:
    value = ("value", written_expression(row.value))
    if isinstance(row, FunctionDeclaration):
        head = f"{row.name}({', '.join(row.parameters)})"
        return head, commented(row, record(value, description=row.doc))
    said = record(value, units=written_unit(row.unit), edge=row.edge, description=row.doc)
    return written_name(row.name, row.axes), commented(row, said)


SECTIONS = (
    Section(
        "functions",
        'functions of the model, such as "hill(x, k)"',
        Keyed("functions with expressions", _FUNCTION_OR_EXPRESSION),
        _read_functions,
        _write_functions,
        "aliases",
    ),
    Section(
        "aliases",
        "names for expressions",
        Keyed("names with expressions", _ALIAS_OR_EXPRESSION),
        _read_aliases,
        _write_aliases,
        "aliases",
    ),
)
DERIVED = Section(
    "derived",
    "quantities that are computed from results",
    Keyed("names with expressions", _ALIAS_OR_EXPRESSION),
    _read_derived,
    _write_derived,
    "derived",
)
