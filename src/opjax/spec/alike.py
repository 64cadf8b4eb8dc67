"""Statements that become the same over other leaves: their names in columns, and the steps to what they become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from opjax.ir.node_types import Step
from opjax.ir.nodes import AnyNode, Graph
from opjax.ir.system import Participant
from opjax.records import record
from opjax.source import Span
from opjax.syntax.declarations import DerivativeDeclaration, TransitionDeclaration

Statement = TransitionDeclaration | DerivativeDeclaration
Key = tuple[object, ...]


@record(eq=False)
class Template:
    """What statements of one form become.

    Arguments:
        fixed: nodes that are the same in all of them.
        steps: a node of that sort over the values at these places, one after the other; the values are the leaves,
            then `fixed`, then those of the steps before.
        results: the places of the values that are wanted.
        counts: for a transition, those of its reactants and products; their states are the first of its names.
        changed: which of these it changes, each once.
    """

    fixed: tuple[AnyNode, ...]
    steps: tuple[Step, ...]
    results: tuple[int, ...]
    counts: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    changed: tuple[int, ...] = ()

    def values(self, graph: Graph, leaves: Iterable[AnyNode], span: Span) -> list[AnyNode]:
        """The results for other leaves."""
        values = [*leaves, *self.fixed]
        graph.repeat(self.steps, values, span)
        return [values[place] for place in self.results]


@dataclass(slots=True, eq=False, repr=False)
class Meaning:
    """What a name is. Only states have the last two.

    Arguments:
        name: the name.
        kind: its kind, or the name itself where that is no leaf.
        leaf: its value, where it is a leaf.
        sides: a state as it stands on the sides of transitions, by its count.
        gains: the contributions to a state that stands there.
    """

    name: str
    kind: str
    leaf: AnyNode | None
    sides: dict[int, Participant] = field(init=False)
    gains: list[AnyNode] = field(init=False)


@record(eq=False)
class Alike:
    """Statements that become the same over other leaves, one beside the other in every column.

    Arguments:
        key: what they share with all that become the same.
        places: where they stand among the statements that were looked at.
        meanings: what their names are, but for their own; a column for each.
        leaves: what they are made of; a column for each.
    """

    key: Key
    places: list[int]
    meanings: list[list[Meaning]]
    leaves: list[list[AnyNode]]

    def since(self, first: int) -> Alike:
        """These statements from one on."""
        meanings = [column[first:] for column in self.meanings]
        return Alike(self.key, self.places[first:], meanings, [column[first:] for column in self.leaves])


def taken_apart(
    keys: Sequence[Key], places: list[int], columns: Sequence[list[Any]]
) -> Iterable[tuple[Key, list[int], list[list[Any]]]]:
    """Places and columns taken apart into those of equal keys; without keys all are equal."""
    if len(set(keys)) < 2:
        return [(keys[0] if keys else (), places, [*columns])]
    groups: dict[Key, list[int]] = {}
    for place, key in enumerate(keys):
        groups.setdefault(key, []).append(place)
    taken = {key: picked(own) for key, own in groups.items()}
    return [(key, [*take(places)], [[*take(column)] for column in columns]) for key, take in taken.items()]


def picked(places: list[int]) -> Callable[[list[Any]], tuple[Any, ...]]:
    """What takes the values at these places."""
    first, *others = places
    return itemgetter(first, *others) if others else lambda values: (values[first],)
