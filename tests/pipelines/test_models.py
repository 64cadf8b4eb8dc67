"""Models as operators, against their solutions by hand."""

from __future__ import annotations

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax.pipelines import (
    Graph,
    Input,
    NotSerialisableError,
    Simulate,
    VectorField,
    dumps,
    dumps_yaml,
    loads,
    loads_yaml,
)
from pipelines.fixtures import Gain

DECAY = """
model Decay:
  params:
    k = 0.5
    scale = 2
  states:
    x = 1
    y = 0
  let:
    total = scale*(x + y)
  dynamics:
    x -> y @ k
"""
TS = [0.0, 1.0, 2.0]


def exact(k: float) -> np.ndarray:
    return np.exp(-k * np.asarray(TS))


def test_parameters_in_states_out() -> None:
    found = Simulate(DECAY, TS)()
    assert set(found) == {"x", "y"}
    np.testing.assert_allclose(found["x"], exact(0.5), rtol=1e-4)
    np.testing.assert_allclose(Simulate(DECAY, TS, "x")({"k": 1.0}), exact(1.0), rtol=1e-4)
    both = Simulate(opjax.loads(DECAY), TS, ["x", "total"], {"scale": 3.0})(k=1.0)
    np.testing.assert_allclose(both["total"], [3.0] * 3, rtol=1e-5)


def test_it_stands_in_a_pipeline_and_learns() -> None:
    pipe = Simulate(DECAY, TS, "x", {"k": 0.7}) | Gain(2.0)
    gradient = eqx.filter_grad(lambda p: p()[-1])(pipe)
    np.testing.assert_allclose(gradient[0].parameters["k"], -2 * 2 * np.exp(-1.4), rtol=1e-3)
    np.testing.assert_allclose(gradient[1].g, np.exp(-1.4), rtol=1e-3)
    batch = jax.vmap(lambda k: pipe({"k": k}))(jnp.array([0.5, 1.0]))
    np.testing.assert_allclose(batch, 2 * np.stack([exact(0.5), exact(1.0)]), rtol=1e-4)


def test_it_stands_in_a_graph() -> None:
    k = Input("k")
    solved = Simulate(DECAY, TS)({"k": k})
    graph = Graph.build({"k": k}, {"sum": solved["x"] + solved["y"]})
    np.testing.assert_allclose(graph(0.3)["sum"], [1.0] * 3, rtol=1e-5)


def test_its_form_in_files_is_its_text() -> None:
    operator = Simulate(DECAY, TS, ("x", "y"), {"k": 0.7}, {"rtol": 1e-5, "t0": -1.0})
    assert eqx.tree_equal(loads(dumps(operator)), operator)
    assert eqx.tree_equal(loads_yaml(dumps_yaml(operator)), operator)
    assert "x -> y @ k" in loads(dumps(operator)).model
    np.testing.assert_allclose(operator()["x"], np.exp(-0.7 * (np.asarray(TS) + 1)), rtol=1e-3)


def test_it_is_checked_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="no quantity 'z'"):
        Simulate(DECAY, TS, "z")
    with pytest.raises(opjax.OpjaxError, match="kk"):
        Simulate(DECAY.replace("@ k", "@ kk"), TS)
    for kind in (lambda values: Simulate(DECAY, TS, parameters=values), lambda values: VectorField(DECAY, values)):
        with pytest.raises(ValueError, match="no parameter 'scal'; did you mean 'scale'"):
            kind({"scal": 1.0})
    with pytest.raises(opjax.OpjaxError, match="typo"):
        Simulate(DECAY, TS)(typo=1.0)
    with pytest.raises(NotSerialisableError):
        dumps(Simulate(DECAY, TS, settings={"solver": diffrax.Dopri5()}))


def test_the_vector_field_is_the_right_hand_side() -> None:
    field = VectorField(DECAY, {"k": 0.7})
    np.testing.assert_allclose(field(0.0, jnp.array([2.0, 0.0])), [-1.4, 1.4], rtol=1e-6)
    np.testing.assert_allclose(field(0.0, {"x": 2.0, "y": 0.0}, {"k": 1.0})["y"], 2.0, rtol=1e-6)
    assert eqx.tree_equal(loads(dumps(field)), field)


@pytest.mark.parametrize(
    ("ts", "settings", "words"),
    [
        ([], {}, "E0901: the times are empty"),
        ([2.0, 1.0], {}, "E0901: the times must increase, and 1 follows 2"),
        ([0.0, float("nan")], {}, "E0901: the times are not all finite"),
        ([0.0, 1.0], {"t0": 0.5}, "E0901: the times begin at 0, before the start"),
        ([0.0, 1.0], {"rtl": 1e-3}, "E0806: there is no setting 'rtl'"),
        ([0.0, 1.0], {"rtol": -1}, "E0807: 'rtol' is -1"),
    ],
)
def test_times_and_settings_that_cannot_be_are_refused(ts, settings, words):
    text = "model M:\n  states:\n    x = 1\n  dynamics:\n    x' = -x\n"
    with pytest.raises(opjax.OpjaxError, match=words):
        Simulate(text, ts=ts, settings=settings)
