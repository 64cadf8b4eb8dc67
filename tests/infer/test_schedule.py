"""When a model is solved and observed."""

from __future__ import annotations

import numpy as np
import pytest

import opjax
from infer.models import DECAY, GROUPS
from opjax.errors import OpjaxError
from opjax.infer.schedule import schedule

FLOW = DECAY.replace("x -> 0 @ k", "out: x -> 0 @ k").replace("loc=x", "loc=incidence(out)")
SYSTEM = opjax.loads(DECAY).system
SINCE = opjax.loads(FLOW).system
EVERY = opjax.loads(FLOW.replace("scale=sigma)", "scale=sigma) every 7")).system


def times(*values: float) -> dict[str, np.ndarray]:
    return {"y": np.array(values)}


def test_a_solve_starts_at_the_first_observation() -> None:
    found = schedule(SYSTEM, times(1.0, 3.0))
    assert found.start == 1.0
    assert found.times.tolist() == [1.0, 3.0]
    assert found.visits["y"].at.tolist() == [0, 1]


def test_or_where_it_is_told_to() -> None:
    found = schedule(SYSTEM, times(1.0, 3.0), -2.0)
    assert found.start == -2.0
    assert found.times.tolist() == [1.0, 3.0]


def test_or_where_the_model_says() -> None:
    system = opjax.loads(FLOW.replace("time: day origin", "time: day from -1 origin")).system
    assert schedule(system, times(1.0, 3.0)).start == -1.0
    assert schedule(system, times(1.0, 3.0), 0.5).start == 0.5
    with pytest.raises(OpjaxError, match="before the start t0 = -1") as caught:
        schedule(system, times(-2.0, 3.0))
    assert caught.value.diagnostics[0].hint == "say t0=-2 or less"


def test_an_incidence_with_every_begins_that_much_before_the_first_observation() -> None:
    found = schedule(EVERY, times(7.0, 14.0))
    assert found.start == 0.0
    assert found.times.tolist() == [7.0, 14.0]
    assert found.visits["y"].since is None  # simply since the time before


def test_an_incidence_with_every_lasts_that_long_across_a_gap_too() -> None:
    found = schedule(EVERY, times(7.0, 21.0))
    assert found.times.tolist() == [7.0, 14.0, 21.0]
    assert found.visits["y"].at.tolist() == [0, 2]
    assert found.visits["y"].since is None


def test_windows_may_overlap() -> None:
    found = schedule(EVERY, times(7.0, 10.0))
    assert found.times.tolist() == [3.0, 7.0, 10.0]
    since = found.visits["y"].since
    assert since is not None
    assert since.tolist() == [-1, 0]


def test_an_incidence_without_every_counts_since_the_observation_before() -> None:
    found = schedule(SINCE, times(2.0, 5.0), 0.0)
    assert found.visits["y"].since is None


def test_two_observations_at_different_times_share_a_solve() -> None:
    system = opjax.loads(GROUPS).system
    found = schedule(system, {"cases": np.array([1.0, 3.0]), "positive": np.array([0.5, 3.0])})
    assert found.start == 0.0
    assert found.times.tolist() == [0.5, 1.0, 2.0, 3.0]
    assert found.visits["cases"].at.tolist() == [1, 3]
    assert found.visits["positive"].at.tolist() == [0, 3]
    since = found.visits["cases"].since
    assert since is not None
    assert since.tolist() == [-1, 2]


def test_times_that_differ_by_rounding_are_one() -> None:
    weekly = 0.1 * np.arange(1, 30)
    tenth = opjax.loads(FLOW.replace("scale=sigma)", "scale=sigma) every 0.1")).system
    found = schedule(tenth, {"y": weekly})
    assert len(found.times) == len(weekly)
    assert found.visits["y"].since is None


@pytest.mark.parametrize(("system", "t0"), [(SYSTEM, 2.0), (EVERY, -5.0)])
def test_a_start_behind_what_is_observed_is_refused(system: opjax.ir.system.System, t0: float) -> None:
    with pytest.raises(OpjaxError, match=r"E0901: the times begin too early: 'y' .*, before the start t0 = "):
        schedule(system, times(1.0, 3.0), t0)
