"""The lines of a text: a line goes on while a bracket is open, and comments are taken off.

This knows nothing of models and sections. It looks at every character a bounded number of times, and one bad line
never hides the next: a bracket that stays open ends with the block that it was opened in.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from opjax.records import record
from opjax.source import DEFAULT_LIMITS, Limits
from opjax.syntax.names import END_OF_VALUE, PART_OF_NAME

_SPACE = re.compile(r"[ \t\n]*+")
# A text in quotes (a quote inside is doubled, which reads as two texts here; behind a name, ' is a derivative),
# a comment, a bracket, a line end.
_TOKEN = re.compile(rf""""[^"\n]*+"?|(?<!{END_OF_VALUE})'[^'\n]*+'?|\#[^\n]*+|[()\[\]{{}}]|\n""")
# A line in which none of these stands: most statements of a large model. (Behind a name, ' is a derivative.)
_PLAIN = re.compile(rf"""(?:[^"'\#()\[\]{{}}\n]++(?:(?<={PART_OF_NAME})')?)+(?=\n|\Z)""")
# A line as simple as that, in which texts and brackets (three deep) may stand if they are closed in it.
_PART = rf"""[^"'\#()\[\]{{}}\n]++(?:(?<={PART_OF_NAME})')?|"[^"\n]*+\""""
_FLAT = rf"\[(?:{_PART})*\](?:(?<=\])')?|\{{(?:{_PART})*\}}"
_ONE = rf"\((?:{_PART})*\)|{_FLAT}"
_TWO = rf"\((?:{_PART}|{_ONE})*\)|{_FLAT}"
_CLOSED = rf"(?:{_PART}|\((?:{_PART}|{_TWO})*\)|{_FLAT})+(?=\n|\Z)"
_SIMPLE = r"""[^"'\#()\[\]{}\n]++(?=\n|\Z)"""
"""There is one way to match a line, since the first character of each part says which it is."""
CLOSING = {"(": ")", "[": "]", "{": "}"}
_TAB = 8
_DEEPEST = 200
"""The longest indentation that is looked for in the next lines: it becomes part of a pattern, which is kept."""


@record()
class Line:
    """One statement, header or comment, possibly over several lines of the file.

    Arguments:
        start: offset of the first character behind the indentation.
        end: offset behind the last character, without a comment; equal to `start` for a line that is a comment.
        indent: the spaces and tabs before it.
        depth: its width in columns.
        after_blank: whether a blank line stands above.
        inner: the comments inside its brackets.
        behind: the comment behind it.
        unclosed: offset of a bracket that is never closed, or -1.
        too_much: which limit of `Limits` the line exceeds, or "".
    """

    start: int
    end: int
    indent: str
    depth: int
    after_blank: bool
    inner: tuple[str, ...] = ()
    behind: str = ""
    unclosed: int = -1
    too_much: str = ""

    @property
    def is_comment(self) -> bool:
        """Whether there is nothing but a comment."""
        return self.start == self.end


def depth_of(indent: str) -> int:
    """The width of an indentation in columns; a tab goes to the next multiple of 8."""
    return len(indent.expandtabs(_TAB)) if "\t" in indent else len(indent)


@dataclass(slots=True)
class Lines:
    """Every line of a text that holds anything, from the first to the last.

    Arguments:
        text: the whole text, with ``\\n`` as line end.
        limits: bound the brackets in one line.

    Example:
        >>> [line.behind for line in Lines("a = (1 +\\n  2)  # two", Limits())]
        ['two']
    """

    text: str
    limits: Limits
    position: int = 0

    def __iter__(self) -> Iterator[Line]:
        text = self.text
        while True:
            start, indent, breaks = _next_word(text, self.position)
            if start == len(text):
                return
            depth = depth_of(indent)
            plain = _PLAIN.match(text, start)
            if plain is not None:
                self.position = plain.end()
                yield Line(start, start + len(plain.group().rstrip(" \t")), indent, depth, breaks > 1)
                continue
            scan = _Scan(text, start, depth, self.limits)
            scan.run()
            self.position = scan.position
            yield Line(
                start,
                scan.last,
                indent,
                depth,
                breaks > 1,
                tuple(scan.inner),
                scan.behind,
                scan.open[-1] if scan.is_unclosed else -1,
                scan.too_much,
            )

    def alike(self, indent: str, most: int) -> tuple[int, int, int]:
        """The next lines, as long as they are like the one before, and at most so many.

        They stand at the same indentation without blank lines, comments and open brackets between, and none of them
        can be a header.

        Returns:
            The line end above the first, the one behind the last, and how many there are.
        """
        start = self.position
        if self.limits is not DEFAULT_LIMITS or len(indent) > _DEEPEST:  # those bound what is looked for here
            return start, start, 0
        if not self.text.startswith("\n", start):
            return start, start, 0
        found = _unlike(indent).search(self.text, start)
        end = found.start() if found else len(self.text)
        count = self.text.count("\n", start, end)
        while count > most:
            count, end = count - 1, self.text.rfind("\n", start, end)
        self.position = end
        return start, end, count


@functools.lru_cache(maxsize=64)
def _unlike(indent: str) -> re.Pattern[str]:
    """The line end above a line of another indentation, or one that is not closed in itself, or perhaps a header."""
    header = r"(?i:model)\b|\w++[ \t]*+:?[ \t]*+(?:\n|\Z)"
    return re.compile(rf"\n(?!{indent}(?![ \t\n]|{header})(?:{_SIMPLE}|{_CLOSED}))")


def _next_word(text: str, position: int) -> tuple[int, str, int]:
    """The next offset that holds more than space, the indentation before it, the line ends in between."""
    found = _SPACE.match(text, position)
    start = found.end() if found else position
    line_start = text.rfind("\n", position, start) + 1 or position
    breaks = text.count("\n", position, start)
    return start, text[line_start:start], breaks


@dataclass(slots=True)
class _Scan:
    """Finds the end of the line that begins at `position`; leaves `position` at the line end behind it."""

    text: str
    position: int
    depth: int
    limits: Limits
    last: int = 0
    open: list[int] = field(default_factory=list[int])
    inner: list[str] = field(default_factory=list[str])
    behind: str = ""
    is_unclosed: bool = False
    too_much: str = ""

    def run(self) -> None:
        text, piece = self.text, self.position
        self.last = piece
        for _ in range(self.limits.tokens):
            found = _TOKEN.search(text, self.position)
            if found is None:
                self._use(piece, len(text))
                self.position = len(text)
                self.is_unclosed = bool(self.open)
                return
            self.position, start = found.end(), found.start()
            first = text[start]
            if first in "\"'":
                continue
            if first in "([{":
                self.open.append(start)
                if len(self.open) > self.limits.nesting:
                    self._give_up("nesting")
                    return
            elif first in ")]}":
                self._close(first)
            else:  # a comment or the end of the line
                self._use(piece, start)
                if first == "#":
                    self._comment(found.group())
                elif not self._continue(start):
                    return
                piece = self.position
        self._give_up("tokens")

    def _use(self, start: int, end: int) -> None:
        """A piece belongs to the line, except for spaces at its end."""
        used = len(self.text[start:end].rstrip(" \t"))
        if used:
            self.last = start + used

    def _comment(self, token: str) -> None:
        text = comment_text(token)
        if self.open:
            self.inner.append(text)
        else:
            self.behind = text

    def _close(self, bracket: str) -> None:
        if self.open and CLOSING[self.text[self.open[-1]]] == bracket:
            self.open.pop()
        else:  # the statement's parser says what is wrong; the next line is a new one
            self.open.clear()

    def _continue(self, line_end: int) -> bool:
        """At a line end: does the line go on?"""
        self.position = line_end
        if not self.open:
            return False
        start, indent, _ = _next_word(self.text, line_end)
        if start == len(self.text) or (depth_of(indent) <= self.depth and self.text[start] not in ")]}#"):
            self.is_unclosed = True
            return False
        self.position = start
        return True

    def _give_up(self, limit: str) -> None:
        self.too_much = limit
        end = self.text.find("\n", self.position)
        self.position = len(self.text) if end < 0 else end
        self.last = self.position


def comment_text(raw: str) -> str:
    """The text of a comment without its ``#``, one space behind that, and the spaces at its end."""
    return raw[1:].removeprefix(" ").rstrip()
