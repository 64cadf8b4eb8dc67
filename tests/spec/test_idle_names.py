"""A reduction that does not use the name that it binds gives a warning, once at its place."""

from __future__ import annotations

import warnings

import pytest

import opjax
from opjax.errors import OpjaxWarning

MODEL = """
model M:
  axes:
    age = [young, old]
    x = grid(0, 1, 5)
  params:
    k
    C[age, age]
  states: S[age], u[x]
  let:
    same[age] = k
    twice(a) = {function}
  dynamics:
    S[age]' = {rate}
    d(u[x])/dt = {field}
"""


def warned(rate: str = "0", field: str = "0", function: str = "2*a") -> list[str]:
    """What is said of a model, its first lines."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        opjax.loads(MODEL.format(rate=rate, field=field, function=function))
    assert all(w.category is OpjaxWarning for w in caught)
    return [str(w.message).partition("warning ")[2].partition("\n")[0] for w in caught]


@pytest.mark.parametrize(
    "rate",
    [
        "sum(S[b] for b in age)",
        "sum(C[age, b]*S[age] for b in age)",
        "sum(same[b] for b in age)",
        "sum(S[b]*S[c] for b in age, c in age)",
        "sum(S[b] for b in age, c in age if b != c)",
        "sum(1 for b in age if b != age)",
        "sum(1 for b in age)",
        "sum(sum(C[b, c] for c in age) for b in age)",
        "integral(at(u, x=s) for s in x)",
        "integral(s^2 for s in x)",
        "sum(u[s+1] for s in x) edge periodic",
        "sum(twice(S[b]) for b in age)",
    ],
)
def test_names_that_are_used(rate: str) -> None:
    assert warned(rate) == []


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ("sum(S[age] for b in age)", "'b' is not used in this 'sum': it takes the same value at each point of 'age'"),
        ("prod(k for b in age)", "'b' is not used in this 'prod': it takes the same value at each point of 'age'"),
        ("sum(S[b] for b in age, c in age)", "'c' is not used in this 'sum'"),
        ("sum(sum(S[b] for c in age) for b in age)", "'c' is not used in this 'sum'"),
        ("integral(k for s in x)", "'s' is not used in this 'integral': it takes the same value at each point of 'x'"),
        ("sum(k*2 for b in age)", "'b' is not used"),
    ],
)
def test_names_that_are_not(rate: str, said: str) -> None:
    (found,) = warned(rate)
    assert found.startswith(f"W0404: {said}")


def test_a_function_that_is_called_twice_is_said_once() -> None:
    assert len(warned("twice(k) + twice(2*k)", function="sum(a for b in age)")) == 1


def test_each_of_many_lines_alike_is_said() -> None:
    names = [f"x{place}" for place in range(700)]
    text = "model M:\n  axes:\n    age = [young, old]\n  states:\n" + "".join(f"    {name} = 1\n" for name in names)
    text += "  dynamics:\n" + "".join(f"    {name}' = -sum({name} for b in age)\n" for name in names)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        opjax.loads(text)
    assert len({str(w.message) for w in caught}) == len(names)
