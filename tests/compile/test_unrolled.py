"""Models with short axes: the elements of their arrays one by one, with Python's numbers."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import opjax
from interpreted import derivative
from opjax.backends.numpy import BACKEND
from opjax.compile.kernel import Inputs, Kernel, Output
from opjax.compile.layout import Slot
from opjax.compile.numbers import is_small
from opjax.compile.unrolled import spread
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Symbol
from opjax.ir.program import Program
from opjax.stages import optimise
from strategies.programs import AXES, PARAMETERS, STATES, programs

RANDOM = np.random.default_rng(20261124)
DOUBLE = np.dtype(np.float64)
MODEL = """
model M:
  axes:
    age = [{ages}]
    stage = grid(0, 3, {stages})
  params:
{parameters}
  states:
{states}
  dynamics:
{dynamics}
"""


def model(states: str, dynamics: str, parameters: str = "k", ages: int = 3, stages: int = 4) -> opjax.CompiledRhs:
    """A model; its states, rates and parameters are separated by semicolons."""
    sections = {"states": states, "dynamics": dynamics, "parameters": parameters}
    texts = {name: "\n".join(f"    {row.strip()}" for row in rows.split(";")) for name, rows in sections.items()}
    return opjax.compile_rhs(MODEL.format(ages=", ".join("abcdefghijklmnopqrst"[:ages]), stages=stages, **texts))


def kernel(rhs: opjax.CompiledRhs) -> Kernel:
    return rhs._quantities.kernel(BACKEND)


def text(rhs: opjax.CompiledRhs) -> str:
    assert kernel(rhs).form_for(np.empty(1), DOUBLE) == "numbers"
    return kernel(rhs).code("numbers").text


def calls(rhs: opjax.CompiledRhs, p: Mapping[str, object]) -> list[Callable[[np.ndarray], np.ndarray]]:
    """All ways to call a model with one vector."""
    bound = rhs.bind(p)
    return [lambda y: rhs(0.5, y, p), lambda y: rhs.eval_fn(0.5, y, **p), lambda y: bound(0.5, y)]


CHAIN = ("s; x[stage]", "s' = k*(x[stage=3] - s); d(x[stage])/dt = (k*s if stage == 0 else k*x[stage-1]) - k*x[stage]")
MIXING = (
    "S[age]; I[age]",
    "S[age] -> I[age] @ k*sum(C[age, b]*I[b]/(S[b] + I[b]) for b in age); I[age] -> 0 @ w[age]",
    "k; w[age]; C[age, age]",
)
MODELS = {
    "chain": model(CHAIN[0], f"{CHAIN[1]} edge absorb"),
    "mixing": model(*MIXING),
    "ring": model(
        "m[stage]; x[stage]",
        "d(m[stage])/dt = k/(1 + x[stage-1]^2.5) - m[stage] edge periodic; d(x[stage])/dt = m[stage] - x[stage]",
    ),
    "heat": model("u[stage]", "d(u[stage])/dt = k*(u[stage+1] - 2*u[stage] + u[stage-1]) edge stay"),
    "plane": model("u[age, stage]", "d(u[age, stage])/dt = k*u[age, stage-1] - u[age-1, stage] edge periodic"),
    "reductions": model(
        "x[age]",
        "d(x[age])/dt = k*min(x[b] for b in age) - max(w[b] for b in age)*prod(x[b] for b in age)",
        "k; w[age]",
    ),
    "choice": model("x[age]", "d(x[age])/dt = exp(-x[age]) if x[age] > w[age] else k*t", "k; w[age]"),
    "one cell": model("x[age]", "x[age]' = 0; x[age=b]' = -k*x[age=b]; x[age=a]' = k*x[age=c]"),
    "one point": model("x[age]; s", "d(x[age])/dt = -w[age]*x[age]; s' = sum(x[a] for a in age)", "w[age]", ages=1),
    "constant": model("x[age]; s", "d(x[age])/dt = 1.5; s' = -k*s"),
    "integral": model("u[stage]; s", "d(u[stage])/dt = -k*stage*u[stage]; s' = integral(u[z] for z in stage)"),
    "table": model("x[age]", "d(x[age])/dt = linear(w[stage] over stage at t)*x[age] + w[stage=1]", "w[stage]"),
    "names": model("x[age]", "d(x[age])/dt = C_0*x[age] - C[age]*store", "C_0; C[age]; store"),
}


@pytest.mark.parametrize("name", MODELS)
def test_all_calls_say_what_the_interpreter_says(name: str) -> None:
    rhs = MODELS[name]
    shapes = {one: rhs._arguments.shapes[one] for one in rhs.param_names if one in rhs._arguments.shapes}
    for seed in range(3):
        random = np.random.default_rng(seed)
        y = random.uniform(0.5, 1.5, rhs._shape)
        p = {one: random.uniform(size=shape) if shape else random.uniform() for one, shape in shapes.items()}
        want = derivative(rhs, y, {"t": 0.5, **p})
        for call in calls(rhs, p):
            for _ in range(2):
                found = call(y)
                assert found.dtype == DOUBLE
                assert found.shape == y.shape
                np.testing.assert_allclose(found, want, rtol=4e-15, atol=1e-15)


@pytest.mark.parametrize("name", MODELS)
def test_no_operation_is_on_an_array(name: str) -> None:
    statements = text(MODELS[name])
    assert not re.search(r"xp\.|\.dot|write_|_of\(|\w\[\d*:|concat", statements)
    assert statements.count(".tolist()") == 1 + sum(map(bool, MODELS[name]._arguments.shapes.values()))


def test_what_two_stages_read_is_computed_once() -> None:
    assert text(MODELS["chain"]).count("*") == 6  # as it is written: 9


def test_zeros_beyond_an_end_are_not_added() -> None:
    rhs = model("u[stage]", "d(u[stage])/dt = exp(u[stage-1]*u[stage+1]) + u[stage-1] - k*u[stage] edge absorb")
    assert "+ 0.0" not in text(rhs)
    assert "0.0 -" not in text(rhs)


def test_numbers_are_looked_for_by_those_who_call_with_a_vector_of_doubles() -> None:
    opjax.clear_cache()
    rhs = model(*MIXING, ages=2)
    y = np.linspace(0.5, 1.5, 4)
    p = {"k": 0.4, "w": np.ones(2), "C": np.ones((2, 2))}
    rhs.pytree_eval_fn(0.0, rhs.unflatten(y), **p)
    rhs(0.0, y.astype("f4"), p)
    assert kernel(rhs).find_scalars is not None
    rhs(0.0, y, p)
    assert kernel(rhs).find_scalars is None


# --- random programs

SLOTS = [
    Slot(name, axes, tuple(AXES[axis].size or 0 for axis in axes), start)
    for (name, axes), start in zip(STATES.items(), (0, 3, 9, 13), strict=True)
]
Y = RANDOM.uniform(-1.5, 1.5, 14)
GIVEN = {name: RANDOM.uniform(-1.5, 1.5, [AXES[axis].size or 0 for axis in axes]) for name, axes in PARAMETERS.items()}


def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    if symbol.role == "time":
        return 0.7
    slots = {slot.name: slot for slot in SLOTS}
    if symbol.name in slots:
        slot = slots[symbol.name]
        return float(Y[slot.start : slot.start + slot.size].reshape(slot.shape)[cell])
    return float(GIVEN[symbol.name][cell])


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(programs(roots=3))
def test_numbers_agree_with_the_interpreter(program: Program) -> None:
    wanted = [(name, tuple(dim.axis for dim in root.dims)) for name, root in program.roots.items()]
    final = optimise(program, False)
    apart = spread(final, wanted)
    if apart is None:
        return
    scalars = optimise(apart, False, None, vectors=False)
    assert is_small(scalars)
    outputs = tuple(Output(name, axes, tuple(AXES[axis].size or 0 for axis in axes)) for name, axes in wanted)
    one = Kernel("test", final, outputs, Inputs(tuple(SLOTS), tuple(GIVEN)), BACKEND, lambda: scalars)
    p = [value if value.shape else float(value) for value in GIVEN.values()]
    with np.errstate(all="ignore"):
        found = one.bind("numbers", DOUBLE)(0.7, Y, p)
    cells = evaluate(list(program.roots.values()), AXES, leaf)
    want = np.concatenate([np.array([*found.values.values()], float) for found in cells])
    np.testing.assert_allclose(found, want, rtol=1e-11, atol=1e-11)


# --- what stays as it is


@pytest.mark.parametrize(
    "rhs",
    [
        model("x[age]", "d(x[age])/dt = k*linear(w[stage] over stage at x[age])", "k; w[stage]"),
        model("x[age]", "d(x[age])/dt = cubic(w[stage] over stage at t)*x[age]", "k; w[stage]"),
        model("x[age]", "d(x[age])/dt = linear(w[age, stage] over stage at t)*x[age]", "k; w[age, stage]"),
        model(*MIXING, ages=20),
        model("x[stage]", "d(x[stage])/dt = -k*x[stage]", stages=400),
        model("x[stage]", "d(x[stage])/dt = x[stage]*exp(-x[stage])*k/stage - 1"),
        model("s", "s' = -s*w[stage=0]", "w[stage]", stages=400),
        model(
            "s; u[age]", "s' = -k*s*sum(cos(z)*sin(z)*exp(-z) for z in stage); d(u[age])/dt = -u[age]*s", stages=1000
        ),
    ],
)
def test_what_stays_with_arrays(rhs: opjax.CompiledRhs) -> None:
    assert kernel(rhs).scalars is None


# --- what is unusual

MIXED = {"k": 0.4, "w": np.array([0.1, 0.2, 0.3]), "C": RANDOM.uniform(0.5, 1.5, (3, 3))}
MIXED_Y = RANDOM.uniform(0.5, 1.5, 6)


def mixing(y: np.ndarray, p: Mapping[str, Any]) -> np.ndarray:
    s, i = y[:3], y[3:]
    flow = p["k"] * s * (np.asarray(p["C"], float) @ (i / (s + i)))
    return np.concatenate([-flow, flow - p["w"] * i])


@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        lambda c: c.tolist(),
        lambda c: c.astype("f4"),
        lambda c: (9 * c).astype(int),
        lambda c: c[::-1, ::-1],
        lambda c: np.broadcast_to(c[0], (3, 3)),
        lambda c: c.astype(">f8"),
        lambda c: c > 1,
        jnp.asarray,
    ],
)
def test_kinds_of_arrays(change: Callable[[np.ndarray], object]) -> None:
    rhs, p = MODELS["mixing"], {**MIXED, "C": change(MIXED["C"])}
    want = mixing(MIXED_Y, p)
    for call in calls(rhs, p):
        np.testing.assert_allclose(call(MIXED_Y), want, rtol=1e-14)
        np.testing.assert_allclose(call(np.repeat(MIXED_Y, 2)[::2]), want, rtol=1e-14)


WRONG = (
    np.ones((2, 3)),
    np.ones(9),
    np.ones((3, 3, 1)),
    1.0,
    None,
    "C",
    np.ones((3, 3), complex),
    [[1.0]],
    [["a"] * 3] * 3,
)


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_what_is_no_matrix_is_refused(wrong: object) -> None:
    for call in calls(MODELS["mixing"], {**MIXED, "C": wrong}):
        for _ in range(2):
            with pytest.raises(opjax.OpjaxError):
                call(MIXED_Y)


@pytest.mark.parametrize(
    "y", [np.ones(5), np.ones(7), np.ones((6, 1)), np.ones((6, 6)), np.ones((1, 6)), np.ones((6, 0))]
)
def test_what_is_no_state_is_refused(y: np.ndarray) -> None:
    for call in calls(MODELS["mixing"], MIXED):
        for _ in range(2):
            with pytest.raises(opjax.OpjaxError) as caught:
                call(y)
            assert caught.value.diagnostics[0].code == "E0804"


def test_a_missing_and_an_unknown_parameter_are_refused() -> None:
    rhs = MODELS["mixing"]
    for p in ({"k": 0.4, "w": MIXED["w"]}, {**MIXED, "other": 1.0}):
        with pytest.raises(opjax.OpjaxError):
            rhs(0.0, MIXED_Y, p)
        with pytest.raises(opjax.OpjaxError):
            rhs.eval_fn(0.0, MIXED_Y, **p)


def test_an_array_that_changes_is_read_anew() -> None:
    p = {**MIXED, "C": np.array(MIXED["C"])}
    for call in calls(MODELS["mixing"], p):
        call(MIXED_Y)
        p["C"][1, 2] += 1.0
        np.testing.assert_allclose(call(MIXED_Y), mixing(MIXED_Y, p), rtol=1e-14)


@pytest.mark.parametrize("value", [0.0, -0.0, np.inf, -np.inf, np.nan, 1e308, 1e-308])
def test_special_numbers_are_what_arrays_make_of_them(value: float) -> None:
    rhs = MODELS["mixing"]
    one = rhs._quantities.kernel(BACKEND)
    arrays = one.bind("written", DOUBLE)
    for place, kind in itertools.product(range(3), ("y", "C", "both")):
        y, p = MIXED_Y.copy(), {**MIXED, "C": np.array(MIXED["C"])}
        if kind != "C":
            y[[place, place + 3]] = value
        if kind != "y":
            p["C"][place] = value
        with np.errstate(all="ignore"):
            want = arrays(0.5, y, (p["k"], p["w"], p["C"]))
            for call in calls(rhs, p):
                np.testing.assert_allclose(call(y), want, rtol=1e-14)


def test_what_python_refuses_is_computed_with_arrays() -> None:
    rhs = model("x[age]", "d(x[age])/dt = k/x[age] - log(x[age])*exp(x[age]^3)")
    assert "otherwise" in text(rhs)
    for y in itertools.product([1.0, 0.0, -1.0, 20.0], repeat=3):
        x = np.array(y)
        with np.errstate(all="ignore"):
            want = 0.5 / x - np.log(x) * np.exp(x**3)
            for call in calls(rhs, {"k": 0.5}):
                np.testing.assert_allclose(call(x), want, rtol=1e-13)


def test_other_kinds_of_calls_compute_with_arrays() -> None:
    rhs, want = MODELS["mixing"], mixing(MIXED_Y, MIXED)
    single = rhs(0.0, MIXED_Y.astype("f4"), MIXED)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, want, rtol=1e-5)
    by_name = rhs.pytree_eval_fn(0.0, rhs.unflatten(MIXED_Y), **MIXED)
    np.testing.assert_allclose(np.concatenate(list(by_name.values())), want, rtol=1e-14)
    with jax.enable_x64(True):
        found = jax.jit(rhs)(0.0, jnp.asarray(MIXED_Y), MIXED)
        assert found.dtype == jnp.float64
        np.testing.assert_allclose(found, want, rtol=1e-13)
    assert (
        rhs(0.0, (4 * MIXED_Y).astype(int), MIXED).dtype
        == opjax.compile_rhs(rhs.text)(0.0, np.ones(6, int), MIXED).dtype
    )


def test_defaults_that_are_arrays() -> None:
    rates = "d(x[age])/dt = v[age] - w[age]*x[age]/(1 + x[age])*exp(-x[age])"
    rhs = model("x[age]", rates, "k = 2; w[age] = [1, 2, 3]; v[age] = k*w[age]")
    assert kernel(rhs).form_for(np.empty(1), DOUBLE) == "numbers"
    y = np.array([1.0, 2.0, 4.0])
    for w in (np.array([1.0, 2.0, 3.0]), np.ones(3)):
        for call in calls(rhs, {"w": w} if w[1] == 1.0 else {}):
            np.testing.assert_allclose(call(y), 2 * w - w * y / (1 + y) * np.exp(-y), rtol=1e-14)


def test_an_explanation_says_so() -> None:
    found = MODELS["mixing"].explain()
    assert found.numbers
    assert f"{found.numbers} operations with Python's numbers" in str(found)
    assert not MODELS["mixing"].explain(xp=jnp).numbers
    assert not MODELS["mixing"].explain(itemsize=4).numbers
    assert not model(*MIXING, ages=20).explain().numbers
    assert "Python's numbers" in opjax.loads(MODELS["mixing"].text, "ojx").show("program")
