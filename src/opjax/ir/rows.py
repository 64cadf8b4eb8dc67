"""Rows of one form: their nodes are made column by column, and numbered row by row.

The nodes are those that `repeat_in_rows` makes one after the other, with the same numbers: a later pass reads the
values of neighbouring rows as slices. Making them in columns takes a third of the time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import field
from itertools import accumulate, repeat
from typing import Any

from opjax.ir.many import Column, PlacedStep
from opjax.ir.node_types import AnyNode, Apply, Block, IntegerPower, number_of
from opjax.ir.nodes import Graph
from opjax.records import record
from opjax.source import Span

Key = tuple[object, ...]
Occurrence = tuple[int, int, int, int]
"""The place of a row, a step, which form, and which of its rows."""
Known = dict[int, list[AnyNode | None]]
"""The nodes of steps over the first values of rows that are there before the others: a column for each such step."""
FEW = 8
"""So few nodes are as soon looked at again."""
LATER: Any = object()
"""Stands for what a row before makes."""


@record(eq=False)
class Rows:
    """Rows of one form.

    Arguments:
        places: where each stands among the rows of all forms.
        steps: the nodes that a row becomes, one after the other.
        columns: the values that the first step finds, a column for each.
    """

    places: Sequence[int]
    steps: Sequence[PlacedStep]
    columns: list[Column]


def repeat_in_columns(graph: Graph, forms: Sequence[Rows], spans: Sequence[Span]) -> list[list[Column]] | None:
    """Append the nodes of rows to a graph.

    Arguments:
        graph: gets the nodes.
        forms: the rows of each form.
        spans: where each row was written.

    Returns:
        The values of each form in columns, with those of its steps; None, and nothing is appended, where a new node is
        that of another row too and has operands that are no first values.
    """
    keys = [_first_keys(form) for form in forms]
    known = [{step: graph.find_all(column) for step, column in own.items()} for own in keys]
    shared = _shared(forms, keys, known)
    for _, *later in shared:
        for _, step, at, row in later:
            known[at][step][row] = LATER
    known = [{step: hits for step, hits in own.items() if hits.count(None) < len(hits)} for own in known]
    starts = _starts(forms, known, len(spans))
    new = _New(len(graph), starts, spans, [None] * starts[-1], [None] * starts[-1])
    firsts = new.ahead(forms, shared, known)
    found = [new.form(*row) for row in zip(forms, known, firsts, strict=True)]
    fresh = dict(zip(new.keys, new.nodes, strict=True))
    if len(fresh) < len(new.nodes) or not graph.take(fresh, sure=not any(known)):
        return None
    graph.blocks += new.blocks
    return found


def _first_keys(form: Rows) -> dict[int, list[Key]]:
    """What the nodes of a form's steps over its first values say: a column for each such step."""
    return {
        step: [*_keys(model, [map(number_of, form.columns[place]) for place in taken])]
        for step, (model, taken) in enumerate(form.steps)
        if max(taken) < len(form.columns)
    }


def _shared(forms: Sequence[Rows], keys: list[dict[int, list[Key]]], known: list[Known]) -> list[list[Occurrence]]:
    """The occurrences of each new node over first values that several rows have, in the order of the rows."""
    columns = [(own[step], found[step]) for own, found in zip(keys, known, strict=True) for step in own]
    new = [key for column, hits in columns for key, hit in zip(column, hits, strict=True) if hit is None]
    if len(set(new)) == len(new):
        return []
    often = {key for key, count in Counter(new).items() if count > 1}
    occurrences: dict[Key, list[Occurrence]] = {key: [] for key in new if key in often}
    for at, (form, own) in enumerate(zip(forms, keys, strict=True)):
        for step, column in own.items():
            for row, (place, key) in enumerate(zip(form.places, column, strict=True)):
                if key in often:
                    occurrences[key].append((place, step, at, row))
    return [sorted(found) for found in occurrences.values()]


def _starts(forms: Sequence[Rows], known: list[Known], count: int) -> list[int]:
    """Where the new nodes of each row begin, and the end."""
    sizes = [0] * count
    for form, hits in zip(forms, known, strict=True):
        for place in form.places:
            sizes[place] = len(form.steps)
        for column in hits.values():
            for place, hit in zip(form.places, column, strict=True):
                sizes[place] -= hit is not None
    return list(accumulate(sizes, initial=0))


@record(eq=False)
class _New:
    """The new nodes, which are numbered on from `first`, and their keys; and what they are, in columns."""

    first: int
    starts: list[int]
    """Where those of each row begin among them."""
    spans: Sequence[Span]
    keys: list[Any]
    nodes: list[Any]
    blocks: list[Block] = field(default_factory=list[Block])

    def ahead(
        self, forms: Sequence[Rows], shared: list[list[Occurrence]], known: list[Known]
    ) -> list[set[tuple[int, int]]]:
        """Make what several rows have, and give it to them; the steps and rows of each form where it is new."""
        firsts: list[set[tuple[int, int]]] = [set() for _ in forms]
        made: list[AnyNode] = []
        for (place, step, at, row), *_ in shared:
            model, taken = forms[at].steps[step]
            operands = [[forms[at].columns[column][row]] for column in taken]
            hits = [known[at].get(earlier) for earlier in range(step)]
            offset = self.starts[place] + sum(column is None or column[row] is None for column in hits)
            made += self.step(model, operands, [offset], [self.spans[place]])
            firsts[at].add((step, row))
        for node, occurrences in zip(made, shared, strict=True):
            for _, step, at, row in occurrences:
                known[at].setdefault(step, [None] * len(forms[at].places))[row] = node
        return firsts

    def form(self, form: Rows, known: Known, firsts: set[tuple[int, int]]) -> list[Column]:
        """Make those of one form; `firsts` are made already, and new all the same."""
        values = [*form.columns]
        offsets, spans = [self.starts[place] for place in form.places], [self.spans[place] for place in form.places]
        for step, (model, taken) in enumerate(form.steps):
            operands = [values[place] for place in taken]
            hits = known.get(step)
            if hits is None:
                values.append(self.step(model, operands, offsets, spans))
                offsets = [offset + 1 for offset in offsets]
                continue
            places = [place for place, hit in enumerate(hits) if hit is None]
            rest = [[column[place] for place in places] for column in operands]
            made = iter(self.step(model, rest, [offsets[p] for p in places], [spans[p] for p in places]))
            values.append([next(made) if hit is None else hit for hit in hits])
            offsets = [
                offset + (hit is None or (step, row) in firsts)
                for row, (offset, hit) in enumerate(zip(offsets, hits, strict=True))
            ]
        return values

    def step(
        self, model: Apply | IntegerPower, operands: list[Column], offsets: list[int], spans: list[Span]
    ) -> Column:
        """Make those of one step."""
        first, keys, nodes = self.first, self.keys, self.nodes
        numbers, below = [first + offset for offset in offsets], [[*map(number_of, column)] for column in operands]
        made = _made(model, zip(numbers, zip(*operands, strict=True), spans, strict=True))
        for offset, key, node in zip(offsets, _keys(model, below), made, strict=False):
            keys[offset] = key
            nodes[offset] = node
        if len(numbers) > FEW:
            self.blocks.append((numbers, below, None))
        return made


def _keys(model: Apply | IntegerPower, below: Sequence[Iterable[int]]) -> Iterable[tuple[object, ...]]:
    """What tells the nodes from others, as `Graph` has it, by the numbers of their operands."""
    if isinstance(model, IntegerPower):
        return zip(repeat("integer power"), *below, repeat(model.exponent), strict=False)
    return zip(repeat(model.function), *below, strict=False)


def _made(model: Apply | IntegerPower, rows: Iterable[tuple[int, tuple[AnyNode, ...], Span]]) -> list[AnyNode]:
    """The nodes of one step."""
    new, kind = object.__new__, type(model)
    dims, real, roles = model.dims, model.kind, model.roles
    name, value = ("exponent", model.exponent) if isinstance(model, IntegerPower) else ("function", model.function)
    is_power = name == "exponent"
    made: list[AnyNode] = []
    for number, operands, span in rows:
        node: Any = new(kind)  # nobody has seen it: its fields are given values one by one, in a third of the time
        node.number = number
        node.dims = dims
        node.kind = real
        node.roles = roles
        node.span = span
        node.operands = operands
        if is_power:
            node.exponent = value
        else:
            node.function = value
        made.append(node)
    return made
