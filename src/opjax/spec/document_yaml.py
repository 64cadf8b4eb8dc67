"""YAML text -> document trees, by YAML 1.2's core rules, from ruamel.yaml's events.

Events and not composed nodes: nothing recurses then, and an alias is counted before it costs anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

from opjax.errors import Report, Stop, catalogue
from opjax.source import Limits, Source, Span
from opjax.spec.document import (
    Entry,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    Value,
    check_size,
    contains_itself,
    own_span,
    unrepeated,
    wrong_value,
)

_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_TRUTH = re.compile(r"(?:(true|True|TRUE)|false|False|FALSE)\Z")
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}\Z")
_BASED = re.compile(r"0(?:o[0-7]{1,300}|x[0-9a-fA-F]{1,300})\Z")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)\Z")
_NOT_A_NUMBER = re.compile(r"\.(?:nan|NaN|NAN)\Z")
_BRACKETS = re.compile(r"(?:[\[{][ \t\n]*)+")
_QUOTES_HINT = "a text that holds ': ' or ' #', or begins with one of []{}&*!|>%@`, stands in quotes"


def yaml_documents(source: Source, report: Report, limits: Limits) -> list[Node]:
    """The documents of a YAML file; problems of the syntax end the reading and are in the report.

    Arguments:
        source: the text.
        report: receives the problems.
        limits: `bytes`, `nesting` (depth) and `declarations` (nodes that aliases repeat) are checked.

    Returns:
        One node per document (``---`` separates documents), without those that hold nothing.
    """
    builder = _Builder(source, report, limits)
    try:
        check_size(report, Span(source, 0, 0), ("the text", len(source.text)), ("bytes", limits.bytes))
        builder.check_brackets()
        for event in _events(source, report):
            builder.take(event)
    except Stop:
        pass
    return [root for root in builder.roots if not (isinstance(root, ScalarNode) and root.value is None)]


def _events(source: Source, report: Report) -> Iterator[Event]:
    try:
        yield from YAML(typ="safe", pure=True).parse(source.text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = min(mark.index, len(source.text)) if mark is not None else 0
        problem = " ".join(str(text) for text in (error.context, error.problem) if text)
        raise _syntax_error(report, Span(source, place, place), problem, _QUOTES_HINT) from None
    except ReaderError as error:
        place = Span(source, error.position, error.position + 1)
        raise _syntax_error(report, place, "this character is not allowed") from None
    except Exception as error:  # the scanner fails in several ways on escapes beyond Unicode
        raise _syntax_error(report, Span(source, 0, 0), str(error)) from None


def _syntax_error(report: Report, span: Span, problem: str, hint: str = "") -> Stop:
    return report.stop(catalogue.YAML_SYNTAX, span, problem=problem, hint=hint)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read yet."""

    is_mapping: bool
    start: int
    anchor: str | None
    nodes_before: int
    items: list[Node] = field(default_factory=list[Node])


@dataclass(slots=True)
class _Builder:
    """Builds trees from events, on a list of open collections."""

    source: Source
    report: Report
    limits: Limits
    roots: list[Node] = field(default_factory=list[Node])
    opened: list[_Open] = field(default_factory=list[_Open])
    anchors: dict[str, tuple[Node, int] | None] = field(default_factory=dict[str, tuple[Node, int] | None])
    nodes: int = 0
    repeated: int = 0

    def check_brackets(self) -> None:
        """Brackets that only open are refused before the scanner looks for their ends."""
        for found in _BRACKETS.finditer(self.source.text):
            depth = found.group().count("[") + found.group().count("{")
            self.check_depth(depth, found.start())

    def check_depth(self, depth: int, place: int) -> None:
        span = Span(self.source, place, place + 1)
        check_size(self.report, span, ("the nesting", depth), ("nesting", self.limits.nesting))

    def take(self, event: Event) -> None:
        match event:
            case ScalarEvent():
                self.close(self.scalar(event), self.nodes, event.anchor)
            case AliasEvent():
                self.alias(event)
            case CollectionStartEvent():
                self.open(event)
            case CollectionEndEvent():
                self.end(event)
            case DocumentStartEvent():
                self.anchors.clear()
                if event.version is not None and event.version != (1, 2):
                    self.feature("another version than YAML 1.2", event)
            case _:
                pass

    def open(self, event: CollectionStartEvent) -> None:
        self.refuse_tag(event, event.tag)
        start = event.start_mark.index
        self.opened.append(_Open(isinstance(event, MappingStartEvent), start, event.anchor, self.nodes))
        self.check_depth(len(self.opened), start)
        if event.anchor is not None:
            self.anchors[event.anchor] = None

    def end(self, event: CollectionEndEvent) -> None:
        done = self.opened.pop()
        span = Span(self.source, done.start, max(done.start, _trimmed(self.source.text, event.end_mark.index)))
        node = self.mapping(done.items, span) if done.is_mapping else SequenceNode(tuple(done.items), span)
        self.close(node, done.nodes_before, done.anchor)

    def close(self, node: Node, nodes_before: int, anchor: str | None) -> None:
        """A node is complete: it goes into the collection around it."""
        self.nodes += 1
        if anchor is not None:
            self.anchors[anchor] = (node, self.nodes - nodes_before)
        if self.opened:
            self.opened[-1].items.append(node)
        else:
            self.roots.append(node)

    def alias(self, event: AliasEvent) -> None:
        span = self.span(event)
        if event.anchor not in self.anchors:
            raise _syntax_error(self.report, span, f"no anchor '&{event.anchor}' stands before this")
        known = self.anchors[event.anchor]
        if known is None:
            raise contains_itself(self.report, span, f"the anchor '&{event.anchor}'")
        node, size = known
        self.repeated += size
        what = ("the number of values that aliases repeat", self.repeated)
        check_size(self.report, span, what, ("declarations", self.limits.declarations))
        self.nodes += size - 1
        self.close(node, self.nodes, None)

    def mapping(self, items: list[Node], span: Span) -> MappingNode:
        entries: list[Entry] = []
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, ScalarNode):
                wrong_value(self.report, key, "a key", "a text")
            elif key.text == "<<" and self.source.text[key.span.start - 1 : key.span.start] not in ("'", '"'):
                self.report.add(catalogue.YAML_FEATURE, key.span, feature="the merge key '<<'")
            else:
                entries.append(Entry(key, value))
        return MappingNode(unrepeated(entries, self.report), span)

    def scalar(self, event: ScalarEvent) -> ScalarNode:
        self.refuse_tag(event, event.tag)
        text: str = event.value
        span, start, end = self.span(event), event.start_mark.index, event.end_mark.index
        found = self.source.text.rfind(text, start, end) if text else _inside_quotes(event)
        if found >= 0:
            span = Span(self.source, found, found + len(text))
        else:
            span = own_span(f"{self.source.name}:{span.line}:{span.column}", text, self.report)
        value = plain_value(text) if event.implicit[0] else text
        return ScalarNode(value, span, found >= 0)

    def refuse_tag(self, event: Event, tag: str | None) -> None:
        if tag is not None:
            self.feature(f"the tag '{tag}'", event)

    def feature(self, feature: str, event: Event) -> None:
        self.report.add(catalogue.YAML_FEATURE, self.span(event), feature=feature)

    def span(self, event: Event | NodeEvent) -> Span:
        return Span(self.source, event.start_mark.index, event.end_mark.index)


def _inside_quotes(event: ScalarEvent) -> int:
    """The place of an empty text: between its quotes, or where a value would stand."""
    end: int = event.end_mark.index
    return end - 1 if event.style in ("'", '"') else end


def _trimmed(text: str, end: int) -> int:
    """The end of a block, without the empty lines behind it."""
    while end > 0 and text[end - 1 : end] in (" ", "\n", ""):
        end -= 1
    return end


def plain_value(text: str) -> Value:
    """The value of an unquoted text by YAML 1.2's core schema: ``1e-3`` is a number, ``NO`` and dates are texts."""
    if _NULL.match(text):
        return None
    if found := _TRUTH.match(text):
        return found.group(1) is not None
    if _INTEGER.match(text):
        return int(text)
    if _BASED.match(text):
        return int(text, 0)
    if _NUMBER.match(text):
        return float(text)
    if found := _INFINITE.match(text):
        return -math.inf if found.group(1) == "-" else math.inf
    return math.nan if _NOT_A_NUMBER.match(text) else text
