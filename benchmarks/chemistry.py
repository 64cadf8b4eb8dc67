"""Two problems of chemistry (Hairer and Wanner, Solving Ordinary Differential Equations II), as text and by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

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


def hires(y: Sequence[Any]) -> list[Any]:
    """The derivatives of numbers."""
    a, b, c, d, e, f, g, h = y
    bound, freed = 280 * f * h, 1.81 * g
    return [
        -1.71 * a + 0.43 * b + 8.32 * c + 0.0007,
        1.71 * a - 8.75 * b,
        -10.03 * c + 0.43 * d + 0.035 * e,
        8.32 * b + 1.71 * c - 1.12 * d,
        -1.745 * e + 0.43 * f + 0.43 * g,
        -bound + 0.69 * d + 1.71 * e - 0.43 * f + 0.69 * g,
        bound - freed,
        freed - bound,
    ]


def pollu(y: Sequence[Any]) -> list[Any]:
    """The derivatives of numbers."""
    no2, no, o3p, o3, ho2, oh, hcho, _, ald, meo2, c2o3, _, pan, ch3o, _, o1d, so2, _, no3, n2o5 = y
    r1, r2, r3, r4, r5 = 0.35 * no2, 26.6 * no * o3, 12300 * ho2 * no, 0.00086 * hcho, 0.00082 * hcho
    r6, r7, r8, r9 = 15000 * hcho * oh, 0.00013 * ald, 24000 * ald * oh, 16500 * c2o3 * no
    r10, r11, r12, r13 = 9000 * c2o3 * no2, 0.022 * pan, 12000 * meo2 * no, 1.88 * ch3o
    r14, r15, r16, r17 = 16300 * no2 * oh, 4.8e6 * o3p, 0.00035 * o3, 0.0175 * o3
    r18, r19, r20, r21 = 1e8 * o1d, 4.44e11 * o1d, 1240 * so2 * oh, 2.1 * no3
    r22, r23, r24, r25 = 5.78 * no3, 0.0474 * no2 * o3, 1780 * no3 * no2, 3.12 * n2o5
    return [
        -r1 - r10 - r14 - r23 - r24 + r2 + r3 + r9 + r11 + r12 + r22 + r25,
        -r2 - r3 - r9 - r12 + r1 + r21,
        -r15 + r1 + r17 + r19 + r22,
        -r2 - r16 - r17 - r23 + r15,
        -r3 + 2 * r4 + r6 + r7 + r13 + r20,
        -r6 - r8 - r14 - r20 + r3 + 2 * r18,
        -r4 - r5 - r6 + r13,
        r4 + r5 + r6 + r7,
        -r7 - r8,
        -r12 + r7 + r9,
        -r9 - r10 + r8 + r11,
        r9,
        -r11 + r10,
        -r13 + r12,
        r14,
        -r18 - r19 + r16,
        -r20,
        r20,
        -r21 - r22 - r24 + r23 + r25,
        -r25 + r24,
    ]


def on_numpy(of_numbers: Callable[[Sequence[Any]], list[Any]]) -> Callable[[Any], Any]:
    """The derivative of an array, by way of Python's numbers."""
    return lambda y: np.array(of_numbers(y.tolist()), y.dtype)


def on_jax(of_numbers: Callable[[Sequence[Any]], list[Any]]) -> Callable[[Any], Any]:
    """The derivative of an array, in pieces of so few numbers that XLA makes no loop of them."""

    def f(y: Any) -> Any:
        rates = of_numbers(list(y))
        pieces = [jnp.stack(rates[first : first + 8]) for first in range(0, len(rates), 8)]
        return jnp.concatenate(lax.optimization_barrier(pieces)) if len(pieces) > 1 else pieces[0]

    return f
