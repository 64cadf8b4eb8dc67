"""JSON text -> document tree: a scanner of its own, because the standard module keeps no positions and recurses."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field

from opjax.errors import Report, Stop, catalogue
from opjax.source import Limits, Source, Span
from opjax.spec.document import Entry, MappingNode, Node, ScalarNode, SequenceNode, check_size, own_span, unrepeated

_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
    (?P<mark>[\[\]{},:])
  | (?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")
  | (?P<number>-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][-+]?[0-9]+)?)(?![\w.])
  | (?P<word>true|false|null)\b
  | (?P<end>\Z)
  )""",
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None}
_LONGEST_INTEGER = 300


def json_documents(source: Source, report: Report, limits: Limits) -> list[Node]:
    """The document of a JSON file, in a list as for YAML; a problem of the syntax ends the reading.

    Arguments:
        source: the text.
        report: receives the problems.
        limits: `bytes` and `nesting` (depth) are checked.

    Returns:
        The root, or nothing where the text is wrong or is ``null``.
    """
    try:
        check_size(report, Span(source, 0, 0), ("the text", len(source.text)), ("bytes", limits.bytes))
        root = _Scanner(source, report, limits).root()
    except Stop:
        return []
    return [] if isinstance(root, ScalarNode) and root.value is None else [root]


@dataclass(slots=True)
class _Open:
    """A list or an object whose end has not been read yet."""

    is_mapping: bool
    start: int
    items: list[Node] = field(default_factory=list[Node])
    entries: list[Entry] = field(default_factory=list[Entry])
    key: ScalarNode | None = None


@dataclass(slots=True)
class _Scanner:
    """Reads tokens from `place` on and keeps the open collections in a list."""

    source: Source
    report: Report
    limits: Limits
    place: int = 0
    opened: list[_Open] = field(default_factory=list[_Open])

    def root(self) -> Node:
        node = self.value_or_open(self.token())
        while self.opened:
            node = self.step() if node is None else self.put(node)
        if self.token().lastgroup != "end" or node is None:
            raise self.wrong("the text goes on behind its end")
        return node

    def token(self) -> re.Match[str]:
        found = _TOKEN.match(self.source.text, self.place)
        if found is None:
            self.place += len(self.source.text[self.place :]) - len(self.source.text[self.place :].lstrip(" \t\r\n"))
            unclosed = self.source.text[self.place : self.place + 1] == '"'
            problem = "this text has no end" if unclosed else "this is no value, bracket, comma or colon"
            raise self.wrong(problem, self.place)
        self.place = found.end()
        return found

    def wrong(self, problem: str, place: int | None = None) -> Stop:
        end = self.place if place is None else place + 1
        start = max(0, end - 1)
        return self.report.stop(catalogue.JSON_SYNTAX, Span(self.source, start, end), problem=problem)

    def step(self) -> Node | None:
        """Read on inside the innermost collection: its end, or its next value."""
        inner = self.opened[-1]
        token = self.token()
        closing = "}" if inner.is_mapping else "]"
        if token.group("mark") == closing and not inner.items and not inner.entries:
            return self.close()
        return self.key_and_value(inner, token) if inner.is_mapping else self.value_or_open(token)

    def key_and_value(self, inner: _Open, token: re.Match[str]) -> Node | None:
        if token.group("string") is None:
            raise self.wrong("a key in double quotes is expected")
        inner.key = self.string(token)
        if self.token().group("mark") != ":":
            raise self.wrong("':' is expected after a key")
        return self.value_or_open(self.token())

    def put(self, node: Node) -> Node | None:
        """Put a complete value into the innermost collection and read what follows it."""
        inner = self.opened[-1]
        if inner.is_mapping and inner.key is not None:
            inner.entries.append(Entry(inner.key, node))
        else:
            inner.items.append(node)
        mark = self.token().group("mark")
        if mark == ("}" if inner.is_mapping else "]"):
            return self.close()
        if mark != ",":
            raise self.wrong(f"',' or '{'}' if inner.is_mapping else ']'}' is expected")
        token = self.token()
        return self.key_and_value(inner, token) if inner.is_mapping else self.value_or_open(token)

    def close(self) -> Node:
        done = self.opened.pop()
        span = Span(self.source, done.start, self.place)
        if done.is_mapping:
            return MappingNode(unrepeated(done.entries, self.report), span)
        return SequenceNode(tuple(done.items), span)

    def value_or_open(self, token: re.Match[str]) -> Node | None:
        """A scalar; or None, when a collection has begun."""
        mark = token.group("mark")
        if mark in ("[", "{"):
            start = token.start("mark")
            self.opened.append(_Open(mark == "{", start))
            what = ("the nesting", len(self.opened))
            check_size(self.report, Span(self.source, start, start + 1), what, ("nesting", self.limits.nesting))
            return None
        if token.group("string") is not None:
            return self.string(token)
        if token.group("number") is not None:
            return self.number(token)
        if token.group("word") is not None:
            return ScalarNode(_WORDS[token.group("word")], Span(self.source, *token.span("word")))
        raise self.wrong("the text ends too early" if token.lastgroup == "end" else "a value is expected")

    def string(self, token: re.Match[str]) -> ScalarNode:
        start, end = token.span("string")
        raw = token.group("string")
        if "\\" not in raw:
            return ScalarNode(raw[1:-1], Span(self.source, start + 1, end - 1))
        place = Span(self.source, start, end)
        span = own_span(f"{self.source.name}:{place.line}:{place.column}", str(json.loads(raw)), self.report, place)
        return ScalarNode(span.text, span, place)

    def number(self, token: re.Match[str]) -> ScalarNode:
        text = token.group("number")
        whole = token.group("fraction") is None and token.group("exponent") is None
        if whole and len(text) <= _LONGEST_INTEGER:
            return ScalarNode(int(text), Span(self.source, *token.span("number")))
        value = float(text)
        return ScalarNode(value if math.isfinite(value) else text, Span(self.source, *token.span("number")))
