"""Inputs of a model that is fitted: from `fixed`, or from a column of the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpyro.infer.util import log_density
from scipy import stats

import opjax
from opjax import OpjaxError

TEXT = """
model Inputs:
  params:
    k ~ LogNormal(loc=0, scale=1)
  inputs:
    rate(t) = previous
  states:
    x = 0
  dynamics:
    x' = k*rate(t)
  observe:
    y ~ Normal(loc=x, scale=0.5)
"""
TIMES, SEEN = np.array([1.0, 2.0, 4.0]), np.array([0.4, 1.9, 3.0])
TABLE = (np.array([0.0, 1.0, 2.0, 4.0]), np.array([1.0, 3.0, 0.5, 0.5]))
AMOUNTS = np.array([1.0, 4.0, 5.0])
"""The integral of the table from 0."""


def density(model: Any) -> float:
    return float(log_density(model, (), {}, {"k": 0.7})[0])


def expected() -> float:
    prior = stats.lognorm.logpdf(0.7, 1.0)
    return prior + stats.norm.logpdf(SEEN, 0.7 * AMOUNTS, 0.5).sum()


def test_the_density_with_a_table_from_fixed_or_a_column(x64: None) -> None:
    model = opjax.loads(TEXT)
    given = model.numpyro_model({"time": TIMES, "y": SEEN}, t0=0.0, fixed={"rate": TABLE})
    np.testing.assert_allclose(density(given), expected(), rtol=1e-7)
    columns = {"time": TABLE[0], "y": np.array([np.nan, *SEEN]), "rate": TABLE[1]}
    np.testing.assert_allclose(density(model.numpyro_model(columns, t0=0.0)), expected(), rtol=1e-7)


def test_an_input_without_a_table_is_refused() -> None:
    with pytest.raises(OpjaxError, match=r"E0805.*'rate' has no value"):
        opjax.loads(TEXT).numpyro_model({"time": TIMES, "y": SEEN}, t0=0.0)
