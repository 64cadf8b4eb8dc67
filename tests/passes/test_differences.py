"""Differences that cancel, or of which one side is missing, are those by hand."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax

TEXT = """
model M:
  axes:
    x = grid(0, 69, 70)
  params:
    D = 0.3
    v = 0.9
  states: u[x]
  dynamics:
    d(u[x])/dt = {rate} edge {edge}
"""
Rate = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
RATES: dict[str, Rate] = {
    "D*(u[x+1] - u[x+1]) + v*(u[x+1] - u[x-1])": lambda low, u, high: 0.9 * (high - low),
    "D*(u[x+1] - u[x+1]) + v*(u[x-1] - u[x-1])": lambda low, u, high: 0 * u,
    "D*(u[x+1] - u[x+1] + u[x] - u[x]) - v*(u[x] - u[x-1])": lambda low, u, high: -0.9 * (u - low),
    "2*(u[x-1] - u[x-1]) - 3*(u[x-1] - u[x-1])": lambda low, u, high: 0 * u,
    "D*(u[x+1] + u[x-1] - u[x] - u[x]) + v*(u[x+1] - u[x+1])": lambda low, u, high: 0.3 * (high + low - 2 * u),
}


@pytest.mark.parametrize("edge", ["periodic", "stay", "absorb"])
@pytest.mark.parametrize("rate", RATES)
def test_differences_that_cancel(rate: str, edge: str) -> None:
    rhs = opjax.compile_rhs(TEXT.format(rate=rate, edge=edge))
    u = np.random.default_rng(20261122).normal(size=70)
    beyond = {"periodic": (u[-1], u[0]), "stay": (u[0], u[-1]), "absorb": (0.0, 0.0)}[edge]
    low, high = np.append(beyond[0], u[:-1]), np.append(u[1:], beyond[1])
    want = RATES[rate](low, u, high)
    np.testing.assert_allclose(rhs(0.0, u), want, rtol=0, atol=4e-15)
    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.jit(rhs)(0.0, jnp.asarray(u)), want, rtol=0, atol=4e-15)
