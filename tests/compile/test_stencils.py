"""Sums over neighbours in several dims: the same to the last bit as with shifted copies, whatever stands in the sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import opjax
from opjax.backends.numpy import BACKEND

MODEL = """
model Stencil:
  axes:
    a = grid(0, 1, {sizes[0]})
    b = grid(0, 1, {sizes[1]})
    c = grid(0, 1, {sizes[2]})
  params:
    k = 0.3
    q = 7
  states:
    u[{dims}]
    w[{dims}]
  dynamics:
    d(u[{dims}])/dt = {rate} edge {edge}
    d(w[{dims}])/dt = {other} edge {edge}
"""


class Kind(np.ndarray):
    """A kind of array takes the form that shifts copies."""


def compiled(rate: str, other: str = "0", dims: str = "a, b", edge: str = "periodic", sizes: str = "26, 7, 4"):
    sides = [int(size) for size in sizes.split(",")]
    text = MODEL.format(rate=rate, other=other, dims=dims, edge=edge, sizes=sides)
    shape = tuple(sides["abc".index(dim)] for dim in dims.split(", "))
    return opjax.compile_rhs(opjax.loads(text, "ojx")), shape


def statements(rhs: opjax.CompiledRhs) -> str:
    return rhs._quantities.kernel(BACKEND).code("written").text


def is_the_same(rhs: opjax.CompiledRhs, shape: tuple[int, ...], dtype: type = np.float64) -> np.ndarray:
    """Both forms give the same bits, and nothing of what was given changes."""
    y = np.random.default_rng(5).uniform(-2, 3, 2 * int(np.prod(shape))).astype(dtype)
    before = y.copy()
    want = rhs(0.0, y.view(Kind), {"k": 0.3, "q": 7.0})
    for state in (y, y, np.repeat(y, 2)[::2]):
        found = rhs(0.0, state, {"k": 0.3, "q": 7.0})
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, np.asarray(want))
    np.testing.assert_array_equal(y, before)
    return found.reshape(2, *shape)


@st.composite
def sums(draw: st.DrawFn, dims: str) -> str:
    """A sum of neighbours, some of them with factors, divisors and signs, and sometimes other terms."""
    names = dims.split(", ")
    moves = [[step if place == at else 0 for place in range(len(names))] for at in range(2) for step in (1, -1)]
    for _ in range(draw(st.integers(0, 3))):
        moves.append([draw(st.sampled_from((0, 0, 0, 1, -1, 2, -2))) for _ in names])
    terms = ""
    for number, move in enumerate(draw(st.permutations(moves))):
        point = ", ".join(f"{name}{step:+d}" if step else name for name, step in zip(names, move, strict=True))
        form = draw(st.sampled_from(("{}",) * 6 + ("2*{}", "k*{}", "{}*3", "{}/q") + ("exp({})",) * (number > 2)))
        sign = draw(st.sampled_from("++-"))
        terms += f" {sign} " * (number > 0 or sign == "-")
        terms += form.replace("{}", f"{draw(st.sampled_from('u' * 12 + 'w'))}[{point}]")
    return f"{draw(st.sampled_from(('', '', 'k*')))}({terms})"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_sums_of_neighbours_have_the_same_bits(data: st.DataObject) -> None:
    dims = data.draw(st.sampled_from(("a, b", "a, b", "b, a", "a, b, c")))
    edge = data.draw(st.sampled_from(("periodic", "stay", "absorb")))
    sizes = data.draw(st.sampled_from(("26, 27, 4", "25, 24, 2", "8, 30, 4")))
    rhs, shape = compiled(data.draw(sums(dims)), data.draw(sums(dims)), dims, edge, sizes)
    is_the_same(rhs, shape, data.draw(st.sampled_from((np.float64, np.float32))))


@pytest.mark.parametrize("edge", ["periodic", "stay", "absorb"])
def test_a_laplacian_is_that_of_padded_arrays(edge: str) -> None:
    rate = "k*(u[a-1, b] + u[a+1, b] + u[a, b-1] + u[a, b+1] - 4*u[a, b])"
    rhs, shape = compiled(rate, "w[a+1, b+1] - 2*w[a, b] + w[a-1, b-1]", edge=edge)
    text = statements(rhs)
    assert "shift_" not in text
    assert text.count("reshape(-1)") == 3  # two sums, and the array that is read across corners
    found = is_the_same(rhs, shape)
    mode: Any = {"periodic": "wrap", "stay": "edge", "absorb": "constant"}[edge]
    u, w = np.random.default_rng(5).uniform(-2, 3, 2 * 26 * 7).reshape(2, 26, 7)
    wide = np.pad(u, 1, mode=mode)
    around = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] - 4 * u
    np.testing.assert_allclose(found[0], 0.3 * around, rtol=1e-13, atol=1e-13)
    wide = np.pad(w, 1, mode=mode)
    np.testing.assert_allclose(found[1], wide[2:, 2:] - 2 * w + wide[:-2, :-2], rtol=1e-13, atol=1e-13)


def test_few_rows_and_what_others_read_too_are_read_row_by_row() -> None:
    long = "u[a-1, b] + u[a, b-1] + u[a, b+1] - u[a+1, b]"
    for rate, sizes in (
        (long, "8, 30, 2"),
        ("u[a, b+1]*u[a, b-1]", "40, 30, 2"),
        (f"({long})*u[a, b+1]", "40, 30, 2"),
    ):
        rhs, shape = compiled(rate, sizes=sizes)
        assert "reshape(-1)" not in statements(rhs)
        is_the_same(rhs, shape)


@pytest.mark.parametrize("edge", ["periodic", "stay", "absorb"])
def test_a_difference_of_two_is_taken_along_memory(edge: str) -> None:
    rhs, shape = compiled("u[a, b+1] - u[a, b-1]", "k*(w[a, b+2] + w[a, b])", edge=edge)
    assert statements(rhs).count("reshape(-1)") == 2
    is_the_same(rhs, shape)


SEVERAL = "k*u[a, b]*(u[a+1, b] - u[a-1, b]) + (u[a+1, b] + u[a-1, b] + u[a, b+1] + u[a, b-1] - 4*u[a, b])"


@pytest.mark.parametrize(("sizes", "along_memory"), [("64, 64, 2", True), ("32, 32, 2", False)])
def test_several_sums_read_the_same_neighbours_along_memory_if_they_are_long(sizes: str, along_memory: bool) -> None:
    rhs, shape = compiled(SEVERAL, "w[a, b+1] - w[a, b]", sizes=sizes)
    lines = [line for line in statements(rhs).splitlines() if "reshape(-1)" in line]
    assert len(lines) == 1 + 2 * along_memory
    is_the_same(rhs, shape)


def test_a_neighbour_that_something_else_reads_too_is_none_of_several() -> None:
    rhs, shape = compiled(f"{SEVERAL} + exp(u[a, b+1])", sizes="64, 64, 2")
    assert "reshape(-1)" not in statements(rhs)
    is_the_same(rhs, shape)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_sums_of_shared_neighbours_have_the_same_bits(data: st.DataObject) -> None:
    dims = data.draw(st.sampled_from(("a, b", "b, a", "a, b, c")))
    edge = data.draw(st.sampled_from(("periodic", "stay", "absorb")))
    one, other = data.draw(sums(dims)), data.draw(sums(dims))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("opjax.compile.neighbours.SHARED", 0)
        rhs, shape = compiled(f"w[{dims}]*({one}) + exp({other})", f"({one})*({other})", dims, edge, "14, 15, 3")
        is_the_same(rhs, shape)


def test_what_is_computed_has_neighbours_too() -> None:
    """Cahn and Hilliard: the Laplacian of what holds one, where the inner one is read by nobody else."""
    around = "({0}[a+1, b] + {0}[a-1, b] + {0}[a, b+1] + {0}[a, b-1] - 4*{0}[a, b])"
    text = MODEL.format(rate=around.format("m"), other="0", dims="a, b", edge="stay", sizes=(26, 25, 2))
    chemical = f"  let:\n    m[a, b] = u[a, b]^3 - u[a, b] - k*{around.format('u')} edge stay\n  dynamics:"
    rhs = opjax.compile_rhs(opjax.loads(text.replace("  dynamics:", chemical), "ojx"))
    assert statements(rhs).count("reshape(-1)") == 3
    u = is_the_same(rhs, (26, 25))[0]
    given = np.random.default_rng(5).uniform(-2, 3, 2 * 26 * 25)[: 26 * 25].reshape(26, 25)
    for _ in range(2):
        wide = np.pad(given, 1, mode="edge")
        sides = wide[2:, 1:-1] + wide[:-2, 1:-1] + wide[1:-1, 2:] + wide[1:-1, :-2] - 4 * given
        given = given**3 - given - 0.3 * sides if _ == 0 else sides
    np.testing.assert_allclose(u, given, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    "rate",
    [
        "u[a-1, b] + u[a+1, b] + u[a, b+1] - k/q",
        "-(k/q) + u[a-1, b] + u[a+1, b] + u[a, b+1]",
        "u[a, b]/q + k/q - k/q",
    ],
)
def test_a_number_with_a_minus_sign_beside_neighbours(rate: str) -> None:
    rhs, shape = compiled(rate)
    is_the_same(rhs, shape)
