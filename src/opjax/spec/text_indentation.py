"""The rules of indentation: one depth for what stands side by side, and spaces or tabs, not both."""

from __future__ import annotations

from dataclasses import dataclass

from opjax.errors import Report
from opjax.errors.catalogue import BAD_INDENTATION, MIXED_INDENTATION
from opjax.source import Source, Span
from opjax.spec.text_lines import Line


@dataclass(slots=True)
class Indentation:
    """Reports wrong indentation: once for lines in a row that share a mistake, so that its cause is seen.

    Arguments:
        source: the text.
        report: takes the problems.
        first: the first character that the text indents with.
        is_mixed: whether tabs and spaces have been found mixed; said once, for one command of an editor cures it.
        wrong: the depth that was reported last, until a line stands right.
    """

    source: Source
    report: Report
    first: str = ""
    is_mixed: bool = False
    wrong: int | None = None

    def see(self, line: Line) -> None:
        """Look at the characters of a line's indentation."""
        if self.is_mixed or not line.indent:
            return
        self.first = self.first or line.indent[0]
        if line.indent.strip(self.first):
            self.is_mixed = True
            self.report.add(MIXED_INDENTATION, Span(self.source, line.start - len(line.indent), line.start))

    def check(self, line: Line, expected: int, *, hint: str = "") -> None:
        """Compare a line's depth with that of its neighbours."""
        if line.depth == expected:
            self.wrong = None
        elif line.depth != self.wrong:
            self.wrong = line.depth
            if not self.is_mixed or line.indent[:1] == self.first:
                self._complain(line, expected, hint)

    def _complain(self, line: Line, expected: int, hint: str) -> None:
        place = Span(self.source, line.start - len(line.indent), max(line.start, line.start - len(line.indent) + 1))
        found = _width(line.depth, self.first)
        self.report.add(BAD_INDENTATION, place, hint=hint, found=found, expected=_width(expected, self.first))


def _width(depth: int, character: str) -> str:
    """A depth in words."""
    size, name = (depth // 8, "tab") if character == "\t" and depth % 8 == 0 else (depth, "space")
    return f"{size or 'no'} {name}{'' if size == 1 else 's'}"
