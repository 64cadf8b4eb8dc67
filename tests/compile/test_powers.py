"""Powers with literal exponents: 3/2 is a root times the base, 3 one operation in JAX; values and slopes."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax.backends.jax import BACKEND as JAX
from opjax.backends.numpy import BACKEND as NUMPY
from opjax.ir.evaluate import integer_power
from opjax.ir.functions.reference import power

EXPONENTS = (-4.5, -3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5)
SPECIAL = (0.0, -0.0, 1.0, math.inf, math.nan, -1.0, 1e-300, 1e250, 4.0)


def compiled(exponent: float) -> opjax.CompiledRhs:
    return opjax.compile_rhs(
        "model Half:\n  axes:\n    x = grid(0, 1, 60)\n  states: u[x]\n  dynamics:\n"
        f"    d(u[x])/dt = u[x] - (2*u[x])^({exponent})\n"
    )


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("library", ["numpy", "jax"])
def test_values_are_those_of_the_power(exponent: float, library: str) -> None:
    rhs, y = compiled(exponent), np.random.default_rng(7).uniform(0.01, 9, size=60)
    y[: len(SPECIAL)] = SPECIAL
    with np.errstate(all="ignore"), jax.enable_x64(True):
        found = np.asarray(rhs(0.0, y if library == "numpy" else jnp.asarray(y)))
        single = rhs(0.0, y.astype(np.float32) if library == "numpy" else jnp.asarray(y, jnp.float32))
        wanted = np.array([u - power(2 * u, exponent) for u in y.tolist()])
        sizes = np.array([abs(u) + abs(power(2 * u, exponent)) for u in y.tolist()])
    assert single.dtype == np.float32
    assert (np.isnan(found) == np.isnan(wanted)).all()
    assert (np.isinf(found) == np.isinf(wanted)).all()
    np.testing.assert_array_equal(found[np.isinf(wanted)], wanted[np.isinf(wanted)])
    usual = np.isfinite(wanted)
    units = 8 * np.array([math.ulp(size) for size in sizes[usual]])
    assert (np.abs(found[usual] - wanted[usual]) <= units).all()


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_no_general_power_is_left(exponent: float) -> None:
    rhs = compiled(exponent)
    written = rhs._quantities.kernel(NUMPY).code("written").text
    assert "pow(" not in written
    traced = str(jax.make_jaxpr(lambda y: rhs(0.0, y))(jnp.ones(60)))
    assert " pow " not in traced


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_slopes_are_those_of_the_power(exponent: float) -> None:
    half = JAX.function("pow")
    with jax.enable_x64(True):
        first = jax.grad(lambda x: half(x, exponent))
        for at in (0.3, 1.0, 5.0):
            assert float(first(at)) == pytest.approx(exponent * at ** (exponent - 1), rel=1e-14)
            second = exponent * (exponent - 1) * at ** (exponent - 2)
            assert float(jax.grad(first)(at)) == pytest.approx(second, rel=1e-14)
        assert float(first(0.0)) == (0.0 if exponent > 1 else math.copysign(math.inf, exponent))


@pytest.mark.parametrize("exponent", [-7, -3, -2, 3, 4, 7, 8, 9, 13])
def test_whole_powers_in_jax_are_those_of_the_meaning_to_the_last_bit(exponent: int) -> None:
    text = "model Whole:\n  axes:\n    x = grid(0, 1, 60)\n  states: u[x]\n  dynamics:\n    d(u[x])/dt = "
    rhs, y = opjax.compile_rhs(f"{text}u[x]^{exponent}\n"), np.random.default_rng(8).normal(size=60)
    y[:5] = [0.0, -0.0, np.inf, -np.inf, np.nan]
    with jax.enable_x64(True):
        found = jax.jit(lambda y: rhs(0.0, y))(jnp.asarray(y))
        np.testing.assert_array_equal(found, [integer_power(value, exponent) for value in y.tolist()])
        slopes = jax.grad(lambda y: rhs(0.0, y).sum())(jnp.asarray(y))
        np.testing.assert_allclose(slopes[5:], exponent * y[5:] ** (exponent - 1), rtol=1e-12)
        assert float(slopes[0]) == (0.0 if exponent > 0 else -math.inf)
        traced = str(jax.make_jaxpr(lambda y: rhs(0.0, y))(jnp.asarray(y)))
    assert (traced.count("integer_pow") == 1) == (abs(exponent) <= 8)
