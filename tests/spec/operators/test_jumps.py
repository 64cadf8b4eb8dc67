"""Jumps: relaxation to stationary distributions, and what is moved across another axis."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from spec.operators.models import GRIDS, compiled, matrix, points, widths

G = np.array([[-3.0, 1, 2], [3, -7, 4], [6, 8, -14]])
PARAMS = "K[x, x]\n    v"
K = np.array([[0.5, 0.25, 0.25], [0, 0.5, 0.5], [0.125, 0.125, 0.75]])


def test_a_generator_relaxes_to_its_stationary_distribution():
    rhs = compiled("[a, b, c]", "axis_kernel along x with form = generator, matrix = G, velocity = v", "G[x, x]\n    v")
    values, vectors = np.linalg.eig(G.T)
    stationary = vectors[:, np.argmin(np.abs(values))].real
    u = np.array([1.0, 2.0, 4.0])
    relaxed = expm(30 * matrix(rhs, G=G, v=0.5)) @ u
    np.testing.assert_allclose(relaxed, 7 * stationary / stationary.sum(), rtol=1e-10)


def test_a_stochastic_kernel_without_a_transfer_is_a_jump_process():
    rhs = compiled(
        "[a, b, c]", "axis_kernel along x with form = stochastic, matrix = K, velocity = v", "K[x, x]\n    v"
    )
    u = np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(rhs.eval_fn(0.0, u, K=K, v=0.3), 0.3 * (u @ K - u), rtol=1e-14)


@pytest.mark.parametrize("direction", ["up", "down", "both"])
@pytest.mark.parametrize("grid", GRIDS)
def test_jumps_are_those_of_the_masked_matrix(grid: str, direction: str):
    rhs = compiled(
        GRIDS[grid], f"jump_integral along x with rate = r[x], matrix = J, direction = {direction}", "r[x]\n    J[x, x]"
    )
    n = len(points(rhs))
    rng = np.random.default_rng(1)
    u, r, jumps = rng.random(n), rng.random(n), rng.random((n, n))
    np.fill_diagonal(jumps, np.nan)  # jumps to where one is are none
    change = np.zeros(n)
    for source in range(n):
        for target in range(n):
            upward = target > source
            if target != source and direction in ("both", "up" if upward else "down"):
                weight = widths(rhs)[target] if rhs.system.axes["x"].numeric else 1.0
                flux = r[source] * u[source] * jumps[source, target] * weight
                change[target] += flux
                change[source] -= flux
    found = rhs.eval_fn(0.0, u, r=r, J=jumps)
    np.testing.assert_allclose(found, change, rtol=1e-12, atol=1e-13)
    assert abs(found.sum()) < 1e-14 * n * max(1.0, np.abs(found).sum())


def test_a_transfer_redistributes_what_arrives_in_the_target():
    said = 'axis_kernel along x with form = stochastic, matrix = K, across = g, source = "old", target = "new"'
    move = 'u[x, g="old"] -> u[x, g="new"] @ nu*mu[x]'
    rhs = compiled("[a, b, c]", f"{said}, rate = nu*mu[x]", "K[x, x]\n    nu\n    mu[x]", "u[x, g]", move)
    rng = np.random.default_rng(2)
    u, mu = rng.random((3, 2)), rng.random(3)
    flux = 0.7 * mu * u[:, 0]
    want = np.stack([-flux, flux @ K], axis=1)  # all that leaves arrives, along x where K says
    found = rhs.pytree_eval_fn(0.0, {"u": u}, K=K, nu=0.7, mu=mu)["u"]
    np.testing.assert_allclose(found, want, rtol=1e-13)


def test_a_matrix_may_depend_on_other_axes_and_on_time():
    rhs = compiled(
        "[a, b, c]",
        "axis_kernel along x with form = generator, matrix = eta[g, x, x]",
        "eta[g, x, x]",
        "u[x, g]",
        "u[x, g]' = 0",
    )
    rng = np.random.default_rng(3)
    u, eta = rng.random((3, 2)), rng.random((2, 3, 3))
    found = rhs.pytree_eval_fn(0.0, {"u": u}, eta=eta)["u"]
    np.testing.assert_allclose(found, np.einsum("ig,gij->jg", u, eta), rtol=1e-13)
