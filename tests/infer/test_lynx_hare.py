"""The main job against independent references: SciPy for the log-density, posteriordb for the posterior."""

from __future__ import annotations

import math
from pathlib import Path

import jax
import numpy as np
import pytest
from numpyro.infer.util import log_density
from scipy.integrate import solve_ivp
from scipy.stats import lognorm, truncnorm

import opjax

EXAMPLES = Path(__file__).parents[2] / "examples"
DATA = np.loadtxt(EXAMPLES / "lynx_hare.csv", delimiter=",", skiprows=1)

# mean, sd in posteriordb's reference draws of hudson_lynx_hare-lotka_volterra
PUBLISHED = {
    "alpha": (0.5469, 0.0631),
    "beta": (0.02775, 0.0042),
    "gamma": (0.8001, 0.0894),
    "delta": (0.02409, 0.0035),
    "hare0": (34.04, 2.92),
    "lynx0": (5.936, 0.531),
    "sigma_hare": (0.2481, 0.0433),
    "sigma_lynx": (0.2510, 0.0436),
}
PUBLISHED_DRAWS = 10_000


def by_hand(p: dict[str, float]) -> float:
    """The log-density of parameters and data, by SciPy alone."""

    def rates(t: float, z: np.ndarray) -> list[float]:
        return [(p["alpha"] - p["beta"] * z[1]) * z[0], (p["delta"] * z[0] - p["gamma"]) * z[1]]

    years = DATA[:, 0]
    start = [p["hare0"], p["lynx0"]]
    z = solve_ivp(rates, (years[0], years[-1]), start, method="DOP853", t_eval=years, rtol=1e-12, atol=1e-12).y
    total = 0.0
    for name, mean, sd in (("alpha", 1, 0.5), ("gamma", 1, 0.5), ("beta", 0.05, 0.05), ("delta", 0.05, 0.05)):
        total += truncnorm.logpdf(p[name], -mean / sd, np.inf, loc=mean, scale=sd)
    for name in ("hare0", "lynx0"):
        total += lognorm.logpdf(p[name], 1.0, scale=10.0)
    for name in ("sigma_hare", "sigma_lynx"):
        total += lognorm.logpdf(p[name], 1.0, scale=math.exp(-1))
    total += lognorm.logpdf(DATA[:, 1], p["sigma_hare"], scale=z[0]).sum()
    return float(total + lognorm.logpdf(DATA[:, 2], p["sigma_lynx"], scale=z[1]).sum())


@pytest.fixture
def model() -> opjax.Model:
    return opjax.load(EXAMPLES / "lynx_hare.ojx")


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("scale", [1.0, 0.9, 1.15])
def test_the_log_density_is_that_of_scipy(model: opjax.Model, scale: float) -> None:
    point = {name: mean * scale for name, (mean, _) in PUBLISHED.items()}
    numpyro_model = model.numpyro_model(EXAMPLES / "lynx_hare.csv", rtol=1e-10, atol=1e-10)
    found, _ = log_density(numpyro_model, (), {}, point)
    np.testing.assert_allclose(found, by_hand(point), rtol=1e-7)


@pytest.mark.usefixtures("x64")
def test_the_gradient_of_the_log_density_is_that_of_differences(model: opjax.Model) -> None:
    point = {name: mean for name, (mean, _) in PUBLISHED.items()}
    numpyro_model = model.numpyro_model(EXAMPLES / "lynx_hare.csv", rtol=1e-10, atol=1e-10)
    gradient = jax.jit(jax.grad(lambda p: log_density(numpyro_model, (), {}, p)[0]))(point)
    for name, value in point.items():
        step = 1e-5 * value
        rise = by_hand(point | {name: value + step}) - by_hand(point | {name: value - step})
        np.testing.assert_allclose(gradient[name], rise / (2 * step), rtol=1e-5, atol=1e-3)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("x64")
def test_the_posterior_is_the_published_one(model: opjax.Model) -> None:
    posterior = model.fit(EXAMPLES / "lynx_hare.csv", seed=1, progress_bar=False)
    draws = posterior.tree["posterior"].dataset
    summary = posterior.summary()
    for name, (mean, sd) in PUBLISHED.items():
        found = draws[name].values
        error = sd * math.hypot(1 / math.sqrt(summary[name].ess), 1 / math.sqrt(PUBLISHED_DRAWS))
        assert abs(found.mean() - mean) < 3 * error, name
        assert abs(found.std() / sd - 1) < 0.1, name
