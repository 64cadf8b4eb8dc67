"""Which sums of two neighbours along one dim are computed without room at the ends of what they read.

``u[x+1] - u[x-1]`` is one operation on stretches of ``u`` as it lies, and one on numbers at each end. An array with its
ends around it would be a copy first; it is worth that only for what is read often.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from opjax.compile.neighbours import Neighbours, Reading
from opjax.compile.once import POSITIONAL
from opjax.ir.nodes import Along, AnyNode, Apply, Symbol, View
from opjax.ir.types import Dims

SHORTEST = 64
"""Shorter arrays have their ends around them sooner than numbers are added up."""
NEAR = 4
"""What is read lies at most so small a part of the array beyond its ends."""
ENDS = 1500
"""Elements that are copied while the ends of a second sum are computed."""


@dataclass(slots=True)
class Pairs:
    """Finds them.

    Arguments:
        neighbours: is told of them.
        uses: how often each node is used.
    """

    neighbours: Neighbours
    uses: Mapping[int, int]
    found: dict[int, list[Reading]] = field(default_factory=dict[int, list[Reading]])
    parts: dict[int, dict[int, Dims]] = field(default_factory=dict[int, "dict[int, Dims]"])
    """Of each sum, the views that it reads and their signs, with the orders of their dims."""

    def plan(self, nodes: Sequence[AnyNode]) -> None:
        """Find the sums over neighbours, these among them.

        Arguments:
            nodes: what is computed, with its leaves, operands first.
        """
        self.neighbours.plan(nodes, self.uses)
        views = [view for view in nodes if isinstance(view, View) and self.place(view) is not None]
        if not views:
            return
        along_memory = {run[0].array.number for run in self.neighbours.sums.values()}
        for node in nodes:
            self.add(node)
        for array in {view.operand.number: view.operand for view in views}.values():
            sums = [number for number, run in self.found.items() if run[0].array is array]
            every = [node for node in nodes if isinstance(node, View) and node.operand is array]
            if sums and array.number not in along_memory and self.is_worth(array, sums, every):
                self.neighbours.bare.add(array.number)
                self.neighbours.sliced.add(array.number)
                for number in sums:
                    self.neighbours.sums[number] = self.found[number]
                    self.neighbours.within.update(self.parts[number])

    def place(self, view: View) -> int | None:
        """Along which dim of a state or parameter a view reads neighbours; None if it does anything else."""
        array = view.operand
        if not isinstance(array, Symbol) or array.role not in ("state", "parameter"):
            return None
        chosen = dict(zip(array.dims, view.selections, strict=True))
        moved = [at for at, dim in enumerate(array.axes) if chosen[dim] != Along(dim)]
        along = chosen[array.axes[moved[0]]] if len(moved) == 1 else None
        return moved[0] if isinstance(along, Along) and (along.offset or along.points) else None

    def add(self, node: AnyNode) -> None:
        """Note a sum whose first two terms are neighbours in one array."""
        if not isinstance(node, Apply) or node.function != "add" or not node.dims or node.roles <= POSITIONAL:
            return
        parts: dict[int, Dims] = {}
        first, second = (self.term(operand, parts) for operand in node.operands[:2])
        if first is None or second is None or first.array is not second.array:
            return
        places = {reading.place for reading in (first, second)} - {None}
        if len(places) != 1 or first.moves == second.moves or first.points != second.points:
            return
        if len(node.operands) > 2 and len(node.dims) > 1:  # other terms may want another order of the dims
            return
        (place,) = places
        if not any(self.is_beyond(part) for part in _views(node)):
            return  # slices as they are
        run = [replace(reading, place=place) for reading in (first, second)]
        self.found[node.number] = run[::-1] if first.minus and not second.minus else run
        self.parts[node.number] = parts

    def term(self, node: AnyNode, parts: dict[int, Dims]) -> Reading | None:
        """What a term reads, with its sign; its nodes are noted, with the orders of their dims."""
        minus = isinstance(node, Apply) and node.function == "negate"
        inner = node.operands[0] if minus and self.uses.get(node.number) == 1 else node
        place = self.place(inner) if isinstance(inner, View) else None
        if isinstance(inner, View) and isinstance(inner.operand, Symbol) and place is not None:
            axes = inner.operand.axes
            chosen = dict(zip(inner.operand.dims, inner.selections, strict=True))
            along = chosen[axes[place]]
            size = self.neighbours.axes[axes[place].axis].size or 0
            if (
                not isinstance(along, Along)
                or NEAR * max(-along.offset, along.offset + along.points - size, along.offset) > size
            ):
                return None
            order = tuple(along.dim if at == place else dim for at, dim in enumerate(axes))
            parts[inner.number] = order
            moves = tuple(along.offset if at == place else 0 for at in range(len(axes)))
            found = Reading(inner.operand, moves, along.edge, along.edge, points=along.points, place=place)
        elif isinstance(inner, Symbol) and inner.axes:
            order = inner.axes
            found = Reading(inner, (0,) * len(order))
        else:
            return None
        if inner is not node:
            parts[node.number] = order
        return replace(found, minus=minus)

    def is_beyond(self, view: View) -> bool:
        """Whether a view reads what lies beyond an end; the others are slices as they are."""
        pairs = zip(view.operand.dims, view.selections, strict=True)
        moves = [(dim, along) for dim, along in pairs if isinstance(along, Along) and along != Along(dim)]
        sizes = [self.neighbours.axes[dim.axis].size or 0 for dim, _ in moves]
        return any(
            along.offset < 0 or along.offset + (along.points or size) > size
            for (_, along), size in zip(moves, sizes, strict=True)
        )

    def is_worth(self, array: AnyNode, sums: Sequence[int], views: Iterable[View]) -> bool:
        """Whether nothing else reads the neighbours of an array, and its copy takes longer than the ends."""
        read = Counter(part for number in sums for part in self.parts[number])
        size = math.prod(self.neighbours.axes[dim.axis].size or 0 for dim in array.dims)
        beyond = [view for view in views if self.is_beyond(view)]
        alone = all(read[view.number] == self.uses.get(view.number) for view in beyond)
        return alone and size >= SHORTEST and (len(array.dims) > 1 or (len(sums) - 1) * ENDS <= size)


def _views(node: AnyNode) -> Iterable[View]:
    """The views that the first two terms of a sum read."""
    for term in node.operands[:2]:
        inner = term.operands[0] if isinstance(term, Apply) else term
        if isinstance(inner, View):
            yield inner
