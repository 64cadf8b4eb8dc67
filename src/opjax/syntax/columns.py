"""Statements of a few forms that stand one below the other: all are read at once, each is made when it is asked for.

A network of 20,000 species is 100,000 lines of six forms. One regular expression with the patterns of these forms gives
the names and numbers of all lines; they stay in columns, one below the other. What a line declares is made from its
place in the text when somebody wants to see it: for an error, a page of LaTeX, a printed model.
"""

from __future__ import annotations

import functools
import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, compress
from math import inf
from typing import Any

from opjax.records import record
from opjax.source import Source, Span
from opjax.syntax.pattern import Pattern
from opjax.syntax.patterns import Patterns

SURE = 32
"""So many lines in a row that have patterns are followed by more of these forms."""
FIRST_LOOK = 2**14
"""Characters that are read at once first; then twice as many, as long as every line has one of the forms."""
LAST_LOOK = 2**16
"""The most: what is made of these stays near the processor."""
MOST_AT_ONCE = 16
"""Forms that are looked for at once."""
Texts = tuple[str, ...]


@record(eq=False)
class Group:
    """The lines of one form among others.

    Arguments:
        pattern: the form.
        places: where they stand among the others.
        words: their names, a column for each.
        numbers: their numbers as they are written, a column for each.
    """

    pattern: Pattern
    places: Sequence[int]
    words: tuple[Texts, ...]
    numbers: tuple[Texts, ...]


class Columns(Sequence[Any]):
    """The statements in a piece of a text in which every line is one.

    Arguments:
        source: the text.
        start: offset of the line end above the first.
        end: offset behind the last.
        indent: what stands before each.
        patterns: their forms.
        groups: their names and numbers.
    """

    def __init__(self, source: Source, place: tuple[int, int, str], patterns: tuple[Pattern, ...]) -> None:
        self.source = source
        self.start, self.end, self.indent = place
        self.patterns = patterns
        self.size = source.text.count("\n", self.start, self.end)
        self._groups: list[Group] | None = None
        self._starts: array[int] | None = None

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, place: int | slice) -> Any:
        chosen = range(self.size)[place]
        return self.made(chosen) if isinstance(chosen, int) else [*map(self.made, chosen)]

    def __iter__(self) -> Iterator[Any]:
        return map(self.made, range(self.size))

    def made(self, place: int) -> Any:
        """What the line at a place declares."""
        span = self.span(place)
        for pattern in self.patterns:
            found = pattern.expression.fullmatch(self.source.text, span.start, span.end)
            if found:
                return pattern.make(self.source, found)
        raise AssertionError(span)

    @property
    def starts(self) -> array[int]:
        """Where each line begins, behind its indentation."""
        if self._starts is None:
            lines = self.source.text[self.start + 1 : self.end].split("\n")
            sizes = chain((self.start + 1 + len(self.indent),), (len(line) + 1 for line in lines))
            self._starts = array("q", accumulate(sizes))[:-1]
        return self._starts

    def span(self, place: int) -> Span:
        """The place of a statement in the text."""
        return Span(self.source, *self.ends(place))

    def ends(self, place: int) -> tuple[int, int]:
        """Where a statement begins and ends."""
        start = self.starts[place]
        line_end = self.end if place + 1 == self.size else self.starts[place + 1] - 1 - len(self.indent)
        return start, start + len(self.source.text[start:line_end].rstrip(" \t"))

    def spans(self, first: int, last: int) -> list[Span]:
        """The places of some statements that follow each other."""
        starts, new, source = self.starts, object.__new__, self.source
        end = self.end if last == self.size else starts[last] - 1 - len(self.indent)
        lines = source.text[starts[first] : end].split("\n" + self.indent)
        spans: list[Span] = []
        for start, line in zip(starts[first:last], lines, strict=True):
            span: Any = new(Span)  # nobody has seen it: its fields are given values one by one, in a third of the time
            span.source = source
            span.start = start
            span.end = start + len(line.rstrip(" \t"))
            spans.append(span)
        return spans

    def groups(self) -> list[Group]:
        """The names and numbers, which are read again where they were not kept."""
        if self._groups is None:
            self._groups = _grouped(self.patterns, self._rows())
        return self._groups

    def release(self) -> None:
        """Names and numbers are not asked for soon again."""
        self._groups = None

    def _rows(self) -> list[Texts]:
        return _together(self.indent, self.patterns).findall(self.source.text, self.start, self.end)

    def read(self, words: frozenset[str]) -> int:
        """Read the lines up to the first that has none of the forms; the rest is left.

        Arguments:
            words: keywords, which are no names.

        Returns:
            How many there are.
        """
        rows = self._rows()
        groups = _grouped(self.patterns, rows)
        if sum(len(group.places) for group in groups) < len(rows):
            self._cut(rows, next(place for place, row in enumerate(rows) if not any(row)))
            groups = _grouped(self.patterns, rows)
        odd = _first_odd(groups, words)
        if odd is not None:
            self._cut(rows, odd)
            groups = _grouped(self.patterns, rows)
        self._groups = groups
        return self.size

    def _cut(self, rows: list[Texts], count: int) -> None:
        """Leave all lines from one on."""
        self.end = self.starts[count] - 1 - len(self.indent)
        self.size, self._starts = count, self.starts[:count]
        del rows[count:]


def _first_odd(groups: list[Group], words: frozenset[str]) -> int | None:
    """The first line in which a name is a keyword or a number too large."""
    found: list[int] = []
    for group in groups:
        for column in group.words:
            if not words.isdisjoint(column):
                found += [place for place, name in zip(group.places, column, strict=True) if name in words]
        for column in group.numbers:
            if inf in map(float, column):
                found += [place for place, text in zip(group.places, column, strict=True) if float(text) == inf]
    return min(found, default=None)


def _grouped(patterns: tuple[Pattern, ...], rows: list[Texts]) -> list[Group]:
    """The lines of each form; in every line, the texts of the other forms are empty."""
    groups: list[Group] = []
    columns, every = list(zip(*rows, strict=True)), range(len(rows))
    before = 0
    for pattern in patterns if rows else ():
        sample, own = pattern.sample, columns[before : before + pattern.expression.groups]
        known = own[sample.word_groups[0]]
        places = [*compress(every, known)]
        whole = len(places) == len(rows)
        if places:
            words, numbers = (
                tuple(own[at] if whole else tuple(compress(own[at], known)) for at in chosen)
                for chosen in (sample.word_groups, sample.number_groups)
            )
            groups.append(Group(pattern, every if whole else places, words, numbers))
        before += pattern.expression.groups
    return groups


@functools.lru_cache(maxsize=64)
def _together(indent: str, patterns: tuple[Pattern, ...]) -> re.Pattern[str]:
    """A line of one of the forms, with its texts; any other without. (The last group makes them tuples.)"""
    lines = [rf"\n{indent}{pattern.expression.pattern}(?=\n|\Z)" for pattern in patterns]
    return re.compile("|".join([*lines, r"\n[^\n]*+()"]))


class LinesOfForms:
    """Reads lines of which most have a form that was met before.

    Arguments:
        patterns: the forms.
        kind: the kind of the statements.
    """

    def __init__(self, patterns: Patterns, kind: str) -> None:
        self.patterns, self.kind = patterns, kind
        self.known: tuple[Pattern, ...] = ()
        self.sure = 0
        self.look = FIRST_LOOK

    def one(self, source: Source, start: int, end: int) -> Any:
        """What a line declares; None if it has no form."""
        made = self.patterns.read(self.kind, source, start, end)
        if made is None:
            self.sure = 0
            return None
        self.sure += 1
        latest = self.patterns.latest[self.kind]
        if latest not in self.known and latest.sample.words and len(self.known) < MOST_AT_ONCE:
            self.known = (*self.known, latest)
        return made

    def several(self, source: Source, start: int, end: int, indent: str) -> Columns | None:
        """The next lines, where it is likely that they have the forms of those before.

        Arguments:
            source: the text.
            start: offset of the line end above the first.
            end: offset behind the last.
            indent: what stands before each.
        """
        if self.sure < SURE or not self.known:
            return None
        last = source.text.find("\n", start + self.look, end)
        found = Columns(source, (start, end if last < 0 else last, indent), self.known)
        wanted = found.size
        if found.read(self.patterns.words) < wanted:
            self.sure, self.look = 0, FIRST_LOOK
        else:
            self.look = min(2 * self.look, LAST_LOOK)
        return found if found.size else None
