"""The JAX backend: traced, mapped, differentiated, in the precision of the state."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, final

import jax
import jax.numpy as jnp

from opjax.backends import jax_functions as safe
from opjax.backends.base import OPERATORS, Array, ArrayFunction, Backend, DType, Namespace, Values, variadic

_SAME = (
    "exp expm1 log log1p log2 log10 sin cos tan atan atan2 sinh cosh tanh where floor ceil sign "
    "logical_and logical_or logical_not"
)
_DIRECT: Mapping[str, str] = MappingProxyType({name: name for name in _SAME.split()} | {"mod": "remainder"})
_COMPOSED: Mapping[str, ArrayFunction] = MappingProxyType(
    {
        **OPERATORS,
        "abs": safe.absolute,
        "minimum": variadic(safe.minimum),
        "maximum": variadic(safe.maximum),
        "clip": safe.clip,
        "sqrt": safe.sqrt,
        "cbrt": safe.cbrt,
        "asin": safe.asin,
        "acos": safe.acos,
        "pow": safe.power,
        "hypot": safe.hypot,
        "sigmoid": safe.sigmoid,
        "softplus": safe.softplus,
        "logit": safe.logit,
        "step": safe.step,
        "erf": safe.erf,
        "erfc": safe.erfc,
        "lgamma": safe.lgamma,
        "digamma": safe.digamma,
        "polygamma": safe.polygamma,
    }
)


@final
class JaxBackend(Backend):
    """JAX: `jax.numpy`, with functions that are safe to differentiate (`opjax.backends.jax_functions`)."""

    name = "jax"
    xp: Namespace = jnp
    differentiable = True
    _direct = _DIRECT
    _composed = _COMPOSED

    def asarray(self, value: object, dtype: DType, like: Array | None = None) -> Array:
        """As `Backend.asarray`; JAX places arrays by itself, so `like` is not used."""
        if isinstance(value, jax.Array) and value.dtype == dtype and not value.weak_type:
            return value
        return self.xp.asarray(value, dtype=dtype)

    def dtype_of(self, y: object) -> DType:
        """As `Backend.dtype_of`; the default is double precision where JAX's x64 mode is on, single elsewhere."""
        dtype = jnp.result_type(y)
        return dtype if jnp.issubdtype(dtype, jnp.inexact) else jnp.result_type(float)

    def constant(self, values: Values, dtype: DType, like: Array | None = None) -> Array:
        """As `Backend.constant`, also while a function is traced."""
        with jax.ensure_compile_time_eval():
            return self.xp.asarray(values, dtype=dtype)

    def pack(self, parts: Sequence[Array], sizes: Sequence[int], dtype: DType) -> Array:
        """As `Backend.pack`; neighbouring numbers become one stack."""
        arrays = [self._part(part, size, dtype) for part, size in zip(parts, sizes, strict=True)]
        runs: list[Array] = []
        for is_number, run in itertools.groupby(arrays, key=lambda array: array.ndim == 0):
            neighbours = list(run)
            runs.extend([jnp.stack(neighbours)] if is_number else [array.reshape(-1) for array in neighbours])
        if not runs:
            return self.xp.zeros(0, dtype=dtype)
        return runs[0] if len(runs) == 1 else jnp.concatenate(runs)

    def _part(self, part: Array, size: int, dtype: DType) -> Array:
        array = self.asarray(part, dtype)
        return jnp.broadcast_to(array, (size,)) if array.ndim == 0 and size != 1 else array

    def einsum(self, subscripts: str, *operands: Array) -> Array:
        """As `Backend.einsum`; in full precision, where accelerators would otherwise drop bits."""
        return self.xp.einsum(subscripts, *operands, precision=jax.lax.Precision.HIGHEST)

    def stop_gradient(self, x: Array) -> Array:
        """As `Backend.stop_gradient`."""
        return jax.lax.stop_gradient(x)

    def is_array(self, x: object) -> bool:
        """As `Backend.is_array`."""
        return isinstance(x, jax.Array)


BACKEND: Final = JaxBackend()
