"""A specification of op_system in the three spellings: the same model, the same hash, the same numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import opjax
from differential.harness import flat
from differential.specs import AXES, CHAINS, EQUATIONS, TRANSITIONS, read
from strategies.op_system_specs import specs

CASES = {**EQUATIONS, **AXES, **TRANSITIONS, **CHAINS}


def assert_one_model(spec: dict[str, Any]) -> None:
    model = opjax.from_dict(spec)
    spellings = {"ojx": model.show("ojx"), "yaml": model.show("yaml")}
    rhs = model.compile_rhs()
    rng = np.random.default_rng(0)
    y = flat({name: rng.uniform(0.5, 2.0, shape) for name, shape in rhs.template_shapes.items()})
    values = {name: rng.uniform(0.5, 2.0, shape) for name, shape in rhs.param_shapes.items()}
    expected = rhs.eval_fn(1.5, y, **values)
    for form, text in spellings.items():
        again = opjax.loads(text, format=form).compile_rhs()
        assert again == rhs, form
        assert again.state_names == rhs.state_names
        np.testing.assert_array_equal(again.eval_fn(1.5, y, **values), expected, err_msg=form)


@pytest.mark.filterwarnings("ignore::opjax.OpjaxWarning")
@pytest.mark.parametrize("name", CASES)
def test_every_key(name: str) -> None:
    assert_one_model(read(CASES[name]))


@pytest.mark.filterwarnings("ignore::opjax.OpjaxWarning")
@settings(max_examples=25)
@given(specs)
def test_random_specifications(spec: dict[str, Any]) -> None:
    assert_one_model(spec)
    assert opjax.loads(json.dumps(spec), format="json").compile_rhs() == opjax.compile_rhs(spec)
