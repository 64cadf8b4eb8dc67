"""Effective sample size and R-hat, after ranks.

Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021: "Rank-normalization, folding, and localization: an improved R-hat
for assessing convergence of MCMC", Bayesian Analysis 16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpyro import diagnostics

from opjax.infer.untyped import special

if TYPE_CHECKING:
    from jaxtyping import Float

NUMPYRO: Any = diagnostics


def bulk_ess(draws: Float[np.ndarray, "chains draws"]) -> float:
    """The effective number of draws for the bulk of a distribution.

    Arguments:
        draws: shape [chains, draws].

    Returns:
        The number; nan if there are fewer than four draws, or all are equal.
    """
    if not _varied(draws):
        return float("nan")
    with np.errstate(all="ignore"):
        return float(NUMPYRO.effective_sample_size(_normal_scores(_split(draws))))


def r_hat(draws: Float[np.ndarray, "chains draws"]) -> float:
    """How much the chains (and their halves) differ, in location or in spread; near 1 if they do not.

    Arguments:
        draws: shape [chains, draws].

    Returns:
        The larger of the two; nan if there are fewer than four draws, or all are equal.
    """
    if not _varied(draws):
        return float("nan")
    folded = np.abs(draws - np.median(draws))
    with np.errstate(all="ignore"):
        both = [NUMPYRO.gelman_rubin(_normal_scores(_split(own))) for own in (draws, folded)]
    return float(np.max(both))


def _varied(draws: Float[np.ndarray, "chains draws"]) -> bool:
    return draws.shape[1] > 3 and bool(np.isfinite(draws).all()) and float(np.ptp(draws)) > 0


def _split(draws: Float[np.ndarray, "chains draws"]) -> np.ndarray:
    """Each chain as two; of an odd number of draws the middle one is left out."""
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _normal_scores(draws: Float[np.ndarray, "chains draws"]) -> np.ndarray:
    """The ranks of the draws as quantiles of a normal distribution; equal draws share their mean rank."""
    _, place, counts = np.unique(draws.ravel(), return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    scores = (ranks[place] - 0.375) / (draws.size + 0.25)
    return np.asarray(special.ndtri(scores)).reshape(draws.shape)
