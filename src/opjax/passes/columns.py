"""Columns of scalars as vectors: slices and gathers of vectors that exist already, and what is left joined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opjax.ir.nodes import Along, AnyNode, AtPosition, Constant, Graph, Symbol, View
from opjax.ir.types import Axis, Dim


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

    def add_pools(self, nodes: Iterable[AnyNode], order: Mapping[str, object]) -> None:
        """Put the scalar states into one vector, and the scalar parameters into another."""
        places = {name: place for place, name in enumerate(order)}
        known = list(nodes)
        for node in known:  # a cell of a state with an axis can be read there
            if isinstance(node, View) and not node.dims and isinstance(node.operand, Symbol):
                match node.selections:
                    case (AtPosition(position=position),):
                        self.placed[node.number] = (node.operand, position)
                    case _:
                        pass
        scalars = [n for n in known if isinstance(n, Symbol) and not n.dims]
        states = [n for n in scalars if n.role == "state"]
        states.sort(key=lambda n: places.get(n.name, len(places)))  # as they stand in the flat vector
        for pool in (states, [n for n in scalars if n.role == "parameter"]):
            if pool:
                vector = self.graph.join(pool, self.new_dim(len(pool)))
                self.placed.update((node.number, (vector, place)) for place, node in enumerate(pool))

    def slot(self, column: Sequence[AnyNode], dim: Dim) -> AnyNode:
        """One leaf of a shape in all its members: a scalar where it is the same in all."""
        first = column[0]
        alone = len(column) == 1 and first.number in self.placed  # an element as a slice: no scalar to be packed later
        same = not alone and all(node is first for node in column)
        return self.scalar(first) if same else self.gather(column, dim)

    def gather(self, column: Sequence[AnyNode], dim: Dim) -> AnyNode:
        """Scalars as a vector along a dim."""
        if all(isinstance(node, Constant) for node in column):
            return self.graph.join(column, dim)
        found = [self.placed.get(node.number) for node in column]
        runs = self.runs(column, found)
        if len(runs) <= self.most_runs:
            return self.joined(runs, dim)
        pool, offsets = self.pool(column, found)
        positions = [
            offsets[node.number] if at is None else offsets[at[0].number] + at[1]
            for node, at in zip(column, found, strict=True)
        ]
        return self.read(pool, positions, dim)

    def runs(
        self, column: Sequence[AnyNode], found: Sequence[tuple[AnyNode, int] | None]
    ) -> list[tuple[AnyNode, list[int]]]:
        """Parts of vectors that follow each other, and scalars alone."""
        runs: list[tuple[AnyNode, list[int]]] = []
        for node, at in zip(column, found, strict=True):
            if at is None:
                runs.append((node, []))
            elif runs and runs[-1][0] is at[0] and runs[-1][1][-1] + 1 == at[1]:
                runs[-1][1].append(at[1])
            else:
                runs.append((at[0], [at[1]]))
        return runs

    def joined(self, runs: list[tuple[AnyNode, list[int]]], dim: Dim) -> AnyNode:
        """The runs one behind the other."""
        if len(runs) == 1 and runs[0][1]:
            return self.read(*runs[0], dim)
        parts = [self.read(v, at, self.new_dim(len(at))) if at else self.scalar(v) for v, at in runs]
        return self.graph.join(parts, dim)

    def pool(
        self, column: Sequence[AnyNode], found: Sequence[tuple[AnyNode, int] | None]
    ) -> tuple[AnyNode, dict[int, int]]:
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
        if len(parts) == 1:
            return parts[0], offsets
        key = tuple(part.number for part in parts)
        if key not in self.pools:
            self.pools[key] = self.graph.join(parts, self.new_dim(length))
        return self.pools[key], offsets

    def read(self, vector: AnyNode, positions: Sequence[int], dim: Dim) -> AnyNode:
        """A vector read at some positions."""
        if list(positions) == list(range(self.length(vector))):
            return self.graph.view(vector, (Along(dim),))
        return self.graph.gather(vector, tuple(positions), dim)
