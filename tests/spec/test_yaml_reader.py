"""Models in YAML: the same as in text, in every form that a key has, with places and comments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opjax.errors import OpjaxError, Report
from opjax.source import DEFAULT_LIMITS, Limits, Source
from opjax.spec.text_printer import content_hash
from opjax.spec.text_reader import read_text
from opjax.spec.yaml_reader import read_json, read_mapping, read_yaml
from opjax.syntax.declarations import BLANK_LINE, Comments, ModelSyntax
from opjax.syntax.nodes import Negate, Number, Truth

LANGUAGE = Path(__file__).parents[1] / "models" / "language"
TWINS = sorted(LANGUAGE.glob("*.yaml"))


def read(text: str, limits: Limits = DEFAULT_LIMITS) -> ModelSyntax:
    report = Report()
    models = read_yaml(Source("m.yaml", text), report, limits)
    report.check()
    (model,) = models
    return model


def from_text(text: str) -> ModelSyntax:
    report = Report()
    (model,) = read_text(Source("m.ojx", text), report)
    report.check()
    return model


def section(key: str, value: str, states: str = "[S, I]") -> ModelSyntax:
    return read(f"state: {states}\ninfer_parameters: false\n{key}: {value}\n")


# --- the same model in two spellings


@pytest.mark.parametrize("path", TWINS, ids=lambda path: path.stem)
def test_it_is_the_model_of_its_text(path: Path) -> None:
    report = Report()
    models = read_yaml(Source(path.name, path.read_text()), report)
    texts = read_text(Source(path.stem, path.with_suffix(".ojx").read_text()), report)
    report.check()
    assert models == texts
    assert [content_hash(model) for model in models] == [content_hash(model) for model in texts]


def test_every_model_of_the_language_has_a_twin() -> None:
    assert [path.stem for path in TWINS] == sorted(path.stem for path in LANGUAGE.glob("*.ojx"))


PAIRS = {
    "transition": ("transitions: [{from: S, to: I, rate: b*I}]", "dynamics:\n S -> I @ b*I"),
    "flow": ("transitions: [{name: f, from: S, to: I, flow: b*I}]", "dynamics:\n f: S => I @ b*I"),
    "source": ("transitions: [{to: I, rate: 2}]", "dynamics:\n 0 -> I @ 2"),
    "null source": ("transitions: [{from: null, to: I, rate: 2}]", "dynamics:\n 0 -> I @ 2"),
    "sink": ("transitions: [{from: S, to: null, rate: 2}]", "dynamics:\n S -> 0 @ 2"),
    "reaction": ("transitions: [{from: [S, 2 I], to: [3 S], rate: k}]", "dynamics:\n S + 2 I -> 3 S @ k"),
    "edge": (
        "transitions: [{from: 'S[age]', to: 'S[age+1]', rate: 1, edge: periodic}]",
        "dynamics:\n S[age] -> S[age+1] @ 1 edge periodic",
    ),
    "bare label": ("transitions: [{to: 'I[age=18-64]', rate: k}]", 'dynamics:\n 0 -> I[age="18-64"] @ k'),
    "name with axes": ("transitions: [{name: 'f[age]', to: I, rate: k}]", "dynamics:\n f: 0 -> I @ k"),
    "described": ("transitions: [{to: I, rate: k, description: d}]", 'dynamics:\n 0 -> I @ k "d"'),
    "equation": ("equations: {S: -b*S}", "dynamics:\n S' = -b*S"),
    "number": ("equations: {S: -3}", "dynamics:\n S' = -3"),
    "equation with more": (
        "equations: {'u[x]': {value: 'u[x+1]', edge: stay, description: d}}",
        'dynamics:\n d(u[x])/dt = u[x+1] edge stay "d"',
    ),
    "statements": (
        "dynamics: [\"S' = 1\", {statement: 'f: S -> I @ k', description: d}]",
        'dynamics:\n S\' = 1\n f: S -> I @ k "d"',
    ),
    "aliases": (
        "aliases: {N: S + I, 'f[age]': {value: 2, units: 1/day, edge: stay, description: d}}",
        'let:\n N = S + I\n f[age] : 1/day = 2 edge stay "d"',
    ),
    "functions": (
        "functions: {'hill(x, k)': x/(k + x), f(x): {value: x, description: d}}",
        'let:\n hill(x, k) = x/(k + x)\n f(x) = x "d"',
    ),
    "function among aliases": ("aliases: {N: S, f(x): x}", "let:\n N = S\n f(x) = x"),
    "derived": ("derived: {R0: b/g}", "derive:\n R0 = b/g"),
    "inputs": (
        "inputs: {school: previous, 'c[age]': {interpolation: cubic, units: degC, description: d}, w(t): linear}",
        'inputs:\n school(t) = previous\n c[age](t) : degC = cubic "d"\n w(t) = linear',
    ),
    "labels": ("axes: [{name: sex, coords: [f, m], description: d}]", 'axes:\n sex = [f, m] "d"'),
    "ordered": ("axes: [{name: age, type: ordinal, coords: ['0-4', 5+]}]", 'axes:\n age = ordered ["0-4", "5+"]'),
    "points": (
        "axes: [{name: x, type: continuous, coords: [0, .5, 2], units: mm}]",
        "axes:\n x : mm = points [0, 0.5, 2]",
    ),
    "grid": ("axes: [{name: x, domain: {lb: 0, ub: 2*pi}, size: 9}]", "axes:\n x = grid(0, 2*pi, 9)"),
    "log grid": (
        "axes: [{name: x, type: continuous, domain: {lb: 1, ub: 8}, size: 4, spacing: geom}]",
        "axes:\n x = grid(1, 8, 4, log)",
    ),
    "data axis": ("axes: [{name: id, data: true}]", "axes:\n id = data"),
    "parameter": (
        "parameters: {'b[age]': {units: 1/day, default: [1, 2], prior: 'Normal(0, 1)', in: [0, 2], flags: [free]}}",
        "params:\n b[age] : 1/day = [1, 2] ~ Normal(0, 1) in [0, 2] free",
    ),
    "data parameter": (
        "parameters: {'C[age, age]': {data: true, fixed: true, description: d}}",
        'params:\n C[age, age] = data fixed "d"',
    ),
    "positive": ("parameters: {b: {support: positive}}", "params:\n b in (0, inf)"),
    "unit interval": ("parameters: {b: {support: unit_interval}}", "params:\n b in [0, 1]"),
    "real": ("parameters: {b: {support: real}}", "params:\n b"),
    "bounded": ("parameters: {b: {support: {kind: bounded, lower: -1, upper: 2}}}", "params:\n b in [-1, 2]"),
    "bounds as text": ("parameters: {b: {in: '(0, 1]'}}", "params:\n b in (0, 1]"),
    "bare parameters": ("parameters: {b: , c: {}}", "params:\n b\n c"),
    "constant and prior": (
        "parameters: {b: {units: 1/day}}\nconstants: {b: 2, 'C[x, x]': [[1, 2], [3, 4]]}\n"
        "priors: {b: {dist: 'Normal(0, 1)', in: '(0, 1)'}, d: {dist: N(), description: text}}",
        'params:\n b : 1/day = 2 ~ Normal(0, 1) in (0, 1)\n C[x, x] = [[1, 2], [3, 4]]\n d ~ N() "text"',
    ),
    "infinite": ("constants: {b: .inf, c: -.inf}", "params:\n b = inf\n c = -inf"),
    "initial of a part": ("initial: {'S[age=old]': 1}", 'init:\n S[age="old"] = 1'),
    "initial statements": ("initial: [{S: 1}, {I: {value: 2, description: d}}]", 'init:\n S = 1\n I = 2 "d"'),
    "events": (
        "events: {a: {at: 60, do: S *= 0.4}, b: {every: 7, from: 1, to: 9, do: ['S += 1', 'I[age=old] = 2', stop]},"
        " c: {when: S < 1, direction: falling, do: stop, description: d}, e: {doses: table, do: S += amt}}",
        "events:\n a: at 60: S *= 0.4\n b: every 7 from 1 to 9: S += 1; I[age=old] = 2; stop\n"
        ' c: when S < 1 falling: stop "d"\n e: doses from table: S += amt',
    ),
    "boundary": (
        "boundary: {u at x.lo: neumann(0), u at x.hi: {condition: periodic, description: d}}",
        'boundary:\n u at x.lo: neumann(0)\n u at x.hi: periodic "d"',
    ),
    "observations": (
        "observations: {y: 'Normal(S, 1)', 'c[age]': {dist: Poisson(S), every: 7, description: d}}",
        'observe:\n y ~ Normal(S, 1)\n c[age] ~ Poisson(S) every 7 "d"',
    ),
    "requirements": ("require: [b > g, {condition: b < 1, description: d}]", 'require:\n b > g\n b < 1 "d"'),
    "independent axes": (
        "factorize_axes: [loc, {axis: age, description: d}]",
        'independent:\n loc\n age "d"',
    ),
    "time": ("time: {unit: day, origin: 2020-03-01, description: d}", 'time: day origin 2020-03-01 "d"'),
    "start": ("time: {unit: day, start: -0.5}", "time: day from -0.5"),
    "unit of time": ("time: day", "time: day"),
}


@pytest.mark.parametrize(("written", "text"), PAIRS.values(), ids=list(PAIRS))
def test_every_form_says_the_same_as_text(written: str, text: str) -> None:
    model = read(f"name: M\ninfer_parameters: false\nstate: [S, I]\n{written}\n")
    assert model == from_text("model M:\n states: S, I\n " + text.replace("\n", "\n "))


def test_states_with_everything() -> None:
    model = read(
        "name: M\nstate: ['S[age]', I]\n"
        "state_metadata: {S: {units: person, representation: counts, description: d}, I: {scale: log, initial: 2}}\n"
        "initial: {'S[age]': 3}\n"
    )
    text = 'model M:\n states:\n  S[age] : person = 3 counts "d"\n  I = 2 log'
    assert model == from_text(text)


def test_flags_of_states() -> None:
    model = read("name: M\nstate: [S, I]\nstate_metadata: {S: {flags: [nonneg, counts]}, I: {representation: density}}")
    assert model == from_text("model M:\n states:\n  S nonneg counts\n  I density")


def test_the_order_of_keys_does_not_matter() -> None:
    text = "state: [S]\naxes: [{name: age, coords: [a]}]\nconstants: {b: 1}\nparameters: {c: }\nname: M\n"
    turned = "\n".join(reversed(text.splitlines()))
    assert read(text) == read(turned)
    assert [row.name for row in read(turned).parameters] == ["c", "b"]


def test_json_and_mappings_have_the_same_form() -> None:
    text = '{"name": "M", "state": ["S"], "equations": {"S": "-b*S"}, "constants": {"b": 1e-3}}'
    report = Report()
    (from_json,) = read_json(Source("m.json", text), report)
    value: dict[str, Any] = {"name": "M", "state": ("S",), "equations": {"S": "-b*S"}, "constants": {"b": 1e-3}}
    from_mapping = read_mapping(value, report)
    report.check()
    assert from_json == from_mapping == read(text)


def test_literals() -> None:
    model = section("constants", "{a: 1.50, b: -2, c: true, d: 0x10, e: 'false'}")
    values = [row.default for row in model.parameters]
    assert values == [Number(1.5), Negate(Number(2.0)), Truth(True), Number(16.0), Truth(False)]
    numbers = [value for value in values if isinstance(value, Number)]
    assert [(number.text, number.integer) for number in numbers] == [("1.50", False), ("0x10", True)]


def test_a_key_without_a_value_counts_as_absent() -> None:
    assert read("state: [S]\naliases:\nparameters:\nkind:\n") == read("state: [S]")


def test_units_that_are_no_products_stand_as_they_are() -> None:
    units = ["copies per mL", "mg / L", "'\"mg / L\"'", "1"]
    rows = [f"p{number}: {{units: {unit}}}" for number, unit in enumerate(units)]
    model = section("parameters", f"{{{', '.join(rows)}}}")
    assert [row.unit for row in model.parameters] == ["copies per mL", "mg/L", "mg / L", "1"]


# --- places


def test_places_inside_expressions_are_those_of_the_file() -> None:
    text = "state: [S]\nequations:\n  S: 'a + undeclared*S'\n"
    model = read(text)
    (parameter,) = [row for row in model.parameters if row.name == "undeclared"]
    assert (parameter.span.line, parameter.span.column) == (3, 11)


def test_places_inside_folded_expressions_are_named_after_the_file() -> None:
    with pytest.raises(OpjaxError) as caught:
        read("state: [S]\nequations:\n  S: >-\n    a*S +\n    b*(S\n")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.place, diagnostic.code) == ("m.yaml:3:6:1:9", "E0108")


def test_places_in_mappings_are_paths() -> None:
    report = Report()
    read_mapping({"state": ["S"], "equations": {"S": "a*(S"}}, report)
    assert [d.place for d in report.errors] == ["<mapping>: equations.S:1:3"]


def test_an_expression_in_a_block_may_have_comments() -> None:
    model = read("state: [S]\nequations:\n  S: |\n    a*S  # growth\n    - b\n")
    assert model.dynamics == read("state: [S]\nequations: {S: a*S - b}").dynamics


# --- comments

COMMENTED = """\
# the model

# more of it
name: M   # its name
state: [S]
# all of them
aliases:  # names
  # the first
  # of two
  N: S    # inside
  # skipped

  M: {value: 1}  # a record
transitions:
  # a flow
  - {from: S, to: null, rate: N}  # out
  - from: S
    to: null
    rate: N  # again
"""


def test_comments_go_with_what_they_stand_at() -> None:
    model = read(COMMENTED)
    assert [row.comments for row in model.aliases] == [
        Comments(("the first", "of two"), "inside"),
        Comments(("skipped", BLANK_LINE), "a record"),
    ]
    assert [row.comments for row in model.dynamics] == [Comments(("a flow",), "out"), Comments((), "again")]
    (around,) = model.section_comments
    assert (around.field, around.comments) == ("aliases", Comments(("all of them",), "names"))
    assert model.comments == Comments(("the model", BLANK_LINE, "more of it"), "its name")


# --- limits


def test_the_number_of_declarations_is_limited() -> None:
    report = Report()
    text = "state: [S]\naliases:\n" + "".join(f"  a{i}: 1\n" for i in range(50))
    read_yaml(Source("m", text), report, Limits(declarations=20))
    assert [d.code for d in report.errors] == ["E0004"]


def test_many_mistakes_are_reported_quickly() -> None:
    text = "state: [S]\n" + "".join(f"wrong_{i}: 1\n" for i in range(2_000))
    report = Report()
    read_yaml(Source("m", text), report)
    assert [d.code for d in report.errors] == ["E0202"] * 2_000


def test_a_sum_of_many_terms_is_read() -> None:
    terms = " + ".join(["sum_over(S, age=b)"] + ["S"] * 20_000)
    model = read(f"state: [S]\nequations: {{S: {terms!r}}}\n")
    assert len(model.dynamics) == 1


def test_references_are_read_without_the_parser_where_they_are_names() -> None:
    model = section("equations", "{S: beta}")
    (row,) = model.dynamics
    assert row == from_text("model M:\n dynamics:\n  S' = beta").dynamics[0]
    with pytest.raises(OpjaxError):
        section("equations", "{S: not}")
