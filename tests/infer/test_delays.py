"""Models that ask for their past, in inference: the density of lag and rate, and its gradient, in closed form."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm
from numpyro.infer.util import log_density

import opjax

DELAY = """model Delay:
  params:
    k ~ Normal(loc=1, scale=1)
    tau ~ Normal(loc=1, scale=1)
  states:
    y = 1
  dynamics:
    y' = -k*y(t - tau)
  observe:
    z ~ Normal(loc=y + y(t - tau)/2, scale=0.1)
"""


@pytest.mark.slow
def test_the_density_of_a_lag_and_its_gradient(x64: None) -> None:
    times, data = np.array([0.5, 1.0, 2.0]), np.array([1.1, 0.6, 0.1])
    model = opjax.loads(DELAY).numpyro_model({"time": times, "z": data}, t0=0.0, rtol=1e-9)

    def by_hand(values):
        k, tau = values["k"], values["tau"]

        def y(t):  # the method of steps, up to twice the lag
            later = jnp.maximum(t - tau, 0)
            return jnp.where(t < 0, 1.0, 1 - k * t + k**2 * later**2 / 2)

        seen = norm.logpdf(data, y(times) + y(times - tau) / 2, 0.1).sum()
        return norm.logpdf(k, 1, 1) + norm.logpdf(tau, 1, 1) + seen

    def found(values):
        return log_density(model, (), {}, values)[0]

    at = {"k": jnp.asarray(0.8), "tau": jnp.asarray(1.3)}
    (value, slopes), (expected, wanted) = (jax.jit(jax.value_and_grad(f))(at) for f in (found, by_hand))
    np.testing.assert_allclose(value, expected, rtol=1e-9)
    for name in at:
        np.testing.assert_allclose(slopes[name], wanted[name], rtol=1e-6)
