"""A model made ready to be solved: its right-hand side, its initial values, and the layout of its state vector."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opjax import stages
from opjax.backends import Backend, backend_for
from opjax.compile.arguments import refuse
from opjax.compile.cache import FORGET
from opjax.compile.layout import Layout
from opjax.compile.quantities import Point, Quantities, Wanted
from opjax.errors import catalogue
from opjax.ir.system import System
from opjax.solve.augment import accumulator_name, with_accumulators
from opjax.solve.jumps import Jumps
from opjax.solve.past import Moment, past_of, value_before
from opjax.solve.untyped import jax, jnp

Array = Any
NOTHING: Mapping[str, Any] = {}
KEPT = 64
"""Problems that are kept, so that the same model is compiled once."""


class Problem:
    """A model made ready to be solved. Problems of the same model, with the same incidences, are one object.

    Arguments:
        checked: the model.
        flows: the transitions whose incidence is wanted.

    Raises:
        OpjaxError: E0701 for what cannot be run yet, E0803 for an axis without labels.
    """

    def __init__(self, checked: stages.Checked, flows: tuple[str, ...] = ()) -> None:
        stages.refuse_not_yet(checked.system)
        self.flows = flows
        self.system: System = with_accumulators(checked.system, flows)
        self.identity = identity_of(checked, flows)
        self.backend: Backend = backend_for(jnp)
        states = self.system.states
        rates = {f"rate of {name}": Wanted(node, states[name].axes) for name, node in self.system.rates.items()}
        initial = {s.name: Wanted(s.initial, s.axes) for s in states.values() if s.initial is not None}
        self._rates = stages.compile_quantities(self.system, rates)
        self._initial = stages.compile_quantities(self.system, initial)
        self.past = past_of(self.system)
        asked = {} if self.past is None else self.past.wanted
        self._all = stages.compile_quantities(self.system, {**rates, **initial, **asked})
        self.jumps = Jumps(self.system)
        self._compiled: dict[object, Any] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)

    @property
    def layout(self) -> Layout:
        """Where each state lies in the flat vector."""
        return self._all.layout

    @property
    def accumulators(self) -> frozenset[str]:
        """The states that accumulate incidences."""
        return frozenset(accumulator_name(flow) for flow in self.flows)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The parameters and inputs that the solution depends on, in declared order."""
        return self._all.arguments.names

    def compiled(self, key: object, function: Callable[[], Any]) -> Any:
        """A function of this problem, compiled; made once, so that JAX finds its traces and programs again.

        Arguments:
            key: what tells it from the others.
            function: makes it, not yet compiled.
        """
        if key not in self._compiled:
            self._compiled[key] = jax.jit(function())
        return self._compiled[key]

    def quantities(self, wanted: Mapping[str, Wanted]) -> Quantities:
        """Other values of the model, to be computed from its states and parameters."""
        return stages.compile_quantities(self.system, wanted)

    def arguments(self, parameters: Mapping[str, object], dtype: Any) -> dict[str, Array]:
        """The parameters that the solution depends on, by name: with defaults, of the right shape, and of a data type.

        Raises:
            OpjaxError: E0805 for a missing value, E0806 for an unknown name, E0804 for a wrong shape.
        """
        values = self._all.arguments.prepare(parameters, self.backend, dtype, jnp.zeros((), dtype))
        return dict(zip(self.parameter_names, values, strict=True))

    def rhs(
        self, time: Array, state: Array, parameters: Mapping[str, Array], past: Mapping[str, Array] = NOTHING
    ) -> Array:
        """The time derivative of the flat state vector; diffrax's ``vector_field(t, y, args)``.

        Arguments:
            time: the time.
            state: the states, shape (states,).
            parameters: all parameters by name, of the data type of the state.
            past: what the model asks of its past, by the names of the leaves; see `opjax.solve.past`.
        """
        kernel, dtype = self._rates.kernel(self.backend), self.backend.dtype_of(state)
        ordered = tuple(parameters[name] for name in self._rates.arguments.names)
        answers = tuple(past[name] for name in self._rates.extras)
        return kernel.bind("flat", dtype)(self.backend.asarray(time, dtype), state, ordered, answers)

    def initial(self, parameters: Mapping[str, Array], given: Mapping[str, Array], dtype: Any) -> Array:
        """The initial state as a flat vector.

        Arguments:
            parameters: all parameters by name.
            given: initial values by state name, instead of the model's own.
            dtype: the data type.

        Raises:
            OpjaxError: E0506 if a state has no initial value.
        """
        known = self._initial(self.backend, jnp.zeros((), dtype), Point(parameters=parameters)) | dict(given)
        for state in self.system.states.values():
            if state.name not in known:
                raise refuse(catalogue.NO_INITIAL, state.span, name=state.name)
        sizes = [slot.size for slot in self.layout.slots]
        return self.backend.pack([known[slot.name] for slot in self.layout.slots], sizes, dtype)

    def moment(self, time: Array, state: Array, inputs: Any) -> Moment:
        """Where the model asks for its past."""
        return Moment(time, self.unflatten(state), inputs.parameters, inputs.start)

    def before(self, time: Array, first: Array, history: Mapping[str, Any]) -> Array:
        """The flat state at a time before the start.

        Arguments:
            time: the time.
            first: the state at the start, which is what a state was before where nothing else is known.
            history: what else is known, by state name; see `opjax.solve.integrate.Inputs`.
        """
        known = self.unflatten(first) | {name: value_before(value, time) for name, value in history.items()}
        sizes = [slot.size for slot in self.layout.slots]
        return self.backend.pack([known[slot.name] for slot in self.layout.slots], sizes, first.dtype)

    def unflatten(self, flat: Array) -> dict[str, Array]:
        """The states by name of flat vectors, the last dimension; those before it are kept."""
        parts = {slot.name: (flat[..., slot.start : slot.start + slot.size], slot.shape) for slot in self.layout.slots}
        return {name: jnp.reshape(part, (*flat.shape[:-1], *shape)) for name, (part, shape) in parts.items()}


def identity_of(checked: stages.Checked, flows: tuple[str, ...]) -> tuple[object, ...]:
    """What tells one problem from another."""
    labels = tuple(sorted((name, tuple(known)) for name, known in checked.labels.items()))
    return stages.WrittenModel(checked).content_hash(), labels, flows


class _Key:
    """A model as the key of a cache: equal when the problems are."""

    def __init__(self, checked: stages.Checked, flows: tuple[str, ...]) -> None:
        self.checked = checked
        self.flows = flows
        self.identity = identity_of(checked, flows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


@functools.lru_cache(maxsize=KEPT)
def _kept(key: _Key) -> Problem:
    return Problem(key.checked, key.flows)


FORGET.append(_kept.cache_clear)


def problem_for(checked: stages.Checked, flows: Iterable[str] = ()) -> Problem:
    """The problem of a model; made once, and found again by the model's content.

    Arguments:
        checked: the model.
        flows: the transitions whose incidence is wanted.

    Raises:
        OpjaxError: E0701 for what cannot be run yet, E0803 for an axis without labels.
    """
    return _kept(_Key(checked, tuple(dict.fromkeys(flows))))
