"""The table of functions and operators, and how their names are found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from opjax.ir.functions.elementary import ELEMENTARY
from opjax.ir.functions.operators import OPERATORS
from opjax.ir.functions.record import Function
from opjax.ir.functions.special import SELECTIONS, SPECIAL

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {record.name: record for record in (*ELEMENTARY, *SELECTIONS, *SPECIAL, *OPERATORS)}
)
"""All functions and operators, by the names that the typed model uses."""

CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": math.pi, "inf": math.inf})
"""Names that stand for a number in every model."""

_CALLABLE: Mapping[str, Function] = MappingProxyType(
    {name: f for f in FUNCTIONS.values() if not f.operator for name in (f.name, *f.synonyms)}
)


def lookup(name: str) -> Function | None:
    """The function that a call in an expression means; None if there is none.

    Arguments:
        name: the name in the call, or a synonym such as ``max`` for ``maximum``.

    Example:
        >>> lookup("arctan2").name
        'atan2'
        >>> lookup("add") is None
        True
    """
    return _CALLABLE.get(name)


def user_function_names() -> tuple[str, ...]:
    """The names that calls may use, synonyms included, in the order of the alphabet."""
    return tuple(sorted(_CALLABLE))
