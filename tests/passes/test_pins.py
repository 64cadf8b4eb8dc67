"""Cells that are held: the values of the meaning; NumPy writes them over the rest, JAX computes nothing for all."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from interpreted import derivative
from opjax.backends.numpy import BACKEND as NUMPY

PLANE = """
model Plane:
  axes:
    x = grid(0, 5, 6)
    z = grid(0, 6, 7)
  params:
    D = 0.3
    q = 0.9
  states:
    u[z, x]
    w[x]
  dynamics:
    d(u[z, x])/dt = {held} if {where} else D*(u[z, x+1] - 2*u[z, x] + u[z, x-1]) - u[z, x] edge {edge}
    d(w[x])/dt = D*(w[x+1] - 2*w[x] + w[x-1]) if x != 2 else {held} edge {edge}
"""
PLACES = {
    "x == 0": "[:, 0]",
    "z == 0": "[0]",
    "x == 3": "[:, 3]",
    "z == 4": "[4]",
    "x == 3 and z == 1": "[1, 3]",
    "x >= 4 and z < 2": "[0:2, 4:6]",
    "x == 1 or x == 3": "[:, 1]",
}
SPREAD = ("x == z", "x == 0 or z == 0", "x == 0 or x == 2 or x == 4 or x == 5 - 9", "x > u[z, x]")


def statements(rhs: opjax.CompiledRhs) -> str:
    return rhs._quantities.kernel(NUMPY).code("written").text


@pytest.mark.parametrize("edge", ["stay", "absorb", "periodic"])
@pytest.mark.parametrize("held", ["0", "q/D", "D*w[x=2]"])
@pytest.mark.parametrize("where", [*PLACES, *SPREAD])
def test_values_are_those_of_the_meaning(where: str, held: str, edge: str) -> None:
    rhs = opjax.compile_rhs(PLANE.format(where=where, held=held, edge=edge))
    y, p = np.random.default_rng(3).normal(size=48), {"D": 0.3, "q": 0.9}
    wanted = derivative(rhs, y, p)
    before = y.copy()
    np.testing.assert_allclose(rhs(0.0, y), wanted, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(y, before)
    with jax.enable_x64(True):
        np.testing.assert_allclose(rhs(0.0, jnp.asarray(y)), wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("where", "place"), PLACES.items())
def test_a_held_cell_is_written_over_the_rest(where: str, place: str) -> None:
    rhs = opjax.compile_rhs(PLANE.format(where=where, held="q", edge="stay"))
    written = statements(rhs)
    assert "where" not in written
    assert f"{place} = q" in written
    assert re.search(r"\[2\] = q", written)


def test_what_is_held_in_many_places_is_selected() -> None:
    for where in SPREAD[:2]:
        assert "where" in statements(opjax.compile_rhs(PLANE.format(where=where, held="q", edge="stay")))


def test_what_may_be_undefined_is_computed_where_it_is_wanted() -> None:
    text = "model A:\n  axes:\n    x = grid(0, 9, 10)\n  states: u[x]\n  dynamics:\n"
    rhs = opjax.compile_rhs(f"{text}    u[x]' = 0 if x == 0 else 1/u[x]\n")
    written = statements(rhs)
    assert "where" not in written
    assert "u[1:10]" in written
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(rhs(0.0, np.arange(10.0))[:3], [0.0, 1.0, 0.5])


def test_jax_joins_what_is_held_at_an_end() -> None:
    text = "model A:\n  axes:\n    x = grid(0, 9, 10)\n  states: u[x]\n  dynamics:\n"
    text += "    u[x]' = 0 if x == 0 else u[x+1] - 2*u[x] + u[x-1] edge stay\n"
    assert "where" not in opjax.compile_rhs(text, xp=jnp).source
    assert "[0] = " in statements(opjax.compile_rhs(text))
