"""Two problems of chemistry with published solutions: Hairer and Wanner, Solving Ordinary Differential Equations II.

The reference values are those of the Test Set for IVP Solvers (Mazzia and Magherini, release 2.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import scipy.integrate

import opjax

chemistry: Any = pytest.importorskip("benchmarks.chemistry", reason="the models by hand need JAX")
HIRES_START = {"y1": 1.0, "y8": 0.0057}
HIRES_END = 321.8122
HIRES_SOLUTION = (
    0.7371312573325668e-3,
    0.1442485726316185e-3,
    0.5888729740967575e-4,
    0.1175651343283149e-2,
    0.2386356198831331e-2,
    0.6238968252742796e-2,
    0.2849998395185769e-2,
    0.2850001604814231e-2,
)

POLLU_START = {"NO": 0.2, "O3": 0.04, "HCHO": 0.1, "CO": 0.3, "ALD": 0.01, "SO2": 0.007}
POLLU_END = 60.0
POLLU_SOLUTION = (
    0.5646255480022769e-1,
    0.1342484130422339,
    0.4139734331099427e-8,
    0.5523140207484359e-2,
    0.2018977262302196e-6,
    0.1464541863493966e-6,
    0.7784249118997964e-1,
    0.3245075353396018,
    0.7494013383880406e-2,
    0.1622293157301561e-7,
    0.1135863833257075e-7,
    0.2230505975721359e-2,
    0.2087162882798630e-3,
    0.1396921016840158e-4,
    0.8964884856898295e-2,
    0.4352846369330103e-17,
    0.6899219696263405e-2,
    0.1007803037365946e-3,
    0.1772146513969984e-5,
    0.5682943292316392e-4,
)


def solution(text: str, start: Mapping[str, float], end: float) -> np.ndarray:
    """The states at the end, by SciPy's Radau method and the derivative of the model; what is not named starts at 0."""
    rhs = opjax.compile_rhs(text, xp=np)
    y = [start.get(name, 0.0) for name in rhs.state_names]
    found = scipy.integrate.solve_ivp(rhs, (0.0, end), np.array(y), method="Radau", rtol=1e-9, atol=1e-16)
    return found.y[:, -1]


def test_hires_ends_where_it_was_published_to_end() -> None:
    np.testing.assert_allclose(solution(chemistry.HIRES, HIRES_START, HIRES_END), HIRES_SOLUTION, rtol=1e-6)


def test_pollu_ends_where_it_was_published_to_end() -> None:
    np.testing.assert_allclose(solution(chemistry.POLLU, POLLU_START, POLLU_END), POLLU_SOLUTION, rtol=1e-6)


@pytest.mark.parametrize("name", ["HIRES", "POLLU"])
def test_the_derivative_is_the_one_by_hand(name: str) -> None:
    rhs = opjax.compile_rhs(getattr(chemistry, name), xp=np)
    y = np.random.default_rng(0).uniform(0.5, 1.5, len(rhs.state_names))
    want = np.array(getattr(chemistry, name.lower())(y))
    np.testing.assert_allclose(rhs(0.0, y), want, rtol=1e-12, atol=1e-12 * np.abs(want).max())
