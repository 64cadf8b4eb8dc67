"""Where text came from: sources, spans and the limits that are checked before work is done."""

from __future__ import annotations

import bisect
import functools

from opjax.records import record


@record(eq=False)
class Source:
    """One piece of text that a person wrote, with the name that errors show for it.

    Arguments:
        name: a file name, or a description such as ``<text>`` or ``<mapping>: equations.S``.
        text: the whole text, after decoding; line ends are ``\\n``.
    """

    name: str
    text: str

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a character offset."""
        starts = _line_starts(self)
        line = bisect.bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a 1-based line, without its line end."""
        starts = _line_starts(self)
        end = starts[line] - 1 if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end]


@functools.lru_cache(maxsize=16)
def _line_starts(source: Source) -> list[int]:
    starts = [0]
    found = source.text.find("\n")
    while found >= 0:
        starts.append(found + 1)
        found = source.text.find("\n", found + 1)
    return starts


@record()
class Span:
    """A half-open range of characters ``[start, end)`` in a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The 1-based line of the first character."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The 1-based column of the first character."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The characters that the span covers."""
        return self.source.text[self.start : self.end]

    def __repr__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


NOWHERE = Span(Source("<built in>", ""), 0, 0)
"""The span of things that no person wrote."""


@record()
class Limits:
    """How much work an input may ask for; checked before anything large is built.

    Arguments:
        bytes: size of one source.
        tokens: tokens of one statement or expression.
        nesting: depth of brackets, unary operators and right-associative powers.
        declarations: named things in one model.
        axis_points: labels or grid points of one axis.
        cells: elements of one state, parameter or intermediate array.
        operations: nodes of one compiled program.
    """

    bytes: int = 64 * 2**20
    tokens: int = 4_000_000
    nesting: int = 200
    declarations: int = 200_000
    axis_points: int = 10_000_000
    cells: int = 200_000_000
    operations: int = 20_000_000


DEFAULT_LIMITS = Limits()
