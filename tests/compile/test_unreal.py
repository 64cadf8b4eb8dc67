"""Values that an array library would take for numbers with a loss are refused, and mixed precision keeps its digits."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax.errors import OpjaxError

RHS = opjax.compile_rhs("""
model Decay:
  params:
    k = 0.5
  states:
    x = 1
    z = 1
  dynamics:
    x' = -k*x + t
    z' = x
""")
Y = np.array([1.0, 2.0])
UNREAL = {
    "complex": (np.array(1 + 2j), "an array of complex numbers"),
    "complex JAX": (jnp.array(1 + 2j), "an array of complex numbers"),
    "date": (np.datetime64("2020-01-01"), "an array of dates"),
    "duration": (np.timedelta64(5, "h"), "an array of durations"),
    "text": ("0.5", "a text"),
    "masked": (np.ma.array(1.0, mask=True), "a masked array"),
}


@pytest.mark.parametrize("case", UNREAL)
@pytest.mark.parametrize("like", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_a_parameter_that_is_no_real_number_is_refused(case, like):
    value, words = UNREAL[case]
    with pytest.raises(OpjaxError, match=f"E0807: 'k' is {words}"):
        RHS.eval_fn(0.0, like(Y), k=value)


@pytest.mark.parametrize("case", [case for case in UNREAL if "complex" not in case and case != "text"])
def test_states_that_are_no_numbers_are_refused(case):
    value, words = UNREAL[case]
    states = np.ma.array(Y, mask=[True, False]) if case == "masked" else np.array([value, value])
    with pytest.raises(OpjaxError, match=f"E0807: 'y' is {words}"):
        RHS.eval_fn(0.0, states)
    with pytest.raises(OpjaxError, match="E0807: 'z' is"):
        RHS.pytree_eval_fn(0.0, {"x": np.float64(1), "z": value})


def test_complex_states_take_complex_parameters():
    found = RHS.eval_fn(0.0, Y.astype(complex), k=np.array(1 + 2j))
    np.testing.assert_allclose(found, [-1 - 2j, 1], rtol=1e-15)


def test_traced_parameters_of_states_of_numpy_say_what_to_write():
    with pytest.raises(OpjaxError, match=r"traced by JAX[\s\S]*jax\.numpy\.asarray\(y\)"):
        jax.grad(lambda k: RHS.eval_fn(0.0, Y, k=k).sum())(0.5)


@pytest.mark.parametrize("first", [np.float32(0.1), np.float64(0.1)])
def test_states_of_two_precisions_are_computed_in_the_higher(first):
    other = np.float64(0.1) if first.dtype == np.float32 else np.float32(0.1)
    found = RHS.pytree_eval_fn(1 / 3, {"x": first, "z": other})
    assert {value.dtype for value in found.values()} == {np.dtype(np.float64)}
    np.testing.assert_allclose(found["x"], 1 / 3 - 0.5 * np.float64(first), rtol=1e-15)


def test_whole_numbers_among_the_states_do_not_widen_them():
    found = RHS.pytree_eval_fn(0.0, {"x": np.float32(1), "z": np.int64(2)})
    assert {value.dtype for value in found.values()} == {np.dtype(np.float32)}
