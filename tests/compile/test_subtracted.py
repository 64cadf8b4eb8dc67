"""What sums alone read of minus an array is subtracted: there is no array of it, and no bit changes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from backends.namespaces import equations
from interpreted import derivative

TEXT = """
model M:
  axes:
    x = grid(0, 9, 10)
    g = [a, b, c]
  params:
    k
  states: u[x], v[x], w[x, g]
  dynamics:
    d(u[x])/dt = {first}
    d(v[x])/dt = {second}
    w[x, g]' = {third}
"""
SUBTRACTED = {
    "a state": ("-u[x] + (1 - u[x])*k", "v[x] - u[x]", "k - w[x, g]"),
    "first and last": ("-u[x] + exp(v[x])", "v[x]^2 + k*v[x] - u[x]", "1"),
    "what others read too": ("k*exp(u[x]) - exp(v[x])", "exp(v[x])*u[x] - exp(v[x])", "1"),
    "twice in one sum": ("v[x]*u[x] - u[x] - u[x]", "1", "1"),
}
KEPT = {
    "an argument": ("exp(-u[x]) + v[x]", "v[x]^2 - u[x]", "1"),
    "two arguments": ("exp(-u[x]) + v[x]", "sin(-u[x]) - u[x]", "1"),
    "what two sums begin with": ("-u[x] - v[x]", "-u[x] - exp(v[x])", "1"),
    "other dims": ("v[x]^2 - u[x]", "1", "w[x, g] - u[x]"),
    "a rate itself": ("-u[x]", "v[x] - u[x]", "1"),
    "what nothing else reads": ("k*u[x] - exp(v[x])", "u[x] - exp(v[x])", "1"),
}


def compiled(rates: tuple[str, str, str]) -> opjax.CompiledRhs:
    first, second, third = rates
    return opjax.compile_rhs(TEXT.format(first=first, second=second, third=third))


def agrees(rhs: opjax.CompiledRhs) -> int:
    """The derivative is that of the interpreter; the number of operations with a minus in JAX."""
    y, p = np.random.default_rng(31).uniform(0.5, 1.5, 50), dict.fromkeys(rhs.param_names, 0.7)
    want = derivative(rhs, y, p)
    np.testing.assert_allclose(rhs(0.0, y, p), want, rtol=1e-14, atol=1e-15)
    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.jit(rhs)(0.0, jnp.asarray(y), p), want, rtol=1e-14, atol=1e-15)
        program = jax.make_jaxpr(rhs)(0.0, jnp.asarray(y), p)
    return sum(one.primitive.name == "neg" for one in equations(program.jaxpr))


@pytest.mark.parametrize("name", SUBTRACTED)
def test_what_sums_alone_read_is_subtracted(name: str) -> None:
    assert agrees(compiled(SUBTRACTED[name])) == 0


@pytest.mark.parametrize("name", KEPT)
def test_what_others_read_is_made(name: str) -> None:
    rhs = compiled(KEPT[name])
    assert agrees(rhs) == 1
    assert rhs.source.count("exp(") <= 1
