"""Large and hostile text: read in linear time, or refused before any work is done."""

from __future__ import annotations

import dataclasses

import pytest

from opjax.source import DEFAULT_LIMITS
from opjax.syntax.nodes import Conditional, Expression, Negate, Product, Reference, Sum
from opjax.syntax.parser import StatementKind
from opjax.syntax.printer import print_expression
from syntax.reading import parse, problem

pytestmark = pytest.mark.timeout(60)  # what is quadratic takes much longer

DEEPEST = DEFAULT_LIMITS.nesting
LONG = 20_000
HUGE = 100_000


def test_a_sum_of_a_hundred_thousand_terms_is_one_node() -> None:
    text = " + ".join(f"x{i}" for i in range(HUGE))
    tree = parse("expression", text)
    assert isinstance(tree, Sum)
    assert len(tree.terms) == HUGE
    assert print_expression(tree) == text


@pytest.mark.parametrize("sign", ["*", " < ", " and ", ", "])
def test_long_rows(sign: str) -> None:
    text = sign.join(["x"] * LONG)
    text = f"f({text})" if sign == ", " else text
    tree = parse("expression", text)
    assert print_expression(tree) == text
    assert tree == parse("expression", text)


@pytest.mark.parametrize("count", [1_000, 10_000])
def test_a_chain_of_conditionals_is_one_node(count: int) -> None:
    text = "".join(f"{i} if x < {i} else " for i in range(count)) + "0"
    tree = parse("expression", text)
    assert isinstance(tree, Conditional)
    assert len(tree.values) == count
    assert print_expression(tree) == text


def nested(depth: int) -> dict[str, str]:
    """Texts that nest to a depth, by what makes them nest."""
    return {
        "brackets": "(" * depth + "x" + ")" * depth,
        "calls": "f(" * depth + "x" + ")" * depth,
        "indices and brackets": "(" * (depth - 1) + "x[age]" + ")" * (depth - 1),
        "arrays": "[" * depth + "]" * depth,
        "minus": "-" * depth + "x",
        "plus": "+" * depth + "x",
        "not": "not " * depth + "x",
        "powers": "x" + "^x" * depth,
        "remainders": "x" + "%x" * depth,
        "powers with signs": "x" + "^-x" * (depth // 2),
        "brackets with signs": "-(" * (depth // 2) + "x" + ")" * (depth // 2),
        "not before signs": "not " * (depth // 2) + "-" * (depth // 2) + "x",
        "prefixed": "-np.exp(" * (depth // 2) + "x" + ")" * (depth // 2),
        "in several rows": "(x + " * (depth // 2) + "x < not_ and " + "-" * (depth // 2) + "x" + ")" * (depth // 2),
    }


@pytest.mark.parametrize("form", nested(2))
def test_the_deepest_nesting_is_read_and_one_more_is_not(form: str) -> None:
    text = nested(DEEPEST)[form]
    tree = parse("expression", text)
    assert parse("expression", print_expression(tree)) == tree
    found = problem("expression", nested(DEEPEST + 2)[form])
    assert found.code == "E0004"
    assert found.message.startswith("the nesting is 201, more than the limit of 200")
    assert found.hint == "raise it with Limits(nesting=...)"
    deeper = dataclasses.replace(DEFAULT_LIMITS, nesting=DEEPEST + 2)
    assert parse("expression", nested(DEEPEST + 2)[form], deeper) is not None


def test_what_does_not_nest_is_not_counted() -> None:
    for text in (
        "-x*" * LONG + "x",
        "x^2 + " * LONG + "x",
        "x%y - " * LONG + "x",
        "(x) + " * LONG + "x",
        "not x and " * LONG + "x",
    ):
        assert parse("expression", text) is not None


@pytest.mark.parametrize("form", nested(2))
def test_endless_nesting_is_refused_at_once(form: str) -> None:
    assert problem("expression", nested(10_000)[form]).code == "E0004"


HOSTILE: dict[str, tuple[StatementKind, str, str]] = {
    "open brackets": ("expression", "(" * 1_000_000, "E0004"),
    "a name of a megabyte": ("expression", "x" * 1_000_000, "E0111"),
    "a name of a megabyte beyond ASCII": ("expression", "\N{LATIN SMALL LETTER E WITH ACUTE}" * 1_000_000, "E0111"),
    "a number of a megabyte": ("expression", "1" * 1_000_000, "E0404"),
    "a number of a megabyte that runs into a name": ("expression", "1" * 1_000_000 + "x", "E0101"),
    "an open text": ("expression", '"' + "x" * 1_000_000, "E0112"),
    "an open text of quotes": ("expression", '"' + '""' * 1_000_000, "E0112"),
    "blanks": ("expression", " " * 1_000_000, "E0102"),
    "comments": ("expression", "# x\n" * 250_000, "E0102"),
    "an open call": ("expression", "f(" + "x, " * LONG, "E0108"),
    "an error behind many terms": ("expression", "x + " * LONG + "x x", "E0101"),
    "choices times terms": ("expression", "+".join(["x"] * 10_000) + " in [" + "1," * 10_000 + "]", "E0101"),
    "letters and points": ("expression", "1." + "1." * 500_000, "E0404"),
    "a unit": ("parameter", "k : " + "mg/" * LONG, "E0102"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_has_a_problem_soon(name: str) -> None:
    kind, text, code = HOSTILE[name]
    assert problem(kind, text).code == code


def test_the_number_of_tokens_is_limited() -> None:
    limits = dataclasses.replace(DEFAULT_LIMITS, tokens=5)
    assert parse("expression", "a + b + c", limits) is not None
    found = problem("expression", "a + b + c + d", limits)
    assert (found.code, found.span.start) == ("E0004", 10)
    assert found.message == "the number of words and signs is 6, more than the limit of 5"
    assert found.hint == "raise it with Limits(tokens=...)"


def test_printing_is_linear_in_depth() -> None:
    """A tree that no text may have: printing, comparing and hashing it must not recurse, nor copy what is below."""
    tree: Expression = Reference("x")
    for _ in range(HUGE):
        tree = Negate(Product((tree, Reference("y")), (False, True)))
    text = print_expression(tree)
    assert text == "-(" * HUGE + "x" + "/y)" * HUGE
    assert problem("expression", text).code == "E0004"
