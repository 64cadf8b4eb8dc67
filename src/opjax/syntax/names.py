"""Which names there are: Unicode identifiers in normal form C, except the words of the language."""

from __future__ import annotations

import unicodedata
from typing import Final

from opjax.source import Span
from opjax.syntax.slips import TextError, bad_name, unexpected_character

WORDS: Final = frozenset({"and", "or", "not", "if", "else", "for", "in", "true", "false"})
"""The words that are never names."""

LONGEST_NAME: Final = 200
"""Characters of a name."""

# Classes of characters for regular expressions; all beyond ASCII may stand in a name, and is looked at later. What is
# left out is listed, since Python takes milliseconds for a class that reaches up to the last character.
FIRST_OF_NAME: Final = r"[^\x00-@\[-^`{-\x7f]"
"""A letter or ``_``."""
PART_OF_NAME: Final = r"[^\x00-/:-@\[-^`{-\x7f]"
"""A letter, a digit or ``_``."""
PART_OF_NUMBER: Final = r"[^\x00-\-/:-@\[-^`{-\x7f]"
"""A letter, a digit, ``_`` or a point."""
END_OF_VALUE: Final = r"[^\x00-(*-/:-@\[\\^`{-\x7f]"
"""The last character of a name, or a closing bracket: ' behind it is a derivative."""

_BOTH_WAYS: Final = "write each direction on a line: A -> B @ k1, then B -> A @ k2"

_INSTEAD: Final = {
    "&": "write 'and'",
    "|": "write 'or' between conditions, 'abs(x)' for the absolute value",
    "!": "write 'not', or '!=' for unequal",
    "?": "write 'value if condition else other'",
    "\\": "a statement goes on in the next line inside brackets",
    "$": "write formulas as 'a*b^2', not in LaTeX",
    "`": 'names stand without quotes; texts stand in "..."',
    "\u2212": "write '-'",  # minus sign
    "\u2013": "write '-'",  # en dash
    "\u2014": "write '-'",  # em dash
    "\u00d7": "write '*'",  # multiplication sign
    "\u00b7": "write '*'",  # middle dot
    "\u22c5": "write '*'",  # dot operator
    "\u2217": "write '*'",  # asterisk operator
    "\u00f7": "write '/'",  # division sign
    "\u2044": "write '/'",  # fraction slash
    "\u2264": "write '<='",
    "\u2265": "write '>='",
    "\u2260": "write '!='",
    "\u2219": "write '*'",  # bullet operator
    "\u2022": "write '*'",  # bullet
    "\u2208": "write 'in'",
    "\u2227": "write 'and'",
    "\u2228": "write 'or'",
    "\u00ac": "write 'not'",
    "\u2205": "write 0 for nothing: 0 -> A @ rate",  # empty set
    "\u21cc": _BOTH_WAYS,  # harpoons
    "\u21c4": _BOTH_WAYS,  # arrows
    "\u2194": _BOTH_WAYS,  # arrow with two heads
    "\u27f6": "write '->'",  # long arrow
    "\u2192": "write '->'",
    "\u21d2": "write '=>'",
    "\u221e": "write 'inf'",
    "\u221a": "write 'sqrt(...)'",
    "\u2202": "write 'd(u[x])/dt = ...'",
    "\u2211": "write 'sum(... for b in axis)'",
    "\u220f": "write 'prod(... for b in axis)'",
    "\u2207": "write 'grad(u, x)'",
    "\u222b": "write 'integral(... for s in axis)'",
    "\u00b2": "write '^2'",
    "\u00b3": "write '^3'",
    "\u201c": 'texts stand in plain quotes: "..."',
    "\u201d": 'texts stand in plain quotes: "..."',
    "\u2018": "texts stand in plain quotes: '...'",
    "\u2019": "write a plain ' (apostrophe)",
    "\u2032": "write a plain ' (apostrophe)",  # prime
    "\u2033": "write two equations: S' = v, and v' for the second derivative",  # double prime
}


def check_name(span: Span) -> None:
    """Refuse a name that is too long, not an identifier, or not in normal form C.

    Arguments:
        span: the name: letters, digits, underscores, and any characters beyond ASCII.

    Raises:
        TextError: at the place of what is wrong.
    """
    if span.end - span.start > LONGEST_NAME:
        raise bad_name(span, f"has {span.end - span.start} characters, more than {LONGEST_NAME}", "shorten it")
    name = span.text
    if name.isascii():
        return
    if not name[0].isidentifier():
        raise unknown_character(Span(span.source, span.start, span.start + 1))
    check_characters(span)
    composed = unicodedata.normalize("NFC", name)
    if composed != name:
        raise bad_name(span, "is not in Unicode normal form C", f"write it as '{composed}'")


def check_characters(span: Span) -> None:
    """Refuse a character that cannot stand inside a name.

    Raises:
        TextError: at the first one.
    """
    for place, character in enumerate(span.text, span.start):
        if character in _INSTEAD or not ("a" + character).isidentifier():
            raise unknown_character(Span(span.source, place, place + 1))


def is_name(text: str) -> bool:
    """Whether a text can be a name as it stands."""
    if text.isascii():
        return len(text) <= LONGEST_NAME and text.isidentifier() and text not in WORDS
    known = text.isidentifier() and _INSTEAD.keys().isdisjoint(text)  # a middle dot is a product
    return len(text) <= LONGEST_NAME and known and unicodedata.is_normalized("NFC", text)


def unknown_character(span: Span) -> TextError:
    """A character that means nothing, with what to write in its place."""
    character = span.text
    if character.isprintable() and not character.isspace():
        shown = f"'{character}'"
    else:
        shown = f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()
    hint = _INSTEAD.get(character, "")
    if not hint and (character.isspace() or unicodedata.category(character) == "Cf"):
        hint = "write a plain space, or remove it"
    return unexpected_character(span, shown, hint or "remove it, or put it in quotes if it belongs to a text")
