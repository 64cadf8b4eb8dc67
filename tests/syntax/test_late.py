"""Rows that are read without their terms and expressions: nobody can tell, and most of a large model stays so."""

import copy
import dataclasses
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter

import numpy as np
import pytest

from opjax import compile_rhs, stages
from opjax.errors import Report
from opjax.syntax import parser
from opjax.syntax.declarations import DerivativeDeclaration, ModelSyntax, TransitionDeclaration
from opjax.syntax.patterns import OFTEN, outline

COUNT = 4 * OFTEN
HEAD = "model m:\n  params: k = 0.5\n  states:\n" + "".join(f"    A{n} = 1\n" for n in range(COUNT)) + "  dynamics:\n"
TRANSITIONS = "".join(f"    R{n}: 2 A{n} -> A{(n + 1) % COUNT} @ k*0.{n + 1}\n" for n in range(COUNT))
EQUATIONS = "".join(f"    A{n}' = k*A{(n + 1) % COUNT} - 0.{n + 1}\n" for n in range(COUNT))


@pytest.fixture(autouse=True)
def _nothing_was_read_before() -> Iterator[None]:
    parser._tables.cache_clear()
    yield
    parser._tables.cache_clear()


def read(text: str) -> ModelSyntax:
    return stages.read_string(text, "ojx", Report())[0]


def is_late(row: object) -> bool:
    """Whether a row has no value for some of its fields."""
    return not all(_has(row, name.name) for name in dataclasses.fields(row))


def _has(row: object, name: str) -> bool:
    try:
        object.__getattribute__(row, name)
    except AttributeError:
        return False
    return True


@pytest.mark.parametrize("rows", [TRANSITIONS, EQUATIONS])
def test_a_late_row_is_what_it_would_have_been(rows: str) -> None:
    first = read(HEAD + rows)  # none has a pattern at first
    again = read(HEAD + rows)
    assert not is_late(first.dynamics[0])
    assert all(is_late(row) for row in again.dynamics)
    assert [outline(row) for row in again.dynamics] == [outline(row) for row in first.dynamics]
    assert not any(is_late(row) for row in again.dynamics)
    assert again == first
    assert hash(again) == hash(first)


@pytest.mark.parametrize("rows", [TRANSITIONS, EQUATIONS])
def test_copies_of_a_late_row(rows: str) -> None:
    read(HEAD + rows)
    one, two, three = read(HEAD + rows).dynamics[:3]
    assert is_late(one)
    loaded = pickle.loads(pickle.dumps(one))
    assert not is_late(loaded)
    assert loaded == one
    assert copy.deepcopy(two) is two
    assert dataclasses.replace(two, doc="that one").span == two.span
    assert "0.3')" in repr(three)


def test_a_late_row_has_no_other_fields() -> None:
    read(HEAD + TRANSITIONS)
    row = read(HEAD + TRANSITIONS).dynamics[0]
    with pytest.raises(AttributeError, match="'TransitionDeclaration' has no attribute 'rates'"):
        attrgetter("rates")(row)
    assert is_late(row)
    assert isinstance(row, TransitionDeclaration)
    assert row.reactants[0].count == 2


def test_threads_that_ask_at_the_same_time() -> None:
    read(HEAD + EQUATIONS)
    first = [outline(row) for row in read(HEAD + EQUATIONS).dynamics]
    rows = read(HEAD + EQUATIONS).dynamics
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(outline, [*rows] * 4))
    assert found == first * 4


def test_most_of_a_large_model_stays_late() -> None:
    read(HEAD + TRANSITIONS)
    report = Report()
    model = stages.read_string(HEAD + TRANSITIONS, "ojx", report)[0]
    rhs = stages.compile_checked(stages.check(model, report))
    found = rhs.eval_fn(0.0, np.ones(COUNT))
    assert sum(is_late(row) for row in model.dynamics) >= COUNT - 5
    rates = [0.5 * float(f"0.{n + 1}") for n in range(COUNT)]
    assert found == pytest.approx([rates[n - 1] - 2 * rates[n] for n in range(COUNT)])


@pytest.mark.parametrize("rows", [TRANSITIONS, EQUATIONS])
def test_who_checks_a_large_model_reads_few_rows_to_the_end(rows: str) -> None:
    read(HEAD + rows)
    report = Report()
    model = stages.read_string(HEAD + rows, "ojx", report)[0]
    stages.check(model, report)
    assert sum(is_late(row) for row in model.dynamics) >= COUNT - 5


def test_a_late_row_may_be_the_one_with_the_problem() -> None:
    read(HEAD + EQUATIONS)
    text = HEAD + EQUATIONS.replace("k*A3 ", "k*A3x ")
    with pytest.raises(Exception, match="A3x") as problem:
        compile_rhs(text)
    assert "A3x - 0.3" in str(problem.value)
    assert isinstance(read(HEAD + EQUATIONS).dynamics[0], DerivativeDeclaration)
