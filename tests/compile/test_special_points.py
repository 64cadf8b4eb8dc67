"""What is infinite, undefined, or a zero with a sign, is what the interpreter says, in every form of a call."""

from __future__ import annotations

import itertools
import math

import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from interpreted import derivative

SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.5, math.inf, -math.inf, math.nan)
SCALARS = (
    ("x^0 + y", "y^0*x"),
    ("exp(x^0)*y", "max(y^0, 0.5)*x^0"),
    ("0*x + y", "inf*y - x"),
    ("x/y", "1/x - 2/(x - y)"),
    ("1/(0*x)", "1/(-x*0) + 1/(-0.0)"),
    ("1/y if y > 0 else -0.0*x", "(x > y)*2 - (x == y)"),
    ("max(x, y)", "min(x, y) + clip(x, 0, y)"),
    ("x % y", "y % 3"),
    ("x^y", "y^1.5"),
    ("exp(x) + log(y) + sqrt(x)", "sin(x) + tanh(y) + abs(x) + sign(y)"),
)
VECTORS = (
    ("x[a]^0", "y[a]^0 + x[a]^-2"),
    ("exp(x[a]^0)", "max(y[a]^0, x[a]^0)"),
    ("1/(x[a]*0.0)", "1/(y[a]*(-0.0))"),
    ("1/where(x[a] > 0, 0.0, 1.0)", "1/where(y[a] > 0, -0.0, 1.0)"),
    ('1/(x[a] if a == "q" else -0.0)', '1/(y[a] if a != "p" else -0.0)'),
)


def scalars(rates: tuple[str, str]) -> str:
    return f"model M:\n  states: x, y\n  dynamics:\n    x' = {rates[0]}\n    y' = {rates[1]}\n"


def vectors(rates: tuple[str, str]) -> str:
    head = "model M:\n  axes:\n    a = [p, q, r]\n  states: x[a], y[a]\n  dynamics:\n"
    return head + f"    x[a]' = {rates[0]}\n    y[a]' = {rates[1]}\n"


def agrees(rhs: opjax.CompiledRhs, y: np.ndarray) -> None:
    want = derivative(rhs, y)
    states = rhs.unflatten(y)
    calls = {
        "first": lambda: rhs(0.0, y),
        "usual": lambda: rhs(0.0, y),
        "by name": lambda: rhs.flatten(rhs.pytree_eval_fn(0.0, states)),
        "bound": lambda: rhs.bind({})(0.0, y),
    }
    with np.errstate(all="ignore"):
        for name, call in calls.items():
            np.testing.assert_allclose(call(), want, rtol=1e-13, err_msg=f"{name} at {y}")


@pytest.mark.parametrize("rates", SCALARS)
def test_scalars(rates: tuple[str, str]) -> None:
    rhs = opjax.compile_rhs(scalars(rates))
    for point in itertools.product(SPECIAL, SPECIAL):
        agrees(rhs, np.array(point))


@pytest.mark.parametrize("rates", VECTORS)
def test_vectors(rates: tuple[str, str]) -> None:
    rhs = opjax.compile_rhs(vectors(rates))
    for shift in range(len(SPECIAL)):
        agrees(rhs, np.array([SPECIAL[(shift + place) % len(SPECIAL)] for place in range(6)]))
    with np.errstate(all="ignore"):
        assert rhs(0.0, np.ones(6, np.float32)).dtype == np.float32


@pytest.mark.parametrize("rates", VECTORS)
def test_vectors_of_jax(rates: tuple[str, str]) -> None:
    rhs = opjax.compile_rhs(vectors(rates))
    y = np.array([0.0, math.inf, -1.0, 2.5, math.nan, -0.0])
    np.testing.assert_allclose(rhs(0.0, jnp.asarray(y)), derivative(rhs, y), rtol=1e-6)


def test_axes_that_differ_in_the_sign_of_a_zero() -> None:
    """They compute the same but for one bit, and are not one compiled program."""
    text = "model M:\n  axes:\n    a = points [{}, 1, 2]\n  states: x[a]\n  dynamics:\n    x[a]' = 1/a\n"
    positive, negative = (opjax.compile_rhs(text.format(zero)) for zero in ("0", "-0"))
    assert positive != negative
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(positive(0.0, np.ones(3)), [math.inf, 1.0, 0.5])
        np.testing.assert_array_equal(negative(0.0, np.ones(3)), [-math.inf, 1.0, 0.5])


@pytest.mark.parametrize("rates", [SCALARS[1], VECTORS[1]])
def test_a_power_of_zero_keeps_the_data_type(rates: tuple[str, str]) -> None:
    rhs = opjax.compile_rhs(scalars(rates) if rates in SCALARS else vectors(rates))
    for xp in (np, jnp, pytest.importorskip("array_api_strict")):
        y = xp.full(len(rhs.state_names), 2.0, dtype=xp.float32)
        tree = rhs.pytree_eval_fn(0.0, rhs.unflatten(y))
        assert {value.dtype for value in (rhs(0.0, y), *tree.values())} == {xp.asarray(1.0, dtype=xp.float32).dtype}
        np.testing.assert_allclose(np.asarray(rhs(0.0, y)), derivative(rhs, np.full(y.shape, 2.0)), rtol=1e-6)
