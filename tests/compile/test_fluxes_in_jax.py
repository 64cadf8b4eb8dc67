"""Fluxes between neighbours in JAX: computed once, with the values of the meaning and the gradients of code by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from backends.namespaces import equations
from interpreted import derivative
from opjax.ir.nodes import Edge

MODEL = """
model Line:
  axes:
    x = grid(0, 1, {points})
  params:
    k[x]
  states:
    u[x]
  let:
    right[x] = {right} edge {edge}
    left[x] = {left} edge {edge}
  dynamics:
    d(u[x])/dt = (right[x] - left[x])/2
"""
Flux = Callable[[Any, Any, Any, Any], Any]
FLUXES: dict[str, tuple[str, str, Flux, int]] = {
    "heat": (
        "(k[x] + k[x+1])*(u[x+1] - u[x])",
        "(k[x-1] + k[x])*(u[x] - u[x-1])",
        lambda a, b, k, m: (k + m) * (b - a),
        19,
    ),
    "springs": (
        "u[x+1] - u[x] + 0.3*(u[x+1] - u[x])^3",
        "u[x] - u[x-1] + 0.3*(u[x] - u[x-1])^3",
        lambda a, b, k, m: b - a + 0.3 * (b - a) ** 3,
        17,
    ),
    "waves": (
        "u[x]^2 + u[x+1]^2 - max(abs(u[x]), abs(u[x+1]))*(u[x+1] - u[x])",
        "u[x-1]^2 + u[x]^2 - max(abs(u[x-1]), abs(u[x]))*(u[x] - u[x-1])",
        lambda a, b, k, m: a * a + b * b - jnp.maximum(jnp.abs(a), jnp.abs(b)) * (b - a),
        21,
    ),
}


def around(v: jax.Array, edge: Edge) -> jax.Array:
    """An array with a point beyond each end."""
    before, after = {"periodic": (v[-1:], v[:1]), "stay": (v[:1], v[-1:]), "absorb": (0 * v[:1], 0 * v[:1])}[edge]
    return jnp.concatenate([before, v, after])


@pytest.mark.parametrize(("points", "edge"), [(150, "periodic"), (70, "stay"), (150, "stay"), (70, "absorb")])
@pytest.mark.parametrize("name", FLUXES)
def test_fluxes_are_those_by_hand(name: str, points: int, edge: Edge) -> None:
    right, left, flux, _ = FLUXES[name]
    rhs = opjax.compile_rhs(MODEL.format(points=points, right=right, left=left, edge=edge))
    rng = np.random.default_rng(points)
    y, p = rng.normal(size=points), {"k": rng.uniform(0.5, 1.5, size=points)}
    weights = rng.normal(size=points)

    def by_hand(y: Any, k: Any) -> Any:
        wide, others = around(y, edge), around(k, edge)
        through = flux(wide[:-1], wide[1:], others[:-1], others[1:])
        return (through[1:] - through[:-1]) / 2

    @jax.jit
    def both(y: Any, k: Any, weights: Any) -> Any:
        found, slopes = jax.vjp(lambda y, k: rhs(0.0, y, {"k": k} if rhs.param_names else {}), y, k)
        wanted, others = jax.vjp(by_hand, y, k)
        return (found, *slopes(weights)), (wanted, *others(weights))

    with jax.enable_x64(True):
        found, wanted = both(y, p["k"], weights)
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found[0], derivative(rhs, y, p), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", FLUXES)
def test_fluxes_are_computed_once(name: str) -> None:
    right, left, _, most = FLUXES[name]
    rhs = opjax.compile_rhs(MODEL.format(points=150, right=right, left=left, edge="stay"))
    p = {name: jnp.ones(150) for name in rhs.param_names}
    traced = jax.make_jaxpr(lambda y: rhs(0.0, y, p))(jnp.ones(150))
    of_lines = [found for found in equations(traced.jaxpr) if found.outvars[0].aval.size > 100]  # not of their ends
    assert len(of_lines) <= most


@pytest.mark.parametrize("offset", [1, -2, 4, 9, -9])
def test_zeros_beyond_the_ends_are_a_cut_and_one_operation(offset: int) -> None:
    text = "model A:\n  axes:\n    x = grid(0, 1, 4)\n  states: u[x]\n  dynamics:\n"
    rhs = opjax.compile_rhs(f"{text}    u[x]' = u[x{offset:+d}]*2 edge absorb\n")
    y = np.arange(1.0, 5.0)
    np.testing.assert_array_equal(rhs(0.0, jnp.asarray(y)), derivative(rhs, y))
    traced = jax.make_jaxpr(lambda y: rhs(0.0, y))(jnp.asarray(y))
    assert len(equations(traced.jaxpr)) <= 3


def test_faces_read_one_array_with_zeros_at_its_ends() -> None:
    right, left, _, _ = FLUXES["heat"]
    text = MODEL.format(points=70, right=right, left=left, edge="absorb")
    written = opjax.compile_rhs(text, xp=jnp).source
    assert written.count("read_absorb(") == 2  # of k and of u, each for both of its neighbours


def test_ageing_inside_of_an_axis_needs_no_memory_of_its_own() -> None:
    """What leaves a class and enters the next one is one array, shifted there and back: XLA computes it where it is."""
    text = """
model Ageing:
  axes:
    age = ordered [a, b, c, d, e, f, g, h]
    dose = [one, two, three, four]
  params:
    rate
  states: S[age, dose], R[age, dose]
  dynamics:
    S[age, dose] -> S[age+1, dose] @ rate edge stay
    R[age, dose] -> R[age+1, dose] @ 2*rate edge stay
    R[age, dose] -> S[age, dose] @ rate
"""
    rhs = opjax.compile_rhs(text, xp=jnp)
    with jax.enable_x64(True):
        y = jnp.asarray(np.random.default_rng(3).uniform(size=64))
        want = derivative(rhs, np.asarray(y), {"rate": 0.3})
        run: Any = jax.jit(rhs.eval_fn)
        np.testing.assert_allclose(run(0.0, y, rate=0.3), want, rtol=1e-13, atol=1e-15)
        mapped = jax.make_jaxpr(jax.vmap(lambda y: rhs.eval_fn(0.0, y, rate=0.3)))(y[None])
        pads = [e for e in equations(mapped.jaxpr) if e.primitive.name == "pad"]
        assert len(pads) == 4
        assert all(low >= 0 and high >= 0 for pad in pads for low, high, _ in pad.params["padding_config"])
        memory = run.lower(0.0, y, rate=0.3).compile().memory_analysis()
        assert memory is None or memory.temp_size_in_bytes < y.nbytes / 2
