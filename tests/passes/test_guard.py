"""Gradients of conditionals: right where the branch is taken, zero where it is not, never nan."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models import compile_text
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, Graph
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim
from opjax.passes.guard import guard

MODEL = """
model Guarded:
  params:
    k
  states:
    x
  dynamics:
    x' = {}
"""

# expression, x, k, d/dx, d/dk: closed forms
CASES = [
    ("k*sqrt(x) if x > 0 else 0", 0.0, 1.2, 0.0, 0.0),
    ("k*sqrt(x) if x > 0 else 0", 4.0, 1.2, 1.2 / 4, 2.0),
    ("k/x if x > 0 else 0", 0.0, 2.0, 0.0, 0.0),
    ("k/x if x > 0 else 0", 2.0, 2.0, -0.5, 0.5),
    ("x/x if x > 0 else 0", 0.0, 1.0, 0.0, 0.0),
    ("x*log(x)*k if x > 0 else 0", 0.0, 1.0, 0.0, 0.0),
    ("exp(x) if x < 1 else 0", 800.0, 1.0, 0.0, 0.0),
    ("where(x > 0, log(k*x), 3*k)", -1.0, 2.0, 0.0, 3.0),
    ("where(x > 0, log(k*x), 3*k)", 2.0, 2.0, 0.5, 0.5),
    ("sqrt(k*x) if x > 0 and k > 0 else x", 0.0, 1.0, 1.0, 0.0),
    ("log(x) if x > 1 else sqrt(x) if x > 0 else k*x", 0.0, 3.0, 3.0, 0.0),
    ("log(x) if x > 1 else sqrt(x) if x > 0 else k*x", 0.25, 3.0, 1.0, 0.0),
    ("sqrt(max(x, 0))", -1.0, 1.0, 0.0, 0.0),
    ("k*x^-2 if x > 0 else 0", 0.0, 1.0, 0.0, 0.0),
    ("x^k", 0.0, 2.0, 0.0, 0.0),
    ("x^2", 0.0, 2.0, 0.0, 0.0),
    ("x^k", 0.0, 1.0, 1.0, 0.0),
    ("x^k", 2.0, 3.0, 12.0, 8 * np.log(2)),
]


@pytest.mark.parametrize(("expression", "x", "k", "dx", "dk"), CASES)
@pytest.mark.parametrize("mode", [jax.jacrev, jax.jacfwd])
def test_gradient_at_the_edge(expression: str, x: float, k: float, dx: float, dk: float, mode: object) -> None:
    rhs = compile_text(MODEL.format(expression), xp=jnp)

    def value(x: jax.Array, k: jax.Array) -> jax.Array:
        return rhs.eval_fn(0.0, x[None], k=k)[0]

    with jax.enable_x64(True):
        got = mode(value, argnums=(0, 1))(jnp.asarray(x), jnp.asarray(k))  # type: ignore[operator]
        np.testing.assert_allclose(got, (dx, dk), rtol=1e-14, atol=0)


LANES = """
model Lanes:
  axes:
    a = [p, q, r]
  params:
    k
    w[a]
  states:
    x[a]
  let:
    root[a] = sqrt(x[a] - k)
  dynamics:
    x[a]' = w[a]*root[a] if x[a] > k else x[a]
"""


def test_lanes_that_do_not_take_the_branch_do_not_spoil_the_others() -> None:
    rhs = compile_text(LANES, xp=jnp)
    with jax.enable_x64(True):
        x, w = jnp.asarray([5.0, 1.0, 0.5]), jnp.asarray([2.0, 3.0, 4.0])

        def total(x: jax.Array, k: jax.Array, w: jax.Array) -> jax.Array:
            return rhs.eval_fn(0.0, x, k=k, w=w).sum()

        dx, dk, dw = jax.grad(total, argnums=(0, 1, 2))(x, jnp.asarray(1.0), w)
        np.testing.assert_allclose(dx, [2 / (2 * 2.0), 1.0, 1.0])
        np.testing.assert_allclose(dk, -2 / (2 * 2.0))
        np.testing.assert_allclose(dw, [2.0, 0.0, 0.0])


def test_forward_values_do_not_change_by_a_bit() -> None:
    rhs = compile_text(LANES)
    x = np.random.default_rng(1).uniform(0, 3, (200, 3))
    w = np.asarray([2.0, 3.0, 4.0])
    with jax.enable_x64(True):
        for row in x:
            plain = rhs.eval_fn(0.0, row, k=1.0, w=w)
            guarded = rhs.eval_fn(0.0, jnp.asarray(row), k=1.0, w=w)
            np.testing.assert_array_equal(np.asarray(guarded), plain)


def test_a_long_chain_of_conditionals_stays_linear() -> None:
    chain = " else ".join(f"sqrt(x + {i}) if x > {-i}" for i in range(400))
    rhs = compile_text(MODEL.format(f"{chain} else k"), xp=jnp)
    jaxpr = jax.make_jaxpr(lambda x: rhs.eval_fn(0.0, x, k=1.0))(jnp.ones(1))
    assert len(jaxpr.eqns) < 400 * 12
    assert float(jax.grad(lambda x: rhs.eval_fn(0.0, x, k=1.0)[0])(jnp.ones(1))[0]) == 0.5


def test_a_part_of_an_axis_is_no_renaming() -> None:
    """A condition on some points is none on all of them."""
    graph = Graph()
    part = Dim("part")
    x = graph.apply("sqrt", (graph.symbol("state", "x", ("a",)),))
    some = graph.view(x, (Along(part, 0, points=2),))
    condition = graph.apply("greater", (graph.symbol("parameter", "w", ("part",)), graph.constant(0.0)))
    root = graph.apply("where", (condition, some, graph.constant(0.0)))
    axes = {"a": Axis("a", "labels", tuple("pqr")), "part": Axis("part", "labels", ("", ""))}
    program = Program(graph, {"x": root}, axes, {})
    values = {"x": (4.0, 9.0, 16.0), "w": (1.0, -1.0)}
    (found,) = evaluate(list(guard(program).roots.values()), axes, lambda symbol, cell: values[symbol.name][cell[0]])
    assert list(found.values.values()) == [2.0, 0.0]
    assert all(part not in node.dims or node.dims == (part,) for node in guard(program).nodes)


JOINED = """
model Joined:
  axes:
    a = [u, v]
    k = ordered [p, q, r, s]
  params: g
  states: x[a, k], y[k]
  dynamics:
    x[a, k]' = g if y[k] < 2 else (x[a, k]*log(y[k] - 2) if k == "p" else g*sqrt(y[k] - 2))
    y[k]' = g if k != "q" else (sqrt(y[k+1]) if k == "q" else g/y[k-1]) edge stay
"""


@pytest.mark.parametrize("y", [[1.0, 1.5, 2.5, 4.0], [2.5, 3.0, 1.0, 0.0], [1.0, 1.0, 0.5, 1.0], [7.0, 5.0, 4.0, 3.0]])
def test_what_is_joined_is_guarded_part_by_part(y: list[float]) -> None:
    """An equation of its own at an end, below a condition: each part is under the condition at its own points."""
    rhs = compile_text(JOINED)
    state, p = np.array([*range(1, 9), *y], dtype=float), {"g": 0.5}
    want, slopes = np.empty(12), np.zeros((12, 12))
    for a, k in np.ndindex(2, 4):
        at, below = 4 * a + k, y[k] < 2
        want[at] = 0.5 if below else state[at] * np.log(y[k] - 2) if k == 0 else 0.5 * np.sqrt(y[k] - 2)
        if not below:
            slopes[at, at] = np.log(y[k] - 2) if k == 0 else 0.0
            slopes[at, 8 + k] = state[at] / (y[k] - 2) if k == 0 else 0.25 / np.sqrt(y[k] - 2)
    want[8:] = 0.5, np.sqrt(y[2]), 0.5, 0.5
    slopes[9, 10] = 0.5 / np.sqrt(y[2])
    np.testing.assert_allclose(rhs(0.0, state, p), want, rtol=1e-14)
    with jax.enable_x64(True):
        found = jax.jit(jax.jacrev(lambda y: rhs(0.0, y, p)))(jnp.asarray(state))
        np.testing.assert_allclose(found, slopes, rtol=1e-14)
