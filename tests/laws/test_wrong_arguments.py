"""Arguments of the wrong kind get a sentence of opjax's own, and names of parameters never meet those of arguments."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

import opjax
from opjax.pipelines import Simulate

TEXT = """
model Decay:
  params:
    k = 0.5
  states:
    x = 1
  dynamics:
    x -> 0 @ k
  derive:
    half = x/2
"""
MODEL = opjax.loads(TEXT)
RHS = MODEL.compile_rhs()


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        (lambda: opjax.loads(None), "E0807", "the text of a model is wanted"),
        (lambda: opjax.loads(TEXT.encode()), "E0807", "decode it first"),
        (lambda: opjax.load(None), "E0807", "the path of a file is wanted"),
        (lambda: RHS.pytree_eval_fn(0.0, np.ones(1)), "E0807", "'y' is ndarray"),
        (lambda: RHS.bind(3), "E0807", "'args' is int"),
        (lambda: MODEL.compile_rhs(operator="run"), "E0806", "did you mean 'operators'?"),
        (lambda: opjax.compile_rhs(TEXT, precision=32), "E0806", "there is no choice 'precision'"),
        (lambda: opjax.loads(TEXT + TEXT), "E0006", "give each a name of its own"),
        (lambda: jax.jit(lambda k: MODEL.simulate({"k": k}, ts=[0.0, 1.0]))(1.0), "E0807", "pipelines.Simulate"),
        (lambda: jax.grad(lambda t: MODEL.simulate(ts=[0.0, t]))(1.0), "E0807", "'ts' is traced by JAX"),
    ],
)
def test_wrong_arguments_are_named(call: Callable[[], object], code: str, said: str) -> None:
    with pytest.raises(opjax.OpjaxError) as caught:
        call()
    assert caught.value.diagnostics[0].code == code
    assert said in str(caught.value)


def test_no_parameters_may_be_given_as_none() -> None:
    assert_allclose(RHS.bind(None)(0.0, np.ones(1)), [-0.5])


@pytest.mark.parametrize(
    "name", ["self", "args", "kwargs", "lambda", "E", "jnp", "parameters", "params", "cls", "y", "other", "ts"]
)
def test_parameters_are_called_as_people_like(name: str) -> None:
    rhs = opjax.compile_rhs(TEXT.replace("k = 0.5", f"{name} = 0.5").replace("@ k", f"@ {name}"))
    given = {name: 2.0}
    assert_allclose(rhs.eval_fn(0.0, np.ones(1), **given), [-2])
    assert_allclose(rhs.pytree_eval_fn(0.0, {"x": np.ones(())}, **given)["x"], -2)
    assert_allclose(rhs.observables["half"].eval_fn(0.0, np.ones(1)), 0.5)
    (reaction,) = rhs.reactions
    assert_allclose(reaction.propensity_fn(0.0, {"x": np.ones(())}, **given), 2)


def test_observables_take_a_parameter_called_self() -> None:
    text = TEXT.replace("k = 0.5", "self = 0.5").replace("@ k", "@ self").replace("x/2", "x*self")
    half = opjax.compile_rhs(text).observables["half"]
    given = {"self": 3.0}
    assert_allclose(half.eval_fn(0.0, np.ones(1), **given), 3)
    assert_allclose(half.pytree_eval_fn(0.0, {"x": np.ones(())}, **given), 3)


def test_a_parameter_is_called_y_where_the_states_have_no_name() -> None:
    rhs = opjax.compile_rhs(TEXT.replace("k = 0.5", "y = 0.5").replace("@ k", "@ y").replace("x/2", "x*y"))
    half, x = rhs.observables["half"], np.ones(1)
    for _ in range(3):  # the first call makes a quicker one
        assert_allclose(rhs.eval_fn(0.0, x, y=2.0), [-2])
        assert_allclose(rhs.eval_fn(0.0, x), [-0.5])
        assert_allclose(rhs.bind({"y": 2.0})(0.0, x), [-2])
    assert_allclose(half.eval_fn(0.0, x, y=3.0), 3)
    assert_allclose(half.pytree_eval_fn(0.0, {"x": np.ones(())}, y=3.0), 3)
    (reaction,) = rhs.reactions
    assert_allclose(jax.jit(rhs.eval_fn)(0.0, jax.numpy.ones(1), y=2.0), [-2])
    assert_allclose(jax.jit(half.eval_fn)(0.0, jax.numpy.ones(1), y=3.0), 3)
    assert_allclose(jax.jit(half.pytree_eval_fn)(0.0, {"x": jax.numpy.ones(())}, y=3.0), 3)
    assert_allclose(jax.jit(reaction.propensity_fn)(0.0, {"x": jax.numpy.ones(())}, y=3.0), 3)
    assert_allclose(pickle.loads(pickle.dumps(rhs.eval_fn))(0.0, x, y=2.0), [-2])


def test_reactions_and_observables_show_what_people_ask_for() -> None:
    for shown in (*RHS.reactions, *RHS.observables.values()):
        assert "object at 0x" not in repr(shown)
        assert len(repr(shown)) < 800


def test_states_may_be_given_by_name_where_no_parameter_has_it() -> None:
    assert_allclose(RHS.eval_fn(y=np.ones(1), t=0.0, k=2.0), [-2])
    assert_allclose(RHS.pytree_eval_fn(y={"x": np.ones(())}, t=0.0, k=2.0)["x"], -2)


@pytest.mark.parametrize("name", ["self", "params", "y", "args"])
def test_a_simulation_in_a_pipeline_takes_parameters_as_people_call_them(name: str) -> None:
    text = TEXT.replace("k = 0.5", f"{name} = 0.5").replace("@ k", f"@ {name}")
    simulate = Simulate(text, ts=[0.0, 1.0], outputs="x")
    named = {name: 2.0}
    assert_allclose(simulate(**named), np.exp([0.0, -2.0]), rtol=1e-3)
    assert_allclose(simulate(named), np.exp([0.0, -2.0]), rtol=1e-3)
    assert_allclose(simulate(params=named), np.exp([0.0, -2.0]), rtol=1e-3)


def test_what_has_no_value_is_called_what_it_is() -> None:
    rhs = opjax.compile_rhs(
        "model M:\n  params: k\n  inputs:\n    u(t) = linear\n  states: S, I\n  dynamics:\n    S -> I @ k*u(t)\n"
    )
    y = {"S": np.array(1.0), "I": np.array(0.0)}
    table = (np.array([0.0, 1.0]), np.array([1.0, 1.0]))
    cases = {
        "the state 'I'": lambda: rhs.pytree_eval_fn(0.0, {"S": y["S"]}, k=1.0, u=table),
        "the parameter 'k'": lambda: rhs.pytree_eval_fn(0.0, y, u=table),
        "the input 'u'": lambda: rhs.pytree_eval_fn(0.0, y, k=1.0),
    }
    for said, call in cases.items():
        with pytest.raises(opjax.OpjaxError, match=f"E0805: {said} has no value"):
            call()
