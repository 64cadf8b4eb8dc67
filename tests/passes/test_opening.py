"""Sums with differences among their factors become several sums of less, within the law of the pass."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Graph, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim, Role
from opjax.passes.contract import contract

POINTS = 4
AXES = {"i": Axis("i", "labels", labels=tuple("pqrs"))}
HERE, THERE = Dim("i"), Dim("i", 1)
Body = Callable[["Pairs"], AnyNode]


class Pairs:
    """Expressions over two points: here, and there, which is summed over."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.here, self.there = self.both("state", "x")
        self.age_here, self.age_there = self.both("state", "y")
        _, self.size_there = self.both("parameter", "n")
        self.weight = self.graph.symbol("parameter", "W", ("i", "i"))
        self.distance = self.graph.symbol("parameter", "d", ("i", "i"))
        self.elsewhere = self.of("not_equal", *self.both("position", "i"))

    def both(self, role: Role, name: str) -> tuple[AnyNode, AnyNode]:
        symbol = self.graph.symbol(role, name, ("i",))
        return symbol, self.graph.view(symbol, (Along(THERE),))

    def of(self, function: str, *arguments: AnyNode | float) -> AnyNode:
        nodes = [self.graph.constant(a) if isinstance(a, int | float) else a for a in arguments]
        return self.graph.apply(function, nodes)

    def minus(self, one: AnyNode, other: AnyNode | float) -> AnyNode:
        return self.of("add", one, self.of("negate", other))

    def program(self, body: AnyNode) -> Program:
        return Program(self.graph, {"total": self.graph.reduce("sum", body, (THERE,))}, AXES, {})


def lagged(p: Pairs) -> AnyNode:
    return p.of("multiply", p.weight, p.of("sin", p.minus(p.minus(p.there, p.here), 0.3)))


OPENED: dict[str, Body] = {
    "a difference": lambda p: p.of("multiply", p.weight, p.minus(p.there, p.here)),
    "a difference alone": lambda p: p.minus(p.there, p.here),
    "a minus sign": lambda p: p.of("negate", p.of("multiply", p.weight, p.minus(p.here, p.there))),
    "divided": lambda p: p.of("divide", p.of("multiply", p.weight, p.minus(p.there, p.here)), p.distance),
    "sine": lambda p: p.of("sin", p.minus(p.there, p.here)),
    "sine with a lag": lagged,
    "cosine": lambda p: p.of("multiply", p.weight, p.of("cos", p.minus(p.here, p.there))),
    "cosine of a sum": lambda p: p.of("multiply", p.weight, p.of("cos", p.of("add", p.here, p.there))),
    "in and out": lambda p: p.minus(
        p.of("multiply", p.weight, p.there), p.of("multiply", p.distance, p.of("multiply", p.here, p.age_here))
    ),
    "elsewhere": lambda p: p.of(
        "where",
        p.elsewhere,
        p.of("divide", p.of("multiply", p.weight, p.there), p.of("multiply", p.distance, p.size_there)),
        0.0,
    ),
    "elsewhere, a difference": lambda p: p.of("where", p.elsewhere, lagged(p), 0.0),
}
KEPT: dict[str, Body] = {
    "digits of two differences": lambda p: p.of(
        "multiply", p.weight, p.minus(p.there, p.here), p.minus(p.age_there, p.age_here)
    ),
    "digits of a near difference": lambda p: p.of(
        "divide",
        p.minus(p.there, p.here),
        p.of("multiply", *[p.of("add", p.of("abs", p.minus(p.there, p.here)), 0.1)] * 3),
    ),
    "what may be infinite is chosen": lambda p: p.of(
        "where", p.elsewhere, p.of("multiply", p.weight, p.of("log", p.of("abs", p.there))), 0.0
    ),
    "a condition on states": lambda p: p.of(
        "where", p.of("greater", p.there, p.here), p.of("multiply", p.weight, p.there), 0.0
    ),
    "a product of the sum": lambda p: p.of("multiply", p.weight, p.of("tanh", p.minus(p.there, p.here))),
}


def pairs_of_states(program: Program) -> list[AnyNode]:
    """What is computed of states for every pair."""
    return [node for node in program.nodes if set(node.dims) == {HERE, THERE} and "state" in node.roles]


@pytest.mark.parametrize("name", OPENED)
def test_nothing_is_left_that_is_computed_for_every_pair(name: str) -> None:
    pairs = Pairs()
    program = pairs.program(OPENED[name](pairs))
    assert pairs_of_states(program)
    assert not pairs_of_states(contract(program))


@pytest.mark.parametrize("name", KEPT)
def test_a_sum_stays_where_digits_or_branches_would_be_lost(name: str) -> None:
    pairs = Pairs()
    program = pairs.program(KEPT[name](pairs))
    assert any("state" in node.roles and len(node.dims) == 2 for node in contract(program).nodes)
    values = {"x": [1.0, 0.0, math.inf, 2.0], "y": [1.0] * 4, "n": [1.0] * 4}

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        return values.get(symbol.name, [1.0] * 4)[cell[0]]

    before, after = (evaluate(list(p.roots.values()), AXES, leaf)[0].values for p in (program, contract(program)))
    for cell, value in before.items():
        assert after[cell] == pytest.approx(value, rel=1e-14, nan_ok=True)


@settings(max_examples=25, deadline=None)
@given(
    states=st.lists(st.floats(-3, 3), min_size=2 * POINTS, max_size=2 * POINTS),
    table=st.lists(st.floats(0.5, 2), min_size=POINTS**2, max_size=POINTS**2),
)
@pytest.mark.parametrize("name", OPENED)
def test_the_value_is_that_of_the_interpreter(name: str, states: list[float], table: list[float]) -> None:
    pairs = Pairs()
    program = pairs.program(OPENED[name](pairs))

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        if symbol.name in "xy":
            return states[cell[0] + POINTS * (symbol.name == "y")]
        return table[cell[0] * POINTS + cell[1]] if len(cell) == 2 else table[cell[0]]

    before, after = (evaluate(list(p.roots.values()), AXES, leaf)[0].values for p in (program, contract(program)))
    largest = POINTS * 2.0 * 2 * 6.0 * 6.0  # a weight, divided by one half, times two differences of up to 6
    for cell in itertools.product(range(POINTS)):
        assert abs(before[cell] - after[cell]) <= (POINTS + 8) * math.ulp(largest)


def test_a_diagonal_that_is_left_out_may_be_infinite() -> None:
    """``W/d`` for other points: the distance of a point to itself is zero."""
    pairs = Pairs()
    program = contract(pairs.program(OPENED["elsewhere"](pairs)))

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        if symbol.name == "d":
            return float(abs(cell[0] - cell[1]))
        return 1.0

    (found,) = evaluate(list(program.roots.values()), AXES, leaf)
    assert found.values[(0,)] == pytest.approx(1 + 1 / 2 + 1 / 3)
