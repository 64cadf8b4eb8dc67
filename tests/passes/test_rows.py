"""Columns of integers say what the nodes say, whether many are looked at together or one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from opjax.ir.nodes import Constant, Graph, Reduce, Segment
from opjax.ir.program import Program, is_interior
from opjax.passes import rows, shapes
from opjax.passes.reroll import reroll
from opjax.passes.rows import Rows
from opjax.passes.shapes import Shapes
from opjax.passes.sums import Bounds
from strategies.flat_programs import flat_programs

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
NEVER = 10**9


def told(found: Shapes) -> tuple[object, ...]:
    """All that shapes say, without the numbers that they were given in some order."""
    kinds = {(level, shape): tuple(units.tolist()) for (level, shape), units in found.groups.items()}
    groups = [(level, units) for (level, _), units in kinds.items()]
    own = {}
    for number, place in enumerate(found.own.tolist()):
        own.setdefault(place, []).append(number)
    return groups, sorted(map(tuple, own.values())), found.uses.tolist(), found.units.tolist(), found.levels


@SLOW
@given(flat_programs())
def test_columns_are_what_nodes_say(program: Program) -> None:
    found = Rows(program)
    for node in program.nodes:
        numbers = np.array([node.number])
        assert found.operands(numbers).tolist() == [operand.number for operand in node.operands]
        assert found.interior[node.number] == is_interior(node)
        assert found.constant[node.number] == isinstance(node, Constant)
        if isinstance(node, Constant):
            assert found.values[node.number] == node.value
    used = {operand.number for node in program.nodes for operand in node.operands}
    assert set(found.used.nonzero()[0].tolist()) == used
    uses = np.zeros(found.size, int)
    for node in program.nodes:
        for operand in node.operands if is_interior(node) else ():
            uses[operand.number] += 1
    assert found.uses.tolist() == uses.tolist()


@SLOW
@given(flat_programs())
def test_shapes_are_the_same_at_once_and_one_by_one(program: Program) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "FEWEST", NEVER)
        each = told(Shapes(Rows(program)))
        patch.setattr(rows, "FEWEST", 1)
        together = Rows(program)
        assert together.fronts
        assert told(Shapes(together)) == each
        patch.setattr(shapes, "MIXER", np.uint64(0))  # all rows are mixed to one number
        assert told(Shapes(Rows(program))) == each


def test_fronts_stop_where_they_are_narrow() -> None:
    """A chain is followed one by one: a front for each link would take the square of its length."""
    graph = Graph()
    value = graph.symbol("state", "x")
    wide = [graph.apply("sin", (graph.symbol("state", f"y{i}"),)) for i in range(300)]
    for _ in range(2_000):
        value = graph.apply("cos", (value,))
    roots = {f"r{i}": node for i, node in enumerate([*wide, value])}
    found = Rows(Program(graph, roots, {}, {}))
    assert len(found.fronts) == 1
    assert found.rest.size == 1_999
    assert Shapes(found).levels == 2


def test_rows_are_in_the_order_of_the_model() -> None:
    graph = Graph()
    x = graph.symbol("state", "x")
    a, b, c = (graph.apply(name, (x,)) for name in ("sin", "cos", "tanh"))
    roots = {"a": a, "b": b, "c": c}
    numbers = np.array([b.number, c.number, a.number])
    assert Rows(Program(graph, roots, {}, {})).in_order(numbers).tolist() == [a.number, b.number, c.number]
    moved = Program(graph, roots, {}, {}, {c.number: a.number})  # what has taken the place of another follows it
    assert Rows(moved).in_order(numbers).tolist() == [a.number, c.number, b.number]


def test_a_whole_that_is_a_root_and_used_is_added_up_once() -> None:
    graph = Graph()
    states = [graph.symbol("state", f"x{i}") for i in range(40)]
    whole = graph.apply("add", states)
    roots = {
        f"x{i}": graph.apply("add", [graph.apply("sin", (x,)), x, x, x][: 2 + i % 3]) for i, x in enumerate(states)
    }
    roots |= {f"y{i}": graph.apply("multiply", (whole, x)) for i, x in enumerate(states)} | {"whole": whole}
    after = reroll(Program(graph, roots, {}, {}), Bounds(kinds=1))
    assert sum(isinstance(node, Reduce) for node in after.nodes) == 1
    (segment,) = (node for node in after.nodes if isinstance(node, Segment))
    assert len(segment.positions) == 14 * 2 + 13 * 3 + 13 * 4 + 40 + 1
