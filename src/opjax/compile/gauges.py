"""Scaling gauges of a compiled model: what is declared, proved or found, and a parameter fixed in their place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isfinite

from opjax.compile.arguments import refuse
from opjax.compile.gauge_maps import GaugeFixMap, GaugeInfo, GaugeVerification, InvariantCoordinate, ScalingGauge
from opjax.compile.layout import build_layout
from opjax.compile.probing import PROBES, RTOL, SEED, largest_error
from opjax.compile.quantities import Optimise
from opjax.errors import OpjaxError, Report, catalogue, did_you_mean
from opjax.ir.nodes import AnyNode, Graph, Symbol
from opjax.ir.scaling import Form, Scaling, independent, inverse, null_space
from opjax.ir.substitute import substituted
from opjax.ir.system import Gauge, System

Anchors = Mapping[str, float]
"""Values that parameters are fixed to."""


@dataclass(frozen=True, slots=True)
class Gauged:
    """A model after its gauges were looked at.

    Arguments:
        system: the model; without the parameters that are fixed.
        info: its gauges, where it declares some, or where they were asked for.
        fix: the way between the model and that with fixed parameters.
    """

    system: System
    info: GaugeInfo | None = None
    fix: GaugeFixMap | None = None


def gauged(system: System, optimise: Optimise, detect: bool, anchors: Anchors | None) -> Gauged:
    """Prove the gauges that a model declares, find all of them, fix parameters: as far as each is asked for.

    Arguments:
        system: the model.
        optimise: runs the passes (a gauge that cannot be proved is tried out with numbers).
        detect: whether to find the gauges that are not declared.
        anchors: the values of the parameters to be fixed, or None.

    Raises:
        OpjaxError: E0545 for a declared gauge that changes the model, E0546 for a parameter that cannot be fixed.
    """
    if not system.gauges and not detect and anchors is None:
        return Gauged(system)
    scaling = Scaling(system)
    verification = _verify(scaling, optimise) if system.gauges else None
    info = _info(scaling, verification, detect or (anchors is not None and not system.gauges))
    if anchors is None:
        return Gauged(system, info)
    fix = _fix(system, info, anchors)
    return Gauged(_without(system, dict(fix.fixed_values)), info, fix)


# --- what is declared


def _verify(scaling: Scaling, optimise: Optimise) -> GaugeVerification:
    """Prove every declared gauge; try out those that cannot be proved."""
    report = Report()
    worst, structural = 0.0, True
    for gauge in scaling.system.gauges.values():
        broken = scaling.broken_by({**gauge.states, **gauge.parameters})
        if broken is None:
            continue
        structural = False
        error = largest_error(scaling.system, gauge, optimise)
        worst = max(worst, error)
        if error > 1.0:
            power = sum(p * {**gauge.states, **gauge.parameters}.get(n, 0) for n, p in broken.form.items())
            report.add(catalogue.BROKEN_GAUGE, broken.span, name=gauge.name, problem=broken.reason.format(power=power))
    if report.errors:
        raise OpjaxError(report.errors)
    names = tuple(scaling.system.derived)
    if structural:
        return GaugeVerification(SEED, 0, (), 0.0, 0.0, 0.0, names, True)
    return GaugeVerification(SEED, PROBES, (0.5, 2.0), RTOL, 0.0, worst * RTOL, names, False)


def _info(scaling: Scaling, verification: GaugeVerification | None, detect: bool) -> GaugeInfo:
    states, parameters = tuple(scaling.system.states), scaling.parameters
    order = (*states, *parameters)
    declared = tuple(_published(gauge) for gauge in scaling.system.gauges.values())
    found = null_space([c.form for c in scaling.conditions], order) if detect else []
    named = [Gauge(f"detected_{n}", *_split(vector, states)) for n, vector in enumerate(found)]
    candidates = [*scaling.system.gauges.values(), *named]
    extra = [name for gauge in candidates for name in (*gauge.states, *gauge.parameters) if name not in order]
    vectors: list[Form] = [{**gauge.states, **gauge.parameters} for gauge in candidates]
    chosen = [candidates[place] for place in independent(vectors, (*order, *extra))]
    only = [gauge.parameters for gauge in chosen]
    return GaugeInfo(
        declared=declared,
        detected=tuple(_published(gauge) for gauge in named),
        generators=tuple(_published(gauge) for gauge in chosen),
        rank=len(chosen),
        parameter_rank=len(independent(only, (*parameters, *extra))),
        parameter_names=parameters,
        invariant_coordinates=_invariants(only, parameters),
        verification=verification,
        detection_requested=detect,
    )


def _split(vector: Form, states: Sequence[str]) -> tuple[Form, Form]:
    """The powers of states and those of parameters."""
    return {n: p for n, p in vector.items() if n in states}, {n: p for n, p in vector.items() if n not in states}


def _published(gauge: Gauge) -> ScalingGauge:
    return ScalingGauge(gauge.name, _floats(gauge.states), _floats(gauge.parameters))


def _floats(powers: Form) -> tuple[tuple[str, float], ...]:
    return tuple((name, _float(power)) for name, power in powers.items())


def _float(power: Fraction) -> float:
    """A power as a number; infinite where it has more than 308 digits, as in a long chain of squares."""
    try:
        return float(power)
    except OverflowError:
        return inf if power > 0 else -inf


def _invariants(generators: Sequence[Form], parameters: tuple[str, ...]) -> tuple[InvariantCoordinate, ...]:
    """Products of powers of parameters that no gauge changes; every other such product is made of these."""
    vectors = null_space(generators, parameters)
    return tuple(InvariantCoordinate(tuple((name, int(p)) for name, p in vector.items())) for vector in vectors)


# --- fixing parameters


def _fix(system: System, info: GaugeInfo, anchors: Anchors) -> GaugeFixMap:
    """The map to the model with fixed parameters: as many generators as anchors, the first that can do it."""
    for name, target in anchors.items():
        _check_anchor(system, info, name, target)
    columns = [{name: power for name, power in _exact(g) if name in anchors} for g in info.generators]
    chosen = [info.generators[place] for place in independent(columns, tuple(anchors))]
    if len(chosen) < len(anchors):
        raise refuse(
            catalogue.BAD_ANCHOR,
            name=", ".join(anchors),
            problem=f"its gauges leave {len(chosen)} of these free, not {len(anchors)}",
            hint="fix as many parameters as can be chosen freely",
        )
    powers = [dict(_exact(g)) for g in chosen]
    matrix = inverse([[p.get(name, Fraction(0)) for p in powers] for name in anchors])
    states = {name: [dict(g.states).get(name, 0.0) for g in chosen] for name in system.states}
    weights = [tuple(states[slot.name]) for slot in build_layout(system).slots for _ in range(slot.size)]
    return GaugeFixMap(
        fixed_values=tuple((name, float(value)) for name, value in anchors.items()),
        generators=tuple(chosen),
        state_weights=tuple(weights),
        inverse_anchor_matrix=tuple(tuple(float(v) for v in row) for row in matrix),
    )


def _exact(gauge: ScalingGauge) -> list[tuple[str, Fraction]]:
    return [(name, Fraction(repr(power))) for name, power in gauge.parameters if isfinite(power)]


def _check_anchor(system: System, info: GaugeInfo, name: str, target: float) -> None:
    parameter = system.parameters.get(name)
    hint = ""
    if parameter is None:
        problem, hint = "it is no parameter", did_you_mean(name, info.parameter_names)
    elif parameter.axes:
        problem = f"it has the axes [{', '.join(parameter.axes)}], and a gauge fixes one number"
    elif not (isfinite(target) and target > 0):
        problem = f"a scale cannot bring it to {target:g}, which is not a positive number"
    elif not any(name in dict(generator.parameters) for generator in info.generators):
        problem, hint = "no gauge changes it", _free(info)
    else:
        return
    raise refuse(catalogue.BAD_ANCHOR, name=name, problem=problem, hint=hint)


def _free(info: GaugeInfo) -> str:
    names = sorted({name for generator in info.generators for name, _ in generator.parameters})
    return f"gauges change {', '.join(names) or 'no parameter'}"


def _without(system: System, values: Mapping[str, float]) -> System:
    """The model with numbers in place of parameters."""

    def number(graph: Graph, leaf: Symbol) -> AnyNode | None:
        fixed = leaf.role == "parameter" and leaf.name in values
        return graph.constant(values[leaf.name], leaf.span) if fixed else None

    changed = substituted(system, number)
    kept = {name: p for name, p in changed.parameters.items() if name not in values}
    return dataclasses.replace(changed, parameters=kept)
