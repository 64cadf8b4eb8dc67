"""Statements of a form that was met before are read as those that are not: the same trees at the same places."""

from __future__ import annotations

import dataclasses
import importlib
import itertools
import re
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opjax.errors import OpjaxError, Report, Stop
from opjax.source import DEFAULT_LIMITS, Limits, Source, Span
from opjax.syntax import nodes as n
from opjax.syntax.parser import StatementKind, parse_statement
from opjax.syntax.patterns import OFTEN
from opjax.syntax.printer import print_declaration, print_expression
from strategies import expressions as random
from syntax.examples import EXAMPLES
from syntax.reading import parse

SLOWLY = Limits(tokens=DEFAULT_LIMITS.tokens)  # equal limits, but forms are kept for the usual ones alone


def seen(item: Any) -> Any:
    """A tree as plain values, with the places."""
    if isinstance(item, tuple | list):
        return [seen(part) for part in item]
    if isinstance(item, Span):
        return item.start, item.end
    if dataclasses.is_dataclass(item):
        return type(item), [seen(getattr(item, f.name)) for f in dataclasses.fields(item) if f.name != "form"]
    return item


def read(kind: StatementKind, text: str, before: str, limits: Limits) -> Any:
    source = Source("file", f"{before}{text}  # behind\n more")
    return seen(parse_statement(kind, Span(source, len(before), len(before) + len(text)), Report(), limits))


def outcome(kind: StatementKind, text: str, before: str, limits: Limits) -> Any:
    try:
        return read(kind, text, before, limits)
    except Stop:
        return "a problem"


def agree(kind: StatementKind, text: str, before: str) -> None:
    parse(kind, text)  # now its form is known
    assert read(kind, text, before, DEFAULT_LIMITS) == read(kind, text, before, SLOWLY)
    for _ in range(OFTEN):
        parse(kind, text)  # now it has a pattern
    for other in (text, *others(text)):
        assert outcome(kind, other, before, DEFAULT_LIMITS) == outcome(kind, other, before, SLOWLY)


def others(text: str) -> list[str]:
    """The same with other names, with other numbers, and with other blanks."""
    count = itertools.count()
    names = re.sub(r"(?<![\w\"'])[A-Za-z_]\w*", lambda found: found[0] + f"_{next(count)}"[: next(count) % 4], text)
    numbers = re.sub(r"(?<![\w.\"'])\d+(?![\w.])", lambda found: f"{int(found[0]) + next(count) % 3}", text)
    return [names, numbers, re.sub(r"(?<=[^\w'])(?=[^\s'])", lambda _: "  "[: next(count) % 3], text)]


@given(random.expressions, st.sampled_from(["", "model M:\n  let:\n    "]))
def test_expressions(expression: n.Expression, before: str) -> None:
    agree("expression", print_expression(expression), before)


@pytest.mark.parametrize("kind", random.declarations)
@given(st.data())
def test_declarations(kind: Any, data: st.DataObject) -> None:
    if kind in get_args(StatementKind):
        agree(kind, print_declaration(data.draw(random.declarations[kind])), "  ")


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_examples(kind: Any, text: str) -> None:
    agree(kind, text, "\n")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x + 1", "x + 1e999"),
        ("f(x)", "f(y)"),
        ("sum(x for b in age)", "sam(x for b in age)"),
        ("np.exp(x)", "nq.exp(x)"),
        ("x[a] + 1", "x[3] + 1"),
        ("y + 2", "y + 2x"),
        ("a*b", f"a*{'b' * 300}"),
        ("(a + b)", "(a + b]"),
    ],
)
def test_a_problem_behind_a_known_form_is_told_as_ever(first: str, second: str) -> None:
    parse("expression", first)
    outcomes: list[Any] = []
    for limits in (DEFAULT_LIMITS, SLOWLY):
        try:
            outcomes.append(seen(parse("expression", second, limits)))
        except OpjaxError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


def test_words_and_labels_make_the_form() -> None:
    """The same characters in other roles: keywords are names where they cannot be keywords, labels are bare."""
    for text in (
        "edge + data",
        "data + edge",
        'I[age=old] + I["old"]',
        "I[age=b] + I[b]",
        "x if y else z",
        "x - y - z",
    ):
        agree("expression", text, "")
    for text in ("S -> I @ b edge stay", "S -> I @ edge", "S' = k*x 'note'", "name: S -> 0 @ b"):
        agree("dynamics", text, "")
    for text in ("e: at 60: stop", "e: at 60: stop = 3", "e: at 60: S = 1; stop"):
        agree("event", text, "")


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("dynamics", "R{0}: A{0} + B{1} -> C{1} @ k{0}", "R1: A + A -> edge @ k"),
        ("dynamics", "2 A{0} -> C{1} @ k{0}", "0 A1 -> C1 @ k"),
        ("dynamics", "2 A{0} -> C{1} @ k{0}", "3 A1 -> C1 @ k"),
        ("dynamics", "x{0}' = a*x{1} - 2.5*b{0}", "x1 ' = a*x - 1e999*b"),
        ("dynamics", "A{0} -> 0 @ k{1}", "A1 -> 1 @ k"),
        ("parameter", "k{0} = 0.{1}5", "k = data"),
        ("parameter", "k{0} = 0.{1}5", f"{'k' * 201} = 0.5"),
        ("parameter", "k{0} : 1/day = 0.{1}5", "k : 1/day/K = 0.5"),
        ("parameter", "k{0} ~ Normal(0.{1}, 1.5)", "k ~ Narmol(0.1, 1.5)"),
        ("parameter", "k{0} = 0.{1}5 'about'", "k = 0.5'about'"),
        ("state", "A{0} = {1}", "A = 1_000"),
        ("expression", "sum(x{0} for b in age) + y{1}", "sam(x for b in age) + y"),
        ("expression", "x{0} + y{1}", "x + inf"),
        ("expression", "x{0} - -y{1}", "x -- y"),
        ("expression", "f(x{0}) > y{1}", "g(x) > y"),
        ("expression", "x{0}^2 + y{1}", "x^3 + y"),
        ("alias", "N{0} = a{1} + b", "N = a + b  "),
    ],
)
def test_a_pattern_takes_names_and_numbers_for_what_they_are(kind: Any, first: str, second: str) -> None:
    """Learned from statements like the first, tried on the second."""
    parser = importlib.import_module("opjax.syntax.parser")
    parser._tables.cache_clear()  # what other tests have read may have other patterns
    for place in range(3 * OFTEN):
        parse(kind, first.format(place, 7 * place % 10))
    for text in (first.format(3, 4), first.format(33, 3), second):
        assert outcome(kind, text, "\n  ", DEFAULT_LIMITS) == outcome(kind, text, "\n  ", SLOWLY)
    patterns = parser._tables()[3]
    source = Source("file", first.format(5, 6))
    assert (patterns.read(kind, source, 0, len(source.text)) is None) == (" in " in first)


def test_what_is_sorted_has_no_pattern() -> None:
    """A gauge keeps its factors by name: which of them comes first is no matter of the form."""
    for place in range(10, 10 + 3 * OFTEN):
        parse("gauge", f"scale: a{place}, b{place}, c{place}^-2")
    for text in ("scale: z, y, x^-2", "scale: y, z, a^-2", "scale: x, x, x^-2"):
        assert outcome("gauge", text, "", DEFAULT_LIMITS) == outcome("gauge", text, "", SLOWLY)


def test_forms_make_room_in_long_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = importlib.import_module("opjax.syntax.parser")
    monkeypatch.setattr("opjax.syntax.recipes.MOST_FORMS", 20)
    parser._tables.cache_clear()
    for count in range(1, 50):
        for _ in range(OFTEN + 2):
            parse("expression", " + ".join(["x"] * count))
    _, _, recipes, patterns = parser._tables()
    assert max(len(recipes.known), len(patterns.seen), len(patterns.known)) <= 20
    text = "x + x"
    for _ in range(OFTEN + 2):
        parse("expression", text)
    assert patterns.read("expression", Source("file", text), 0, len(text)) is not None
    parser._tables.cache_clear()
