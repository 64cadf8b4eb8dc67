"""Fields whose points know their neighbours, against the same equations written with `numpy.roll` and `numpy.pad`."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax

RANDOM = np.random.default_rng(20260503)

LORENZ_96 = """
model Lorenz96:
  axes:
    i = grid(1, 40, 40)
  params:
    F = 8
  states:
    x[i]
  dynamics:
    d(x[i])/dt = (x[i+1] - x[i-2])*x[i-1] - x[i] + F edge periodic
"""

GRAY_SCOTT = """
model GrayScott:
  axes:
    a = grid(0, 11, 12)
    b = grid(0, 8, 9)
  params:
    Du = 0.16
    Dv = 0.08
    feed = 0.035
    kill = 0.065
  states:
    u[a, b]
    v[a, b]
  let:
    around_u[a, b] = u[a-1, b] + u[a+1, b] + u[a, b-1] + u[a, b+1] - 4*u[a, b] edge {edge}
    around_v[a, b] = v[a-1, b] + v[a+1, b] + v[a, b-1] + v[a, b+1] - 4*v[a, b] edge {edge}
    made[a, b] = u[a, b]*v[a, b]^2
  dynamics:
    d(u[a, b])/dt = Du*around_u[a, b] - made[a, b] + feed*(1 - u[a, b])
    d(v[a, b])/dt = Dv*around_v[a, b] + made[a, b] - (feed + kill)*v[a, b]
"""

CORNERS = """
model Corners:
  axes:
    a = grid(0, 3, 4)
    b = grid(0, 4, 5)
  states:
    u[a, b]
  dynamics:
    d(u[a, b])/dt = u[a-1, b-1] - 2*u[a+1, b+2] + 3*u[a+1, b-1] edge {edge}
"""

MODES = {"periodic": "wrap", "stay": "edge", "absorb": "constant"}


def compiled(text: str, **words: str) -> opjax.CompiledRhs:
    return opjax.compile_rhs(opjax.loads(text.format(**words), "ojx"))


def lorenz(x: np.ndarray, forcing: float) -> np.ndarray:
    return (np.roll(x, -1) - np.roll(x, 2)) * np.roll(x, 1) - x + forcing


def gray_scott(y: np.ndarray, edge: str) -> np.ndarray:
    u, v = y.reshape(2, 12, 9)

    def around(x: np.ndarray) -> np.ndarray:
        wide = np.pad(x, 1, MODES[edge])
        return wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] - 4 * x

    du = 0.16 * around(u) - u * v**2 + 0.035 * (1 - u)
    dv = 0.08 * around(v) + u * v**2 - 0.1 * v
    return np.concatenate([du.ravel(), dv.ravel()])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_lorenz_96(dtype: type) -> None:
    rhs = compiled(LORENZ_96)
    x = (8 + RANDOM.normal(size=40)).astype(dtype)
    rtol = 1e-13 if dtype is np.float64 else 1e-4
    with jax.enable_x64(dtype is np.float64):
        for xp in (np, jnp):
            got = rhs.eval_fn(0.0, xp.asarray(x), F=6.5)
            assert got.dtype == dtype
            np.testing.assert_allclose(np.asarray(got), lorenz(x, 6.5), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("edge", MODES)
def test_gray_scott(edge: str) -> None:
    rhs = compiled(GRAY_SCOTT, edge=edge)
    y = RANDOM.uniform(size=2 * 12 * 9)
    with jax.enable_x64(True):
        for xp in (np, jnp):
            got = np.asarray(rhs.eval_fn(0.0, xp.asarray(y)))
            np.testing.assert_allclose(got, gray_scott(y, edge), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("edge", MODES)
def test_neighbours_over_a_corner(edge: str) -> None:
    u = RANDOM.uniform(size=(4, 5))
    wide = np.pad(u, 2, MODES[edge])

    def at(rows: int, columns: int) -> np.ndarray:
        return wide[2 + rows : 6 + rows, 2 + columns : 7 + columns]

    got = compiled(CORNERS, edge=edge).eval_fn(0.0, u.ravel())
    want = at(-1, -1) - 2 * at(1, 2) + 3 * at(1, -1)
    np.testing.assert_allclose(got, want.ravel(), rtol=1e-14, atol=1e-15)


LONG = """
model Long:
  axes:
    a = grid(0, 2, 3)
    b = grid(0, 129, 130)
  states:
    u[a, b]
    v[a, b]
  dynamics:
    d(u[a, b])/dt = u[a, b-2] - 2*u[a-1, b+1] + v[a, b+130] edge {edge}
    d(v[a, b])/dt = v[a-1, b-1] + 3*v[a, b+3] edge {edge}
"""


def long(y: np.ndarray, edge: str) -> np.ndarray:
    u, v = (np.pad(x, ((1, 1), (130, 130)), MODES[edge]) for x in y.reshape(2, 3, 130))

    def at(wide: np.ndarray, rows: int, columns: int) -> np.ndarray:
        return wide[1 + rows : 4 + rows, 130 + columns : 260 + columns]

    du = at(u, 0, -2) - 2 * at(u, -1, 1) + at(v, 0, 130)
    return np.concatenate([du.ravel(), (at(v, -1, -1) + 3 * at(v, 0, 3)).ravel()])


@pytest.mark.parametrize("edge", MODES)
def test_a_long_axis_alone_mapped_and_turned_around(edge: str) -> None:
    rhs = compiled(LONG, edge=edge)
    many = RANDOM.normal(size=(4, 780))
    many[1, [0, 129, 400]] = np.nan, np.inf, -0.0
    want = np.stack([long(y, edge) for y in many])
    with jax.enable_x64(True):
        np.testing.assert_array_equal(rhs.eval_fn(0.0, many[1]), want[1])
        np.testing.assert_array_equal(rhs.eval_fn(0.0, jnp.asarray(many[1])), want[1])
        mapped = jax.vmap(lambda y: rhs.eval_fn(0.0, y))
        np.testing.assert_array_equal(mapped(jnp.asarray(many)), want)
        weights = jnp.asarray(many[0])
        back = jax.grad(lambda y: weights @ rhs.eval_fn(0.0, y))(jnp.asarray(many[2]))  # of a linear map
        np.testing.assert_allclose(back @ many[3], many[0] @ want[3], rtol=1e-12)
