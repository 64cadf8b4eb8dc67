"""Gauges as op_system publishes them, and the way between natural values and those with fixed parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from opjax.backends.base import Array
from opjax.backends.registry import backend_of
from opjax.compile.arguments import refuse
from opjax.errors import catalogue

if TYPE_CHECKING:
    from jaxtyping import Num

    Vector = Num[Array, " states"]

Powers = tuple[tuple[str, float], ...]


class ScalingGauge(NamedTuple):
    """A scaling that leaves a model as it is: every name is multiplied by its power of one positive number."""

    name: str
    states: Powers
    parameters: Powers


class InvariantCoordinate(NamedTuple):
    """A product of powers of parameters that no gauge changes."""

    exponents: tuple[tuple[str, int], ...]


class GaugeVerification(NamedTuple):
    """How the declared gauges were verified.

    Arguments:
        seed, n_probes, scales, rtol, atol, max_absolute_error: of trials with numbers; no trial is made of a proof.
        observables: the derived quantities that they leave as they are.
        structural: whether all of them were proved, by exact arithmetic on the typed model.
    """

    seed: int
    n_probes: int
    scales: tuple[float, ...]
    rtol: float
    atol: float
    max_absolute_error: float
    observables: tuple[str, ...]
    structural: bool


class GaugeInfo(NamedTuple):
    """The gauges of a model.

    Arguments:
        declared: as the model declares them.
        detected: a basis of all that can be proved, if they were asked for.
        generators: those of both that do not follow from those before them.
        rank: how many these are.
        parameter_rank: how many of them differ in what they do to the parameters.
        parameter_names: the parameters that derivatives, derived quantities and observations depend on, sorted.
        invariant_coordinates: what can be known of the parameters.
        verification: how the declared ones were verified.
        detection_requested: whether `detected` is filled.
    """

    declared: tuple[ScalingGauge, ...]
    detected: tuple[ScalingGauge, ...]
    generators: tuple[ScalingGauge, ...]
    rank: int
    parameter_rank: int
    parameter_names: tuple[str, ...]
    invariant_coordinates: tuple[InvariantCoordinate, ...]
    verification: GaugeVerification | None
    detection_requested: bool


class GaugeCoordinates(NamedTuple):
    """A state and parameters in the gauge in which some parameters have fixed values.

    Arguments:
        state: the flat state.
        parameters: the parameters that are not fixed.
        log_scales: the logarithm of the number that each generator scales with.
        valid: whether all values are finite and the fixed parameters were positive, as an array (nothing is raised).
    """

    state: Array
    parameters: dict[str, Array]
    log_scales: Array
    valid: Array


class GaugeFixMap(NamedTuple):
    """The way between natural values and those in which some parameters are fixed.

    Arguments:
        fixed_values: the fixed parameters with their values.
        generators: the gauges that are used, as many as there are fixed parameters.
        state_weights: for each element of the flat state its power in each generator.
        inverse_anchor_matrix: the inverse of the powers of the fixed parameters (rows) in the generators (columns).

    Example:
        >>> import numpy as np, opjax
        >>> model = {"state": ["x"], "equations": {"x": "r*x*(1 - x/K)"}}
        >>> fix = opjax.compile_rhs(model, gauge_fix={"K": 1.0}).gauge_fix
        >>> scaled = fix.encode(np.array([3.0]), {"r": 0.5, "K": 10.0})
        >>> scaled.state
        array([0.3])
    """

    fixed_values: Powers
    generators: tuple[ScalingGauge, ...]
    state_weights: tuple[tuple[float, ...], ...]
    inverse_anchor_matrix: tuple[tuple[float, ...], ...]

    def encode(self, state: Vector, parameters: Mapping[str, object]) -> GaugeCoordinates:
        """Natural values in the gauge with fixed parameters.

        Arguments:
            state: the flat state.
            parameters: all parameters by name.

        Returns:
            The scaled state and parameters; nothing looks at a value, so that this can be traced and mapped.

        Raises:
            OpjaxError: E0805 if a fixed parameter has no value.
        """
        backend, xp = backend_of(state), backend_of(state).xp
        given = _arrays(parameters.items(), state)
        for name, _ in self.fixed_values:
            if name not in given:
                raise refuse(catalogue.MISSING_VALUE, kind="parameter", name=name)
        natural = xp.stack([given.pop(name) for name, _ in self.fixed_values])
        targets = xp.stack([backend.asarray(value, state.dtype, state) for _, value in self.fixed_values])
        usable = xp.isfinite(natural) & (natural > 0)
        logarithms = xp.log(targets) - xp.log(xp.where(usable, natural, targets))
        matrix = backend.asarray(self.inverse_anchor_matrix, state.dtype, state)
        scales = xp.sum(matrix * logarithms[None, :], axis=1)
        scaled = self._scaled(state, given, scales)
        valid = xp.all(usable) & xp.all(xp.isfinite(scaled[0]))
        for value in scaled[1].values():
            valid = valid & xp.all(xp.isfinite(value))
        return GaugeCoordinates(*scaled, scales, valid)

    def decode(self, coordinates: GaugeCoordinates) -> tuple[Array, dict[str, Array]]:
        """The natural state and parameters, those that are fixed included."""
        fixed = _arrays(self.fixed_values, coordinates.state)
        return self._scaled(coordinates.state, {**coordinates.parameters, **fixed}, -coordinates.log_scales)

    def _scaled(
        self, state: Array, parameters: Mapping[str, Array], log_scales: Array
    ) -> tuple[Array, dict[str, Array]]:
        backend, xp = backend_of(state), backend_of(state).xp

        def factor(weights: tuple[float, ...]) -> Array:
            return xp.exp(xp.sum(backend.asarray(weights, state.dtype, state) * log_scales))

        powers = {name: tuple(dict(g.parameters).get(name, 0.0) for g in self.generators) for name in parameters}
        factors = {name: factor(weights) for name, weights in powers.items() if any(weights)}
        scaled = {name: value * factors[name] if name in factors else value for name, value in parameters.items()}
        weights = backend.asarray(self.state_weights, state.dtype, state)
        return state * xp.exp(xp.sum(weights * log_scales[None, :], axis=1)), scaled


def _arrays(values: Iterable[tuple[str, object]], like: Array) -> dict[str, Array]:
    backend = backend_of(like)
    return {name: backend.asarray(value, like.dtype, like) for name, value in values}
