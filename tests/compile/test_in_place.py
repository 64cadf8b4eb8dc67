"""The forms for NumPy write into a vector of their own: the same values, and nothing that was given is changed."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import opjax
from opjax.backends.numpy import BACKEND
from opjax.compile.kernel import Inputs, Kernel, Output
from opjax.compile.layout import Slot
from opjax.compile.released import released
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Symbol
from opjax.ir.program import Program
from opjax.passes import run_passes
from strategies import programs

RANDOM = np.random.default_rng(20260401)
TIME = 0.7


def shape(axes: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(programs.AXES[a].size or 0 for a in axes)


VALUES = {
    name: RANDOM.uniform(-1.5, 1.5, shape(axes)) for name, axes in (programs.STATES | programs.PARAMETERS).items()
}


def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    return TIME if symbol.role == "time" else float(VALUES[symbol.name][cell])


def meaning(program: Program) -> np.ndarray:
    """The values of all roots by the interpreter, one behind the other."""
    parts: list[float] = []
    for cells in evaluate(list(program.roots.values()), program.axes, leaf):
        lengths = [program.axes[dim.axis].size or 0 for dim in cells.dims]
        parts.extend(cells.values[cell] for cell in itertools.product(*map(range, lengths)))
    return np.array(parts)


def slots() -> tuple[Slot, ...]:
    found, start = [], 0
    for name, axes in programs.STATES.items():
        found.append(Slot(name, axes, shape(axes), start))
        start += found[-1].size
    return tuple(found)


def written(program: Program, dtype: type = np.float64) -> np.ndarray:
    """The values by the code that writes in place."""
    outputs = []
    for name, root in program.roots.items():
        axes = tuple(dim.axis for dim in root.dims)
        outputs.append(Output(name, axes, shape(axes)))
    kernel = Kernel("test", program, tuple(outputs), Inputs(slots(), tuple(programs.PARAMETERS)), BACKEND)
    y = np.concatenate([VALUES[name].ravel() for name in programs.STATES]).astype(dtype)
    p = tuple(BACKEND.asarray(VALUES[name], np.dtype(dtype)) for name in programs.PARAMETERS)
    given = [y.copy(), *(np.copy(value) for value in p)]
    for array in (y, *p):
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    function = kernel.bind("written", np.dtype(dtype))
    with BACKEND.errstate():
        first = function(BACKEND.asarray(TIME, np.dtype(dtype)), y, p)
        kept = first.copy()
        second = function(BACKEND.asarray(TIME, np.dtype(dtype)), y, p)
    assert first.dtype == dtype
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(second, kept)
    for before, after in zip(given, (y, *p), strict=True):
        np.testing.assert_array_equal(before, after)
    return first


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(programs.programs(roots=4))
def test_what_is_written_is_what_is_meant(program: Program) -> None:
    want = meaning(program)
    np.testing.assert_allclose(written(program), want, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(written(run_passes(program, differentiable=False)), want, rtol=1e-11, atol=1e-11)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(programs.programs(roots=4))
def test_single_precision_stays_single(program: Program) -> None:
    assert written(program, np.float32).dtype == np.float32


SCALARS = """
model Corners:
  params:
    k
    c
  states:
    x
    z
    w
  dynamics:
    d(x)/dt = {first}
    d(z)/dt = {second}
    d(w)/dt = -w*t
"""
CORNERS = (0.0, -0.0, 1.0, -2.5, 1e308, 1e-308, np.inf, -np.inf, np.nan)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("k/x", "x*z - c"),
        ("log(x) + sqrt(z)", "exp(x*k)"),
        ("(x/z if z > 0 else k) + max(x, z)", "min(x, z, c) + abs(x)"),
        ("x^k", "pow(x, z)"),
        ("x^3 - z^(-2)", "clip(x, 0, c)"),
        ("sin(x)/cos(z)", "(1 if x > 0 and z < 1 else 0)*c"),
        ("sigmoid(x) + floor(z)", "where(not (x < z) or x == c, erf(x), tanh(z))"),
    ],
)
def test_a_few_numbers_have_the_values_of_arrays(first: str, second: str) -> None:
    rhs = opjax.compile_rhs(opjax.loads(SCALARS.format(first=first, second=second), "ojx"))

    class Kind(np.ndarray):
        """A kind of array takes the form that allocates."""

    for x, z in itertools.product(CORNERS, repeat=2):
        y = np.array([x, z, 2.0])
        with np.errstate(all="ignore"):
            got = rhs.eval_fn(0.5, y, k=1.5, c=0.25)
            want = rhs.eval_fn(0.5, y.view(Kind), k=1.5, c=0.25)
        np.testing.assert_allclose(got, np.asarray(want), rtol=1e-15)
        assert type(got) is np.ndarray


def test_a_small_model_computes_with_pythons_numbers() -> None:
    rhs = opjax.compile_rhs(opjax.loads(SCALARS.format(first="k*x", second="-k*x/z"), "ojx"))
    assert rhs._quantities.kernel(BACKEND).form_for(np.ones(3), np.dtype(np.float64)) == "numbers"
    assert rhs._quantities.kernel(BACKEND).form_for(np.ones(3, np.float32), np.dtype(np.float32)) == "written"
    assert rhs.eval_fn(0.0, np.ones(3, np.float32), k=0.1, c=1.0).dtype == np.float32


def test_values_of_other_kinds_are_the_same() -> None:
    rhs = opjax.compile_rhs(opjax.loads(SCALARS.format(first="k*x", second="-k*x/z - c"), "ojx"))
    y = np.array([0.3, 0.7, 2.0])
    want = rhs.eval_fn(0.5, y, k=2.0, c=1.0)
    for k, c, t in ((2, 1, 0.5), (np.float32(2), np.array(1.0), np.array(0.5)), (np.int64(2), True, np.float32(0.5))):
        np.testing.assert_array_equal(rhs.eval_fn(t, y, k=k, c=c), want)
    complex_step = rhs.eval_fn(0.5, y + 1e-30j * np.array([1.0, 0.0, 0.0]), k=2.0, c=1.0)
    np.testing.assert_allclose(complex_step.imag / 1e-30, [2.0, -2.0 / 0.7, 0.0], rtol=1e-15)


SHARED = """
model M:
  axes:
    a = [p, q, r]
  params:
    k[a] = [1, 2, 3]
    j[a]
  states:
    same[a]
    table[a]
    given[a]
    constant[a]
    moved[a]
    twice[a]
    again[a]
    whole[a]
  let:
    both[a] = same[a]*j[a]
  dynamics:
    same[a]' = same[a]
    table[a]' = k[a]
    given[a]' = j[a]
    constant[a]' = 2
    moved[a]' = same[a+1] edge periodic
    twice[a]' = both[a]
    again[a]' = both[a]
    whole[a]' = sum(k[b]*same[b] for b in a)
"""


def test_what_a_call_returns_may_be_written_to() -> None:
    """Nobody else holds it: no state, no parameter, no table of the model, and no other derivative."""
    rhs = opjax.compile_rhs(SHARED)
    y, j = RANDOM.uniform(1.0, 2.0, 24), RANDOM.uniform(1.0, 2.0, 3)
    states, before = rhs.unflatten(y), (y.copy(), j.copy())
    want = rhs(0.0, y, {"j": j})
    for call in (lambda: {"y": rhs(0.0, y, {"j": j})}, lambda: rhs.pytree_eval_fn(0.0, states, j=j)):
        for _ in range(3):
            found = call()
            np.testing.assert_array_equal(np.concatenate(list(found.values())), want)
            for place, array in enumerate(found.values()):
                array[...] = -float(place)
            assert all((array == -place).all() for place, array in enumerate(found.values()))
    np.testing.assert_array_equal(y, before[0])
    np.testing.assert_array_equal(j, before[1])


TWO_FIELDS = """
model M:
  axes:
    a = grid(0, 63, 64)
    b = grid(0, 63, 64)
  states:
    u[a, b]
    v[a, b]
  let:
    around_u[a, b] = u[a-1, b] + u[a+1, b] + u[a, b-1] + u[a, b+1] - 4*u[a, b] edge periodic
    around_v[a, b] = v[a-1, b] + v[a+1, b] + v[a, b-1] + v[a, b+1] - 4*v[a, b] edge periodic
    made[a, b] = u[a, b]*v[a, b]^2
  dynamics:
    u[a, b]' = 0.16*around_u[a, b] - made[a, b] + 0.035*(1 - u[a, b])
    v[a, b]' = 0.08*around_v[a, b] + made[a, b] - 0.1*v[a, b]
"""


def test_what_is_not_read_any_more_is_given_back() -> None:
    """At no time are there more than eight fields: the two that are returned, and six on the way."""
    rhs, y = opjax.compile_rhs(TWO_FIELDS), RANDOM.uniform(size=2 * 64 * 64)
    u, v = y.reshape(2, 64, 64)
    around = [sum(np.roll(x, step, axis) for step in (1, -1) for axis in (0, 1)) - 4 * x for x in (u, v)]
    want = [0.16 * around[0] - u * v**2 + 0.035 * (1 - u), 0.08 * around[1] + u * v**2 - 0.1 * v]
    np.testing.assert_allclose(rhs(0.0, y), np.ravel(want), rtol=1e-9, atol=1e-12)
    tracemalloc.start()
    rhs(0.0, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * u.nbytes


def test_long_variables_are_forgotten_behind_the_last_line_that_reads_them() -> None:
    lines = ["a = f(y)", "b = a + a", "c = b*a", "d = c - b", "e = d + c", "out[0:3] = e", "return out"]
    found = list(released(lines, {"a", "b", "c", "e"}))
    assert found == [*lines[:3], "del a", lines[3], "del b", lines[4], "del c", *lines[5:]]


def test_what_is_subtracted_gives_its_memory_to_the_difference() -> None:
    text = """
model Logistic:
  axes:
    x = grid(0, 1, 4000)
  params:
    r = 2
    K = 5
  states: u[x]
  dynamics:
    d(u[x])/dt = r*u[x]*(1 - u[x]/K)
"""
    rhs, u = opjax.compile_rhs(opjax.loads(text, "ojx")), RANDOM.uniform(size=4000)
    np.testing.assert_allclose(rhs(0.0, u), 2 * u * (1 - u / 5), rtol=1e-14)
    tracemalloc.start()
    rhs(0.0, u)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.1 * u.nbytes


def test_functions_and_quotients_are_written_over_what_nothing_else_reads() -> None:
    """A logistic function of 40 points takes one array beside its argument, and each of ten gives it back."""
    gates = "\n".join(f"    g{i}[x] = 1/(1 + exp(-(u[x] - {i})/{i + 1}))" for i in range(10))
    total = "*".join(f"(1 + g{i}[x]/2)" for i in range(10))
    text = f"""
model Gates:
  axes:
    x = grid(0, 1, 40)
  states: u[x]
  let:
{gates}
  dynamics:
    d(u[x])/dt = {total}
"""
    rhs, u = opjax.compile_rhs(opjax.loads(text, "ojx")), RANDOM.uniform(size=40)
    want = np.prod([1 + 0.5 / (1 + np.exp(-(u - i) / (i + 1))) for i in range(10)], axis=0)
    np.testing.assert_allclose(rhs(0.0, u), want, rtol=1e-14)
    usual = rhs._usual
    assert usual is not None
    lines = usual.kernel.code("written").text.splitlines()
    assert sum("exp(" in line for line in lines) == sum("write_divide(number_1, " in line for line in lines) == 10
    assert any(line.strip().startswith("del ") for line in lines)
