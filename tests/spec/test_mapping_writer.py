"""Models written as YAML, JSON and mappings, and read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from ruamel.yaml import YAML

import opjax
from opjax.errors import Report
from opjax.source import Source
from opjax.spec.mapping_writer import write_json, write_mapping, write_yaml
from opjax.spec.text_printer import content_hash, print_model
from opjax.spec.text_reader import read_text
from opjax.spec.yaml_reader import read_json, read_mapping, read_yaml
from opjax.syntax.declarations import ModelSyntax
from strategies.mapping_models import models

LANGUAGE = sorted((Path(__file__).parents[1] / "models" / "language").glob("*.ojx"))


def from_yaml(text: str) -> ModelSyntax:
    report = Report()
    (model,) = read_yaml(Source("m.yaml", text), report)
    report.check()
    return model


def from_json(text: str) -> ModelSyntax:
    report = Report()
    (model,) = read_json(Source("m.json", text), report)
    report.check()
    return model


def from_mapping(mapping: dict[str, Any]) -> ModelSyntax:
    report = Report()
    model = read_mapping(mapping, report)
    report.check()
    assert model is not None
    return model


def from_text(text: str) -> ModelSyntax:
    report = Report()
    (model,) = read_text(Source("m.ojx", text), report)
    report.check()
    return model


@settings(max_examples=40)
@given(models)
def test_what_is_written_is_read_back(model: ModelSyntax) -> None:
    text, mapping = write_yaml(model), write_mapping(model)
    same = {
        "YAML": from_yaml(text) == model,
        "JSON": from_json(write_json(model)) == model,
        "mapping": from_mapping(mapping) == model,
        "another JSON reader": json.loads(write_json(model)) == mapping,
        "another YAML reader": YAML(typ="safe", pure=True).load(text) == mapping,
    }
    assert all(same.values()), (same, text)


@settings(max_examples=20)
@given(models)
def test_writing_twice_changes_nothing(model: ModelSyntax) -> None:
    text = write_yaml(model)
    assert write_yaml(from_yaml(text)) == text


def test_a_truth_value_as_the_size_of_a_grid_is_written_as_it_was_read() -> None:
    model = from_text("model M:\n axes:\n  x = grid(0, 1, false)\n states:\n  A\n dynamics:\n  A' = 0\n")
    assert from_yaml(write_yaml(model)) == model


@pytest.mark.parametrize("rate", ["0", "k * A"])
def test_a_state_without_dynamics_does_not_become_constant_by_being_written(rate: str) -> None:
    """`kind: transitions` gives a state that no transition names the equation 0; the text says nothing about it."""
    model = from_text(f"model M:\n params:\n  k = 1\n states:\n  A\n  B\n  C\n dynamics:\n  A -> B @ {rate}\n")
    assert "kind" not in write_mapping(model)
    assert from_yaml(write_yaml(model)) == model
    with pytest.raises(opjax.OpjaxError, match="C"):
        opjax.loads(write_yaml(model))


@pytest.mark.parametrize("write", [print_model, write_yaml, write_json])
def test_a_text_is_compiled_in_any_spelling(write: Callable[[ModelSyntax], str]) -> None:
    model = from_text("model M:\n params:\n  k = 2\n states:\n  x = 1\n dynamics:\n  x' = -k*x\n")
    assert opjax.compile_rhs(write(model)).content_hash == content_hash(model)


def test_a_comma_in_braces_that_cuts_a_call_is_told_from_a_bracket_in_a_label() -> None:
    """What stands behind the comma is another key of the mapping here, and the call is whole."""
    text = """\
state: ["A[age]"]
axes: [{name: age, type: categorical, coords: ["(", b]}]
derived: {D: {value: sum(2 over age if age != "("), description: x}}
equations: {"A[age]": 'A["("]'}
"""
    assert from_yaml(text).derived[0].doc == "x"
    report = Report()
    read_yaml(Source("m.yaml", text.replace('age != "(")', "age == min(0, 1))")), report)
    assert "put the whole value in quotes" in report.errors[0].hint


@pytest.mark.parametrize("section", ["params", "states", "inputs"])
def test_what_is_declared_twice_is_not_lost_silently(section: str) -> None:
    rows = {"params": "a = 1\n  a : day", "states": "a = 1\n  a", "inputs": "a(t) = linear\n  a(t) = cubic"}
    text = write_yaml(from_text(f"model M:\n {section}:\n  {rows[section]}\n"))
    report = Report()
    read_yaml(Source("m", text), report)
    assert [d.code for d in report.errors] == ["E0203"]


@pytest.mark.parametrize("path", LANGUAGE, ids=lambda path: path.stem)
def test_the_models_of_the_language(path: Path) -> None:
    report = Report()
    for model in read_text(Source(path.name, path.read_text()), report):
        for again in (from_yaml(write_yaml(model)), from_json(write_json(model)), from_mapping(write_mapping(model))):
            assert again == model
            assert content_hash(again) == content_hash(model)


GOLDEN = """\
# about the model
opjax: 1
name: SIR
description: "Closed: S + I + R"
time: {unit: day, origin: "2020-03-01"}
kind: transitions
axes:
  - {name: age, type: ordinal, coords: ["0-4", "5+"]}
  - {name: x, type: continuous, domain: {lb: 0, ub: 2*pi}, size: 64, spacing: log, units: mm}
state: ["S[age]", I]
state_metadata:
  S: {units: person, representation: counts}
# values and priors
parameters:
  # how quickly
  beta: {support: positive, units: 1/day, description: transmission}
constants:
  beta: 0.3
  N0: 1.0e+6
priors:
  beta: Normal(loc=0.4, scale=0.1)
  rho: {dist: "Beta(1, 2)", in: "[0, 0.5)"}  # reported
inputs:
  school: previous
functions:
  hill(x, k): x/(k + x)
aliases:
  foi[age]: {value: beta*I*school(t), units: 1/day}
transitions:
  - {name: infection, from: "S[age]", to: I, rate: "foi[age]"}
  - {from: I, to: null, flow: 2}  # out
  - {from: [I, 2 I], to: 'S[age="5+"]', rate: 0.0001, edge: stay}
initial:
  S[age]: N0
  S[age="5+"]: 0
events:
  shot: {every: 7, from: 0, to: 28, do: [I *= 0.5, 'S[age="5+"] += 1']}
boundary:
  u at x.lo: neumann(0)
observations:
  cases: {dist: Poisson(rho*I), every: 7}
derived:
  R0: beta/0.1
require: [beta > 0.1]
"""


def test_the_layout() -> None:
    assert write_yaml(from_yaml(GOLDEN)) == GOLDEN


def test_long_lists_are_wrapped() -> None:
    values = ", ".join(str(1000 + number) for number in range(60))
    model = from_text(f"model M:\n states: S\n params:\n  k[age] = [{values}]\n")
    text = write_yaml(model)
    assert max(map(len, text.splitlines())) <= 110
    assert from_yaml(text) == model


FORMS = {
    "supports": "params:\n  a in [0, 1]\n  b in (0, inf)\n  c in [0, 1)\n  d in [0, 2] = 1\n  e in (-1, 1) ~ N()",
    "numbers": "params:\n  a = -3\n  b = 1e300\n  c = 0.1\n  d = 12345678901234567890\n  e = 2{mg}\n  f = -inf",
    "flags": "params:\n  a fixed\n  b = data\n  c = data fixed\n  d free log\n states:\n  S nonneg\n  T counts log",
    "initial values of both kinds": 'states:\n  S = 1\n  T\n init:\n  T = 2 "why"',
    "initial values that stand twice": "states: S\n init:\n  S[age=a] = 1\n  S[age=a] = 2",
    "edges and docs": 'dynamics:\n  a: S[x] -> S[x+1] @ 1 edge absorb "d"\n  T\' = u[x-1] edge periodic "e"',
    "a state that nothing names": "states:\n  S\n  T\n dynamics:\n  S -> 0 @ 1",
    "truth": "let:\n  a = true\n  b = false",
    "units": 'params:\n  a : "copies per mL"\n  b : "mg / L"\n  c : mg/L',
}


@pytest.mark.parametrize("written", FORMS.values(), ids=list(FORMS))
def test_forms(written: str) -> None:
    model = from_text(f"model M:\n {written}\n")
    again = [from_yaml(write_yaml(model)), from_json(write_json(model)), from_mapping(write_mapping(model))]
    assert [one == model for one in again] == [True] * 3


def test_supports_are_written_in_words() -> None:
    parameters = write_mapping(from_text(f"model M:\n {FORMS['supports']}\n"))["parameters"]
    assert isinstance(parameters, dict)
    assert [row.get("support") for row in parameters.values()][:3] == ["unit_interval", "positive", None]


def test_comments_are_written_and_read() -> None:
    text = """\
# the model
model M:
  # all states
  states:
    S  # one
    T = 2  # two
  axes:
    # where
    x = points [0, 1]
  require:
    # first
    S > 0
    T > 0  # second
"""
    model = from_text(text)
    again = from_yaml(write_yaml(model))
    for field in ("states", "axes", "requirements"):
        before, after = getattr(model, field), getattr(again, field)
        assert [row.comments for row in before] == [row.comments for row in after], field
    assert "# all states\nstate:\n  - S  # one\n  - T  # two\n" in write_yaml(model)
    assert again.section_comments[0].comments == model.section_comments[0].comments
    assert write_yaml(again) == write_yaml(model)


ORDERS = {
    "only constants": ("a = 1\n  b = 2", ["constants"]),
    "constants, then priors": ("a = 1\n  b ~ N()", ["constants", "priors"]),
    "priors, then constants": ("a ~ N()\n  b = 1", ["parameters", "constants", "priors"]),
    "both": ("a = 1 ~ N()", ["constants", "priors"]),
    "described first": ("a : day = 1\n  b = 2", ["parameters", "constants"]),
    "described last": ("a = 2\n  b : day = 1", ["parameters", "constants"]),
    "bare": ("a\n  b", ["parameters"]),
}


@pytest.mark.parametrize(("written", "keys"), ORDERS.values(), ids=list(ORDERS))
def test_parameters_keep_their_order(written: str, keys: list[str]) -> None:
    model = from_text(f"model M:\n states: S\n params:\n  {written}\n")
    mapping = write_mapping(model)
    assert [key for key in mapping if key in ("parameters", "constants", "priors")] == keys
    assert from_mapping(mapping).parameters == model.parameters


def test_dynamics_of_both_kinds() -> None:
    split = from_text("model M:\n states: S\n dynamics:\n  S -> 0 @ 1\n  S' = 2\n")
    assert write_mapping(split)["kind"] == "transitions"
    assert "dynamics" not in write_mapping(split)
    mixed = from_text("model M:\n states: S\n dynamics:\n  S' = 2\n  f: S -> 0 @ 1\n")
    assert write_mapping(mixed)["dynamics"] == ["S' = 2", "f: S -> 0 @ 1"]
    assert from_mapping(write_mapping(mixed)) == mixed


def test_a_model_with_undeclared_names_stays_one() -> None:
    model = from_text("model M:\n states: S\n dynamics:\n  S' = -b*S\n")
    assert write_mapping(model)["infer_parameters"] is False
    assert from_mapping(write_mapping(model)) == model
    declared = from_text("model M:\n states: S\n params: b\n dynamics:\n  S' = -b*S\n")
    assert "infer_parameters" not in write_mapping(declared)


def test_an_axis_that_is_called_time_stays_one() -> None:
    model = from_text("model M:\n states: S\n axes:\n  time = points [0, 1]\n")
    assert write_mapping(model)["time_axis"] is False
    assert from_mapping(write_mapping(model)) == model


def test_deep_arrays_and_long_sums() -> None:
    sums = from_text("model M:\n states: S\n dynamics:\n  S' = " + " + ".join(["S"] * 20_000) + "\n")
    assert from_yaml(write_yaml(sums)) == sums
    nested = "[" * 90 + "1" + "]" * 90
    arrays = from_text(f"model M:\n states: S\n params:\n  k = {nested}\n")
    assert from_json(write_json(arrays)) == arrays
