"""Operators: op_system's descriptors and reference functions against what opjax publishes and computes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import opjax

op_system = pytest.importorskip("op_system", reason="op_system is not installed")

AXES = [
    {"name": "imm", "type": "continuous", "domain": {"lb": 1, "ub": 8}, "size": 4, "spacing": "log"},
    {"name": "level", "type": "ordinal", "coords": ["low", "mid", "high"]},
    {"name": "place", "coords": ["a", "b"]},
    {"name": "vax", "coords": ["u", "v"]},
]
STATES = {"S": ["imm", "vax"], "T": ["level"], "U": ["place"]}


def keys(shape: dict[str, list[str]]) -> dict[str, str]:
    return {name: f"{name}[{','.join(axes)}]" for name, axes in shape.items()}


def spec_of(operator: dict[str, Any]) -> dict[str, Any]:
    names = keys(STATES)
    equations = {key: f"0.1*{key}" for key in names.values()}
    states = list(names.values())
    return {"kind": "expr", "axes": AXES, "state": states, "equations": equations, "operators": [operator]}


def kernel(form: str, axis: str, name: str = "M", **more: Any) -> dict[str, Any]:
    return {"form": form, "params": {"matrix": name}, "param_axes": {name: [axis, axis]}, **more}


TRANSFER = {
    "form": "stochastic",
    "params": {"matrix": "M", "nu": "nu"},
    "param_axes": {"M": ["imm", "imm"]},
    "transfer": {"axis": "vax", "source": "u", "target": "v", "rate": ["nu"]},
}
OPERATORS: dict[str, dict[str, Any]] = {
    "advection": {"kind": "advection", "axis": "imm", "velocity": "w"},
    "a number": {"kind": "advection", "axis": "imm", "velocity": 0.25, "bc": "absorbing"},
    "all of it": {
        **{"kind": "transport", "axis": "imm", "velocity": "w", "direction": "decreasing"},
        **{"bc": "reflecting", "name": "waning"},
    },
    "expression": {"kind": "advection", "axis": "imm", "velocity": "w*2", "bc": "periodic"},
    "along labels": {"kind": "transport", "axis": "place", "velocity": 1},
    "diffusion": {"kind": "diffusion", "axis": "imm", "rate": "D", "bc": "neumann"},
    "jumps": {"kind": "jump_integral", "axis": "level", "rate": "r", "kernel": kernel("matrix", "level")},
    "jumps up": {
        **{"kind": "jump_integral", "axis": "imm", "rate": 1.5, "direction": "up"},
        **{"bc": "reflecting", "kernel": kernel("matrix", "imm")},
    },
    "jumps of labels": {"kind": "jump_integral", "axis": "place", "rate": 1, "kernel": kernel("matrix", "place")},
    "generator": {
        **{"kind": "axis_kernel", "axis": "level", "velocity": "w"},
        "kernel": kernel("generator", "level"),
    },
    "stochastic": {"kind": "axis_kernel", "axis": "imm", "kernel": kernel("stochastic", "imm")},
    "transfer": {"kind": "axis_kernel", "axis": "imm", "kernel": TRANSFER},
}


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_descriptors_are_those_of_op_system(operator: dict[str, Any]) -> None:
    spec = spec_of(operator)
    (theirs,), (ours,) = op_system.compile_spec(spec).operators, opjax.compile_rhs(spec).operators
    for field in dataclasses.fields(theirs):
        want, found = getattr(theirs, field.name), getattr(ours, field.name)
        assert found == want, field.name
    assert opjax.compile_rhs(spec).meta["operators"] == op_system.compile_spec(spec).meta["operators"]


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_described_operators_are_left_to_the_engine_as_in_op_system(operator: dict[str, Any]) -> None:
    spec = spec_of(operator)
    y = np.random.default_rng(1).random(13)
    left = opjax.compile_rhs(spec, operators="describe")
    np.testing.assert_allclose(left.eval_fn(0.0, y), op_system.compile_spec(spec).eval_fn(0.0, y), rtol=1e-14)
    assert left != opjax.compile_rhs(spec)
    assert left.param_names == ()


@pytest.mark.parametrize("name", ["jumps", "jumps up", "jumps of labels", "generator", "stochastic", "transfer"])
def test_matrices_move_what_the_reference_functions_move(name: str) -> None:
    operator = OPERATORS[name]
    rhs = opjax.compile_rhs(spec_of(operator))
    axis = rhs.system.axes[operator["axis"]]
    rng = np.random.default_rng(2)
    states = {key: rng.random(tuple(rhs.system.axes[a].size for a in axes)) for key, axes in STATES.items()}
    (state,) = (key for key, axes in STATES.items() if axis.name in axes)
    matrix = rng.random((axis.size, axis.size))
    given: dict[str, Any] = {"M": matrix, "w": 0.7, "r": 0.4, "nu": 0.3}
    found = rhs.pytree_eval_fn(0.0, states, **{key: given[key] for key in rhs.param_names})[state]
    u = states[state]
    if operator["kind"] == "jump_integral":
        kind = {"imm": "continuous", "level": "ordinal", "place": "categorical"}[axis.name]
        x = np.array([1.0, 2, 4, 8])
        weights = (np.append(np.diff(x), 0) + np.append(0, np.diff(x))) / 2 if kind == "continuous" else None
        rate = given["r"] if operator["rate"] == "r" else operator["rate"]
        more = {"direction": operator.get("direction", "both"), "quadrature_weights": weights}
        want = op_system.jump_integral_rhs(u, matrix, axis=0, axis_type=kind, rate=rate, **more)
    elif name == "generator":
        want = op_system.axis_kernel_generator_rhs(u, matrix, axis=0, velocity=0.7)
    elif name == "stochastic":
        want = op_system.axis_kernel_redistribute(u, matrix, axis=0)
    else:
        want = np.zeros_like(u)
        want[:, 1] = op_system.axis_kernel_redistribute(0.3 * u[:, 0], matrix)
    np.testing.assert_allclose(found, 0.1 * u + want, rtol=1e-12, atol=1e-13)


def test_apply_to_works_for_templates_and_base_names() -> None:
    for said in (["S"], ["S[imm,vax]"]):
        rhs = opjax.compile_rhs(spec_of({**OPERATORS["advection"], "apply_to": said}))
        assert rhs.operators[0].states == ("S",)
        assert rhs.operators[0].apply_to == rhs.state_names[:8]
    both = {**spec_of(OPERATORS["advection"]), "state": ["S[imm,vax]", "I[imm]", "T[level]", "U[place]"]}
    both["equations"]["I[imm]"] = "0*I[imm]"
    assert opjax.compile_rhs(both).operators[0].states == ("S", "I")
    assert opjax.compile_rhs(both).operators[0].apply_to is None


def test_a_compiled_description_survives_pickling() -> None:
    import pickle

    rhs = opjax.compile_rhs(spec_of(OPERATORS["advection"]), operators="describe")
    again = pickle.loads(pickle.dumps(rhs))
    assert again == rhs
    assert again.operators == rhs.operators
    assert again.param_names == ()
