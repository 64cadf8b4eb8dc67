"""What only JAX has: solvers of its own."""

from __future__ import annotations

import jax
from jax import lax


def solve_tridiagonal(lower: jax.Array, middle: jax.Array, upper: jax.Array, right: jax.Array) -> jax.Array:
    """The solution of three equations or more with three diagonals.

    Arguments:
        lower: what stands below the diagonal in each row, shape (rows,); the first is not read.
        middle: the diagonal.
        upper: what stands above it; the last is not read.
        right: shape (rows, columns).
    """
    ends = jax.numpy.arange(right.shape[0])
    below = jax.numpy.where(ends > 0, lower, 0.0)
    above = jax.numpy.where(ends < right.shape[0] - 1, upper, 0.0)
    return lax.linalg.tridiagonal_solve(below, middle, above, right)
