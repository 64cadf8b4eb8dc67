"""The result of a fit: draws by name, what they predict, and how far they can be trusted."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from opjax.infer.generate import Generated, curves_each, generate_each
from opjax.infer.model import Choices, NumpyroModel, model_from
from opjax.infer.programs import program_of
from opjax.infer.summary import Summary, rows_of
from opjax.infer.tree import Datasets
from opjax.infer.untyped import Array, jax, jnp

if TYPE_CHECKING:
    import xarray

R_HAT = 1.01
ESS_PER_CHAIN = 100


@dataclass(frozen=True, slots=True)
class Counts:
    """How often something went wrong.

    Arguments:
        points: how many points from the priors were looked at for a place to start.
        unsolved_points: at how many of them the solve failed.
        proposals: the leapfrog steps of all chains, warm-up included; each solves the model once.
        cut_short: trajectories that ended at a proposal where the solve failed, or where the energy was wrong by more
            than 1000, warm-up included. The sampler cannot tell the two apart: this is the most that failed solves can
            be.
        divergences: those of them after the warm-up.
        unsolved_draws: draws of the posterior at which the solve failed; always 0, for their density is 0.
    """

    points: int = 0
    unsolved_points: int = 0
    proposals: int = 0
    cut_short: int = 0
    divergences: int = 0
    unsolved_draws: int = 0

    def sentences(self) -> list[str]:
        """What there is to say of failed solves; nothing of the divergences that every warm-up has."""
        found: list[str] = []
        if self.unsolved_points:
            found.append(f"The solve failed at {self.unsolved_points} of {self.points} points drawn from the priors.")
        if self.divergences or (self.unsolved_points and self.cut_short):
            share = 100 * self.cut_short / max(self.proposals, 1)
            found.append(
                f"{self.cut_short} of {self.proposals} proposals ({share:.2g} %) were refused because the solve failed "
                f"or the energy diverged, {self.divergences} of them after the warm-up."
            )
        return found


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws from a posterior, as `fit` returns them.

    Arguments:
        tree: the draws and all that belongs to them, as an xarray tree with the groups of ArviZ: posterior,
            posterior_predictive, log_likelihood, sample_stats, observed_data.
        counts: how often something went wrong.
        model: the NumPyro model that was sampled.
    """

    tree: xarray.DataTree
    counts: Counts
    model: NumpyroModel

    def __getitem__(self, name: str) -> xarray.DataArray:
        """The draws of a parameter or derived quantity by name, dimensions (chain, draw, axes...)."""
        return self.draws[name]

    @property
    def draws(self) -> xarray.Dataset:
        """Parameters and derived quantities."""
        return self.tree["posterior"].to_dataset()

    @property
    def divergences(self) -> int:
        """The divergent transitions after the warm-up."""
        return self.counts.divergences

    @property
    def start(self) -> float:
        """The time at which the initial values hold."""
        return self.model.when.start

    def summary(self) -> Summary:
        """Mean, standard deviation, quantiles, effective sample size and R-hat of each number.

        Derived quantities that change in time have no row; they are in `draws`.
        """
        rows = tuple(rows_of(self.draws))
        chains = self.draws.sizes["chain"]
        remarks = list(self.counts.sentences())
        if self.divergences:
            remarks.append(
                "After divergences the draws can be biased: raise target_accept, or look for a badly scaled parameter."
            )
        apart = [row.name for row in rows if row.r_hat > R_HAT]
        if apart:
            remarks.append(
                f"The chains disagree (R-hat above {R_HAT}) on {_listed(apart)}: take more warm-up and draws."
            )
        few = [row.name for row in rows if row.ess < ESS_PER_CHAIN * chains]
        if few:
            remarks.append(f"Fewer than {ESS_PER_CHAIN * chains} effective draws of {_listed(few)}: take more draws.")
        return Summary(rows, tuple(remarks))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the tree to a netCDF file, which ``xarray.open_datatree`` and ``arviz.from_netcdf`` read."""
        self.tree.to_netcdf(os.fspath(path), engine="h5netcdf")

    def predictive(self, times: Any = None, *, draws: int | None = None, seed: int = 0) -> xarray.Dataset:
        """States, derived quantities and new observations at other times.

        Arguments:
            times: the times, increasing, none before the start of the fit. None: the times of the solve.
            draws: how many draws of each chain to use, evenly spread; None: all.
            seed: for the observations.

        Returns:
            A dataset with the dimensions (chain, draw, time, axes...).

        Raises:
            OpjaxError: E0901 for bad times; also where an observation is an incidence ``every`` so much time, and the
                first time is not that much after the start.
        """
        model = self._at(self.model.when.times if times is None else times)
        values, keys = self._some(draws, seed)
        found = _dataset(model, _called(generate_each, model, values, keys), self._chains)
        if times is None:
            return found
        asked = next(iter(model.when.visits.values())).at  # the solve also stops where an incidence begins
        return found.isel(time=asked)

    def curves(self, times: Any, *, draws: int | None = None, seed: int = 0) -> xarray.Dataset:
        """New observations for pictures: each draw has the same noise at all times, so that quantiles are smooth.

        Arguments:
            times: the times, increasing, none before the start of the fit.
            draws: how many draws of each chain to use, evenly spread; None: all.
            seed: for the observations.

        Returns:
            A dataset with the dimensions (chain, draw, time, axes...).
        """
        model = self._at(times)
        values, keys = self._some(draws, seed)
        drawn = _called(curves_each, model, values, keys)
        build = Datasets(model)
        return build.dataset({name: build.observed(name, _split(drawn[name], self._chains)) for name in model.observed})

    @property
    def _chains(self) -> int:
        return self.draws.sizes["chain"]

    def _at(self, times: Any) -> NumpyroModel:
        """The same model without data, observed at other times."""
        choices = Choices(times, self.model.when.start, self.model.fixed, self.model.settings, self.model.history)
        return model_from(self.model.checked, None, choices)

    def _some(self, draws: int | None, seed: int) -> tuple[dict[str, Array], Array]:
        """Some draws of each chain in one row, and as many keys."""
        available = self.draws.sizes["draw"]
        chosen = np.linspace(0, available - 1, min(draws or available, available)).astype(int)
        values = {name: np.asarray(self.draws[name].values)[:, chosen] for name in self.model.priors.drawn}
        flat = {name: jnp.asarray(value.reshape(-1, *value.shape[2:])) for name, value in values.items()}
        return flat, jax.random.split(jax.random.key(seed), self._chains * len(chosen))

    def figure(self, path: str | os.PathLike[str] | None = None) -> Any:
        """The data against what the posterior predicts.

        Arguments:
            path: where to save it; the suffix says the format. None: nowhere.

        Returns:
            A matplotlib figure.
        """
        from opjax.infer.figures import predictive_figure

        return predictive_figure(self, path)

    def __repr__(self) -> str:
        sizes = self.draws.sizes
        head = f"Posterior of {self.model.system.name}: {sizes['chain']} chains of {sizes['draw']} draws"
        return f"<{head}>\n{self.summary()}"

    def _repr_html_(self) -> str:
        return self.summary().as_html()


def _called(function: Callable[..., Any], model: NumpyroModel, *arrays: Any) -> Any:
    return program_of(function, model, *arrays).compile()(*arrays)


def _dataset(model: NumpyroModel, generated: Generated, chains: int) -> xarray.Dataset:
    """States, observations and derived quantities of draws that were generated in one row."""
    split: Generated = jax.tree.map(functools.partial(_split, chains=chains), generated)
    build = Datasets(model)
    return build.dataset({**build.states(split), **build.predicted(split), **build.derived(split)})


def _split(row: Array, chains: int) -> np.ndarray:
    """Draws in one row as chains of draws."""
    return np.asarray(row).reshape(chains, -1, *row.shape[1:])


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
