"""Numbers beside arrays become one: the same values, counted operations, and gradients that stay as they are."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import opjax
from opjax.backends.numpy import BACKEND
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import AnyNode, Apply, Constant, Graph, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis
from opjax.passes.scale import scale

AXES = {"a": Axis("a", "labels", labels=("p", "q", "r")), "b": Axis("b", "labels", labels=("u", "v"))}
PLAIN = (1.0, -1.0, 0.3, -7.0, 1e5, -1e-5, 3.0)
SPECIAL = (*PLAIN, 0.0, -0.0, math.inf, -math.inf, math.nan)
NUMBERS = ("k", "m", "q")
ARRAYS = {"S": ("a",), "T": ("a",), "M": ("a", "b")}


@st.composite
def products(draw: st.DrawFn) -> Program:
    """Products, quotients and minus signs of numbers and arrays; some are used twice."""
    graph = Graph()
    found: list[AnyNode] = [graph.symbol("parameter", name) for name in NUMBERS]
    found += [graph.symbol("state", name, axes) for name, axes in ARRAYS.items()]
    found += [graph.constant(value) for value in (3.0, -0.25)]
    pick = st.sampled_from(range(8)) | st.integers(8, 20)
    for _ in range(draw(st.integers(2, 8))):
        function = draw(st.sampled_from(("multiply", "multiply", "divide", "divide", "negate")))
        count = {"multiply": draw(st.integers(2, 3)), "divide": 2, "negate": 1}[function]
        found.append(graph.apply(function, [found[-1 - draw(pick) % len(found)] for _ in range(count)]))
    return Program(graph, {"last": found[-1], "other": draw(st.sampled_from(found))}, AXES, {})


def factors(node: AnyNode) -> int:
    """How many factors and divisors a product has."""
    return sum(map(factors, node.operands)) or 1


def cells(program: Program, values: tuple[float, ...]) -> list[tuple[AnyNode, float]]:
    """The values of all roots by the interpreter."""

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        return values[
            (sum((3 * place + 2) * i for place, i in enumerate(cell, 1)) + 5 * ord(symbol.name)) % len(values)
        ]

    roots = list(program.roots.values())
    found = evaluate(roots, program.axes, leaf)
    return [(root, float(value)) for root, one in zip(roots, found, strict=True) for value in one.values.values()]


@given(products(), st.permutations(SPECIAL))
def test_values_differ_by_units_and_corners_not_at_all(program: Program, values: list[float]) -> None:
    after = scale(program)
    for (root, old), (_, new) in zip(cells(program, tuple(values)), cells(after, tuple(values)), strict=True):
        assert math.isnan(old) == math.isnan(new)
        if not math.isnan(old):
            assert math.copysign(1.0, old) == math.copysign(1.0, new)
            assert old == new or abs(old - new) <= factors(root) * math.ulp(old)


def operations(program: Program, arrays: bool) -> int:
    """How many operations on two operands there are; the first numbers of a product are one."""
    nodes = [node for node in program.nodes if isinstance(node, Apply) and (node.dims or not arrays)]
    if not arrays:
        return sum(len(node.operands) - 1 for node in nodes)
    rest = [len(list(itertools.dropwhile(lambda operand: not operand.dims, node.operands))) for node in nodes]
    return sum(min(len(node.operands), left + 1) - 1 for node, left in zip(nodes, rest, strict=True))


@given(products())
def test_there_are_never_more_operations(program: Program) -> None:
    after = scale(program)
    for arrays in (True, False):
        assert operations(after, arrays) <= operations(program, arrays)


MODEL = """
model Scaled:
  axes:
    x = grid(0, 1, 5)
  params:
    k = 2
    m = 3
    q = 0.25
    w[x]
  states:
    u[x]
  dynamics:
    d(u[x])/dt = {rate}
"""


def compiled(rate: str) -> opjax.CompiledRhs:
    return opjax.compile_rhs(opjax.loads(MODEL.format(rate=rate), "ojx"))


@pytest.mark.parametrize(
    ("rate", "want", "numbers", "arrays"),
    [
        ("k*u[x]*m/q", lambda u, w: 2 * u * 3 / 0.25, ["k", "m", "q"], 1),
        ("k*(u[x]/q)*w[x]", lambda u, w: 2 * (u / 0.25) * w, ["k", "q"], 2),
        ("-u[x]*w[x]/4", lambda u, w: -u * w / 4, [], 2),
        ("u[x]/q/m", lambda u, w: u / 0.25 / 3, ["q", "m"], 1),
        ("3*(u[x]*2)", lambda u, w: 3 * (u * 2), [], 1),
        ("-k*u[x]", lambda u, w: -2 * u, ["k"], 1),
        ("-u[x]/k", lambda u, w: -u / 2, ["k"], 1),
        ("exp(-k*u[x])*w[x]", lambda u, w: np.exp(-2 * u) * w, ["k"], 2),
        ("-k*u[x] - exp(u[x])", lambda u, w: -2 * u - np.exp(u), ["k"], 1),
        ("k*u[x]/(q*w[x])", lambda u, w: 2 * u / (0.25 * w), ["k", "q"], 2),
    ],
)
def test_an_array_meets_one_number(rate: str, want: Any, numbers: list[str], arrays: int) -> None:
    rhs = compiled(rate)
    opened = rhs._quantities.kernel(BACKEND).code("written").opened
    assert opened is not None
    text = "\n".join(opened.every_time)
    assert sum(text.count(sign) for sign in ("*", "/", "multiply", "divide")) == arrays, text
    random = np.random.default_rng(7)
    u, w = random.uniform(1, 2, (2, 5))
    values = {"k": 2.0, "m": 3.0, "q": 0.25, "w": w}
    for dtype, close in ((np.float64, 1e-15), (np.float32, 1e-6)):
        found = rhs(0.0, u.astype(dtype), values)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, want(u, w), rtol=4 * close)
    assert all(name in "\n".join(opened.made) for name in numbers)
    assert not re.search(r"negative|[(,=*/] ?-", text), text  # the minus sign is one of the numbers


@pytest.mark.parametrize("rate", ["1e200*u[x]*1e201", "1e-25*(u[x]*1e-26)", "u[x]/1e-20/1e-21", "0*u[x]*3"])
def test_constants_that_come_to_too_much_stay(rate: str) -> None:
    program = compiled(rate)._quantities.kernel(BACKEND).program
    assert scale(program).roots == program.roots
    assert sum(isinstance(node, Constant) for node in program.nodes) == 2


def test_gradients_of_what_is_not_taken_stay_finite() -> None:
    rhs = compiled("(k*u[x]/q*m if q > 0 else u[x])")
    with jax.enable_x64(True):
        p = {"k": 2.0, "m": 3.0, "w": jnp.ones(5)}
        gradient = jax.grad(lambda u, q: jnp.sum(rhs(0.0, u, {**p, "q": q}) ** 2), argnums=(0, 1))
        u = jnp.linspace(1.0, 2.0, 5)
        for q, factor in ((0.0, 1.0), (0.5, 12.0)):
            by_state, by_number = gradient(u, q)
            np.testing.assert_allclose(by_state, 2 * factor**2 * u, rtol=1e-14)
            np.testing.assert_allclose(by_number, -2 * 6.0**2 * np.sum(u**2) / q**3 if q else 0.0, rtol=1e-14)


def test_a_product_that_others_use_is_left_to_them() -> None:
    graph = Graph()
    k, m = (graph.symbol("parameter", name) for name in "km")
    s = graph.symbol("state", "S", ("a",))
    shared = graph.apply("multiply", (k, s))
    roots = {"first": shared, "second": graph.apply("multiply", (m, shared))}
    program = Program(graph, roots, AXES, {})
    assert scale(program).roots == roots


def test_the_fewest_elements_are_multiplied() -> None:
    graph = Graph()
    k, m = (graph.symbol("parameter", name) for name in "km")
    s, t = graph.symbol("state", "S", ("a",)), graph.symbol("state", "M", ("a", "b"))
    product = graph.apply("multiply", (k, graph.apply("multiply", (t, s)), m))
    (after,) = scale(Program(graph, {"value": product}, AXES, {})).roots.values()
    assert isinstance(after, Apply)
    dims = [[d.axis for d in operand.dims] for operand in after.operands]
    assert sorted(map(len, dims)) == [1, 2]
    assert not next(o.operands for o in after.operands if o.operands)[0].dims


def test_vectors_beside_a_matrix_are_multiplied_first() -> None:
    graph = Graph()
    s, t, m = (graph.symbol("state", name, axes) for name, axes in ARRAYS.items())
    program = Program(graph, {"value": graph.apply("multiply", (m, s, t))}, AXES, {})
    (after,) = scale(program).roots.values()
    assert [len(operand.dims) for operand in after.operands] == [2, 1]

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        return 0.1 + len(symbol.name) + sum(cell) + ord(symbol.name[0]) / 7

    (new,), (old,) = (evaluate([root], AXES, leaf) for root in (after, program.roots["value"]))
    for cell, value in old.values.items():
        assert abs(new.values[cell] - value) <= 3 * math.ulp(value)
    alike = Program(graph, {"value": graph.apply("multiply", (s, t, s))}, AXES, {})
    assert scale(alike).roots == alike.roots


@pytest.mark.parametrize(
    ("divisor", "product"), [("2", True), ("-8", True), ("3", False), ("0.5", True), ("1e300", False)]
)
def test_divisors_that_are_powers_of_two_are_factors_to_the_last_bit(divisor: str, product: bool) -> None:
    rhs = compiled(f"u[x]*w[x]/({divisor})")
    y, w = np.array([0.1, -0.0, np.inf, 5e-324, 1.7e308]), np.array([0.7, 1.0, 2.0, 1.0, 1.0])
    with np.errstate(over="ignore"):
        assert rhs(0.0, y, {"w": w}).tobytes() == (y * w / float(divisor)).tobytes()
    assert ("/" not in rhs.source) == product
