"""What is added at one position of an axis: with NumPy it is added there, with JAX it has zeros around it."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax.compile.contraction import common_order
from opjax.compile.kernel import Kernel
from opjax.ir.types import Dim

RANDOM = np.random.default_rng(20260611)

DOSES = """
model Doses:
  axes:
    age = [young, old]
    dose = [none, one, two]
    place = [north, south]
  params:
    nu[age]
    beta[place]
    effect[dose]
  states: S[age, dose, place], I[age, dose, place]
  let:
    force[age, place] = beta[place]*sum(I[age, d, place] for d in dose)
  dynamics:
    S[age, dose, place] -> I[age, dose, place] @ effect[dose]*force[age, place]
    S[age, dose="none", place] -> S[age, dose="one", place] @ nu[age]
    S[age, dose="one", place] -> S[age, dose="two", place] @ nu[age]
    0 -> I[age="young", dose="none", place] @ beta[place]
    0 -> I[age="old", dose="none", place="south"] @ 0.25
"""
CHAIN = """
model Chain:
  axes:
    age = ordered [a, b, c, d]
  params:
    rate
    births
  states: n[age], total
  dynamics:
    n[age] -> n[age+1] @ rate edge absorb
    0 -> n[age="a"] @ births*total
    n[age]' = n[age]/(1 + n[age])
    n[age="d"] -> total @ rate
"""


def doses(y: np.ndarray, p: dict[str, np.ndarray]) -> np.ndarray:
    susceptible, infected = y.reshape(2, 2, 3, 2)
    change = np.zeros((2, 2, 3, 2))
    force = p["beta"] * infected.sum(axis=1)
    caught = susceptible * p["effect"][:, None] * force[:, None, :]
    change[0] -= caught
    change[1] += caught
    for dose in (0, 1):
        moved = p["nu"][:, None] * susceptible[:, dose]
        change[0, :, dose] -= moved
        change[0, :, dose + 1] += moved
    change[1, 0, 0] += p["beta"]
    change[1, 1, 0, 1] += 0.25
    return change.reshape(-1)


def chain(y: np.ndarray, p: dict[str, np.ndarray]) -> np.ndarray:
    n, total = y[:4], y[4]
    change = np.append(n / (1 + n) - p["rate"] * n, 0.0)
    change[1:4] += p["rate"] * n[:3]
    change[0] += p["births"] * total
    change[3] -= p["rate"] * n[3]
    change[4] = p["rate"] * n[3]
    return change


CASES = {
    "doses": (DOSES, doses, 24, {"nu": (2,), "beta": (2,), "effect": (3,)}),
    "chain": (CHAIN, chain, 5, {"rate": (), "births": ()}),
}


def values(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    return {name: RANDOM.uniform(0.1, 1.0, shape) for name, shape in shapes.items()}


def kernel(rhs: opjax.CompiledRhs) -> Kernel:
    usual = rhs._usual  # pyright: ignore
    assert usual is not None
    return usual.kernel


@pytest.mark.parametrize("name", CASES)
def test_the_derivative_is_that_written_by_hand(name: str) -> None:
    text, by_hand, size, shapes = CASES[name]
    rhs, y, p = opjax.compile_rhs(text), RANDOM.uniform(0.5, 2.0, size), values(shapes)
    np.testing.assert_allclose(rhs(0.0, y, p), by_hand(y, p), rtol=1e-13)
    single = rhs(0.0, y.astype(np.float32), p)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, by_hand(y, p), rtol=1e-4, atol=1e-4)
    with jax.enable_x64(True):
        run: Callable[..., np.ndarray] = jax.jit(rhs.eval_fn)
        np.testing.assert_allclose(run(0.0, jnp.asarray(y), **p), by_hand(y, p), rtol=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_no_array_of_zeros_is_made(name: str) -> None:
    text, _, size, shapes = CASES[name]
    rhs, y, p = opjax.compile_rhs(text), RANDOM.uniform(0.5, 2.0, size), values(shapes)
    rhs(0.0, y, {key: float(value) if value.ndim == 0 else value for key, value in p.items()})
    lines = kernel(rhs).code("written").text.splitlines()
    assert not any("where" in line or "permute" in line for line in lines)
    assert sum("] += " in line or "] -= " in line for line in lines) >= (2 if name == "doses" else 1)


def test_what_has_all_axes_of_a_state_has_its_order() -> None:
    a, b, c = Dim("a"), Dim("b"), Dim("c")
    assert common_order([(a, c), (b,)]) == (a, c, b)
    assert common_order([(a, c), (b,)], [(a, b, c)]) == (a, b, c)
    assert common_order([(a, c, b), (b,)], [(a, b, c)]) == (a, c, b)  # it is there already
    assert common_order([(a, c, b), (a, b, c)], [(a, b, c)]) == (a, b, c)
    assert common_order([(c,), (a,)], [(a, b, c)]) == (a, c)


def test_what_stands_at_one_position_and_depends_on_the_axis_alone_is_computed_once() -> None:
    text = """
model Robin:
  axes:
    x = grid(0, 1, 41)
  states:
    u[x] = 1
  dynamics:
    d(u[x])/dt = div((1 + x)*grad(u, x), x) - u[x]
  boundary:
    u at x.lo: neumann(1)
    u at x.hi: robin(a=1, b=1, c=0)
"""
    x = np.linspace(0, 1, 41)
    rhs, wanted = opjax.compile_rhs(text), (x - 1) * np.exp(-x)
    with jax.enable_x64(True):  # u = exp(-x), up to the error of the differences
        np.testing.assert_allclose(rhs.eval_fn(0.0, jnp.asarray(np.exp(-x))), wanted, atol=0.01)
    np.testing.assert_allclose(rhs.eval_fn(0.0, np.exp(-x)), wanted, atol=0.01)


def test_what_is_joined_goes_to_all_points_of_an_axis_that_it_lacks() -> None:
    """An equation of its own at one age, and none that names the regions: both regions get the same."""
    rhs = opjax.compile_rhs(
        """
model M:
  axes:
    age = [child, adult, old, oldest]
    region = [north, south]
  states:
    m[age, region]
    x[age]
    s
  dynamics:
    d(m[age, region])/dt = x[age] if age != "child" else s*x["old"]/2
    d(x[age])/dt = -x[age]
    d(s)/dt = -0.1*s
"""
    )
    y = np.linspace(1.0, 2.0, 13)
    x, s = y[8:12], y[12]
    rates = np.append(s * x[2] / 2, x[1:])
    want = np.concatenate((np.repeat(rates, 2), -x, [-0.1 * s]))
    for values in (y, jnp.asarray(y)):
        np.testing.assert_allclose(rhs(0.0, values), want, rtol=1e-6 if values is not y else 1e-15)
