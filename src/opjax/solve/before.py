"""What was before the start of a solution: read from a person, and looked up while solving."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from opjax.compile.arguments import refuse
from opjax.errors import OpjaxError, catalogue
from opjax.ir.system import System
from opjax.solve.inputs import checked_value, shape_in
from opjax.solve.trajectory import default_dtype
from opjax.solve.untyped import jax, jnp

Array = Any
WAYS = "give a value, a function of the time, or a pair (times, values)"


@dataclass(frozen=True)
class _OfTime:
    """A state as a function of the time; equal for the same function, so that JAX finds its programs again.

    Arguments:
        function: gives the state, or all states by name.
        name: of the state.
        shape: of the state.
        whole: whether the function gives all states.
    """

    function: Callable[[Any], Any]
    name: str
    shape: tuple[int, ...]
    whole: bool

    def __call__(self, time: Array) -> Array:
        found = self.function(time)
        value = jnp.asarray(found[self.name] if self.whole else found, time.dtype)
        if value.shape not in (self.shape, ()):
            raise _bad(self.name, f"has the shape {value.shape}, and {self.shape} is wanted")
        return jnp.broadcast_to(value, self.shape)


def checked_history(system: System, given: Any, start: float) -> dict[str, Any]:
    """States before the start by name, see `opjax.solve.integrate.Inputs`.

    Arguments:
        system: declares the states.
        given: None; or by state name: a value, a function of the time, a pair (times, values), or an xarray array with
            the dimension ``time``; or one function of the time that gives states by name.
        start: where the history ends.

    Raises:
        OpjaxError: E0824 for what is no history, E0806 for an unknown state, E0804 for a wrong shape.
    """
    if given is None:
        return {}
    if callable(given):
        function = cast("Callable[[Any], Any]", given)
        found = function(jnp.asarray(start, default_dtype()))
        named = dict.fromkeys(_mapping(found), _Whole(function))
    else:
        named = _mapping(given)
    return {str(name): _checked(system, str(name), value, start) for name, value in named.items()}


@dataclass(frozen=True)
class _Whole:
    """A function that gives all states by name."""

    function: Callable[[Any], Any]


def _mapping(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise _bad("the states", "must come by name", "write history={'x': ...}")
    return cast("Mapping[str, Any]", given)


def _checked(system: System, name: str, value: Any, start: float) -> Any:
    module = sys.modules.get("xarray")
    if module is not None and isinstance(value, module.DataArray) and "time" in value.dims:
        value = (value["time"].values, value.transpose("time", *system.states[name].axes).values)
    shape = shape_in(system, name)
    if isinstance(value, _Whole) or callable(value):
        whole = isinstance(value, _Whole)
        function = _OfTime(value.function if whole else value, name, shape, whole)
        function(jnp.asarray(start, default_dtype()))
        return jax.tree_util.Partial(function)
    if isinstance(value, tuple):
        return _table(name, shape, cast("tuple[Any, ...]", value))
    return checked_value(system, name, value)


def _table(name: str, shape: tuple[int, ...], value: tuple[Any, ...]) -> tuple[Array, Array]:
    try:
        times, values = (np.asarray(part, float) for part in value)
    except (TypeError, ValueError) as problem:
        raise _bad(name, "is a pair that does not hold times and values", WAYS) from problem
    if times.ndim != 1 or not times.size or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise _bad(name, "has times that do not increase", WAYS)
    if values.shape != (times.size, *shape):
        raise _bad(name, f"has values of the shape {values.shape}, and {(times.size, *shape)} is wanted")
    return jnp.asarray(times, default_dtype()), jnp.asarray(values, default_dtype())


def want_no_history(given: Mapping[str, Any]) -> None:
    """Refuse a history of a model that does not ask for its past.

    Raises:
        OpjaxError: E0824.
    """
    raise _bad(next(iter(given)), "is not asked for: the model has no delay, history or convolve_history")


def _bad(name: str, problem: str, hint: str = "") -> OpjaxError:
    return refuse(catalogue.BAD_PAST, name=name, problem=problem, hint=hint)
