"""Nodes that are made many at once are those that are made one by one."""

from __future__ import annotations

import math

from opjax.ir.many import constants, symbols
from opjax.ir.nodes import AnyNode, Constant, Graph, Symbol
from opjax.source import NOWHERE, Source, Span

VALUES = (1.5, 0.0, 2.0, -0.0, math.nan, 1.5, math.inf, 3.0, math.nan, 2.0, 0.0)


def fields(node: AnyNode) -> tuple[object, ...]:
    """All that a number or a symbol says."""
    own = (node.number, node.dims, node.kind, node.roles, node.operands)
    if isinstance(node, Constant):
        return *own, str(node.value)
    assert isinstance(node, Symbol)
    return *own, node.role, node.name, node.axes


def test_numbers() -> None:
    one, many = Graph(), Graph()
    for graph in (one, many):
        graph.constant(3.0)
    source = Source("text", " " * len(VALUES))
    want = [one.constant(value) for value in VALUES]
    found = constants(many, VALUES, lambda place: Span(source, place, place))
    assert [*map(fields, found)] == [*map(fields, want)]
    assert [*map(fields, many)] == [*map(fields, one)]
    assert many.keys(len(many)) == one.keys(len(one))
    assert [node.span.start for node in found] == [0, 1, 2, 3, 4, 0, 6, 0, 4, 2, 1]  # where each was first; 3.0 nowhere
    assert constants(many, VALUES, lambda place: NOWHERE) == found


def test_symbols() -> None:
    names = ["b", "a", "c"]
    one, many = Graph(), Graph()
    want = [one.symbol("state", name) for name in names]
    found = symbols(many, "state", names, NOWHERE)
    assert [*map(fields, found)] == [*map(fields, want)]
    assert many.keys(3) == one.keys(3)
    assert symbols(many, "parameter", names, NOWHERE) == [many.symbol("parameter", name) for name in names]
    assert symbols(many, "state", names, NOWHERE) == found


def test_symbols_of_which_one_is_there() -> None:
    graph = Graph()
    known = graph.symbol("parameter", "a")
    found = symbols(graph, "parameter", ["b", "a", "c"], NOWHERE)
    assert found[1] is known
    assert [node.number for node in found] == [1, 0, 2]
    assert found == [graph.symbol("parameter", name) for name in ("b", "a", "c")]
