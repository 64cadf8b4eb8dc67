"""Derivatives of solutions: against closed forms, differences and each other; in both modes, mapped, of failures."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from opjax.solve import Settings, Start, problem_for, trajectory
from opjax.solve import integrate as integration
from opjax.solve.sensitivities import compiled_for
from solve.texts import BLOW_UP, DECAY, LOTKA_VOLTERRA, ROBERTSON, SIR

TIGHT = Settings(solver="tsit5", rtol=1e-9)
RATES = {"alpha": 0.55, "beta": 0.028, "gamma": 0.8, "delta": 0.024}


def scalars(values: dict[str, float]) -> dict[str, Any]:
    return {name: jnp.asarray(value) for name, value in values.items()}


def test_the_derivatives_of_a_decay(read):
    problem, times = problem_for(read(DECAY)), np.array([0.0, 1.0, 3.0])

    def amounts(p):
        return trajectory(problem, p, times, 0.0, TIGHT).states["x"]

    found = jax.jit(jax.jacrev(amounts))(scalars({"k": 0.5, "x0": 2.0}))
    np.testing.assert_allclose(found["k"], -2 * times * np.exp(-0.5 * times), rtol=1e-7)
    np.testing.assert_allclose(found["x0"], np.exp(-0.5 * times), rtol=1e-7)


def test_the_sensitivities_of_predators_and_prey_are_those_of_the_variational_equations(read):
    """Against SciPy, which solves the eight equations written by hand."""
    problem, times = problem_for(read(LOTKA_VOLTERRA)), np.arange(0.0, 21.0, 4)

    def by_hand(t, z):
        (h, p), s = z[:2], z[2:].reshape(4, 2)
        jacobian = np.array([[0.55 - 0.028 * p, -0.028 * h], [0.024 * p, 0.024 * h - 0.8]])
        direct = np.array([[h, 0], [-h * p, 0], [0, -p], [0, h * p]])
        rates = [0.55 * h - 0.028 * h * p, 0.024 * h * p - 0.8 * p]
        return np.concatenate([rates, (s @ jacobian.T + direct).ravel()])

    first = [34.0, 6.0, *np.zeros(8)]
    wanted = solve_ivp(by_hand, (0, 20), first, "DOP853", times, rtol=1e-12, atol=1e-12).y[2:].reshape(4, 2, -1)

    def both(p):
        return jnp.stack(list(trajectory(problem, p, times, 0.0, TIGHT).states.values()))

    for mode in (jax.jacfwd, jax.jacrev):
        found = jax.jit(mode(both))(scalars(RATES))
        np.testing.assert_allclose(np.stack([found[name] for name in RATES]), wanted, rtol=1e-6, atol=1e-6)


def gradient_of_an_epidemic(problem, settings):
    def loss(p):
        run = trajectory(problem, p, np.linspace(0, 60, 7), 0.0, settings)
        return jnp.sum(run.states["I"] ** 2) + jnp.sum(run.states["R"])

    return jax.jit(jax.grad(loss))(scalars({"beta": 0.4, "gamma": 0.1}))


by_sensitivities = functools.cache(gradient_of_an_epidemic)


@pytest.mark.slow
@pytest.mark.parametrize("adjoint", ["checkpoint", "direct", diffrax.RecursiveCheckpointAdjoint(checkpoints=20)])
def test_all_adjoints_give_the_same_gradient(read, adjoint):
    problem, settings = problem_for(read(SIR)), Settings(solver="tsit5")
    wanted = by_sensitivities(problem, settings)
    found = gradient_of_an_epidemic(problem, dataclasses.replace(settings, adjoint=adjoint, max_steps=256))
    for name in ("beta", "gamma"):
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-9)


@pytest.mark.slow
def test_implicit_methods_have_the_derivative_of_the_solution(read):
    problem, times = problem_for(read(ROBERTSON)), np.array([0.0, 0.4, 40.0])
    settings = Settings(solver="kvaerno5", rtol=1e-9)

    def amounts(log_k):
        rates = dict(zip(("k1", "k2", "k3"), jnp.exp(log_k), strict=True))
        return jnp.stack(list(trajectory(problem, rates, times, 0.0, settings).states.values()))

    at, step = np.log([0.04, 3e7, 1e4]), 1e-3

    def by_lsoda(log_k):
        k1, k2, k3 = np.exp(log_k)

        def by_hand(t, y):
            return [k3 * y[1] * y[2] - k1 * y[0], k1 * y[0] - k2 * y[1] ** 2 - k3 * y[1] * y[2], k2 * y[1] ** 2]

        return solve_ivp(by_hand, (0, 40), [1, 0, 0], "LSODA", times, rtol=1e-12, atol=1e-18).y

    moved = step * np.eye(3)
    wanted = np.stack([(by_lsoda(at + d) - by_lsoda(at - d)) / (2 * step) for d in moved], axis=-1)
    found = jax.jit(jax.jacrev(amounts))(at)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-12)
    np.testing.assert_allclose(jax.jit(jax.jacfwd(amounts))(at), found, rtol=1e-10, atol=1e-18)


def test_the_derivative_by_initial_values_start_and_times(read):
    problem = problem_for(read(DECAY))

    def last(first, start, end):
        run = trajectory(problem, {}, jnp.stack([start + 1, end]), Start(start, {"x": first}), TIGHT)
        return run.states["x"][-1]

    found = jax.jit(jax.grad(last, (0, 1, 2)))(3.0, 0.5, 4.0)
    left = np.exp(-0.5 * 3.5)
    np.testing.assert_allclose(found, [left, 3 * 0.5 * left, -3 * 0.5 * left], rtol=1e-7)


def test_only_what_is_differentiated_is_solved_along(read, monkeypatch):
    """A matrix of contacts that is data must not bring 256 sensitivities."""
    problem, rows = problem_for(read("seir_age")), []
    plain = integration.integrate

    def noted(settings, field, first, *more):
        rows.append(first.shape)
        return plain(settings, field, first, *more)

    monkeypatch.setattr("opjax.solve.sensitivities.integrate", noted)

    def loss(beta, contacts):
        settings = Settings(solver="tsit5", rtol=1e-4, max_steps=1000)
        run = trajectory(problem, {"beta": beta, "C": contacts}, jnp.asarray([0.0, 10.0]), 0.0, settings)
        return jnp.sum(run.states["R"])

    jax.make_jaxpr(jax.grad(loss))(0.03, jnp.ones((16, 16)))
    assert rows == [(2, 64)]


def test_many_directions_are_left_to_forward_mode(read, monkeypatch):
    monkeypatch.setattr("opjax.solve.sensitivities.MOST", 1)
    problem = problem_for(read(DECAY))

    def amount(k, x0):
        settings = Settings(solver="tsit5", rtol=1e-9, max_steps=999)
        return trajectory(problem, {"k": k, "x0": x0}, [0.0, 3.0], 0.0, settings).states["x"][-1]

    found = jax.jvp(amount, (0.5, 2.0), (1.0, 1.0))[1]
    np.testing.assert_allclose(found, (1 - 6) * np.exp(-1.5), rtol=1e-7)


def test_second_derivatives(read):
    problem = problem_for(read(DECAY))

    def amount(k):
        return trajectory(problem, {"k": k}, [0.0, 3.0], 0.0, TIGHT).states["x"][-1]

    np.testing.assert_allclose(jax.jit(jax.jacfwd(jax.grad(amount)))(0.5), 2 * 9 * np.exp(-1.5), rtol=1e-6)


def test_mapped_gradients_are_those_of_each_lane(read):
    problem, times = problem_for(read(SIR)), np.linspace(0, 60, 4)

    def loss(beta):
        return jnp.sum(trajectory(problem, {"beta": beta}, times, 0.0, Settings(solver="tsit5")).states["I"])

    betas = jnp.asarray([0.2, 0.4, 0.8])
    for function in (jax.grad(loss), loss):
        one = jax.jit(function)
        np.testing.assert_allclose(jax.vmap(one)(betas), [one(beta) for beta in betas], rtol=1e-12)


@pytest.mark.parametrize("solver", ["tsit5", pytest.param("kvaerno5", marks=pytest.mark.slow)])
def test_a_failed_solve_has_the_gradient_zero(read, solver):
    problem = problem_for(read(BLOW_UP))

    def masked(a):
        run = trajectory(problem, {"a": a}, jnp.asarray([0.0, 0.5, 2.0]), 0.0, Settings(solver=solver))
        return jnp.where(run.succeeded, jnp.sum(jnp.where(run.succeeded, run.states["x"], 1.0)), -jnp.inf)

    both = jax.jit(jax.value_and_grad(masked))
    value, slope = both(1.0)
    assert value == -jnp.inf
    assert slope == 0.0
    value, slope = both(0.1)
    np.testing.assert_allclose(value, 1 + 1 / 0.95 + 1 / 0.8, rtol=1e-5)
    np.testing.assert_allclose(slope, 0.5 / 0.95**2 + 2 / 0.8**2, rtol=1e-5)


def test_one_failed_lane_leaves_the_others_alone(read):
    problem = problem_for(read(BLOW_UP))

    def ends(a):
        run = trajectory(problem, {"a": a}, jnp.asarray([0.0, 2.0]), 0.0, Settings(solver="tsit5"))
        return run.states["x"][-1], run.code

    values, codes = jax.jit(jax.vmap(ends))(jnp.asarray([0.1, 1.0, 0.25]))
    np.testing.assert_allclose(values, [1 / 0.8, np.nan, 2.0], rtol=1e-5)
    assert [int(code) == 0 for code in codes] == [True, False, True]


def test_the_solution_is_the_same_with_and_without_derivatives(read):
    """The sensitivities take the steps that the state wants."""
    problem, times = problem_for(read(LOTKA_VOLTERRA)), np.arange(0.0, 21.0, 4)
    settings = Settings(solver="tsit5", rtol=1e-4)

    def hares(alpha):
        return trajectory(problem, {"alpha": alpha}, times, 0.0, settings).states["hare"]

    with_derivatives, _ = jax.jvp(hares, (0.55,), (1.0,))
    np.testing.assert_allclose(with_derivatives, hares(0.55), rtol=1e-12)


def test_a_solver_is_compiled_once(read):
    problem = problem_for(read(DECAY))
    assert compiled_for(problem, TIGHT) is compiled_for(problem_for(read(DECAY)), Settings(solver="tsit5", rtol=1e-9))
