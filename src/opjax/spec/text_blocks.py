"""The blocks of a text: models, and the definitions of operators and pipelines that may stand beside them.

A definition begins with one of three words at the left edge; what is indented below it belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from opjax.source import DEFAULT_LIMITS, Limits, Source
from opjax.spec.text_headers import model_header
from opjax.spec.text_lines import Line, Lines

Kind = Literal["definition", "model", "other"]
_WORDS = ("operator", "pipeline", "axis")
_DEFINITION = re.compile(rf"(?:{'|'.join(_WORDS)})[ \t]+[^\s:]")
_MAY_DEFINE = re.compile(rf"^[ \t]*{_DEFINITION.pattern}", re.MULTILINE)


@dataclass(slots=True)
class Block:
    """Some lines that belong together.

    Arguments:
        kind: what its first line begins.
        depth: the indentation of that line.
        lines: its lines, with the comments above it.
    """

    kind: Kind
    depth: int
    lines: list[Line] = field(default_factory=list[Line])

    @property
    def statements(self) -> list[Line]:
        """Its lines that are no comments."""
        return [line for line in self.lines if not line.is_comment]


def blocks_of(source: Source, limits: Limits = DEFAULT_LIMITS) -> Iterator[Block]:
    """The blocks of a text, in order.

    Arguments:
        source: the text.
        limits: bound the work in one line.

    Returns:
        An iterator; comments behind the last statement belong to the last block.

    Example:
        >>> text = "operator f(x) = x\\nmodel M:\\n  states: S\\npipeline p = f\\n"
        >>> [block.kind for block in blocks_of(Source("<text>", text))]
        ['definition', 'model', 'definition']
    """
    current: Block | None = None
    comments: list[Line] = []
    for line in Lines(source.text, limits):
        if line.is_comment and (current is None or line.depth <= current.depth):
            comments.append(line)
            continue
        kind = _kind(source.text, line, current)
        if current is None or kind != "":
            if current is not None:
                yield current
            current = Block(kind or "other", line.depth)
        current.lines += [*comments, line]
        comments = []
    if current is not None:
        current.lines += comments
        yield current


def _kind(text: str, line: Line, current: Block | None) -> Kind | Literal[""]:
    """What a line begins, or nothing where it goes on."""
    if line.is_comment or (current is not None and line.depth > current.depth):
        return ""
    if _DEFINITION.match(text, line.start, line.end):
        return "definition"
    if model_header(text, line, strict=False) is not None:
        return "model"
    return "" if current is not None and current.kind == "model" else "other"


def holds_definitions(source: Source) -> bool:
    """Whether operators or pipelines are defined in a text."""
    return _may_define(source.text) and any(block.kind == "definition" for block in blocks_of(source))


def _may_define(text: str) -> bool:
    """Whether it is worth it to look for definitions; in a large text a word is soon found to be in no line."""
    return any(word in text for word in _WORDS) and bool(_MAY_DEFINE.search(text))


def without_definitions(source: Source, limits: Limits = DEFAULT_LIMITS) -> Source:
    """The text with spaces in place of definitions: what is left keeps its places.

    Arguments:
        source: the text.
        limits: bound the work in one line.

    Returns:
        The same source where nothing is defined.
    """
    if not _may_define(source.text):
        return source
    return masked(source, [block for block in blocks_of(source, limits) if block.kind == "definition"])


def masked(source: Source, blocks: list[Block]) -> Source:
    """The text with spaces in place of some blocks."""
    pieces: list[str] = []
    place = 0
    for block in blocks:
        for line in block.lines:
            end = source.text.find("\n", max(line.end, line.start))
            end = len(source.text) if end < 0 else end
            pieces += [source.text[place : line.start], re.sub(r"[^\n]", " ", source.text[line.start : end])]
            place = end
    return Source(source.name, "".join((*pieces, source.text[place:]))) if pieces else source
