"""Where chains start: points at which the posterior and its gradient are finite, found among draws from the priors."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from opjax.infer.potential import Evaluation, Potential
from opjax.infer.reasons import no_start
from opjax.infer.sampler import cores
from opjax.infer.untyped import jax

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
        steps: how many steps the solves took in the middle.
    """

    chosen: list[Candidate]
    tried: int
    failed: int
    steps: float


def find_starts(potential: Potential, count: int, vectors: Iterator[np.ndarray]) -> Starts:
    """Points to start from: of those that were drawn from the priors, the ones with the highest posterior density.

    Arguments:
        potential: minus the log-density.
        count: how many are wanted.
        vectors: batches of points from the priors, shape [points, size].

    Raises:
        OpjaxError: E0907 if there is no usable point; it says at which sites the points fail.
    """
    tried: list[Candidate] = []
    while len(tried) < MOST:
        tried.extend(_evaluated(potential, next(vectors)))
        if sum(c.usable for c in tried) >= count:
            break
    usable = sorted((c for c in tried if c.usable), key=lambda c: float(c.found.energy))
    if not usable:
        raise no_start(potential, [c.vector for c in tried[:TRIED]])
    chosen = [usable[place % len(usable)] for place in range(count)]
    failed = sum(not c.solved for c in tried)
    return Starts(chosen, len(tried), failed, float(np.median([int(c.found.steps) for c in tried])))


def batches(potential: Potential, draws: Any, seed: int) -> Iterator[np.ndarray]:
    """Points from the priors, in batches; the first one has the middle of all, which is finite where tails are not.

    Arguments:
        potential: knows the parameters.
        draws: the compiled program that draws `TRIED` vectors, given keys.
        seed: where the keys come from.
    """
    for place in range(MOST):
        key = jax.random.fold_in(jax.random.key(seed), place)
        points = np.asarray(draws(jax.random.split(key, TRIED)))
        yield points if place else np.concatenate([np.median(points, axis=0)[None], points])


def _evaluated(potential: Potential, vectors: np.ndarray) -> list[Candidate]:
    compiled = potential.evaluate

    def one(vector: np.ndarray) -> Candidate:
        return Candidate(vector, jax.tree.map(np.asarray, compiled(vector)))

    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(one, vectors))
