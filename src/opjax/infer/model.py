"""A model as an ordinary NumPyro model: priors, solve, likelihood."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opjax import stages
from opjax.compile.quantities import Point, Quantities, Wanted
from opjax.errors import Report, catalogue
from opjax.infer.data import Data, read_data
from opjax.infer.observed import Observed, guarded
from opjax.infer.priors import BACKEND, Priors, like
from opjax.infer.schedule import Schedule, schedule
from opjax.infer.untyped import Array, jax, jnp, numpyro
from opjax.ir.system import System
from opjax.solve.augment import flows_in
from opjax.solve.before import checked_history, want_no_history
from opjax.solve.inputs import checked_parameters, checked_times, want_values
from opjax.solve.outputs import Outputs
from opjax.solve.problem import Problem, problem_for
from opjax.solve.settings import Settings, settings_from
from opjax.solve.trajectory import Start, Trajectory, trajectory

Solve = Callable[[dict[str, Array]], Trajectory]
SOLVED = "the solve succeeded"
"""The site whose log-density is minus infinity where the solve fails or a requirement does not hold."""


@dataclass(eq=False)
class NumpyroModel:
    """A NumPyro model: call it under NumPyro's handlers, inference algorithms and `Predictive`.

    Its sites are the parameters that have priors, then the observations, under their names in the model; derived
    quantities are deterministic sites, those that change in time over the times of `schedule`. Parameters with axes are
    one site with that event shape; observations have one batch dimension for time and one for each axis.

    Where the solve fails, or a requirement does not hold, the log-density is minus infinity and its gradient zero.

    Arguments:
        checked: the model.
        data: what to condition on; without series, observations are drawn.
        when: the times.
        fixed: parameters with given values.
        settings: how to solve.
        history: states before the start by name, see `opjax.solve.before.checked_history`.
    """

    checked: stages.Checked
    data: Data
    when: Schedule
    fixed: Mapping[str, Array]
    settings: Settings
    history: Mapping[str, Any] = field(default_factory=dict[str, Any])
    priors: Priors = field(init=False)
    observed: dict[str, Observed] = field(init=False)
    problem: Problem = field(init=False)
    outputs: Outputs = field(init=False)
    requirements: Quantities = field(init=False)

    def __post_init__(self) -> None:
        system = self.system
        self.priors = Priors(system, self.fixed)
        self.outputs = Outputs(system)
        nodes = [n for name in self.when.visits for n in system.observations[name].distribution.arguments.values()]
        self.problem = problem_for(self.checked, (*flows_in(nodes), *self.outputs.flows))
        self.observed = {
            name: Observed(system, system.observations[name], visit, self.data.series.get(name))
            for name, visit in self.when.visits.items()
        }
        axes = [tuple(dim.axis for dim in node.dims) for node in system.requirements]
        conditions = zip(system.requirements, axes, strict=True)
        wanted = {f"condition {place}": Wanted(node, own) for place, (node, own) in enumerate(conditions)}
        self.requirements = stages.compile_quantities(system, wanted)

    @property
    def system(self) -> System:
        """The typed model."""
        return self.checked.system

    @property
    def begin(self) -> Start:
        """Where solutions begin: the time of the initial values, and what was before it."""
        return Start(self.when.start, history=self.history)

    @property
    def _solve(self) -> Solve:
        def solve(parameters: dict[str, Array]) -> Trajectory:
            return trajectory(self.problem, parameters, self.when.times, self.begin, self.settings)

        return _zero_where_failed(solve) if self.settings.adjoint == "checkpoint" else solve

    def __call__(self, observed: bool = True) -> Trajectory:
        """The generative process.

        Arguments:
            observed: whether to condition on the data; False draws the observations anew at the same times.

        Returns:
            The solution.
        """
        parameters = self.priors()
        solution, alive = self.solution(parameters)
        numpyro.factor(SOLVED, jnp.where(alive, 0.0, -jnp.inf))
        parameters = jax.tree.map(functools.partial(guarded, alive), parameters)
        solution = _guarded_solution(alive, solution)
        for observation in self.observed.values():
            observation.site(solution, parameters, alive, observed)
        values = self.outputs(solution, parameters)
        for name in self.system.derived:
            numpyro.deterministic(name, values[name])
        return solution

    def solution(self, parameters: Mapping[str, Array]) -> tuple[Trajectory, Array]:
        """The solution at the times of the schedule, and whether it succeeded and all requirements hold."""
        solution = self._solve(dict(parameters))
        alive = solution.succeeded
        for held in self.requirements(BACKEND, like(), Point(parameters=parameters)).values():
            alive = alive & jnp.all(held)
        return solution, alive


def _zero_where_failed(solve: Solve) -> Solve:
    """A solution whose derivative, taken backwards, is zero where the solve failed.

    Backwards through the steps of a failed solve, a cotangent of zero meets derivatives that are infinite.
    """

    def forwards(parameters: dict[str, Array]) -> tuple[Trajectory, tuple[Any, Array]]:
        solution, backwards = jax.vjp(solve, parameters)
        return solution, (backwards, solution.succeeded)

    def pulled(kept: tuple[Any, Array], cotangent: Trajectory) -> tuple[dict[str, Array]]:
        backwards, succeeded = kept
        (found,) = backwards(cotangent)
        return ({name: jnp.where(succeeded, value, 0.0) for name, value in found.items()},)

    function = jax.custom_vjp(solve)
    function.defvjp(forwards, pulled)
    return function


def _guarded_solution(alive: Array, solution: Trajectory) -> Trajectory:
    return solution._replace(
        states={name: guarded(alive, value) for name, value in solution.states.items()},
        incidences={name: guarded(alive, value) for name, value in solution.incidences.items()},
        past={name: guarded(alive, value) for name, value in solution.past.items()},
    )


def numpyro_model(
    checked: stages.Checked,
    data: Any = None,
    *,
    times: Any = None,
    t0: float | None = None,
    **options: Any,
) -> NumpyroModel:
    """A model as an ordinary NumPyro model.

    Arguments:
        checked: the model.
        data: what to condition on, see `opjax.infer.read_data`; None draws the observations at `times`.
        times: the times of all observations, where there are no data; or more times to solve at, for derived
            quantities.
        t0: the time at which the initial values hold. None: the model's own start (``time: day from 0``); where it
            has none, the first observation, or, where an incidence is observed ``every`` so much time, that much
            before it.
        options: ``fixed``, a mapping of parameters to values that take the place of their priors; ``history``, for a
            model that asks for its past, as `opjax.solve.simulate` takes it; and the settings of
            `opjax.solve.Settings`: ``solver``, ``rtol``, ``max_steps``, ... Here "auto" means the explicit solver: for
            a stiff model, say ``solver="stiff"``.

    Returns:
        A function without arguments that need to be given. Called with ``observed=False``, it draws the observations
        instead of conditioning on them, for predictive checks.

    Raises:
        OpjaxError: E0903 for data that do not fit, E0904 for a parameter with neither a value nor a prior, E0905 if
            nothing is observed, E0901 for bad times.

    Example:
        >>> import jax, opjax
        >>> from numpyro.infer import Predictive
        >>> model = opjax.loads('''
        ... model Decay:
        ...   params:
        ...     k ~ LogNormal(loc=-1, scale=0.5)
        ...   states:
        ...     x = 1
        ...   dynamics:
        ...     x -> 0 @ k
        ...   observe:
        ...     y ~ Normal(loc=x, scale=0.1)
        ... ''')
        >>> prior = Predictive(model.numpyro_model(times=[0.0, 1.0, 2.0]), num_samples=5)
        >>> prior(jax.random.key(0))["y"].shape
        (5, 3)
    """
    fixed: Mapping[str, Any] = options.pop("fixed", {})
    choices = Choices(times, t0, fixed, history=options.pop("history", None), settings=settings_from(options))
    return model_from(checked, None if data is None else read_data(checked.system, data), choices)


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """What a person chooses beside model and data.

    Arguments:
        times: times of observations where there are no data, or None.
        t0: the time of the initial values, or None.
        fixed: parameters with given values.
        settings: how to solve.
        history: states before the start, or None.
    """

    times: Any = None
    t0: float | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    settings: Settings = field(default_factory=Settings)
    history: Any = None


def model_from(checked: stages.Checked, data: Data | None, choices: Choices) -> NumpyroModel:
    """The NumPyro model of data that have been read, or of times alone.

    Raises:
        OpjaxError: as `numpyro_model`.
    """
    system = checked.system
    if not system.observations:
        report = Report()
        report.add(catalogue.NO_OBSERVATION, next(iter(system.states.values())).span)
        report.check()
    if data is None:
        saved, _ = checked_times(choices.times, system.start if choices.t0 is None else choices.t0)
        visits: dict[str, np.ndarray] = dict.fromkeys(system.observations, np.asarray(saved))
        data = Data()
    else:
        visits = {name: series.times for name, series in data.series.items()}
    fixed = checked_parameters(system, {**data.parameters, **choices.fixed})
    want_values(system, tuple(system.inputs), fixed)
    when = schedule(system, visits, choices.t0)
    history = checked_history(system, choices.history, when.start)
    found = NumpyroModel(checked, data, when, fixed, choices.settings, history)
    if history and found.problem.past is None:
        want_no_history(history)
    return found
