"""Gauges tried out with numbers, where exact arithmetic cannot decide, as on the terms of log(x) - log(K)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from opjax.backends.registry import backend_for
from opjax.compile.arguments import parameters_in
from opjax.compile.layout import shape_of
from opjax.compile.quantities import Optimise, Point, Quantities, Wanted
from opjax.ir.system import Gauge, System

if TYPE_CHECKING:
    import numpy as np

SEED = 19471
PROBES = 4
SCALES = (0.5, 2.0)
RTOL = 1e-9


def largest_error(system: System, gauge: Gauge, optimise: Optimise) -> float:
    """How far a gauge is from leaving a model as it is, at some points, in multiples of the tolerance.

    Arguments:
        system: the model.
        gauge: the powers.
        optimise: runs the passes.

    Returns:
        The largest difference, relative to `RTOL` times the values; infinite where values are not finite.
    """
    import numpy as np  # `import opjax` loads no array library

    kept = {f"derived {a.name}": Wanted(a.value, a.axes) for a in system.derived.values()}
    rates = {name: Wanted(rate, system.states[name].axes) for name, rate in system.rates.items()}
    quantities = Quantities(system, {**rates, **kept}, optimise, ignores_extra=True)
    draw = np.random.default_rng(SEED)
    worst = 0.0
    for _ in range(PROBES):
        states = {slot.name: draw.uniform(0.5, 2.0, slot.shape) for slot in quantities.layout.slots}
        names = parameters_in(system, [w.node for w in quantities.wanted.values()])
        shapes = {name: shape_of(system.parameters[name].axes, system.axes) for name in names}
        parameters = {name: draw.uniform(0.5, 2.0, shape) for name, shape in shapes.items()}
        time = float(draw.uniform(0.5, 2.0))
        before = _values(quantities, Point(time, states, parameters))
        for scale in SCALES:
            powers = {name: _power(scale, power) for name, power in {**gauge.states, **gauge.parameters}.items()}
            scaled_states = {name: value * powers.get(name, 1.0) for name, value in states.items()}
            scaled = {name: value * powers.get(name, 1.0) for name, value in parameters.items()}
            after = _values(quantities, Point(time, scaled_states, scaled))
            for name, value in before.items():
                worst = max(worst, _distance(after[name], value * powers.get(name, 1.0)))
    return worst


def _power(scale: float, power: Fraction) -> float:
    try:
        return scale ** float(power)
    except OverflowError:
        return float("inf")


def _values(quantities: Quantities, point: Point) -> dict[str, np.ndarray]:
    import numpy as np

    with np.errstate(all="ignore"):
        found = quantities(backend_for(np), np.zeros(1), point)
    return {name: np.asarray(value, dtype=np.float64) for name, value in found.items()}


def _distance(found: np.ndarray, expected: np.ndarray) -> float:
    import numpy as np

    if not (np.all(np.isfinite(found)) and np.all(np.isfinite(expected))):
        return float("inf")
    size = float(np.max(np.abs(expected), initial=0.0))
    return float(np.max(np.abs(found - expected), initial=0.0)) / (RTOL * max(size, 1e-2))
