"""Every node knows its place: the text there is the node again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from opjax.errors import Report
from opjax.source import Source, Span
from opjax.syntax import nodes as n
from opjax.syntax.declarations import Bounds, Declaration, DistributionCall
from opjax.syntax.parser import StatementKind, parse_statement
from opjax.syntax.printer import print_declaration, print_expression
from strategies import expressions as random
from syntax.examples import EXAMPLES
from syntax.reading import parse

BEFORE, BEHIND = "model \N{GREEK SMALL LETTER BETA}:\n  let:\n    ", "  # behind\n    next = 1\n"


def placed(kind: StatementKind, text: str) -> Any:
    """The tree of a text in the middle of a file."""
    source = Source("file.ojx", BEFORE + text + BEHIND)
    return parse_statement(kind, Span(source, len(BEFORE), len(BEFORE) + len(text)), Report())


def nodes(root: object) -> Iterator[Any]:
    """All that have a place, under a tree."""
    stack = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack.extend(item)
        elif isinstance(item, n.Syntax):
            fields = [getattr(item, field.name) for field in dataclasses.fields(item) if field.compare]
            stack.extend(fields)
            if hasattr(item, "span"):
                yield item


def read_again(node: Any) -> Any:
    """What the text at the place of a node is."""
    text = node.span.text
    match node:
        case n.Expression():
            return parse("expression", text)
        case n.Argument():
            return parse("expression", f"f({text})").arguments[0]
        case n.Index():
            return parse("expression", f"f[{text}]").indices[0]
        case n.Binder():
            word = "for" if " in " in text else "over"
            return parse("expression", f"sum(1 {word} {text})").binders[0]
        case DistributionCall():
            return parse("distribution", text)
        case Bounds():
            return parse("bounds", text)
        case _:
            raise AssertionError(type(node))


def check(kind: StatementKind, text: str) -> None:
    root = placed(kind, text)
    for node in nodes(root):
        assert node.span.source.name == "file.ojx"
        assert isinstance(node, Declaration) or read_again(node) == node
    assert not isinstance(root, Declaration) or root.span.text == text


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_the_text_at_a_node_is_the_node(kind: StatementKind, text: str) -> None:
    check(kind, text)


@given(random.expressions)
def test_the_text_at_a_random_node_is_the_node(expression: n.Expression) -> None:
    check("expression", print_expression(expression))


@given(random.declarations["event"])
def test_the_text_at_a_part_of_a_declaration_is_the_part(declaration: Declaration) -> None:
    check("event", print_declaration(declaration))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("(a + b)*c", ["(a + b)*c", "a + b", "a", "b", "c"]),
        ("a*(b)", ["a*(b)", "a", "b"]),
        ("-(a)", ["-(a)", "a"]),
        ("+a - +(b)", ["+a - +(b)", "a", "b"]),
        ("a*b%c*d", ["a*b%c*d", "a*b%c", "a*b", "a", "b", "c", "d"]),
        ("(a if b else (c))", ["a if b else (c)", "b", "a", "c"]),
        ("np.exp(np.pi)", ["np.exp(np.pi)", "np.pi"]),
        ("f( x , low = 2{mg} )", ["f( x , low = 2{mg} )", "x", "2{mg}"]),
        ("N[age](t - tau)", ["N[age](t - tau)", "t - tau", "t", "tau"]),
        ("(a) # left\n + b", ["(a) # left\n + b", "a", "b"]),
    ],
)
def test_places_of_expressions(text: str, places: list[str]) -> None:
    assert [node.span.text for node in n.walk(placed("expression", text))] == places


def test_a_membership_points_at_its_choices() -> None:
    found = placed("expression", 'b in ["x", "y"]')
    assert found.span.text == 'b in ["x", "y"]'
    assert [part.span.text for part in found.operands] == ['"x"', '"y"']


def test_a_state_of_a_list_has_its_own_place() -> None:
    assert [state.span.text for state in placed("state_list", "S, I[age] , R")] == ["S", "I[age]", "R"]


def test_a_derivative_in_the_form_of_leibniz_points_at_the_state() -> None:
    target = placed("dynamics", "dS[age]/dt = 1").target
    assert (target.name, target.span.text) == ("S", "S[age]")


def test_a_statement_ends_before_its_comment() -> None:
    assert placed("parameter", "  k = 3 'text'  # three ").span.text == "k = 3 'text'"
