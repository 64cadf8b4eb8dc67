"""Every function of every backend against the references of the table, in both precisions."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from backends.namespaces import EVERYWHERE, NAMES, array, dtype, numpy, using
from opjax.backends import Backend
from opjax.errors import OpjaxError
from opjax.ir.functions import FUNCTIONS, Function

STATISTICS = ("erf", "erfc", "lgamma", "digamma", "polygamma")
PRECISIONS = ("float64", "float32")

# Units in the last place. What a library computes is the library's: this is how exact each one is where it is worse
# than a few units, over the numbers below.
USUAL = 8.0
LESS_EXACT: dict[tuple[str, str], float] = {
    ("jax", "log1p"): 128.0,  # between -0.42 and -0.3
    ("jax", "sinh"): 32.0,
    ("jax", "cosh"): 32.0,
    ("jax", "lgamma"): 32.0,
    ("jax", "digamma"): 128.0,
    ("jax", "polygamma"): 16.0,
    ("jax", "erfc"): 512.0,  # far out, where it is below 1e-40
    ("numpy", "erfc"): 512.0,
    ("numpy", "digamma"): 128.0,  # below zero, beside the poles
    ("torch", "digamma"): 128.0,
    ("torch", "polygamma"): 16.0,
}


def by_function(functions: list[Function]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("function", functions, ids=lambda f: f.name)


def available(function: Function, namespace: str) -> bool:
    return namespace != "array_api_strict" or function.name not in STATISTICS


def call(backend: Backend, function: Function, columns: list[np.ndarray], kind: str) -> np.ndarray:
    """The function on arrays; the order of polygamma is a number."""
    if function.name == "polygamma":
        x = array(backend, columns[1], kind)
        parts = [backend.function("polygamma")(int(order), x) for order in columns[0]]
        return np.asarray([numpy(part)[i] for i, part in enumerate(parts)])
    arguments = [
        backend.asarray(column, backend.xp.bool) if what == "boolean" else array(backend, column, kind)
        for column, what in zip(columns, function.argument_kinds, strict=True)
    ]
    result = backend.function(function.name)(*arguments)
    expected = backend.xp.bool if function.result == "boolean" else dtype(backend, kind)
    assert result.dtype == expected
    return numpy(result)


def columns_of(function: Function, kind: str, count: int = 400) -> list[np.ndarray]:
    draw = random.Random(function.name)
    size = 30.0 if kind == "float64" else 8.0
    real = [
        [draw.choice((draw.uniform(-1, 1), draw.uniform(-size, size), draw.uniform(0, 2))) for _ in range(count)]
        for _ in function.arguments
    ]
    columns = [
        np.asarray(column) > 0 if what == "boolean" else np.asarray(column, dtype=kind)
        for column, what in zip(real, function.argument_kinds, strict=True)
    ]
    if function.name == "polygamma":
        columns = [np.resize(np.arange(1.0, 4.0), 60), np.abs(columns[1][:60]) + np.asarray(0.125, dtype=kind)]
    return columns


def reference(function: Function, columns: list[np.ndarray]) -> np.ndarray:
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return np.asarray([function.reference(*row) for row in rows])


def unit(function: Function, expected: np.ndarray, kind: str) -> np.ndarray:
    """The unit in the last place, of 1 at least where a function crosses zero at no floating-point number."""
    size = np.abs(expected)
    if function.name in ("lgamma", "digamma"):
        size = np.maximum(size, 1.0)
    limits = np.finfo(kind)
    return np.spacing(np.clip(size, limits.tiny, limits.max).astype(kind)).astype("float64")


def mismatches(function: Function, found: np.ndarray, expected: np.ndarray, kind: str, units: float) -> np.ndarray:
    """Where the two differ: nan and infinities must be the same, results below the smallest normal number may be 0."""
    limits = np.finfo(kind)
    with np.errstate(all="ignore"):
        wanted = np.where(np.abs(expected) > limits.max, np.copysign(np.inf, expected), expected)
        close = np.abs(found - wanted) <= units * unit(function, wanted, kind)
        near_overflow = np.isinf(found) & (wanted * np.sign(found) > limits.max * (1 - 1e-5))
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    both_tiny = (np.abs(found) <= limits.tiny) & (np.abs(wanted) <= limits.tiny)
    return np.flatnonzero(~(same | close | both_tiny | near_overflow))


@EVERYWHERE
@pytest.mark.parametrize("kind", PRECISIONS)
@by_function(list(FUNCTIONS.values()))
def test_values_are_those_of_the_reference(function: Function, kind: str, namespace: str) -> None:
    if not available(function, namespace):
        return
    columns = columns_of(function, kind)
    with using(namespace) as backend:
        found = call(backend, function, columns, kind)
    expected = reference(function, columns)
    if function.result == "boolean":
        assert np.array_equal(found, expected)
        return
    units = LESS_EXACT.get((namespace, function.name), USUAL)
    wrong = mismatches(function, found.astype("float64"), expected, kind, units)
    error = np.abs(found - expected) / unit(function, expected, kind)
    assert wrong.size == 0, [(error[i], [c[i] for c in columns], found[i], expected[i]) for i in wrong[:5]]


def flushes(column: np.ndarray) -> list[np.ndarray]:
    """The numbers, and the numbers with zeros of one sign for the subnormal ones."""
    if column.dtype == bool:
        return [column]
    subnormal = (np.abs(column) < np.finfo("float64").tiny) & (column != 0)
    return [column, np.where(subnormal, 0.0, column), np.where(subnormal, -0.0, column)]


EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, math.inf, -math.inf, math.nan, 5e-324, 1e-310, 1e300, -1e300)


@EVERYWHERE
@by_function([f for f in FUNCTIONS.values() if f.name != "polygamma"])
def test_edges_are_those_of_the_reference(function: Function, namespace: str) -> None:
    if not available(function, namespace):
        return
    rows = list(itertools.product(*([True, False] if k == "boolean" else EDGES for k in function.argument_kinds)))
    columns = [np.asarray(column) for column in zip(*rows, strict=True)]
    with using(namespace) as backend:
        found = call(backend, function, columns, "float64")
    # Libraries may take subnormal numbers for zeros: JAX does on a CPU (and loses their sign in atan2), SciPy and
    # PyTorch do here and there.
    wrong = set(range(len(rows)))
    for numbers in itertools.product(*map(flushes, columns)):
        expected = reference(function, list(numbers))
        units = LESS_EXACT.get((namespace, function.name), USUAL)
        wrong &= set(mismatches(function, found.astype("float64"), expected, "float64", units).tolist())
        if function.name == "digamma":  # its poles are nan or one of the infinities
            wrong -= set(np.flatnonzero(~np.isfinite(found) & ~np.isfinite(expected)).tolist())
    if (namespace, function.name) == ("jax", "pow"):  # XLA takes all subnormal numbers for one, not for zero
        wrong -= {i for i, (base, exponent) in enumerate(rows) if 0 < base < 1e-308 and exponent == 0.5}
    assert not [(rows[i], found[i]) for i in sorted(wrong)]


@EVERYWHERE
@by_function([f for f in FUNCTIONS.values() if f.argument_kinds == ("real", "real") and f.name != "polygamma"])
def test_python_numbers_may_stand_beside_arrays(function: Function, namespace: str) -> None:
    x = np.asarray([0.25, 1.5, 3.0], dtype="float32")
    with using(namespace) as backend:
        both = array(backend, x, "float32"), array(backend, np.full(3, 1.5), "float32")
        expected = backend.function(function.name)(*both)
        found = backend.function(function.name)(both[0], 1.5)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(numpy(found), numpy(expected), rtol=1e-6)
        assert backend.function(function.name)(1.5, both[0]).dtype == expected.dtype


@EVERYWHERE
def test_where_and_clip_take_python_numbers(namespace: str) -> None:
    with using(namespace) as backend:
        x = array(backend, [-1.0, 0.5, 2.0], "float32")
        chosen = backend.function("where")(x > 0, x, 7.0)
        held = backend.function("clip")(x, 0.0, 1.0)
        assert chosen.dtype == held.dtype == x.dtype
        assert numpy(chosen).tolist() == [7.0, 0.5, 2.0]
        assert numpy(held).tolist() == [0.0, 0.5, 1.0]


@EVERYWHERE
def test_variadic_functions_take_more_than_two(namespace: str) -> None:
    columns = [[1.0, 5.0], [2.0, -5.0], [0.5, 7.0]]
    with using(namespace) as backend:
        x = [array(backend, c) for c in columns]
        found = {name: numpy(backend.function(name)(*x)).tolist() for name in ("add", "multiply", "minimum", "maximum")}
        truth = [c > 0 for c in x]
        every = numpy(backend.function("logical_and")(*truth)).tolist()
        some = numpy(backend.function("logical_or")(*truth)).tolist()
    assert found == {"add": [3.5, 7.0], "multiply": [1.0, -175.0], "minimum": [0.5, -5.0], "maximum": [2.0, 7.0]}
    assert every == [True, False]
    assert some == [True, True]


@EVERYWHERE
@by_function(list(FUNCTIONS.values()))
def test_the_direct_name_is_the_function(function: Function, namespace: str) -> None:
    with using(namespace) as backend:
        name = backend.direct_name(function.name)
        if name is None:
            return
        columns = columns_of(function, "float64", count=20)
        arguments = [
            backend.asarray(column, backend.xp.bool) if what == "boolean" else array(backend, column)
            for column, what in zip(columns, function.argument_kinds, strict=True)
        ]
        direct = numpy(getattr(backend.xp, name)(*arguments))
        assert np.array_equal(direct, numpy(backend.function(function.name)(*arguments)), equal_nan=True)


@pytest.mark.parametrize(("namespace", "composed"), [("numpy", "clip"), ("jax", "maximum"), ("torch", "sigmoid")])
def test_composed_functions_have_no_direct_name(namespace: str, composed: str) -> None:
    with using(namespace) as backend:
        assert backend.direct_name(composed) is None
        assert backend.direct_name("add") is None
        assert backend.direct_name("exp") == "exp"


def test_numpy_and_jax_have_every_function_and_the_standard_all_but_statistics() -> None:
    lacking: dict[str, list[str]] = {}
    for namespace in NAMES:
        with using(namespace) as backend:
            for name in FUNCTIONS:
                try:
                    backend.function(name)
                except OpjaxError:
                    lacking.setdefault(namespace, []).append(name)
    assert {name: set(names) for name, names in lacking.items()} == {"array_api_strict": set(STATISTICS)}


def test_a_missing_function_is_named_with_a_way_out() -> None:
    with using("array_api_strict") as backend, pytest.raises(OpjaxError) as raised:
        backend.function("erf")
    (problem,) = raised.value.diagnostics
    assert problem.code == "E0802"
    assert "'erf'" in problem.message
    assert "'array_api_strict'" in problem.message
    assert problem.hint
