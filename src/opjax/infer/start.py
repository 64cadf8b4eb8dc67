"""Where chains start: points at which the posterior and its gradient are finite, found among draws from the priors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from opjax.infer.potential import Evaluation, Potential
from opjax.infer.reasons import no_start
from opjax.infer.sampler import cores
from opjax.infer.untyped import Array, jax, jnp

TRIED = 64
"""Draws from the priors that are looked at, and as many again while none of them will do."""
MOST = 512


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A point that was tried."""

    vector: np.ndarray
    found: Evaluation

    @property
    def usable(self) -> bool:
        """Whether a chain can start here: value and gradient are finite."""
        return bool(np.isfinite(self.found.energy)) and bool(np.isfinite(self.found.gradient).all())

    @property
    def solved(self) -> bool:
        """Whether the solve succeeded."""
        return int(self.found.code) == 0


@dataclass(frozen=True, slots=True, eq=False)
class Starts:
    """The points to start from.

    Arguments:
        chosen: one point for each chain.
        tried: how many points were looked at.
        failed: at how many of them the solve failed.
    """

    chosen: list[Candidate]
    tried: int
    failed: int


Evaluate = Callable[[Array], Evaluation]
"""The compiled `Potential.evaluation`."""


def find_starts(
    potential: Potential, evaluate: Evaluate, count: int, points: Points, known: Sequence[Candidate] = ()
) -> Starts:
    """Points to start from: of those that were drawn from the priors, the ones with the highest posterior density.

    Arguments:
        potential: minus the log-density.
        evaluate: the same, compiled, with its gradient.
        count: how many are wanted.
        points: from the priors.
        known: those that were looked at already.

    Raises:
        OpjaxError: E0907 if there is no usable point; it says at which sites the points fail.
    """
    tried = list(known)
    while len(tried) < MOST and sum(c.usable for c in tried) < count:
        tried.extend(evaluated(evaluate, points.batch(len(tried))))
    usable = sorted((c for c in tried if c.usable), key=lambda c: float(c.found.energy))
    if not usable:
        raise no_start(potential, [c.vector for c in tried[:TRIED]])
    chosen = [usable[place % len(usable)] for place in range(count)]
    return Starts(chosen, len(tried), sum(not c.solved for c in tried))


@dataclass(slots=True, eq=False)
class Points:
    """Points from the priors, in batches.

    Arguments:
        draws: the compiled program that draws `TRIED` vectors, given keys; waited for when it is needed.
        key: where the keys come from.
    """

    draws: Future[Callable[[Array], Array]]
    key: Array

    def batch(self, place: int) -> np.ndarray:
        """Some points; the first batch begins with the middle of the others, which is finite where tails are not.

        Arguments:
            place: how many points came before.
        """
        keys = jax.random.split(jax.random.fold_in(self.key, place), TRIED)
        points = np.asarray(self.draws.result()(keys))
        return points if place else np.concatenate([np.median(points, axis=0)[None], points])


def evaluated(evaluate: Evaluate, vectors: np.ndarray) -> list[Candidate]:
    """The posterior at some points."""

    def one(vector: np.ndarray, given: Array) -> Candidate:
        return Candidate(vector, jax.tree.map(np.asarray, evaluate(given)))

    # made into arrays of JAX here: the precision may be a setting of this thread only
    given = [jnp.asarray(vector) for vector in vectors]
    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(one, vectors, given))


def is_hard(tried: Sequence[Candidate], steps: int) -> bool:
    """Whether an explicit solver takes more steps than these at half of the points, or does not arrive."""
    return float(np.median([int(c.found.steps) if c.solved else np.inf for c in tried])) > steps
