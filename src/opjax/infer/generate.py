"""What follows from parameters: observations drawn anew, derived quantities, log-likelihoods, states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from numpyro import handlers

from opjax.infer.model import NumpyroModel
from opjax.infer.potential import Potential
from opjax.infer.untyped import Array, jax


class Generated(NamedTuple):
    """What follows from a set of parameters; arrays by name, with leading dimensions for the sets.

    Arguments:
        parameters: those that are drawn or computed.
        observations: drawn anew, at the times of their visits.
        derived: derived quantities; those that change in time at the times of the schedule.
        states: at the times of the schedule.
        densities: the log-density of each datum, for observations that have data.
        code: how the solve ended.
    """

    parameters: dict[str, Array]
    observations: dict[str, Array]
    derived: dict[str, Array]
    states: dict[str, Array]
    densities: dict[str, Array]
    code: Array


def generate(model: NumpyroModel, values: Mapping[str, Array], key: Array) -> Generated:
    """What follows from one set of parameters.

    Arguments:
        model: the model.
        values: the drawn parameters by name.
        key: for the observations.
    """
    seen: list[Any] = []
    given = handlers.substitute(lambda: seen.append(model(observed=False)), data=dict(values))
    trace: Any = handlers.trace(handlers.seed(given, key)).get_trace()
    sites = {name: site["value"] for name, site in trace.items() if "value" in site}
    return Generated(
        parameters={n: sites[n] for n in model.priors.order if n in sites},
        observations={name: sites[name] for name in model.observed},
        derived={name: sites[name] for name in model.system.derived},
        states=dict(seen[-1].states),
        densities={
            name: trace[name]["fn"].log_prob(own.data) for name, own in model.observed.items() if own.series is not None
        },
        code=seen[-1].code,
    )


def generate_each(model: NumpyroModel, values: Mapping[str, Array], keys: Array) -> Generated:
    """What follows from some sets of parameters.

    Arguments:
        model: the model.
        values: the drawn parameters by name, shape [sets, axes...].
        keys: one key for each set.
    """

    def one(given: tuple[dict[str, Array], Array]) -> Generated:
        return generate(model, *given)

    return jax.lax.map(one, (dict(values), keys))


def follow(model: NumpyroModel, vectors: Array, key: Array) -> Generated:
    """What follows from some points.

    Arguments:
        model: the model.
        vectors: unconstrained vectors, shape [sets, numbers].
        key: for the observations.
    """
    values = jax.vmap(Potential(model).to_values)(vectors)
    return generate_each(model, values, jax.random.split(key, vectors.shape[0]))


def curves_each(model: NumpyroModel, values: Mapping[str, Array], keys: Array) -> dict[str, Array]:
    """Observations that may be drawn as curves: within a set, the noise is the same at all times.

    At each time the draws are distributed as those of `generate_each`, but quantiles of some hundred sets are as smooth
    in time as the solution. The observations at several times of one set have no meaning together.

    Arguments:
        model: the model.
        values: the drawn parameters by name, shape [sets, axes...].
        keys: one key for each set.

    Returns:
        The observations by name, shape [sets, times, axes...].
    """

    def one(given: tuple[dict[str, Array], Array]) -> dict[str, Array]:
        seen: list[Any] = []
        drawn = handlers.substitute(lambda: seen.append(model.priors()), data=given[0])
        handlers.seed(drawn, 0)()
        solution, _ = model.solution(seen[-1])
        return {name: own.drawn_alike(solution, seen[-1], given[1]) for name, own in model.observed.items()}

    return jax.lax.map(one, (dict(values), keys))
