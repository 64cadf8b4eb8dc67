"""Parameters that nothing declares."""

from __future__ import annotations

import pytest

import opjax
from opjax.errors import Report
from opjax.source import Source
from opjax.spec.inference import infer_parameters
from opjax.spec.yaml_reader import read_yaml
from opjax.syntax.declarations import ModelSyntax

AXES = "axes: [{name: age, coords: [young, old]}, {name: sex, coords: [f, m]}]\n"


def read(text: str) -> tuple[ModelSyntax, Report]:
    report = Report()
    (model,) = read_yaml(Source("m", AXES + text), report)
    report.check()
    return model, report


def inferred(text: str) -> list[tuple[str, tuple[str, ...]]]:
    model, _ = read(text)
    return [(row.name, row.axes) for row in model.parameters]


CASES = {
    "scalars in the order of use": ("state: [S]\nequations: {S: b*S - a}", [("b", ()), ("a", ())]),
    "behind the declared ones": (
        "state: [S]\nequations: {S: b*S - a}\nconstants: {z: 1}\nparameters: {y: }",
        [("y", ()), ("z", ()), ("b", ()), ("a", ())],
    ),
    "shaped": ("state: [S]\nequations: {S: 'k[age, sex] + k[age, sex]'}", [("k", ("age", "sex"))]),
    "shaped by a shift": ("state: [S]\naliases: {a: 'k[age+1]'}", [("k", ("age",))]),
    "shaped by a label": ("state: [S]\naliases: {a: 'k[age=old, sex:f]'}", [("k", ("age", "sex"))]),
    "shaped by bound names": (
        "state: [S]\naliases: {a: 'sum_over(C[age, age:b], age=b)', c: 'sum(D[q] for q in sex)'}",
        [("C", ("age", "age")), ("D", ("sex",))],
    ),
    "a bare label says no axis": ("state: [S]\naliases: {a: 'k[\"old\"]'}", [("k", ())]),
    "an axis that does not exist": ("state: [S]\naliases: {a: 'k[region]'}", [("k", ("region",))]),
    "the first use counts": ("state: [S]\naliases: {a: k, b: 'k[age]'}", [("k", ())]),
    "a declared name takes its axes from its use": (
        "state: [S]\naliases: {a: 'k[age]'}\nparameters: {k: {units: day}}",
        [("k", ("age",))],
    ),
    "a declared name keeps its axes": (
        "state: [S]\naliases: {a: 'k[age]'}\nparameters: {'k[sex]': }",
        [("k", ("sex",))],
    ),
    "not time, constants, functions, axes": ("state: [S]\nequations: {S: t + pi + inf + exp(time) + age}", []),
    "not states, aliases, inputs, derived": (
        "state: [S]\naliases: {a: S}\ninputs: {w: linear}\nderived: {d: a}\nrequire: [a + S + d > w(t)]",
        [],
    ),
    "not the parameters of functions": ("state: [S]\nfunctions: {'f(x, y)': x + y + q}", [("q", ())]),
    "not bound names": ("state: [S]\naliases: {a: 'sum(b for b in age if b == \"old\")'}", []),
    "not names of transitions and noises": (
        "state: [S]\ntransitions: [{name: out, from: S, to: null, rate: 1}]\nequations: {S: noise(w)}\n"
        "observations: {y: Poisson(incidence(out))}",
        [],
    ),
    "not the columns of doses": (
        "state: [S]\nevents: {e: {doses: table, do: S += F*amt}, f: {at: t0, do: S += amt}}",
        [("F", ()), ("t0", ()), ("amt", ())],
    ),
    "everywhere": (
        "state: [S]\npriors: {p: Normal(a)}\nconstants: {c: b}\ninitial: {S: d}\naliases: {x: e}\n"
        "equations: {S: f}\nevents: {e1: {every: g, from: h, to: i, do: S = j}, e2: {when: k > l, do: stop}}\n"
        "boundary: {S at x.lo: robin(m)}\nobservations: {y: {dist: Normal(n), every: o}}\n"
        "derived: {q: r}\nrequire: [s]",
        [(name, ()) for name in "cpbadefghijklmnors"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=list(CASES))
def test_what_becomes_a_parameter(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert inferred(text) == expected


def test_it_can_be_turned_off() -> None:
    assert inferred("state: [S]\nequations: {S: b*S}\ninfer_parameters: false") == []


def test_the_place_is_that_of_the_first_use() -> None:
    model, _ = read("state: [S]\nequations:\n  S: beta*S\n")
    assert (model.parameters[0].span.line, model.parameters[0].span.column) == (4, 6)


def test_near_misses_are_warned_of() -> None:
    _, report = read("state: [S]\nconstants: {gamma: 1}\nequations: {S: gamma + gama + alpha + x1 + x2}")
    (warning,) = report.warnings
    assert warning.code == "W0402"
    assert warning.message == "'gama' is taken as a parameter; it is close to 'gamma'"
    assert warning.span.text == "gama"


def test_a_complete_model_is_returned_as_it_is() -> None:
    model, _ = read("state: [S]\nequations: {S: b}")
    assert infer_parameters(model, Report()) is model


def test_many_names_take_linear_time() -> None:
    count = 20_000
    text = "state: [S]\nequations:\n  S: " + " + ".join(f"name_{i}" for i in range(count)) + "\n"
    assert len(inferred(text)) == count


@pytest.mark.parametrize("section", ["priors: {betta: 'HalfNormal(1)'}", "constants: {betta: 0.4}"])
def test_a_value_for_a_misspelt_parameter_is_named(section: str) -> None:
    text = "name: M\nstate: [x]\nparameters: {beta: {default: 0.3}}\nequations: {x: -beta*x}\n" + section
    with pytest.warns(opjax.OpjaxWarning, match=r"W0402: 'betta' .* close to 'beta'"):
        opjax.loads(text, "yaml")


@pytest.mark.parametrize(
    "sections",
    [
        "parameters: {beta: {default: 0.3}, betta: {}}\npriors: {betta: 'HalfNormal(1)'}",
        "constants: {beta: 1, beta2: 2}",
        "constants: {beta: 1, gamma: 2}",
        "constants: {beta: 1}\npriors: {beta: 'HalfNormal(1)'}",
    ],
)
def test_values_of_parameters_that_are_meant_are_not(sections: str) -> None:
    opjax.loads(f"name: M\nstate: [x]\nequations: {{x: -beta*x}}\n{sections}", "yaml")
