"""Tables over an axis and inputs: values, shapes, dtypes, derivatives, and one search for several tables."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline

import opjax
from opjax import OpjaxError
from opjax.compile.forcing import time_tables

WEEKS = np.array([0.0, 1.0, 3.0, 7.0])
TIMES = (-2.0, 0.0, 0.4, 1.0, 2.9, 3.0, 6.5, 7.0, 9.0)
RANDOM = np.random.default_rng(20260301)
VALUES = {"b": RANDOM.normal(size=4), "M": RANDOM.normal(size=(2, 4, 3)), "lag": RANDOM.uniform(0, 2, size=2)}
TEXT = """
model Tables:
  axes:
    week = points [0, 1, 3, 7]
    age  = [young, old]
    site = [p, q, r]
  params:
    b[week]
    M[age, week, site]
    lag[age]
  states:
    x
    y[age, site]
  dynamics:
    x' = {scalar}
    y[age, site]' = {shaped}
"""


def rhs(scalar: str = "0", shaped: str = "0") -> opjax.CompiledRhs:
    return opjax.loads(TEXT.format(scalar=scalar, shaped=shaped)).compile_rhs()


def derivative(compiled: opjax.CompiledRhs, t: float, xp: Any = np, dtype: Any = np.float64) -> dict[str, Any]:
    state = {"x": xp.zeros((), dtype=dtype), "y": xp.zeros((2, 3), dtype=dtype)}
    given = {name: xp.asarray(VALUES[name], dtype=dtype) for name in compiled.param_names}
    return compiled.pytree_eval_fn(t, state, **given)


def previous(t: float, values: np.ndarray) -> np.ndarray:
    """The row at the last point that is not above t, or the first row."""
    return values[max(np.searchsorted(WEEKS, t, side="right") - 1, 0)]


def linear(t: float, values: np.ndarray) -> np.ndarray:
    flat = values.reshape(len(WEEKS), -1)
    return np.array([np.interp(t, WEEKS, column) for column in flat.T]).reshape(values.shape[1:])


def cubic(t: float, values: np.ndarray) -> np.ndarray:
    return CubicSpline(WEEKS, values, bc_type="natural")(np.clip(t, WEEKS[0], WEEKS[-1]))


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize(("word", "reference"), [("linear", linear), ("previous", previous), ("cubic", cubic)])
def test_a_table_has_the_value_of_its_interpolation(word: str, reference: Any, t: float) -> None:
    compiled = rhs(f"{word}(b[week] over week)", f"{word}(M[age, w, site] for w in week)")
    found = derivative(compiled, t)
    np.testing.assert_allclose(found["x"], reference(t, VALUES["b"]), rtol=1e-14, atol=0)
    expected = reference(t, np.moveaxis(VALUES["M"], 1, 0))
    np.testing.assert_allclose(found["y"], expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("word", ["linear", "previous", "cubic"])
def test_a_table_is_exact_at_its_points(word: str) -> None:
    compiled = rhs(f"{word}(b[week] over week)")
    assert [float(derivative(compiled, t)["x"]) for t in WEEKS.tolist()] == VALUES["b"].tolist()


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize(("word", "reference"), [("linear", linear), ("previous", previous), ("cubic", cubic)])
def test_a_table_can_be_read_elsewhere_for_each_cell(word: str, reference: Any, t: float) -> None:
    compiled = rhs(
        shaped=f"{word}(M[age, w, site] for w in week at t - lag[age]) + {word}(b[week] over week at lag[age])"
    )
    rows = [
        reference(t - VALUES["lag"][a], VALUES["M"][a]) + reference(VALUES["lag"][a], VALUES["b"]) for a in range(2)
    ]
    np.testing.assert_allclose(derivative(compiled, t)["y"], np.array(rows), rtol=1e-13, atol=1e-15)


def test_a_table_may_be_an_expression_and_its_place_a_state() -> None:
    compiled = rhs("linear(exp(b[week]) over week at x + 0.5) + linear(week over week at 2.5)")
    expected = np.interp(0.5, WEEKS, np.exp(VALUES["b"])) + 2.5
    np.testing.assert_allclose(derivative(compiled, 0.0)["x"], expected, rtol=1e-14)


def test_an_axis_with_one_point_is_a_constant_table() -> None:
    text = TEXT.replace("[0, 1, 3, 7]", "[2]").format(
        scalar="linear(b[week] over week) + 10*previous(b[week] over week)",
        shaped="linear(b[week] over week at lag[age])",
    )
    compiled = opjax.loads(text).compile_rhs()
    state = {"x": np.zeros(()), "y": np.zeros((2, 3))}
    for t in (0.0, 2.0, 5.0):
        found = compiled.pytree_eval_fn(t, state, b=np.array([3.0]), lag=VALUES["lag"])
        assert float(found["x"]) == 33.0
        assert (found["y"] == 3.0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_jax_agrees_keeps_the_data_type_and_traces(x64: None, dtype: Any) -> None:
    compiled = rhs(
        "linear(b[week] over week)*previous(b[week] over week)", "linear(M[age, w, site] for w in week at t - lag[age])"
    )
    for t in TIMES:
        expected = derivative(compiled, t)
        found = derivative(compiled, jnp.asarray(t, dtype), jnp, dtype)
        for name, array in found.items():
            assert array.dtype == dtype
            np.testing.assert_allclose(array, expected[name], rtol=1e-5 if dtype is np.float32 else 1e-13, atol=1e-6)
    state = {"x": jax.ShapeDtypeStruct((), dtype), "y": jax.ShapeDtypeStruct((2, 3), dtype)}
    given = {name: jax.ShapeDtypeStruct(VALUES[name].shape, dtype) for name in ("b", "M", "lag")}
    shapes = jax.eval_shape(compiled, jax.ShapeDtypeStruct((), dtype), state, given)
    assert {name: (s.shape, s.dtype) for name, s in shapes.items()} == {n: (s.shape, s.dtype) for n, s in state.items()}


def test_the_strict_namespace_agrees() -> None:
    strict = pytest.importorskip("array_api_strict")
    compiled = rhs(
        "linear(b[week] over week)*previous(b[week] over week at 2.5)",
        "previous(M[age, w, site] for w in week at t - lag[age])",
    )
    for t in TIMES:
        expected, found = derivative(compiled, t), derivative(compiled, t, strict, strict.float64)
        for name, array in found.items():
            np.testing.assert_allclose(np.asarray(array), expected[name], rtol=1e-13, atol=1e-15)


def test_derivatives_by_the_time_and_by_the_table(x64: None) -> None:
    compiled = rhs("linear(b[week] over week)", "previous(M[age, w, site] for w in week)")

    def value(t: Any, b: Any) -> Any:
        return compiled.pytree_eval_fn(t, {"x": jnp.zeros(()), "y": jnp.zeros((2, 3))}, b=b, M=VALUES["M"])

    slope, by_table = jax.jacrev(lambda t, b: value(t, b)["x"], (0, 1))(2.0, jnp.asarray(VALUES["b"]))
    np.testing.assert_allclose(slope, (VALUES["b"][2] - VALUES["b"][1]) / 2.0, rtol=1e-13)
    np.testing.assert_allclose(by_table, [0.0, 0.5, 0.5, 0.0], rtol=1e-13, atol=0)
    assert float(jax.grad(lambda t: value(t, VALUES["b"])["x"])(9.0)) == 0.0
    assert float(jax.grad(lambda t: value(t, VALUES["b"])["y"].sum())(2.0)) == 0.0


def test_tables_along_one_axis_share_the_search() -> None:
    compiled = rhs("linear(b[week] over week)", "linear(M[age, w, site] for w in week)")
    assert compiled.source.count("find_between(") == 1
    assert compiled.source.count("read_line(") == 2


def test_many_points_are_searched(x64: None) -> None:
    text = TEXT.replace("points [0, 1, 3, 7]", "grid(0, 100, 2001)").format(
        scalar="linear(b[week] over week)", shaped="0"
    )
    compiled = opjax.loads(text).compile_rhs()
    points = np.linspace(0, 100, 2001)
    values = np.sin(points)
    state = {"x": jnp.zeros(()), "y": jnp.zeros((2, 3))}
    found = jax.jit(jax.vmap(lambda t: compiled.pytree_eval_fn(t, state, b=values)["x"]))
    times = np.linspace(-1, 101, 333)
    np.testing.assert_allclose(found(times), np.interp(times, points, values), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("shape", [(3,), (5,), (4, 1), (1, 4)])
def test_a_table_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(OpjaxError, match="E0804"):
        rhs("linear(b[week] over week)").eval_fn(0.0, np.zeros(7), b=np.zeros(shape))


def test_what_an_engine_asks_about_tables() -> None:
    found = time_tables(
        rhs(
            "linear(b[week] over week) + previous(b[week] over week at t - 1)",
            "previous(M[age, w, site] for w in week)",
        ).system
    )
    assert [(row.axis, row.between, row.parameters) for row in found] == [
        ("week", "linear", (("b", ("week",)),)),
        ("week", "previous", (("M", ("age", "week", "site")),)),
    ]
    assert [row.breakpoints for row in found] == [(), (1.0, 3.0, 7.0)]
    assert all(row.coordinates == (0.0, 1.0, 3.0, 7.0) for row in found)


# --- inputs

INPUT = """
model Schools:
  axes:
    age = [young, old]
  params:
    lag[age] = 1
  inputs:
    school[age](t) = previous
    temperature(t) = linear
  states:
    x[age]
  dynamics:
    x[age]' = school[age](t - lag[age]) + 10*temperature(t) + 100*school["old"](t)
"""
SCHOOL = (np.array([0.0, 1.0, 4.0]), RANDOM.normal(size=(3, 2)))
TEMPERATURE = (np.array([0.0, 2.0]), np.array([1.0, 5.0]))


def expected_of_inputs(t: float) -> np.ndarray:
    def at(time: float) -> np.ndarray:
        return SCHOOL[1][max(np.searchsorted(SCHOOL[0], time, side="right") - 1, 0)]

    return at(t - 1) + 10 * np.interp(t, *TEMPERATURE) + 100 * at(t)[1]


@pytest.mark.parametrize("t", [-1.0, 0.0, 0.5, 1.0, 2.0, 3.7, 4.0, 5.0, 8.0])
def test_inputs_are_read_from_the_table_of_the_call(x64: None, t: float) -> None:
    compiled = opjax.loads(INPUT).compile_rhs()
    assert compiled.input_names == ("school", "temperature")
    assert compiled.param_names == ("lag",)
    found = compiled.eval_fn(t, np.zeros(2), school=SCHOOL, temperature=TEMPERATURE)
    np.testing.assert_allclose(found, expected_of_inputs(t), rtol=1e-13)
    traced = jax.jit(compiled.eval_fn)(t, jnp.zeros(2), school=SCHOOL, temperature=TEMPERATURE)
    np.testing.assert_allclose(traced, expected_of_inputs(t), rtol=1e-13)


def test_an_input_may_be_labelled() -> None:
    xarray = pytest.importorskip("xarray")
    table = xarray.DataArray(
        SCHOOL[1].T[::-1], dims=("age", "time"), coords={"age": ["old", "young"], "time": SCHOOL[0]}
    )
    compiled = opjax.loads(INPUT).compile_rhs()
    found = compiled.eval_fn(1.5, np.zeros(2), school=table, temperature=TEMPERATURE)
    np.testing.assert_allclose(found, expected_of_inputs(1.5), rtol=1e-13)
    dated = table.assign_coords(time=np.array(["2026-01-01", "2026-01-02", "2026-01-05"], "datetime64[ns]"))
    with pytest.raises(OpjaxError, match="the model does not say which date is time 0"):
        compiled.eval_fn(1.5, np.zeros(2), school=dated, temperature=TEMPERATURE)
    with pytest.raises(OpjaxError, match="E0922"):
        compiled.eval_fn(1.5, np.zeros(2), school=table.assign_coords(age=["a", "b"]), temperature=TEMPERATURE)


@pytest.mark.parametrize("kind", ["datetime64", "texts", "datetimes"])
def test_the_times_of_an_input_may_be_dates(kind: str) -> None:
    text = "model M:\n  time: week origin 2026-01-01\n  inputs:\n    r(t) = linear\n"
    text += "  states:\n    x = 0\n  dynamics:\n    x' = r(t)"
    compiled = opjax.loads(text).compile_rhs()
    days = np.array(["2026-01-01", "2026-01-15", "2026-02-05T12:00"], "datetime64[h]")
    given = {"datetime64": days, "texts": [str(day) for day in days], "datetimes": days.tolist()}[kind]
    for t, value in ((1.0, 1.5), (2.0, 2.0), (2.0 + 10.75 / 7, 3.0)):
        np.testing.assert_allclose(compiled.eval_fn(t, np.zeros(1), r=(given, [1.0, 2.0, 4.0])), [value], rtol=1e-14)
    with pytest.raises(OpjaxError, match="must increase"):
        compiled.eval_fn(0.0, np.zeros(1), r=(given[::-1], [1.0, 2.0, 4.0]))
    with pytest.raises(OpjaxError, match="neither a number nor a date"):
        compiled.eval_fn(0.0, np.zeros(1), r=(["2026-01-01", "soon", "later"], [1.0, 2.0, 4.0]))


def test_an_input_is_differentiable_in_its_values(x64: None) -> None:
    compiled = opjax.loads(INPUT).compile_rhs()

    def total(values: Any) -> Any:
        return compiled.eval_fn(0.5, jnp.zeros(2), school=SCHOOL, temperature=(TEMPERATURE[0], values)).sum()

    np.testing.assert_allclose(jax.grad(total)(jnp.asarray(TEMPERATURE[1])), [15.0, 5.0], rtol=1e-13)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ((SCHOOL[0][::-1], SCHOOL[1]), "E0582.*the time 1 behind 4"),
        (([0.0, 1.0, float("nan")], SCHOOL[1]), "E0582.*not finite"),
        ((SCHOOL[0], SCHOOL[1].T), "E0804.*over \\[time, age\\]"),
        ((SCHOOL[0][None], SCHOOL[1]), "E0804.*the times of school"),
        (([], np.zeros((0, 2))), "E0804.*the times of school"),
        (SCHOOL[1], "E0807.*a table over time is wanted"),
        (3.0, "E0807.*a table over time is wanted"),
        (("a", "b"), "E0807.*a table over time is wanted"),
        (None, "E0805.*'school' has no value"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(table: Any, problem: str) -> None:
    compiled = opjax.loads(INPUT).compile_rhs()
    with pytest.raises(OpjaxError) as caught:
        compiled.eval_fn(0.0, np.zeros(2), school=table, temperature=TEMPERATURE)
    assert caught.match(problem)


SMALL = """
model Small:
  axes:
    week = points [0, 1, 3, 7]
    one  = points [2]
  params:
    b[week]
    c[one]
    k
    open
  states: x, z
  dynamics:
    x' = linear(b[week] over week)*x + linear(c[one] over one) + linear(b[week] over week at z)
    z' = previous(b[week] over week) + k*z + (open if t >= 3 else 0)
"""
GIVEN = {"b": VALUES["b"], "c": np.array([0.75]), "k": 0.5, "open": 0.25}


def small(t: float, y: np.ndarray) -> np.ndarray:
    first = linear(t, GIVEN["b"]) * y[0] + 0.75 + linear(y[1], GIVEN["b"])
    second = previous(t, GIVEN["b"]) + 0.5 * y[1] + (0.25 if t >= 3 else 0.0)
    return np.array([first, second])


def test_a_small_model_reads_its_tables_as_numbers() -> None:
    compiled = opjax.compile_rhs(SMALL)
    bound = compiled.bind(GIVEN)
    for t in (*TIMES, np.inf, -np.inf):
        for z in (-1.0, 0.5, 3.0, 99.0):
            y = np.array([1.25, z])
            want = small(t, y)
            for found in (compiled(t, y, GIVEN), compiled.eval_fn(t, y, **GIVEN), bound(t, y)):
                np.testing.assert_allclose(found, want, rtol=1e-14, atol=1e-15)
    usual = compiled._usual
    assert usual is not None
    assert usual.kernel.form_for(np.zeros(2), np.dtype(float)) == "numbers"
    assert np.isnan(compiled(np.nan, np.array([1.0, 1.0]), GIVEN)[0])


@pytest.mark.parametrize(
    "change",
    [
        {"b": VALUES["b"].tolist()},
        {"b": np.array([2, 1, 0, 1])},
        {"b": VALUES["b"].astype(np.float32)},
        {"b": np.stack([VALUES["b"]] * 2, axis=1)[:, 0]},
        {"c": np.array([1])},
        {"k": 2},
        {"k": np.array(0.5)},
        {"open": np.float64(0.5)},
    ],
    ids=str,
)
def test_unusual_tables_and_numbers_are_read_as_before(change: dict[str, Any]) -> None:
    compiled = opjax.compile_rhs(SMALL)
    y = np.array([1.25, 2.5])
    compiled(1.5, y, GIVEN)
    want = opjax.compile_rhs(SMALL.replace("Small", "Other"))(1.5, y, {**GIVEN, **change})  # its first call
    for found in (compiled(1.5, y, {**GIVEN, **change}), compiled.eval_fn(1.5, y, **{**GIVEN, **change})):
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, want)
    assert compiled(1.5, y.astype(np.float32), {**GIVEN, **change}).dtype == np.float32


def test_a_table_of_another_shape_is_refused_after_the_first_call() -> None:
    compiled = opjax.compile_rhs(SMALL)
    compiled(1.5, np.ones(2), GIVEN)
    for wrong in (np.zeros(3), np.zeros((4, 1)), 0.5):
        with pytest.raises(OpjaxError, match="E0804"):
            compiled(1.5, np.ones(2), {**GIVEN, "b": wrong})


def test_a_conditional_whose_branch_divides_by_zero_warns_of_nothing() -> None:
    text = """
model Branch:
  axes:
    age = [young, old]
  params: k
  states: x[age]
  dynamics:
    x[age]' = k/x[age] if x[age] > 0 else 0
"""
    compiled = opjax.compile_rhs(text)
    for _ in range(3):
        np.testing.assert_array_equal(compiled(0.0, np.array([0.0, 2.0]), {"k": 3.0}), [0.0, 1.5])
        np.testing.assert_array_equal(compiled.eval_fn(0.0, np.array([0.0, 2.0]), k=3.0), [0.0, 1.5])
    bound = compiled.bind({"k": 3.0})
    for _ in range(3):
        np.testing.assert_array_equal(bound(0.0, np.array([0.0, 2.0])), [0.0, 1.5])
