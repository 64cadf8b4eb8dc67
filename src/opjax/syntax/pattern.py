"""How statements of one form are read: what `patterns` learns of a form."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from opjax.records import record
from opjax.source import Source, Span

Maker = Callable[[Source, re.Match[str]], object]
"""Makes the value of a statement from its tokens; None where the usual way must be gone."""


@record(eq=False)
class Sample:
    """A statement of a form, in which none of the names and numbers that differ between statements occurs twice.

    Arguments:
        value: what it is.
        words: its names.
        numbers: its numbers.
        word_groups: where the names stand among the groups of the form's expression.
        number_groups: where the numbers stand there.
        has_texts: whether texts in quotes differ between statements too.
    """

    value: object
    words: tuple[str, ...]
    numbers: tuple[str, ...]
    word_groups: tuple[int, ...]
    number_groups: tuple[int, ...]
    has_texts: bool


@dataclass(eq=False, slots=True)
class Pattern:
    """How the statements of one form are read.

    Arguments:
        expression: what matches them.
        make: makes the value of one, perhaps without its parts.
        make_all: makes it with its parts.
        sample: one of them.
    """

    expression: re.Pattern[str]
    make: Maker
    make_all: Maker
    sample: Sample

    def complete(self, span: Span) -> object:
        """The statement at a place where one of this form was read, with its parts."""
        found = self.expression.fullmatch(span.source.text, span.start, span.end)
        return found and self.make_all(span.source, found)

    def __reduce__(self) -> tuple[type[object], tuple[()]]:
        """A pickled statement has its parts, and needs no more than something that stands for its form."""
        return object, ()
