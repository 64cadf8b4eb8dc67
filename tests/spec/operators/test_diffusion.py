"""Diffusion: mass, order of convergence against exact solutions of the heat equation, boundaries."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

import opjax
from spec.operators.models import GRIDS, compiled, matrix, points, widths


def by_faces(x: np.ndarray, w: np.ndarray, u: np.ndarray, coefficient: np.ndarray, ring: bool) -> np.ndarray:
    """Flux by flux."""
    n, change = len(u), np.zeros_like(u)
    steps = np.diff(x)
    for left in range(n if ring else n - 1):
        right = (left + 1) % n
        gap = steps[left] if left < n - 1 else (steps[0] + steps[-1]) / 2
        flux = 0.5 * (coefficient[left] + coefficient[right]) * (u[right] - u[left]) / gap
        change[left] += flux
        change[right] -= flux
    return change / w


@pytest.mark.parametrize("boundary", ["neumann", "reflecting", "periodic"])
@pytest.mark.parametrize("grid", GRIDS)
def test_it_is_the_loop_over_faces(grid: str, boundary: str):
    rhs = compiled(GRIDS[grid], f"diffusion along x with coefficient = D[x], boundary = {boundary}", "D[x]")
    rng = np.random.default_rng(1)
    x, w = points(rhs), widths(rhs, boundary == "periodic")
    u, coefficient = rng.random((2, len(x)))
    found = rhs.eval_fn(0.0, u, D=coefficient)
    want = by_faces(x, w, u, coefficient, boundary == "periodic")
    np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-12 * np.abs(want).max())
    assert abs((w * found).sum()) <= 1e-15 * len(u) * np.abs(w * found).sum()


EXACT = {
    "neumann": (lambda x: np.cos(np.pi * x), np.pi**2),
    "dirichlet": (lambda x: np.sin(np.pi * x), np.pi**2),
    "absorbing": (lambda x: np.sin(np.pi * x), np.pi**2),
    "periodic": (lambda x: np.sin(2 * np.pi * x), 4 * np.pi**2),
}


@pytest.mark.parametrize("boundary", EXACT)
def test_modes_of_the_heat_equation_decay_with_second_order(boundary: str):
    mode, decay = EXACT[boundary]
    errors: list[float] = []
    for n in (16, 32, 64):
        grid = f"grid(0, 1 - 1/{n}, {n})" if boundary == "periodic" else f"grid(0, 1, {n + 1})"
        rhs = compiled(grid, f"diffusion along x with coefficient = 0.1, boundary = {boundary}")
        x = points(rhs)
        errors.append(np.abs(expm(matrix(rhs)) @ mode(x) - mode(x) * np.exp(-0.1 * decay)).max())
    assert 1.9 < np.log2(errors[1] / errors[2]) < 2.1


def test_the_heat_kernel_spreads_with_second_order_on_uneven_points():
    errors: list[float] = []
    for n in (40, 80, 160):
        s = np.linspace(-1, 1, n)
        x = 6 * np.sinh(1.5 * s) / np.sinh(1.5)  # dense in the middle
        listed = ", ".join(map(repr, x.tolist()))
        rhs = compiled(f"points [{listed}]", "diffusion along x with coefficient = 0.5")

        def kernel(time: float, x: np.ndarray = x) -> np.ndarray:
            return np.exp(-(x**2) / (2 * time)) / np.sqrt(2 * np.pi * time)

        errors.append(np.abs(expm(0.7 * matrix(rhs)) @ kernel(0.5) - kernel(1.2)).max())
    assert 1.9 < np.log2(errors[1] / errors[2]) < 2.1


def test_a_log_grid_relaxes_to_the_even_density():
    rhs = compiled(GRIDS["log"], "diffusion along x with coefficient = x^2")
    u = np.random.default_rng(2).random(9)
    w = widths(rhs)
    np.testing.assert_allclose(expm(1e4 * matrix(rhs)) @ u, np.full(9, (w * u).sum() / w.sum()), rtol=1e-8)


def test_dirichlet_holds_the_ends_at_zero_against_everything_else():
    rhs = compiled(
        GRIDS["even"],
        "diffusion along x with coefficient = 1, boundary = dirichlet",
        dynamics="u[x]' = 1 + u[x]",
    )
    u = np.random.default_rng(3).random(9)
    found = rhs.eval_fn(0.0, u)
    assert found[0] == found[-1] == 0.0
    step, inner = 1 / 8, np.concatenate([[0], u[1:-1], [0]])
    want = 1 + u[1:-1] + np.diff(inner, 2) / step**2
    np.testing.assert_allclose(found[1:-1], want, rtol=1e-12)


def test_dirichlet_also_holds_in_the_initial_values(x64: None):
    model = opjax.loads(
        """
        model Rod:
          axes:
            x = grid(0, 1, 5)
          states:
            u[x] = 1
          operators:
            diffusion along x with coefficient = 1, boundary = dirichlet
        """
    )
    run = model.simulate(ts=[0.0, 0.1])
    np.testing.assert_array_equal(np.asarray(run["u"].sel(time=0.0)), [0, 1, 1, 1, 0])
    np.testing.assert_array_equal(np.asarray(run["u"].sel(time=0.1))[[0, -1]], [0, 0])
    assert 0 < float(run["u"].sel(time=0.1)[1]) < 1
