"""Where and why a solve stopped, as a sentence with a way out."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from opjax import stages
from opjax.backends import backend_for
from opjax.compile.quantities import Point, Wanted
from opjax.ir.system import System
from opjax.solve.choose import fastest_rate, is_stiff
from opjax.solve.integrate import Inputs, Solved, absolute_tolerance
from opjax.solve.outcome import Outcome
from opjax.solve.problem import Problem
from opjax.solve.settings import Settings
from opjax.solve.untyped import diffrax, jnp

Array = Any
MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Ending:
    """How a solve ended.

    Arguments:
        outcome: the kind.
        sentence: where it stopped, what was at fault, what may help; empty for a success.
    """

    outcome: Outcome
    sentence: str = ""


def ending_of(problem: Problem, settings: Settings, inputs: Inputs, solved: Solved) -> Ending:
    """How a solve ended, from its last state; `settings` name the solver that was used."""
    outcome = Outcome.of(solved)
    if outcome is Outcome.SUCCESS:
        return Ending(outcome)
    if problem.past is not None:
        return _ending_with_past(problem, settings, inputs, solved)
    broken = _not_finite(problem, inputs, solved)
    if broken and outcome is not Outcome.MAX_STEPS:
        outcome = Outcome.NOT_FINITE
    where = f"{outcome.value}: at t = {float(solved.stop_time):g} of {float(inputs.times[-1]):g}"
    culprit = broken or _largest_error(problem, settings, inputs, solved)
    ways = " or ".join(_ways_out(outcome, problem, settings, inputs, solved))
    return Ending(outcome, f"{where}{culprit}; try {ways}")


def _ending_with_past(problem: Problem, settings: Settings, inputs: Inputs, solved: Solved) -> Ending:
    """The same for a model that asks for its past, whose derivative cannot be had from its last state alone."""
    outcome = Outcome.of(solved)
    where = f"{outcome.value}: at t = {float(solved.stop_time):g} of {float(inputs.times[-1]):g}"
    assert problem.past is not None
    ahead = problem.past.ahead(problem.moment(solved.stop_time, jnp.asarray(solved.stop_state), inputs))
    if ahead is not None:
        return Ending(outcome, f"{where}, where {ahead.call} asks for the future: its lag or window is negative")
    ways = [f"more steps (max_steps={10 * settings.max_steps})"] if outcome is Outcome.MAX_STEPS else []
    ways += [] if settings.implicit else ['solver="stiff"']
    return Ending(outcome, f"{where}; try {' or '.join([*ways, 'a larger rtol', 'other parameters'])}")


def _not_finite(problem: Problem, inputs: Inputs, solved: Solved) -> str:
    """The states, aliases and flows that are not finite where the solve stopped."""
    state = jnp.asarray(solved.stop_state)
    rate = problem.rhs(solved.stop_time, state, inputs.parameters)
    cells = problem.layout.cell_names(problem.system.axes)
    for values, kind in ((state, ""), (rate, "the derivative of ")):
        bad = [cells[place] for place in np.flatnonzero(~np.isfinite(np.asarray(values)))]
        if bad:
            causes = _causes(problem.system, problem, inputs, solved)
            because = f" (because of {_listed(causes)})" if causes else ""
            return f" {kind}{_listed(bad)} {'is' if len(bad) == 1 else 'are'} not finite{because}"
    return ""


def _causes(system: System, problem: Problem, inputs: Inputs, solved: Solved) -> list[str]:
    """The first aliases and flows that are not finite."""
    named = {a.name: Wanted(a.value, a.axes) for a in (*system.aliases.values(), *system.flows.values())}
    values = stages.compile_quantities(system, named)
    if values.extras:  # incidences are not known here
        return []
    given = {name: inputs.parameters[name] for name in values.arguments.names if name in inputs.parameters}
    if len(given) < len(values.arguments.names):
        return []
    states = problem.unflatten(jnp.asarray(solved.stop_state))
    found = values(backend_for(jnp), solved.stop_state, Point(solved.stop_time, states, given))
    return [name for name, value in found.items() if not np.isfinite(np.asarray(value)).all()]


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return f"{shown}, ..." if len(names) > MOST_NAMES else shown


def _largest_error(problem: Problem, settings: Settings, inputs: Inputs, solved: Solved) -> str:
    """The state whose error is largest in a step of the mean size, in units of its tolerance."""
    state = jnp.asarray(solved.stop_state)
    step = (solved.stop_time - inputs.start) / jnp.maximum(solved.steps, 1)
    if not float(step) > 0:
        step = (inputs.times[-1] - inputs.start) * 1e-3
    error_of = problem.compiled("error", lambda: functools.partial(_error_of_step, problem))
    error = error_of(solved.stop_time, solved.stop_time + step, state, inputs.parameters)
    scale = absolute_tolerance(settings, state) + settings.rtol * jnp.abs(state)
    scaled = np.nan_to_num(np.asarray(jnp.abs(error) / scale), nan=np.inf)
    return f", where {problem.layout.cell_names(problem.system.axes)[int(np.argmax(scaled))]} has the largest error"


def _error_of_step(problem: Problem, begin: Array, end: Array, state: Array, parameters: Mapping[str, Array]) -> Array:
    """The error of one explicit step, as its method estimates it."""
    solver, term = diffrax.Tsit5(), diffrax.ODETerm(problem.rhs)
    memory = solver.init(term, begin, end, state, parameters)
    _, error, _, _, _ = solver.step(term, begin, end, state, parameters, memory, made_jump=False)
    return error


def _ways_out(outcome: Outcome, problem: Problem, settings: Settings, inputs: Inputs, solved: Solved) -> list[str]:
    ways: list[str] = []
    single = jnp.asarray(solved.stop_state).dtype == jnp.float32
    stiff = not settings.implicit and is_stiff(problem, inputs, solved)
    if stiff:
        scale = 1 / fastest_rate(problem, inputs, solved)
        ways.append(f'solver="stiff" (the fastest time scale is {scale:.2g}, too short for {settings.solver_name})')
    if outcome is Outcome.MAX_STEPS:
        ways.append(f"more steps (max_steps={10 * settings.max_steps})")
    if outcome is Outcome.NOT_CONVERGED:
        ways.append("a smaller rtol")
    if outcome in (Outcome.STEP_TOO_SMALL, Outcome.NOT_FINITE):
        ways.append("other parameters or initial values: the solution runs off to infinity, or leaves the domain there")
    if single:
        ways.append('double precision: jax.config.update("jax_enable_x64", True)')
    return ways or ["another solver"]
