"""What a person may give, and what is refused."""

from __future__ import annotations

import jax
import numpy as np
import pytest
import xarray

from opjax.errors import OpjaxError
from opjax.solve import Settings, simulate
from opjax.solve.inputs import checked_parameters, checked_times
from opjax.solve.settings import settings_from
from solve.texts import DECAY, SIR

AGES = """
model Ages:
  axes:
    age = ["young", "old"]
    place = ["north", "south", "west"]
    x = grid(0, 1, 3)
  params:
    k[age, place]
    d[x] = [1, 2, 3]
    C[age, age] = [[1, 2], [3, 4]]
    cap ~ LogNormal(loc=0, scale=1)
    r = cap/2
  states:
    S[age, place] = 1
    u[x] = 1
  dynamics:
    S[age, place]' = -k[age, place]*S[age, place] + r
    u[x]' = -d[x]*u[x]
"""


@pytest.mark.parametrize(
    ("times", "start", "problem"),
    [
        (None, None, "are missing"),
        ([], None, "are empty"),
        (["a"], None, "are not a list of numbers"),
        ([[0.0, 1.0]], None, "are not a list of numbers"),
        ([1j], None, "are not a list of numbers"),
        ([0.0, np.nan], None, "are not all finite"),
        ([0.0, np.inf], None, "are not all finite"),
        ([0.0, 2.0, 1.0], None, "must increase, and 1 follows 2"),
        ([0.0, 1.0, 1.0], None, "must increase, and 1 follows 1"),
        ([0.0, 1.0], 0.5, "begin at 0, before the start t0 = 0.5"),
        ([0.0, 1.0], np.nan, "before the start"),
    ],
)
def test_bad_times(times, start, problem):
    with pytest.raises(OpjaxError, match="E0901") as raised:
        checked_times(times, start)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    "times", [[0, 1], (0.0, 1.0), np.arange(2), range(2), xarray.DataArray([0.0, 1.0], dims="time")]
)
def test_times_of_all_kinds(times):
    saved, start = checked_times(times)
    np.testing.assert_array_equal(saved, [0.0, 1.0])
    assert start == 0.0


def test_times_too_close_for_single_precision():
    assert checked_times([1e8, 1e8 + 1])[1] == 1e8
    with jax.enable_x64(False), pytest.raises(OpjaxError, match="closer together than numbers of type float32"):
        checked_times([1e8, 1e8 + 1])


def test_one_time_is_enough(read):
    run = simulate(read(DECAY), {}, [3.0])
    assert run["x"].values.tolist() == [2.0]
    np.testing.assert_allclose(simulate(read(DECAY), {}, 3.0, t0=0.0)["x"], [2 * np.exp(-1.5)], rtol=1e-5)


def test_the_start_may_lie_before_the_first_time(read):
    run = simulate(read(DECAY), {}, [1.0, 2.0], t0=-1)
    np.testing.assert_allclose(run["x"], 2 * np.exp([-1.0, -1.5]), rtol=1e-5)


def test_the_model_can_say_where_the_start_lies(read):
    """The model's own start, in place of the first time; what a call says goes before both."""
    told = DECAY.replace("params:", "time: day from -1\n  params:", 1)
    np.testing.assert_allclose(simulate(read(told), {}, [1.0, 2.0])["x"], 2 * np.exp([-1.0, -1.5]), rtol=1e-5)
    np.testing.assert_allclose(simulate(read(told), {}, [1.0], t0=1)["x"], [2.0])
    with pytest.raises(OpjaxError, match="before the start t0 = -1"):
        simulate(read(told), {}, [-2.0])


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"bta": 1.0}, "E0806", "did you mean 'beta'?"),
        ({"beta": [1.0, 2.0]}, "E0804", "a single number"),
        ({"beta": "high"}, "E0807", "a number or an array"),
    ],
)
def test_bad_parameters(read, given, code, text):
    with pytest.raises(OpjaxError, match=code) as raised:
        simulate(read(SIR), given, [0.0, 1.0])
    assert text in str(raised.value)


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"J": 1.0}, "E0806", "the states are S, I, R"),
        ({"I": [1.0]}, "E0804", "a single number"),
        ([1.0, 2.0], "E0804", "(3,)"),
    ],
)
def test_bad_initial_values(read, given, code, text):
    with pytest.raises(OpjaxError, match=code) as raised:
        simulate(read(SIR), {}, [0.0, 1.0], initial=given)
    assert text in str(raised.value)


def test_a_parameter_without_a_value_names_the_way_out(read):
    with pytest.raises(OpjaxError, match="'k' has no value"):
        simulate(read(AGES), {"cap": 1.0}, [0.0, 1.0])
    with pytest.raises(OpjaxError, match=r"'cap' has no value.*\n(.*\n)*.*draw it from its prior LogNormal"):
        simulate(read(AGES), {"k": np.ones((2, 3))}, [0.0, 1.0])


def test_a_value_makes_what_its_default_needs_unnecessary(read):
    run = simulate(read(AGES), {"k": np.zeros((2, 3)), "r": 0.5}, [0.0, 2.0])
    np.testing.assert_allclose(run["S"][-1], 2.0)


def test_named_dimensions_in_any_order(read):
    system = read(AGES).system
    values = np.arange(6.0).reshape(2, 3)
    named = xarray.DataArray(values, dims=("age", "place"), coords={"age": ["young", "old"]})
    for given in (named, named.transpose(), named.isel(age=[1, 0]), named.transpose().isel(age=[1, 0])):
        np.testing.assert_array_equal(checked_parameters(system, {"k": given})["k"], values)
    numeric = xarray.DataArray([3.0, 2.0, 1.0], dims="x", coords={"x": [1.0, 0.5, 0.0]})
    np.testing.assert_array_equal(checked_parameters(system, {"d": numeric})["d"], [1.0, 2.0, 3.0])


def test_a_matrix_over_one_axis_keeps_its_order(read):
    system = read(AGES).system
    np.testing.assert_array_equal(checked_parameters(system, {"C": [[1, 2], [3, 5]]})["C"], [[1, 2], [3, 5]])


def test_wrong_names_of_dimensions_and_labels(read):
    system = read(AGES).system
    with pytest.raises(OpjaxError, match=r"'k' is over \(age, region\), and an array over \(age, place\) is wanted"):
        checked_parameters(system, {"k": xarray.DataArray(np.ones((2, 3)), dims=("age", "region"))})
    wrong = xarray.DataArray(np.ones((2, 3)), dims=("age", "place"), coords={"age": ["young", "middle"]})
    with pytest.raises(OpjaxError, match=r"E0922.*young, middle along 'age', and young, old are wanted"):
        checked_parameters(system, {"k": wrong})
    doubled = xarray.DataArray(np.ones((2, 3)), dims=("age", "place"), coords={"age": ["young", "young"]})
    with pytest.raises(OpjaxError, match="E0922"):
        checked_parameters(system, {"k": doubled})
    shifted = xarray.DataArray(np.ones(3), dims="x", coords={"x": [0.0, 0.5, 2.0]})
    with pytest.raises(OpjaxError, match="E0922"):
        checked_parameters(system, {"d": shifted})


def test_settings():
    assert settings_from({"solver": "stiff", "rtol": 1e-3}) == Settings(solver="stiff", rtol=1e-3)
    with pytest.raises(OpjaxError, match=r"E0902.*\n.*did you mean 'kvaerno5'"):
        Settings(solver="kvaerno")
    with pytest.raises(OpjaxError, match=r"E0806.*adjoint.*\n.*did you mean 'checkpoint'"):
        Settings(adjoint="checkpoints")
    with pytest.raises(OpjaxError, match=r"E0806.*setting 'max_step'.*\n.*did you mean 'max_steps'"):
        settings_from({"max_step": 3})
    with pytest.raises(OpjaxError, match="E0920"):
        Settings(solver="euler")


def test_values_that_are_no_real_numbers_are_refused(read):
    checked = read(DECAY)
    with pytest.raises(OpjaxError, match="E0807: 'k' is an array of complex numbers"):
        simulate(checked, {"k": np.array(1j)}, [0, 1])
    with pytest.raises(OpjaxError, match="E0807: 'y0' is a masked array"):
        simulate(checked, {"k": 1}, [0, 1], initial=np.ma.array([1.0], mask=[True]))
