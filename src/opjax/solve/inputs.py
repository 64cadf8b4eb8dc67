"""What a person gives to a simulation, checked: times, parameters, initial values; arrays with named dimensions too."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from opjax.backends import backend_for
from opjax.compile.arguments import array_of, default_order, refuse
from opjax.compile.inputs import WAYS, check_times, input_table
from opjax.compile.layout import shape_of
from opjax.errors import OpjaxError, catalogue, did_you_mean
from opjax.ir.system import Quantity, System
from opjax.ir.types import Axis
from opjax.solve.problem import Problem
from opjax.solve.trajectory import Start, default_dtype
from opjax.solve.untyped import jnp
from opjax.solve.wanted import want_mapping

if TYPE_CHECKING:
    pass

Array = Any
REAL = "iufO"
"""The kinds of NumPy's data types that may hold real numbers."""
Numbers = np.ndarray[Any, np.dtype[np.float64]]


# --- times


def checked_times(times: Any, start: Any = None) -> tuple[Numbers, float]:
    """The times to save at, and the time of the initial values (if None is given: the first time to save at).

    Raises:
        OpjaxError: E0901 if there are none, or they are no numbers, do not increase, or begin before the start.
    """
    if times is None:
        raise refuse(
            catalogue.BAD_TIMES, problem="are missing", hint="pass the times to save at, such as ts=range(101)"
        )
    saved = _numbers(times)
    if saved.size == 0:
        raise refuse(catalogue.BAD_TIMES, problem="are empty")
    if not np.isfinite(saved).all():
        raise refuse(catalogue.BAD_TIMES, problem="are not all finite numbers")
    if (np.diff(saved) <= 0).any():
        place = int(np.argmax(np.diff(saved) <= 0))
        raise refuse(catalogue.BAD_TIMES, problem=f"must increase, and {saved[place + 1]:g} follows {saved[place]:g}")
    begin = float(saved[0]) if start is None else float(_numbers(start)[0])
    if not begin <= saved[0]:
        raise refuse(catalogue.BAD_TIMES, problem=f"begin at {saved[0]:g}, before the start t0 = {begin:g}")
    _want_distinct(saved)
    return saved, begin


def _numbers(values: Any) -> Numbers:
    try:
        found = np.asarray(values)
        fine = found.ndim < 2 and (found.dtype.kind in REAL or found.size == 0)
        found = found.astype(np.float64) if fine else None
    except (TypeError, ValueError):
        found = None
    if found is None:
        hint = "give them as numbers, in the model's unit of time"
        raise refuse(catalogue.BAD_TIMES, problem="are not a list of numbers", hint=hint)
    return found.reshape(-1)


def _want_distinct(saved: Numbers) -> None:
    dtype = default_dtype()
    cast_times: Any = saved.astype(dtype)
    if (np.diff(cast_times) <= 0).any():
        hint = "use double precision (jax_enable_x64), or count the time from a later origin"
        raise refuse(
            catalogue.BAD_TIMES, problem=f"lie closer together than numbers of type {dtype} can tell", hint=hint
        )


# --- parameters and initial values


def checked_parameters(system: System, given: Mapping[str, Any]) -> dict[str, Array]:
    """Parameters by name, as arrays with the shape of their axes; inputs as their times and values.

    Arguments:
        system: declares them.
        given: numbers, arrays, or xarray arrays whose dimensions are named after the axes, in any order. Inputs are
            pairs (times, values), or xarray arrays with the coordinate ``time``.

    Raises:
        OpjaxError: E0806 for an unknown name, E0804 for a wrong shape, E0922 for wrong labels, E0807 for no numbers,
            E0582 for a table whose times do not increase.
    """
    want_mapping("params", given, "a mapping of the parameters by name")
    return {str(name): _given(system, str(name), value) for name, value in given.items()}


def _given(system: System, name: str, value: Any) -> Array:
    """A parameter, or the times and values of an input."""
    if name not in system.inputs:
        return _checked(system, "parameter", name, value)
    dtype = default_dtype()
    table = input_table(system, name, value, backend_for(jnp), (dtype, jnp.zeros((), dtype)))
    check_times(name, tuple(np.asarray(part) for part in table))
    return table


def checked_initial(problem: Problem, given: Any) -> dict[str, Array]:
    """Initial values by state name.

    Arguments:
        problem: declares the states.
        given: values by state name (others keep the model's own), or all states as one flat vector, or None.

    Raises:
        OpjaxError: as `checked_parameters`.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        named = cast("Mapping[str, Any]", given)
        return {str(name): _checked(problem.system, "state", str(name), value) for name, value in named.items()}
    slots = [slot for slot in problem.layout.slots if slot.name not in problem.accumulators]
    size = sum(slot.size for slot in slots)
    flat = _array("y0", given)
    if flat.shape != (size,):
        raise refuse(catalogue.WRONG_SHAPE, name="y0", found=flat.shape, expected=f"({size},)")
    return {s.name: flat[s.start : s.start + s.size].reshape(s.shape) for s in slots}


def shape_in(system: System, state: str) -> tuple[int, ...]:
    """The shape of a state.

    Raises:
        OpjaxError: E0806 for an unknown state.
    """
    quantity = _declared(system, "state", state)
    return shape_of(quantity.axes, system.axes, quantity.span)


def checked_value(system: System, state: str, value: Any) -> Array:
    """A value of a state, as an array with the shape of its axes.

    Raises:
        OpjaxError: as `checked_parameters`.
    """
    return _checked(system, "state", state, value)


def _declared(system: System, kind: str, name: str) -> Quantity:
    declared: Mapping[str, Quantity] = system.parameters if kind == "parameter" else system.states
    if name not in declared:
        hint = did_you_mean(name, declared, f"the {kind}s are {', '.join(declared)}")
        raise refuse(catalogue.UNKNOWN_VALUE, kind=kind, name=name, hint=hint)
    return declared[name]


def _checked(system: System, kind: str, name: str, value: Any) -> Array:
    quantity = _declared(system, kind, name)
    array = _array(name, _by_axes(system, quantity, value))
    shape = shape_of(quantity.axes, system.axes, quantity.span)
    if array.shape != shape:
        wanted = f"{shape} over [{', '.join(quantity.axes)}]" if shape else "a single number"
        raise refuse(catalogue.WRONG_SHAPE, name=name, found=array.shape, expected=wanted)
    return array


def _array(name: str, value: Any) -> Array:
    dtype = default_dtype()
    return array_of(name, value, backend_for(jnp), (dtype, None), "a number or an array")


def _by_axes(system: System, quantity: Quantity, value: Any) -> Any:
    """An xarray array in the declared order of axes and labels; anything else as it is."""
    module = sys.modules.get("xarray")
    if module is None or not isinstance(value, module.DataArray):
        return value
    dims = [str(dim) for dim in value.dims]
    if sorted(dims) != sorted(quantity.axes):
        found, wanted = f"over ({', '.join(dims)})", f"an array over ({', '.join(quantity.axes)})"
        raise refuse(catalogue.WRONG_ARRAY, name=quantity.name, found=found, expected=wanted)
    if len(set(dims)) < len(dims):  # both axes of a matrix have one name: their order is what it is
        return value.values
    ordered = value.transpose(*quantity.axes)
    for axis in quantity.axes:
        if axis in ordered.coords:
            ordered = ordered.isel({axis: _places(quantity.name, system.axes[axis], ordered[axis].values.tolist())})
    return ordered.values


def _places(name: str, axis: Axis, found: Sequence[Any]) -> list[int]:
    """Where the labels of an axis stand in an array."""
    wanted = list(axis.names)
    if axis.numeric:
        order = [_nearest(label, found) for label in wanted]
    else:
        texts = [str(label) for label in found]
        order = [texts.index(str(label)) if str(label) in texts else -1 for label in wanted]
    if sorted(order) != list(range(len(found))):
        raise _wrong_labels(name, axis, found)
    return order


def _nearest(point: Any, found: Sequence[Any]) -> int:
    distances = [abs(float(other) - float(point)) for other in found]
    place = int(np.argmin(distances)) if distances else -1
    return place if distances and np.isclose(float(found[place]), float(point), rtol=1e-6, atol=1e-12) else -1


def _wrong_labels(name: str, axis: Axis, found: Sequence[Any]) -> OpjaxError:
    shown = [", ".join(f"{label}" for label in labels) for labels in (found, axis.names)]
    return refuse(catalogue.WRONG_LABELS, name=name, axis=axis.name, found=shown[0], expected=shown[1])


# --- what is missing, and what must hold


def want_values(system: System, needed: Sequence[str], given: Mapping[str, Any]) -> None:
    """Refuse parameters and inputs that are needed, and have neither a value nor a default; those that others' defaults
    need too.

    Raises:
        OpjaxError: E0805.
    """
    mentions = default_order(system.parameters)
    waiting, seen = list(reversed(needed)), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name in given:
            continue
        seen.add(name)
        if name in system.inputs:
            raise refuse(catalogue.MISSING_VALUE, system.inputs[name].span, kind="input", name=name, hint=WAYS)
        parameter = system.parameters[name]
        if parameter.default is None and parameter.values is None:
            hint = f"pass a value, or draw it from its prior {parameter.prior.name}" if parameter.prior else ""
            raise refuse(catalogue.MISSING_VALUE, parameter.span, kind="parameter", name=name, hint=hint)
        waiting.extend(mentions.get(name, ()))


__all__ = ["Start", "checked_initial", "checked_parameters", "checked_times", "want_values"]
