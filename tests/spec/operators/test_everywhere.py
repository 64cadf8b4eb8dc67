"""Operators, boundaries, kernels and absent cells in every namespace, data type, picture and copy of a model."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import opjax
from leaks import checking_leaks

TEXT = """
model Everything:
  axes:
    x = points [0, 0.1, 0.3, 0.6, 1]
    g = [old, new]
  params:
    w = 0.3
    reach = 0.5
    K[x, x] = kernel("gamma", scale = 1, k = 1.5, theta = reach)
  states:
    u[x, g] = 1 + x
    v[x] = 2 density
  dynamics:
    u[x, g]' = -0.1*u[x, g]
  operators:
    waning: advection of u along x with velocity = w*(x - 0.5), limiter = van_leer
    drift: transport of v along x with velocity = w, direction = decreasing, limiter = superbee, boundary = absorbing
    spread: diffusion of v along x with coefficient = 0.1 + x
    jumps: jump_integral of u along x with rate = 0.2, matrix = K, direction = down
    turn: axis_kernel of v along x with form = stochastic, matrix = K
  absent:
    u where g == "new" and x > 0.5
  boundary:
    v at x.lo: neumann(w)
    v at x.hi: dirichlet(2)
"""


def state() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {"u": rng.random((5, 2)), "v": rng.random(5)}


@pytest.mark.parametrize("namespace", ["numpy", "jax.numpy", "array_api_strict"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_namespace_and_data_type(namespace: str, dtype: str, x64: None):
    xp = pytest.importorskip(namespace, reason=f"{namespace} is not installed")
    rhs = opjax.compile_rhs(TEXT)
    want = rhs.pytree_eval_fn(0.0, state())
    given = {name: xp.asarray(array.tolist(), dtype=getattr(xp, dtype)) for name, array in state().items()}
    for found in (rhs.pytree_eval_fn(0.0, given), rhs.unflatten(rhs.eval_fn(0.0, rhs.flatten(given)))):
        for name, array in want.items():
            assert found[name].dtype == getattr(xp, dtype)
            tolerance = 1e-12 if dtype == "float64" else 3e-5
            np.testing.assert_allclose(np.asarray(found[name]), array, rtol=tolerance, atol=tolerance)


def test_it_is_traced_without_promotion_and_differentiated(x64: None):
    import jax

    rhs = opjax.compile_rhs(TEXT)
    y = {name: jax.numpy.asarray(array, "float32") for name, array in state().items()}
    with jax.numpy_dtype_promotion("strict"), checking_leaks():
        shapes = jax.eval_shape(lambda y: rhs.pytree_eval_fn(0.0, y), y)
    assert {name: (s.shape, str(s.dtype)) for name, s in shapes.items()} == {
        "u": ((5, 2), "float32"),
        "v": ((5,), "float32"),
    }

    @jax.jit
    def total(p: dict[str, Any]) -> Any:
        found = rhs.pytree_eval_fn(0.0, {n: jax.numpy.asarray(a) for n, a in state().items()}, **p)
        return (found["u"] ** 2).sum() + (found["v"] ** 2).sum()

    at = {"w": 0.3, "reach": 0.5}
    slopes = jax.jit(jax.grad(total))(at)
    for name, value in at.items():
        up, down = ({**at, name: value + sign * 1e-6} for sign in (1, -1))
        np.testing.assert_allclose(slopes[name], (total(up) - total(down)) / 2e-6, rtol=1e-6)


@pytest.mark.parametrize("form", ["ojx", "yaml", "latex", "diagram", "expanded", "program"])
def test_every_picture(form: str):
    model = opjax.loads(TEXT)
    shown = model.show(form)
    assert "v" in shown
    if form in ("ojx", "yaml"):
        assert opjax.loads(shown, form).content_hash == model.content_hash


def test_copies_are_equal():
    rhs = opjax.compile_rhs(TEXT)
    again = pickle.loads(pickle.dumps(rhs))
    assert again == rhs
    np.testing.assert_array_equal(again.pytree_eval_fn(0.0, state())["u"], rhs.pytree_eval_fn(0.0, state())["u"])
    model = opjax.loads(TEXT)
    assert pickle.loads(pickle.dumps(model)) == model
