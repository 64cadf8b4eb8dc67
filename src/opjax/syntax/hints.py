"""The way out of a wrong statement: what was probably meant, or what could stand at the place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from opjax.syntax.names import WORDS


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement went wrong.

    Arguments:
        kind: the start symbol of the statement.
        before: the terminals so far.
        previous: the text of the last token, or nothing.
        terminal: the terminal that cannot stand here.
        found: its text; empty at the end.
        after: the text behind it.
        expected: the terminals that could stand here.
    """

    kind: str
    before: tuple[str, ...]
    previous: str
    terminal: str
    found: str
    after: str
    expected: frozenset[str]

    @property
    def wants_value(self) -> bool:
        """Whether a number, a name or a bracket could stand here."""
        return _VALUE <= self.expected

    @property
    def wants_operator(self) -> bool:
        """Whether a value has just ended."""
        return _OPERATOR <= self.expected


_VALUE: Final = frozenset({"NAME", "NUMBER", "LPAR", "MINUS"})
_ANY_VALUE: Final = _VALUE | {"STRING", "LSQB", "PLUS", "NOT", "TRUE", "FALSE"}
_OPERATOR: Final = frozenset({"PLUS", "STAR", "SLASH"})
_ANY_OPERATOR: Final = _OPERATOR | {"MINUS", "CARET", "PERCENT", "COMPARE", "AND", "OR", "NOT", "IN", "IF"}
_STARTS_VALUE: Final = frozenset({"NAME", "NUMBER", "LPAR", "TRUE", "FALSE", "LBRACE"})

_PLAIN: Final[Mapping[str, str]] = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": 'a text in "quotes"',
    "LABEL": "a label",
    "DATE": "a date such as 2021-09-01",
    "PRIME": "' (the derivative)",
    "WITHIN": "'in [low, high]'",
    "COMPARE": "a comparison",
    "ARROW": "'->' or '=>'",
    "ASSIGN": "'+=', '-=' or '*='",
    "FLAG": "a flag (fixed, free, nonneg, log, counts, density, data)",
    "EDGE_BEHAVIOUR": "stay, absorb or periodic",
    "INTERPOLATION": "linear, previous or cubic",
    "SPACING": "linear or log",
    "DIRECTION": "rising or falling",
    "SIDE": "lo or hi",
    "$END": "the end of the statement",
}


def hint(place: Place, literals: Mapping[str, str]) -> str:
    """What to write instead.

    Arguments:
        place: where the statement went wrong.
        literals: the texts of the terminals that are written out in the grammar.
    """
    for rule in _RULES:
        found = rule(place)
        if found:
            return found
    return f"here can stand {_one_of(_plainly(place, literals))}"


def _plainly(place: Place, literals: Mapping[str, str]) -> Iterator[str]:
    """What could stand at a place, in plain words."""
    left = set(place.expected)
    if place.wants_value:
        left -= _ANY_VALUE
        yield "a value"
    if place.wants_operator:
        left -= _ANY_OPERATOR
        yield "an operator"
    texts = {terminal: f"'{text}'" for text, terminal in literals.items()} | dict(_PLAIN)
    for terminal in sorted(left, key=lambda t: (t == "$END", t in literals.values(), t)):
        yield texts[terminal]


def _one_of(things: Iterable[str]) -> str:
    *most, last = things
    return f"{', '.join(most)} or {last}" if most else last


# --- what was probably meant: each rule looks at a place and may have an answer


def _equation_without_mark(place: Place) -> str:
    if place.kind == "dynamics" and place.terminal == "EQUAL" and "PRIME" in place.expected:
        return f"an equation gives a derivative: {place.previous}' = ..."
    return ""


def _single_equal(place: Place) -> str:
    return "write '==' to compare" if place.terminal == "EQUAL" and place.wants_operator else ""


def _arrow(place: Place) -> str:
    if place.terminal != "ARROW" or not place.wants_operator:
        return ""
    return "write '>='" if place.found == "=>" else "'->' stands between the two sides of a transition only"


def _rate(place: Place) -> str:
    return "a transition needs its rate: A -> B @ rate" if "AT" in place.expected and place.kind == "dynamics" else ""


def _matrix_product(place: Place) -> str:
    if place.terminal == "AT":
        return "'@' stands before the rate of a transition; a product of matrices is sum(A[i, b]*x[b] for b in axis)"
    return ""


def _semicolon(place: Place) -> str:
    if place.terminal == "SEMICOLON":
        return "write one statement per line; ';' separates the actions of an event only"
    return ""


def _elif(place: Place) -> str:
    return "write 'else ... if ... else ...'" if place.found in ("elif", "elseif", "elsif") else ""


def _missing_else(place: Place) -> str:
    return "'if' needs its 'else': value if condition else other" if "ELSE" in place.expected else ""


def _prime(place: Place) -> str:
    if place.terminal == "PRIME":
        return "a derivative stands alone on the left of '='; name the right side in 'let' to use it elsewhere"
    return ""


def _floor_division(place: Place) -> str:
    return "write 'floor(a/b)'" if place.terminal == "SLASH" and place.before[-1:] == ("SLASH",) else ""


def _unequal(place: Place) -> str:
    return "write '!='" if place.found == ">" and place.previous == "<" else ""


def _increment(place: Place) -> str:
    return f"'{place.found}' stands in the actions of events only" if place.terminal == "ASSIGN" else ""


def _decimal_comma(place: Place) -> str:
    digits = re.match(r"\s*(\d+)", place.after)
    if place.terminal == "COMMA" and place.before[-1:] == ("NUMBER",) and digits:
        return f"write '{place.previous}.{digits[1]}' with a point"
    return ""


def _membership(place: Place) -> str:
    if place.terminal == "WITHIN" or (place.terminal == "IN" and place.wants_operator is False):
        return "put the condition in brackets: (b in [...])" if place.terminal == "WITHIN" else ""
    return ""


def _missing_times(place: Place) -> str:
    if not place.wants_operator or place.terminal not in _STARTS_VALUE:
        return ""
    if place.found in WORDS:
        return ""
    if place.terminal == "LBRACE":
        return "a unit in braces stands behind a number only: 50{mg}"
    return f"an operator is missing: write '{place.previous}*{place.found}' to multiply"


def _word(place: Place) -> str:
    if place.found in WORDS and "NAME" in place.expected:
        return f"'{place.found}' is a word of the language and cannot be a name"
    return ""


def _empty_index(place: Place) -> str:
    if place.before[-2:] == ("NAME", "LSQB") and place.terminal in ("RSQB", "COLON"):
        return f"name the axis: {'I[age]' if place.kind else ''}"
    return ""


def _missing_value(place: Place) -> str:
    if place.wants_value and place.terminal in ("$END", "RPAR", "RSQB", "COMMA") and place.previous:
        return f"a value is missing behind '{place.previous}'"
    return ""


_RULES: Final[tuple[Callable[[Place], str], ...]] = (
    _elif,
    _equation_without_mark,
    _single_equal,
    _arrow,
    _rate,
    _matrix_product,
    _semicolon,
    _prime,
    _floor_division,
    _unequal,
    _increment,
    _decimal_comma,
    _membership,
    _missing_else,
    _missing_times,
    _word,
    _empty_index,
    _missing_value,
)


# --- text that is no token


def number_hint(number: str, rest: str) -> str:
    """What to write for digits that run into other characters, if they can only be a number."""
    whole = number + rest
    if re.fullmatch(r"[0-9][0-9_.]*_[0-9_.]*", whole):
        return f"write '{whole.replace('_', '')}'"
    if re.match(r"0[xXbBoO][0-9a-fA-F]", whole):
        return "write a decimal number"
    return "a number has one point" if rest.startswith(".") else ""


def glued_hint(number: str, rest: str, kind: str) -> str:
    """What to write for a number that runs into a name, such as ``2x``."""
    times = f"write '{number}*{rest}' to multiply"
    return f"write '{number} {rest}' for a count of reactants, '{number}*{rest}' to multiply" if kind == "dynamics" else times
