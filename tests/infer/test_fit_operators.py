"""A velocity of an operator and a setting of a kernel are found again from data that they made."""

from __future__ import annotations

import numpy as np
import pytest
import xarray

import opjax

TEXT = """
model Spread:
  axes:
    x = grid(0, 2, 5)
  params:
    reach ~ LogNormal(0, 0.5)
    w ~ HalfNormal(0.5)
    K[x, x] = kernel("gaussian", scale=0.2, sigma=reach)
  states:
    u[x] = 1 + x density
  dynamics:
    u[x]' = integral(K[x, s]*u[s] for s in x) - u[x]
  operators:
    advection of u along x with velocity = w
  observe:
    y[x] ~ Normal(loc=u[x], scale=0.05)
"""


@pytest.mark.slow
def test_velocity_and_reach_are_found(x64: None):
    model = opjax.loads(TEXT)
    times = np.linspace(0.0, 3.0, 7)
    truth = model.simulate({"reach": 0.8, "w": 0.3}, ts=times)
    data = xarray.Dataset({"y": truth["u"][1:]}).drop_vars("u", errors="ignore")
    posterior = model.fit(data, t0=0.0, num_warmup=200, num_samples=200, num_chains=1, seed=1, progress_bar=False)
    draws = {name: np.asarray(posterior[name]) for name in ("reach", "w")}
    for name, value in {"reach": 0.8, "w": 0.3}.items():
        assert abs(draws[name].mean() - value) < 3 * draws[name].std()
    assert draws["w"].std() < 0.05
