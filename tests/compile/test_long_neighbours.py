"""Models of finite differences over long axes: what the meaning says, whoever computes."""

from __future__ import annotations

import re

import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from interpreted import derivative
from opjax.backends.jax import BACKEND as JAX
from opjax.backends.numpy import BACKEND as NUMPY
from opjax.compile.helpers import read_beyond, widened
from opjax.ir.nodes import Edge

EDGES: tuple[Edge, ...] = ("periodic", "stay", "absorb")


AGEING = """
model Ageing:
  axes:
    a = grid(0, 100, 150)
  params:
    w = 4
    m[a]
{more}
  states:
    u[a]
  dynamics:
    d(u[a])/dt = w*(u[a-1] + 2*u[a+2]) + (1 if a == 0 else 0) + (m[a+1] - m[a-3])*{factor} edge {edge}
"""


@pytest.mark.parametrize("edge", EDGES)
def test_long_neighbours_beside_what_is_computed_once(edge: Edge) -> None:
    names = [f"k{i}" for i in range(70)]
    for more in ([], names):
        text = AGEING.format(edge=edge, more="".join(f"    {n} = 1\n" for n in more), factor="*".join(more) or "1")
        rhs = opjax.compile_rhs(opjax.loads(text, "ojx"))
        random = np.random.default_rng(3)
        y, p = random.uniform(size=150), {"w": 4.0, "m": random.uniform(size=150), **dict.fromkeys(more, 1.0)}
        want = derivative(rhs, y, p)
        for state, near in ((y, 1e-12), (jnp.asarray(y, "float32"), 1e-4)):
            np.testing.assert_allclose(rhs(0.0, state, p), want, rtol=near, atol=near)


@pytest.mark.parametrize("edge", EDGES)
def test_ends_around_an_array_are_the_same_for_all(edge: Edge) -> None:
    v = np.arange(12.0).reshape(3, 4)
    for low, high in ((0, 1), (2, 0), (1, 3), (4, 4)):
        own = widened(NUMPY, edge)(v, low, high)
        own_of_jax = JAX.widened(edge)
        assert own_of_jax is not None
        np.testing.assert_array_equal(own, own_of_jax(jnp.asarray(v), low, high))
        assert own.shape == (3, 4 + low + high)


@pytest.mark.parametrize("edge", EDGES)
def test_points_far_beyond_the_ends(edge: Edge) -> None:
    v = np.array([[3.0, 4.0, 5.0]])
    for first, last in ((-5, -1), (-4, 8), (1, 2), (2, 9), (5, 7)):
        points = range(first, last)
        want = v[0, [at % 3 if edge == "periodic" else min(max(at, 0), 2) for at in points]]
        want = np.where([edge == "absorb" and at not in range(3) for at in points], 0.0, want)
        np.testing.assert_array_equal(read_beyond(NUMPY, edge)(v, first, last, 1), [want])
        np.testing.assert_array_equal(read_beyond(NUMPY, edge)(v.T, first, last, 0)[:, 0], want)


WAVE = """
model Wave:
  axes:
    x = grid(0, 1, {points})
  states:
    u[x]
    w[x]
  dynamics:
    d(u[x])/dt = w[x]
    d(w[x])/dt = (u[x+1] - u[x])*w[x-1] edge periodic
"""


def statements(rhs: opjax.CompiledRhs) -> str:
    return rhs._quantities.kernel(NUMPY).code("written").text


def is_copied(written: str) -> bool:
    """Whether a state or parameter is copied to an array with its ends around it."""
    return re.search(r"wide\w*\[.*\] = [ukw]$", written, re.MULTILINE) is not None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_long_arrays_that_lie_alike_are_copied_by_arithmetic_to_the_last_bit(dtype: str) -> None:
    special = np.array([0.0, -0.0, 1e-310, -1e-40, np.inf, -np.inf, np.nan, 1 / 3])
    for points, copies in ((64, 0), (495, 0), (496, 2), (512, 2), (528, 2), (529, 0), (1_000, 0), (16_000, 2)):
        rhs = opjax.compile_rhs(opjax.loads(WAVE.format(points=points), "ojx"))
        y = np.resize(special, 2 * points).astype(dtype)
        with np.errstate(all="ignore"):
            found, want = rhs(0.0, y), rhs(0.0, y.view(Kind))
        assert found[:points].tobytes() == y[points:].tobytes()
        np.testing.assert_array_equal(found, np.asarray(want))
        assert statements(rhs).count("write_multiply") == copies


class Kind(np.ndarray):
    """A kind of array takes the form that shifts copies."""


LINE = """
model Line:
  axes:
    x = grid(0, 1, {points})
  params:
    k[x]
    h = 0.7
  states:
    u[x]
    w[x]
  dynamics:
    d(u[x])/dt = {rate} edge {edge}
    d(w[x])/dt = {other} edge {edge}
"""
RATES = (
    ("(u[x+1] - u[x-1])/h", "u[x]"),
    ("h*(u[x+1] - 2*u[x] + u[x-1])", "w[x-2] + w[x+1]"),
    ("-(k[x+1] + k[x])*(u[x+1] - u[x]) + (k[x] + k[x-1])*(u[x] - u[x-1])", "-w[x+2] - w[x]"),
    ("(u[x+1] - u[x])^3 - (u[x] - u[x-1])^3", "w[x] - w[x-1] + u[x]"),
    ("(u[x+2] - u[x+1]) + (u[x+1] - u[x])", "w[x+1] - w[x+3]"),
    ("(u[x] - u[x-1])^2 - (u[x-1] - u[x-2])^2", "w[x-1] + w[x-2]"),
    ("sin(u[x+3] - u[x+1]) - sin(u[x+2] - u[x])", "w[x-1] - w[x]"),
    ("-u[x-1] + u[x] - k[x]", "h*w[x]*(w[x+3] - w[x-3])"),
)


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize(("rate", "other"), RATES)
def test_sums_of_two_neighbours_need_no_copy(rate: str, other: str, edge: Edge) -> None:
    random = np.random.default_rng(8)
    for points in (60, 70):
        rhs = opjax.compile_rhs(opjax.loads(LINE.format(rate=rate, other=other, edge=edge, points=points), "ojx"))
        y, p = random.normal(size=2 * points), {"k": random.uniform(size=points), "h": 0.7}
        p = {name: p[name] for name in rhs.param_names}
        found, before = rhs(0.0, y, p), y.copy()
        np.testing.assert_allclose(found, derivative(rhs, y, p), rtol=1e-12, atol=1e-13)
        for state in (y.view(Kind), np.repeat(y, 2)[::2]):
            np.testing.assert_array_equal(found, np.asarray(rhs(0.0, state, p)))
        np.testing.assert_array_equal(y, before)
        assert is_copied(statements(rhs)) == (points == 60)


PLANE = """
model Plane:
  axes:
    x = grid(0, 1, 9)
    z = grid(0, 1, 11)
  params:
    k[x, z]
    h = 0.7
    q = 1.9
  states:
    u[x, z]
    w[z, x]
  dynamics:
    d(u[x, z])/dt = {rate} edge {edge}
    d(w[z, x])/dt = {other} edge {edge}
"""
DRIFT = "h*({u}[x+1, z] - 2*{u}[x, z] + {u}[x-1, z]) - ({u}[x+1, z] - {u}[x-1, z])/q"
ACROSS = "q*({u}[x, z+1] - 2*{u}[x, z] + {u}[x, z-1])/h - h*({u}[x, z] - {u}[x, z-1])"
PLANES = (
    (f"{DRIFT} + {ACROSS}".format(u="u"), "h*(w[z, x+1] - w[z, x-1])"),
    ("k[x, z]*(u[x+1, z] - u[x, z]) - k[x-1, z]*(u[x, z] - u[x-1, z])", "u[x, z+2] - u[x, z-1]"),
    (
        "(k[x, z] + k[x, z+1])*(u[x, z+1] - u[x, z]) - (k[x, z-1] + k[x, z])*(u[x, z] - u[x, z-1])",
        "-w[z-1, x] - w[z, x]",
    ),
    ("-h*((u[x+2, z] - u[x+1, z]) + (u[x+1, z] - u[x, z]))", "w[z-1, x] - w[z-2, x]"),
    (f"{ACROSS.format(u='k')} + u[x, z]", "w[z+1, x] - w[z, x] + u[x, z]"),
)


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize(("rate", "other"), PLANES)
def test_sums_of_two_neighbours_on_a_plane(rate: str, other: str, edge: Edge) -> None:
    random = np.random.default_rng(9)
    rhs = opjax.compile_rhs(opjax.loads(PLANE.format(rate=rate, other=other, edge=edge), "ojx"))
    y, p = random.normal(size=2 * 99), {"k": random.uniform(size=(9, 11)), "h": 0.7, "q": 1.9}
    p = {name: p[name] for name in rhs.param_names}
    found, before = rhs(0.0, y, p), y.copy()
    np.testing.assert_allclose(found, derivative(rhs, y, p), rtol=1e-12, atol=1e-13)
    for state in (y.view(Kind), np.repeat(y, 2)[::2]):
        np.testing.assert_array_equal(found, np.asarray(rhs(0.0, state, p)))
    np.testing.assert_array_equal(y, before)


def test_drift_on_a_plane_needs_no_copy() -> None:
    rate, other = PLANES[0]
    rhs = opjax.compile_rhs(opjax.loads(PLANE.format(rate=rate, other=other, edge="stay"), "ojx"))
    written = statements(rhs)
    assert not is_copied(written)
    assert written.count("empty((10, 11), real)") == written.count("empty((9, 12), real)") == 1


def test_faces_at_both_ends_of_a_ring_are_one() -> None:
    text = LINE.format(rate="u[x+1] - 2*u[x] + u[x-1]", other="0", edge="periodic", points=100)
    written = statements(opjax.compile_rhs(opjax.loads(text, "ojx")))
    assert "total[0] = total[100] = u[0] - u[99]" in written
    assert "empty(101, real)" in written


CUBES = "(u[x+1] - u[x])^{power} - (u[x] - u[x-1])^{power}"
CLOSED = (
    "(k[x+1] + k[x])*(u[x+1] - u[x]) - (k[x] + k[x-1])*(u[x] - u[x-1])",
    *(CUBES.format(power=n) for n in (2, 3, 5)),
)


@pytest.mark.parametrize("rate", CLOSED)
def test_fluxes_stand_between_zeros_where_they_are_computed(rate: str) -> None:
    rhs = opjax.compile_rhs(opjax.loads(LINE.format(rate=rate, other="0", edge="stay", points=100), "ojx"))
    written = statements(rhs)
    assert re.findall(r"^\s*wide\[(.*)\] = (.*)$", written, re.MULTILINE) in [
        [("0", "0.0"), ("100", "0.0")],
        [("100", "0.0"), ("0", "0.0")],
    ]
    y = np.random.default_rng(10).normal(size=200)
    p = {"k": np.linspace(0.5, 1.5, 100)} if "k" in rhs.param_names else {}
    p |= {"h": 0.7} if "h" in rhs.param_names else {}
    np.testing.assert_allclose(rhs(0.0, y, p), derivative(rhs, y, p), rtol=1e-12, atol=1e-13)
