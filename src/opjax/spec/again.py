"""What statements become that are like others before: values, and for transitions what each state takes part in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from opjax.ir.nodes import AnyNode, Graph
from opjax.ir.system import Participant
from opjax.records import record
from opjax.spec.alike import Alike, Meaning, Statement, Template

Sides = tuple[tuple[Participant, ...], tuple[Participant, ...]]
Gains = dict[str, list[AnyNode]]


@record(eq=False)
class Again:
    """What a statement becomes that is like others before.

    Arguments:
        first: the first name in it: in an equation, the state.
        values: the value of an equation; of a transition its rate, its flow, and its changes.
        sides: the reactants and products of a transition.
        gains: the contributions to each state that it changes.
    """

    first: str
    values: tuple[AnyNode, ...]
    sides: Sides
    gains: tuple[list[AnyNode], ...]


def becoming(
    alike: Alike, template: Template, statements: Sequence[Statement], into: tuple[Graph, Gains]
) -> Iterable[tuple[int, Again]]:
    """What statements between states without axes become, by their places.

    Arguments:
        alike: those that are alike.
        template: what became of others like them.
        statements: all that were looked at.
        into: the graph, and the contributions to each state.
    """
    graph, gains = into
    spans = [statements[place].span for place in alike.places]
    values = zip(*alike.values(graph, template, spans), strict=True)
    taken, given = template.counts
    nothing: list[tuple[Any, ...]] = [()] * len(spans)
    reactants = _side(alike.meanings, taken, gains) or nothing
    products = _side(alike.meanings[len(taken) :], given, gains) or nothing
    changed = [[meaning.gains for meaning in alike.meanings[place]] for place in template.changed]
    sides, changes = zip(reactants, products, strict=True), zip(*changed, strict=True) if changed else nothing
    names = [meaning.name for meaning in alike.meanings[0]]
    return zip(alike.places, map(Again, names, values, sides, changes), strict=True)


def _side(columns: list[list[Meaning]], counts: tuple[int, ...], gains: Gains) -> list[tuple[Participant, ...]]:
    """The states on a side of transitions; each is the same for all that it takes part in so."""
    states = zip(columns, counts, strict=False)
    return list(zip(*([m.sides.get(n) or _participant(m, n, gains) for m in c] for c, n in states), strict=True))


def _participant(found: Meaning, count: int, gains: Gains) -> Participant:
    """A state where it first stands on a side of a transition with that count."""
    found.gains = gains.setdefault(found.name, [])
    return found.sides.setdefault(count, Participant(found.name, count))
