"""YAML text for plain values: every loader, new or old, reads what was meant."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from opjax.errors import Report
from opjax.source import DEFAULT_LIMITS, Source
from opjax.spec.document import MappingNode, Node, ScalarNode, SequenceNode
from opjax.spec.document_yaml import yaml_documents
from opjax.spec.sections.section import Commented, Plain
from opjax.spec.yaml_layout import yaml_text
from opjax.syntax.declarations import Comments

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    st.sampled_from(["no", "NO", "on", "1e3", "0x1", "0o7", "1_0", "12:30:00", "=", "<<", "~", "null", "-", "- a"]),
    st.sampled_from([" a", "a ", "a:", "a: b", "a #b", "#a", "&a", "*a", "!a", "%a", "@a", "`a", "'a'", '"a"', "[a"]),
    st.sampled_from(["{a", "a,", "2020-01-01", "?", "? a", "|", ">", "\ufeff", "\u2028", "\x85", "a\nb", "\t", ""]),
    st.sampled_from(["_", "-_", ".", "-.inf", "+1", "--- a", "...", "a]", "a}", "\\", "é", "\x7f"]),
)
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(allow_nan=False), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


def plain(node: Node) -> Any:
    match node:
        case MappingNode():
            return {entry.key.text: plain(entry.value) for entry in node.entries}
        case SequenceNode():
            return [plain(item) for item in node.items]
        case ScalarNode():
            return node.value


def own(text: str) -> Any:
    report = Report()
    (root,) = yaml_documents(Source("m", text), report, DEFAULT_LIMITS)
    report.check()
    return plain(root)


@given(st.dictionaries(texts, values, min_size=1, max_size=4))
def test_it_is_read_back(rows: dict[str, Any]) -> None:
    text = yaml_text(rows)
    assert own(text) == rows
    assert YAML(typ="safe", pure=True).load(text) == rows


@given(st.dictionaries(texts, values, min_size=1, max_size=4))
def test_loaders_of_yaml_1_1_read_the_same(rows: dict[str, Any]) -> None:
    assume(not re.search(r"\b[yYnN]\b", repr(rows)))  # the one exception
    loader = YAML(typ="safe", pure=True)
    loader.version = (1, 1)
    assert loader.load("%YAML 1.1\n---\n" + yaml_text(rows)) == rows


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e6, "1.0e+6"),
        (1234567.0, "1234567.0"),
        (1.5e-7, "1.5e-7"),
        (0.1, "0.1"),
        (float("-inf"), "-.inf"),
        (1e300, "1.0e+300"),
        (None, "null"),
        (True, "true"),
        ("no", '"no"'),
        ("a*b + c", "a*b + c"),
        ("-b*S", "-b*S"),
        ('S[age="65+"]', 'S[age="65+"]'),
        ('["', "'[\"'"),
        ("a\tb", '"a\\x09b"'),
        ([], "[]"),
        ({}, "{}"),
    ],
)
def test_spellings(value: Any, text: str) -> None:
    assert yaml_text({"k": value}) == f"k: {text}\n"


def test_comments() -> None:
    items: list[Plain] = [Commented("x", Comments(("first",))), Commented(["y"], Comments((), "last"))]
    rows: dict[str, Plain] = {
        "a": Commented({"b": Commented(1, Comments(("above", "\n", "it"), "behind")), "c": 2}, Comments(("on top",))),
        "d": Commented(items, Comments((), "D")),
    }
    text = yaml_text(rows, Comments(("whole",)))
    assert text == (
        "# whole\n# on top\na:\n  # above\n\n  # it\n  b: 1  # behind\n  c: 2\n"
        "d:  # D\n  # first\n  - x\n  - [y]  # last\n"
    )
    assert own(text) == {"a": {"b": 1, "c": 2}, "d": ["x", ["y"]]}


def test_a_comment_behind_what_needs_several_lines_stands_above() -> None:
    long = {f"key {i}": "x" * 20 for i in range(8)}
    text = yaml_text({"a": [Commented(long, Comments((), "note"))]})
    assert text.startswith("a:\n  # note\n  - key 0: ")
    assert own(text) == {"a": [long]}


def test_very_long_keys() -> None:
    rows: dict[str, Plain] = {"a": {"k" * 3_000: 1, "b": {"x" * 2_000: [1, 2]}}}
    assert own(yaml_text(rows)) == rows


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("one\ntwo", "k: |-\n  one\n  two\n"),
        ("one\n\n  two: 'x' # y\n", "k: |\n  one\n\n    two: 'x' # y\n"),
        (["a", "one\ntwo"], "k:\n  - a\n  - |-\n    one\n    two\n"),
        ("\none\ntwo", 'k: "\\none\\ntwo"\n'),
        (" one\ntwo", 'k: " one\\ntwo"\n'),
        ("one\n\n", 'k: "one\\n\\n"\n'),
        ("one\ttwo\nthree", 'k: "one\\x09two\\nthree"\n'),
    ],
)
def test_texts_of_several_lines(value: Any, text: str) -> None:
    assert yaml_text({"k": value}) == text
    assert own(yaml_text({"k": value})) == {"k": value}
