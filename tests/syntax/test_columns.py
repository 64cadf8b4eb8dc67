"""Lines of a few forms that are read at once: nobody can tell, but for the time it takes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opjax import stages
from opjax.errors import OpjaxError, Report
from opjax.source import Source, Span
from opjax.syntax import columns, parser
from opjax.syntax.columns import Columns
from opjax.syntax.declarations import ModelSyntax
from opjax.syntax.parts import Section, columns_in, parts_of
from opjax.syntax.patterns import outline

COUNT = 120
SECTIONS: tuple[Section, ...] = ("parameters", "states", "dynamics")
LINES = st.sampled_from(
    (
        "k{n} = 0.5",
        "k{n} = 0.5  ",
        "k{n} = 7",
        "k{n}=1e3",
        "k{n} = -0.5",
        'k{n} = 0.25 "the ""{n}th"" é"',
        "k{n} : 1/day = 0.5",
        "k{n}",
        "k{n} = 1e999",
        "if = 0.5",
        "k{n} = 0.5  # about it",
        "k{n} = k0",
        "k{n} = [1, 2]",
        "κ{n} = 0.5",
        " k{n} = 0.5",
        "# only this",
        "",
        "k{n} = (1",
        "k1 = 0.5",
        "exp = 0.5",
        "k{n} = 0.5 fixed",
        "k{n} = 0.5 +",
    )
)


@pytest.fixture(autouse=True, scope="module")
def _forms_are_known() -> Iterator[None]:
    """Every form has been met before."""
    parser._tables.cache_clear()
    for _ in range(2):
        read(model([f"k{n} = 0.5" for n in range(COUNT)]))
        read(model([f"k{n} = 5" for n in range(COUNT)]))
    yield
    parser._tables.cache_clear()


def model(parameters: list[str]) -> str:
    states = "".join(f"    A{n} = {n % 3}\n" for n in range(COUNT))
    rows = [f"R{n}: A{n} -> A{n // 2} @ k{n}" if n % 3 else f"0 -> A{n} @ k{n}" for n in range(COUNT)]
    lines = "".join(f"    {row}\n" for row in rows)
    given = "".join(f"    {row}\n" for row in parameters)
    return f"model M:\n  params:\n{given}  states:\n{states}  dynamics:\n{lines}"


def read(text: str) -> ModelSyntax:
    return stages.read_string(text, "ojx", Report())[0]


def said(text: str, at_once: bool) -> object:
    """All that is said of a model, or its problems; lines are read at once, or one by one."""
    report = Report()
    with mock.patch.object(columns, "SURE", 1 if at_once else 10**9):
        models = stages.read_string(text, "ojx", report)
    try:
        syntax = stages.choose(models, None, report, Source("", ""))
        late = [len(part) for name in SECTIONS for part in columns_in(parts_of(syntax, name))]
        assert bool(late) or not at_once
        system = stages.check(syntax, report).system
    except OpjaxError as problem:
        return str(problem), [found.render() for found in report.diagnostics]
    shown = [
        [(key, value.name, value.doc, value.unit, value.span.start, value.span.end) for key, value in found.items()]
        for found in (system.parameters, system.states, system.flows)
    ]
    nodes = [(type(node), getattr(node, "name", ""), len(node.operands), node.span.start) for node in system.graph]
    places = [(row.span.start, row.span.end, row.comments) for name in SECTIONS for row in getattr(syntax, name)]
    return outline(syntax), stages.print_model(syntax), places, sorted(map(repr, nodes)), shown


@given(st.lists(st.tuples(st.integers(0, COUNT - 1), LINES), max_size=4), st.integers(1, 300))
def test_lines_read_at_once_are_what_they_are_one_by_one(changes: list[tuple[int, str]], look: int) -> None:
    parameters = [f"k{n} = 0.{n + 1}" for n in range(COUNT)]
    for place, line in changes:
        parameters[place] = line.replace("{n}", str(place))
    text = model(parameters)
    with mock.patch.object(columns, "FIRST_LOOK", look):
        assert said(text, at_once=True) == said(text, at_once=False)


def test_a_model_in_columns_is_equal_to_another_and_can_be_copied() -> None:
    text = model([f"k{n} = 0.5" for n in range(COUNT)])
    one, two = read(text), read(text)
    assert columns_in(parts_of(one, "parameters"))
    assert one == two
    assert hash(one) == hash(two)
    loaded = pickle.loads(pickle.dumps(read(text)))
    assert loaded == one
    assert not columns_in(parts_of(loaded, "parameters"))
    assert copy.deepcopy(one) is one
    assert one.parameters is one.parameters


def test_columns_are_a_sequence() -> None:
    found = columns_in(parts_of(read(model([f"k{n} = 0.5" for n in range(COUNT)])), "parameters"))[0]
    assert len(found) == len(list(found)) > COUNT / 2
    assert found[-1] == found[len(found) - 1] == list(found)[-1]
    assert [row.name for row in found[2:4]] == [found[2].name, found[3].name]
    assert found[0].span == found.span(0) == found.spans(0, 2)[0]
    with pytest.raises(IndexError):
        found[len(found)]


def test_names_and_numbers_that_were_released_are_read_again() -> None:
    found = columns_in(parts_of(read(model([f"k{n} = 0.{n + 1}" for n in range(COUNT)])), "parameters"))[0]
    before = [(group.places, group.words, group.numbers) for group in found.groups()]
    found.release()
    assert [(group.places, group.words, group.numbers) for group in found.groups()] == before


def test_most_of_a_large_model_is_never_made(monkeypatch: pytest.MonkeyPatch) -> None:
    syntax = read(model([f"k{n} = 0.5" for n in range(COUNT)]))
    made: list[Span] = []
    of_columns = Columns.made

    def counted(self: Columns, place: int) -> object:
        made.append(self.span(place))
        return of_columns(self, place)

    monkeypatch.setattr(Columns, "made", counted)
    system = stages.check(syntax, Report()).system
    assert len(made) < 10
    assert len(system.flows) == len(system.parameters) == COUNT
    assert system.parameters["k5"].default is system.parameters["k7"].default
    assert len(made) < 10
    assert system.flows["R100"].products[0].state == "A50"
