"""Axes that are computed as one: the values of the meaning in every form, of random programs and of whole models."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import opjax
from interpreted import derivative
from opjax.backends.registry import backend_for
from opjax.compile.coalesced import coalesced
from opjax.compile.function_text import Asked, Output
from opjax.compile.kernel import Kernel
from opjax.compile.layout import Slot
from opjax.compile.unpacking import Form, Inputs
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, AtPosition, Graph
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim, Role, declared_dims
from opjax.passes.coalesce import coalesce

SIZES = {"a": 2, "b": 3, "c": 1, "d": 2}
AXES = {name: Axis(name, "labels", tuple(f"{name}{i}" for i in range(size))) for name, size in SIZES.items()}
RUNS = (("a", "b"), ("b", "c"), ("c", "d"), ("a", "b", "c"), ("b", "c", "d"), ("a", "b", "c", "d"), ("d", "a"))
UNARY = ("negate", "abs", "floor")
BINARY = ("add", "multiply", "minimum")
FORMS: tuple[Form, ...] = ("flat", "written", "tree")


def shape(axes: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(SIZES[axis] for axis in axes)


def output_axes(draw: st.DrawFn, root: AnyNode, run: tuple[str, ...]) -> tuple[str, ...]:
    """The axes of a root in some order, mostly that of the run."""
    own = dict.fromkeys(dim.axis for dim in root.dims)
    if not set(run) <= set(own) or draw(st.integers(0, 5)) == 0:
        return tuple(draw(st.permutations(list(own))))
    units = draw(st.permutations([run, *((axis,) for axis in own if axis not in run)]))
    return tuple(axis for unit in units for axis in unit)


class Random:
    """A random program over axes of which some mostly stand together."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.graph = draw, Graph()
        self.run = draw(st.sampled_from(RUNS))
        rest = [(axis,) for axis in SIZES if axis not in self.run]
        self.leaves: dict[str, tuple[Role, str, tuple[str, ...]]] = {}
        roles: tuple[Role, ...] = ("state", "state", "state", "parameter", "parameter")
        for place, role in enumerate(roles):
            units = draw(st.permutations([self.run, *rest]))[: draw(st.integers(1, 3))]
            axes = tuple(axis for unit in units for axis in unit)
            twice = role == "parameter" and draw(st.booleans())
            self.leaves[f"leaf{place}"] = (role, f"leaf{place}", (*axes, *axes) if twice else axes)
        if draw(st.integers(0, 3)) == 0:  # what keeps some of them apart
            name = draw(st.sampled_from(sorted(self.leaves)))
            role = self.leaves[name][0]
            axes = tuple(draw(st.permutations(list(SIZES)))[: draw(st.integers(1, 4))])
            self.leaves[name] = (role, name, axes)
        self.known = [self.graph.symbol(*leaf) for leaf in self.leaves.values()]

    def program(self) -> Program:
        """Some values of it."""
        for _ in range(self.draw(st.integers(1, 7))):
            node = self.step()
            if len(node.dims) <= 5:
                self.known.append(node)
        chosen = [*self.known[-2:], self.draw(st.sampled_from(self.known))]
        roots: dict[str, AnyNode] = {}
        for place, node in enumerate(chosen):
            bound = tuple(dim for dim in node.dims if dim.primes)
            roots[f"value{place}"] = self.graph.reduce("sum", node, bound)
        return Program(self.graph, roots, AXES, {})

    def step(self) -> AnyNode:
        """One more value."""
        node, other = (self.draw(st.sampled_from(self.known)) for _ in range(2))
        kind = self.draw(st.sampled_from(("unary", "binary", "binary", "reduce", "rename", "contract", "odd")))
        if kind == "unary":
            return self.graph.apply(self.draw(st.sampled_from(UNARY)), (node,))
        if kind == "binary":
            return self.graph.apply(self.draw(st.sampled_from(BINARY)), (node, other))
        if kind == "reduce":
            return self.graph.reduce(self.draw(st.sampled_from(("sum", "max"))), node, self.some(node))
        if kind == "rename":
            return self.renamed(node)
        if kind == "contract":
            both = sorted({*node.dims} & {*other.dims})
            over = tuple(dim for dim in self.some(node) if dim in both)
            return self.graph.contract((node, other), over) if over else self.graph.apply("multiply", (node, other))
        return self.odd(node) if node.dims else node

    def some(self, node: AnyNode) -> tuple[Dim, ...]:
        """Some dims, those of the run together."""
        runs = [[d for d in node.dims if d.axis in self.run and d.primes == primes] for primes in (0, 1)]
        others = [[d] for d in node.dims if d.axis not in self.run]
        return tuple(d for group in (*runs, *others) if self.draw(st.booleans()) for d in group)

    def renamed(self, node: AnyNode) -> AnyNode:
        """The value along other primes, those of the run together; or on the diagonal."""
        to = {group: self.draw(st.integers(0, 1)) for group in ("run", *SIZES)}
        chosen = [Along(Dim(d.axis, to["run" if d.axis in self.run else d.axis])) for d in node.dims]
        return self.graph.view(node, chosen)

    def odd(self, node: AnyNode) -> AnyNode:
        """The value shifted or read at a position along one dim."""
        dim = self.draw(st.sampled_from(node.dims))
        at = AtPosition(0) if self.draw(st.booleans()) else Along(dim, 1, "periodic")
        return self.graph.view(node, [at if d == dim else Along(d) for d in node.dims])


@st.composite
def asked(draw: st.DrawFn) -> tuple[Asked, dict[str, np.ndarray]]:
    """What is asked of a random program, and the values of its leaves."""
    random = Random(draw)
    program = random.program()
    outputs = tuple(
        Output(name, axes := output_axes(draw, root, random.run), shape(axes)) for name, root in program.roots.items()
    )
    slots: list[Slot] = []
    for role, name, axes in random.leaves.values():
        if role == "state":
            slots.append(Slot(name, axes, shape(axes), sum(slot.size for slot in slots)))
    names = tuple(name for role, name, _ in random.leaves.values() if role == "parameter")
    numbers = np.random.default_rng(draw(st.integers(0, 99)))
    values = {name: numbers.integers(-3, 4, shape(axes)).astype(float) for _, name, axes in random.leaves.values()}
    return Asked(program, outputs, Inputs(tuple(slots), names), backend_for(np)), values


def meaning(one: Asked, values: dict[str, np.ndarray]) -> np.ndarray:
    """What the interpreter says, as the outputs store it."""
    found = evaluate(list(one.program.roots.values()), AXES, lambda s, cell: float(values[s.name][cell]))
    parts: list[float] = []
    for cells, output in zip(found, one.outputs, strict=True):
        dims = declared_dims(output.axes)
        for cell in itertools.product(*map(range, output.shape)):
            parts.append(float(cells.at(dict(zip(dims, cell, strict=True)))))
    return np.array(parts)


def computed(one: Asked, values: dict[str, np.ndarray], form: Form, xp: Any = np) -> np.ndarray:
    """What the generated code says."""
    kernel = Kernel("test", one.program, one.outputs, one.inputs, backend_for(xp))
    dtype = np.dtype(float)
    p = [xp.asarray(values[name]) for name in one.inputs.parameters]
    states = [xp.asarray(values[slot.name]) for slot in one.inputs.states]
    y = states if form == "tree" else xp.concatenate([s.reshape(-1) for s in states])
    made = kernel.bind(form, dtype)(0.0, y, p)
    return np.concatenate([np.ravel(part) for part in made]) if form == "tree" else np.asarray(made)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(asked())
def test_random_programs_have_the_values_of_the_interpreter(drawn: tuple[Asked, dict[str, np.ndarray]]) -> None:
    """All numbers are whole, so that sums are the same in every order."""
    one, values = drawn
    one = replace(one, program=coalesce(one.program))
    want = meaning(one, values)
    for form in FORMS:
        np.testing.assert_array_equal(computed(one, values, form), want, err_msg=form)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(asked())
def test_random_programs_have_these_values_with_jax(drawn: tuple[Asked, dict[str, np.ndarray]]) -> None:
    one, values = drawn
    one = replace(one, program=coalesce(one.program))
    with jax.enable_x64(True):
        np.testing.assert_array_equal(computed(one, values, "flat", jnp), meaning(one, values))


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(asked())
def test_programs_over_fewer_axes_mean_the_same(drawn: tuple[Asked, dict[str, np.ndarray]]) -> None:
    """The interpreter of what is emitted says what that of the program says, and no axis of a run is left in it."""
    one, values = drawn
    fewer = coalesced(replace(one, program=coalesce(one.program)), "flat")
    shapes = {slot.name: slot.shape for slot in fewer.inputs.states} | dict(fewer.inputs.shapes)
    flat = {name: np.reshape(value, shapes.get(name, value.shape)) for name, value in values.items()}
    found = evaluate(list(fewer.program.roots.values()), fewer.program.axes, lambda s, at: float(flat[s.name][at]))
    parts: list[float] = []
    for cells, output in zip(found, fewer.outputs, strict=True):
        for cell in itertools.product(*map(range, output.shape)):
            parts.append(float(cells.at(dict(zip(declared_dims(output.axes), cell, strict=True)))))
    np.testing.assert_array_equal(np.array(parts), meaning(one, values))
    if fewer.program is not one.program:
        gone = {axis for name in fewer.program.axes if "*" in name for axis in name.split("*")}
        assert not any(dim.axis in gone for node in fewer.program.nodes for dim in node.dims)


SEIR = """
model SEIR:
  axes:
    age = [a, b, c]
    dose = [none, one]
    place = [p, q, r, s]
  params:
    beta[dose, place]
    sigma
    gamma = 0.2
    C[age, age]
    seen[dose, place]
  states: S[age, dose, place], E[age, dose, place], I[age, dose, place], R[age, dose, place]
  let:
    N[age] = sum(S[age, d, p] + E[age, d, p] + I[age, d, p] + R[age, d, p] for d in dose, p in place)
    foi[age, dose, place] = beta[dose, place]*sum(C[age, j]*I[j, dose, place]/N[j] for j in age)
  dynamics:
    S[age, dose, place] -> E[age, dose, place] @ foi[age, dose, place]
    E[age, dose, place] -> I[age, dose, place] @ sigma
    I[age, dose, place] -> R[age, dose, place] @ gamma
  derive:
    reported[dose, place] = seen[dose, place]*sum(I[age, dose, place] for age in age)
"""


def drawn_parameters() -> dict[str, object]:
    random = np.random.default_rng(7)
    beta, seen = random.uniform(0.5, 1.5, (2, 2, 4))
    return {"beta": beta, "sigma": 0.3, "gamma": 0.2, "C": random.uniform(size=(3, 3)), "seen": seen}


@pytest.fixture(scope="module")
def seir() -> opjax.CompiledRhs:
    return opjax.compile_rhs(opjax.loads(SEIR, "ojx"))


Given = tuple[np.ndarray, dict[str, object]]


def at(rhs: opjax.CompiledRhs) -> Given:
    """A state, and the parameters that the derivative takes."""
    y = np.random.default_rng(8).uniform(1.0, 2.0, 96)
    return y, {name: value for name, value in drawn_parameters().items() if name in rhs.param_names}


def test_the_code_has_as_few_axes_as_code_by_hand(seir: opjax.CompiledRhs) -> None:
    assert "beta = xp.reshape(p[0], (8,))" in seir.source
    assert "I = xp.reshape(y[48:72], (3, 8))" in seir.source
    assert '"ab,bc->ac"' in seir.source
    assert "axis=1)" in seir.source  # the sum over both


def test_the_explanation_says_which_axes(seir: opjax.CompiledRhs) -> None:
    for xp in (np, jnp):
        (record,) = (each for each in seir.explain(xp).passes if each.name == "coalesce")
        assert record.fired
        assert record.before == record.after
        assert record.remark == "computed as one axis: dose and place"
        assert "coalesce: computed as one axis: dose and place" in str(seir.explain(xp))


def test_numpy_has_the_values_of_the_interpreter(seir: opjax.CompiledRhs) -> None:
    y, p = at(seir)
    want = derivative(seir, y, p)
    np.testing.assert_allclose(seir(0.0, y, p), want, rtol=1e-14)
    np.testing.assert_allclose(seir.bind(p)(0.0, y), want, rtol=1e-14)
    np.testing.assert_allclose(seir.eval_fn(0.0, y, **p), want, rtol=1e-14)
    tree = seir.pytree_eval_fn(0.0, seir.unflatten(y), **p)
    assert {name: value.shape for name, value in tree.items()} == dict.fromkeys("SEIR", (3, 2, 4))
    np.testing.assert_allclose(seir.flatten(tree), want, rtol=1e-14)
    single = seir(0.0, y.astype(np.float32), p)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, want, rtol=1e-5)


def test_parameters_may_be_lists_and_arrays_of_any_order_in_memory(seir: opjax.CompiledRhs) -> None:
    y, p = at(seir)
    want = derivative(seir, y, p)
    for beta in (np.asarray(p["beta"]).tolist(), np.asfortranarray(p["beta"]), np.repeat(p["beta"], 2, axis=1)[:, ::2]):
        np.testing.assert_allclose(seir(0.0, y, {**p, "beta": beta}), want, rtol=1e-14)


def test_a_parameter_of_another_shape_is_refused(seir: opjax.CompiledRhs) -> None:
    y, p = at(seir)
    for xp in (np, jnp):
        with pytest.raises(opjax.OpjaxError, match="E0804"):
            seir(0.0, xp.asarray(y), {**p, "beta": np.reshape(p["beta"], (8,))})


def test_the_strict_namespace_has_the_values_of_the_interpreter(seir: opjax.CompiledRhs) -> None:
    strict = pytest.importorskip("array_api_strict")
    y, p = at(seir)
    given = {name: strict.asarray(value, dtype=strict.float64) for name, value in p.items()}
    found = seir(0.0, strict.asarray(y), given)
    np.testing.assert_allclose(np.asarray(found), derivative(seir, y, p), rtol=1e-14)


def test_jax_has_the_values_of_the_interpreter_mapped_and_differentiated(seir: opjax.CompiledRhs) -> None:
    y, p = at(seir)
    with jax.enable_x64(True):
        call = jax.jit(lambda y, p: seir(0.0, y, p))
        ys = np.stack([y, 2 * y, y + 1])
        many = {**p, "beta": np.stack([np.asarray(p["beta"]) * scale for scale in (1.0, 0.5, 2.0)])}
        for place, row in enumerate(jax.vmap(call, (0, {**dict.fromkeys(p), "beta": 0}))(ys, many)):
            want = derivative(seir, ys[place], {**p, "beta": many["beta"][place]})
            np.testing.assert_allclose(row, want, rtol=1e-13)
        slopes = jax.jacrev(call)(jnp.asarray(y), p)
        np.testing.assert_allclose(slopes, seir.jacobian(0.0, y, p), rtol=1e-12, atol=1e-14)
        change = np.random.default_rng(9).normal(size=96)
        ahead, behind = (derivative(seir, y + step * change, p) for step in (1e-6, -1e-6))
        np.testing.assert_allclose(slopes @ change, (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-8)
        assert not np.asarray(slopes)[~seir.jacobian_sparsity().toarray().astype(bool)].any()
        by_beta = jax.grad(lambda beta: jnp.sum(call(y, {**p, "beta": beta})[:24]))(jnp.asarray(p["beta"]))
        assert by_beta.shape == (2, 4)
        np.testing.assert_allclose(
            jnp.sum(by_beta * p["beta"]), derivative(seir, y, p)[:24].sum(), rtol=1e-12
        )  # the flow is proportional to it


def test_jax_cuts_the_vector_at_once(seir: opjax.CompiledRhs) -> None:
    """One operation in place of a slice for each state."""
    y, p = at(seir)
    names = [one.primitive.name for one in jax.make_jaxpr(lambda y, p: seir(0.0, y, p))(y, p).eqns]
    assert names.count("split") == 1
    assert not {"slice", "dynamic_slice", "gather"} & {*names}


def test_observables_have_the_shapes_of_their_axes(seir: opjax.CompiledRhs) -> None:
    y, observable = at(seir)[0], seir.observables["reported"]
    states, seen = seir.unflatten(y), drawn_parameters()["seen"]
    for found in (
        observable.eval_fn(0.0, y, **drawn_parameters()),
        observable.pytree_eval_fn(0.0, states, **drawn_parameters()),
    ):
        np.testing.assert_allclose(found, seen * states["I"].sum(axis=0), rtol=1e-14)


def test_many_parameters_with_defaults_may_stand_beside_arrays() -> None:
    """Where there are so many that what is made of them stands in a function of its own."""
    rates = [f"k{i}" for i in range(70)]
    text = "model Many:\n  axes:\n    a = [p, q]\n    b = [r, s]\n  params:\n    w[a, b]\n"
    text += "".join(f"    {name} = {1 + place}\n" for place, name in enumerate(rates))
    text += f"  states: x[a, b]\n  dynamics:\n    x[a, b] -> 0 @ w[a, b]*exp(-({' + '.join(rates)}))\n"
    rhs = opjax.compile_rhs(opjax.loads(text, "ojx"))
    y, p = np.arange(4.0), dict.fromkeys(rates, 0.01) | {"w": np.array([[1.0, 2.0], [3.0, 4.0]])}
    want = derivative(rhs, y, p)
    np.testing.assert_allclose(rhs(0.0, y, p), want, rtol=1e-12)
    with jax.enable_x64(True):
        np.testing.assert_allclose(rhs(0.0, jnp.asarray(y), p), want, rtol=1e-12)


def test_an_output_that_is_stored_in_another_order_keeps_its_axes() -> None:
    text = """
model Turned:
  axes:
    a = [p, q]
    b = [r, s, t]
  params: k
  states: x[a, b], z[b, a]
  dynamics:
    x[a, b] -> 0 @ k
    z[b, a]' = k*x[a, b]
"""
    rhs = opjax.compile_rhs(opjax.loads(text, "ojx"))
    y = np.arange(12.0)
    want = derivative(rhs, y, {"k": 0.5})
    np.testing.assert_array_equal(rhs(0.0, y, {"k": 0.5}), want)
    np.testing.assert_array_equal(rhs(0.0, jnp.asarray(y), {"k": 0.5}), want)


AXES_OF_TEXT = """
model Flows:
  axes:
    age = ordered [a, b, c, d]
    dose = [none, one]
    place = [p, q, r]
  params:
    k
    m[dose, place]
    M[dose, place, dose, place]
  states: {states}
  dynamics:
{dynamics}
"""
MODELS = {
    "ageing and births": (
        ("S[age, dose, place]",),
        "S[age, dose, place] -> S[age+1, dose, place] @ k edge stay",
        '0 -> S[age="a", dose, place] @ m[dose, place]*sum(S[x, dose, place] for x in age)',
    ),
    "four states of one form": (
        tuple(f"x{i}[age, dose, place]" for i in range(4)),
        *(f"x{i}[age, dose, place]' = m[dose, place]*x{i}[age, dose, place]*x{i}[age, dose, place]" for i in range(4)),
    ),
    "diffusion along the first axis": (
        ("u[age, dose, place]",),
        "u[age, dose, place]' = k*(u[age+1, dose, place] - 2*u[age, dose, place] + u[age-1, dose, place]) edge stay",
    ),
    "movement between doses and places": (
        ("u[dose, place]",),
        "u[dose, place]' = sum(M[dose, place, e, f]*u[e, f] for e in dose, f in place) - k*u[dose, place]",
    ),
    "conditions": (
        ("u[dose, place, age]", "v[age]"),
        "u[dose, place, age]' = (k if u[dose, place, age] > m[dose, place] else 0.5)*u[dose, place, age]*v[age]",
        "v[age]' = max(u[e, f, age] for e in dose, f in place)",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_models_have_the_values_and_slopes_of_the_interpreter(name: str) -> None:
    states, *dynamics = MODELS[name]
    lines = "\n".join(f"    {line}" for line in dynamics)
    rhs = opjax.compile_rhs(opjax.loads(AXES_OF_TEXT.format(states=", ".join(states), dynamics=lines), "ojx"))
    assert rhs.explain().passes[-1].remark == "computed as one axis: dose and place"
    random = np.random.default_rng(11)
    drawn = {"k": 0.3, "m": random.uniform(0.5, 1.5, (2, 3)), "M": random.uniform(size=(2, 3, 2, 3))}
    y, p = random.uniform(0.5, 2.0, rhs.layout.size), {name: drawn[name] for name in rhs.param_names}
    want = derivative(rhs, y, p)
    np.testing.assert_allclose(rhs(0.0, y, p), want, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(
        rhs.flatten(rhs.pytree_eval_fn(0.0, rhs.unflatten(y), **p)), want, rtol=1e-12, atol=1e-14
    )
    change = random.normal(size=y.size)
    ahead, behind = (derivative(rhs, y + step * change, p) for step in (1e-6, -1e-6))
    with jax.enable_x64(True):
        found, slope = jax.jvp(lambda y: rhs(0.0, y, p), (jnp.asarray(y),), (jnp.asarray(change),))
        np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(slope, (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-7)
        weights = random.normal(size=y.size)
        pulled = jax.grad(lambda y: jnp.vdot(weights, rhs(0.0, y, p)))(jnp.asarray(y))
        np.testing.assert_allclose(jnp.vdot(pulled, change), jnp.vdot(weights, slope), rtol=1e-10)


TURNED = """
model Turned:
  axes:
    age = ordered [a, b, c, d]
    dose = [none, one]
    place = [p, q, r]
    sex = [f, m]
  states:
    u[dose, place] = 1
    v[place, dose] = 1
    w[age, sex] = 1
  dynamics:
    u[dose, place]' = -u[dose, place]
    v[place, dose]' = u[dose, place]^2
    w[age, sex]' = {rate}
"""


@pytest.mark.parametrize(
    ("rate", "remark"), [("-w[age, sex]", "computed as one axis: age and sex"), ("w[age-1, sex] edge stay", "")]
)
def test_the_explanation_leaves_out_axes_that_an_output_keeps_apart(rate: str, remark: str) -> None:
    model = opjax.loads(TURNED.format(rate=rate))
    rhs = model.compile_rhs()
    record = rhs.explain().passes[-1]
    assert (record.name, record.fired, record.remark) == ("coalesce", bool(remark), remark)
    assert "u = xp.reshape(y[0:6], (2, 3))" in rhs.source
    for page in (str(rhs.explain()), str(rhs.explain(jnp)), model.show("program")):
        assert "dose and place" not in page
