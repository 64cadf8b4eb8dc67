"""Coalesce: axes that stand side by side in all arrays are computed as one, with no more dims than code by hand has.

Where contacts are between ages alone, ``I[age, dose, place]`` is for all that is computed a matrix of ages by the rest.
Loops over few long axes are quicker than over many short ones, and so are matrix products; most of all in gradients,
where XLA copies what it turns. Two axes are one where every array that has one of them has the other, states and
parameters store the second right behind the first, and nothing is read, shifted, put or summed along one alone. The
program stays as it is, and says which axes these are; flat vectors are then cut into arrays with fewer axes, which
costs nothing, since their elements lie in the same order.

Law: no value changes by a bit, but that a sum over such axes may be taken in another order by the namespace.
Benchmark: SEIR over ages, doses and places in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from opjax.ir.nodes import Along, AnyNode, Join, Opaque, Selection, Symbol, View
from opjax.ir.program import Program
from opjax.ir.types import Dim, Dims

STORED = ("state", "parameter")
"""Leaves whose elements lie in memory in the order of their axes."""


def coalesce(program: Program) -> Program:
    """The same program, with the axes that are computed as one."""
    several = (node for node in program.arrays if not isinstance(node, Join) or node.others)  # not of many scalars
    pairs = {pair for node in several for operand in node.operands for pair in _neighbours(operand)}
    nodes = [*program.leaves, *program.unusual] if pairs else []
    follow = dict(pair for pair in sorted(pairs) if all(map(pair.is_whole_in, nodes)))
    return replace(program, coalesced=tuple(_runs(follow))) if follow else program


def coalesced_axes(before: Program, after: Program) -> str:
    """Which axes are computed as one; empty where none are."""
    found = [f"{', '.join(run[:-1])} and {run[-1]}" for run in after.coalesced]
    return f"computed as one axis: {'; '.join(found)}" if found else ""


class _Pair(NamedTuple):
    """An axis, and the one that follows it in memory."""

    first: str
    second: str

    def is_whole_in(self, node: AnyNode) -> bool:
        """Whether a node does nothing with one of the two axes alone."""
        if not self.are_both_in(node.dims):
            return False
        match node:
            case Symbol():
                return self.is_stored_in(node)
            case View():
                return self.is_read_by(node)
            case Join():
                return node.dim.axis not in self
            case Opaque():
                return not self.dims_in(node.dims)
            case _:
                return True

    def dims_in(self, dims: Dims) -> list[Dim]:
        """Those over one of the two axes."""
        return [dim for dim in dims if dim.axis in self]

    def are_both_in(self, dims: Dims) -> bool:
        """Whether dims over the one axis are accompanied by dims over the other."""
        if not dims:
            return True
        primes = [{dim.primes for dim in dims if dim.axis == axis} for axis in self]
        return primes[0] == primes[1]

    def is_stored_in(self, symbol: Symbol) -> bool:
        """Whether a leaf has neither axis, or the one right behind the other."""
        if not self.dims_in(symbol.axes):
            return True
        behind = dict(itertools.pairwise(symbol.axes))
        firsts = [dim for dim in symbol.axes if dim.axis == self.first]
        return symbol.role in STORED and all(behind.get(dim) == Dim(self.second, dim.primes) for dim in firsts)

    def is_read_by(self, view: View) -> bool:
        """Whether a view reads both axes along both, or neither."""
        chosen = dict(zip(view.operand.dims, view.selections, strict=True))
        for dim, selection in chosen.items():
            if dim.axis == self.first:
                to = _renamed(selection)
                if to is None or to.axis != self.first:
                    return False
                if _renamed(chosen[Dim(self.second, dim.primes)]) != Dim(self.second, to.primes):
                    return False
            elif dim.axis != self.second and isinstance(selection, Along) and selection.dim.axis in self:
                return False
        return True


def _renamed(selection: Selection) -> Dim | None:
    """The dim along which all points are read in their order; None where others are."""
    if not isinstance(selection, Along) or selection.offset or selection.points:
        return None
    return selection.dim


def _neighbours(node: AnyNode) -> Iterator[_Pair]:
    """The axes of a leaf that follow each other."""
    if type(node) is Symbol:
        for dim, after in itertools.pairwise(node.axes):
            yield _Pair(dim.axis, after.axis)


def _runs(follow: dict[str, str]) -> Iterator[tuple[str, ...]]:
    """The runs of axes of which each follows the one before."""
    behind = set(follow.values())
    for first in follow:
        if first not in behind:
            run = [first]
            while run[-1] in follow:
                run.append(follow[run[-1]])
            yield tuple(run)
