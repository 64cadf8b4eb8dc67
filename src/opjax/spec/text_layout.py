"""The layout of printed statements: columns, and lines that are broken inside brackets.

Both work on the one-line form of a statement, so that the same statements always get the same layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

WIDTH = 100
_WIDEST = (32, 24, 52)  # a cell that is wider does not push its neighbours away
_DEEPER = "    "
_OPERATOR = re.compile(r"(?:[-+*/%^<>=~@]|\b(?:and|or|not|if|else|for|in))\Z")
_TOKEN = re.compile(r'"[^"\n]*+(?:""[^"\n]*+)*"(?!")|[()\[\]{}]| ')


def aligned(lines: Sequence[str], room: int = WIDTH) -> list[str]:
    """Put what belongs together below each other: names, units, values, descriptions.

    Arguments:
        lines: statements that stand in a row, each in one line.
        room: the columns that there are; a line that would need more for its columns has none.

    Returns:
        The same statements with spaces in between.

    Example:
        >>> aligned(["a : m = 1", "beta ~ Beta(1, 2)"])
        ['a    : m = 1', 'beta     ~ Beta(1, 2)']
    """
    rows = [_cells(line) for line in lines]
    widths = [max((len(row[i]) for row in rows if len(row[i]) <= most), default=0) for i, most in enumerate(_WIDEST)]
    padded = [_padded(row, widths) for row in rows]
    if any(len(line) > room >= len(_plain(row)) for line, row in zip(padded, rows, strict=True)):
        padded = [_padded(row, [*widths[:2], 0]) for row in rows]  # the descriptions stand right behind the values
    return [line if len(line) <= room else _plain(row) for line, row in zip(padded, rows, strict=True)]


def broken(line: str, indent: str) -> str:
    """Break a long statement at spaces inside its brackets; one without brackets stays as it is.

    Arguments:
        line: the statement in one line.
        indent: the indentation that it will stand behind; continuation lines get more.

    Returns:
        The statement, without indentation in its first line.
    """
    if len(indent) + len(line) <= WIDTH:
        return line
    pieces: list[str] = []
    start, room = 0, WIDTH - len(indent)
    candidates: list[tuple[int, int]] = []  # (depth, offset) of the spaces since the last break
    for offset, depth in _breakable(line):
        while offset - start > room and candidates:
            start = _break(line, start, candidates, pieces)
            room = WIDTH - len(indent) - len(_DEEPER)
        candidates.append((depth, offset))
    while candidates and len(line) - start > room:
        start = _break(line, start, candidates, pieces)
        room = WIDTH - len(indent) - len(_DEEPER)
    return ("\n" + indent + _DEEPER).join((*pieces, line[start:]))


def _break(line: str, start: int, candidates: list[tuple[int, int]], pieces: list[str]) -> int:
    """Break at the last of the outermost spaces; returns where the next line begins."""
    least = min(depth for depth, _ in candidates)
    chosen = max(offset for depth, offset in candidates if depth == least)
    pieces.append(line[start:chosen])
    candidates[:] = [candidate for candidate in candidates if candidate[1] > chosen]
    return chosen + 1


def _breakable(line: str) -> Iterator[tuple[int, int]]:
    """The spaces inside brackets and outside strings, but not behind an operator: their offsets and depths."""
    depth = 0
    for found in _TOKEN.finditer(line):
        first = line[found.start()]
        if first in "([{":
            depth += 1
        elif first in ")]}":
            depth -= 1
        elif first == " " and depth > 0 and not _OPERATOR.search(line, max(found.start() - 5, 0), found.start()):
            yield found.start(), depth


def _cells(line: str) -> tuple[str, str, str, str]:
    """A statement as name, unit, value and description; what it lacks is empty."""
    marks = {":": -1, "=": -1, '"': -1}
    depth = 0
    for found in _TOKEN.finditer(line):
        first = line[found.start()]
        if first in "([{":
            depth += 1
        elif first in ")]}":
            depth -= 1
        elif first == '"':
            marks['"'] = found.start() if depth == 0 and found.end() == len(line) else -1
        elif depth == 0 and first == " ":
            _mark(line, found.end(), marks)
    doc = marks['"'] if marks['"'] > 0 else len(line)
    value = marks["="] if 0 <= marks["="] < doc else doc
    unit = marks[":"] if 0 <= marks[":"] < value else value
    return line[:unit].rstrip(), line[unit:value].rstrip(), line[value:doc].rstrip(), line[doc:]


def _mark(line: str, offset: int, marks: dict[str, int]) -> None:
    sign = line[offset : offset + 2]
    if sign == ": " and marks[":"] < 0 and marks["="] < 0:
        marks[":"] = offset
    elif sign in ("= ", "~ ") and marks["="] < 0:
        marks["="] = offset


def _padded(row: tuple[str, str, str, str], widths: Sequence[int]) -> str:
    columns = (cell.ljust(width) for cell, width in zip(row, widths, strict=False) if cell or width)
    return " ".join((*columns, row[3])).rstrip()


def _plain(row: tuple[str, str, str, str]) -> str:
    return " ".join(cell for cell in row if cell)
