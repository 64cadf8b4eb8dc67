"""What a compiled model says about itself, in op_system's words: cell names, declarations, initial values."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from opjax.compile.forcing import time_tables
from opjax.compile.initial import initial_state
from opjax.compile.layout import Layout, Slot
from opjax.ir.evaluate import constant_value
from opjax.ir.nodes import Along, AtPosition
from opjax.ir.system import Bounds, Flow, Participant, System
from opjax.ir.types import Axis, Dim, Measure
from opjax.syntax.kept import kept_value

EVEN = 1e-9
"""Gaps that differ by less than this part of the whole are even, up to rounding."""
SupportKind = Literal["real", "positive", "unit_interval", "bounded"]


@dataclass(frozen=True, slots=True)
class ParameterSupport:
    """The numbers that a parameter may be; `lower` and `upper` where `kind` is "bounded"."""

    kind: SupportKind
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class ParameterMeta:
    """What the model says about a parameter."""

    support: ParameterSupport | None = None
    units: str | None = None
    description: str | None = None
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class StateMeta:
    """What the model says about a state."""

    representation: str | None = None
    units: str | None = None
    description: str | None = None
    measure_axes: tuple[str, ...] | None = None
    scale: Literal["identity", "log"] = "identity"


@dataclass(frozen=True, slots=True)
class AxisMeta:
    """What the model says about an axis; `measure` is what its points weigh, where it says so."""

    units: str | None = None
    description: str | None = None
    measure: Measure | None = None


# --- names of cells


def published_names(layout: Layout, axes: Mapping[str, Axis]) -> tuple[str, ...]:
    """The name of every element of the flat vector as an identifier: ``S``, ``I__age_young__sex_f``.

    Characters of labels that identifiers do not have become ``_``; of two names that become the same, the second gets
    ``_2`` (op_system refuses such a model).
    """
    names: list[str] = []
    seen: dict[str, int] = {}
    for name in (name for slot in layout.slots for name in _cells_of(slot, axes)):
        count = seen[name] = seen.get(name, 0) + 1
        names.append(name if count == 1 else f"{name}_{count}")
    return tuple(names)


def _cells_of(slot: Slot, axes: Mapping[str, Axis]) -> Iterator[str]:
    parts = [[_part(axis, str(point)) for point in axes[axis].names] for axis in slot.axes]
    return ("__".join((slot.name, *cell)) for cell in itertools.product(*parts))


def _part(axis: str, point: str) -> str:
    return f"{axis}_{re.sub('[^A-Za-z0-9_]', '_', point)}"


# --- declarations


def parameter_meta(system: System) -> dict[str, ParameterMeta]:
    """What the model says about its parameters, by name."""
    return {
        p.name: ParameterMeta(_support(p.bounds), p.unit or None, p.doc or None, "fixed" in p.flags)
        for p in system.parameters.values()
    }


def _support(bounds: Bounds | None) -> ParameterSupport | None:
    """The support in op_system's words, where its ends are numbers."""
    if bounds is None:
        return None
    low, high = constant_value(bounds.low), constant_value(bounds.high)
    if low is None or high is None:
        return None
    ends = (float(low), float(high))
    if ends == (-math.inf, math.inf):
        return ParameterSupport("real")
    if ends == (0.0, math.inf) and not bounds.low_closed:
        return ParameterSupport("positive")
    if ends == (0.0, 1.0) and bounds.low_closed and bounds.high_closed:
        return ParameterSupport("unit_interval")
    return ParameterSupport("bounded", *ends)


def state_meta(system: System) -> dict[str, StateMeta]:
    """What the model says about its states, by name."""
    return {
        s.name: StateMeta(
            s.representation,
            s.unit or None,
            s.doc or None,
            s.measure_axes or None,
            "log" if "log" in s.flags else "identity",
        )
        for s in system.states.values()
    }


def axis_meta(system: System) -> dict[str, AxisMeta]:
    """What the model says about its axes, by name."""
    return {a.name: AxisMeta(a.unit or None, a.doc or None, a.measure) for a in system.axes.values()}


# --- `meta`


def model_meta(system: System, layout: Layout, rates: Mapping[str, str]) -> dict[str, object]:
    """The mapping `CompiledRhs.meta`, derived from the typed model.

    Arguments:
        system: the model.
        layout: where its states stand.
        rates: the rate of each transition as text, by the name of the transition.
    """
    tables = [table for table in time_tables(system) if table.coordinates]
    varying = {name: (table.axis, axes) for table in tables for name, axes in table.parameters}
    shaped = {p.name: _other_axes(p.axes, varying.get(p.name)) for p in system.parameters.values() if p.axes}
    kept = {name: kept_value(text) for name, text in system.kept.items()}
    return {
        **kept,
        "axes": [_axis(axis) for axis in system.axes.values()],
        "transitions": [_transition(flow, system, rates.get(flow.name, "")) for flow in system.flows.values()],
        "shaped_params": tuple(sorted(shaped.items())),
        "time_varying_params": tuple(sorted((name, axes) for name, (_, axes) in varying.items())),
        "time_axis": tables[0].axis if tables else "time",
        "time_interpolation": tables[0].between if tables else "linear",
        "time_coordinates": tables[0].coordinates if tables else (),
        "forcing_breakpoints": tuple(sorted({moment for table in tables for moment in table.breakpoints})),
        "inputs": [{"name": i.name, "axes": i.axes, "interpolation": i.interpolation} for i in system.inputs.values()],
        "factorize_axes": list(system.independent),
        "initial_state": dict(initial_state(system, layout, published_names(layout, system.axes))),
        "parameter_declarations": parameter_meta(system),
        "state_declarations": state_meta(system),
    }


def _other_axes(axes: tuple[str, ...], time: tuple[str, object] | None) -> tuple[str, ...]:
    """The axes of a parameter without the one along which it is a table over time."""
    return axes if time is None else tuple(axis for axis in axes if axis != time[0])


def _axis(axis: Axis) -> dict[str, object]:
    kinds = {"labels": "categorical", "ordered": "ordinal", "grid": "continuous", "points": "continuous"}
    row: dict[str, object] = {
        "name": axis.name,
        "type": kinds.get(axis.kind, "categorical"),
        "coords": list(axis.names),
        "size": axis.size,
    }
    if axis.numeric:
        row["deltas"] = list(axis.quadrature())
    if axis.kind == "grid":
        row["domain"] = {"lb": axis.coordinates[0], "ub": axis.coordinates[-1]}
    row["spacing"] = "log" if axis.kind == "grid" and not _is_even(axis.coordinates) else "linear"
    if axis.unit:
        row["units"] = axis.unit
    if axis.measure is not None:
        row["measure"] = axis.measure
    return row


def _is_even(points: tuple[float, ...]) -> bool:
    """Whether the gaps are the same, up to rounding; the points of a grid of powers double, or so, each time."""
    gaps = [after - before for before, after in itertools.pairwise(points)]
    return not gaps or max(gaps) - min(gaps) <= EVEN * (points[-1] - points[0])


def _transition(flow: Flow, system: System, rate: str) -> dict[str, object]:
    source, target = side_text(flow.reactants, system), side_text(flow.products, system)
    row: dict[str, object] = {"name": flow.name, "from": source, "to": target, "rate": rate}
    for part in flow.products:
        for axis, chosen in zip(system.states[part.state].axes, part.selections, strict=True):
            if not isinstance(chosen, Along):
                continue
            alone = bool(flow.reactants) and all(Dim(axis) not in _dims(other) for other in flow.reactants)
            if chosen.dim.primes or alone:
                words = {"source_alias": None if alone else axis, "target_alias": str(chosen.dim)}
                row["routing"] = {"axis": axis, **words, "target_only": alone}
            elif chosen.offset:
                row["coord_shift"] = {"axis": axis, "step": chosen.offset, "boundary": chosen.edge}
    return row


def _dims(part: Participant) -> set[Dim]:
    return {chosen.dim for chosen in part.selections if isinstance(chosen, Along)}


def side_text(side: tuple[Participant, ...], system: System) -> str | None:
    """One side of a transition as text; None where it is empty."""
    terms = [selector(part, system) for part in side]
    return " + ".join(terms) or None


def selector(part: Participant, system: System) -> str:
    """One side of a transition as it could be written: ``2 S[age, sex=f]``."""
    axes = system.states[part.state].axes
    shown = [_index(axis, chosen, system.axes[axis]) for axis, chosen in zip(axes, part.selections, strict=True)]
    count = f"{part.count} " if part.count > 1 else ""
    return f"{count}{part.state}[{', '.join(shown)}]" if shown else f"{count}{part.state}"


def _index(name: str, chosen: Along | AtPosition, axis: Axis) -> str:
    if isinstance(chosen, AtPosition):
        return f"{name}={axis.names[chosen.position]}"
    primes = "'" * chosen.dim.primes
    return f"{name}{primes}{chosen.offset:+d}" if chosen.offset else f"{name}{primes}"
