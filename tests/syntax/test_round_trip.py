"""What is printed parses to an equal tree: for every tree, not only for those that the parser makes."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opjax.errors import Report
from opjax.source import Source, Span
from opjax.syntax import declarations as d
from opjax.syntax import nodes as n
from opjax.syntax.parser import StatementKind, parse_kept
from opjax.syntax.printer import (
    print_action,
    print_bounds,
    print_declaration,
    print_distribution,
    print_expression,
    print_side,
    print_trigger,
)
from strategies import expressions as random
from syntax.reading import parse


@given(random.expressions)
def test_an_expression_survives_printing(expression: n.Expression) -> None:
    text = print_expression(expression)
    assert "\n" not in text
    again = parse("expression", text)
    assert again == expression
    assert print_expression(again) == text
    canonical = print_expression(expression, canonical=True)
    assert print_expression(again, canonical=True) == canonical
    assert print_expression(parse("expression", canonical), canonical=True) == canonical
    assert parse("expression", canonical) == expression


@pytest.mark.parametrize("kind", [kind for kind in random.declarations if kind in get_args(StatementKind)])
@given(data=st.data())
def test_a_declaration_survives_printing(kind: Any, data: st.DataObject) -> None:
    declaration: d.Declaration = data.draw(random.declarations[kind])
    text = print_declaration(declaration)
    assert "\n" not in text
    again = parse(kind, text)
    assert again == declaration
    assert print_declaration(again) == text
    canonical = print_declaration(declaration, canonical=True)
    assert parse(kind, canonical) == dataclasses.replace(declaration, doc="")
    assert print_declaration(again, canonical=True) == canonical


@given(random.declarations["kept"])
def test_a_kept_value_survives_printing(declaration: d.KeptDeclaration) -> None:
    text = print_declaration(declaration)
    again = parse_kept(Span(Source("<test>", text), 0, len(text)), Report())
    assert again == declaration
    assert print_declaration(again) == text


@given(random.distributions)
def test_a_distribution_survives_printing(distribution: d.DistributionCall) -> None:
    assert parse("distribution", print_distribution(distribution)) == distribution


@given(random.bounds)
def test_bounds_survive_printing(bounds: d.Bounds) -> None:
    assert parse("bounds", print_bounds(bounds)) == bounds
    assert parse("bounds", "in " + print_bounds(bounds)) == bounds


@given(random.triggers, random.actions)
def test_the_parts_of_events_survive_printing(trigger: Any, actions: tuple[d.Action, ...]) -> None:
    text = f"e: {print_trigger(trigger)}: {'; '.join(print_action(action) for action in actions)}"
    assert parse("event", text) == d.EventDeclaration("e", trigger, actions)


@given(random.terms, random.terms)
def test_the_sides_of_transitions_survive_printing(reactants: tuple[d.Term, ...], products: tuple[d.Term, ...]) -> None:
    found = parse("dynamics", f"{print_side(reactants)} -> {print_side(products)} @ k")
    assert (found.reactants, found.products) == (reactants, products)


@given(random.units.filter(bool))
def test_any_text_is_a_unit(unit: str) -> None:
    assert parse("parameter", print_declaration(d.ParameterDeclaration("k", (), unit))).unit == unit
