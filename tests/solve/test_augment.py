"""Incidences: states that accumulate what flows through a transition."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from opjax.solve import Settings, problem_for, trajectory
from opjax.solve.augment import accumulator_name, flows_in, with_accumulators
from solve.texts import DECAY, SIR

TIGHT = Settings(solver="tsit5", rtol=1e-9)


def test_one_state_for_each_transition_behind_the_others(read):
    system = read(SIR).system
    more = with_accumulators(system, ["recovery", "infection", "recovery"])
    assert list(more.states) == ["S", "I", "R", "incidence of recovery", "incidence of infection"]
    assert more.rates["incidence of infection"] is system.flows["infection"].value
    assert list(system.states) == ["S", "I", "R"]


def test_no_transitions_is_the_model_itself(read):
    system = read(SIR).system
    assert with_accumulators(system, []) is system


def test_its_name_cannot_be_written(read):
    assert " " in accumulator_name("infection")


def test_incidence_of_a_decay_is_what_has_gone(read):
    problem = problem_for(read(DECAY), ["loss"])
    times = jnp.asarray([0.0, 0.3, 1.0, 4.0])
    run = trajectory(problem, {}, times, 0.0, TIGHT)
    left = 2 * np.exp(-0.5 * np.asarray(times))
    np.testing.assert_allclose(run.states["x"], left, rtol=1e-8)
    np.testing.assert_allclose(run.incidences["loss"], [0.0, *(left[:-1] - left[1:])], rtol=1e-7)
    assert list(run.states) == ["x"]


def test_the_first_incidence_counts_from_the_start(read):
    problem = problem_for(read(DECAY), ["loss"])
    run = trajectory(problem, {}, jnp.asarray([1.0, 2.0]), 0.0, TIGHT)
    left = 2 * np.exp(-0.5 * np.arange(3.0))
    np.testing.assert_allclose(run.incidences["loss"], left[:-1] - left[1:], rtol=1e-7)


def test_incidence_at_the_start_is_zero(read):
    problem = problem_for(read(SIR), ["infection", "recovery"])
    run = trajectory(problem, {}, jnp.asarray([0.0, 5.0]), 0.0, TIGHT)
    assert float(run.incidences["infection"][0]) == 0.0


def test_incidences_of_an_epidemic_balance_its_states(read):
    problem = problem_for(read(SIR), ["infection", "recovery"])
    run = trajectory(problem, {}, jnp.linspace(0, 80, 17), 0.0, TIGHT)
    infected = np.cumsum(run.incidences["infection"])
    recovered = np.cumsum(run.incidences["recovery"])
    np.testing.assert_allclose(990 - np.asarray(run.states["S"]), infected, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(run.states["R"], recovered, rtol=1e-7, atol=1e-7)


def test_incidence_has_the_axes_of_its_flow(read):
    problem = problem_for(read("seir_age"), ["onset"])
    run = trajectory(problem, {}, jnp.asarray([0.0, 30.0, 60.0]), 0.0, TIGHT)
    assert run.incidences["onset"].shape == (3, 16)
    left = np.asarray(run.states["S"] + run.states["E"])
    np.testing.assert_allclose(run.incidences["onset"][1:], left[:-1] - left[1:], rtol=1e-6)


def test_flows_are_found_in_what_mentions_them(read):
    system = read("sir").system
    cases = system.observations["cases"].distribution
    assert flows_in(cases.arguments.values()) == ("infection",)
    assert flows_in(system.rates.values()) == ()


@pytest.mark.parametrize("flows", [["infection"], ["recovery"]])
def test_incidence_has_a_gradient(read, flows):
    problem = problem_for(read(SIR), flows)

    @jax.jit
    def total(beta):
        run = trajectory(problem, {"beta": beta}, jnp.asarray([0.0, 20.0, 40.0]), 0.0, TIGHT)
        return jnp.sum(run.incidences[flows[0]])

    step = 1e-5
    slope = (total(0.4 + step) - total(0.4 - step)) / (2 * step)
    np.testing.assert_allclose(jax.grad(total)(0.4), slope, rtol=1e-6)
