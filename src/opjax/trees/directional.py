"""The derivative of a function along a direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

Tree = Any


def directional_derivative(function: Callable[[Tree], Tree], point: Tree, direction: Tree) -> Tree:
    """The rate of change of a function at a point, along a direction, by forward mode.

    Arguments:
        function: from a pytree to a pytree of arrays.
        point: where.
        direction: a pytree with the structure, shapes and data types of `point`.

    Returns:
        A pytree like the function's value.

    Example:
        >>> import jax.numpy as jnp
        >>> directional_derivative(lambda x: x**2, jnp.array(3.0), jnp.array(1.0))
        Array(6., dtype=float32, weak_type=True)
    """
    return jax.jvp(function, (point,), (direction,))[1]
