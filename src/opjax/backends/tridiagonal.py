"""The second derivatives of a natural cubic spline, from a system of equations with three diagonals."""

from __future__ import annotations

from typing import Any

from opjax.backends.base import Array, Backend

FEWEST = 3
"""Points from which on a natural spline has a curvature."""


def curvature(backend: Backend, points: Array, table: Array) -> Array:
    """The second derivatives, at its points, of the natural cubic spline through a table: zero at both ends.

    Arguments:
        backend: the namespace.
        points: increasing, shape (points,), three of them at least.
        table: the values, with the points as the first dimension.

    Returns:
        An array of the shape of the table.

    Source: C. de Boor, A Practical Guide to Splines (1978), chapter IV.
    """
    xp = backend.xp
    steps = points[1:] - points[:-1]
    flat = xp.reshape(table, (table.shape[0], -1))
    slopes = (flat[1:, :] - flat[:-1, :]) / steps[:, None]
    right = 6.0 * (slopes[1:, :] - slopes[:-1, :])
    bands = steps[:-1], 2.0 * (steps[1:] + steps[:-1]), steps[1:]
    solve = _by_jax if backend.name == "jax" else _by_elimination
    inner = solve(backend, bands, right)
    end = xp.zeros_like(flat[:1, :])
    return xp.reshape(xp.concat([end, inner, end], axis=0), table.shape)


def _by_jax(backend: Backend, bands: tuple[Array, Array, Array], right: Array) -> Array:
    """JAX's own solver, which is one operation; it wants three equations at least."""
    from opjax.backends.jax_functions import solve_tridiagonal

    return _by_elimination(backend, bands, right) if right.shape[0] < FEWEST else solve_tridiagonal(*bands, right)


def _by_elimination(backend: Backend, bands: tuple[Array, Array, Array], right: Array) -> Array:
    """Gauss's elimination, row by row; the diagonal is dominant, so that no row is exchanged."""
    lower, middle, upper = bands
    size = right.shape[0]
    pivots: list[Any] = [middle[0]]
    sums: list[Any] = [right[0, :]]
    for row in range(1, size):
        factor = lower[row] / pivots[-1]
        pivots.append(middle[row] - factor * upper[row - 1])
        sums.append(right[row, :] - factor * sums[-1])
    found = [sums[-1] / pivots[-1]]
    for row in range(size - 2, -1, -1):
        found.append((sums[row] - upper[row] * found[-1]) / pivots[row])
    return backend.xp.stack(found[::-1], axis=0)
