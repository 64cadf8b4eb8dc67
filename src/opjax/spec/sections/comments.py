"""YAML's comments: those above what begins a line, and the one behind it."""

from __future__ import annotations

import re

from opjax.source import Span
from opjax.spec.document import Node, ScalarNode
from opjax.spec.sections.draft import Draft
from opjax.syntax.declarations import BLANK_LINE, NO_COMMENTS, Comments

_WIDEST_INDENT = 1_000  # also where many entries stand on one line, each is looked at in constant time
_OWN_LINE = re.compile(r"[ \t]*(?:[-?][ \t]+)*\{?[\"']?\Z")
_BEHIND = re.compile(r"""["']?\}?[ \t]+#[ ]?([^\n]*)""")
_BEHIND_KEY = re.compile(r"""["']?[ \t]*:[ \t]+#[ ]?([^\n]*)""")
_COMMENT_LINE = re.compile(r"[ \t]*(?:#[ ]?(.*))?\Z")


def comments_of(draft: Draft, first: Node, last: Node) -> Comments:
    """The comments of an entry that begins its line.

    Arguments:
        draft: holds the text.
        first: the key, or the item of a list.
        last: the value, or the item itself.

    Returns:
        The comment lines above it, and the comment behind its end (or behind its key, where the value stands
        below the key).
    """
    span, source = _place(first), draft.span.source
    if span.source is not source or not draft.has_comments:
        return NO_COMMENTS
    text = source.text
    line_start = text.rfind("\n", max(0, span.start - _WIDEST_INDENT), span.start) + 1
    if span.start - line_start > _WIDEST_INDENT or not _OWN_LINE.match(text[line_start : span.start]):
        return NO_COMMENTS
    behind = _BEHIND_KEY.match(text, span.end) if first is not last else None
    if behind is None and _place(last).source is source:
        behind = _BEHIND.match(text, _place(last).end)
    return Comments(_above(text, line_start), behind.group(1).rstrip() if behind else "")


def section_comments_of(draft: Draft, key: Node, value: Node) -> Comments:
    """The comments of a key of the model; a comment behind a value below the key belongs to what stands there."""
    found = comments_of(draft, key, value)
    text = draft.span.source.text
    end = _place(key).end
    below = found.behind and "\n" in text[end : _place(value).start]
    if not below or _BEHIND_KEY.match(text, end):
        return found
    return Comments(found.before)


def _place(node: Node) -> Span:
    return node.place or node.span if isinstance(node, ScalarNode) else node.span


def _above(text: str, line_start: int) -> tuple[str, ...]:
    """The comment lines above a line; blank lines among them are kept, and one above the first."""
    lines: list[str] = []
    first = 0
    while line_start > 0:
        above = text.rfind("\n", 0, line_start - 1) + 1
        found = _COMMENT_LINE.match(text[above : line_start - 1])
        if found is None:
            break
        lines.append(BLANK_LINE if found.group(1) is None else found.group(1).rstrip())
        first = len(lines) if found.group(1) is not None else first
        line_start = above
    return tuple(reversed(lines[: first + 1])) if first else ()
