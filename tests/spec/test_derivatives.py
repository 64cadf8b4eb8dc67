"""``grad``, ``div``, ``upwind`` and ``at``: order of convergence against exact derivatives and solutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

import opjax

Function = Callable[[Any], Any]
NEUMANN = "  boundary:\n    u at x.lo: neumann({})\n    u at x.hi: neumann({})\n"
SIZES = (40, 80)


def compiled(right_side: str, points: np.ndarray, more: str = "") -> opjax.CompiledRhs:
    listed = ", ".join(map(repr, points.tolist()))
    text = f"model M:\n  axes:\n    x = points [{listed}]\n  params:\n    D = 0.3\n  states:\n    u[x] = 0\n"
    return opjax.compile_rhs(f"{text}  dynamics:\n    u[x]' = {right_side}\n{more}")


def even(count: int) -> np.ndarray:
    return np.linspace(0.0, 1.0, count)


def uneven(count: int) -> np.ndarray:
    return np.linspace(0.0, 1.0, count) ** 1.5


def ring(count: int) -> np.ndarray:
    return np.arange(count) / count


def order(errors: list[float]) -> float:
    return float(np.log2(errors[0] / errors[1]))


def errors_of(right_side: str, value: Function, exact: Function, points: Any, more: str = "") -> list[float]:
    found: list[float] = []
    for count in SIZES:
        x = points(count + 1)
        found.append(float(np.abs(compiled(right_side, x, more).eval_fn(0.0, value(x)) - exact(x)).max()))
    return found


@pytest.mark.parametrize("points", [even, uneven])
def test_slopes_are_of_second_order_up_to_the_ends(points: Any) -> None:
    assert order(errors_of("grad(u, x)", np.exp, np.exp, points)) > 1.9
    assert order(errors_of("grad(u[x]^2*x, x)", np.exp, lambda x: np.exp(2 * x) * (1 + 2 * x), points)) > 1.9
    assert order(errors_of("div(u*x, x)", np.exp, lambda x: np.exp(x) * (1 + x), points)) > 1.9


def test_slopes_of_parabolas_are_exact() -> None:
    for points in (even(7), uneven(7), even(3)):
        found = compiled("grad(u, x)", points).eval_fn(0.0, 1 - 3 * points + 2 * points**2)
        np.testing.assert_allclose(found, 4 * points - 3, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(compiled("grad(u, x)", even(2)).eval_fn(0.0, np.array([1.0, 3.0])), [2.0, 2.0])


def wave(x: Any) -> Any:
    return np.sin(2 * np.pi * x)


def slope_of_wave(x: Any) -> Any:
    return 2 * np.pi * np.cos(2 * np.pi * x)


def test_a_ring_has_no_ends() -> None:
    assert order(errors_of("grad(u, x) edge periodic", wave, slope_of_wave, ring)) > 1.9
    assert 0.9 < order(errors_of("upwind(u, x, 1) edge periodic", wave, slope_of_wave, ring)) < 1.1
    periodic = "  boundary:\n    u at x.lo: periodic\n    u at x.hi: periodic\n"
    assert order(errors_of("grad(u, x)", wave, slope_of_wave, ring, periodic)) > 1.9


@pytest.mark.parametrize("velocity", ["D", "-D", "D*(x - 0.4)", "2", "-2"])
def test_upwind_is_of_first_order_on_the_side_that_the_velocity_comes_from(velocity: str) -> None:
    found = errors_of(f"upwind(u, x, {velocity})", np.exp, np.exp, uneven, NEUMANN.format(-1, "exp(1)"))
    assert 0.9 < order(found) < 1.15


@pytest.mark.parametrize(("velocity", "place"), [("1", 0), ("-1", -1)])
def test_what_comes_in_is_what_the_edge_says(velocity: str, place: int) -> None:
    x = uneven(9)
    steps = np.diff(x)
    inner = np.diff(np.exp(x)) / steps
    rhs = compiled(f"upwind(u, x, {velocity}) edge absorb", x)
    end = np.exp(x[place]) / steps[place] * (1 if place == 0 else -1)
    wanted = [end, *inner] if place == 0 else [*inner, end]
    np.testing.assert_allclose(rhs.eval_fn(0.0, np.exp(x)), wanted, rtol=1e-12)
    stay = compiled(f"upwind(u, x, {velocity}) edge stay", x).eval_fn(0.0, np.exp(x))
    wanted[place] = 0.0
    np.testing.assert_allclose(stay, wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("points", [even(2), even(7), uneven(7)])
def test_the_slope_at_an_end_is_what_the_edge_says(points: np.ndarray) -> None:
    u, steps = np.cos(3 * points), np.diff(points)
    absorbed = compiled("grad(u, x) edge absorb", points).eval_fn(0.0, u)
    beyond = np.concatenate([[points[0] - steps[0]], points, [points[-1] + steps[-1]]])
    zeros = np.concatenate([[0.0], u, [0.0]])  # zero lies as far away as the neighbour
    np.testing.assert_allclose(absorbed, np.gradient(zeros, beyond)[1:-1], rtol=1e-12, atol=1e-12)
    flux = compiled("div(2*u, x) edge absorb", points).eval_fn(0.0, u)
    np.testing.assert_allclose(flux, 2 * absorbed, rtol=1e-12, atol=1e-12)
    for written in ("grad(u, x) edge stay", "div(u*1, x) edge stay"):
        found = compiled(written, points).eval_fn(0.0, u)
        assert found[0] == found[-1] == 0.0
        np.testing.assert_array_equal(found[1:-1], absorbed[1:-1])


def test_diffusion_inside_an_expression_is_the_operator() -> None:
    x = uneven(9)
    u = np.exp(-x) * np.cos(5 * x)
    for coefficient, more in (("D", ""), ("(1 + x)*D", NEUMANN.format(0.4, -0.2))):
        written = compiled(f"div({coefficient}*grad(u, x), x)", x, more)
        operator = f"  operators:\n    diffusion of u along x with coefficient = {coefficient}\n"
        same = compiled("0*u[x]", x, operator + more)
        np.testing.assert_allclose(written.eval_fn(0.0, u), same.eval_fn(0.0, u), rtol=1e-12, atol=1e-12)


def test_a_steady_state_with_conditions_at_both_ends_is_of_second_order(x64: None) -> None:
    """((1 + x) u')' - u = f for u = exp(-x), with a given slope at 0 and a mixed condition at 1."""
    more = "  boundary:\n    u at x.lo: neumann(1)\n    u at x.hi: robin(a=1, b=1, c=0)\n"
    found: list[float] = []
    for count in (20, 40):
        x = uneven(count + 1)
        rhs = compiled("div((1 + x)*grad(u, x), x) - u[x]", x, more)
        nothing = np.zeros(count + 1)
        matrix, source = rhs.jacobian(0.0, nothing), rhs.eval_fn(0.0, nothing)
        given = np.exp(-x) * (1 + x) - 2 * np.exp(-x)
        found.append(float(np.abs(np.linalg.solve(matrix, given - source) - np.exp(-x)).max()))
    assert order(found) > 1.8


def test_mass_is_conserved_where_nothing_flows_through_the_ends() -> None:
    x = uneven(33)
    widths = np.concatenate([[x[1] - x[0]], x[2:] - x[:-2], [x[-1] - x[-2]]]) / 2
    change = compiled("div(D*u*grad(u, x), x)", x).eval_fn(0.0, np.exp(np.sin(7 * x)))
    assert abs(widths @ change) < 1e-12 * np.abs(widths * change).sum()


def test_a_held_end_is_read_as_it_is_held() -> None:
    more = "  boundary:\n    u at x.lo: dirichlet(2)\n    u at x.hi: dirichlet(3)\n"
    found = compiled("div(grad(u, x), x)", even(6), more).eval_fn(0.0, np.array([9.0, 2.2, 2.4, 2.6, 2.8, 9.0]))
    np.testing.assert_allclose(found, np.zeros(6), atol=1e-12)


SEVERAL = """
model M:
  axes:
    kind = [a, b]
    x = grid(0, 1, 5)
  params:
    v[kind]
  states:
    u[kind, x] = 0
  dynamics:
    u[kind, x]' = -v*upwind(u, x, v) + grad(v*u, x) edge stay
"""


def test_several_axes_and_jax(x64: None) -> None:
    rhs = opjax.compile_rhs(SEVERAL.replace("-v*upwind", "-v[kind]*upwind"))
    u = np.random.default_rng(0).normal(size=(2, 5))
    v, step = np.array([0.5, -2.0]), 0.25
    behind = np.diff(u, prepend=u[:, :1]) / step
    ahead = np.diff(u, append=u[:, -1:]) / step
    central = (behind + ahead) / 2
    central[:, 0] = central[:, -1] = 0.0
    wanted = v[:, None] * (central - np.where(v[:, None] > 0, behind, ahead))
    np.testing.assert_allclose(rhs.eval_fn(0.0, u.ravel(), v=v).reshape(2, 5), wanted, rtol=1e-12, atol=1e-13)
    traced = jax.jit(rhs.eval_fn)(0.0, jax.numpy.asarray(u.ravel()), v=v)
    np.testing.assert_allclose(np.reshape(traced, (2, 5)), wanted, rtol=1e-12, atol=1e-13)


BETWEEN = """
model M:
  axes:
    x = points [0, 1, 3]
    place = [p, q]
  params:
    where_[place]
  states:
    u[x] = x
    m[place] = 0
  dynamics:
    u[x]' = 0
    m[place]' = at(u^2, x=where_[place]) + at(u, x=2)
"""


def test_a_value_between_points() -> None:
    found = opjax.compile_rhs(BETWEEN).eval_fn(0.0, np.array([1.0, 2.0, 5.0, 0.0, 0.0]), where_=np.array([0.5, 2.0]))
    np.testing.assert_allclose(found[3:], np.interp([0.5, 2.0], [0, 1, 3], [1.0, 4.0, 25.0]) + 3.5)


@pytest.mark.parametrize(
    ("right_side", "problem"),
    [
        ("upwind(u, x, 1)", "E0312"),
        ("upwind(u, x, D)", "E0312"),
        ("grad(u, y)", "E0304"),
        ("grad(u)", "E0402"),
        ("grad(u, 2)", "E0407"),
        ("at(u, 2)", "E0402"),
        ("at(u, y=2)", "E0304"),
        ("at(D, x=2)", "E0581"),
        ("grad(w, x)", "E0301"),
    ],
)
def test_what_has_no_meaning_is_refused(right_side: str, problem: str) -> None:
    with pytest.raises(opjax.OpjaxError, match=problem):
        compiled(right_side, even(5))


def test_labels_and_single_points_have_no_slopes() -> None:
    text = "model M:\n  axes:\n    a = {}\n  states:\n    u[a] = 0\n    m = 0\n  dynamics:\n    {}' = grad(u, a)\n"
    for axis, problem in (("[p, q]", "E0580"), ("points [1]", "E0407")):
        with pytest.raises(opjax.OpjaxError, match=problem):
            opjax.compile_rhs(text.format(axis, "u[a]"))
    with pytest.raises(opjax.OpjaxError, match="E0308"):
        opjax.compile_rhs(text.format("points [1, 2]", "m"))
