"""One kernel: the same values, only where it may, and never in the way of a transformation."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from opjax.solve import one_kernel, rewriting
from opjax.solve.one_kernel import OneKernel
from opjax.solve.rewriting import eligible
from solve.kernels import NEEDED

ATTRIBUTE = "xla_cpu_small_call"
pytestmark = NEEDED


def loop(matrix, start):
    def body(state):
        count, value, saved = state
        value = jnp.tanh(matrix @ value) + 0.1 * value**2
        return count + 1, value, lax.dynamic_update_index_in_dim(saved, value.sum(), count, 0)

    return lax.while_loop(lambda state: state[0] < 5, body, (0, start, jnp.zeros(5, start.dtype)))[1:]


MATRIX, START = np.linspace(-1, 1, 9).reshape(3, 3), np.array([1.0, 2.0, 3.0])


def lowered(function, *arguments):
    return jax.jit(function).lower(*arguments).as_text()


def test_the_values_are_the_same():
    kernel = OneKernel(loop)
    for found, wanted in zip(jax.jit(kernel)(MATRIX, START), loop(MATRIX, START), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-14)
    assert ATTRIBUTE in lowered(kernel, MATRIX, START)


def test_products_are_written_as_sums():
    text = lowered(OneKernel(loop), MATRIX, START)
    assert "dot_general" not in text
    assert "dot_general" in lowered(loop, MATRIX, START)


@pytest.mark.parametrize(
    "recipe", ["ij,jk->ik", "bij,bjk->bik", "ij,kj->ki", "i,i->", "ij,kl->ijkl", "bi,bi->b", "abi,bi->ab"]
)
def test_every_product_is_the_same_as_a_sum(recipe):
    inputs, size = recipe.split("->")[0].split(","), {"a": 2, "b": 3, "i": 4, "j": 5, "k": 2, "l": 3}
    rng = np.random.default_rng(1)
    left, right = (rng.normal(size=[size[letter] for letter in names]) for names in inputs)

    def product(left, right):
        return jnp.einsum(recipe, left, right)

    found = jax.jit(OneKernel(product))(left, right)
    np.testing.assert_allclose(found, np.einsum(recipe, left, right), rtol=1e-12)


def test_the_largest_product():
    """With one term more XLA calls a library, and stops at what it cannot compile."""
    weights = np.linspace(-1, 1, rewriting.LARGEST_SUM).reshape(-1, 13)
    start = np.linspace(0, 1, 13)

    def product(x):
        return lax.while_loop(lambda s: s[0] < 2, lambda s: (s[0] + 1, weights @ (s[0] + x)), (0, weights @ x))[1]

    found = jax.jit(OneKernel(product))(start)
    assert ATTRIBUTE in lowered(OneKernel(product), start)
    np.testing.assert_allclose(found, weights @ (1 + start), rtol=1e-12)


def test_short_sums_are_written_in_full_and_long_ones_computed_once():
    """The long ones would be computed again in each place that reads them."""

    def twice(matrix, x):
        value = matrix @ x
        return jnp.sin(value) + jnp.exp(value[0])

    for size in (0, 1, rewriting.SHORT_SUM, rewriting.SHORT_SUM + 1):
        matrix, x = np.ones((2, size)), np.linspace(-0.1, 0.2, size)
        text, long = lowered(OneKernel(twice), matrix, x), not 0 < size <= rewriting.SHORT_SUM
        assert ("stablehlo.reduce" in text, "optimization_barrier" in text) == (long, long)
        np.testing.assert_allclose(jax.jit(OneKernel(twice))(matrix, x), twice(matrix, x), rtol=1e-13)


def test_short_sums_of_many_numbers():
    """The stages of a step of the largest model that is one kernel: XLA would call a library to reduce them."""
    stages = np.random.default_rng(1).normal(size=(rewriting.SHORT_SUM, rewriting.LARGEST_VALUE))
    weights = np.linspace(0, 1, rewriting.SHORT_SUM)
    assert stages.size > rewriting.LARGEST_SUM

    def combined(weights):
        return lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, weights @ stages), (0, weights @ stages))[1]

    assert eligible(jax.make_jaxpr(lambda w: w @ stages)(weights).jaxpr)
    found = jax.jit(OneKernel(combined))(weights)
    np.testing.assert_allclose(found, weights @ stages, rtol=1e-12)


def test_a_batch_is_a_loop_over_its_lanes():
    starts = START * np.arange(1, 4)[:, None]
    found = jax.vmap(OneKernel(loop), in_axes=(None, 0))(MATRIX, starts)
    wanted = jax.vmap(loop, in_axes=(None, 0))(MATRIX, starts)
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-14)
    assert ATTRIBUTE in lowered(jax.vmap(OneKernel(loop), in_axes=(None, 0)), MATRIX, starts)


def test_a_batch_of_batches():
    starts = START * np.arange(1, 5).reshape(2, 2, 1)
    found = jax.vmap(jax.vmap(OneKernel(loop), (None, 0)), (None, 0))(MATRIX, starts)
    np.testing.assert_allclose(found[0][1, 1], loop(MATRIX, starts[1, 1])[0], rtol=1e-14)


def test_derivatives_are_those_of_the_function():
    found = jax.jacfwd(OneKernel(loop), 1)(MATRIX, START)
    wanted = jax.jacfwd(loop, 1)(MATRIX, START)
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-13)
    assert ATTRIBUTE not in lowered(jax.jacfwd(OneKernel(loop), 1), MATRIX, START)


def not_known():
    many = jnp.zeros(rewriting.LARGEST_VALUE + 1)
    return {
        "sort": (jnp.sort, START),
        "scatter of several": (lambda x: jnp.asarray(x).at[jnp.array([0, 2])].add(1.0), START),
        "library": (lambda x: jnp.linalg.solve(x + 3 * jnp.eye(3), jnp.ones(3)), MATRIX),
        "callback": (lambda x: jax.pure_callback(np.sin, jax.ShapeDtypeStruct((3,), x.dtype), x), START),
        "large": (lambda x: jnp.sum(jnp.sin(many * x[0])), START),
        "large product": (lambda x: jnp.ones((300, 300)) @ jnp.full((300,), x[0]), START),
        "product with a library": (lambda x: jnp.ones((16, 256)) @ jnp.full((256,), x[0]), START),
        "sum with a library": (lambda x: jnp.broadcast_to(x[0], (64, 64)).sum(0), START),
        "random": (lambda x: x + jax.random.normal(jax.random.key(0), (3,)), START),
        "bits in pieces": (lambda x: lax.bitcast_convert_type(x, jnp.uint16).astype(x.dtype), START),
        "gather": (lambda x: jnp.asarray(x)[jnp.array([0, 2, 1])], START),
        "scan": (lambda x: lax.scan(lambda c, e: (c + e, c), 0.0, x)[1], START),
    }


@pytest.mark.parametrize("name", not_known())
def test_a_function_with_anything_else_is_left_alone(name):
    function, argument = not_known()[name]
    assert not eligible(jax.make_jaxpr(function)(argument).jaxpr)
    kernel = OneKernel(function)
    np.testing.assert_allclose(jax.jit(kernel)(argument), function(argument))
    assert ATTRIBUTE not in lowered(kernel, argument)


def test_without_a_compiler_that_can_it_is_the_function(monkeypatch):
    monkeypatch.setattr(one_kernel, "available", lambda: False)
    assert ATTRIBUTE not in lowered(OneKernel(loop), MATRIX, START)


def test_a_compiler_that_fails_the_probe_is_not_used(monkeypatch):
    one_kernel._probe.cache_clear()

    def broken(*arguments, **named):
        raise jax.errors.JaxRuntimeError("not implemented")

    monkeypatch.setattr(one_kernel.xla_metadata, "set_xla_metadata", broken)
    assert not one_kernel._probe()
    monkeypatch.undo()
    one_kernel._probe.cache_clear()
    assert one_kernel._probe()


def test_other_devices_are_left_alone(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert not one_kernel.available()


def test_single_precision_stays(trace):
    equations = trace(OneKernel(loop), MATRIX.astype(np.float32), START.astype(np.float32))
    found = {str(v.aval.dtype) for e in equations for v in e.outvars if jnp.issubdtype(v.aval.dtype, jnp.floating)}
    assert found == {"float32"}


def test_branches():
    def choose(x):
        return lax.cond(x[0] > 0, lambda v: v * 2, lambda v: v - 1, x) + lax.switch(
            jnp.int32(x[1]), [jnp.sin, jnp.cos], x
        )

    for start in (START * 0 + 1, START * 0 - 1):
        np.testing.assert_allclose(jax.jit(OneKernel(choose))(start), choose(start), rtol=1e-15)
    assert ATTRIBUTE in lowered(OneKernel(choose), START)


def test_an_argument_that_is_not_used():
    """XLA stops the whole process where a kernel has one."""

    def function(matrix, start, other):
        return loop(matrix, start)[0]

    found = jax.jit(OneKernel(function))(MATRIX, START, np.ones(2))
    np.testing.assert_allclose(found, loop(MATRIX, START)[0], rtol=1e-14)


def test_whole_numbers_among_the_results():
    def function(x):
        return lax.while_loop(lambda s: s[1] < 10, lambda s: (s[0] + 1, s[1] * 1.5), (0, x))

    count, value = jax.jit(OneKernel(function))(2.0)
    assert (int(count), float(value)) == (4, 2 * 1.5**4)
    assert jnp.issubdtype(count.dtype, jnp.integer)


def test_arguments_of_several_types_are_left_alone():
    def function(x, n):
        return x * n

    assert ATTRIBUTE not in lowered(OneKernel(function), START, 3)


@pytest.mark.parametrize("version", [(0, 7, 9), (0, 13, 0), (1, 0, 0)])
def test_versions_that_were_not_tested_take_the_plain_path(monkeypatch, version):
    monkeypatch.setattr(jax, "__version_info__", version)
    assert not one_kernel.available()


def test_it_can_be_turned_off(monkeypatch):
    assert one_kernel.available()
    monkeypatch.setenv(one_kernel.SWITCH, "off")
    assert not one_kernel.available()


UNARY = (
    "abs acos acosh asin asinh atan atanh cbrt ceil cos cosh erf erfc exp exp2 expm1 floor is_finite lgamma log log1p "
    "log2 logistic neg one_minus_square round rsqrt sign sin sinh sqrt square stop_gradient tan tanh"
)
LATER = {name for name in ("log2", "one_minus_square") if not hasattr(lax, name)}
"""Operations that come with JAX 0.11."""
BINARY = "add atan2 div eq ge gt le lt max min mul ne nextafter pow rem sub"


def everything(x):
    """Each known elementwise operation, reduction and rearrangement once, in a loop."""
    inside = x / 8  # in the domain of all functions but acosh
    unary = [name for name in UNARY.split() if name not in LATER]
    values = [getattr(lax, name)(inside + 1 if name == "acosh" else inside).astype(x.dtype) for name in unary]
    values += [getattr(lax, name)(inside, x).astype(x.dtype) for name in BINARY.split()]
    bits = lax.bitcast_convert_type(inside, f"uint{8 * x.dtype.itemsize}")
    values += [lax.bitcast_convert_type(bits & ~bits.dtype.type(0xFFF), x.dtype)]
    if hasattr(lax, "polynomial"):  # with JAX 0.12
        values += [lax.polynomial(x, [1.0, *range(count)]) for count in (2, 12)]
    yes, no = inside > 0.2, inside > 0.1
    values += [v.astype(x.dtype) for v in (yes & no, yes | no, yes ^ no, ~yes)]
    values += [jnp.where(yes, x, inside), lax.clamp(x.dtype.type(0.1), x, x.dtype.type(0.3)), lax.integer_pow(x, 3)]
    matrix = jnp.stack([x, inside]).T + lax.iota(jnp.int32, 2).astype(x.dtype)
    values += [
        matrix.sum(1),
        matrix.max(1),
        matrix.min(1),
        matrix.prod(1),
        (matrix > 0.2).any(1).astype(x.dtype),
        (matrix > 0.2).all(1).astype(x.dtype),
        jnp.argmax(matrix, 1).astype(x.dtype),
        lax.rev(x, (0,)),
        lax.pad(x[1:], x.dtype.type(2), ((1, 0, 0),)),
        jnp.concatenate(lax.split(x, (1, 2))[::-1]),
        lax.dynamic_update_index_in_dim(x, x[0], 2, 0),
        jnp.broadcast_to(lax.dynamic_index_in_dim(x, 1), (3,)),
        lax.optimization_barrier(x),
    ]
    return jnp.stack(values)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_known_operation_has_the_same_value(trace, dtype):
    def repeated(x):
        return lax.while_loop(
            lambda s: s[0] < 2, lambda s: (s[0] + 1, everything(s[2]), s[2] * 0.9), (0, everything(x), x)
        )[1]

    start = np.array([0.5, 1.0, 3.0], dtype)
    found = jax.jit(OneKernel(repeated))(start)
    np.testing.assert_allclose(found, jax.jit(repeated)(start), rtol=1e-12 if dtype == np.float64 else 1e-5)
    assert ATTRIBUTE in lowered(OneKernel(repeated), start)
    unseen = rewriting.KNOWN - LATER - {e.primitive.name for e in trace(repeated, start)}
    of_equinox = {"empty2", "maybe_set", "nonbatchable", "nondifferentiable_backward", "unvmap_all", "unvmap_any"}
    of_equinox |= {"select_and_if_vmap", "select_if_vmap", "unvmap_max"}
    of_derivatives_and_complex_numbers = {
        "add_any",
        "copy",
        "copy_p",
        "real",
        "slice",
        "unstack",
        "reshape",
        "transpose",
    }
    assert unseen <= of_equinox | of_derivatives_and_complex_numbers | {"stop_gradient", "stack", "square", "squeeze"}
