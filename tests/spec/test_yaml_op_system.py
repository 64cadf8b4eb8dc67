"""What op_system writes in its own way, against the text that means the same."""

from __future__ import annotations

import pytest

from opjax.errors import Report
from opjax.source import Source
from opjax.spec.lower import lower
from opjax.spec.text_reader import read_text
from opjax.spec.yaml_reader import read_yaml
from opjax.syntax.declarations import ModelSyntax

AXES = """\
axes:
  - {name: age, type: ordinal, coords: [young, mid, old]}
  - {name: sex, coords: [f, m, b]}
  - {name: x, type: continuous, coords: [0, 1, 3]}
"""
HEAD = f"name: M\ninfer_parameters: false\n{AXES}state: [S, I]\n"
TEXT = """model M:
 axes:
  age = ordered [young, mid, old]
  sex = [f, m, b]
  x = points [0, 1, 3]
 states: S, I
 """


def read(text: str) -> ModelSyntax:
    report = Report()
    (model,) = read_yaml(Source("m.yaml", text), report)
    report.check()
    return model


def from_text(text: str) -> ModelSyntax:
    report = Report()
    (model,) = read_text(Source("m.ojx", TEXT + text), report)
    report.check()
    return model


EXPRESSIONS = {
    "sum_over(I[age:b], age=b)": "sum(I[b] for b in age)",
    "sum_over(C[age, age:b]*I[b], age=b)": "sum(C[age, b]*I[b] for b in age)",
    "sum_over(G[age:a, sex:s], age=a, sex=s)": "sum(G[a, s] for a in age, s in sex)",
    "integrate_over(u[x:s], x=s)": "integral(u[s] for s in x)",
    "apply_along(I[age:b], age=b)": "sum(I[b] for b in age)",
    "apply_along(u[x:s], x=s)": "integral(u[s] for s in x)",
    "apply_along(u[x:s], x=s, kernel=sum)": "sum(u[s] for s in x)",
    "apply_along(u[x:s], x=s, kernel=integrate)": "integral(u[s] for s in x)",
    "apply_along(u[x:s, age:b], x=s, age=b, kernel=sum)": "sum(u[s, b] for s in x, b in age)",
    "1 + np.exp(-2*sum_over(I[age:b] + sum_over(J[sex:s, age:b], sex=s), age=b))": (
        "1 + exp(-2*sum(I[b] + sum(J[s, b] for s in sex) for b in age))"
    ),
    "sum_over(I[sex:s], sex=s in [f, m])": 'sum(I[s] for s in sex if s == "f" or s == "m")',
    "integrate_over(u[x:s], x=s in [-1, 2*k])": "integral(u[s] for s in x if -1 <= s <= 2*k)",
    "apply_along(sex=s, I[age, sex=s])": "sum(I[age, s] for s in sex)",
    "sum_over(I[sex:s], sex=s in [f])": 'sum(I[s] for s in sex if s == "f")',
    "sum_over(I[age:a], age=a in [young, 'mid'])": 'sum(I[a] for a in age if a >= "young" and a <= "mid")',
    "sum_over(G[age:a, sex:s], age=a in [mid, old], sex=s in [m])": (
        'sum(G[a, s] for a in age, s in sex if (a >= "mid" and a <= "old") and s == "m")'
    ),
    "I[age:young]": 'I[age="young"]',
    "sum_over(I[age:a, sex:m], age=a)": 'sum(I[a, sex="m"] for a in age)',
    "sum_over(I[sex:b], sex=b)": "sum(I[b] for b in sex)",  # bound, although it is a label too
    "sum(I[sex:b] for b in sex)": "sum(I[sex:b] for b in sex)",  # nothing of op_system's: stays as it is
    "(sum_state() if S > 1 else 2 % sum_state()) and not -sum_state()": (
        "(S + I if S > 1 else 2 % (S + I)) and not -(S + I)"
    ),
    "[sum_state(), 2^sum_state()]": "[S + I, 2^(S + I)]",
    "sum_state()": "S + I",
    "sum_prefix('I')": "I",
    "np.pi*2": "pi*2",
}


@pytest.mark.parametrize(("written", "text"), EXPRESSIONS.items(), ids=range(len(EXPRESSIONS)))
def test_expressions(written: str, text: str) -> None:
    assert read(f"{HEAD}aliases: {{a: {written!r}}}") == from_text(f"let:\n  a = {text}")


PLACES = {
    "equations: {S: 'E'}": "dynamics:\n  S' = E",
    "transitions: [{to: S, rate: 'E'}]": "dynamics:\n  0 -> S @ E",
    "dynamics: ['0 => S @ E']": "dynamics:\n  0 => S @ E",
    "initial: [{S: 'E'}]": "init:\n  S = E",
    "functions: {f(q): 'E'}": "let:\n  f(q) = E",
    "derived: {r: 'E'}": "derive:\n  r = E",
    "priors: {p: 'Normal(E)'}": "params:\n  p ~ Normal(E)",
    "constants: {p: ['E', 2]}": "params:\n  p = [E, 2]",
    "events: {e: {at: 'E', do: 'S = E'}}": "events:\n  e: at E: S = E",
    "observations: {y: {dist: 'Normal(E)', every: 'E'}}": "observe:\n  y ~ Normal(E) every E",
    "boundary: {S at x.lo: 'robin(a=E)'}": "boundary:\n  S at x.lo: robin(a=E)",
    "require: ['E']": "require:\n  E",
}


@pytest.mark.parametrize(("written", "text"), PLACES.items(), ids=[text.split(":")[0] for text in PLACES])
def test_reducers_are_read_wherever_expressions_stand(written: str, text: str) -> None:
    model = read(HEAD + written.replace("E", "sum_over(k[age:b], age=b)"))
    assert model == from_text(text.replace("E", "sum(k[b] for b in age)"))


def test_tables_over_time_are_parameters() -> None:
    model = read(
        "state: ['S[age]']\n"
        "axes: [{name: age, coords: [a, b]}, {name: time, type: continuous, coords: [0, 7, 14], units: day}]\n"
        "time_interpolation: previous\n"
        "equations: {'S[age]': 'beta[time]*S[age] + sum_over(eta[time, age, age:j]*S[age:j], age=j)'}\n"
    )
    assert [axis.name for axis in model.axes] == ["age", "time"]
    assert [(p.name, p.axes) for p in model.parameters] == [("beta", ("time",)), ("eta", ("time", "age", "age"))]
    assert model.time is not None
    assert model.time.unit == "day"
    text = (
        "dynamics:\n  S[age]' = previous(beta[time] over time)*S[age]"
        " + sum(previous(eta[time, age, j] over time)*S[j] for j in age)"
    )
    assert model.dynamics == from_text(text).dynamics


def test_an_input_may_be_written_with_the_axis_of_time() -> None:
    model = read(
        "state: [S]\naxes: [{name: time, type: continuous, coords: [0, 7]}]\n"
        "inputs: {school: previous}\nequations: {S: '-school[time]*S'}\n"
    )
    assert model.dynamics == from_text("dynamics:\n  S' = -school(t)*S").dynamics
    assert model.parameters == ()


def test_the_axis_of_time_may_have_another_name() -> None:
    axes = "axes: [{name: day, type: continuous, coords: [0, 7]}]"
    model = read(f"state: [S]\ntime_axis: day\n{axes}\nequations: {{S: 'b[day]*S'}}\n")
    assert [(p.name, p.axes) for p in model.parameters] == [("b", ("day",))]
    assert model.dynamics == from_text("dynamics:\n  S' = linear(b[day] over day)*S").dynamics


def test_without_an_axis_of_time_the_name_means_nothing() -> None:
    model = read("state: [S]\nequations: {S: 'b[time]*S'}\n")
    assert model.inputs == ()
    assert model.parameters[0].axes == ("time",)


SHIFTS = {
    "{name: g, coord_shift: {axis: age, step: 1, rate: 'a[age]', boundary: stay}, apply_to: [S]}": (
        "g_S: S[age, sex] -> S[age+1, sex] @ a[age] edge stay"
    ),
    "{name: g, coord_shift: {axis: age, step: -2, boundary: absorb}, rate: k, apply_to: [S, 'I[age]']}": (
        "g_S: S[age, sex] -> S[age-2, sex] @ k edge absorb\n  g_I: I[age] -> I[age-2] @ k edge absorb"
    ),
    "{coord_shift: {axis: age, step: 1, rate: k, boundary: stay}, apply_to: [S, I]}": (
        "S[age, sex] -> S[age+1, sex] @ k edge stay\n  I[age] -> I[age+1] @ k edge stay"
    ),
    "{coord_shift: {age: young -> old}, rate: k, apply_to: [S]}": ('S[age="young", sex] -> S[age="old", sex] @ k'),
}


@pytest.mark.parametrize(("written", "text"), SHIFTS.items(), ids=range(len(SHIFTS)))
def test_shifts_along_an_axis(written: str, text: str) -> None:
    head = HEAD.replace("[S, I]", "['S[age, sex]', 'I[age]']")
    model = read(f"{head}transitions: [{written}]")
    assert model.dynamics == from_text(f"dynamics:\n  {text}").dynamics


def test_routing_keeps_its_names() -> None:
    model = read(f"{HEAD}transitions: [{{from: 'S[age:i]', to: 'S[age:j]', rate: 'G[age:i, age:j]'}}]")
    assert model.dynamics == from_text("dynamics:\n  S[age:i] -> S[age:j] @ G[age:i, age:j]").dynamics


def test_the_three_forms_of_initial_state() -> None:
    model = read(
        "state: ['x[age]', S, 'C[age]', 'D[age]']\naxes: [{name: age, coords: [a, b]}]\n"
        "initial_state: {S: s0, 'x[age]': {shaped: x0, axes: [age]}, 'C[age=b]': 0.0, D: 'd0[age]'}\n"
    )
    report = Report()
    text = (
        "model M:\n params: x0[age]\n states:\n  x[age] = x0[age]\n  S = s0\n  C[age]\n  D[age] = d0[age]\n"
        ' init:\n  C[age="b"] = 0.0\n'
    )
    (expected,) = read_text(Source("m", text), report)
    report.check()
    assert (model.states, model.initial) == (expected.states, expected.initial)
    assert [(row.name, row.axes) for row in model.parameters] == [("x0", ("age",)), ("s0", ()), ("d0", ("age",))]


REFUSED = {
    "chain: [{name: I, length: 1, forward: g}]": ("E0204", "must be a whole number from 2 on"),
    "chain: [{name: I, length: 3, forward: [g, h, k]}]": ("E0204", "must be one rate or 2"),
    "chain: [{name: I, length: 2}]": ("E0205", "lacks the key 'forward'"),
    "chain: [{name: I, length: 2, forward: g, exit: {rate: g}}]": ("E0205", "lacks the key 'to'"),
    "transitions: [{to: S, rate: 1, catalysts: [], reactants: []}]": ("E0204", "must be absent where 'reactants'"),
    "transitions: [{to: S, rate: 1, reactants: [{state: S, order: 0}]}]": ("E0204", "must be a whole number from 1 on"),
    "transitions: [{to: S, rate: 1, reactants: any}]": ("E0204", "must be auto, or a list"),
    "aliases: {a: 'sum_over(u[x:s], x=s in [0, 1, 2])'}": ("E0204", "axis 'x' must be its two ends"),
    "aliases: {a: 'sum_over(u[age:s], age=s in [young])'}": ("E0204", "the filter over the ordinal axis 'age'"),
    "aliases: {a: 'sum_over(u[age:s], age=s in [old, mid])'}": ("E0204", "its first and last label, in their order"),
    "aliases: {a: 'integrate_over(u[x:s], x=s in [0.2, 0.9])'}": ("E0204", "two ends with points of the axis between"),
    "aliases: {a: 'integrate_over(u[x:s], x=s in [1, 1])'}": ("E0204", "two ends with points of the axis between them"),
    "aliases: {a: 'sum_over(S)'}": ("E0204", "'sum_over' must be written as sum_over(body, axis=name)"),
    "aliases: {a: 'sum_over(S, age=2)'}": ("E0204", "what 'age' is bound to must be a name"),
    "aliases: {a: 'sum_over(S, age=s in [young] or t in [old])'}": ("E0204", "what 'age' is bound to must be"),
    "aliases: {a: 'apply_along(S, age=b, x=s)'}": ("E0204", "'apply_along' over axes of both kinds"),
    "aliases: {a: 'apply_along(S, age=b, kernel=max)'}": ("E0204", "the kernel must be sum or integrate"),
    "aliases: {a: sum_prefix('Q')}": ("E0204", "the prefix must be the beginning of a state's name"),
    "aliases: {a: sum_prefix(I)}": ("E0204", "'sum_prefix' must be written as sum_prefix('I')"),
    "aliases: {a: sum_state(I)}": ("E0204", "'sum_state' must be written as sum_state()"),
    "state_axes: {S: [age]}": ("E0204", "must be the axes of the state: []"),
    "state_axes: {Q: [age]}": ("E0202", "there is no key 'Q' in 'state_axes'"),
    "meta: 3": ("E0204", "'meta' must be a mapping"),
    "kind: chains": ("E0204", "'kind' must be 'expr' or 'transitions'"),
    "kind: expr\ntransitions: [{to: S, rate: 1}]": ("E0204", "'kind' must be 'transitions'"),
    "transitions: [{coord_shift: {axis: age, step: 0, boundary: stay}, rate: k, apply_to: []}]": (
        "E0204",
        "must be a whole number other than 0",
    ),
    "transitions: [{coord_shift: {axis: age, step: 1}, rate: k, apply_to: [S]}]": ("E0205", "lacks the key 'boundary'"),
    "transitions: [{coord_shift: {axis: age, step: 1, boundary: stay}, rate: k}]": (
        "E0205",
        "lacks the key 'apply_to'",
    ),
    "transitions: [{coord_shift: {axis: age, step: 1, boundary: stay}, rate: k, apply_to: [Q]}]": (
        "E0204",
        "must be one of the states",
    ),
    "transitions: [{coord_shift: {axis: age, step: 1, boundary: stay}, rate: k, apply_to: [S]}]": (
        "E0204",
        "must be a state with the axis 'age'",
    ),
    "transitions: [{coord_shift: {age: young}, rate: k, apply_to: [S]}]": ("E0204", "must be an axis with two labels"),
    "transitions: [{coord_shift: {axis: age, step: 1, rate: k, boundary: stay}, rate: k, apply_to: []}]": (
        "E0204",
        "must be absent where 'coord_shift.rate' stands",
    ),
    "initial_state: {S: {shaped: x0}}": ("E0205", "lacks the key 'axes'"),
}


@pytest.mark.parametrize(("written", "expected"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_cannot_be_read_says_why(written: str, expected: tuple[str, str]) -> None:
    report = Report()
    read_yaml(Source("m.yaml", f"{HEAD}{written}\n"), report)
    found = [(d.code, d.message) for d in report.errors]
    assert len(found) == 1, found
    assert found[0][0] == expected[0]
    assert expected[1] in found[0][1]


def test_totals_of_states_with_axes() -> None:
    head = HEAD.replace("[S, I]", "['S[age, sex]', 'I[age]', J]")
    model = read(f'{head}aliases: {{N: sum_state(), J_: sum_prefix("I")}}')
    text = "N = sum(S[age_, sex_] for age_ in age, sex_ in sex) + sum(I[age_] for age_ in age) + J"
    assert model.aliases == from_text(f"let:\n  {text}\n  J_ = sum(I[age_] for age_ in age)").aliases


CHAINS = {
    "{name: I, length: 3, entry: {from: S, rate: b*sum_state()}, forward: [g, 2], exit: {to: R, rate: h}}": (
        "I_entry: S -> I1 @ b*(S + R + I1 + I2 + I3)\n  I_advance_1: I1 -> I2 @ g\n"
        "  I_advance_2: I2 -> I3 @ 2\n  I_exit: I3 -> R @ h"
    ),
    "{name: I, length: 2, entry: {from: S, rate: b*R, catalysts: [{state: R}]}, forward: g, to: R, catalysts: auto}": (
        "I_entry: S -> I1 @ b*R reactants S + R\n  I_advance_1: I1 -> I2 @ g auto reactants\n"
        "  I_exit: I2 -> R @ g auto reactants"
    ),
}


@pytest.mark.parametrize(("written", "text"), CHAINS.items(), ids=range(len(CHAINS)))
def test_chains_are_states_and_transitions(written: str, text: str) -> None:
    model = read(f"kind: transitions\nstate: [S, R]\nchain: [{written}]")
    assert model.dynamics == from_text(f"dynamics:\n  {text}").dynamics


def test_a_chain_of_equations_fills_what_has_none() -> None:
    model = read("state: [S, R]\nchain: [{name: I, length: 3, forward: g, to: R}]\nequations: {S: -S, I2: S - I2}")
    text = "S' = -S\n  I2' = S - I2\n  I_advance_1: I1 -> 0 @ g\n  I_advance_2: 0 -> I3 @ g*I2\n  I_exit: I3 -> R @ g"
    assert model.dynamics == from_text(f"dynamics:\n  {text}").dynamics


def test_a_state_that_no_transition_names_is_constant() -> None:
    model = read("kind: transitions\nstate: [S, I]\ntransitions: [{to: S, rate: k*I}]")
    assert model.dynamics == from_text("dynamics:\n  0 -> S @ k*I\n  I' = 0").dynamics


def test_names_of_cells() -> None:
    axes = 'axes: [{name: age, coords: ["0-4", b__x]}, {name: x, type: continuous, coords: [0.5, 1e-5]}]'.replace(
        "0.5, 1e-5", "1e-5, 0.5"
    )
    model = read(
        f"infer_parameters: false\n{axes}\nstate: ['S[age]', 'u[age, x]', 'D[age=0-4]', y]\n"
        "aliases: {'f[age]': 'S[age]', 'g[age=b__x]': f__age_b__x}\n"
        "equations: {'S[age]': S__age_0_4, S__age_b__x: 'D__age_0_4*D[age:b__x]',\n"
        " 'u[age, x]': 'u__age_b__x__x_1e_05', D__age_0_4: 1, y: 'g__age_b__x*S__age_5*S__age_'}\n"
    )
    report = Report()
    text = (
        'model M:\n axes:\n  age = ["0-4", b__x]\n  x = points [1e-5, 0.5]\n states: S[age], u[age, x], D__age_0_4, y\n'
        ' let:\n  f[age] = S[age]\n  g__age_b__x = f[age="b__x"]\n dynamics:\n  S[age]\' = S[age="0-4"]\n'
        '  S[age="b__x"]\' = D__age_0_4*D[age="b__x"]\n  u[age, x]\' = u[age="b__x", x=1e-5]\n  D__age_0_4\' = 1\n'
        "  y' = g__age_b__x*S__age_5*S__age_\n"
    )
    (expected,) = read_text(Source("m", text), report)
    report.check()
    assert (model.states, model.aliases, model.dynamics) == (expected.states, expected.aliases, expected.dynamics)


PINNED = {
    "{from: 'S[age=mid, sex]', to: 'S[age=old, sex]', rate: 'k[age, sex]'}": (
        'S[age="mid", sex] -> S[age="old", sex] @ k[age="mid", sex]'
    ),
    "{from: 'S[age=mid, sex=f]', to: 'I[age]', rate: 'k[age]'}": 'S[age="mid", sex="f"] -> I[age] @ k[age]',
    "{from: 'S[age=mid, sex]', to: null, rate: 'sum(k[age, b] + q[age] for b in age) + sum(q[age] for age in age)'}": (
        'S[age="mid", sex] -> 0 @ sum(k[age="mid", b] + q[age="mid"] for b in age) + sum(q[age] for age in age)'
    ),
    "{coord_shift: {age: young -> old}, rate: 'r[age]', apply_to: [I]}": (
        'I[age="young"] -> I[age="old"] @ r[age="young"]'
    ),
}


@pytest.mark.parametrize(("written", "text"), PINNED.items(), ids=range(len(PINNED)))
def test_a_rate_is_read_where_its_source_is(written: str, text: str) -> None:
    head = HEAD.replace("[S, I]", "['S[age, sex]', 'I[age]']")
    assert read(f"{head}transitions: [{written}]").dynamics == from_text(f"dynamics:\n  {text}").dynamics


def test_a_rate_that_several_stages_share_is_wrong_once() -> None:
    report = Report()
    text = "kind: transitions\nstate: [S]\nchain: [{name: I, length: 9, forward: 'exp(1, 2)', to: S}]\n"
    (model,) = read_yaml(Source("m.yaml", text), report)
    lower(model, report)
    assert [d.code for d in report.errors] == ["E0402"]
