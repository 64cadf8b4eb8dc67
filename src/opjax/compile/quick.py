"""The call that has to be quick: what usual arguments look like, so that one look is enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from opjax.backends.base import Array, DType
from opjax.compile.arguments import Arguments


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
    pick: Callable[[Mapping[str, object]], tuple[Any, ...]] = field(init=False)
    count: int = field(init=False)
    types: tuple[type[Any], ...] = field(init=False)
    arrays: tuple[tuple[int, tuple[int, ...]], ...] = field(init=False)
    """The places of the parameters that are arrays, with their shapes."""

    def __post_init__(self) -> None:
        """Where numbers do not stay what they are, or tables are given, no call has so many parameters."""
        shapes = self.arguments.in_order
        self.pick = self.arguments.pick
        self.count = len(shapes) if self.number is float and None not in shapes else -1
        self.types = tuple(self.kind if shape else float for shape in shapes)
        self.arrays = tuple((place, shape) for place, shape in enumerate(shapes) if shape)

    def fits(self, p: tuple[Any, ...]) -> bool:
        """Whether arrays among parameters have their shapes."""
        dtype = self.dtype
        for place, shape in self.arrays:  # a loop: `all` over a generator takes three times as long
            array = p[place]
            if array.dtype is not dtype or array.shape != shape:
                return False
        return True
