"""Many nodes at once: numbers, leaves, rows of one form, sums, elements; without a call of a function for each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, cast

from opjax.ir.kinds import dims_of, only, roles_of, want
from opjax.ir.node_types import (
    NO_ROLES,
    AnyNode,
    Apply,
    AtPosition,
    Constant,
    IntegerPower,
    Symbol,
    View,
    number_of,
)
from opjax.ir.nodes import Graph
from opjax.ir.types import Role
from opjax.source import NOWHERE, Span

Column = list[AnyNode]
Leaf = tuple[Role, str, Span]
"""A symbol without axes: its role, its name, and where it is written first."""
PlacedStep = tuple[Apply | IntegerPower, tuple[int, ...]]
"""A node, and the places of the operands of another of its sort among the values of a row."""


def leaves(graph: Graph, wanted: Collection[Leaf]) -> list[AnyNode]:
    """Symbols without axes."""
    keys = [("symbol", role, name, ()) for role, name, _ in wanted]
    new, count, found, fresh = object.__new__, len(graph), list[AnyNode](), dict[object, AnyNode]()
    numbers: dict[Role, list[int]] = {role: [] for role, _, _ in wanted}
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
        numbers[role].append(count)
        count += 1
        found.append(node)
        fresh[key] = node
    graph.take(fresh, sure=True)
    graph.blocks += [(own, [], None) for own in numbers.values()]
    return found


def symbols(graph: Graph, role: Role, names: Sequence[str], span: Span) -> list[AnyNode]:
    """Symbols of one role without axes, all of which are declared in one place."""
    keys = [("symbol", role, name, ()) for name in names]
    if any(graph.find_all(keys)):
        return leaves(graph, [(role, name, span) for name in names])
    new, first, roles, found = object.__new__, len(graph), only(role), list[AnyNode]()
    for number, name in enumerate(names, start=first):
        node: Any = new(Symbol)
        node.number = number
        node.dims = node.axes = node.operands = ()
        node.kind = "real"
        node.roles = roles
        node.span = span
        node.role = role
        node.name = name
        found.append(node)
    graph.take(dict(zip(keys, found, strict=True)), sure=True)
    graph.blocks.append(([*range(first, len(graph))], [], None))
    return found


def constants(graph: Graph, values: Sequence[float], span: Callable[[int], Span]) -> list[AnyNode]:
    """Numbers.

    Arguments:
        graph: gets those that it does not have.
        values: the numbers.
        span: says where one is written, by its place among them.
    """
    new, found = object.__new__, graph.find_all(values)
    for place, (value, known) in enumerate(zip(values, found, strict=True)):
        if known is not None:
            continue
        if not value or value != value or graph.find(value):  # zeros and nan are told apart; or it has just been made
            found[place] = graph.constant(value, span(place))
            continue
        node: Any = new(Constant)
        node.number = len(graph)
        node.dims = node.operands = ()
        node.kind = "real"
        node.roles = NO_ROLES
        node.span = span(place)
        node.value = value
        found[place] = graph.keep(value, node)
    return cast(list[AnyNode], found)


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
    found, new, below, counts = list[AnyNode](), list[int](), list[int](), list[int]()
    for terms in all_terms:
        if len(terms) < 2:
            found.append(terms[0] if terms else graph.constant(0.0))
            continue
        given = tuple(terms)
        numbers = [*map(number_of, given)]
        key = ("add", *numbers)
        node = graph.find(key)
        if node is None:
            node = graph.keep(key, _sum(len(graph), given))
            if not node.dims:
                new.append(node.number)
                counts.append(len(numbers))
                below += numbers
        found.append(node)
    graph.blocks.append((new, [below], counts))
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
