"""With JAX, states that lie here and there are gathered: all together where they are differentiated."""

from __future__ import annotations

from collections import Counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax.compile.widened import runs_of

COUNT = 48
RANDOM = np.random.default_rng(20260303)
A, B = RANDOM.integers(COUNT, size=(2, COUNT))
K = np.round(RANDOM.uniform(0.5, 2.0, COUNT), 3)
Y = RANDOM.uniform(0.1, 1.0, COUNT)


def model(*laws: str) -> Any:
    """The derivative of many states, which follow some laws in turn."""
    rows = [f"x{i}' = " + laws[i % len(laws)].format(k=K[i], i=i, a=A[i], b=B[i]) for i in range(COUNT)]
    states = ", ".join(f"x{i}" for i in range(COUNT))
    rhs = opjax.compile_rhs(
        "model M:\n  states: " + states + "\n  dynamics:\n    " + "\n    ".join(rows) + "\n", xp=jnp
    )
    return lambda y: rhs(0.0, y)


def operations(function: Any) -> Counter[str]:
    """How often each operation is in the traced function, and in those that it calls."""
    found: Counter[str] = Counter()
    waiting = [jax.make_jaxpr(function)(jnp.asarray(Y)).jaxpr]
    while waiting:
        for equation in waiting.pop().eqns:
            found[equation.primitive.name] += 1
            waiting.extend(v.jaxpr for v in equation.params.values() if hasattr(v, "jaxpr"))
    return found


LAWS = ("{k}*x{a}/({k} + x{b}) - x{i}", "{k}*x{a}^2 - x{b}^2/(1 + x{a}) - x{i}")


def by_hand(y: Any) -> Any:
    x, z, xp = y[A], y[B], jnp
    return xp.where(np.arange(COUNT) % 2 == 0, K * x / (K + z) - y, K * x**2 - z**2 / (1 + x) - y)


def everything(f: Any) -> Any:
    """Values, derivatives forwards, backwards and twice, of one state and of many, in one compiled function."""

    def of(y: Any) -> Any:
        slope = jax.grad(lambda y: jnp.sum(f(y) ** 2))
        return f(y), jax.jvp(f, (y,), (y * y,)), jax.jacrev(f)(y), jax.jvp(slope, (y,), (y,))

    many = jnp.stack([Y, 2 * Y])
    return jax.jit(jax.vmap(of))(many)


def test_values_and_derivatives_are_those_by_hand() -> None:
    with jax.enable_x64(True):
        found = (jax.tree.leaves(everything(f)) for f in (model(*LAWS), by_hand))
        for got, want in zip(*found, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-11)


def test_a_gradient_adds_up_once_what_was_read_in_several_vectors() -> None:
    with jax.enable_x64(True):
        f = model(*LAWS)
        assert operations(f)["gather"] <= 2  # all places in all laws at once, and the order of the states
        gradient = operations(jax.grad(lambda y: jnp.sum(f(y) ** 2)))
        assert gradient["scatter-add"] <= 2


@pytest.mark.parametrize("alone", [False, True])
def test_vectors_of_states_are_not_put_together(alone: bool) -> None:
    """Two reactions of each species: what is read twice in order is one gather, and no two slices behind each other."""
    first, second, made = np.arange(2 * COUNT) % COUNT, *RANDOM.integers(COUNT, size=(2, 2 * COUNT))
    rates = np.round(RANDOM.uniform(0.5, 2.0, 2 * COUNT), 3)
    pairs = (np.arange(2 * COUNT) % 3 > 0) | (not alone)  # others react alone, beside a one that is no state
    rows = [
        f"R{i}: A{first[i]}{f' + A{second[i]}' * int(pairs[i])} -> A{made[i]} @ {rates[i]}" for i in range(2 * COUNT)
    ]
    states = ", ".join(f"A{i}" for i in range(COUNT))
    rhs = opjax.compile_rhs(f"model N:\n  states: {states}\n  dynamics:\n    " + "\n    ".join(rows) + "\n", xp=jnp)

    def network(y: Any) -> Any:
        flow = rates * y[first] * jnp.where(pairs, y[second], 1.0)
        return jnp.zeros(COUNT).at[first].add(-flow).at[second].add(-flow * pairs).at[made].add(flow)

    with jax.enable_x64(True):

        def model_of(y: Any) -> Any:
            return rhs(0.0, y)

        found = operations(model_of)
        assert (found["concatenate"], found["scatter-add"]) == (int(alone), 1)
        both = [jax.jit(lambda y, f=f: (f(y), jax.jacfwd(f)(y), jax.jacrev(f)(y))) for f in (model_of, network)]
        for got, want in zip(*(f(jnp.asarray(Y)) for f in both), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


def test_runs_of_neighbours() -> None:
    assert runs_of((0, 1, 2, 0, 1, 2, 7, 9, 10)) == ((0, 3), (0, 3), (7, 8), (9, 11))
