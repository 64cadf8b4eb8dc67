"""A minus sign before a product stands before all of it: both directions of a flow are one value, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import opjax
from interpreted import derivative

EPIDEMIC = """
model Epidemic:
  params:
    beta = 0.3
    gamma = 0.1
  states: S, I, R
  dynamics:
    S' = -beta*S*I/(S + I + R)
    I' = beta*S*I/(S + I + R) - gamma*I
    R' = gamma*I
"""
EXCHANGE = """
model Exchange:
  params:
    k = 0.7
    m = 1.3
  states: A, B, C
  dynamics:
    A' = {out}
    B' = {into}
    C' = m*C
"""


def test_an_infection_is_computed_once() -> None:
    source = opjax.compile_rhs(opjax.loads(EPIDEMIC, "ojx")).source
    assert source.count("beta*S*I") == 1, source


@pytest.mark.parametrize(
    ("out", "into"),
    [
        ("-k*A*B", "k*A*B"),
        ("-k*A/(m + B) + m*C", "k*A/(m + B)"),
        ("-A*k/m*B", "A*k/m*B"),
        ("-(A + B)*k*C", "(A + B)*k*C"),
        ("-A^2*k/(m^2 + A^2) - m*A", "A^2*k/(m^2 + A^2)"),
        ("--k*A*B", "k*A*B"),
    ],
)
def test_what_flows_out_is_what_flows_into_another_state(out: str, into: str) -> None:
    models = [opjax.compile_rhs(opjax.loads(EXCHANGE.format(out=out, into=text), "ojx")) for text in (into, "1")]
    both, alone = [found.source.count("*") + found.source.count("/") for found in models]
    assert both <= alone, models[0].source


NUMBERS = st.floats(allow_nan=False) | st.sampled_from((0.0, -0.0, float("inf"), -float("inf"), 5e-324))


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_no_bit_changes_but_the_sign(a: float, b: float, k: float, m: float) -> None:
    """Python's own numbers, the sign taken where it is written: before the first factor."""
    y = np.array([a, b, 1.0])
    rhs = opjax.compile_rhs(opjax.loads(EXCHANGE.format(out="-k*A*B", into="-A*m*k"), "ojx"))
    with np.errstate(all="ignore"):
        found = np.asarray(rhs(0.0, y, {"k": k, "m": m}))
    np.testing.assert_array_equal(found[:2], [(-k) * a * b, (-a) * m * k])
    known = ~np.isnan(found[:2])
    np.testing.assert_array_equal(np.signbit(found[:2])[known], np.signbit([(-k) * a * b, (-a) * m * k])[known])


def test_values_are_the_interpreters() -> None:
    rhs = opjax.compile_rhs(opjax.loads(EPIDEMIC, "ojx"))
    y, p = np.array([990.0, 10.0, 3.0]), {"beta": 0.3, "gamma": 0.1}
    np.testing.assert_array_equal(rhs(0.0, y, p), derivative(rhs, y, p))
    np.testing.assert_allclose(derivative(rhs, y, p)[0], -0.3 * 990 * 10 / 1003, rtol=1e-15)


def test_a_number_keeps_its_sign() -> None:
    rhs = opjax.compile_rhs(opjax.loads(EXCHANGE.format(out="-0.5*A*k", into="m*B"), "ojx"))
    assert "-0.5*" in rhs.source
