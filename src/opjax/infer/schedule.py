"""When a model is solved and observed: the times to solve at, and where in them each observation lies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from opjax.compile.arguments import refuse
from opjax.errors import catalogue
from opjax.ir.system import Observation, System
from opjax.solve.augment import flows_in
from opjax.solve.wanted import want_between

NEAR = 1e-9
"""Times closer than this, relative to the whole span, are one."""


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """The times of one observation.

    Arguments:
        times: shape [times].
        at: for each, its place among the times of the solve.
        since: for each, the place where its incidence begins, -1 for the start of the solve; None where the observation
            depends on no incidence, or simply on what has flowed since the time of the solve before.
    """

    times: np.ndarray
    at: np.ndarray
    since: np.ndarray | None


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The times of a solve and of its observations.

    Arguments:
        start: the time of the initial values.
        times: the times to solve at, increasing, none before the start.
        visits: by observation.
    """

    start: float
    times: np.ndarray
    visits: Mapping[str, Visit]


def uses_incidence(observation: Observation) -> bool:
    """Whether an observation depends on what has flowed through a transition since the one before."""
    return bool(flows_in(observation.distribution.arguments.values()))


def schedule(system: System, times: Mapping[str, np.ndarray], t0: float | None = None) -> Schedule:
    """The schedule of a model's observations.

    An incidence is what has flowed in the time ``every`` before the observation, where the model says ``every``;
    otherwise since the observation before, the first time since the start.

    Arguments:
        system: the model.
        times: for each observation its times, increasing.
        t0: the time of the initial values. None: the model's own start, if it says one (``time: day from 0``); else
            the first time of all, or the time ``every`` before it where an incidence with ``every`` is observed then.

    Raises:
        OpjaxError: E0901 if the start lies behind an observation, or where an incidence begins.
    """
    begins = {name: _begins(system.observations[name], own) for name, own in times.items()}
    earliest = min(float(t[0]) for t in (*times.values(), *(b for b in begins.values() if b is not None)))
    said = system.start if t0 is None else want_between("t0", t0, -math.inf, math.inf, "a number")
    start = earliest if said is None else said
    for name, own in times.items():
        _check_start(name, own, begins[name], start)
    merged = _merged([*times.values(), *(b for b in begins.values() if b is not None)], start)
    saved = merged if merged[0] > start or _seen(times.values(), start) else merged[1:]
    visits = {name: _visit(system.observations[name], saved, own, begins[name]) for name, own in times.items()}
    return Schedule(start, saved, visits)


def _begins(observation: Observation, times: np.ndarray) -> np.ndarray | None:
    """Where each incidence begins, if the model says how long it lasts."""
    return times - observation.every if observation.every is not None and uses_incidence(observation) else None


def _check_start(name: str, times: np.ndarray, begins: np.ndarray | None, start: float) -> None:
    first = float(times[0] if begins is None else begins[0])
    if first < start - NEAR * max(1.0, abs(start)):
        what = "is observed" if begins is None else "counts from"
        problem = f"begin too early: '{name}' {what} {first:g}, before the start t0 = {start:g}"
        raise refuse(catalogue.BAD_TIMES, problem=problem, hint=f"say t0={first:g} or less")


def _merged(groups: Iterable[np.ndarray], start: float) -> np.ndarray:
    """All times, increasing; of those that differ by rounding only, the first, and nothing before the start."""
    together = np.sort(np.concatenate(list(groups)))
    together = np.maximum(together, start)
    gap = NEAR * max(float(together[-1] - together[0]), 1e-300)
    return together[np.concatenate([[True], np.diff(together) > gap])]


def _seen(groups: Iterable[np.ndarray], start: float) -> bool:
    """Whether anything is observed at the start."""
    return any(abs(float(own[0]) - start) <= NEAR * max(1.0, abs(start)) for own in groups)


def _visit(observation: Observation, saved: np.ndarray, times: np.ndarray, begins: np.ndarray | None) -> Visit:
    at = _places(saved, times)
    if not uses_incidence(observation):
        return Visit(times, at, None)
    since = np.concatenate([[-1], at[:-1]]) if begins is None else _places(saved, begins)
    simple = np.array_equal(since, at - 1)
    return Visit(times, at, None if simple else since)


def _places(saved: np.ndarray, times: np.ndarray) -> np.ndarray:
    """For each time its place in the saved ones; -1 for the start, which need not be saved."""
    gap = NEAR * max(float(saved[-1] - saved[0]), 1.0)
    return np.searchsorted(saved, times + gap, side="right") - 1
