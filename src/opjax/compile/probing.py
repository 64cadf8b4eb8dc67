"""Gauges tried out with numbers, where exact arithmetic cannot decide, as on the terms of log(x) - log(K)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from opjax.backends.registry import backend_for
from opjax.compile.layout import shape_of
from opjax.compile.quantities import Optimise, Point, Quantities, Wanted
from opjax.ir.system import Gauge, System

if TYPE_CHECKING:
    import numpy as np

SEED = 19471
PROBES = 4
SCALES = (0.5, 2.0)
TIMES = (0.0, 1.0, 2.5)
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
        shapes = quantities.arguments.shapes
        parameters = {name: draw.uniform(0.5, 2.0, shape) for name, shape in shapes.items()}
        inputs = [name for name in quantities.arguments.names if name not in shapes]
        axes = {name: shape_of(system.inputs[name].axes, system.axes) for name in inputs}
        tables = {name: draw.uniform(0.5, 2.0, (len(TIMES), *shape)) for name, shape in axes.items()}
        time = float(draw.uniform(0.5, 2.0))
        whole = {**parameters, **{name: (TIMES, values) for name, values in tables.items()}}
        before = _values(quantities, Point(time, states, whole))
        for scale in SCALES:
            powers = {name: _power(scale, power) for name, power in {**gauge.states, **gauge.parameters}.items()}
            scaled_states = {name: value * powers.get(name, 1.0) for name, value in states.items()}
            scaled: dict[str, object] = {name: v * powers.get(name, 1.0) for name, v in parameters.items()}
            scaled |= {name: (TIMES, values * powers.get(name, 1.0)) for name, values in tables.items()}
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
