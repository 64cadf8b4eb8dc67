"""What a compiled solve is made of: one data type, no way back to Python, one trace."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from leaks import checking_leaks
from opjax.solve import Settings, problem_for, trajectory
from opjax.solve.integrate import Inputs
from opjax.solve.sensitivities import solver_for
from solve.texts import DECAY, SIR


@pytest.mark.parametrize("name", ["sir", "seir_age"])
def test_single_precision_stays_single_under_x64(read, trace, name):
    """diffrax raises the state to double precision for a Python float or a double among the times."""
    problem, single = problem_for(read(name)), jnp.float32
    times = jnp.linspace(0, 20, 5, dtype=single)
    inputs = Inputs(problem.arguments({}, single), {}, times[0], times)
    solve = solver_for(problem, Settings(solver="tsit5", rtol=1e-4))

    def derivative(inputs):
        return jax.jvp(solve, (inputs,), (jax.tree.map(jnp.ones_like, inputs),))

    for function in (solve, derivative):
        for equation in trace(function, inputs):
            types = [v.aval.dtype for v in equation.outvars if hasattr(v.aval, "dtype") and v.aval.ndim]
            assert jnp.float64 not in types, equation
    assert jax.eval_shape(solve, inputs).states.dtype == single


@pytest.mark.parametrize("solver", ["tsit5", "kvaerno5"])
def test_no_callbacks(read, trace, solver):
    """With a callback to Python a program is not kept in JAX's compilation cache."""
    problem, settings = problem_for(read(SIR)), Settings(solver=solver)

    def loss(beta, times):
        return jnp.sum(trajectory(problem, {"beta": beta}, times, 0.0, settings).states["I"])

    names = {e.primitive.name for e in trace(jax.value_and_grad(loss), 0.4, jnp.arange(3.0))}
    assert not {name for name in names if "callback" in name}
    assert "while" in names


def test_repeated_calls_trace_once(read, monkeypatch):
    problem, traced = problem_for(read(DECAY)), []
    settings = Settings(solver="tsit5", rtol=1e-3)
    plain = problem.rhs

    def counted(time, state, parameters):
        traced.append(1)
        return plain(time, state, parameters)

    monkeypatch.setattr(problem, "rhs", counted)
    trajectory(problem, {"k": 0.5}, [0.0, 1.0], 0.0, settings)
    first = len(traced)
    assert first > 0
    for k in (0.1, 0.2):
        run = trajectory(problem, {"k": k, "x0": 3.0}, [0.0, 2.0], 0.0, settings)
        np.testing.assert_allclose(run.states["x"][-1], 3 * np.exp(-2 * k), rtol=1e-2)
    again = problem_for(read(DECAY.replace("model Decay:", "model Decay:  # a comment")))
    trajectory(again, {}, [0.0, 5.0], 0.0, settings)
    assert len(traced) == first


def test_other_incidences_or_labels_are_another_problem(read):
    checked = read(SIR)
    assert problem_for(checked) is problem_for(read(SIR))
    assert problem_for(checked) != problem_for(checked, ["infection"])
    assert problem_for(checked, ["infection"]) is problem_for(checked, ["infection", "infection"])


def test_a_solve_may_be_traced_with_abstract_values(read):
    problem = problem_for(read(SIR))

    def solve(beta, times, start):
        return trajectory(problem, {"beta": beta}, times, start, Settings(solver="tsit5"))

    scalar = jax.ShapeDtypeStruct((), jnp.float64)
    with jax.numpy_dtype_promotion("strict"), checking_leaks():
        found = jax.eval_shape(solve, scalar, jax.ShapeDtypeStruct((7,), jnp.float64), scalar)
    assert found.states["I"].shape == (7,)
    assert found.code.shape == ()
