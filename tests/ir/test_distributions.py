"""The distribution table against SciPy's densities, by way of the class of NumPyro that each record names."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from opjax.ir.distributions import DISTRIBUTIONS, DistributionRecord, lookup, signature

numpyro_distributions = pytest.importorskip("numpyro.distributions", reason="NumPyro is an optional extra")

Values = dict[str, float]


def _truncated(loc: float, scale: float, low: float, high: float) -> Any:
    return stats.truncnorm((low - loc) / scale, (high - loc) / scale, loc, scale)


class _ZeroInflated:
    def __init__(self, gate: float, rate: float) -> None:
        self.gate, self.poisson = gate, stats.poisson(rate)

    def logpmf(self, x: np.ndarray) -> np.ndarray:
        return np.log((1 - self.gate) * self.poisson.pmf(x) + self.gate * (x == 0))


# Written from SciPy's documentation and the definitions in the records, arguments in the order of the records.
SCIPY: dict[str, tuple[Callable[..., Any], list[Values]]] = {
    "Normal": (stats.norm, [{"loc": 1.5, "scale": 2.0}]),
    "StudentT": (stats.t, [{"df": 3.5, "loc": 1.0, "scale": 2.0}]),
    "Cauchy": (stats.cauchy, [{"loc": 1.0, "scale": 2.0}]),
    "Laplace": (stats.laplace, [{"loc": 1.0, "scale": 2.0}]),
    "Logistic": (stats.logistic, [{"loc": 1.0, "scale": 2.0}]),
    "Uniform": (lambda low, high: stats.uniform(low, high - low), [{"low": 0.5, "high": 3.0}]),
    "TruncatedNormal": (
        _truncated,
        [
            {"loc": 1.0, "scale": 2.0, "low": 0.5, "high": 4.0},
            {"loc": 1.0, "scale": 2.0, "low": 0.5},
            {"loc": 1.0, "scale": 2.0, "high": 4.0},
        ],
    ),
    "VonMises": (lambda loc, concentration: stats.vonmises(concentration, loc), [{"loc": 0.5, "concentration": 2.0}]),
    "LogNormal": (lambda loc, scale: stats.lognorm(scale, scale=math.exp(loc)), [{"loc": 0.5, "scale": 0.7}]),
    "HalfNormal": (lambda scale: stats.halfnorm(scale=scale), [{"scale": 2.0}]),
    "HalfCauchy": (lambda scale: stats.halfcauchy(scale=scale), [{"scale": 2.0}]),
    "Gamma": (
        lambda concentration, rate: stats.gamma(concentration, scale=1 / rate),
        [{"concentration": 2.5, "rate": 3.0}],
    ),
    "InverseGamma": (
        lambda concentration, rate: stats.invgamma(concentration, scale=rate),
        [{"concentration": 2.5, "rate": 3.0}],
    ),
    "Exponential": (lambda rate: stats.expon(scale=1 / rate), [{"rate": 3.0}]),
    "Weibull": (
        lambda scale, concentration: stats.weibull_min(concentration, scale=scale),
        [{"scale": 2.0, "concentration": 1.5}],
    ),
    "Beta": (
        stats.beta,
        [{"concentration1": 2.0, "concentration0": 3.5}],
    ),
    "Poisson": (stats.poisson, [{"rate": 3.5}]),
    "NegBinomial": (
        lambda mean, concentration: stats.nbinom(concentration, concentration / (concentration + mean)),
        [{"mean": 3.5, "concentration": 2.5}],
    ),
    "ZeroInflatedPoisson": (_ZeroInflated, [{"gate": 0.25, "rate": 3.5}]),
    "Binomial": (stats.binom, [{"total": 6, "probs": 0.3}]),
    # jax.scipy.special.betaln has 6 digits only where an argument is above 8; here none is
    "BetaBinomial": (
        lambda concentration1, concentration0, total: stats.betabinom(total, concentration1, concentration0),
        [{"concentration1": 2.0, "concentration0": 1.5, "total": 6}],
    ),
    "Bernoulli": (stats.bernoulli, [{"probs": 0.3}]),
    "Geometric": (lambda probs: stats.geom(probs, loc=-1), [{"probs": 0.3}]),
}

CASES = [(record, values) for record in DISTRIBUTIONS.values() for values in SCIPY[record.name][1]]
EVERY = pytest.mark.parametrize("record", DISTRIBUTIONS.values(), ids=lambda r: r.name)


def inside(record: DistributionRecord, values: Values) -> np.ndarray:
    """Some numbers that the distribution gives."""
    if record.kind == "discrete":
        return np.arange(2 if record.name == "Bernoulli" else 6)
    middle = {
        "unit": [0.1, 0.5, 0.9],
        "positive": [0.2, 1.0, 3.0],
        "real": [-3.0, 0.5, 2.0],
        "bounded": [0.6, 1.0, 2.5],
    }
    return np.array(middle[record.support])


def through_numpyro(record: DistributionRecord, values: Values) -> Any:
    """The distribution as inference will build it: arguments that are not given are not passed on."""
    made = getattr(numpyro_distributions, record.numpyro)
    return made(**{record.numpyro_names[name]: value for name, value in values.items()})


def through_scipy(record: DistributionRecord, values: Values) -> Any:
    """The distribution of SciPy, with our defaults for the arguments that are not given."""
    return SCIPY[record.name][0](*(values.get(a.name, a.default) for a in record.arguments))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("record", "values"), CASES, ids=lambda x: getattr(x, "name", None))
def test_densities_are_those_of_scipy(record: DistributionRecord, values: Values) -> None:
    x = inside(record, values)
    frozen = through_scipy(record, values)
    expected = frozen.logpmf(x) if record.kind == "discrete" else frozen.logpdf(x)
    found = through_numpyro(record, values).log_prob(x)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    assert np.all(np.isfinite(expected))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(
    "record",
    [r for r in DISTRIBUTIONS.values() if all(a.default is not None for a in r.arguments)],
    ids=lambda r: r.name,
)
def test_defaults_are_those_of_numpyro(record: DistributionRecord) -> None:
    x = np.array([0.25, 0.5])
    expected = through_scipy(record, {}).logpdf(x)
    np.testing.assert_allclose(through_numpyro(record, {}).log_prob(x), expected, rtol=1e-10, atol=1e-12)


@EVERY
def test_the_support_is_that_of_numpyro(record: DistributionRecord) -> None:
    made = through_numpyro(record, SCIPY[record.name][1][0])
    constraints = numpyro_distributions.constraints
    kinds = {
        "real": constraints.real,
        "positive": constraints.positive,
        "unit": constraints.unit_interval,
    }
    if record.support in kinds:
        assert made.support == kinds[record.support]
    elif record.support == "count":
        assert made.support.is_discrete
        assert np.all(made.support(np.arange(2)))
        assert not made.support(np.array(-1))
    else:
        assert not made.support.is_discrete
        assert not made.support(np.array(-100.0)) or not made.support(np.array(100.0))
    assert made.is_discrete == (record.kind == "discrete")


@EVERY
def test_what_can_be_truncated_has_a_distribution_function(record: DistributionRecord) -> None:
    made = through_numpyro(record, SCIPY[record.name][1][0])
    try:
        has = bool(np.isfinite(made.cdf(np.array(1.0))))
    except NotImplementedError:
        has = False
    assert record.truncatable == has


@EVERY
def test_records_are_whole(record: DistributionRecord) -> None:
    names = [a.name for a in record.arguments]
    assert len(set(names)) == len(names)
    typeset = record.latex.format(**{name: f"<{name}>" for name in names})
    assert all(f"<{name}>" in typeset for name in names)
    assert typeset.count("{") == typeset.count("}")
    assert record.doc.endswith(".")
    taken = inspect.signature(getattr(numpyro_distributions, record.numpyro)).parameters
    assert set(record.numpyro_names.values()) <= set(taken)
    optional = [a.default is not None for a in record.arguments]
    assert optional == sorted(optional)  # arguments with a default stand last


def test_lookup_knows_names_and_synonyms() -> None:
    assert lookup("Normal") is DISTRIBUTIONS["Normal"]
    assert lookup("NegativeBinomial2") is DISTRIBUTIONS["NegBinomial"]
    assert lookup("normal") is None
    names = [n for r in DISTRIBUTIONS.values() for n in (r.name, *r.synonyms)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("NegBinomial", "NegBinomial(mean=..., concentration=...)"),
        ("Gamma", "Gamma(concentration=..., rate=...)"),
        ("StudentT", "StudentT(df, loc=0, scale=1)"),
        ("TruncatedNormal", "TruncatedNormal(loc=0, scale=1, low=-inf, high=inf)"),
        ("Binomial", "Binomial(total, probs)"),
    ],
)
def test_signatures_say_how_it_is_written(name: str, written: str) -> None:
    assert signature(DISTRIBUTIONS[name]) == written


def test_every_record_is_checked_against_scipy() -> None:
    assert set(SCIPY) == set(DISTRIBUTIONS)
