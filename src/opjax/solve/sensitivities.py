"""Solutions that can be differentiated in both modes, by sensitivities that are solved along with the states.

With S = dy/dp, the state y' = f(t, y, p) brings S' = (df/dy) S + df/dp (the variational equations). The rows of S take
the steps that the state wants, so that for an explicit Runge-Kutta method S is exactly the derivative of the numerical
solution. It is one solve, forward in time, without anything saved for a way back; and its result is a matrix, so that
JAX may use it for tangents (forward mode) and for cotangents (reverse mode) alike.

Only those inputs are differentiated that depend on what is differentiated: a matrix of contacts that is data costs
nothing. A failed solve has the derivative zero, so that a masked log-density has one too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from opjax.compile.arguments import refuse
from opjax.errors import catalogue
from opjax.solve.delayed import solve_delayed
from opjax.solve.integrate import Inputs, Solved, integrate, solve, zeros_like
from opjax.solve.one_kernel import OneKernel
from opjax.solve.problem import Problem
from opjax.solve.settings import Settings
from opjax.solve.untyped import SymbolicZero, jax, jnp, ravel_pytree

Array = Any
Solver = Callable[[Inputs], Solved]
Function = Callable[..., Any]
MOST = 256
"""The most numbers that are differentiated by sensitivities; of more, only in the directions asked for (forward)."""


def solver_for(problem: Problem, settings: Settings) -> Solver:
    """The function that solves a problem: not compiled, to be traced."""
    if problem.past is not None and settings.adjoint != "forward":
        raise refuse(catalogue.HISTORY_IS_FORWARD, adjoint=settings.adjoint)
    if settings.adjoint != "forward":
        return functools.partial(solve, problem, settings)
    forward = (_Forward if problem.past is None else _ForwardDelayed)(problem, settings)
    solver = jax.custom_jvp(forward.value)
    solver.defjvp(forward.tangent, symbolic_zeros=True)
    return solver


def compiled_for(problem: Problem, settings: Settings) -> Solver:
    """The function that solves a problem, compiled; made once."""
    try:
        hash(settings)
    except TypeError:  # a diffrax object that holds arrays
        return jax.jit(solver_for(problem, settings))
    return problem.compiled(settings, functools.partial(solver_for, problem, settings))


Which = tuple[bool, ...]


@dataclass(eq=False)
class _Forward:
    """The solution of a problem, and its derivative by some of its inputs."""

    problem: Problem
    settings: Settings
    value: Function = field(init=False)
    with_derivatives: dict[Which, Function] = field(default_factory=dict[Which, Function])

    def __post_init__(self) -> None:
        self.value = self._made(functools.partial(self._solve, self.problem, self.settings))

    @property
    def _solve(self) -> Callable[[Problem, Settings, Inputs], Solved]:
        return solve

    def _made(self, function: Function) -> Function:
        """A function of inputs in the form in which it is compiled."""
        return OneKernel(function)

    def tangent(self, primals: tuple[Inputs], tangents: tuple[Inputs]) -> tuple[Solved, Solved]:
        """The solution, and its derivative in one direction."""
        inputs, direction = primals[0], tangents[0]
        moving = jax.tree.leaves(direction._replace(times=()), is_leaf=_is_zero)
        which = tuple(not _is_zero(d) for d in moving)
        size = sum(d.size for d in moving if not _is_zero(d))
        if size > MOST:
            whole = jax.tree.map(_instantiated, direction, is_leaf=_is_zero)
            return jax.jvp(functools.partial(self._solve, self.problem, self.settings), (inputs,), (whole,))
        if size:
            solved, derivatives = self._derivatives(which)(inputs)
            flat = jnp.concatenate([d.reshape(-1) for d in moving if not _is_zero(d)])
            change = jnp.einsum("tkn,k->tn", derivatives, flat, precision=jax.lax.Precision.HIGHEST)
        else:
            solved = self.value(inputs)
            change = jnp.zeros_like(solved.states)
        if not _is_zero(direction.times):
            change = change + self._rates(inputs, solved) * direction.times[:, None]
        return solved, zeros_like(solved)._replace(states=change)

    def _rates(self, inputs: Inputs, solved: Solved) -> Array:
        """The time derivatives at the saved times."""

        def rate(time: Array, state: Array) -> Array:
            return self.problem.rhs(time, state, inputs.parameters)

        return jnp.where(solved.code == 0, jax.vmap(rate)(inputs.times, solved.states), 0.0)

    def _derivatives(self, which: Which) -> Function:
        if which not in self.with_derivatives:
            self.with_derivatives[which] = self._made(functools.partial(self._solved_along(), which))
        return self.with_derivatives[which]

    def _solved_along(self) -> Function:
        """The solution with its derivatives, as a function of which inputs, and the inputs."""
        if self.settings.implicit:
            return functools.partial(_pushed_through, functools.partial(solve, self.problem, self.settings))
        return functools.partial(_solved_along, self.problem, self.settings)


@dataclass(eq=False)
class _ForwardDelayed(_Forward):
    """The same for a model that asks for its past: the derivative of all steps."""

    @property
    def _solve(self) -> Callable[[Problem, Settings, Inputs], Solved]:
        return solve_delayed

    def _made(self, function: Function) -> Function:
        """A batch on a CPU is solved one by one: in lock step, each step would copy the memories of those done."""
        return jax.custom_batching.sequential_vmap(function) if jax.default_backend() == "cpu" else function

    def _rates(self, inputs: Inputs, solved: Solved) -> Array:
        def states(times: Array) -> Array:
            return solve_delayed(self.problem, self.settings, inputs._replace(times=times)).states

        _, rates = jax.jvp(states, (inputs.times,), (jnp.ones_like(inputs.times),))
        return jnp.where(solved.code == 0, rates, 0.0)

    def _solved_along(self) -> Function:
        return functools.partial(_pushed_through, functools.partial(solve_delayed, self.problem, self.settings))


def _is_zero(direction: object) -> bool:
    return isinstance(direction, SymbolicZero)


def _instantiated(direction: Any) -> Array:
    return jnp.zeros(direction.shape, direction.dtype) if _is_zero(direction) else direction


def _chosen(inputs: Inputs, which: Which) -> tuple[Array, Callable[[Array], Inputs]]:
    """Some of the inputs as one flat vector, and the inputs as a function of it."""
    leaves, structure = jax.tree.flatten(inputs._replace(times=()))
    flat, unravel = ravel_pytree([leaf for leaf, wanted in zip(leaves, which, strict=True) if wanted])

    def rebuild(values: Array) -> Inputs:
        new = iter(unravel(values))
        merged = [next(new) if wanted else leaf for leaf, wanted in zip(leaves, which, strict=True)]
        return jax.tree.unflatten(structure, merged)._replace(times=inputs.times)

    return flat, rebuild


def _solved_along(problem: Problem, settings: Settings, which: Which, inputs: Inputs) -> tuple[Solved, Array]:
    """The solution, and its derivatives by the chosen inputs, shape (times, chosen, states), as one solve."""
    flat, rebuild = _chosen(inputs, which)
    basis = jnp.eye(flat.size, dtype=flat.dtype)

    def field(time: Array, rows: Array, known: Inputs) -> Array:
        values, again = _chosen(known, which)

        def rate(state: Array, chosen: Array) -> Array:
            return problem.rhs(time, state, again(chosen).parameters)

        def push(by_state: Array, by_chosen: Array) -> tuple[Array, Array]:
            return jax.jvp(rate, (rows[0], values), (by_state, by_chosen))

        now, along = jax.vmap(push, out_axes=(None, 0))(rows[1:], basis)
        return jnp.concatenate([now[None], along])

    def first(values: Array) -> tuple[Array, Array]:
        known = rebuild(values)
        return problem.initial(known.parameters, known.initial, flat.dtype), known.start

    state, (by_initial, by_start) = _pushed(first, flat, basis)
    # A later start is a solution that lies behind by what it has not yet moved.
    rate_at_start = problem.rhs(inputs.start, state, inputs.parameters)
    rows = jnp.concatenate([state[None], by_initial - by_start[:, None] * rate_at_start])
    jumps = problem.jumps(inputs.parameters, flat.dtype)
    solved = integrate(settings, field, rows, inputs, jumps)
    derivatives = jnp.where(solved.code == 0, solved.states[:, 1:], 0.0)
    return solved._replace(states=solved.states[:, 0], stop_state=solved.stop_state[0]), derivatives


def _pushed(function: Callable[[Array], Any], at: Array, basis: Array) -> tuple[Array, Any]:
    def push(direction: Array) -> tuple[Any, Any]:
        return jax.jvp(function, (at,), (direction,))

    (state, _), tangents = jax.vmap(push, out_axes=(None, 0))(basis)
    return state, tangents


def _pushed_through(method: Solver, which: Which, inputs: Inputs) -> tuple[Solved, Array]:
    """The same for implicit methods: the derivative of the numerical solution, with one linear solve for each stage.

    Solved along, the sensitivities would make the equations of each step larger instead.
    """
    flat, rebuild = _chosen(inputs, which)

    def states(values: Array) -> tuple[Array, Solved]:
        solved = method(rebuild(values))
        return solved.states, solved

    def push(direction: Array) -> tuple[Array, Solved]:
        _, tangent, solved = jax.jvp(states, (flat,), (direction,), has_aux=True)
        return tangent, solved

    derivatives, solved = jax.vmap(push, out_axes=(1, None))(jnp.eye(flat.size, dtype=flat.dtype))
    return solved, jnp.where(solved.code == 0, derivatives, 0.0)
