"""The nodes of a graph in columns of integers, so that many are looked at together.

The nodes of a large model lie all over the memory, and to follow their operands one by one takes longer than all that
is found out about them. Each is looked at once here, whichever programs it is part of, and numbers from there on.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from opjax.ir.node_types import AnyNode, Apply, Constant, IntegerPower, Symbol, number_of
from opjax.ir.nodes import Graph
from opjax.ir.types import Role
from opjax.records import record

Numbers = np.ndarray[Any, np.dtype[np.intp]]
"""Numbers of nodes, or something else for each of several nodes."""
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Operation = str | int | tuple[int]
"""A function, or the exponent of a power; the shape of what is no operation on scalars, as a leaf."""

UNIT, CONDITION, STATE, PARAMETER, NUMBER, SAME = -1, -2, -3, -4, -5, -6
"""The shapes of leaves that may differ from one expression to the next; from `SAME` down, those that may not."""
LEAVES = range(SAME, 0)
"""All of them: the codes that come first."""
_UNIT, _CONDITION, _NUMBER, _SAME = (UNIT,), (CONDITION,), (NUMBER,), (SAME,)
_SYMBOLS: dict[Role, tuple[int]] = {"state": (STATE,), "parameter": (PARAMETER,)}
AT_ONCE = 4_096
"""So many nodes are near enough to be looked at several times."""
NARROW = 256
"""Fewer operands are quicker followed one by one."""


class Codes(dict[Operation, int]):
    """Counts up the operations that it does not know yet, behind what is none."""

    def __init__(self) -> None:
        super().__init__({(shape,): code for code, shape in enumerate(LEAVES)})

    def __missing__(self, operation: Operation) -> int:
        self[operation] = code = len(self)
        return code


@record(eq=False)
class NodeTable:
    """The first nodes of a graph; each has the place of its number in every column.

    Arguments:
        known: the operations, each with its code.
        codes: the operation of each node.
        counts: how many operands each has.
        starts: where they begin among `below`.
        below: the operands of all, those of one node behind those of another.
    """

    known: Codes
    codes: Numbers
    counts: Numbers
    starts: Numbers
    below: Numbers

    def operands(self, numbers: Numbers) -> Numbers:
        """The operands of some nodes, one node behind the other."""
        return self.below[ragged(self.starts[numbers], self.counts[numbers])]

    def unusual(self, numbers: Numbers) -> Numbers:
        """Those of some nodes that have operands, and are no operation on scalars."""
        return numbers[(self.counts[numbers] > 0) & (self.codes[numbers] < len(LEAVES))]

    def applied(self, function: str, numbers: Numbers) -> Numbers:
        """Those of some nodes that apply a function to scalars."""
        return numbers[self.codes[numbers] == self.known.get(function, -1)]

    def on_scalars(self, numbers: Numbers) -> list[str | int]:
        """The operations on scalars among some nodes: functions, and the exponents of powers."""
        present = np.bincount(self.codes[numbers], minlength=len(self.known)).tolist()
        return [found for found, code in self.known.items() if present[code] and not isinstance(found, tuple)]

    def reached(self, graph: Graph, roots: Sequence[int]) -> Numbers:
        """The nodes that some are made of, and these, operands first.

        Arguments:
            graph: the graph.
            roots: some of its nodes.
        """
        marks = bytearray(self.codes.size)
        wanted = np.frombuffer(marks, bool)
        front = [*dict.fromkeys(roots)]
        for number in front:
            marks[number] = True
        while front:
            if len(front) > NARROW or sum(self.counts[front].tolist()) > NARROW:
                below = np.zeros(wanted.size, bool)
                below[self.operands(np.array(front, np.intp))] = True
                below &= ~wanted
                wanted |= below
                front = below.nonzero()[0].tolist()
                continue
            nodes, front = graph.nodes(front), []
            for node in nodes:
                for operand in node.operands:
                    if not marks[operand.number]:
                        marks[operand.number] = True
                        front.append(operand.number)
        return wanted.nonzero()[0]


def table_of(graph: Graph) -> NodeTable:
    """The table of all nodes that a graph has now; what it had before is not looked at again."""
    table = graph.table or NodeTable(Codes(), *(np.zeros(0, np.intp) for _ in range(4)))
    if table.codes.size < len(graph):
        table = graph.table = _longer(table, graph)
        graph.blocks.clear()
    return table


def _longer(table: NodeTable, graph: Graph) -> NodeTable:
    """A table with the new nodes of a graph; those of its blocks need not be looked at."""
    before, size, known = table.codes.size, len(graph), Codes()
    known.update(table.known)  # its own: another thread may make another table longer
    codes, counts = np.full(size, -1), np.zeros(size, np.intp)
    codes[:before], counts[:before] = table.codes, table.counts
    blocks = [(np.array(numbers), below, own) for numbers, below, own in graph.blocks if numbers]
    for numbers, below, own in blocks:
        codes[numbers] = known[operation_of(graph[int(numbers[0])])]
        counts[numbers] = len(below) if own is None else own
    rest = (codes < 0).nonzero()[0]
    found = [_taken(graph.nodes(rest[at : at + AT_ONCE].tolist()), known) for at in range(0, rest.size, AT_ONCE)]
    if found:
        codes[rest], counts[rest] = (np.concatenate(column) for column in [*zip(*found, strict=True)][:2])
    starts = np.cumsum(counts) - counts
    every = np.empty(counts.sum(), np.intp)
    every[: table.below.size] = table.below
    for numbers, below, own in blocks:
        if own is not None:
            (every[ragged(starts[numbers], counts[numbers])],) = below
            continue
        for place, column in enumerate(below):
            every[starts[numbers] + place] = column
    if found:
        every[ragged(starts[rest], counts[rest])] = np.concatenate([below for _, _, below in found])
    return NodeTable(known, codes, counts, starts, every)


def _taken(nodes: list[AnyNode], known: Codes) -> tuple[Numbers, Numbers, Numbers]:
    """The operations of some nodes, how many operands they have, and these."""
    operations = [node.function if type(node) is Apply and not node.dims else operation_of(node) for node in nodes]
    operands = [node.operands for node in nodes]
    codes = np.fromiter(map(known.__getitem__, operations), np.intp, len(nodes))
    counts = np.fromiter(map(len, operands), np.intp, len(nodes))
    below = map(number_of, itertools.chain.from_iterable(operands))
    return codes, counts, np.fromiter(below, np.intp, int(counts.sum()))


def operation_of(node: AnyNode) -> Operation:
    """What a node does; what it is for those that use it if it is no operation on scalars."""
    if not node.operands:
        if type(node) is Symbol:
            return _SAME if node.dims else _SYMBOLS.get(node.role, _SAME)
        return _NUMBER if type(node) is Constant and node.kind == "real" else _SAME
    if type(node) is Apply and not node.dims:
        return node.function
    if type(node) is IntegerPower and not node.dims:
        return node.exponent
    return _UNIT if node.kind == "real" else _CONDITION


def ragged(starts: Numbers, counts: Numbers) -> Numbers:
    """The places of runs that begin at `starts` and have some lengths, one run behind the other."""
    ends = np.cumsum(counts)
    return np.repeat(starts - ends + counts, counts) + np.arange(ends[-1] if ends.size else 0)
