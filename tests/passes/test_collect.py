"""What is read of an array on a plane is each point once, times one number."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
import pytest

import interpreted
import opjax

RANDOM = np.random.default_rng(30)
LAPLACIAN = "(u[x+1, z] + u[x-1, z] + u[x, z+1] + u[x, z-1] - 4*u[x, z])"
ALONG, ACROSS = "(u[x+1, z] - u[x-1, z])", "(u[x, z+1] - u[x, z-1])"
RATES = {
    "drift": (f"D*{LAPLACIAN}/h^2 - a*{ALONG}/(2*h) - b*{ACROSS}/(2*h)", True),
    "one way": (f"D*{LAPLACIAN}/h^2 - a*{ALONG}/(2*h)", True),
    "upwind": (f"D*{LAPLACIAN} - a*(u[x, z] - u[x-1, z])/h + b*(u[x, z+1] - u[x, z])/h", True),
    "and growth": (f"D*{LAPLACIAN}/h^2 - a*{ALONG}/(2*h) - b*{ACROSS}/(2*h) + u[x, z]*(1 - u[x, z])", True),
    "minus": (f"-(-D*{LAPLACIAN}/h^2 + a*{ALONG}/(2*h) + {ACROSS}/(2*h))", True),
    "diffusion": (f"D*{LAPLACIAN}/h^2", False),
    "two arrays": (f"D*{LAPLACIAN} - a*(v[x+1, z] - v[x-1, z]) - b*{ACROSS}", False),
    "not linear": (f"D*{LAPLACIAN} - u[x, z]*{ALONG} - u[x, z]*{ACROSS}", False),
    "over time": (f"D*{LAPLACIAN} - sin(t)*{ALONG}/h - cos(t)*{ACROSS}/h", False),
}


def model(rate: str, edge: str) -> opjax.CompiledRhs:
    return opjax.compile_rhs(
        f"""
model Plane:
  axes:
    x = [p, q, r, s]
    z = [k, l, m]
  params:
    D
    a
    b
    h
  states:
    u[x, z]
    v[x, z]
  dynamics:
    u[x, z]' = {rate} edge {edge}
    v[x, z]' = 0
"""
    )


@pytest.mark.parametrize("edge", ["periodic", "stay", "absorb"])
@pytest.mark.parametrize("name", RATES)
def test_values_and_what_is_collected(name: str, edge: str) -> None:
    rate, changes = RATES[name]
    rhs, y = model(rate, edge), RANDOM.uniform(0.5, 1.5, 24)
    p = {key: float(RANDOM.uniform(0.5, 1.5)) for key in rhs.param_names}
    fired = {record.name: record.fired for record in rhs.explain().passes}["collect"]
    assert fired == changes
    if "t)" not in rate:
        np.testing.assert_allclose(rhs(0.0, y, p), interpreted.derivative(rhs, y, p), rtol=1e-12, atol=1e-13)


def test_jax_differentiates_the_same() -> None:
    rhs, y = model(RATES["drift"][0], "stay"), RANDOM.uniform(0.5, 1.5, 24)
    p = {key: float(RANDOM.uniform(0.5, 1.5)) for key in rhs.param_names}
    with jax.enable_x64(True):
        run: Callable[..., np.ndarray] = jax.jit(jax.jacfwd(rhs.eval_fn, argnums=1))
        slopes = np.asarray(run(0.0, y, **p))
    want = np.array([interpreted.derivative(rhs, row, p) for row in np.eye(24)]).T  # it is linear
    np.testing.assert_allclose(slopes, want, rtol=1e-12, atol=1e-13)


def test_each_point_is_read_once() -> None:
    source = model(RATES["drift"][0], "periodic").source
    assert source.count("shift_periodic(") == 4
    assert "u" in source


def test_what_is_read_once_is_not_multiplied_with_one() -> None:
    rhs, y = model("D*(u[x+1, z] - 2*u[x, z] + u[x-1, z])", "stay"), RANDOM.uniform(0.5, 1.5, 24)
    assert "1.0*" not in rhs.source
    np.testing.assert_allclose(rhs(0.0, y, {"D": 0.3}), interpreted.derivative(rhs, y, {"D": 0.3}), rtol=1e-12)
