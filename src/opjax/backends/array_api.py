"""Backends of all other namespaces that follow the Array API standard, version 2023.12: PyTorch, array-api-strict, ...

What the standard lacks is composed from what it has, to full accuracy, and so that it can be differentiated where the
namespace can.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import cast

import array_api_compat
import numpy as np

from opjax.backends.base import OPERATORS, Array, ArrayFunction, Backend, DType, Namespace, Values, variadic
from opjax.backends.contraction import Subscripts, contract

_COMPATIBILITY: Namespace = array_api_compat  # its annotations name namespaces that are not installed


class ArrayApiBackend(Backend):
    """A namespace of the Array API standard.

    Arguments:
        xp: the namespace.
        name: the name of its top-level package.
        differentiable: whether it can differentiate.
    """

    def __init__(self, xp: Namespace, name: str, differentiable: bool = False) -> None:
        self.xp = xp
        self.name = name
        self.differentiable = differentiable
        self._kind: type[object] = type(xp.asarray(0.0))
        self._direct = _direct(xp)
        self._composed = {**OPERATORS, **_Composed(xp).functions(), **_statistics(xp)}

    def asarray(self, value: object, dtype: DType, like: Array | None = None) -> Array:
        """As `Backend.asarray`."""
        if not self.is_array(value):
            # NumPy's arrays are copied: those that cannot be written to are not taken over everywhere
            own = np.array(cast(Array, value)) if isinstance(value, (np.ndarray, np.generic)) else value
            return self.xp.asarray(own, dtype=dtype, device=self._device(like))
        device = self._device(like)
        array = value if device is None else _COMPATIBILITY.to_device(value, device)
        return self.xp.astype(array, dtype, copy=False)

    def dtype_of(self, y: object) -> DType:
        """As `Backend.dtype_of`."""
        array: Array = y if self.is_array(y) else self.xp.asarray(y)
        dtype: DType = array.dtype
        floating = self.xp.isdtype(dtype, ("real floating", "complex floating"))
        return dtype if floating else self.xp.asarray(0.0).dtype

    def constant(self, values: Values, dtype: DType, like: Array | None = None) -> Array:
        """As `Backend.constant`."""
        return self.xp.asarray(values, dtype=dtype, device=self._device(like))

    def pack(self, parts: Sequence[Array], sizes: Sequence[int], dtype: DType) -> Array:
        """As `Backend.pack`; neighbouring numbers become one stack."""
        like = next((part for part in parts if self.is_array(part)), None)
        arrays = [self._part(part, size, dtype, like) for part, size in zip(parts, sizes, strict=True)]
        runs: list[Array] = []
        for is_number, run in itertools.groupby(arrays, key=lambda array: array.ndim == 0):
            neighbours = list(run)
            if is_number:
                runs.append(self.xp.stack(neighbours))
            else:
                runs.extend(self.xp.reshape(array, (-1,)) for array in neighbours)
        return self.xp.concat(runs) if runs else self.xp.zeros(0, dtype=dtype)

    def _part(self, part: Array, size: int, dtype: DType, like: Array | None) -> Array:
        array = self.asarray(part, dtype, like)
        return self.xp.broadcast_to(array, (size,)) if array.ndim == 0 and size != 1 else array

    def einsum(self, subscripts: str, *operands: Array) -> Array:
        """As `Backend.einsum`; by matrix products."""
        return contract(self.xp, Subscripts.parse(subscripts), operands)

    def stop_gradient(self, x: Array) -> Array:
        """As `Backend.stop_gradient`."""
        return x.detach() if hasattr(x, "detach") else x

    def _device(self, like: Array | None) -> object:
        return _COMPATIBILITY.device(like) if self.is_array(like) else None

    def count_not_above(self, points: Array, at: Array) -> Array:
        """As `Backend.count_not_above`; the standard of 2023 searches for vectors."""
        xp = self.xp
        values = xp.astype(xp.asarray(at), points.dtype)
        found = xp.searchsorted(points, xp.reshape(values, (-1,)), side="right")
        return xp.reshape(found, values.shape)

    def pick(self, x: Array, place: Array, axis: int) -> Array:
        """As `Backend.pick`; the standard takes vectors of places."""
        xp = self.xp
        found = xp.take(x, xp.reshape(place, (-1,)), axis=axis)
        return xp.reshape(found, (*x.shape[:axis], *place.shape, *x.shape[axis + 1 :]))

    def is_array(self, x: object) -> bool:
        """As `Backend.is_array`."""
        return isinstance(x, self._kind)


def _direct(xp: Namespace) -> dict[str, ArrayFunction]:
    """The functions of one argument that the standard has under the same names."""
    return {
        "abs": xp.abs,
        "exp": xp.exp,
        "expm1": xp.expm1,
        "log": xp.log,
        "log1p": xp.log1p,
        "log2": xp.log2,
        "log10": xp.log10,
        "sqrt": xp.sqrt,
        "sin": xp.sin,
        "cos": xp.cos,
        "tan": xp.tan,
        "asin": xp.asin,
        "acos": xp.acos,
        "atan": xp.atan,
        "sinh": xp.sinh,
        "cosh": xp.cosh,
        "tanh": xp.tanh,
        "floor": xp.floor,
        "ceil": xp.ceil,
        "sign": xp.sign,
        "logical_not": xp.logical_not,
    }


def _statistics(xp: Namespace) -> dict[str, ArrayFunction]:
    """The functions of statistics: the standard has none of them, and PyTorch has them in ``torch.special``."""
    special: Namespace = getattr(xp, "special", None)
    if special is None:
        return {}

    def polygamma(order: float, x: Array) -> Array:
        # by the zeta function: torch.special.polygamma(1, x) has only half of the digits
        positive = xp.where(x > 0, x, math.nan * xp.ones_like(x))
        factor = math.factorial(int(order)) * (1.0 if order % 2 == 1 else -1.0)
        return factor * special.zeta((order + 1.0) * xp.ones_like(x), positive)

    return {
        "erf": special.erf,
        "erfc": special.erfc,
        "lgamma": special.gammaln,
        "digamma": special.digamma,
        "polygamma": polygamma,
    }


class _Composed:
    """Functions of the table that are composed from those of the standard."""

    def __init__(self, xp: Namespace) -> None:
        self.xp = xp

    def functions(self) -> dict[str, ArrayFunction]:
        xp = self.xp
        return {
            "atan2": self.lifted(xp.atan2),
            "hypot": self.lifted(xp.hypot),
            "minimum": variadic(self.lifted(xp.minimum)),
            "maximum": variadic(self.lifted(xp.maximum)),
            "mod": self.lifted(xp.remainder),
            "pow": self.lifted(xp.pow),
            "where": self.where,
            "clip": self.clip,
            "cbrt": self.cbrt,
            "sigmoid": self.sigmoid,
            "softplus": self.softplus,
            "logit": self.logit,
            "step": self.step,
        }

    def arrays(self, *values: Array) -> list[Array]:
        """The values with Python numbers as arrays: the standard of 2023 has no functions of an array and a number."""
        like = next(value for value in values if hasattr(value, "dtype"))
        return [value if hasattr(value, "dtype") else self.like(value, like) for value in values]

    def like(self, value: float, array: Array) -> Array:
        return self.xp.asarray(value, dtype=array.dtype, device=_COMPATIBILITY.device(array))

    def lifted(self, function: ArrayFunction) -> ArrayFunction:
        def of_numbers_too(x: Array, y: Array) -> Array:
            return function(*self.arrays(x, y))

        return of_numbers_too

    def where(self, condition: Array, yes: Array, no: Array) -> Array:
        yes, no = self.arrays(yes, no)
        return self.xp.where(condition, yes, no)

    def clip(self, x: Array, low: Array, high: Array) -> Array:
        x, low, high = self.arrays(x, low, high)
        return self.xp.minimum(self.xp.maximum(x, low), high)

    def step(self, x: Array) -> Array:
        return self.xp.astype(x >= 0, x.dtype)

    def cbrt(self, x: Array) -> Array:
        """A power, made exact by one step of Newton's method where that is finite."""
        xp = self.xp
        ordinary = (x != 0) & xp.isfinite(x)
        size = xp.where(ordinary, xp.where(x < 0, -x, x), xp.ones_like(x))
        root = size ** (1 / 3)
        root = root - (root - size / (root * root)) / 3
        return xp.where(ordinary, xp.where(x < 0, -root, root), x)

    def _decay(self, x: Array) -> Array:
        """``exp(-abs(x))`` with a slope on both sides, which abs has not at 0."""
        return self.xp.exp(self.xp.where(x >= 0, -x, x))

    def sigmoid(self, x: Array) -> Array:
        decay = self._decay(x)
        return self.xp.where(x >= 0, self.xp.ones_like(x), decay) / (1.0 + decay)

    def softplus(self, x: Array) -> Array:
        return self.xp.where(x >= 0, x, self.xp.zeros_like(x)) + self.xp.log1p(self._decay(x))

    def logit(self, x: Array) -> Array:
        """By log1p around 1/2, where the value is 0, and by log elsewhere."""
        centre = (x >= 0.25) & (x <= 0.75)
        inside = self.xp.where(centre, x, 0.5 * self.xp.ones_like(x))
        outside = self.xp.where(centre, 0.125 * self.xp.ones_like(x), x)
        return self.xp.where(
            centre,
            self.xp.log1p((2.0 * inside - 1.0) / (1.0 - inside)),
            self.xp.log(outside / (1.0 - outside)),
        )
