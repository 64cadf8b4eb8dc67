"""Membership in a set of small integers."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from opjax.trees.untyped import jax, jnp

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Int
    from numpy.typing import ArrayLike

    Rows: TypeAlias = Int[Array, "*shape"]
    Members: TypeAlias = Bool[Array, "*shape"]
    Integers: TypeAlias = Rows | ArrayLike


def isin(a: Integers, b: Integers, max_item: int) -> Members:
    """Which elements of ``a`` are in ``b``, for integers from 0 to ``max_item - 1``.

    By a table with a row for each possible integer: linear in the sizes, where `jnp.isin` compares or sorts. An
    integer outside of the range, negative ones included, is never a member.

    Arguments:
        a: integers, shape [...].
        b: integers, any shape; may be empty.
        max_item: the size of the table; a Python integer, also inside `jax.jit`.

    Returns:
        Booleans of the shape of ``a``.

    Raises:
        TypeError: ``a`` or ``b`` holds something else than integers.
        ValueError: ``max_item`` is negative.

    Example:
        >>> isin([-1, 9, 10, 3], [9, -1, 12], 10).tolist()
        [False, True, False, False]
    """
    size = operator.index(max_item)
    if size < 0:
        raise ValueError(f"isin: max_item is {size}; it is the size of a table and cannot be negative")
    return _look_up(_rows(a, size), _rows(b, size), size)


@functools.partial(jax.jit, static_argnums=2)
def _look_up(a: Rows, b: Rows, size: int) -> Members:
    table = jnp.zeros(size + 1, bool).at[b].set(True)
    return table.at[size].set(False)[a]


def _rows(values: Any, size: int) -> Rows:
    """The rows of a table with one more than ``size``: the last stands for all integers outside."""
    array = values if isinstance(values, jax.Array) else np.asarray(values)
    if array.size and not jnp.issubdtype(array.dtype, jnp.integer):
        raise TypeError(f"isin: integers are needed, not {array.dtype}")
    # Small types could not count to the size of the table. What does not fit the signed type becomes negative, and
    # -1 is the last row, as is `size`.
    signed = np.int64 if array.dtype.itemsize == 8 else np.int32
    return jnp.asarray(array.astype(signed).clip(-1, size))
