"""Why a sampler cannot start at some points: which site of the model fails there, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpyro import handlers

from opjax.compile.arguments import refuse
from opjax.errors import OpjaxError, catalogue
from opjax.infer.model import SOLVED, NumpyroModel
from opjax.infer.observed import Observed
from opjax.infer.potential import Potential
from opjax.infer.programs import program_of
from opjax.infer.untyped import Array, jax, jnp
from opjax.solve.outcome import Outcome

SHOWN = 4
"""Kinds of failure that an error tells of."""


def no_start(potential: Potential, vectors: Sequence[np.ndarray]) -> OpjaxError:
    """The problem that no usable point was found, with the reasons and at how many points each was met.

    Arguments:
        potential: minus the log-density.
        vectors: the points.
    """
    look = program_of(_look, potential.model, jnp.asarray(vectors[0])).compile()
    reasons = Counter(_reason(jax.tree.map(np.asarray, look(jnp.asarray(vector)))) for vector in vectors)
    shown = [f"{reason} ({times} of {len(vectors)})" for reason, times in reasons.most_common(SHOWN)]
    span = next(iter(potential.model.system.states.values())).span
    hint = "look at the priors and bounds of what this depends on, or pass fixed={...}"
    return refuse(catalogue.NO_START, span, problem="; ".join(shown), hint=hint)


def _look(model: NumpyroModel, vector: Array) -> dict[str, Any]:
    """What there is to see at a point."""
    values = Potential(model).to_values(vector)
    seen: list[Any] = []
    substituted = handlers.substitute(lambda: seen.append(model()), data=values)
    trace: Any = handlers.trace(handlers.seed(substituted, 0)).get_trace()
    sites = {name: site for name, site in trace.items() if site["type"] == "sample" and name != SOLVED}
    solution = seen[-1]
    return {
        "code": solution.code,
        "alive": trace[SOLVED]["fn"].log_factor == 0,
        "densities": {name: jnp.sum(site["fn"].log_prob(site["value"])) for name, site in sites.items()},
        "arguments": {name: _flaws(own, own.arguments(solution, values)) for name, own in model.observed.items()},
    }


def _flaws(own: Observed, arguments: Mapping[str, Array]) -> dict[str, Array]:
    """For each argument of an observation, whether it has a value that it cannot have."""
    found: dict[str, Array] = {}
    for argument in own.record.arguments:
        if argument.name in arguments:
            value = arguments[argument.name]
            fine = jnp.isfinite(value)
            fine = fine & (value > 0) if argument.support == "positive" else fine
            fine = fine & (value >= 0) & (value <= 1) if argument.support == "unit" else fine
            found[argument.name] = ~jnp.all(fine)
    return found


def _reason(seen: Mapping[str, Any]) -> str:
    """The first thing that is wrong at a point, in words."""
    if seen["code"] != 0:
        return f"the solve fails: {tuple(Outcome)[int(seen['code'])].value}"
    if not seen["alive"]:
        return "a condition of the section 'require' does not hold"
    for name, flaws in seen["arguments"].items():
        wrong = [argument for argument, flaw in flaws.items() if flaw]
        if wrong:
            return f"the argument '{wrong[0]}' of '{name}' is not a number that it may be"
    for name, density in seen["densities"].items():
        if not np.isfinite(density):
            return f"the density of '{name}' is {'zero' if density == -np.inf else 'not finite'}"
    return "the gradient is not finite"
