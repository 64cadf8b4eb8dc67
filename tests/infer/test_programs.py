"""What compiled programs of fits are shared by, and what they are given; `test_fit.py` has whole fits."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from compilations import compilations
from infer.models import DECAY, GROUPS
from opjax.infer.model import NumpyroModel
from opjax.infer.numbers import form_of
from opjax.infer.programs import MOST, PROGRAMS, program_of
from opjax.infer.sampler import Sampling

AT = np.arange(0.0, 6.0)
Y = np.array([1.08, 0.71, 0.35, 0.25, 0.19, 0.02])
SLOWER = Y**0.5


@pytest.fixture(scope="module", autouse=True)
def double() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def decay(text: str = DECAY, y: np.ndarray = Y, at: np.ndarray = AT, **options: Any) -> NumpyroModel:
    return opjax.loads(text).numpyro_model({"time": at, "y": y}, **options)


SAME: list[dict[str, Any]] = [
    {"text": "# a comment\n" + DECAY},
    {"y": SLOWER},
    {"at": AT * 2},
    {"t0": -1.0},
]
OTHERS: list[dict[str, Any]] = [
    {"text": DECAY.replace("scale=0.5", "scale=0.6")},
    {"text": DECAY.replace("HalfNormal(0.5)", "HalfNormal(0.4)")},
    {"text": DECAY.replace("@ k", "@ 2*k")},
    {"text": DECAY + "  require:\n    k < 9\n"},
    {"fixed": {"k": 0.5}},
    {"fixed": {"sigma": 0.5}},
    {"rtol": 1e-5},
    {"solver": "stiff"},
    {"adjoint": "checkpoint"},
    {"y": Y[:5], "at": AT[:5]},
]


@pytest.mark.parametrize("change", SAME)
def test_numbers_are_no_part_of_the_form(change: dict[str, Any]) -> None:
    assert form_of(decay(**change)) == form_of(decay())


def test_all_else_is_part_of_the_form() -> None:
    forms = [form_of(decay()), *(form_of(decay(**change)) for change in OTHERS)]
    assert len(set(forms)) == len(forms)
    assert form_of(decay(fixed={"k": 0.5})) == form_of(decay(fixed={"k": 0.6}))


def groups(empty: int | None = None) -> NumpyroModel:
    cases = np.arange(16.0).reshape(4, 2, 2)
    cases.flat[[] if empty is None else [empty]] = np.nan
    data = {"time": np.arange(4.0), "cases": cases, "positive": np.ones((4, 2)), "tested": [90.0, 80.0]}
    return opjax.loads(GROUPS).numpyro_model(data, t0=-1.0)


def test_gaps_are_numbers_but_not_whether_there_are_any() -> None:
    assert form_of(groups(3)) == form_of(groups(9)) != form_of(groups())
    for empty in (3, 9, None):
        found = called(groups(empty), name="cases")
        assert np.flatnonzero(~found["present"]).tolist() == ([] if empty is None else [empty])
        np.testing.assert_array_equal(found["fixed"], [[90.0, 80.0]])


def test_the_form_of_sampling_is_what_its_programs_depend_on() -> None:
    own = Sampling()
    for change in ({"seed": 5}, {"num_samples": 7}, {"num_chains": 3}):
        assert dataclasses.replace(own, **change).form == own.form
    for change in ({"num_warmup": 5}, {"target_accept": 0.9}, {"max_tree_depth": 5}, {"dense_mass": True}):
        assert dataclasses.replace(own, **change).form != own.form
    together = dataclasses.replace(own, chain_method="vectorized")
    assert len({own.form, together.form, dataclasses.replace(together, num_chains=3).form}) == 3


def numbers(name: str, model: NumpyroModel, x: Any) -> dict[str, Any]:
    """All that a program may read of a model and one of its observations, and its own argument."""
    observed = model.observed[name]
    assert observed.series is not None
    return {
        "data": observed.data,
        "present": jnp.asarray(observed.series.present),
        "times": jnp.asarray(model.when.times),
        "start": jnp.asarray(model.when.start),
        "fixed": [jnp.asarray(model.fixed[name]) for name in sorted(model.fixed)],
        "drawn": len(model.priors.drawn),
        "x": x,
    }


def called(model: NumpyroModel, x: float = 3.0, name: str = "y") -> dict[str, Any]:
    argument = jnp.asarray(x)
    return program_of(numbers, model, argument, static=name).compile()(argument)


@pytest.mark.parametrize("change", [*SAME, {"fixed": {"k": 0.5}}, {"fixed": {"k": 0.6}}])
def test_a_program_sees_the_numbers_of_each_model(change: dict[str, Any]) -> None:
    called(decay())
    model = decay(**change)
    found = called(model, 4.0)
    np.testing.assert_array_equal(found["data"], model.data.series["y"].values)
    np.testing.assert_array_equal(found["present"], model.data.series["y"].present)
    np.testing.assert_array_equal(found["times"], model.when.times)
    assert float(found["start"]) == model.when.start
    assert [float(value) for value in found["fixed"]] == list(change.get("fixed", {}).values())
    assert int(found["drawn"]) == 2 - len(found["fixed"])
    assert float(found["x"]) == 4.0


def test_precision_is_not_shared() -> None:
    for double in (True, False, True, False):
        with jax.enable_x64(double):
            found = called(decay(rtol=1e-5))
        assert found["data"].dtype == found["x"].dtype == (np.float64 if double else np.float32)


def test_a_solver_that_holds_arrays_is_used_once() -> None:
    """Such a solver cannot be looked up; its programs are its own."""
    opjax.clear_cache()
    called(decay(solver=diffrax.Kvaerno5(root_finder=diffrax.VeryChord(rtol=jnp.asarray(1e-3), atol=1e-3))))
    assert not PROGRAMS.entries
    called(decay())
    assert len(PROGRAMS.entries) == 1


def test_threads_compile_a_program_once() -> None:
    opjax.clear_cache()
    models, start, found = [decay(y=Y + place) for place in range(6)], threading.Barrier(6), dict[int, Any]()
    jnp.asarray(3.0)

    def run(place: int) -> None:
        start.wait()
        with jax.enable_x64(True):
            found[place] = called(models[place])

    threads = [threading.Thread(target=run, args=(place,)) for place in range(6)]
    with compilations() as compiled:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(compiled) == 1
    for place in range(6):
        np.testing.assert_array_equal(found[place]["data"], Y + place)


# --- what is kept


def failing(model: NumpyroModel, x: Any) -> Any:
    raise ValueError(f"line {model.system.states['x'].span.line}")


def test_problems_are_those_of_the_model_at_hand() -> None:
    """A model that says the same at other lines of a file has its own places in errors."""
    for blank in (0, 3):
        with pytest.raises(ValueError, match=f"line {8 + blank}"):
            program_of(failing, decay("\n" * blank + DECAY), jnp.zeros(()))


def test_no_model_is_held() -> None:
    opjax.clear_cache()
    called(decay())
    (entry,) = PROGRAMS.entries.values()
    assert entry.made is not None
    assert not entry.made.models


def test_what_is_kept_is_bounded_and_can_be_forgotten() -> None:
    assert PROGRAMS.most == MOST
    called(decay())
    assert PROGRAMS.entries
    opjax.clear_cache()
    assert not PROGRAMS.entries
    with compilations() as compiled:
        called(decay())
    assert len(compiled) == 1
