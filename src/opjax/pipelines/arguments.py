"""Arguments of operators, looked at when an operator is made: no first call finds out what is wrong there."""

from __future__ import annotations

import operator as python_operator
from typing import Any

from opjax.pipelines.operator import Operator


def check_operator(place: str, value: object) -> None:
    """Refuse what is no operator.

    Arguments:
        place: where it stands, such as ``operators[1]``.
        value: what stands there.

    Raises:
        TypeError: naming the place, and the way out for a function.
    """
    if not isinstance(value, Operator):
        way_out = ": Lambda makes one of a function" if callable(value) and not isinstance(value, type) else ""
        raise TypeError(f"{place} is no operator: {value!r}{way_out}")


def check_function(place: str, value: object) -> None:
    """Refuse what cannot be called.

    Raises:
        TypeError: naming the place.
    """
    if not callable(value):
        raise TypeError(f"{place} is a function, not {value!r}")


def check_count(name: str, value: Any, least: int) -> None:
    """Refuse what is no whole number, or too small a one.

    Raises:
        TypeError: for another type; truth values count as one.
        ValueError: for a number below `least`.
    """
    try:
        number = python_operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {value!r}") from None
    if isinstance(value, bool):
        raise TypeError(f"{name} is a whole number, not {value!r}")
    if number < least:
        raise ValueError(f"{name} is {value}; it is {least} or more")
