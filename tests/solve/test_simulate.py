"""Names in, names out."""

from __future__ import annotations

import diffrax
import jax
import numpy as np
import pytest

from opjax.errors import OpjaxError, OpjaxWarning
from opjax.solve import Simulation, simulate
from solve.texts import DECAY, SIR

NAMED = """
model Named:
  "Two groups, and a line"
  time: day origin 2021-09-01
  axes:
    age = ["young", "old"]
    x : m = grid(0, 2, 3)
  params:
    k[age] = [0.5, 0.25]
    scale = 3
  states:
    S[age] : person = 8   "susceptible"
    u[x] = x
  let:
    total : person = sum(S[a] for a in age) "all"
    share[age] = S[age]/total
    double = 2*scale
    later = t + scale
  dynamics:
    loss: S[age] -> 0 @ k[age]
    u[x]' = 0
  derive:
    most = max(total for s in time)
    least[age] = min(S[age] for s in time)
    area = integral(total for s in time)
    average = mean(total for s in time)
    added = sum(total for s in time)
    product = prod(share["old"] for s in time)
    relative = total/most
    ratio = scale/most
    lost = incidence(loss["young"])
    all_lost = sum(incidence(loss["young"]) for s in time)
"""

TIMES = np.array([0.0, 1.0, 3.0, 4.0])


@pytest.fixture(scope="module")
def named_run(read) -> Simulation:
    with jax.enable_x64(True):
        return simulate(read(NAMED), {}, TIMES, rtol=1e-9)


def test_states_have_their_axes_units_and_sentences(named_run):
    young, old = named_run["S"].sel(age="young"), named_run["S"].sel(age="old")
    np.testing.assert_allclose(young, 8 * np.exp(-0.5 * TIMES), rtol=1e-7)
    np.testing.assert_allclose(old, 8 * np.exp(-0.25 * TIMES), rtol=1e-7)
    assert named_run["S"].dims == ("time", "age")
    assert named_run["S"].attrs == {"units": "person", "long_name": "susceptible"}
    assert named_run["u"].sel(x=1.0).values.tolist() == [1.0] * 4


def test_coordinates_and_attributes(named_run):
    dataset = named_run.dataset
    assert dataset["time"].attrs == {"units": "day", "origin": "2021-09-01"}
    assert dataset["time"].values.tolist() == TIMES.tolist()
    assert dataset["age"].values.tolist() == ["young", "old"]
    assert dataset["x"].attrs == {"units": "m"}
    assert dataset.attrs["long_name"] == "Two groups, and a line"
    assert (dataset.attrs["model"], dataset.attrs["solver"], dataset.attrs["outcome"]) == ("Named", "tsit5", "SUCCESS")


def test_aliases_along_the_solution(named_run):
    total = 8 * np.exp(-0.5 * TIMES) + 8 * np.exp(-0.25 * TIMES)
    np.testing.assert_allclose(named_run["total"], total, rtol=1e-7)
    np.testing.assert_allclose(named_run["share"].sel(age="old"), 8 * np.exp(-0.25 * TIMES) / total, rtol=1e-7)
    assert named_run["share"].dims == ("time", "age")
    np.testing.assert_allclose(named_run["later"], TIMES + 3)
    assert named_run["double"].dims == ()
    assert float(named_run["double"]) == 6.0


def test_reductions_over_time(named_run):
    total = 8 * np.exp(-0.5 * TIMES) + 8 * np.exp(-0.25 * TIMES)
    wanted = {
        "most": 16.0,
        "area": np.trapezoid(total, TIMES),
        "average": total.mean(),
        "added": total.sum(),
        "product": np.prod(8 * np.exp(-0.25 * TIMES) / total),
        "ratio": 3 / 16,
    }
    for name, value in wanted.items():
        assert named_run[name].dims == ()
        np.testing.assert_allclose(named_run[name], value, rtol=1e-7)
    np.testing.assert_allclose(named_run["least"], [8 * np.exp(-2), 8 * np.exp(-1)], rtol=1e-7)
    assert named_run["least"].dims == ("age",)
    np.testing.assert_allclose(named_run["relative"], total / 16, rtol=1e-7)


def test_incidences_in_derived_quantities(named_run):
    left = 8 * np.exp(-0.5 * TIMES)
    np.testing.assert_allclose(named_run["lost"], [0, *(left[:-1] - left[1:])], rtol=1e-6)
    np.testing.assert_allclose(named_run["all_lost"], 8 - left[-1], rtol=1e-6)
    assert not [name for name in named_run.dataset if " " in name]


def test_pictures(named_run):
    assert "steps of tsit5" in repr(named_run)
    assert "susceptible" in named_run._repr_html_()


def test_initial_values_by_name_and_as_a_vector(read):
    checked = read(SIR)
    by_name = simulate(checked, {}, [0.0, 1.0], initial={"I": 20})
    assert [float(by_name[name][0]) for name in "SIR"] == [990, 20, 0]
    flat = simulate(checked, {}, [0.0, 1.0], initial=[980, 20, 3])
    assert [float(flat[name][0]) for name in "SIR"] == [980, 20, 3]


def test_a_state_without_an_initial_value(read):
    checked = read(DECAY.replace("x = x0", "x"))
    with pytest.raises(OpjaxError, match="E0506"):
        simulate(checked, {}, [0.0, 1.0])
    np.testing.assert_allclose(simulate(checked, {}, [0.0, 1.0], initial={"x": 1})["x"][1], np.exp(-0.5), rtol=1e-5)


def test_parameters_by_name(read):
    run = simulate(read(DECAY), {"k": 1, "x0": np.float32(3)}, [0.0, 1.0])
    np.testing.assert_allclose(run["x"], [3, 3 * np.exp(-1)], rtol=1e-5)


def test_a_condition_that_does_not_hold(read):
    checked = read(DECAY + "  require:\n    k > 0\n    x0 < 10*k\n")
    simulate(checked, {}, [0.0, 1.0])
    with pytest.raises(OpjaxError, match=r"E0921.*\n(.*\n)*.*here k = -1"):
        simulate(checked, {"k": -1.0}, [0.0, 1.0])


def test_what_cannot_be_run_yet_is_refused(read):
    noisy = DECAY.replace("loss: x -> 0 @ k", "x' = -k*x + noise(w)")
    with pytest.raises(OpjaxError, match="E0701"):
        simulate(read(noisy), {}, [0.0, 1.0])


@pytest.mark.parametrize("solver", ["dopri5", diffrax.Dopri5(), "kvaerno3"])
def test_solvers_by_name_and_of_diffrax(read, solver):
    run = simulate(read(DECAY), {}, [0.0, 2.0], solver=solver)
    np.testing.assert_allclose(run["x"][1], 2 * np.exp(-1), rtol=1e-5)
    assert run.stats.solver.lower() == (solver if isinstance(solver, str) else "dopri5")


def test_single_precision_advises(read):
    with jax.enable_x64(False):
        with pytest.warns(OpjaxWarning, match="jax_enable_x64"):
            run = simulate(read(DECAY), {}, [0.0, 1.0])
        quiet = simulate(read(DECAY), {}, [0.0, 1.0], rtol=1e-4)
    assert run["x"].dtype == quiet["x"].dtype == np.float32
    np.testing.assert_allclose(quiet["x"], [2, 2 * np.exp(-0.5)], rtol=1e-3)


def test_the_examples_run(read):
    for name, times in (("sir", range(0, 100, 20)), ("lynx_hare", range(1900, 1921)), ("robertson", [0, 40])):
        run = simulate(read(name), {}, times)
        assert run.raise_if_failed() is run
        assert np.isfinite(run.dataset.to_array()).all()
