"""Data for a model: from arrays, data sets, data frames and files to one series for each observation.

Nothing is dropped, moved or guessed in silence: what does not fit is an error with its place, and what is missing is
counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from opjax.errors import Report, catalogue
from opjax.infer.cells import Grid, grid_of
from opjax.infer.problems import bad_data
from opjax.ir import distributions
from opjax.ir.system import Observation, System
from opjax.source import NOWHERE, Span

IN_WORDS: Mapping[str, str] = {
    "count": "0, 1, 2, ...",
    "positive": "numbers above 0",
    "unit": "numbers between 0 and 1",
}
"""The values that distributions with these supports give."""
NETCDF = (".nc", ".nc4", ".netcdf", ".h5")


def _place_of_row(row: int) -> str:
    return f"place {row + 1}"


def _nowhere(row: int) -> Span:
    del row
    return NOWHERE


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """What was found for one observation.

    Arguments:
        times: shape [times].
        values: shape [times, axes...]; nan where nothing was observed.
        row_name: what a time is called in errors.
        place: where a time stands in a file.
    """

    times: np.ndarray
    values: np.ndarray
    row_name: Callable[[int], str] = _place_of_row
    place: Callable[[int], Span] = _nowhere


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The data of one observation.

    Arguments:
        name: its name in the model.
        times: increasing, shape [times].
        values: shape [times, axes...]; where nothing was observed, some value that the distribution may give.
        present: whether something was observed, same shape.
        missing: how many cells were empty, those of times without any value included.
    """

    name: str
    times: np.ndarray
    values: np.ndarray
    present: np.ndarray
    missing: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """All data of a model.

    Arguments:
        series: by the name of the observation, in the model's order.
        parameters: values of parameters that are data, and the times and values of inputs, by name.
    """

    series: Mapping[str, Series] = field(default_factory=dict[str, Series])
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])


def read_data(system: System, data: Any) -> Data:
    """The data of a model.

    Arguments:
        system: the model.
        data: one of

            - the path of a CSV file with a column ``time`` and one for each observation. Axes come as one column per
              cell, ``cases[0-4]``, or as one column per axis (long form). Empty cells are not observed.
            - the path of a netCDF file, or an xarray dataset: variables with the dimension ``time`` and the axes.
            - a data frame, like a CSV file.
            - a mapping from names to arrays of shape [times, axes...], with the key ``time`` for the times they share;
              or to data arrays of xarray, which may have times of their own; or from the columns of such a table to
              their cells.

            Parameters with the flag ``data`` may be among the variables of a data set or a mapping. Inputs may be among
            the columns and variables: their tables have the times at which they are not empty.

    Returns:
        The series, checked against the distributions.

    Raises:
        OpjaxError: E0903 for data that do not fit, all problems at once; E0905 if the model observes nothing.
    """
    report = Report()
    if not system.observations:
        report.add(catalogue.NO_OBSERVATION, NOWHERE)
        report.check()
    found = _found(system, data, report)
    report.check()
    series = {name: _series(system, system.observations[name], raw, report) for name, raw in found.raw.items()}
    tables = {name: _table(name, raw, report) for name, raw in found.inputs.items()}
    report.check()
    return Data(series, {**found.parameters, **tables})


@dataclass(slots=True)
class Found:
    """What was found, before it is checked."""

    raw: dict[str, Raw] = field(default_factory=dict[str, Raw])
    inputs: dict[str, Raw] = field(default_factory=dict[str, Raw])
    parameters: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])


def _found(system: System, data: Any, report: Report) -> Found:
    from opjax.infer.from_arrays import from_dataset, from_mapping
    from opjax.infer.from_table import from_table
    from opjax.infer.tables import Table, from_frame

    if isinstance(data, (str, os.PathLike)):
        return _from_file(system, os.fspath(data), report)
    if hasattr(data, "data_vars"):
        return from_dataset(system, data, report)
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        return from_table(system, from_frame(data, report), report)
    if isinstance(data, Mapping):
        given = cast("Mapping[str, Any]", data)
        if _are_columns(system, given):
            return from_table(system, Table({name: list(cells) for name, cells in given.items()}), report)
        return from_mapping(system, given, report)
    kinds = "a mapping, an xarray data set, a data frame, or the path of a CSV or netCDF file"
    bad_data(report, f"are {type(data).__name__}, which is not understood", hint=f"give {kinds}")
    return Found()


def _are_columns(system: System, data: Mapping[str, Any]) -> bool:
    """Whether a mapping is a table: columns of one length, among them those of cells, ``cases[0-4]``, or of labels."""
    if "time" not in data or any(hasattr(value, "dims") or np.ndim(value) != 1 for value in data.values()):
        return False
    arrays = {*system.observations, *system.parameters, *system.inputs, "time"}
    return len({len(value) for value in data.values()}) == 1 and not data.keys() <= arrays


def _from_file(system: System, path: str, report: Report) -> Found:
    from opjax.infer.from_arrays import from_dataset
    from opjax.infer.from_table import from_table
    from opjax.infer.tables import read_csv
    from opjax.solve.datasets import read_dataset

    suffix = os.path.splitext(path)[1].lower()
    if suffix not in (".csv", *NETCDF):
        bad_data(report, f"are not read from '{suffix or path}'", hint="give a .csv or a .nc file")
        return Found()
    try:
        table = read_csv(path, report) if suffix == ".csv" else None
        dataset = read_dataset(path) if table is None else None
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else "it is not such a file"
        bad_data(report, f"cannot be read from '{path}': {reason}", hint="a CSV file is text in UTF-8")
        return Found()
    report.check()
    return from_dataset(system, dataset, report) if table is None else from_table(system, table, report)


# --- checks


def _series(system: System, observation: Observation, raw: Raw, report: Report) -> Series:
    grid = grid_of(system, observation.name, observation.axes)
    present = np.isfinite(raw.values)
    _check_times(observation.name, raw, report)
    _check_values(observation, grid, raw, report)
    kept = present.any(axis=tuple(range(1, present.ndim)))
    if not kept.any():
        hint = "all its cells are empty" if len(raw.times) else "there are no times"
        if np.isnan(raw.values).all():  # what is infinite has been said
            bad_data(report, f"hold no value of '{observation.name}'", hint=hint)
        return Series(observation.name, raw.times, raw.values, present)
    stand_in = raw.values[present][0]
    values = np.where(present, raw.values, stand_in)[kept]
    missing = int(present.size - present.sum())
    return Series(observation.name, raw.times[kept], values, present[kept], missing)


def _table(name: str, raw: Raw, report: Report) -> tuple[np.ndarray, np.ndarray]:
    """The times and values of an input; times at which it is empty are left out."""
    _check_times(name, raw, report)
    finite = np.isfinite(raw.values)
    across = tuple(range(1, finite.ndim))
    kept = finite.any(axis=across)
    for row in np.flatnonzero(kept & ~finite.all(axis=across)).tolist():
        bad_data(report, f"hold only some values of the input '{name}' at {raw.row_name(row)}", raw.place(row))
    if not kept.any():
        bad_data(report, f"hold no value of the input '{name}'", hint="all its cells are empty")
    return raw.times[kept], raw.values[kept]


def _check_times(name: str, raw: Raw, report: Report) -> None:
    for row, (before, after) in enumerate(zip(raw.times[:-1], raw.times[1:], strict=True), start=1):
        if not after > before:
            word = "twice" if after == before else f"after {before:g}"
            problem = f"hold the time {after:g} {word} for '{name}', at {raw.row_name(row)}"
            bad_data(report, problem, raw.place(row), "times must increase, and each stands once")
            return
    if not np.isfinite(raw.times).all():
        row = int(np.argmin(np.isfinite(raw.times)))
        bad_data(report, f"lack the time of '{name}' at {raw.row_name(row)}", raw.place(row))


def _check_values(observation: Observation, grid: Grid, raw: Raw, report: Report) -> None:
    record = distributions.DISTRIBUTIONS[observation.distribution.name]
    bad = ~np.isnan(raw.values) & ~_possible(raw.values, record.support)
    if not bad.any():
        return
    row, *cell = (int(place) for place in np.argwhere(bad)[0])
    columns = {position: column for column, position in grid.columns().items()}
    value, name = raw.values[(row, *cell)], columns[tuple(cell)]
    in_words = IN_WORDS.get(record.support, "finite numbers")
    more = f" (and {int(bad.sum()) - 1} more)" if bad.sum() > 1 else ""
    problem = f"hold {value:g} for '{name}' at {raw.row_name(row)}{more}, and {record.name} gives {in_words}"
    bad_data(report, problem, raw.place(row))


def _possible(values: np.ndarray, support: str) -> np.ndarray:
    """Whether a distribution with this support gives these values."""
    finite = np.isfinite(values)
    match support:
        case "count":
            return finite & (values >= 0) & (values == np.floor(values))
        case "positive":
            return finite & (values > 0)
        case "unit":
            return finite & (values >= 0) & (values <= 1)
        case _:
            return finite
