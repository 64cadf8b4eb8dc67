"""JAX, diffrax and equinox for the type checker, which their own annotations leave with unknown types."""

from __future__ import annotations

from typing import Any

import diffrax as _diffrax
import equinox as _equinox
import jax as _jax
import jax.numpy as _jnp
from jax import lax as _lax
from jax.custom_derivatives import SymbolicZero as _SymbolicZero
from jax.experimental import xla_metadata as _xla_metadata
from jax.extend import core as _core
from jax.flatten_util import ravel_pytree as _ravel_pytree

jax: Any = _jax
jnp: Any = _jnp
lax: Any = _lax
core: Any = _core
diffrax: Any = _diffrax
eqx: Any = _equinox
xla_metadata: Any = _xla_metadata
ravel_pytree: Any = _ravel_pytree
SymbolicZero: Any = _SymbolicZero
