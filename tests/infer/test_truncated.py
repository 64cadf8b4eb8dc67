"""Truncated distributions against SciPy, in the middle and far out."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from jax.test_util import check_grads
from numpyro.distributions import biject_to, constraints
from scipy import stats

from opjax.infer.truncated import TAILS, Truncated

pytestmark = pytest.mark.usefixtures("x64")


def pairs():
    """Distributions of NumPyro with the same of SciPy; made late, in double precision."""
    return {
        "Normal": (dist.Normal(1.0, 0.5), stats.norm(1, 0.5)),
        "StudentT": (dist.StudentT(3.0, 1.0, 0.5), stats.t(3, 1, 0.5)),
        "Cauchy": (dist.Cauchy(1.0, 0.5), stats.cauchy(1, 0.5)),
        "Laplace": (dist.Laplace(1.0, 0.5), stats.laplace(1, 0.5)),
        "Logistic": (dist.Logistic(1.0, 0.5), stats.logistic(1, 0.5)),
        "LogNormal": (dist.LogNormal(0.1, 0.7), stats.lognorm(0.7, scale=np.exp(0.1))),
        "HalfNormal": (dist.HalfNormal(2.0), stats.halfnorm(scale=2)),
        "HalfCauchy": (dist.HalfCauchy(2.0), stats.halfcauchy(scale=2)),
        "Gamma": (dist.Gamma(2.5, 1.5), stats.gamma(2.5, scale=1 / 1.5)),
        "InverseGamma": (dist.InverseGamma(2.5, 1.5), stats.invgamma(2.5, scale=1.5)),
        "Exponential": (dist.Exponential(1.5), stats.expon(scale=1 / 1.5)),
        "Weibull": (dist.Weibull(2.0, 1.5), stats.weibull_min(1.5, scale=2)),
        "Beta": (dist.Beta(2.0, 5.0), stats.beta(2, 5)),
    }


NAMES = [kind.__name__ for kind in TAILS]
WITH_QUANTILES = ("Normal", "LogNormal", "Exponential", "Beta")
PROBABILITIES = np.array([0.05, 0.5, 0.9])


def check_against_scipy(name: str, low: list[float] | None, high: list[float] | None) -> None:
    """Density and probabilities of the intervals between these ends; and quantiles, which are found by one rule."""
    base, reference = pairs()[name]
    first = 0.0 if low is None else reference.cdf(low)
    mass = (1.0 if high is None else reference.cdf(high)) - first
    x = reference.ppf(first + PROBABILITIES[:, None] * mass)
    restricted = Truncated(base, *(None if end is None else jnp.array(end) for end in (low, high)))
    np.testing.assert_allclose(restricted.log_prob(x), reference.logpdf(x) - np.log(mass), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(restricted.cdf(x), np.broadcast_to(PROBABILITIES[:, None], x.shape), rtol=1e-10)
    if name in WITH_QUANTILES:
        np.testing.assert_allclose(restricted.icdf(PROBABILITIES[:, None]), x, rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_an_interval_agrees_with_scipy(name: str) -> None:
    check_against_scipy(name, [0.2, 0.9], [0.7, 0.95])


@pytest.mark.parametrize("name", ["Normal", "LogNormal", "Exponential"])
def test_one_sided_bounds_agree_with_scipy(name: str) -> None:
    check_against_scipy(name, [0.2, 0.9], None)
    check_against_scipy(name, None, [0.7, 0.95])


def test_the_density_is_zero_outside() -> None:
    outside = Truncated(dist.Normal(), 0.2, 0.7).log_prob(jnp.array([0.19, 0.71]))
    assert outside.tolist() == [-np.inf, -np.inf]


@pytest.mark.parametrize("far", [8.0, 40.0, -40.0, 300.0])
def test_the_tails_of_a_normal_are_exact(far: float) -> None:
    """SciPy's truncnorm works with logarithms of the tails."""
    low, high = (far, far + 1) if far > 0 else (far - 1, far)
    restricted, reference = Truncated(dist.Normal(0.0, 1.0), low, high), stats.truncnorm(low, high)
    x = np.linspace(low + 1e-3, high - 1e-3, 5)
    np.testing.assert_allclose(restricted.log_prob(x), reference.logpdf(x), rtol=1e-9)
    np.testing.assert_allclose(restricted.icdf(0.5), reference.ppf(0.5), rtol=1e-9)


def test_the_gradient_is_that_of_the_normalised_density() -> None:
    def log_density(parameters: jax.Array) -> jax.Array:
        return Truncated(dist.Normal(parameters[0], parameters[1]), 0.0, None).log_prob(1.3)

    check_grads(log_density, (jnp.array([0.4, 0.7]),), order=1, modes=["fwd", "rev"])
    check_grads(log_density, (jnp.array([-30.0, 0.7]),), order=1, modes=["fwd", "rev"])


@pytest.mark.parametrize(
    ("base", "low", "high", "interval"),
    [
        (dist.Normal(), 0.0, None, (0.0, np.inf)),
        (dist.Normal(), None, 2.0, (-np.inf, 2.0)),
        (dist.Normal(), -1.0, 2.0, (-1.0, 2.0)),
        (dist.HalfNormal(), None, 2.0, (0.0, 2.0)),
        (dist.Beta(2.0, 2.0), 0.5, None, (0.5, 1.0)),
    ],
)
def test_the_support_is_the_interval(base, low, high, interval: tuple[float, float]) -> None:
    support = Truncated(base, low, high).support
    back = biject_to(support)(jnp.array([-30.0, 0.0, 30.0]))
    assert ((back >= interval[0]) & (back <= interval[1])).all()
    assert np.isclose(back[0], interval[0]) or interval[0] == -np.inf
    assert not constraints.is_dependent(support)


def test_it_maps_and_compiles() -> None:
    def one(concentration: jax.Array) -> jax.Array:
        return Truncated(dist.Gamma(concentration, 1.0), 0.1, 3.0).log_prob(1.0)

    wanted = [stats.gamma(a).logpdf(1) - np.log(np.diff(stats.gamma(a).cdf([0.1, 3.0])))[0] for a in (1, 2, 3)]
    np.testing.assert_allclose(jax.jit(jax.vmap(one))(jnp.array([1.0, 2.0, 3.0])), wanted, rtol=1e-11)
    together = Truncated(dist.Normal(jnp.zeros(3), 1.0), jnp.array([0.0, 1.0, 2.0]), None)
    assert together.batch_shape == (3,)
    leaves, structure = jax.tree.flatten(together)
    again = jax.tree.unflatten(structure, leaves)
    np.testing.assert_array_equal(again.log_prob(2.5), together.log_prob(2.5))


def test_draws_have_the_moments() -> None:
    draws = Truncated(dist.Normal(0.0, 1.0), -1.0, 2.0).sample(jax.random.key(0), (100_000,))
    reference = stats.truncnorm(-1, 2)
    assert abs(draws.mean() - reference.mean()) < 4 * reference.std() / np.sqrt(draws.size)
    assert abs(draws.std() / reference.std() - 1) < 0.01
    assert draws.min() >= -1
    assert draws.max() <= 2


def test_single_precision_works_too() -> None:
    with jax.enable_x64(False):
        restricted = Truncated(dist.Normal(0.0, 1.0), 3.0, None)
        assert restricted.log_prob(3.5).dtype == jnp.float32
        np.testing.assert_allclose(restricted.icdf(0.5), stats.truncnorm(3, np.inf).ppf(0.5), rtol=1e-5)
