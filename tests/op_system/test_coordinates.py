"""Logarithmic coordinates against op_system 0.9, against closed forms, and against the natural derivative."""

from __future__ import annotations

import pickle
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import opjax
from differential.harness import both, flat
from leaks import checking_leaks
from opjax.errors import OpjaxError

SIR: dict[str, Any] = {
    "kind": "transitions",
    "state": ["S", "I", "Z"],
    "transitions": [{"from": "S", "to": "I", "rate": "b*I/(S+I)", "name": "inf"}, {"to": "Z", "rate": "k"}],
    "state_metadata": {"S": {"scale": "log"}, "I": {"scale": "log", "representation": "counts"}},
    "observables": {"prev": {"expr": "I/(S+I)"}},
}
AGES: dict[str, Any] = {
    "kind": "expr",
    "axes": [{"name": "age", "coords": ["y", "o"]}],
    "state": ["z", "S[age]", "I[age]"],
    "equations": {
        "z": "c - z",
        "S[age]": "m[age] - b*S[age]*sum_over(I[age:a], age=a)",
        "I[age]": "b*S[age]*sum_over(I[age:a], age=a) - g*I[age]**2",
    },
    "state_metadata": {"I": {"scale": "log"}},
    "observables": {"total": {"expr": "I[age]", "reduction": {"kind": "sum", "axes": ["age"]}}},
}
LOGISTIC: dict[str, Any] = {
    "state": ["x"],
    "equations": {"x": "r*x*(1-x/K)"},
    "state_metadata": {"x": {"scale": "log"}},
}
SHAPES = {"b": (), "k": (), "c": (), "g": (), "m": (2,)}


@pytest.mark.parametrize("spec", [SIR, AGES], ids=["flat", "axes"])
def test_both_agree(spec: dict[str, Any]) -> None:
    natural, oracle = both(spec)
    ours, theirs = natural.coordinate_view(), oracle.coordinate_view()
    assert ours.log_indices == theirs.log_indices
    assert ours.log_bases == theirs.log_bases
    assert ours.state_names == theirs.state_names
    draw = np.random.default_rng(11)
    states = {name: draw.uniform(0.5, 3.0, shape) for name, shape in natural.template_shapes.items()}
    params = {name: draw.uniform(0.5, 1.5, SHAPES[name]) for name in ours.param_names}
    y = flat(states)
    q = theirs.encode(y)
    np.testing.assert_array_equal(ours.encode(y), q)
    np.testing.assert_array_equal(ours.decode(q), theirs.decode(q))
    expected = theirs.eval_fn(1.0, q, **params)
    np.testing.assert_allclose(ours.eval_fn(1.0, q, **params), expected, rtol=1e-12)
    np.testing.assert_allclose(ours.bind(params)(1.0, q), expected, rtol=1e-12)
    tree = ours.encode_pytree_native(states)
    wanted = theirs.encode_pytree_native(states)
    assert bool(tree.valid) == bool(wanted.valid) is True
    rates, oracles = (view.pytree_eval_fn(1.0, tree.state, **params) for view in (ours, theirs))
    for name, value in states.items():
        np.testing.assert_array_equal(tree.state[name], wanted.state[name])
        np.testing.assert_allclose(rates[name], oracles[name], rtol=1e-12)
        np.testing.assert_allclose(ours.decode_pytree_native(tree.state).state[name], value, rtol=1e-15)
    (observable,) = spec["observables"]
    found = ours.observables[observable].eval_fn(1.0, q)
    np.testing.assert_allclose(found, theirs.observables[observable].eval_fn(1.0, q), rtol=1e-12)
    np.testing.assert_allclose(found, natural.observables[observable].eval_fn(1.0, y), rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_values_without_a_logarithm(value: float) -> None:
    natural, oracle = both(SIR)
    y = np.array([value, 1.0, 0.0])
    found = natural.coordinate_view().encode_native(y)
    with np.errstate(all="ignore"):
        expected = oracle.coordinate_view().encode_native(y)
    np.testing.assert_array_equal(found.state, expected.state)
    assert bool(found.valid) == bool(expected.valid) is False
    with pytest.raises(OpjaxError, match="E0547"):
        natural.coordinate_view().encode(y)


@pytest.mark.parametrize("value", [800.0, -800.0, np.nan])
def test_coordinates_without_an_exponential(value: float) -> None:
    natural, oracle = both(SIR)
    q = np.array([value, 1.0, 0.0])
    found = natural.coordinate_view().decode_native(q)
    with np.errstate(all="ignore"):
        expected = oracle.coordinate_view().decode_native(q)
    np.testing.assert_array_equal(found.state, expected.state)
    assert bool(found.valid) == bool(expected.valid) is False
    with pytest.raises(OpjaxError, match="E0547"):
        natural.coordinate_view().decode_checked(q)


def test_the_axis_of_states_may_be_any() -> None:
    natural, oracle = both(SIR)
    ours, theirs = natural.coordinate_view(), oracle.coordinate_view()
    paths = np.random.default_rng(2).uniform(0.5, 2.0, (3, 4, 3))
    for axis in (0, 2, -1):
        np.testing.assert_array_equal(ours.encode(paths, state_axis=axis), theirs.encode(paths, state_axis=axis))
    for axis in (1, 3, -4):
        with pytest.raises(OpjaxError, match="E0804"):
            ours.encode(paths, state_axis=axis)


def test_a_vanishing_state_keeps_its_rate() -> None:
    """x = exp(-800) is 0 in floating point; its relative rate of change is not 0/0."""
    rhs = opjax.compile_rhs(
        {"state": ["x"], "equations": {"x": "r*x*(1-x/K)"}, "state_metadata": {"x": {"scale": "log"}}}
    )
    dqdt = rhs.coordinate_view().eval_fn(0.0, np.array([-800.0]), r=0.7, K=10.0)
    assert dqdt == pytest.approx(0.7, rel=1e-15)


TERMS = [
    "c*x",
    "-x*c",
    "c",
    "c*x + c",
    "x*x*c",
    "x**3",
    "c*x/(1 + x)",
    "1/x",
    "c*exp(x)",
    "x if x > 1 else c",
    "maximum(x, c)",
    "-(x - c*x)*2",
    "0*x",
    "0",
    "sqrt(x)*c",
    "x*w - w*x",
]


@pytest.mark.parametrize("term", TERMS)
def test_the_derivative_is_divided_by_the_state(term: str) -> None:
    spec = {"state": ["x", "w"], "equations": {"x": term, "w": "x - c"}, "state_metadata": {"x": {"scale": "log"}}}
    rhs = opjax.compile_rhs(spec, extra_parameters="ignore")
    view = rhs.coordinate_view()
    for x in (0.3, 1.7):
        y = np.array([x, 2.5])
        natural = rhs.eval_fn(0.0, y, c=0.6)
        found = view.eval_fn(0.0, view.encode(y), c=0.6)
        np.testing.assert_allclose(found, natural / np.array([x, 1.0]), rtol=1e-14, atol=1e-16)


def test_pinned_cells_and_reductions() -> None:
    text = """
model M:
  axes:
    age = [young, old]
    loc = [a, b, c]
  params:
    k
    C[age, age]
  states:
    S[age, loc] log
    I[age, loc] log
  dynamics:
    S[age="young", loc] -> S[age="old", loc] @ k
    S[age, loc] -> I[age, loc] @ sum(C[age, o]*I[o, loc] for o in age)
    I[age, loc="a"] -> 0 @ 3
    I[age, loc]' = sum(I[age, loc]*C[age, o] for o in age)
"""
    rhs = opjax.compile_rhs(text)
    view = rhs.coordinate_view()
    draw = np.random.default_rng(4)
    y, contacts = draw.uniform(0.5, 2.0, 12), draw.uniform(0.5, 2.0, (2, 2))
    natural = rhs.eval_fn(0.0, y, k=0.3, C=contacts)
    found = view.eval_fn(0.0, view.encode(y), k=0.3, C=contacts)
    np.testing.assert_allclose(found, natural / y, rtol=1e-13)
    lost = view.eval_fn(0.0, np.where(np.arange(12) < 3, -800.0, 0.0), k=0.3, C=contacts)
    assert np.all(np.isfinite(lost))
    np.testing.assert_allclose(lost[:3], -0.3 - contacts[0].sum(), rtol=1e-13)


def test_under_jit_and_grad() -> None:
    view = opjax.compile_rhs(AGES).coordinate_view()
    params = {"b": 0.5, "c": 1.0, "g": 0.2, "m": np.array([1.0, 2.0])}
    with jax.enable_x64(True), checking_leaks():
        y = jnp.array([1.0, 2.0, 3.0, 4.0, 5.0])
        encoded = jax.jit(view.encode_native)(y)
        assert bool(encoded.valid)
        expected = view.eval_fn(0.0, np.asarray(encoded.state), **params)
        np.testing.assert_allclose(jax.jit(view.eval_fn)(0.0, encoded.state, **params), expected, rtol=1e-13)
        slope = jax.grad(lambda y: jnp.sum(view.encode_native(y).state))(jnp.array([1.0, 1.0, 1.0, 0.0, 2.0]))
        np.testing.assert_allclose(slope[4], 0.5)
        assert bool(jnp.all(jnp.isfinite(slope)))
        with pytest.raises(OpjaxError, match="use encode_native"):
            jax.jit(view.encode)(y)
    with jax.enable_x64(True):
        single = view.eval_fn(0.0, jnp.ones(5, jnp.float32), **params)
    assert single.dtype == jnp.float32


def test_the_solution_is_the_same() -> None:
    rhs = opjax.compile_rhs(
        {"state": ["x"], "equations": {"x": "r*x*(1-x/K)"}, "state_metadata": {"x": {"scale": "log"}}}
    )
    view, params = rhs.coordinate_view(), {"r": 0.7, "K": 10.0}
    start, end = np.array([1e-3]), 20.0
    path = solve_ivp(view.bind(params), (0.0, end), view.encode(start), rtol=1e-10, atol=1e-12)
    exact = 10.0 / (1 + (10.0 / start - 1) * np.exp(-0.7 * end))
    np.testing.assert_allclose(view.decode_checked(path.y[:, -1]), exact, rtol=1e-8)


def test_without_a_logarithmic_state_nothing_changes() -> None:
    rhs = opjax.compile_rhs({"state": ["x"], "equations": {"x": "-x"}})
    view = rhs.coordinate_view()
    assert view.log_bases == view.log_indices == ()
    np.testing.assert_array_equal(view.encode(np.array([-2.0])), [-2.0])
    np.testing.assert_array_equal(view.eval_fn(0.0, np.array([-2.0])), [2.0])


def test_pickles_and_equality() -> None:
    rhs = opjax.compile_rhs(SIR)
    view = rhs.coordinate_view()
    assert view.transformed != rhs
    assert view == rhs.coordinate_view() == pickle.loads(pickle.dumps(view))
    assert hash(view) == hash(rhs.coordinate_view())
    again = pickle.loads(pickle.dumps(view.transformed))
    assert again == view.transformed
    q = np.array([1.0, 0.5, 2.0])
    np.testing.assert_array_equal(again.eval_fn(0.0, q, b=0.5, k=1.0), view.eval_fn(0.0, q, b=0.5, k=1.0))


def test_fixed_gauges_come_first() -> None:
    plain = opjax.compile_rhs(LOGISTIC).coordinate_view()
    assert plain.eval_fn(0.0, np.log([0.25]), r=0.8, K=2.0) == pytest.approx(0.7, rel=1e-15)
    view = opjax.compile_rhs(LOGISTIC, gauge_fix={"K": 1.0}).coordinate_view()
    assert view.param_names == ("r",)
    assert view.eval_fn(0.0, np.log([0.25]), r=0.8) == pytest.approx(0.6, rel=1e-15)
    other = opjax.compile_rhs(LOGISTIC, gauge_fix={"K": 2.0}).coordinate_view()
    assert other.eval_fn(0.0, np.log([0.5]), r=0.8) == pytest.approx(0.6, rel=1e-15)


def test_blocks_in_coordinates() -> None:
    spec = {
        "axes": [{"name": "loc", "coords": ["a", "b", "c"]}],
        "state": ["x[loc]"],
        "equations": {"x[loc]": "-k[loc]*x[loc] + m"},
        "state_metadata": {"x": {"scale": "log"}},
        "factorize_axes": ["loc"],
    }
    rhs = opjax.compile_rhs(spec)
    block = rhs.coordinate_view().block_pytree_eval_fn
    assert block is not None
    found = block(0.0, {"x": np.array(0.5)}, k=2.0, m=0.3)["x"]
    assert found == pytest.approx(-2.0 + 0.3 * np.exp(-0.5), rel=1e-14)
    assert rhs.block != rhs
    again = pickle.loads(pickle.dumps(rhs.block))
    assert again == rhs.block
    assert again.pytree_eval_fn(0.0, {"x": np.array(0.5)}, k=2.0, m=0.3)["x"] == pytest.approx(-0.7, rel=1e-14)
