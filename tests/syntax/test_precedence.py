"""What binds tighter, and which way: the same text means the same number here and in Python."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opjax.syntax import nodes as n
from syntax.reading import parse

VALUES = {"a": 1.5, "b": -2.25, "c": 0.1, "d": 3.0, "e": 0.0}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def value(node: n.Expression) -> Any:
    """The value of a tree, straight from what its nodes say."""
    match node:
        case n.Number():
            return node.value
        case n.Reference():
            return VALUES[node.name]
        case n.Sum():
            total = value(node.terms[0])
            for term, negative in zip(node.terms[1:], node.negative[1:], strict=True):
                total = total - value(term) if negative else total + value(term)
            return total
        case n.Product():
            total = value(node.factors[0])
            for factor, inverse in zip(node.factors[1:], node.inverse[1:], strict=True):
                total = total / value(factor) if inverse else total * value(factor)
            return total
        case n.Remainder():
            return value(node.left) % value(node.right)
        case n.Power():
            return value(node.base) ** value(node.exponent)
        case n.Negate():
            return -value(node.operand)
        case n.Not():
            return not value(node.operand)
        case n.Compare():
            pairs = zip(node.operands, node.operators, node.operands[1:], strict=False)
            return all(COMPARE[sign](value(left), value(right)) for left, sign, right in pairs)
        case n.Logical():
            return (all if node.operator == "and" else any)(value(operand) for operand in node.operands)
        case n.Conditional():
            for condition, result in zip(node.conditions, node.values, strict=True):
                if value(condition):
                    return value(result)
            return value(node.otherwise)
        case _:
            raise AssertionError(node)


def outcome(compute: Callable[[], Any]) -> Any:
    """A value, or the error that Python raises for it."""
    try:
        found = compute()
    except (ZeroDivisionError, OverflowError, TypeError) as error:
        return type(error)
    return found if isinstance(found, complex) else float(found)


operands = st.one_of(st.sampled_from(sorted(VALUES)), st.sampled_from(["2.0", "0.5", "1e1", "3.0"]))


def arithmetic(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Operands in a row, with signs before them and operators between them, with or without brackets around."""
    signed = st.builds(str.__add__, st.sampled_from(["", "", "", "-", "+", "- -"]), below)
    rest = st.lists(
        st.builds(str.__add__, st.sampled_from(["+", "-", "*", "/", "%", "**", " ** - "]), signed), max_size=4
    )
    row = st.builds(lambda first, others: first + "".join(others), signed, rest)
    return st.one_of(row, row.map("({})".format))


rows = st.recursive(operands, arithmetic, max_leaves=12)


@given(rows)
def test_arithmetic_is_that_of_python(text: str) -> None:
    assert outcome(lambda: value(parse("expression", text))) == outcome(lambda: eval(text, {}, VALUES))
    assert parse("expression", text.replace("**", "^")) == parse("expression", text)


def logic(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Comparisons, also chained, with words around them."""
    comparison = st.builds(
        lambda first, others: first + "".join(others),
        below,
        st.lists(st.builds(str.__add__, st.sampled_from(sorted(COMPARE)), below), min_size=1, max_size=2),
    )
    negated = st.builds(str.__add__, st.sampled_from(["", "not ", "not not "]), comparison)
    return st.builds(
        lambda first, others: first + "".join(others),
        negated,
        st.lists(st.builds(str.__add__, st.sampled_from([" and ", " or "]), negated), max_size=3),
    )


small_rows = st.recursive(operands, arithmetic, max_leaves=3)
conditions = logic(small_rows)
choices = st.lists(st.tuples(small_rows, conditions), max_size=2)


@given(conditions)
def test_logic_is_that_of_python(text: str) -> None:
    assert outcome(lambda: value(parse("expression", text))) == outcome(lambda: bool(eval(text, {}, VALUES)))


@given(choices, small_rows)
def test_conditionals_are_those_of_python(cases: list[tuple[str, str]], otherwise: str) -> None:
    text = "".join(f"{result} if {condition} else " for result, condition in cases) + otherwise
    assert outcome(lambda: value(parse("expression", text))) == outcome(lambda: eval(text, {}, VALUES))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("-a^2", "-(a^2)"),
        ("a^b^c", "a^(b^c)"),
        ("2^-1", "2^(-1)"),
        ("-a*b", "(-a)*b"),
        ("a/b*c", "a/b*c"),
        ("a*b%c", "(a*b)%c"),
        ("a%b*c", "(a%b)*c"),
        ("a%b%c", "(a%b)%c"),
        ("not a < b", "not (a < b)"),
        ("a or b and c", "a or (b and c)"),
        ("a + b if c else d", "(a + b) if c else d"),
        ("+a", "a"),
        ("a + +b", "a + b"),
    ],
)
def test_brackets_that_change_nothing(text: str, same: str) -> None:
    assert parse("expression", text) == parse("expression", same)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("a + b + c", "a + (b + c)"),
        ("a + b + c", "(a + b) + c"),
        ("a - b - c", "a - (b - c)"),
        ("a*b*c", "a*(b*c)"),
        ("a/b/c", "a/(b/c)"),
        ("a%b*c", "a%(b*c)"),
        ("(-a)^2", "-a^2"),
        ("-(a*b)", "-a*b"),
        ("(a^b)^c", "a^b^c"),
        ("a < b < c", "(a < b) < c"),
        ("a if b else c if d else e", "a if b else (c if d else e)"),
        ("a and b and c", "a and (b and c)"),
    ],
)
def test_brackets_that_stay_in_the_tree(text: str, other: str) -> None:
    """The order of operations in floating point is what was written."""
    assert parse("expression", text) != parse("expression", other)
