"""Columns of scalars as vectors: slices and gathers of vectors that exist already, and what is left joined."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opjax.ir.nodes import Along, AnyNode, AtPosition, Constant, Graph, Symbol, View, number_of
from opjax.ir.types import Axis, Dim

Found = Sequence["tuple[AnyNode, int] | None"]
"""Where the scalars of a column can be read."""
NOWHERE: Mapping[int, tuple[AnyNode, int]] = {}


SHORTEST = 8
"""Slices of one vector that are shorter on average take longer than positions."""


@dataclass(slots=True)
class Columns:
    """Makes vectors out of scalars.

    Arguments:
        graph: gets the nodes.
        axes: the axes of the program; those of the new vectors are added.
        scalar: what an old scalar is now.
        most_runs: a vector of more slices than this is gathered from one pool.
        placed: the vector and position where an old scalar can be read.
    """

    graph: Graph
    axes: dict[str, Axis]
    scalar: Callable[[AnyNode], AnyNode]
    most_runs: int
    placed: dict[int, tuple[AnyNode, int]] = field(default_factory=dict[int, tuple[AnyNode, int]])
    pools: dict[object, AnyNode] = field(default_factory=dict[object, AnyNode])

    def new_dim(self, size: int) -> Dim:
        """A dim over an axis of its own; no person can have written a name with a space."""
        name = f"vector {len(self.axes)}"
        self.axes[name] = Axis(name, "labels", ("",) * size)
        return Dim(name)

    def length(self, vector: AnyNode) -> int:
        """The number of elements."""
        return self.axes[vector.dims[0].axis].size or 0

    def put(self, scalars: Sequence[AnyNode], vector: AnyNode) -> None:
        """From now on the scalars are read from a vector, one behind the other."""
        numbers = [node.number for node in scalars]
        self.placed.update(zip(numbers, zip(itertools.repeat(vector), range(len(numbers))), strict=False))

    def place(self, node: AnyNode) -> tuple[int, int]:
        """Something by which scalars stand in the order in which they can be read."""
        vector, position = self.placed.get(node.number, (node, 0))
        return vector.number, position

    def add_pools(self, nodes: Iterable[AnyNode], order: Mapping[str, object]) -> None:
        """Put the scalar states into one vector, and the scalar parameters into another."""
        places = {name: place for place, name in enumerate(order)}
        scalars: list[Symbol] = []
        for node in nodes:
            if type(node) is Symbol:
                if not node.dims:
                    scalars.append(node)
            elif type(node) is View and not node.dims and isinstance(node.operand, Symbol):
                match node.selections:  # a cell of a state with an axis can be read there
                    case (AtPosition(position=position),):
                        self.placed[node.number] = (node.operand, position)
                    case _:
                        pass
        states = sorted((n for n in scalars if n.role == "state"), key=lambda n: places.get(n.name, len(places)))
        for pool in (states, [n for n in scalars if n.role == "parameter"]):
            if pool:
                self.put(pool, self.graph.join(pool, self.new_dim(len(pool))))

    def slot(self, column: Sequence[AnyNode], dim: Dim) -> AnyNode:
        """One leaf of a shape in all its members: a scalar where it is the same in all."""
        first = column[0]
        alone = len(column) == 1 and first.number in self.placed  # an element as a slice: no scalar to be packed later
        same = not alone and all(node is first for node in column)
        return self.scalar(first) if same else self.gather(column, dim)

    def gather(
        self, column: Sequence[AnyNode], dim: Dim, elsewhere: Mapping[int, tuple[AnyNode, int]] = NOWHERE
    ) -> AnyNode:
        """Scalars as a vector along a dim.

        Arguments:
            column: the scalars.
            dim: the dim.
            elsewhere: where some of them are better read than where they are.
        """
        if all(isinstance(node, Constant) for node in column):
            return self.graph.join(column, dim)
        placed = {**self.placed, **elsewhere} if elsewhere else self.placed
        found = list(map(placed.get, map(number_of, column)))
        runs = self.runs(column, found)
        if runs is not None and (len(runs) == 1 or len(column) >= SHORTEST * len(runs) or _sources(runs) > 1):
            return self.joined(runs, dim)
        pool, offsets = self.pool(column, found)
        if len(offsets) == 1 and None not in found:
            positions = [at[1] for at in found if at]
        else:
            positions = [
                offsets[node.number] if at is None else offsets[at[0].number] + at[1]
                for node, at in zip(column, found, strict=True)
            ]
        return self.read(pool, positions, dim)

    def runs(self, column: Sequence[AnyNode], found: Found) -> list[tuple[AnyNode, list[int]]] | None:
        """Parts of vectors that follow each other, and scalars alone; None where there are too many."""
        runs: list[tuple[AnyNode, list[int]]] = []
        for node, at in zip(column, found, strict=True):
            if at is None:
                runs.append((node, []))
            elif runs and runs[-1][0] is at[0] and runs[-1][1][-1] + 1 == at[1]:
                runs[-1][1].append(at[1])
            else:
                runs.append((at[0], [at[1]]))
            if len(runs) > self.most_runs:
                return None
        return runs

    def joined(self, runs: list[tuple[AnyNode, list[int]]], dim: Dim) -> AnyNode:
        """The runs one behind the other."""
        if len(runs) == 1 and runs[0][1]:
            return self.read(*runs[0], dim)
        parts = [self.read(v, at, self.new_dim(len(at))) if at else self.scalar(v) for v, at in runs]
        return self.graph.join(parts, dim)

    def pool(self, column: Sequence[AnyNode], found: Found) -> tuple[AnyNode, dict[int, int]]:
        """One vector in which all scalars are, and where its parts begin."""
        offsets: dict[int, int] = {}
        parts: list[AnyNode] = []
        length = 0
        for node, at in zip(column, found, strict=True):
            source = node if at is None else at[0]
            if source.number not in offsets:
                offsets[source.number] = length
                parts.append(self.scalar(node) if at is None else source)
                length += 1 if at is None else self.length(source)
        if len(parts) == 1 and parts[0].dims:
            return parts[0], offsets
        key = tuple(part.number for part in parts)
        if key not in self.pools:
            self.pools[key] = self.graph.join(parts, self.new_dim(length))
        return self.pools[key], offsets

    def read(self, vector: AnyNode, positions: Sequence[int], dim: Dim) -> AnyNode:
        """A vector read at some positions."""
        if len(positions) == self.length(vector) and list(positions) == list(range(len(positions))):
            return self.graph.view(vector, (Along(dim),))
        return self.graph.gather(vector, tuple(positions), dim)


def _sources(runs: list[tuple[AnyNode, list[int]]]) -> int:
    """How many vectors and scalars parts are read from."""
    return len({source.number for source, _ in runs})
