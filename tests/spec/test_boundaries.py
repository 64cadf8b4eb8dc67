"""Boundary conditions at run time: neighbours beyond the ends, diffusion with slopes, ends that are held."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import brentq

import opjax
from opjax.errors import OpjaxError


def model(boundary: str, body: str = "u[x+1] - u[x-1]", axis: str = "grid(0, 1, 6)", operators: str = "") -> str:
    dynamics = f"dynamics:\n    u[x]' = {body}" if body else ""
    return f"""
model M:
  axes:
    x = {axis}
  params:
    g = 0.3
    w = 2
  states:
    u[x] = 1 + x
  {dynamics}
  {"operators:" if operators else ""}
    {operators}
  boundary:
    {boundary}
"""


U = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 7.0])
H = 0.2
GHOSTS = {
    "neumann(0)": (3.0, 4.0),
    "neumann": (3.0, 4.0),
    "neumann(g)": (3 + 2 * H * 0.3, 4 + 2 * H * 0.3),
    "robin(a=w, b=4, c=1 + t)": (3 + 2 * H * (1.5 - 2 * 1) / 4, 4 + 2 * H * (1.5 - 2 * 7) / 4),
}


@pytest.mark.parametrize("condition", GHOSTS)
def test_neighbours_beyond_the_ends(condition: str):
    rhs = opjax.compile_rhs(model(f"u at x.lo: {condition}\n    u at x.hi: {condition}"))
    low, high = GHOSTS[condition]
    padded = np.concatenate([[low], U, [high]])
    np.testing.assert_allclose(rhs.eval_fn(0.5, U), padded[2:] - padded[:-2], rtol=1e-14)


def test_neighbours_two_points_on_and_one_end_only():
    text = model("u at x.lo: neumann(g)", "u[x-2] + u[x+1]").replace("u[x+1]\n", "u[x+1] edge absorb\n")
    x = np.linspace(0, 1, 6)
    padded = np.concatenate([[U[2] + 2 * x[2] * 0.3, U[1] + 2 * x[1] * 0.3], U[:4]])
    found = opjax.compile_rhs(text).eval_fn(0.0, U)
    np.testing.assert_allclose(found, padded + np.append(U[1:], 0), rtol=1e-14)


def test_a_ring():
    rhs = opjax.compile_rhs(model("u at x.lo: periodic\n    u at x.hi: periodic"))
    np.testing.assert_allclose(rhs.eval_fn(0.0, U), np.roll(U, -1) - np.roll(U, 1), rtol=1e-14)


def test_a_held_end(x64: None):
    text = model("u at x.lo: dirichlet(g)\n    u at x.hi: neumann(0)", "sum(u[s] for s in x) + 0*u[x]")
    rhs = opjax.compile_rhs(text)
    found = rhs.eval_fn(0.0, U)
    assert found[0] == 0
    np.testing.assert_allclose(found[1:], U[1:].sum() + 0.3, rtol=1e-14)
    run = opjax.loads(text).simulate(ts=[0.0, 0.5])
    np.testing.assert_allclose(np.asarray(run["u"].sel(x=0.0)), [0.3, 0.3], rtol=1e-14)


HEATED = """
model Rod:
  axes:
    x = grid(0, 1, 41)
  params:
    w = 3
  inputs:
    other(t) = linear
  states:
    u[x] = exp(-x) density
  operators:
    diffusion along x with coefficient = 1
  boundary:
    u at x.lo: dirichlet(exp(t))
    u at x.hi: dirichlet(other(t))
  derive:
    left = at(u, x=0)
    before[x] = u[x]
"""


def test_an_end_that_is_held_at_what_changes_in_time(x64: None):
    """u = exp(t - x) solves u_t = u_xx with these ends; the error is that of second order in space."""
    model, times = opjax.loads(HEATED), np.array([0.0, 0.5, 1.0])
    table = np.linspace(0, 1, 401)
    run = model.simulate({"other": (table, np.exp(table - 1))}, ts=times, solver="tsit5", rtol=1e-8, atol=1e-10)
    x = np.linspace(0, 1, 41)
    exact = np.exp(times[:, None] - x)
    np.testing.assert_allclose(run["u"], exact, rtol=2e-5)
    np.testing.assert_allclose(run["u"][:, 0], np.exp(times), rtol=1e-12)
    np.testing.assert_allclose(run["left"], np.exp(times), rtol=1e-12)
    np.testing.assert_array_equal(run["before"], run["u"])
    for form in ("ojx", "yaml"):
        assert opjax.loads(model.show(form), format=form).content_hash == model.content_hash


CURVATURE = "(u[x+1] - 2*u[x] + u[x-1])/0.2^2"


@pytest.mark.parametrize("condition", ["neumann(g)", "robin(a=w, b=4, c=1)", "dirichlet(g)", "periodic"])
def test_diffusion_is_what_the_neighbours_say(condition: str):
    both = f"u at x.lo: {condition}\n    u at x.hi: {condition}"
    by_neighbours = opjax.compile_rhs(model(both, f"1.5*{CURVATURE}"))
    operator = opjax.compile_rhs(model(both, "", operators="diffusion along x with coefficient = 1.5"))
    np.testing.assert_allclose(operator.eval_fn(0.0, U), by_neighbours.eval_fn(0.0, U), rtol=1e-12, atol=1e-12)


def test_a_robin_end_converges_with_second_order():
    k = brentq(lambda k: k * np.tan(k) - 2.0, 0.1, 1.5)  # cos(k x) has the slope -2 u at x = 1
    errors: list[float] = []
    for n in (9, 17, 33):
        text = model(
            "u at x.lo: neumann(0)\n    u at x.hi: robin(2, 1, 0)",
            "",
            f"grid(0, 1, {n})",
            "diffusion along x with coefficient = 0.3",
        )
        rhs = opjax.compile_rhs(text)
        mode = np.cos(k * np.linspace(0, 1, n))
        matrix = np.stack([rhs.eval_fn(0.0, unit) for unit in np.eye(n)], axis=1)
        errors.append(np.abs(expm(matrix) @ mode - mode * np.exp(-0.3 * k**2)).max())
    assert 1.9 < np.log2(errors[1] / errors[2]) < 2.1


def test_an_inflow_is_what_the_slope_times_the_coefficient_says():
    text = model("u at x.lo: neumann(g)", "", "points [0, 0.1, 0.5, 2]", "diffusion along x with coefficient = 1 + x")
    x = np.array([0, 0.1, 0.5, 2])
    steps = np.diff(x)
    widths = (np.append(steps, 0) + np.append(0, steps)) / 2
    found = opjax.compile_rhs(text).eval_fn(0.0, np.array([1.0, 3, 2, 5]))
    np.testing.assert_allclose((widths * found).sum(), 0.3, rtol=1e-12)


WRONG = {
    "u at x.lo: neuman(0)": "E0573",
    "u at x.lo: neumann(0, 1)": "E0574",
    "u at x.lo: robin(1, 2)": "E0574",
    "u at x.lo: neumann(0)\n    u at x.lo: dirichlet(0)": "E0575",
    "u at x.lo: periodic": "E0576",
    "u at y.lo: neumann(0)": "E0304",
    "g at x.lo: neumann(0)": "E0501",
    "u at x.lo: dirichlet(u[x])": "E0308",
    "u at x.lo: neumann(u[x])": "E0308",
}


@pytest.mark.parametrize("boundary", WRONG)
def test_what_is_wrong_is_said(boundary: str):
    with pytest.raises(OpjaxError) as caught:
        opjax.loads(model(boundary, "-u[x]"))
    assert [d.code for d in caught.value.diagnostics] == [WRONG[boundary]]


def test_an_end_without_a_condition_still_needs_an_edge():
    with pytest.raises(OpjaxError) as caught:
        opjax.loads(model("u at x.lo: neumann(0)"))
    assert [d.code for d in caught.value.diagnostics] == ["E0312"]
