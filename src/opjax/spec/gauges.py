"""Gauges: what is said of them, checked against the names; whether they hold is seen when the model is compiled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from opjax.errors import Report, catalogue, did_you_mean
from opjax.ir.system import Gauge
from opjax.spec.names import KIND_IN_WORDS, Names
from opjax.syntax.declarations import GaugeDeclaration


def lower_gauges(declared: tuple[GaugeDeclaration, ...], names: Names, report: Report) -> Mapping[str, Gauge]:
    """The gauges by name; those with a problem are left out."""
    found: dict[str, Gauge] = {}
    for gauge in declared:
        problem, hint = _problem(gauge, names)
        if gauge.name in found:
            problem, hint = "is declared a second time", "rename one of the two"
        if problem:
            report.add(catalogue.BAD_GAUGE, gauge.span, name=gauge.name, problem=problem, hint=hint)
            continue
        powers = {name: exact(power) for name, power in gauge.powers}
        states = {name: power for name, power in powers.items() if names.values[name].kind == "state"}
        others = {name: power for name, power in powers.items() if name not in states}
        found[gauge.name] = Gauge(gauge.name, states, others, gauge.doc, gauge.span)
    return found


def _problem(gauge: GaugeDeclaration, names: Names) -> tuple[str, str]:
    """What is wrong with a gauge, and what to do; empty texts where nothing is."""
    seen = set[str]()
    for name, power in gauge.powers:
        entry = names.values.get(name)
        if entry is None:
            return f"scales '{name}', which is not declared", did_you_mean(name, names.known("state", "parameter"))
        if entry.kind not in ("state", "parameter", "input"):
            return f"scales '{name}', which is {KIND_IN_WORDS[entry.kind]}", "scale states and parameters"
        if name in seen:
            return f"scales '{name}' twice", "keep one of the two"
        if not math.isfinite(power):
            return f"scales '{name}' by a power that is not finite", ""
        seen.add(name)
    if not any(power for _, power in gauge.powers):
        return "scales nothing: every power is 0", "write x for the power 1, x^2 for the power 2"
    return "", ""


def exact(power: float) -> Fraction:
    """The number that was written: 0.1 is a tenth."""
    return Fraction(repr(power))
