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


@pytest.mark.slow
@pytest.mark.parametrize("form", ["function", "table"])
def test_the_past_before_the_start_is_given(x64: None, form: str) -> None:
    """The rate over the first lag is that of what is given: y' = -k*(1 + (t - tau)/2)."""
    times, data, k, tau = np.array([0.5, 1.0]), np.array([0.6, 0.1]), 0.8, 1.3
    known = {"function": lambda t: 1 + t / 2, "table": (np.array([-4.0, 0.0]), np.array([-1.0, 1.0]))}
    options = {"t0": 0.0, "rtol": 1e-9, "history": {"y": known[form]}}
    model = opjax.loads(DELAY).numpyro_model({"time": times, "z": data}, **options)
    y = 1 - k * (times - tau * times / 2 + times**2 / 4)
    seen = norm.logpdf(data, y + (1 + (times - tau) / 2) / 2, 0.1).sum()
    expected = norm.logpdf(k, 1, 1) + norm.logpdf(tau, 1, 1) + seen
    found = jax.jit(lambda values: log_density(model, (), {}, values)[0])({"k": k, "tau": tau})
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_a_past_that_nobody_asks_for_is_refused(x64: None) -> None:
    plain = opjax.loads(DELAY.replace("y(t - tau)", "y"))
    data = {"time": np.array([0.5, 1.0]), "z": np.array([1.0, 1.0])}
    for call in (plain.numpyro_model, plain.fit):
        with pytest.raises(opjax.OpjaxError, match="E0824"):
            call(data, t0=0.0, history={"y": 1.0})
