"""What is found out about the nodes of a large program together is what is found out one by one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import opjax
from opjax.ir import program as programs
from opjax.ir import table
from opjax.ir.nodes import AnyNode, Graph
from opjax.ir.program import Program
from opjax.ir.types import Axis
from opjax.passes.fold import fold
from strategies.flat_programs import flat_programs

NEVER = 10**9
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def told(program: Program) -> tuple[object, ...]:
    """All that a program says about its nodes."""
    lists = (program.nodes, program.leaves, program.unusual, program.arrays)
    applied = [sorted(node.number for node in program.applied(function)) for function in ("add", "divide", "sin")]
    numbers = [[node.number for node in nodes] for nodes in lists]
    return applied, program.operands, numbers, program.kinds, program.functions


def unseen(program: Program) -> Program:
    """The same program, of which nothing is known."""
    return Program(program.graph, program.roots, program.axes, program.names, program.places)


@contextlib.contextmanager
def together_from(large: int) -> Iterator[None]:
    """Programs of so many nodes are looked at together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs, "LARGE", large)
        yield


@SLOW
@given(flat_programs())
def test_nodes_are_the_same_together_and_one_by_one(program: Program) -> None:
    with together_from(NEVER):
        each = told(unseen(program))
    with together_from(0):
        together = told(unseen(program))
    assert each == together


@SLOW
@given(flat_programs())
def test_what_is_folded_is_the_same_together_and_one_by_one(program: Program) -> None:
    with together_from(NEVER):
        each = fold(unseen(program))
    with together_from(0):
        together = fold(unseen(program))
    assert (each.graph is program.graph) == (together.graph is program.graph)
    assert [*each.graph.keys(len(each.graph))] == [*together.graph.keys(len(together.graph))]
    assert {name: node.number for name, node in each.roots.items()} == {
        name: node.number for name, node in together.roots.items()
    }


def _x(graph: Graph) -> AnyNode:
    return graph.symbol("state", "x")


FOLDED = {
    "two signs": lambda g: g.apply("negate", (g.apply("negate", (_x(g),)),)),
    "the sign of a number": lambda g: g.apply("negate", (g.constant(2.0),)),
    "a factor of 1": lambda g: g.apply("multiply", (_x(g), g.constant(1.0))),
    "a division by 1": lambda g: g.apply("divide", (_x(g), g.constant(1.0))),
    "numbers": lambda g: g.apply("add", (g.constant(2.0), g.constant(3.0))),
    "a power of 1": lambda g: g.integer_power(_x(g), 1),
    "a power of 0": lambda g: g.integer_power(_x(g), 0),
    "a known condition": lambda g: g.apply("where", (g.constant(True), _x(g), g.constant(3.0))),
    "a size": lambda g: g.apply("multiply", (_x(g), g.symbol("size", "a"))),
}
"""Values for which there is a rule, each the only one in its program."""


@pytest.mark.parametrize("case", FOLDED)
def test_nothing_is_missed_where_all_are_looked_at_together(case: str) -> None:
    graph = Graph()
    root = FOLDED[case](graph)
    program = Program(graph, {"x": root}, {"a": Axis("a", "labels", ("one", "two"))}, {})
    with together_from(0):
        assert fold(program).roots["x"] is not root


@pytest.mark.parametrize("narrow", [0, NEVER])
def test_long_chains_and_wide_fronts_are_followed(narrow: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "NARROW", narrow)
    graph = Graph()
    states = [graph.symbol("state", f"x{place}") for place in range(20)]
    unused = graph.apply("exp", (states[3],))
    value = graph.apply("add", states[5:])
    for _ in range(30):
        value = graph.apply("sin", (value,))
    found = table.table_of(graph).reached(graph, [value.number])
    wanted = [node.number for node in graph if node is not unused and node not in states[:5]]
    assert found.tolist() == wanted


def test_what_a_graph_had_before_is_not_looked_at_again() -> None:
    graph = Graph()
    x = _x(graph)
    first = table.table_of(graph)
    assert table.table_of(graph) is first
    copy = graph.copy()
    y = copy.apply("exp", (x,))
    second = table.table_of(copy)
    assert graph.table is first
    assert second.codes.size == 2
    assert "exp" in second.known
    assert "exp" not in first.known  # other copies count on from there, in other threads too
    assert second.operands(np.array([y.number])).tolist() == [x.number]


def test_nodes_made_in_columns_are_told_as_those_that_are_looked_at() -> None:
    lines = "\n".join(f"    {'2 ' * (place % 2)}A{place} -> A{(3 * place) % 100} @ k{place}" for place in range(100))
    states = "\n".join(f"    A{place} = 1" for place in range(100))
    parameters = "\n".join(f"    k{place} = {place + 0.5}" for place in range(100))
    model = opjax.loads(f"model M:\n  params:\n{parameters}\n  states:\n{states}\n  dynamics:\n{lines}\n")
    graph = model.system.graph.copy()
    assert graph.blocks
    found = table.table_of(graph)
    assert not graph.blocks
    graph.table = None
    looked = table.table_of(graph)
    operations = [[*one.known] for one in (found, looked)]
    for node in graph:
        number = np.array([node.number])
        assert operations[0][found.codes[node.number]] == operations[1][looked.codes[node.number]]
        assert found.operands(number).tolist() == looked.operands(number).tolist()
