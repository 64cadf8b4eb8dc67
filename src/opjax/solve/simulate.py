"""`simulate`: parameters and times in, a named solution out."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from opjax import stages
from opjax.backends import backend_for
from opjax.compile.arguments import parameters_in, refuse
from opjax.compile.cache import FORGET
from opjax.compile.quantities import Point, Wanted
from opjax.errors import OpjaxWarning, catalogue
from opjax.ir.system import System
from opjax.solve.before import checked_history, want_no_history
from opjax.solve.choose import solve_with_choice
from opjax.solve.diagnose import ending_of
from opjax.solve.inputs import checked_initial, checked_parameters, checked_times, want_values
from opjax.solve.integrate import Inputs
from opjax.solve.outputs import Outputs
from opjax.solve.problem import Problem, identity_of, problem_for
from opjax.solve.settings import Settings, settings_from
from opjax.solve.simulation import DatasetBuilder, Simulation, Stats
from opjax.solve.trajectory import Start, Trajectory, default_dtype, inputs_for, named
from opjax.solve.untyped import jnp
from opjax.trees import is_traced

Array = Any
TRACEABLE = "inside jit, vmap and grad, solve with opjax.pipelines.Simulate, or give model.compile_rhs() to diffrax"
SINGLE_RTOL = 1e-5
"""The smallest relative tolerance that makes sense in single precision."""


def simulate(
    checked: stages.Checked,
    parameters: Mapping[str, Any] | None = None,
    times: Any = None,
    *,
    initial: Any = None,
    t0: float | None = None,
    **settings: Any,
) -> Simulation:
    """Solve a model, and compute all that it names along the solution.

    A solve that stops early raises nothing: the values from there on are nan, a warning says where and why, and
    `Simulation.outcome` has it for programs. `Simulation.raise_if_failed` makes it an exception.

    Arguments:
        checked: the model.
        parameters: the parameters by name: numbers, arrays with the shape of their axes, or xarray arrays (their
            dimensions and labels are matched by name); those with a default may be left out.
        times: the times to save at, increasing, in the model's unit of time.
        initial: initial values by state name (others keep the model's own), or all states as one flat vector.
        t0: the time of the initial values; None: the model's own start (``time: day from 0``), else the first of
            `times`.
        settings: the fields of `Settings` by name: ``solver``, ``rtol``, ``atol``, ``max_steps``, ``dt0``, ...; and
            ``history``, for a model that asks for its past: the states before ``t0``, see
            `opjax.solve.before.checked_history`. Without it they are what they are at ``t0``.

    Returns:
        The solution by name.

    Raises:
        OpjaxError: E0807 inside of transformations of JAX, E0901 for bad times, E0902 for an unknown solver, E0804 to
            E0807 and E0922 for bad parameters, E0921 for a condition of the model that does not hold, E0506 for a state
            without an initial value, E0701 for what cannot be run yet.
    """
    _want_values_known(params=parameters, ts=times, y0=initial, t0=t0)
    before = settings.pop("history", None)
    wanted = settings_from(settings)
    _advise(wanted)
    outputs = _outputs(_Model(checked))
    problem = problem_for(checked, outputs.flows)
    saved, start = checked_times(times, checked.system.start if t0 is None else t0)
    given = checked_parameters(checked.system, parameters or {})
    needed = (*problem.parameter_names, *outputs.parameter_names)
    names = (*checked.system.parameters, *checked.system.inputs)
    want_values(checked.system, tuple(n for n in names if n in needed), given)
    want_requirements(checked.system, given)
    past = checked_history(checked.system, before, start)
    inputs = inputs_for(problem, given, saved, Start(start, checked_initial(problem, initial), past))
    want_past(problem, inputs)
    return _simulated(problem, outputs, wanted, inputs, given)


def _want_values_known(**arguments: object) -> None:
    """Refuse what JAX traces: which solver is right, and how the solve ended, are read off values.

    Raises:
        OpjaxError: E0807.
    """
    for name, argument in arguments.items():
        if is_traced(argument):
            raise refuse(
                catalogue.WRONG_ARRAY, name=name, found="traced by JAX", expected="what has values", hint=TRACEABLE
            )


def want_past(problem: Problem, inputs: Inputs) -> None:
    """Refuse a history that nobody asks for, and a past that lies in the future.

    Raises:
        OpjaxError: E0824, E0823.
    """
    if problem.past is None:
        if inputs.history:
            want_no_history(inputs.history)
        return
    first = problem.initial(inputs.parameters, inputs.initial, inputs.times.dtype)
    problem.past.want_past(problem.moment(inputs.start, first, inputs))


def _simulated(
    problem: Problem, outputs: Outputs, settings: Settings, inputs: Inputs, given: Mapping[str, Array]
) -> Simulation:
    solved, solver = solve_with_choice(problem, settings, inputs)
    used = settings if settings.solver != "auto" else settings.with_solver(solver)
    ending = ending_of(problem, used, inputs, solved)
    if ending.sentence:
        warnings.warn(OpjaxWarning(ending.sentence), stacklevel=4)
    solution = named(problem, inputs, solved)
    values = outputs.compiled(solution, dict(given))
    stats = Stats(solver, int(solved.steps), int(solved.rejected), float(solved.stop_time))
    attributes = {"solver": solver, "outcome": ending.outcome.name}
    return Simulation(
        _dataset(problem.system, outputs, solution, values, attributes), ending.outcome, ending.sentence, stats
    )


def _dataset(
    system: System, outputs: Outputs, solution: Trajectory, values: Mapping[str, Array], attributes: Mapping[str, str]
) -> Any:
    builder = DatasetBuilder(system, solution.times)
    for name, state in solution.states.items():
        builder.add(system.states[name], values.get(name, state))
    for name, declared in outputs.declared.items():
        builder.add(declared, values[name], name in outputs.moving)
    return builder.build(attributes)


def want_requirements(system: System, given: Mapping[str, Any]) -> None:
    """Refuse parameters for which a condition of the model (``require``) does not hold.

    Conditions on parameters that have no value are left alone: nothing depends on them here.

    Raises:
        OpjaxError: E0921.
    """
    for place, node in enumerate(system.requirements):
        names = parameters_in(system, [node])
        if any(name not in given and not _has_default(system, name) for name in names):
            continue
        axes = tuple(dim.axis for dim in node.dims)
        quantities = stages.compile_quantities(system, {f"condition {place}": Wanted(node, axes)})
        like = jnp.zeros((), default_dtype())
        (holds,) = quantities(backend_for(jnp), like, Point(parameters=given)).values()
        if not bool(np.all(np.asarray(holds))):
            shown = ", ".join(
                f"{name} = {np.asarray(given[name]):g}"
                for name in names
                if np.ndim(given.get(name, 0)) == 0 and name in given
            )
            raise refuse(catalogue.REQUIREMENT_FAILS, node.span, hint=shown and f"here {shown}")


def _has_default(system: System, name: str) -> bool:
    parameter = system.parameters[name]
    return parameter.default is not None or parameter.values is not None


def _advise(settings: Settings) -> None:
    """Warn of a tolerance that single precision cannot keep."""
    if default_dtype() == jnp.float32 and settings.rtol < SINGLE_RTOL:
        text = (
            f"rtol = {settings.rtol:g} asks for more digits than single precision has: switch JAX to double precision, "
            f'jax.config.update("jax_enable_x64", True), or pass rtol={10 * SINGLE_RTOL:g}'
        )
        warnings.warn(OpjaxWarning(text), stacklevel=4)


class _Model:
    """A model as the key of a cache."""

    def __init__(self, checked: stages.Checked) -> None:
        self.checked = checked
        self.identity = identity_of(checked, ())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Model) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


@functools.lru_cache(maxsize=64)
def _outputs(model: _Model) -> Outputs:
    stages.refuse_not_yet(model.checked.system)
    return Outputs(model.checked.system)


FORGET.append(_outputs.cache_clear)
