"""`initial`, and op_system's `initial_state`.

`initial` as a mapping: a key that is a whole state as it is declared gives that state's initial value, any other key
is a statement of its own, such as ``S[age=old]``. As a list of mappings with one key each, all are statements of their
own.
"""

from __future__ import annotations

import dataclasses

from opjax.spec.document import Entry, MappingNode, Node, SequenceNode
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain, Section, commented, listed, named, nothing, record
from opjax.spec.sections.shapes import EXPRESSION, TEXT, Either, Keyed, Listed, Record
from opjax.spec.sections.values import expression, is_whole, reference, text_of
from opjax.spec.sections.written import initial_is_listed, written_expression, written_name, written_reference
from opjax.syntax.declarations import InitialDeclaration, ModelSyntax
from opjax.syntax.nodes import Expression, Index, Reference

_INITIAL = Record("a mapping with 'value'", {"value": EXPRESSION, "description": TEXT}, required=("value",))
_VALUE = Either("an expression, or a mapping with 'value'", (EXPRESSION, _INITIAL))
_SHAPED = Record(
    "a mapping with 'shaped' and 'axes'", {"shaped": TEXT, "axes": Listed("a list of axes", TEXT)}, ("shaped", "axes")
)
_STATE_VALUE = Either("a number, a parameter, or a mapping with 'shaped' and 'axes'", (EXPRESSION, _SHAPED))


def _read(node: Node, draft: Draft) -> None:
    listed = isinstance(node, SequenceNode)
    draft.each(node, "initial", lambda entry, path: _read_initial(entry, path, draft, listed))


def _read_initial(entry: Entry, path: str, draft: Draft, listed: bool) -> None:
    draft.must_fit(entry.value, _VALUE, path)
    fields = draft.fields(entry.value, _INITIAL, path) if isinstance(entry.value, MappingNode) else {}
    value = expression(fields.get("value", entry.value), path, draft)
    statement = InitialDeclaration(
        reference(entry.key, draft),
        value,
        doc=text_of(fields.get("description")),
        span=entry.key.span,
        comments=comments_of(draft, entry.key, entry.value),
    )
    _take(statement, draft, listed or bool(statement.doc))


def _take(statement: InitialDeclaration, draft: Draft, own: bool) -> None:
    state = draft.states.get(statement.target.name)
    if own or state is None or state.initial is not None or not is_whole(statement.target, state.axes):
        draft.initial.append(statement)
    else:
        draft.states[state.name] = dataclasses.replace(state, initial=statement.value)


def _read_state_values(node: Node, draft: Draft) -> None:
    draft.each(node, "initial_state", lambda entry, path: _read_state_value(entry, path, draft))


def _read_state_value(entry: Entry, path: str, draft: Draft) -> None:
    draft.must_fit(entry.value, _STATE_VALUE, path)
    target = reference(entry.key, draft)
    if isinstance(entry.value, MappingNode):
        value: Expression = _shaped(draft.fields(entry.value, _SHAPED, path), target, draft, path)
    else:
        value = expression(entry.value, path, draft)
    state = draft.states.get(target.name)
    if state is not None and not target.indices:  # op_system's base name of a state with axes
        target = Reference(target.name, tuple(Index(axis) for axis in state.axes), span=target.span)
    _take(InitialDeclaration(target, value, span=entry.key.span), draft, own=False)


def _shaped(fields: dict[str, Node], target: Reference, draft: Draft, path: str) -> Reference:
    """``{shaped: x0, axes: [age]}`` is the parameter ``x0[age]``, at the labels that the target has."""
    labels = {index.axis: index.label for index in target.indices if index.label is not None}
    name = reference(fields["shaped"], draft)
    axes = fields["axes"]
    items = axes.items if isinstance(axes, SequenceNode) else ()
    axes_given = [(text_of(item), item.span) for item in items if draft.fits(item, TEXT, f"{path}.axes")]
    indices = tuple(
        Index(axis=axis, label=labels[axis], span=span) if axis in labels else Index(axis, span=span)
        for axis, span in axes_given
    )
    return Reference(name.name, indices, span=name.span)


def _write(model: ModelSyntax) -> Plain:
    rows = [_written(row) for row in model.initial]
    if initial_is_listed(model):
        return listed(rows)
    values = [(state, state.initial) for state in model.states if state.initial is not None]
    whole = [(written_name(state.name, state.axes), written_expression(value)) for state, value in values]
    return named([*whole, *rows])


def _written(row: InitialDeclaration) -> tuple[str, Plain]:
    said = record(("value", written_expression(row.value)), description=row.doc)
    return written_reference(row.target), commented(row, said)


SECTIONS = (
    Section("initial", "initial values of states", Keyed("states with expressions", _VALUE), _read, _write, "initial"),
    Section(
        "initial_state",
        "initial values of states, as op_system writes them",
        Keyed("states with values", _STATE_VALUE),
        _read_state_values,
        nothing,
        "initial",
    ),
)
