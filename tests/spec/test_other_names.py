"""Functions under the names that they have elsewhere: not read, but understood well enough for a hint."""

from __future__ import annotations

import re

import numpy as np
import pytest

import opjax
from opjax.ir import functions
from opjax.spec.names import SPECIAL_CALLS
from opjax.spec.other_names import ELSEWHERE

MODEL = """
model M:
  axes:
    age = [young, old]
    place = [north, south]
  states:
    S[age, place] = 1
    x = 1
  dynamics:
    S[age, place]' = 0
    x' = {}
"""


def hint_of(expression: str) -> str:
    with pytest.raises(opjax.OpjaxError) as caught:
        opjax.loads(MODEL.format(expression))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0311"
    return diagnostic.hint


def test_what_stands_in_a_hint_can_be_written() -> None:
    for name, instead in ELSEWHERE.items():
        assert functions.lookup(name) is None
        if re.fullmatch(r"\w+", instead):
            assert functions.lookup(instead) is not None or instead in SPECIAL_CALLS


def test_a_name_from_elsewhere_is_answered_with_ours() -> None:
    assert hint_of("ln(x)") == "write 'log'"
    assert hint_of("ifelse(x > 1, 2, 3)") == "write 'value if condition else other'"
    assert hint_of("lgog(x)").startswith("did you mean")


def test_a_reduction_without_axes_is_answered_with_its_axes() -> None:
    hint = hint_of("sum(S)")
    assert hint == "a reduction names its axes: sum(S[age_, place_] for age_ in age, place_ in place)"
    written = MODEL.format(hint.partition(": ")[2])
    assert float(opjax.compile_rhs(written).eval_fn(0.0, np.arange(1.0, 6.0))[-1]) == 10.0
    assert hint_of("mean(x)") == "a reduction names its axes: mean(S[age_] for age_ in age)"


def test_a_function_of_the_model_may_have_such_a_name() -> None:
    text = MODEL.format("square(x)").replace("  dynamics:", "  let:\n    square(a) = a*a\n  dynamics:")
    assert float(opjax.compile_rhs(text).eval_fn(0.0, np.arange(1.0, 6.0))[-1]) == 25.0
