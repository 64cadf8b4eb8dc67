"""The scalar operations of a program as columns of integers: which are alike, constant, used, and in which order."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opjax.ir.nodes import Constant
from opjax.ir.program import Program
from opjax.ir.table import LEAVES, NUMBER, SAME, Mask, Numbers, Operation, ragged
from opjax.ir.types import Kind

Reals = np.ndarray[Any, np.dtype[np.float64]]
ROOT = 0.5
"""The exponent, with any sign, for which libraries know a shorter way; any others may as well be those of an array."""
FEWEST = 128
"""Fewer nodes are quicker looked at one by one."""
NARROW = 64
"""A front of fewer nodes than one in so many of those that are left is no quicker than one by one."""


@dataclass(slots=True)
class Rows:
    """What the nodes of a program are, in columns in which each has the place of its number.

    Arguments:
        program: the program.

    Behind the last node is a place for one more: a number that the program has not.
    """

    program: Program
    numbers: Numbers = field(init=False)
    """The nodes, operands first."""
    rows: Numbers = field(init=False)
    """Those with operands."""
    others: Numbers = field(init=False)
    """What has operands, and is no operation on scalars."""
    counts: Numbers = field(init=False)
    """How many operands each has."""
    starts: Numbers = field(init=False)
    """Where they begin among `below`."""
    below: Numbers = field(init=False)
    """The operands of all nodes, those of one behind those of another."""
    codes: Numbers = field(init=False)
    """The operation of each row, as its place among `operations`."""
    operations: list[Operation] = field(init=False)
    leaves: Numbers = field(init=False)
    """The shape of each leaf."""
    constant: Mask = field(init=False)
    values: Reals = field(init=False)
    """The values of constants."""
    interior: Mask = field(init=False)
    """Whether each is an operation on scalars."""
    scaled: Mask = field(init=False)
    """Whether each is a scalar with a minus sign, or times a number."""
    roots: Mask = field(init=False)
    """Whether each is a power with an exponent that may not differ."""
    used: Mask = field(init=False)
    """Whether each is an operand of something."""
    uses: Numbers = field(init=False)
    """How often each is an operand of operations on scalars."""
    held: Mask = field(init=False)
    """Whether each is wanted, or an operand of anything else."""
    fronts: list[Numbers] = field(init=False)
    """Rows whose operands are leaves or in fronts before; none where these would be narrow."""
    rest: Numbers = field(init=False)
    """The rows that are in no front."""
    order: Numbers | None = field(init=False)
    """Where each stands in the order of the model; None if that is the order of the numbers."""

    def __post_init__(self) -> None:
        table, self.numbers = self.program.table, self.program.numbers
        size = 2 + (int(self.numbers[-1]) if self.numbers.size else -1)
        leaf = np.array([*LEAVES])
        self.operations, self.starts, self.below = list(table.known), table.starts, table.below
        self.counts, self.codes, self.leaves = (np.zeros(size, np.intp) for _ in range(3))
        counts = self.counts[self.numbers] = table.counts[self.numbers]
        self.codes[self.numbers] = table.codes[self.numbers]
        self.rows = self.numbers[counts > 0]
        ends = self.numbers[counts == 0]
        self.leaves[ends] = leaf[self.codes[ends]]
        same = self.leaves[ends] == SAME
        self.leaves[ends[same]] -= ends[same]
        self.interior = self.codes >= leaf.size
        self.order = _order(self.numbers, self.program.places, size)
        self._find_constants(ends[same | (self.leaves[ends] == NUMBER)])
        self._find_uses()
        self._find_signs()
        self._find_fronts()

    @property
    def size(self) -> int:
        """How many places there are."""
        return self.counts.size

    def _find_constants(self, leaves: Numbers) -> None:
        """Which of some leaves are constants; and the place behind the last node is a one."""
        self.constant, self.values = np.zeros(self.size, bool), np.zeros(self.size)
        self.constant[-1], self.values[-1] = True, 1.0
        nodes = self.program.graph.nodes(leaves.tolist())
        found = [(node.number, node.value) for node in nodes if type(node) is Constant]
        numbers = [number for number, _ in found]
        self.constant[numbers], self.values[numbers] = True, [value for _, value in found]

    def _find_uses(self) -> None:
        """Who is used by whom."""
        self.others = self.rows[~self.interior[self.rows]]
        self.used, self.held = np.zeros(self.size, bool), np.zeros(self.size, bool)
        below = self.operands(self.rows)
        self.uses = np.bincount(below, minlength=self.size)
        if self.others.size:
            elsewhere = self.operands(self.others)
            self.uses -= np.bincount(elsewhere, minlength=self.size)
            self.held[elsewhere] = True
        self.used[below] = True
        self.held[[root.number for root in self.program.roots.values()]] = True

    def _find_signs(self) -> None:
        """Which operations depend on what an operand is."""
        signs, products, powers = (self.is_operation(name) for name in ("negate", "multiply", "pow"))
        two, powers = true_at(products & (self.counts == 2)), true_at(powers)
        signs[two[self.constant[self.operand(two, 0)]]] = True
        self.scaled, self.roots = signs, np.zeros(self.size, bool)
        exponents = self.last(powers)
        self.roots[powers] = self.constant[exponents] & (np.abs(self.values[exponents]) == ROOT)

    def _find_fronts(self) -> None:
        self.fronts, self.rest = [], self.rows
        known = self.counts == 0
        while self.rest.size >= FEWEST:
            counts = self.counts[self.rest]
            ready = np.logical_and.reduceat(known[self.operands(self.rest)], np.cumsum(counts) - counts)
            front = self.rest[ready]
            if front.size < max(FEWEST, self.rest.size // NARROW):
                break
            self.fronts.append(front)
            known[front] = True
            self.rest = self.rest[~ready]

    def kind(self, number: int) -> Kind:
        """Whether a node is real or a truth value."""
        return self.program.graph[number].kind

    def earliest(self, numbers: Numbers) -> int:
        """The least of some numbers that are in order."""
        return int(numbers[0] if self.order is None else numbers.min())

    def is_operation(self, operation: Operation) -> Mask:
        """Which nodes are one operation."""
        if operation not in self.operations:
            return np.zeros(self.size, bool)
        return self.codes == self.operations.index(operation)

    def operand(self, numbers: Numbers, place: int) -> Numbers:
        """One operand of each of some nodes."""
        return self.below[self.starts[numbers] + place]

    def last(self, numbers: Numbers) -> Numbers:
        """The last operand of each of some nodes."""
        return self.below[self.starts[numbers] + self.counts[numbers] - 1]

    def operands(self, numbers: Numbers) -> Numbers:
        """The operands of some nodes, one node behind the other."""
        return self.below[ragged(self.starts[numbers], self.counts[numbers])]

    def argsort(self, numbers: Numbers) -> Numbers:
        """Which of some nodes is first, second, and so on, in the order in which the model was written."""
        return np.argsort(numbers if self.order is None else self.order[numbers], kind="stable")

    def in_order(self, numbers: Numbers) -> Numbers:
        """Nodes in that order."""
        return np.sort(numbers) if self.order is None else numbers[self.argsort(numbers)]

    def leaves_of(self, shape: int) -> Numbers:
        """The leaves of a shape."""
        return true_at(self.leaves == shape)

    def operations_of(self, numbers: Numbers) -> list[Operation]:
        """What some nodes do."""
        codes: list[int] = self.codes[numbers].tolist()
        return [self.operations[code] for code in codes]

    def each(self, numbers: Numbers) -> Iterator[list[int]]:
        """The operands of each of some nodes."""
        below, ends = self.operands(numbers).tolist(), itertools.accumulate(self.counts[numbers].tolist(), initial=0)
        return (below[start:end] for start, end in itertools.pairwise(ends))


def _order(numbers: Numbers, places: Mapping[int, int], size: int) -> Numbers | None:
    """Where nodes stand in the order of the model: what has taken the place of another is where that was."""
    if not places:
        return None
    order = np.arange(size)
    moved = np.fromiter(itertools.chain.from_iterable(places.items()), np.intp, 2 * len(places)).reshape(-1, 2)
    moved = moved[moved[:, 0] < size]
    order[moved[:, 0]] = moved[:, 1]
    sorted_numbers = numbers[np.lexsort((numbers, order[numbers]))]
    order[sorted_numbers] = np.arange(sorted_numbers.size)
    return order


def true_at(mask: Mask) -> Numbers:
    """Where a mask is true."""
    return mask.nonzero()[0]


def once(numbers: Numbers, size: int) -> Numbers:
    """Some numbers below `size`, each once, in order."""
    mask = np.zeros(size, bool)
    mask[numbers] = True
    return true_at(mask)


def runs_of(values: Numbers) -> Numbers:
    """Where runs of equal values begin, and the end."""
    return np.concatenate([[0], true_at(values[1:] != values[:-1]) + 1, [values.size]])


def split(values: Numbers, ends: Iterable[int]) -> list[Numbers]:
    """Values between ends."""
    return [values[start:end] for start, end in itertools.pairwise(ends)]
