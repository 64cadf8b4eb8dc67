"""Compensated sums against `math.fsum`, which rounds once."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opjax import trees
from opjax.trees import compensated_sum

LARGE_SUMMAND = (1.0, 1e10, 1.0, -1e10)


@pytest.mark.parametrize("sum_of", [compensated_sum, jax.jit(compensated_sum)], ids=["plain", "jit"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_b07_kahan_summation_is_right_when_a_summand_exceeds_the_sum(sum_of, dtype) -> None:
    summands = [jnp.asarray(x if dtype == "float32" else x / 1e6, dtype) for x in LARGE_SUMMAND]
    total, carry = sum_of(*summands)
    assert total.dtype == carry.dtype == dtype
    assert total == 0
    assert total + carry == summands[0] + summands[2]


def test_b07_kahan_summation_takes_python_numbers() -> None:
    total, carry = jax.jit(compensated_sum)(*LARGE_SUMMAND)
    assert total + carry == 2.0


# XLA takes numbers below 2e-308 as zero; those here are large enough that no difference of two falls there.
numbers = st.floats(-1e30, 1e30).map(lambda number: number if abs(number) > 1e-250 else 0.0)
summands = st.lists(numbers, min_size=1, max_size=12)


@given(summands)
def test_b07_kahan_summation_agrees_with_fsum(numbers: list[float]) -> None:
    with jax.enable_x64(True):
        total, carry = compensated_sum(*(np.float64(x) for x in numbers))
        result = float(total + carry)
    # Second order in the unit roundoff: |error| <= eps |sum| + n^2 eps^2 sum of |x| (Ogita, Rump, Oishi 2005, 4.5).
    eps = np.finfo(np.float64).eps
    bound = eps * abs(math.fsum(numbers)) + (len(numbers) * eps) ** 2 * math.fsum(map(abs, numbers))
    assert abs(result - math.fsum(numbers)) <= bound


@pytest.mark.usefixtures("x32")
def test_b07_kahan_summation_goes_on_as_the_step_of_a_scan() -> None:
    values = jnp.asarray(np.random.default_rng(0).uniform(0, 1, 20_000), jnp.float32)

    def step(state, x):
        return compensated_sum(state[0], x, compensate=state[1]), None

    (total, carry), _ = jax.lax.scan(step, (jnp.float32(0), jnp.float32(0)), values)
    exact = math.fsum(np.asarray(values, np.float64))
    assert abs(float(total + carry) - exact) <= np.spacing(np.float32(exact))
    assert abs(float(total) - exact) > 10 * np.spacing(np.float32(exact))


@pytest.mark.usefixtures("x32")
def test_b07_kahan_summation_survives_the_compiler() -> None:
    """Of products too, which a compiler may fuse with the sums."""
    random = np.random.default_rng(1)
    drawn = random.normal(size=(2, 6, 50)) * 10.0 ** random.integers(-3, 4, (2, 6, 50))
    a, b = drawn.astype(np.float32)
    plain = compensated_sum(*a)
    for ours, theirs in zip(jax.jit(compensated_sum)(*a), plain, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    total, carry = jax.jit(lambda a, b: compensated_sum(*(a[i] * b[i] for i in range(6))))(a, b)
    products = a.astype(np.float64) * b
    # One rounding for each product and one for the result; the compensation itself is of second order.
    bound = 2**-24 * (np.abs(products).sum(0) * 1.001 + np.abs(products.sum(0)))
    assert (np.abs(np.float64(total) + np.float64(carry) - products.sum(0)) <= bound).all()


def test_b07_kahan_summation_adds_trees_leaf_by_leaf() -> None:
    large = {"a": jnp.array([1e10, 1.0]), "b": (1e10,)}
    small = {"a": jnp.array([1.0, 1.0]), "b": (jnp.array([[1.0, 2.0]]),)}
    first = compensated_sum(large, small)
    total, carry = compensated_sum(first[0], jax.tree.map(jnp.negative, large), compensate=first[1])
    result = jax.tree.map(jnp.add, total, carry)
    np.testing.assert_array_equal(result["a"], [1.0, 1.0])
    np.testing.assert_array_equal(result["b"][0], [[1.0, 2.0]])


def test_b07_kahan_summation_of_complex_numbers_compensates_both_parts() -> None:
    total, carry = compensated_sum(1 + 1e10j, 1e10 + 1j, -1e10 - 1e10j)
    assert total + carry == 1 + 1j


def test_b07_kahan_summation_keeps_infinity_and_integers() -> None:
    total, carry = compensated_sum(jnp.inf, 1.0, -1.0)
    assert (total + carry) == jnp.inf
    total, carry = compensated_sum(jnp.float32(3e38), jnp.float32(3e38))
    assert (total + carry) == jnp.inf
    total, carry = compensated_sum(1, 2, 3)
    assert (int(total), int(carry)) == (6, 0)


def test_b07_kahan_summation_has_the_derivatives_of_a_sum() -> None:
    def both(x, y):
        return sum(compensated_sum(x, 1e10 * y, 3.0 * x))

    assert jax.grad(both, argnums=(0, 1))(1.0, 1.0) == (4.0, np.float32(1e10))
    assert jax.jvp(both, (1.0, 1.0), (1.0, 0.0))[1] == 4.0


def test_b07_kahan_summation_needs_a_summand_and_one_structure() -> None:
    with pytest.raises(TypeError, match="first"):
        compensated_sum()
    with pytest.raises(ValueError, match="key"):
        compensated_sum({"a": 1.0}, {"b": 1.0})


def test_b07_the_name_of_kups() -> None:
    assert trees.kahan_summation is compensated_sum
