"""The call that has to be quick: what usual arguments look like, so that one look is enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from opjax.backends.base import Array, DType
from opjax.compile.arguments import Arguments

ARE_FLOATS = frozenset((float,)).issuperset


class Unusual:
    """The type of no array."""


@dataclass(slots=True)
class Usual:
    """What usual arguments look like.

    Arguments:
        function: computes from arguments that are ready.
        arguments: the parameters.
        number: what makes a Python float a number of the states' data type; `float` where it stays one.
        timed: whether the time is one of the arguments.
        kind: the type of the states.
        dtype: their data type.
        shape: their shape.
    """

    function: Callable[..., Array]
    arguments: Arguments
    number: Callable[[Any], Array] = float
    timed: bool = False
    kind: type[Any] = Unusual
    dtype: DType = None
    shape: tuple[int, ...] = ()
    pick: Callable[[Mapping[str, object]], tuple[object, ...]] = field(init=False)
    count: int = field(init=False)

    def __post_init__(self) -> None:
        """Where not all parameters are numbers that stay what they are, no call has so many."""
        plain = self.arguments.all_scalar and self.number is float
        self.pick, self.count = self.arguments.pick, len(self.arguments.names) if plain else -1

    def parameters(self, y: Array, given: Mapping[str, object]) -> tuple[Array, ...] | None:
        """The parameters in order; None where they need a closer look."""
        return self.arguments.everyday(given, self.number, self.dtype, y)
