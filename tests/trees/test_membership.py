"""Membership against Python's sets."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opjax.trees import isin

integers = st.lists(st.integers(-14, 14), min_size=5, max_size=5)
in_jit = jax.jit(isin, static_argnums=2)


def reference(a: list[int], b: list[int], size: int) -> list[bool]:
    return [0 <= x < size and x in b for x in a]


def test_b05_isin_of_negative_integers_is_false() -> None:
    assert isin(jnp.array([-1, 9, 10, 3]), jnp.array([9, -1, 12]), 10).tolist() == [False, True, False, False]
    assert isin(jnp.array([-1]), jnp.array([9]), 10).tolist() == [False]


@settings(max_examples=30)
@given(integers, integers, st.sampled_from([0, 10]))
def test_b05_isin_is_that_of_sets(a: list[int], b: list[int], size: int) -> None:
    assert isin(a, np.array(b), size).tolist() == reference(a, b, size)
    assert in_jit(jnp.array(a), jnp.array(b), size).tolist() == reference(a, b, size)


DTYPES = ["int8", "uint8", "int16", "int32", "uint32"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("of", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_b05_isin_counts_further_than_small_types(dtype: str, of) -> None:
    limits = np.iinfo(dtype)
    values = np.array([limits.min, 0, 5, limits.max], dtype)
    wanted = [0 <= int(value) < 300 for value in values]
    assert isin(of(values), of(values), 300).tolist() == wanted


def test_b05_isin_does_not_wrap_numbers_of_64_bits() -> None:
    assert isin(np.array([2**32 + 3, 3]), [3], 10).tolist() == [False, True]
    assert isin(np.array([2**64 - 1, 3], np.uint64), [3, 9], 10).tolist() == [False, True]
    with jax.enable_x64(True):
        assert isin(jnp.array([2**32 + 3, 3]), jnp.array([3]), 10).tolist() == [False, True]


def test_b05_isin_of_nothing_and_of_any_shape() -> None:
    assert isin([[1, 2], [3, 4]], [], 5).tolist() == [[False, False], [False, False]]
    assert isin([[1, 2], [3, 4]], [[4], [1]], 5).tolist() == [[True, False], [False, True]]
    assert isin([], [1], 5).shape == (0,)
    assert isin(3, [3], 5).shape == ()


def test_b05_isin_under_vmap() -> None:
    rows = jax.vmap(lambda a, b: isin(a, b, 4))(jnp.array([[0, 1], [2, 3]]), jnp.array([[1], [2]]))
    assert rows.tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize("wrong", [[1.0], [True]], ids=["floats", "booleans"])
def test_b05_isin_takes_integers_only(wrong: list[object]) -> None:
    with pytest.raises(TypeError, match="integers are needed"):
        isin(wrong, [1], 3)
    with pytest.raises(TypeError, match="integers are needed"):
        isin([1], jnp.array(wrong), 3)


def test_b05_isin_needs_the_size_of_a_table() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        isin([1], [1], -1)
    with pytest.raises(TypeError):
        isin([1], [1], 2.5)
    with pytest.raises(TypeError, match="traced"):
        jax.jit(isin)(jnp.array([1]), jnp.array([1]), 3)
