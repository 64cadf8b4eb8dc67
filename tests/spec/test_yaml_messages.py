"""Every mistake in a mapping has its place, its sentence and a way out; all of a file are reported at once."""

from __future__ import annotations

import pytest

import opjax
from opjax.errors import Report
from opjax.source import Source
from opjax.spec.yaml_reader import read_json, read_yaml


def problems(text: str) -> list[str]:
    report = Report()
    read_yaml(Source("m", text), report)
    return [f"{d.place} {d.code} {d.message}" + (f" | {d.hint}" if d.hint else "") for d in report.errors]


GOLDEN = {
    "": ["m:1:1 E0005 there is no model here | begin with 'name: ...' and 'state: [...]'"],
    "# nothing\n": ["m:1:1 E0005 there is no model here | begin with 'name: ...' and 'state: [...]'"],
    "[S]": ["m:1:1 E0204 a model must be a mapping with the keys 'name', 'state', ..., not a list"],
    "name: A": ["m:1:1 E0205 a model lacks the key 'state'"],
    "state: S": ["m:1:8 E0204 'state' must be a list of states, such as [S, I], not the text 'S'"],
    "state: [S, 3x]": ["m:1:12 E0101 '3x' is not expected here | write '3*x' to multiply"],
    "state: [S, [I]]": ["m:1:12 E0204 'state[1]' must be a text, not a list"],
    "state: [S, S]": ["m:1:12 E0203 the key 'S' stands here a second time | remove one of the two"],
    "opjax: 2\nstate: []": ["m:1:8 E0204 'opjax' must be the version 1, not the number 2"],
    "state: []\nequation: {}": [
        "m:2:1 E0202 there is no key 'equation' in a model | did you mean 'equations' or 'observations'?"
    ],
    "state: [S]\nstate: [I]": ["m:2:1 E0203 the key 'state' stands here a second time | remove one of the two"],
    "state: [S]\nequations: [S]": ["m:2:13 E0204 'equations[0]' must be a name with its value, not the text 'S'"],
    "state: [S]\nequations: {S: }": [
        "m:2:15 E0204 'equations.S' must be an expression, or a mapping with 'value', not nothing"
    ],
    "state: [S]\nequations: {S: a*(S}": ["m:2:18 E0108 the bracket '(' is never closed | add ')'"],
    "state: [S]\nequations: {S: {val: 3}}": [
        "m:2:17 E0202 there is no key 'val' in 'equations.S' | did you mean 'value'?",
        "m:2:16 E0205 'equations.S' lacks the key 'value'",
    ],
    "state: [S]\nequations: {S: {value: 1, edge: stop}}": [
        "m:2:33 E0204 'equations.S.edge' must be stay, absorb or periodic, not the text 'stop'"
    ],
    "state: [S]\npriors: {b: Normal(0, 1)}": [
        "m:2:13 E0201 this is not valid YAML: the comma behind this ends the value, inside a bracket that is open"
        " | put the whole value in quotes",
        "m:2:23 E0101 '1' is not expected here | here can stand a name",
    ],
    "state: [S]\npriors: {b: 3}": [
        "m:2:13 E0204 'priors.b' must be a distribution, such as Normal(0, 1), or a mapping with 'dist', "
        "not the number 3"
    ],
    "state: [S]\npriors: {b: {dist: N(), in: [0, 1, 2]}}": [
        "m:2:29 E0204 'priors.b.in' must be two bounds, not a list of 3"
    ],
    "state: [S]\npriors: {b: N()}\nparameters: {b: {prior: N()}}": [
        "m:2:10 E0203 the key 'b' stands here a second time | remove one of the two"
    ],
    "state: [S]\nparameters: {'b[x]': {}}\nconstants: {'b[y]': 1}": [
        "m:3:14 E0204 'b' must be b[x], as above, not the text 'b[y]'"
    ],
    "state: [S]\nparameters: {b: {support: postive, unit: 1/day}}": [
        "m:2:27 E0204 'parameters.b.support' must be real, positive, unit_interval or a mapping with 'kind', 'lower' "
        "and 'upper', not the text 'postive' | did you mean 'positive'?",
        "m:2:36 E0202 there is no key 'unit' in 'parameters.b' | did you mean 'units'?",
    ],
    "state: [S]\nparameters: {b: {flags: [fixd]}}": [
        "m:2:26 E0204 'parameters.b.flags[0]' must be one of fixed, free, nonneg, log, counts, cell_mass, "
        "density, concentration, c..., not the text 'fixd' | did you mean 'fixed'?"
    ],
    "state: [S]\nparameters: {b: {fixed: yes}}": [
        "m:2:25 E0204 'parameters.b.fixed' must be true or false, not the text 'yes'"
    ],
    "state: [S]\nstate_metadata: {Q: {}}": ["m:2:18 E0202 there is no key 'Q' in 'state_metadata' | the keys are S"],
    "state: [S]\naxes: [{name: age, coords: [1, 2]}]": [
        "m:2:29 E0204 'axes[0].coords[0]' must be a text in quotes, not the number 1",
        "m:2:32 E0204 'axes[0].coords[1]' must be a text in quotes, not the number 2",
    ],
    "state: [S]\naxes: [{name: age}, {name: x, type: continuous, size: 3}]": [
        "m:2:8 E0205 'axes[0]' lacks the key 'coords'",
        "m:2:21 E0205 'axes[1]' lacks the key 'domain'",
    ],
    "state: [S]\naxes: [{name: x, type: continuous, coords: [a]}]": [
        "m:2:45 E0204 'axes[0].coords[0]' must be a number, not the text 'a'"
    ],
    "state: [S]\ntransitions: [{from: S, rate: 1}, {from: S, to: S}]": [
        "m:2:15 E0205 'transitions[0]' lacks the key 'to' | write 'to: null' for what leaves the model",
        "m:2:35 E0205 'transitions[1]' lacks the key 'rate'",
    ],
    "state: [S]\ntransitions: [{to: S, rate: 1, flow: 1}]": [
        "m:2:38 E0204 'transitions[0].flow' must be absent where 'rate' stands, not the number 1"
    ],
    "state: [S]\nevents: {e: {do: stop}, f: {at: 1, every: 2, do: S}, g: {at: 1, direction: rising, do: S ! 1}}": [
        "m:2:13 E0205 'events.e' lacks the key 'at'",
        "m:2:43 E0204 'events.f.every' must be absent where 'at' stands, not the number 2",
        "m:2:51 E0102 the statement ends too early | here can stand '=' or '['",
        "m:2:76 E0204 'events.g.direction' must be absent: it goes with 'when', not the text 'rising'",
        "m:2:90 E0103 the character '!' has no meaning here | write 'not', or '!=' for unequal",
    ],
    "state: [S]\nboundary: {S x lo: neumann(0)}": [
        "m:2:12 E0204 a face must be written as 'u at x.lo' or 'u at x.hi', not the text 'S x lo'"
    ],
    "state: [S]\nfunctions: {f(1): 2}": [
        "m:2:13 E0204 the parameters of a function must be names, not the text 'f(1)'"
    ],
    "state: [S]\nconstants: {b: .nan}": ["m:2:16 E0204 'constants.b' must be an expression, not the number .nan"],
    "state: [S]\nconstants: {b: 1}\nparameters: {b: {default: 1}}": [
        "m:2:13 E0203 the key 'b' stands here a second time | remove one of the two"
    ],
    "state: [S]\nparameters: {b: {support: {kind: bounded, upper: 1}}}": [
        "m:2:27 E0205 'parameters.b.support' lacks the key 'lower'"
    ],
    "state: [S]\naxes: [{name: 'a[b]', coords: [c]}]": [
        "m:2:16 E0204 'axes[0].name' must be a name without axes, not the text 'a[b]'"
    ],
    "state: true": ["m:1:8 E0204 'state' must be a list of states, such as [S, I], not true"],
    "state: [S]\nkind: other": ["m:2:7 E0204 'kind' must be 'expr' or 'transitions', not the text 'other'"],
    "a: b: c": [
        "m:1:5 E0201 this is not valid YAML: mapping values are not allowed here | a text that holds ': ' or ' #', or "
        "begins with one of []{}&*!|>%@`, stands in quotes; inside {...} and [...] also one that holds commas or "
        "brackets"
    ],
}


@pytest.mark.parametrize(("text", "expected"), GOLDEN.items(), ids=range(len(GOLDEN)))
def test_messages(text: str, expected: list[str]) -> None:
    found = problems(text)
    assert sorted(found) == sorted(expected)


def test_all_problems_are_reported_in_the_order_of_the_file() -> None:
    text = "state: [S, S]\naliases: {a: (, b: 1}\nstat: 3\nequations:\n  S: a*(S\n"
    report = Report()
    read_yaml(Source("m", text), report)
    assert [(d.span.line, d.code) for d in report.errors] == [
        (1, "E0203"),
        (2, "E0201"),
        (3, "E0202"),
        (5, "E0108"),
    ]


def test_json_has_the_same_messages() -> None:
    report = Report()
    read_json(Source("m", '{"state": ["S"],\n "equations": {"S": "a*(S"}}'), report)
    assert [f"{d.place} {d.code}" for d in report.errors] == ["m:2:24 E0108"]


@pytest.mark.parametrize(
    "broken",
    [
        {"axes": [{"name": "a", "coords": ["x\ny", "z"]}], "state": ["S[a]"], "equations": {"S[a]": "-S[a]"}},
        {"state": ["S"], "state_metadata": {"S": {"units": "mg\nL"}}, "equations": {"S": "-S"}},
        {"state": ["S"], "time": {"unit": "day", "origin": "2020\n2021"}, "equations": {"S": "-S"}},
    ],
    ids=["label", "unit", "origin"],
)
def test_labels_and_units_stand_on_one_line(broken: dict[str, object]) -> None:
    with pytest.raises(opjax.OpjaxError, match="must be a text on one line"):
        opjax.from_dict(broken)


def test_a_value_that_is_not_written_is_reported_behind_its_key() -> None:
    text = "name: M\nstate: [x]\nequations:\n  x:\n\ninitial:\n  x: 1\n"
    with pytest.raises(opjax.OpjaxError) as caught:
        opjax.loads(text, "yaml")
    assert "<text>:4:5: error E0204" in str(caught.value)
