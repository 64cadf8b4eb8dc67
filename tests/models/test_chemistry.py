"""Two problems of chemistry with published solutions: Hairer and Wanner, Solving Ordinary Differential Equations II.

The reference values are those of the Test Set for IVP Solvers (Mazzia and Magherini, release 2.4).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.integrate

import opjax

HIRES = """
model HIRES:
  "High irradiance responses of photomorphogenesis (Schaefer 1975)"
  states: y1, y2, y3, y4, y5, y6, y7, y8
  dynamics:
    y1' = -1.71*y1 + 0.43*y2 + 8.32*y3 + 0.0007
    y2' = 1.71*y1 - 8.75*y2
    y3' = -10.03*y3 + 0.43*y4 + 0.035*y5
    y4' = 8.32*y2 + 1.71*y3 - 1.12*y4
    y5' = -1.745*y5 + 0.43*y6 + 0.43*y7
    y6' = -280*y6*y8 + 0.69*y4 + 1.71*y5 - 0.43*y6 + 0.69*y7
    y7' = 280*y6*y8 - 1.81*y7
    y8' = -280*y6*y8 + 1.81*y7
"""
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

POLLU = """
model POLLU:
  "Air pollution: 25 reactions of 20 species (Verwer 1994)"
  states: NO2, NO, O3P, O3, HO2, OH, HCHO, CO, ALD, MEO2, C2O3, CO2, PAN, CH3O, HNO3, O1D, SO2, SO4, NO3, N2O5
  dynamics:
    r1: NO2 -> NO + O3P @ 0.35
    r2: NO + O3 -> NO2 @ 26.6
    r3: HO2 + NO -> NO2 + OH @ 12300
    r4: HCHO -> 2 HO2 + CO @ 0.00086
    r5: HCHO -> CO @ 0.00082
    r6: HCHO + OH -> HO2 + CO @ 15000
    r7: ALD -> MEO2 + HO2 + CO @ 0.00013
    r8: ALD + OH -> C2O3 @ 24000
    r9: C2O3 + NO -> NO2 + MEO2 + CO2 @ 16500
    r10: C2O3 + NO2 -> PAN @ 9000
    r11: PAN -> C2O3 + NO2 @ 0.022
    r12: MEO2 + NO -> CH3O + NO2 @ 12000
    r13: CH3O -> HCHO + HO2 @ 1.88
    r14: NO2 + OH -> HNO3 @ 16300
    r15: O3P -> O3 @ 4.8e6
    r16: O3 -> O1D @ 0.00035
    r17: O3 -> O3P @ 0.0175
    r18: O1D -> 2 OH @ 1e8
    r19: O1D -> O3P @ 4.44e11
    r20: SO2 + OH -> SO4 + HO2 @ 1240
    r21: NO3 -> NO @ 2.1
    r22: NO3 -> NO2 + O3P @ 5.78
    r23: NO2 + O3 -> NO3 @ 0.0474
    r24: NO3 + NO2 -> N2O5 @ 1780
    r25: N2O5 -> NO3 + NO2 @ 3.12
"""
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
    np.testing.assert_allclose(solution(HIRES, HIRES_START, HIRES_END), HIRES_SOLUTION, rtol=1e-6)


def test_pollu_ends_where_it_was_published_to_end() -> None:
    np.testing.assert_allclose(solution(POLLU, POLLU_START, POLLU_END), POLLU_SOLUTION, rtol=1e-6)
