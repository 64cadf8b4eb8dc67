"""The choice of the solver."""

from __future__ import annotations

import numpy as np
import pytest

from opjax.solve import Settings, choose_solver, problem_for
from opjax.solve.choose import EXPLICIT, IMPLICIT, fastest_rate, is_stiff, solve_with_choice
from opjax.solve.outcome import Outcome
from opjax.solve.sensitivities import compiled_for
from opjax.solve.trajectory import inputs_for
from solve.texts import BLOW_UP, LOTKA_VOLTERRA, ROBERTSON, SIR, VAN_DER_POL

CASES = [
    (SIR, 160.0, EXPLICIT),
    (LOTKA_VOLTERRA, 20.0, EXPLICIT),
    (ROBERTSON, 1e5, IMPLICIT),
    (VAN_DER_POL, 2000.0, IMPLICIT),
    (BLOW_UP, 2.0, EXPLICIT),
]


@pytest.mark.parametrize(("text", "end", "wanted"), CASES, ids=["sir", "lotka", "robertson", "van-der-pol", "blow-up"])
def test_the_choice(read, text, end, wanted):
    assert choose_solver(problem_for(read(text)), {}, [0.0, end], 0.0) == wanted


def test_a_long_oscillation_is_not_stiff(read):
    """It takes more steps than the budget, and they are as large as accuracy allows."""
    problem = problem_for(read(LOTKA_VOLTERRA))
    settings = Settings(rtol=1e-8)
    inputs = inputs_for(problem, {}, [0.0, 1500.0], 0.0)
    solved, name = solve_with_choice(problem, settings, inputs)
    assert name == EXPLICIT
    assert Outcome.of(solved) is Outcome.SUCCESS
    assert int(solved.steps) > 2000


def test_a_stiff_solve_is_found_again_with_the_other_solver(read):
    problem = problem_for(read(ROBERTSON))
    inputs = inputs_for(problem, {}, [0.0, 40.0], 0.0)
    solved, name = solve_with_choice(problem, Settings(), inputs)
    assert (name, Outcome.of(solved)) == (IMPLICIT, Outcome.SUCCESS)
    np.testing.assert_allclose(solved.states[-1], [7.158270688e-01, 9.185534765e-06, 2.841637457e-01], rtol=1e-5)


def test_a_named_solver_is_used(read):
    problem = problem_for(read(SIR))
    solved, name = solve_with_choice(
        problem, Settings(solver="heun", rtol=1e-3), inputs_for(problem, {}, [0.0, 9.0], 0.0)
    )
    assert name == "heun"
    assert Outcome.of(solved) is Outcome.SUCCESS


def test_the_fastest_rate_is_the_largest_eigenvalue(read):
    problem = problem_for(read(VAN_DER_POL))
    settings = Settings(solver=EXPLICIT, max_steps=2000)
    inputs = inputs_for(problem, {}, [0.0, 1.0], 0.0)
    solved = compiled_for(problem, settings)(inputs)
    x, v = np.asarray(solved.stop_state)
    wanted = np.abs(np.linalg.eigvals([[0, 1], [-2000 * x * v - 1, 1000 * (1 - x * x)]])).max()
    assert fastest_rate(problem, inputs, solved) == pytest.approx(wanted, rel=1e-12)
    assert is_stiff(problem, inputs, solved)
    assert not is_stiff(problem, inputs, solved._replace(steps=np.int32(0)))
