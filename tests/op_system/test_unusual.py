"""Specifications that few people write, with all features mixed: op_system as the oracle where it is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import opjax
from differential.harness import both, compare
from differential.specs import read

AXES = """
axes:
  - {name: age, coords: [young, mid, old]}
  - {name: vax, coords: [u, v]}
  - {name: imm, type: ordinal, coords: [x0, x1, x2, x3]}
  - {name: x, type: continuous, coords: [0.0, 0.5, 2.0, 3.0, 5.5]}
"""
LABELS = '["65+", "0-4", "5 - 17", "None", "True", "1e3", "2020-01-01", "null", "for", "S", "t"]'

FLAT = {
    "numbers as conditions": "state: [x]\nequations: {x: 'a if x else b + np.where(x - x, a, 3*b)'}",
    "a number and a comparison as a condition": "state: [x]\nequations: {x: '(a if x and x > 1 or 0 else b)'}",
    "an alias as a condition": "state: [x]\naliases: {m: x > 1}\nequations: {x: 'a if m else b'}",
    "digits in groups": "state: [x]\nequations: {x: '1_000*x + 1_0.5 + 1_0e-3 + 1.2_5'}",
    "signs and powers": "state: [x]\nequations: {x: '-x**2**0.5 + -2**2 + 2**-x'}",
    "remainders": "state: [x]\nequations: {x: '-x % 3 + (0-7.5) % 2 + 5 % -3 + x % -0.7'}",
    "comparisons in a row": "state: [x]\nequations: {x: '(0 < x < 1) + (1 < x < 10)*2 + (1 < x == (x > 0))'}",
    "one ternary in another": "state: [x]\nequations: {x: 1 if x > 2 else 2 if x > 1 else 3}",
    "line breaks and comments": 'state: [x]\nequations: {x: "(x +\\n 1) # more\\n"}',
    "letters of other alphabets": "state: [β]\nequations: {β: '-δ*β'}",
    "a compatible letter": "state: [ﬁ]\nequations: {ﬁ: '-k*fi'}",
    "empty sections": "state: [x]\nequations: {x: '1'}\naxes: []\naliases: {}\noperators: []\nkernels: []\n"
    "parameters: {}\nobservables: {}\ngauges: []\nchain: []\nfactorize_axes: []\ninitial_state: {}\nconstraints: []",
    "sections of nothing": "state: [x]\nequations: {x: '1'}\naxes:\naliases:\noperators:\nkernels:\nparameters:\n"
    "observables:\ngauges:\nchain:\nfactorize_axes:\ninitial_state:\nstate_metadata:\nconstraints:\nmeta:",
    "a state as its own target": "kind: transitions\nstate: [x]\ntransitions: [{from: x, to: x, rate: k}]",
}
SHAPED = {
    "an axis of one point": (
        'axes: [{name: a, coords: [one]}]\nstate: ["S[a]"]\n'
        'equations: {"S[a]": "-k[a]*S[a] + sum_over(S[a:i]*M[a,a:i], a=i)"}'
    ),
    "labels of all kinds": (
        f'axes: [{{name: age, coords: {LABELS}}}]\nstate: ["S[age]", m]\n'
        'equations: {"S[age]": "-k[age]*S[age]", m: "S__age_65_ + S__age_None + S__age_2020_01_01 + S__age_1e3"}'
    ),
    "labels with spaces in selectors": (
        'kind: transitions\naxes: [{name: age, coords: ["a  b", "5 - 17 y"]}]\nstate: ["S[age]"]\n'
        'transitions: [{from: "S[age=a  b]", to: "S[age = 5 - 17 y ]", rate: k}]'
    ),
    "labels with signs in selectors": (
        'kind: transitions\naxes: [{name: age, coords: ["0-4", "65+"]}]\nstate: ["S[age]"]\n'
        'transitions: [{from: "S[age=0-4]", to: "S[age=65+]", rate: k},'
        ' {coord_shift: {age: "65+ -> 0-4"}, rate: r, apply_to: [S]}]'
    ),
    "a grid with steps that are no binary numbers": (
        'axes: [{name: q, type: continuous, domain: {lb: 0, ub: 1}, size: 11}]\nstate: ["u[q]", m]\n'
        'equations: {"u[q]": "-u[q]", m: "integrate_over(u[q:s], q=s)"}'
    ),
    "a grid of powers": (
        "axes: [{name: q, type: continuous, domain: {lb: 1, ub: 100}, size: 3, spacing: geom}]\n"
        'state: ["u[q]", m]\nequations: {"u[q]": "-u[q]", m: "integrate_over(u[q:s], q=s)"}'
    ),
    "points with signs and exponents": (
        'axes: [{name: q, type: continuous, coords: [-1.5, 0, 1e-9, 0.1, 5, 1e20]}]\nstate: ["u[q]", m]\n'
        'equations: {"u[q]": "-u[q]", m: "integrate_over(u[q:s], q=s)"}'
    ),
    "reducers do not use measures, a filter neither": (
        "axes: [{name: q, type: continuous, coords: [-1, 0, 1, 3], measure: {kind: cell, weights: [1, 2, 3, 4]}}]\n"
        'state: ["u[q]", m, n]\nequations: {"u[q]": "-u[q]", m: "integrate_over(u[q:s], q=s in [0, 3])", '
        'n: "apply_along(u[q:s], q=s)"}'
    ),
    "a filter between the points": (
        AXES + 'state: ["u[x]", m]\nequations: {"u[x]": "0*u[x]", m: "integrate_over(u[x:a], x=a in [0.3, 2.5])"}'
    ),
    "intervals of some of the axes of an integral": (
        "axes: [{name: x, type: continuous, coords: [0, 1, 2.5, 3]},\n"
        "  {name: z, type: continuous, coords: [0, 2, 3, 7]}]\n"
        'state: ["u[x,z]", m]\nequations: {"u[x,z]": "0*u[x,z]", m: "integrate_over(u[x:a,z:b], x=a in [0, 2.5], z=b)'
        " - integrate_over(u[x:a,z:b]*k, x=a, z=b in [2, 7]) +"
        ' integrate_over(u[x:a,z:b], x=a in [1, 3], z=b in [0, 3])"}'
    ),
    "kernels that say what the reducer says": (
        AXES + 'state: ["S[age]", m]\nequations: {"S[age]": "0*S[age]", '
        "m: \"sum_over(S[age:a], age=a, kernel=sum) + apply_along(S[age:a], age=a, kernel='sum')\"}"
    ),
    "names of indices, aliases and parameters": (
        AXES + 'state: ["S[age]", m]\naliases: {b: "2*k", "f": "sum_over(S[age:b]*g, age=b)", g: "b*2"}\n'
        'equations: {"S[age]": "b*sum_over(S[age:b], age=b)", m: "k*sum_over(S[age:k], age=k) + f"}'
    ),
    "aliases at a label, at an index, by the name of a cell": (
        AXES + 'state: ["S[age]", m, n]\naliases: {"f[age]": "2*S[age]*k[age]", "g[age]": "2*S[age]"}\n'
        'equations: {"S[age]": "-f[age]", m: "sum_over(f[age:b], age=b) + f[age:old]", n: g__age_young}'
    ),
    "indices first and last": (
        AXES + 'state: ["S[age,vax]"]\n'
        'equations: {"S[age,vax]": "-S[age,vax]*sum_over(C[age:s,age]*S[age:s,vax], age=s) + k[vax,age]"}'
    ),
    "one name for two reducers": (
        AXES + 'state: ["S[age,vax]"]\n'
        'equations: {"S[age,vax]": "sum_over(S[age:a,vax]*sum_over(S[age:a,vax:w], vax=w), age=a)"}'
    ),
    "a matrix and its transpose": (
        AXES + 'state: ["S[age]"]\nequations: {"S[age]": "sum_over((K[age,age:a] - K[age:a,age])*S[age:a], age=a)"}'
    ),
    "a parameter named like a cell": AXES + 'state: ["S[age]"]\nequations: {"S[age]": "k__age_young*S[age] + k[age]"}',
    "a parameter named like a label": AXES + 'state: ["S[age]"]\nequations: {"S[age]": "young*S[age]"}',
    "a rate of a matrix over the kept axis": (
        AXES + 'kind: transitions\nstate: ["S[age,imm]"]\ntransitions: [{coord_shift: {axis: imm, step: 1, '
        'boundary: stay}, rate: "r[imm,age]*sum_over(S[age:b,imm],age=b)", apply_to: [S]}]'
    ),
    "a cell of its own moves": (
        AXES + 'kind: transitions\nstate: ["S[age,vax]"]\n'
        'transitions: [{from: "S[age=young, vax]", to: "S[age=mid, vax=v]", rate: "k[vax]"}]'
    ),
    "a chain that starts and ends as templates": (
        AXES + 'kind: transitions\ntransitions: []\nstate: ["S[age]","R[age]"]\nchain: [{name: "E[age]", length: 3, '
        'entry: {from: "S[age]", rate: "b[age]*E1[age]"}, forward: ["g[age]", 0.5], exit: {to: "R[age]", rate: "h"}}]'
    ),
    "a sink of a chain that other flows reach": (
        "kind: transitions\nstate: [S, R]\nchain: [{name: I, length: 2, entry: {from: S, rate: b}, forward: g, "
        "exit: {to: R, rate: g}}]\ntransitions: [{from: I1, to: R, rate: mu}, {from: R, to: S, rate: w}]"
    ),
    "stages of a chain in the list of states": (
        "kind: transitions\nstate: [S, I1, I2, R]\n"
        "chain: [{name: I, length: 2, entry: {from: S, rate: b}, forward: g, exit: {to: R, rate: g}}]\ntransitions: []"
    ),
    "a stage with axes in the list of states": (
        AXES + 'kind: transitions\nstate: ["S[age]", "I2[age]", "R[age]"]\nchain: [{name: "I[age]", length: 3, entry: '
        '{from: "S[age]", rate: b}, forward: g, exit: {to: "R[age]", rate: g}}]\ntransitions: []'
    ),
    "stages in the list of states, with equations": (
        "state: [S, I1, I2, R]\nchain: [{name: I, length: 2, forward: g, exit: {to: R, rate: g}}]\n"
        "equations: {S: -b*S, I1: b*S - g*I1}"
    ),
    "equations beside the chain's own": (
        "state: [S, R]\nchain: [{name: I, length: 3, forward: g, exit: {to: R, rate: g}}]\n"
        'equations: {S: -b*S, I1: b*S - g*I1, I2: "7", R: "5"}'
    ),
    **{
        f"a shift by {step}, {boundary} at the end": (
            AXES + 'kind: transitions\nstate: ["S[age,imm]", "I[imm,vax]"]\ntransitions: [{coord_shift: '
            f'{{axis: imm, step: {step}, boundary: {boundary}}}, rate: "r[imm]", apply_to: [S, I]}}]'
        )
        for boundary in ("absorb", "stay")
        for step in (2, -1, -3)
    },
}


FLOWS = {
    "routed by a transposed matrix": (
        'state: ["X[imm]", "Y[imm]"]\ntransitions: [{from: "X[imm:i]", to: "Y[imm:j]", rate: "G[imm:j,imm:i]"}]'
    ),
    "routed with an alias, within a pinned slice": (
        'state: ["X[vax,imm]"]\naliases: {"h[imm]": "k*w[imm]"}\ntransitions: [{from: "X[vax=u, imm:i]", '
        'to: "X[vax=u, imm:j]", rate: "h[imm:i]*G[imm:i,imm:j]"}]'
    ),
    "a fan whose rate has its target": (
        'state: [I, "X[imm]"]\ntransitions: [{from: I, to: "X[imm:j]", rate: "k*w[imm:j]*X[imm:j]"}]'
    ),
    "births over two axes into one cell": (
        'state: ["N[age,vax]"]\ntransitions: [{to: "N[age=young,vax=u]", '
        'rate: "sum_over(B[age:a]*N[age:a,vax:w], age=a, vax=w)"}]'
    ),
    "one axis pinned, one dropped, one kept": (
        'state: ["N[age,vax,imm]", "D[imm]"]\n'
        'transitions: [{from: "N[age=old,vax,imm]", to: "D[imm]", rate: "mu[vax,imm]"}]'
    ),
    "everything into one cell": (
        'state: ["N[age,vax]", "D[vax]"]\ntransitions: [{from: "N[age,vax]", to: "D[vax=v]", rate: "mu[vax]"}]'
    ),
    "an inflow of the time": 'state: ["N[age]"]\ntransitions: [{from: null, to: "N[age=old]", rate: "t*k"}]',
}
SHAPED |= {name: f"kind: transitions{AXES}{text}" for name, text in FLOWS.items()}
NAMES = {
    "an axis called as op_system's own": 'axes: [{name: subgroup, coords: [a]}]\nstate: ["x[subgroup]"]\n'
    'equations: {"x[subgroup]": "-x[subgroup]"}',
    "states called like words of reducers": 'state: [kernel, sum]\nequations: {kernel: "-sum", sum: "kernel"}',
    "names with underscores": 'state: [_x, x__y]\nequations: {_x: "-x__y", x__y: "_x"}',
    "prefixes of one another": (
        "state: [I, I1, IX, S]\n"
        """equations: {I: "1", I1: "1", IX: "1", S: "sum_prefix('I') + 2*sum_prefix('I1')"}"""
    ),
}
FLAT |= NAMES


@pytest.mark.parametrize("text", [*FLAT.values(), *SHAPED.values()], ids=[*FLAT, *SHAPED])
def test_the_two_agree(text: str) -> None:
    compare(read(text), count=1, jax_too=False)


TIMES = """axes:
  - {name: time, type: continuous, coords: [0, 10, 20]}
  - {name: age, coords: [young, mid, old]}
  - {name: imm, type: ordinal, coords: [x0, x1, x2]}
kind: transitions
"""
TABLES = {
    "in a chain": 'state: [S, R]\nchain: [{name: E, length: 2, entry: {from: S, rate: "b[time]"}, forward: "g", '
    'exit: {to: R, rate: "h[time]"}}]\ntransitions: []',
    "in a shift": 'state: ["X[imm]"]\ntransitions: [{coord_shift: {axis: imm, step: 1, boundary: stay}, '
    'rate: "r[time,imm]", apply_to: [X]}]',
    "between two labels": 'state: ["X[imm,age]"]\n'
    'transitions: [{coord_shift: {imm: "x0 -> x2"}, rate: "r[age,time]", apply_to: [X]}]',
    "out of a cell": 'state: ["X[age,imm]"]\n'
    'transitions: [{from: "X[age=young,imm]", to: "X[age=mid,imm]", rate: "r[age,time,imm]"}]',
    "in routing": 'state: ["X[imm]"]\ntransitions: [{from: "X[imm:i]", to: "X[imm:j]", rate: "G[time,imm:i,imm:j]"}]',
    "in a filtered sum, with steps": 'time_interpolation: previous\nstate: ["X[age]"]\ntransitions: [{to: "X[age]", '
    'rate: "sum_over(C[time,age,age:b]*X[age:b], age=b in [young, old])"}]',
}


@pytest.mark.parametrize("place", TABLES)
def test_tables_over_time(place: str) -> None:
    mine, theirs = both(read(TIMES + TABLES[place]))
    rng = np.random.default_rng(0)
    y = rng.uniform(1.0, 2.0, len(mine.state_names))
    values = {name: rng.uniform(size=shape) for name, shape in mine.param_shapes.items()}
    for moment in (-1.0, 3.3, 10.0, 19.0, 25.0):
        found = mine.eval_fn(moment, y, **values)
        np.testing.assert_allclose(found, theirs.eval_fn(moment, y, **values), rtol=1e-12, atol=1e-13)


def refusal(text: str) -> str:
    """What opjax says of a specification that it refuses."""
    with pytest.raises(opjax.OpjaxError) as caught:
        opjax.compile_rhs(read(text))
    return str(caught.value)


# --- silent in op_system


def test_a_label_that_stands_twice_in_a_filter_is_refused() -> None:
    """op_system counts it twice."""
    text = AXES + 'state: ["S[age]", m]\nequations: {"S[age]": "0", m: "sum_over(S[age:a], age=a in [mid, mid])"}'
    assert "labels that stand there once each" in refusal(text)


def test_a_kernel_that_contradicts_its_reducer_is_refused() -> None:
    text = AXES + 'state: ["u[x]", m]\nequations: {"u[x]": "0", m: "sum_over(u[x:a], x=a, kernel=integrate)"}'
    assert "the kernel must be what 'sum_over' says" in refusal(text)


def test_a_stage_with_other_axes_than_its_chain_is_refused() -> None:
    text = AXES + 'state: [S, "I1[age]"]\nkind: transitions\nchain: [{name: I, length: 2, forward: g}]'
    assert "'I1' is declared a second time" in refusal(text)
    text = "state: [S]\nkind: transitions\nchain: [{name: I, length: 2, forward: g}, {name: I, length: 2, forward: g}]"
    assert "'I1' is declared a second time" in refusal(text)


def test_the_last_point_of_a_grid_is_its_end() -> None:
    """op_system's last point is off by rounding, where its points are powers; the others are equal to the last bit."""
    grid = {"name": "q", "type": "continuous", "domain": {"lb": 0.3, "ub": 7.1}, "size": 9, "spacing": "log"}
    mine, theirs = both({"state": ["u[q]"], "axes": [grid], "equations": {"u[q]": "u[q]"}})
    assert mine.meta["axes"][0]["coords"][:-1] == theirs.meta["axes"][0]["coords"][:-1]
    assert (mine.meta["axes"][0]["coords"][-1], theirs.meta["axes"][0]["coords"][-1] == 7.1) == (7.1, False)


def test_a_grid_is_that_of_numpy() -> None:
    spec = read('axes: [{name: q, type: continuous, domain: {lb: 0.1, ub: 2.3}, size: 23}]\nstate: ["u[q]"]')
    coords = opjax.compile_rhs({**spec, "equations": {"u[q]": "u[q]"}}).meta["axes"][0]["coords"]
    assert coords == np.linspace(0.1, 2.3, 23).tolist()


# --- initial values


def entries(initial: str, state: str = '["S[age,vax]"]') -> dict[str, Any]:
    text = f"{AXES}kind: transitions\nstate: {state}\ntransitions: []\ninitial_state: {initial}"
    return opjax.compile_rhs(read(text)).meta["initial_state"]


def test_initial_values_of_single_cells_beside_those_of_all() -> None:
    found = entries('{"S[age,vax]": 2.0, "S[age=young,vax=v]": 7, "S[age=mid,vax]": k}')
    assert list(found.values()) == [2.0, 7.0, "k", "k", 2.0, 2.0]


def test_the_initial_value_of_a_cell_from_an_array() -> None:
    found = entries('{"S[age=mid,vax]": {shaped: s0, axes: [vax, age]}}')
    assert found["S__age_mid__vax_v"] == {"shaped": "s0", "axes": ("vax", "age"), "coords": {"vax": "v", "age": "mid"}}
    assert found["S__age_old__vax_v"] == 0.0


def test_initial_values_of_coordinates_are_numbers() -> None:
    found = entries('{"u[x]": "2*x + 1"}', state='["u[x]"]')
    assert list(found.values()) == [1.0, 2.0, 5.0, 7.0, 12.0]


def test_an_initial_value_that_engines_cannot_compute_is_no_zero() -> None:
    """The text stands in the place of a parameter's name; an engine that looks for it finds none, and stops."""
    assert entries('{m: "2*k", n: k}', state="[m, n]") == {"m": "2*k", "n": "k"}


def test_metadata_of_the_stages_of_a_chain() -> None:
    text = "kind: transitions\nstate: [S]\nchain: [{name: I, length: 2, forward: g}]\nstate_metadata: {I2: {units: p}}"
    assert opjax.compile_rhs(read(text)).state_meta["I2"].units == "p"


# --- calls

TIMED = {"state": ["x", "y"], "equations": {"x": "t*x", "y": "k*t"}}


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        (np.array([2.0]), r"'t' has the shape \(1,\), and a single number is wanted"),
        (np.array([1.0, 2.0]), r"'t' has the shape \(2,\)"),
        ("2", "'t' is a text, and a number is wanted"),
        (None, "'t' is NoneType"),
    ],
)
def test_a_time_that_is_not_one_number_is_refused(time: Any, reason: str) -> None:
    """Several times would change the shape of the derivative, and nothing would make it NaN."""
    rhs = opjax.compile_rhs(TIMED)
    with pytest.raises(opjax.OpjaxError, match=reason):
        rhs.eval_fn(time, np.ones(2), k=1.0)
    with pytest.raises(opjax.OpjaxError, match=reason):
        rhs.pytree_eval_fn(time, {"x": np.ones(()), "y": np.ones(())}, k=1.0)


@pytest.mark.parametrize("time", [2, 2.0, np.float32(2), np.array(2.0), np.int64(2)])
def test_every_number_is_a_time(time: Any) -> None:
    assert opjax.compile_rhs(TIMED).eval_fn(time, np.ones(2), k=3.0).tolist() == [2.0, 6.0]


@pytest.mark.parametrize("value", ["2.0", b"2", np.array("2"), 10**400, 1j, {"k": 1}], ids=repr)
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(opjax.OpjaxError, match=r"'k' is .*, and a number or an array is wanted"):
        opjax.compile_rhs(TIMED).eval_fn(0.0, np.ones(2), k=value)


def test_the_former_word_for_the_namespace_changes_nothing() -> None:
    import jax.numpy as jnp

    for backend in ("numpy", "jax"):
        with pytest.warns(DeprecationWarning, match="the namespace is that of each call's arrays"):
            rhs = opjax.compile_spec(TIMED, backend=backend)
        assert isinstance(rhs.eval_fn(0.0, np.ones(2), k=1.0), np.ndarray)
        assert isinstance(rhs.eval_fn(0.0, jnp.ones(2), k=1.0), type(jnp.ones(2)))
    with pytest.raises(opjax.OpjaxError, match="did you mean 'numpy'"):
        opjax.compile_spec(TIMED, backend="nunpy")


# --- names


def test_any_text_may_name_a_transition() -> None:
    spec: dict[str, Any] = {"kind": "transitions", "state": ["S", "I"]}
    names = ["S -> I", "1st", "for", "E-I (slow)[age]"]
    spec["transitions"] = [{"name": name, "from": "S", "to": "I", "rate": f"k{i}"} for i, name in enumerate(names)]
    with pytest.warns(opjax.OpjaxWarning, match="W0511") as caught:
        rhs = opjax.compile_rhs(spec)
    assert [reaction.name for reaction in rhs.reactions] == ["S_I", "_1st", "_for", "E_I_slow_"]
    assert len(caught) == 4


def test_cells_on_the_left_of_statements() -> None:
    spec = {
        "axes": [{"name": "age", "coords": ["young", "old"]}],
        "state": ["I[age]", "D[age=young]"],
        "dynamics": ["I[age]' = -I[age]", "I__age_young' = 5", "D[age=young]' = 7", "I__age_old -> D__age_young @ 2"],
    }
    found = opjax.compile_rhs(spec).eval_fn(0.0, np.array([3.0, 4.0, 1.0]))
    assert found.tolist() == [5.0, -4.0 - 8.0, 7.0 + 8.0]


@pytest.mark.parametrize("spec", [None, 3, ["x"], b"state: [x]", np.ones(2)])
def test_what_is_no_specification_is_refused(spec: Any) -> None:
    with pytest.raises(opjax.OpjaxError, match="E0204"):
        opjax.compile_spec(spec)


@pytest.mark.parametrize("value", [{}, "x", b"1", 1j, object(), np.array("a"), lambda: 1])
def test_what_is_no_number_is_refused_wherever_it_stands(value: Any) -> None:
    rhs = opjax.compile_spec({"state": ["x", "y"], "equations": {"x": "-k*t*x", "y": "x"}})
    one = np.ones(())
    calls = [
        lambda: rhs.eval_fn(value, np.ones(2), k=1.0),
        lambda: rhs.eval_fn(0.0, np.ones(2), k=value),
        lambda: rhs.pytree_eval_fn(0.0, {"x": one, "y": value}, k=1.0),
        lambda: rhs(0.0, {"x": one, "y": value}, {"k": 1.0}),
    ]
    for call in calls:
        with pytest.raises(opjax.OpjaxError, match="E0807"):
            call()


def test_a_sum_over_no_states_is_refused() -> None:
    with pytest.raises(opjax.OpjaxError, match="E0204"):
        opjax.compile_spec({"state": [], "equations": {"x": "sum_state()"}})


def test_a_number_beyond_floating_point_is_refused() -> None:
    for number in ("1e400", "1" + 400 * "0"):
        with pytest.raises(opjax.OpjaxError, match="a number that floating point can hold"):
            opjax.loads(f"state: [x]\nequations: {{x: {number}}}", format="yaml")


def test_names_of_numbers_are_told_where_op_system_would_take_a_parameter() -> None:
    """A proportion is often called pi; without the warning its value would be left unread."""
    spec = {"state": ["x"], "equations": {"x": "pi*x + pi"}}
    assert both({"state": ["x"], "equations": {"x": "rho*x"}})[1].param_names == ("rho",)
    with pytest.warns(opjax.OpjaxWarning, match="W0512") as caught:
        assert opjax.compile_rhs(spec).param_names == ()
    assert len(caught) == 1
    assert opjax.compile_rhs({"opjax": 1, **spec}).eval_fn(0.0, np.zeros(1)).tolist() == [np.pi]
