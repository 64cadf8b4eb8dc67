"""One tree for YAML, JSON and Python mappings: mappings, sequences and scalars that know where they were written."""

from __future__ import annotations

from collections.abc import Iterable

from opjax.errors import Report, Stop, catalogue
from opjax.records import record
from opjax.source import Source, Span

Value = str | float | int | bool | None


@record(eq=False)
class ScalarNode:
    """A text, a number, a truth value or nothing.

    Arguments:
        value: what it means.
        span: the characters that were written, without quotes; `span.text` is the decoded text. Where the file holds
            the text in another form (folded over lines, with escapes), the span lies in a source of its own, which
            is named after the place.
        place: the characters in the file, if those of `span` are not in it.
    """

    value: Value
    span: Span
    place: Span | None = None

    @property
    def in_file(self) -> bool:
        """Whether `span` lies in the file itself."""
        return self.place is None

    @property
    def text(self) -> str:
        """The text as it was written: ``1.0e+6`` stays so, quotes and escapes are resolved."""
        return self.span.text


@record(eq=False)
class SequenceNode:
    """A list."""

    items: tuple[Node, ...]
    span: Span


@record(eq=False)
class Entry:
    """A key of a mapping with its value."""

    key: ScalarNode
    value: Node


@record(eq=False)
class MappingNode:
    """Keys with values, in the order of the file; no key stands twice."""

    entries: tuple[Entry, ...]
    span: Span

    def get(self, name: str) -> Node | None:
        """The value of a key, or None where the key is absent."""
        for entry in self.entries:
            if entry.key.text == name:
                return entry.value
        return None


Node = ScalarNode | SequenceNode | MappingNode


def repeated_key(report: Report, key: ScalarNode) -> None:
    """Report a key that stands a second time."""
    report.add(catalogue.REPEATED_KEY, key.span, name=key.text)


def unrepeated(entries: Iterable[Entry], report: Report) -> tuple[Entry, ...]:
    """The entries of a mapping; a key that stands twice is reported, and its first value kept."""
    found: dict[str, Entry] = {}
    for entry in entries:
        name = entry.key.text
        if name in found:
            repeated_key(report, entry.key)
        else:
            found[name] = entry
    return tuple(found.values())


def wrong_value(report: Report, node: Node, where: str, expected: str, **more: str) -> None:
    """Report a value of the wrong type.

    Arguments:
        report: receives the problem.
        node: the value.
        where: what it is the value of.
        expected: what it must be.
        more: `found`, what it is in words (by default those of `describe`), and `hint`.
    """
    found = {"found": describe(node), **more}
    span = node.place or node.span if isinstance(node, ScalarNode) else node.span
    report.add(catalogue.WRONG_VALUE, span, where=where, expected=expected, **found)


def describe(node: Node) -> str:
    """What a node is, for a sentence: ``a list``, ``the number 3``, ``nothing``."""
    match node:
        case MappingNode():
            return "a mapping"
        case SequenceNode():
            return "a list"
        case ScalarNode(value=None):
            return "nothing"
        case ScalarNode(value=bool() as value):
            return "true" if value else "false"
        case ScalarNode(value=int() | float()):
            return f"the number {node.text}"
        case _:
            return f"the text '{node.text}'"


def check_size(report: Report, span: Span, found: tuple[str, int], limit: tuple[str, int]) -> None:
    """Refuse what is larger than a limit: `found` is what was counted, `limit` the field of `Limits`, with numbers."""
    what, size = found
    field, most = limit
    if size > most:
        raise report.stop(catalogue.TOO_LARGE, span, what=what, size=size, limit=most, field=field)


def contains_itself(report: Report, span: Span, where: str) -> Stop:
    """The exception for a mapping that stands inside itself."""
    return report.stop(catalogue.CYCLIC_MAPPING, span, where=where)


def own_span(name: str, text: str, report: Report, place: Span | None = None) -> Span:
    """A span for text that stands nowhere in this form: the whole of a source of its own.

    Arguments:
        name: that of the source.
        text: the decoded text.
        report: gets the problem of a text with half a character.
        place: the characters in the file that the text comes from, if there is a file.

    Raises:
        Stop: for half of a surrogate pair, which no text holds.
    """
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return Span(Source(name, text), 0, len(text))
    whole = text.encode("utf-8", "replace").decode()
    facts = {"where": "a text", "expected": "made of whole characters", "found": "of half of a surrogate pair"}
    shown = place or Span(Source(name, whole), 0, len(whole))
    raise report.stop(catalogue.WRONG_VALUE, shown, **facts, hint="write the character itself")
