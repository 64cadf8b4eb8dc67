"""What neighbouring equations have alike is computed at once: the values of the meaning, in fewer operations."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import opjax
from interpreted import derivative

HEAD = """
model Ages:
  axes:
    age = ordered [a, b, c, d, e]
    dose = [none, one]
  params:
    k
    ageing
    mu[age]
    nu[age, dose]
  states: {states}
  dynamics:
{rates}
"""
AGES = "age, dose"


def model(rates: list[str], letters: str = "SEIR", axes: str = AGES) -> opjax.CompiledRhs:
    states = ", ".join(f"{letter}[{axes}]" for letter in letters)
    return opjax.compile_rhs(HEAD.format(states=states, rates="\n".join(f"    {rate}" for rate in rates)))


def each(rate: str, letters: str = "SEIR") -> list[str]:
    """A line for each state, whose name is written as X."""
    return [rate.replace("X", letter) for letter in letters]


def fired(rhs: opjax.CompiledRhs) -> bool:
    return {record.name: record.fired for record in rhs.explain().passes}["alongside"]


def agrees(rhs: opjax.CompiledRhs) -> None:
    """The derivative is that of the interpreter, with NumPy and with JAX."""
    random = np.random.default_rng(29)
    y = random.uniform(0.5, 1.5, len(rhs.state_names))
    p = {key: random.uniform(0.5, 1.5, shape) for key, shape in rhs.param_shapes.items()}
    want = derivative(rhs, y, p)
    np.testing.assert_allclose(rhs(0.0, y, p), want, rtol=1e-13, atol=1e-13)
    with jax.enable_x64(True):
        found = jax.jit(rhs)(0.0, jnp.asarray(y), p)
    np.testing.assert_allclose(found, want, rtol=1e-13, atol=1e-13)


MIXED = [
    "S[age, dose] -> E[age, dose] @ k*I[age, dose]",
    "E[age, dose] -> I[age, dose] @ k^2",
    "I[age, dose] -> R[age, dose] @ k/3",
]
DEATHS = "X[age, dose] -> 0 @ mu[age]"
AGEING = "X[age, dose] -> X[age+1, dose] @ ageing edge stay"


@pytest.mark.parametrize(
    ("rates", "products"),
    [
        ([*MIXED, *each(DEATHS)], 1),
        ([*MIXED, *each(AGEING)], 1),
        ([*MIXED, *each(AGEING), *each(DEATHS)], 2),
        ([*MIXED, *each("0 -> X[age, dose] @ nu[age, dose]/X[age, dose]")], 0),
        ([*MIXED, *each(DEATHS, "EIR")], 1),
    ],
)
def test_terms_alike_are_one_over_an_axis_more(rates: list[str], products: int) -> None:
    rhs = model(rates)
    assert fired(rhs)
    written = rhs.source
    assert written.count("reshape(y[0:40], (4, ") + written.count("reshape(y[10:40], (3, ") == 1
    assert written.count("mu[") + written.count("ageing*") == products
    agrees(rhs)


@pytest.mark.parametrize(
    "rates",
    [
        [*MIXED, *each(DEATHS, "SE")],  # too few
        [*MIXED, *each(DEATHS, "SI"), *each(DEATHS, "R")],  # no neighbours
        [*MIXED, "S[age, dose] -> 0 @ k", "E[age, dose] -> 0 @ mu[age]", "I[age, dose] -> 0 @ ageing"],
        [*MIXED, *each("X[age, dose]' = k*X[age+1, dose]*X[age, dose] edge periodic")],  # neighbours of states
        [*each("X[age, dose]' = sum(mu[b]*X[b, dose] for b in age) + nu[age, dose]*S[age, dose]*E[age, dose]")],
    ],
)
def test_what_is_not_alike_stays(rates: list[str]) -> None:
    rhs = model(rates)
    assert not fired(rhs)
    agrees(rhs)


def test_what_others_use_too_is_computed_once() -> None:
    """What dies in one compartment is born in another: the flow itself is computed anyway."""
    rates = [*MIXED, *[f"{a}[age, dose] -> {b}[age, dose] @ mu[age]" for a, b in ("SE", "EI", "IR", "RS")]]
    rhs = model(rates)
    assert not fired(rhs)
    agrees(rhs)


@pytest.mark.parametrize(("letters", "pays"), [("SEI", False), ("SEIR", True)])
def test_of_vectors_there_are_more(letters: str, pays: bool) -> None:
    rates = ["S[age] -> E[age] @ k*I[age]"]
    rates += each("X[age] -> X[age+1] @ ageing edge stay", letters) + each("X[age] -> 0 @ mu[age]", letters)
    rhs = model(rates, letters, "age")
    assert fired(rhs) == pays
    agrees(rhs)


TERMS = (
    DEATHS,
    AGEING,
    "X[age, dose] -> 0 @ k",
    "0 -> X[age, dose] @ nu[age, dose]",
    "X[age, dose]' = -nu[age, dose]*X[age, dose]^2",
    "X[age, dose]' = S[age, dose]*X[age, dose]",
    "X[age, dose]' = exp(-mu[age]*X[age, dose])/k",
    "X[age, dose] -> X[age+1, dose] @ k*mu[age] edge absorb",
    '0 -> X[age="a", dose] @ k',
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_equations_keep_their_values(data: st.DataObject) -> None:
    rates = [*MIXED]
    for _ in range(data.draw(st.integers(1, 4))):
        first = data.draw(st.integers(0, 3))
        rates += each(data.draw(st.sampled_from(TERMS)), "SEIR"[first : first + data.draw(st.integers(1, 4))])
    written = {rate.partition("'")[0] for rate in rates if "'" in rate}
    once = [next(rate for rate in rates if rate.startswith(f"{state}'")) for state in sorted(written)]
    agrees(model([*(rate for rate in rates if "'" not in rate), *once]))
