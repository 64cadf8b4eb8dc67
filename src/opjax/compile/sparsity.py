"""Which derivative depends on which state: the places of a Jacobian that may differ from zero, read off the model.

Each node is followed with the pairs (cell, state) in which it depends on the states. Pairs are kept over those dims in
which they differ: what a coupling with no state in it, such as a matrix of contacts, adds is found at the end.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from opjax.compile.layout import Layout
from opjax.ir.evaluate import constant_value
from opjax.ir.functions import FUNCTIONS
from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    AtPosition,
    Constant,
    IntegerPower,
    Interpolate,
    Opaque,
    Place,
    Symbol,
    View,
)
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim, Dims

ROUNDING = 1e-5
"""More than single precision loses in a place that is computed."""
Whole = np.ndarray[Any, np.dtype[np.int64]]


class Sparsity(NamedTuple):
    """The places of a matrix that may differ from zero, row by row, each once.

    Arguments:
        rows: shape [places].
        columns: shape [places].
        shape: of the matrix.

    Example:
        >>> import numpy as np
        >>> Sparsity(np.array([0, 1]), np.array([0, 0]), (2, 2)).toarray()
        array([[ True, False],
               [ True, False]])
    """

    rows: Whole
    columns: Whole
    shape: tuple[int, int]

    def toarray(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """The matrix itself, True at these places, as SciPy's solvers take it in ``jac_sparsity``."""
        dense = np.zeros(self.shape, bool)
        dense[self.rows, self.columns] = True
        return dense


def jacobian_sparsity(program: Program, outputs: Mapping[str, tuple[str, ...]], layout: Layout) -> Sparsity:
    """The places of the Jacobian of all derivatives by all states.

    Arguments:
        program: the derivatives by the name of their state.
        outputs: the axes in which each derivative comes.
        layout: where the states stand.
    """
    follower = _Follower(program.axes, layout)
    known = follower.follow(program.nodes)
    keys: list[Whole] = []
    for slot in layout.slots:
        node = program.roots[slot.name]
        dims = tuple(Dim(axis) for axis in outputs[slot.name])
        pairs = follower.over(known.get(node.number, _NOTHING), dims)
        keys.append((slot.start + pairs.cells) * layout.size + pairs.states)
    found = np.unique(np.concatenate(keys)) if keys else _EMPTY
    return Sparsity(found // max(layout.size, 1), found % max(layout.size, 1), (layout.size, layout.size))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """In which cells over some dims a value depends on which states; over all other dims it is the same."""

    dims: Dims
    cells: Whole
    states: Whole


_EMPTY: Whole = np.zeros(0, np.int64)
_NOTHING = _Pairs((), _EMPTY, _EMPTY)


@dataclass(frozen=True, slots=True)
class _Follower:
    axes: Mapping[str, Axis]
    layout: Layout

    def follow(self, nodes: Iterable[AnyNode]) -> dict[int, _Pairs]:
        """The pairs of each node that depends on states, operands first."""
        starts = {slot.name: slot.start for slot in self.layout.slots}
        known: dict[int, _Pairs] = {}
        for node in nodes:
            if "state" not in node.roles or node.kind == "boolean":  # a condition has no derivative
                continue
            found = self.symbol(node, starts[node.name]) if isinstance(node, Symbol) else self.pairs(node, known)
            if found.cells.size:
                known[node.number] = found
        return known

    def symbol(self, node: Symbol, start: int) -> _Pairs:
        cells = np.arange(self.size(node.axes), dtype=np.int64)
        return _Pairs(node.axes, cells, start + cells)

    def pairs(self, node: AnyNode, known: Mapping[int, _Pairs]) -> _Pairs:
        operands = [known.get(operand.number, _NOTHING) for operand in node.operands]
        match node:
            case Apply():
                rules = FUNCTIONS[node.function].derivatives  # empty: zero wherever there is one, as of floor(x)
                last = len(rules) - 1
                return self.union([pairs for place, pairs in enumerate(operands) if rules[min(place, last)]])
            case IntegerPower():
                return operands[0] if node.exponent else _NOTHING
            case View():
                return self.viewed(node, operands[0])
            case Interpolate():
                table = self.interpolated(node, operands[0])
                return table if node.between == "previous" else self.union([table, operands[1]])
            case Place():
                return self.placed(node, operands[0])
            case Opaque():
                return self.union(operands)
            case _:  # sums, products, ... over dims
                both = self.union(operands)
                return self.without(both, tuple(dim for dim in both.dims if dim not in node.dims))

    # --- cells

    def size(self, dims: Dims) -> int:
        return math.prod(self.axes[dim.axis].size or 0 for dim in dims)

    def shape(self, dims: Dims) -> tuple[int, ...]:
        return tuple(self.axes[dim.axis].size or 0 for dim in dims)

    def places(self, pairs: _Pairs) -> dict[Dim, Whole]:
        """The position of each pair's cell along each dim."""
        found = np.unravel_index(pairs.cells, self.shape(pairs.dims)) if pairs.dims else ()
        return {dim: place.astype(np.int64) for dim, place in zip(pairs.dims, found, strict=True)}

    def flat(self, places: Mapping[Dim, Whole], dims: Dims, like: Whole) -> Whole:
        """The number of the cell at some places."""
        found = np.zeros_like(like)
        for dim in dims:
            found = found * self.size((dim,)) + places[dim]
        return found

    def over(self, pairs: _Pairs, dims: Dims) -> _Pairs:
        """The same over dims that may be more, and in another order."""
        if pairs.dims == dims:
            return pairs
        more = tuple(dim for dim in dims if dim not in pairs.dims)
        places, count = self.places(pairs), self.size(more)
        repeated = {dim: np.repeat(place, count) for dim, place in places.items()}
        states = np.repeat(pairs.states, count)
        new = np.tile(np.arange(count, dtype=np.int64), len(pairs.cells))
        repeated.update(self.places(_Pairs(more, new, states)))
        return _Pairs(dims, self.flat(repeated, dims, states), states)

    def unique(self, pairs: _Pairs) -> _Pairs:
        keys = np.unique(pairs.cells * self.layout.size + pairs.states)
        return _Pairs(pairs.dims, keys // self.layout.size, keys % self.layout.size)

    def union(self, operands: list[_Pairs]) -> _Pairs:
        given = [pairs for pairs in operands if pairs.cells.size]
        if len(given) < 2:
            return given[0] if given else _NOTHING
        dims = tuple(sorted({dim for pairs in given for dim in pairs.dims}, key=str))
        wide = [self.over(pairs, dims) for pairs in given]
        cells, states = np.concatenate([p.cells for p in wide]), np.concatenate([p.states for p in wide])
        return self.unique(_Pairs(dims, cells, states))

    def without(self, pairs: _Pairs, over: Dims) -> _Pairs:
        """The pairs of what is reduced over some dims."""
        dims = tuple(dim for dim in pairs.dims if dim not in over)
        if dims == pairs.dims:
            return pairs
        return self.unique(_Pairs(dims, self.flat(self.places(pairs), dims, pairs.cells), pairs.states))

    def interpolated(self, node: Interpolate, pairs: _Pairs) -> _Pairs:
        """The pairs of the points that a table is read at: the two around a number, all where the place is a value."""
        points, place = self.axes[node.dim.axis].coordinates, constant_value(node.at)
        known = node.dim in pairs.dims and points and place is not None and place == place and node.between != "cubic"
        if known and place is not None:
            # A number and the points are rounded alike, so neither passes the other; what is computed may.
            about = 0.0 if isinstance(node.at, Constant) else ROUNDING * max(abs(place), *map(abs, points))
            first = max(bisect_right(points, place - about) - 1, 0)
            last = min(bisect_left(points, place + about), len(points) - 1)
            there = self.places(pairs)[node.dim]
            inside = (first <= there) & (there <= last)
            pairs = _Pairs(pairs.dims, pairs.cells[inside], pairs.states[inside])
        return self.without(pairs, (node.dim,))

    def placed(self, node: Place, pairs: _Pairs) -> _Pairs:
        """The pairs of what stands at one position of a new dim."""
        here = np.full_like(pairs.cells, node.position)
        return _Pairs((*pairs.dims, node.dim), pairs.cells * self.size((node.dim,)) + here, pairs.states)

    def viewed(self, node: View, pairs: _Pairs) -> _Pairs:
        """The pairs of what is read through other indices: for each new cell, those of the cell that is read there."""
        read = dict(zip(node.operand.dims, node.selections, strict=True))
        ends = tuple(d for d, s in read.items() if isinstance(s, Along) and s.edge == "absorb" and s.offset)
        pairs = self.over(pairs, (*pairs.dims, *(dim for dim in ends if dim not in pairs.dims)))
        along = [selection.dim for dim in pairs.dims if isinstance(selection := read[dim], Along)]
        dims = tuple(dict.fromkeys(along))
        new = np.arange(self.size(dims), dtype=np.int64)
        places = self.places(_Pairs(dims, new, new))
        cells, inside = np.zeros_like(new), np.ones(new.shape, bool)
        for dim in pairs.dims:
            size, selection = self.size((dim,)), read[dim]
            place = _read_at(selection, places, size, new)
            inside &= (place >= 0) & (place < size)
            cells = cells * size + place
        return _joined(dims, new[inside], cells[inside], pairs)


def _read_at(selection: Along | AtPosition, places: Mapping[Dim, Whole], size: int, like: Whole) -> Whole:
    """Where along a dim of the operand each new cell reads; outside of it for nowhere."""
    if isinstance(selection, AtPosition):
        return np.full_like(like, selection.position)
    place = places[selection.dim] + selection.offset
    if selection.edge == "periodic":
        return place % size
    return np.clip(place, 0, size - 1) if selection.edge == "stay" else place


def _joined(dims: Dims, new: Whole, cells: Whole, pairs: _Pairs) -> _Pairs:
    """For each new cell the states of the cell that it reads."""
    order = np.argsort(pairs.cells, kind="stable")
    sorted_cells, states = pairs.cells[order], pairs.states[order]
    first, behind = np.searchsorted(sorted_cells, cells), np.searchsorted(sorted_cells, cells, side="right")
    counts = behind - first
    begins = np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) if counts.size else counts
    picked = states[begins + np.arange(int(counts.sum()), dtype=np.int64)]
    return _Pairs(dims, np.repeat(new, counts), picked)
