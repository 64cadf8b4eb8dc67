"""Derived quantities that depend on one moment only, each as a function of time and state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from opjax.backends.base import Array, Backend
from opjax.backends.registry import backend_of
from opjax.compile.arguments import moment_of, refuse
from opjax.compile.quantities import Optimise, Point, Quantities, Wanted
from opjax.errors import catalogue, did_you_mean
from opjax.ir.evaluate import reachable
from opjax.ir.nodes import AnyNode, Apply, Reduce, Symbol, View
from opjax.ir.system import Alias, System
from opjax.ir.types import Measure, Role

if TYPE_CHECKING:
    from jaxtyping import Num

    Vector = Num[Array, " states"]
    Shaped = Num[Array, "..."]

OF_A_MOMENT: frozenset[Role] = frozenset[Role](
    ("state", "parameter", "input", "time", "size", "coordinate", "position", "quadrature", "measure")
)
"""What an observable may depend on; a reduction over the saved times, or an incidence, needs the whole solution."""


class ObservableReduction(NamedTuple):
    """The axes that an observable sums or integrates away."""

    kind: Literal["sum", "integral"]
    axes: tuple[str, ...]


class ObservableDefinition(NamedTuple):
    """What a model says of an observable.

    Arguments:
        name: its name.
        expression: as it was written.
        axes: the axes of its values, in their order.
        reduction: the outermost reduction, if its value is one.
        units, description: for people, or None.
    """

    name: str
    expression: str
    axes: tuple[str, ...]
    reduction: ObservableReduction | None
    units: str | None
    description: str | None


@dataclass(frozen=True, slots=True, eq=False)
class CompiledObservable:
    """A derived quantity as a function of time, state and parameters.

    Arguments:
        definition: what the model says of it.
        output_shape: the shape of its values.
        coordinates: the labels along each of its axes, as texts.
        state_dependencies: the states that it depends on.
        parameter_shapes: the parameters that it takes, with their shapes (inputs, which have none, are left out).
        time_dependent: whether the time occurs in it.
        measure_requirements: the measures of the axes that it integrates over, where the model says them.
    """

    definition: ObservableDefinition
    output_shape: tuple[int, ...]
    coordinates: tuple[tuple[str, tuple[str, ...]], ...]
    state_dependencies: tuple[str, ...]
    parameter_shapes: tuple[tuple[str, tuple[int, ...]], ...]
    time_dependent: bool
    measure_requirements: tuple[tuple[str, Measure], ...]
    _quantities: Quantities = field(repr=False)
    _pinned: Backend | None = field(repr=False)

    def eval_fn(self, t: object, _states: Vector, /, **params: object) -> Shaped:
        """Its value at a flat state.

        Arguments:
            t: the time.
            _states: the states as one vector, in the order of ``state_names``.
            params: the parameters by name; those with a default may be left out.

        Returns:
            An array of `output_shape`, of the data type and namespace of the states.

        Raises:
            OpjaxError: E0804 for a wrong shape, E0805 for a missing parameter, E0806 for an unknown one.
        """
        y = _states
        backend = self._backend(y)
        quantities, dtype = self._quantities, backend.dtype_of(y)
        if tuple(y.shape) != (quantities.layout.size,):
            raise refuse(catalogue.WRONG_SHAPE, name="y", found=tuple(y.shape), expected=(quantities.layout.size,))
        p = quantities.arguments.prepare(params, backend, dtype, y)
        y = backend.asarray(y, dtype, y)
        time = moment_of(t, backend, dtype, y) if self.time_dependent else t
        with backend.errstate():
            flat = quantities.kernel(backend).bind("flat", dtype)(time, y, p)
        return backend.xp.reshape(flat, self.output_shape)

    def pytree_eval_fn(self, t: object, _states: Mapping[str, Shaped], /, **params: object) -> Shaped:
        """Its value at states by name; those that it does not depend on may be left out.

        Arguments:
            t: the time.
            _states: arrays by state name, each with the shape of its axes.
            params: the parameters by name.

        Returns:
            As `eval_fn`.
        """
        y, slots = _states, self._quantities.layout.slots
        known = {slot.name: slot.shape for slot in slots}
        for name in (*y, *self.state_dependencies):
            if name not in known or name not in y:
                hint = did_you_mean(name, known, "its states are listed in state_dependencies")
                raise refuse(catalogue.UNKNOWN_VALUE, kind="state", name=name, hint=hint)
        first = next(iter(y.values()))
        backend = self._backend(first)
        dtype = backend.dtype_of(first)
        states = {name: backend.asarray(array, dtype, first) for name, array in y.items()}
        for name, array in states.items():
            if tuple(array.shape) != known[name]:
                raise refuse(catalogue.WRONG_SHAPE, name=name, found=tuple(array.shape), expected=known[name])
        in_order = tuple(states.get(slot.name, first) for slot in slots)
        with backend.errstate():
            found = self._quantities(backend, first, Point(t, in_order, params))
        return found[self.definition.name]

    def _backend(self, like: Array) -> Backend:
        return self._pinned or backend_of(like)


def compile_observables(
    system: System, optimise: Optimise, pinned: Backend | None, ignores_extra: bool
) -> Mapping[str, CompiledObservable]:
    """Every derived quantity of a model that depends on one moment only.

    Arguments:
        system: the typed model.
        optimise: runs the passes.
        pinned: the backend that calls are pinned to, or None.
        ignores_extra: whether unknown parameters in a call are left aside.
    """
    found: dict[str, CompiledObservable] = {}
    for name, alias in system.derived.items():
        if alias.value.roles <= OF_A_MOMENT:
            quantities = Quantities(system, {name: Wanted(alias.value, alias.axes)}, optimise, ignores_extra)
            found[name] = _observable(system, alias, quantities, pinned)
    return found


def _observable(system: System, alias: Alias, quantities: Quantities, pinned: Backend | None) -> CompiledObservable:
    leaves = [node for node in reachable([alias.value]) if isinstance(node, Symbol)]
    used = {leaf.name for leaf in leaves if leaf.role == "state"}
    measures = {leaf.name: system.axes[leaf.name].measure for leaf in leaves if leaf.role == "measure"}
    arguments = quantities.arguments
    return CompiledObservable(
        ObservableDefinition(
            alias.name,
            alias.value.span.text,
            alias.axes,
            _reduction(alias.value),
            alias.unit or None,
            alias.doc or None,
        ),
        quantities.outputs[0].shape,
        tuple((axis, tuple(str(label) for label in system.axes[axis].names)) for axis in alias.axes),
        tuple(name for name in system.states if name in used),
        tuple(arguments.shapes.items()),
        "time" in alias.value.roles,
        tuple((name, measure) for name, measure in measures.items() if measure is not None),
        quantities,
        pinned,
    )


def _reduction(node: AnyNode) -> ObservableReduction | None:
    """The reduction that a value is, read off its node."""
    if not isinstance(node, Reduce) or node.reduction != "sum":
        return None
    factors = node.operand.arguments if isinstance(node.operand, Apply) else ()
    weights = {f.operand.role for f in factors if isinstance(f, View) and isinstance(f.operand, Symbol)}
    kind = "integral" if weights & {"quadrature", "measure"} else "sum"
    return ObservableReduction(kind, tuple(dim.axis for dim in node.over))
