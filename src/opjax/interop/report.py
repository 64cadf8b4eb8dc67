"""What `validate_spec` says of a specification."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from opjax.compile.compiled import CompiledRhs
from opjax.errors import OpjaxError
from opjax.ir.nodes import Along, AtPosition
from opjax.ir.system import Flow, System
from opjax.ir.types import Dim

STAGES = ("normalize", "compile", "vectorize")


@dataclasses.dataclass(frozen=True, slots=True)
class ValidationReport:
    """A specification, stage by stage.

    Arguments:
        stages: ``normalize``, ``compile``, ``vectorize``: "passed", "failed" or "skipped".
        errors: every problem, with its place and a way out.
        cost: how much there is of what.
        parameters: every parameter that the derivative needs, with its axes (time first for a table over time).
        shape_groups: empty; op_system says here why cells could not be vectorised, and opjax computes none by itself.
        gauges: the scalings that leave the model as it is, if they were asked for or declared.
        warnings: what is legal and probably not meant. (op_system has none.)
    """

    stages: dict[str, str]
    errors: list[str]
    cost: dict[str, int]
    parameters: dict[str, tuple[str, ...]]
    shape_groups: dict[str, list[object]]
    gauges: dict[str, object] | None
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all stages passed."""
        return not self.errors and all(ended == "passed" for ended in self.stages.values())

    def as_dict(self) -> dict[str, object]:
        """The report as plain values, for JSON."""
        return {
            "stages": self.stages,
            "errors": self.errors,
            "cost": self.cost,
            "parameters": {name: list(axes) for name, axes in self.parameters.items()},
            "shape_groups": self.shape_groups,
            "gauges": self.gauges,
            "warnings": list(self.warnings),
        }


def failed(
    stage: str, problem: OpjaxError, cost: Mapping[str, int] | None = None, warnings: tuple[str, ...] = ()
) -> ValidationReport:
    """The report of a specification that did not pass a stage."""
    place = STAGES.index(stage)
    ended = {name: ("passed", "failed", "skipped")[(n >= place) + (n > place)] for n, name in enumerate(STAGES)}
    errors = [found.render() for found in problem.diagnostics if found.severity == "error"]
    return ValidationReport(ended, errors, dict(cost or {}), {}, {}, None, warnings)


def cost_of(system: System) -> dict[str, int]:
    """How much there is of what, under op_system's names."""
    flows = system.flows.values()
    sizes = [[system.axes[axis].size or 0 for axis in state.axes] for state in system.states.values()]
    cells = 0
    for shape in sizes:
        count = 1
        for size in shape:
            count *= size
        cells += count
    return {
        "transitions": len(system.flows),
        "coordinate_pinned_transitions": sum(_is_pinned(flow) for flow in flows),
        "routing_transitions": sum(_is_routed(flow) for flow in flows),
        "operators": len(system.operators),
        "expanded_states": cells,
        "state_templates": len(system.states),
    }


def _is_pinned(flow: Flow) -> bool:
    sides = (*flow.reactants, *flow.products)
    return any(isinstance(chosen, AtPosition) for side in sides for chosen in side.selections)


def _is_routed(flow: Flow) -> bool:
    def dims(side: int) -> set[Dim]:
        parts = (flow.reactants, flow.products)[side]
        return {chosen.dim for part in parts for chosen in part.selections if isinstance(chosen, Along)}

    return bool(flow.reactants) and bool(dims(1) - dims(0))


def parameters_of(compiled: CompiledRhs) -> dict[str, tuple[str, ...]]:
    """The parameters that the derivative needs, with their axes, by name in alphabetical order."""
    known = compiled.system.parameters
    found = {name: known[name].axes for name in compiled.param_names if name in known}
    tables = {name: ("time", *table.axes) for name, table in compiled.system.inputs.items()}
    return dict(sorted({**found, **tables}.items()))


def gauges_of(compiled: CompiledRhs) -> dict[str, object] | None:
    """The gauges as plain values, or None where there are none and none were asked for."""
    found = compiled.gauges
    if found is None:
        return None
    count, fixed = len(found.parameter_names), compiled.gauge_fix
    return {
        "rank": found.rank,
        "parameter_rank": found.parameter_rank,
        "free_reported_scaling_directions": found.rank - (len(fixed.fixed_values) if fixed is not None else 0),
        "parameter_coordinate_count": count,
        "parameter_coordinates_after_reported_action": count - found.parameter_rank,
        "parameter_base_invariant_monomials": len(found.invariant_coordinates),
        "detection_requested": found.detection_requested,
        "generators": [gauge.name for gauge in found.generators],
    }
