"""Settings that cannot be are refused before anything is solved with them."""

from __future__ import annotations

import diffrax
import numpy as np
import pytest

from opjax.errors import OpjaxError
from opjax.infer.fit import options_from
from opjax.solve import Settings, simulate
from opjax.solve.settings import settings_from
from solve.texts import DECAY

BAD = [
    ("solver", None),
    ("rtol", 0),
    ("rtol", -1),
    ("rtol", 1),
    ("rtol", float("nan")),
    ("rtol", "1e-3"),
    ("atol", -1e-9),
    ("atol", [1e-9]),
    ("max_steps", 0),
    ("max_steps", 2.5),
    ("max_steps", None),
    ("dt0", 0.0),
    ("dt0", -0.1),
    ("quadrature", 0),
    ("adjoint", None),
]
BAD_FIT = [
    ("seed", "a"),
    ("seed", 1.5),
    ("seed", None),
    ("target_accept", 0),
    ("target_accept", 1),
    ("target_accept", "x"),
    ("max_tree_depth", 0),
    ("max_tree_depth", "a"),
    ("num_samples", np.float64(2.5)),
    ("fixed", 3),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_setting_that_cannot_be_is_refused(name, value):
    with pytest.raises(OpjaxError, match=f"E0807: '{name}' is "):
        settings_from({name: value})


@pytest.mark.parametrize(("name", "value"), BAD_FIT)
def test_an_option_of_a_fit_that_cannot_be_is_refused(name, value):
    with pytest.raises(OpjaxError, match=f"E0807: '{name}' is "):
        options_from({name: value})


def test_numbers_of_numpy_are_settings():
    settings = settings_from({"rtol": np.float32(1e-4), "atol": np.float64(0), "max_steps": np.int64(10), "dt0": 1})
    assert settings.max_steps == 10
    assert options_from({"num_samples": np.int64(5), "seed": -3}).sampling.num_samples == 5


def test_no_relative_tolerance_is_fine_beside_an_absolute_one():
    assert Settings(rtol=0, atol=1e-9, solver=diffrax.Dopri5()).atol == 1e-9


@pytest.mark.parametrize("parameters", [[1.0], (("k", 1.0),)])
def test_parameters_come_by_name(read, parameters):
    with pytest.raises(OpjaxError, match=r"E0807: 'params' is (list|tuple), and a mapping"):
        simulate(read(DECAY), parameters, [0, 1])
