"""Keys of op_system that cannot be right: each is refused where it stands, once, with what to write instead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import opjax

AGES = [{"name": "age", "coords": ["child", "adult", "senior"]}]
X = {"state": ["x[age]"], "axes": AGES, "equations": {"x[age]": "-x[age]"}}
FLOW = {"kind": "transitions", "state": ["S[age]"], "axes": AGES}
KERNEL = {"name": "K", "axes": ["age", "age"], "form": "cauchy", "params": {"scale": 1}}


def problems(spec: Any) -> list[opjax.Diagnostic]:
    with pytest.raises(opjax.OpjaxError) as caught:
        opjax.from_dict(spec)
    return list(caught.value.diagnostics)


def shifted(step: int, boundary: str) -> dict[str, Any]:
    shift = {"axis": "age", "step": step, "boundary": boundary}
    return {**FLOW, "transitions": [{"coord_shift": shift, "rate": "r", "apply_to": ["S"]}]}


@pytest.mark.parametrize(
    ("spec", "code", "words"),
    [
        ({**X, "axes": [{"name": "age", "coords": "ab"}]}, "E0204", "must be a list"),
        (
            {**X, "axes": [{"name": "age", "type": "continuous", "domain": [0, 1], "size": 3}]},
            "E0204",
            "'lb' and 'ub'",
        ),
        (
            {**X, "axes": [{"name": "age", "type": "continuous", "domain": {"lb": 0, "ub": 1}, "size": True}]},
            "E0204",
            "must be a number of points, not true",
        ),
        ({**X, "kernels": [KERNEL]}, "E0204", "one of erfc, gaussian"),
        ({**X, "operators": [{"kind": "diffusion", "axis": "age", "rate": 1, "bc": "sticky"}]}, "E0204", "absorbing"),
        ({**X, "parameters": {"k": 1}}, "E0204", "such as {default: 0.5}, not the number 1"),
        ({**X, "aliases": {"f[age=old]": "1"}}, "E0305", "has no label 'old'"),
        ({**X, "aliases": {"f[sex=old]": "1"}}, "E0304", "there is no axis 'sex'"),
        ({**X, "state": ["x[age]", "D[age=old]"]}, "E0305", "has no label 'old'"),
        (shifted(9, "stay"), "E0204", "at most 2 steps either way on the 3 points of 'age'"),
        (shifted(-3, "absorb"), "E0204", "at most 2 steps"),
    ],
)
def test_one_problem_has_one_message(spec: Any, code: str, words: str) -> None:
    (problem,) = problems(spec)
    assert problem.code == code
    assert words in problem.message


def test_labels_are_proposed() -> None:
    (problem,) = problems({**X, "aliases": {"f[age=seniors]": "1"}})
    assert problem.hint == "did you mean 'senior'?"


@pytest.mark.parametrize("label", ["child", '"child"'])
def test_cells_that_exist_may_be_declared(label: str) -> None:
    model = opjax.from_dict({**X, "aliases": {f"f[age={label}]": "2"}, "equations": {"x[age]": "f__age_child"}})
    assert opjax.compile_rhs(model).eval_fn(0.0, np.zeros(3)) == pytest.approx([2.0, 2.0, 2.0])


def test_a_ring_may_be_gone_round() -> None:
    opjax.from_dict(shifted(4, "periodic"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("state: [x]\nequations:\n\tx: -x\n", "indented by spaces"),
        ("%YAML 1.1\n---\nstate: [x]\nequations: {x: 0}\n", "leave the line"),
    ],
)
def test_what_yaml_does_not_take_says_why(text: str, words: str) -> None:
    with pytest.raises(opjax.OpjaxError, match=words):
        opjax.loads(text, format="yaml")


HEAD = "opjax: 1\ninfer_parameters: false\naxes: [{name: age, coords: [a, b]}]\n"


@pytest.mark.parametrize(
    ("rest", "code", "way_out"),
    [
        ("state: ['S[age]', I]\nequations: {'S[age]': 1}", "E0502", "write I: 0 in 'equations' if it is constant"),
        ("state: [I]\nequations: {I: q}", "E0301", "declare it in parameters, state, aliases or inputs"),
        ("state: ['S[age]']\nequations: {'S[age]': 'S[age+1]'}", "E0312", "say what lies there with 'edge': stay"),
        ("state: ['S[age]']\nequations: {'S[age]': 'grad(S, age)'}", "E0580", "give the axis numbers as 'coords'"),
        ("state: [I]\nequations: {I: 0}\nderived: {D: 'incidence(f)'}", "E0509", "give the transition a 'name'"),
        ("state: [I]\nequations: {I: 'max(I for s in time)'}", "E0407", "move it to 'derived', where"),
        ("state: [I]\nequations: {I: D}\nderived: {D: I}", "E0407", "move it to 'aliases'"),
        ("state: [I]\ntransitions: [{from: I, rate: 1}]", "E0205", "write 'to: null' for what leaves the model"),
        ("state: [I]\nequations: {I: true}", "E0401", "write 1, or a condition, such as t > 5"),
        ("state: [I]\nequations: {I: 2020-01-01}", "E0404", "count the time from the model's origin, in its unit"),
        ("state: [I]\ntransitions: [{from: I, to: null, rate: false}]", "E0401", "write 0, or a condition"),
        ("state: [I]\ntransitions: [{from: I, to: null, flow: 2020-01-01}]", "E0404", "count the time"),
    ],
)
def test_the_way_out_is_in_the_form_that_is_written(rest: str, code: str, way_out: str) -> None:
    with pytest.raises(opjax.OpjaxError) as caught:
        opjax.loads(HEAD + rest, format="yaml")
    (problem,) = caught.value.diagnostics
    assert problem.code == code
    assert problem.hint.startswith(way_out)


def test_a_state_that_stays_is_written_as_the_hint_says() -> None:
    model = opjax.loads(HEAD + "state: [x, I]\ntransitions: [{from: x, to: null, rate: 1}]\nequations: {I: 0}")
    assert opjax.compile_rhs(model).eval_fn(0.0, np.ones(2)).tolist() == [-1.0, 0.0]


@pytest.mark.parametrize(
    ("text", "form", "place"),
    [
        ('{"opjax": 1, "state": ["S"], "equations": {"S": "\\ud800"}}', "json", "<text>:1:49: "),
        ('opjax: 1\nstate: [S]\nequations:\n  S: "\\ud800"\n', "yaml", "<text>:4:6: "),
    ],
)
def test_half_a_character_is_one_problem_at_one_place(text: str, form: Any, place: str) -> None:
    with pytest.raises(opjax.OpjaxError) as caught:
        opjax.loads(text, format=form)
    (problem,) = caught.value.diagnostics
    assert problem.render().startswith(f"{place}error E0204: a text must be made of whole characters")
