"""Derivatives by JAX and PyTorch against the texts of the table, and at corners and edges, where nan lies in wait."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backends.namespaces import array, equations, numpy, using
from ir.function_text import REFERENCE, evaluate
from leaks import checking_leaks
from opjax.ir.functions import FUNCTIONS, Function

jax = pytest.importorskip("jax", reason="JAX is an optional extra")
jnp = jax.numpy

INF, NAN = math.inf, math.nan
SMOOTH = [f for f in FUNCTIONS.values() if set(f.argument_kinds) == {"real"} and any(f.derivatives)]
Scalar = Callable[..., Any]


def inside(function: Function, count: int) -> list[tuple[float, ...]]:
    """Points of the domain, none of them at a corner."""
    draw = random.Random(function.name)
    found: list[tuple[float, ...]] = []
    while len(found) < count:
        point = tuple(draw.uniform(-4.0, 4.0) for _ in function.arguments)
        if function.name == "polygamma":
            point = (2.0, abs(point[1]))
        values = dict(zip(function.arguments, point, strict=True))
        if evaluate(function.domain or "1 == 1", values, REFERENCE):
            found.append(point)
    return found


def written(function: Function, point: tuple[float, ...]) -> list[float]:
    values = dict(zip(function.arguments, point, strict=True))
    return [evaluate(text or "0", values, REFERENCE) for text in function.derivatives]


def scalar(name: str) -> Scalar:
    with using("jax") as backend:
        return backend.function(name)


def by_function(functions: list[Function]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("function", functions, ids=lambda f: f.name)


# --- inside the domain


@pytest.mark.usefixtures("x64")
@by_function(SMOOTH)
def test_jax_has_the_derivatives_of_the_table(function: Function) -> None:
    points = inside(function, 25)
    expected = np.asarray([written(function, point) for point in points])
    f = scalar(function.name)
    numbers = tuple(range(len(function.arguments)))
    if function.name == "polygamma":
        f, numbers, points = (lambda x: scalar("polygamma")(2, x)), (0,), [point[1:] for point in points]
        expected = expected[:, 1:]
    columns = [jnp.asarray(column) for column in zip(*points, strict=True)]
    both = jax.jit(jax.vmap(lambda *point: [transform(f, numbers)(*point) for transform in (jax.jacrev, jax.jacfwd)]))
    for found in both(*columns):
        np.testing.assert_allclose(np.stack(found, axis=1), expected, rtol=1e-12, atol=1e-14)


@by_function(SMOOTH)
def test_torch_has_the_derivatives_of_the_table(function: Function, torch: Any) -> None:
    points = inside(function, 25)
    expected = np.asarray([written(function, point) for point in points])
    with using("torch") as backend:
        columns = [array(backend, column).requires_grad_() for column in zip(*points, strict=True)]
        if function.name == "polygamma":
            value, columns, expected = backend.function("polygamma")(2, columns[1]), columns[1:], expected[:, 1:]
        else:
            value = backend.function(function.name)(*columns)
        found = torch.autograd.grad(value.sum(), columns)
        digits = 1e-9 if function.name == "digamma" else 1e-11  # torch.special.polygamma(1, x) has no more
        np.testing.assert_allclose(np.stack([numpy(g) for g in found], axis=1), expected, rtol=digits, atol=1e-13)


@pytest.mark.usefixtures("x64")
@by_function([f for f in SMOOTH if f.name not in ("polygamma", "add", "multiply", "divide", "negate")])
def test_second_derivatives_are_those_of_differences(function: Function) -> None:
    f = scalar(function.name)
    points = [point for point in inside(function, 40) if min(map(abs, point)) > 0.3][:10]
    step = 1e-5
    numbers = range(len(function.arguments))

    def difference(number: int, point: Any) -> Any:
        slope, away = jax.grad(f, number), step * jnp.eye(len(point))[number]
        return (slope(*(point + away)) - slope(*(point - away))) / (2 * step)

    def both(point: Any) -> Any:
        seconds = [jax.jacfwd(jax.grad(f, number), number)(*point) for number in numbers]
        return [difference(number, point) for number in numbers], seconds

    for wanted, found in zip(*jax.jit(jax.vmap(both))(jnp.asarray(points)), strict=True):
        compared = np.isfinite(wanted) & (np.abs(wanted) < 1e3)
        error, size = np.abs(found - wanted)[compared], np.abs(wanted)[compared]
        assert (error <= np.maximum(1e-4, 1e-4 * size)).all(), points


# --- corners and edges

AT_EDGES = [
    ("abs", (0.0,), (0.0,)),
    ("sqrt", (0.0,), (INF,)),
    ("cbrt", (0.0,), (INF,)),
    ("asin", (1.0,), (INF,)),
    ("asin", (-1.0,), (INF,)),
    ("acos", (1.0,), (-INF,)),
    ("log", (0.0,), (INF,)),
    ("logit", (1.0,), (INF,)),
    ("softplus", (800.0,), (1.0,)),
    ("softplus", (-800.0,), (0.0,)),
    ("sigmoid", (-800.0,), (0.0,)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)),
    ("hypot", (0.0, -2.0), (0.0, -1.0)),
    ("hypot", (1e200, 1e200), (math.sqrt(0.5), math.sqrt(0.5))),
    ("atan2", (0.0, 0.0), (NAN, NAN)),
    ("minimum", (1.0, 1.0), (1.0, 0.0)),
    ("maximum", (1.0, 1.0), (1.0, 0.0)),
    ("clip", (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    ("clip", (1.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    ("clip", (5.0, 2.0, 1.0), (0.0, 0.0, 1.0)),
    ("pow", (0.0, 0.0), (0.0, 0.0)),
    ("pow", (0.0, 0.5), (INF, 0.0)),
    ("pow", (0.0, 1.0), (1.0, 0.0)),
    ("pow", (0.0, 1.5), (0.0, 0.0)),
    ("pow", (0.0, 2.0), (0.0, 0.0)),
    ("pow", (0.0, 3.0), (0.0, 0.0)),
    ("pow", (-2.0, 3.0), (12.0, -8.0 * math.log(2.0))),
    ("pow", (-2.0, 2.0), (-4.0, 4.0 * math.log(2.0))),
    ("pow", (2.0, 0.0), (0.0, math.log(2.0))),
    ("pow", (-2.0, 0.5), (NAN, NAN)),
]


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", dict.fromkeys(row[0] for row in AT_EDGES))
def test_jax_has_the_documented_slopes_at_edges(name: str) -> None:
    f = scalar(name)
    points = jnp.asarray([point for row, point, _ in AT_EDGES if row == name])
    expected = np.asarray([slopes for row, _, slopes in AT_EDGES if row == name])
    numbers = tuple(range(points.shape[1]))
    together = [jax.jacrev(f, numbers), jax.jacfwd(f, numbers)]
    one_by_one = [lambda *p, d=d: tuple(d(f, number)(*p) for number in numbers) for d in (jax.grad, jax.jacfwd)]
    found = jax.jit(jax.vmap(lambda *p: [jnp.stack(slopes(*p)) for slopes in (*together, *one_by_one)]))(*points.T)
    eagerly = [np.stack(slopes(*map(float, points[0]))) for slopes in together]
    for slopes in found:
        np.testing.assert_allclose(slopes, expected, rtol=1e-15)
    for slopes in eagerly:
        np.testing.assert_allclose(slopes, expected[0], rtol=1e-15)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(
    ("base", "exponent", "slope"),
    [
        (0.0, 0, 0.0),
        (0.0, 1, 1.0),
        (0.0, 2, 0.0),
        (0.0, 2.0, 0.0),
        (0.0, 0.5, INF),
        (0.0, 0.75, INF),
        (0.0, 1.5, 0.0),
        (0.0, 9.0, 0.0),
        (4.0, 0.5, 0.25),
        (4.0, 1.5, 3.0),
        (4.0, -0.5, -1 / 16),
        (2.0, 9.0, 9 * 256.0),
        (-2.0, 9.0, 9 * 256.0),
        (-2.0, 3, 12.0),
    ],
)
def test_powers_with_a_literal_exponent(base: float, exponent: float, slope: float) -> None:
    f = scalar("pow")
    assert float(f(base, exponent)) == pytest.approx(FUNCTIONS["pow"].reference(base, float(exponent)), rel=1e-14)
    for transform in (jax.grad, jax.jacfwd):
        assert float(transform(lambda x: f(x, exponent))(base)) == pytest.approx(slope, rel=1e-14)


SELECTED: dict[str, tuple[Scalar, float]] = {
    "sqrt of max": (lambda f, x: f("sqrt")(f("maximum")(x, 0.0)), -1.0),
    "sqrt of max, turned": (lambda f, x: f("sqrt")(f("maximum")(0.0, x)), -1.0),
    "sqrt of min": (lambda f, x: f("sqrt")(-f("minimum")(x, 0.0)), 1.0),
    "sqrt of clip": (lambda f, x: f("sqrt")(f("clip")(x, 0.0, 1.0)), -1.0),
    "sqrt of abs": (lambda f, x: f("sqrt")(f("abs")(x)), 0.0),
    "cbrt of max": (lambda f, x: f("cbrt")(f("maximum")(x, 0.0)), -1.0),
    "acos of clip": (lambda f, x: f("acos")(f("clip")(x, -1.0, 1.0)), 2.0),
    "asin of clip": (lambda f, x: f("asin")(f("clip")(x, -1.0, 1.0)), -2.0),
    "literal power of max": (lambda f, x: f("pow")(f("maximum")(x, 0.0), 0.75), -1.0),
    "power of max": (lambda f, x: f("pow")(f("maximum")(x, 0.0), jnp.asarray(0.75)), -1.0),
}


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("expression", "x"), SELECTED.values(), ids=SELECTED)
def test_what_is_not_selected_has_no_slope(expression: Scalar, x: float) -> None:
    """Each has an infinite slope at the edge, and the selection does not depend on x: 0*inf must not become nan."""

    def f(x: Any) -> Any:
        return expression(scalar, x)

    transforms: dict[str, Scalar] = {
        "grad": jax.grad(f),
        "jacfwd": jax.jacfwd(f),
        "jacrev": jax.jacrev(f),
        "vmap of grad": lambda x: jax.vmap(jax.grad(f))(jnp.full(2, x))[0],
        "vmap of jacfwd": lambda x: jax.vmap(jax.jacfwd(f))(jnp.full(2, x))[0],
        "grad of vmap": lambda x: jax.grad(lambda y: jax.vmap(f)(y).sum())(jnp.full(2, x))[1],
        "grad of jit": jax.grad(jax.jit(f)),
        "jvp of vjp": lambda x: jax.jvp(jax.grad(f), (x,), (jnp.ones_like(x),))[1],
        "vjp of vjp": jax.grad(jax.grad(f)),
        "hessian": jax.hessian(f),
    }
    found = jax.jit(lambda x: {name: transform(x) for name, transform in transforms.items()})(jnp.asarray(x))
    assert {name: float(slope) for name, slope in found.items()} == dict.fromkeys(transforms, 0.0)
    assert float(transforms["grad"](x)) == float(transforms["jacfwd"](x)) == 0.0  # without jit


@pytest.mark.usefixtures("x64")
def test_an_unselected_branch_of_where_gets_a_zero_through_an_edge() -> None:
    """Where a branch is not taken its cotangent is 0, and an infinite slope times 0 must stay 0."""
    for name in ("sqrt", "cbrt"):
        f = scalar(name)
        assert float(jax.grad(lambda x, f=f: jnp.where(x > 0, f(x), 0.0))(0.0)) == 0.0


@pytest.mark.usefixtures("x64")
def test_a_slope_nobody_asked_for_spoils_no_other() -> None:
    """A whole exponent that is a parameter, of a negative base: the slope in the base is finite in both modes."""
    f = scalar("pow")
    both = jax.jvp(f, (jnp.asarray(-2.0), jnp.asarray(2.0)), (jnp.asarray(1.0), jnp.asarray(0.0)))
    assert float(both[1]) == -4.0
    assert float(jax.grad(f)(-2.0, 2.0)) == -4.0
    carried = jax.lax.scan(lambda c, _: ((f(c[0], c[1]), c[1]), None), (jnp.asarray(-2.0), jnp.asarray(2.0)), length=2)
    assert float(carried[0][0]) == 16.0


def test_torch_selects_too(torch: Any) -> None:
    with using("torch") as backend:
        for name in ("maximum", "clip"):
            x = array(backend, [-1.0, 4.0]).requires_grad_()
            bounds = (0.0,) if name == "maximum" else (0.0, 9.0)
            (slope,) = torch.autograd.grad(torch.sqrt(backend.function(name)(x, *bounds)).sum(), x)
            assert numpy(slope).tolist() == [0.0, 0.25]


def test_torch_has_slopes_at_the_middle_of_composed_functions(torch: Any) -> None:
    with using("torch") as backend:
        for name, at, expected in (("sigmoid", 0.0, 0.25), ("softplus", 0.0, 0.5), ("logit", 0.5, 4.0)):
            x = array(backend, [at]).requires_grad_()
            (slope,) = torch.autograd.grad(backend.function(name)(x).sum(), x)
            assert float(slope[0]) == pytest.approx(expected, rel=1e-15)
        for name, at in (("sigmoid", 800.0), ("sigmoid", -800.0), ("softplus", 800.0), ("softplus", -800.0)):
            x = array(backend, [at]).requires_grad_()
            (slope,) = torch.autograd.grad(backend.function(name)(x).sum(), x)
            assert float(slope[0]) in (0.0, 1.0)


# --- what is traced


@pytest.mark.usefixtures("x64")
@by_function(list(FUNCTIONS.values()))
def test_single_precision_stays_single_under_strict_promotion(function: Function) -> None:
    f = scalar(function.name)
    kinds = {"boolean": jnp.asarray([True]), "real": jnp.asarray([0.5], jnp.float32)}
    arguments = [kinds.get(kind, kinds["real"]) for kind in function.argument_kinds]
    if function.name == "polygamma":
        arguments[0] = 1
    real = [i for i, kind in enumerate(function.argument_kinds) if kind != "boolean" and arguments[i] != 1]

    def value(*numbers: Any) -> Any:
        mixed = list(arguments)
        for place, number in zip(real, numbers, strict=True):
            mixed[place] = number
        return f(*mixed)

    numbers = [arguments[i] for i in real]
    with jax.numpy_dtype_promotion("strict"):
        traced = [jax.make_jaxpr(value)(*numbers)]
        if function.result != "boolean":
            traced.append(jax.make_jaxpr(lambda *n: jax.vjp(value, *n)[1](n[0]))(*numbers))
            traced.append(jax.make_jaxpr(lambda *n: jax.jvp(value, n, n))(*numbers))
    for program in traced:
        assert not [str(e) for e in equations(program.jaxpr) for v in e.outvars if v.aval.dtype == jnp.float64]
        assert not [e for e in equations(program.jaxpr) if "callback" in e.primitive.name]


@pytest.mark.usefixtures("x64")
def test_no_tracer_leaks() -> None:
    def f(x: Any) -> Any:
        for name in ("abs", "sqrt", "softplus", "hypot", "pow"):
            x = scalar(name)(*[x] * len(FUNCTIONS[name].arguments))
        return scalar("pow")(x, 0.75)

    with checking_leaks():
        assert math.isfinite(jax.jit(jax.grad(f))(jnp.asarray(0.5)))


@pytest.mark.usefixtures("x64")
def test_selections_are_cheap() -> None:
    """The numbers that the module's docstring gives."""

    def count(f: Scalar, *arguments: float) -> int:
        return len(equations(jax.make_jaxpr(f)(*map(np.float64, arguments)).jaxpr))

    maximum, sqrt = scalar("maximum"), scalar("sqrt")
    assert count(lambda x: maximum(x, 0.0), 1.0) == 1
    assert count(jax.grad(lambda x: maximum(x, 0.0)), 1.0) == 3
    assert count(jax.grad(maximum, (0, 1)), 1.0, 2.0) == 4
    assert count(jax.grad(jnp.maximum, (0, 1)), 1.0, 2.0) > 10
    assert count(jax.grad(sqrt), 1.0) <= count(jax.grad(jnp.sqrt), 1.0) + 5
