"""Document trees: what YAML, JSON and mappings mean, where every leaf stands, and inputs that mean harm."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opjax.errors import Report
from opjax.source import DEFAULT_LIMITS, Limits, Source
from opjax.spec.document import MappingNode, Node, ScalarNode, SequenceNode
from opjax.spec.document_json import json_documents
from opjax.spec.document_mapping import mapping_document
from opjax.spec.document_yaml import yaml_documents

Reader = Callable[[Source, Report, Limits], list[Node]]


def plain(node: Node) -> Any:
    """What a tree means, as Python objects."""
    match node:
        case MappingNode():
            return {entry.key.text: plain(entry.value) for entry in node.entries}
        case SequenceNode():
            return [plain(item) for item in node.items]
        case ScalarNode():
            return node.value


def scalars(node: Node) -> list[ScalarNode]:
    match node:
        case MappingNode():
            return [leaf for entry in node.entries for part in (entry.key, entry.value) for leaf in scalars(part)]
        case SequenceNode():
            return [leaf for item in node.items for leaf in scalars(item)]
        case ScalarNode():
            return [node]


def read(text: str, reader: Reader = yaml_documents) -> Any:
    report = Report()
    documents = reader(Source("m", text), report, DEFAULT_LIMITS)
    report.check()
    (root,) = documents
    return plain(root)


def codes(text: str, reader: Reader = yaml_documents, limits: Limits = DEFAULT_LIMITS) -> list[str]:
    report = Report()
    reader(Source("m", text), report, limits)
    return [d.code for d in report.errors]


def places(text: str, reader: Reader = yaml_documents) -> list[str]:
    report = Report()
    reader(Source("m", text), report, DEFAULT_LIMITS)
    return [f"{d.span.line}:{d.span.column} {d.code}" for d in report.errors]


# --- YAML 1.2


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e-3", 1e-3),
        ("1.0e+6", 1e6),
        ("-3", -3),
        ("+3", 3),
        (".5", 0.5),
        ("3.", 3.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 17),
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("y", "y"),
        ("True", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("2021-09-01", "2021-09-01"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("1/day", "1/day"),
        ("'1'", "1"),
        ('"null"', "null"),
        ("9" * 400, float("inf")),
    ],
)
def test_plain_scalars_follow_the_core_schema(written: str, value: Any) -> None:
    found = read(f"a: {written}")["a"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number() -> None:
    assert math.isnan(read("a: .nan")["a"])


def test_a_number_keeps_its_written_text() -> None:
    (root,) = yaml_documents(Source("m", "a: 1.0e+6"), Report(), DEFAULT_LIMITS)
    assert [leaf.text for leaf in scalars(root)] == ["a", "1.0e+6"]


def test_several_documents() -> None:
    roots = yaml_documents(Source("m", "---\na: 1\n---\n---\nb: 2\n"), Report(), DEFAULT_LIMITS)
    assert [plain(root) for root in roots] == [{"a": 1}, {"b": 2}]


def test_an_alias_repeats_a_value() -> None:
    assert read("a: &x {k: [1, 2]}\nb: *x") == {"a": {"k": [1, 2]}, "b": {"k": [1, 2]}}


# --- places


@pytest.mark.parametrize(
    "text",
    [
        "a: b",
        "a: 'b c'",
        'a: "b c"',
        "a:   b   # c",
        "a: &x b",
        "{a: b, 'c d': [e, \"f\", 1.5]}",
        "- a\n-   - b\n    - c: d",
        "a: |\n  b c\n",
        "é: 'ü + 1'",
        "? a\n: b",
    ],
)
def test_simple_scalars_stand_in_the_file(text: str) -> None:
    source = Source("m", text)
    (root,) = yaml_documents(source, Report(), DEFAULT_LIMITS)
    for leaf in scalars(root):
        assert leaf.in_file
        assert leaf.span.source is source
        assert leaf.span.text == str(leaf.value)


@pytest.mark.parametrize(
    ("text", "decoded", "name"),
    [
        ("a: 'it''s'", "it's", "m:1:4"),
        ('a: "x\\ty"', "x\ty", "m:1:4"),
        ("b: 1\na: >\n  x\n  y\n", "x y\n", "m:2:4"),
        ("a: x\n  y", "x y", "m:1:4"),
        ("a: |\n  x\n  y\n", "x\ny\n", "m:1:4"),
    ],
)
def test_changed_scalars_have_a_source_of_their_own(text: str, decoded: str, name: str) -> None:
    (root,) = yaml_documents(Source("m", text), Report(), DEFAULT_LIMITS)
    leaf = scalars(root)[-1]
    assert (leaf.value, leaf.text, leaf.span.source.name, leaf.in_file) == (decoded, decoded, name, False)


def test_a_block_ends_before_the_comments_behind_it() -> None:
    (root,) = yaml_documents(Source("m", "a:\n  b: 1\n  # c\n\n# d\ne: 2\n"), Report(), DEFAULT_LIMITS)
    assert isinstance(root, MappingNode)
    assert root.entries[0].value.span.text == "b: 1"


# --- what is refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", ["3:1 E0203"]),
        ("{a: 1, a: 2}", ["1:8 E0203"]),
        ("a: !!python/object:os.system x", ["1:4 E0206"]),
        ("a: !x {b: 1}", ["1:4 E0206"]),
        ("a: &x {b: 1}\nc: {<<: *x}", ["2:5 E0206"]),
        ("%YAML 1.1\n---\na: 1", ["2:1 E0206"]),
        ("a: *x", ["1:4 E0201"]),
        ("a: &x [*x]", ["1:8 E0208"]),
        ("a: b: c", ["1:5 E0201"]),
        ("a: [1, 2", ["1:9 E0201"]),
        ("a: %b", ["1:4 E0201"]),
        ("\ta: 1", ["1:1 E0201"]),
        ("a: \x01", ["1:4 E0201"]),
        ("? [a]\n: 1", ["1:3 E0204"]),
        ('a: "\\U99999999"', ["1:1 E0201"]),
        ('a: "\\ud800"', ["1:4 E0204"]),
    ],
)
def test_what_yaml_may_not_say(text: str, expected: list[str]) -> None:
    assert places(text) == expected


def test_anchors_do_not_leave_their_document() -> None:
    assert codes("a: &x 1\n---\nb: *x\n") == ["E0201"]


def bomb(levels: int, width: int) -> str:
    lines = [f"a0: &a0 [{', '.join('x' * width)}]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines)


HOSTILE = {
    "alias bomb": (bomb(9, 9), "E0004"),
    "open lists": ("[" * 1_000_000, "E0004"),
    "open mappings": ("{a: " * 100_000, "E0004"),
    "open lists with items": ("[a, " * 100_000, "E0004"),
    "dashes": ("- " * 100_000, "E0004"),
    "question marks": ("? " * 100_000, "E0004"),
    "indentation": ("\n".join(" " * i + "a:" for i in range(2_000)), "E0004"),
    "many flat aliases": ("a: &a [" + "x, " * 1_000 + "]\nb: [" + "*a, " * 1_000 + "]", "E0004"),
    "quote without end": ("a: '" + "x" * 300_000, "E0201"),
}


@pytest.mark.parametrize(("text", "code"), HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_yaml_is_refused_quickly(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_an_alias_bomb_is_refused_within_a_second() -> None:
    assert codes(bomb(9, 9)) == ["E0004"]


def test_the_number_of_values_is_limited() -> None:
    assert codes("[a, b, c, d]", limits=Limits(tokens=3)) == ["E0004"]


def test_the_size_of_a_text_is_limited() -> None:
    assert codes("a: 1", limits=Limits(bytes=3)) == ["E0004"]
    assert codes('{"a": 1}', json_documents, Limits(bytes=3)) == ["E0004"]


@given(st.text(st.sampled_from("ab:- \n[]{},'\"&*!|>%@#?\\\t0é"), max_size=40))
def test_any_text_is_a_tree_or_a_problem(text: str) -> None:
    for reader in (yaml_documents, json_documents):
        report = Report()
        for root in reader(Source("m", text), report, DEFAULT_LIMITS):
            for leaf in scalars(root):
                assert isinstance(leaf.span.text, str)
        for diagnostic in report.diagnostics:
            assert diagnostic.render()


# --- JSON

json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**30), 10**30))
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('abc"\\\né'), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, st.sampled_from([None, 1]), st.booleans())
def test_json_means_what_the_standard_module_says(value: Any, indent: int | None, ascii_only: bool) -> None:
    report = Report()
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    roots = json_documents(Source("m", text), report, DEFAULT_LIMITS)
    report.check()
    assert [plain(root) for root in roots] == ([] if value is None else [value])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, "b": 2, "a": 3}', ["1:19 E0203"]),
        ("[1,]", ["1:4 E0207"]),
        ('{"a": 1,}', ["1:9 E0207"]),
        ('{"a" 1}', ["1:6 E0207"]),
        ("{a: 1}", ["1:2 E0207"]),
        ("[1 2]", ["1:4 E0207"]),
        ("[1] x", ["1:5 E0207"]),
        ("01", ["1:1 E0207"]),
        ("NaN", ["1:1 E0207"]),
        ('[1,\n "a]', ["2:2 E0207"]),
        ("", ["1:1 E0207"]),
        ("[", ["1:1 E0207"]),
        ("]", ["1:1 E0207"]),
        ("[}", ["1:2 E0207"]),
        ("[" * 100_000, ["1:201 E0004"]),
        ('{"a":' * 100_000, ["1:1001 E0004"]),
    ],
    ids=range(16),
)
def test_what_is_no_json(text: str, expected: list[str]) -> None:
    assert places(text, json_documents) == expected


NOT_JSON = ["[1,]", "{'a': 1}", "[1 2]", "+1", ".5", "1.", "tru", '"\x01"', '"\\x"', "[1]]", "nan"]


@pytest.mark.parametrize("text", NOT_JSON)
def test_json_is_strict(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(text, parse_constant=lambda word: json.loads("?"))
    assert codes(text, json_documents) == ["E0207"]


def test_places_in_json() -> None:
    source = Source("m", '{"a": ["b", 1.50]}')
    (root,) = json_documents(source, Report(), DEFAULT_LIMITS)
    assert [(leaf.span.column, leaf.text) for leaf in scalars(root)] == [(3, "a"), (9, "b"), (13, "1.50")]


# --- Python mappings


def test_a_mapping_means_itself() -> None:
    value = {"a": [1, 2.5, True, None, "x"], "b": {"c": ("d",)}}
    root = mapping_document(value, Report(), DEFAULT_LIMITS)
    assert root is not None
    assert plain(root) == {"a": [1, 2.5, True, None, "x"], "b": {"c": ["d"]}}


def test_the_place_of_a_leaf_is_its_path() -> None:
    root = mapping_document({"equations": {"S": ["-b*S"]}}, Report(), DEFAULT_LIMITS)
    assert root is not None
    leaf = scalars(root)[-1]
    assert (leaf.span.source.name, leaf.span.text) == ("<mapping>: equations.S[0]", "-b*S")


def test_scalars_of_numpy_and_dates_are_taken() -> None:
    value = [np.float32(1.5), np.float64(2.5), np.int64(3), np.bool_(True), np.str_("x"), datetime.date(2020, 3, 1)]
    root = mapping_document({"a": value}, Report(), DEFAULT_LIMITS)
    assert root is not None
    found = plain(root)["a"]
    assert found == [1.5, 2.5, 3, True, "x", "2020-03-01"]
    assert [type(item) for item in found] == [float, float, int, bool, str, str]


def problems(value: Any, limits: Limits = DEFAULT_LIMITS) -> list[str]:
    report = Report()
    mapping_document(value, report, limits)
    return [d.code for d in report.errors]


@pytest.mark.parametrize("value", [object(), b"x", {1, 2}, np.ones(2), 1j, 10**5000, "\ud800"], ids=type)
def test_other_objects_are_refused(value: Any) -> None:
    assert problems({"a": value}) == ["E0204"]


def test_keys_are_texts() -> None:
    assert problems({"a": {1: 2}}) == ["E0204"]


def test_a_mapping_that_contains_itself() -> None:
    value: dict[str, Any] = {"a": []}
    value["a"].append(value)
    assert problems(value) == ["E0208"]


def test_a_value_may_stand_twice() -> None:
    shared = ["x"]
    root = mapping_document({"a": shared, "b": shared}, Report(), DEFAULT_LIMITS)
    assert root is not None
    assert plain(root) == {"a": ["x"], "b": ["x"]}


def test_shared_objects_are_no_bomb() -> None:
    value: Any = ["x"] * 9
    for _ in range(9):
        value = [value] * 9
    assert problems({"a": value}) == ["E0004"]


def test_a_deep_mapping_is_refused() -> None:
    value: Any = {}
    for _ in range(100_000):
        value = {"a": value}
    assert problems(value) == ["E0004"]
