"""Models that ask for their past: against closed forms, chains of states, and integrators written here."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray

from opjax import OpjaxError
from opjax.solve import Settings, Start, problem_for, simulate, trajectory
from opjax.solve.before import checked_history
from opjax.solve.past import value_before

DELAY = """model Delay:
  params:
    k = 1
    tau = 1
  states:
    y = 1
  dynamics:
    y' = -k*delay(y, tau=tau)
"""
TIGHT = Settings(rtol=1e-9)


def by_steps(t: float, k: float, tau: float) -> tuple[float, float, float]:
    """y' = -k y(t - tau) with y = 1 before, as the sum of the method of steps; and its derivatives by k and tau."""
    terms = [n for n in range(60) if n == 0 or t > (n - 1) * tau]
    past = {n: t - (n - 1) * tau for n in terms}
    value = sum((-k) ** n * past[n] ** n / math.factorial(n) for n in terms)
    by_k = sum(-n * (-k) ** (n - 1) * past[n] ** n / math.factorial(n) for n in terms if n)
    by_tau = sum((-k) ** n * n * past[n] ** (n - 1) * (1 - n) / math.factorial(n) for n in terms if n)
    return value, by_k, by_tau


def code_of(call: Any) -> str:
    with pytest.raises(OpjaxError) as caught:
        call()
    return caught.value.diagnostics[0].code


def test_values_and_derivatives_by_the_lag_are_those_of_the_method_of_steps(read):
    """Under jit, with lags that are traced, longer than the solve and shorter than a step."""
    problem, times = problem_for(read(DELAY)), np.linspace(0, 4.2, 8)

    def values(parameters):
        found = trajectory(problem, parameters, times, 0.0, TIGHT).states["y"]
        return found, found

    lags = np.array([0.3, 1.0, 1.7, 6.0])
    both = jax.jit(jax.vmap(jax.jacrev(values, has_aux=True)))
    slopes, found = both({"k": np.full(4, 1.2), "tau": lags})
    exact = np.array([[by_steps(t, 1.2, lag) for t in times] for lag in lags])
    np.testing.assert_allclose(found, exact[..., 0], rtol=0, atol=2e-8)
    np.testing.assert_allclose(slopes["k"], exact[..., 1], rtol=0, atol=1e-6)
    np.testing.assert_allclose(slopes["tau"], exact[..., 2], rtol=0, atol=3e-6)


EARLIER = ["t - tau", "t - (tau - 0.5) - 0.5", "t + 1 - 2*tau", "-tau + t", "tau*t/tau - tau"]


def test_a_state_at_an_earlier_time_is_a_delay(read):
    """With a lag of one, all of them say the same; each state asks for its own past."""
    names = [f"y{place}" for place in range(len(EARLIER))]
    first = "".join(f"    {name} = 1\n" for name in names)
    rates = "".join(f"    {name}' = -k*{name}({time})\n" for name, time in zip(names, EARLIER, strict=True))
    text = f"model Delays:\n  params:\n    k = 1\n    tau = 1\n  states:\n{first}  dynamics:\n{rates}"
    run = simulate(read(text), {}, np.linspace(0, 3, 4), rtol=1e-8)
    for name in names:
        np.testing.assert_allclose(run[name], [by_steps(t, 1.0, 1.0)[0] for t in range(4)], rtol=0, atol=1e-6)


def test_a_lag_of_zero_is_the_value_of_now_and_a_negative_one_fails(read):
    problem, times = problem_for(read(DELAY)), np.linspace(0, 4.2, 8)

    @jax.jit
    def solved(tau):
        return trajectory(problem, {"k": 1.2, "tau": tau}, times, 0.0, TIGHT)

    np.testing.assert_allclose(solved(0.0).states["y"], np.exp(-1.2 * times), rtol=1e-6)
    assert int(solved(-0.5).code) != 0
    assert np.isnan(solved(-0.5).states["y"][1:]).all()


MACKEY_GLASS = """model Blood:
  params:
    tau = 2
  states:
    x = 0.5
  dynamics:
    x' = 2*history(x, lag=tau)/(1 + history(x, lag=tau)^9.65) - x
"""


def mackey_glass(end: float, tau: float, steps: int) -> np.ndarray:
    """The classical Runge-Kutta method with `steps` steps in each lag: half-way values of the past by cubic Hermite."""
    h, count = tau / steps, round(end / tau * steps)
    x, slope = np.full(steps + count + 1, 0.5), np.zeros(steps + count + 1)

    def rate(now: float, past: float) -> float:
        return 2 * past / (1 + past**9.65) - now

    for n in range(steps, steps + count):
        left, right = x[n - steps], x[n - steps + 1]
        before, after = slope[n - steps], slope[n - steps + 1]
        if n == 2 * steps:
            before = rate(0.5, 0.5)  # the slope jumps at the start
        middle = (left + right) / 2 + h * (before - after) / 8
        first = rate(x[n], left)
        second = rate(x[n] + h / 2 * first, middle)
        third = rate(x[n] + h / 2 * second, middle)
        fourth = rate(x[n] + h * third, right)
        x[n + 1] = x[n] + h / 6 * (first + 2 * second + 2 * third + fourth)
        slope[n + 1] = rate(x[n + 1], right)
    return x[steps:]


def test_chaos_in_the_blood_and_the_order_of_convergence(read):
    """Against an integrator written here, itself of order four: halving its steps changes it less than we ask."""
    reference = mackey_glass(20.0, 2.0, 1000)
    np.testing.assert_allclose(mackey_glass(20.0, 2.0, 500)[::500], reference[::1000], rtol=0, atol=1e-9)
    problem, times = problem_for(read(MACKEY_GLASS)), np.arange(0.0, 21.0, 2.0)
    errors, steps = [], []
    for rtol in (1e-5, 1e-8):
        found = trajectory(problem, {"tau": 2.0}, times, 0.0, Settings(rtol=rtol))
        errors.append(np.abs(found.states["x"] - reference[::1000]).max())
        steps.append(int(found.steps))
    assert errors[1] < 1e-6
    assert math.log(errors[0] / errors[1]) / math.log(steps[1] / steps[0]) > 4


GAMMA = """model Renewal:
  axes:
    place = [north, south]
  params:
    R[place] = [1.5, 0.8]
    mean[place] = [2, 3]
    g = 0.5
  states:
    I[place] = 1
    J = 1
  let:
    erlang(ago, m) = ago*exp(-ago/m)/m^2
    force[place] = convolve_history(R[place]*I[place], kernel=erlang, window=120, kernel_params=mean[place])
  dynamics:
    I[place]' = force[place] - g*I[place]
    J' = convolve_history(J, kernel=uniform, window=1) - J
"""
CHAIN = """model Chain:
  axes:
    place = [north, south]
  params:
    R[place] = [1.5, 0.8]
    mean[place] = [2, 3]
    g = 0.5
  states:
    I[place] = 1
    A[place] = R[place]
    B[place] = R[place]
  dynamics:
    I[place]' = B[place] - g*I[place]
    A[place]' = (R[place]*I[place] - A[place])/mean[place]
    B[place]' = (A[place] - B[place])/mean[place]
"""


def test_a_gamma_kernel_is_a_chain_of_two_states(read):
    """The linear chain trick; and a mean over the past of what never changes."""
    times = np.linspace(0, 8, 5)
    chain = simulate(read(CHAIN), {}, times, rtol=1e-10)
    found = simulate(read(GAMMA), {}, times, rtol=1e-7, quadrature=64)
    np.testing.assert_allclose(found["I"], chain["I"], rtol=1e-6)
    np.testing.assert_allclose(found["force"], chain["B"], rtol=1e-6)
    np.testing.assert_allclose(found["J"], 1, rtol=1e-12)


VARYING = """model Varying:
  axes:
    cell = [a, b]
  params:
    tau[cell] = [1, 0.5]
  states:
    y = 1
    z[cell] = 0
    w = 0
  dynamics:
    y' = -y(t/2)
    z[cell]' = w(t - tau[cell])
    w' = 1
"""


def test_lags_that_vary_and_lags_by_cell(read):
    """The pantograph equation, whose lag vanishes at the start, as a power series; and what was before the start."""
    times = np.linspace(0, 3, 4)
    found = simulate(read(VARYING), {}, times, rtol=1e-8)
    series = [sum((-1) ** n * t**n / math.factorial(n) / 2 ** (n * (n - 1) / 2) for n in range(40)) for t in times]
    np.testing.assert_allclose(found["y"], series, rtol=0, atol=1e-7)
    lags = np.array([1, 0.5])
    np.testing.assert_allclose(found["z"], np.maximum(times[:, None] - lags, 0) ** 2 / 2, rtol=0, atol=1e-12)


def test_what_was_before(read):
    """A history that jumps at the start: the place of the jump moves with the lag, and is differentiated with it."""
    model = read(DELAY.replace("y = 1", "y = 0"))
    problem = problem_for(model)

    def last(tau, past):
        start = Start(0.0, history={"y": (jnp.array([-3.0, 0.0]), past + jnp.array([-3.0, 0.0]))})
        found = trajectory(problem, {"k": 1.0, "tau": tau}, [0.5, 1.5], start, TIGHT).states["y"]
        return found, found

    slopes, found = jax.jit(jax.jacfwd(last, (0, 1), has_aux=True))(1.0, 2.0)
    # with 2 + t before: -2 t + tau t - t^2/2 until tau; then that at tau, and less the integral of the solution
    np.testing.assert_allclose(found, [-0.625, -1.5 + 0.125 + 0.5**3 / 6], rtol=1e-9)
    np.testing.assert_allclose(slopes[0], [0.5, -2 + 1 - 0.625 - 0.5**2 / 2], rtol=1e-6)
    np.testing.assert_allclose(slopes[1], [-0.5, -1 + 0.5**2 / 2], rtol=1e-7)


def test_ways_to_say_what_was_before(read):
    system = read(DELAY).system
    table = (np.array([-3.0, 0.0]), np.array([-1.0, 2.0]))
    ways = [{"y": lambda t: 2 + t}, lambda t: {"y": 2 + t}, {"y": table}]
    ways.append({"y": xarray.DataArray(table[1], {"time": table[0]}, ("time",))})
    for way in ways:
        (past,) = checked_history(system, way, 0.0).values()
        assert float(value_before(past, jnp.asarray(-1.5))) == 0.5
    assert float(checked_history(system, {"y": 3}, 0.0)["y"]) == 3
    assert checked_history(system, None, 0.0) == {}


def backward_euler(count: int) -> float:
    """y' = 2000 (sin t - y) + y(t - 1) at 2.5, y = 1 before; a lag is two fifths of the steps."""
    y, h, lag = np.ones(count + 1), 2.5 / count, count * 2 // 5
    for n in range(count):
        y[n + 1] = (y[n] + h * (2000 * math.sin((n + 1) * h) + y[max(n + 1 - lag, 0)])) / (1 + 2000 * h)
    return y[-1]


@pytest.mark.slow
def test_a_stiff_solver_takes_steps_as_well(read):
    stiff = DELAY.replace("-k*delay", "-2000*(y - sin(t)) + k*delay")
    found = simulate(read(stiff), {}, [0.0, 2.5], solver="stiff", rtol=1e-6)
    assert found.stats.accepted + found.stats.rejected < 800  # an explicit method takes 1,600 at the least
    reference = 2 * backward_euler(10000) - backward_euler(5000)
    np.testing.assert_allclose(found["y"][-1], reference, rtol=0, atol=1e-6)


def test_a_solve_that_meets_the_future_says_so(read):
    with pytest.warns(UserWarning, match=r"delay\(y, tau=1 - t\) asks for the future"):
        found = simulate(read(DELAY.replace("tau=tau", "tau=1 - t")), {}, [0.0, 0.5, 2.0])
    assert np.isnan(found["y"][-1])
    assert np.isfinite(found["y"][1])


def test_refusals(read):
    times = [0.0, 1.0]
    model, plain = read(DELAY), read(DELAY.replace("delay(y, tau=tau)", "y*tau"))
    assert code_of(lambda: simulate(model, {"tau": -1.0}, times)) == "E0823"
    assert code_of(lambda: simulate(model, {"tau": math.nan}, times)) == "E0823"
    assert code_of(lambda: simulate(plain, {}, times, history={"y": 1.0})) == "E0824"
    for history in (3.0, {"y": ([0.0, -1.0], [1.0, 1.0])}, {"y": ([0.0], [1.0, 2.0])}, {"y": ("a", "b")}):
        assert code_of(lambda history=history: simulate(model, {}, times, history=history)) == "E0824"
    assert code_of(lambda: simulate(model, {}, times, history={"y": lambda t: jnp.zeros(3)})) == "E0824"
    assert code_of(lambda: simulate(model, {}, times, history={"z": 1.0})) == "E0806"
    assert code_of(lambda: simulate(model, {}, times, history={"y": [1.0, 2.0]})) == "E0804"
    assert code_of(lambda: simulate(model, {}, times, adjoint="checkpoint")) == "E0822"
    unknown = DELAY.replace("delay(y, tau=tau)", "convolve_history(y, kernel=gamma, window=tau)")
    assert code_of(lambda: simulate(read(unknown), {}, times)) == "E0820"
