"""How solves end: never with an exception, early where they are stuck, with a sentence that helps."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from opjax.errors import OpjaxError, OpjaxWarning
from opjax.solve import Outcome, Settings, problem_for, simulate, trajectory
from solve.texts import BLOW_UP, ROBERTSON, SIR, VAN_DER_POL

LOGARITHM = """
model Logarithm:
  params:
    a = 1
  states:
    x = 1
    y = 2
  let:
    growth = log(x)
  dynamics:
    x' = -a
    y' = growth
"""


def test_a_solution_that_runs_off_to_infinity(read):
    with pytest.warns(OpjaxWarning, match="steps became too small") as warned:
        run = simulate(read(BLOW_UP), {}, [0.0, 0.5, 0.9, 1.5, 2.0])
    assert run.outcome is Outcome.STEP_TOO_SMALL
    np.testing.assert_allclose(run["x"][:3], [1.0, 2.0, 10.0], rtol=1e-4)
    assert np.isnan(run["x"][3:]).all()
    assert run.stats.stop_time == pytest.approx(1.0, abs=1e-4)
    assert run.stats.accepted + run.stats.rejected < 600  # and not all that are allowed
    assert "at t = 1 of 2" in run.message
    assert "runs off to infinity" in run.message
    assert str(warned[0].message) == run.message


def test_a_derivative_that_does_not_exist(read):
    with pytest.warns(OpjaxWarning, match="not a finite number"):
        run = simulate(read(LOGARITHM), {}, [0.0, 0.5, 3.0], initial={"x": -1.0})
    assert run.outcome is Outcome.NOT_FINITE
    assert "the derivative of y is not finite (because of growth)" in run.message
    assert run.stats.accepted + run.stats.rejected < 100


def test_a_parameter_that_is_no_number(read):
    with pytest.warns(OpjaxWarning, match="not finite"):
        run = simulate(read(SIR), {"beta": np.nan}, [0.0, 1.0])
    assert run.outcome is Outcome.NOT_FINITE
    assert "the derivative of S, I are not finite" in run.message
    assert run.stats.rejected < 50
    assert float(run["S"][0]) == 990


def test_too_few_steps_for_a_stiff_model(read):
    with pytest.warns(OpjaxWarning, match="most steps"):
        run = simulate(read(ROBERTSON), {}, [0.0, 40.0], solver="tsit5", max_steps=1000)
    assert run.outcome is Outcome.MAX_STEPS
    assert 'solver="stiff"' in run.message
    assert "max_steps=10000" in run.message
    assert "B has the largest error" in run.message


def test_too_few_steps_for_a_model_that_is_not_stiff(read):
    with pytest.warns(OpjaxWarning, match="most steps"):
        run = simulate(read(SIR), {}, [0.0, 100.0], max_steps=10)
    assert "stiff" not in run.message
    assert "max_steps=100" in run.message


def test_single_precision_is_named_as_a_cause(read):
    with jax.enable_x64(False), pytest.warns(OpjaxWarning, match="jax_enable_x64"):
        run = simulate(read(BLOW_UP), {}, [0.0, 2.0], rtol=1e-4)
    assert "double precision" in run.message


def test_a_failure_becomes_an_exception_on_request(read):
    with pytest.warns(OpjaxWarning):
        run = simulate(read(BLOW_UP), {}, [0.0, 2.0])
    with pytest.raises(OpjaxError, match=r"E0923.*\n.*at t = 1 of 2"):
        run.raise_if_failed()


def test_a_success_is_silent(read):
    run = simulate(read(SIR), {}, [0.0, 10.0])
    assert (run.outcome, run.message) == (Outcome.SUCCESS, "")
    assert run.raise_if_failed() is run


def test_stuck_lanes_end_early(read):
    """In a batch the lanes wait for the slowest: it must not go on to the last allowed step."""
    problem = problem_for(read(VAN_DER_POL))

    def steps(mu):
        run = trajectory(problem, {"mu": mu}, [0.0, 1.0], 0.0, Settings(solver="tsit5", max_steps=100_000))
        return run.steps + run.rejected, run.code

    counts, codes = jax.vmap(steps)(jnp.asarray([1.0, jnp.nan, jnp.inf]))
    assert codes.tolist() == [0, Outcome.STEP_TOO_SMALL.code, Outcome.STEP_TOO_SMALL.code]
    assert max(counts.tolist()) < 100


def test_an_outcome_is_its_message():
    assert Outcome.SUCCESS.code == 0
    assert len({outcome.value for outcome in Outcome}) == len(Outcome)
    assert all(outcome.value[0].islower() for outcome in Outcome)
