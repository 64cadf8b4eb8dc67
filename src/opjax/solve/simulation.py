"""The result of a simulation: names in, names out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from opjax.compile.arguments import refuse
from opjax.errors import catalogue
from opjax.ir.system import Quantity, System
from opjax.ir.types import Axis
from opjax.solve.outcome import Outcome

if TYPE_CHECKING:
    import xarray

Array = Any


@dataclass(frozen=True, slots=True)
class Stats:
    """What a solve took.

    Arguments:
        solver: the solver that was used.
        accepted: steps that were kept.
        rejected: steps that were too inaccurate, and tried again.
        stop_time: the time that was reached.
    """

    solver: str
    accepted: int
    rejected: int
    stop_time: float


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """A solution by name, and how it came about.

    Arguments:
        dataset: states, aliases and derived quantities over ``time`` and the model's axes, as an xarray dataset; nan
            from where the solve stopped.
        outcome: how the solve ended.
        message: where it stopped and what may help; empty for a success.
        stats: what the solve took.

    Example:
        >>> import opjax
        >>> model = opjax.loads('''
        ... model Decay:
        ...   params:
        ...     k = 0.5
        ...   states:
        ...     x = 1
        ...   dynamics:
        ...     x -> 0 @ k
        ... ''')
        >>> run = model.simulate(ts=[0, 1, 2], rtol=1e-4)
        >>> [round(float(x), 3) for x in run["x"]]
        [1.0, 0.607, 0.368]
    """

    dataset: xarray.Dataset
    outcome: Outcome
    message: str
    stats: Stats

    @property
    def succeeded(self) -> bool:
        """Whether the last time was reached."""
        return self.outcome is Outcome.SUCCESS

    def __getitem__(self, name: str) -> xarray.DataArray:
        """A state, alias or derived quantity by name."""
        return self.dataset[name]

    def raise_if_failed(self) -> Simulation:
        """The simulation itself, if it reached the last time.

        Raises:
            OpjaxError: E0923 if not.
        """
        if not self.succeeded:
            raise refuse(catalogue.SOLVE_FAILED, hint=self.message)
        return self

    def __repr__(self) -> str:
        stats = self.stats
        took = f"{stats.accepted} steps of {stats.solver}, {stats.rejected} rejected"
        ending = "" if self.succeeded else f"\n{self.message}"
        return f"<Simulation: {took}>{ending}\n{self.dataset!r}"

    def _repr_html_(self) -> str:
        import html

        stats = self.stats
        took = f"{stats.accepted} steps of {stats.solver}, {stats.rejected} rejected"
        ending = "" if self.succeeded else f"<p><b>{html.escape(self.message)}</b></p>"
        return f"<p>{html.escape(took)}</p>{ending}{_as_html(self.dataset)}"


class DatasetBuilder:
    """Puts arrays under their names, axes, units and sentences.

    Arguments:
        system: declares them.
        times: the saved times.
    """

    def __init__(self, system: System, times: Array) -> None:
        self.system = system
        self.times = np.asarray(times)
        self.variables: dict[str, xarray.Variable] = {}

    def add(self, quantity: Quantity, values: Array, moving: bool = True) -> None:
        """One variable; with `moving`, its first dimension is the time."""
        import xarray

        dims = (*(("time",) if moving else ()), *quantity.axes)
        self.variables[quantity.name] = xarray.Variable(
            dims, np.asarray(values), _attributes(quantity.unit, quantity.doc)
        )

    def build(self, attributes: Mapping[str, str]) -> xarray.Dataset:
        """The dataset."""
        import xarray

        used = {dim for variable in self.variables.values() for dim in variable.dims}
        coordinates = {name: _coordinate(axis) for name, axis in self.system.axes.items() if name in used}
        origin = {"origin": self.system.time_origin} if self.system.time_origin else {}
        time = xarray.Variable(("time",), self.times, {**_attributes(self.system.time_unit, ""), **origin})
        named = {**_attributes("", self.system.doc), "model": self.system.name, **attributes}
        return xarray.Dataset(self.variables, {"time": time, **coordinates}, named)


def _coordinate(axis: Axis) -> xarray.Variable:
    import xarray

    points = np.asarray(axis.coordinates) if axis.numeric else np.asarray(axis.labels, dtype=str)
    return xarray.Variable((axis.name,), points, _attributes(axis.unit, axis.doc))


def _attributes(unit: str, doc: str) -> dict[str, str]:
    """The names that xarray's plots and CF conventions look for."""
    return {key: text for key, text in (("units", unit), ("long_name", doc)) if text}


def _as_html(shown: Any) -> str:
    """What a notebook shows of an object."""
    return str(shown._repr_html_())
