"""The times of data: numbers as they are, dates as time units since the model's origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from opjax.ir.system import System

_SECONDS = {
    1.0: "s sec second seconds",
    60.0: "min minute minutes",
    3600.0: "h hour hours",
    86400.0: "d day days",
    604800.0: "week weeks",
}
SECONDS_OF = {name: seconds for seconds, names in _SECONDS.items() for name in names.split()}
"""Units of a fixed length in seconds; a year or a month has none."""


class NotATime(ValueError):
    """A value that is not a time of this model; the text says why, `hint` what to write."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Clock:
    """What a model knows of its time.

    Arguments:
        unit: the label of its time unit, such as ``day``.
        origin: the date of time 0, or nothing.
    """

    unit: str = ""
    origin: str = ""

    def numbers(self, values: Any) -> np.ndarray:
        """Times as numbers.

        Arguments:
            values: numbers, dates (`numpy.datetime64`, `datetime`) or text of either; shape [times].

        Returns:
            Shape [times], float64.

        Raises:
            NotATime: if a value is neither, or a date and the model has no origin or no unit of fixed length.

        Example:
            >>> Clock("week", "2020-03-01").numbers(["2020-03-08", "2020-03-22"])
            array([1., 3.])
        """
        given = np.asarray(values)
        if given.dtype.kind in "iuf":
            return given.astype(float)
        if given.dtype.kind in "mc":
            kind = "durations" if given.dtype.kind == "m" else "complex numbers"
            raise NotATime(f"give {kind} as times", "give numbers, in the model's unit of time")
        try:
            return given.astype(float) if not np.issubdtype(given.dtype, np.datetime64) else self._dates(given)
        except (TypeError, ValueError):
            return self._dates(given)

    def _dates(self, given: np.ndarray) -> np.ndarray:
        try:
            dates = given.astype("datetime64[us]")
        except (TypeError, ValueError) as problem:
            raise NotATime(f"hold the time '{_first_odd(given)}', which is neither a number nor a date") from problem
        if not self.origin:
            raise NotATime(
                "give dates, and the model does not say which date is time 0",
                "say it there: time: day origin 2020-03-01",
            )
        seconds = SECONDS_OF.get(self.unit.strip())
        if seconds is None:
            raise NotATime(
                f"give dates, and the model's time unit '{self.unit}' has no fixed length", "say 'day' or 'week'"
            )
        since = (dates - np.datetime64(self.origin, "us")) / np.timedelta64(1, "us")
        return since.astype(float) / (seconds * 1e6)


def clock_of(system: System) -> Clock:
    """The clock of a model."""
    return Clock(system.time_unit, system.time_origin)


def _first_odd(given: np.ndarray) -> str:
    """The first value that is not a date."""
    for value in given.ravel():
        try:
            np.asarray(value).astype("datetime64[us]")
        except (TypeError, ValueError):
            return str(value)
    return str(given.ravel()[0])
