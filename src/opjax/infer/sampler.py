"""NUTS: one compiled program for warm-up and sampling alike, run by one thread for each chain.

NumPyro's kernel does the sampling; what is ours is the loop round it. A chain is a function of its own starting point
and key, so its draws do not depend on how many threads or chains run beside it, nor on whether progress is shown. The
threads run machine code only: all tracing is done before they start.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpyro.infer import NUTS
from numpyro.infer.util import ParamInfo

from opjax.infer.model import NumpyroModel
from opjax.infer.potential import Potential
from opjax.infer.programs import Program, program_of
from opjax.infer.untyped import Array, jax, jnp

CAPACITY = 100
"""The most transitions in one call of the compiled program."""
PATIENCE = 0.2
"""Seconds that one call should take, so that progress moves and an interruption is heard."""
Kernel: Any = NUTS
Point: Any = ParamInfo


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample.

    Arguments:
        num_warmup: transitions that adapt step size and mass matrix, and are not kept.
        num_samples: draws that are kept, of each chain.
        num_chains: independent chains.
        seed: the same seed gives the same draws.
        chain_method: "parallel" (a thread for each core), "sequential", "vectorized" (all chains in one program: for
            accelerators), or "auto".
        target_accept: the mean acceptance probability that the step size is adapted to.
        max_tree_depth: at most 2**this leapfrog steps in one transition.
        dense_mass: whether to adapt a full mass matrix instead of a diagonal one.
    """

    num_warmup: int = 1000
    num_samples: int = 1000
    num_chains: int = 4
    seed: int = 0
    chain_method: str = "auto"
    target_accept: float = 0.8
    max_tree_depth: int = 10
    dense_mass: bool = False

    @property
    def method(self) -> str:
        """The chain method, chosen where it is "auto"."""
        if self.chain_method != "auto":
            return self.chain_method
        return "parallel" if jax.default_backend() == "cpu" else "vectorized"

    @property
    def form(self) -> Sampling:
        """The same, without what compiled programs do not depend on."""
        chains = self.num_chains if self.method == "vectorized" else 1
        return dataclasses.replace(self, num_samples=1, num_chains=chains, seed=0, chain_method=self.method)

    @property
    def total(self) -> int:
        """All transitions of a chain."""
        return self.num_warmup + self.num_samples


class Kept(NamedTuple):
    """What is kept of each transition; arrays begin with the dimensions of chains and draws.

    Arguments:
        vector: the unconstrained parameters, shape [..., size].
        energy: minus the log-density.
        diverging: whether the trajectory was cut short: the energy was wrong by more than 1000, or infinite because the
            solve failed.
        steps: how many leapfrog steps were tried.
        accept: the mean acceptance probability.
        step_size: the size of the leapfrog steps.
    """

    vector: Array
    energy: Array
    diverging: Array
    steps: Array
    accept: Array
    step_size: Array


Report = Callable[[int, int, int], None]
"""Is told: the chain, its finished transitions, its divergences after warm-up."""


@dataclass(frozen=True, slots=True, eq=False)
class Nuts:
    """NUTS on a model's posterior.

    Arguments:
        model: the model, with data.
        sampling: how to sample.
    """

    model: NumpyroModel
    sampling: Sampling

    def lowered(self) -> tuple[Program, Program]:
        """Both programs, traced and not yet compiled: `begin` for one chain, `transitions` for one chain or for all."""
        form = self.sampling.form
        begin = program_of(_begin, None, *_beginning(Potential(self.model).size), static=form)
        state = begin.shapes
        if form.method == "vectorized":
            state = jax.eval_shape(_together, [state] * form.num_chains)
        count = jax.ShapeDtypeStruct((), jnp.int32)
        return begin, program_of(_transitions, self.model, state, count, static=form)


def _beginning(size: int) -> tuple[Array, Array, Array, Array]:
    """What a chain begins with: a key, a point, and the energy and gradient there; of the right shapes."""
    vector = jnp.zeros(size)
    return jax.random.key(0), vector, jnp.zeros(()), vector


def _kernel(potential: Callable[[Array], Array], sampling: Sampling) -> Any:
    return Kernel(
        potential_fn=potential,
        target_accept_prob=sampling.target_accept,
        max_tree_depth=sampling.max_tree_depth,
        dense_mass=sampling.dense_mass,
    )


def _begun(kernel: Any, sampling: Sampling, key: Array, *found: Array) -> Any:
    return kernel.init(key, sampling.num_warmup, init_params=Point(*found))


def _begin(sampling: Sampling, key: Array, *found: Array) -> Any:
    """The state of a chain that starts at a point with this energy and gradient, of any model."""
    return _begun(_kernel(_not_called, sampling), sampling, key, *found)


def _not_called(vector: Array) -> Array:
    raise AssertionError("the energy of the first point is known")


def _transitions(sampling: Sampling, model: NumpyroModel, state: Any, count: Array) -> tuple[Any, Kept]:
    """Some transitions of one chain; of all chains, where they are one program.

    Arguments:
        sampling: how to sample.
        model: the model.
        state: the state.
        count: how many, at most `CAPACITY`.

    Returns:
        The new state; and what is kept of each transition, with room for `CAPACITY`.
    """
    potential = Potential(model)
    kernel = _kernel(potential, sampling)
    ready = functools.partial(_begun, kernel, sampling)
    jax.eval_shape(ready, *_beginning(potential.size))  # which tells the kernel how to sample
    moved = functools.partial(_moved, kernel)
    return (jax.vmap(moved, in_axes=(0, None)) if sampling.method == "vectorized" else moved)(state, count)


def _moved(kernel: Any, state: Any, count: Array) -> tuple[Any, Kept]:
    room = Kept(*(jnp.zeros((CAPACITY, *leaf.shape), leaf.dtype) for leaf in _kept(state)))

    def step(place: Array, carried: tuple[Any, Kept]) -> tuple[Any, Kept]:
        now = kernel.sample(carried[0], (), {})
        pairs = zip(carried[1], _kept(now), strict=True)
        return now, Kept(*(kept.at[place].set(one) for kept, one in pairs))

    return jax.lax.fori_loop(0, count, step, (state, room))


def _kept(state: Any) -> Kept:
    """What is kept of a chain's state."""
    return Kept(
        state.z,
        state.potential_energy,
        state.diverging,
        state.num_steps,
        state.accept_prob,
        state.adapt_state.step_size,
    )


def _together(states: Sequence[Any]) -> Any:
    """The states of all chains as one."""

    def stacked(*leaves: Array) -> Array:
        return jnp.stack(leaves)

    return jax.tree.map(stacked, *states)


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_chains(transitions: Any, states: Sequence[Any], sampling: Sampling, report: Report) -> Kept:
    """Run all chains to their ends.

    Arguments:
        transitions: the compiled program.
        states: the state of each chain.
        sampling: how to sample.
        report: is told how far the chains are, in the calling thread.

    Returns:
        All transitions, warm-up included, as NumPy arrays of shape [chains, transitions, ...].
    """
    if sampling.method == "vectorized":
        together = _together(states)
        runner = _Runner(transitions, sampling, queue.SimpleQueue(), lead=1)

        def tell(_: int, done: int, divergences: int) -> None:
            for chain in range(len(states)):
                report(chain, done, divergences if chain == 0 else 0)

        return _waited([lambda: runner.run(0, together)], runner, 1, tell)[0]
    threads = 1 if sampling.method == "sequential" else min(cores(), len(states))
    runner = _Runner(transitions, sampling, queue.SimpleQueue(), lead=0)
    tasks = [_task(runner, chain, state) for chain, state in enumerate(states)]
    chains = _waited(tasks, runner, threads, report)
    return Kept(*(np.stack(leaves) for leaves in zip(*chains, strict=True)))


def _task(runner: _Runner, chain: int, state: Any) -> Callable[[], Kept]:
    return lambda: runner.run(chain, state)


def _waited(tasks: Sequence[Callable[[], Kept]], runner: _Runner, threads: int, report: Report) -> list[Kept]:
    """Run the tasks in threads, and report from this one, until all are done or one fails."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: list[Future[Kept]] = [pool.submit(task) for task in tasks]
        try:
            while not all(task.done() for task in waiting):
                _report_next(runner, report)
            while not runner.news.empty():
                _report_next(runner, report)
        finally:
            runner.stop.set()  # also when this thread is interrupted: the others end after their next call
    return [task.result() for task in waiting]


def _report_next(runner: _Runner, report: Report) -> None:
    try:
        news = runner.news.get(timeout=PATIENCE)
    except queue.Empty:
        return
    report(*news)


class _Runner:
    """Runs one chain (or all as one) call by call, and leaves news in a queue."""

    def __init__(self, transitions: Any, sampling: Sampling, news: Any, lead: int) -> None:
        self.transitions = transitions
        self.sampling = sampling
        self.news: queue.SimpleQueue[tuple[int, int, int]] = news
        self.lead = lead
        self.stop = threading.Event()

    def run(self, chain: int, state: Any) -> Kept:
        """All transitions of a chain."""
        parts: list[Kept] = []
        done, count, divergences = 0, 1, 0
        while done < self.sampling.total and not self.stop.is_set():
            left = self.sampling.num_warmup - done if done < self.sampling.num_warmup else self.sampling.total - done
            count = min(count, CAPACITY, left)
            started = time.perf_counter()
            state, kept = self.transitions(state, np.int32(count))
            part = Kept(*(self._filled(leaf, count) for leaf in kept))
            parts.append(part)
            done += count
            divergences += int(part.diverging.sum()) if done > self.sampling.num_warmup else 0
            self.news.put((chain, done, divergences))
            seconds = max(time.perf_counter() - started, 1e-6)
            count = max(1, int(count * min(4.0, PATIENCE / seconds)))
        return Kept(*(np.concatenate(leaves, axis=self.lead) for leaves in zip(*parts, strict=True)))

    def _filled(self, leaf: Array, count: int) -> np.ndarray:
        """The part of what is kept that was filled in this call."""
        return np.asarray(leaf)[:, :count] if self.lead else np.asarray(leaf)[:count]
