"""Solving with a memory: steps of a Runge-Kutta method whose continuous extension is the past that the model asks for.

The method of steps, as in RETARD (Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, II.17): the steps
of a diffrax solver, of which all are kept with what interpolates between their ends. The steps end where a lag carries
the start (and every jump of a table) to, since the solution is not smooth there; such places move with the lags, and
are differentiated with them. Where a step is longer than a lag, or an integral runs up to now, the answers depend on
the step that is being taken: it is taken again with its own interpolant, until it no longer changes (Bellen and
Zennaro, Numerical Methods for Delay Differential Equations, chapter 6).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from opjax.solve.integrate import Inputs, Solved, absolute_tolerance, norm_of_state
from opjax.solve.memory import Known, Memory, Piece, answers, empty_memory, rate, remembered, states_at
from opjax.solve.outcome import Outcome
from opjax.solve.past import Moment, Past
from opjax.solve.problem import Problem
from opjax.solve.settings import Settings
from opjax.solve.stepping import SMALLEST_PART, SMALLEST_STEP
from opjax.solve.untyped import diffrax, eqx, jax, jnp, lax

Array = Any
ROOM = 2**24
"""The most numbers that the memory of a solution holds."""
GENERATIONS = 6
"""How often a lag carries a place where the solution is not smooth: each time it is smoother by one derivative."""
MOST_PLACES = 256
"""The most places to which the solver steps."""
APART = 1e3
"""How far apart such places are, in last digits of the time, to be two."""
ITERATIONS = 8
"""How often a step is taken again before it is made shorter."""
UNCHANGED = 0.02
"""The change, in units of the tolerance, below which a step is not taken again."""
SAFETY, SHRINK, GROW, RETRY = 0.9, 0.2, 10.0, 0.3
"""Of the next step: its error would be tolerable, times 0.9, within these bounds; and after one that did not settle."""


class State(NamedTuple):
    """Where the solver stands: the steps so far, the present, the size of the next step, and what was counted."""

    memory: Memory
    time: Array
    value: Array
    step: Array
    carried: Any
    latest: Piece
    jumped: Array
    rejected: Array
    code: Array


class Taken(NamedTuple):
    """One step as the diffrax solver takes it."""

    value: Array
    error: Array
    dense: Any
    carried: Any
    fine: Array


class Attempt(NamedTuple):
    """A step that may be taken again, what is guessed of it then, and by how much it has changed."""

    taken: Taken
    guess: Piece
    change: Array
    count: Array


def solve_delayed(problem: Problem, settings: Settings, inputs: Inputs) -> Solved:
    """Solve a problem that asks for its past; by forward mode differentiable in all inputs, the lags included.

    Returns:
        The solution; behind the states stand the answers at the saved times.
    """
    assert problem.past is not None
    first = problem.initial(inputs.parameters, inputs.initial, inputs.times.dtype)
    solver = _Solver(problem, problem.past, settings, inputs, first)
    return solver.solved(lax.while_loop(solver.unfinished, solver.step, solver.begin()))


@dataclass(eq=False)
class _Solver:
    problem: Problem
    past: Past
    settings: Settings
    inputs: Inputs
    first: Array
    atol: Any = field(init=False)
    method: Any = field(init=False)
    term: Any = field(init=False)
    lags: Array = field(init=False)
    places: Array = field(init=False)

    def __post_init__(self) -> None:
        inputs, problem, settings = self.inputs, self.problem, self.settings
        self.atol = absolute_tolerance(settings, self.first)
        self.method = _method(settings, self.atol)

        def derivative(time: Array, value: Array, known: Known) -> Array:
            return rate(problem, settings, time, value, known)

        self.term = diffrax.ODETerm(derivative)
        moment = Moment(inputs.start, problem.unflatten(self.first), inputs.parameters, inputs.start)
        self.lags = self.past.lags(moment)
        jumps = problem.jumps(inputs.parameters, self.first.dtype)
        self.places = places_of(inputs.start, self.lags, jumps)

    @property
    def adaptive(self) -> bool:
        """Whether the method estimates its errors."""
        return isinstance(self.method, diffrax.AbstractAdaptiveSolver)

    # --- the beginning and the end

    def begin(self) -> State:
        """The state before the first step."""
        start, first = self.inputs.start, self.first

        def unchanged(time: Array, value: Array, known: None) -> Array:
            return value

        plain = diffrax.ODETerm(unchanged)

        def once(value: Array) -> Any:
            carried = self.method.init(plain, start, start + 1, value, None)
            *_, dense, carried, _ = self.method.step(plain, start, start + 1, value, None, carried, True)
            return dense, carried

        dense, carried = jax.tree.map(_zeros, jax.eval_shape(once, first))
        memory, latest = empty_memory(dense, self.room(dense), start), Piece(start, start + 1, dense)
        zero = jnp.asarray(0, jnp.int32)
        step = self.first_step(Known(self.inputs, first, memory, latest, jnp.asarray(True), start, start))
        return State(memory, start, first, step, carried, latest, jnp.asarray(True), zero, zero)

    def room(self, dense: Any) -> int:
        """The most steps that are kept."""
        size = sum(leaf.size for leaf in jax.tree.leaves(dense))
        return max(min(self.settings.max_steps, ROOM // max(size, 1)), 1)

    def first_step(self, known: Known) -> Array:
        """The size of the first step: a hundredth of what would change the state by itself."""
        if self.settings.dt0 is not None:
            return jnp.asarray(self.settings.dt0, self.first.dtype)
        whole = self.inputs.times[-1] - self.inputs.start
        slope = rate(self.problem, self.settings, self.inputs.start, self.first, known)
        scale = self.scale(self.first)
        value, change = norm_of_state(self.first / scale), norm_of_state(slope / scale)
        step = jnp.where((value > 1e-5) & (change > 1e-5), 0.01 * value / change, 1e-4 * whole)
        return lax.stop_gradient(jnp.minimum(step, whole))

    def solved(self, final: State) -> Solved:
        """The solution at the saved times."""
        times, start = self.inputs.times, self.inputs.start
        blank = final.memory.count == 0
        known = Known(self.inputs, self.first, final.memory, final.latest, blank, start, final.time)
        states = states_at(self.problem, self.settings, known, times)

        def asked(time: Array, value: Array) -> Array:
            found = answers(self.problem, self.settings, time, value, known)
            return jnp.concatenate([answer.reshape(-1) for answer in found.values()])

        rows = jnp.concatenate([states, jax.vmap(asked)(times, states)], axis=1)
        return Solved(
            states=jnp.where((times <= final.time)[:, None], rows, jnp.nan),
            code=final.code,
            steps=final.memory.count,
            rejected=final.rejected,
            stop_time=final.time,
            stop_state=final.value,
        )

    def unfinished(self, state: State) -> Array:
        """Whether there is a step to be taken."""
        return (state.code == Outcome.SUCCESS.code) & (state.time < self.inputs.times[-1])

    # --- one step

    def step(self, state: State) -> State:
        """Take a step, and keep it if it is accurate."""
        end, landed = self.end(state)
        taken, settled = self.taken(state, end)
        size = self.error(state, taken)
        keep = settled & taken.fine & (size < 1)
        tried = end - state.time
        factor = jnp.clip(SAFETY * size ** (-1 / self.order), SHRINK, GROW)
        factor = jnp.where(settled, jnp.where(jnp.isfinite(size), factor, SHRINK), RETRY)
        step = jnp.where(keep & landed, jnp.maximum(tried * factor, state.step), tried * factor)
        step = lax.stop_gradient(step if self.adaptive else state.step)
        piece = Piece(state.time, end, taken.dense)
        memory = remembered(state.memory, piece, keep)

        def chosen(new: Array, old: Array) -> Array:
            return jnp.where(keep, new, old)

        new = (end, taken.value, taken.carried, piece, landed)
        old = (state.time, state.value, state.carried, state.latest, state.jumped)
        time, value, carried, latest, jumped = jax.tree.map(chosen, new, old)
        rejected = state.rejected + ~keep
        code = self.code(keep, step, State(memory, time, value, step, carried, latest, jumped, rejected, state.code))
        return State(memory, time, value, step, carried, latest, jumped, rejected, code)

    @property
    def order(self) -> Any:
        """The order of the error of one step."""
        return self.method.error_order(self.term) if self.adaptive else 1

    def end(self, state: State) -> tuple[Array, Array]:
        """The end of the next step, and whether it is a place where the solution may not be smooth."""
        sizes = jnp.abs(state.time) + jnp.abs(self.inputs.start)
        apart = APART * jnp.finfo(sizes.dtype).eps * sizes
        ahead = jnp.where(self.places > state.time + apart, self.places, jnp.inf)
        limit = jnp.minimum(jnp.min(ahead, initial=jnp.inf), self.inputs.times[-1])
        landed = state.time + state.step * (1 + 1e-6) >= limit
        return jnp.where(landed, limit, state.time + state.step), landed

    def taken(self, state: State, end: Array) -> tuple[Taken, Array]:
        """The step, taken until it does not change any more; and whether it has come to that."""

        def once(guess: Piece, fresh: Array) -> Taken:
            blank = fresh & (state.memory.count == 0)
            known = Known(self.inputs, self.first, state.memory, guess, blank, state.time, end)
            begin, value = state.time, state.value
            found = self.method.step(self.term, begin, end, value, known, state.carried, state.jumped)
            value, error, dense, carried, result = found
            fine = (result == diffrax.RESULTS.successful) & jnp.isfinite(value).all()
            return Taken(value, jnp.zeros_like(value) if error is None else error, dense, carried, fine)

        asks = self.asks_for_itself(end - state.time)

        def again(found: Attempt) -> Attempt:
            taken = once(found.guess, found.count == 0)
            difference = (taken.value - found.taken.value) / self.scale(taken.value)
            change = jnp.where(found.count == 0, jnp.inf, lax.stop_gradient(norm_of_state(difference)))
            return Attempt(taken, Piece(state.time, end, taken.dense), change, found.count + 1)

        def unsettled(found: Attempt) -> Array:
            return (found.count == 0) | (asks & ~(found.change <= UNCHANGED) & (found.count < ITERATIONS))

        nothing = Taken(state.value, jnp.zeros_like(state.value), state.latest.dense, state.carried, jnp.asarray(True))
        found = Attempt(nothing, state.latest, jnp.asarray(jnp.inf, end.dtype), jnp.asarray(0, jnp.int32))
        found = lax.while_loop(unsettled, again, found)
        return found.taken, (found.change <= UNCHANGED) | ~asks

    def asks_for_itself(self, step: Array) -> Array:
        """Whether a step of this size may ask for what it is about to compute."""
        if self.past.reaches_now:
            return jnp.asarray(True)
        return jnp.min(self.lags) < step * (1 - 1e-9)

    def scale(self, value: Array) -> Array:
        """What is tolerable at a state."""
        return lax.stop_gradient(self.atol + self.settings.rtol * jnp.abs(value))

    def error(self, state: State, taken: Taken) -> Array:
        """The error of a step, in units of what is tolerable."""
        larger = jnp.maximum(jnp.abs(state.value), jnp.abs(taken.value))
        return lax.stop_gradient(norm_of_state(taken.error / self.scale(larger)))

    def code(self, keep: Array, step: Array, state: State) -> Array:
        """How the solve has ended, if it has; 0 while it goes on."""
        eps = jnp.finfo(step.dtype).eps
        floor = SMALLEST_STEP * eps * jnp.abs(state.time) + SMALLEST_PART * (self.inputs.times[-1] - self.inputs.start)
        stuck = ~keep & ((step <= floor) | jnp.asarray(not self.adaptive))
        full = state.memory.count >= state.memory.times.shape[0] - 1
        many = full | (state.memory.count + state.rejected >= self.settings.max_steps)
        many = many & (state.time < self.inputs.times[-1])
        code = jnp.where(many, Outcome.MAX_STEPS.code, Outcome.SUCCESS.code)
        return jnp.where(stuck, Outcome.STEP_TOO_SMALL.code, code).astype(jnp.int32)


def places_of(start: Array, lags: Array, jumps: Array | None) -> Array:
    """Where the solution may not be smooth: the start and the jumps of tables, carried on by the lags.

    Arguments:
        start: where the past ends.
        lags: the constant lags, shape (lags,).
        jumps: where the right-hand side jumps by itself, or None.
    """
    sums = start + jnp.asarray(_multiples(lags.size), start.dtype) @ lags
    if jumps is None:
        return sums
    carried = (jumps[:, None] + lags).reshape(-1) if jumps.size * lags.size <= MOST_PLACES else jumps
    return jnp.concatenate([sums, jumps, carried])


def _multiples(count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """How often each lag is added, for sums of one lag, of two, and so on, as many as are kept."""
    rows: list[list[int]] = []
    for generation in range(1, GENERATIONS + 1):
        sums = itertools.combinations_with_replacement(range(count), generation)
        new = [[chosen.count(lag) for lag in range(count)] for chosen in itertools.islice(sums, MOST_PLACES + 1)]
        if len(rows) + len(new) > MOST_PLACES:
            break
        rows += new
    return np.asarray(rows, float).reshape(len(rows), count)


def _zeros(like: Any) -> Array:
    return jnp.zeros(like.shape, like.dtype)


def _method(settings: Settings, atol: Any) -> Any:
    """The diffrax solver, with loops that go through forward mode; an implicit one solves to the tolerance of steps."""
    solver = settings.diffrax_solver
    if isinstance(solver, diffrax.AbstractERK | diffrax.AbstractDIRK) and solver.scan_kind is None:
        solver = eqx.tree_at(_scan_kind, solver, "lax", is_leaf=_is_none)
    if not settings.implicit or not isinstance(settings.solver, str):
        return solver
    return eqx.tree_at(_root_finder, solver, diffrax.VeryChord(settings.rtol, atol, norm=norm_of_state))


def _scan_kind(solver: Any) -> Any:
    return solver.scan_kind


def _root_finder(solver: Any) -> Any:
    return solver.root_finder


def _is_none(leaf: object) -> bool:
    return leaf is None
