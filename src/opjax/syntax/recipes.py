"""Statements of a form that was met before: the parser's steps are repeated, without lexer states and tables.

Large models are many statements of few forms. Which steps the parser takes depends on the terminals alone, and those
depend on the form: the statement with its names, numbers and texts left out. So the steps of a form are kept, and run
again over the tokens of the next statement of that form; the nodes are made by the same functions, with their own
places. A new form of nothing but names, numbers and signs needs the tables, but no lexer. What is unusual (characters
beyond ASCII, bare labels, very long statements) has no form and goes the usual way, as does every statement with a
problem.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from opjax.records import record
from opjax.source import Limits, Source, Span
from opjax.syntax.lexer import Token
from opjax.syntax.names import LONGEST_NAME, PART_OF_NUMBER
from opjax.syntax.slips import TextError
from opjax.syntax.tables import END, Reduction

LONGEST: Final = 2_000
"""Characters of a statement with a form."""
MOST_FORMS: Final = 2_000
"""Forms that are kept; then all make room, for those that are still in use are soon learned again."""
WITHOUT_FORM: Final = ("axis", "time")
"""Statements with bare labels and dates, which only the parser's state tells from names and numbers."""

_PIECE: Final = rf"""(?:[ \t\r\n\f]++|\#[^\n]*+)*+ (?:
      ([A-Za-z_][A-Za-z0-9_]*+)(?![^\x00-\x7f])
    | ((?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)(?!{PART_OF_NUMBER})
    | (->|=>|<=|>=|==|!=|\+=|-=|\*=|\*\*|[-+*/%^()\[\]{{}},:;=<>@~.]|(?<=[\w\])])')
    | ("[^"\n]*+(?:""[^"\n]*+)*"(?!")|'[^'\n]*+(?:''[^'\n]*+)*'(?!'))
    | (\Z)
    )"""
_NAME, _NUMBER, _OPERATOR, _STRING, _END = 1, 2, 3, 4, 5


@functools.cache
def _pattern() -> re.Pattern[str]:
    """Compiled when it is first needed, to keep imports quick."""
    return re.compile(_PIECE, re.VERBOSE)


Form = tuple[str, ...]
Step = Reduction | None
"""A step of the parser: a rule that is complete, or the next token."""


@record()
class Pieces:
    """A statement in pieces, with its form."""

    form: Form
    places: list[tuple[int, int]]

    def tokens(self, source: Source, types: Iterable[str]) -> list[Token]:
        """The tokens, given their terminals."""
        text = source.text
        return [
            Token(terminal, text[start:end], source, start, end)
            for terminal, (start, end) in zip(types, self.places, strict=True)
        ]


@record()
class Recipe:
    """The steps for one form, and the terminals of its tokens."""

    types: tuple[str, ...]
    steps: tuple[Step, ...]

    def repeat(self, span: Span, pieces: Pieces) -> object | None:
        """The value of a statement; None if it has a problem, which the usual way explains."""
        tokens = iter(pieces.tokens(span.source, self.types))
        values: list[object] = []
        try:
            for step in self.steps:
                if step is None:
                    values.append(next(tokens))
                    continue
                first = len(values) - step.length
                if step.plain and step.action is not None:
                    values[first:] = (step.action(*values[first:]),)
                else:
                    values[first:] = (step.value(values[first:]),)
        except TextError:
            return None
        return values[0]


_NESTING: Final = ("(", "^", "**", "%", "+", "-")
_BRACKETS: Final = frozenset("[]{}")
_PLAIN: Final = {"a": "NAME", "1": "NUMBER", "'": "PRIME", "": END}


@dataclass(slots=True)
class Recipes:
    """The recipes by kind and form.

    Arguments:
        words: the words that may be keywords; they are part of a form.
    """

    words: Mapping[str, tuple[str, ...]]
    known: dict[tuple[str, Form], Recipe] = field(default_factory=dict[tuple[str, Form], Recipe])
    plain: dict[str, str] = field(init=False)
    """The terminals of what is no word of the language, and opens no bracket in which it would be read otherwise."""

    def __post_init__(self) -> None:
        signs = [text for text in self.words if not text[0].isalnum() and text not in _BRACKETS]
        self.plain = {sign: self.words[sign][0] for sign in signs} | _PLAIN

    def pieces(self, kind: str, span: Span) -> Pieces | None:
        """A statement in pieces; None if it has no form."""
        if kind in WITHOUT_FORM or span.end - span.start > LONGEST:
            return None
        form: list[str] = []
        places: list[tuple[int, int]] = []
        words, position, labelled = self.words, span.start, False
        for found in _pattern().finditer(span.source.text, span.start, span.end):
            group = found.lastindex
            if group is None or found.start() != position:
                return None
            place, text = found.span(group), found[group]
            position = place[1]
            if group == _NAME:
                if len(text) > LONGEST_NAME:
                    return None
                form.append(text if text in words else "a")
            elif group == _OPERATOR:
                labelled = text == "[" or (labelled and text != "]")
                if labelled and text == "=":
                    return None
                form.append(text)
            else:
                form.append("" if group == _END else "1" if group == _NUMBER else '"')
            places.append(place)
            if group == _END:
                return Pieces(tuple(form), places)
        return None

    def types(self, pieces: Pieces, limits: Limits) -> list[str] | None:
        """The terminals of a statement that is nothing but names, numbers and signs; None for any other.

        What can nest is counted, nested or not: where that is too much, the lexer has to look.
        """
        form = pieces.form
        if not self.plain.keys() >= set(form) or len(form) > limits.tokens:
            return None
        if sum(map(form.count, _NESTING)) > limits.nesting:
            return None
        return [*map(self.plain.__getitem__, form)]

    def find(self, kind: str, pieces: Pieces) -> Recipe | None:
        """The recipe for a form."""
        return self.known.get((kind, pieces.form))

    def learn(self, kind: str, pieces: Pieces, types: Sequence[str], steps: Sequence[Step]) -> None:
        """Keep the steps that a statement took."""
        if len(types) == len(pieces.places):
            make_room(self.known)
            self.known[(kind, pieces.form)] = Recipe(tuple(types), tuple(steps))


def make_room(known: dict[Any, Any]) -> None:
    """Empty what has grown to `MOST_FORMS`: in one step, since others may be reading."""
    if len(known) >= MOST_FORMS:
        known.clear()
