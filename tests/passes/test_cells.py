"""Rates that are written cell by cell: the same values, without a mask for each cell."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import opjax
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import AnyNode, Graph, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.cells import cells

AXES = {"a": Axis("a", "labels", labels=tuple("pqrstu")), "b": Axis("b", "labels", labels=("u", "v"))}
RANDOM = np.random.default_rng(5)


def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    return {"k": 0.3, "w": -1.7}.get(symbol.name, 0.0) + sum(cell) * 0.11


@st.composite
def written_cell_by_cell(draw: st.DrawFn) -> Program:
    graph = Graph()
    k, w, vector = (graph.symbol("parameter", "k"), graph.symbol("parameter", "w"), graph.symbol("state", "S", ("a",)))
    terms: list[AnyNode] = []
    for place in draw(st.lists(st.integers(0, 5), min_size=2, max_size=12)):
        value = graph.apply("multiply", (draw(st.sampled_from((k, w))), graph.constant(float(len(terms)))))
        terms.append(graph.place(value, Dim("a"), place))
    others = (vector, k, graph.place(graph.symbol("state", "T", ("b",)), Dim("a"), 1), graph.place(k, Dim("b"), 1))
    terms += draw(st.lists(st.sampled_from(others), max_size=2))
    return Program(graph, {"x": graph.apply("add", draw(st.permutations(terms)))}, AXES, {})


@given(written_cell_by_cell())
def test_a_rate_written_cell_by_cell_keeps_its_value(program: Program) -> None:
    ((want,), (got,)) = (evaluate(list(p.roots.values()), AXES, leaf) for p in (program, cells(program)))
    assert got.dims == want.dims
    for cell, value in want.values.items():
        np.testing.assert_allclose(got.values[cell], value, rtol=1e-14, atol=1e-14)


def test_cells_in_a_ring_are_vector_operations() -> None:
    count = 60
    labels = [f"l{i}" for i in range(count)]
    rows = [f'    x["l{i}"]\' = k*x["l{(i + 1) % count}"]*z["l{i}"] - {i + 1}*x["l{i}"]' for i in range(count)]
    rows += [f'    z["{a}"] -> z["{b}"] @ k' for a, b in itertools.pairwise(labels)]
    head = f"model Ring:\n  axes:\n    a = [{', '.join(labels)}]\n  states: x[a], z[a]\n  params: k\n  dynamics:\n"
    rhs = opjax.compile_rhs(opjax.loads(head + "\n".join(rows) + "\n", format="ojx"))
    x, z = RANDOM.uniform(size=(2, count))
    flow = 0.3 * z[:-1]
    want = 0.3 * np.roll(x, -1) * z - np.arange(1, count + 1) * x
    moved = np.concatenate([[0.0], flow]) - np.concatenate([flow, [0.0]])
    np.testing.assert_allclose(rhs.eval_fn(0.0, np.concatenate([x, z]), k=0.3), [*want, *moved], rtol=1e-13, atol=1e-15)
    assert len(rhs.source.splitlines()) < 12
    assert "where" not in rhs.source
