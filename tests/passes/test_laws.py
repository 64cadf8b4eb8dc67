"""Every pass keeps its law: to the last bit where it says so, else in exact arithmetic and within its units."""

from __future__ import annotations

import itertools
import math
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Graph, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes import PASSES, Pass
from opjax.passes.reroll import Bounds, reroll
from strategies.programs import AXES, programs

EXACT = ("coalesce", "fold", "shift", "guard", "batch", "swaps", "outward")
"""No value changes by a bit."""
REORDERED = (
    "alongside",
    "cells",
    "collect",
    "common",
    "contract",
    "differences",
    "dots",
    "ends",
    "faces",
    "fluxes",
    "interior",
    "leading",
    "opposite",
    "pins",
    "quotients",
    "ratios",
    "reroll",
    "scale",
    "together",
    "walls",
)
"""Sums and products are taken in another order."""
ROOT = Path(__file__).parents[2]
ROWS = {row.name: row for row in PASSES}
EVERYWHERE = Bounds(operations=1, members=2, kinds=1, runs=1)
SPECIAL = (0.0, -0.0, 1.0, -1.0, 1.5, math.inf, -math.inf, math.nan, 1e308, 5e-324)

WIDE = {"a": Axis("a", "labels", labels=tuple("pqrst")), "b": Axis("b", "labels", labels=("u", "v"))}

Leaf = Callable[[Symbol, tuple[int, ...]], float]


def bits(value: float | bool) -> object:
    """The bits of a number; all undefined numbers are one."""
    return "nan" if value != value else struct.pack("d", value)


def values(program: Program, leaf: Leaf) -> list[Mapping[tuple[int, ...], float | bool]]:
    """The values of all roots."""
    return [cells.values for cells in evaluate(list(program.roots.values()), program.axes, leaf)]


def same(before: Program, after: Program, leaf: Leaf) -> None:
    """The values of two programs are the same, bit by bit."""
    for old, new in zip(values(before, leaf), values(after, leaf), strict=True):
        assert old.keys() == new.keys()
        for cell, value in old.items():
            assert bits(new[cell]) == bits(value), (cell, value, new[cell])


def test_every_pass_has_its_law() -> None:
    assert set(ROWS) == {*EXACT, *REORDERED}


@pytest.mark.parametrize("row", PASSES, ids=lambda row: row.name)
def test_every_file_says_its_law_and_its_benchmark(row: Pass) -> None:
    law, exact = row.law, "no value changes by a bit"
    name = row.name
    assert law.startswith(exact) if name in EXACT else exact not in law.partition(" but")[0] or name == "cells"
    (script,) = re.findall(r"`((?:benchmarks|tests)/[a-z_/]+\.py)`", row.benchmark)
    assert (ROOT / script).exists()


# --- to the last bit, with infinite and undefined numbers, and zeros with a sign


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(program=programs(), seed=st.integers(0, 10_000))
def test_no_bit_changes(name: str, program: Program, seed: int) -> None:
    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        place = (
            seed + 7 * len(symbol.name) + sum(map(ord, symbol.name)) + sum((i + 1) * 3**p for p, i in enumerate(cell))
        )
        return SPECIAL[place % len(SPECIAL)]

    same(program, ROWS[name].run(program), leaf)


@pytest.mark.parametrize("rule", ["0*x", "x + 0", "x - x", "x/x", "x/3", "(x + 1e308) - 1e308"])
@pytest.mark.parametrize("value", [math.inf, math.nan, -0.0, 0.1])
def test_rules_of_exact_numbers_are_not_used(rule: str, value: float) -> None:
    graph = Graph()
    x, zero, big = graph.symbol("state", "n"), graph.constant(0.0), graph.constant(1e308)
    minus = graph.apply("negate", (x,))
    node = {
        "0*x": lambda: graph.apply("multiply", (zero, x)),
        "x + 0": lambda: graph.apply("add", (x, zero)),
        "x - x": lambda: graph.apply("add", (x, minus)),
        "x/x": lambda: graph.apply("divide", (x, x)),
        "x/3": lambda: graph.apply("divide", (x, graph.constant(3.0))),
        "(x + 1e308) - 1e308": lambda: graph.apply("add", (graph.apply("add", (x, big)), graph.constant(-1e308))),
    }[rule]()
    program = Program(graph, {"value": node}, AXES, {})
    after = ROWS["fold"].run(program)
    same(program, after, lambda symbol, cell: value)
    assert after.roots["value"].operands  # still an operation, and no constant


# --- in another order: the same in exact arithmetic, that is for whole numbers that are not large


@st.composite
def polynomials(draw: st.DrawFn) -> Program:
    """Sums and products of whole numbers, over axes, scalar, and written cell by cell."""
    graph = Graph()
    a, b = Dim("a"), Dim("b")
    real: list[AnyNode] = [
        graph.symbol("state", "n"),
        graph.symbol("parameter", "k"),
        graph.symbol("state", "S", ("a",)),
        graph.symbol("parameter", "w", ("b",)),
        graph.symbol("parameter", "M", ("a", "b")),
        graph.constant(2.0),
    ]
    real.append(graph.view(real[2], (Along(Dim("a", 1)),)))
    for _ in range(draw(st.integers(2, 10))):
        chosen = draw(st.lists(st.sampled_from(real), min_size=2, max_size=4))
        kind = draw(st.sampled_from(("add", "multiply", "sum", "negate", "place")))
        if kind == "place":
            scalars = [one for one in real if not one.dims]
            node = graph.place(draw(st.sampled_from(scalars)), a, draw(st.integers(0, 4)))
        elif kind == "negate":
            node = graph.apply("negate", (chosen[0],))
        else:
            node = graph.apply("add" if kind == "add" else "multiply", chosen)
            over = tuple(d for d in node.dims if draw(st.booleans()))
            node = graph.reduce("sum", node, over) if kind == "sum" else node
        if len(node.dims) <= 3:
            real.append(node)
    cells = [graph.place(graph.apply("add", (real[0], graph.constant(float(i)))), a, i % 5) for i in range(6)]
    terms = [*cells, *draw(st.lists(st.sampled_from(real), max_size=2))]
    roots = {"cells": graph.apply("add", draw(st.permutations(terms)))}
    for place, root in enumerate(real[-4:]):
        roots[f"value {place}"] = graph.reduce("sum", root, tuple(d for d in root.dims if d not in (a, b)))
    return Program(graph, roots, WIDE, {})


def whole(symbol: Symbol, cell: tuple[int, ...]) -> float:
    return float((len(symbol.name) + ord(symbol.name[0]) + sum((i + 1) * 2**p for p, i in enumerate(cell))) % 5 - 2)


@pytest.mark.parametrize("name", REORDERED)
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(program=polynomials())
def test_whole_numbers_do_not_change(name: str, program: Program) -> None:
    run = (lambda given: reroll(given, EVERYWHERE)) if name == "reroll" else ROWS[name].run
    after = run(program)
    assert name != "cells" or after.roots["cells"] is not program.roots["cells"]
    for old, new in zip(values(program, whole), values(after, whole), strict=True):
        most = max(map(abs, old.values()))
        if most < 2.0**40:  # far from where whole numbers end
            assert old == new


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=9, max_size=9), st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_a_contraction_keeps_to_its_units(matrix: list[float], vector: list[float]) -> None:
    """``sum(k*M[a, b]*x[b]/y[b] for b)``: 3 products of 4 factors."""
    graph = Graph()
    bound = (Along(Dim("a", 1)),)
    k, m = graph.symbol("parameter", "k"), graph.symbol("parameter", "M", ("a", "a"))
    x, y = (graph.view(graph.symbol("state", name, ("a",)), bound) for name in "xy")
    product = graph.apply("multiply", (k, m, graph.apply("divide", (x, y))))
    root = graph.reduce("sum", product, (Dim("a", 1),))
    program = Program(graph, {"value": root}, AXES, {})
    size = Program(graph, {"value": graph.reduce("sum", graph.apply("abs", (product,)), (Dim("a", 1),))}, AXES, {})

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        known = {"k": [0.3], "M": matrix, "x": vector, "y": [0.7, 1.1, 1.3]}[symbol.name]
        return known[cell[0] * 3 + cell[1] if len(cell) == 2 else cell[0] if cell else 0]

    (old,), (new,), (most,) = (values(p, leaf) for p in (program, ROWS["contract"].run(program), size))
    assert ROWS["contract"].run(program).roots["value"] is not root
    for cell in itertools.product(range(3)):
        assert abs(old[cell] - new[cell]) <= (3 + 4) * math.ulp(most[cell])
