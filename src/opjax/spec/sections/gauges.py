"""`gauges`: scalings that leave a model as it is."""

from __future__ import annotations

from opjax.errors import catalogue
from opjax.spec.document import Node
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain, Section, commented
from opjax.spec.sections.shapes import NAME, TEXT, Keyed, Listed, Record, Scalar
from opjax.spec.sections.values import scalar, simple_name, text_of
from opjax.syntax.declarations import GaugeDeclaration, ModelSyntax

_POWER = Scalar("a number", ("number",))
_POWERS = Keyed("names with powers", _POWER)
_GAUGE = Record(
    "a mapping with 'name'",
    {"name": NAME, "states": _POWERS, "parameters": _POWERS, "description": TEXT},
    ("name",),
)


def _read(node: Node, draft: Draft) -> None:
    draft.every(node, "gauges", lambda item, path: draft.gauges.append(_gauge(item, path, draft)))


def _gauge(node: Node, path: str, draft: Draft) -> GaugeDeclaration:
    fields = draft.fields(node, _GAUGE, path)
    name = simple_name(fields["name"], f"{path}.name", draft)
    powers: list[tuple[str, float]] = []
    for key in ("states", "parameters"):
        if key in fields:
            powers.extend(_powers(fields[key], f"{path}.{key}", draft))
    if not powers:
        raise draft.report.stop(catalogue.EMPTY_GAUGE, fields["name"].span, name=name)
    return GaugeDeclaration(
        name,
        tuple(sorted(powers)),
        doc=text_of(fields.get("description")),
        span=fields["name"].span,
        comments=comments_of(draft, node, node),
    )


def _powers(node: Node, path: str, draft: Draft) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for entry in draft.entries(node, path):
        draft.count(entry.key)
        value = scalar(entry.value, _POWER, f"{path}.{entry.key.text}", draft).value
        power = float(value) if isinstance(value, int | float) else 1.0
        found.append((simple_name(entry.key, path, draft), power))
    return found


def _write(model: ModelSyntax) -> Plain:
    states = {state.name for state in model.states}
    return [commented(gauge, _written(gauge, states)) for gauge in model.gauges] or None


def _written(gauge: GaugeDeclaration, states: set[str]) -> dict[str, Plain]:
    row: dict[str, Plain] = {"name": gauge.name}
    for key in ("states", "parameters"):
        chosen = [pair for pair in gauge.powers if (pair[0] in states) == (key == "states")]
        powers: list[Plain] = [{name: _number(power)} for name, power in chosen]
        repeated = len({name for name, _ in chosen}) < len(chosen)
        if chosen:
            row[key] = powers if repeated else {name: _number(power) for name, power in chosen}
    if gauge.doc:
        row["description"] = gauge.doc
    return row


def _number(power: float) -> int | float:
    return int(power) if power.is_integer() and abs(power) < 2**53 else power


SECTION = Section(
    "gauges",
    "scalings that leave the model as it is",
    Listed("a list of gauges", _GAUGE),
    _read,
    _write,
    "gauges",
)
