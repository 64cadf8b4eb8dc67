"""Statements that become the same over other leaves: their names in columns, and the steps to what they become."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from opjax.ir.many import Column, PlacedStep
from opjax.ir.nodes import AnyNode
from opjax.records import record
from opjax.source import Span
from opjax.syntax.columns import Columns
from opjax.syntax.declarations import DerivativeDeclaration, TransitionDeclaration

Statement = TransitionDeclaration | DerivativeDeclaration
Key = tuple[object, ...]
Texts = Sequence[str]
AT_ONCE = 2048
"""Statements that are looked at together."""


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
    steps: tuple[PlacedStep, ...]
    results: tuple[int, ...]
    counts: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    changed: tuple[int, ...] = ()


@record(eq=False)
class OneForm:
    """Statements of one form.

    Arguments:
        pattern: stands for the form.
        places: where they stand among the statements that are looked at.
        names: what they are called themselves, where they are.
        words: the names in them, a column for each.
        numbers: the numbers in them, a column for each.
    """

    pattern: object
    places: Sequence[int]
    names: Texts | None
    words: Sequence[Texts]
    numbers: Sequence[Texts]


@dataclass(eq=False, slots=True)
class Alike:
    """Statements that become the same over other leaves, one beside the other in every column.

    Arguments:
        key: what they share with all that become the same.
        places: where they stand among the statements that are looked at.
        names: what they are called themselves, where they are.
        words: the names in them, a column for each.
        leaves: what they are made of; a column for each.
        template: what they become, once it is known.
    """

    key: Key
    places: Sequence[int]
    names: Texts | None
    words: list[Texts]
    leaves: list[Column]
    template: Template | None = None

    def between(self, first: int, last: int) -> Alike:
        """Those at places from one to another."""
        low, high = bisect_left(self.places, first), bisect_left(self.places, last)
        if high - low == len(self.places):
            return self
        names = None if self.names is None else self.names[low:high]
        words = [column[low:high] for column in self.words]
        leaves = [column[low:high] for column in self.leaves]
        return Alike(self.key, self.places[low:high], names, words, leaves, self.template)


@record(eq=False)
class Chunk:
    """Statements that follow each other and are looked at together.

    Arguments:
        rows: they stand among these,
        first: from this one on.
        forms: those of each form.
        spans: where each stands in the text.
    """

    rows: Sequence[Statement]
    first: int
    forms: list[OneForm]
    spans: list[Span]

    def row(self, place: int) -> Statement:
        """The statement at a place."""
        return self.rows[self.first + place]


def chunks(parts: Iterable[Sequence[Statement]]) -> Iterator[Chunk]:
    """The statements of a section in chunks, in their order; all of a chunk have a form, or none has."""
    for part in parts:
        if isinstance(part, Columns):
            for first in range(0, len(part), AT_ONCE):
                last = min(first + AT_ONCE, len(part))
                yield Chunk(part, first, _forms_in_columns(part, first, last), part.spans(first, last))
            continue
        first = 0
        for _, run in groupby(part, lambda row: row.form is None):  # names are met in the order of the text
            while rows := list(islice(run, AT_ONCE)):
                yield Chunk(part, first, _forms_of(rows), [row.span for row in rows])
                first += len(rows)


def _forms_in_columns(columns: Columns, first: int, last: int) -> list[OneForm]:
    found: list[OneForm] = []
    for group in columns.groups():
        low, high = bisect_left(group.places, first), bisect_left(group.places, last)
        if low == high:
            continue
        words: list[Texts] = [column[low:high] for column in group.words]
        numbers = [column[low:high] for column in group.numbers]
        sample = group.pattern.sample.value
        names = words.pop(0) if isinstance(sample, TransitionDeclaration) and sample.name else None
        places = [place - first for place in group.places[low:high]]
        found.append(OneForm(group.pattern, places, names, words, numbers))
    return found


def _forms_of(rows: Sequence[Statement]) -> list[OneForm]:
    forms: dict[tuple[object, bool], list[int]] = {}
    for place, row in enumerate(rows):
        if row.form is not None:
            named = isinstance(row, TransitionDeclaration) and row.name != ""
            forms.setdefault((row.form.pattern, named), []).append(place)
    found: list[OneForm] = []
    for (pattern, named), places in forms.items():
        own = [form for place in places if (form := rows[place].form)]
        words: list[Texts] = list(zip(*[form.words for form in own], strict=True))
        numbers = list(zip(*[form.numbers for form in own], strict=True))
        found.append(OneForm(pattern, places, words.pop(0) if named else None, words, numbers))
    return found


def taken_apart(
    keys: Sequence[Key], places: Sequence[int], columns: Sequence[Sequence[Any]]
) -> Iterable[tuple[Key, Sequence[int], list[Sequence[Any]]]]:
    """Places and columns taken apart into those of equal keys; without keys all are equal."""
    if len(set(keys)) < 2:
        return [(keys[0] if keys else (), places, [*columns])]
    groups: dict[Key, list[int]] = {}
    for place, key in enumerate(keys):
        groups.setdefault(key, []).append(place)
    taken = {key: picked(own) for key, own in groups.items()}
    return [(key, take(places), [take(column) for column in columns]) for key, take in taken.items()]


def picked(places: list[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """What takes the values at these places."""
    first, *others = places
    return itemgetter(first, *others) if others else lambda values: (values[first],)
