"""Equations that differ in the state alone as one: the same values, few operations, and others that are left alone."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import opjax
from opjax.backends.registry import backend_for
from opjax.compile.kernel import Form, Inputs, Kernel, Output
from opjax.compile.layout import Slot
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Graph, Symbol
from opjax.ir.program import Program
from opjax.ir.types import Axis
from opjax.passes.batch import batch

AXES = {"a": Axis("a", "ordered", labels=tuple("pqr")), "b": Axis("b", "labels", labels=("u", "v"))}
STATES = ("S", "T", "U", "V", "W")
RANDOM = np.random.default_rng(20260504)
VALUES = {name: RANDOM.uniform(-1.5, 1.5, (2, 3)) for name in STATES} | {
    "k": np.array(RANDOM.uniform()),
    "w": RANDOM.uniform(size=2),
    "M": RANDOM.uniform(size=(3, 3)),
}
PARAMETERS = {"k": (), "w": ("b",), "M": ("a", "a")}


def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    return float(VALUES[symbol.name][cell])


@st.composite
def alike(draw: st.DrawFn) -> Program:
    """A program with a root for each state, most of them of one form."""
    graph = Graph()
    states = [graph.symbol("state", name, ("b", "a")) for name in STATES]
    k, w, m = (graph.symbol("parameter", name, axes) for name, axes in PARAMETERS.items())
    steps = [draw(st.sampled_from(("times", "shift", "sum", "sine", "square", "mix", "next"))) for _ in range(3)]
    odd = draw(st.integers(-1, len(STATES) - 1))
    offset = draw(st.sampled_from((-1, 1)))
    roots: dict[str, AnyNode] = {}
    for place, state in enumerate(states):
        value = state
        for step in steps:
            value = _stepped(graph, value, step, (states, place, k, w, m), offset)
        roots[STATES[place]] = graph.apply("add", (value, k if place == odd else graph.apply("negate", (state,))))
    return Program(graph, roots, AXES, {})


def _stepped(graph: Graph, value: AnyNode, step: str, known: tuple, offset: int) -> AnyNode:
    states, place, k, w, m = known
    match step:
        case "times":
            return graph.apply("multiply", (k, value, w))
        case "shift":
            return graph.view(value, [Along(d, offset if d.axis == "a" else 0, "stay") for d in value.dims])
        case "sum":
            inner = graph.view(value, [Along(m.dims[1] if d.axis == "a" else d) for d in value.dims])
            return graph.contract((m, inner), (m.dims[1],))
        case "sine":
            return graph.apply("sin", (value,))
        case "square":
            return graph.integer_power(value, 2)
        case "mix":
            return graph.apply("add", (value, graph.apply("multiply", (k, states[0]))))
        case _:
            return graph.apply("add", (value, states[max(0, place - 1)]))


def meaning(program: Program) -> np.ndarray:
    parts: list[list[float]] = []
    for cells in evaluate(list(program.roots.values()), program.axes, leaf):
        lengths = [program.axes[dim.axis].size or 0 for dim in cells.dims]
        parts.append([float(cells.values[cell]) for cell in itertools.product(*map(range, lengths))])
    return np.concatenate(parts)


def emitted(program: Program, xp: object, form: Form) -> np.ndarray:
    backend, dtype = backend_for(xp), np.dtype("float64")
    slots = tuple(Slot(name, ("b", "a"), (2, 3), 6 * place) for place, name in enumerate(STATES))
    outputs = tuple(Output(name, ("a", "b"), (3, 2)) for name in STATES)
    kernel = Kernel("test", program, outputs, Inputs(slots, tuple(PARAMETERS)), backend)
    p = [backend.asarray(VALUES[name], dtype) for name in PARAMETERS]
    states = [backend.asarray(VALUES[name], dtype) for name in STATES]
    flat = form != "tree"
    y = backend.pack(states, [6] * len(states), dtype) if flat else states
    value = kernel.bind(form, dtype)(0.0, y, p)
    return np.asarray(value) if flat else np.concatenate([np.reshape(np.asarray(v), -1) for v in value])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(alike())
def test_equations_of_one_form_keep_their_values(program: Program) -> None:
    want, after = meaning(program), batch(program)
    np.testing.assert_array_equal(meaning(after), want)
    for form in ("flat", "tree", "written"):
        np.testing.assert_allclose(emitted(after, np, form), want, rtol=1e-12, atol=1e-12)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(alike())
def test_with_jax_too(program: Program) -> None:
    with jax.enable_x64(True):
        np.testing.assert_allclose(emitted(batch(program), jnp, "flat"), meaning(program), rtol=1e-12, atol=1e-12)


def chain(stages: int) -> opjax.CompiledRhs:
    names = [f"E{i}" for i in range(stages)]
    rows = [{"from": f"{a}[age]", "to": f"{b}[age]", "rate": "k*w[age]"} for a, b in itertools.pairwise(names)]
    axis = {"name": "age", "type": "categorical", "coords": ["p", "q", "r"]}
    mapping = {"kind": "transitions", "axes": [axis], "state": [f"{n}[age]" for n in names], "transitions": rows}
    return opjax.compile_rhs(opjax.from_dict(mapping))


def test_a_chain_over_an_axis_does_not_grow_with_its_stages() -> None:
    few, many = chain(10), chain(40)
    assert len(few.source.splitlines()) == len(many.source.splitlines())
    y, w = RANDOM.uniform(size=(40, 3)), np.array([0.3, 0.1, 0.7])
    flow = 0.5 * w * y[:-1]
    want = np.concatenate([np.zeros((1, 3)), flow]) - np.concatenate([flow, np.zeros((1, 3))])
    np.testing.assert_allclose(many.eval_fn(0.0, y.ravel(), k=0.5, w=w), want.ravel(), rtol=1e-14, atol=1e-15)


def test_two_equations_stay_as_they_are() -> None:
    graph = Graph()
    roots = {name: graph.apply("negate", (graph.symbol("state", name, ("b", "a")),)) for name in STATES[:2]}
    program = Program(graph, roots, AXES, {})
    assert batch(program) is program
