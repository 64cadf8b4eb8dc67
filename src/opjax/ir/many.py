"""Many nodes at once: rows of one form are made column by column, and numbered row by row.

The nodes are those that `Graph.repeat` would make one after the other, with the same numbers: a later pass reads the
values of neighbouring rows as slices. Making them in columns takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import field
from itertools import accumulate, repeat
from typing import Any

from opjax.ir.kinds import dims_of, only, roles_of, want
from opjax.ir.node_types import AnyNode, Apply, AtPosition, Block, IntegerPower, Symbol, View, number_of
from opjax.ir.nodes import Graph
from opjax.ir.types import Role
from opjax.records import record
from opjax.source import NOWHERE, Span

Column = list[AnyNode]
Leaf = tuple[Role, str, Span]
"""A symbol without axes: its role, its name, and where it is written first."""
PlacedStep = tuple[Apply | IntegerPower, tuple[int, ...]]
"""A node, and the places of the operands of another of its sort among the values of a row."""


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
        The values of each form in columns, with those of its steps; None, and nothing is appended, where two rows have
        a new node in common, or all operands of a new node are old and it is not the first of its row.
    """
    known = [_known(graph, form) for form in forms]
    sizes = [0] * len(spans)
    for form, hits in zip(forms, known, strict=True):
        for place in form.places:
            sizes[place] = len(form.steps)
        for column in hits.values():
            for place, hit in zip(form.places, column, strict=True):
                sizes[place] -= hit is not None
    starts = list(accumulate(sizes, initial=0))
    new = _New(len(graph), [None] * starts[-1], [None] * starts[-1])
    found: list[list[Column]] = []
    for form, hits in zip(forms, known, strict=True):
        own = [spans[place] for place in form.places]
        found.append(new.form(form, hits, [starts[place] for place in form.places], own))
    fresh = dict(zip(new.keys, new.nodes, strict=True))
    if len(fresh) < len(new.nodes) or not graph.take(fresh, sure=not any(known)):
        return None
    graph.blocks += new.blocks
    return found


def _known(graph: Graph, form: Rows) -> dict[int, list[AnyNode | None]]:
    """The nodes of a form's steps over its first values that the graph has already: a column for each such step."""
    found: dict[int, list[AnyNode | None]] = {}
    for step, (model, taken) in enumerate(form.steps):
        if max(taken) < len(form.columns):
            hits = graph.find_all(_keys(model, [map(number_of, form.columns[place]) for place in taken]))
            if hits.count(None) < len(hits):
                found[step] = hits
    return found


@record(eq=False)
class _New:
    """The new nodes, which are numbered on from `first`, and their keys; and what they are, in columns."""

    first: int
    keys: list[Any]
    nodes: list[Any]
    blocks: list[Block] = field(default_factory=list[Block])

    def form(
        self, form: Rows, known: dict[int, list[AnyNode | None]], offsets: list[int], spans: list[Span]
    ) -> list[Column]:
        """Make those of one form; each row has its nodes from an offset on."""
        values = [*form.columns]
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
            offsets = [offset + (hit is None) for offset, hit in zip(offsets, hits, strict=True)]
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
        self.blocks.append((_operation(model), numbers, below))
        return made


def _operation(model: Apply | IntegerPower) -> str | int:
    return model.exponent if isinstance(model, IntegerPower) else model.function


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


def leaves(graph: Graph, wanted: Collection[Leaf]) -> list[AnyNode]:
    """Symbols without axes."""
    keys = [("symbol", role, name, ()) for role, name, _ in wanted]
    keep, new, count, found = graph.keep, object.__new__, len(graph), list[AnyNode]()
    for key, known, (role, name, span) in zip(keys, graph.find_all(keys), wanted, strict=True):
        if known is not None:
            found.append(known)
            continue
        node: Any = new(Symbol)
        node.number = count
        node.dims = node.axes = node.operands = ()
        node.kind = "real"
        node.roles = only(role)
        node.span = span
        node.role = role
        node.name = name
        count += 1
        found.append(keep(key, node))
    return found


def repeat_in_rows(graph: Graph, rows: Iterable[tuple[Sequence[PlacedStep], list[AnyNode], Span]]) -> None:
    """Append the nodes of rows, one after the other.

    Arguments:
        graph: gets the nodes.
        rows: the steps of each, the values that the first finds, which get those of the steps, and where it is written.
    """
    find, keep, new, count = graph.find, graph.keep, object.__new__, len(graph)
    for steps, values, span in rows:
        for model, taken in steps:
            given = tuple([values[place] for place in taken])
            is_power = isinstance(model, IntegerPower)
            key: tuple[object, ...]
            if isinstance(model, IntegerPower):
                key = ("integer power", given[0].number, model.exponent)
            else:
                key = (model.function, *map(number_of, given))
            known = find(key)
            if known is not None:
                values.append(known)
                continue
            node: Any = new(type(model))
            node.number = count
            node.dims = model.dims
            node.kind = model.kind
            node.roles = model.roles
            node.span = span
            node.operands = given
            if is_power:
                node.exponent = model.exponent
            else:
                node.function = model.function
            count += 1
            values.append(keep(key, node))


def sums(graph: Graph, all_terms: Iterable[Sequence[AnyNode]]) -> list[AnyNode]:
    """The sum of each list of real values: itself where there is one, zero where there is none."""
    found: list[AnyNode] = []
    for terms in all_terms:
        if len(terms) < 2:
            found.append(terms[0] if terms else graph.constant(0.0))
            continue
        given = tuple(terms)
        key = ("add", *map(number_of, given))
        found.append(graph.find(key) or graph.keep(key, _sum(len(graph), given)))
    return found


def elements(graph: Graph, vector: AnyNode, count: int) -> list[AnyNode]:
    """The first elements of a vector, one by one."""
    want(len(vector.dims) == 1, "elements are read from a vector")
    keys = [("element", vector.number, place) for place in range(count)]
    keep, new, operands, number, found = graph.keep, object.__new__, (vector,), len(graph), list[AnyNode]()
    for place, (key, known) in enumerate(zip(keys, graph.find_all(keys), strict=True)):
        if known is not None:
            found.append(known)
            continue
        node: Any = new(View)
        node.number = number
        node.dims = ()
        node.kind = vector.kind
        node.roles = vector.roles
        node.span = NOWHERE
        node.operands = operands
        node.selections = (AtPosition(place),)
        number += 1
        found.append(keep(key, node))
    return found


def _sum(number: int, terms: tuple[AnyNode, ...]) -> Apply:
    node: Any = object.__new__(Apply)
    node.number = number
    node.dims = dims_of(terms)
    node.kind = "real"
    node.roles = roles_of(terms)
    node.span = NOWHERE
    node.operands = terms
    node.function = "add"
    return node
