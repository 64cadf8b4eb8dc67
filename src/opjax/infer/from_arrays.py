"""Arrays as data: mappings of plain arrays, and data sets and data arrays with named dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opjax.compile.clock import NotATime, clock_of
from opjax.errors import Report, did_you_mean
from opjax.infer.cells import Grid, grid_of, labels_of, position_of
from opjax.infer.data import Found, Raw
from opjax.infer.problems import bad_data
from opjax.ir.system import System
from opjax.ir.types import Axis

TIME = "time"


def real_numbers(given: Any) -> np.ndarray:
    """Data as numbers; what is masked is missing.

    Raises:
        TypeError, ValueError: for what is none, dates and complex numbers among it.
    """
    array: np.ndarray = np.asarray(given)
    if array.dtype.kind not in "biufO":
        raise TypeError("no real numbers")
    numbers = array.astype(float)
    return np.where(given.mask, np.nan, numbers) if hasattr(given, "mask") and hasattr(given, "filled") else numbers


def from_dataset(system: System, dataset: Any, report: Report) -> Found:
    """The observations and parameters in an xarray data set."""
    return from_mapping(system, {str(name): dataset[name] for name in dataset.data_vars}, report)


def from_mapping(system: System, data: Mapping[str, Any], report: Report) -> Found:
    """The observations and parameters in a mapping; what does not fit is reported."""
    reader = _Reader(system, report)
    if TIME in data:
        reader.shared = reader.time_numbers(data[TIME])
    reader.refuse_unknown(data)
    found = Found()
    for observation in system.observations.values():
        if observation.name not in data:
            hint = "add it, or remove it from the section 'observe'"
            bad_data(report, f"do not hold '{observation.name}'", observation.span, hint)
            continue
        raw = reader.series(grid_of(system, observation.name, observation.axes), data[observation.name])
        if raw is not None:
            found.raw[observation.name] = raw
    for table in system.inputs.values():
        raw = reader.series(grid_of(system, table.name, table.axes), data[table.name]) if table.name in data else None
        if raw is not None:
            found.inputs[table.name] = raw
    for parameter in system.parameters.values():
        if parameter.name in data:
            grid = grid_of(system, parameter.name, parameter.axes)
            found.parameters[parameter.name] = reader.values(grid, data[parameter.name], ())
    return found


@dataclass(slots=True)
class _Reader:
    system: System
    report: Report
    shared: np.ndarray | None = field(default=None)
    """The times under the key ``time``."""

    def time_numbers(self, values: Any) -> np.ndarray | None:
        try:
            times = clock_of(self.system).numbers(getattr(values, "values", values))
        except NotATime as problem:
            bad_data(self.report, str(problem), hint=problem.hint)
            return None
        if times.ndim != 1:
            bad_data(self.report, f"have times of the shape {times.shape}", hint="one number for each time")
            return None
        return times

    def refuse_unknown(self, given: Iterable[str]) -> None:
        """Report the names that mean nothing to the model, and parameters that are not data."""
        tables = [p.name for p in self.system.parameters.values() if "data" in p.flags]
        known = {TIME, *self.system.observations, *self.system.inputs, *tables}
        for name in given:
            if name in known:
                continue
            hint = did_you_mean(name, sorted(known), f"the model observes {', '.join(self.system.observations)}")
            if name in self.system.parameters:
                hint = f"give it the flag 'data' in the model, or pass fixed={{'{name}': ...}}"
            bad_data(self.report, f"hold '{name}', which the model does not take from data", hint=hint)

    def series(self, grid: Grid, given: Any) -> Raw | None:
        coordinates = getattr(given, "coords", {})
        times = self.time_numbers(coordinates[TIME]) if TIME in coordinates else self.shared
        if times is None:
            hint = "add the key 'time', or give a data array with the coordinate 'time'"
            bad_data(self.report, f"do not say the times of '{grid.name}'", hint=hint)
            return None
        values = self.values(grid, given, (len(times),))
        return Raw(times, values, lambda row: f"time {times[row]:g}")

    def values(self, grid: Grid, given: Any, times: tuple[int, ...]) -> np.ndarray:
        """The numbers in the order of the axes, the time first; nan of the right shape where there is a problem."""
        wanted = times + grid.shape
        named = hasattr(given, "dims") and hasattr(given, "coords")
        try:
            values = self.aligned(grid, given, times) if named else real_numbers(given)
        except (TypeError, ValueError):
            bad_data(self.report, f"hold '{grid.name}' as {type(given).__name__}", hint="give an array of numbers")
            return np.full(wanted, np.nan)
        if values is not None and values.shape != wanted:
            names = ", ".join([*(("time",) if times else ()), *(axis.name for axis in grid.axes)])
            problem = f"hold '{grid.name}' in the shape {values.shape}, and its dimensions [{names}] want {wanted}"
            bad_data(self.report, problem)
            values = None
        return np.full(wanted, np.nan) if values is None else values

    def aligned(self, grid: Grid, given: Any, times: tuple[int, ...]) -> np.ndarray | None:
        """A data array in the order of the axes and of their labels."""
        dims = (*((TIME,) if times else ()), *(axis.name for axis in grid.axes))
        if sorted(str(dim) for dim in given.dims) != sorted(dims):
            problem = f"hold '{grid.name}' over [{', '.join(map(str, given.dims))}], and [{', '.join(dims)}] is wanted"
            bad_data(self.report, problem)
            return None
        values = real_numbers(given.transpose(*dims).values)
        for place, axis in enumerate(grid.axes, start=len(times)):
            if axis.name in given.coords:
                order = self.order(grid, axis, given.coords[axis.name].values)
                if order is None:
                    return None
                values = np.take(values, order, axis=place)
        return values

    def order(self, grid: Grid, axis: Axis, labels: Any) -> list[int] | None:
        """For each label of the axis, its place among those that are given."""
        places: dict[int, int] = {}
        for place, label in enumerate(labels.tolist()):
            position = position_of(axis, label)
            if position is None or position in places:
                what = "has no label" if position is None else "has twice the label"
                problem = f"hold '{grid.name}' with '{label}', and the axis '{axis.name}' {what} '{label}'"
                bad_data(self.report, problem, hint=did_you_mean(str(label), labels_of(axis)))
                return None
            places[position] = place
        lacking = [label for position, label in enumerate(labels_of(axis)) if position not in places]
        if lacking:
            hint = "add it, with nan if nothing was observed there"
            bad_data(self.report, f"lack '{lacking[0]}' of the axis '{axis.name}' in '{grid.name}'", hint=hint)
            return None
        return [places[position] for position in range(len(places))]
