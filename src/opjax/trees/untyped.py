"""JAX and Equinox for the type checker, which their own annotations leave with unknown types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import equinox as _equinox
import jax as _jax
import jax.numpy as _jnp

if TYPE_CHECKING:
    PyTreeDef: TypeAlias = Any
else:
    from jax.tree_util import PyTreeDef

jax: Any = _jax
jnp: Any = _jnp
eqx: Any = _equinox
tree_at: Callable[..., Any] = eqx.tree_at
tree_structure: Callable[..., PyTreeDef] = jax.tree_util.tree_structure
vectorize: Callable[..., Any] = jnp.vectorize
