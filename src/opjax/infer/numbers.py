"""The numbers of a fit, apart from its form: models of one form share compiled programs, which are given the numbers.

The form is what a program is compiled for: the model by its content, which observations there are and where their times
lie among those of the solve, which parameters are fixed, how to solve. The numbers are data, times, and fixed values.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np

from opjax.infer.model import NumpyroModel
from opjax.infer.observed import Observed
from opjax.infer.untyped import Array, jax, jnp


class Numbers(NamedTuple):
    """The numbers of a model, as arrays of JAX.

    Arguments:
        fixed: values of fixed parameters and tables of inputs, by name.
        history: states before the start.
        start: the time of the initial values.
        times: the times of the solve.
        values: the data, by observation.
        present: where there are data, by observation; only for those that have gaps.
    """

    fixed: Mapping[str, Any]
    history: Mapping[str, Any]
    start: Array
    times: Array
    values: Mapping[str, Array]
    present: Mapping[str, Array]


def numbers_of(model: NumpyroModel) -> Numbers:
    """The numbers of a model, in the precision that JAX computes in."""
    observed = {name: own for name, own in model.observed.items() if own.series is not None}
    return Numbers(
        fixed=jax.tree.map(_placed, dict(model.fixed)),
        history=jax.tree.map(_placed, dict(model.history)),
        start=jnp.asarray(model.when.start, float),
        times=jnp.asarray(model.when.times, float),
        values={name: own.data for name, own in observed.items()},
        present={name: jnp.asarray(own.series.present) for name, own in observed.items() if own.series and own.gaps},
    )


def _placed(value: Array) -> Array:
    """A number where JAX computes; a program is compiled for the place of what it is given."""
    return jnp.asarray(np.asarray(value))


def with_numbers(model: NumpyroModel, numbers: Numbers) -> NumpyroModel:
    """The model with other numbers, which may be traced."""
    found, priors = copy.copy(model), copy.copy(model.priors)
    found.fixed = priors.fixed = numbers.fixed
    found.history, found.priors = numbers.history, priors
    found.when = dataclasses.replace(model.when, start=numbers.start, times=numbers.times)
    found.observed = {name: _with_data(own, numbers) for name, own in model.observed.items()}
    return found


def _with_data(own: Observed, numbers: Numbers) -> Observed:
    if own.series is None:
        return own
    name, found = own.series.name, copy.copy(own)
    present = numbers.present.get(name, own.series.present)
    found.series = dataclasses.replace(own.series, values=numbers.values[name], present=present)
    return found


def form_of(model: NumpyroModel) -> Hashable:
    """All that the numbers leave open; models with equal forms, given the same numbers, compute the same."""
    visits = tuple((name, _form_of_visit(own)) for name, own in model.observed.items())
    return model.problem.identity, model.settings, tuple(sorted(model.fixed)), visits


def _form_of_visit(own: Observed) -> Hashable:
    at, since = own.visit.at, own.visit.since
    return own.shape, at.tobytes(), None if since is None else since.tobytes(), own.series is None, own.gaps
