"""Which sums of two neighbours on a line are computed without room at the ends of what they read.

``u[x+1] - u[x-1]`` is one operation on stretches of ``u`` as it lies, and one on numbers at each end. An array with its
ends around it would be a copy first; it is worth that only for what is read often.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from opjax.compile.neighbours import Neighbours, Reading
from opjax.compile.once import POSITIONAL
from opjax.ir.nodes import Along, AnyNode, Apply, Symbol, View
from opjax.ir.types import Dim

SHORTEST = 64
"""Shorter arrays have their ends around them sooner than numbers are added up."""
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
    parts: dict[int, list[AnyNode]] = field(default_factory=dict[int, "list[AnyNode]"])
    """Of each sum, the views that it reads and their signs."""

    def plan(self, nodes: Sequence[AnyNode]) -> None:
        """Find the sums over neighbours, these among them.

        Arguments:
            nodes: what is computed, with its leaves, operands first.
        """
        self.neighbours.plan(nodes, self.uses)
        views = [view for view in nodes if isinstance(view, View) and self.is_read(view)]
        if not views:
            return
        for node in nodes:
            self.add(node)
        for array in {view.operand.number: view.operand for view in views}.values():
            sums = [number for number, run in self.found.items() if run[0].array is array]
            if sums and self.is_worth(array, sums, [view for view in views if view.operand is array]):
                self.neighbours.bare.add(array.number)
                for number in sums:
                    self.neighbours.sums[number] = self.found[number]
                    self.neighbours.first[number] = array.dims[0]
                    self.neighbours.within.update((part.number, part.dims) for part in self.parts[number])

    def is_read(self, view: View) -> bool:
        """Whether a view reads neighbours of a state or parameter on a line."""
        array = view.operand
        if not isinstance(array, Symbol) or array.role not in ("state", "parameter") or len(array.axes) != 1:
            return False
        (along,) = view.selections
        return isinstance(along, Along) and bool(along.offset or along.points)

    def add(self, node: AnyNode) -> None:
        """Note a sum whose first two terms are neighbours in one array."""
        if not isinstance(node, Apply) or node.function != "add" or len(node.dims) != 1 or node.roles <= POSITIONAL:
            return
        parts: list[AnyNode] = []
        terms = [self.term(operand, node.dims[0], parts) for operand in node.operands[:2]]
        first, second = terms
        if first is None or second is None or first.array is not second.array or first.moves == second.moves:
            return
        self.found[node.number] = [second, first] if first.minus and not second.minus else [first, second]
        self.parts[node.number] = parts

    def term(self, node: AnyNode, dim: Dim, parts: list[AnyNode]) -> Reading | None:
        """What a term reads, with its sign; its nodes are noted."""
        minus = isinstance(node, Apply) and node.function == "negate"
        if minus and self.uses.get(node.number) == 1:
            parts.append(node)
            node = node.operands[0]
        if isinstance(node, View) and self.is_read(node):
            (along,) = node.selections
            if not isinstance(along, Along) or along.dim != dim:
                return None
            parts.append(node)
            size = self.neighbours.axes[node.operand.dims[0].axis].size or 0
            if abs(along.offset) > size:
                return None
            found = Reading(node.operand, (along.offset,), along.edge, along.edge, points=along.points)
        elif isinstance(node, Symbol) and node.axes == (dim,):
            found = Reading(node, (0,))
        else:
            return None
        return replace(found, minus=minus)

    def is_worth(self, array: AnyNode, sums: Sequence[int], views: Iterable[View]) -> bool:
        """Whether nothing else reads the neighbours of an array, and its copy takes longer than the ends."""
        size, read = self.neighbours.axes[array.dims[0].axis].size or 0, dict[int, int]()
        for number in sums:
            for part in self.parts[number]:
                read[part.number] = read.get(part.number, 0) + 1
        alone = all(read.get(view.number) == self.uses.get(view.number) for view in views)
        return alone and size >= SHORTEST and (len(sums) - 1) * ENDS <= size
