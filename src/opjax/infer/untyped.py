"""JAX and NumPyro for the type checker, which their own annotations leave with unknown types."""

from __future__ import annotations

from typing import Any

import jax as _jax
import jax.numpy as _jnp
import numpyro as _numpyro
import numpyro.distributions as _dist
from jax.scipy import special as _special
from numpyro.distributions import constraints as _constraints

jax: Any = _jax
jnp: Any = _jnp
special: Any = _special
numpyro: Any = _numpyro
dist: Any = _dist
constraints: Any = _constraints
Array = Any
"""An array of JAX or NumPy."""
