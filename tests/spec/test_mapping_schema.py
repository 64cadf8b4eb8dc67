"""The JSON Schema that editors use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from opjax.errors import Report
from opjax.source import Source
from opjax.spec.mapping_writer import write_mapping
from opjax.spec.schema import schema
from opjax.spec.sections import SECTIONS
from opjax.spec.yaml_reader import read_yaml
from opjax.syntax.declarations import ModelSyntax
from strategies.mapping_models import models

LANGUAGE = sorted((Path(__file__).parents[1] / "models" / "language").glob("*.yaml"))
VALIDATOR = Draft202012Validator(schema())


def load(text: str) -> list[Any]:
    """The documents of a text; dates stay texts, as in YAML 1.2."""
    loader = YAML(typ="safe", pure=True)
    loader.resolver._version_implicit_resolver = {}
    documents = list(loader.load_all(text))
    return json.loads(json.dumps(documents, default=str))


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()


def test_every_key_is_described() -> None:
    assert list(schema()["properties"]) == [section.key for section in SECTIONS]
    assert all(value["description"] for value in schema()["properties"].values())


@pytest.mark.parametrize("path", LANGUAGE, ids=lambda path: path.stem)
def test_the_models_of_the_language_are_valid(path: Path) -> None:
    for document in load(path.read_text()):
        VALIDATOR.validate(document)


@settings(max_examples=25)
@given(models)
def test_whatever_is_written_is_valid(model: ModelSyntax) -> None:
    VALIDATOR.validate(write_mapping(model))


WRONG = [
    "stat: [S]",
    "kinds: expr",
    "name: [a]",
    "state: S",
    "state: [[S]]",
    "opjax: one",
    "time: {units: day}",
    "axes: {age: [a]}",
    "axes: [{coords: [a]}]",
    "axes: [{name: age, typ: ordinal}]",
    "axes: [{name: age, type: ordered}]",
    "axes: [{name: x, domain: {lb: 0}}]",
    "state_metadata: {S: {unit: person}}",
    "state_metadata: {S: {representation: count}}",
    "parameters: {b: 3}",
    "parameters: {b: {support: negative}}",
    "parameters: {b: {support: {lower: 0}}}",
    "parameters: {b: {fixed: 'no'}}",
    "priors: {b: 1}",
    "priors: {b: {in: [0, 1]}}",
    "priors: {b: {dist: N(), extra: 1}}",
    "inputs: {w: step}",
    "aliases: [a, b]",
    "aliases: {a: {expr: 1}}",
    "equations: {S: [1]}",
    "equations: {S: {value: 1, edge: reflect}}",
    "transitions: {a: b}",
    "transitions: [{from: S, to: I, rates: 1}]",
    "transitions: [{from: 1, to: I, rate: 1}]",
    "transitions: [{coord_shift: {axis: age, step: 1.5, boundary: [stay]}}]",
    "dynamics: S' = 1",
    "initial: 3",
    "events: {e: {at: 1}}",
    "events: {e: {do: stop, on: 1}}",
    "observations: {y: 1}",
    "derived: 1",
    "require: a > b",
    "chain: 3",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_the_schema_refuses_is_refused_by_the_reader_too(text: str) -> None:
    text = text if text.startswith("state:") else f"state: [S, I]\n{text}"
    (document,) = load(text)
    assert list(VALIDATOR.iter_errors(document))
    report = Report()
    read_yaml(Source("m", text), report)
    assert report.errors
