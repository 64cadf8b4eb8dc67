"""Inputs on their way into a kernel: a table over time as its times and its values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from opjax.backends.base import Array, Backend, DType
from opjax.compile.layout import shape_of
from opjax.compile.refusal import refuse
from opjax.errors import OpjaxError, catalogue
from opjax.ir.system import Input, System
from opjax.ir.types import Axis

TIME = "time"
DATES = frozenset("mMUO")
"""The kinds of NumPy's data types whose elements may be dates, or texts of them."""
WAYS = "give a pair (times, values), or an xarray.DataArray with the coordinate 'time'"


def input_table(system: System, name: str, value: object, backend: Backend, like: tuple[DType, Array]) -> Array:
    """The table of an input as arrays of a namespace.

    Arguments:
        system: declares the input.
        name: its name.
        value: a pair (times, values), the values of shape (times, axes...); or an array of xarray with the coordinate
            ``time``, whose other dimensions are the axes in any order.
        backend: the namespace.
        like: the data type, and an array whose device is used.

    Returns:
        The times, shape (times,), and the values, shape (times, axes...).

    Raises:
        OpjaxError: E0582 for dates where the model does not say which one is time 0, E0804 for a wrong shape, E0807 for
            something else.
    """
    declared = system.inputs[name]
    pair = _pair(system, declared, value)
    pair = _numbered(system, name, pair[0]), pair[1]
    dtype, array = like
    try:
        times, values = (backend.asarray(part, dtype, array) for part in pair)
    except (TypeError, ValueError) as problem:
        raise _no_table(name, value) from problem
    axes = shape_of(declared.axes, system.axes, declared.span)
    if len(times.shape) != 1 or times.shape[0] == 0:
        raise refuse(catalogue.WRONG_SHAPE, name=f"the times of {name}", found=tuple(times.shape), expected="(times,)")
    expected = (times.shape[0], *axes)
    if tuple(values.shape) != expected:
        over = f"{expected} over [{', '.join((TIME, *declared.axes))}]"
        raise refuse(catalogue.WRONG_SHAPE, name=name, found=tuple(values.shape), expected=over)
    return times, values


def _pair(system: System, declared: Input, value: object) -> tuple[Any, Any]:
    if hasattr(value, "dims") and hasattr(value, "coords"):
        return _from_labelled(system, declared, value)
    parts = _parts(value)
    if len(parts) != 2:
        raise _no_table(declared.name, value)
    return parts[0], parts[1]


def _parts(value: object) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, tuple | list) else ()


def _no_table(name: str, value: object) -> OpjaxError:
    found = type(value).__name__
    return refuse(catalogue.WRONG_ARRAY, name=name, found=found, expected="a table over time", hint=WAYS)


def _from_labelled(system: System, declared: Input, value: Any) -> tuple[Any, Any]:
    """An array with named dimensions: the time first, then the axes with their labels in declared order."""
    dims = [str(dim) for dim in value.dims]
    wanted = (TIME, *declared.axes)
    if sorted(dims) != sorted(wanted) or TIME not in value.coords:
        found = f"over ({', '.join(dims)})" + ("" if TIME in value.coords else " without the coordinate 'time'")
        expected = f"an array over ({', '.join(wanted)})"
        raise refuse(catalogue.WRONG_ARRAY, name=declared.name, found=found, expected=expected)
    ordered = value if len(set(dims)) < len(dims) else value.transpose(*wanted)
    for axis in dict.fromkeys(declared.axes):
        if axis in ordered.coords:
            labels = list(ordered.coords[axis].values.tolist())
            ordered = ordered.isel({axis: _places(declared.name, system.axes[axis], labels)})
    return ordered.coords[TIME].values, ordered.values


def _numbered(system: System, name: str, times: Any) -> Any:
    """Dates as numbers, counted from the origin of the model in its unit of time; numbers as they are."""
    if not _are_dates(times):
        return times
    from opjax.compile.clock import NotATime, clock_of  # NumPy's calendar, which few tables need

    try:
        numbers = clock_of(system).numbers(times)
    except NotATime as problem:
        hint = "say 'time: day origin 2021-09-01' in the model, or count the times in its unit"
        text = f"cannot be used: its times {problem}"
        raise refuse(catalogue.BAD_TABLE, name=name, problem=text, hint=hint) from problem
    check_times(name, (numbers, ()))
    return numbers


def _are_dates(times: Any) -> bool:
    parts = _parts(times)
    first: Any = parts[0] if parts else times
    kind = getattr(getattr(first, "dtype", None), "kind", "")
    return kind in DATES or (bool(parts) and isinstance(first, str)) or hasattr(first, "isoformat")


def _places(name: str, axis: Axis, found: list[Any]) -> list[int]:
    wanted = [str(label) for label in axis.names]
    texts = [str(label) for label in found]
    if sorted(wanted) != sorted(texts):
        shown: Mapping[str, str] = {"found": ", ".join(texts), "expected": ", ".join(wanted)}
        raise refuse(catalogue.WRONG_LABELS, name=name, axis=axis.name, **shown)
    return [texts.index(label) for label in wanted]


def check_times(name: str, value: object) -> None:
    """Refuse times of a table that do not increase, where they are known now; those of traced tables are not looked at.

    Raises:
        OpjaxError: E0582.
    """
    parts = _parts(value)
    times: Any = parts[0] if parts else cast(Any, value).coords[TIME].values
    if _are_dates(times):
        return  # looked at where they became numbers
    if not isinstance(times, tuple | list | range) and type(times).__module__ != "numpy":
        return
    known = [float(time) for time in cast("Sequence[Any]", times)]
    if not all(math.isfinite(time) for time in known):
        raise refuse(catalogue.BAD_TABLE, name=name, problem="has times that are not finite numbers")
    for before, behind in itertools.pairwise(known):
        if not before < behind:
            problem = f"has the time {behind:g} behind {before:g}: its times must increase"
            raise refuse(catalogue.BAD_TABLE, name=name, problem=problem)
