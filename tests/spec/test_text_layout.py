from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opjax.spec.text_layout import WIDTH, aligned, broken


def test_names_units_values_and_descriptions_stand_below_each_other():
    lines = [
        'N0 : person = 1e6 fixed "population size"',
        'beta : 1/day ~ LogNormal(loc=log(0.4), scale=0.5) "transmission, ""per day"""',
        'i0 ~ Beta(1, 200) "at first"',
        "C[age, age] : 1/day",
        "plain",
        'phi "concentration"',
    ]
    assert aligned(lines) == [
        'N0          : person = 1e6 fixed                          "population size"',
        'beta        : 1/day  ~ LogNormal(loc=log(0.4), scale=0.5) "transmission, ""per day"""',
        'i0                   ~ Beta(1, 200)                       "at first"',
        "C[age, age] : 1/day",
        "plain",
        'phi                                                       "concentration"',
    ]


def test_signs_inside_brackets_and_texts_are_no_columns():
    assert aligned(['a = f(x = 1, "= :", y : z)', "bcd = 1"]) == ['a   = f(x = 1, "= :", y : z)', "bcd = 1"]


def test_one_wide_cell_does_not_push_the_others_away():
    wide = "a_very_long_name_that_nobody_should_have_to_write_twice"
    assert aligned([f"{wide} = 1", "b = 2", "ccc = 3"]) == [f"{wide} = 1", "b   = 2", "ccc = 3"]


def test_a_line_that_columns_would_make_too_long_has_none():
    long = "a = " + "x + " * 20 + "x"
    assert aligned([long, "b" * 30 + " = 1"])[0] == long


def test_a_long_statement_is_broken_at_its_outermost_brackets():
    line = "foi[age] = term*beta*sum(C[age, b]*I[b]/N[b]*other_factor[b] + " + "x + " * 12 + "y for b in age)"
    assert broken(line, "    ").split("\n") == [
        "foi[age] = term*beta*sum(C[age, b]*I[b]/N[b]*other_factor[b] + x + x + x + x + x + x + x + x + x",
        "        + x + x + x + y for b in age)",
    ]


@pytest.mark.parametrize("line", ["x = " + "y + " * 40 + "y", "short = f(1, 2)", "x = f(" + "y" * 200 + ")"])
def test_what_has_no_space_inside_brackets_or_fits_stays_as_it_is(line: str):
    assert broken(line, "    ") == line


def test_texts_are_never_broken():
    line = 'x = f("' + "a b " * 40 + '", ' + "y, " * 10 + "z)"
    pieces = broken(line, "    ").split("\n")
    assert len(pieces) > 1
    assert any('"' + "a b " * 40 + '"' in piece for piece in pieces)


statements = st.lists(
    st.sampled_from(["a", "bcd", " = ", " : m", "(", ")", "[", "]", ", ", ' "x y" ', '"q""="', " ~ ", " + "]),
    max_size=60,
).map(lambda parts: re.sub(" +", " ", "".join(parts)).strip())


@given(st.lists(statements, min_size=1, max_size=5))
def test_columns_only_add_spaces(lines: list[str]):
    assert [line.replace(" ", "") for line in aligned(lines)] == [line.replace(" ", "") for line in lines]
    assert aligned([re.sub(" +", " ", line) for line in aligned(lines)]) == aligned(lines)


@given(statements, st.sampled_from(["", "  ", "    "]))
def test_breaking_replaces_spaces_by_line_ends_and_nothing_else(line: str, indent: str):
    pieces = broken(line, indent).split("\n")
    assert all(piece.startswith(indent + "    ") for piece in pieces[1:])
    assert " ".join([pieces[0], *(piece.strip() for piece in pieces[1:])]) == line


def test_a_hundred_thousand_terms_are_broken_in_no_time():
    line = "x = (" + " + ".join(f"x{i}" for i in range(100_000)) + ")"
    pieces = broken(line, "    ").split("\n")
    assert max(len(piece) for piece in pieces) <= WIDTH
    assert len(pieces) < 10_000
