"""Transitions as reactions: what fires, where it takes from and puts to, and how often (its propensity).

The fields are those that op_system publishes for jump processes; they are derived from the flows of the typed model.
op_system publishes the transitions that have names, opjax publishes all. `changes` says what the older fields cannot:
several reactants or products, and counts other than one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from opjax.backends.base import Array, Backend
from opjax.backends.registry import backend_for, backend_of
from opjax.compile.arguments import refuse
from opjax.compile.kinetics import CompiledReactant, Positions, Seen, kinetics_of
from opjax.compile.layout import Slot
from opjax.compile.metadata import side_text
from opjax.compile.quantities import Optimise, Point, Quantities, Wanted
from opjax.compile.resolved import resolve, tables_of
from opjax.errors import catalogue
from opjax.ir.evaluate import reachable
from opjax.ir.nodes import Along, AnyNode, AtPosition, Selection, Symbol
from opjax.ir.system import Flow, Participant, System
from opjax.ir.types import Dim, Dims, declared_dims

PropensityFn = Callable[..., Array]


@dataclass(frozen=True, slots=True)
class Change:
    """What one firing does to a state.

    Arguments:
        state_base: the state.
        count: how much it gains (less than zero: loses).
        selections: for each of its axes the position, or the place of the axis of the propensity that it follows, with
            an offset.
        edge: what lies beyond the end of an axis where there is an offset.
    """

    state_base: str
    count: int
    selections: tuple[Selection, ...]


@dataclass(frozen=True, eq=False)
class CompiledReaction:
    """One transition as a reaction channel for each element of its propensity.

    The first field of each pair is op_system's; see there, or docs/coming-from-op-system.md.

    Arguments:
        name: the name of the transition, or ``flow_1``, ``flow_2``, ... .
        from_base, from_axes, full_axes, from_pinned: the source: its state (None where it has none), the axes that the
            propensity runs over, all its axes, those at fixed positions. Without a source, the axes are the target's.
        to_base, to_axes, to_full_axes, pinned: the target: its state (None for an open sink), the axes that it shares
            with the source position by position, all its axes, those at fixed positions.
        sum_axes: axes of the source over which the target collects.
        offsets: axes along which the target stands some positions further on.
        routed_axes: axes of the target whose position the reaction chooses; they are the last axes of the propensity.
        reactants, reactants_complete: the states that fire together, and whether these are all that the rate needs.
        dependencies, dependencies_complete: the states that the propensity depends on, and whether `propensity_order`
            bounds how strongly.
        propensity_fn, resolved_propensity_fn: functions of time, states by name and parameters by keyword. The second
            takes for each table over time its value now; None where a table is read at another time too.
        time_varying_params: the tables over time in the propensity with their axes.
        independent_axes: block axes along which the reaction falls apart.
        uses_time: whether the time itself is in the propensity.
        changes: the net effect of one firing on every state.
        is_unit_transfer: whether `from_base` and `to_base` say all: at most one of each, moved one by one.
        dims: the axes of the propensity.
    """

    name: str
    from_base: str | None
    from_axes: tuple[str, ...]
    full_axes: tuple[str, ...]
    from_pinned: Positions
    to_base: str | None
    to_axes: tuple[str, ...]
    to_full_axes: tuple[str, ...]
    pinned: Positions
    sum_axes: tuple[str, ...]
    offsets: Positions
    routed_axes: tuple[str, ...]
    propensity_fn: PropensityFn = field(repr=False)
    resolved_propensity_fn: PropensityFn | None = field(repr=False)
    reactants: tuple[CompiledReactant, ...]
    reactants_complete: bool
    dependencies: tuple[CompiledReactant, ...] = field(repr=False)
    dependencies_complete: bool
    propensity_order: int | None
    time_varying_params: tuple[tuple[str, tuple[str, ...]], ...]
    independent_axes: tuple[str, ...]
    uses_time: bool
    changes: tuple[Change, ...]
    is_unit_transfer: bool
    dims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReactionGap:
    """Dynamics that the reactions alone do not say, for engines that run nothing else.

    Arguments:
        origin: where they come from, such as ``transitions[2]`` or ``equations``.
        name: the transition, if it is one.
        source, target: its two sides.
        reason: ``expr_spec`` for equations; ``operator`` for one along an axis; ``not_a_unit_transfer`` for several
            reactants or products, which `changes` says and the older fields do not.
    """

    origin: str
    name: str | None
    source: str | None
    target: str | None
    reason: str


@dataclass(slots=True, weakref_slot=True, eq=False)
class Propensity:
    """The propensity of a reaction as a function of time, states by name, and parameters by keyword.

    `jax.jit` knows a function again by its hash, and as long as it is alive.
    """

    system: System = field(repr=False)
    wanted: Wanted = field(repr=False)
    optimise: Optimise = field(repr=False)
    xp: object
    quantities: Quantities | None = field(default=None, repr=False)

    def __call__(self, t: object, _states: Mapping[str, Array], /, **parameters: object) -> Array:
        """The number of firings in a unit of time, for every channel."""
        y = _states  # JAX takes the names of inputs for one, be they given by name or by place: a parameter may be y
        if self.quantities is None:
            self.quantities = Quantities(self.system, {"": self.wanted}, self.optimise, ignores_extra=True)
        if not isinstance(cast("object", y), Mapping) or not y:
            raise refuse(catalogue.WRONG_ARRAY, name="y", found=type(y).__name__, expected="arrays by state name")
        first = next(iter(y.values()))
        backend = backend_of(first) if self.xp is None else backend_for(self.xp)
        states = [self._state(slot, y, backend, first) for slot in self.quantities.layout.slots]
        return self.quantities(backend, first, Point(t, states, parameters))[""]

    def _state(self, slot: Slot, y: Mapping[str, Array], backend: Backend, first: Array) -> Array:
        """The array of a state, which must be there if the propensity depends on it."""
        if slot.name not in y:
            if slot.name in self._reads:
                raise refuse(catalogue.MISSING_VALUE, kind="state", name=slot.name, hint="give an array for it")
            return first
        array = backend.asarray(y[slot.name], backend.dtype_of(first), first)
        if tuple(array.shape) != slot.shape:
            raise refuse(catalogue.WRONG_SHAPE, name=slot.name, found=tuple(array.shape), expected=slot.shape)
        return array

    @property
    def _reads(self) -> set[str]:
        """The states that the propensity depends on."""
        leaves = (node for node in reachable([self.wanted.node]) if isinstance(node, Symbol))
        return {leaf.name for leaf in leaves if leaf.role == "state"}


# --- from flows to reactions


def build_reactions(
    system: System, blocks: tuple[str, ...], optimise: Optimise, xp: object
) -> tuple[CompiledReaction, ...]:
    """The reactions of a model.

    Arguments:
        system: the model.
        blocks: its block axes.
        optimise: runs the passes.
        xp: the namespace that calls are pinned to, or None.
    """
    seen = Seen()
    return tuple(_reaction(system, flow, blocks, (optimise, xp, seen)) for flow in system.flows.values())


def _reaction(
    system: System, flow: Flow, blocks: tuple[str, ...], running: tuple[Optimise, object, Seen]
) -> CompiledReaction:
    sides = _Sides(system, flow)
    optimise, xp, seen = running
    axes, value = tuple(d.axis for d in sides.dims), sides.propensity()
    tables = tables_of(value)
    resolved = resolve(system, value, {name: axis for name, (axis, _) in tables.items()})
    function = Propensity(system, Wanted(value, axes), optimise, xp)
    kinetics = kinetics_of(system, flow, seen)
    source, target = sides.source, sides.target
    shown = source if source is not None else target
    return CompiledReaction(
        name=flow.name,
        from_base=None if source is None else source.state,
        from_axes=sides.from_axes,
        full_axes=() if shown is None else system.states[shown.state].axes,
        from_pinned=sides.pins(source),
        to_base=None if target is None else target.state,
        to_axes=sides.to_axes,
        to_full_axes=() if target is None else system.states[target.state].axes,
        pinned=sides.pins(target),
        sum_axes=sides.sum_axes,
        offsets=sides.offsets,
        routed_axes=sides.routed_axes,
        propensity_fn=function,
        resolved_propensity_fn=_resolved_function(function, resolved),
        reactants=kinetics.reactants,
        reactants_complete=kinetics.reactants_complete,
        dependencies=kinetics.dependencies,
        dependencies_complete=kinetics.order is not None,
        propensity_order=kinetics.order,
        time_varying_params=tuple(sorted((name, over) for name, (_, over) in tables.items())),
        independent_axes=tuple(axis for axis in blocks if axis in sides.from_axes),
        uses_time="time" in (value if resolved is None else resolved[1]).roles,
        changes=sides.changes(),
        is_unit_transfer=sides.is_unit_transfer,
        dims=tuple(d.axis for d in sides.dims),
    )


def _resolved_function(function: Propensity, resolved: tuple[System, AnyNode] | None) -> Propensity | None:
    """The propensity over tables that are resolved already; the same function where there are none."""
    if resolved is None or resolved[1] is function.wanted.node:
        return None if resolved is None else function
    system, value = resolved
    return Propensity(system, Wanted(value, function.wanted.axes), function.optimise, function.xp)


class _Sides:
    """The two sides of a flow, axis by axis."""

    def __init__(self, system: System, flow: Flow) -> None:
        self.system = system
        self.flow = flow
        self.source = flow.reactants[0] if flow.reactants else None
        self.target = flow.products[0] if flow.products else None
        terms = (*flow.reactants, *flow.products)
        self.is_unit_transfer = max(len(flow.reactants), len(flow.products)) < 2 and all(t.count == 1 for t in terms)
        leading = self.source if self.source is not None else self.target
        first = [] if leading is None else [s.dim for s in leading.selections if isinstance(s, Along)]
        rest = [s.dim for term in terms for s in term.selections if isinstance(s, Along) and s.dim not in first]
        self.from_axes = tuple(dim.axis for dim in first)
        self.dims: Dims = (*dict.fromkeys(first), *dict.fromkeys(rest))

    def axes_of(self, part: Participant) -> list[tuple[str, Selection]]:
        """The axes of a side with what is selected along them."""
        return list(zip(self.system.states[part.state].axes, part.selections, strict=True))

    def pins(self, part: Participant | None) -> Positions:
        """The axes of a side at fixed positions."""
        found = [] if part is None else self.axes_of(part)
        return tuple((axis, chosen.position) for axis, chosen in found if isinstance(chosen, AtPosition))

    @property
    def followed(self) -> list[tuple[str, Along]]:
        """The axes of the target that run, with what they run along."""
        found = [] if self.target is None else self.axes_of(self.target)
        return [(axis, chosen) for axis, chosen in found if isinstance(chosen, Along)]

    @property
    def source_dims(self) -> set[Dim]:
        """The dims that the source runs along, or the target where there is no source."""
        leading = self.source if self.source is not None else self.target
        return set() if leading is None else {s.dim for s in leading.selections if isinstance(s, Along)}

    @property
    def to_axes(self) -> tuple[str, ...]:
        """The axes of the target at the position of the source."""
        return tuple(axis for axis, along in self.followed if along.dim in self.source_dims and not along.offset)

    @property
    def offsets(self) -> Positions:
        """The axes along which the target is further on."""
        return tuple((axis, a.offset) for axis, a in self.followed if a.offset and a.dim in self.source_dims)

    @property
    def routed_axes(self) -> tuple[str, ...]:
        """The axes of the target whose position is not the source's."""
        return tuple(axis for axis, along in self.followed if along.dim not in self.source_dims)

    @property
    def sum_axes(self) -> tuple[str, ...]:
        """The axes of the source over which the target collects."""
        if self.source is None:
            return ()
        followed = {along.dim for _, along in self.followed}
        own = [(axis, s) for axis, s in self.axes_of(self.source) if isinstance(s, Along)]
        return tuple(axis for axis, along in own if along.dim not in followed)

    def propensity(self) -> AnyNode:
        """The flow with its dims in the order of the propensity; what goes back to where it is does not fire."""
        graph, value = self.system.graph, self.flow.value
        for one, other in self.same_places():
            equal = graph.apply("equal", [self.position(one), self.position(other)], self.flow.span)
            value = graph.apply("where", [equal, graph.constant(0.0), value], self.flow.span)
        wanted = dict(zip(self.dims, declared_dims(tuple(d.axis for d in self.dims)), strict=True))
        return graph.view(value, [Along(wanted[dim]) for dim in value.dims], self.flow.span)

    def position(self, dim: Dim) -> AnyNode:
        """The positions along a dim."""
        graph = self.system.graph
        symbol = graph.symbol("position", dim.axis, (dim.axis,))
        return graph.view(symbol, [Along(dim)], self.flow.span)

    def same_places(self) -> list[tuple[Dim, Dim]]:
        """The pairs of dims of a transition that routes within one state, if it differs in nothing else."""
        source, target = self.source, self.target
        if source is None or target is None or source.state != target.state or not self.is_unit_transfer:
            return []
        pairs: list[tuple[Dim, Dim]] = []
        for one, other in zip(source.selections, target.selections, strict=True):
            if one == other:
                continue
            if not isinstance(one, Along) or not isinstance(other, Along) or one.offset or other.offset:
                return []
            pairs.append((one.dim, other.dim))
        return pairs if len(pairs) == 1 else []

    def changes(self) -> tuple[Change, ...]:
        """The net effect of one firing, in the places of the propensity's axes."""
        places = {dim: Dim(dim.axis, place) for place, dim in enumerate(self.dims)}
        net: dict[tuple[str, tuple[Selection, ...]], int] = {}
        signed = [(-1, part) for part in self.flow.reactants] + [(1, part) for part in self.flow.products]
        for sign, part in signed:
            where = tuple(
                Along(places[s.dim], s.offset, s.edge) if isinstance(s, Along) else s for s in part.selections
            )
            net[(part.state, where)] = net.get((part.state, where), 0) + sign * part.count
        return tuple(Change(state, count, where) for (state, where), count in net.items() if count)


def build_gaps(
    system: System, reactions: tuple[CompiledReaction, ...], with_operators: bool
) -> tuple[ReactionGap, ...]:
    """The dynamics that the reactions do not say.

    Arguments:
        system: the model.
        reactions: its reactions.
        with_operators: whether the derivative contains the operators along axes.
    """
    gaps: list[ReactionGap] = []
    if system.equations:
        gaps.append(ReactionGap("equations", None, None, None, "expr_spec"))
    for place, reaction in enumerate(reactions):
        if not reaction.is_unit_transfer:
            flow = system.flows[reaction.name]
            source, target = side_text(flow.reactants, system), side_text(flow.products, system)
            gaps.append(ReactionGap(f"transitions[{place}]", flow.name, source, target, "not_a_unit_transfer"))
    for place, operator in enumerate(system.operators if with_operators else ()):
        gaps.append(ReactionGap(f"operators[{place}]", operator.name or None, None, None, "operator"))
    return tuple(gaps)
