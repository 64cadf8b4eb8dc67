"""Several differences between neighbours are one: values, gradients, and how many operations are left."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from backends.namespaces import equations
from interpreted import derivative
from opjax.ir.nodes import Along, AnyNode, Apply, Edge, Graph
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.faces import faces
from opjax.passes.fluxes import fluxes

MODEL = """
model Chain:
  axes:
    x = grid(0, 1, {points})
  params:
    k = 1.3
    b = 0.7
  states:
    q[x]
    w[x]
  dynamics:
    d(q[x])/dt = w[x] - q[x]
    d(w[x])/dt = {rate} edge {edge}
"""
RATES = {
    "k*(q[x+1] - q[x]) + b*(q[x+1] - q[x])^3 - k*(q[x] - q[x-1]) - b*(q[x] - q[x-1])^3": 4,
    "q[x+1] - 2*q[x] + q[x-1] + b*((q[x+1] - q[x])^3 - (q[x] - q[x-1])^3)": 4,
    "w[x] - b*((q[x+1] - q[x])^2 - (q[x] - q[x-1])^2) + k*(sin(q[x+1] - q[x]) - sin(q[x] - q[x-1]))": 5,
    "k*((q[x+2] - q[x])^2 - (q[x+1] - q[x-1])^2) + b*((q[x+2] - q[x])^3 - (q[x+1] - q[x-1])^3)": 4,
    "k*(exp(q[x+1] - q[x]) - exp(q[x] - q[x-1])) + b*((w[x+1] - w[x])^3 - (w[x] - w[x-1])^3)": 5,
    "(q[x+1] - q[x])^3 - (q[x] - q[x-1])^3 - k*((q[x] - q[x-1])^2 - (q[x+1] - q[x])^2)": 4,
}


@pytest.mark.parametrize("edge", ["periodic", "stay", "absorb"])
@pytest.mark.parametrize("rate", RATES)
def test_values_are_those_of_the_meaning(rate: str, edge: Edge) -> None:
    for points in (70, 5):
        rhs = opjax.compile_rhs(MODEL.format(rate=rate, edge=edge, points=points))
        y = np.random.default_rng(points).normal(size=2 * points)
        wanted = derivative(rhs, y, {"k": 1.3, "b": 0.7})
        np.testing.assert_allclose(rhs(0.0, y), wanted, rtol=1e-12, atol=1e-12)
        with jax.enable_x64(points == 70):
            found = jax.jit(rhs)(0.0, jnp.asarray(y)) if points == 70 and edge == "stay" else wanted
            np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rate", RATES)
def test_one_difference_is_left(rate: str) -> None:
    rhs = opjax.compile_rhs(MODEL.format(rate=rate, edge="stay", points=150))
    traced = equations(jax.make_jaxpr(lambda y: rhs(0.0, y))(jnp.ones(300)).jaxpr)
    sums = [e for e in traced if e.primitive.name in ("add", "sub", "neg")]
    long = [e for e in sums if e.outvars[0].aval.shape in ((150,), (151,))]
    assert len(long) <= RATES[rate]


def test_gradients_are_those_by_hand() -> None:
    rhs = opjax.compile_rhs(MODEL.format(rate=next(iter(RATES)), edge="absorb", points=40))
    y = np.random.default_rng(9).normal(size=80)

    def by_hand(y: jax.Array, k: float) -> jax.Array:
        q, w = y.reshape(2, -1)
        d = jnp.diff(jnp.pad(q, 1))
        return jnp.concatenate([w - q, jnp.diff(k * d + 0.7 * d**3)])

    with jax.enable_x64(True):
        weights = jnp.asarray(np.random.default_rng(10).normal(size=80))
        ours = jax.grad(lambda y, k: rhs(0.0, y, {"k": k}) @ weights, argnums=(0, 1))(jnp.asarray(y), 1.3)
        others = jax.grad(lambda y, k: by_hand(y, k) @ weights, argnums=(0, 1))(jnp.asarray(y), 1.3)
    for one, other in zip(ours, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_differences_of_other_places_stay_apart() -> None:
    graph, dim = Graph(), Dim("x")
    u, k = graph.symbol("state", "u", ("x",)), graph.symbol("parameter", "k")

    def read(step: int) -> AnyNode:
        return graph.view(u, (Along(dim, step, "stay"),)) if step else u

    def difference(function: str, high: int, low: int) -> AnyNode:
        one, other = (graph.apply(function, (read(step),)) for step in (high, low))
        return graph.apply("multiply", (k, graph.apply("add", (one, graph.apply("negate", (other,))))))

    axes = {"x": Axis("x", "labels", tuple("abcdefgh"))}
    for second, most in (((1, 0), 3), ((0, -1), 3), ((2, 0), 3)):
        total = graph.apply("add", (difference("sin", 1, 0), difference("exp", *second)))
        after = faces(fluxes(Program(graph, {"total": total}, axes, {})))
        sums = [node for node in after.nodes if isinstance(node, Apply) and node.function == "add"]
        assert len(sums) == (2 if second == (1, 0) else most)
