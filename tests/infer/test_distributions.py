"""Every row of the table of distributions against SciPy, and the bounds of priors."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import constraints
from scipy import stats

from opjax.infer.distributions import can_be_bounded, numpyro_distribution, valid_value
from opjax.infer.truncated import Truncated
from opjax.ir.distributions import DISTRIBUTIONS

COUNTS = np.arange(8)
LINE = np.array([-0.7, 0.3, 1.9])
ABOVE = np.array([0.1, 0.8, 3.0])
UNIT = np.array([0.1, 0.5, 0.9])
BETA_FUNCTION = 2e-6
"""What jax.scipy.special.betaln is accurate to, in double precision too (1.3e-6 off at a = 2, b = 8)."""
CASES = {
    "Normal": ({"loc": 0.5, "scale": 2.0}, LINE, stats.norm(0.5, 2).logpdf),
    "StudentT": ({"df": 4.0, "loc": 0.5, "scale": 2.0}, LINE, stats.t(4, 0.5, 2).logpdf),
    "Cauchy": ({"loc": 0.5, "scale": 2.0}, LINE, stats.cauchy(0.5, 2).logpdf),
    "Laplace": ({"loc": 0.5, "scale": 2.0}, LINE, stats.laplace(0.5, 2).logpdf),
    "Logistic": ({"loc": 0.5, "scale": 2.0}, LINE, stats.logistic(0.5, 2).logpdf),
    "Uniform": ({"low": -1.0, "high": 3.0}, LINE, stats.uniform(-1, 4).logpdf),
    "TruncatedNormal": (
        {"loc": 0.5, "scale": 2.0, "low": -1.0, "high": 3.0},
        LINE,
        stats.truncnorm(-0.75, 1.25, 0.5, 2).logpdf,
    ),
    "VonMises": ({"loc": 0.5, "concentration": 2.0}, LINE, stats.vonmises(2, 0.5).logpdf),
    "LogNormal": ({"loc": 0.5, "scale": 0.8}, ABOVE, stats.lognorm(0.8, scale=np.exp(0.5)).logpdf),
    "HalfNormal": ({"scale": 2.0}, ABOVE, stats.halfnorm(scale=2).logpdf),
    "HalfCauchy": ({"scale": 2.0}, ABOVE, stats.halfcauchy(scale=2).logpdf),
    "Gamma": ({"concentration": 2.5, "rate": 1.5}, ABOVE, stats.gamma(2.5, scale=1 / 1.5).logpdf),
    "InverseGamma": ({"concentration": 2.5, "rate": 1.5}, ABOVE, stats.invgamma(2.5, scale=1.5).logpdf),
    "Exponential": ({"rate": 1.5}, ABOVE, stats.expon(scale=1 / 1.5).logpdf),
    "Weibull": ({"scale": 2.0, "concentration": 1.5}, ABOVE, stats.weibull_min(1.5, scale=2).logpdf),
    "Beta": ({"concentration1": 2.0, "concentration0": 5.0}, UNIT, stats.beta(2, 5).logpdf),
    "Poisson": ({"rate": 2.5}, COUNTS, stats.poisson(2.5).logpmf),
    "NegBinomial": ({"mean": 3.0, "concentration": 2.0}, COUNTS, stats.nbinom(2, 2 / 5).logpmf),
    "ZeroInflatedPoisson": (
        {"gate": 0.3, "rate": 2.5},
        COUNTS,
        lambda x: np.log(0.3 * (x == 0) + 0.7 * stats.poisson(2.5).pmf(x)),
    ),
    "Binomial": ({"total": 10.0, "probs": 0.3}, COUNTS, stats.binom(10, 0.3).logpmf),
    "BetaBinomial": (
        {"concentration1": 2.0, "concentration0": 3.0, "total": 10.0},
        COUNTS,
        stats.betabinom(10, 2, 3).logpmf,
    ),
    "Bernoulli": ({"probs": 0.3}, np.array([0, 1]), stats.bernoulli(0.3).logpmf),
    "Geometric": ({"probs": 0.3}, COUNTS, lambda x: stats.geom(0.3).logpmf(x + 1)),
}


pytestmark = pytest.mark.usefixtures("x64")


def test_every_distribution_has_a_case() -> None:
    assert CASES.keys() == DISTRIBUTIONS.keys()


@pytest.mark.parametrize("name", CASES)
def test_the_density_is_that_of_scipy(name: str) -> None:
    arguments, values, reference = CASES[name]
    found = numpyro_distribution(DISTRIBUTIONS[name], arguments)
    atol = BETA_FUNCTION if name in ("NegBinomial", "BetaBinomial") else 0.0
    np.testing.assert_allclose(found.log_prob(jnp.asarray(values)), reference(values), rtol=1e-8, atol=atol)


@pytest.mark.parametrize("name", CASES)
def test_arguments_left_out_have_the_default_of_the_table(name: str) -> None:
    record = DISTRIBUTIONS[name]
    arguments, values = CASES[name][0], UNIT if name == "Uniform" else CASES[name][1]
    needed = {a.name: arguments[a.name] for a in record.arguments if a.default is None}
    defaults = {a.name: a.default for a in record.arguments if a.default is not None and np.isfinite(a.default)}
    left_out = numpyro_distribution(record, needed)
    given = numpyro_distribution(record, {**needed, **defaults})
    np.testing.assert_array_equal(left_out.log_prob(jnp.asarray(values)), given.log_prob(jnp.asarray(values)))


@pytest.mark.parametrize("name", CASES)
def test_stand_ins_for_arguments_are_valid(name: str) -> None:
    """They replace what a failed solve leaves undefined, under NumPyro's validation too."""
    record = DISTRIBUTIONS[name]
    found = numpyro_distribution(record, {a.name: valid_value(a) for a in record.arguments})
    found.validate_args(strict=True)


@pytest.mark.parametrize("name", [n for n, r in DISTRIBUTIONS.items() if r.kind == "continuous" and n != "VonMises"])
def test_bounds_divide_by_the_probability_of_the_interval(name: str) -> None:
    arguments, _, reference = CASES[name]
    record = DISTRIBUTIONS[name]
    assert can_be_bounded(record)
    frozen = reference.__self__
    low, high = 0.25, 0.85
    x = np.array([0.3, 0.5, 0.8])
    wanted = reference(x) - np.log(frozen.cdf(high) - frozen.cdf(low))
    found = numpyro_distribution(record, arguments, low, high)
    np.testing.assert_allclose(found.log_prob(x), wanted, rtol=1e-10)


def test_distributions_without_a_distribution_function_cannot_be_bounded() -> None:
    assert [
        name for name, record in DISTRIBUTIONS.items() if record.kind == "continuous" and not can_be_bounded(record)
    ] == ["VonMises"]


def test_bounds_that_say_nothing_leave_the_distribution_alone() -> None:
    positive = numpyro_distribution(DISTRIBUTIONS["LogNormal"], {"loc": 0.0, "scale": 1.0}, low=0.0)
    unit = numpyro_distribution(DISTRIBUTIONS["Beta"], {"concentration1": 2.0, "concentration0": 3.0}, -1.0, 2.0)
    assert not isinstance(positive, Truncated)
    assert not isinstance(unit, Truncated)


def test_bounds_of_a_uniform_move_its_ends() -> None:
    found = numpyro_distribution(DISTRIBUTIONS["Uniform"], {"low": 0.0, "high": 10.0}, low=2.0, high=4.0)
    assert found.log_prob(3.0) == pytest.approx(np.log(0.5))
    standard = numpyro_distribution(DISTRIBUTIONS["Uniform"], {}, low=0.5)
    assert standard.log_prob(0.75) == pytest.approx(np.log(2))


def test_bounds_of_a_truncated_normal_add_up() -> None:
    record = DISTRIBUTIONS["TruncatedNormal"]
    found = numpyro_distribution(record, {"loc": 0.0, "scale": 1.0, "low": 0.0}, low=-1.0, high=2.0)
    x = np.array([0.5, 1.5])
    np.testing.assert_allclose(found.log_prob(x), stats.truncnorm(0, 2).logpdf(x), rtol=1e-12)
    assert isinstance(found.support, constraints.interval)


def test_a_bound_may_be_an_array() -> None:
    found = numpyro_distribution(DISTRIBUTIONS["Normal"], {"loc": 0.0, "scale": 1.0}, low=jnp.array([0.0, 1.0]))
    wanted = [stats.truncnorm(0, np.inf).logpdf(1.5), stats.truncnorm(1, np.inf).logpdf(1.5)]
    np.testing.assert_allclose(found.log_prob(1.5), wanted, rtol=1e-12)
