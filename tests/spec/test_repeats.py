"""Statements that are alike become what each would become alone."""

from __future__ import annotations

import dataclasses
import re
from random import Random
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import opjax
from opjax import stages
from opjax.errors import OpjaxError, Report
from opjax.ir.nodes import AnyNode, Symbol
from opjax.ir.system import System
from opjax.spec import again, alike, repeats
from opjax.spec.again import Statements
from opjax.spec.mapping_writer import write_mapping

STATES = ("A", "B", "C", "D")
HEAD = """
model Net:
  params:
    k1 = 0.5
    k2 = 1.5
    K
  states:
    A = 1
    B = 2
    C = 3
    D = 4
  let:
    N = A + B
    half = A
    two = 2.0
    hill(x, h) = x^2/(h^2 + x^2)
    own(x) = x/(K + x) + 0.5*t
    small = 0.5
    now = t
    steep = A^2/(1.5^2 + A^2)
    third = 1/3
  dynamics:
"""
FORMS = (
    "{a} -> {b} @ {k}",
    "{a} + {b} -> {c} @ {k}",
    "2 {a} + {b} -> {a} + {c} @ {k}",
    "{a} => {b} @ {k}*{a}/({l} + {b})",
    "0 -> {a} @ {k}*{x}*({a} + {b})",
    "{a} -> {b} @ {k}*({a} + {b})/{m}",
    "{a} -> 0 @ {x}",
    "{a} -> {b} @ {k}*hill({c}, {l})",
    "{a} -> {b} @ {k}*own({c})*{l}",
    "{a} -> {b} @ {k}*{l} + 2*{x}*t",
    "2 {a} -> {b} @ {l}*pi + {x}*hill({c}, {m})",
    "{a} -> {b} @ exp(-{k}*{c}) + t*{l}",
    "0 -> {a} @ {k}*{c}^{n} + pi",
    "{a} -> {b} @ {k}*{a}",
    "{a} -> {b} @ {k} if {c} > {l} else {m}",
    "{a} -> {b} @ {l}*(3*{c}/({x} + {c}))",
)
NAMES = st.sampled_from(STATES)
VALUES = st.sampled_from((*STATES, "N", "half", "two", "small", "now", "k1", "K"))
LEAVES = {
    "a": NAMES,
    "b": NAMES,
    "c": NAMES,
    "k": st.sampled_from(("k1", "k2", "K", "N", "A")),
    "l": VALUES,
    "m": st.sampled_from(("N", "half", "A")),
    "x": st.sampled_from(("0.5", "1.5", "2.0", "1e-3")),
    "n": st.integers(0, 3),
}
ROWS = st.lists(st.sampled_from(FORMS), min_size=1, max_size=3).flatmap(
    lambda forms: st.lists(
        st.builds(lambda form, leaves: form.format(**leaves), st.sampled_from(forms), st.fixed_dictionaries(LEAVES)),
        min_size=12,
        max_size=40,
    )
)


def system(text: str, alone: bool) -> System:
    report = Report()
    (syntax,) = stages.read_string(text, "ojx", report)
    if alone:  # copies of statements have no form
        syntax = dataclasses.replace(syntax, dynamics=tuple(dataclasses.replace(row) for row in syntax.dynamics))
    return stages.check(syntax, report).system


def system_of_mapping(text: str, alone: bool) -> System:
    """The same by way of the mapping that says what the text says."""
    report = Report()
    (written,) = stages.read_string(text, "ojx", report)
    (syntax,) = stages.read_objects(write_mapping(written), report)
    if alone:
        syntax = dataclasses.replace(syntax, dynamics=tuple(dataclasses.replace(row) for row in syntax.dynamics))
    return stages.check(syntax, report).system


def meaning(model: System) -> Any:
    """What a model says, without places and numbers of nodes."""
    known: dict[int, int] = {}
    for node in model.graph:
        own = [getattr(node, name, None) for name in ("function", "role", "name", "exponent", "value", "dims", "kind")]
        operands = tuple(known[operand.number] for operand in node.operands)
        known[node.number] = hash((type(node), *own, tuple(sorted(node.roles)), operands))

    def of(node: AnyNode) -> int:
        return known[node.number]

    flows = {
        name: (
            of(flow.value),
            of(flow.rate),
            flow.mass_action,
            flow.axes,
            *[[(p.state, p.count, p.selections) for p in side] for side in (flow.reactants, flow.products)],
        )
        for name, flow in model.flows.items()
    }
    return flows, {name: of(rate) for name, rate in model.rates.items()}


@given(ROWS, st.sampled_from((1, 7, alike.AT_ONCE)))
def test_rows_that_are_alike(rows: list[str], at_once: int) -> None:
    ends = "".join(f"    {state} -> 0 @ k1\n" for state in STATES)
    text = HEAD + "".join(f"    R{place}: {row}\n" for place, row in enumerate(rows)) + ends
    alone = meaning(system(text, alone=True))
    with mock.patch.object(alike, "AT_ONCE", at_once):
        assert meaning(system(text, alone=False)) == alone
        assert meaning(system_of_mapping(text, alone=False)) == meaning(system_of_mapping(text, alone=True)) == alone


@given(ROWS)
def test_equations_that_are_alike(rows: list[str]) -> None:
    values = [row.split("@ ")[1] for row in rows]
    head = HEAD.replace("  states:\n", "  states:\n" + "".join(f"    x{place} = 1\n" for place in range(len(rows))))
    ends = "".join(f"    {state} -> 0 @ k1\n" for state in STATES)
    text = head + ends + "".join(f"    x{place}' = {value} - x{place}\n" for place, value in enumerate(values))
    alone = meaning(system(text, alone=True))
    assert meaning(system(text, alone=False)) == alone
    assert meaning(system_of_mapping(text, alone=False)) == meaning(system_of_mapping(text, alone=True)) == alone


@pytest.mark.parametrize("read", [system, system_of_mapping])
def test_most_of_a_large_model_is_repeated(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    alone: list[str] = []
    first_time = Statements.first_time

    def counted(self: Statements, *arguments: Any) -> None:
        alone.append(arguments[-1])
        first_time(self, *arguments)

    monkeypatch.setattr(Statements, "first_time", counted)
    rows = "".join(f"    R{n}: {STATES[n % 4]} + {STATES[n // 4 % 4]} -> D @ k{n % 2 + 1}\n" for n in range(200))
    read(HEAD + rows + "    K1: A -> 0 @ K\n", alone=False)
    assert 0 < len(alone) < 31


def nodes(model: System) -> list[Any]:
    """All nodes with their numbers and places."""
    own = ("number", "function", "role", "name", "exponent", "value", "kind", "roles", "dims", "axes", "span")
    return [
        (type(node), *[getattr(node, name, None) for name in own], [operand.number for operand in node.operands])
        for node in model.graph
    ]


@given(ROWS)
def test_columns_are_what_rows_are_one_by_one(rows: list[str]) -> None:
    text = HEAD + "".join(f"    R{place}: {row}\n" for place, row in enumerate([*rows, *rows]))
    text += "    C -> A + B + D @ K\n"
    (syntax,) = stages.read_string(text, "ojx", Report())
    with mock.patch.object(again, "FEWEST", 0):
        columns = stages.check(syntax, Report()).system
    with mock.patch.object(again, "FEWEST", 10**9):
        one_by_one = stages.check(syntax, Report()).system
    assert nodes(columns) == nodes(one_by_one)
    assert meaning(columns) == meaning(one_by_one)


@pytest.mark.parametrize(
    "rows", ["A{n} -> A{m} @ k*A{m}^2", "2 A{n} + A{m} -> A{n} @ k", "R{n}: A{m} -> A{n} + A0 @ 0.{n}"]
)
def test_rows_with_a_node_in_common(rows: str) -> None:
    """The square of a state occurs in several rows: some of them are looked at together, others are not."""
    count = 60
    states = "".join(f"    A{n} = 1\n" for n in range(count))
    text = f"model M:\n  params: k\n  states:\n{states}  dynamics:\n"
    text += "".join(f"    {rows.format(n=n, m=n * n % 7)}\n" for n in range(count))
    text += "".join(f"    A{n} -> 0 @ k\n" for n in range(count))
    (syntax,) = stages.read_string(text, "ojx", Report())
    found: list[list[Any]] = []
    for fewest, at_once in ((0, 10), (0, alike.AT_ONCE), (10**9, 10)):
        with mock.patch.object(again, "FEWEST", fewest), mock.patch.object(alike, "AT_ONCE", at_once):
            found.append(nodes(stages.check(syntax, Report()).system))
    assert found[0] == found[2]
    assert len(found[1]) == len(found[0])
    assert meaning(system(text, alone=False)) == meaning(system(text, alone=True))


def in_columns_and_rows(text: str) -> tuple[object, object, int]:
    """The nodes of a model made in columns, those made in rows, and how many rows were not made in columns then."""
    (syntax,) = stages.read_string(text, "ojx", Report())
    made: list[object] = []
    one_by_one = again.repeat_in_rows

    def in_rows(graph: Any, rows: Any) -> None:
        made.extend(rows)
        one_by_one(graph, rows)

    with mock.patch.object(again, "repeat_in_rows", in_rows):
        columns = stages.check(syntax, Report()).system
    with mock.patch.object(again, "FEWEST", 10**9):
        return nodes(columns), nodes(stages.check(syntax, Report()).system), len(made)


def test_nodes_of_many_rows_are_made_in_columns() -> None:
    """Also where some of them are there already, as here the squares are."""
    count = 60
    text = "model M:\n  params:\n" + "".join(f"    k{n} = 0.5\n" for n in range(count))
    text += "  states:\n" + "".join(f"    A{n} = 1\n" for n in range(count))
    text += "  let:\n" + "".join(f"    square{n} = A{n}^2\n" for n in range(count)) + "  dynamics:\n"
    text += "".join(f"    2 A{n} -> A{(n + 1) % count} @ k{n}\n" for n in range(count))
    columns, rows, left = in_columns_and_rows(text)
    assert columns == rows
    assert left < again.FEWEST


@given(ROWS)
def test_names_that_are_met_all_at_once_mean_what_they_mean_one_by_one(rows: list[str]) -> None:
    text = HEAD.replace("  params:\n", "  params:\n" + "".join(f"    q{place} = {place}.5\n" for place in range(50)))
    text = text.replace("  states:\n", "  states:\n" + "".join(f"    z{place} = {place}\n" for place in range(50)))
    text += "".join(f"    {row}\n" for row in (*rows, *(f"{state} -> 0 @ k1" for state in STATES)))
    text += "".join(f"    z{place} -> 0 @ q{place % 40}\n" for place in range(50))
    with mock.patch.object(repeats, "MANY_DECLARED", 1):
        found = system(text, alone=False)
    symbols = {n.name for n in found.graph if isinstance(n, Symbol)}
    assert {f"q{place}" for place in range(50)} <= symbols  # also those that no row has: all were met at once
    assert meaning(found) == meaning(system(text, alone=True))


def test_names_of_large_declarations_stand_in_their_order() -> None:
    count = 600
    parameters = [f"    k{place} = {place}.5\n" for place in range(count)]
    parameters[300] = "    k300 : 1/day in [0, 1] = 0.5\n"  # a line of its own kind among those that are alike
    states = "".join(f"    A{place} = 1\n" for place in range(count))
    rows = "".join(f"    A{place} -> A{(place + 7) % count} @ k{count - 1 - place}\n" for place in range(count))
    found = system(f"model M:\n  params:\n{''.join(parameters)}  states:\n{states}  dynamics:\n{rows}", alone=False)
    leaves = [node for node in found.graph if isinstance(node, Symbol)]
    assert [node.name for node in leaves if node.role == "parameter"] == [f"k{place}" for place in range(count)]
    assert [node.name for node in leaves if node.role == "state"] == [f"A{place}" for place in range(count)]


def test_leaves_are_placed_where_they_are_first_written() -> None:
    count = 100
    text = "model M:\n  params:\n" + "".join(f"    k{n} = 0.5\n" for n in range(count))
    text += "  states:\n" + "".join(f"    A{n} = 1\n" for n in range(count)) + "  dynamics:\n"
    rows = [f"A{(7 * n) % count} -> A{(n * n + 1) % count} @ k{n // 2}" for n in range(count)]
    rows += [f"A{n} -> 0 @ k{n}" for n in range(count)]
    text += "".join(f"    {row}\n" for row in rows)
    first: dict[str, str] = {}  # of parameters: a state that a rate does not read has no value there
    for row in rows:
        for name in re.findall(r"k\d+", row):
            first.setdefault(name, row)
    leaves = [node for node in opjax.loads(text).system.graph if isinstance(node, Symbol) and node.name in first]
    lines = {leaf.name: text.count("\n", 0, leaf.span.start) for leaf in leaves}
    assert {name: text.splitlines()[line].strip() for name, line in lines.items()} == first


HILL = (
    "k{n}*A{a}^2/(d{n}^2 + A{a}^2) - A{n}",
    "k{n}*d{n}^2/(d{n}^2 + A{a}^2) - A{n}",
    "k{n}*A{a}^4/(d{n}^4 + A{a}^2) - k{m}*A{n}",
    "k{m}^2*A{n} - exp(A{a})*k{n}",
)
"""Laws of several forms, with powers and products that others have too."""


@pytest.mark.parametrize("seed", range(12))
def test_nodes_that_rows_have_in_common_are_made_in_columns(seed: int) -> None:
    random, count = Random(seed), 200
    few = random.choice((3, 10, count))
    text = "model M:\n  params:\n" + "".join(f"    k{n} = 0.5\n    d{n} = 2\n" for n in range(count))
    text += "  states:\n" + "".join(f"    A{n} = 1\n" for n in range(count)) + "  dynamics:\n"
    for n in range(count):
        law = random.choice(HILL[: random.choice((1, 4))])
        text += f"    A{n}' = {law.format(n=n, a=random.randrange(few), m=random.randrange(few))}\n"
    columns, rows, left = in_columns_and_rows(text)
    assert columns == rows
    assert left < count / 2  # the first of each form, and those between them


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("R9: A + E -> C @ k1", "E0301"),
        ("R9: A + k1 -> C @ k1", "E0"),
        ("R9: A + B -> C @ N9", "E0301"),
        ("R1: A + B -> C @ k1", "E0302"),
    ],
)
def test_a_problem_in_a_row_like_others_is_told_as_ever(row: str, code: str) -> None:
    rows = "".join(
        f"    R{n}: {STATES[n % 4]} + {STATES[(n + 1) % 4]} -> {STATES[(n + 2) % 4]} @ k1\n" for n in range(9)
    )
    text = HEAD + rows + f"    {row}\n"
    told: list[str] = []
    for alone in (False, True):
        with pytest.raises(OpjaxError) as caught:
            system(text, alone)
        told.append(str(caught.value))
    assert told[0] == told[1]
    assert code in told[0]
    assert row.partition(" @")[0] in told[0]


def test_a_lint_is_given_for_each_row() -> None:
    rows = "".join(f"    R{n}: {STATES[n % 4]} -> {STATES[(n + 1) % 4]} @ k1*{STATES[n % 4]}\n" for n in range(20))
    report = Report()
    (syntax,) = stages.read_string(HEAD + rows, "ojx", report)
    stages.check(syntax, report)
    assert sum(found.code == "W0401" for found in report.warnings) == 20


def test_an_alias_that_is_written_out_as_well() -> None:
    """The first rows have a name for a part of themselves; the last ones have that name for something else."""
    places = range(6)
    lets = [f"q{i} = {f'3*S{i}/(2.5 + S{i})' if i < 3 else f'0.25*S{i}'}" for i in places]
    rows = [f"S{i}' = q{i}*(3*S{i}/(2.5 + S{i}))" for i in places]
    text = "model M:\n  states: " + ", ".join(f"S{i}" for i in places)
    text += "\n  let:\n    " + "\n    ".join(lets) + "\n  dynamics:\n    " + "\n    ".join(rows)
    y = np.arange(1.0, 7.0)
    saturated = 3 * y / (2.5 + y)
    expected = np.where(y < 4, saturated, 0.25 * y) * saturated
    np.testing.assert_allclose(opjax.compile_rhs(text)(0.0, y), expected, rtol=1e-14)
