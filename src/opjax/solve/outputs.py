"""What a model says beside its states: aliases and derived quantities along a solution, reductions over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opjax import stages
from opjax.backends import backend_for
from opjax.compile.quantities import Point, Quantities, Wanted
from opjax.ir.evaluate import reachable
from opjax.ir.nodes import AnyNode, Symbol
from opjax.ir.system import Alias, Quantity, System, TimeReduction
from opjax.ir.types import Role
from opjax.solve.augment import flows_in
from opjax.solve.trajectory import Trajectory
from opjax.solve.untyped import jax, jnp

Array = Any
VARYING: frozenset[Role] = frozenset(("state", "time", "incidence", "input", "delay"))
"""What changes along a solution."""


def along(
    quantities: Quantities, solution: Trajectory, parameters: Mapping[str, Any], extras: Mapping[str, Any] | None = None
) -> dict[str, Array]:
    """Values of a model at each saved time of a solution; may be traced.

    Arguments:
        quantities: computes the values; of the model itself, without the states that accumulate incidences.
        solution: gives times, states and incidences.
        parameters: the parameters by name.
        extras: what else the values depend on and does not change along the solution, by name.

    Returns:
        The values by name, shape (times, axes...).
    """
    backend, like = backend_for(jnp), solution.times
    fixed = dict(extras or {})

    def at(time: Array, states: dict[str, Array], moving: dict[str, Array]) -> dict[str, Array]:
        return quantities(backend, like, Point(time, states, parameters, {**fixed, **moving}))

    return jax.vmap(at)(solution.times, solution.states, {**solution.incidences, **solution.past})


def _over_time(reduction: str, values: Array, times: Array) -> Array:
    """One reduction over the saved times, the first dimension; the integral is by the trapezoid rule."""
    match reduction:
        case "sum":
            return jnp.sum(values, axis=0)
        case "prod":
            return jnp.prod(values, axis=0)
        case "min":
            return jnp.min(values, axis=0)
        case "max":
            return jnp.max(values, axis=0)
        case "mean":
            return jnp.mean(values, axis=0)
        case "integral":
            middle = (values[1:] + values[:-1]) / 2
            return jnp.tensordot(jnp.diff(times), middle, axes=1, precision=jax.lax.Precision.HIGHEST)
        case _:
            raise AssertionError(reduction)


class Outputs:
    """Computes the aliases and derived quantities of a model along a solution.

    Arguments:
        system: the model.
    """

    def __init__(self, system: System) -> None:
        self.declared: dict[str, Alias] = {**system.aliases, **system.derived}
        self._reductions: Mapping[str, TimeReduction] = _used(system, [a.value for a in self.declared.values()])
        operands = {name: Wanted(r.operand, _axes(r.operand)) for name, r in self._reductions.items()}
        wanted = {a.name: Wanted(a.value, a.axes) for a in self.declared.values()}
        wanted |= {name: Wanted(node, system.states[name].axes) for name, node in system.shown.items()}
        self._names = tuple(wanted)
        moving = {name: w for name, w in wanted.items() if w.node.roles & VARYING}
        fixed = {name: w for name, w in wanted.items() if name not in moving}
        self.moving = frozenset(moving)
        self._operands = stages.compile_quantities(system, operands)
        self._moving = stages.compile_quantities(system, moving)
        self._fixed = stages.compile_quantities(system, fixed)
        nodes = [w.node for w in (*operands.values(), *wanted.values())]
        self.flows: tuple[str, ...] = flows_in(nodes)
        self.parameter_names: tuple[str, ...] = tuple(
            dict.fromkeys(n for q in (self._operands, self._moving, self._fixed) for n in q.arguments.names)
        )
        self.compiled: Callable[[Trajectory, Mapping[str, Array]], dict[str, Array]] = jax.jit(self.__call__)

    def __call__(self, solution: Trajectory, parameters: Mapping[str, Array]) -> dict[str, Array]:
        """The values by name: shape (times, axes...) for those in `moving`, else (axes...); of some states too."""
        operands = along(self._operands, solution, parameters)
        reduced = {
            name: _over_time(r.reduction, operands[name], solution.times) for name, r in self._reductions.items()
        }
        fixed = self._fixed(backend_for(jnp), solution.times, Point(parameters=parameters, extras=reduced))
        found = {**fixed, **along(self._moving, solution, parameters, reduced)}
        return {name: found[name] for name in self._names}

    def quantity(self, name: str) -> Quantity:
        """What is declared of a value."""
        return self.declared[name]


def _axes(node: AnyNode) -> tuple[str, ...]:
    return tuple(dim.axis for dim in node.dims)


def _used(system: System, nodes: list[AnyNode]) -> dict[str, TimeReduction]:
    """The reductions over time that some values depend on."""
    leaves = (node for node in reachable(nodes) if isinstance(node, Symbol))
    names = {leaf.name for leaf in leaves if leaf.role == "over_time"}
    return {r.name: r for r in system.time_reductions if r.name in names}
