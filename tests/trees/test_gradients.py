"""Functions that refuse derivatives, and functions without a batching rule that have them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from opjax import trees
from opjax.trees import non_differentiable, sequential_vmap

ROWS = jnp.array([0.5, 1.0, 2.0])


# --- B11


def test_b11_non_differentiable_is_the_identity() -> None:
    tree = {"a": 1.5, "name": "x", "none": None, "b": (jnp.ones(2), np.ones(3))}
    same = non_differentiable(tree)
    assert jax.tree.structure(same) == jax.tree.structure(tree)
    assert (same["a"], same["name"]) == (1.5, "x")
    np.testing.assert_array_equal(same["b"][0], [1, 1])
    np.testing.assert_array_equal(jax.jit(jax.vmap(non_differentiable))(ROWS), ROWS)


DERIVATIVES = {
    "grad": lambda f: jax.grad(f)(2.0),
    "grad of jit": lambda f: jax.grad(jax.jit(f))(2.0),
    "jvp": lambda f: jax.jvp(f, (2.0,), (1.0,)),
    "vmap of grad": lambda f: jax.vmap(jax.grad(f))(ROWS),
    "hessian": lambda f: jax.hessian(f)(2.0),
}


@pytest.mark.parametrize("derivative", DERIVATIVES.values(), ids=DERIVATIVES)
def test_b11_non_differentiable_refuses(derivative) -> None:
    with pytest.raises(TypeError, match=r"with respect to float32\[\].*stop_gradient\(x\)"):
        derivative(lambda x: non_differentiable({"x": x})["x"] ** 2)


def test_b11_stop_gradient_goes_before_it() -> None:
    assert jax.grad(lambda x: x * non_differentiable(jax.lax.stop_gradient(x)))(3.0) == 3.0
    with pytest.raises(TypeError, match="too late"):
        jax.grad(lambda x: x * jax.lax.stop_gradient(non_differentiable(x)))(3.0)


def test_b11_what_no_derivative_is_taken_of_passes() -> None:
    assert jax.grad(jax.jit(lambda x, y: x * non_differentiable(y)))(3.0, 2.0) == 2.0
    assert jax.grad(lambda x: jax.lax.scan(lambda c, y: (c * y, non_differentiable(y)), x, ROWS)[0])(2.0) == 1.0
    integers = jax.grad(lambda n: 1.0 * non_differentiable(n), allow_int=True)(3)
    assert integers.dtype == jax.dtypes.float0


# --- B12


def wave(x):
    return jnp.sin(x) * x


slow_wave = sequential_vmap(wave)


def test_b12_sequential_vmap_runs_once_per_row() -> None:
    seen: list[tuple[int, ...]] = []

    def foreign(x):
        jax.debug.callback(lambda row: seen.append(row.shape), x)
        return 2 * x

    np.testing.assert_array_equal(jax.vmap(sequential_vmap(foreign))(jnp.ones((3, 2))), 2 * np.ones((3, 2)))
    jax.effects_barrier()
    assert seen == [(2,), (2,), (2,)]


ORDERS = {
    "grad of vmap": (lambda f: jax.grad(lambda x: jax.vmap(f)(x).sum()), 1),
    "vmap of grad": (lambda f: jax.vmap(jax.grad(f)), 1),
    "jit of vmap of vmap": (lambda f: lambda x: jax.jit(jax.vmap(jax.vmap(jax.grad(f))))(x[:, None])[:, 0], 1),
    "grad of grad": (lambda f: jax.vmap(jax.grad(jax.grad(f))), 2),
    "grad of vmap of grad": (lambda f: jax.grad(lambda x: jax.vmap(jax.grad(f))(x).sum()), 2),
    "jacrev of jacrev": (lambda f: jax.vmap(jax.jacrev(jax.jacrev(f))), 2),
}
CLOSED_FORM = {1: np.sin(ROWS) + ROWS * np.cos(ROWS), 2: 2 * np.cos(ROWS) - ROWS * np.sin(ROWS)}


@pytest.mark.parametrize(("derivative", "order"), ORDERS.values(), ids=ORDERS)
def test_b12_sequential_vmap_has_reverse_mode_of_any_order(derivative, order: int) -> None:
    np.testing.assert_allclose(derivative(slow_wave)(ROWS), CLOSED_FORM[order], rtol=1e-6)


FORWARD = {
    "jvp": lambda f: jax.jvp(f, (1.0,), (1.0,)),
    "jacfwd": lambda f: jax.jacfwd(f)(1.0),
    "hessian": lambda f: jax.hessian(f)(1.0),
}


@pytest.mark.parametrize("derivative", FORWARD.values(), ids=FORWARD)
def test_b12_sequential_vmap_has_no_forward_mode(derivative) -> None:
    """As its docstring says; `jax.lax.map` has."""
    with pytest.raises(TypeError, match="forward-mode"):
        derivative(slow_wave)
    np.testing.assert_allclose(jax.jacfwd(lambda x: jax.lax.map(wave, x))(ROWS).diagonal(), CLOSED_FORM[1], rtol=1e-6)


def powers(x, n, *, weights, name: str):
    assert name == "energy"
    return {"energy": x**n * weights["w"], "count": n + 1}


def energy(function):
    """Of three rows; the weights are common to them."""

    def summed(x, w):
        out = jax.vmap(lambda x, n: function(x, n, weights={"w": w}, name="energy"))(x, jnp.arange(3))
        assert out["count"].dtype == jnp.int32
        return out["energy"].sum()

    return summed


def test_b12_keywords_integers_names_trees_and_closures_are_taken() -> None:
    value, slopes = jax.value_and_grad(energy(sequential_vmap(powers)), argnums=(0, 1))(ROWS, 2.0)
    assert value == 2 * (1 + 1.0 + 4.0)
    np.testing.assert_allclose(slopes[0], [0.0, 2.0, 8.0])
    np.testing.assert_allclose(slopes[1], 6.0)


CLOSURES = {
    "grad": (lambda f: jax.grad(lambda y: f(y)(2.0))(3.0), 12.0),
    "grad of vmap": (lambda f: jax.grad(lambda y: jax.vmap(f(y))(ROWS).sum())(3.0), 21.0),
    "vmap": (lambda f: jax.vmap(lambda y: f(y)(2.0))(ROWS), [0.5, 2.0, 8.0]),
    "vmap of grad": (lambda f: jax.vmap(jax.grad(lambda y: f(y)(2.0)))(ROWS), [2.0, 4.0, 8.0]),
    "jit of vmap": (lambda f: jax.jit(lambda y: jax.vmap(f(y))(ROWS))(2.0), [2.0, 4.0, 8.0]),
}


@pytest.mark.parametrize(("call", "wanted"), CLOSURES.values(), ids=CLOSURES)
def test_b12_sequential_vmap_may_close_over_what_is_mapped_or_differentiated(call, wanted) -> None:
    np.testing.assert_allclose(call(lambda y: sequential_vmap(lambda x: x * y**2)), wanted)


def test_b12_an_argument_that_is_common_to_all_rows() -> None:
    scaled = jax.vmap(sequential_vmap(lambda x, p: x * p["a"]), (0, None))
    assert jax.grad(lambda p: scaled(ROWS, p).sum())({"a": 2.0})["a"] == 3.5


def test_b12_an_exported_function_can_be_mapped_and_differentiated() -> None:
    foreign = export.export(jax.jit(wave))(jax.ShapeDtypeStruct((), jnp.float32)).call
    with pytest.raises(NotImplementedError, match="Batching rule"):
        jax.vmap(foreign)(ROWS)
    slopes = jax.grad(lambda x: jax.vmap(sequential_vmap(foreign))(x).sum())(ROWS)
    np.testing.assert_allclose(slopes, CLOSED_FORM[1], rtol=1e-6)


def test_b12_the_name_of_kups() -> None:
    assert trees.sequential_vmap_with_vjp is sequential_vmap
