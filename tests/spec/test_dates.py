"""A date is no difference of three numbers."""

from __future__ import annotations

import numpy as np
import pytest

import opjax
from opjax.errors import OpjaxError

TEXT = "model M:\n  params:\n    start = {value}\n  states:\n    x = 1\n  dynamics:\n    x' = -x*start\n"
YAML = "opjax: 1\nstate: [x]\nequations: {{x: -x*start}}\nconstants: {{start: {value}}}\n"


@pytest.mark.parametrize("model", [TEXT, YAML], ids=["text", "yaml"])
def test_a_date_as_the_value_of_a_parameter_is_refused(model):
    with pytest.raises(OpjaxError, match=r"E0404: '2020-03-16' is a date[\s\S]*count the time from the model's origin"):
        opjax.loads(model.format(value="2020-03-16"))


@pytest.mark.parametrize("value", ["2020 - 3 - 16", "2020-3-16", "2020-03"])
def test_differences_of_numbers_are_fine(value):
    assert opjax.loads(TEXT.format(value=value)).parameters == ("start",)


@pytest.mark.parametrize("statement", ["x' = 2020-03-16", "x -> 0 @ 2020-03-16", "x => 0 @ 2020-03-16"])
def test_a_date_as_a_rate_is_refused(statement):
    with pytest.raises(OpjaxError, match="E0404: '2020-03-16' is a date"):
        opjax.loads(f"model M:\n  states: x\n  dynamics:\n    {statement}\n")


@pytest.mark.parametrize("statement", ["x' = true", "0 -> x @ true", "x => 0 @ false"])
def test_a_truth_value_alone_as_a_rate_is_refused(statement):
    with pytest.raises(OpjaxError, match=r"E0401: the (rate of this transition|equation of 'x') must be a number"):
        opjax.loads(f"model M:\n  states: x\n  dynamics:\n    {statement}\n")


def test_a_condition_as_a_rate_is_fine():
    assert opjax.compile_rhs("model M:\n  states: x\n  dynamics:\n    x' = t > 5").eval_fn(6.0, np.ones(1)) == [1.0]
