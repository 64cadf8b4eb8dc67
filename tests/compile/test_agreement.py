"""Every pass, emitter and backend agrees with the reference interpreter, on random programs."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from opjax.backends.registry import backend_for
from opjax.compile.kernel import Inputs, Kernel, Output
from opjax.compile.layout import Slot
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Symbol
from opjax.ir.program import Program
from opjax.passes import PASSES, run_passes
from strategies.programs import AXES, PARAMETERS, STATES, programs


def shape(axes: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(AXES[a].size or 0 for a in axes)


RANDOM = np.random.default_rng(20260101)
VALUES = {name: RANDOM.uniform(-1.5, 1.5, shape(axes)) for name, axes in (STATES | PARAMETERS).items()}
TIME = 0.7


def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    return TIME if symbol.role == "time" else float(VALUES[symbol.name][cell])


def meaning(program: Program) -> np.ndarray:
    """The value of the root by the interpreter, over its dims in sorted order."""
    (cells,) = evaluate(list(program.roots.values()), AXES, leaf)
    lengths = tuple(AXES[d.axis].size or 0 for d in cells.dims)
    array = np.empty(lengths)
    for cell in itertools.product(*map(range, lengths)):
        array[cell] = cells.values[cell]
    return array


def emitted(program: Program, xp: object, dtype: object) -> object:
    root = program.roots["value"]
    axes = tuple(d.axis for d in root.dims)
    slots, start = [], 0
    for name, state_axes in STATES.items():
        slots.append(Slot(name, state_axes, shape(state_axes), start))
        start += slots[-1].size
    backend = backend_for(xp)
    inputs = Inputs(tuple(slots), tuple(PARAMETERS))
    kernel = Kernel("test", program, (Output("value", axes, shape(axes)),), inputs, backend)

    def array(value: object) -> object:
        return backend.asarray(value, dtype)

    y = [array(VALUES[name]) for name in STATES]
    p = [array(VALUES[name]) for name in PARAMETERS]
    with backend.errstate():
        (value,) = kernel.bind("tree", dtype)(array(TIME), y, p)
    return value


def close(got: object, want: np.ndarray) -> None:
    np.testing.assert_allclose(np.asarray(got), want, rtol=1e-11, atol=1e-11)


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_numpy_agrees_with_the_interpreter(program: Program) -> None:
    want = meaning(program)
    close(emitted(program, np, np.dtype(np.float64)), want)
    close(emitted(run_passes(program, differentiable=False), np, np.dtype(np.float64)), want)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_jax_agrees_with_the_interpreter(program: Program) -> None:
    with jax.enable_x64(True):
        want = meaning(program)
        got = emitted(run_passes(program, differentiable=True), jnp, jnp.dtype("float64"))
        assert got.dtype == jnp.float64
        close(got, want)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_the_strict_namespace_agrees_with_the_interpreter(program: Program) -> None:
    strict = pytest.importorskip("array_api_strict")
    got = emitted(run_passes(program, differentiable=False), strict, strict.float64)
    close(np.asarray(got), meaning(program))


@pytest.mark.parametrize("row", PASSES, ids=lambda row: row.run.__name__)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(program=programs())
def test_a_pass_keeps_the_meaning(row: object, program: Program) -> None:
    want = meaning(program)
    after = row.run(program)  # type: ignore[attr-defined]
    got = meaning(after)
    np.testing.assert_allclose(np.broadcast_to(got, want.shape), want, rtol=1e-12, atol=1e-12)
