"""Numerical qualification against op_system 0.9: the same records, where both have something to say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from differential.harness import both
from opjax.errors import OpjaxError
from opjax.interop.qualification import (
    InvariantCheck,
    QualificationConfig,
    QualificationFixture,
    QualificationReport,
    qualify_rhs,
)

pytest.importorskip("op_system.qualification", reason="op_system 0.9 is not installed: it is in the extra 'dev'")
import op_system

SIR: dict[str, Any] = {
    "kind": "transitions",
    "state": ["S", "I", "R"],
    "transitions": [{"from": "S", "to": "I", "rate": "b*I"}, {"from": "I", "to": "R", "rate": "g"}],
}
STATE = {"S": np.array(9.0), "I": np.array(1.0), "R": np.array(0.0)}
PARAMS = {"b": 0.2, "g": 0.1}
Equations = Callable[[float, Any, Any], dict[str, Any]]


def equations(t: float, state: Any, p: Any) -> dict[str, Any]:
    """Written without either library."""
    infection, recovery = p["b"] * state["S"] * state["I"], p["g"] * state["I"]
    return {"S": -infection, "I": infection - recovery, "R": recovery}


def wrong(t: float, state: Any, p: Any) -> dict[str, Any]:
    return {**equations(t, state, p), "R": 0.0 * state["S"]}


def incomplete(t: float, state: Any, p: Any) -> dict[str, Any]:
    return {"S": state["S"]}


def balance(t: float, state: Any, derivative: Any, p: Any) -> Any:
    return derivative["S"] + derivative["I"] + derivative["R"]


def reports(reference: Equations, fixture: tuple[Any, ...], **choices: Any) -> tuple[QualificationReport, Any]:
    """The reports of both."""
    ours, theirs = both(SIR)
    own = {**choices, "invariants": [InvariantCheck(*row) for row in choices.get("invariants", ())]}
    other = {**choices, "invariants": [op_system.InvariantCheck(*row) for row in choices.get("invariants", ())]}
    found = qualify_rhs(ours, [QualificationFixture(*fixture)], reference, **own)
    return found, op_system.qualify_rhs(theirs, [op_system.QualificationFixture(*fixture)], reference, **other)


def same(found: QualificationReport, expected: Any) -> None:
    """Equal but for the wording of errors and the name of the namespace."""
    assert found.ok == expected.ok
    for ours, theirs in zip(found.fixtures, expected.fixtures, strict=True):
        assert (ours.fixture, ours.evaluator, ours.time) == (theirs.fixture, theirs.evaluator, theirs.time)
        assert (ours.rtol, ours.atol) == (theirs.rtol, theirs.atol)
        assert bool(ours.errors) == bool(theirs.errors)
        for a, b in zip(ours.arrays, theirs.arrays, strict=True):
            assert a._replace(errors=()) == b._replace(errors=())
            assert bool(a.errors) == bool(b.errors)
        for a, b in zip(ours.invariants, theirs.invariants, strict=True):
            assert a._replace(errors=()) == b._replace(errors=())
        assert (ours.derivative is None) == (theirs.derivative is None)
        if ours.derivative is not None:
            assert ours.derivative.passed == theirs.derivative.passed
            assert ours.derivative[4:] == theirs.derivative[4:]


@pytest.mark.parametrize("reference", [equations, wrong, incomplete])
def test_the_same_is_found(reference: Equations) -> None:
    found, expected = reports(reference, ("a", STATE, PARAMS), invariants=[("mass", balance, "closed population")])
    same(found, expected)
    assert found.ok is (reference is equations)
    assert json.loads(json.dumps(found.to_dict()))["ok"] is found.ok


def test_single_precision_and_a_missing_parameter() -> None:
    single = {name: value.astype(np.float32) for name, value in STATE.items()}
    same(*reports(equations, ("single", single, PARAMS, 2.0)))
    same(*reports(equations, ("missing", STATE, {"b": 0.2})))
    same(*reports(equations, ("states", {"S": STATE["S"]}, PARAMS)))


def test_a_broken_balance() -> None:
    found, expected = reports(equations, ("a", STATE, PARAMS), invariants=[("S", lambda t, s, d, p: d["S"], "never")])
    same(found, expected)
    assert not found.ok
    assert found.fixtures[0].invariants[0].max_abs_error == pytest.approx(1.8)


def test_derivatives() -> None:
    with jax.enable_x64(True):
        state = {name: jnp.asarray(value) for name, value in STATE.items()}
        direction = {name: jnp.asarray(1.0) for name in STATE}
        found, expected = reports(equations, ("jax", state, PARAMS, 1.0, direction))
        same(found, expected)
        assert found.ok
        assert found.fixtures[0].derivative is not None
        assert found.fixtures[0].derivative.max_abs_error < 1e-9
        same(*reports(equations, ("numpy", STATE, PARAMS, 1.0, direction)))


def test_blocks() -> None:
    spec = {
        "kind": "expr",
        "axes": [{"name": "loc", "coords": ["a", "b", "c"]}, {"name": "age", "coords": ["y", "o"]}],
        "state": ["x[age,loc]"],
        "equations": {"x[age,loc]": "-k[loc]*x[age,loc] + m*sum_over(x[age:j,loc], age=j)"},
        "factorize_axes": ["loc"],
    }
    draw = np.random.default_rng(3)
    x, k = draw.uniform(0.5, 2.0, (2, 3)), draw.uniform(0.5, 2.0, 3)
    fixture = QualificationFixture("blocks", {"x": x}, {"k": k, "m": 0.3})

    def reference(t: float, state: Any, p: Any) -> dict[str, Any]:
        return {"x": -p["k"] * state["x"] + p["m"] * state["x"].sum(axis=0)}

    assert qualify_rhs(opjax.compile_rhs(spec), [fixture], reference, evaluators=("flat", "structured", "block")).ok
    whole = qualify_rhs(
        opjax.compile_rhs(SIR), [QualificationFixture("a", STATE, PARAMS)], equations, evaluators=("block",)
    )
    assert not whole.ok
    assert "does not fall apart" in whole.fixtures[0].errors[0]


@pytest.mark.parametrize(
    "call",
    [
        lambda rhs, good: qualify_rhs(rhs, [], equations),
        lambda rhs, good: qualify_rhs(rhs, [good], equations, evaluators=()),
        lambda rhs, good: qualify_rhs(rhs, [good, good], equations),
        lambda rhs, good: qualify_rhs(rhs, [good._replace(name="")], equations),
        lambda rhs, good: qualify_rhs(rhs, [good._replace(time=float("nan"))], equations),
        lambda rhs, good: qualify_rhs(rhs, [good], equations, evaluators=("flatt",)),
        lambda rhs, good: qualify_rhs(rhs, [good], equations, invariants=[InvariantCheck("m", balance, "")]),
        lambda rhs, good: qualify_rhs(rhs, [good], equations, invariants=[InvariantCheck("m", balance, "c", -1.0)]),
        lambda rhs, good: QualificationConfig(rtol=-1.0),
        lambda rhs, good: QualificationConfig(derivative_step=0.0),
    ],
)
def test_what_has_no_meaning(call: Callable[..., object]) -> None:
    with pytest.raises(OpjaxError, match="E0548"):
        call(opjax.compile_rhs(SIR), QualificationFixture("a", STATE, PARAMS))


def test_tolerances_decide() -> None:
    rhs, fixture = opjax.compile_rhs(SIR), QualificationFixture("a", STATE, PARAMS)

    def close(t: float, state: Any, p: Any) -> dict[str, Any]:
        return {name: value * (1 + 1e-6) for name, value in equations(t, state, p).items()}

    assert not qualify_rhs(rhs, [fixture], close).ok
    assert qualify_rhs(rhs, [fixture], close, config=QualificationConfig(rtol=1e-5)).ok


def test_values_that_are_not_finite_do_not_pass() -> None:
    fixture = QualificationFixture("a", {**STATE, "I": np.array(np.nan)}, PARAMS)
    report = qualify_rhs(opjax.compile_rhs(SIR), [fixture], equations)
    assert not report.ok
    assert not report.fixtures[0].arrays[0].finite
