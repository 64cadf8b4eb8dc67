"""One configuration with ``module: opjax`` and with ``module: op_system``: the results are the same."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from test_configurations import RUNNER, TIMES, configuration, reference

pytest.importorskip("flepimop2.simulator", reason="flepimop2 is not installed: pip install ./flepimop2-opjax[test]")
pytest.importorskip("flepimop2.engine.op_engine", reason="flepimop2-op-engine is not installed")
pytest.importorskip("flepimop2.system.op_system", reason="flepimop2-op-system is not installed")
from flepimop2.configuration import ConfigurationModel
from flepimop2.parameter.abc import ParameterValue
from flepimop2.simulator import Simulator
from flepimop2.system.abc import build

MODULES = ("op_system", "opjax")
AXES = """
name: both
axes:
  age: {kind: categorical, labels: [young, old]}
  loc: {kind: categorical, labels: [a, b]}
  x: {kind: continuous, domain: [0, 4], size: 5, spacing: linear}
backend: [{module: csv}]
simulate: {demo: {times: [0, 1, 2, 3]}}
"""
ALONG = """
kind: expr
axes: [{name: age, coords: [young, old]}, {name: x, type: continuous, coords: [0, 1, 2, 3, 4]}]
state: ["u[x]", "v[age]"]
equations: {"u[x]": "-0.1*u[x] + k*sum_over(v[age:a], age=a)", "v[age]": "-k*v[age]"}
initial_state: {"u[x]": {shaped: u0, axes: [x]}, "v[age]": {shaped: v0, axes: [age]}}
operators: [{OPERATOR}]
"""
SIS = """
kind: transitions
axes: [{name: loc, coords: [a, b]}, {name: age, coords: [young, old]}]
state: ["S[loc,age]", "I[loc,age]"]
factorize_axes: [loc]
kernels:
  - {name: q, form: custom_value, value: 1.5}
  - {name: mix, axes: [age, age], form: exponential, params: {scale: 0.5, lambda: 2.0}}
transitions:
  - {from: "S[loc,age]", to: "I[loc,age]", rate: "b[loc]*q*sum_over(mix[age,age:a]*I[loc,age:a], age=a)",
     name: infection, reactants: auto}
  - {from: "I[loc,age]", to: "S[loc,age]", rate: g, name: recovery, reactants: auto}
initial_state: {"S[loc,age]": {shaped: s0, axes: [loc, age]}, "I[loc,age]": 5.0}
"""
PARAMETERS = """
k: 0.2
c: 0.3
g: 0.4
u0: {module: fixed, value: [1, 2, 5, 2, 1], shape: [x]}
v0: {module: fixed, value: [3, 1], shape: [age]}
gen: {module: fixed, value: [[-0.5, 0.5], [0.25, -0.25]], shape: [age, age]}
jump: {module: fixed, value: [[0, 0.5], [0.25, 0]], shape: [age, age]}
b: {module: fixed, value: [0.01, 0.03], shape: [loc]}
s0: {module: fixed, value: [[90, 80], [70, 60]], shape: [loc, age]}
"""
_KERNEL = "kernel: {form: FORM, params: {matrix: NAME}, param_axes: {NAME: [age, age]}}"
OPERATORS = {
    "advection": "kind: advection, axis: x, velocity: c, bc: absorbing, direction: increasing",
    "diffusion": "kind: diffusion, axis: x, rate: c, bc: neumann",
    "generator": "kind: axis_kernel, axis: age, " + _KERNEL.replace("FORM", "generator").replace("NAME", "gen"),
    "jumps": "kind: jump_integral, axis: age, rate: c, " + _KERNEL.replace("FORM", "matrix").replace("NAME", "jump"),
}
DRAWN = {"mode": "stochastic", "stochastic_method": "direct-ssa", "random_seed": 3}
CASES = {
    **{f"{name}, {method}": (ALONG.replace("OPERATOR", row), {"method": method, "adaptive": False})
       for name, row in OPERATORS.items() for method in ("heun", "rk4")},
    "kernels": (SIS, {"method": "heun", "adaptive": False}),
    "kernels, arrays by name": (SIS, {"method": "heun", "adaptive": False, "state_layout": "pytree"}),
    "kernels, adaptive": (SIS, {"method": "heun", "adaptive": True, "rtol": 1e-6, "atol": 1e-8}),
    "reactions one by one": (SIS, {"method": "heun", "adaptive": False, **DRAWN}),
}  # fmt: skip


def simulator(module: str, spec: str, config: dict[str, Any], **more: Any) -> Simulator:
    found = yaml.safe_load(AXES)
    found["system"] = [{"module": module, "spec": yaml.safe_load(spec), **more}]
    found["engine"] = [{"module": "op_engine", "state_change": "flow", "config": config}]
    found["parameter"] = yaml.safe_load(PARAMETERS)
    return Simulator.from_configuration_model(ConfigurationModel.model_validate(found))


def simulated(module: str, spec: str, config: dict[str, Any], **more: Any) -> np.ndarray:
    made = simulator(module, spec, config, **more)
    initial, params = made.resolve_inputs()
    spec_of_state = made.system.model_state(made.axes)
    times = np.arange(0.0, 2.01, 0.1)
    return np.asarray(made.engine.run(made.system, times, initial, params, model_state=spec_of_state))


@pytest.mark.parametrize("name", CASES)
def test_op_engine_gives_the_same(name: str) -> None:
    theirs, ours = (simulated(module, *CASES[name]) for module in MODULES)
    assert np.ptp(theirs[:, 1:], axis=0).max() > 0.1
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_operators_are_in_the_derivative_or_in_the_option() -> None:
    """Whatever the choice, an engine that adds the published operators to the derivative has each of them once."""
    spec, config = CASES["generator, rk4"]
    described, run = (simulated("opjax", spec, config, operators=choice) for choice in ("describe", "run"))
    np.testing.assert_allclose(run, described, rtol=1e-12)
    options = [simulator("opjax", spec, config, operators=c).system.option("operators") for c in ("describe", "run")]
    assert [len(option) for option in options] == [1, 0]


# --- the options that engines read

ALIKE = (
    "axis_order", "axis_sizes", "axis_types", "axis_labels", "axis_coords", "state_names", "state_shape",
    "template_shapes", "mixing_kernels", "factorize_axes", "block_template_shapes", "operators", "operator_axis",
    "initial_state", "time_axis", "time_interpolation", "time_coordinates", "forcing_breakpoints",
    "history_requirements", "history_stepper_fn", "body_eval_fn", "block_history_stepper_fn", "block_body_eval_fn",
)  # fmt: skip


@pytest.mark.parametrize("spec", [SIS, ALONG.replace("OPERATOR", OPERATORS["jumps"])], ids=["kernels", "operators"])
@pytest.mark.parametrize("key", ALIKE)
def test_the_options_are_those_of_op_system(spec: str, key: str) -> None:
    theirs, ours = (build({"module": module, "spec": yaml.safe_load(spec)}) for module in MODULES)
    np.testing.assert_equal(ours.option(key, "absent"), theirs.option(key, "absent"))


def wrapped(**values: Any) -> dict[str, ParameterValue]:
    """Parameters as flepimop2 hands them over."""
    from flepimop2.axis import ResolvedShape

    arrays = {name: np.asarray(value) for name, value in values.items()}
    shapes = {name: ResolvedShape(("loc",) * array.ndim, array.shape) for name, array in arrays.items()}
    return {name: ParameterValue(value=array, shape=shapes[name]) for name, array in arrays.items()}


def test_every_function_takes_wrapped_parameters() -> None:
    theirs, ours = (build({"module": module, "spec": yaml.safe_load(SIS)}) for module in MODULES)
    rng = np.random.default_rng(0)
    block = {name: rng.uniform(1.0, 9.0, 2) for name in "SI"}
    plain = {"b": 0.02, "g": 0.4}
    expected = theirs.option("block_pytree_stepper_fn")(0.0, block, **plain)
    found = ours.option("block_pytree_stepper_fn")(0.0, block, **wrapped(**plain))
    whole = {name: rng.uniform(1.0, 9.0, (2, 2)) for name in "SI"}
    plain = {"b": np.array([0.01, 0.03]), "g": 0.4}
    for name in "SI":
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)
    for mine, their in zip(ours.option("reactions"), theirs.option("reactions"), strict=True):
        np.testing.assert_allclose(
            mine.propensity_fn(0.0, whole, **wrapped(**plain)), their.propensity_fn(0.0, whole, **plain), rtol=1e-12
        )


PAST = """
kind: expr
axes: [{name: loc, coords: [a, b]}]
state: ["x[loc]"]
equations: {"x[loc]": "k*convolve_history(q*x[loc], kernel=gamma, window=14) - x[loc]"}
factorize_axes: [loc]
"""


class Doubling:
    """A past in which everything was twice as large."""

    def query(self, signal_id: int, body: Any, **options: Any) -> Any:
        return 2 * body


def test_the_past_is_asked_for_as_of_op_system() -> None:
    theirs, ours = (build({"module": module, "spec": yaml.safe_load(PAST)}) for module in MODULES)
    whole, block, plain = {"x": np.array([1.0, 3.0])}, {"x": np.array(3.0)}, {"k": 0.5, "q": 0.4}
    for key, state in (("history_stepper_fn", whole), ("block_history_stepper_fn", block)):
        expected = theirs.option(key)(0.0, state, history_provider=Doubling(), **plain)
        found = ours.option(key)(0.0, state, history_provider=Doubling(), **wrapped(**plain))
        np.testing.assert_allclose(found["x"], expected["x"], rtol=1e-12)
    for key, state in (("body_eval_fn", whole), ("block_body_eval_fn", block)):
        expected, found = theirs.option(key)(0.0, state, **plain), ours.option(key)(0.0, state, **wrapped(**plain))
        assert found.keys() == expected.keys()
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    (asked,), (wanted,) = ours.option("history_requirements"), theirs.option("history_requirements")
    assert {key: asked[key] for key in ("signal_id", "kind", "required_options")} == {
        key: wanted[key] for key in ("signal_id", "kind", "required_options")
    }
    bound, their_bound = (system.bind(wrapped(**plain)) for system in (ours, theirs))
    found = bound.history_stepper(0.0, whole, history_provider=Doubling())["x"]
    np.testing.assert_allclose(found, 0.5 * 2 * 0.4 * whole["x"] - whole["x"], rtol=1e-12)
    np.testing.assert_allclose(bound.body_eval(0.0, whole)[0], 0.4 * whole["x"], rtol=1e-12)
    assert hasattr(their_bound, "history_stepper")
    assert hasattr(their_bound, "body_eval")


def test_an_initial_value_that_the_engine_cannot_compute_stops_it() -> None:
    spec = SIS.replace('"I[loc,age]": 5.0', '"I[loc,age]": "2*k"')
    with pytest.raises(Exception, match=r"2\*k"):
        simulated("opjax", spec, CASES["kernels"][1])


# --- the command line

ENGINES = {
    "wrapper": {"module": "wrapper", "script": "runner.py", "state_change": "flow"},
    "op_engine": {"module": "op_engine", "state_change": "flow", "config": {"method": "rk4", "adaptive": True}},
}


def commanded(folder: Path, module: str, engine: str) -> np.ndarray:
    """What ``flepimop2 simulate`` writes for the configuration with that module."""
    folder.mkdir()
    (folder / "runner.py").write_text(RUNNER)
    found = configuration(ENGINES[engine])
    found["system"][0]["module"] = module
    (folder / "config.yml").write_text(yaml.safe_dump(found))
    command = [str(Path(sys.executable).with_name("flepimop2")), "simulate", "config.yml", "--target", "demo"]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=folder, env=paths, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (written,) = (folder / "model_output").glob("*.csv")
    return np.loadtxt(written, delimiter=",", skiprows=1 if written.read_text()[0].isalpha() else 0)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_command_runs_a_configuration_end_to_end(tmp_path: Path, engine: str) -> None:
    theirs, ours = (commanded(tmp_path / module, module, engine) for module in MODULES)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)  # both solvers choose their steps, by tolerances like this
    expected = reference()[np.isin(TIMES, ours[:, 0])]
    np.testing.assert_allclose(ours[:, 1:], expected, rtol=0, atol=1e-5)


def test_reactions_are_dataclasses_of_the_same_fields() -> None:
    theirs, ours = (build({"module": module, "spec": yaml.safe_load(SIS)}).option("reactions") for module in MODULES)
    assert {field.name for field in dataclasses.fields(theirs[0])} <= {
        field.name for field in dataclasses.fields(ours[0])
    }
