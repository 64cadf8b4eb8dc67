"""Numbers times ratios that several equations share: each ratio is computed once, with the value of the meaning."""

from __future__ import annotations

from random import Random

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from interpreted import derivative
from opjax.ir.nodes import AnyNode, Apply, Graph
from opjax.ir.program import Program
from opjax.passes.ratios import ratios

TERMS = ("{w}*x{j}/(1 + x{j})", "x{j}*{w}/(1 + x{j})", "{w}*x{j}*k/(0.5 + x{j})", "x{i}*{w}*x{j}/(1 + x{j}^2)")


def model(term: str, count: int) -> str:
    """Equations with some terms of one form each, one by one."""
    random = Random(count)
    lines = [
        "model Patches:",
        "  params:",
        "    k = 0.6",
        "  states:",
        *(f"    x{i}" for i in range(count)),
        "  dynamics:",
    ]
    for i in range(count):
        others = [random.randrange(count) for _ in range(random.randint(2, 5))]
        total = " + ".join(term.format(w=round(random.uniform(0.1, 0.9), 3), i=i, j=j) for j in others)
        lines.append(f"    x{i}' = (1 - x{i})*({total}) - 0.3*x{i}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("count", [5, 80])
@pytest.mark.parametrize("term", TERMS)
def test_values_and_gradients(term: str, count: int) -> None:
    rhs = opjax.compile_rhs(model(term, count))
    random = np.random.default_rng(count)
    y, weights, change = random.uniform(0.1, 1.0, size=(3, count))
    wanted = derivative(rhs, y, {"k": 0.6})
    np.testing.assert_allclose(rhs(0.0, y), wanted, rtol=1e-12)
    assert rhs(0.0, y.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(rhs(0.0, y.astype(np.float32)), wanted, rtol=1e-4, atol=1e-5)

    def total(y: jax.Array) -> jax.Array:
        return jnp.vdot(rhs(0.0, y), weights)

    with jax.enable_x64(True):
        np.testing.assert_allclose(rhs(0.0, jnp.asarray(y)), wanted, rtol=1e-12)
        slope = jax.grad(total)(jnp.asarray(y))
    ahead, behind = (np.vdot(rhs(0.0, y + step * change), weights) for step in (1e-6, -1e-6))
    np.testing.assert_allclose(np.vdot(slope, change), (ahead - behind) / 2e-6, rtol=1e-6)


def terms(count: int, kinds: int) -> Program:
    """So many numbers times one of some states, over one plus that."""
    graph = Graph()
    roots: dict[str, AnyNode] = {}
    for n in range(count):
        state = graph.symbol("state", f"x{n % kinds}")
        product = graph.apply("multiply", (graph.constant(n + 2.0), state))
        below = graph.apply("add", (graph.constant(1.0), state))
        roots[f"r{n}"] = graph.apply("divide", (product, below))
    return Program(graph, roots, {}, {})


def divisions(program: Program) -> int:
    return sum(isinstance(node, Apply) and node.function == "divide" for node in program.nodes)


def test_each_ratio_is_computed_once() -> None:
    assert divisions(ratios(terms(40, 8))) == 8


@pytest.mark.parametrize(("count", "kinds"), [(12, 3), (40, 30)])
def test_a_few_terms_and_terms_of_their_own_stay(count: int, kinds: int) -> None:
    program = terms(count, kinds)
    assert ratios(program) is program


def test_products_that_are_used_elsewhere_too_are_of_the_same_shape() -> None:
    """The product in ``0.3*x7/(1 + x7)`` may be a term of its own as well: equations keep one shape all the same."""
    program = terms(40, 8)
    graph, roots = program.graph.copy(), dict(program.roots)
    roots["own"] = roots["r0"].operands[0]
    assert divisions(ratios(Program(graph, roots, {}, {}))) == 8
