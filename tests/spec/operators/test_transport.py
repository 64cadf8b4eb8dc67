"""Advection: mass, boundaries, order of convergence, all against hand-written NumPy and exact solutions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

import opjax
from spec.operators.models import GRIDS, compiled, matrix, points, text, widths

CASES = [(grid, direction) for grid in GRIDS for direction in ("increasing", "decreasing")]


def upwind(x: np.ndarray, w: np.ndarray, u: np.ndarray, v: np.ndarray, direction: str, boundary: str) -> np.ndarray:
    """First-order upwind as a loop over faces."""
    flow = np.zeros_like(u)
    n = len(u)
    for donor in range(n):
        target = donor + (1 if direction == "increasing" else -1)
        flux = v[donor] * u[donor]
        if 0 <= target < n or boundary == "periodic":
            flow[target % n] += flux
            flow[donor] -= flux
        elif boundary == "absorbing":
            flow[donor] -= flux
    return flow / w


@pytest.mark.parametrize("boundary", ["reflecting", "absorbing", "periodic"])
@pytest.mark.parametrize(("grid", "direction"), CASES)
def test_upwind_is_the_loop_over_faces(grid: str, direction: str, boundary: str):
    operator = f"advection along x with velocity = v[x], direction = {direction}, boundary = {boundary}"
    rhs = compiled(GRIDS[grid], operator, "v[x]")
    rng = np.random.default_rng(1)
    u, v = rng.random((2, len(points(rhs))))
    w = widths(rhs, boundary == "periodic")
    found = rhs.eval_fn(0.0, u, v=v)
    np.testing.assert_allclose(found, upwind(points(rhs), w, u, v, direction, boundary), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("limiter", ["", ", limiter = minmod", ", limiter = superbee", ", limiter = van_leer"])
@pytest.mark.parametrize("grid", GRIDS)
def test_mass_is_conserved_but_for_what_leaves(grid: str, limiter: str):
    for boundary in ("reflecting", "absorbing", "periodic"):
        rhs = compiled(GRIDS[grid], f"advection along x with velocity = v, boundary = {boundary}{limiter}", "v")
        rng = np.random.default_rng(2)
        for v in (0.7, -0.7):
            u = rng.random(len(points(rhs)))
            change = widths(rhs, boundary == "periodic") * rhs.eval_fn(0.0, u, v=v)
            left = abs(v) * u[-1 if v > 0 else 0] if boundary == "absorbing" else 0.0
            assert abs(change.sum() + left) <= 1e-15 * len(u) * max(1.0, np.abs(change).sum())


def test_a_signed_velocity_is_both_directions():
    kinds = {
        "signed": "velocity = v",
        "increasing": "velocity = v, direction = increasing",
        "decreasing": "velocity = v, direction = decreasing",
        "number": "velocity = -0.4",
        "reversed": "velocity = -0.4, direction = decreasing",
    }
    rhs = {name: compiled(GRIDS["uneven"], f"transport along x with {said}", "v = 0.4") for name, said in kinds.items()}
    u = np.random.default_rng(3).random(7)
    onward, back = rhs["increasing"].eval_fn(0.0, u), rhs["decreasing"].eval_fn(0.0, u)
    np.testing.assert_allclose(rhs["signed"].eval_fn(0.0, u, v=0.4), onward, rtol=1e-13)
    np.testing.assert_allclose(rhs["signed"].eval_fn(0.0, u, v=-0.4), back, rtol=1e-13)
    np.testing.assert_allclose(rhs["number"].eval_fn(0.0, u), back, rtol=1e-13)
    np.testing.assert_allclose(rhs["reversed"].eval_fn(0.0, u), onward, rtol=1e-13)


def order(errors: list[float]) -> float:
    return float(np.log2(errors[-2] / errors[-1]))


def test_a_wave_on_a_ring_converges_with_first_order():
    errors: list[float] = []
    for n in (64, 128, 256):
        rhs = compiled(f"grid(0, 1 - 1/{n}, {n})", "advection along x with velocity = 1, boundary = periodic")
        x = points(rhs)
        u = expm(0.3 * matrix(rhs)) @ np.sin(2 * np.pi * x)
        errors.append(np.abs(u - np.sin(2 * np.pi * (x - 0.3))).mean())
    assert 0.9 < order(errors) < 1.1


@pytest.mark.parametrize("limiter", ["minmod", "superbee", "van_leer"])
@pytest.mark.parametrize("grid", ["grid(0, 1, {n})", "grid(0.25, 4, {n}, log)"])
def test_a_front_converges_with_second_order_under_a_limiter(grid: str, limiter: str):
    errors: list[float] = []
    low, speed, time = (0.0, 1.0, 0.2) if grid.startswith("grid(0,") else (0.25, 3.0, 0.2)
    for n in (40, 80, 160):
        operator = f"advection along x with velocity = {speed}, limiter = {limiter}, boundary = absorbing"
        rhs = compiled(grid.format(n=n), operator)
        x = points(rhs)

        def front(x: np.ndarray) -> np.ndarray:
            return 0.5 * (1 + np.tanh((x - low - 0.35 * speed) / (0.08 * speed)))

        found = solve_ivp(rhs.eval_fn, (0, time), front(x), rtol=1e-8, atol=1e-10).y[:, -1]
        errors.append(float(np.sum(widths(rhs) * np.abs(found - front(x - speed * time)))))
    assert 1.5 < order(errors) < 2.6  # the limited slope of minmod is the flattest


def test_a_limiter_makes_no_new_extremes():
    for limiter in ("minmod", "superbee", "van_leer"):
        operator = f"advection along x with velocity = 1, limiter = {limiter}, boundary = periodic"
        rhs = compiled("grid(0, 1 - 1/50, 50)", operator)
        u = np.where((points(rhs) > 0.2) & (points(rhs) < 0.5), 1.0, 0.0)
        dt = 0.25 / 50
        for _ in range(100):  # Heun's method, which keeps the bound at this step
            first = u + dt * rhs.eval_fn(0.0, u)
            u = 0.5 * (u + first + dt * rhs.eval_fn(0.0, first))
        assert -1e-12 < u.min() < u.max() < 1 + 1e-12


def test_counts_are_the_mass_of_each_cell():
    said = "advection along x with velocity = 0.3, direction = decreasing"
    density = compiled(GRIDS["log"], said)
    counts = opjax.compile_rhs(text(GRIDS["log"], said).replace("states: u[x]", "states:\n    u[x] counts"))
    w, u = widths(density), np.random.default_rng(4).random(9)
    np.testing.assert_allclose(counts.eval_fn(0.0, u * w), w * density.eval_fn(0.0, u), rtol=1e-13)
    assert abs(counts.eval_fn(0.0, u).sum()) < 1e-14


def test_other_axes_are_carried_along(x64: None):
    import jax

    said = "advection of u, v along x with velocity = w[g]*(1 + x), direction = decreasing, boundary = absorbing"
    rhs = compiled(GRIDS["uneven"], said, "w[g]", "u[g, x], v[x, g]", "u[g, x]' = 0\n    v[x, g]' = 0")
    rng = np.random.default_rng(5)
    u, w = rng.random((2, 7)), rng.random(2)
    found: dict[str, Any] = rhs.pytree_eval_fn(0.0, {"u": u, "v": u.T}, w=w)
    x = points(rhs)
    for place in range(2):
        want = upwind(x, widths(rhs), u[place], w[place] * (1 + x), "decreasing", "absorbing")
        np.testing.assert_allclose(found["u"][place], want, rtol=1e-12)
        np.testing.assert_allclose(found["v"][:, place], want, rtol=1e-12)
    y = np.concatenate([u.ravel(), u.T.ravel()])
    traced = jax.jit(rhs.eval_fn)(0.0, jax.numpy.asarray(y), w=w)
    np.testing.assert_allclose(traced, rhs.eval_fn(0.0, y, w=w), rtol=1e-12)


def test_it_is_differentiated_in_velocity_and_state(x64: None):
    import jax

    rhs = compiled(GRIDS["uneven"], "advection along x with velocity = v, limiter = van_leer", "v")
    u = np.random.default_rng(6).random(7)

    def total(v: Any, u: Any) -> Any:
        return (jax.numpy.arange(7.0) * rhs.eval_fn(0.0, u, v=v)).sum()

    by_v, by_u = jax.grad(total, argnums=(0, 1))(0.5, jax.numpy.asarray(u))
    step = 1e-6
    np.testing.assert_allclose(by_v, (total(0.5 + step, u) - total(0.5 - step, u)) / (2 * step), rtol=1e-7)
    for place, unit in enumerate(np.eye(7)):
        difference = (total(0.5, u + step * unit) - total(0.5, u - step * unit)) / (2 * step)
        np.testing.assert_allclose(by_u[place], difference, rtol=1e-6, atol=1e-8)


def test_the_cost_is_that_of_a_template():
    few, many = (compiled(f"grid(0, 1, {n})", "advection along x with velocity = 1") for n in (5, 5000))
    assert few.source == many.source.replace("5000", "5").replace("4999", "4")
