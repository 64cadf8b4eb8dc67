"""Configurations of flepimop2 with ``module: opjax``, end to end, against SciPy."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

pytest.importorskip("flepimop2.simulator", reason="flepimop2 is not installed: pip install ./flepimop2-opjax[test]")
from flepimop2.configuration import ConfigurationModel
from flepimop2.simulator import Simulator
from scipy.integrate import solve_ivp

RUNNER = """
import numpy as np
from scipy.integrate import solve_ivp


def runner(stepper, times, initial_state, params, model_state=None, **kwargs):
    values = {name: p.value for name, p in params.items()}  # as scripts must: op_system does not unwrap them
    names, initial = stepper.option("state_names", None), stepper.option("initial_state", None)
    labels = stepper.option("axis_labels", None)

    def first(name):
        entry = initial.get(name, 0.0)
        if isinstance(entry, str):
            return float(values[entry])
        if isinstance(entry, dict):
            place = tuple(list(labels[a]).index(str(entry["coords"][a])) for a in entry["axes"])
            return float(values[entry["shaped"]][place])
        return float(entry)

    y0 = np.array([first(name) for name in names])
    found = solve_ivp(
        lambda t, y: stepper(t, y, **values), (times[0], times[-1]), y0, t_eval=times, rtol=1e-10, atol=1e-12
    )
    return np.column_stack([times, found.y.T])
"""
CONFIGURATION = """
name: seir
axes:
  age: {kind: categorical, labels: [young, old]}
  time: {kind: continuous, domain: [0, 30], size: 4, spacing: linear}
system:
  - module: opjax
    spec:
      kind: transitions
      axes:
        - {name: age, coords: [young, old]}
        - {name: time, type: continuous, coords: [0, 10, 20, 30]}
      state: ["S[age]", "E[age]", "I[age]", "R[age]"]
      aliases: {"foi[age]": "beta[time]*sum_over(C[age, age:b]*I[age:b], age=b)"}
      transitions:
        - {from: "S[age]", to: "E[age]", rate: "foi[age]", name: infection}
        - {from: "E[age]", to: "I[age]", rate: sigma, name: onset}
        - {from: "I[age]", to: "R[age]", rate: gamma, name: recovery}
      initial_state:
        "S[age]": {shaped: s0, axes: [age]}
        "I[age=young]": 0.01
engine:
  ENGINE
backend:
  - module: csv
simulate:
  demo: {times: [0, 5, 10, 15, 20, 25, 30]}
parameter:
  beta: {module: fixed, value: [0.6, 0.2, 0.8, 0.4], shape: [time]}
  c: {module: fixed, value: 1.0}
  sigma: 0.25
  gamma: 0.2
  s0: {module: fixed, value: [0.6, 0.39], shape: [age]}
"""
TIMES = np.arange(0.0, 30.1, 0.25)
"""Implicit methods of op_engine step from one of these to the next."""
CONTACTS = np.array([[1.2, 0.3], [0.4, 0.8]])


def configuration(engine: dict[str, Any], **more: Any) -> dict[str, Any]:
    text = CONFIGURATION.replace("  ENGINE", "  []").replace("C[age", "contacts[age")
    found = yaml.safe_load(text)
    del found["parameter"]["c"]
    found["parameter"]["contacts"] = {"module": "fixed", "value": CONTACTS.tolist(), "shape": ["age", "age"]}
    return {**found, "engine": [engine], **more}


def reference() -> np.ndarray:
    """The same model written by hand, solved by SciPy between the points of the table."""

    def rhs(t: float, y: np.ndarray) -> np.ndarray:
        s, e, i, _ = y.reshape(4, 2)
        beta = np.interp(t, [0, 10, 20, 30], [0.6, 0.2, 0.8, 0.4])
        infected = beta * (CONTACTS @ i) * s
        return np.concatenate([-infected, infected - 0.25 * e, 0.25 * e - 0.2 * i, 0.2 * i])

    y0 = np.array([0.6, 0.39, 0, 0, 0.01, 0, 0, 0])
    return solve_ivp(rhs, (0, 30), y0, t_eval=TIMES, rtol=1e-11, atol=1e-13, max_step=1.0).y.T


def simulated(found: dict[str, Any], xp: Any = np, count: int | None = None) -> Any:
    """The trajectory that a configuration gives, with the parameters as arrays of a namespace, at the first times."""
    simulator = Simulator.from_configuration_model(ConfigurationModel.model_validate(found))
    initial, params = simulator.resolve_inputs()
    params = {n: dataclasses.replace(p, value=xp.asarray(p.value)) for n, p in params.items()}
    spec = simulator.system.model_state(simulator.axes)
    return simulator.engine.run(simulator.system, TIMES[:count], initial, params, model_state=spec)


@pytest.fixture
def jnp() -> Iterator[Any]:
    """JAX with double precision."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    with jax.enable_x64(True):
        yield jax.numpy


@pytest.fixture(autouse=True)
def mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mend the engine where it is broken: with Python 3.11, op_engine 0.8.0 cannot make the history of its linearly
    implicit methods, whatever the system (a frozen dataclass with slots refuses the attribute that `typing` sets).
    """
    try:
        from op_engine import core_solver as solver
    except ImportError:
        return
    history = solver.MultistepHistory
    try:
        history[int](capacity=0)
    except TypeError:
        plain = type("MultistepHistory", (), {"__class_getitem__": classmethod(lambda cls, kind: history)})
        monkeypatch.setattr(solver, "MultistepHistory", plain)


METHODS = {
    "heun": 1e-3,
    "rk4": 1e-5,
    "implicit-euler": 2e-2,
    "trapezoidal": 2e-3,
    "bdf2": 2e-3,
    "ros2": 2e-3,
    "sdirk2": 2e-3,
}
"""The methods of op_engine, with how far they may be off at the step of `TIMES`."""


def with_method(method: str, **settings: Any) -> dict[str, Any]:
    """The configuration with a method of op_engine."""
    pytest.importorskip("flepimop2.engine.op_engine", reason="flepimop2-op-engine is not installed")
    config = {"method": method, "adaptive": False, **settings}
    return configuration({"module": "op_engine", "state_change": "flow", "config": config})


@pytest.mark.parametrize("method", METHODS)
def test_op_engine(method: str) -> None:
    found = simulated(with_method(method))
    np.testing.assert_allclose(found[:, 1:], reference(), rtol=0, atol=METHODS[method])


@pytest.mark.parametrize("method", ["heun", "implicit-euler", "sdirk2"])
def test_op_engine_on_jax(jnp: Any, method: str) -> None:
    found = simulated(with_method(method), jnp, 5)
    assert not isinstance(found, np.ndarray)
    np.testing.assert_allclose(np.asarray(found)[:, 1:], reference()[:5], rtol=0, atol=METHODS[method])


def test_op_engine_steps_adaptively() -> None:
    found = simulated(with_method("heun", adaptive=True, rtol=1e-7, atol=1e-9))
    np.testing.assert_allclose(found[:, 1:], reference(), rtol=0, atol=1e-5)


# --- the system itself


def built(spec: dict[str, Any], **more: Any) -> Any:
    from flepimop2.system.abc import build

    return build({"module": "opjax", "spec": spec, **more})


DECAY = {"kind": "expr", "state": ["x"], "equations": {"x": "-k*x"}, "initial_state": {"x": "x0"}}


def test_the_options_of_op_system() -> None:
    system = built(configuration({})["system"][0]["spec"])
    assert system.option("state_names")[:2] == ("S__age_young", "S__age_old")
    assert system.option("template_shapes") == dict.fromkeys("SEIR", (2,))
    assert system.option("axis_order") == ("state", "subgroup", "age", "time")
    assert system.option("axis_labels")["age"] == ("young", "old")
    assert system.option("axis_types") == {"subgroup": "categorical", "age": "categorical", "time": "continuous"}
    assert system.option("time_coordinates") == (0.0, 10.0, 20.0, 30.0)
    assert system.option("forcing_breakpoints") == ()
    entry = {"shaped": "s0", "axes": ("age",), "coords": {"age": "young"}}
    assert system.option("initial_state")["S__age_young"] == entry
    assert [r.name for r in system.option("reactions")] == ["infection", "onset", "recovery"]
    stepped = {"module": "op_engine", "state_change": "flow", "config": {"method": "heun"}}
    assert configuration(stepped)["system"][0]["module"] == "opjax"


def test_bound_parameters_are_checked_and_unwrapped() -> None:
    from flepimop2.axis import ResolvedShape
    from flepimop2.parameter.abc import ParameterValue

    system = built(DECAY)
    wrapped = ParameterValue(value=np.array(0.5), shape=ResolvedShape())
    assert system.bind(k=wrapped)(0.0, np.array([2.0])).tolist() == [-1.0]
    assert system.bind()(0.0, np.array([2.0]), k=wrapped).tolist() == [-1.0]
    assert system.bind(k=0.5, x0=1.0).pytree_stepper(0.0, {"x": np.array(2.0)}) == {"x": -1.0}
    with pytest.raises(TypeError, match="no parameter kk"):
        system.bind(kk=0.5)


def test_the_jacobian_is_that_of_the_bound_parameters() -> None:
    system = built(DECAY)
    for k in (0.5, 3.0):
        system.bind(k=k)
        for state in (np.array([2.0]), np.array([[2.0]])):
            assert system.option("rhs_jacobian")(0.0, state).tolist() == [[-k]]


def test_jax_arrays_pass_through() -> None:
    jax = pytest.importorskip("jax")
    stepper = built(DECAY).bind(k=0.5)
    state = jax.numpy.asarray([2.0], dtype="float32")
    found = jax.jit(stepper)(0.0, state)
    assert isinstance(found, jax.Array)
    assert found.dtype == state.dtype
    assert jax.grad(lambda k: stepper(0.0, state, k=k).sum())(0.5) == -2.0


def test_a_model_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "decay.ojx"
    path.write_text("model Decay:\n  params:\n    k\n  states:\n    x = 1\n  dynamics:\n    x -> 0 @ k\n")
    from flepimop2.system.abc import build

    system = build({"module": "opjax", "file": str(path)})
    assert system.bind(k=0.5)(0.0, np.array([2.0])).tolist() == [-1.0]
    assert system.option("initial_state") == {"x": 1.0}
    with pytest.raises(ValueError, match="either 'spec', the model, or 'file'"):
        build({"module": "opjax"})
