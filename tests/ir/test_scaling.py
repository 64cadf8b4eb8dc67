"""Linear algebra over the rational numbers against sympy, and the powers of expressions."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import opjax
from opjax.ir.scaling import Scaling, independent, inverse, null_space


def matrices(count: int, height: int, width: int) -> list[Any]:
    draw = np.random.default_rng(8)
    return [draw.integers(-3, 4, (height, width)) * draw.integers(0, 2, (height, width)) for _ in range(count)]


def rows_of(matrix: Any, names: list[str]) -> list[dict[str, Fraction]]:
    pairs = ([(name, int(value)) for name, value in zip(names, row, strict=True)] for row in matrix)
    return [{name: Fraction(value) for name, value in row if value} for row in pairs]


@pytest.mark.parametrize("matrix", [*matrices(12, 4, 6), *matrices(6, 6, 5), *matrices(3, 1, 3)])
def test_null_spaces(matrix: Any) -> None:
    """sympy has one vector for each free unknown too, in order; ours are the shortest of whole numbers."""
    names = [f"u{number}" for number in range(matrix.shape[1])]
    found = null_space(rows_of(matrix, names), names)
    expected = sympy.Matrix(matrix.tolist()).nullspace()
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        vector = sympy.Matrix([sympy.Rational(*ours.get(name, Fraction(0)).as_integer_ratio()) for name in names])
        assert all(value.denominator == 1 for value in ours.values())
        assert sympy.Matrix.hstack(vector, theirs).rank() == 1
        assert vector.dot(theirs) > 0


@pytest.mark.parametrize("matrix", matrices(12, 5, 4))
def test_independent_rows(matrix: Any) -> None:
    names = ["a", "b", "c", "d"]
    chosen = independent(rows_of(matrix, names), names)
    assert len(chosen) == sympy.Matrix(matrix.tolist()).rank()
    taken = sympy.Matrix([matrix[place].tolist() for place in chosen] or [[0, 0, 0, 0]])
    assert taken.rank() == len(chosen)


def test_inverses() -> None:
    matrix = sympy.Matrix([[0, 2, 1], [1, 5, 0], [3, 0, 7]])
    found = inverse([[Fraction(int(value)) for value in matrix.row(place)] for place in range(3)])
    assert sympy.Matrix([[sympy.Rational(v.numerator, v.denominator) for v in row] for row in found]) == matrix.inv()


def test_a_long_chain_is_solved() -> None:
    count = 400
    names = [f"u{number}" for number in range(count)]
    rows = [{a: Fraction(1), b: Fraction(-2)} for a, b in itertools.pairwise(names)]
    (vector,) = null_space(rows, names)
    assert vector[names[-1]] == 1
    assert vector[names[0]] == 2 ** (count - 1)


POWERS = {
    "b*S*I": {"b": 1, "S": 1, "I": 1},
    "sqrt(b/S)": {"b": Fraction(1, 2), "S": Fraction(-1, 2)},
    "b^3/abs(S)": {"b": 3, "S": -1},
    "where(t > 1, b, 2*b)": {"b": 1},
    "prod(2*x[a] for a in age)": {"x": 3},
    "sum(x[a]*S for a in age)": {"x": 1, "S": 1},
    'x[age="b"]': {"x": 1},
    "sign(b)*S": {"S": 1},
    "exp(S/I)": {},
    "hypot(b, 3*b)": {"b": 1},
    "max(x[a] for a in age)": {"x": 1},
    "integral(y[u] for u in g)": {"y": 1},
    "cbrt(b)": {"b": Fraction(1, 3)},
}


@pytest.mark.parametrize("expression", POWERS)
def test_the_power_of_an_expression(expression: str) -> None:
    text = f"""
model M:
  axes:
    age = [a, b, c]
    g = grid(0, 1, 4)
  params:
    b
  states: S, I, x[age], y[g]
  dynamics:
    S' = -S
    I' = -I
    x[age]' = 0
    y[g]' = 0
  derive:
    wanted = {expression}
"""
    system = opjax.loads(text).system
    found = Scaling(system).powers[system.derived["wanted"].value.number]
    assert found is not None
    assert {name: power for name, power in found.items() if power} == POWERS[expression]
