"""Reactions: what op_system publishes of them, and that together they are the derivative."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import numpy as np
import pytest

import opjax
from differential.harness import both, flat, samples, template_shapes
from opjax.compile.reactions import CompiledReaction
from opjax.ir.nodes import Along

AXES = [
    {"name": "imm", "coords": ["a", "b", "c"]},
    {"name": "age", "coords": ["young", "65+"]},
]
TRANSITIONS: dict[str, dict[str, Any]] = {
    "keep": {"from": "x[imm,age]", "to": "w[imm,age]", "rate": "k[imm]"},
    "mass action": {"from": "x[imm,age]", "to": "w[imm,age]", "rate": "k[imm]*w[imm,age]*z[imm]"},
    "drop": {"from": "x[imm,age]", "to": "z[imm]", "rate": "k[imm]*r"},
    "collapse": {"from": "x[imm,age]", "to": "s", "rate": "r"},
    "pin": {"from": "z[imm]", "to": "x[imm,age=young]", "rate": "r"},
    "point": {"from": "x[imm,age=young]", "to": "x[imm,age=65+]", "rate": "r"},
    "gather": {"from": "x[imm,age=young]", "to": "x[imm=a,age=65+]", "rate": "r"},
    "cell": {"from": "z[imm=a]", "to": "x[imm=b,age=young]", "rate": "r"},
    "source": {"to": "x[imm,age]", "rate": "k[imm]"},
    "source of a cell": {"to": "z[imm=b]", "rate": "r"},
    "renewal": {"to": "z[imm]", "rate": "r*apply_along(z[imm:i], imm=i)*k[imm]"},
    "time": {"from": "s", "to": "u", "rate": "r*t"},
    "route": {"from": "x[imm:i,age]", "to": "x[imm:j,age]", "rate": "G[imm:i,imm:j]"},
    "fan out": {"from": "s", "to": "z[imm:j]", "rate": "k[imm:j]"},
    "shift": {"coord_shift": {"axis": "imm", "step": 1, "rate": "k[imm]", "boundary": "stay"}, "apply_to": ["x", "z"]},
    "leave": {"coord_shift": {"axis": "imm", "step": -1, "rate": "r", "boundary": "absorb"}, "apply_to": ["z"]},
}
SAME = (
    *("from_base", "from_axes", "full_axes", "from_pinned", "to_base", "to_axes", "to_full_axes", "pinned", "sum_axes"),
    *("offsets", "routed_axes", "time_varying_params", "independent_axes", "uses_time", "reactants_complete"),
)


def spec_of(row: dict[str, Any]) -> dict[str, Any]:
    """A model of one transition, and of transitions that touch all its states."""
    rest = [
        {"name": "rest_x", "from": "x[imm,age]", "to": "w[imm,age]", "rate": "0.1"},
        {"name": "rest_z", "from": "z[imm]", "to": "s", "rate": "0.2"},
        {"name": "rest_u", "to": "u", "rate": "0.3"},
    ]
    states = ["x[imm,age]", "w[imm,age]", "z[imm]", "s", "u"]
    return {"kind": "transitions", "state": states, "axes": AXES, "transitions": [{"name": "move", **row}, *rest]}


def deposit(reactions: tuple[CompiledReaction, ...], t: float, states: dict[str, Any], given: Any) -> dict[str, Any]:
    """The derivative by firing every channel of every reaction, one by one."""
    total = {name: np.zeros_like(array) for name, array in states.items()}
    for reaction in reactions:
        propensity = np.asarray(reaction.propensity_fn(t, states, **given))
        for cell in itertools.product(*map(range, propensity.shape)):
            for change in reaction.changes:
                array = total[change.state_base]
                where = [
                    (cell[s.dim.primes] + s.offset) % n
                    if isinstance(s, Along) and s.edge == "periodic"
                    else (cell[s.dim.primes] + s.offset if isinstance(s, Along) else s.position)
                    for s, n in zip(change.selections, array.shape, strict=True)
                ]
                if all(0 <= p < n for p, n in zip(where, array.shape, strict=True)):
                    array[tuple(where)] += change.count * propensity[cell]
    return total


@pytest.mark.parametrize("row", TRANSITIONS.values(), ids=TRANSITIONS)
def test_as_op_system_publishes_them(row: dict[str, Any]) -> None:
    ours, theirs = both(spec_of(row))
    assert [r.name for r in ours.reactions] == [r.name for r in theirs.reactions]
    (sample,) = samples(theirs, {}, 1, 3)
    for mine, reference in zip(ours.reactions, theirs.reactions, strict=True):
        assert {key: getattr(mine, key) for key in SAME} == {key: getattr(reference, key) for key in SAME}
        assert [dataclasses.asdict(r) for r in mine.reactants] == [dataclasses.asdict(r) for r in reference.reactants]
        expected = reference.propensity_fn(sample.time, sample.states, **sample.parameters)
        found = mine.propensity_fn(sample.time, sample.states, **sample.parameters)
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert ours.reaction_gaps == theirs.reaction_gaps == ()


@pytest.mark.parametrize("row", TRANSITIONS.values(), ids=TRANSITIONS)
def test_together_they_are_the_derivative(row: dict[str, Any]) -> None:
    ours, theirs = both(spec_of(row))
    (sample,) = samples(theirs, {}, 1, 5)
    given = {name: sample.parameters[name] for name in ours.param_names}
    expected = ours.pytree_eval_fn(sample.time, sample.states, **given)
    found = deposit(ours.reactions, sample.time, sample.states, given)
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-12, atol=1e-12, err_msg=name)


GENERAL = """
model General:
  axes:
    age = [young, old]
  params:
    k
    m[age]
    q
  states:
    A[age]
    B[age]
    C
    D
  let:
    N = sum(A[i] for i in age) + C
  dynamics:
    bind: 2 A[age] + B[age] -> C @ k*m[age]
    make: 0 -> 3 D @ q*C
    lose: D -> 0 @ q
    help: C + B[age] -> 2 B[age] @ m[age]/N
    step: A[age] => A[age+1] @ A[age]*q edge periodic
"""


def test_any_stoichiometry() -> None:
    rhs = opjax.compile_rhs(GENERAL)
    rng = np.random.default_rng(0)
    states = {name: rng.uniform(1.0, 2.0, shape) for name, shape in rhs.template_shapes.items()}
    given = {"k": 0.3, "m": np.array([0.2, 0.7]), "q": 1.5}
    found = deposit(rhs.reactions, 0.0, states, given)
    for name, array in rhs.pytree_eval_fn(0.0, states, **given).items():
        np.testing.assert_allclose(found[name], array, rtol=1e-12, err_msg=name)
    gaps = {gap.name: gap for gap in rhs.reaction_gaps}
    assert set(gaps) == {"bind", "make", "help"}
    assert gaps["bind"].source == "2 A[age] + B[age]"
    assert gaps["bind"].reason == "not_a_unit_transfer"
    assert rhs.reactions[2].to_base is None


def test_dependencies_and_order() -> None:
    rhs = opjax.compile_rhs(GENERAL)
    reads = {r.name: [(d.state_base, d.state_axes, d.pinned) for d in r.dependencies] for r in rhs.reactions}
    assert set(reads["bind"]) == {("A", ("age",), ()), ("B", ("age",), ())}
    whole = {("A", (), (("age", 0),)), ("A", (), (("age", 1),)), ("C", (), ())}
    assert set(reads["help"]) == {*whole, ("B", ("age",), ())}
    assert [r.propensity_order for r in rhs.reactions] == [3, 1, 1, 3, 1]
    assert all(r.dependencies_complete for r in rhs.reactions)


ORDERS = {
    "b": 1, "b*I": 2, "b*I*I": 3, "b*I^2/N": 3, "b*(I+R)": 2, "b*I/(S+I+R)": 3, "b/I": 2, "I^0.5": 2,
    "b*I*I/(N*N+I*I)": 5, "b*I/(1+I/N)": 3, "b*I*exp(-S)": None, "b*I*(1-I/N)": None, "maximum(I, 0)": None,
}  # fmt: skip


@pytest.mark.parametrize(("rate", "order"), ORDERS.items(), ids=ORDERS)
def test_orders_are_op_systems(rate: str, order: int | None) -> None:
    """op_system says them where it is asked to infer reactants and finds no product of powers."""
    spec: dict[str, Any] = {
        "kind": "transitions",
        "state": ["S", "I", "R"],
        "transitions": [
            {"name": "x", "from": "S", "to": "I", "rate": rate},
            {"name": "rest", "from": "I", "to": "R", "rate": "g"},
        ],
    }
    ours = opjax.compile_rhs(spec).reactions[0]
    assert ours.propensity_order == order
    assert ours.dependencies_complete == (order is not None)


def test_equations_are_a_gap() -> None:
    ours, theirs = both({"kind": "expr", "state": ["x"], "equations": {"x": "-k*x"}})
    assert ours.reactions == theirs.reactions == ()
    (found,), (expected,) = ours.reaction_gaps, theirs.reaction_gaps
    assert dataclasses.asdict(found) == dataclasses.asdict(expected)


def test_propensities_are_traced_and_differentiated() -> None:
    import jax
    import jax.numpy as jnp

    reaction = opjax.compile_rhs(spec_of(TRANSITIONS["mass action"])).reactions[0]
    states = {"x": jnp.ones((3, 2)), "w": jnp.ones((3, 2)), "z": jnp.ones(3), "s": jnp.ones(()), "u": jnp.ones(())}

    def total(z: jax.Array) -> jax.Array:
        return jnp.sum(reaction.propensity_fn(0.0, {**states, "z": z}, k=jnp.arange(3.0)))

    np.testing.assert_allclose(jax.jit(jax.grad(total))(states["z"]), [0.0, 2.0, 4.0], rtol=1e-6)
    assert math.isclose(float(total(states["z"])), 6.0, rel_tol=1e-6)


def test_the_flat_vector_and_the_templates_agree() -> None:
    ours, theirs = both(spec_of(TRANSITIONS["route"]))
    (sample,) = samples(theirs, {}, 1, 1)
    assert flat(sample.states).shape == (len(ours.state_names),)
    assert ours.state_names == theirs.state_names
    assert dict(ours.template_shapes) == template_shapes(theirs)


STATED: dict[str, dict[str, Any]] = {
    "explicit": {"from": "x[imm,age]", "to": "w[imm,age]", "rate": "r*z[imm]*s", "reactants": [
        {"state": "x[imm,age]", "order": 1}, {"state": "z[imm]", "order": 1}, {"state": "s", "order": 1}]},
    "pinned": {"from": "x[imm,age]", "to": "w[imm,age]", "rate": "r*x[imm,age]", "reactants": [
        {"state": "x[imm,age]", "order": 2}]},
    "auto": {"from": "x[imm,age]", "to": "w[imm,age]", "rate": "r*z[imm]*s**2/k[imm]", "reactants": "auto"},
    "auto of a label": {"from": "x[imm,age]", "to": "w[imm,age]", "rate": "r*z[imm:b]", "reactants": "auto"},
    "auto of no product": {"from": "x[imm,age]", "to": "w[imm,age]", "rate": "r*z[imm]/(s + z[imm])",
        "reactants": "auto"},
    "auto of a sum": {"from": "x[imm,age]", "to": "w[imm,age]", "rate": "r*apply_along(z[imm:i], imm=i)",
        "reactants": "auto"},
    "auto of a source": {"to": "z[imm]", "rate": "r*z[imm]*s", "reactants": "auto"},
}  # fmt: skip


@pytest.mark.parametrize("row", STATED.values(), ids=STATED)
def test_reactants_that_are_stated(row: dict[str, Any]) -> None:
    ours, theirs = both(spec_of(row))
    mine, reference = ours.reactions[0], theirs.reactions[0]
    as_rows = [[dataclasses.asdict(r) for r in found] for found in (mine.reactants, reference.reactants)]
    assert as_rows[0] == as_rows[1]
    assert mine.reactants_complete == reference.reactants_complete
    if reference.dependencies_complete:
        as_sets = [{(r.state_base, r.pinned) for r in found.dependencies} for found in (mine, reference)]
        assert as_sets[0] == as_sets[1]
        assert mine.dependencies_complete
        assert mine.propensity_order == reference.propensity_order


@pytest.mark.parametrize("interpolation", ["linear", "previous"])
def test_tables_over_time(interpolation: str) -> None:
    spec = {
        **spec_of({"from": "x[imm,age]", "to": "w[imm,age]", "rate": "beta[time]*eta[time,imm]*z[imm]"}),
        "time_interpolation": interpolation,
    }
    spec["axes"] = [*AXES, {"name": "time", "type": "continuous", "coords": [0, 10, 20]}]
    ours, theirs = both(spec)
    mine, reference = ours.reactions[0], theirs.reactions[0]
    assert mine.time_varying_params == reference.time_varying_params
    assert mine.uses_time == reference.uses_time is False
    (sample,) = samples(theirs, {}, 1, 4)
    given = {"beta": np.array([1.0, 3.0, 5.0]), "eta": np.arange(9.0).reshape(3, 3)}
    expected = reference.propensity_fn(7.5, sample.states, **given)
    np.testing.assert_allclose(mine.propensity_fn(7.5, sample.states, **given), expected, rtol=1e-12)
    part = 0.75 if interpolation == "linear" else 0.0
    now = {name: (1 - part) * table[0] + part * table[1] for name, table in given.items()}
    assert mine.resolved_propensity_fn is not None
    np.testing.assert_allclose(mine.resolved_propensity_fn(7.5, sample.states, **now), expected, rtol=1e-12)
    np.testing.assert_allclose(reference.resolved_propensity_fn(7.5, sample.states, **now), expected, rtol=1e-12)
    assert deposit(ours.reactions, 7.5, sample.states, given).keys() == sample.states.keys()


def test_a_table_at_another_time_is_not_resolved() -> None:
    text = """
    model M:
      axes:
        week = points [0, 1, 2]
      params:
        k[week]
      states: x
      dynamics:
        x -> 0 @ linear(k[week] over week) + linear(k[week] over week at t - 0.5)
    """
    (reaction,) = opjax.compile_rhs(text).reactions
    assert reaction.resolved_propensity_fn is None
    assert reaction.uses_time


def test_wrong_states_are_refused() -> None:
    move, *_ = opjax.compile_rhs(spec_of(TRANSITIONS["drop"])).reactions
    x, given = np.ones((3, 2)), {"k": np.ones(3), "r": 1.0}
    np.testing.assert_array_equal(move.propensity_fn(0.0, {"x": x}, **given), x)  # the others are not needed
    wrong: dict[str, Any] = {"E0804": {"x": np.ones((2, 3))}, "E0805": {"z": np.ones(3)}, "E0807": np.ones(17)}
    for code, states in wrong.items():
        with pytest.raises(opjax.OpjaxError, match=code):
            move.propensity_fn(0.0, states, **given)


def test_precision_and_namespace_are_those_of_the_states() -> None:
    import jax.numpy as jnp

    move, *_ = opjax.compile_rhs(spec_of(TRANSITIONS["drop"])).reactions
    given = {"k": np.ones(3), "r": 1.0}
    found = move.propensity_fn(0.0, {"x": np.ones((3, 2), np.float32)}, **given)
    assert (type(found), found.dtype) == (np.ndarray, np.float32)
    assert isinstance(move.propensity_fn(0.0, {"x": jnp.ones((3, 2))}, **given), jnp.ndarray)


def test_nothing_fires_into_or_out_of_cells_that_are_absent() -> None:
    text = """
    model Doses:
      axes:
        age = [child, adult]
        dose = [zero, one, two]
      params:
        k
        m
      states:
        S[age, dose]
      absent:
        S where age == "child" and dose == "two"
      dynamics:
        give: S[age, dose] -> S[age, dose+1] @ k edge stay
        born: 0 -> S[age, dose] @ m
    """
    rhs = opjax.compile_rhs(text)
    states, given = {"S": np.arange(1.0, 7.0).reshape(2, 3)}, {"k": 0.5, "m": 10.0}
    found = deposit(rhs.reactions, 0.0, states, given)
    np.testing.assert_allclose(found["S"], rhs.pytree_eval_fn(0.0, states, **given)["S"], rtol=1e-12)
    assert found["S"][0, 2] == 0.0
