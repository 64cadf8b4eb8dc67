"""How much memory a call of NumPy's form takes at its peak, beside the vector that it returns."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

import opjax
from interpreted import derivative
from opjax.ir.evaluate import integer_power

LINE = """
model Line:
  axes:
    x = grid(0, 1, {points})
  params:
    k = 0.7
    m = 1.3
  states:
    u[x]
    w[x]
  dynamics:
    d(u[x])/dt = {rate}
    d(w[x])/dt = {other}
"""


def peak(call: Callable[[], object]) -> int:
    """The most bytes that are held at once."""
    for _ in range(3):
        call()
    tracemalloc.start()
    kept = call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert kept is not None
    return most


@pytest.mark.parametrize(
    ("rate", "other", "most"),
    [
        ("u[x]^3/3 - w[x]", "w[x]", 1.0),  # the cube, its third and the difference lie in the result
        ("k*(u[x] + m - k*w[x])", "w[x]", 1.5),  # one product beside it
        ("u[x] - w[x] - u[x]^3/3", "w[x]", 1.5),
        ("k*(u[x] - m*w[x])*u[x]", "m*(w[x] - k*u[x])*w[x]", 1.5),
        ("w[x]^5", "u[x]^-3", 1.5),
        ("exp(u[x]) - (u[x] + w[x])^2", "w[x]", 2.0),
    ],
)
def test_what_is_computed_lies_in_the_result(rate: str, other: str, most: float) -> None:
    points = 4000
    rhs = opjax.compile_rhs(LINE.format(rate=rate, other=other, points=points))
    y = np.random.default_rng(4).uniform(0.5, 1.5, size=2 * points)
    assert peak(lambda: rhs(0.0, y)) < (most + 0.1) * y.nbytes
    small = opjax.compile_rhs(LINE.format(rate=rate, other=other, points=40))
    state = y[:80].copy()
    np.testing.assert_allclose(
        small(0.0, state), derivative(small, state, {"k": 0.7, "m": 1.3}), rtol=1e-13, atol=1e-13
    )
    np.testing.assert_array_equal(state, y[:80])


@pytest.mark.parametrize("exponent", [*range(2, 18), 21, 32, 53, -1, -2, -3, -6, -7, -11])
@pytest.mark.parametrize("base", ["u[x]", "(u[x] + w[x])"])
def test_powers_are_those_of_the_meaning_to_the_last_bit(base: str, exponent: int) -> None:
    rhs = opjax.compile_rhs(LINE.format(rate=f"{base}^{exponent}", other=f"w[x] - w[x]^{exponent}", points=50))
    y = np.random.default_rng(5).normal(size=100)
    y[:6] = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-200]
    u, w = y[:50], y[50:]
    with np.errstate(all="ignore"):
        found = rhs(0.0, y)
        wanted = [integer_power(float(value), exponent) for value in (u if base == "u[x]" else u + w)]
        others = [float(value) - integer_power(float(value), exponent) for value in w]
    np.testing.assert_array_equal(found, [*wanted, *others])


def test_a_sum_over_neighbours_that_is_read_at_its_neighbours_is_written_where_there_is_room() -> None:
    near = "({u}[x+1, z] + {u}[x-1, z] + {u}[x, z+1] + {u}[x, z-1] - 4*{u}[x, z])"
    text = (
        "model Plane:\n  axes:\n    x = grid(0, 1, {n})\n    z = grid(0, 1, {n})\n  states:\n    u[x, z]\n  let:\n"
        f"    l[x, z] = {near.format(u='u')} edge periodic\n"
        f"  dynamics:\n    d(u[x, z])/dt = -{near.format(u='l')} edge periodic\n"
    )
    rhs = opjax.compile_rhs(text.replace("{n}", "100"))
    y = np.random.default_rng(6).normal(size=10_000)
    assert peak(lambda: rhs(0.0, y)) < 3.2 * y.nbytes
    small, state = opjax.compile_rhs(text.replace("{n}", "14")), y[:196].copy()
    np.testing.assert_allclose(small(0.0, state), derivative(small, state), rtol=1e-12, atol=1e-12)
