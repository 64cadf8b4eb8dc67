"""Regular expressions match the same in every Python from 3.11.0 on.

Before 3.11.5 a possessive repeat of a group whose last round fails half-way goes on behind what that round has read:
``(?:_[0-9]++)*+`` takes the second `_` of ``_5_x`` too (https://github.com/python/cpython/issues/106052). So a group is
repeated possessively only where a round cannot fail once it has read a character.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import opjax
from opjax.spec import text_lines
from opjax.syntax import lexer, parser, recipes
from opjax.syntax.patterns import OFTEN

sre: Any = importlib.import_module("re._parser")
SINGLE = ("LITERAL", "NOT_LITERAL", "IN", "ANY")
REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def half_way(pattern: str, flags: int = 0) -> list[str]:
    """The possessive groups of which a round may fail half-way."""
    return list(_found(sre.parse(pattern, flags)))


def _found(items: Any) -> Iterator[str]:
    for operation, argument in items:
        name = str(operation)
        body = argument[2] if name == "POSSESSIVE_REPEAT" else argument if name == "ATOMIC_GROUP" else None
        if body is not None and not all(map(_is_whole, _branches(body))):
            yield name
        for part in _parts(argument):
            yield from _found(part)


def _parts(argument: Any) -> Iterator[Any]:
    if isinstance(argument, sre.SubPattern):
        yield argument
    elif isinstance(argument, (tuple, list)):
        for part in argument:
            yield from _parts(part)


def _branches(body: Any) -> list[Any]:
    items = list(body)
    if len(items) == 1 and str(items[0][0]) == "BRANCH":
        return [list(branch) for branch in items[0][1][1]]
    return [items]


def _is_whole(items: list[Any]) -> bool:
    """Whether it is one character (or many of a kind), behind which nothing can fail."""
    (first, argument), *rest = items
    alone = str(first) in SINGLE or (str(first) in REPEATS and _is_single(argument[2]))
    return alone and all(str(op) in REPEATS and a[0] == 0 and _is_single(a[2]) for op, a in rest)


def _is_single(body: Any) -> bool:
    return len(body) == 1 and str(body[0][0]) in SINGLE


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for module in pkgutil.walk_packages(opjax.__path__, "opjax."):
        if not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern):
                    yield f"{module.name}.{name}", value
    yield "a line unlike others", text_lines._unlike("    ")
    yield "a piece", recipes._pattern()
    for text in (lexer._TOKEN, lexer._LABEL, lexer._SPACED_LABEL, lexer._DATE, lexer._STOP, lexer._START):
        yield text, lexer._pattern(text)


def test_no_group_is_repeated_possessively_that_can_fail_half_way() -> None:
    assert {name: found for name, value in _patterns() if (found := half_way(value.pattern, value.flags))} == {}


def test_nor_is_one_in_a_pattern_that_was_learned() -> None:
    parser._tables.cache_clear()
    rows = [f'    R{n}: 2 A -> B @ k*1.{n}e-{n} "about {n}"\n' for n in range(3 * OFTEN)]
    text = "model m:\n  params: k = 1\n  states: A, B\n  dynamics:\n" + "".join(rows)
    opjax.loads(text, "ojx")
    learned = [p.expression for patterns in parser._tables()[3].known.values() for p in patterns]
    assert learned
    assert [half_way(expression.pattern, expression.flags) for expression in learned] == [[]] * len(learned)
    parser._tables.cache_clear()


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        (r"(?:_[0-9]++)*+", 1),
        (r"(?:ab?c)?+", 1),
        (r"(?>ab)", 1),
        (r"(?:[ \t]++|\#[^\n]*+)*+", 0),
        (r"(?:a|(?:bc)++)*", 1),
    ],
)
def test_such_groups_are_found(pattern: str, count: int) -> None:
    assert len(half_way(pattern)) == count
