"""Casting, constants, packing and sums of products, in every namespace."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.namespaces import EVERYWHERE, array, dtype, equations, numpy, using
from leaks import checking_leaks

PRECISIONS = pytest.mark.parametrize("kind", ["float32", "float64"])

# --- casting


@EVERYWHERE
@PRECISIONS
@pytest.mark.parametrize(
    "value",
    [0.1, 3, True, [0.1, 2], np.float32(0.1), np.float64(0.1), np.arange(3), np.array([True, False]), [[1], [2]]],
)
def test_everything_is_cast_to_the_wanted_precision(namespace: str, kind: str, value: Any) -> None:
    with using(namespace) as backend:
        for like in (None, array(backend, [1.0], kind)):
            cast = backend.asarray(value, dtype(backend, kind), like)
            assert cast.dtype == dtype(backend, kind)
            assert backend.is_array(cast)
            np.testing.assert_array_equal(numpy(cast), np.asarray(value, dtype=kind))
            assert backend.function("exp")(cast).dtype == dtype(backend, kind)


@EVERYWHERE
def test_what_fits_is_not_copied(namespace: str) -> None:
    with using(namespace) as backend:
        x = array(backend, [1.0, 2.0])
        assert backend.asarray(x, dtype(backend, "float64")) is x
        assert backend.asarray(x, dtype(backend, "float64"), x) is x


@EVERYWHERE
def test_arrays_that_cannot_be_written_to_are_taken(namespace: str) -> None:
    values = np.arange(3.0)
    values.setflags(write=False)
    with using(namespace) as backend:
        assert numpy(backend.asarray(values, dtype(backend, "float64"))).tolist() == [0.0, 1.0, 2.0]


def test_numpy_keeps_numbers_as_its_scalars() -> None:
    """Python's own would raise for 1/0, give complex roots of negative numbers, and turn single into double."""
    with using("numpy") as backend:
        for value in (0.0, 0, np.float32(0.0), np.asarray(0.0)):
            zero = backend.asarray(value, np.float64)
            assert type(zero) is np.float64
            assert math.isinf(1.0 / zero)
        assert math.isnan(backend.asarray(-8.0, np.float64) ** (1 / 3))
        assert type(backend.asarray(0.1, np.float32)) is np.float32


@EVERYWHERE
@PRECISIONS
def test_the_quick_way_for_numbers_is_the_slow_one(namespace: str, kind: str) -> None:
    with using(namespace) as backend:
        wanted = backend.dtype_of(array(backend, [1.0], kind))
        quick = backend.scalar_type(wanted)
        assert (quick is None) == (namespace != "numpy")
        if quick is not None:
            assert type(quick(0.1)) is type(backend.asarray(0.1, wanted))
            assert quick(0.1) == backend.asarray(0.1, wanted)


@EVERYWHERE
def test_integers_are_computed_with_in_the_default_precision(namespace: str) -> None:
    default = "float32" if namespace == "torch" else "float64"
    with using(namespace) as backend:
        for value in ([1, 2], [True, False]):
            native = backend.xp.asarray(value)
            assert backend.dtype_of(native) == dtype(backend, default)
            assert numpy(backend.asarray(native, backend.dtype_of(native))).tolist() == [float(v) for v in value]
        for kind in ("float32", "float64"):
            assert backend.dtype_of(array(backend, [1.0], kind)) == dtype(backend, kind)
        assert backend.dtype_of(1) == dtype(backend, default)
        assert backend.dtype_of([0.5, 1.0]) == dtype(backend, default)


@pytest.mark.usefixtures("x32")
def test_the_default_of_jax_follows_its_mode() -> None:
    jnp = pytest.importorskip("jax.numpy", reason="JAX is an optional extra")
    from opjax.backends import backend_for

    assert backend_for(jnp).dtype_of(jnp.asarray([1, 2])) == jnp.float32


@pytest.mark.usefixtures("x64")
def test_jax_never_looks_at_a_value() -> None:
    jax = pytest.importorskip("jax", reason="JAX is an optional extra")
    with using("jax") as backend:

        def f(x: Any, weak: Any) -> Any:
            y = backend.asarray(x, jax.numpy.float32)
            table = backend.constant(((1.0, 2.0), (3.0, 4.0)), jax.numpy.float32)
            assert not isinstance(table, jax.core.Tracer)  # it may be kept for the next trace
            parts = [y[0], backend.asarray(weak, jax.numpy.float32), backend.einsum("ij,j->i", table, y)]
            return backend.pack(parts, [1, 1, 2], jax.numpy.float32)

        with checking_leaks(), jax.numpy_dtype_promotion("strict"):
            shape = jax.eval_shape(f, jax.ShapeDtypeStruct((2,), jax.numpy.float64), 0.5)
            mapped = jax.jit(jax.vmap(f, (0, None)))(jax.numpy.ones((3, 2)), 0.5)
        assert (shape.shape, shape.dtype) == ((4,), jax.numpy.float32)
        assert numpy(mapped).tolist() == [[1.0, 0.5, 3.0, 7.0]] * 3


@EVERYWHERE
@PRECISIONS
def test_constants_are_tables_of_the_wanted_precision(namespace: str, kind: str) -> None:
    with using(namespace) as backend:
        table = backend.constant(((1.0, 2.5), (3.0, -4.0)), dtype(backend, kind))
        assert table.dtype == dtype(backend, kind)
        assert numpy(table).tolist() == [[1.0, 2.5], [3.0, -4.0]]
        number = backend.constant(0.5, dtype(backend, kind), table)
        assert (number.ndim, number.dtype) == (0, dtype(backend, kind))


def test_numpys_constants_cannot_be_written_to() -> None:
    with using("numpy") as backend, pytest.raises(ValueError, match="read-only"):
        backend.constant((1.0, 2.0), np.float64)[0] = 3.0


@EVERYWHERE
def test_small_services(namespace: str) -> None:
    with using(namespace) as backend:
        x = array(backend, [1.0, 2.0])
        assert numpy(backend.broadcast_to(x, (3, 2))).tolist() == [[1.0, 2.0]] * 3
        assert numpy(backend.stop_gradient(x)).tolist() == [1.0, 2.0]
        assert numpy(backend.function("stop_gradient")(x)).tolist() == [1.0, 2.0]
        assert not backend.is_array([1.0])
        assert not backend.is_array(1.0)
        assert backend.is_array(np.ones(2)) == (namespace == "numpy")
        assert namespace in repr(backend)
        assert backend.differentiable == (namespace in ("jax", "torch"))


def test_stopped_gradients_are_zero(torch: Any) -> None:
    jax = pytest.importorskip("jax", reason="JAX is an optional extra")
    with using("jax") as backend:
        assert float(jax.grad(lambda x: x * backend.stop_gradient(x))(3.0)) == 3.0
    with using("torch") as backend:
        x = array(backend, 3.0).requires_grad_()
        (slope,) = torch.autograd.grad(x * backend.stop_gradient(x), x)
        assert float(slope) == 3.0


def test_numpy_is_quiet_inside_errstate() -> None:
    with using("numpy") as backend:
        assert math.isinf(np.float64(1.0) / backend.asarray(0.0, np.float64))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.float64(1.0) / np.float64(0.0)


# --- packing

SHAPES = st.lists(st.sampled_from([(), (1,), (3,), (2, 2), (0,), (1, 1), "repeated"]), max_size=8)


@EVERYWHERE
@PRECISIONS
@settings(max_examples=30)
@given(shapes=SHAPES)
def test_parts_are_packed_in_order(namespace: str, kind: str, shapes: list[Any]) -> None:
    values = [
        np.asarray(0.5 + i) if s == "repeated" else np.arange(math.prod(s)).reshape(s) + i for i, s in enumerate(shapes)
    ]
    sizes = [3 if shape == "repeated" else value.size for shape, value in zip(shapes, values, strict=True)]
    expected = [np.broadcast_to(value.reshape(-1), (size,)) for value, size in zip(values, sizes, strict=True)]
    with using(namespace) as backend:
        parts = [array(backend, value, kind) for value in values]
        packed = backend.pack(parts, sizes, dtype(backend, kind))
        assert packed.dtype == dtype(backend, kind)
        assert packed.shape == (sum(sizes),)
        assert numpy(packed).tolist() == (np.concatenate(expected).tolist() if expected else [])
        numbers = all(shape == () for shape in shapes)
        again = backend.packer(sizes, dtype(backend, kind), numbers)(parts)
        assert again.dtype == packed.dtype
        assert numpy(again).tolist() == numpy(packed).tolist()


@pytest.mark.parametrize(("shape", "count"), [((5,), 1), ((16,), 1), ((3, 40), 2), ((40,), 5)])
def test_short_vectors_and_tables_are_packed_without_rows(shape: tuple[int, ...], count: int) -> None:
    with using("jax") as backend:
        parts = [np.arange(math.prod(shape)).reshape(shape) + at for at in (0.5, 7.5, 9.5)]
        sizes = [part.size for part in parts]
        traced = jax.make_jaxpr(lambda *parts: backend.pack(parts, sizes, np.dtype("float32")))
        assert len(equations(traced(*map(np.float32, parts)).jaxpr)) == count
        packed = backend.pack([array(backend, part, "float32") for part in parts], sizes, np.dtype("float32"))
        assert numpy(packed).tolist() == [number for part in parts for number in part.reshape(-1).tolist()]


@EVERYWHERE
def test_numbers_are_packed_beside_arrays(namespace: str) -> None:
    with using(namespace) as backend:
        parts = [0.5, array(backend, [1.0, 2.0], "float32"), np.float64(3.0)]
        packed = backend.pack(parts, [1, 2, 2], dtype(backend, "float32"))
        assert packed.dtype == dtype(backend, "float32")
        assert numpy(packed).tolist() == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_packing_is_differentiable(torch: Any) -> None:
    weights = [1.0, 10.0, 100.0, 1000.0]
    with using("torch") as backend:
        x, y = (array(backend, v).requires_grad_() for v in (2.0, [3.0, 4.0]))
        packed = backend.pack([x, x * x, y], [1, 1, 2], torch.float64)
        slopes = torch.autograd.grad((packed * array(backend, weights)).sum(), (x, y))
        assert [numpy(s).tolist() for s in slopes] == [41.0, [100.0, 1000.0]]


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("count", "joins"), [(1, [1, 2]), (8, [8, 2]), (9, [5, 4, 2, 2]), (20, [7, 7, 6, 3, 2])])
def test_neighbouring_numbers_become_stacks_of_few(count: int, joins: list[int]) -> None:
    """Of more XLA would make a loop that asks for each element which number it is."""
    with using("jax") as backend:
        traced = jax.make_jaxpr(lambda y: backend.pack([y[0]] * count + [y], [1] * count + [2], y.dtype))(np.ones(2))
        found = [e for e in equations(traced.jaxpr) if e.primitive.name in ("stack", "concatenate")]
        assert [len(e.invars) for e in found] == joins


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("count", [8, 9, 65])
def test_many_numbers_are_packed_mapped_and_differentiated(count: int) -> None:
    with using("jax") as backend:
        point = np.random.default_rng(count).uniform(1.0, 2.0, count)

        def squares(y: Any) -> Any:
            return backend.pack([y[i] * y[i] for i in range(count)], [1] * count, y.dtype)

        @jax.jit
        def ways(y: Any) -> Any:
            return jax.vmap(squares)(jax.numpy.stack([y, y + 1])), jax.jacfwd(squares)(y), jax.jacrev(squares)(y)

        mapped, forward, reverse = ways(point)
        np.testing.assert_array_equal(mapped, np.stack([point, point + 1]) ** 2)
        np.testing.assert_array_equal(forward, np.diag(2 * point))
        np.testing.assert_array_equal(reverse, np.diag(2 * point))


# --- sums of products

PATTERNS = [
    "i,i->",
    "ij,j->i",
    "ij,i->j",
    "i,ij->j",
    "j,ij->i",
    "k,ijk->ij",
    "k,ijk->ji",
    "i,ii->i",
    "ij,jk->ik",
    "ij,jk->ki",
    "ij,kj->ik",
    "ij,kj->ki",
    "ij,ik->jk",
    "ij,ik->kj",
    "ij,ki->kj",
    "ij,ki->jk",
    "ijk,k->ij",
    "ijk,jk->i",
    "ijk,kl->lij",
    "ij,ij->i",
    "pij,pj->pi",
    "pij,pj->ip",
    "i,j->ij",
    "i,i->i",
    "ij->ji",
    "ij->i",
    "ij->",
    "ii->i",
    "ii,i->",
    "ii->",
    "ij,k->i",
    "ij,jk,k->i",
    "i,ij,j->",
    "ab,bc,ca->",
    "ij,ij,j->i",
    "a,b,c->cab",
    "kji,j,ki->k",
    ",i->i",
]


def factors(subscripts: str) -> list[np.ndarray]:
    sizes = {letter: 2 + i for i, letter in enumerate(dict.fromkeys(c for c in subscripts if c.isalpha()))}
    draw = np.random.default_rng(len(subscripts))
    inputs, _, _ = subscripts.partition("->")
    return [draw.normal(size=[sizes[c] for c in letters]) for letters in inputs.split(",")]


@EVERYWHERE
@pytest.mark.parametrize("subscripts", PATTERNS)
def test_sums_of_products_are_those_of_numpy(namespace: str, subscripts: str) -> None:
    operands = factors(subscripts)
    with using(namespace) as backend:
        found = backend.einsum(subscripts, *(array(backend, x) for x in operands))
        np.testing.assert_allclose(numpy(found), np.einsum(subscripts, *operands), rtol=1e-12, atol=1e-13)
        single = backend.einsum(subscripts, *(array(backend, x, "float32") for x in operands))
        assert single.dtype == dtype(backend, "float32")


@EVERYWHERE
@settings(max_examples=30)
@given(data=st.data())
def test_any_sum_of_products_is_that_of_numpy(namespace: str, data: st.DataObject) -> None:
    letters = st.text("abcd", min_size=0, max_size=3)
    inputs = data.draw(st.lists(letters, min_size=1, max_size=4))
    known = sorted(set("".join(inputs)))
    result = data.draw(st.permutations(known)) if known else []
    result = result[: data.draw(st.integers(0, len(result)))]
    subscripts = f"{','.join(inputs)}->{''.join(result)}"
    sizes = {letter: data.draw(st.integers(0, 3)) for letter in known}
    operands = [np.arange(1.0, 1.0 + math.prod(s)).reshape(s) for s in ([sizes[c] for c in i] for i in inputs)]
    with using(namespace) as backend:
        found = backend.einsum(subscripts, *(array(backend, x) for x in operands))
        np.testing.assert_allclose(numpy(found), np.einsum(subscripts, *operands), rtol=1e-12)


@pytest.mark.parametrize("subscripts", ["ij,j", "i->ii", "i->j", "ij->ik"])
def test_subscripts_say_their_result_once(subscripts: str) -> None:
    for namespace in ("numpy", "array_api_strict"):
        with using(namespace) as backend, pytest.raises(ValueError, match="do not give each letter of the result once"):
            backend.einsum(subscripts, *(array(backend, x) for x in factors(subscripts)))


@pytest.mark.usefixtures("x64")
def test_products_have_full_precision_on_accelerators() -> None:
    jax = pytest.importorskip("jax", reason="JAX is an optional extra")
    with using("jax") as backend:
        text = str(jax.make_jaxpr(lambda a, x: backend.einsum("ij,j->i", a, x))(np.ones((2, 2)), np.ones(2)))
        assert "Precision.HIGHEST" in text


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(
    ("subscripts", "first"),
    [("j,ij->i", 2), ("k,ijk->ij", 3), ("i,ij->j", 1), ("ij,j->i", 2), ("i,i->", 1)],
)
def test_rows_times_a_vector_are_turned_for_jax(subscripts: str, first: int) -> None:
    """Mapped over matrices, a vector times each of them takes longer; the other way round where columns are summed."""
    jax = pytest.importorskip("jax", reason="JAX is an optional extra")
    with using("jax") as backend:
        traced = jax.make_jaxpr(lambda *operands: backend.einsum(subscripts, *operands))(*factors(subscripts))
    (product,) = [one for one in traced.eqns if one.primitive.name == "dot_general"]
    assert product.invars[0].aval.ndim == first


# --- no look at values


class Poisoned(np.ndarray):
    """An array that may be computed with, and not be looked at."""

    def _refuse(self, *_: object) -> Any:
        raise AssertionError("somebody looked at the value of an array")

    __float__ = __int__ = __bool__ = __index__ = __array__ = item = tolist = __iter__ = _refuse


def test_the_numpy_path_never_looks_at_a_value() -> None:
    with using("numpy") as backend:
        y = np.asarray([0.25, 0.5]).view(Poisoned)
        assert isinstance(backend.asarray(y, np.float32), Poisoned)
        half = backend.asarray(y, np.float64)
        for name in ("exp", "sigmoid", "step", "lgamma", "sqrt", "logit"):
            assert isinstance(backend.function(name)(half), Poisoned)
        held = backend.function("clip")(half, 0.0, 1.0)
        packed = backend.pack([half[0], held, backend.einsum("i,i->", half, half)], [1, 2, 1], np.float64)
        assert np.asarray(packed).shape == (4,)


@EVERYWHERE
@pytest.mark.usefixtures("x64")
def test_elements_that_are_read_again_are_added_up(namespace: str) -> None:
    """Runs of a vector and two elements behind them, of which two are in no sum, against sums one by one."""
    x, numbers = np.array([1.0, -2.0, 0.5, 4.0]), np.array([2.0, -1.0, 1.0, 3.0, 1.0, -4.0, 0.5, 1.0, 1.0])
    runs, rest, sums = ((0, 4), (1, 4)), [3, 0], np.array([2, 0, 4, 2, 1, 2, 0, 4, 2])
    everywhere = np.array([0, 1, 2, 3, 1, 2, 3, *rest])
    want = [sum(x[everywhere[i]] * numbers[i] for i in range(9) if sums[i] == place) for place in range(4)]
    with using(namespace) as backend:
        places = map(backend.positions, (sums.tolist(), rest))
        found = backend.added(array(backend, x), runs, 4, array(backend, numbers), *places)
        np.testing.assert_allclose(numpy(found), want, rtol=1e-15)
