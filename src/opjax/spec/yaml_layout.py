"""Plain values -> YAML text: one entry per line, short mappings and lists in brackets, comments kept.

A text of several lines stands below its key, line by line.

The text means the same by the rules of YAML 1.2 and 1.1, so that loaders of either kind read it; only the letters y and
n stand without quotes, which few loaders take for truth values, and many models have an ``N``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal

from opjax.spec.document_yaml import plain_value
from opjax.spec.sections.section import UNPRINTABLE, Commented, Plain
from opjax.syntax.declarations import BLANK_LINE, NO_COMMENTS, Comments
from opjax.traverse import Walk, run

_WIDTH = 110
_ON_ONE_LINE = ("time",)
_LONGEST_KEY = 1_000
_BARE = re.compile(r"(?:-(?=[\w(.]))?[\w(][^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]*\Z")
_NOT_BARE = re.compile(r":(?:\s|\Z)|\s#|\s\Z")
_BRACKETS = re.compile(r"[,\[\]{}:?]")
_OLD_WORD = re.compile(r"(?:yes|no|on|off|true|false|null)\Z", re.IGNORECASE)
_OLD_NUMBER = re.compile(r"[-+]?[0-9._][-+0-9_.:a-fA-FxXoO]*\Z")


def yaml_text(rows: dict[str, Plain], comments: Comments = NO_COMMENTS) -> str:
    """The YAML text of a mapping.

    Arguments:
        rows: keys with values: texts, numbers, truth values, None, lists, mappings, with comments or without.
        comments: what stands above all of it.

    Returns:
        The text, with a line end behind the last line.

    Example:
        >>> print(yaml_text({"name": "SIR", "state": ["S", "I"], "equations": {"S": "-b*S"}}), end="")
        name: SIR
        state: [S, I]
        equations:
          S: -b*S
    """
    lines = list(_comment_lines(comments, "", comments.behind))
    for key, value in rows.items():
        inner, own = _parted(value)
        head = _key(key, "")
        if _has_parts(inner) and key not in _ON_ONE_LINE:
            found = [head, *run(_block(inner, "  "))]
        else:
            found = run(_entry(head, inner, "", own.behind))
        if own.behind and found[0] == head:
            found[0] += f"  # {own.behind}"
            own = Comments(own.before)
        lines.extend(_comment_lines(own, "", own.behind if len(found) > 1 else ""))
        lines.extend(found)
    return "\n".join(lines) + "\n"


def _has_parts(value: Plain) -> bool:
    """Whether a value stands below its key: mappings do, and lists of mappings."""
    if isinstance(value, list):
        return any(isinstance(_parted(item)[0], dict) for item in value)
    return isinstance(value, dict) and bool(value)


def _parted(value: Plain) -> tuple[Plain, Comments]:
    return (value.value, value.comments) if isinstance(value, Commented) else (value, NO_COMMENTS)


def _comment_lines(comments: Comments, indent: str, behind: str = "") -> Iterator[str]:
    for text in (*comments.before, *((behind,) if behind else ())):
        yield "" if text == BLANK_LINE else f"{indent}# {text}".rstrip()


def _block(value: Plain, indent: str) -> Walk[list[str]]:
    """The lines of a mapping or list, one entry after another."""
    lines: list[str] = []
    rows: list[tuple[str, Plain]]
    if isinstance(value, dict):
        rows = [(_key(key, indent), item) for key, item in value.items()]
    else:
        rows = [("-", item) for item in value] if isinstance(value, list) else []
    for head, item in rows:
        inner, comments = _parted(item)
        found = yield _entry(head, inner, indent, comments.behind)
        one_line = len(found) == 1
        lines.extend(_comment_lines(comments, indent, "" if one_line else comments.behind))
        lines.extend(found)
    return lines


def _key(key: str, indent: str) -> str:
    """``key:``; a very long key needs a sign before it."""
    text = _text(key, False)
    return f"{text}:" if len(text) <= _LONGEST_KEY else f"? {text}\n{indent}:"


def _entry(head: str, value: Plain, indent: str, behind: str) -> Walk[list[str]]:
    """The lines of one entry: on one line where it fits, else its parts below it."""
    if isinstance(value, str) and not behind and _fits_below(value):
        sign, text = ("|", value[:-1]) if value.endswith("\n") else ("|-", value)
        return [f"{indent}{head} {sign}", *(f"{indent}  {line}" if line else "" for line in text.split("\n"))]
    flat = yield _flat(value, inside=False)
    is_scalar = not isinstance(value, dict | list) or not value
    if flat is not None and (is_scalar or len(indent) + len(head) + len(flat) < _WIDTH):
        return [f"{indent}{head} {flat}" + (f"  # {behind}" if behind else "")]
    if flat is not None and isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return _wrapped(f"{indent}{head} [", [_scalar(item, True) for item in value], indent + "  ")
    below = yield _block(value, indent + "  ")
    first = below[0][len(indent) + 2 :]
    if head == "-" and not first.startswith("#"):  # the first part stands behind the dash
        return [f"{indent}- {first}", *below[1:]]
    return [f"{indent}{head}", *below]


def _wrapped(head: str, parts: list[str], indent: str) -> list[str]:
    """A long list of scalars in brackets, over several lines."""
    lines = [head]
    for number, part in enumerate(parts):
        piece = part + ("]" if number == len(parts) - 1 else ",")
        if len(lines[-1]) + len(piece) >= _WIDTH and lines[-1] != head:
            lines.append(indent + piece)
        else:
            lines[-1] += piece if lines[-1].endswith("[") else " " + piece
    return lines


def _flat(value: Plain, inside: bool) -> Walk[str | None]:
    """A value on one line; None where comments, texts of several lines, or very long keys forbid that."""
    match value:
        case Commented():
            return None
        case list():
            parts: list[str] = []
            for item in value:
                part = yield _flat(item, True)
                if part is None:
                    return None
                parts.append(part)
            return f"[{', '.join(parts)}]"
        case dict():
            parts = []
            for key, item in value.items():
                part = yield _flat(item, True)
                if part is None or len(key) > _LONGEST_KEY:
                    return None
                parts.append(f"{_text(key, True)}: {part}")
            return f"{{{', '.join(parts)}}}"
        case str() if inside and _fits_below(value):
            return None
        case _:
            return _scalar(value, inside)


def _fits_below(text: str) -> bool:
    """Whether a text has several lines that can stand below its key as they are."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 2 or not lines[0] or lines[0][0] == " " or not lines[-1]:
        return False
    return not any(UNPRINTABLE.search(line) for line in lines)


def _scalar(value: Plain, inside: bool) -> str:
    match value:
        case str():
            return _text(value, inside)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float(value)
        case _:
            raise AssertionError(type(value))


def _float(value: float) -> str:
    """The shortest way to write a number, with the point that YAML 1.1 wants."""
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    plain = repr(value)
    digits, _, exponent = f"{Decimal(plain).normalize():E}".partition("E")
    scientific = f"{digits if '.' in digits else digits + '.0'}e{exponent}"
    return scientific if "e" in plain or len(scientific) < len(plain) - 1 else plain


def _text(text: str, inside: bool) -> str:
    """A text without quotes where no reader can take it for something else."""
    if _is_bare(text) and not (inside and _BRACKETS.search(text)):
        return text
    if UNPRINTABLE.search(text):
        return '"' + "".join(map(_escaped, text)) + '"'
    return f'"{text}"' if not set(text) & {'"', "\\"} else "'" + text.replace("'", "''") + "'"


def _is_bare(text: str) -> bool:
    if not _BARE.match(text) or _NOT_BARE.search(text):
        return False
    return isinstance(plain_value(text), str) and not _OLD_WORD.match(text) and not _OLD_NUMBER.match(text)


def _escaped(character: str) -> str:
    if character in ('"', "\\"):
        return "\\" + character
    if not UNPRINTABLE.match(character):
        return character
    if character == "\n":
        return "\\n"
    number = ord(character)
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}"
