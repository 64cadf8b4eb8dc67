"""Observations as sites of a NumPyro model: the distribution of each at its own times, along a solution."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from opjax import stages
from opjax.compile.layout import shape_of
from opjax.compile.quantities import Quantities, Wanted
from opjax.infer.data import Series
from opjax.infer.distributions import numpyro_distribution, valid_value
from opjax.infer.schedule import Visit
from opjax.infer.untyped import Array, jax, jnp, numpyro
from opjax.ir import distributions
from opjax.ir.distributions import DistributionRecord
from opjax.ir.system import Observation, System
from opjax.solve.outputs import along
from opjax.solve.trajectory import Trajectory


def guarded(alive: Array, value: Array) -> Array:
    """The value, whose derivative is zero where the solve failed: no nan passes this selection backwards."""
    return jnp.where(alive, value, jax.lax.stop_gradient(value))


@dataclass(slots=True, eq=False)
class Observed:
    """One observation of a model.

    Arguments:
        system: the model.
        observation: what is observed.
        visit: when.
        series: the data, or None.
    """

    system: System
    observation: Observation
    visit: Visit
    series: Series | None
    record: DistributionRecord = field(init=False)
    shape: tuple[int, ...] = field(init=False)
    quantities: Quantities = field(init=False)
    gaps: bool = field(init=False)

    def __post_init__(self) -> None:
        distribution, axes = self.observation.distribution, self.observation.axes
        self.record = distributions.DISTRIBUTIONS[distribution.name]
        self.gaps = self.series is not None and not bool(self.series.present.all())
        self.shape = (len(self.visit.times), *shape_of(axes, self.system.axes, self.observation.span))
        wanted = {name: Wanted(node, axes) for name, node in distribution.arguments.items()}
        self.quantities = stages.compile_quantities(self.system, wanted)

    def arguments(self, solution: Trajectory, parameters: Mapping[str, Array]) -> dict[str, Array]:
        """The arguments of the distribution at the times of the observation, shape [times, axes...]."""
        at = self.visit.at
        here = solution._replace(
            times=solution.times[at],
            states={name: value[at] for name, value in solution.states.items()},
            incidences={name: self._incidence(value) for name, value in solution.incidences.items()},
            past={name: value[at] for name, value in solution.past.items()},
        )
        return along(self.quantities, here, parameters)

    def _incidence(self, increments: Array) -> Array:
        """What has flowed since the time at which the observation begins to count.

        Arguments:
            increments: what has flowed between one time of the solve and the next, shape [times of the solve, axes...].
        """
        if self.visit.since is None:
            return increments[self.visit.at]
        total = jnp.concatenate([jnp.zeros_like(increments[:1]), jnp.cumsum(increments, axis=0)])
        return total[self.visit.at + 1] - total[self.visit.since + 1]

    def _valid(self, solution: Trajectory, parameters: Mapping[str, Array], alive: Array) -> dict[str, Array]:
        """The arguments; where the solve failed, some that are valid."""
        found = self.arguments(solution, parameters)
        rows = {a.name: a for a in self.record.arguments}
        return {name: jnp.where(alive, value, valid_value(rows[name])) for name, value in found.items()}

    def drawn_alike(self, solution: Trajectory, parameters: Mapping[str, Array], key: Array) -> Array:
        """Observations drawn with the same random numbers at each time, shape [times, axes...]."""

        def at_one_time(arguments: dict[str, Array]) -> Array:
            return numpyro_distribution(self.record, self._to_draw(arguments)).sample(key)

        return jax.vmap(at_one_time)(self.arguments(solution, parameters))

    def _to_draw(self, arguments: dict[str, Array]) -> dict[str, Array]:
        """The arguments as NumPyro's random numbers want them: counts are integers."""
        counts = {a.name for a in self.record.arguments if a.support == "count"}
        return {n: jnp.round(v).astype(int) if n in counts else v for n, v in arguments.items()}

    def site(self, solution: Trajectory, parameters: Mapping[str, Array], alive: Array, observed: bool) -> None:
        """The site of the observation.

        Arguments:
            solution: the states and incidences at the times of the solve.
            parameters: by name.
            alive: whether the solve succeeded.
            observed: whether the data are conditioned on; otherwise they are drawn.
        """
        arguments = self._valid(solution, parameters, alive)
        with contextlib.ExitStack() as stack:
            for place, size in enumerate(self.shape):
                dim = place - len(self.shape)
                axis = ("time", *self.observation.axes)[place]
                stack.enter_context(numpyro.plate(f"{self.observation.name} over {axis} {-dim}", size, dim=dim))
            if self.series is None or not observed:
                numpyro.sample(self.observation.name, numpyro_distribution(self.record, self._to_draw(arguments)))
                return
            found = numpyro_distribution(self.record, arguments)
            if self.gaps:
                found = found.mask(self.series.present)
            numpyro.sample(self.observation.name, found, obs=self.data)

    @property
    def data(self) -> Array:
        """The data as numbers of the kind that the distribution gives; where nothing was observed, some such number."""
        assert self.series is not None
        return jnp.asarray(self.series.values, int if self.record.kind == "discrete" else float)
