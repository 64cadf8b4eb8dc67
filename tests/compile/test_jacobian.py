"""The dense Jacobian, against derivatives by hand and by complex steps."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax import OpjaxError

TEXT = """
model Brusselator:
  params:
    a
    b
  states: x, y, z
  dynamics:
    x' = a + x^2*y - (b + 1)*x
    y' = b*x - x^2*y
    z' = -z*exp(-t)
"""
GIVEN = {"a": 1.3, "b": 2.5}
STATE = np.array([0.7, 1.9, 0.4])


def by_hand(t: float, y: np.ndarray, a: float, b: float) -> np.ndarray:
    x, v, _ = y
    return np.array([[2 * x * v - b - 1, x**2, 0.0], [b - 2 * x * v, -(x**2), 0.0], [0.0, 0.0, -np.exp(-t)]])


@pytest.mark.parametrize("pinned", [None, np, jnp], ids=["free", "numpy", "jax"])
def test_numpy_in_numpy_out(pinned: object) -> None:
    rhs = opjax.compile_rhs(TEXT, pinned)
    found = rhs.jacobian(0.3, STATE, GIVEN)
    assert type(found) is np.ndarray
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, by_hand(0.3, STATE, **GIVEN), rtol=1e-14)


def test_precision_is_kept() -> None:
    found = opjax.compile_rhs(TEXT).jacobian(0.3, STATE.astype(np.float32), GIVEN)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_hand(0.3, STATE, **GIVEN), rtol=1e-5)


def test_jax_in_jax_out_and_traced() -> None:
    rhs = opjax.compile_rhs(TEXT)
    with jax.enable_x64(True):
        found = jax.jit(rhs.jacobian)(0.3, jnp.asarray(STATE), GIVEN)
        assert isinstance(found, jax.Array)
        np.testing.assert_allclose(found, by_hand(0.3, STATE, **GIVEN), rtol=1e-14)
        second = jax.jacfwd(lambda y: rhs.jacobian(0.3, y, GIVEN)[0, 0])(jnp.asarray(STATE))
        np.testing.assert_allclose(second, [2 * STATE[1], 2 * STATE[0], 0.0], rtol=1e-14)


def test_states_with_axes() -> None:
    text = "model M:\n axes:\n  i = [p, q]\n params:\n  K[i, i]\n states:\n  u[i]\n dynamics:\n  "
    rhs = opjax.compile_rhs(text + "u[i]' = sum(K[i, j]*u[j]^2 for j in i)\n")
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
    y = np.array([0.5, 2.0])
    np.testing.assert_allclose(rhs.jacobian(0.0, y, {"K": matrix}), 2 * matrix * y, rtol=1e-14)


def test_other_arrays_are_refused() -> None:
    rhs = opjax.compile_rhs(TEXT)
    with pytest.raises(OpjaxError, match="E0807"):
        rhs.jacobian(0.0, [1.0, 2.0, 3.0], GIVEN)
    with pytest.raises(OpjaxError, match="E0804"):
        rhs.jacobian(0.0, STATE[:2], GIVEN)
    with pytest.raises(OpjaxError, match="E0805"):
        rhs.jacobian(0.0, STATE)
