"""JAX and Equinox for the type checker, which their own annotations leave with unknown types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as _equinox
import jax as _jax
import jax.export as _export
import jax.numpy as _jnp

jax: Any = _jax
jnp: Any = _jnp
eqx: Any = _equinox
jax_export: Any = _export


def tree_map(fn: Callable[[Any], Any], tree: Any) -> Any:
    """`jax.tree.map` of one tree."""
    return jax.tree.map(fn, tree)


def partition(tree: Any) -> tuple[Any, Any]:
    """The arrays of a tree, and everything else."""
    return eqx.partition(tree, eqx.is_array)


def closure(operator: Callable[..., Any]) -> Callable[..., Any]:
    """A function that calls a module: JAX hashes the functions that it is given, and arrays have no hash."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return operator(*args, **kwargs)

    return call
