"""Terms with a state in common are multiplied with it once."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
import pytest

import interpreted
import opjax
from opjax.ir.nodes import Apply, Graph
from opjax.ir.program import Program
from opjax.passes.together import together

RANDOM = np.random.default_rng(7)
RATES = {
    "competing": ("r[i]*x[i] - x[i]*sum(A[i, j]*x[j] for j in i)", True),
    "numbers": ("m*x[i] - r[i]*x[i] + z[i]", True),
    "a square": ("r[i]*x[i] - r[i]*x[i]*x[i]*m", True),
    "negative": ("-(x[i]*r[i]) - x[i]*m", True),
    "two states": ("x[i]*z[i] - x[i]*r[i] + z[i]*m - x[i]*exp(z[i])", True),
    "one term": ("r[i]*x[i] - z[i]*m", False),
    "a quotient": ("r[i]/x[i] - m/x[i]", False),
    "a number alone": ("y*m + y*r[i]", False),
}


def model(rate: str) -> opjax.CompiledRhs:
    return opjax.compile_rhs(
        f"""
model Species:
  axes:
    i = [a, b, c]
  params:
    m
    r[i]
    A[i, i]
  states: x[i], z[i], y
  dynamics:
    x[i]' = {rate}
    z[i]' = 0
    y' = 0
"""
    )


@pytest.mark.parametrize("name", RATES)
def test_values_are_the_same(name: str) -> None:
    rate, changes = RATES[name]
    rhs, y = model(rate), RANDOM.uniform(0.5, 1.5, 7)
    p = {key: RANDOM.uniform(0.5, 1.5, shape) for key, shape in rhs.param_shapes.items()}
    want = interpreted.derivative(rhs, y, p)
    np.testing.assert_allclose(rhs(0.0, y, p), want, rtol=1e-12, atol=1e-14)
    assert {record.name: record.fired for record in rhs.explain().passes}["together"] == changes
    with jax.enable_x64(True):
        run: Callable[..., np.ndarray] = jax.jit(rhs.eval_fn)
        np.testing.assert_allclose(run(0.0, y, **p), want, rtol=1e-12, atol=1e-14)


def test_a_product_that_is_used_elsewhere_stays() -> None:
    graph = Graph()
    x, k = graph.symbol("state", "x", ("a",)), graph.symbol("parameter", "k", ("a",))
    flow = graph.apply("multiply", (k, x))
    other = graph.apply("multiply", (graph.symbol("parameter", "m"), x))
    roots = {"one": graph.apply("add", (flow, other)), "two": flow}
    program = Program(graph, roots, {}, {})
    assert together(program) is program
    alone = together(Program(graph, {"one": roots["one"]}, {}, {}))
    assert sum(isinstance(node, Apply) and node.function == "multiply" for node in alone.nodes) == 1
