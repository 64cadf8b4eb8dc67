"""Python mapping -> document tree; every leaf's place is the path to it, such as ``<mapping>: equations.S``."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

from opjax.errors import Report, Stop
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
from opjax.traverse import Walk, run

_MOST_BITS = 1_000


def mapping_document(mapping: Mapping[str, object], report: Report, limits: Limits) -> Node | None:
    """The document tree of a Python mapping.

    Arguments:
        mapping: mappings, lists and tuples of texts, numbers (NumPy's scalars too), truth values, dates and None.
        report: receives the problems.
        limits: `nesting` (depth) and `declarations` (values that shared objects repeat) are checked.

    Returns:
        The root; None where a limit ended the work or the mapping contains itself.
    """
    converter = _Converter(report, limits)
    try:
        return run(converter.collection(mapping, "")) if _is_collection(mapping) else converter.scalar(mapping, "")
    except Stop:
        return None


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_collection(value: object) -> TypeGuard[Mapping[object, object] | list[object] | tuple[object, ...]]:
    return type(value) is not str and isinstance(value, dict | list | tuple | Mapping)  # the common ones first


@dataclass(slots=True)
class _Converter:
    """Converts every object once, however often it is shared."""

    report: Report
    limits: Limits
    done: dict[int, tuple[object, Node, int]] = field(default_factory=dict[int, tuple[object, Node, int]])
    inside: dict[int, object] = field(default_factory=dict[int, object])
    nodes: int = 0
    repeated: int = 0

    def collection(self, value: Mapping[object, object] | list[object] | tuple[object, ...], path: str) -> Walk[Node]:
        place = _place(path)
        if id(value) in self.inside:
            raise contains_itself(self.report, place, f"'{path}'")
        if id(value) in self.done:
            return self.again(id(value), place)
        self.inside[id(value)] = value
        check_size(self.report, place, ("the nesting", len(self.inside)), ("nesting", self.limits.nesting))
        before = self.nodes
        node = yield self.mapping(value, path, place) if _is_mapping(value) else self.sequence(value, path, place)
        self.nodes += 1
        del self.inside[id(value)]
        self.done[id(value)] = (value, node, self.nodes - before)
        return node

    def again(self, identity: int, place: Span) -> Node:
        _, node, size = self.done[identity]
        self.repeated += size
        self.nodes += size
        what = ("the number of values that shared objects repeat", self.repeated)
        check_size(self.report, place, what, ("declarations", self.limits.declarations))
        return node

    def mapping(self, mapping: Mapping[object, object], path: str, place: Span) -> Walk[Node]:
        entries: list[Entry] = []
        for key, value in mapping.items():
            name = str(key) if isinstance(key, str) else ""
            below = f"{path}.{name}" if path else name
            node = (yield self.collection(value, below)) if _is_collection(value) else self.scalar(value, below)
            if isinstance(key, str):
                entries.append(Entry(self.text(name, below), node))
            else:
                wrong_value(self.report, self.scalar(key, path), "a key", "a text")
        return MappingNode(unrepeated(entries, self.report), place)

    def sequence(self, values: Iterable[object], path: str, place: Span) -> Walk[Node]:
        items: list[Node] = []
        for number, value in enumerate(values):
            below = f"{path}[{number}]"
            items.append((yield self.collection(value, below)) if _is_collection(value) else self.scalar(value, below))
        return SequenceNode(tuple(items), place)

    def text(self, text: str, path: str) -> ScalarNode:
        return ScalarNode(text, own_span(_name(path), text, self.report))

    def scalar(self, value: object, path: str) -> ScalarNode:
        self.nodes += 1
        if type(value) is str:
            return self.text(value, path)
        plain = _plain(value)
        if plain is None and value is not None:
            text = type(value).__name__
            node = ScalarNode(text, Span(_source(path, text), 0, len(text)))
            where, found = f"'{path}'" if path else "this", f"of the type '{text}'"
            wrong_value(self.report, node, where, "a text, a number, a list or a mapping", found=found)
            return node
        text = _written(plain)
        return ScalarNode(plain, own_span(_name(path), text, self.report))


def _name(path: str) -> str:
    return f"<mapping>: {path}" if path else "<mapping>"


def _source(path: str, text: str) -> Source:
    return Source(_name(path), text)


def _place(path: str) -> Span:
    return Span(Source(_name(path), path), 0, len(path))


def _plain(value: object) -> Value:
    """The value as a plain Python object; None where it is of no such kind."""
    match value:
        case bool() | None:
            return value
        case str():
            return str(value)
        case datetime.date():
            return value.isoformat()
        case numbers.Integral():
            whole = int(value)
            return whole if whole.bit_length() <= _MOST_BITS else None
        case numbers.Real():
            return float(value)
        case _:
            is_truth = type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_")
            return bool(value) if is_truth else None


def _written(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case _:
            return repr(value)
