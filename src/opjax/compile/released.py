"""Long temporaries are given back when nothing reads them any more: the next one then has their memory.

A function of Python keeps each of its variables until it returns, and with it the array. Memory that was written a
moment ago is also the quickest to write again.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence

LONG = 32
"""Elements from which on an array is worth the statement."""
_WORD = re.compile(r"\w+")


def made_before(lines: Sequence[str], made: Mapping[str, str]) -> list[str]:
    """The statements, with those that make vectors right before the first that reads or writes them.

    Arguments:
        lines: one behind the other.
        made: the statement that makes each vector, by its variable.
    """
    waiting, found = dict(made), list[str]()
    for line in lines:
        if waiting:
            found += [waiting.pop(word) for word in dict.fromkeys(_WORD.findall(line)) if word in waiting]
        found.append(line)
    return found


def released(lines: Sequence[str], long: Container[str]) -> Iterator[str]:
    """The statements, with others that forget what is not read behind them.

    Arguments:
        lines: one behind the other, of which the last returns.
        long: variables that hold long arrays.
    """
    last: dict[str, int] = {}
    for place, line in enumerate(lines):
        last.update((word, place) for word in _WORD.findall(line) if word in long)
    dead: dict[int, list[str]] = {}
    for name, place in last.items():
        dead.setdefault(place, []).append(name)
    for place, line in enumerate(lines):
        yield line
        if place in dead and place < len(lines) - 2:
            yield f"del {', '.join(dead[place])}"
