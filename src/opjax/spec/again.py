"""Statements that are like others before: what they are made of, and where what they become goes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from opjax.ir.nodes import AnyNode
from opjax.ir.system import Participant
from opjax.records import record
from opjax.spec.alike import Alike, Meaning, Template

Sides = tuple[tuple[Participant, ...], tuple[Participant, ...]]
Gains = dict[str, list[AnyNode]]


@record(eq=False)
class Again:
    """What a statement becomes that is like others before.

    Arguments:
        template: what became of others.
        first: the first name in it: in an equation, the state.
        leaves: what it is made of.
        sides: the reactants and products of a transition.
        gains: the contributions to each state that it changes.
    """

    template: Template
    first: str
    leaves: tuple[AnyNode, ...]
    sides: Sides
    gains: tuple[list[AnyNode], ...]


def becoming(alike: Alike, template: Template, gains: Gains) -> Iterable[tuple[int, Again]]:
    """What statements between states without axes become, by their places.

    Arguments:
        alike: those that are alike.
        template: what became of others like them.
        gains: the contributions to each state.
    """
    nothing: list[tuple[Any, ...]] = [()] * len(alike.places)
    taken, given = template.counts
    reactants = _side(alike.meanings, taken, gains) or nothing
    products = _side(alike.meanings[len(taken) :], given, gains) or nothing
    changed = [[meaning.gains for meaning in alike.meanings[place]] for place in template.changed]
    sides, changes = zip(reactants, products, strict=True), zip(*changed, strict=True) if changed else nothing
    names = [meaning.name for meaning in alike.meanings[0]]
    leaves = list(zip(*alike.leaves, strict=True)) or nothing
    again = map(Again, itertools.repeat(template), names, leaves, sides, changes)
    return zip(alike.places, again, strict=True)


def _side(columns: list[list[Meaning]], counts: tuple[int, ...], gains: Gains) -> list[tuple[Participant, ...]]:
    """The states on a side of transitions; each is the same for all that it takes part in so."""
    states = zip(columns, counts, strict=False)
    return list(zip(*([m.sides.get(n) or _participant(m, n, gains) for m in c] for c, n in states), strict=True))


def _participant(found: Meaning, count: int, gains: Gains) -> Participant:
    """A state where it first stands on a side of a transition with that count."""
    found.gains = gains.setdefault(found.name, [])
    return found.sides.setdefault(count, Participant(found.name, count))
