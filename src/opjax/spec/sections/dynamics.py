"""`transitions`, `equations` and `dynamics`.

`dynamics` is a list of statements in the text spelling; it says orders and mixtures that the other two cannot.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata

from opjax.errors import catalogue
from opjax.spec.document import Entry, MappingNode, Node, ScalarNode, SequenceNode, wrong_value
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.pinned_rates import at_source
from opjax.spec.sections.reactants import REACTANTS, stated_reactants, written_reactants
from opjax.spec.sections.section import Plain, Section, commented, named, record
from opjax.spec.sections.shapes import EDGE, EXPRESSION, NAME, TEXT, Either, Keyed, Listed, Record, Scalar
from opjax.spec.sections.shifts import SHIFT, shifted_transitions
from opjax.spec.sections.values import (
    declared,
    edge_of,
    expression,
    reference,
    scalar,
    statement,
    term,
    text_of,
)
from opjax.spec.sections.written import written_expression, written_reference, written_statement, written_term
from opjax.syntax.declarations import DerivativeDeclaration, ModelSyntax, Term, TransitionDeclaration
from opjax.syntax.names import LONGEST_NAME, is_name
from opjax.syntax.nodes import Expression, Form, Reference

_SIDE = Either("a state, a list of states, or null", (Scalar("a state", ("string", "null")), Listed("states", TEXT)))
_TRANSITION = Record(
    "a mapping with 'from', 'to' and 'rate'",
    {
        "name": NAME,
        "from": _SIDE,
        "to": _SIDE,
        "rate": EXPRESSION,
        "flow": EXPRESSION,
        "edge": EDGE,
        "description": TEXT,
        "coord_shift": SHIFT,
        "apply_to": Listed("a list of states", TEXT),
        "reactants": REACTANTS,
        "catalysts": REACTANTS,
    },
)
_EQUATION = Record(
    "a mapping with 'value'", {"value": EXPRESSION, "edge": EDGE, "description": TEXT}, required=("value",)
)
_EQUATION_OR_EXPRESSION = Either("an expression, or a mapping with 'value'", (EXPRESSION, _EQUATION))

_STATEMENT = Record("a mapping with 'statement'", {"statement": NAME, "description": TEXT}, ("statement",))
_STATEMENT_OR_TEXT = Either('a statement, such as "S -> I @ rate"', (NAME, _STATEMENT))


def _read_transitions(node: Node, draft: Draft) -> None:
    draft.every(node, "transitions", lambda item, path: _read_transition(item, path, draft))


def _read_transition(node: Node, path: str, draft: Draft) -> None:
    fields = draft.fields(node, _TRANSITION, path)
    if "coord_shift" in fields:
        draft.dynamics.extend(shifted_transitions(node, fields, path, draft))
        return
    if "to" not in fields:
        raise draft.missing(node, path, "to", "write 'to: null' for what leaves the model")
    rate, mass_action = _rate(node, fields, path, draft)
    source, target = _side(fields.get("from"), path, draft), _side(fields["to"], path, draft)
    row = TransitionDeclaration(
        source,
        target,
        at_source(rate, source, target),
        mass_action,
        _name(fields, path, draft),
        edge_of(fields.get("edge")),
        stated_reactants(fields, source, path, draft),
        doc=text_of(fields.get("description")),
        span=node.span,
        comments=comments_of(draft, node, node),
    )
    if row.edge is None and row.stated_reactants is None:
        counts = (mass_action, bool(row.name), len(source), *(term.count for term in (*source, *target)))
        _give_form(row, row.rate, tuple(term.target for term in (*source, *target)), counts)
    draft.dynamics.append(row)


def _give_form(
    row: TransitionDeclaration | DerivativeDeclaration,
    value: Expression,
    targets: tuple[Reference, ...],
    rest: tuple[object, ...],
) -> None:
    """What a row of plain states shares with others: the form of its expression, and all else that is said of it."""
    form = Form("a name", (value.name,)) if isinstance(value, Reference) and not value.indices else value.form
    if form is None or any(target.indices for target in targets):
        return
    named = (row.name,) if isinstance(row, TransitionDeclaration) and row.name else ()
    words = (*named, *(target.name for target in targets), *form.words)
    object.__setattr__(row, "form", Form((form.pattern, *rest), words, form.numbers))  # nobody else has seen it


def _rate(node: Node, fields: dict[str, Node], path: str, draft: Draft) -> tuple[Expression, bool]:
    """`rate` is multiplied by the reactants, `flow` is the whole flow."""
    if "flow" not in fields:
        if "rate" not in fields:
            raise draft.missing(node, path, "rate")
        return expression(fields["rate"], f"{path}.rate", draft), True
    if "rate" in fields:
        wrong_value(draft.report, fields["flow"], f"'{path}.flow'", "absent where 'rate' stands")
    return expression(fields["flow"], f"{path}.flow", draft), False


def _name(fields: dict[str, Node], path: str, draft: Draft) -> str:
    """The name of a transition; op_system also writes its axes behind it, and they mean nothing more.

    There it may be any text, such as ``S to I``; what names do not have becomes ``_``.
    """
    if "name" not in fields:
        return ""
    key = scalar(fields["name"], NAME, f"{path}.name", draft)
    text = key.text.partition("[")[0].strip() if key.text.rstrip().endswith("]") else key.text.strip()
    if draft.own_form or not text or is_name(text):
        return declared(key, draft)[0]
    plain = re.sub(r"\W+", "_", unicodedata.normalize("NFC", text))[:LONGEST_NAME]
    name = plain if is_name(plain) else f"_{plain}"[:LONGEST_NAME]
    draft.report.add(catalogue.CHANGED_NAME, key.span, name=text, other=name)
    return name


def _side(node: Node | None, path: str, draft: Draft) -> tuple[Term, ...]:
    if isinstance(node, SequenceNode):
        return tuple(term(item, draft) for item in node.items if draft.fits(item, TEXT, path))
    if node is None or (isinstance(node, ScalarNode) and node.value is None):
        return ()
    return (term(node, draft),)


def _read_equations(node: Node, draft: Draft) -> None:
    draft.each(node, "equations", lambda entry, path: _read_equation(entry, path, draft))


def _read_equation(entry: Entry, path: str, draft: Draft) -> None:
    draft.must_fit(entry.value, _EQUATION_OR_EXPRESSION, path)
    fields = draft.fields(entry.value, _EQUATION, path) if isinstance(entry.value, MappingNode) else {}
    row = DerivativeDeclaration(
        reference(entry.key, draft),
        expression(fields.get("value", entry.value), path, draft),
        edge_of(fields.get("edge")),
        doc=text_of(fields.get("description")),
        span=entry.key.span,
        comments=comments_of(draft, entry.key, entry.value),
    )
    if row.edge is None:
        _give_form(row, row.value, (row.target,), ())
    draft.dynamics.append(row)


def _read_dynamics(node: Node, draft: Draft) -> None:
    draft.every(node, "dynamics", lambda item, path: _read_statement(item, path, draft))


def _read_statement(node: Node, path: str, draft: Draft) -> None:
    draft.must_fit(node, _STATEMENT_OR_TEXT, path)
    fields = draft.fields(node, _STATEMENT, path) if isinstance(node, MappingNode) else {}
    read = statement(fields.get("statement", node), path, draft)
    doc = text_of(fields.get("description")) or read.doc
    draft.dynamics.append(dataclasses.replace(read, doc=doc, comments=comments_of(draft, node, node)))


# --- writing


def _is_split(model: ModelSyntax) -> bool:
    """Whether all transitions stand before all equations, so that two keys say their order."""
    kinds = [isinstance(row, TransitionDeclaration) for row in model.dynamics]
    return kinds == sorted(kinds, reverse=True)


def _write_transitions(model: ModelSyntax) -> Plain:
    rows = model.dynamics if _is_split(model) else ()
    return [commented(row, _transition(row)) for row in rows if isinstance(row, TransitionDeclaration)] or None


def _transition(row: TransitionDeclaration) -> dict[str, Plain]:
    written: dict[str, Plain] = {"name": row.name} if row.name else {}
    written["from"] = _written_side(row.reactants)
    written["to"] = _written_side(row.products)
    written["rate" if row.mass_action else "flow"] = written_expression(row.rate)
    if row.edge:
        written["edge"] = row.edge
    if row.stated_reactants is not None:
        written["reactants"] = written_reactants(row.stated_reactants)
    if row.doc:
        written["description"] = row.doc
    return written


def _written_side(side: tuple[Term, ...]) -> Plain:
    terms: list[Plain] = [written_term(part) for part in side]
    return terms if len(terms) > 1 else (terms[0] if terms else None)


def _write_equations(model: ModelSyntax) -> Plain:
    rows = model.dynamics if _is_split(model) else ()
    return named(_equation(row) for row in rows if isinstance(row, DerivativeDeclaration))


def _equation(row: DerivativeDeclaration) -> tuple[str, Plain]:
    said = record(("value", written_expression(row.value)), edge=row.edge, description=row.doc)
    return written_reference(row.target), commented(row, said)


def _write_dynamics(model: ModelSyntax) -> Plain:
    if _is_split(model):
        return None
    return [commented(row, _statement(row)) for row in model.dynamics]


def _statement(row: TransitionDeclaration | DerivativeDeclaration) -> Plain:
    """The doc stands beside the statement, because there it may have several lines."""
    return record(("statement", written_statement(dataclasses.replace(row, doc=""))), description=row.doc)


SECTIONS = (
    Section(
        "transitions",
        "flows between states: rate is multiplied by the reactants, flow is taken as it is",
        Listed("a list of transitions, each with 'from', 'to' and 'rate'", _TRANSITION),
        _read_transitions,
        _write_transitions,
        "dynamics",
    ),
    Section(
        "equations",
        "time derivatives, by state",
        Keyed("states with expressions", _EQUATION_OR_EXPRESSION),
        _read_equations,
        _write_equations,
        "dynamics",
    ),
    Section(
        "dynamics",
        'transitions and equations as text, such as "S -> I @ beta*I/N"',
        Listed("a list of statements", _STATEMENT_OR_TEXT),
        _read_dynamics,
        _write_dynamics,
        "dynamics",
    ),
)
