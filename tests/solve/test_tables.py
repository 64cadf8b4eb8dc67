"""Solutions of models with tables and inputs, against closed forms."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax import OpjaxError

TEXT = """
model Tables:
  axes:
    week = points [0, 1, 3]
    age  = [young, old]
  params:
    k[week]
    lag = 0.5
  inputs:
    school[age](t) = previous
    slope(t) = linear
  states:
    x = 1
    y[age] = 1
    z = 0
  dynamics:
    x -> 0 @ previous(k[week] over week at t - lag)
    y[age]' = -school[age](t)*y[age]
    z' = slope(t)
"""
K = np.array([0.1, 1.0, 0.3])
SCHOOL = (np.array([0.0, 1.3, 4.0]), np.array([[0.2, 0.1], [2.0, 0.0], [0.0, 1.0]]))
SLOPE = (np.array([1.0, 3.0]), np.array([2.0, 6.0]))
TIMES = np.linspace(0, 6, 13)


def steps(points: np.ndarray, values: np.ndarray, t: float) -> np.ndarray:
    """The integral of a table with steps from 0 to t; before its first point it has the first value."""
    ends = np.minimum(np.maximum(np.array([-np.inf, *points[1:], np.inf]), 0.0), t)
    return np.tensordot(np.diff(ends), values, axes=1)


def ramp(t: float) -> float:
    """The integral of `SLOPE`: 2, then a line to 6, then 6."""
    middle = np.clip(t - 1.0, 0.0, 2.0)
    return 2.0 * min(t, 1.0) + 2.0 * middle + middle**2 + 6.0 * max(t - 3.0, 0.0)


@pytest.fixture(scope="module")
def model() -> opjax.Model:
    return opjax.loads(TEXT)


def test_a_simulation_has_the_closed_form(x64: None, model: opjax.Model) -> None:
    run = model.simulate({"k": K, "school": SCHOOL, "slope": SLOPE}, ts=TIMES, rtol=1e-9)
    x = [np.exp(-steps(np.array([0.0, 1.0, 3.0]) + 0.5, K, t)) for t in TIMES]
    y = np.array([np.exp(-steps(*SCHOOL, t)) for t in TIMES])
    np.testing.assert_allclose(run.dataset["x"], x, rtol=1e-8)
    np.testing.assert_allclose(run.dataset["y"], y, rtol=1e-8)
    np.testing.assert_allclose(run.dataset["z"], [ramp(t) for t in TIMES], rtol=1e-7, atol=1e-9)


def test_the_solver_steps_to_the_jumps(x64: None) -> None:
    text = "model J:\n  inputs:\n    k(t) = previous\n  states:\n    x = 1\n  dynamics:\n    x' = k(t)\n"
    points = np.arange(1.0, 8.0)
    run = opjax.loads(text).simulate({"k": (points, np.array([0.0, 9, 0, 9, 0, 9, 0]))}, ts=[0.0, 8.0], rtol=1e-6)
    assert run.stats.rejected <= 8  # without knowing of the six jumps, 50 and more
    np.testing.assert_allclose(run.dataset["x"][-1], 28.0, rtol=1e-12)  # every step is exact then


def test_the_gradient_of_a_solution_by_a_table(x64: None) -> None:
    text = """
model G:
  axes:
    week = points [0, 1, 3]
  params:
    k[week]
  states:
    x = 1
  dynamics:
    x' = -previous(k[week] over week)*x
"""
    from opjax import stages
    from opjax.errors import Report
    from opjax.solve.problem import problem_for
    from opjax.solve.settings import Settings
    from opjax.solve.trajectory import trajectory

    report = Report()
    checked = stages.check(stages.read_string(text, "ojx", report)[0], report)
    problem = problem_for(checked)

    def last(k: Any) -> Any:
        return trajectory(problem, {"k": k}, jnp.asarray([2.0, 4.0]), 0.0, Settings(rtol=1e-9)).states["x"][-1]

    # x(4) = exp(-(k0 + 2 k1 + k2))
    expected = -np.exp(-(K @ [1, 2, 1])) * np.array([1.0, 2.0, 1.0])
    np.testing.assert_allclose(jax.jit(jax.grad(last))(jnp.asarray(K)), expected, rtol=1e-6)


def test_a_missing_table_is_named(model: opjax.Model) -> None:
    with pytest.raises(OpjaxError, match=r"E0805.*'slope' has no value"):
        model.simulate({"k": K, "school": SCHOOL}, ts=TIMES)
    with pytest.raises(OpjaxError, match="E0582"):
        model.simulate({"k": K, "school": (SCHOOL[0][::-1], SCHOOL[1]), "slope": SLOPE}, ts=TIMES)
