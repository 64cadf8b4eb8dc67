"""A matrix over something that varies along fewer dims is the matrix times one over that."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Contract, Graph, Reduce, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.contract import contract

AXES = {"i": Axis("i", "labels", labels=tuple("pqr"))}
THERE = Dim("i", 1)


def program(divisor: str, absolute: bool = False) -> Program:
    """``sum(W[i, j]/... for j in i)``."""
    graph = Graph()
    w, x = graph.symbol("parameter", "W", ("i", "i")), graph.symbol("state", "x", ("i",))
    there = graph.view(x, (Along(THERE),))
    divisors: dict[str, tuple[AnyNode, ...]] = {
        "there": (there,),
        "twice": (there, graph.apply("add", (there, graph.constant(1.0)))),
        "here": (x,),
        "both": (graph.apply("add", (x, there)),),
    }
    body = w
    for one in divisors[divisor]:
        body = graph.apply("divide", (body, one))
    body = graph.apply("abs", (body,)) if absolute else body
    return Program(graph, {"total": graph.reduce("sum", body, (THERE,))}, AXES, {})


@pytest.mark.parametrize("divisor", ["there", "twice"])
def test_what_the_sum_runs_over_divides_one(divisor: str) -> None:
    nodes = contract(program(divisor)).nodes
    assert any(isinstance(node, Contract) for node in nodes)
    assert not any(isinstance(node, Reduce) for node in nodes)


@pytest.mark.parametrize("divisor", ["here", "both"])
def test_what_varies_along_all_divides_the_matrix_or_the_sum(divisor: str) -> None:
    assert not any(isinstance(node, Contract) for node in contract(program(divisor)).nodes)


@settings(max_examples=60, deadline=None)
@given(
    divisor=st.sampled_from(("there", "twice", "here", "both")),
    matrix=st.lists(st.floats(-3, 3), min_size=9, max_size=9),
    vector=st.lists(st.floats(0.1, 3), min_size=3, max_size=3),
)
def test_it_keeps_to_its_units(divisor: str, matrix: list[float], vector: list[float]) -> None:
    """3 products of at most 3 factors."""

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        return matrix[cell[0] * 3 + cell[1]] if symbol.name == "W" else vector[cell[0]]

    before, most = program(divisor), program(divisor, absolute=True)
    (old,), (new,), (size,) = (evaluate(list(p.roots.values()), AXES, leaf) for p in (before, contract(before), most))
    for cell, value in old.values.items():
        assert abs(new.values[cell] - value) <= (3 + 3) * math.ulp(size.values[cell])
