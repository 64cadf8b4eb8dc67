"""One call of diffrax, for a state vector alone or with the derivatives of the state as further rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from opjax.solve.outcome import outcome_code
from opjax.solve.problem import Problem
from opjax.solve.settings import Settings
from opjax.solve.stepping import SavesAt, StopsWhenStuck
from opjax.solve.untyped import diffrax, jax, jnp, lax

Array = Any
NOTHING: Mapping[str, Any] = {}
ATOL = 1e-3
"""The absolute tolerance in units of the relative one; see `Settings`."""

EXPLICIT_WEIGHTS = {"pcoeff": 0.0, "icoeff": 1.0}
IMPLICIT_WEIGHTS = {"pcoeff": 0.3, "icoeff": 0.3}
"""Of the step size controller. Without the proportional part implicit methods reject half of their steps: with it,
Robertson's reactions to 4e5 take 331 steps instead of 574, and Van der Pol's oscillator (mu = 1000) to 2000 takes 2,902
instead of 4,978."""


class Inputs(NamedTuple):
    """What a solution depends on, all in the data type of the state.

    Arguments:
        parameters: all parameters by name.
        initial: initial values by state name, instead of the model's own.
        start: the time of the initial values.
        times: the times to save at, not decreasing, none before the start, shape (times,).
        history: states before the start by name, where they are not what they are at the start: a value, times and
            values, or a function of the time as a `jax.tree_util.Partial`.
    """

    parameters: Mapping[str, Array]
    initial: Mapping[str, Array]
    start: Array
    times: Array
    history: Mapping[str, Any] = NOTHING


class Solved(NamedTuple):
    """What the solver found.

    Arguments:
        states: the flat states at the saved times, shape (times, states); nan from where it stopped. Where the model
            asks for its past, the answers stand behind the states.
        code: how it ended, as the code of an `opjax.solve.Outcome`.
        steps, rejected: the numbers of steps accepted and rejected.
        stop_time, stop_state: what was reached.
    """

    states: Array
    code: Array
    steps: Array
    rejected: Array
    stop_time: Array
    stop_state: Array


Field = Callable[[Array, Array, Inputs], Array]


def solve(problem: Problem, settings: Settings, inputs: Inputs) -> Solved:
    """Solve a problem; differentiable as diffrax's adjoint is."""

    def field(time: Array, state: Array, known: Inputs) -> Array:
        return problem.rhs(time, state, known.parameters)

    first = problem.initial(inputs.parameters, inputs.initial, inputs.times.dtype)
    return integrate(settings, field, first, inputs, problem.jumps(inputs.parameters, inputs.times.dtype))


def integrate(settings: Settings, field: Field, first: Array, inputs: Inputs, jumps: Array | None = None) -> Solved:
    """Solve from the start to the last time.

    Arguments:
        settings: how.
        field: the time derivative of `first`, given time, value and inputs.
        first: the state at the start, shape (states,), or rows of which the first is the state and steers the steps.
        inputs: start and times, and what `field` needs.
        jumps: times at which the field jumps, shape (jumps,), to which the solver steps.

    Returns:
        The solution; its states have the shape (times, *first.shape).
    """
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(field),
        settings.diffrax_solver,
        inputs.start,
        inputs.times[-1],
        None if settings.dt0 is None else jnp.asarray(settings.dt0, first.dtype),
        first,
        inputs,
        saveat=diffrax.SaveAt(t1=True),
        stepsize_controller=_controller(settings, first, jumps),
        adjoint=SavesAt(settings.diffrax_adjoint, inputs.times),
        max_steps=settings.max_steps,
        throw=False,
    )
    return _solved(solution, inputs.times)


def _solved(solution: Any, times: Array) -> Solved:
    """Take the rows that were saved, and the one behind them: where the solve stopped."""
    saved_at, rows = solution.ts, solution.ys
    assert saved_at is not None
    count = times.shape[0]
    reached = (saved_at[:count] == times).reshape(count, *(1 for _ in rows.shape[1:]))
    last = jnp.sum(jnp.isfinite(saved_at)) - 1
    return Solved(
        states=jnp.where(reached, rows[:count], jnp.nan),
        code=outcome_code(solution.result),
        steps=solution.stats["num_accepted_steps"],
        rejected=solution.stats["num_rejected_steps"],
        stop_time=lax.dynamic_index_in_dim(saved_at, last, keepdims=False),
        stop_state=lax.dynamic_index_in_dim(rows, last, keepdims=False),
    )


def _controller(settings: Settings, first: Array, jumps: Array | None) -> Any:
    solver = settings.diffrax_solver
    if not isinstance(solver, diffrax.AbstractAdaptiveSolver):
        return diffrax.ConstantStepSize()
    atol = absolute_tolerance(settings, _state(first))
    weights = IMPLICIT_WEIGHTS if settings.implicit else EXPLICIT_WEIGHTS
    controller = StopsWhenStuck(diffrax.PIDController(rtol=settings.rtol, atol=atol, norm=norm_of_state, **weights))
    return controller if jumps is None else diffrax.ClipStepSizeController(controller, jump_ts=jumps)


def absolute_tolerance(settings: Settings, state: Array) -> float | Array:
    """The absolute tolerance, for a solution that begins at this state."""
    if settings.atol is not None:
        return settings.atol
    largest = jnp.max(jnp.abs(lax.stop_gradient(state)))
    scale = jnp.where(largest > 0, jnp.minimum(largest, 1.0), 1.0)
    return scale * (ATOL * settings.rtol)


def norm_of_state(error: Array) -> Array:
    """The root mean square of the scaled error of the state; derivatives that are solved along do not count."""
    return jnp.sqrt(jnp.mean(jnp.square(_state(error))))


def _state(rows: Array) -> Array:
    return rows if rows.ndim == 1 else rows[0]


def zeros_like(solved: Solved) -> Solved:
    """A solution's tangent that is zero."""
    return jax.tree.map(_zero_tangent, solved)


def _zero_tangent(value: Array) -> Array:
    return jnp.zeros_like(value) if jnp.issubdtype(value.dtype, jnp.inexact) else _no_tangent(value)


def _no_tangent(value: Array) -> Array:
    import numpy as np

    return np.zeros(value.shape, jax.dtypes.float0)
