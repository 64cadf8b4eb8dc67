"""Values of the past: what a model asks for, computed from the solution so far and from what was before its start.

``delay(x, tau=...)`` and ``history(x, lag=...)`` are the expression x, taken at the earlier time and at the states of
then. ``convolve_history(x, kernel=k, window=w)`` is the integral of k(s) x(t - s) over s from 0 to w, by Gauss-Legendre
quadrature, on either side of the start by itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np

from opjax import stages
from opjax.backends import backend_for
from opjax.compile.arguments import refuse
from opjax.compile.asked import Asked, asked_by
from opjax.compile.layout import shape_of
from opjax.compile.quantities import Point, Quantities, Wanted
from opjax.errors import catalogue
from opjax.ir.nodes import AnyNode
from opjax.ir.system import TIME_AGO, HistorySignal, System
from opjax.ir.types import Role, declared_dims
from opjax.solve.untyped import jax, jnp

Array = Any
Lookup = Callable[[Array], Mapping[str, Array]]
"""The states by name at some times, shape (times, axes...)."""
MOVING: frozenset[Role] = frozenset(("state", "time", "incidence", "input", "over_time"))
PANEL = 8
"""The points of Gauss and Legendre in each part of an integral: exact for polynomials of degree 15."""
SLACK = 1e3
"""Lags that are negative by so many last digits of the time count as zero."""


class Moment(NamedTuple):
    """Where answers are wanted: the time, the states by name, the parameters by name, the start of the solution."""

    time: Array
    states: Mapping[str, Array]
    parameters: Mapping[str, Array]
    start: Array


@dataclass(frozen=True, slots=True)
class _Option:
    """An option of a call: a number, or an expression; and which dims of the signal it has."""

    number: float | None
    values: Quantities | None
    places: tuple[int, ...]

    def __call__(self, moment: Moment) -> Array:
        """Its value, with the shape of its dims."""
        if self.values is None:
            return jnp.asarray(self.number, moment.time.dtype)
        return _computed(self.values, moment)


def _computed(values: Quantities, moment: Moment, extras: Mapping[str, Array] | None = None) -> Array:
    point = Point(moment.time, moment.states, moment.parameters, extras or {})
    (value,) = values(backend_for(jnp), moment.time, point).values()
    return value


@dataclass(frozen=True, slots=True)
class Signal:
    """An expression whose past is wanted, and how far back.

    Arguments:
        signal: what the model says of it.
        shape: of the answer.
        body: computes the expression.
        reach: how far back: the lag, or the window.
        kernel: computes the kernel at a time ago; None for a lag.
        kernel_places: the dims of the signal that the kernel has.
        constant: whether the reach depends on parameters only.
    """

    signal: HistorySignal
    shape: tuple[int, ...]
    body: Quantities
    reach: _Option
    kernel: Quantities | None
    kernel_places: tuple[int, ...]
    constant: bool

    def answer(self, moment: Moment, lookup: Lookup, nodes: int) -> Array:
        """The value of the past."""
        reach = self.reach(moment).reshape(-1)
        if self.kernel is None:
            values = self._bodies(moment, lookup, moment.time - reach)
        else:
            values = self._integrals(moment, lookup, reach, nodes)
        slack = SLACK * jnp.finfo(reach.dtype).eps * (1 + jnp.abs(moment.time))
        values = jnp.where(_along(reach < -slack, len(self.shape)), jnp.nan, values)
        return self._own(values, reach.size)

    def _bodies(self, moment: Moment, lookup: Lookup, times: Array) -> Array:
        """The expression at earlier times, shape (times, *shape)."""

        def at(time: Array, then: Mapping[str, Array]) -> Array:
            return _computed(self.body, moment._replace(time=time, states=then))

        return jax.vmap(at)(times, lookup(times))

    def _integrals(self, moment: Moment, lookup: Lookup, window: Array, nodes: int) -> Array:
        """The integral for each window, shape (windows, *shape)."""
        ago, weights = nodes_and_weights(window, jnp.clip(moment.time - moment.start, 0, window), nodes)
        bodies = self._bodies(moment, lookup, (moment.time - ago).reshape(-1))
        products = self._weighed(moment, ago.reshape(-1)) * bodies * _along(weights.reshape(-1), len(self.shape))
        return products.reshape(*ago.shape, *self.shape).sum(axis=1)

    def _weighed(self, moment: Moment, ago: Array) -> Array:
        """The kernel at some times ago, shape (times, *shape) where it has all dims of the signal."""
        assert self.kernel is not None
        kernel = self.kernel

        def at(time: Array) -> Array:
            return _computed(kernel, moment, {TIME_AGO: time} if kernel.extras else {})

        values = jax.vmap(at)(ago)
        missing = [place + 1 for place in range(len(self.shape)) if place not in self.kernel_places]
        return jnp.expand_dims(values, missing)

    def _own(self, values: Array, count: int) -> Array:
        """Of the values for each reach, for every cell that of its own reach."""
        if count == 1:
            return values[0]
        own = [self.shape[place] for place in self.reach.places]
        missing = tuple([place for place in range(len(self.shape)) if place not in self.reach.places])
        which = np.broadcast_to(np.expand_dims(np.arange(count).reshape(own), missing), self.shape)
        return values[(which, *np.indices(self.shape))]


def _along(values: Array, dims: int) -> Array:
    return values.reshape(-1, *(1 for _ in range(dims)))


def nodes_and_weights(window: Array, known: Array, nodes: int) -> tuple[Array, Array]:
    """Where the integrals over windows are sampled, as times ago, and with which weights; shape (windows, nodes).

    Arguments:
        window: the lengths, shape (windows,).
        known: how much of them lies behind the start, shape (windows,).
        nodes: the nodes on either side of the start.
    """
    panels = max(-(-nodes // PANEL), 1)
    points, weights = np.polynomial.legendre.leggauss(PANEL)
    unit = ((np.arange(panels)[:, None] + (points + 1) / 2) / panels).reshape(-1)
    share = np.tile(weights / 2, panels) / panels
    own = known[:, None]
    before = (window - known)[:, None]
    places = jnp.concatenate([own * unit, own + before * unit], axis=1)
    return places, jnp.concatenate([own * share, before * share], axis=1)


class Past:
    """Answers what a model asks of its past.

    Arguments:
        system: the model.
        roots: the expressions that ask.

    Raises:
        OpjaxError: E0820 for a kernel that is not known, E0821 for a history along something else than the time.
    """

    def __init__(self, system: System, roots: Iterable[AnyNode]) -> None:
        self.system = system
        asked = asked_by(roots, system)
        self.signals = tuple(_signal(system, one) for one in asked)
        self.wanted: dict[str, Wanted] = {}
        for place, (signal, body, computed) in enumerate(asked):
            parts = {"body": body, "kernel": signal.kernel, **computed}
            for name, node in parts.items():
                if node is not None:
                    self.wanted[f"{name} of {place}"] = _wanted(node, signal.axes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of elements of the answers."""
        return tuple(int(np.prod(signal.shape, dtype=int)) for signal in self.signals)

    @property
    def reaches_now(self) -> bool:
        """Whether an answer may depend on the state of this very moment: an integral, or a lag that varies."""
        return any(signal.kernel is not None or not signal.constant for signal in self.signals)

    def answers(self, moment: Moment, lookup: Lookup, nodes: int) -> dict[str, Array]:
        """The answers by the names of their leaves."""
        return {s.signal.name: s.answer(moment, lookup, nodes) for s in self.signals}

    def lags(self, moment: Moment) -> Array:
        """All lags and windows that depend on parameters only, shape (lags,)."""
        found = [signal.reach(moment).reshape(-1) for signal in self.signals if signal.constant]
        return jnp.concatenate(found) if found else jnp.zeros((0,), moment.time.dtype)

    def ahead(self, moment: Moment) -> HistorySignal | None:
        """The first call whose lag or window is negative at a moment; None if none is."""
        negative = (s.signal for s in self.signals if not (np.asarray(s.reach(moment)) >= 0).all())
        return next(negative, None)

    def want_past(self, moment: Moment) -> None:
        """Refuse a lag or a window that is negative.

        Raises:
            OpjaxError: E0823.
        """
        signal = self.ahead(moment)
        if signal is not None:
            raise refuse(catalogue.FUTURE_ASKED, signal.span, call=signal.call)

    def split(self, flat: Array) -> dict[str, Array]:
        """Answers by name of flat ones, the last dimension; those before it are kept."""
        ends = np.cumsum(self.sizes)[:-1].tolist()
        parts = jnp.split(flat, ends, axis=-1)
        pairs = zip(self.signals, parts, strict=True)
        return {s.signal.name: jnp.reshape(part, (*flat.shape[:-1], *s.shape)) for s, part in pairs}


def past_of(system: System) -> Past | None:
    """What answers for a model; None for one that does not ask for its past."""
    named = [a.value for a in (*system.aliases.values(), *system.derived.values())]
    observed = [node for o in system.observations.values() for node in o.distribution.arguments.values()]
    reduced = [reduction.operand for reduction in system.time_reductions]
    past = Past(system, [*system.rates.values(), *named, *observed, *reduced])
    return past if past.signals else None


def value_before(given: Any, time: Array) -> Array:
    """A state at a time before the start: a function of the time, times and values, or a value.

    Between the times the values are joined by lines; outside of them, the nearest counts.
    """
    if callable(given):
        return given(time)
    if not isinstance(given, tuple):
        return given
    times, values = cast("tuple[Array, Array]", given)

    def of(column: Array) -> Array:
        return jnp.interp(time, times, column)

    return jax.vmap(of, in_axes=1)(values.reshape(values.shape[0], -1)).reshape(values.shape[1:])


def _signal(system: System, asked: Asked) -> Signal:
    signal, body, computed = asked
    _want_time(system, signal)
    compiled = functools.partial(_compiled, system, signal.axes)
    places = functools.partial(_places, signal.axes)
    name = signal.needed[-1]
    node = computed.get(name)
    number = signal.settled[name]
    assert not isinstance(number, str)
    reach = _Option(number, node and compiled(node), places(node) if node else ())
    kernel = signal.kernel
    if signal.kind == "convolve_history" and kernel is None:
        raise refuse(catalogue.UNKNOWN_HISTORY_KERNEL, signal.span, name=signal.texts["kernel"])
    return Signal(
        signal,
        shape_of(signal.axes, system.axes, signal.span),
        stages.compile_quantities(system, {"value": Wanted(body, signal.axes)}),
        reach,
        kernel and compiled(kernel),
        places(kernel) if kernel else (),
        node is None or not node.roles & MOVING,
    )


def _compiled(system: System, axes: tuple[str, ...], node: AnyNode) -> Quantities:
    """What computes an expression over those dims of the signal that it has."""
    return stages.compile_quantities(system, {"value": _wanted(node, axes)})


def _wanted(node: AnyNode, axes: tuple[str, ...]) -> Wanted:
    return Wanted(node, tuple(axes[place] for place in _places(axes, node)))


def _places(axes: tuple[str, ...], node: AnyNode) -> tuple[int, ...]:
    return tuple(place for place, dim in enumerate(declared_dims(axes)) if dim in node.dims)


def _want_time(system: System, signal: HistorySignal) -> None:
    """Refuse a history along an axis of the model: the past here is that of the time."""
    axis = signal.texts.get("history_axis", "")
    if axis in system.axes and not any(axis == i.time_axis for i in system.inputs.values()):
        raise refuse(catalogue.HISTORY_ALONG_AXIS, signal.span, name=signal.kind, axis=axis)
