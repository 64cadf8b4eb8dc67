"""Priors from Python stand in place of those in the file."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from numpyro.infer.util import log_density

import opjax
from opjax.errors import OpjaxError

TEXT = """
model Decay:
  axes:
    g = [a, b]
  params:
    k = 0.5 ~ HalfNormal(1) in (0, 3) fixed "a rate"
    h[g] ~ HalfNormal(scale=k)
    s = 1
  states:
    x[g] = 1
  dynamics:
    x[g] -> 0 @ k*h[g]
  observe:
    y[g] ~ Normal(loc=x[g], scale=s)
"""
MODEL = opjax.loads(TEXT)


def test_other_priors_are_those_of_a_model_that_says_so():
    found = MODEL.with_priors({"k": "LogNormal(loc=0, scale=1)", "h": None, "s": "HalfNormal(2) in (0, 9]"})
    text = TEXT.replace("HalfNormal(1) in (0, 3) fixed", "LogNormal(loc=0, scale=1) in (0, 3)")
    text = text.replace("h[g] ~ HalfNormal(scale=k)", "h[g]").replace("s = 1", "s = 1 ~ HalfNormal(2) in (0, 9]")
    assert found.content_hash == opjax.loads(text).content_hash != MODEL.content_hash
    assert found.with_priors({}) == found


def test_the_density_is_that_of_the_other_prior():
    data = {"time": [0.0, 1.0], "y": np.array([[1.0, 1.0], [0.9, 0.8]])}
    priors = {"k": "Gamma(concentration=2, rate=3)", "h": "Exponential(rate=2)"}
    with jax.enable_x64(True):
        sample = MODEL.numpyro_model(data, priors=priors, rtol=1e-9, atol=1e-12)
        found, _ = log_density(sample, (), {}, {"k": jnp.array(0.4), "h": jnp.array([0.3, 0.6])})
    gamma = scipy.stats.gamma(2, scale=1 / 3)
    wanted = gamma.logpdf(0.4) - np.log(gamma.cdf(3)) + scipy.stats.expon(scale=0.5).logpdf([0.3, 0.6]).sum()
    states = np.exp(-0.4 * np.outer([0, 1], [0.3, 0.6]))
    wanted += scipy.stats.norm(states, 1).logpdf(data["y"]).sum()
    assert float(found) == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize(
    ("priors", "words"),
    [
        ({"kk": "Normal(0, 1)"}, r"E0806: there is no parameter 'kk'[\s\S]*did you mean 'k'"),
        ({"k": 3}, "E0807: 'the prior of k' is int"),
        ({"k": "Normal(0, 1"}, "the prior of k:1:11: error E0108"),
        ({"k": "Foo(1)"}, "the prior of k:1:5: error E0601"),
        ({"k": 'Normal(0, 1) "doc"'}, "E0807: 'the prior of k' is 'Normal"),
        ({"s": "Normal(k, 1)", "k": "Normal(s, 1)"}, "E0318"),
        (["Normal(0, 1)"], "E0807: 'priors' is list"),
    ],
)
def test_what_is_no_prior_is_refused(priors, words):
    with pytest.raises(OpjaxError, match=words):
        MODEL.with_priors(priors)


@pytest.mark.parametrize("priors", ["", 0, [], ["k"]])
def test_priors_that_are_no_mapping_are_refused(priors: object) -> None:
    """What is empty too, which is easily taken for nothing given."""
    with pytest.raises(OpjaxError, match="a mapping from parameters to priors is wanted"):
        MODEL.numpyro_model({"time": [1.0], "y": [[1.0, 1.0]]}, priors=priors)
