"""What op_system 0.9 gets wrong, or does not take: opjax gets it right, or refuses it with a reason.

The oracle's own answer stands in a test where it is silent; where op_system stops with an error, opjax's answer is
compared with NumPy by hand.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import op_system
import opjax
from differential.harness import both
from differential.specs import read
from opjax import OpjaxError

AXES = """
axes:
  - {name: age, coords: [young, mid, "65+"]}
  - {name: vax, coords: [u, v]}
  - {name: dose, type: ordinal, coords: [none, one, two]}
  - {name: x, type: continuous, coords: [0.0, 0.5, 2.0]}
"""


def ours(text: str, y: Any, t: float = 0.0, **parameters: Any) -> Any:
    """opjax's derivative, the same on NumPy and JAX."""
    rhs = opjax.compile_rhs(read(AXES + text))
    found = rhs.eval_fn(t, np.asarray(y), **parameters)
    with jax.enable_x64(True):
        traced = jax.jit(rhs.eval_fn)(t, jnp.asarray(y), **parameters)
    np.testing.assert_allclose(traced, found, rtol=1e-14, atol=1e-14)
    return found


def refusal(text: str) -> str:
    """What opjax says of a specification that it refuses."""
    with pytest.raises(OpjaxError) as caught:
        opjax.compile_rhs(read(text))
    return str(caught.value)


# --- wrong numbers


def test_a_sum_over_an_axis_that_the_body_does_not_use() -> None:
    spec = read(AXES + 'state: ["S[age]"]\nequations: {"S[age]": "sum_over(k, age=i)"}')
    with pytest.warns(opjax.OpjaxWarning, match="W0404: 'i' is not used"):
        mine, theirs = both(spec)
    np.testing.assert_array_equal(theirs.eval_fn(0.0, np.ones(3), k=2.0), [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(mine.eval_fn(0.0, np.ones(3), k=2.0), [6.0, 6.0, 6.0])


def test_a_bound_axis_of_two_that_the_body_lacks() -> None:
    spec = 'state: ["S[age]", m]\nequations: {"S[age]": "0", m: "apply_along(S[age:i], age=i, vax=j)"}'
    with pytest.warns(opjax.OpjaxWarning, match="W0404: 'j' is not used"):
        found = ours(spec, [1.0, 2, 3, 0])
    np.testing.assert_array_equal(found, [0.0, 0.0, 0.0, 12.0])


@pytest.mark.parametrize("cell", ["young", "mid", "65_"])
def test_an_equation_for_one_cell_inside_a_template(cell: str) -> None:
    found = ours(f'state: ["S[age]"]\nequations: {{"S[age]": "-S[age]", S__age_{cell}: "100"}}', [1.0, 2.0, 3.0])
    expected = np.array([-1.0, -2.0, -3.0])
    expected[["young", "mid", "65_"].index(cell)] = 100.0
    np.testing.assert_array_equal(found, expected)


def test_the_oracle_ignores_the_equation_of_an_inner_cell() -> None:
    """At the first and the last cell it stops instead, so that nobody can rely on either."""
    theirs = op_system.compile_spec(
        read(AXES + 'state: ["S[age]"]\nequations: {"S[age]": "-S[age]", S__age_mid: "100"}')
    )
    np.testing.assert_array_equal(theirs.eval_fn(0.0, np.array([1.0, 2.0, 3.0])), [-1.0, -2.0, -3.0])


def test_the_entry_of_a_chain_of_equations_arrives() -> None:
    mine, theirs = both(
        read("""
        state: [S, R]
        chain: [{name: I, length: 2, entry: {from: S, rate: b}, forward: g, exit: {to: R, rate: g}}]
        equations: {S: -b*S}
        """)
    )
    y, p = np.array([1.0, 2.0, 3.0, 4.0]), {"b": 0.1, "g": 0.2}
    np.testing.assert_allclose(theirs.eval_fn(0.0, y, **p).sum(), -0.1, rtol=1e-12)  # what leaves S is gone
    np.testing.assert_allclose(mine.eval_fn(0.0, y, **p), [-0.1, 0.8, -0.5, -0.2], rtol=1e-12)


def test_whole_numbers_as_states_do_not_cut_off_decimals() -> None:
    mine, theirs = both(read(AXES + 'state: ["S[age]", m]\nequations: {"S[age]": "0.5", m: "0.25*m"}'))
    y = np.array([1, 2, 3, 4])
    np.testing.assert_array_equal(theirs.eval_fn(0.0, y)[:3], [0, 0, 0])
    np.testing.assert_array_equal(mine.eval_fn(0.0, y), [0.5, 0.5, 0.5, 1.0])


def test_single_precision_stays_single() -> None:
    spec = read(AXES + 'state: ["S[age]"]\nequations: {"S[age]": "k[age]*S[age]"}')
    mine, theirs = both(spec)
    y, k = np.ones(3, np.float32), np.ones(3)
    assert theirs.eval_fn(0.0, y, k=k).dtype == np.float64
    assert mine.eval_fn(0.0, y, k=k).dtype == np.float32


@pytest.mark.parametrize("body", ["(S[age] - S[age:b])*w[age:b]", "(w[age] - w[age:b])*S[age:b]"])
def test_one_quantity_at_a_point_and_at_the_index_of_a_sum(body: str) -> None:
    spec = read(AXES + f'state: ["S[age]"]\nequations: {{"S[age]": "sum_over({body}, age=b)"}}')
    mine, theirs = both(spec)
    state, weight = np.array([1.0, 2.0, 5.0]), np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(theirs.eval_fn(0.0, state, w=weight), np.zeros(3))
    wanted = {"S": state * weight.sum() - state @ weight, "w": weight * state.sum() - state @ weight}
    np.testing.assert_allclose(mine.eval_fn(0.0, state, w=weight), wanted[body[1]], rtol=1e-14)


def test_comparisons_that_are_added_are_counted() -> None:
    mine, theirs = both(read("state: [x]\nequations: {x: '(x > 1) + (x > 2)'}"))
    assert theirs.eval_fn(0.0, np.array([3.0])).tolist() == [1.0]
    assert mine.eval_fn(0.0, np.array([3.0])).tolist() == [2.0]


def test_an_alias_of_each_cell() -> None:
    aliases = 'aliases: {"f[vax=u]": k, "f[vax=v]": 2*k}\n'
    mine, theirs = both(read(AXES + aliases + 'state: ["S[vax]"]\nequations: {"S[vax]": "-S[vax]*f__vax_u"}'))
    assert theirs.eval_fn(0.0, np.array([1.0, 3.0]), k=0.5).tolist() == [-1.0, -3.0]
    assert mine.eval_fn(0.0, np.array([1.0, 3.0]), k=0.5).tolist() == [-0.5, -1.5]


def test_two_integrals_over_one_axis() -> None:
    """The oracle takes the second name for the first."""
    mine, theirs = both(
        read(AXES + "state: [m]\nequations: {m: 'integrate_over(integrate_over(w[x:s]*v[x:r], x=s), x=r)'}")
    )
    w, v, lengths = np.array([1.0, 2.0, 3.0]), np.array([5.0, 7.0, 11.0]), np.array([0.25, 1.0, 0.75])
    expected = (w @ lengths) * (v @ lengths)
    assert abs(theirs.eval_fn(0.0, np.zeros(1), w=w, v=v)[0] - expected) > 1.0
    np.testing.assert_allclose(mine.eval_fn(0.0, np.zeros(1), w=w, v=v), [expected], rtol=1e-14)


def test_a_flow_routed_into_one_cell_of_another_axis_arrives() -> None:
    """From every vax to vax=v: in the oracle what leaves vax=u is lost."""
    mine, theirs = both(
        read(
            AXES + 'kind: transitions\nstate: ["X[vax, dose]"]\n'
            'transitions: [{from: "X[vax, dose:i]", to: "X[vax=v, dose:j]", rate: "G[dose:i, dose:j]"}]'
        )
    )
    x, g = np.arange(1.0, 7.0).reshape(2, 3), np.arange(9.0).reshape(3, 3)
    expected = np.stack([np.zeros(3), x.sum(0) @ g]) - x * g.sum(1)
    assert theirs.eval_fn(0.0, x.ravel(), G=g).sum() == -90.0
    np.testing.assert_array_equal(mine.eval_fn(0.0, x.ravel(), G=g), expected.ravel())


def test_a_rate_that_names_a_cell_of_its_source() -> None:
    """In the oracle the name of the cell becomes the whole state."""
    mine, theirs = both(
        read(
            AXES + 'kind: transitions\nstate: ["S[age]", "I[age]"]\n'
            'transitions: [{from: "S[age]", to: "I[age]", rate: "b*S__age_mid"}]'
        )
    )
    y = np.arange(1.0, 7.0)
    np.testing.assert_array_equal(theirs.eval_fn(0.0, y, b=1.0)[:3], [-1.0, -4.0, -9.0])
    np.testing.assert_array_equal(mine.eval_fn(0.0, y, b=1.0), [-2.0, -4.0, -6.0, 2.0, 4.0, 6.0])


# --- wrong arguments that pass in silence


@pytest.mark.parametrize("shape", [(2, 3), (6,), (1, 6), (3, 2, 1)])
def test_a_matrix_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    spec = read(AXES + 'state: ["S[age]"]\nequations: {"S[age]": "sum_over(C[age, vax:w], vax=w)"}')
    mine, theirs = both(spec)
    values = np.arange(6.0).reshape(shape)
    assert theirs.eval_fn(0.0, np.ones(3), C=values).shape == (3,)
    with pytest.raises(OpjaxError, match=re.escape("(3, 2) over [age, vax] is wanted")):
        mine.eval_fn(0.0, np.ones(3), C=values)


def test_an_argument_named_like_a_state_is_refused() -> None:
    mine, theirs = both(read("state: [S, I]\nequations: {S: -b*S, I: b*S}"))
    np.testing.assert_array_equal(theirs.eval_fn(0.0, np.array([1.0, 1.0]), b=1.0, S=200.0), [-200.0, 200.0])
    with pytest.raises(OpjaxError, match="there is no parameter 'S'"):
        mine.eval_fn(0.0, np.array([1.0, 1.0]), b=1.0, S=200.0)


def test_a_vector_for_a_number_is_refused() -> None:
    mine, theirs = both(read("state: [S, I]\nequations: {S: -b*S, I: b*S}"))
    y, b = np.ones(2), np.ones(2)
    assert theirs.eval_fn(0.0, y, b=b).shape == (2, 2)
    with pytest.raises(OpjaxError, match="a single number is wanted"):
        mine.eval_fn(0.0, y, b=b)


def test_an_argument_too_many_is_refused_unless_told_otherwise() -> None:
    spec = read("state: [S]\nequations: {S: -b*S}")
    with pytest.raises(OpjaxError, match="there is no parameter 'beta'"):
        opjax.compile_spec(spec).eval_fn(0.0, np.ones(1), b=1.0, beta=2.0)
    found = opjax.compile_spec(spec, extra_parameters="ignore").eval_fn(0.0, np.ones(1), b=1.0, beta=2.0)
    np.testing.assert_array_equal(found, [-1.0])


# --- specifications that are refused, each with its reason

REFUSED = {
    "a name with axes and without": (
        AXES + 'state: ["S[age]", m]\nequations: {"S[age]": "k[age]*S[age]", m: "k*m"}',
        "'k' has the axes [age]; here it stands without them",
    ),
    "a name with other axes": (
        AXES + 'state: ["S[age, vax]"]\nequations: {"S[age, vax]": "k[age]*k[vax]"}',
        "'k' has the axis 'age' here",
    ),
    "a circle of aliases": (
        "state: [S]\naliases: {a: b, b: c, c: a}\nequations: {S: a}",
        "in a circle: a -> b -> c -> a",
    ),
    "a parameter named like a function": ("state: [S]\nequations: {S: exp*S}", "'exp' is a function"),
    "a parameter that is a word of Python": ("state: [S]\nequations: {S: for*S}", "'for' is a word of the language"),
    "a state named like the time": ("state: [t]\nequations: {t: -1}", "'t' is the time"),
    "a state named like a prefix": ("state: [np]\nequations: {np: -1}", "'np' is the prefix of functions"),
    "a state that is no name": ("state: [x-1]\nequations: {x-1: 1}", "'-' is not expected here"),
    "an alias named like a state": (
        "state: [S, I]\naliases: {S: 2*I}\nequations: {S: I, I: I}",
        "'S' is declared a second",
    ),
    "no states": ("state: []\nequations: {}", "the model has no states"),
    "a key of the model": ("state: [S]\nequation: {S: 1}\nequations: {S: 1}", "did you mean 'equations'"),
    "a key of an axis": (
        "axes: [{name: age, coordinates: [a]}]\nstate: [S]\nequations: {S: 1}",
        "did you mean 'coords'",
    ),
    "a key of a transition": (
        "kind: transitions\nstate: [S, I]\ntransitions: [{from: S, to: I, rate: b, rat: 3}]",
        "did you mean 'rate'",
    ),
    "a key of a chain": (
        "kind: transitions\nstate: [S]\nchain: [{name: I, length: 2, forward: g, exits: {to: S}}]",
        "did you mean 'exit'",
    ),
    "a kind of operator": (
        AXES + 'state: ["u[x]"]\nequations: {"u[x]": 0}\noperators: [{kind: difusion, axis: x, apply_to: ["u[x]"]}]',
        "diffusion",
    ),
    "a point that is no number": (
        'axes: [{name: x, type: continuous, coords: [0, .nan]}]\nstate: ["u[x]"]\nequations: {"u[x]": 0}',
        "a point that is not finite",
    ),
    "a part of a point": (
        "axes: [{name: x, type: continuous, domain: {lb: 0, ub: 1}, size: 2.9}]\n"
        'state: ["u[x]"]\nequations: {"u[x]": 0}',
        "has 2.9 points",
    ),
    "a part of a stage": (
        "kind: transitions\nstate: [R]\nchain: [{name: I, length: 2.9, forward: g, to: R}]",
        "must be a whole number from 2 on",
    ),
    "a flow that is not divided": (
        AXES + 'kind: transitions\nstate: ["S[age]", "T[age, vax]"]\n'
        'transitions: [{from: "S[age]", to: "T[age, vax]", rate: k}]',
        "how is the flow divided over it?",
    ),
    "a rate over axes that the target lacks": (
        AXES + 'kind: transitions\nstate: ["S[age]"]\ntransitions: [{to: "S[age=mid]", rate: "S[age]"}]',
        "the index 'age' runs over nothing here",
    ),
    "reactants without the source": (
        "kind: transitions\nstate: [S, I]\n"
        "transitions: [{from: S, to: I, rate: b*I, reactants: [{state: I, order: 1}]}]",
        "the stated reactants lack 'S'",
    ),
}


@pytest.mark.parametrize("title", REFUSED)
def test_refused_with_a_reason(title: str) -> None:
    text, reason = REFUSED[title]
    assert reason in refusal(text)


def test_what_op_system_keeps_and_never_reads_gets_a_warning() -> None:
    spec = {"state": ["S"], "equations": {"S": "-S"}, "sources": [{"state": "S"}], "meta": {"note": 1}}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = opjax.compile_rhs(spec)
    assert found.meta["sources"] == op_system.compile_spec(spec).meta["sources"] == [{"state": "S"}]
    assert ["'sources'" in str(w.message) or "'meta.note'" in str(w.message) for w in caught] == [True, True]


# --- one language, with axes and without


def test_every_function_where_an_axis_is_declared() -> None:
    y, k = np.array([0.5, 1.0, 2.0]), np.array([7.0, 8.0, 9.0])
    found = ours(
        'state: ["S[age]"]\n'
        'equations: {"S[age]": "np.exp(-S[age])*np.log(k[age]) + np.maximum(S[age], 1.0)'
        ' - np.clip(t, 0, 1) + np.sqrt(k[age])"}',
        y,
        t=0.3,
        k=k,
    )
    np.testing.assert_allclose(found, np.exp(-y) * np.log(k) + np.maximum(y, 1) - 0.3 + np.sqrt(k), rtol=1e-14)


def test_conditions_along_axes() -> None:
    y, k = np.array([0.25, 1.0, 2.0]), np.array([7.0, 8.0, 9.0])
    text = (
        'state: ["S[age]"]\nequations: {"S[age]": "S[age] if (S[age] > 1.5 and t < 3) or 0 < S[age] < 0.5 else k[age]"}'
    )
    np.testing.assert_array_equal(ours(text, y, k=k), [0.25, 8.0, 2.0])
    text = 'state: ["S[age]"]\nequations: {"S[age]": "1 if not S[age] > 1.5 else 2"}'
    np.testing.assert_array_equal(ours(text, y), [1.0, 1.0, 2.0])


def test_conditions_under_jax() -> None:
    mine, theirs = both(read("state: [x]\nequations: {x: x if t < 10 and x > 0 else 0}"))
    with pytest.raises(Exception, match="TracerBool"):
        jax.jit(theirs.eval_fn)(1.0, jnp.ones(1))
    assert jax.jit(mine.eval_fn)(1.0, jnp.ones(1)) == 1.0
    assert jax.jit(mine.eval_fn)(11.0, jnp.ones(1)) == 0.0


def test_filters_under_jax() -> None:
    mine, theirs = both(
        read(AXES + 'state: ["S[age]", m]\nequations: {"S[age]": "0", m: "sum_over(S[age:i], age=i in [young, mid])"}')
    )
    y = jnp.asarray([1.0, 2.0, 4.0, 0.0])
    with pytest.raises(Exception, match="take requires"):
        theirs.eval_fn(0.0, y)
    np.testing.assert_array_equal(mine.eval_fn(0.0, y), [0.0, 0.0, 0.0, 3.0])


def test_labels_that_are_no_names() -> None:
    text = 'state: ["S[age]", m]\nequations: {"S[age]": "-S[age]", m: "S[age=65+] + 10*S[\'65+\'] + 100*S__age_65_"}'
    np.testing.assert_array_equal(ours(text, [1.0, 2.0, 3.0, 0.0]), [-1.0, -2.0, -3.0, 333.0])


def test_coordinates_are_numbers() -> None:
    text = 'state: ["u[x]"]\nequations: {"u[x]": "x*u[x] + sum_over(s*u[x:s], x=s)"}'
    u, x = np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.5, 2.0])
    np.testing.assert_allclose(ours(text, u), x * u + (x * u).sum(), rtol=1e-14)


def test_neighbours() -> None:
    text = 'state: ["u[x]"]\nequations: {"u[x]": {value: "u[x-1] - u[x]", edge: absorb}}'
    np.testing.assert_array_equal(ours(text, [1.0, 3.0, 6.0]), [-1.0, -2.0, -3.0])


def test_the_largest_along_an_axis() -> None:
    text = 'state: ["S[age]"]\nequations: {"S[age]": "max(S[b] for b in age)*S[age]"}'
    np.testing.assert_array_equal(ours(text, [1.0, 3.0, 2.0]), [3.0, 9.0, 6.0])


def test_flows_out_of_the_model() -> None:
    text = 'kind: transitions\nstate: ["S[age]", m]\ntransitions: [{from: "S[age]", to: null, rate: "mu[age]"}]'
    found = ours(text, [1.0, 2.0, 3.0, 4.0], mu=np.array([0.1, 0.2, 0.3]))
    np.testing.assert_allclose(found, [-0.1, -0.4, -0.9, 0.0], rtol=1e-15)


def test_names_of_templates_do_not_become_parameters() -> None:
    spec = read(
        AXES + 'kind: transitions\nstate: ["S[age]", "I[age]"]\n'
        'transitions: [{name: "inf[age]", from: "S[age]", to: "I[age]", rate: b}]'
    )
    mine, theirs = both(spec)
    assert "inf" in dict(theirs.meta["shaped_params"])
    assert mine.param_names == ("b",)
    np.testing.assert_array_equal(mine.eval_fn(0.0, np.ones(6), b=2.0), [-2.0, -2.0, -2.0, 2.0, 2.0, 2.0])


def test_the_diagonal_of_a_matrix() -> None:
    text = 'state: ["S[age]"]\nequations: {"S[age]": "K[age, age]*S[age]"}'
    np.testing.assert_array_equal(ours(text, [1.0, 1.0, 1.0], K=np.diag([1.0, 2.0, 3.0])), [1.0, 2.0, 3.0])


def test_a_chain_of_equations_with_axes() -> None:
    text = """
state: ["S[age]", "R[age]"]
chain: [{name: "E[age]", length: 2, forward: "g[age]", exit: {to: "R[age]", rate: 2}}]
equations: {"S[age]": "-S[age]"}
"""
    y, g = np.arange(1.0, 13.0).reshape(4, 3), np.array([0.1, 0.2, 0.3])
    s, _, e1, e2 = y
    np.testing.assert_allclose(
        ours(text, y.ravel(), g=g), np.concatenate([-s, 2 * e2, -g * e1, g * e1 - 2 * e2]), rtol=1e-14
    )


def test_two_states_of_one_cell_each() -> None:
    text = (
        'state: ["D[age=young]", "D[age=mid]"]\n'
        'equations: {"D[age=young]": "-D__age_mid", "D[age=mid]": "2*D[age:young]"}'
    )
    np.testing.assert_array_equal(ours(text, [3.0, 4.0]), [-4.0, 6.0])


def test_the_vaccination_scenario_grid() -> None:
    """flepimop2's published example, which op_system 0.9 does not compile: functions beside axes."""
    text = """
kind: transitions
state: ["S[age, vax]", "I[age, vax]", "R[age, vax]"]
aliases:
  rollout: 1.0 - np.exp(-ramp*np.maximum(0.0, t - t_start))
  N: sum_state()
  foi[age]: beta*sum_over(C[age, age:b]*I[age:b, vax:w], age=b, vax=w)/N
transitions:
  - {from: "S[age, vax=u]", to: "S[age, vax=v]", rate: "nu[age]*rollout"}
  - {from: "S[age, vax]", to: "I[age, vax]", rate: "foi[age]*(1 - eff[vax])"}
  - {from: "I[age, vax]", to: "R[age, vax]", rate: gamma}
"""
    rng = np.random.default_rng(0)
    y = rng.uniform(1.0, 5.0, (3, 3, 2))
    p: dict[str, Any] = {"ramp": 0.3, "t_start": 2.0, "beta": 0.4, "gamma": 0.2}
    p |= {"C": rng.uniform(size=(3, 3)), "nu": rng.uniform(size=3), "eff": np.array([0.0, 0.8])}
    s, i, _ = y
    for t in (1.0, 7.0):
        rollout = 1.0 - np.exp(-0.3 * max(0.0, t - 2.0))
        moved = (p["nu"] * rollout)[:, None] * s[:, :1] * np.array([-1.0, 1.0])
        foi = 0.4 * (p["C"] @ i.sum(1)) / y.sum()
        infected = foi[:, None] * (1 - p["eff"]) * s
        expected = np.stack([moved - infected, infected - 0.2 * i, 0.2 * i])
        np.testing.assert_allclose(ours(text, y.ravel(), t=t, **p), expected.ravel(), rtol=1e-12)


def test_python_truth_values_are_no_parameters() -> None:
    assert opjax.compile_rhs({"state": ["x"], "equations": {"x": "True*x"}}).param_names == ()
    declared = {"state": ["x"], "parameters": {"True": {}}, "equations": {"x": "True*x"}}
    with pytest.raises(OpjaxError, match="'True' is a truth value and cannot be declared"):
        opjax.compile_rhs(declared)
