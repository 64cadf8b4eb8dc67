"""Coordinates for solvers: states that are declared with the scale `log` are computed as their logarithms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from opjax.backends.base import Array, Backend
from opjax.backends.registry import backend_of
from opjax.compile.arguments import refuse
from opjax.compile.compiled import CompiledRhs
from opjax.compile.logarithmic import logarithmic
from opjax.compile.observables import CompiledObservable
from opjax.compile.origins import PartOrigin
from opjax.errors import catalogue

if TYPE_CHECKING:
    from jaxtyping import Num

    Shaped = Num[Array, "..."]

Coordinates = TypeVar("Coordinates")
Direction = Literal["encode", "decode"]


class CoordinateResult(NamedTuple, Generic[Coordinates]):
    """Transformed values.

    Arguments:
        state: the values, flat or by name.
        valid: whether all of them are finite, and the natural values of logarithms positive; an array, so that it can
            be traced.
    """

    state: Coordinates
    valid: Array


@dataclass(frozen=True, eq=False)
class StateCoordinateView:
    """A compiled model in the coordinates that its states' scales ask for.

    Arguments:
        natural: the model in natural values.
        log_bases: the states whose logarithms are the coordinates.
        log_indices: the positions of their elements in the flat vector.
        transformed: the model in coordinates; its states have the same names.

    Example:
        >>> import numpy as np, opjax
        >>> view = opjax.compile_rhs('''
        ... model Growth:
        ...   params: k
        ...   states: x log
        ...   dynamics:
        ...     x' = k*x
        ... ''').coordinate_view()
        >>> view.eval_fn(0.0, view.encode(np.array([1e-300])), k=0.5)
        array([0.5])
    """

    natural: CompiledRhs
    log_bases: tuple[str, ...] = field(init=False)
    log_indices: tuple[int, ...] = field(init=False)
    transformed: CompiledRhs = field(init=False, repr=False)

    def __post_init__(self) -> None:
        natural = self.natural
        bases = tuple(name for name, meta in natural.state_meta.items() if meta.scale == "log")
        places = [range(slot.start, slot.start + slot.size) for slot in natural.layout.slots if slot.name in bases]
        transformed = natural if not bases else _transformed(natural, bases)
        for name, value in (("log_bases", bases), ("transformed", transformed)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "log_indices", tuple(place for few in places for place in few))

    # --- the model in coordinates

    @property
    def eval_fn(self) -> Callable[..., Array]:
        """The derivative of the coordinates: as `CompiledRhs.eval_fn`, with coordinates in and out."""
        return self.transformed.eval_fn

    @property
    def pytree_eval_fn(self) -> Callable[..., dict[str, Array]]:
        """The derivative of the coordinates by state name."""
        return self.transformed.pytree_eval_fn

    @property
    def block_pytree_eval_fn(self) -> Callable[..., dict[str, Array]] | None:
        """The derivative of the coordinates of one block, where the model falls apart; as that of `CompiledRhs`."""
        return self.transformed.block_pytree_eval_fn

    @property
    def observables(self) -> Mapping[str, CompiledObservable]:
        """The observables of the model as functions of time and coordinates; their values are the natural ones."""
        return self.transformed.observables

    @property
    def state_names(self) -> tuple[str, ...]:
        """As those of the model."""
        return self.natural.state_names

    @property
    def param_names(self) -> tuple[str, ...]:
        """As those of the model."""
        return self.natural.param_names

    def bind(self, params: Mapping[str, object]) -> Callable[[object, Any], Any]:
        """The derivative of the coordinates with the parameters given once."""
        return self.transformed.bind(params)

    # --- from natural values to coordinates, and back

    def encode_native(self, state: Shaped, *, state_axis: int = 0) -> CoordinateResult[Array]:
        """Coordinates of natural values; can be traced.

        Arguments:
            state: natural values; the states along `state_axis`.
            state_axis: which axis of the array has the states.

        Returns:
            The coordinates, and whether all of them are usable.

        Raises:
            OpjaxError: E0804 if the axis has another length.
        """
        return self._flat(state, state_axis, "encode")

    def decode_native(self, state: Shaped, *, state_axis: int = 0) -> CoordinateResult[Array]:
        """Natural values of coordinates, and whether all of them are usable; can be traced."""
        return self._flat(state, state_axis, "decode")

    def encode(self, state: Shaped, *, state_axis: int = 0) -> Array:
        """Coordinates of natural values, checked.

        Raises:
            OpjaxError: E0547 for values that have none, or that are not known because a function is being traced.
        """
        return _checked(self.encode_native(state, state_axis=state_axis), "encode")

    def decode(self, state: Shaped, *, state_axis: int = 0) -> Array:
        """Natural values of coordinates, not checked; can be traced."""
        return self.decode_native(state, state_axis=state_axis).state

    def decode_checked(self, state: Shaped, *, state_axis: int = 0) -> Array:
        """Natural values of coordinates, checked; as `encode`."""
        return _checked(self.decode_native(state, state_axis=state_axis), "decode")

    def encode_pytree_native(self, state: Mapping[str, Shaped]) -> CoordinateResult[dict[str, Array]]:
        """Coordinates by state name; as `encode_native`."""
        return self._tree(state, "encode")

    def decode_pytree_native(self, state: Mapping[str, Shaped]) -> CoordinateResult[dict[str, Array]]:
        """Natural values by state name; as `decode_native`."""
        return self._tree(state, "decode")

    def _flat(self, state: Array, state_axis: int, direction: Direction) -> CoordinateResult[Array]:
        backend = backend_of(state)
        size, shape = self.natural.layout.size, tuple(state.shape)
        if not -len(shape) <= state_axis < len(shape) or shape[state_axis] != size:
            expected = f"{size} along the axis {state_axis}"
            raise refuse(catalogue.WRONG_SHAPE, name="state", found=shape, expected=expected)
        behind = (1,) * (len(shape) - 1 - state_axis % len(shape))
        logarithmic = set(self.log_indices)
        chosen = [place in logarithmic for place in range(size)]
        mask = backend.xp.reshape(backend.constant(tuple(chosen), backend.xp.bool), (size, *behind))
        values = backend.asarray(state, backend.dtype_of(state), state)
        found, usable = _transform(backend, values, direction)
        found = backend.xp.where(mask, found, values)
        usable = backend.xp.where(mask, usable, backend.xp.isfinite(values))
        return CoordinateResult(found, backend.xp.all(usable))

    def _tree(self, state: Mapping[str, Array], direction: Direction) -> CoordinateResult[dict[str, Array]]:
        found: dict[str, Array] = {}
        valid: Array = True
        for name, given in state.items():
            backend = backend_of(given)
            values = backend.asarray(given, backend.dtype_of(given), given)
            if name in self.log_bases:
                found[name], usable = _transform(backend, values, direction)
            else:
                found[name], usable = values, backend.xp.isfinite(values)
            valid = backend.xp.all(usable) & valid
        return CoordinateResult(found, valid)

    def __reduce__(self) -> tuple[object, ...]:
        return StateCoordinateView, (self.natural,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StateCoordinateView) and self.natural == other.natural

    def __hash__(self) -> int:
        return hash(("coordinates", self.natural))


def _transformed(natural: CompiledRhs, bases: tuple[str, ...]) -> CompiledRhs:
    options = natural.options.without_gauges()
    origin = PartOrigin(natural, natural.origin, natural.options.marked("log"), transformed_of)
    return CompiledRhs(logarithmic(natural.system, bases), origin, options, natural.optimise)


def transformed_of(natural: CompiledRhs) -> CompiledRhs:
    """The model in the coordinates that its states' scales ask for."""
    return StateCoordinateView(natural).transformed


def _transform(backend: Backend, values: Array, direction: Direction) -> tuple[Array, Array]:
    """The logarithm or the exponential of each value, and whether it is usable; with gradients that are finite."""
    xp = backend.xp
    one = xp.ones_like(values)
    if direction == "encode":
        usable = xp.isfinite(values) & (values > 0)
        instead = xp.where(values == 0, -xp.inf * one, xp.where(values < 0, xp.nan * one, values))
        return xp.where(usable, xp.log(xp.where(usable, values, one)), instead), usable
    with backend.errstate():
        found = xp.exp(values)
    return found, xp.isfinite(values) & xp.isfinite(found) & (found > 0)


def _checked(result: CoordinateResult[Array], direction: Direction) -> Array:
    """The values, if they are usable; the one place where a value is looked at."""
    try:
        usable = bool(result.valid)
    except TypeError as traced:
        problem = "the values are not known while a function is traced"
        raise refuse(catalogue.BAD_COORDINATES, problem=problem, hint=f"use {direction}_native") from traced
    if not usable:
        wanted = {"encode": "finite, and positive where the scale is log", "decode": "finite, and so are exponentials"}
        raise refuse(catalogue.BAD_COORDINATES, problem=f"the values of a state must be {wanted[direction]}")
    return result.state
