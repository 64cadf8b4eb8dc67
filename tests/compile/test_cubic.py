"""Natural cubic splines through tables and inputs, against SciPy's."""

from __future__ import annotations

from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline

import opjax

TEXT = """
model Splines:
  axes:
    week = points [0, 1, 2.5, 4, 7, 8]
    age  = [young, old]
  params:
    k[week]
    lag[age]
  inputs:
    warmth(t) = cubic
    rain[age](t) = cubic
  states:
    x = 0
    y[age] = 0
  dynamics:
    x' = cubic(k[w] for w in week) + warmth(t)
    y[age]' = rain[age](t - 0.5)*cubic(k[week] over week at lag[age])
"""
RANDOM = np.random.default_rng(7)
WEEKS = np.array([0.0, 1.0, 2.5, 4.0, 7.0, 8.0])
TIMES = np.array([0.0, 1.0, 1.5, 4.0, 6.0, 9.0, 9.5])
GIVEN: dict[str, Any] = {
    "k": RANDOM.normal(size=6),
    "lag": np.array([1.3, 7.4]),
    "warmth": (TIMES, RANDOM.normal(size=7)),
    "rain": (TIMES, RANDOM.normal(size=(7, 2))),
}


def spline(points: np.ndarray, values: np.ndarray, at: Any) -> np.ndarray:
    return CubicSpline(points, values, bc_type="natural")(np.clip(at, points[0], points[-1]))


def expected(t: float) -> np.ndarray:
    x = spline(WEEKS, GIVEN["k"], t) + spline(*GIVEN["warmth"], t)
    y = spline(*GIVEN["rain"], t - 0.5) * spline(WEEKS, GIVEN["k"], GIVEN["lag"])
    return np.concatenate([[x], y])


@pytest.fixture(scope="module")
def rhs() -> opjax.CompiledRhs:
    return opjax.compile_rhs(TEXT)


@pytest.mark.parametrize("t", [-1.0, 0.0, 0.3, 1.0, 2.6, 6.99, 8.0, 9.2, 11.0])
def test_values_are_those_of_scipy(rhs: opjax.CompiledRhs, x64: None, t: float) -> None:
    wanted = expected(t)
    np.testing.assert_allclose(rhs.eval_fn(t, np.zeros(3), **GIVEN), wanted, rtol=1e-12, atol=1e-13)
    found = jax.jit(rhs.eval_fn)(t, jnp.zeros(3), **GIVEN)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)


def test_single_precision_stays_single(rhs: opjax.CompiledRhs) -> None:
    for xp in (np, jnp):
        found = rhs.eval_fn(2.6, xp.zeros(3, dtype=xp.float32), **GIVEN)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected(2.6), rtol=1e-5, atol=1e-5)


def test_derivatives_by_the_values_are_the_splines_of_unit_vectors(rhs: opjax.CompiledRhs, x64: None) -> None:
    k = jnp.asarray(GIVEN["k"])
    slope = jax.grad(lambda k: rhs.eval_fn(2.6, jnp.zeros(3), **{**GIVEN, "k": k})[0])(k)
    np.testing.assert_allclose(slope, spline(WEEKS, np.eye(6), 2.6), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_few_points(rhs: opjax.CompiledRhs, x64: None, count: int) -> None:
    """One point is a constant, two are a line."""
    times, values = TIMES[:count], GIVEN["warmth"][1][:count]
    table = values[0] if count == 1 else spline(times, values, 0.7)
    wanted = spline(WEEKS, GIVEN["k"], 0.7) + table
    given = {**GIVEN, "warmth": (times, values)}
    np.testing.assert_allclose(rhs.eval_fn(0.7, np.zeros(3), **given)[0], wanted, rtol=1e-12)
    np.testing.assert_allclose(rhs.eval_fn(0.7, jnp.zeros(3), **given)[0], wanted, rtol=1e-12)


def test_a_solution_is_the_integral_of_the_spline(x64: None) -> None:
    model = opjax.loads(
        "model M:\n  inputs:\n    warmth(t) = cubic\n  states:\n    x = 0\n  dynamics:\n    x' = warmth(t)"
    )
    given, times = {"warmth": GIVEN["warmth"]}, [0.0, 3.0, 9.5]
    run = model.simulate(given, ts=times, solver=diffrax.Tsit5(), rtol=1e-12, atol=1e-12)
    integral = CubicSpline(*GIVEN["warmth"], bc_type="natural").antiderivative()
    np.testing.assert_allclose(run["x"], integral([0.0, 3.0, 9.5]), rtol=1e-8, atol=1e-9)


def test_the_mapping_says_it_of_all_tables_over_time(x64: None) -> None:
    spec = {
        "axes": [{"name": "time", "type": "continuous", "coords": WEEKS.tolist()}],
        "time_interpolation": "cubic",
        "state": ["x"],
        "equations": {"x": "k[time]"},
    }
    model = opjax.from_dict(spec)
    assert "cubic(k[time] over time)" in model.show("ojx")
    assert opjax.loads(model.show("yaml")).content_hash == model.content_hash
    found = model.compile_rhs().eval_fn(2.6, np.zeros(1), k=GIVEN["k"])
    np.testing.assert_allclose(found, [spline(WEEKS, GIVEN["k"], 2.6)], rtol=1e-12)
    assert model.compile_rhs().meta["forcing_breakpoints"] == ()
