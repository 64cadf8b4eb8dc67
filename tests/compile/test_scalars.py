"""Models of some ten to some hundred equations: Python's numbers where these are quicker than short arrays."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax.backends.numpy import BACKEND
from opjax.compile.arguments import plain
from opjax.compile.helpers import NUMBERS
from opjax.compile.scalars import cost_of_arrays, cost_of_numbers
from opjax.ir import functions


def chain(count: int) -> str:
    """Each gene is switched off by another, and its product falls apart; the rates have defaults."""
    rates = "\n".join(f"    k{i} = {1 + i / 8}" for i in range(count))
    rows = "\n".join(
        f"    x{i}' = k{i}*x{i}/(1 + x{(7 * i + 3) % count}^2) - exp(-x{i})*x{(i + 1) % count}" for i in range(count)
    )
    states = ", ".join(f"x{i}" for i in range(count))
    return f"model Chain:\n  params:\n{rates}\n  states: {states}\n  dynamics:\n{rows}\n"


def by_hand(y: np.ndarray, k: np.ndarray) -> np.ndarray:
    other = y[(7 * np.arange(len(y)) + 3) % len(y)]
    return k * y / (1 + other**2) - np.exp(-y) * np.roll(y, -1)


def rates(count: int) -> np.ndarray:
    return 1 + np.arange(count) / 8


@pytest.mark.parametrize(("count", "numbers"), [(8, True), (24, True), (60, False), (400, False)])
def test_numbers_where_they_are_quicker(count: int, numbers: bool) -> None:
    rhs = opjax.compile_rhs(chain(count))
    y, k = np.random.default_rng(8).uniform(0.1, 2.0, count), rates(count)
    named = {f"k{i}": float(value) for i, value in enumerate(k)}
    other = {name: 2 * value for name, value in named.items()}
    for _ in range(3):
        for found in (rhs(0.0, y), rhs(0.0, y, {}), rhs.eval_fn(0.0, y), rhs.bind({})(0.0, y), rhs(0.0, y, named)):
            np.testing.assert_allclose(found, by_hand(y, k), rtol=1e-13)
        for found in (rhs(0.0, y, other), rhs.bind(other)(0.0, y), rhs.eval_fn(0.0, y, **other)):
            np.testing.assert_allclose(found, by_hand(y, 2 * k), rtol=1e-13)
    kernel = rhs._quantities.kernel(BACKEND)
    assert (kernel.form_for(y, y.dtype) == "numbers") is numbers
    assert kernel.form_for(y.astype("f4"), np.dtype("f4")) == "written"
    np.testing.assert_allclose(rhs(0.0, y.astype("f4")), by_hand(y, k), rtol=1e-5)


def test_other_kinds_of_calls_compute_with_arrays() -> None:
    rhs = opjax.compile_rhs(chain(24))
    y, k = np.random.default_rng(8).uniform(0.1, 2.0, 24), rates(24)
    named = {f"x{i}": value for i, value in enumerate(y)}
    by_name = rhs.pytree_eval_fn(0.0, named)
    np.testing.assert_allclose([by_name[name] for name in named], by_hand(y, k), rtol=1e-13)
    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.jit(rhs)(0.0, jnp.asarray(y)), by_hand(y, k), rtol=1e-13)
        derivative = jax.jacfwd(lambda y: rhs(0.0, y))(jnp.asarray(y))
    np.testing.assert_allclose(rhs.jacobian(0.0, y), derivative, rtol=1e-12)


@pytest.mark.parametrize("value", [2, np.float64(2.0), np.int64(2), np.float32(2.0), np.array(2.0)])
def test_kinds_of_parameters(value: object) -> None:
    rhs, y = opjax.compile_rhs(chain(24)), np.linspace(0.1, 2.0, 24)
    k = np.where(np.arange(24) == 3, 2.0, rates(24))
    for _ in range(2):
        np.testing.assert_allclose(rhs(0.0, y, {"k3": value}), by_hand(y, k), rtol=1e-13)
        np.testing.assert_allclose(rhs.eval_fn(0.0, y, k3=value), by_hand(y, k), rtol=1e-13)
    found, table = plain((np.asarray(value), y))
    assert type(found) is float  # NumPy's scalars would take as long as its arrays
    assert table is y


def test_what_python_refuses_is_what_numpy_says() -> None:
    rows = "\n".join(f"    x{i}' = k/x{(i + 1) % 12} - log(x{i})*exp(x{i}^3)" for i in range(12))
    states = ", ".join(f"x{i}" for i in range(12))
    rhs = opjax.compile_rhs(f"model M:\n  params: k\n  states: {states}\n  dynamics:\n{rows}\n")
    for first, k in itertools.product([1.0, 0.0, -0.0, -1.0, 20.0, np.inf, np.nan], [1.0, 0.0, -0.0]):
        y = np.append(first, np.linspace(0.5, 1.5, 11))
        with np.errstate(all="ignore"):
            want = k / np.roll(y, -1) - np.log(y) * np.exp(y**3)
            np.testing.assert_allclose(rhs(0.0, y, {"k": k}), want, rtol=1e-12)
    assert rhs._quantities.kernel(BACKEND).form_for(y, y.dtype) == "numbers"


@pytest.mark.parametrize("count", [24, 400])
def test_many_parameters_are_told_from_those_of_the_call_before(count: int) -> None:
    rows = "\n".join(f"    x{i}' = x{i}/k{i} - x{(i + 1) % count}" for i in range(count))
    states, names = ", ".join(f"x{i}" for i in range(count)), [f"k{i}" for i in range(count)]
    lines = "\n".join(f"    {name}" for name in names)
    rhs = opjax.compile_rhs(f"model M:\n  params:\n{lines}\n  states: {states}\n  dynamics:\n{rows}\n")
    y = np.linspace(1.0, 2.0, count)
    values = (1.5, 0.0, -0.0, 1.5, np.float64(2.5), 2, np.nan)
    for first, second in itertools.product(values, values):
        for value in (first, first, second, second, first):
            p = {**dict.fromkeys(names, 1.5), "k5": value}
            with np.errstate(all="ignore"):
                want = y / np.array([float(p[name]) for name in names]) - np.roll(y, -1)
                np.testing.assert_array_equal(rhs(0.0, y, p), want)
                np.testing.assert_array_equal(rhs.bind(p)(0.0, y), want)
    for wrong in (None, "1.5", 1.5 + 0j, [1.5], np.ones(2)):
        for call in (lambda p: rhs(0.0, y, p), lambda p: rhs.bind(p)(0.0, y), lambda p: rhs.eval_fn(0.0, y, **p)):
            with pytest.raises(opjax.OpjaxError):
                call({**dict.fromkeys(names, 1.5), "k5": wrong})


def test_an_explanation_says_so() -> None:
    few, many = opjax.compile_rhs(chain(24)).explain(), opjax.compile_rhs(chain(400)).explain()
    assert few.numbers == 24 * 9
    assert "216 operations with Python's numbers" in str(few)
    assert many.numbers == 0
    assert "Python's numbers" not in str(many)
    assert opjax.compile_rhs(chain(24)).explain(itemsize=4).numbers == 0
    assert opjax.compile_rhs(chain(24)).explain(xp=jnp).numbers == 0


def test_what_is_counted() -> None:
    rhs = opjax.compile_rhs(chain(24))
    kernel = rhs._quantities.kernel(BACKEND)
    assert kernel.scalars is not None
    assert cost_of_numbers(kernel.scalars) == pytest.approx(24 * (8 + 2 + 1.2))  # an exp is as two
    assert cost_of_numbers(kernel.scalars) < cost_of_arrays(kernel.program)


SPECIAL = (
    -np.inf,
    -1e300,
    -800.0,
    -2.5,
    -1.0,
    -0.3,
    -0.0,
    0.0,
    1e-300,
    0.3,
    1.0,
    2.0,
    2.5,
    800.0,
    1e300,
    np.inf,
    np.nan,
)


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_functions_of_numbers_are_those_of_arrays(name: str) -> None:
    computed = 0
    for values in itertools.product(SPECIAL, repeat=len(functions.FUNCTIONS[name].argument_kinds)):
        try:
            found = NUMBERS[name](*values)
        except (ArithmeticError, ValueError):  # then NumPy computes
            continue
        with np.errstate(all="ignore"):
            want = BACKEND.function(name)(*map(np.float64, values))
        np.testing.assert_allclose(found, want, rtol=4e-16)
        if name not in ("minimum", "maximum", "clip") and not np.isnan(want):  # 0 and -0 are equal for these
            assert np.signbit(found) == np.signbit(want), (name, values)
        computed += np.isfinite(found)
    assert computed >= 5
