"""Records: immutable dataclasses that are quick to make.

A model of 20,000 equations is a million nodes and places. Making a frozen dataclass takes four times as long as making
any other, for it must go around its own `__setattr__` once for each field. So what is made in masses is frozen for the
type checker, which reads every line that could assign, and an ordinary dataclass with slots at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

Made = TypeVar("Made")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(
    *, eq: bool = True, order: bool = False, repr: bool = True, kw_only: bool = False
) -> Callable[[type[Made]], type[Made]]:
    """Like ``@dataclass(frozen=True, slots=True)``, with the same options, without the check at run time.

    Example:
        >>> @record()
        ... class Point:
        ...     x: float
        ...     y: float = 0.0
        >>> Point(1.0), hash(Point(1.0)) == hash(Point(1.0))
        (Point(x=1.0, y=0.0), True)
    """
    return dataclass(slots=True, unsafe_hash=eq, eq=eq, order=order, repr=repr, kw_only=kw_only)
