"""Where in the vector of derivatives each value goes, so that it is written there and nowhere else first.

Likewise the terms of long sums go to their places in one vector.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from opjax.ir.nodes import Along, AnyNode, Apply, Constant, Gather, IntegerPower, Join, Segment, Symbol, View
from opjax.ir.types import Axis, Dims

RESULT = "out"
LONG = 4096
"""Terms from which on it takes less time to write them where they go than to join them."""


@dataclass(frozen=True, slots=True)
class Target:
    """A part of a vector.

    Arguments:
        start: where it begins.
        size: its length.
        dims: its dims in physical order.
        shape: their lengths.
        length: that of the whole vector.
        name: the variable of the vector.
    """

    start: int
    size: int
    dims: Dims
    shape: tuple[int, ...]
    length: int
    name: str = RESULT

    @property
    def is_result(self) -> bool:
        """Whether this is all that is returned."""
        return self.name == RESULT and self.size == self.length

    @property
    def text(self) -> str:
        """The part as an array of its shape."""
        if not self.shape:
            return f"{self.name}[{self.start}]"
        part = self.name if self.size == self.length else f"{self.name}[{self.start}:{self.start + self.size}]"
        return part if len(self.shape) < 2 else f"{part}.reshape{self.shape}"

    def part(self, first: int, size: int, vector: bool) -> Target:
        """Some neighbouring elements of a vector, as a vector or as a number."""
        return dataclasses.replace(self, start=self.start + first, size=size, shape=(size,) if vector else ())


@dataclass(slots=True)
class Targets:
    """The targets of a program's nodes.

    Arguments:
        of: the target of a node, by its number.
        single: vectors of one element that are computed as a scalar, by number.
        written: the nodes that are where they belong, by number.
    """

    of: dict[int, Target] = field(default_factory=dict[int, Target])
    single: set[int] = field(default_factory=set[int])
    written: set[int] = field(default_factory=set[int])

    def add(self, node: AnyNode, target: Target) -> None:
        """Have a value go to a target, if it is an array that an operation makes, and has none yet."""
        while isinstance(node, View) and is_renaming(node):
            old = {selection.dim: dim for dim, selection in zip(node.operand.dims, along(node), strict=True)}
            target = dataclasses.replace(target, dims=tuple(old[dim] for dim in target.dims))
            node = node.operand
        if target.dims and not isinstance(node, Symbol | Constant):
            self.of.setdefault(node.number, target)

    def has(self, node: AnyNode, target: Target) -> bool:
        """Whether a value is already where it is to go."""
        while isinstance(node, View) and is_renaming(node):
            node = node.operand
        if node.number not in self.written:
            return False
        known = self.of[node.number]
        return (known.start, known.name) == (target.start, target.name)

    def plan_terms(
        self, nodes: Iterable[AnyNode], axes: Mapping[str, Axis], uses: Mapping[int, int], new_name: Callable[[], str]
    ) -> None:
        """What long sums add up goes to one vector, if it is joined and used nowhere else."""
        for node in nodes:
            terms = node.operand if isinstance(node, Segment) else None
            if isinstance(terms, Join) and uses[terms.number] == 1 and (size := length(terms, axes)) >= LONG:
                self.add(terms, Target(0, size, terms.dims, (size,), size, new_name()))

    def plan_parts(self, nodes: Iterable[AnyNode], axes: Mapping[str, Axis], uses: Mapping[int, int]) -> None:
        """What is joined to a vector that has a target goes to its part of that, unless it is used elsewhere too."""
        for node in nodes:
            target = self.of.get(node.number)
            if target is None or not isinstance(node, Join) or len(target.dims) > 1:
                continue
            first = 0
            for part in node.parts:
                size = length(part, axes)
                if part.dims and uses[part.number] == 1:
                    if size == 1:
                        self.single.update(_single(part, uses))
                    else:
                        self.add(part, dataclasses.replace(target.part(first, size, True), dims=part.dims))
                first += size


def is_renaming(node: AnyNode) -> bool:
    """Whether a node is another under other names of dims."""
    return (
        isinstance(node, View)
        and len(along(node)) == len(node.dims) == len(node.operand.dims)
        and not any(selection.offset or selection.points for selection in along(node))
    )


def along(view: View) -> list[Along]:
    """The dims that a view reads along."""
    return [selection for selection in view.selections if isinstance(selection, Along)]


def length(vector: AnyNode, axes: Mapping[str, Axis]) -> int:
    """The number of elements of a scalar or a vector."""
    return (axes[vector.dims[0].axis].size or 0) if vector.dims else 1


def _single(part: AnyNode, uses: Mapping[int, int]) -> Iterable[int]:
    """The gathers of one element, if these and operations that nobody else uses are all that a part is made of."""
    found: list[int] = []
    waiting = [part]
    while waiting:
        node = waiting.pop()
        if not node.dims:
            continue
        if isinstance(node, Gather) and uses[node.number] == 1:
            found.append(node.number)
        elif (isinstance(node, Apply | IntegerPower) or is_renaming(node)) and uses[node.number] == 1:
            waiting.extend(node.operands)
        else:
            return ()
    return found
