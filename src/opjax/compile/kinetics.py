"""What a propensity depends on: the states that meet, those that it reads, and how strongly."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from opjax.compile.orders import Cell, Everywhere, dependencies, order_bound, powers, spread
from opjax.ir.nodes import AtPosition
from opjax.ir.system import Flow, System

Positions = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CompiledReactant:
    """A state that a reaction consumes or depends on.

    Arguments:
        state_base: the state.
        state_axes: its axes that follow the reaction's.
        full_axes: all its axes.
        pinned: its axes at fixed positions.
        order: to which power it enters.
    """

    state_base: str
    state_axes: tuple[str, ...]
    full_axes: tuple[str, ...]
    pinned: Positions
    order: int


@dataclass(frozen=True, slots=True)
class Kinetics:
    """What a propensity depends on, and how strongly.

    Arguments:
        reactants: the states that fire together.
        reactants_complete: whether these are all that the rate needs.
        dependencies: the states that the propensity depends on.
        order: a bound on how strongly, or None.
    """

    reactants: tuple[CompiledReactant, ...]
    reactants_complete: bool
    dependencies: tuple[CompiledReactant, ...]
    order: int | None


@dataclass(slots=True)
class Seen:
    """What is known of the nodes of a model, so that many flows that share an alias look into it once."""

    reads: dict[int, dict[Cell, None] | None] = field(default_factory=dict[int, "dict[Cell, None] | None"])
    orders: dict[int, Fraction | None] = field(default_factory=dict[int, "Fraction | None"])
    spread: dict[Cell, tuple[CompiledReactant, ...]] = field(default_factory=dict[Cell, "tuple[CompiledReactant, ...]"])
    single: dict[Cell, CompiledReactant] = field(default_factory=dict[Cell, CompiledReactant])
    places: dict[str, int] = field(default_factory=dict[str, int])

    def place(self, system: System, state: str) -> int:
        """Where a state stands in the model."""
        if not self.places:
            self.places.update({name: place for place, name in enumerate(system.states)})
        return self.places[state]

    def everywhere(self, system: System, cell: Cell) -> tuple[CompiledReactant, ...]:
        """The dependencies that a cell stands for: one for each position that it is read at."""
        if cell not in self.spread:
            axes = system.states[cell.state].axes
            parts = spread(cell, axes, system.axes)
            self.spread[cell] = tuple(self.single.setdefault(p, _reactant(system, p, 1)) for p in parts)
        return self.spread[cell]


def kinetics_of(system: System, flow: Flow, seen: Seen) -> Kinetics:
    """Reactants as they are stated (or else, as they stand on the left side), dependencies as the graph has them."""
    reads = dependencies(flow.value, seen.reads)
    bound = order_bound(flow.value, seen.orders)
    stated = flow.stated_reactants
    inferred = inferred_reactants(system, flow) if stated == "auto" else None
    listed = stated if isinstance(stated, tuple) else flow.reactants
    written = tuple(_reactant(system, Cell(p.state, p.selections), p.count) for p in listed)
    if inferred is not None:
        written = tuple(sorted(inferred, key=lambda r: r.state_base not in [p.state for p in flow.reactants]))
    complete = "state" not in (flow.rate if flow.mass_action else flow.value).roles
    complete = complete or inferred is not None or isinstance(stated, tuple)
    cells = sorted(reads or (), key=lambda cell: seen.place(system, cell.state))
    found = {id(one): one for cell in cells for one in seen.everywhere(system, cell)}  # equal ones are one object
    order = None if bound is None or reads is None else math.ceil(bound)
    return Kinetics(written, complete, tuple(found.values()), order)


def inferred_reactants(system: System, flow: Flow) -> tuple[CompiledReactant, ...] | None:
    """The states that a flow is a product of, with their powers (``reactants: auto``); None where it is no product."""
    found = powers(flow.value)
    return None if found is None else tuple(_reactant(system, cell, count) for cell, count in found.items())


def _reactant(system: System, cell: Cell, order: int) -> CompiledReactant:
    axes = system.states[cell.state].axes
    pairs = list(zip(axes, cell.chosen, strict=True))
    return CompiledReactant(
        cell.state,
        tuple(axis for axis, chosen in pairs if not isinstance(chosen, AtPosition | Everywhere)),
        axes,
        tuple((axis, chosen.position) for axis, chosen in pairs if isinstance(chosen, AtPosition)),
        order,
    )
