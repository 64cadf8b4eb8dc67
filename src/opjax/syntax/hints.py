"""The way out of a wrong statement: what was probably meant, or what could stand at the place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from opjax.errors.suggest import nearest
from opjax.syntax.declarations import FLAGS
from opjax.syntax.names import WORDS
from opjax.syntax.tables import END


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement went wrong.

    Arguments:
        kind: the start symbol of the statement.
        before: the last terminals, two at most.
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
    def last(self) -> str:
        """The terminal before; empty at the beginning."""
        return self.before[-1] if self.before else ""

    @property
    def wants_value(self) -> bool:
        """Whether a number, a name or a bracket could stand here."""
        return self.expected >= _VALUE

    @property
    def wants_operator(self) -> bool:
        """Whether a value has just ended."""
        return self.expected >= _OPERATOR


_VALUE: Final = frozenset({"NAME", "NUMBER", "LPAR", "MINUS"})
_ANY_VALUE: Final = _VALUE | {"STRING", "LSQB", "PLUS", "NOT", "TRUE", "FALSE"}
_OPERATOR: Final = frozenset({"PLUS", "STAR", "SLASH"})
_ANY_OPERATOR: Final = _OPERATOR | {"MINUS", "CARET", "PERCENT", "COMPARE", "AND", "OR", "NOT", "IN", "IF"}
_STARTS_VALUE: Final = frozenset({"NAME", "NUMBER", "LPAR", "TRUE", "FALSE"})

_DERIVATIVE: Final = (frozenset({"LSQB", "RPAR"}), frozenset({"SLASH"}))
"""What could stand in a derivative d(S)/dt, behind the state and behind the bracket."""

_LISTED: Final = frozenset({"state", "state_list", "parameter", "input", "alias"})

_PLAIN: Final[Mapping[str, str]] = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": 'a text in "quotes"',
    "LABEL": "a label",
    "DATE": "a date such as 2021-09-01",
    "PRIME": "' (the derivative)",
    "WITHIN": "'in [low, high]'",
    "BEGIN": "'from'",
    "COMPARE": "a comparison",
    "ARROW": "'->' or '=>'",
    "ASSIGN": "'+=', '-=' or '*='",
    "FLAG": f"a flag ({', '.join(FLAGS)})",
    "EDGE_BEHAVIOUR": "stay, absorb or periodic",
    "INTERPOLATION": "linear, previous or cubic",
    "SPACING": "linear or log",
    "MEASURE_KIND": "counting, cell or quadrature",
    "DIRECTION": "rising or falling",
    "SIDE": "lo or hi",
    END: "the end of the statement",
}


def hint(place: Place, literals: Mapping[str, str]) -> str:
    """What to write instead.

    Arguments:
        place: where the statement went wrong.
        literals: the terminals of the texts that are written out in the grammar.
    """
    for rule in _RULES:
        found = rule(place)
        if found:
            return found
    return f"here can stand {_one_of(_plainly(place, literals))}"


def _plainly(place: Place, literals: Mapping[str, str]) -> list[str]:
    """What could stand at a place, in plain words, the end last."""
    left, words = set(place.expected), list[str]()
    if place.wants_value:
        left, words = left - _ANY_VALUE, ["a value"]
    if place.wants_operator:
        left, words = left - _ANY_OPERATOR, [*words, "an operator"]
    texts = {terminal: f"'{text}'" for text, terminal in literals.items()} | dict(_PLAIN)
    at_end = [texts[END]] if END in left else []
    return [*words, *sorted(texts[terminal] for terminal in left - {END}), *at_end]


def _one_of(things: Sequence[str]) -> str:
    *most, last = things
    return f"{', '.join(most)} or {last}" if most else last


# --- what was probably meant: each rule looks at a place and may have an answer; the first answer counts


def _other_language(place: Place) -> str:
    """Spellings of other languages."""
    match place.last, place.found:
        case _, "elif" | "elseif" | "elsif":
            return "write 'else ... if ... else ...'"
        case "SLASH", "/":
            return "a comment begins with '#'; to divide and round down, write 'floor(a/b)'"
        case _, "if" if place.wants_value:
            return "write 'value if condition else other'"
        case "COMPARE", ">" if place.previous == "<":
            return "write '!='"
        case "COLON", "=":
            return "write '=' alone"
        case _, "@":
            return "'@' stands before a rate; a product of matrices is sum(A[i, b]*x[b] for b in axis)"
        case _, ";":
            return "write one statement per line; ';' separates the actions of an event only"
        case _, "{":
            return "braces stand around the unit of a number only: 50{mg}"
        case _, ".":
            return "names have no points in them"
        case _:
            return ""


def _decimal_comma(place: Place) -> str:
    digits = re.match(r"\s*([0-9]+)", place.after)
    if place.terminal == "COMMA" and place.last == "NUMBER" and digits:
        point = f"write '{place.previous}.{digits[1]}' with a point"
        return f"{point}, or '{place.previous}{digits[1]}' for thousands" if len(digits[1]) == 3 else point
    return ""


def _dynamics(place: Place) -> str:
    """Slips in transitions and equations."""
    if place.kind == "dynamics" and (found := _of_dynamics(place)):
        return found
    if place.terminal == "PRIME":
        return "a derivative stands alone on the left of '='; name the right side in 'let' to use it elsewhere"
    if place.kind == "dynamics" and place.found == "=" and "PRIME" in place.expected:
        return f"an equation gives a derivative: {place.previous}' = ..."
    if place.kind == "dynamics" and "ARROW" in place.expected and place.found in ("-", "<"):
        return "write '->'" if place.found == "-" else "write each direction on a line: A -> B @ k1, then B -> A @ k2"
    if place.kind == "dynamics" and "AT" in place.expected:
        return "a transition needs its rate: A -> B @ rate"
    if place.terminal == "ARROW" and place.wants_operator:
        return "write '>='" if place.found == "=>" else "'->' stands between the two sides of a transition only"
    return ""


def _of_dynamics(place: Place) -> str:
    """Spellings that other languages have for these."""
    derivative = "write the derivative of a state as S' = ... or d(S)/dt = ..."
    match place.before, place.found:
        case ("NAME", "PRIME"), "(":
            return derivative
        case ((("LPAR", "NAME") | ("NAME", "RPAR")), _) if place.expected in _DERIVATIVE:
            return derivative
        case ("NAME",), ",":
            return "write a reaction with its rate behind it: A + B -> C @ rate"
        case (), "->" | "=>":
            return "write 0 where nothing reacts: 0 -> A @ rate"
        case (*_, "ARROW"), "@":
            return "write 0 where nothing is made: A -> 0 @ rate"
        case _:
            return ""


def _declarations(place: Place) -> str:
    """Slips in the other statements."""
    if place.kind == "event" and place.wants_operator and "COLON" in place.expected:
        return "a colon stands between the trigger and the actions: at 60: S *= 0.4"
    if place.terminal == "ASSIGN":
        return f"'{place.found}' stands in the actions of events only"
    if place.kind in _LISTED and (place.found, "COMMA" in place.expected) in (("=", True), (",", False)):
        return "declarations with values stand on a line each"
    if place.kind == "axis" and place.terminal == "NUMBER" and place.last == "EQUAL":
        return "an axis has labels or points: age = [young, old], x = grid(0, 1, 11)"
    if place.terminal == "WITHIN":
        return "put the condition in brackets: (b in [...])"
    if place.kind == "time" and place.found == "from":
        return "a number stands behind it, the time of the initial values: from 0"
    if place.found == "origin":
        return "a date stands behind it: origin 2021-09-01"
    if place.terminal == "NAME" and "TILDE" in place.expected and place.after.startswith("("):
        return f"a prior stands behind '~': ~ {place.found}(...)"
    if place.expected == frozenset({"LPAR"}):
        return f"its arguments stand in brackets: {place.previous}(...)"
    return ""


def _conditions(place: Place) -> str:
    if place.found == "=" and place.wants_operator:
        return "write '==' to compare"
    return "'if' needs its 'else': value if condition else other" if "ELSE" in place.expected else ""


def _names(place: Place) -> str:
    if place.found in WORDS and "NAME" in place.expected:
        return f"'{place.found}' is a word of the language and cannot be a name"
    if place.before == ("NAME", "LSQB") and place.terminal in ("RSQB", "COLON"):
        return "name the axis, as in I[age]"
    return ""


def _flag(place: Place) -> str:
    close = nearest(place.found, FLAGS, 1) if place.terminal == "NAME" and "FLAG" in place.expected else []
    return f"did you mean '{close[0]}'?" if close else ""


def _missing_operator(place: Place) -> str:
    if place.wants_operator and place.terminal in _STARTS_VALUE:
        return f"an operator is missing: write '{place.previous}*{place.found}' to multiply"
    return ""


def _missing_value(place: Place) -> str:
    if place.wants_value and place.previous and place.terminal in (END, "RPAR", "RSQB", "COMMA"):
        return f"a value is missing behind '{place.previous}'"
    return ""


_RULES: Final[tuple[Callable[[Place], str], ...]] = (
    _decimal_comma,
    _dynamics,
    _declarations,
    _other_language,
    _conditions,
    _names,
    _flag,
    _missing_operator,
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
    count = f"write '{number} {rest}' for a count of reactants, " if kind == "dynamics" else "write "
    return f"{count}'{number}*{rest}' to multiply"
