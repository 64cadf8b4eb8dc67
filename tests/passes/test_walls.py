"""Second differences between ends that reflect: the values of the meaning, and one operation for each part."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import opjax
from interpreted import derivative
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Edge, Graph
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.walls import walls

X, Z = Dim("x"), Dim("z")
AXES = {"x": Axis("x", "labels", tuple("pqrs")), "z": Axis("z", "labels", ("u", "v", "w"))}
Terms = dict[tuple[Dim, int], float]
"""The factor of a neighbour, by its dim and how far it is; that of the point itself is how far 0."""
CROSS: Terms = {(X, 1): 1.0, (X, -1): 1.0, (Z, 1): 1.0, (Z, -1): 1.0, (X, 0): -4.0}
LONG: Terms = {(X, 1): 3.0, (X, -1): 3.0, (Z, 1): -1.0, (Z, -1): -1.0, (X, 0): -4.0}
ROW: Terms = {(Z, 1): 1.0, (Z, -1): 1.0, (X, 0): -2.0}
OTHERS: tuple[Terms, ...] = (
    {**CROSS, (X, 0): -3.0},
    {**CROSS, (X, 1): 2.0, (X, 0): -5.0},
    {(X, 2): 1.0, (X, -2): 1.0, (X, 0): -2.0},
    {(X, 1): 1.0, (X, -1): -1.0, (Z, 1): 0.0},
)


def program(terms: Terms, edge: Edge) -> tuple[Program, Program]:
    """The sum of neighbours times numbers, after another term; and that of the absolute values."""
    graph = Graph()
    u, other = graph.symbol("state", "u", ("x", "z")), graph.symbol("state", "w", ("x",))
    parts: list[AnyNode] = [other]
    for (dim, step), factor in terms.items():
        read = graph.view(u, [Along(d, step, edge) if d == dim and step else Along(d) for d in u.dims])
        part = read if abs(factor) == 1 else graph.apply("multiply", (graph.constant(abs(factor)), read))
        parts.append(part if factor > 0 else graph.apply("negate", (part,)))
    sizes = [graph.apply("abs", (part,)) for part in parts]
    one, size = (Program(graph, {"value": graph.apply("add", some)}, AXES, {}) for some in (parts, sizes))
    return one, size


def values(one: Program, u: list[float]) -> dict[tuple[int, ...], float]:
    (cells,) = evaluate(list(one.roots.values()), one.axes, lambda s, cell: u[3 * cell[0] + (cell[1:] or (0,))[0]])
    return dict(cells.values)


@pytest.mark.parametrize("terms", [CROSS, LONG, ROW], ids=["cross", "long", "row"])
@settings(max_examples=20, deadline=None)
@given(u=st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=12))
def test_sums_keep_to_their_units(terms: Terms, u: list[float]) -> None:
    given_program, size = program(terms, "stay")
    after = walls(given_program)
    assert after is not given_program
    old, new, most = (values(one, u) for one in (given_program, after, size))
    assert all(abs(old[cell] - new[cell]) <= 16 * math.ulp(most[cell]) for cell in old)


@pytest.mark.parametrize("terms", OTHERS)
def test_what_is_no_second_difference_stays(terms: Terms) -> None:
    given_program, _ = program(terms, "stay")
    assert walls(given_program) is given_program


@pytest.mark.parametrize("edge", ["absorb", "periodic"])
def test_other_ends_stay(edge: Edge) -> None:
    given_program, _ = program(CROSS, edge)
    assert walls(given_program) is given_program


MODEL = """
model Plane:
  axes:
    x = grid(0, 1, 6)
    z = grid(0, 1, 5)
    g = [a, b]
  params:
    D = 0.3
    h = 0.7
  states:
    u[z, g, x]
  dynamics:
    d(u[z, g, x])/dt = {rate} - u[z, g, x]^3 edge stay
"""
RATES = (
    "D*(u[z, g, x+1] + u[z, g, x-1] + u[z+1, g, x] + u[z-1, g, x] - 4*u[z, g, x])",
    "D*(u[z, g, x+1] - 2*u[z, g, x] + u[z, g, x-1])/h^2 + (u[z+1, g, x] - 2*u[z, g, x] + u[z-1, g, x])",
)


@pytest.mark.parametrize("rate", RATES)
def test_heat_on_a_plane_has_its_values_and_gradients(rate: str) -> None:
    rhs = opjax.compile_rhs(MODEL.format(rate=rate), xp=jnp)
    assert "stay" not in rhs.source  # all that is read lies inside
    rng = np.random.default_rng(12)
    y, weights, change = rng.normal(size=(3, 60))
    with jax.enable_x64(True):
        np.testing.assert_allclose(
            rhs(0.0, jnp.asarray(y)), derivative(rhs, y, {"D": 0.3, "h": 0.7}), rtol=1e-12, atol=1e-12
        )
        slope = jax.grad(lambda y: jnp.vdot(rhs(0.0, y), weights))(jnp.asarray(y))
        ahead, behind = (np.vdot(rhs(0.0, jnp.asarray(y + step * change)), weights) for step in (1e-6, -1e-6))
    np.testing.assert_allclose(np.vdot(slope, change), (ahead - behind) / 2e-6, rtol=1e-6)
