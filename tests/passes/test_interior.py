"""The points inside of a line apart from those at its ends: the same values, one by one, mapped and differentiated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import interpreted
import opjax
from backends.namespaces import equations
from opjax.backends.jax import BACKEND as JAX
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Edge, Graph, Join, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.interior import interior, lines

X, FACES = Dim("x"), Dim("faces")
AXES = {"x": Axis("x", "labels", ("",) * 12), "faces": Axis("faces", "labels", ("",) * 13)}
EDGES: tuple[Edge, ...] = ("periodic", "stay", "absorb")
SPECIAL = (0.0, -0.0, 1.0, -1.5, 2.5, math.inf, -math.inf, math.nan, 1e308, 5e-324)
Cells = Mapping[tuple[int, ...], float | bool]


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Values along a line, and of neighbours of what has been computed of neighbours."""
    graph = Graph()
    line: list[AnyNode] = [graph.symbol("state", "u", ("x",)), graph.symbol("parameter", "k", ("x",))]
    faces: list[AnyNode] = []
    others = [graph.symbol("parameter", "c"), graph.constant(2.0), graph.reduce("sum", line[0], (X,))]
    for _ in range(draw(st.integers(3, 9))):
        made = line if not faces or draw(st.booleans()) else faces
        kind = draw(st.sampled_from(("move", "move", "faces", "cells", "apply", "apply", "where", "power", "place")))
        edge, one = draw(st.sampled_from(EDGES)), draw(st.sampled_from(made))
        (dim,) = one.dims
        match kind:
            case "move":
                made.append(graph.view(one, (Along(dim, draw(st.integers(-4, 4)), edge),)))
            case "faces":
                one = draw(st.sampled_from(line))
                faces.append(graph.view(one, (Along(FACES, draw(st.integers(-2, 1)), edge, points=13),)))
            case "cells" if faces:
                one = draw(st.sampled_from(faces))
                line.append(graph.view(one, (Along(X, draw(st.integers(0, 1)), edge, points=12),)))
            case "where":
                less = graph.apply("less", (one, draw(st.sampled_from(made))))
                less = graph.view(less, (Along(dim, draw(st.integers(-2, 2)), edge),))
                made.append(graph.apply("where", (less, one, draw(st.sampled_from([*made, *others])))))
            case "power":
                made.append(graph.integer_power(one, draw(st.integers(2, 3))))
            case "place":
                line.append(graph.place(draw(st.sampled_from(others)), X, draw(st.integers(0, 11))))
            case _:
                function = draw(st.sampled_from(("add", "add", "multiply", "negate", "maximum")))
                count = 1 if function == "negate" else draw(st.integers(1, 2))
                rest = [draw(st.sampled_from([*made, *others])) for _ in range(count)]
                made.append(graph.apply(function, (one, *rest) if function != "negate" else (one,)))
    roots = {f"value {place}": node for place, node in enumerate([*line[-3:], *faces[-1:]])}
    return Program(graph, roots, AXES, {})


def values(program: Program, seed: int) -> list[Cells]:
    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        return SPECIAL[(seed + 7 * ord(symbol.name[0]) + 3 * sum(cell) ** 2) % len(SPECIAL)]

    return [cells.values for cells in evaluate(list(program.roots.values()), program.axes, leaf)]


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(program=programs(), seed=st.integers(0, 10_000))
def test_no_value_changes_but_for_the_sign_of_a_zero(program: Program, seed: int) -> None:
    after = interior(program)
    assert after.roots == program.roots
    for old, new in zip(values(program, seed), values(after.alone or after, seed), strict=True):
        assert old.keys() == new.keys()
        for cell, value in old.items():
            assert new[cell] == value or (new[cell] != new[cell] and value != value), (cell, value, new[cell])


def kernel_of(rhs: opjax.CompiledRhs) -> Program:
    return rhs._quantities.kernel(JAX).program


LORENZ = """
model Lorenz:
  axes:
    x = grid(0, 1, {points})
  params: F
  states: u[x]
  dynamics:
    u[x]' = (u[x+1] - u[x-2])*u[x-1] - u[x] + F edge periodic
"""
CABLE = """
model Cable:
  axes:
    x = grid(0, 1, {points})
  params:
    D
    k[x]
  states: u[x], w[x]
  dynamics:
    u[x]' = D*(u[x+1] - 2*u[x] + u[x-1]) + exp(-u[x]^2)*(k[x] - w[x]) edge {edge}
    w[x]' = u[x]*w[x+1] - w[x] edge {edge}
"""


def case(name: str, points: int) -> tuple[opjax.CompiledRhs, np.ndarray, dict[str, Any]]:
    """A model, a state, and parameters."""
    random = np.random.default_rng(points)
    if name == "lorenz":
        return opjax.compile_rhs(LORENZ.format(points=points)), random.normal(size=points), {"F": 8.0}
    rhs = opjax.compile_rhs(CABLE.format(points=points, edge=name))
    return rhs, random.normal(size=2 * points), {"D": 0.3, "k": random.uniform(size=points)}


MODELS = ("lorenz", *EDGES)


@pytest.mark.parametrize("points", [6, 41])
@pytest.mark.parametrize("name", MODELS)
def test_one_state_many_states_and_derivatives_are_those_of_the_meaning(name: str, points: int) -> None:
    rhs, y, p = case(name, points)
    assert kernel_of(rhs).alone is not None
    with jax.enable_x64(True):
        p = {name: jnp.asarray(value) for name, value in p.items()}
        one = jax.jit(lambda y, p: rhs(0.0, y, p))
        many = jax.vmap(one, (0, None))
        near = {"rtol": 1e-12, "atol": 1e-12}
        want = interpreted.derivative(rhs, y, {name: np.asarray(value) for name, value in p.items()})
        np.testing.assert_allclose(one(y, p), want, **near)
        rows = y * np.array([[1.0], [0.5], [-0.25]])
        np.testing.assert_allclose(many(rows, p), [one(row, p) for row in rows], **near)
        # Numbers as NumPy has them, which differentiate by small steps in the complex plane: no rule of JAX.
        steps = np.stack([_slope(rhs, y, p, place) for place in range(y.size)], axis=1)
        np.testing.assert_allclose(jax.jit(jax.jacfwd(one))(y, p), steps, rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(jax.jit(jax.jacrev(one))(y, p), steps, rtol=1e-7, atol=1e-7)


def _slope(rhs: opjax.CompiledRhs, y: np.ndarray, p: dict[str, Any], place: int) -> np.ndarray:
    """The slope along one state, of fourth order."""
    h, unit = 1e-3, np.eye(y.size)[place]
    given = {name: np.asarray(value) for name, value in p.items()}
    far, near = (rhs(0.0, y + n * h * unit, given) - rhs(0.0, y - n * h * unit, given) for n in (2, 1))
    return (8 * near - far) / (12 * h)
