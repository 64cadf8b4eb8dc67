"""Many parameters with defaults: a call without values for them is that with all of them given."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax

COUNT = 120
RATES = np.round(np.random.default_rng(20261121).uniform(0.1, 2.0, COUNT), 3)


def ring(defaults: bool = True) -> opjax.CompiledRhs:
    """Each state flows into the next, at a rate of its own."""
    values = [f"    k{i} = {rate}" if defaults or i else "    k0" for i, rate in enumerate(RATES)]
    flows = [f"    x{i} -> x{(i + 1) % COUNT} @ k{i}" for i in range(COUNT)]
    states = ", ".join(f"x{i}" for i in range(COUNT))
    lines = ["model Ring:", "  params:", *values, f"  states: {states}", "  dynamics:", *flows, ""]
    return opjax.compile_rhs("\n".join(lines))


@pytest.mark.parametrize("xp", [np, jnp])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_defaults_are_the_same_numbers_as_those_given(xp: object, dtype: str) -> None:
    rhs, y = ring(), np.linspace(1.0, 2.0, COUNT).astype(dtype)
    flow = (RATES * y).astype(dtype)
    with jax.enable_x64(True):
        state = jnp.asarray(y) if xp is jnp else y
        found = [rhs.eval_fn(0.0, state) for _ in range(2)]  # the second call reads what the first one made
        given = rhs.eval_fn(0.0, state, **{f"k{i}": float(rate) for i, rate in enumerate(RATES)})
    assert all(str(value.dtype) == dtype for value in found)
    rounding = 4 * np.finfo(dtype).eps * flow.max()  # of the two terms of a difference
    np.testing.assert_allclose(found[0], np.roll(flow, 1) - flow, rtol=0, atol=rounding)
    np.testing.assert_array_equal(found[0], given)
    np.testing.assert_array_equal(found[0], found[1])


def test_what_a_trace_makes_is_no_tracer_afterwards() -> None:
    rhs, y = ring(), jnp.ones(COUNT)
    np.testing.assert_array_equal(jax.jit(lambda y: rhs.eval_fn(0.0, y))(y), rhs.eval_fn(0.0, y))


def test_one_value_that_is_given_counts() -> None:
    rhs, y = ring(), np.ones(COUNT)
    rhs.eval_fn(0.0, y)
    found = rhs.eval_fn(0.0, y, k5=7.0)
    np.testing.assert_allclose([found[5], found[6]], [RATES[4] - 7.0, 7.0 - RATES[6]], rtol=1e-14)


def test_a_value_without_default_is_asked_for() -> None:
    with pytest.raises(opjax.OpjaxError, match="k0"):
        ring(defaults=False).eval_fn(0.0, np.ones(COUNT))


@pytest.mark.parametrize("kind", [float, np.float32, np.int64, jnp.asarray, lambda value: jnp.asarray(value)[None][0]])
def test_numbers_that_are_known_are_one_constant(kind: Callable[[float], object]) -> None:
    """A function that is traced holds the values of its parameters: nothing is put together when it is called."""
    rhs, y = ring(), jnp.linspace(1.0, 2.0, COUNT)
    known = {f"k{i}": kind(float(np.ceil(rate))) for i, rate in enumerate(RATES)}
    flow = np.ceil(RATES) * y
    np.testing.assert_allclose(jax.jit(lambda y: rhs(0.0, y, known))(y), np.roll(flow, 1) - flow, rtol=1e-5)
    assert len(jax.make_jaxpr(lambda y: rhs(0.0, y, known))(y).eqns) < 10


def test_one_number_that_is_traced_among_others_has_a_gradient() -> None:
    rhs, y = ring(), jnp.linspace(1.0, 2.0, COUNT)
    known = {f"k{i}": float(rate) for i, rate in enumerate(RATES)}
    slope = jax.jit(jax.jacobian(lambda k: rhs(0.0, y, {**known, "k7": k})))(3.0)
    want = np.zeros(COUNT)
    want[[7, 8]] = -y[7], y[7]
    np.testing.assert_allclose(slope, want, rtol=1e-6)
