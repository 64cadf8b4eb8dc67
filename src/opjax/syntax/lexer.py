"""From the text of one statement to tokens: the parser pulls one at a time.

The lexer knows the words of the language from the grammar and takes a word as a keyword only where the parser can use
it, so that ``data``, ``edge`` or ``from`` stay ordinary names everywhere else. It also matches the brackets and counts
how deep the text nests, so that the parser never sees more than the limits allow.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, get_args

from opjax.source import Limits, Source, Span
from opjax.syntax.declarations import FLAGS, Edge, Interpolation, MeasureKind
from opjax.syntax.hints import glued_hint, number_hint
from opjax.syntax.names import (
    END_OF_VALUE,
    FIRST_OF_NAME,
    PART_OF_NAME,
    PART_OF_NUMBER,
    WORDS,
    check_characters,
    check_name,
    unknown_character,
)
from opjax.syntax.slips import TextError, bad_number, too_large, unclosed_bracket, unclosed_text, unexpected_text
from opjax.syntax.tables import END

Vocabulary: TypeAlias = Mapping[str, tuple[str, ...]]

_VALUES: Final = {
    "FLAG": FLAGS,
    "EDGE_BEHAVIOUR": get_args(Edge),
    "INTERPOLATION": get_args(Interpolation),
    "SPACING": ("linear", "log"),
    "MEASURE_KIND": get_args(MeasureKind),
    "DIRECTION": ("rising", "falling"),
    "SIDE": ("lo", "hi"),
    "BEGIN": ("from",),
}
_OPERATORS: Final = {
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), "COMPARE"),
    **dict.fromkeys(("->", "=>"), "ARROW"),
    **dict.fromkeys(("+=", "-=", "*="), "ASSIGN"),
    "**": "CARET",
}
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}

_SKIPPED: Final = r"(?:[ \t\r\n\f]++|\#[^\n]*+)*+"
_DIGITS: Final = "[0-9]++ (?: _[0-9]++ )*"
_TOKEN: Final = rf"""(?:
    (?P<word>    {FIRST_OF_NAME} {PART_OF_NAME}*+ )
  | (?P<NUMBER>  (?: {_DIGITS} \.? (?: {_DIGITS} )? | \. {_DIGITS} ) (?: [eE][+-]?[0-9]++ )? )
    (?P<glued>   {PART_OF_NUMBER}++ )?
  | (?P<operator> -> | => | <= | >= | == | != | \+= | -= | \*= | \*\* | [-+*/%^()\[\]{{}},:;=<>@~.] )
  | (?P<PRIME>   (?<={END_OF_VALUE})' )
  | (?P<STRING>  "[^"\n]*+ (?: ""[^"\n]*+ )* " (?!") | '[^'\n]*+ (?: ''[^'\n]*+ )* ' (?!') )
  | (?P<quote>   ["'] [^\n]*+ )
  | (?P<END>     \Z )
  | (?P<other>   . )
    )"""
_BARE: Final = r"""[^\s"'\[\](),=\#;:]++"""
_LABEL: Final = rf"(?P<LABEL> {_BARE} )"
_SPACED_LABEL: Final = r"""(?P<LABEL> BARE (?: [ ]++ BARE )* )""".replace("BARE", _BARE)
_DATE: Final = r"(?P<DATE> [0-9]{4}-[0-9]{2}-[0-9]{2} )(?![\w.])"
_STOP: Final = r"""(?: [;"'] | \Z )"""
_START: Final = r"(?: -? \s* \.? [0-9] )"
_FOLLOWED: Final = {"STOP": _STOP, "ORIGIN": _DATE, "BEGIN": _START}
_SPECIAL: Final = frozenset({"EQUAL", "LSQB", "COMMA", "ORIGIN"})
_OPERANDS: Final = frozenset({"NAME", "NUMBER", "STRING", "LABEL", "TRUE", "FALSE", "DATE", "PRIME", "DOT"})
_OPENING: Final = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSED: Final = frozenset({"RPAR", "RSQB", "RBRACE"})


@functools.cache
def _pattern(text: str) -> re.Pattern[str]:
    """What is to be found behind blanks and comments; compiled when it is first needed, to keep imports quick."""
    return re.compile(_SKIPPED + text, re.VERBOSE | re.DOTALL)


def vocabulary(literals: Mapping[str, str]) -> Vocabulary:
    """The terminals that a word or an operator can be, from those that are written out in the grammar."""
    found = {text: [terminal] for text, terminal in {**literals, **_OPERATORS}.items()}
    for terminal, words in _VALUES.items():
        for word in words:
            found.setdefault(word, []).append(terminal)
    return {text: tuple(types) for text, types in found.items()}


@dataclass(slots=True)
class Token:
    """A piece of the text: `type` is the terminal of the grammar."""

    type: str
    text: str
    source: Source
    start: int
    end: int

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.source, self.start, self.end)


@dataclass(slots=True)
class _Bracket:
    """An open bracket: what may close it, behind which terminals a bare label stands, and the depths outside."""

    token: Token
    closing: str
    before_label: tuple[str, ...]
    depths: tuple[int, int, int, int]


class Lexer:
    """The tokens of one statement.

    Arguments:
        span: the text.
        kind: the start symbol; a few things are read in another way in some statements.
        limits: how many tokens, how much nesting.
        words: the terminals of words and operators.
    """

    def __init__(self, span: Span, kind: str, limits: Limits, words: Vocabulary) -> None:
        self.types: list[str] = []
        self.previous: Token | None = None
        self._kind, self._words, self._limits = kind, words, limits
        self._source, self._text = span.source, span.source.text
        self._start, self._position, self._stop = span.start, span.start, span.end
        self._match = _pattern(_TOKEN).match
        self._brackets: list[_Bracket] = []
        # how deep the text nests here: by the brackets outside, by 'not', by '%', by signs and powers
        self._outside = self._nots = self._remainders = self._signs = 0

    def tokens(self, rows: Sequence[Mapping[str, int]], states: Sequence[int]) -> Iterator[Token]:
        """The tokens up to END; `rows[states[-1]]` has the terminals that may come next."""
        while True:
            token = self._special() or self._next(rows[states[-1]])
            if token.type == END:
                break
            self._track(token)
            yield token
            self.previous = token
            self.types.append(token.type)
        unclosed = self._unclosed()
        if unclosed is not None:
            raise unclosed
        yield token

    @property
    def read(self) -> Span:
        """From the first to the last token so far."""
        end = self.previous.end if self.previous else self._start
        return Span(self._source, self._start, end)

    def drain(self, token: Token) -> TextError | None:
        """Read on behind a wrong token; the problem if there is a bracket that is never closed."""
        try:
            while token.type != END:
                self.previous, token = token, self._next({})
                if token.type in _OPENING | _CLOSED:
                    self._track(token)
        except TextError:
            return None
        return self._unclosed()

    def _unclosed(self) -> TextError | None:
        if not self._brackets:
            return None
        bracket = self._brackets[-1].token
        return unclosed_bracket(bracket.span, _CLOSING[bracket.text])

    def rest(self) -> str:
        """The text behind the last token."""
        return self._text[self._position : self._stop]

    # --- reading

    def _token(self, terminal: str, text: str, start: int) -> Token:
        self._position = start + len(text)
        return Token(terminal, text, self._source, start, self._position)

    def _special(self) -> Token | None:
        """A bare label or a date, where one can stand."""
        before = self.previous
        if before is None or before.type not in _SPECIAL:
            return None
        found: re.Match[str] | None = None
        if before.type == "ORIGIN":
            found = _pattern(_DATE).match(self._text, self._position, self._stop)
        elif self._brackets and before.type in self._brackets[-1].before_label:
            label = _SPACED_LABEL if before.type == "EQUAL" else _LABEL
            found = _pattern(label).match(self._text, self._position, self._stop)
        return found and self._token(str(found.lastgroup), found[1], found.start(1))

    def _next(self, row: Mapping[str, int]) -> Token:
        found = self._match(self._text, self._position, self._stop)
        assert found is not None  # the last alternative takes any character
        group = str(found.lastgroup)
        start, text = found.start(group), found[group]
        if group == "word":
            return self._word(text, start, row)
        if group == "operator":
            return self._token(self._words[text][0], text, start)
        if group in ("NUMBER", "STRING", "PRIME"):
            return self._token(group, text, start)
        if group == "END":
            return self._token(END, text, start)
        raise self._slip(group, found)

    def _word(self, text: str, start: int, row: Mapping[str, int]) -> Token:
        end = start + len(text)
        for terminal in self._words.get(text, ()):
            if text in WORDS:
                bounds = text == "in" and not self._brackets and self._kind in ("parameter", "bounds")
                return self._token("WITHIN" if bounds else terminal, text, start)
            followed = _FOLLOWED.get(terminal)
            if terminal in row and (followed is None or _pattern(followed).match(self._text, end, self._stop)):
                return self._token(terminal, text, start)
        check_name(Span(self._source, start, end))
        return self._token("NAME", text, start)

    def _slip(self, group: str, found: re.Match[str]) -> TextError:
        """The problem of text that is no token."""
        span = Span(self._source, found.start(group), found.end(group))
        if group == "quote":
            return unclosed_text(span, self._second_prime(span))
        if group == "other":
            return unknown_character(span)
        if not span.text.isascii():
            check_characters(span)
        whole = Span(self._source, found.start("NUMBER"), span.end)
        hint = number_hint(found["NUMBER"], span.text)
        if hint:
            return bad_number(whole, f"'{whole.text}' is not a number", hint)
        return unexpected_text(whole, glued_hint(found["NUMBER"], span.text, self._kind))

    def _second_prime(self, span: Span) -> str:
        """What to write for ``S''``; empty for a text that is not closed."""
        twice = span.text.startswith("'") and self.previous is not None and self.previous.type == "PRIME"
        return "write two equations for a second derivative: S' = v, and v' = ..." if twice else ""

    # --- brackets and nesting

    def _track(self, token: Token) -> None:
        terminal = token.type
        if len(self.types) >= self._limits.tokens:
            size = len(self.types) + 1
            raise too_large(token.span, "the number of words and signs", size, "tokens", self._limits.tokens)
        if self.previous is None:
            self._start = token.start
        if terminal in _OPERANDS:
            return
        if terminal in _OPENING:
            self._open(token)
        elif terminal in _CLOSED:
            self._close(token)
        else:
            self._operator(token)

    def _operator(self, token: Token) -> None:
        """Signs, powers, ``%`` and ``not`` nest; what binds less than they do ends them."""
        terminal = token.type
        prefix = self.previous is None or self.previous.type not in _OPERANDS | _CLOSED
        if terminal == "CARET" or (prefix and terminal in ("PLUS", "MINUS")):
            self._signs += 1
        elif terminal in ("STAR", "SLASH"):
            self._signs = 0
            return
        elif terminal == "PERCENT":
            self._signs, self._remainders = 0, self._remainders + 1
        elif terminal == "NOT" and prefix:
            self._nots += 1
        else:
            self._signs = self._remainders = 0
            if terminal not in ("PLUS", "MINUS", "COMPARE"):
                self._nots = 0
            return
        self._check_depth(token)

    def _open(self, token: Token) -> None:
        before = self.previous and self.previous.type
        either = before == "WITHIN" or (before is None and self._kind == "bounds")
        before_label: tuple[str, ...] = ()
        if token.type == "LSQB" and before == "NAME":
            before_label = ("EQUAL",)
        elif token.type == "LSQB" and self._kind == "axis" and not self._brackets:
            before_label = ("LSQB", "COMMA")
        depths = (self._outside, self._nots, self._remainders, self._signs)
        closing = ")]" if either else _CLOSING[token.text]
        self._brackets.append(_Bracket(token, closing, before_label, depths))
        self._outside = sum(depths) + 1
        self._nots = self._remainders = self._signs = 0
        self._check_depth(token)

    def _close(self, token: Token) -> None:
        if not self._brackets:
            raise unexpected_text(token.span, "no bracket is open here: remove it")
        bracket = self._brackets.pop()
        if token.text not in bracket.closing:
            line, column = token.source.position(bracket.token.start)
            opened = f"the bracket '{bracket.token.text}' at line {line}, column {column}"
            raise unexpected_text(token.span, f"{opened} is closed by '{_CLOSING[bracket.token.text]}'")
        self._outside, self._nots, self._remainders, self._signs = bracket.depths

    def _check_depth(self, token: Token) -> None:
        depth = self._outside + self._nots + self._remainders + self._signs
        if depth > self._limits.nesting:
            raise too_large(token.span, "the nesting", depth, "nesting", self._limits.nesting)
