"""Which sums over neighbours are computed along memory, and what they read.

What is read at neighbours along the last dim is no stretch of memory: each row ends, and NumPy begins anew, which takes
several times as long as the sum. But every neighbour of all points lies as many places further on in memory, so that
the array moved by that is one stretch; only what stands at the ends is another row's, and put right afterwards.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from opjax.compile.contraction import common_order, usual_orders
from opjax.compile.once import POSITIONAL
from opjax.ir.nodes import Along, AnyNode, Apply, Edge, IntegerPower, Symbol, View
from opjax.ir.types import Axis, Dim, Dims

FEWEST_TERMS = 2
"""Terms from which on a sum is worth the statements at its ends."""
FEWEST_ROWS = 12
"""Rows from which on they take longer than these statements."""
SHARED = 2_048
"""Points from which on that is so where several sums read the same neighbours, which one array with room serves all."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A term of a sum: an array read at a neighbour.

    Arguments:
        array: the array.
        moves: by how many points, dim by dim in physical order.
        edge: what is read beyond the ends of a dim that is not the first.
        first_edge: what is read beyond the ends of the first.
        minus: whether it is subtracted.
        number: a factor or divisor.
        divides: whether it is a divisor.
        points: of how many points the sum is, where these are not those of the array.
        place: the place of the only dim that the sum moves along, where it is taken slice by slice.
    """

    array: AnyNode
    moves: tuple[int, ...]
    edge: Edge = "periodic"
    first_edge: Edge = "periodic"
    minus: bool = False
    number: AnyNode | None = None
    divides: bool = False
    points: int = 0
    place: int | None = None

    @property
    def room(self) -> tuple[int, int]:
        """How many rows it reads beyond the first and beyond the last; of the next row that is a point, or some."""
        beyond = [self.moves[place] for place in self.across]
        return any(move < 0 for move in beyond) - self.moves[0], any(move > 0 for move in beyond) + self.moves[0]

    @property
    def moved(self) -> list[int]:
        """The places of all dims that it moves along."""
        return [place for place, move in enumerate(self.moves) if move]

    @property
    def across(self) -> list[int]:
        """The places of the dims that it moves along, but for the first."""
        return [place for place, move in enumerate(self.moves) if place and move]


@dataclass(slots=True)
class Neighbours:
    """The sums that are computed along memory.

    Arguments:
        axes: the axes by name.
        sums: of the sum with this number, what its first terms read.
        bare: the numbers of arrays that need no room: their neighbours are read along one dim at a time.
        sliced: those whose sums are taken slice by slice.
        within: the nodes that are part of such terms, and nothing else, by number, with the order of their dims.
    """

    axes: Mapping[str, Axis]
    sums: dict[int, list[Reading]] = field(default_factory=dict[int, list[Reading]])
    first: dict[int, Dim] = field(default_factory=dict[int, Dim])
    """Of each sum, the first dim of what it reads."""
    bare: set[int] = field(default_factory=set[int])
    sliced: set[int] = field(default_factory=set[int])
    within: dict[int, Dims] = field(default_factory=dict[int, Dims])

    def plan(self, nodes: Sequence[AnyNode], uses: Mapping[int, int]) -> None:
        """Find them.

        Arguments:
            nodes: what is computed, with its leaves, operands first.
            uses: how often each node is used.
        """
        views = [node for node in nodes if isinstance(node, View) and len(node.dims) > 1]
        if not views:
            return
        finding = _Finding(_orders(nodes), uses)
        found = {node.number: run for node in nodes if (run := finding.run(node))}
        for number, order in {
            run[0].array.number: finding.orders[run[0].array.number] for run in found.values()
        }.items():
            runs = {node: run for node, run in found.items() if run[0].array.number == number}
            inside, shared = finding.covered(runs)
            others = [view for view in views if view.operand.number == number and view.number not in inside]
            readings = [reading for run in runs.values() for reading in run]
            if order and self._is_worth(readings, others, order, shared):
                if self._is_bare(readings, others, order):
                    self.bare.add(number)
                self.sums.update(runs)
                self.first.update(dict.fromkeys(runs, order[0]))
                self.within.update(dict.fromkeys(inside, order))

    def rooms(self) -> Iterator[tuple[AnyNode, Dim, Reading]]:
        """The arrays that are read, with their first dims, and who reads them."""
        for number, run in self.sums.items():
            for reading in run if run[0].array.number not in self.bare else ():
                yield reading.array, self.first[number], reading

    def is_all(self, node: AnyNode) -> bool:
        """Whether a node is such a sum, and nothing else."""
        return len(self.sums.get(node.number, ())) == len(node.operands) > 0

    def _is_worth(self, readings: list[Reading], others: list[View], order: Dims, shared: bool) -> bool:
        """Whether an array gets room at the ends of its first dim only."""
        sizes = [self.axes[dim.axis].size or 0 for dim in order]
        if math.prod(sizes[:-1]) < FEWEST_ROWS or not any(reading.across for reading in readings):
            return False
        if shared and math.prod(sizes) < SHARED:
            return False
        if any(2 * abs(r.moves[place]) > sizes[place] or len(r.across) > 1 for r in readings for place in r.across):
            return False
        elsewhere = [_reading(view, order) for view in others]
        if any(reading is None or reading.across for reading in elsewhere):
            return False
        steps = [reading.moves[0] for reading in readings]
        rows = [reading for reading in (*readings, *elsewhere) if reading and reading.moves[0]]
        return len({reading.first_edge for reading in rows}) < 2 and max(map(abs, steps)) < sizes[0]

    def _is_bare(self, readings: list[Reading], others: list[View], order: Dims) -> bool:
        """Whether it needs no room at all."""
        array, size = readings[0].array, self.axes[order[0].axis].size or 0
        if not isinstance(array, Symbol) or array.role != "state" or others:
            return False
        return all(len(r.moved) < 2 and 2 * abs(r.moves[0]) <= size for r in readings)


@dataclass(slots=True)
class _Finding:
    orders: Mapping[int, Dims]
    uses: Mapping[int, int]
    parts: dict[int, Counter[int]] = field(default_factory=dict[int, "Counter[int]"])
    """Of each sum, the nodes that are part of its terms, and of how many."""

    def covered(self, runs: Iterable[int]) -> tuple[set[int], bool]:
        """The nodes that are part of the terms of these sums, and nothing else; and whether several have one."""
        found = sum((self.parts[node] for node in runs), Counter[int]())
        inside = {part for part, count in found.items() if count == self.uses.get(part)}
        return inside, max(found.values(), default=0) > 1

    def run(self, node: AnyNode) -> list[Reading]:
        """What the first terms of a sum read, if they are neighbours of one array, and worth it."""
        if (
            not isinstance(node, Apply)
            or node.function != "add"
            or len(node.dims) < 2
            or len(node.operands) < FEWEST_TERMS
        ):
            return []
        parts: list[set[int]] = []
        terms: list[Reading | None] = []
        for operand in node.operands:
            parts.append(set())
            terms.append(self.term(operand, parts[-1]))
        first = terms[0]
        run = [r for r in takewhile(lambda r: r and first and r.array is first.array, terms) if r]
        if len(run) < FEWEST_TERMS or first is None or self.orders.get(node.number) != self.orders[first.array.number]:
            return []
        self.parts[node.number] = Counter(itertools.chain(*parts[: len(run)]))
        swap = run[0].minus and not run[1].minus
        return [run[1], run[0], *run[2:]] if swap else run

    def term(self, node: AnyNode, parts: set[int]) -> Reading | None:
        """What a term reads, with its sign and one number; its nodes are noted."""
        minus, number, divides = False, None, False
        while isinstance(node, Apply) and node.dims and self.uses.get(node.number) == 1:
            arrays = [operand for operand in node.operands if operand.dims]
            if node.function == "negate":
                minus = not minus
            elif node.function not in ("multiply", "divide") or len(node.operands) != 2 or number or len(arrays) != 1:
                return None
            else:
                (number,) = (operand for operand in node.operands if not operand.dims)
                divides = node.function == "divide"
                if divides and node.operands[0] is number:
                    return None
            parts.add(node.number)
            node = arrays[0]
        found = _reading(node, self.orders.get(node.operand.number, ())) if isinstance(node, View) else None
        if found is not None:
            parts.add(node.number)
        else:
            order = self.orders.get(node.number, ())
            found = Reading(node, (0,) * len(order)) if order else None
        if found is None or found.array.kind != "real" or found.array.roles <= POSITIONAL:
            return None
        return replace(found, minus=minus, number=number, divides=divides)


def _reading(view: View, order: Dims) -> Reading | None:
    """A view as a reading of neighbours; None if it is anything else."""
    chosen = dict(zip(view.operand.dims, view.selections, strict=True))
    along = [(place, chosen[dim]) for place, dim in enumerate(order)]
    moves = [s.offset for place, s in along if isinstance(s, Along) and s.dim == order[place]]
    if not order or len(moves) < len(order) or isinstance(view.operand, View):
        return None
    edges: list[Edge] = [s.edge for _, s in along if isinstance(s, Along)]
    across: list[Edge] = [edge for edge, move in zip(edges[1:], moves[1:], strict=True) if move]
    return Reading(view.operand, tuple(moves), (across or edges)[0], edges[0])


def _orders(nodes: Sequence[AnyNode]) -> dict[int, Dims]:
    """The physical order of the dims of leaves, and of what is computed of them element by element."""
    found: dict[int, Dims] = {}
    usual = usual_orders(nodes)
    for node in nodes:
        if isinstance(node, Symbol):
            found[node.number] = node.axes
        elif isinstance(node, View) and _moves_only(node) and node.operand.number in found:
            found[node.number] = found[node.operand.number]
        elif isinstance(node, Apply | IntegerPower) and all(o.number in found or not o.dims for o in node.operands):
            found[node.number] = common_order([found.get(o.number, ()) for o in node.operands], usual)
    return found


def _moves_only(view: View) -> bool:
    pairs: list[tuple[Dim, object]] = list(zip(view.operand.dims, view.selections, strict=True))
    return all(isinstance(selection, Along) and selection.dim == dim for dim, selection in pairs)
