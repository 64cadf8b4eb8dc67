"""Many scalar equations as vectors: the same values, few operations, and few models that are left alone."""

from __future__ import annotations

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import opjax
from interpreted import derivative
from opjax.backends.registry import backend_for
from opjax.compile.kernel import Form, Inputs, Kernel, Output
from opjax.compile.layout import Slot
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Graph, Symbol, View
from opjax.ir.program import Program
from opjax.passes import PASSES, run_passes
from opjax.passes.reroll import reroll
from opjax.passes.sums import Bounds
from strategies.flat_programs import AXES, PARAMETERS, STATES, flat_programs

RANDOM = np.random.default_rng(20260202)
VALUES = {name: RANDOM.uniform(-1.5, 1.5) for name in (*STATES, *PARAMETERS)}
WEIGHTS = np.array([0.4, -1.1])
TIME = 0.3
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


FEW = Bounds(operations=1, members=3, kinds=2, lengths=2, terms=3, repeated=2, alone=4, runs=2)


def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    if symbol.role == "time":
        return TIME
    return float(WEIGHTS[cell]) if symbol.name == "w" else float(VALUES[symbol.name])


def meaning(program: Program) -> np.ndarray:
    found = evaluate(list(program.apart.roots.values()), program.axes, leaf)
    return np.concatenate([np.array(list(cells.values.values()), dtype=float) for cells in found])


def emitted(program: Program, xp: object, form: Form) -> np.ndarray:
    """The roots by the generated code."""
    backend = backend_for(xp)
    dtype = np.dtype("float64") if xp in (np, jnp) else backend.xp.float64
    slots = tuple(Slot(name, (), (), place) for place, name in enumerate(STATES))
    outputs = tuple(
        Output(name, tuple(d.axis for d in root.dims), tuple(AXES[d.axis].size or 0 for d in root.dims))
        for name, root in program.apart.roots.items()
    )
    kernel = Kernel("test", program, outputs, Inputs(slots, (*PARAMETERS, "w")), backend)
    p = [backend.asarray(VALUES[name], dtype) for name in PARAMETERS] + [backend.asarray(WEIGHTS, dtype)]
    states = [backend.asarray(VALUES[name], dtype) for name in STATES]
    flat = form in ("flat", "written")
    y = backend.pack(states, [1] * len(states), dtype) if flat else states
    with backend.errstate():
        value = kernel.bind(form, dtype)(backend.asarray(TIME, dtype), y, p)
    return np.asarray(value) if flat else np.concatenate([np.reshape(np.asarray(v), -1) for v in value])


@SLOW
@given(flat_programs())
def test_a_flat_program_keeps_its_meaning(program: Program) -> None:
    np.testing.assert_allclose(meaning(reroll(program, FEW)), meaning(program), rtol=1e-12, atol=1e-12)


def test_equations_that_are_one_vector_are_one_root() -> None:
    names = [f"x{place}" for place in range(60)]
    text = "".join(
        f"    d({name})/dt = k*{other} - sin({name})\n"
        for name, other in zip(names, names[7:] + names[:7], strict=True)
    )
    declared = "".join(f"    {name} = 1\n" for name in names)
    model = opjax.loads(f"model M:\n  params:\n    k = 0.5\n  states:\n{declared}  dynamics:\n{text}")
    program = Program(model.system.graph, dict(model.system.rates), model.system.axes, {})
    assert program.apart is program
    after = reroll(program)
    assert after.elements == tuple(names)
    assert [*after.roots] == [""]
    assert len(after.nodes) < 2 * 60  # the states, and what is done with all of them: no node for each equation
    assert [*after.apart.roots] == names
    assert all(isinstance(root, View) and root.operand is after.roots[""] for root in after.apart.roots.values())
    assert after.apart.elements == ()
    for row in PASSES:
        made = (row.compiled or row.run)(after)
        assert made.elements == after.elements, row.name
        assert [*made.roots] == [""], row.name
    for differentiable in (True, False):
        final = run_passes(program, differentiable)
        np.testing.assert_allclose(values(final), values(program), rtol=1e-14)


def test_a_value_without_a_name_stays_a_number() -> None:
    graph = Graph()
    states = [graph.symbol("state", name) for name in STATES[:4]]
    products = [graph.apply("multiply", (one, other)) for one in states for other in states]
    total = graph.apply("add", [*products, graph.apply("negate", (products[0],))])
    program = Program(graph, {"": total}, {}, {})
    for bounds in (FEW, dataclasses.replace(FEW, members=1)):
        after = reroll(program, bounds)
        assert after is not program
        assert [root.dims for root in after.apart.roots.values()] == [()]
        assert meaning(after) == pytest.approx(meaning(program), rel=1e-14)


def values(program: Program) -> list[float]:
    """The roots, each by its name, where a state is as large as its number and the parameter a half."""

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        return 0.5 if symbol.role == "parameter" else float(symbol.name[1:])

    found = evaluate(list(program.apart.roots.values()), program.axes, leaf)
    return [float(next(iter(cells.values.values()))) for cells in found]


@SLOW
@given(flat_programs())
def test_numpy_code_of_flat_programs(program: Program) -> None:
    want = meaning(program)
    after = reroll(run_passes(program, differentiable=False), FEW)
    np.testing.assert_allclose(emitted(after, np, "flat"), want, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(emitted(after, np, "written"), want, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(emitted(after, np, "tree"), want, rtol=1e-11, atol=1e-11)


@settings(SLOW, max_examples=12)
@given(flat_programs())
def test_jax_code_of_flat_programs(program: Program) -> None:
    with jax.enable_x64(True):
        after = reroll(run_passes(program, differentiable=True), FEW)
        np.testing.assert_allclose(emitted(after, jnp, "flat"), meaning(program), rtol=1e-11, atol=1e-11)


@settings(SLOW, max_examples=12)
@given(flat_programs())
def test_the_strict_namespace_on_flat_programs(program: Program) -> None:
    strict = pytest.importorskip("array_api_strict")
    after = reroll(run_passes(program, differentiable=False), FEW)
    np.testing.assert_allclose(emitted(after, strict, "tree"), meaning(program), rtol=1e-11, atol=1e-11)


def compiled(mapping: dict[str, object]) -> opjax.CompiledRhs:
    return opjax.compile_rhs(opjax.from_dict(mapping))


def statements(rhs: opjax.CompiledRhs) -> int:
    return len(rhs.source.splitlines())


def test_a_chain_is_slices() -> None:
    count = 300
    names = [f"c{i}" for i in range(count)]
    steps = [{"from": a, "to": b, "rate": "k"} for a, b in itertools.pairwise(names)]
    rhs = compiled({"kind": "transitions", "state": names, "transitions": steps})
    y = RANDOM.uniform(size=count)
    flow = 0.7 * y[:-1]
    want = np.concatenate([[-flow[0]], flow[:-1] - flow[1:], flow[-1:]])
    np.testing.assert_allclose(rhs.eval_fn(0.0, y, k=0.7), want, rtol=1e-14)
    assert statements(rhs) < 10
    assert "take" not in rhs.source


def test_flat_equations_of_one_shape() -> None:
    count = 200
    equations = {f"x{i}": f"k{i % 3}*x{(7 * i) % count} - {i / 8}*x{i}^2/(1 + x{i}^2)" for i in range(count)}
    rhs = compiled({"kind": "expr", "state": list(equations), "equations": equations})
    y, k = RANDOM.uniform(size=count), {"k0": 0.3, "k1": 1.1, "k2": -2.0}
    i = np.arange(count)
    want = np.array([0.3, 1.1, -2.0])[i % 3] * y[7 * i % count] - i / 8 * y**2 / (1 + y**2)
    np.testing.assert_allclose(rhs.eval_fn(0.0, y, **k), want, rtol=1e-13)
    assert statements(rhs) < 10
    single = rhs.eval_fn(0.0, y.astype(np.float32), **k)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, want, rtol=2e-5, atol=1e-5)
    named = rhs.pytree_eval_fn(0.0, {f"x{n}": y[n] for n in range(count)}, **k)
    np.testing.assert_allclose([named[f"x{n}"] for n in range(count)], want, rtol=1e-13)


def network(species: int, reactions: int) -> tuple[dict[str, object], np.ndarray, np.ndarray]:
    """Random mass action: A + B -> C + B, or A -> C, with the reactants and the net stoichiometry."""
    names = [f"s{i}" for i in range(species)]
    steps: list[dict[str, object]] = []
    reactants, net = np.zeros((reactions, species)), np.zeros((reactions, species))
    for row in range(reactions):
        two = row % 2
        a, b, c = RANDOM.choice(species, 3, replace=False)
        steps += [{"from": names[a], "to": names[c], "rate": f"{row + 1}*0.01" + (f"*s{b}" if two else "")}]
        reactants[row, a] = 1
        reactants[row, b] = two
        net[row, a], net[row, c] = -1, 1
    return {"kind": "transitions", "state": names, "transitions": steps}, reactants, net


def test_a_network_is_gathers_and_one_segmented_sum() -> None:
    model, reactants, net = network(120, 400)
    rhs = compiled(model)
    y = RANDOM.uniform(0.5, 1.5, size=120)
    flows = 0.01 * np.arange(1, 401) * np.prod(np.where(reactants > 0, y, 1.0), axis=1)
    np.testing.assert_allclose(rhs.eval_fn(0.0, y), flows @ net, rtol=1e-12)
    assert rhs.source.count("segment_sum(") == 1
    assert statements(rhs) < 25
    with jax.enable_x64(True):
        got = jax.jit(lambda y: rhs.eval_fn(0.0, y))(jnp.asarray(y))
        np.testing.assert_allclose(got, flows @ net, rtol=1e-12)
        jacobian = jax.jit(jax.jacrev(lambda y: rhs.eval_fn(0.0, y)))(jnp.asarray(y))
        slopes = np.where(reactants > 0, np.prod(np.where(reactants > 0, y, 1.0), axis=1)[:, None] / y, 0.0)
        want = net.T @ (0.01 * np.arange(1, 401)[:, None] * slopes)
        np.testing.assert_allclose(jacobian, want, rtol=1e-11, atol=1e-12)


KINETICS = ("k{i}*x{a}*x{b}", "k{i}*x{a}", "k{i}*x{a}^2*x{b}", "0.5*x{a}*x{b}*x{c}", "k{i}", "x{a}", "2*(k{i}*x{a})")


def of_many_kinds(count: int) -> tuple[dict[str, object], list[str]]:
    """Equations whose terms are products of one to four factors, sources and states; each term in two equations."""
    draw = np.random.default_rng(7)
    terms = [KINETICS[i % 7].format(i=i, a=i % count, b=(3 * i + 1) % count, c=(5 * i + 2) % count) for i in range(150)]
    rows: list[list[str]] = [[] for _ in range(count)]
    for term in terms:
        loses, gains = draw.choice(count, 2, replace=False)
        rows[loses].append(f"-({term})")
        rows[gains].append(term)
    rows[0] = ["-(k1*x3)"]  # one term is a sum too
    equations = {f"x{i}": " + ".join(row) or "-x0" for i, row in enumerate(rows)}
    return {"kind": "expr", "state": list(equations), "equations": equations}, list(equations.values())


def test_products_of_many_kinds_are_one() -> None:
    model, equations = of_many_kinds(30)
    rhs = compiled(model)
    y = RANDOM.uniform(0.5, 1.5, size=30)
    given = {name: 0.01 * (3 + place) for place, name in enumerate(rhs.param_names)}
    names = {**given, **{f"x{i}": value for i, value in enumerate(y)}}
    want = [eval(text.replace("^", "**"), {}, names) for text in equations]
    np.testing.assert_allclose(rhs.eval_fn(0.0, y, **given), want, rtol=1e-12, atol=1e-12)
    assert rhs.source.count("segment_sum(") == 1
    assert "[0]" not in rhs.source.replace("p[0]", "")  # no scalar is read
    assert len(rhs.explain().groups) == 1


def test_what_is_quick_to_compute_again_splits_no_shape() -> None:
    count = 100
    equations = {f"x{i}": f"k{i}*x{i % 7}^2/(1 + x{i % 7}^2) - d{i}*x{i}" for i in range(count)}
    rhs = compiled({"kind": "expr", "state": list(equations), "equations": equations})
    (group,) = rhs.explain().groups
    assert group.equations == count
    y, i = RANDOM.uniform(size=count), np.arange(count)
    given = {f"{letter}{j}": 0.1 * j + 1 for letter in "kd" for j in range(count)}
    want = (0.1 * i + 1) * (y[i % 7] ** 2 / (1 + y[i % 7] ** 2) - y)
    np.testing.assert_allclose(rhs.eval_fn(0.0, y, **given), want, rtol=1e-12, atol=1e-13)


def test_a_square_that_is_a_term_and_part_of_others() -> None:
    """Units of one shape have the same leaves, whatever else their parts are used for."""
    count = 40
    equations = {f"x{i}": f"x{i}^2" + "".join(f" + x{(i + j) % count}^2" for j in range(i % 6)) for i in range(count)}
    equations |= {f"z{i}": f"k*x{i}/(1 + x{i}^2)" for i in range(count)}
    rhs = compiled({"kind": "expr", "state": list(equations), "equations": equations})
    y = RANDOM.uniform(size=2 * count)
    x = y[:count]
    sums = [sum(x[(i + j) % count] ** 2 for j in range(i % 6)) + x[i] ** 2 for i in range(count)]
    want = [*sums, *(0.7 * x / (1 + x**2))]
    np.testing.assert_allclose(rhs.eval_fn(0.0, y, k=0.7), want, rtol=1e-13)


def test_sums_with_a_term_of_one_shape_are_one_sum() -> None:
    laws = ("k{i}*x{a}/(1 + x{a})", "k{i}/(2 + x{a})", "exp(-x{a})", "k{i}*sin(x{a})", "x{a}/k{i}")
    count = 100
    equations = {f"x{i}": laws[i % 5].format(i=i, a=(7 * i) % count) + f" - d{i}*x{i}" for i in range(count)}
    rhs = compiled({"kind": "expr", "state": list(equations), "equations": equations})
    assert "segment_sum" not in rhs.source
    found = sorted(group.equations for group in rhs.explain().groups)
    assert found == [20, 20, 20, 20, 20, 100]
    y = RANDOM.uniform(size=count)
    given = {name: 0.5 + 0.01 * place for place, name in enumerate(rhs.param_names)}
    names = {**given, **{f"x{i}": value for i, value in enumerate(y)}, "exp": np.exp, "sin": np.sin}
    want = [eval(text, {}, names) for text in equations.values()]
    np.testing.assert_allclose(rhs.eval_fn(0.0, y, **given), want, rtol=1e-12, atol=1e-13)


def test_what_depends_on_defaults_alone_is_computed_once() -> None:
    count = 80
    rows = "\n".join(f"    x{i}' = exp(k{i})*x{(7 * i) % count} - x{i}^3" for i in range(count))
    params = "\n".join(f"    k{i} = {i / 100}" for i in range(count))
    states = ", ".join(f"x{i}" for i in range(count))
    rhs = opjax.compile_rhs(f"model M:\n  params:\n{params}\n  states: {states}\n  dynamics:\n{rows}\n")
    before, main = rhs.source.split("def rhs")
    assert "exp(" in before
    assert "exp(" not in main
    y, i = RANDOM.uniform(size=count), np.arange(count)
    want = np.exp(i / 100) * y[7 * i % count] - y**3
    np.testing.assert_allclose(rhs.eval_fn(0.0, y), want, rtol=1e-13)
    np.testing.assert_allclose(rhs.eval_fn(0.0, y), want, rtol=1e-13)
    given = {f"k{j}": j / 50 for j in range(count)}
    other = np.exp(i / 50) * y[7 * i % count] - y**3
    np.testing.assert_allclose(rhs.eval_fn(0.0, y, **given), other, rtol=1e-13)
    with jax.enable_x64(True):
        traced = jax.make_jaxpr(lambda y: rhs.eval_fn(0.0, y))(jnp.asarray(y))
        assert "exp" not in str(traced)
        np.testing.assert_allclose(rhs.eval_fn(0.0, jnp.asarray(y)), want, rtol=1e-13)
        np.testing.assert_allclose(rhs.eval_fn(0.0, jnp.asarray(y), **given), other, rtol=1e-13)


def test_small_models_stay_as_they_are() -> None:
    equations = {f"x{i}": f"k - x{i}" for i in range(12)}
    rhs = compiled({"kind": "expr", "state": list(equations), "equations": equations})
    assert "xp.concat" not in rhs.source


SHORT_LAWS = (
    "k{i}*x{a}^2/(1 + x{a}^2) - d{i}*x{i}",
    "k{i}/(2 + x{a}) - d{i}*x{i}",
    "k{i}*x{a}/(1 + x{a})/(1 + x{b}) - d{i}*x{i}",
    "k{i}*(x{a} + x{b})/(1 + x{a} + x{b}) - d{i}*x{i}",
)


@pytest.mark.parametrize("each", [3, 5, 7, 9])
def test_short_vectors_are_made_where_operations_are_compiled(each: int) -> None:
    """With JAX, a few equations of each law are vectors, for each scalar takes long to compile; not with NumPy."""
    count = each * len(SHORT_LAWS)
    read = RANDOM.integers(count, size=(2, count))
    equations = {f"x{i}": SHORT_LAWS[i % len(SHORT_LAWS)].format(i=i, a=read[0, i], b=read[1, i]) for i in range(count)}
    rhs = compiled({"kind": "expr", "state": list(equations), "equations": equations})
    each_law = [len(rhs.explain(xp).groups) >= len(SHORT_LAWS) for xp in (jnp, np)]
    assert each_law == [each > 3, each > 7]  # of the first there are fewer than a hundred operations
    y = RANDOM.uniform(size=count)
    values = {name: 0.5 + 0.01 * place for place, name in enumerate(rhs.param_names)}
    want = derivative(rhs, y, values)
    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.jit(rhs.eval_fn)(0.0, jnp.asarray(y), **values), want, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(rhs.eval_fn(0.0, y, **values), want, rtol=1e-12, atol=1e-13)
