"""Names of observations that mean something else, numbers that no distribution takes, incidences before their time."""

from __future__ import annotations

import pytest

import opjax
from opjax.errors import OpjaxError

TEXT = """
model M:
  axes:
    g = [a, b]
  params:
    k = 1 ~ {prior}
  inputs:
    u(t) = linear
  states:
    x = 1
  let:
    doubled = 2*x
  dynamics:
    loss: x -> 0 @ {rate}
  observe:
    {name} ~ {distribution}
  derive:
    known = x
"""


def model(prior="HalfNormal(1)", rate="k", name="c", distribution="Normal(loc=x, scale=k)"):
    return opjax.loads(TEXT.format(prior=prior, rate=rate, name=name, distribution=distribution))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("time", "E0303: 'time' is the column of times in data"),
        ("g", "E0302: 'g' is declared a second time"),
        ("k", "E0302: 'k' is declared a second time"),
        ("u", "E0302: 'u' is declared a second time"),
        ("known", "E0302: 'known' is declared a second time"),
    ],
)
def test_a_column_that_is_another_ones_is_refused(name, words):
    with pytest.raises(OpjaxError, match=words):
        model(name=name)


@pytest.mark.parametrize("name", ["x", "doubled", "loss", "c"])
def test_states_and_aliases_are_observed_under_their_names(name):
    assert list(model(name=name).system.observations) == [name]


@pytest.mark.parametrize(
    ("distribution", "words"),
    [
        ("Normal(0, -1)", "'scale' is -1, and a number above 0 is wanted"),
        ("LogNormal(loc=0, scale=0)", "'scale' is 0, and a number above 0 is wanted"),
        ("HalfNormal(inf)", "'scale' is inf, and a number above 0 is wanted"),
        ("Normal(inf - inf, 1)", "'loc' is nan, and a number is wanted"),
        ("Bernoulli(1.5)", "'probs' is 1.5, and a number from 0 to 1 is wanted"),
        ("Binomial(total=2.5, probs=0.1)", "'total' is 2.5, and 0, 1, 2, ... is wanted"),
        ("Uniform(2, 1)", "it is empty: 2 is not below 1"),
        ("Uniform(low=1)", "it is empty: 1 is not below 1"),
        ("TruncatedNormal(0, 1, low=3, high=2)", "it is empty: 3 is not below 2"),
    ],
)
def test_numbers_that_an_argument_cannot_be_are_refused(distribution, words):
    for settings in ({"prior": distribution}, {"distribution": distribution}):
        with pytest.raises(OpjaxError) as caught:
            model(**settings)
        assert [(d.code, d.message.partition(": ")[2]) for d in caught.value.diagnostics] == [("E0602", words)]


@pytest.mark.parametrize(
    "distribution", ["TruncatedNormal(0, 1, low=3)", "TruncatedNormal(0, 1, high=-2)", "Uniform(low=k, high=x)"]
)
def test_ends_that_may_be_in_order_are_fine(distribution):
    assert model(distribution=distribution).parameters == ("k",)


def test_a_rate_cannot_depend_on_an_incidence():
    with pytest.raises(
        OpjaxError, match="E0407: a value that depends on an incidence cannot stand in the derivative of 'x'"
    ):
        model(rate="k*incidence(loss)")
