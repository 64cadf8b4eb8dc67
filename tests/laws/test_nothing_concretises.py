"""Law 4: nothing looks at a value, calls back, or changes the data type, under every transformation."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import ClosedJaxpr, Jaxpr

from laws.matrix import CASES, Case
from leaks import checking_leaks
from models import compile_text
from opjax import CompiledRhs
from opjax.backends.registry import backend_for

TRANSFORMATIONS = ["jit", "vmap", "grad", "jacfwd", "jacrev", "make_jaxpr"]
PRECISIONS = ["float32", "float32 under x64", "float64"]


@functools.cache
def compiled(text: str) -> CompiledRhs:
    return compile_text(text)


@pytest.fixture(params=PRECISIONS)
def dtype(request: pytest.FixtureRequest) -> Iterator[np.dtype]:
    with jax.enable_x64(request.param != "float32"):
        yield np.dtype(request.param.split()[0])


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def arguments(case: Case, dtype: np.dtype) -> tuple[jax.Array, dict[str, jax.Array]]:
    cast = functools.partial(jnp.asarray, dtype=dtype)
    return cast(case.state), {name: cast(value) for name, value in case.parameters.items()}


def transformed(rhs: CompiledRhs, how: str) -> Callable[..., object]:
    def flat(y: jax.Array, p: dict[str, jax.Array]) -> jax.Array:
        return rhs(2.0, y, p)

    match how:
        case "jit":
            return jax.jit(flat)
        case "vmap":
            return jax.jit(lambda y, p: jax.vmap(flat, (0, None))(jnp.stack([y, 2 * y, 3 * y]), p))
        case "grad":
            return jax.jit(jax.grad(lambda y, p: flat(y, p).sum(), argnums=(0, 1)))
        case "jacfwd" | "jacrev":
            return jax.jit(getattr(jax, how)(flat, argnums=(0, 1)))
        case _:
            return jax.make_jaxpr(flat)


def inner(value: object) -> Iterator[Jaxpr]:
    if isinstance(value, ClosedJaxpr):
        yield value.jaxpr
    elif isinstance(value, Jaxpr):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from inner(part)


def equations(jaxpr: Jaxpr) -> Iterator[object]:
    """Every equation of a jaxpr, those inside its calls included."""
    for equation in jaxpr.eqns:
        yield equation
        for value in equation.params.values():
            for below in inner(value):
                yield from equations(below)


@pytest.mark.parametrize("how", TRANSFORMATIONS)
def test_transformations_run_and_keep_the_dtype(case: Case, how: str, dtype: np.dtype) -> None:
    rhs = compiled(case.text)
    y, p = arguments(case, dtype)
    with jax.numpy_dtype_promotion("strict"), checking_leaks():
        result = transformed(rhs, how)(y, p)
    if how != "make_jaxpr":
        leaves = jax.tree.leaves(result)
        assert {leaf.dtype for leaf in leaves} == {dtype}
        assert all(np.isfinite(leaf).all() for leaf in leaves)


def test_no_equation_has_another_dtype_or_calls_back(case: Case, dtype: np.dtype) -> None:
    rhs = compiled(case.text)
    y, p = arguments(case, dtype)
    jaxpr = jax.make_jaxpr(rhs)(jnp.asarray(2.0, dtype), y, p)
    found = list(equations(jaxpr.jaxpr))
    assert found
    assert not [e for e in found if "callback" in e.primitive.name]
    floating = {str(v.aval.dtype) for e in found for v in e.outvars if jnp.issubdtype(v.aval.dtype, jnp.floating)}
    assert floating == {str(dtype)}


def test_a_wider_time_or_parameter_does_not_widen_the_state(case: Case) -> None:
    rhs = compiled(case.text)
    with jax.enable_x64(True):
        y, _ = arguments(case, np.dtype("float32"))
        _, p = arguments(case, np.dtype("float64"))
        assert rhs(jnp.asarray(2.0, jnp.float64), y, p).dtype == jnp.float32
        tree = rhs(np.float64(2.0), rhs.unflatten(y), case.parameters)
        assert {leaf.dtype for leaf in tree.values()} == {jnp.dtype("float32")}
    assert rhs(np.float64(2.0), case.state.astype(np.float32), case.parameters).dtype == np.float32


def test_abstract_shapes_are_enough(case: Case, dtype: np.dtype) -> None:
    rhs = compiled(case.text)
    y, p = arguments(case, dtype)
    abstract = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), (y, p))
    result = jax.eval_shape(lambda y, p: rhs(0.0, y, p), *abstract)
    assert (result.shape, result.dtype) == (y.shape, dtype)


def test_nothing_moves_between_host_and_device(case: Case) -> None:
    rhs = compiled(case.text)
    y, p = arguments(case, np.dtype("float32"))
    run = jax.jit(rhs)
    t = jnp.asarray(2.0)
    run(t, y, p)
    with jax.transfer_guard("disallow"):
        run(t, y, p).block_until_ready()


def test_flat_and_tree_forms_agree_between_namespaces(case: Case) -> None:
    rhs = compiled(case.text)
    flat = rhs.eval_fn(2.0, case.state, **case.parameters)
    tree = rhs.pytree_eval_fn(2.0, rhs.unflatten(case.state), **case.parameters)
    np.testing.assert_array_equal(rhs.flatten(tree), flat)
    with jax.enable_x64(True):
        y, p = arguments(case, np.dtype("float64"))
        np.testing.assert_allclose(rhs(2.0, y, p), flat, rtol=2e-14, atol=1e-14)


class Poisoned(np.ndarray):
    """An array that refuses to be looked at."""

    def _refuse(self, *_: object) -> object:
        raise AssertionError("a value was looked at")

    __bool__ = __float__ = __int__ = __index__ = __complex__ = item = tolist = _refuse  # type: ignore[assignment]


def test_the_numpy_path_never_looks_at_a_value(case: Case) -> None:
    rhs = compiled(case.text)
    quantities = rhs._quantities  # the generated function itself: casting the arguments would drop the poison
    backend = backend_for(np)
    function = quantities.kernel(backend).bind("tree", np.dtype("float64"))
    states = [np.asarray(value).view(Poisoned) for value in rhs.unflatten(case.state).values()]
    parameters = quantities.arguments.prepare(case.parameters, backend, np.dtype("float64"), case.state)
    poisoned = tuple(np.asarray(value).view(Poisoned) for value in parameters)
    with pytest.raises(AssertionError, match="looked at"):
        float(states[0].reshape(-1)[:1])
    results = function(np.asarray(2.0).view(Poisoned), states, poisoned)
    want = rhs.pytree_eval_fn(2.0, rhs.unflatten(case.state), **case.parameters)
    for got, expected in zip(results, want.values(), strict=True):
        np.testing.assert_allclose(got.view(np.ndarray), expected, rtol=1e-14)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_strict_array_api_namespace_gives_the_same(case: Case, precision: str) -> None:
    strict = pytest.importorskip("array_api_strict")
    if case.name == "Branches":
        pytest.skip("the standard has no erf and no lgamma; that is refused, see test_refusals")
    rhs = compiled(case.text)
    y = strict.asarray(case.state.tolist(), dtype=getattr(strict, precision))
    result = rhs.eval_fn(2.0, y, **case.parameters)
    assert result.dtype == y.dtype
    want = rhs.eval_fn(2.0, case.state.astype(precision), **case.parameters)
    np.testing.assert_allclose(np.asarray(result), want, rtol=3e-6 if precision == "float32" else 1e-13)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_torch_gives_the_same_and_differentiates(case: Case, precision: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is installed by `make test` where its CPU build is at hand")
    rhs = compiled(case.text)
    y = torch.tensor(case.state, dtype=getattr(torch, precision), requires_grad=True)
    result = rhs.eval_fn(2.0, y, **case.parameters)
    assert result.dtype == y.dtype
    want = rhs.eval_fn(2.0, case.state.astype(precision), **case.parameters)
    tolerance = 2e-5 if precision == "float32" else 1e-12
    np.testing.assert_allclose(result.detach().numpy(), want, rtol=tolerance, atol=tolerance)
    (gradient,) = torch.autograd.grad(result.sum(), y)
    with jax.enable_x64(True):
        own = jax.grad(lambda y: rhs(2.0, y, case.parameters).sum())(jnp.asarray(case.state))
    np.testing.assert_allclose(gradient.numpy(), own, rtol=100 * tolerance, atol=tolerance)
