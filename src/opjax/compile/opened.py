"""The statements of a function in three parts, so that they may stand in another function too.

First stand the numbers that come of parameters alone: who calls again with the same parameters has them already, and
who binds parameters has them made once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

INDENT = "    "
_MADE = re.compile(r"\w+ = \w+\(p\[\d+\]\)")
_READS_P = re.compile(r"\w+ = ([\w.]+\()?p\[")
_NAME = re.compile(r"(\w+) = ")
_WORD = re.compile(r"\w+")
_OF_P = re.compile(r"\bp\b")
_GIVEN = re.compile(r"\bp\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Opened:
    """The statements of a function of ``t``, ``y`` and ``p``.

    Arguments:
        made: those for numbers that come of parameters alone.
        reads: those that read other arguments.
        lines: those that compute.
    """

    made: tuple[str, ...]
    reads: tuple[str, ...]
    lines: tuple[str, ...]

    @classmethod
    def of(cls, prologue: Sequence[str], given: Sequence[str], lines: Sequence[str]) -> Opened:
        """The parts of a function that begins with statements that read arguments.

        Arguments:
            prologue: those.
            given: statements for what is computed of parameters alone.
            lines: the others.
        """
        made = [line for line in prologue if _MADE.fullmatch(line)]
        return cls((*made, *given), tuple(line for line in prologue if not _MADE.fullmatch(line)), tuple(lines))

    def or_none(self) -> Opened | None:
        """These parts, unless parameters are read where it is computed."""
        return None if any("p[" in line for line in self.lines) else self

    @property
    def all(self) -> list[str]:
        """The statements in their order."""
        return [*self.made, *self.reads, *self.lines]

    @property
    def places(self) -> list[int]:
        """The parameters that numbers are made of."""
        return sorted({int(place) for line in self.made for place in _GIVEN.findall(line)})

    @property
    def kept(self) -> list[str]:
        """The variables of these numbers that the other statements read."""
        read = set(_WORD.findall("\n".join((*self.reads, *self.lines))))
        names = [match[1] for line in self.made if (match := _NAME.match(line))]
        return [name for name in dict.fromkeys(names) if name in read]

    @property
    def width(self) -> int:
        """How many values `remembering` keeps for the next call."""
        return len(self.places) + len(self.kept) if self.made else 0

    @property
    def once(self) -> list[str]:
        """The statements for which the parameters are enough."""
        return [*self.made, *(line for line in self.reads if _OF_P.search(line))]

    @property
    def every_time(self) -> list[str]:
        """The others."""
        return [*(line for line in self.reads if not _OF_P.search(line)), *self.lines]

    def remembering(self) -> list[str]:
        """The statements, where parameters are ``given_0``, ...: what is made of them is kept in ``memo``."""
        made, rest = ([_GIVEN.sub(r"given_\1", line) for line in part] for part in (self.made, self.reads))
        if not self.made:
            return [*rest, *self.lines]
        known = "".join(f"known_{place}, " for place in self.places)
        given = "".join(f"given_{place}, " for place in self.places)
        look = " and ".join(f"given_{place} is known_{place}" for place in self.places)
        names = ", ".join(self.kept)
        return [
            f"{known}{names}{',' * bool(names)} = memo[0]",
            f"if not ({look}):",
            *(f"{INDENT}{line}" for line in made),
            f"{INDENT}memo[0] = ({given}{names}{',' * bool(names)})",
            *rest,
            *self.lines,
        ]


def apart_from(given: Sequence[str], prologue: Sequence[str], lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """The statements of a function of the parameters alone, and what the other one, which calls it, begins with.

    Arguments:
        given: statements for what is computed of parameters alone.
        prologue: those that read arguments.
        lines: the others.
    """
    first = [line for line in prologue if _READS_P.match(line)]
    rest = [line for line in prologue if not _READS_P.match(line)]
    made = [line.partition(" = ")[0] for line in (*first, *given) if " = " in line]
    read = set(_WORD.findall("\n".join(lines)))
    wanted = [name for name in dict.fromkeys(made) if name in read]
    names = "".join(f"{name}, " for name in wanted).rstrip()
    return [*first, *given, f"return ({names})"], [f"{names} = given(p)", *rest]
