"""What is divided by something anyway is not multiplied first and divided again."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
import pytest

import interpreted
import opjax

RANDOM = np.random.default_rng(17)
RATES = {
    "organs": ("Q*(y[i] - x[i]/K[i])", "Q*x[i]/K[i] - K[i]*y[i]", 1, True),
    "both ways": ("x[i]*y[i]/K[i]", "x[i]/K[i]", 1, True),
    "other divisors": ("Q*x[i]/K[i]", "x[i]/Q", 2, False),
    "other factors": ("Q*x[i]/K[i]", "y[i]/K[i]", 2, False),
}


@pytest.mark.parametrize("name", RATES)
def test_values_are_the_same(name: str) -> None:
    first, second, divisions, changes = RATES[name]
    rhs = opjax.compile_rhs(
        f"""
model Organs:
  axes:
    i = [a, b, c]
  params:
    Q
    K[i]
  states: x[i], y[i]
  dynamics:
    x[i]' = {first}
    y[i]' = {second}
"""
    )
    y = RANDOM.uniform(0.5, 1.5, 6)
    p = {key: RANDOM.uniform(0.5, 1.5, shape) for key, shape in rhs.param_shapes.items()}
    want = interpreted.derivative(rhs, y, p)
    np.testing.assert_allclose(rhs(0.0, y, p), want, rtol=1e-12, atol=1e-14)
    assert {record.name: record.fired for record in rhs.explain().passes}["quotients"] == changes
    assert rhs.source.count("/") == divisions
    with jax.enable_x64(True):
        run: Callable[..., np.ndarray] = jax.jit(rhs.eval_fn)
        np.testing.assert_allclose(run(0.0, y, **p), want, rtol=1e-12, atol=1e-14)
