"""Solutions against independent ones: closed forms, and SciPy at tight tolerances."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from opjax.solve import Settings, problem_for, trajectory
from solve.texts import DECAY, LOTKA_VOLTERRA, ROBERTSON, SIR, VAN_DER_POL


def states(run):
    return np.stack([np.asarray(values) for values in run.states.values()])


def sir(t, y):
    infection, recovery = 0.4 * y[0] * y[1] / y.sum(), 0.1 * y[1]
    return np.array([-infection, infection - recovery, recovery])


def lotka_volterra(t, y):
    hare, lynx = y
    return np.array([0.55 * hare - 0.028 * hare * lynx, 0.024 * hare * lynx - 0.8 * lynx])


def robertson(t, y):
    a, b, c = y
    return np.array([1e4 * b * c - 0.04 * a, 0.04 * a - 3e7 * b * b - 1e4 * b * c, 3e7 * b * b])


def van_der_pol(t, y):
    return np.array([y[1], 1000 * (1 - y[0] ** 2) * y[1] - y[0]])


NONSTIFF = [(SIR, sir, [990.0, 10.0, 0.0], 100), (LOTKA_VOLTERRA, lotka_volterra, [34.0, 6.0], 20)]


@pytest.mark.parametrize("solver", ["tsit5", "dopri8"])
@pytest.mark.parametrize(("text", "by_hand", "first", "end"), NONSTIFF, ids=["sir", "lotka-volterra"])
def test_explicit_methods_agree_with_scipy(read, solver, text, by_hand, first, end):
    times = np.linspace(0, end, 21)
    wanted = solve_ivp(by_hand, (0, end), first, "DOP853", times, rtol=1e-12, atol=1e-12).y
    run = trajectory(problem_for(read(text)), {}, times, 0.0, Settings(solver=solver, rtol=1e-9))
    assert int(run.code) == 0
    np.testing.assert_allclose(states(run), wanted, rtol=2e-7, atol=1e-9)


@pytest.mark.parametrize("solver", ["kvaerno3", "kvaerno5"])
def test_implicit_methods_agree_with_scipy_on_robertsons_reactions(read, solver):
    times = np.array([0.0, 0.4, 4.0, 40.0, 400.0, 4e3, 4e4])
    wanted = solve_ivp(robertson, (0, 4e4), [1, 0, 0], "LSODA", times, rtol=1e-12, atol=1e-18).y
    run = trajectory(problem_for(read(ROBERTSON)), {}, times, 0.0, Settings(solver=solver))
    assert int(run.code) == 0
    np.testing.assert_allclose(states(run)[:, 1:], wanted[:, 1:], rtol=2e-5)


def test_robertsons_reactions_at_the_published_point(read):
    """The reference solution of problem ROBER in the Test Set for IVP Solvers (Bari)."""
    settings = Settings(solver="stiff", rtol=1e-8, atol=1e-17)
    run = trajectory(problem_for(read(ROBERTSON)), {}, [0.0, 1e11], 0.0, settings)
    wanted = [0.2083340149701255e-07, 0.8333360770334713e-13, 0.9999999791665050]
    np.testing.assert_allclose(states(run)[:, -1], wanted, rtol=1e-5)


@pytest.mark.slow
def test_the_relaxation_oscillator_of_van_der_pol(read):
    times = np.array([0.0, 200.0, 600.0, 1000.0, 2000.0])
    wanted = solve_ivp(van_der_pol, (0, 2000), [2, 0], "LSODA", times, rtol=1e-10, atol=1e-12).y
    run = trajectory(problem_for(read(VAN_DER_POL)), {}, times, 0.0, Settings(solver="stiff"))
    assert int(run.code) == 0
    np.testing.assert_allclose(states(run), wanted, rtol=2e-5)


@pytest.mark.parametrize("solver", ["tsit5", "dopri5", "dopri8", "heun", "kvaerno3", "kvaerno5"])
def test_every_adaptive_solver_keeps_its_tolerance_on_a_decay(read, solver):
    times = np.linspace(0, 6, 4)
    run = trajectory(problem_for(read(DECAY)), {}, times, 0.0, Settings(solver=solver, rtol=1e-5))
    np.testing.assert_allclose(run.states["x"], 2 * np.exp(-0.5 * times), rtol=2e-5)


def test_the_implicit_euler_method_has_the_error_of_its_order(read):
    """Relative to the solution of x' = -k*x, it is k^2*h*t/2 for steps of the size h."""
    run = trajectory(problem_for(read(DECAY)), {}, [0.0, 6.0], 0.0, Settings(solver="implicit_euler", rtol=1e-5))
    error = float(run.states["x"][-1]) / (2 * np.exp(-3)) - 1
    assert error == pytest.approx(0.5**2 * (6 / int(run.steps)) * 6 / 2, rel=0.05)


def test_steps_of_one_size_are_eulers(read):
    run = trajectory(problem_for(read(DECAY)), {}, [0.0, 1.0], 0.0, Settings(solver="euler", dt0=0.125))
    assert int(run.steps) == 8
    np.testing.assert_allclose(run.states["x"], [2.0, 2 * (1 - 0.5 * 0.125) ** 8], rtol=1e-12)


def test_an_invasion_front_by_hand_and_its_speed(read):
    """Fisher and KPP: the front settles to 2*sqrt(D*r), from below by 3/(2*t)*sqrt(D/r) (Bramson 1983)."""
    times = np.array([0.0, 50.0, 60.0, 70.0])
    run = trajectory(problem_for(read("fisher_kpp")), {}, times, 0.0, Settings(solver="tsit5"))
    u, x = np.asarray(run.states["u"]), np.linspace(0, 50, 256)

    def by_hand(t, y):
        ends = np.concatenate([y[:1], y, y[-1:]])
        return 0.1 * np.diff(ends, 2) / (50 / 255) ** 2 + 0.3 * y * (1 - y / 1000)

    first = 1000 * np.exp(-(((x - 10) / 2) ** 2))
    wanted = solve_ivp(by_hand, (0, 70), first, "DOP853", times, rtol=1e-10, atol=1e-12).y.T
    np.testing.assert_allclose(u, wanted, rtol=1e-4, atol=1e-4)
    fronts = [np.interp(-500, -row[x > 10], x[x > 10]) for row in u[1:]]
    speed = 2 * np.sqrt(0.1 * 0.3) - 1.5 / 60 * np.sqrt(0.1 / 0.3)
    assert (fronts[2] - fronts[0]) / 20 == pytest.approx(speed, rel=0.02)


def test_time_dependent_rates_know_the_time(read):
    text = """
model Forced:
  states:
    x = 0
  dynamics:
    x' = cos(t)
"""
    times = np.array([1.0, 2.0, 4.0])
    run = trajectory(problem_for(read(text)), {}, times, 0.5, Settings(solver="tsit5", rtol=1e-9))
    np.testing.assert_allclose(run.states["x"], np.sin(times) - np.sin(0.5), rtol=1e-7)


def test_small_amounts_keep_their_digits(read):
    """The absolute tolerance follows the initial values down."""
    text = DECAY.replace("x0 = 2", "x0 = 2e-12")
    times = np.linspace(0, 6, 4)
    run = trajectory(problem_for(read(text)), {}, times, 0.0, Settings(solver="tsit5"))
    np.testing.assert_allclose(run.states["x"], 2e-12 * np.exp(-0.5 * times), rtol=1e-5)


def test_a_few_infected_among_millions_keep_their_digits(read):
    text = SIR.replace("S = 990", "S = 1e9").replace("I = 10", "I = 1e-3")
    run = trajectory(problem_for(read(text)), {}, [0.0, 5.0, 10.0], 0.0, Settings(solver="tsit5"))
    np.testing.assert_allclose(run.states["I"], 1e-3 * np.exp(0.3 * np.array([0.0, 5.0, 10.0])), rtol=1e-5)


def test_a_model_that_begins_with_nothing(read):
    text = """
model Filling:
  states:
    x = 0
  dynamics:
    birth: 0 -> x @ 3
    death: x -> 0 @ 0.5
"""
    times = jnp.linspace(0, 8, 5)
    run = trajectory(problem_for(read(text)), {}, times, 0.0, Settings(solver="tsit5"))
    np.testing.assert_allclose(run.states["x"], 6 * (1 - np.exp(-0.5 * times)), rtol=1e-5)
