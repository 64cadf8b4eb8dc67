"""Derivatives of functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax as _jax
import numpy as np

jax: Any = _jax  # whose own annotations leave the types of results unknown
Field = Callable[[Any, Any, Mapping[str, Any]], Any]


def dense_jacobian(field: Field, t: object, y: _jax.Array, args: Mapping[str, Any]) -> _jax.Array:
    """The derivatives of a vector field by the states, forward mode: one pass for each column, all at once.

    Arguments:
        field: a function of time, states and parameters.
        t: the time.
        y: the states, shape (states,).
        args: the parameters by name.

    Returns:
        The matrix of the derivatives of element i by state j, shape (states, states).
    """

    def at(states: _jax.Array) -> _jax.Array:
        return field(t, states, args)

    return jax.jacfwd(at)(y)


class NumpyJacobian:
    """`dense_jacobian` for NumPy arrays: computed by JAX in the precision of the state, compiled once for each shape.

    Arguments:
        field: a function of time, states and parameters that JAX can trace.
    """

    def __init__(self, field: Field) -> None:
        def matrix(t: object, y: _jax.Array, args: Mapping[str, Any]) -> _jax.Array:
            return dense_jacobian(field, t, y, args)

        self._compiled: Callable[..., _jax.Array] = jax.jit(matrix)

    def __call__(self, t: object, y: np.ndarray[Any, Any], args: Mapping[str, Any]) -> np.ndarray[Any, Any]:
        """The matrix as a NumPy array."""
        with jax.enable_x64(y.dtype == np.float64):
            return np.asarray(self._compiled(t, y, dict(args)))
