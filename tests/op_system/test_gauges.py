"""Scaling gauges against op_system 0.9: what holds, what is found, what is fixed; what is refused, with its place."""

from __future__ import annotations

import pickle
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from leaks import checking_leaks
from opjax.errors import OpjaxError
from opjax.ir.scaling import inverse

pytest.importorskip("op_system.gauges", reason="op_system 0.9 is not installed: it is in the extra 'dev'")
import op_system

LOGISTIC: dict[str, Any] = {"kind": "expr", "state": ["x"], "equations": {"x": "r*x*(1-x/K)"}}
CAPACITY = {"name": "capacity", "states": {"x": 1}, "parameters": {"K": 1}}
AGES: dict[str, Any] = {
    "kind": "expr",
    "axes": [{"name": "age", "coords": ["y", "o"]}],
    "state": ["S[age]", "z"],
    "equations": {"S[age]": "-b*S[age]*z", "z": "c*sum_over(S[age:a], age=a) - g*z"},
    "observables": {"o": {"expr": "b*z"}, "q": {"expr": "m*S[age]", "axes": ["age"]}},
}
RIGHT_SIDES = [
    "r*x*(1-x/K)",
    "a*np.exp(-k*x)",
    "a*b*x",
    "a*x**2",
    "a*x**3",
    "a*x**0.5",
    "x**p",
    "a*x+c",
    "np.sin(x)",
    "a/(x+b)",
    "t*x*a",
    "np.where(x>K,x,0)",
    "np.maximum(x,K)",
    "x*a/(b*c)",
    "np.log(x/K)*x",
    "x*(np.log(x)-np.log(K))",
    "np.abs(x)*k",
    "np.sqrt(a*x)",
    "np.hypot(x,K)",
    "0*x",
]


def same(ours: Any, theirs: Any) -> None:
    """All that both say, but for the way of verification."""
    for field in ours._fields:
        if field != "verification":
            assert getattr(ours, field) == getattr(theirs, field), field


@pytest.mark.parametrize("equation", RIGHT_SIDES)
def test_the_same_gauges_are_found(equation: str) -> None:
    spec = {"kind": "expr", "state": ["x"], "equations": {"x": equation}}
    theirs = op_system.compile_spec(spec, detect_gauges=True)
    same(opjax.compile_rhs(spec, detect_gauges=True).gauges, theirs.gauges)


@pytest.mark.parametrize(
    "spec",
    [
        AGES,
        {
            "kind": "transitions",
            "state": ["S", "I", "R"],
            "transitions": [{"from": "S", "to": "I", "rate": "b*I"}, {"from": "I", "to": "R", "rate": "g"}],
            "observables": {"reported": {"expr": "p*I"}},
        },
        {**LOGISTIC, "gauges": [CAPACITY], "observables": {"part": {"expr": "x/K"}}},
        {**LOGISTIC, "gauges": [CAPACITY, {"name": "twice", "states": {"x": 2}, "parameters": {"K": 2}}]},
    ],
)
def test_models_with_observables_and_axes(spec: dict[str, Any]) -> None:
    theirs = op_system.compile_spec(spec, detect_gauges=True)
    same(opjax.compile_rhs(spec, detect_gauges=True).gauges, theirs.gauges)


def test_a_declared_gauge_is_proved_or_tried_out() -> None:
    assert opjax.compile_rhs(LOGISTIC).gauges is None
    proved = opjax.compile_rhs({**LOGISTIC, "gauges": [CAPACITY]}).gauges
    assert proved is not None
    assert proved.verification is not None
    assert proved.verification.structural
    logarithms = {**LOGISTIC, "equations": {"x": "x*(log(x)-log(K))"}, "gauges": [CAPACITY]}
    tried = opjax.compile_rhs(logarithms).gauges
    assert tried is not None
    assert tried.verification is not None
    assert not tried.verification.structural
    assert 0 <= tried.verification.max_absolute_error < 1e-13


@pytest.mark.parametrize("fix", [{"b": 1.0, "c": 2.0}, {"c": 2.0, "b": 1.0}, {"m": 1.0, "b": 3.0}])
def test_fixed_parameters_agree(fix: dict[str, float]) -> None:
    ours = opjax.compile_rhs(AGES, detect_gauges=True, gauge_fix=fix)
    theirs = op_system.compile_spec(AGES, detect_gauges=True, gauge_fix=fix)
    assert ours.gauge_fix is not None
    assert tuple(ours.gauge_fix) == tuple(theirs.gauge_fix)
    assert set(ours.param_names) == set(theirs.param_names)
    y, params = np.array([1.0, 2.0, 3.0]), {"b": 0.5, "c": 0.25, "g": 0.1, "m": 7.0}
    found, expected = ours.gauge_fix.encode(y, params), theirs.gauge_fix.encode(y, params)
    np.testing.assert_allclose(found.state, expected.state, rtol=1e-14)
    np.testing.assert_allclose(found.log_scales, expected.log_scales, rtol=1e-14)
    assert found.parameters.keys() == expected.parameters.keys()
    for name, value in expected.parameters.items():
        assert found.parameters[name] == pytest.approx(value, rel=1e-14)
    assert bool(found.valid)
    scaled = {name: found.parameters[name] for name in ours.param_names}
    dydt = ours.eval_fn(0.0, found.state, **scaled)
    np.testing.assert_allclose(dydt, theirs.eval_fn(0.0, expected.state, **scaled), rtol=1e-13)
    state, natural = ours.gauge_fix.decode(found)
    np.testing.assert_allclose(state, y, rtol=1e-14)
    assert natural == pytest.approx(params, rel=1e-14)


def test_a_fixed_model_is_the_model() -> None:
    """The scaled solution is the solution, scaled: derivatives by decoding, observables without."""
    natural = opjax.compile_rhs(AGES)
    fixed = opjax.compile_rhs(AGES, gauge_fix={"b": 1.0, "c": 2.0})
    assert fixed.gauge_fix is not None
    draw = np.random.default_rng(5)
    y, params = draw.uniform(0.5, 2, 3), dict(zip("bcgm", draw.uniform(0.5, 2, 4).tolist(), strict=True))
    scaled = fixed.gauge_fix.encode(y, params)
    factors = scaled.state / y
    dydt = natural.eval_fn(0.0, y, **{name: params[name] for name in natural.param_names})
    found = fixed.eval_fn(0.0, scaled.state, g=scaled.parameters["g"])
    np.testing.assert_allclose(found, dydt * factors, rtol=1e-13)
    for name in ("o", "q"):
        own = {key: params[key] for key, _ in natural.observables[name].parameter_shapes}
        theirs = {key: scaled.parameters[key] for key, _ in fixed.observables[name].parameter_shapes}
        expected = natural.observables[name].eval_fn(0.0, y, **own)
        np.testing.assert_allclose(fixed.observables[name].eval_fn(0.0, scaled.state, **theirs), expected, rtol=1e-13)


def test_fewer_parameters_than_gauges_may_be_fixed() -> None:
    """op_system wants as many as there are gauges."""
    rhs = opjax.compile_rhs(AGES, gauge_fix={"m": 4.0})
    assert rhs.gauge_fix is not None
    scaled = rhs.gauge_fix.encode(np.array([1.0, 2.0, 3.0]), {"b": 0.5, "c": 0.25, "g": 0.1, "m": 8.0})
    np.testing.assert_allclose(scaled.state, [2.0, 4.0, 6.0], rtol=1e-15)
    assert scaled.parameters == pytest.approx({"b": 0.25, "c": 0.25, "g": 0.1}, rel=1e-15)


def test_under_jit_nothing_is_looked_at() -> None:
    fix = opjax.compile_rhs(AGES, gauge_fix={"b": 1.0, "c": 2.0}).gauge_fix
    assert fix is not None
    with jax.enable_x64(True), checking_leaks():
        encode = jax.jit(lambda y, b: fix.encode(y, {"b": b, "c": 0.25, "g": 0.1, "m": 7.0}))
        scaled = encode(jnp.array([1.0, 2.0, 3.0]), 0.5)
        np.testing.assert_allclose(scaled.state, [0.0625, 0.125, 1.5], rtol=1e-14)
        assert bool(scaled.valid)
        assert not bool(encode(jnp.array([1.0, 2.0, 3.0]), -0.5).valid)
        state, natural = jax.jit(fix.decode)(scaled)
        np.testing.assert_allclose(state, [1.0, 2.0, 3.0], rtol=1e-14)
        assert natural["b"] == pytest.approx(0.5, rel=1e-14)


def test_pickles_and_equality() -> None:
    rhs = opjax.compile_rhs(LOGISTIC, gauge_fix={"K": 2.0})
    again = pickle.loads(pickle.dumps(rhs))
    assert again == rhs != opjax.compile_rhs(LOGISTIC)
    assert again.eval_fn(0.0, np.array([0.3]), r=0.5) == pytest.approx(0.5 * 0.3 * (1 - 0.15), rel=1e-15)
    assert again.param_names == ("r",)


def refused(spec: Any, **choices: Any) -> list[tuple[str, str]]:
    with pytest.raises(OpjaxError) as caught:
        opjax.compile_rhs(spec, **choices)
    return [(d.code, d.message) for d in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("gauge", "message"),
    [
        ({"states": {"x": 1}, "parameters": {"r": 1}}, "in '1-x/K' the powers of two parts differ by 1"),
        ({"parameters": {"r": 1}}, "the derivative of 'x' is off by the power 1"),
        ({"states": {"x": 0.5}, "parameters": {"K": 0.5}}, ""),
        ({"states": {"y": 1}}, "the gauge 'g' scales 'y', which is not declared"),
        ({"states": {"x": 0}}, "the gauge 'g' scales nothing: every power is 0"),
        ({"states": {"x": 1}, "parameters": {"x": 1}}, "the gauge 'g' scales 'x' twice"),
        ({}, "the gauge 'g' scales nothing"),
    ],
)
def test_declared_gauges_that_do_not_hold(gauge: dict[str, Any], message: str) -> None:
    spec = {**LOGISTIC, "gauges": [{"name": "g", **gauge}]}
    if not message:
        assert opjax.compile_rhs(spec).gauges is not None
        return
    with pytest.raises((ValueError, TypeError)):
        op_system.compile_spec(spec)
    (found,) = refused(spec)
    assert message in found[1]


def test_observables_must_not_change() -> None:
    spec = {**LOGISTIC, "gauges": [CAPACITY], "observables": {"n": {"expr": "x"}}}
    (found,) = refused(spec)
    assert found[0] == "E0545"
    assert "'n' is multiplied by the power 1" in found[1]
    info = opjax.compile_rhs({**LOGISTIC, "observables": {"n": {"expr": "x"}}}, detect_gauges=True).gauges
    assert info is not None
    assert info.rank == 0


@pytest.mark.parametrize(
    ("fix", "message"),
    [
        ({"r": 1.0}, "gauge_fix cannot fix 'r': no gauge changes it"),
        ({"Q": 1.0}, "gauge_fix cannot fix 'Q': it is no parameter"),
        ({"K": -1.0}, "which is not a positive number"),
        ({"K": float("inf")}, "which is not a positive number"),
    ],
)
def test_parameters_that_cannot_be_fixed(fix: dict[str, float], message: str) -> None:
    (found,) = refused(LOGISTIC, gauge_fix=fix)
    assert found[0] == "E0546"
    assert message in found[1]


def test_more_parameters_than_gauges_cannot_be_fixed() -> None:
    (found,) = refused(AGES, gauge_fix={"b": 1.0, "c": 2.0, "m": 3.0})
    assert "its gauges leave 2 of these free, not 3" in found[1]


def test_a_fixed_parameter_is_no_parameter() -> None:
    rhs = opjax.compile_rhs(LOGISTIC, gauge_fix={"K": 1.0})
    with pytest.raises(OpjaxError) as caught:
        rhs.eval_fn(0.0, np.array([0.3]), r=0.5, K=2.0)
    assert caught.value.diagnostics[0].code == "E0806"


def test_the_inverse_of_a_matrix_over_the_rationals() -> None:
    matrix = [[Fraction(0), Fraction(2)], [Fraction(1, 3), Fraction(5)]]
    found = inverse(matrix)
    product = [
        [sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0)) for column in zip(*found, strict=True)]
        for row in matrix
    ]
    assert product == [[1, 0], [0, 1]]


def test_three_spellings() -> None:
    text = """
model M:
  params:
    K
    r
  states: x, y
  dynamics:
    x' = r*x*(1 - x/K)
    y' = -y + x^2
  gauges:
    capacity: y^2, x, K "the size of the population"
"""
    model = opjax.loads(text)
    assert "capacity: K, x, y^2" in model.show("ojx")
    assert opjax.loads(model.show("ojx")) == model == opjax.loads(model.show("yaml"), "yaml")
    gauge = model.system.gauges["capacity"]
    assert dict(gauge.states) == {"x": 1, "y": 2}
    assert dict(gauge.parameters) == {"K": 1}
    assert model.compile_rhs().gauges is not None


def test_tables_over_time_are_scaled_too() -> None:
    text = """
model M:
  params: K
  inputs:
    c(t) = linear
  states: x
  dynamics:
    x' = c(t)*(RATE)
  derive:
    part = c(t)/K
  gauges:
    scale: x, K, c
"""
    proved = opjax.compile_rhs(text.replace("RATE", "1 - x/K"))
    assert proved.gauges is not None
    tables = {"c": (np.array([0.0, 2.0]), np.array([3.0, 5.0])), "K": 8.0}
    assert proved.observables["part"].eval_fn(1.0, np.array([2.0]), **tables) == pytest.approx(0.5, rel=1e-15)
    assert proved.observables["part"].parameter_shapes == (("K", ()),)
    tried = opjax.compile_rhs(text.replace("RATE", "log(x) - log(K)")).gauges
    assert tried is not None
    assert tried.verification is not None
    assert not tried.verification.structural
    (found,) = refused(opjax.loads(text.replace("RATE", "log(x) - log(2*K*K)")))
    assert found[0] == "E0545"
