"""Equations and initial values for all points of a state and for some of them again, against NumPy by hand."""

from __future__ import annotations

import numpy as np

import opjax

HEAD = """
model Pieces:
  axes:
    age = [y, m, o]
    sex = [f, m]
  params:
    k[sex]
    q
"""


def rate(text: str, y: np.ndarray, **parameters: object) -> np.ndarray:
    return opjax.compile_rhs(HEAD + text).eval_fn(0.0, y, **parameters)


def test_the_equation_for_fewer_points_counts_in_any_order() -> None:
    rows = ["S[age]' = -S[age]", 'S[age="m"]\' = 100', 'S[age="o"]\' = q*S[age="y"]']
    for text in (rows, rows[::-1]):
        found = rate("  states: S[age]\n  dynamics:\n    " + "\n    ".join(text), np.array([1.0, 2.0, 3.0]), q=7.0)
        np.testing.assert_array_equal(found, [-1.0, 100.0, 7.0])


def test_a_slice_and_a_cell_of_it() -> None:
    text = """  states: T[age, sex]
  dynamics:
    T[age, sex]' = -T[age, sex]
    T[age="y", sex]' = k[sex]
    T[age="y", sex="m"]' = q
"""
    y = np.arange(1.0, 7.0)
    np.testing.assert_array_equal(rate(text, y, k=np.array([10.0, 20.0]), q=5.0), [10.0, 5.0, -3.0, -4.0, -5.0, -6.0])


def test_flows_add_to_what_the_equations_give() -> None:
    text = """  states: S[age]
  dynamics:
    S[age="m"]' = 100
    0 -> S[age] @ 1
"""
    np.testing.assert_array_equal(rate(text, np.zeros(3)), [1.0, 101.0, 1.0])


def test_every_cell_by_itself() -> None:
    text = """  states: S[sex]
  dynamics:
    S[sex="m"]' = 2*S[sex="f"]
    S[sex="f"]' = 1
"""
    np.testing.assert_array_equal(rate(text, np.array([3.0, 4.0])), [1.0, 6.0])


def test_initial_values_too() -> None:
    model = opjax.loads(
        HEAD + '  states: S[age]\n  init:\n    S[age] = 1\n    S[age="m"] = 5\n  dynamics:\n    S[age]\' = 0\n'
    )
    run = model.simulate(ts=[0.0, 1.0], rtol=1e-4)
    np.testing.assert_array_equal(run["S"].isel(time=0), [1.0, 5.0, 1.0])
