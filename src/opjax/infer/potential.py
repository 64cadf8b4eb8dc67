"""The posterior as a function of one vector of unconstrained numbers, with its gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from numpyro import handlers
from numpyro.infer import util

from opjax.infer.model import NumpyroModel
from opjax.infer.untyped import Array, jax, jnp

TOOLS: Any = util


class Evaluation(NamedTuple):
    """The posterior at one point.

    Arguments:
        energy: minus the log-density of the unconstrained vector, up to a constant; infinite where it is zero.
        gradient: its gradient.
        code: how the solve ended.
        steps: how many steps it took.
    """

    energy: Array
    gradient: Array
    code: Array
    steps: Array


class Potential:
    """Minus the log-density of a model's posterior.

    The vector holds the drawn parameters in the order in which they are drawn, each transformed to the real line by
    NumPyro's bijection of its support.

    Arguments:
        model: the model, with data.
    """

    def __init__(self, model: NumpyroModel) -> None:
        self.model = model
        drawn = model.priors.drawn
        self.shapes: Mapping[str, tuple[int, ...]] = {n: drawn[n].shape for n in model.priors.order if n in drawn}
        self.size = sum(math.prod(shape) for shape in self.shapes.values())

    def unflatten(self, vector: Array) -> dict[str, Array]:
        """The unconstrained parameters by name."""
        found: dict[str, Array] = {}
        start = 0
        for name, shape in self.shapes.items():
            count = math.prod(shape)
            found[name] = vector[start : start + count].reshape(shape)
            start += count
        return found

    def flatten(self, values: Mapping[str, Array]) -> Array:
        """One vector of the unconstrained parameters."""
        parts = [jnp.reshape(values[name], -1) for name in self.shapes]
        return jnp.concatenate(parts) if parts else jnp.zeros(0)

    def __call__(self, vector: Array) -> Array:
        """Minus the log-density."""
        return TOOLS.potential_energy(self.model, (), {}, self.unflatten(vector))

    def with_solution(self, vector: Array) -> tuple[Array, tuple[Array, Array]]:
        """Minus the log-density, and how the solve ended with how many steps."""
        seen: list[Any] = []
        energy = TOOLS.potential_energy(lambda: seen.append(self.model()), (), {}, self.unflatten(vector))
        return energy, (seen[-1].code, seen[-1].steps)

    def evaluation(self, vector: Array) -> Evaluation:
        """The posterior at a vector."""
        (energy, (code, steps)), gradient = jax.value_and_grad(self.with_solution, has_aux=True)(vector)
        return Evaluation(energy, gradient, code, steps)

    def draw(self, key: Array) -> Array:
        """A vector drawn from the priors."""
        trace: Any = handlers.trace(handlers.seed(self.model.priors, key)).get_trace()
        values = {name: trace[name]["value"] for name in self.shapes}
        return self.to_vector(values)

    def to_vector(self, values: Mapping[str, Array]) -> Array:
        """The vector of values in the model's own units."""
        return self.flatten(TOOLS.unconstrain_fn(self.model.priors, (), {}, dict(values)))

    def to_values(self, vector: Array) -> dict[str, Array]:
        """The parameters in the model's own units, by name."""
        values = TOOLS.constrain_fn(self.model.priors, (), {}, self.unflatten(vector))
        return {name: values[name] for name in self.shapes}


def evaluation(model: NumpyroModel, vector: Array) -> Evaluation:
    """The posterior of a model at a vector."""
    return Potential(model).evaluation(vector)


def draws(model: NumpyroModel, keys: Array) -> Array:
    """Vectors drawn from the priors of a model, one for each key."""
    return jax.vmap(Potential(model).draw)(keys)
