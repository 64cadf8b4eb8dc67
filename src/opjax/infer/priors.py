"""The priors of a model as NumPyro wants them: which parameters are drawn, in which order, from what."""

from __future__ import annotations

import graphlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opjax import stages
from opjax.backends import Backend, backend_for
from opjax.compile.arguments import parameters_in
from opjax.compile.layout import shape_of
from opjax.compile.quantities import Point, Quantities, Wanted
from opjax.errors import Report, catalogue
from opjax.infer.distributions import can_be_bounded, numpyro_distribution
from opjax.infer.untyped import Array, jnp, numpyro
from opjax.ir import distributions
from opjax.ir.distributions import DistributionRecord
from opjax.ir.evaluate import constant_value
from opjax.ir.nodes import AnyNode
from opjax.ir.system import Parameter, System

BACKEND: Backend = backend_for(jnp)


def like() -> Array:
    """An array of the precision that JAX computes in."""
    return jnp.zeros((), float)


class Values:
    """Some expressions over one set of axes, computed from parameters; numbers stay Python numbers.

    Arguments:
        system: the model.
        nodes: the expressions by name.
        axes: the axes that they are wanted over.
    """

    def __init__(self, system: System, nodes: Mapping[str, AnyNode], axes: tuple[str, ...]) -> None:
        known = {name: constant_value(node) for name, node in nodes.items()}
        self.constants: dict[str, float] = {name: float(v) for name, v in known.items() if v is not None}
        computed = {name: Wanted(node, axes) for name, node in nodes.items() if name not in self.constants}
        self.quantities: Quantities | None = stages.compile_quantities(system, computed) if computed else None

    def __call__(self, parameters: Mapping[str, Array]) -> dict[str, Array]:
        """The values by name."""
        if self.quantities is None:
            return dict(self.constants)
        return {**self.constants, **self.quantities(BACKEND, like(), Point(parameters=parameters))}


@dataclass(slots=True, eq=False)
class Prior:
    """The prior of one parameter.

    Arguments:
        system: the model.
        parameter: the parameter; it has a prior.
    """

    system: System
    parameter: Parameter
    record: DistributionRecord = field(init=False)
    shape: tuple[int, ...] = field(init=False)
    arguments: Values = field(init=False)
    bounds: Values = field(init=False)

    def __post_init__(self) -> None:
        prior, bounds = self.parameter.prior, self.parameter.bounds
        assert prior is not None
        ends = {"low": bounds.low, "high": bounds.high} if bounds is not None else {}
        self.record = distributions.DISTRIBUTIONS[prior.name]
        self.shape = shape_of(self.parameter.axes, self.system.axes, self.parameter.span)
        self.arguments = Values(self.system, prior.arguments, self.parameter.axes)
        self.bounds = Values(self.system, ends, self.parameter.axes)

    def check(self, report: Report) -> None:
        """Report a prior that NUTS cannot draw from, or that cannot be restricted to its bounds."""
        name, span = self.parameter.name, self.parameter.span
        bounded = any(not math.isinf(end) for end in self.bounds.constants.values()) or self.bounds.quantities
        if self.record.kind == "discrete":
            report.add(catalogue.DISCRETE_PRIOR, span, name=name, distribution=self.record.name)
        elif bounded and not can_be_bounded(self.record):
            report.add(catalogue.UNBOUNDED_PRIOR, span, name=name, distribution=self.record.name)

    def distribution(self, parameters: Mapping[str, Array]) -> Any:
        """The prior, given the parameters that it depends on."""
        arguments = {n: v for n, v in self.arguments(parameters).items() if not _infinite(v)}
        ends = {n: v for n, v in self.bounds(parameters).items() if not _infinite(v)}
        found = numpyro_distribution(self.record, arguments, ends.get("low"), ends.get("high"))
        return found.expand(self.shape).to_event(len(self.shape)) if self.shape else found


def _infinite(value: Array) -> bool:
    return isinstance(value, float) and math.isinf(value)


@dataclass(slots=True, eq=False)
class Priors:
    """All parameters of a model, each after those that it depends on.

    Arguments:
        system: the model.
        fixed: values by name, instead of prior or default.

    Raises:
        OpjaxError: E0904 for a parameter with neither value nor prior, E0318 for a circle of priors and defaults, E0930
            and E0931 for priors that cannot be used.
    """

    system: System
    fixed: Mapping[str, Array]
    drawn: dict[str, Prior] = field(default_factory=dict[str, Prior])
    computed: dict[str, Values] = field(default_factory=dict[str, Values])
    order: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        report = Report()
        needs: dict[str, tuple[str, ...]] = {}
        for parameter in self.system.parameters.values():
            needs[parameter.name] = parameters_in(self.system, self._nodes(parameter))
            self._sort(parameter, report)
        for prior in self.drawn.values():
            prior.check(report)
        report.check()
        self.order = self._ordered(needs)

    def is_drawn(self, parameter: Parameter) -> bool:
        """Whether a parameter is drawn from its prior."""
        return parameter.prior is not None and parameter.name not in self.fixed and "fixed" not in parameter.flags

    def _nodes(self, parameter: Parameter) -> list[AnyNode]:
        """What the value of a parameter is made of."""
        if parameter.name in self.fixed:
            return []
        if not self.is_drawn(parameter):
            return [] if parameter.default is None else [parameter.default]
        assert parameter.prior is not None
        bounds = parameter.bounds
        ends = [] if bounds is None else [bounds.low, bounds.high]
        return [*parameter.prior.arguments.values(), *ends]

    def _sort(self, parameter: Parameter, report: Report) -> None:
        if parameter.name in self.fixed:
            return
        if self.is_drawn(parameter):
            self.drawn[parameter.name] = Prior(self.system, parameter)
        elif parameter.default is not None:
            if constant_value(parameter.default) is None:
                nodes = {parameter.name: parameter.default}
                self.computed[parameter.name] = Values(self.system, nodes, parameter.axes)
        elif parameter.values is None:
            report.add(catalogue.NO_PRIOR, parameter.span, name=parameter.name)

    def _ordered(self, needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        try:
            return tuple(graphlib.TopologicalSorter(needs).static_order())
        except graphlib.CycleError as circle:
            names = [str(name) for name in circle.args[1]]
            report = Report()
            span = self.system.parameters[names[0]].span
            report.add(catalogue.PARAMETER_CYCLE, span, path=" -> ".join(reversed(names)))
            report.check()
            raise

    def __call__(self) -> dict[str, Array]:
        """Draw the parameters: sites of a NumPyro model.

        Returns:
            The parameters by name; those with a plain default are left to it.
        """
        values: dict[str, Array] = dict(self.fixed)
        for name in self.order:
            if name in self.drawn:
                values[name] = numpyro.sample(name, self.drawn[name].distribution(values))
            elif name in self.computed:
                values[name] = numpyro.deterministic(name, self.computed[name](values)[name])
        return values
