"""Draws under their names: datasets with named dimensions, in the groups and names that ArviZ knows.

Everything is in the order of the model: what comes out of a compiled function is a mapping in alphabetical order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from opjax.infer.generate import Generated
from opjax.infer.model import NumpyroModel
from opjax.infer.sampler import Kept
from opjax.ir.system import Quantity
from opjax.ir.types import Axis

if TYPE_CHECKING:
    import xarray

SETS = ("chain", "draw")


def dims_of(axes: tuple[str, ...]) -> tuple[str, ...]:
    """The names of dimensions: the axes, and ``age_2`` for the second ``age`` of ``C[age, age]``."""
    seen = [axes[:place].count(axis) for place, axis in enumerate(axes)]
    return tuple(axis if not before else f"{axis}_{before + 1}" for axis, before in zip(axes, seen, strict=True))


@dataclass(slots=True, eq=False)
class Datasets:
    """Builds datasets for one model.

    Arguments:
        model: declares names, axes, units and times.
    """

    model: NumpyroModel
    axes: Mapping[str, Axis] = field(init=False)

    def __post_init__(self) -> None:
        self.axes = self.model.system.axes

    def time_of(self, name: str) -> str:
        """The dimension of an observation's times: ``time`` if these are the times of the solve."""
        own = self.model.when.visits[name].times
        return "time" if np.array_equal(own, self.model.when.times) else f"{name}_time"

    def declared(self, quantity: Quantity, values: Any, moving: bool = False) -> xarray.Variable:
        """Draws of a parameter, state or derived quantity."""
        import xarray

        dims = (*SETS, *(("time",) if moving else ()), *dims_of(quantity.axes))
        return xarray.Variable(dims, np.asarray(values), attributes(quantity.unit, quantity.doc))

    def observed(self, name: str, values: Any, sets: tuple[str, ...] = SETS) -> xarray.Variable:
        """Values of an observation."""
        import xarray

        observation = self.model.system.observations[name]
        dims = (*sets, self.time_of(name), *dims_of(observation.axes))
        return xarray.Variable(dims, np.asarray(values), attributes("", observation.doc))

    def dataset(self, variables: Mapping[str, xarray.Variable]) -> xarray.Dataset:
        """A dataset with the coordinates of its dimensions."""
        import xarray

        sizes = {str(dim): size for v in variables.values() for dim, size in zip(v.dims, v.shape, strict=True)}
        coordinates = {dim: self._coordinate(dim, size) for dim, size in sizes.items()}
        named = {**attributes("", self.model.system.doc), "model": self.model.system.name}
        return xarray.Dataset(dict(variables), coordinates, named)

    def _coordinate(self, dim: str, size: int) -> xarray.Variable:
        import xarray

        if dim in SETS:
            return xarray.Variable((dim,), np.arange(size))
        axis = self.axes.get(dim) or self.axes.get(dim.rpartition("_")[0])
        if axis is not None:
            points = np.asarray(axis.coordinates) if axis.numeric else np.asarray(axis.labels, dtype=str)
            return xarray.Variable((dim,), points, attributes(axis.unit, axis.doc))
        system, when = self.model.system, self.model.when
        times = when.times if dim == "time" else when.visits[dim.removesuffix("_time")].times
        origin = {"origin": system.time_origin} if system.time_origin else {}
        return xarray.Variable((dim,), times, {**attributes(system.time_unit, ""), **origin})

    # --- groups

    def parameters(self, generated: Generated) -> dict[str, xarray.Variable]:
        """Parameters that are drawn or computed."""
        values = generated.parameters
        return {
            p.name: self.declared(p, values[p.name]) for p in self.model.system.parameters.values() if p.name in values
        }

    def derived(self, generated: Generated) -> dict[str, xarray.Variable]:
        """Derived quantities; those that change in time at the times of the solve."""
        moving, values = self.model.outputs.moving, generated.derived
        return {d.name: self.declared(d, values[d.name], d.name in moving) for d in self.model.system.derived.values()}

    def states(self, generated: Generated) -> dict[str, xarray.Variable]:
        """States at the times of the solve."""
        values = generated.states
        return {s.name: self.declared(s, values[s.name], True) for s in self.model.system.states.values()}

    def predicted(self, generated: Generated) -> dict[str, xarray.Variable]:
        """Observations that were drawn anew."""
        return {name: self.observed(name, generated.observations[name]) for name in self.model.observed}

    def data(self) -> dict[str, xarray.Variable]:
        """The data, nan where nothing was observed."""
        series = self.model.data.series.values()
        return {s.name: self.observed(s.name, np.where(s.present, s.values, np.nan), ()) for s in series}

    def densities(self, generated: Generated) -> dict[str, xarray.Variable]:
        """The log-density of each datum, nan where nothing was observed."""
        found: dict[str, xarray.Variable] = {}
        for name, series in self.model.data.series.items():
            found[name] = self.observed(name, np.where(series.present, generated.densities[name], np.nan))
        return found


def attributes(unit: str, doc: str) -> dict[str, str]:
    """The names that xarray's plots and CF conventions look for."""
    return {key: text for key, text in (("units", unit), ("long_name", doc)) if text}


def posterior_tree(model: NumpyroModel, generated: Generated, kept: Kept, facts: Mapping[str, Any]) -> xarray.DataTree:
    """All that a fit found, as a tree of datasets.

    Arguments:
        model: the model with its data.
        generated: what follows from the draws, shape [chains, draws, ...].
        kept: what the sampler kept of the draws, likewise.
        facts: attributes of the whole.
    """
    import xarray

    build = Datasets(model)
    statistics = {
        "diverging": kept.diverging,
        "lp": -kept.energy,
        "n_steps": kept.steps,
        "acceptance_rate": kept.accept,
        "step_size": kept.step_size,
    }
    groups = {
        "posterior": build.dataset({**build.parameters(generated), **build.derived(generated)}),
        "posterior_predictive": build.dataset(build.predicted(generated)),
        "log_likelihood": build.dataset(build.densities(generated)),
        "sample_stats": build.dataset({name: xarray.Variable(SETS, values) for name, values in statistics.items()}),
        "observed_data": build.dataset(build.data()),
    }
    tree = xarray.DataTree.from_dict(groups)
    tree.attrs.update(facts)
    return tree
