"""A problem is said once, in words that fit it: not what follows from it, nor what it is not."""

from __future__ import annotations

import pytest

import opjax

TEXT = """
model M:
  axes:
    age = [young, old]
    x = grid(0, 1, 5)
  params:
    beta = 0.3
    k[age] = [1, 2]
  states:
    S = 1
    I[age] = 1
    u[x] = 0
  let:
    N = S + sum(I[a] for a in age)
  dynamics:
    S' = -beta*S*N
    I[age]' = -k[age]*I[age]
    u[x]' = -u[x]
"""


def problems(text: str) -> list[str]:
    with pytest.raises(opjax.OpjaxError) as caught:
        opjax.loads(text)
    return [f"{problem.code} {problem.message} | {problem.hint}" for problem in caught.value.diagnostics]


@pytest.mark.parametrize("name", ["t", "exp", "np", "grad", "pi"])
@pytest.mark.parametrize("kind", ["beta", "S", "age", "N"])
def test_a_reserved_name_is_one_problem(kind: str, name: str) -> None:
    words = {"beta": ("beta",), "S": ("S ", "S'", "*S"), "age": ("age",), "N": ("N =", "*N")}[kind]
    text = TEXT
    for word in words:
        text = text.replace(word, word.replace(kind, name))
    (problem,) = problems(text)
    assert problem.startswith(f"E0303 '{name}' is ")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("S = 1", "S = 1 countz", "E0101 'countz' is not expected here | did you mean 'counts'?"),
        (
            "S = 1",
            "S = 1 beta",
            "E0101 'beta' is not expected here | an operator is missing: write '1*beta' to multiply",
        ),
        (
            "[1, 2]",
            "[[1], 2]",
            "E0409 the values of 'k' have the shape (2, ?), and its axes [age] want (2,) | its rows differ in length",
        ),
        (
            "grid(0, 1, 5)",
            "grid(0, 2*beta, 5)",
            "E0407 the name 'beta' cannot stand in the grid of 'x' | write the number: points depend on nothing",
        ),
        ("for a in age", "for a in agee", "E0304 there is no axis 'agee' | did you mean 'age'?"),
    ],
)
def test_the_hint_is_about_the_problem(old: str, new: str, expected: str) -> None:
    assert problems(TEXT.replace(old, new)) == [expected]


def test_numbers_with_names_are_points() -> None:
    opjax.loads(TEXT.replace("grid(0, 1, 5)", "grid(0, 2*pi*sqrt(4), 5)"))
