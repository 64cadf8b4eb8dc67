"""The solver "auto": an explicit method, or an implicit one where the model is stiff.

A model is stiff where an explicit method takes steps as small as its stability asks for, and not as its accuracy would.
So the explicit method is given a number of steps. Does it not arrive, the mean step is compared with the fastest time
scale: the largest eigenvalue of the Jacobian, in absolute value, times the step. Explicit methods of order 5 are stable
up to about 3.3; where accuracy limits the steps, the product stays well below 1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from opjax.solve.integrate import Inputs, Solved
from opjax.solve.outcome import Outcome
from opjax.solve.problem import Problem
from opjax.solve.sensitivities import compiled_for
from opjax.solve.settings import Settings
from opjax.solve.trajectory import inputs_for
from opjax.solve.untyped import jax, jnp

Array = Any
EXPLICIT, IMPLICIT = "tsit5", "kvaerno5"
BUDGET = 2_000
"""The steps in which the explicit method should arrive."""
STIFF = 1.5
"""The mean step times the largest eigenvalue from which on a model is stiff."""
LARGEST = 400
"""The most states for which the implicit method, with its dense Jacobian, is worth trying."""


def choose_solver(
    problem: Problem, parameters: Mapping[str, Any], times: Any, start: Any, settings: Settings | None = None
) -> str:
    """The solver for a model with parameters like these, as a name for `Settings`; by a trial, outside of any trace.

    Arguments:
        problem: the model made ready.
        parameters: typical values by name.
        times: the times to save at, increasing.
        start: the time of the initial values, or a `Start`.
        settings: how to solve otherwise.

    Returns:
        "tsit5" or "kvaerno5".
    """
    if problem.past is not None:
        return EXPLICIT
    chosen = settings or Settings()
    inputs = inputs_for(problem, parameters, times, start)
    trial = _budgeted(problem, chosen, inputs)
    if Outcome.of(trial) is not Outcome.MAX_STEPS or not is_stiff(problem, inputs, trial):
        return EXPLICIT
    implicit = compiled_for(problem, chosen.with_solver(IMPLICIT))(inputs)
    return IMPLICIT if Outcome.of(implicit) is Outcome.SUCCESS else EXPLICIT


def solve_with_choice(problem: Problem, settings: Settings, inputs: Inputs) -> tuple[Solved, str]:
    """Solve with the solver that the settings name, or with the best of two.

    Returns:
        The solution, and the name of the solver that found it.
    """
    if settings.solver != "auto" or problem.past is not None:
        name = EXPLICIT if settings.solver == "auto" else settings.solver_name
        return compiled_for(problem, settings)(inputs), name
    trial = _budgeted(problem, settings, inputs)
    if Outcome.of(trial) is not Outcome.MAX_STEPS:
        return trial, EXPLICIT
    order = (IMPLICIT, EXPLICIT) if is_stiff(problem, inputs, trial) else (EXPLICIT, IMPLICIT)
    found: list[tuple[Solved, str]] = []
    for name in order:
        if name == IMPLICIT and problem.layout.size > LARGEST:
            continue
        solved = compiled_for(problem, settings.with_solver(name))(inputs)
        if Outcome.of(solved) is Outcome.SUCCESS:
            return solved, name
        found.append((solved, name))
    return max(found, key=lambda pair: float(pair[0].stop_time))


def _budgeted(problem: Problem, settings: Settings, inputs: Inputs) -> Solved:
    budget = min(BUDGET, settings.max_steps)
    return compiled_for(problem, dataclasses.replace(settings, solver=EXPLICIT, max_steps=budget))(inputs)


def is_stiff(problem: Problem, inputs: Inputs, solved: Solved) -> bool:
    """Whether an explicit solve was held back by stability, at the place that it reached."""
    if problem.layout.size > LARGEST or int(solved.steps) == 0:
        return False
    mean_step = float(solved.stop_time - inputs.start) / int(solved.steps)
    return mean_step * fastest_rate(problem, inputs, solved) > STIFF


def fastest_rate(problem: Problem, inputs: Inputs, solved: Solved) -> float:
    """The largest eigenvalue, in absolute value, of the Jacobian where a solve stopped; 0 if it is not finite there."""

    jacobian_of = problem.compiled("jacobian", lambda: jax.jacfwd(problem.rhs, argnums=1))
    jacobian = np.asarray(jacobian_of(solved.stop_time, jnp.asarray(solved.stop_state), inputs.parameters), float)
    if not np.isfinite(jacobian).all():
        return 0.0
    return float(np.abs(np.linalg.eigvals(jacobian)).max(initial=0.0))
