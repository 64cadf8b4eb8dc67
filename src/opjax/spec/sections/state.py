"""`state` and `state_metadata`."""

from __future__ import annotations

import dataclasses

from opjax.spec.document import Entry, Node, repeated_key
from opjax.spec.sections.cells import check_labels, pin, pinned_name
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain, Section, commented, named
from opjax.spec.sections.shapes import EXPRESSION, NAME, TEXT, Keyed, Listed, Record, Scalar
from opjax.spec.sections.values import (
    FLAG_LIST,
    declared,
    declared_cell,
    expression,
    flags_of,
    scalar,
    simple_name,
    text_of,
    unit_of,
)
from opjax.spec.sections.written import initial_is_listed, written_expression, written_name, written_unit
from opjax.syntax.declarations import REPRESENTATIONS, Flag, ModelSyntax, StateDeclaration

_METADATA = Record(
    "a mapping",
    {
        "units": TEXT,
        "representation": Scalar("one of " + ", ".join(REPRESENTATIONS), (), REPRESENTATIONS),
        "measure_axes": Listed("a list of axes", NAME),
        "scale": Scalar("identity or log", (), ("identity", "log")),
        "flags": FLAG_LIST,
        "initial": EXPRESSION,
        "description": TEXT,
    },
    empty=True,
)


def _read_states(node: Node, draft: Draft) -> None:
    draft.every(node, "state", lambda item, path: _read_state(item, path, draft))


def _read_state(node: Node, path: str, draft: Draft) -> None:
    key = scalar(node, TEXT, path, draft)
    cell = declared_cell(key, draft)
    name, axes = declared(key, draft) if cell is None else (pinned_name(cell), ())
    if cell is not None:
        check_labels(cell, draft)
        pin(cell, draft)
    if name in draft.states:
        repeated_key(draft.report, key)
    else:
        draft.states[name] = StateDeclaration(name, axes, span=key.span, comments=comments_of(draft, node, node))


def _read_metadata(node: Node, draft: Draft) -> None:
    draft.each(node, "state_metadata", lambda entry, path: _read_one(entry, path, draft))


def _read_one(entry: Entry, path: str, draft: Draft) -> None:
    name, _ = declared(entry.key, draft)
    if name not in draft.states:
        draft.unknown_key(entry.key, tuple(draft.states), "'state_metadata'")
        return
    fields = draft.fields(entry.value, _METADATA, path)
    initial = fields.get("initial")
    draft.states[name] = dataclasses.replace(
        draft.states[name],
        unit=unit_of(fields.get("units"), draft),
        flags=(*_flags(fields), *flags_of(fields.get("flags"), f"{path}.flags", draft)),
        initial=None if initial is None else expression(initial, f"{path}.initial", draft),
        measure_axes=_measure_axes(fields.get("measure_axes"), f"{path}.measure_axes", draft),
        doc=text_of(fields.get("description")),
    )


def _measure_axes(node: Node | None, path: str, draft: Draft) -> tuple[str, ...]:
    """The axes that a density is taken over."""
    found: list[str] = []
    if node is not None:
        draft.every(node, path, lambda item, below: found.append(simple_name(item, below, draft)))
    return tuple(found)


def _flags(fields: dict[str, Node]) -> tuple[Flag, ...]:
    """The flags that op_system's words for them say."""
    found: list[Flag] = [flag for flag in REPRESENTATIONS if flag == text_of(fields.get("representation"))]
    if text_of(fields.get("scale")) == "log":
        found.append("log")
    return tuple(found)


def _write_states(model: ModelSyntax) -> Plain:
    return [commented(state, written_name(state.name, state.axes)) for state in model.states]


def _write_metadata(model: ModelSyntax) -> Plain:
    own_initial = initial_is_listed(model)
    rows = [(state.name, _written(state, own_initial)) for state in model.states]
    return named((name, row) for name, row in rows if row)


def _written(state: StateDeclaration, own_initial: bool) -> dict[str, Plain]:
    row: dict[str, Plain] = {"units": written_unit(state.unit)} if state.unit else {}
    match state.flags:
        case ():
            pass
        case (flag,) if flag in REPRESENTATIONS:
            row["representation"] = flag
        case ("log",):
            row["scale"] = "log"
        case flags:
            row["flags"] = list(flags)
    if state.measure_axes:
        row["measure_axes"] = list(state.measure_axes)
    if own_initial and state.initial is not None:
        row["initial"] = written_expression(state.initial)
    if state.doc:
        row["description"] = state.doc
    return row


STATE = Section(
    "state",
    "the states, in order",
    Listed("a list of states, such as [S, I]", TEXT),
    _read_states,
    _write_states,
    "states",
)
METADATA = Section(
    "state_metadata",
    "units and more, by state",
    Keyed("states with mappings", _METADATA),
    _read_metadata,
    _write_metadata,
    "states",
)
