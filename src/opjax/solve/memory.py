"""The solution so far: all steps with what interpolates within them, and what was before the start."""

from __future__ import annotations

from typing import Any, NamedTuple

from opjax.solve.integrate import Inputs
from opjax.solve.past import Moment
from opjax.solve.problem import Problem
from opjax.solve.settings import Settings
from opjax.solve.untyped import jax, jnp, lax

Array = Any
SIDE = 64.0
"""How far, in last digits of the time, a moment is moved into the step that it belongs to."""


class Piece(NamedTuple):
    """One step, with what interpolates between its ends."""

    begin: Array
    end: Array
    dense: Any


class Memory(NamedTuple):
    """The steps so far.

    Arguments:
        times: the ends of the steps, the start first; infinite where there are none yet.
        dense: what interpolates within each step.
        count: the number of steps.
    """

    times: Array
    dense: Any
    count: Array


class Known(NamedTuple):
    """What the derivative within a step is computed from.

    Arguments:
        inputs: parameters, start, and what was before it.
        first: the state at the start.
        memory: the steps so far.
        guess: the step that is being taken, as far as it is known: the one before, or itself when it is taken again.
        blank: whether nothing is known of it; the state then counts as what it is at the beginning.
        begin, end: of the step.
    """

    inputs: Inputs
    first: Array
    memory: Memory
    guess: Piece
    blank: Array
    begin: Array
    end: Array


def empty_memory(dense: Any, room: int, start: Array) -> Memory:
    """A memory without steps, with room for so many; `dense` has the shapes of what interpolates within one."""

    def for_all(leaf: Array) -> Array:
        return jnp.zeros((room, *leaf.shape), leaf.dtype)

    many = jax.tree.map(for_all, dense)
    times = jnp.full((room + 1,), jnp.inf, start.dtype)
    return Memory(lax.dynamic_update_index_in_dim(times, start, 0, 0), many, jnp.asarray(0, jnp.int32))


def remembered(memory: Memory, piece: Piece, keep: Array) -> Memory:
    """The memory with one more step, if it is kept; one that is not kept is written over by the next."""
    place = memory.count

    def put(many: Array, one: Array) -> Array:
        return lax.dynamic_update_index_in_dim(many, one, place, 0)

    dense = jax.tree.map(put, memory.dense, piece.dense)
    end = jnp.where(keep, piece.end, jnp.inf)
    times = lax.dynamic_update_index_in_dim(memory.times, end, place + 1, 0)
    return Memory(times, dense, place + keep)


def states_at(problem: Problem, settings: Settings, known: Known, times: Array) -> Array:
    """The flat states at earlier times, shape (times, states)."""
    memory, guess, start = known.memory, known.guess, known.inputs.start
    room = memory.times.shape[0] - 1

    def at(time: Array) -> Array:
        place = jnp.searchsorted(memory.times, time, side="right", method="scan") - 1
        now, place = place >= memory.count, jnp.clip(place, 0, room - 1)

        def of(many: Array, latest: Array) -> Array:
            return jnp.where(now, latest, lax.dynamic_index_in_dim(many, place, 0, keepdims=False))

        dense = jax.tree.map(of, memory.dense, guess.dense)
        begin, end = of(memory.times, guess.begin), of(memory.times[1:], guess.end)
        value = settings.diffrax_solver.interpolation_cls(t0=begin, t1=end, **dense).evaluate(time)
        value = jnp.where(now & known.blank, known.first, value)
        return jnp.where(time < start, problem.before(time, known.first, known.inputs.history), value)

    return jax.vmap(at)(times)


def rate(problem: Problem, settings: Settings, time: Array, value: Array, known: Known) -> Array:
    """The derivative within a step.

    At its ends the answers may jump. So both ends count as inside: they are moved there by a few last digits.
    """
    sizes = jnp.abs(known.begin) + jnp.abs(known.end) + jnp.abs(known.inputs.start)
    furthest = SIDE * jnp.finfo(value.dtype).eps * sizes
    inside = time + lax.stop_gradient(jnp.clip((known.begin + known.end) / 2 - time, -furthest, furthest))
    return problem.rhs(inside, value, known.inputs.parameters, answers(problem, settings, inside, value, known))


def answers(problem: Problem, settings: Settings, time: Array, value: Array, known: Known) -> dict[str, Array]:
    """What the model asks of its past at one time, by the names of the leaves."""
    assert problem.past is not None

    def lookup(times: Array) -> dict[str, Array]:
        return problem.unflatten(states_at(problem, settings, known, times))

    moment = Moment(time, problem.unflatten(value), known.inputs.parameters, known.inputs.start)
    return problem.past.answers(moment, lookup, settings.quadrature)
