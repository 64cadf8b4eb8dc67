"""The solution of a problem as a function that JAX can trace, map and differentiate, and that never raises."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from opjax.solve.augment import accumulator_name
from opjax.solve.integrate import NOTHING, Inputs, Solved
from opjax.solve.problem import Problem
from opjax.solve.sensitivities import compiled_for
from opjax.solve.settings import Settings
from opjax.solve.untyped import jax, jnp

Array = Any


class Trajectory(NamedTuple):
    """A solution at the saved times.

    Arguments:
        times: the saved times, shape (times,).
        states: each state by name, shape (times, axes...); nan from where the solve stopped.
        incidences: what has flowed through each wanted transition since the saved time before (the first: since the
            start), by its name, shape (times, axes...).
        code: how the solve ended, as the code of an `opjax.solve.Outcome`; 0 is success.
        steps: the number of accepted steps.
        rejected: the number of rejected steps.
        stop_time: the time that was reached.
        stop_state: the state there, a flat vector.
        past: what the model asks of its past at the saved times, by the names of the leaves, shape (times, axes...).
    """

    times: Array
    states: dict[str, Array]
    incidences: dict[str, Array]
    code: Array
    steps: Array
    rejected: Array
    stop_time: Array
    stop_state: Array
    past: Mapping[str, Array] = NOTHING

    @property
    def succeeded(self) -> Array:
        """Whether the last time was reached."""
        return self.code == 0


@dataclass(frozen=True)
class Start:
    """Where a solution begins.

    Arguments:
        time: the time of the initial values.
        initial: initial values by state name, instead of the model's own.
        history: states before that time by name, see `Inputs`; without, they are what they are at that time.
    """

    time: Any
    initial: Mapping[str, Any] = field(default_factory=dict[str, Any])
    history: Mapping[str, Any] = field(default_factory=dict[str, Any])


def default_dtype() -> Any:
    """Double precision where JAX's x64 mode is on, single elsewhere."""
    return jnp.result_type(float)


def trajectory(
    problem: Problem, parameters: Mapping[str, Any], times: Any, start: Any | Start, settings: Settings
) -> Trajectory:
    """Solve a problem, inside or outside of a traced function.

    Nothing is checked that depends on values, and nothing is raised: look at `Trajectory.code`, and see to it that the
    times do not decrease, and none lies before the start.

    Arguments:
        problem: the model made ready.
        parameters: the parameters by name, arrays with the shape of their axes; those with a default may be left out.
        times: the times to save at, shape (times,).
        start: the time of the initial values, or a `Start` that brings initial values too.
        settings: how to solve; "auto" means the explicit solver here (see `opjax.solve.choose_solver`).

    Returns:
        The solution at the saved times.
    """
    inputs = inputs_for(problem, parameters, times, start)
    return named(problem, inputs, compiled_for(problem, settings)(inputs))


def inputs_for(problem: Problem, parameters: Mapping[str, Any], times: Any, start: Any | Start) -> Inputs:
    """All that a solution depends on, in the data type that JAX computes in."""
    dtype = default_dtype()
    begin = start if isinstance(start, Start) else Start(start)
    return Inputs(
        problem.arguments(parameters, dtype),
        {name: jnp.asarray(value, dtype) for name, value in begin.initial.items()},
        jnp.asarray(begin.time, dtype),
        jnp.asarray(times, dtype),
        jax.tree.map(functools.partial(jnp.asarray, dtype=dtype), dict(begin.history)),
    )


def named(problem: Problem, inputs: Inputs, solved: Solved) -> Trajectory:
    """A solution by names."""
    states = problem.unflatten(solved.states)
    accumulated = {flow: states.pop(accumulator_name(flow)) for flow in problem.flows}
    return Trajectory(
        times=inputs.times,
        states=states,
        incidences={flow: since_previous(total) for flow, total in accumulated.items()},
        code=solved.code,
        steps=solved.steps,
        rejected=solved.rejected,
        stop_time=solved.stop_time,
        stop_state=solved.stop_state,
        past={} if problem.past is None else problem.past.split(solved.states[..., problem.layout.size :]),
    )


def since_previous(accumulated: Array) -> Array:
    """What was added between one saved time and the next; at the first, since the start."""
    return jnp.concatenate([accumulated[:1], accumulated[1:] - accumulated[:-1]])
