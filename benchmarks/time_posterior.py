"""What does a posterior cost: time per leapfrog step, and what every run pays besides (mostly compilation)?

The lynx-hare posterior with NUTS, one chain, 64-bit numbers. The hand-written model is the one that the documentation
of NumPyro and diffrax leads to; "forward mode" is the same with `ForwardMode()` in the solve and in NUTS. Time per step
is the slope between two run lengths, so that compilation drops out; what is left of the longer run is "besides". Both
are processor seconds, which other work on the machine disturbs less; the whole run is seconds on the clock.
Compare effective samples only after comparing these: all candidates sample the same posterior with the same sampler.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpyro.diagnostics import summary
from numpyro.infer import MCMC, NUTS

import by_hand
import harness
import opjax

MODEL = by_hand.EXAMPLES / "lynx_hare.ojx"
DATA = by_hand.EXAMPLES / "lynx_hare.csv"
WARMUP = 500
SHORT, LONG = 200, 1000


def data() -> tuple[np.ndarray, np.ndarray]:
    """Years, shape (21,), and pelts of hares and lynxes, shape (21, 2)."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]
    table = np.array(rows)
    return table[:, 0], table[:, 1:]


@dataclass(frozen=True)
class Posterior:
    """A NumPyro model with its arguments, and how NUTS is set up for it."""

    model: Callable[..., None]
    arguments: dict[str, Any] = field(default_factory=dict)
    sampler: dict[str, Any] = field(default_factory=dict)


def written_by_hand(adjoint: diffrax.AbstractAdjoint, sampler: dict[str, Any]) -> Posterior:
    """The model as a person writes it, with the tolerances of the Stan case study (1e-6 relative, 1e-5 absolute)."""
    years, pelts = data()

    def lynx_hare(years: jax.Array, pelts: jax.Array) -> None:
        rates = numpyro.sample(
            "theta",
            dist.TruncatedNormal(
                jnp.array([1.0, 0.05, 1.0, 0.05]), jnp.array([0.5, 0.05, 0.5, 0.05]), low=0.0
            ).to_event(1),
        )
        start = numpyro.sample("z_init", dist.LogNormal(jnp.log(10.0), 1.0).expand([2]).to_event(1))
        sigma = numpyro.sample("sigma", dist.LogNormal(-1.0, 1.0).expand([2]).to_event(1))
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(by_hand.lynx_hare_jax),
            diffrax.Tsit5(),
            t0=years[0],
            t1=years[-1],
            dt0=None,
            y0=start,
            args=dict(zip(("alpha", "beta", "gamma", "delta"), rates, strict=True)),
            saveat=diffrax.SaveAt(ts=years),
            stepsize_controller=diffrax.PIDController(rtol=1e-6, atol=1e-5),
            adjoint=adjoint,
            max_steps=2048,
            throw=False,
        )
        solved = solution.result == diffrax.RESULTS.successful
        states = jnp.where(solved & (solution.ys > 0), solution.ys, jnp.nan)
        numpyro.sample("pelts", dist.LogNormal(jnp.log(states), sigma).to_event(2), obs=pelts)

    return Posterior(lynx_hare, {"years": jnp.asarray(years), "pelts": jnp.asarray(pelts)}, sampler)


def written_as_text() -> Posterior:
    """The model file through opjax, as an ordinary NumPyro model."""
    model = opjax.load(MODEL)
    years, pelts = data()
    observed = {"time": years, "hare_pelts": pelts[:, 0], "lynx_pelts": pelts[:, 1]}
    return Posterior(model.numpyro_model(observed), {}, {})


@dataclass(frozen=True)
class Run:
    """One finished run: processor seconds, seconds on the clock, leapfrog steps after the warm-up, smallest ESS."""

    processor: float
    clock: float
    steps: int
    effective: float


def sample(posterior: Posterior, samples: int) -> Run:
    """A fresh run, with its compilation."""
    kernel = NUTS(posterior.model, **posterior.sampler)
    mcmc = MCMC(kernel, num_warmup=WARMUP, num_samples=samples, progress_bar=False)
    clock, processor = time.perf_counter(), time.process_time()
    mcmc.run(jax.random.key(0), extra_fields=("num_steps",), **posterior.arguments)
    jax.block_until_ready(mcmc.get_samples())
    processor, clock = time.process_time() - processor, time.perf_counter() - clock
    sites = summary(mcmc.get_samples(group_by_chain=True)).values()
    effective = min(float(np.min(site["n_eff"])) for site in sites)
    return Run(processor, clock, int(mcmc.get_extra_fields()["num_steps"].sum()), effective)


def warmup_steps(posterior: Posterior) -> int:
    """Leapfrog steps of the warm-up, counted in a run of its own."""
    mcmc = MCMC(NUTS(posterior.model, **posterior.sampler), num_warmup=WARMUP, num_samples=1, progress_bar=False)
    key = jax.random.key(0)
    mcmc.warmup(key, extra_fields=("num_steps",), collect_warmup=True, **posterior.arguments)
    return int(mcmc.get_extra_fields()["num_steps"].sum())


def row(name: str, posterior: Posterior, turns: int) -> list[str]:
    """One line of the table."""
    in_warmup = warmup_steps(posterior)  # also the first run of the process, which pays for what all runs share
    pairs = [(sample(posterior, SHORT), sample(posterior, LONG)) for _ in range(turns)]
    slope = float(np.median([(b.processor - a.processor) / (b.steps - a.steps) for a, b in pairs]))
    longer = [b for _, b in pairs]
    besides = float(np.median([run.processor - slope * (run.steps + in_warmup) for run in longer]))
    clock = float(np.median([run.clock for run in longer]))
    steps, effective = longer[0].steps, longer[0].effective
    return [name, harness.microseconds(slope), f"{besides:.1f}", f"{clock:.1f}", str(steps), f"{effective:.0f}"]


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    turns = 1 if page.quick else 3
    with jax.enable_x64(True):
        candidates = {
            "opjax": written_as_text(),
            "by hand": written_by_hand(diffrax.RecursiveCheckpointAdjoint(), {}),
            "by hand, forward mode": written_by_hand(diffrax.ForwardMode(), {"forward_mode_differentiation": True}),
        }
        rows = [row(name, posterior, turns) for name, posterior in candidates.items()]
    whole = f"{WARMUP} + {LONG}: seconds"
    columns = ["model", "us per leapfrog", "besides, s", whole, "leapfrogs", "smallest ESS"]
    page.table("", columns, rows)
    page.finish()


if __name__ == "__main__":
    main()
