"""The NumPy backend: models run without any array framework, one cell at a time or vectorised.

Numbers are kept as NumPy scalars (`numpy.float64`): ten times faster than 0-d arrays, and unlike Python floats they
follow IEEE 754 (``1.0/0.0`` raises in Python, ``(-8.0)**(1/3)`` is complex) and keep single precision single.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias, final

import numpy as np

from opjax.backends.base import OPERATORS, Array, ArrayFunction, Backend, DType, Values, variadic
from opjax.backends.contraction import Subscripts

_DEFAULT: Final = np.dtype(np.float64)

_DIRECT: Mapping[str, ArrayFunction] = MappingProxyType(
    {
        "abs": np.abs,
        "exp": np.exp,
        "expm1": np.expm1,
        "log": np.log,
        "log1p": np.log1p,
        "log2": np.log2,
        "log10": np.log10,
        "sqrt": np.sqrt,
        "cbrt": np.cbrt,
        "sin": np.sin,
        "cos": np.cos,
        "tan": np.tan,
        "asin": np.asin,
        "acos": np.acos,
        "atan": np.atan,
        "atan2": np.atan2,
        "sinh": np.sinh,
        "cosh": np.cosh,
        "tanh": np.tanh,
        "minimum": np.minimum,
        "maximum": np.maximum,
        "where": np.where,
        "floor": np.floor,
        "ceil": np.ceil,
        "sign": np.sign,
        "hypot": np.hypot,
        "pow": np.pow,
        "logical_not": np.logical_not,
        "mod": np.remainder,
    }
)


def _clip(x: Array, low: Array, high: Array) -> Array:
    return np.minimum(np.maximum(x, low), high)  # half the time of numpy.clip on small arrays


def _sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))  # exp overflows to inf below -709, and the quotient is the right 0


def _softplus(x: Array) -> Array:
    return np.logaddexp(x, 0.0)


def _step(x: Array) -> Array:
    return np.greater_equal(x, 0.0).astype(getattr(x, "dtype", _DEFAULT))


_COMPOSED: Mapping[str, ArrayFunction] = MappingProxyType(
    {
        **OPERATORS,
        "minimum": variadic(np.minimum),
        "maximum": variadic(np.maximum),
        "clip": _clip,
        "sigmoid": _sigmoid,
        "softplus": _softplus,
        "step": _step,
    }
)


@functools.cache
def _from_scipy() -> Mapping[str, ArrayFunction]:
    """The functions of statistics; SciPy takes a while to import, and most models do not need it."""
    special: Any = importlib.import_module("scipy.special")

    gammaln: ArrayFunction = special.gammaln

    def lgamma(x: Array) -> Array:
        # gammaln(-inf) is -inf in SciPy, and inf in C; below -1e38 every number is whole, and so a pole
        above: Array = np.maximum(x, -1e38)
        return gammaln(above)

    def polygamma(order: float, x: Array) -> Array:
        factor = (1.0 if order % 2 == 1 else -1.0) * float(special.gamma(order + 1.0))
        positive: Array = np.where(np.greater(x, 0.0), x, np.nan)
        return factor * special.zeta(order + 1.0, positive)

    return {
        "erf": special.erf,
        "erfc": special.erfc,
        "lgamma": lgamma,
        "digamma": special.digamma,
        "polygamma": polygamma,
        "logit": special.logit,
    }


def _shorter(text: str) -> str:
    """Subscripts with their letters in the order of the alphabet: ``ij,j->i`` is ``ab,b->a``."""
    names: dict[str, str] = {}
    for letter in text:
        if letter.isalpha():
            names.setdefault(letter, chr(ord("a") + len(names)))
    return "".join(names.get(letter, letter) for letter in text.replace(" ", ""))


# Products of vectors and matrices, on which BLAS is many times faster than numpy.einsum.
_PRODUCTS: Mapping[str, Callable[[Array, Array], Array]] = MappingProxyType(
    {
        "a,a->": lambda a, b: a.dot(b),
        "ab,b->a": lambda a, b: a.dot(b),
        "ab,a->b": lambda a, b: b.dot(a),
        "a,ab->b": lambda a, b: a.dot(b),
        "a,ba->b": lambda a, b: b.dot(a),
        "ab,bc->ac": lambda a, b: a.dot(b),
        "ab,bc->ca": lambda a, b: a.dot(b).T,
        "ab,cb->ac": lambda a, b: a.dot(b.T),
        "ab,cb->ca": lambda a, b: b.dot(a.T),
        "ab,ac->bc": lambda a, b: a.T.dot(b),
        "ab,ac->cb": lambda a, b: b.T.dot(a),
        "ab,ca->cb": lambda a, b: b.dot(a),
        "ab,ca->bc": lambda a, b: b.dot(a).T,
    }
)


@functools.lru_cache(maxsize=4096)
def _contraction(text: str) -> Callable[..., Array]:
    """The fastest way that NumPy has for these subscripts."""
    product = _PRODUCTS.get(_shorter(text))
    if product is not None:
        return product
    subscripts = Subscripts.parse(text)
    product = _along_one(subscripts)
    if product is not None:
        return product
    if len(subscripts.operands) == 2 and _is_tensordot(subscripts):
        return _tensordot(subscripts)
    return functools.partial(np.einsum, text)


def _along_one(subscripts: Subscripts) -> Callable[..., Array] | None:
    """A matrix times an array along one dim, where the result has the matrix' other dim: ``ak,vkr->var``."""
    operands, result = subscripts.operands, subscripts.result
    if len(operands) != 2 or sorted(map(len, operands))[0] != 2 or max(map(len, operands)) < 3:
        return None
    first = len(operands[0]) == 2
    matrix, array = operands if first else operands[::-1]
    summed = [letter for letter in matrix if letter in array]
    kept = [letter for letter in matrix if letter not in array]
    if len(summed) != 1 or len(kept) != 1 or result != array.replace(summed[0], kept[0]):
        return None
    place, upright = array.index(summed[0]), matrix[1] == summed[0]

    def product(a: Array, b: Array) -> Array:
        m, x = (a, b) if first else (b, a)
        m = m if upright else m.T
        lead, behind = x.shape[:place], x.shape[place + 1 :]
        if not lead:
            return m.dot(x.reshape(x.shape[0], -1)).reshape(m.shape[0], *behind)
        if not behind:
            return x.dot(m.T)
        return np.matmul(m, x.reshape(*lead, x.shape[place], -1)).reshape(*lead, m.shape[0], *behind)

    return product


def _is_tensordot(subscripts: Subscripts) -> bool:
    """Whether each letter stands twice in all, so that the pairs are summed and the others are in the result."""
    left, right = subscripts.operands
    shared = set(left) & set(right)
    once = len(set(left)) == len(left) and len(set(right)) == len(right)
    return once and bool(shared) and set(subscripts.result) == set(left) ^ set(right)


def _tensordot(subscripts: Subscripts) -> Callable[..., Array]:
    left, right = subscripts.operands
    shared = [letter for letter in left if letter in right]
    axes = ([left.index(letter) for letter in shared], [right.index(letter) for letter in shared])
    free = [letter for letter in left + right if letter not in shared]
    order = [free.index(letter) for letter in subscripts.result]

    def product(a: Array, b: Array) -> Array:
        return np.tensordot(a, b, axes).transpose(order)

    return product


def _concatenate(parts: Sequence[Array], sizes: Sequence[int], dtype: DType) -> Array:
    pieces: list[Array] = []
    for part, size in zip(parts, sizes, strict=True):
        axes = getattr(part, "ndim", 0)
        pieces.append(part if axes == 1 else part.reshape(-1) if axes else (part,) * size)
    return np.concatenate(pieces, dtype=dtype)


_Index: TypeAlias = tuple[slice, ...]


@functools.lru_cache(maxsize=1024)
def _parts(edge: str, size: int, offset: int, axis: int) -> tuple[_Index, _Index, _Index, _Index]:
    """Of a shift along an axis: where to and from where the inner part goes, and the same for what lies beyond."""
    steps = offset % size if edge == "periodic" else max(-size, min(offset, size))
    low, high = max(0, -steps), size - max(0, steps)
    beyond = slice(high, size) if steps > 0 else slice(0, low)
    other_end = slice(0, steps)
    last = slice(size - 1, size) if steps > 0 else slice(0, 1)
    places = (slice(low, high), slice(low + steps, high + steps), beyond, other_end if edge == "periodic" else last)
    a, b, c, d = ((slice(None),) * axis + (place,) for place in places)
    return a, b, c, d


def _shift(edge: str, value: Array, offset: int, axis: int) -> Array:
    to, inner, beyond, ends = _parts(edge, value.shape[axis], offset, axis)
    shifted = np.empty_like(value)
    shifted[to] = value[inner]
    shifted[beyond] = 0 if edge == "absorb" else value[ends]
    return shifted


@final
class NumpyBackend(Backend):
    """NumPy, with SciPy for the functions of statistics."""

    name = "numpy"
    xp = np
    differentiable = False
    takes_numbers = True
    places_constants = True
    computes_numbers = True
    _direct = _DIRECT
    _composed = _COMPOSED

    def function(self, name: str) -> ArrayFunction:
        """As `Backend.function`."""
        if name in ("erf", "erfc", "lgamma", "digamma", "polygamma", "logit"):
            return _from_scipy()[name]
        return super().function(name)

    def asarray(self, value: object, dtype: DType, like: Array | None = None) -> Array:
        """As `Backend.asarray`; numbers and 0-d arrays become NumPy scalars."""
        if self.is_array(value):
            array: Array = value
            if type(array) is np.ndarray and array.ndim == 0:
                array = array[()]
            return array if array.dtype == dtype else array.astype(dtype)
        return np.dtype(dtype).type(value) if isinstance(value, (float, int)) else np.asarray(value, dtype=dtype)

    def scalar_type(self, dtype: DType) -> Callable[[Any], Array] | None:
        """As `Backend.scalar_type`: `numpy.float64` and its kin."""
        return dtype.type

    def writes_to(self, y: Array) -> bool:
        """As `Backend.writes_to`: not for complex numbers, whose sizes are real, and not for kinds of arrays."""
        return type(y) is np.ndarray and y.dtype.kind != "c"

    def own(self, values: Sequence[Array], given: Iterable[object]) -> Sequence[Array]:
        """As `Backend.own`; an array that is part of another, or cannot be written to, is copied too."""
        known, found = set(map(id, given)), list[Array]()
        for value in values:
            shared = type(value) is np.ndarray and (
                id(value) in known or value.base is not None or not value.flags.writeable
            )
            found.append(value.copy() if shared else value)
            known.add(id(value))
        return found

    def dtype_of(self, y: object) -> DType:
        """As `Backend.dtype_of`; the default is double precision."""
        found = getattr(y, "dtype", None)
        dtype = np.dtype(found) if found is not None else np.asarray(y).dtype
        return dtype if dtype.kind in "fc" else _DEFAULT

    def constant(self, values: Values, dtype: DType, like: Array | None = None) -> Array:
        """As `Backend.constant`; the array cannot be written to."""
        array = np.array(values, dtype=dtype)
        array.setflags(write=False)
        return array if array.ndim else array[()]

    def packer(
        self, sizes: Sequence[int], dtype: DType, numbers: bool, alone: bool = False
    ) -> Callable[[Sequence[Array]], Array]:
        """As `Backend.packer`; numbers alone become an array at once."""
        return functools.partial(np.array, dtype=dtype) if numbers else super().packer(sizes, dtype, numbers)

    def pack(self, parts: Sequence[Array], sizes: Sequence[int], dtype: DType) -> Array:
        """As `Backend.pack`; numbers alone go into one array at once, which is the fastest way for a few."""
        if sizes.count(1) != len(parts):
            return _concatenate(parts, sizes, dtype)
        try:
            flat = np.array(parts)
        except ValueError:  # some parts are numbers, and some are vectors of one element
            return _concatenate(parts, sizes, dtype)
        return flat.astype(dtype, copy=False).reshape(-1)

    def einsum(self, subscripts: str, *operands: Array) -> Array:
        """As `Backend.einsum`; on BLAS where the subscripts are a matrix product."""
        return _contraction(subscripts)(*operands)

    def neighbours(self, edge: str) -> ArrayFunction | None:
        """As `Backend.neighbours`: two assignments take a third of the time of a concatenation."""
        return functools.partial(_shift, edge)

    def positions(self, values: Sequence[int]) -> Array:
        """As `Backend.positions`."""
        return np.array(values, dtype=np.intp)

    def take(self, x: Array, positions: Array) -> Array:
        """As `Backend.take`."""
        return x.take(positions)

    def segment_sum(self, x: Array, positions: Array, size: int, ascending: bool = True) -> Array:
        """As `Backend.segment_sum`; numpy.bincount adds in double precision, and is much faster than numpy.add.at."""
        if x.dtype.kind == "c":
            return self.segment_sum(x.real, positions, size) + 1j * self.segment_sum(x.imag, positions, size)
        return self.xp.bincount(positions, x, size).astype(x.dtype, copy=False)

    def is_array(self, x: object) -> bool:
        """As `Backend.is_array`; NumPy's scalars are arrays too."""
        return isinstance(x, (np.ndarray, np.generic))

    def errstate(self) -> contextlib.AbstractContextManager[object]:
        """As `Backend.errstate`; NumPy warns otherwise."""
        return np.errstate(all="ignore")


BACKEND: Final = NumpyBackend()
