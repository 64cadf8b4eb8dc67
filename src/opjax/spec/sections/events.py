"""`events`: what happens at times, in steps, or when a condition turns true."""

from __future__ import annotations

from opjax.spec.document import Entry, Node, SequenceNode, wrong_value
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain, Section, commented, named
from opjax.spec.sections.shapes import EXPRESSION, TEXT, Either, Keyed, Listed, Record, Scalar
from opjax.spec.sections.values import action, expression, simple_name, text_of
from opjax.spec.sections.written import written_action, written_expression
from opjax.syntax.declarations import At, Doses, EventDeclaration, Every, ModelSyntax, When
from opjax.syntax.nodes import Expression

_ACTIONS = Either('an action such as "S += 1", or a list of actions', (Scalar("an action"), Listed("actions", TEXT)))
_TRIGGERS = ("at", "every", "when", "doses")
_EVENT = Record(
    "a mapping with 'do' and one of 'at', 'every', 'when', 'doses'",
    {
        "at": EXPRESSION,
        "every": EXPRESSION,
        "from": EXPRESSION,
        "to": EXPRESSION,
        "when": EXPRESSION,
        "direction": Scalar("rising or falling", (), ("rising", "falling")),
        "doses": TEXT,
        "do": _ACTIONS,
        "description": TEXT,
    },
    required=("do",),
)
_BELONGS = {"from": "every", "to": "every", "direction": "when"}


def _read(node: Node, draft: Draft) -> None:
    draft.each(node, "events", lambda entry, path: _read_event(entry, path, draft))


def _read_event(entry: Entry, path: str, draft: Draft) -> None:
    name = simple_name(entry.key, path, draft)
    fields = draft.fields(entry.value, _EVENT, path)
    trigger = _trigger(entry.value, fields, path, draft)
    body = fields["do"]
    items = body.items if isinstance(body, SequenceNode) else (body,)
    actions = tuple(action(item, f"{path}.do", draft) for item in items)
    draft.events.append(
        EventDeclaration(
            name,
            trigger,
            actions,
            doc=text_of(fields.get("description")),
            span=entry.key.span,
            comments=comments_of(draft, entry.key, entry.value),
        )
    )


def _trigger(node: Node, fields: dict[str, Node], path: str, draft: Draft) -> At | Every | When | Doses:
    kinds = [key for key in _TRIGGERS if key in fields]
    if not kinds:
        raise draft.missing(node, path, "at")
    for key in (*kinds[1:], *(key for key, owner in _BELONGS.items() if key in fields and owner not in kinds)):
        expected = f"absent: it goes with '{_BELONGS[key]}'" if key in _BELONGS else f"absent where '{kinds[0]}' stands"
        wrong_value(draft.report, fields[key], f"'{path}.{key}'", expected)

    def value(key: str) -> Expression | None:
        return expression(fields[key], f"{path}.{key}", draft) if key in fields else None

    main = fields[kinds[0]]
    match kinds[0]:
        case "at":
            return At(expression(main, f"{path}.at", draft))
        case "every":
            return Every(expression(main, f"{path}.every", draft), value("from"), value("to"))
        case "when":
            direction = text_of(fields.get("direction"))
            turned = "rising" if direction == "rising" else "falling" if direction == "falling" else ""
            return When(expression(main, f"{path}.when", draft), turned)
        case _:
            return Doses(text_of(main))


def _write(model: ModelSyntax) -> Plain:
    return named((event.name, commented(event, _written(event))) for event in model.events)


def _written(event: EventDeclaration) -> dict[str, Plain]:
    row = _written_trigger(event.trigger)
    actions: list[Plain] = [written_action(part) for part in event.actions]
    row["do"] = actions[0] if len(actions) == 1 else actions
    if event.doc:
        row["description"] = event.doc
    return row


def _written_trigger(trigger: At | Every | When | Doses) -> dict[str, Plain]:
    match trigger:
        case At():
            return {"at": written_expression(trigger.time)}
        case Every():
            row: dict[str, Plain] = {"every": written_expression(trigger.period)}
            if trigger.start is not None:
                row["from"] = written_expression(trigger.start)
            if trigger.stop is not None:
                row["to"] = written_expression(trigger.stop)
            return row
        case When():
            row = {"when": written_expression(trigger.condition)}
            return {**row, "direction": trigger.direction} if trigger.direction else row
        case Doses():
            return {"doses": trigger.table}


_SHAPE = Keyed("names with mappings", _EVENT)
SECTIONS = (Section("events", "changes of states, by name", _SHAPE, _read, _write, "events"),)
