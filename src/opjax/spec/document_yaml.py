"""YAML text -> document trees, by YAML 1.2's core rules, from ruamel.yaml's events.

Events and not composed nodes: nothing recurses then, and an alias is counted before it costs anything.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

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
from opjax.spec.yaml_events import OTHER_VERSION, YamlEvent, syntax_error, yaml_events

_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_TRUTH = re.compile(r"(?:(true|True|TRUE)|false|False|FALSE)\Z")
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}\Z")
_BASED = re.compile(r"0(?:o[0-7]{1,300}|x[0-9a-fA-F]{1,300})\Z")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)\Z")
_NOT_A_NUMBER = re.compile(r"\.(?:nan|NaN|NAN)\Z")
_BRACKETS = re.compile(r"(?:[\[{][ \t\n]*)+")


def yaml_documents(source: Source, report: Report, limits: Limits) -> list[Node]:
    """The documents of a YAML file; problems of the syntax end the reading and are in the report.

    Arguments:
        source: the text.
        report: receives the problems.
        limits: `bytes`, `nesting` (depth), `tokens` (values) and `declarations` (values that aliases repeat) are
            checked.

    Returns:
        One node per document (``---`` separates documents), without those that hold nothing.
    """
    builder = _Builder(source, report, limits)
    try:
        check_size(report, Span(source, 0, 0), ("the text", len(source.text)), ("bytes", limits.bytes))
        builder.check_brackets()
        for event in yaml_events(source, report):
            builder.take(event)
    except Stop:
        pass
    return [root for root in builder.roots if not (isinstance(root, ScalarNode) and root.value is None)]


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read yet."""

    event: YamlEvent
    nodes_before: int
    items: list[Node] = field(default_factory=list[Node])


@dataclass(slots=True)
class _Builder:
    """Builds trees from events, on a list of open collections.

    Arguments:
        roots: the complete documents.
        opened: the collections around the next event.
        anchors: what each anchor stands for, with its number of nodes; None while it is not complete.
        nodes: how many nodes there are, each alias counted as all that it repeats.
        repeated: how many of these come from aliases.
        last: the offset behind the last thing that was read.
    """

    source: Source
    report: Report
    limits: Limits
    roots: list[Node] = field(default_factory=list[Node])
    opened: list[_Open] = field(default_factory=list[_Open])
    anchors: dict[str, tuple[Node, int] | None] = field(default_factory=dict[str, tuple[Node, int] | None])
    nodes: int = 0
    repeated: int = 0
    last: int = 0

    def check_brackets(self) -> None:
        """Brackets that only open are refused before the scanner looks for their ends."""
        for found in _BRACKETS.finditer(self.source.text):
            depth = found.group().count("[") + found.group().count("{")
            self.check_depth(depth, found.start())

    def check_depth(self, depth: int, place: int) -> None:
        span = Span(self.source, place, place + 1)
        check_size(self.report, span, ("the nesting", depth), ("nesting", self.limits.nesting))

    def take(self, event: YamlEvent) -> None:
        if event.feature:
            self.refuse(event.feature, self.span(event))
        match event.kind:
            case "scalar":
                self.last = event.end
                self.close(self.scalar(event), self.nodes, event.anchor)
            case "alias":
                self.last = event.end
                self.alias(event, event.anchor or "")
            case "list" | "mapping":
                self.open(event)
            case "end":
                self.end(event)
            case "document":
                self.anchors.clear()

    def open(self, event: YamlEvent) -> None:
        self.opened.append(_Open(event, self.nodes))
        self.last = event.end
        self.check_depth(len(self.opened), event.start)
        if event.anchor is not None:
            self.anchors[event.anchor] = None

    def end(self, event: YamlEvent) -> None:
        done = self.opened.pop()
        if done.event.style:  # otherwise the end is where the next thing begins, behind comments
            self.last = event.end
        span = Span(self.source, done.event.start, self.last)
        is_mapping = done.event.kind == "mapping"
        node = self.mapping(done.items, span) if is_mapping else SequenceNode(tuple(done.items), span)
        self.close(node, done.nodes_before, done.event.anchor)

    def close(self, node: Node, nodes_before: int, anchor: str | None) -> None:
        """A node is complete: it goes into the collection around it."""
        self.nodes += 1
        check_size(self.report, node.span, ("the number of values", self.nodes), ("tokens", self.limits.tokens))
        if anchor is not None:
            self.anchors[anchor] = (node, self.nodes - nodes_before)
        if self.opened:
            self.opened[-1].items.append(node)
        else:
            self.roots.append(node)

    def alias(self, event: YamlEvent, name: str) -> None:
        if name not in self.anchors:
            raise syntax_error(self.report, self.span(event), f"no anchor '&{name}' stands before this")
        known = self.anchors[name]
        if known is None:
            raise contains_itself(self.report, self.span(event), f"the anchor '&{name}'")
        node, size = known
        self.repeated += size
        what = ("the number of values that aliases repeat", self.repeated)
        check_size(self.report, self.span(event), what, ("declarations", self.limits.declarations))
        self.nodes += size - 1
        self.close(node, self.nodes, None)

    def mapping(self, items: list[Node], span: Span) -> MappingNode:
        entries: list[Entry] = []
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, ScalarNode):
                wrong_value(self.report, key, "a key", "a text")
            elif key.text == "<<" and self.source.text[key.span.start - 1 : key.span.start] not in ("'", '"'):
                self.refuse("the merge key '<<'", key.span)
            else:
                entries.append(Entry(key, _beside(key, value)))
        return MappingNode(unrepeated(entries, self.report), span)

    def refuse(self, feature: str, span: Span) -> None:
        hint = {"hint": "leave the line with '%YAML' out"} if feature == OTHER_VERSION else {}
        self.report.add(catalogue.YAML_FEATURE, span, feature=feature, **hint)

    def scalar(self, event: YamlEvent) -> ScalarNode:
        text = event.text
        found = self.source.text.rfind(text, event.start, event.end) if text else _inside_quotes(event)
        value = text if event.style else plain_value(text)
        if found >= 0:
            return ScalarNode(value, Span(self.source, found, found + len(text)))
        place = self.span(event)
        own = own_span(f"{self.source.name}:{place.line}:{place.column}", text, self.report, place)
        return ScalarNode(value, own, place)

    def span(self, event: YamlEvent) -> Span:
        return Span(self.source, event.start, event.end)


def _beside(key: ScalarNode, value: Node) -> Node:
    """The value of a key; one that is not written, whose own place is that of what follows, stands behind the colon."""
    if not isinstance(value, ScalarNode) or value.value is not None or value.text:
        return value
    source = value.span.source
    colon = source.text.find(":", key.span.end, value.span.start) if key.in_file else -1
    return value if colon < 0 else ScalarNode(None, value.span, Span(source, colon + 1, colon + 1))


def _inside_quotes(event: YamlEvent) -> int:
    """The place of an empty text: between its quotes, or where a value would stand."""
    return event.end - 1 if event.style in ("'", '"') else event.end


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
