"""What is read line by line has the events that a parser of all of YAML finds in it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from opjax.errors import Report
from opjax.source import Source
from opjax.spec.yaml_event import YamlEvent
from opjax.spec.yaml_events import all_events
from opjax.spec.yaml_lines import plain_events

PLAIN = (
    "a: 1\n",
    "a:\n- x\n- y\nb:\n",
    "a:\n  - x: 1\n    y: 2\n  - z\n",
    "a:\n - - x\n   - y\n - z\n",
    "- a\n- b: c\n",
    "a:\n\n# c\n  b: 1 # d\nc: [a, b ,  'c d']\nd: {a: b, c: \"x\"}\n",
    "a: []\nb: {}\n",
    "a:\nb:\n  c:\nd: ",
    "a: b:c\n",
    "- a:\n    b: c\n  d: e\n- f\n",
    "a:   # comment\n  - b\n",
    "S[age, x]: -b + 'c\n",
    "a: [[1, 2], [3, 4]]\nb: {c: {d: e}, f: [g]}\n",
    "a: [\n  b,\n  c\n  ]\nd: e\n",
    "a: x\n  + y\n  - z\nb: c\n",
    "- x\n  y\n- z\n",
    "a: ''\nb: '# no comment'\n",
)
OTHER = (
    "",
    "x",
    "a: 1\n b: 2\n",
    "  a: 1\nb: 2\n",
    "a:\n  b: 1\n c: 2\n",
    "a: - b\n",
    "a: b#c\n",
    "a: 'x' y\n",
    "a: [1,\n2]\n",
    "a: [1, 2,]\n",
    "a: [b c]]\n",
    "a: {b: c, , d: e}\n",
    "a: x # c\n  y\n",
    "a: x\n\n  y\n",
    "a: x\n  b: c\n",
    "a: |\n  b\n",
    "a: &b c\nd: *b\n",
    "a: !t b\n",
    "a: 'it''s'\n",
    'a: "b\\n"\n',
    "a: b\n---\nc: d\n",
    "a:\tb\n",
    "? a\n: b\n",
)
TEXTS = ["x", "b*S*I/N - g*I + k*(a - b)", "a b", "65+", "yes", "", "it's", "a, b", "x: y", "# no", "-k*x**2", "[a]"]
LONG = ["0-4", "long " * 20, "y + " * 20 + "z", "~", "1e3", "S[age=young]", "a # b", "%", "é"]
VALUES = st.sampled_from([*TEXTS, *LONG, 1, -3.5e-3, True, None])
NAMES = st.sampled_from(["a", "b", "S[age]", "k_1", "rate", "65+", "x y"])
TREES: st.SearchStrategy[Any] = st.recursive(
    VALUES, lambda below: st.lists(below, max_size=4) | st.dictionaries(NAMES, below, max_size=4), max_leaves=12
)


def said(events: list[YamlEvent]) -> list[tuple[object, ...]]:
    """The events with the places that count: the ends of collections in lines are where the next thing begins."""
    return [
        (e.kind, e.anchor, e.feature, e.text, e.style)
        + ((e.start, e.end) if e.kind == "scalar" or e.style else (e.start,) if e.kind in ("list", "mapping") else ())
        for e in events
    ]


def same(text: str) -> bool:
    """Whether a text is plain; if so, its events are the parser's."""
    found = plain_events(text)
    if found is None:
        return False
    assert said(found) == said(list(all_events(Source("<text>", text), Report())))
    return True


@pytest.mark.parametrize("text", PLAIN)
def test_plain_texts(text: str) -> None:
    assert same(text)


@pytest.mark.parametrize("text", OTHER)
def test_others_are_left_to_the_parser(text: str) -> None:
    assert plain_events(text) is None


@settings(max_examples=150)
@given(TREES, st.sampled_from([None, True, False]), st.sampled_from([20, 1000]), st.sampled_from([2, 4]))
def test_written_trees(tree: Any, flow: bool | None, width: int, indent: int) -> None:
    same(yaml.safe_dump({"m": tree}, default_flow_style=flow, width=width, indent=indent, allow_unicode=True))


LINES = st.tuples(
    st.sampled_from(["", "  ", "    ", " "]),
    st.sampled_from(["a: ", "b:", "- ", "- c: ", "- - ", "S[x]: ", "-", "", "e: # c"]),
    st.sampled_from(["x", "1", "-k*x", "'q'", "[a, b]", "{a: [1], b: {c: d}}", "x # c", "", "x: y", "[a", "b]", "- z"])
    | st.sampled_from(["+ y", "&b c", "!t x", "|", "a:b", "x:", "?", "''", "'a''b'", '"', "}", "'x'#c", "<<", "="]),
    st.sampled_from(["\n", "\n", "\n\n", "\n# c\n", "\n  + m\n", "\n   - m\n"]),
).map("".join)


@settings(max_examples=400)
@given(st.lists(LINES, min_size=1, max_size=5).map("".join))
def test_lines_in_any_order(text: str) -> None:
    same(text)


def test_a_large_file_is_plain() -> None:
    equations = {f"x{i}": f"k{i % 20}*x{i} - k3*x{i}*x{(i + 7) % 500}/(1 + x{i}**2)" for i in range(500)}
    rows = [{"from": f"x{i}", "to": None, "rate": "k"} for i in range(500)]
    mapping = {"name": "M", "state": list(equations), "equations": equations, "transitions": rows}
    assert same(yaml.safe_dump(mapping, sort_keys=False))
    assert same(yaml.safe_dump(mapping, sort_keys=False, width=20))
