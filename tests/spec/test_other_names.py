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


EXAMPLES = """
model M:
  axes:
    age = [young, old]
    z = grid(0, 1, 5)
    week = grid(0, 4, 5)
  params:
    A[age, age]
    table[week]
    S[age]
    K = 2
    V = 3
    n = 2
    value = 4
    other = 5
  states:
    x[age] = 1
    y = 1
    u[z] = z^2
  dynamics:
    x[age]' = 0*S[age]
    y' = 0
    d(u[z])/dt = 0
"""


@pytest.mark.parametrize("instead", sorted({found for found in ELSEWHERE.values() if not re.fullmatch(r"\w+", found)}))
def test_an_expression_in_a_hint_is_one(instead: str) -> None:
    written = instead.replace("condition", "y > 1").replace("in axis", "in age")
    if "A[" in written:
        row = ("x[age]' = 0*S[age]", f"x[age]' = {written.replace('A[i, j]', 'A[age, j]')}")
    elif "u, z" in written:
        row = ("d(u[z])/dt = 0", f"d(u[z])/dt = {written}")
    else:
        row = ("y' = 0", "y' = " + re.sub(r"\bx\b", "y", written))
    assert row[0] in EXAMPLES
    rhs = opjax.compile_rhs(EXAMPLES.replace(*row))
    given = {name: np.ones(shape) for name, shape in rhs.param_shapes.items()}
    assert np.isfinite(rhs(0.0, np.ones(8), given)).all()


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
