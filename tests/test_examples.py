"""The example models against right-hand sides and solutions that were written without opjax."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import opjax

by_hand: Any = pytest.importorskip("benchmarks.by_hand", reason="the references need JAX")
EXAMPLES = Path(__file__).parents[1] / "examples"
MODELS = sorted(path.name for path in EXAMPLES.glob("*.ojx"))
TWINS = sorted(path.name for path in EXAMPLES.glob("*.yaml"))
CASES = pytest.mark.parametrize("case", by_hand.CASES, ids=lambda case: case.file.stem)


def test_every_example_has_a_reference() -> None:
    assert sorted(case.file.name for case in by_hand.CASES) == MODELS


@pytest.mark.parametrize("name", [*MODELS, *TWINS])
def test_it_loads_without_a_warning(name: str) -> None:
    assert opjax.load(EXAMPLES / name)


@pytest.mark.parametrize("name", TWINS)
def test_the_yaml_form_is_the_same_model(name: str) -> None:
    text = opjax.load((EXAMPLES / name).with_suffix(".ojx"))
    twin = opjax.load(EXAMPLES / name)
    assert opjax.compile_rhs(twin).content_hash == opjax.compile_rhs(text).content_hash


@CASES
@pytest.mark.parametrize("seed", range(5))
def test_the_derivative_is_the_one_by_hand(case: Any, seed: int) -> None:
    rhs = opjax.compile_rhs(case.file, xp=np)
    random = np.random.default_rng(seed)
    y = case.y0 * random.uniform(0.5, 1.5, case.y0.shape)
    parameters = {name: np.asarray(value) * random.uniform(0.5, 1.5) for name, value in case.parameters.items()}
    wanted = {name: parameters[name] for name in rhs.param_names if name in parameters}
    np.testing.assert_allclose(
        rhs.eval_fn(0.0, y, **wanted), case.numpy(0.0, y, parameters), rtol=1e-9, atol=1e-9 * np.abs(y).max()
    )
