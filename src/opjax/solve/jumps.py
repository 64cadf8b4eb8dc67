"""Where a right-hand side jumps in time: at the points of the tables that keep the previous value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opjax import stages
from opjax.backends import backend_for
from opjax.compile.forcing import is_shifted_time
from opjax.compile.quantities import Point, Quantities, Wanted
from opjax.ir.evaluate import reachable
from opjax.ir.nodes import Interpolate
from opjax.ir.system import System
from opjax.solve.untyped import jnp, lax

Array = Any


class Jumps:
    """The times at which a model's right-hand side jumps.

    A step that goes over a jump is rejected again and again until it is short; so the solver steps to it instead. Known
    are tables that are read at the time, or a constant away from it: ``previous(beta[week] over week at t - 7)``.

    Arguments:
        system: the model.
    """

    def __init__(self, system: System) -> None:
        nodes = [n for n in reachable(system.rates.values()) if isinstance(n, Interpolate) and n.between == "previous"]
        tables = {(n.dim.axis, n.at.number): n for n in nodes if is_shifted_time(n.at)}
        self._points = {f"{axis} {number}": axis for axis, number in tables}
        self._coordinates = {axis: system.axes[axis].coordinates for axis, _ in tables if axis in system.axes}
        self._inputs = {i.time_axis: i.name for i in system.inputs.values()}
        wanted = {name: Wanted(node.at) for name, node in zip(self._points, tables.values(), strict=True)}
        self._places: Quantities = stages.compile_quantities(system, wanted)

    def __call__(self, parameters: Mapping[str, Any], dtype: Any) -> Array | None:
        """The times, in no order; None where there are none.

        Arguments:
            parameters: all parameters and inputs by name.
            dtype: the data type.
        """
        if not self._points:
            return None
        given = {name: parameters[name] for name in self._places.arguments.names}
        origin = self._places(backend_for(jnp), jnp.zeros((), dtype), Point(time=0.0, parameters=given))
        found = [self._of(axis, parameters, dtype) - origin[name] for name, axis in self._points.items()]
        return lax.stop_gradient(jnp.concatenate(found))

    def _of(self, axis: str, parameters: Mapping[str, Any], dtype: Any) -> Array:
        if axis in self._coordinates:
            return jnp.asarray(self._coordinates[axis][1:], dtype)
        return parameters[self._inputs[axis]][0][1:]
