"""Records: immutable dataclasses that are quick to make.

A model of 20,000 equations is a million nodes and places. Making a frozen dataclass takes four times as long as making
any other, for it must go around its own `__setattr__` once for each field. So what is made in masses is frozen for the
type checker, which reads every line that could assign, and an ordinary dataclass with slots at run time.

They stay, and none is part of a cycle: `many_records` spares the collector from looking at all of them again and again.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

Made = TypeVar("Made")
MOST_UNSEEN = 5_000_000
"""Objects that `many_records` makes old before it has the collector look through everything. Of opjax's own none is
garbage in a cycle; a model of 20,000 species makes 1.5 million, and a look through them is a tenth of its time."""


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


@contextlib.contextmanager
def many_records(looks: bool = True) -> Generator[None]:
    """Make records while Python does not look for garbage in cycles: half of the time for a large model.

    The collector looks through all young objects whenever 700 more were made, and through everything there is whenever
    that has grown by a quarter. What is made here counts as old at once, so that it does neither; garbage in cycles is
    looked for before the work, where much was made so since the last time. Where the collector was off before it stays
    off. A thread that compiles at the same time may find it on again, which costs time and changes nothing.

    Arguments:
        looks: whether garbage is looked for; not where the work before has just made what is there.
    """
    if not gc.isenabled():
        yield
        return
    if looks and _made_old.is_due():
        gc.collect()
    gc.disable()
    try:
        yield
    finally:
        _made_old.take()
        gc.enable()


@dataclass(slots=True)
class _MadeOld:
    """How many objects were made old since the collector last looked through everything for `many_records`."""

    count: int = 0
    looks: int = 0

    def is_due(self) -> bool:
        """Whether much was made old since somebody, Python itself too, has looked through everything."""
        looks: int = gc.get_stats()[-1]["collections"]
        if looks != self.looks:
            self.looks, self.count = looks, 0
        return self.count > MOST_UNSEEN

    def take(self) -> None:
        """Make all young objects old: in constant time, since none is looked at."""
        if gc.get_freeze_count():  # a program keeps objects from the collector: they must stay there
            return
        self.count += gc.get_count()[0]
        gc.freeze()
        gc.unfreeze()


_made_old = _MadeOld()
