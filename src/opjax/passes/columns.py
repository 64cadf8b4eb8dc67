"""Columns of scalars as vectors: slices and gathers of vectors that exist already, and what is left joined."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from opjax.ir.nodes import Along, AnyNode, AtPosition, Graph, Symbol, View
from opjax.ir.table import PARAMETER, STATE, Numbers
from opjax.ir.types import Axis, Dim
from opjax.passes.rows import Reals, Rows, true_at

SHORTEST = 8
"""Slices of one vector that are shorter on average take longer than positions."""
MOST_IDLE = 0.1
"""The part of a reading that may be there only to keep it whole."""


@dataclass(slots=True)
class Found:
    """Where scalars can be read.

    Arguments:
        vectors: the vector of each, by its place among those that there are; -1 for none.
        positions: the position there.
    """

    vectors: Numbers
    positions: Numbers

    @classmethod
    def nowhere(cls, size: int) -> Found:
        """Where none of so many scalars is in a vector."""
        return cls(np.full(size, -1), np.zeros(size, np.intp))

    def of(self, scalars: Numbers) -> Found:
        """Where some scalars are."""
        return Found(self.vectors[scalars], self.positions[scalars])

    def take(self, scalars: Numbers, other: Found) -> None:
        """Say of some scalars where they are."""
        self.vectors[scalars], self.positions[scalars] = other.vectors, other.positions

    def or_else(self, other: Found) -> Found:
        """Where scalars are here, and elsewhere where they are not."""
        here = self.vectors >= 0
        return Found(np.where(here, self.vectors, other.vectors), np.where(here, self.positions, other.positions))


@dataclass(slots=True)
class Columns:
    """Makes vectors out of scalars, which are known by their numbers.

    Arguments:
        graph: gets the nodes.
        rows: the old nodes.
        axes: the axes of the program; those of the new vectors are added.
        scalar: what an old scalar is now.
        most_runs: a vector of more slices than this is gathered from one pool.
        placed: the vector and position where an old scalar can be read.
        terms: where some are better read as terms of sums.
    """

    graph: Graph
    rows: Rows
    axes: dict[str, Axis]
    scalar: Callable[[int], AnyNode]
    most_runs: int
    placed: Found = field(init=False)
    terms: Found = field(init=False)
    vectors: list[AnyNode] = field(default_factory=list[AnyNode])
    places: dict[int, int] = field(default_factory=dict[int, int])
    """The place of each vector among them, by its number."""
    pools: dict[object, AnyNode] = field(default_factory=dict[object, AnyNode])

    def __post_init__(self) -> None:
        self.placed, self.terms = Found.nowhere(self.rows.size), Found.nowhere(self.rows.size)

    def new_dim(self, size: int) -> Dim:
        """A dim over an axis of its own; no person can have written a name with a space."""
        name = f"vector {len(self.axes)}"
        self.axes[name] = Axis(name, "labels", ("",) * size)
        return Dim(name)

    def length(self, vector: AnyNode) -> int:
        """The number of elements."""
        return self.axes[vector.dims[0].axis].size or 0

    def put(self, scalars: Numbers, vector: AnyNode, at: Numbers | None = None) -> None:
        """From now on the scalars are read from a vector, at some positions; without these one behind the other."""
        self.placed.take(scalars, self.inside(vector, np.arange(scalars.size) if at is None else at))

    def inside(self, vector: AnyNode, positions: Numbers) -> Found:
        """Positions in a vector."""
        place = self.places.setdefault(vector.number, len(self.vectors))
        if place == len(self.vectors):
            self.vectors.append(vector)
        return Found(np.full(positions.size, place), positions)

    def place(self, scalar: int) -> tuple[AnyNode, int] | None:
        """The vector and the position where a scalar can be read."""
        vector = int(self.placed.vectors[scalar])
        return None if vector < 0 else (self.vectors[vector], int(self.placed.positions[scalar]))

    def in_order(self, scalars: Numbers) -> Numbers:
        """Which of some scalars is first, second, and so on, in the order in which they can be read."""
        found = self.placed.of(scalars)
        vectors = np.array([*(vector.number for vector in self.vectors), 0])
        return np.lexsort((found.positions, np.where(found.vectors < 0, scalars, vectors[found.vectors])))

    def as_it_lies(self, units: Numbers, read: list[Numbers]) -> Numbers:
        """Units in the order in which a vector that they read lies, where they read none so in the order they are in.

        Arguments:
            units: the units.
            read: what they read, place by place.
        """
        better: Numbers | None = None
        for column in read:
            found = self.placed.of(column)
            vector = self.only(found)
            if vector is None or (column == column[0]).all():
                continue
            if self.runs(found):
                return units
            order = np.argsort(found.positions)
            if better is None and np.count_nonzero(np.diff(found.positions[order]) != 1) < self.most_runs:
                better = order
        return units if better is None else units[better]

    def add_pools(self, order: Mapping[str, object]) -> None:
        """Put the scalar states into one vector, and the scalar parameters into another."""
        order_of = {name: place for place, name in enumerate(order)}
        for node in self.graph.nodes(self.rows.others.tolist()):
            if type(node) is View and not node.dims and isinstance(node.operand, Symbol):
                match node.selections:  # a cell of a state with an axis can be read there
                    case (AtPosition(position=position),):
                        at = self.inside(node.operand, np.array([position]))
                        self.placed.take(np.array([node.number]), at)
                    case _:
                        pass
        states, parameters = self.rows.leaves_of(STATE), self.rows.leaves_of(PARAMETER)
        names = [node.name if type(node) is Symbol else "" for node in self.graph.nodes(states.tolist())]
        by_name = np.array([order_of.get(name, len(order_of)) for name in names], np.intp)
        for pool in (states[np.argsort(by_name, kind="stable")], parameters):
            if pool.size:
                self.put(pool, self.graph.join(self.graph.nodes(pool.tolist()), self.new_dim(pool.size)))

    def slot(self, column: Numbers, dim: Dim) -> AnyNode:
        """One leaf of a shape in all its members: a scalar where it is the same in all."""
        first = column[0]
        alone = column.size == 1 and self.placed.vectors[first] >= 0  # an element as a slice: no scalar to be packed
        same = not alone and bool((column == first).all())
        return self.scalar(int(first)) if same else self.gather(column, dim)

    def gather(self, column: Numbers, dim: Dim, terms: bool = False) -> AnyNode:
        """Scalars as a vector along a dim.

        Arguments:
            column: the scalars.
            dim: the dim.
            terms: whether they are terms of sums.
        """
        if self.rows.constant[column[0]] and self.rows.constant[column].all():
            return self.graph.join(map(self.scalar, column.tolist()), dim)
        found = self.placed.of(column)
        if terms:
            found = self.terms.of(column).or_else(found)
        starts = self.runs(found)
        if starts and (
            len(starts) == 1 or column.size >= SHORTEST * len(starts) or _sources(column, found, starts) > 1
        ):
            return self.joined(column, found, starts, dim)
        return self.pooled(column, found, dim)

    def places_of(self, terms: Numbers) -> tuple[Numbers, AnyNode | None]:
        """For each term of a sum a number that says where it lies, in the order in which vectors are read.

        Where all lie in one vector, it comes too, and the numbers are the positions there.
        """
        found = self.terms.of(terms).or_else(self.placed.of(terms))
        vector = self.only(found)
        if vector is not None:
            return found.positions, vector
        longest = 1 + int(found.positions.max(initial=0))
        alone = (len(self.vectors) + 1) * longest + terms
        return np.where(found.vectors < 0, alone, found.vectors * longest + found.positions), None

    def only(self, found: Found) -> AnyNode | None:
        """The vector in which all scalars are; None where they are in several or in none."""
        first = int(found.vectors[0])
        return self.vectors[first] if first >= 0 and (found.vectors == first).all() else None

    def reads(self, vector: AnyNode, runs: Iterable[tuple[int, int]]) -> list[AnyNode]:
        """Runs of neighbours of a vector, of which one may be all of it."""
        every = (0, self.length(vector))
        ranges = [(np.arange(low, high), self.new_dim(high - low)) for low, high in runs if (low, high) != every]
        return [self.read(vector, at, dim) for at, dim in ranges] or [vector]

    def in_line(self, parts: list[AnyNode]) -> AnyNode:
        """Vectors one behind the other."""
        if len(parts) == 1:
            return parts[0]
        return self.graph.join(parts, self.new_dim(sum(map(self.length, parts))))

    def times(self, vector: AnyNode, factors: Reals) -> AnyNode:
        """A vector, each element times a number."""
        if (factors == 1.0).all():
            return vector
        if (factors == -1.0).all():
            return self.graph.apply("negate", (vector,))
        return self.graph.apply("multiply", (vector, self.graph.join(self.numbers(factors), vector.dims[0])))

    def numbers(self, values: Reals) -> list[AnyNode]:
        """Constants, of which many are the same."""
        given = values.tolist()
        known = {value: self.graph.constant(value) for value in set(given)}
        return [known[value] if value else self.graph.constant(value) for value in given]  # -0 equals 0

    def runs(self, found: Found) -> list[int]:
        """Where parts of vectors that follow each other begin, and scalars alone; none where there are too many."""
        vectors, positions = found.vectors, found.positions
        on = (vectors[1:] == vectors[:-1]) & (vectors[1:] >= 0) & (positions[1:] == positions[:-1] + 1)
        starts = true_at(~on)
        return [0, *(starts + 1).tolist()] if starts.size < self.most_runs else []

    def joined(self, column: Numbers, found: Found, starts: list[int], dim: Dim) -> AnyNode:
        """The runs one behind the other."""
        parts: list[AnyNode] = []
        for start, end in itertools.pairwise([*starts, column.size]):
            vector = int(found.vectors[start])
            if vector < 0:
                parts.append(self.scalar(int(column[start])))
            else:
                own = dim if len(starts) == 1 else self.new_dim(end - start)
                parts.append(self.read(self.vectors[vector], found.positions[start:end], own))
        alone = len(parts) == 1 and parts[0].dims
        return parts[0] if alone else self.graph.join(parts, dim)

    def pooled(self, column: Numbers, found: Found, dim: Dim) -> AnyNode:
        """Scalars read from one vector in which all of them are, wherever they are."""
        count, vector = len(self.vectors), self.only(found)
        if vector is not None:
            return self.read(vector, found.positions, dim)
        sources = np.where(found.vectors < 0, count + column, found.vectors)
        sources = sources.astype(np.min_scalar_type(int(sources.max())))  # small ones are sorted sooner
        known, at, alike = np.unique(sources, return_index=True, return_inverse=True)
        met = np.argsort(at)
        parts: list[AnyNode] = [self.vectors[s] if s < count else self.scalar(s - count) for s in known[met].tolist()]
        sizes = np.array([self.length(part) if s < count else 1 for part, s in zip(parts, known[met], strict=True)])
        offsets = np.empty(met.size, np.intp)
        offsets[met] = np.cumsum(sizes) - sizes
        return self.read(self.pool(parts, int(sizes.sum())), offsets[alike] + found.positions, dim)

    def pool(self, parts: list[AnyNode], length: int) -> AnyNode:
        """Some vectors and scalars as one vector."""
        if len(parts) == 1 and parts[0].dims:
            return parts[0]
        key = tuple(part.number for part in parts)
        if key not in self.pools:
            self.pools[key] = self.graph.join(parts, self.new_dim(length))
        return self.pools[key]

    def read(self, vector: AnyNode, positions: Numbers, dim: Dim) -> AnyNode:
        """A vector read at some positions."""
        if positions.size == self.length(vector) and (positions == np.arange(positions.size)).all():
            return self.graph.view(vector, (Along(dim),))
        return self.graph.gather(vector, tuple(positions.tolist()), dim)


def _sources(column: Numbers, found: Found, starts: list[int]) -> int:
    """How many vectors and scalars runs are read from."""
    vectors = found.vectors[starts]
    return np.unique(np.where(vectors < 0, vectors - column[starts], vectors)).size
