"""op_system's `coord_shift`: one transition along an axis for each of several states.

Over the whole axis, ``{axis: age, step: 1, rate: ..., boundary: stay}`` with `apply_to: [S]` is the transition
``S[age] -> S[age+1] @ ... edge stay``. Between two labels, ``{imm: "x0 -> x2"}`` is
``S[imm="x0"] -> S[imm="x2"] @ ...``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from opjax.errors import Stop
from opjax.spec.document import MappingNode, Node, ScalarNode, wrong_value
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.pinned_rates import at_source
from opjax.spec.sections.reactants import stated_reactants
from opjax.spec.sections.shapes import EXPRESSION, TEXT, Either, Keyed, Record, Scalar
from opjax.spec.sections.values import declared, expression, scalar, text_of
from opjax.syntax.declarations import Edge, StateDeclaration, Term, TransitionDeclaration
from opjax.syntax.nodes import Expression, Index, Reference

_BOUNDARIES: dict[str, Edge] = {"absorb": "absorb", "stay": "stay", "periodic": "periodic"}
_WHOLE_AXIS = Record(
    "a mapping with 'axis' and 'step'",
    {
        "axis": TEXT,
        "step": Scalar("a whole number other than 0", ("integer",)),
        "rate": EXPRESSION,
        "boundary": Scalar("absorb, stay or periodic", (), tuple(_BOUNDARIES)),
    },
    required=("axis", "step", "boundary"),
)
SHIFT = Either(
    "a mapping with 'axis' and 'step', or an axis with two labels such as \"x0 -> x2\"",
    (_WHOLE_AXIS, Keyed("an axis with two labels", TEXT)),
)


@dataclass(frozen=True, slots=True)
class _Shift:
    """From which position of an axis to which."""

    axis: str
    source: Index
    target: Index
    edge: Edge | None = None


def shifted_transitions(node: Node, fields: dict[str, Node], path: str, draft: Draft) -> list[TransitionDeclaration]:
    """The transitions that an item of `transitions` with `coord_shift` stands for.

    Arguments:
        node: the item.
        fields: its checked fields.
        path: where it is, for messages.
        draft: the states, and the report.

    Raises:
        Stop: when no transition can be made of it.
    """
    shape = fields["coord_shift"]
    whole = isinstance(shape, MappingNode) and shape.get("axis") is not None
    parts = draft.fields(shape, _WHOLE_AXIS, f"{path}.coord_shift") if whole else {}
    for key in ("apply_to",) if "rate" in parts else ("apply_to", "rate"):
        if key not in fields:
            raise draft.missing(node, path, key)
    if "reactants" in fields:
        expected = "absent where 'coord_shift' stands: 'catalysts' lists what is not shifted"
        wrong_value(draft.report, fields["reactants"], f"'{path}.reactants'", expected)
    if "rate" in parts and "rate" in fields:
        wrong_value(draft.report, fields["rate"], f"'{path}.rate'", "absent where 'coord_shift.rate' stands")
    shift = _along(parts, path, draft) if whole else _between(shape, path, draft)
    rate = expression(parts.get("rate", fields.get("rate", node)), f"{path}.rate", draft)
    name, states = text_of(fields.get("name")), _states(fields["apply_to"], shift, path, draft)
    names = [f"{name}_{state.name}" if name else "" for state in states]
    comments = comments_of(draft, node, node)
    rows = [_transition(state, shift, rate, own) for state, own in zip(states, names, strict=True)]
    doc = text_of(fields.get("description"))
    stated = [stated_reactants(fields, row.reactants, path, draft) for row in rows]
    return [
        replace(row, stated_reactants=reactants, doc=doc, span=node.span, comments=comments)
        for row, reactants in zip(rows, stated, strict=True)
    ]


def _along(parts: dict[str, Node], path: str, draft: Draft) -> _Shift:
    step = parts["step"]
    number = step.value if isinstance(step, ScalarNode) and isinstance(step.value, int) else 0
    if number == 0:
        wrong_value(draft.report, step, f"'{path}.coord_shift.step'", "a whole number other than 0")
    axis = text_of(parts["axis"])
    edge = _BOUNDARIES[text_of(parts["boundary"])]
    declared_axis = draft.axis(axis)
    points = len(declared_axis.values) if declared_axis is not None else 0
    if 0 < points <= abs(number) and edge != "periodic":
        expected = f"at most {points - 1} steps either way on the {points} points of '{axis}'"
        wrong_value(draft.report, step, f"'{path}.coord_shift.step'", expected)
    source, target = Index(axis, span=step.span), Index(axis, offset=number, span=step.span)
    return _Shift(axis, source, target, edge)


def _between(shape: Node, path: str, draft: Draft) -> _Shift:
    entries = list(draft.entries(shape, f"{path}.coord_shift"))
    labels = text_of(entries[0].value).split("->") if entries else []
    if len(entries) != 1 or len(labels) != 2:
        wrong_value(draft.report, shape, f"'{path}.coord_shift'", 'an axis with two labels: {age: "young -> old"}')
        raise Stop
    axis, span = entries[0].key.text, entries[0].value.span
    source, target = (Index(axis=axis, label=label.strip(), span=span) for label in labels)
    return _Shift(axis, source, target)


def _states(node: Node, shift: _Shift, path: str, draft: Draft) -> list[StateDeclaration]:
    """The states that `apply_to` names, by their base names or with their axes."""
    found: list[StateDeclaration] = []

    def take(item: Node, below: str) -> None:
        key = scalar(item, TEXT, below, draft)
        name, _ = declared(key, draft)
        state = draft.states.get(name)
        if state is None:
            wrong_value(draft.report, key, f"'{below}'", "one of the states")
        elif shift.axis not in state.axes:
            wrong_value(draft.report, key, f"'{below}'", f"a state with the axis '{shift.axis}'")
        else:
            found.append(state)

    draft.every(node, f"{path}.apply_to", take)
    return found


def _transition(state: StateDeclaration, shift: _Shift, rate: Expression, name: str) -> TransitionDeclaration:
    def at(index: Index) -> tuple[Term, ...]:
        indices = tuple(index if axis == shift.axis else Index(axis, span=index.span) for axis in state.axes)
        return (Term(Reference(state.name, indices, span=index.span)),)

    source, target = at(shift.source), at(shift.target)
    return TransitionDeclaration(source, target, at_source(rate, source, target), name=name, edge=shift.edge)
