"""Shapes of scalar expressions: what is left of an expression when its leaves are forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opjax.ir.nodes import AnyNode, Apply, Constant, IntegerPower, Symbol
from opjax.ir.types import Role

SMOOTH = frozenset(("add", "multiply", "divide", "negate", "minimum", "maximum", "where"))
"""Functions for which an array of numbers is as good as a literal number."""

UNIT, CONDITION, STATE, PARAMETER, NUMBER, SAME = -1, -2, -3, -4, -5, -6
"""The shapes of leaves that may differ from one expression to the next; from `SAME` down, those that may not."""
OTHER_USE = 1 << 32
"""Uses by anything but scalar operations count so much."""
MOST_REPEATED = 4
"""Powers up to this are a few products."""
_SYMBOLS: dict[Role, int] = {"state": STATE, "parameter": PARAMETER}

Shape = tuple[str | int, ...]
"""An operation (a function, or the exponent of a power) and the shapes of its operands: numbers, below 0 for leaves."""


def is_interior(node: AnyNode) -> bool:
    """Whether a node is an operation on scalars."""
    return (type(node) is Apply or type(node) is IntegerPower) and not node.dims


def is_scaled(node: AnyNode) -> bool:
    """Whether a node is a scalar with a minus sign, or times a number."""
    if type(node) is not Apply or node.dims:
        return False
    if node.function == "multiply":
        return len(node.operands) == 2 and type(node.operands[0]) is Constant
    return node.function == "negate"


@dataclass(slots=True)
class Shapes:
    """The units of a program, and the shape and level of every scalar operation.

    Arguments:
        nodes: all nodes, operands first.
        roots: the wanted values.

    The level of a unit is above those of all units that it is made of. Units are roots, what is used twice, and what
    other than scalar operations use. What is as quick to compute again as to read, such as the square of a state, is
    no unit for being used twice.
    """

    nodes: list[AnyNode]
    roots: Iterable[AnyNode]
    groups: dict[tuple[int, int], list[AnyNode]] = field(default_factory=dict[tuple[int, int], "list[AnyNode]"])
    """The units of each level and shape."""
    units: set[int] = field(default_factory=set[int])
    shape: list[int] = field(default_factory=list[int])
    level: list[int] = field(default_factory=list[int])
    """The level of what is made of a node: that of a unit is one below."""
    sizes: list[int] = field(default_factory=list[int])
    """The operations of each shape."""
    shapes: list[Shape] = field(default_factory=list[Shape])
    """The shapes in the order of their numbers."""
    inside: set[int] = field(default_factory=set[int])
    """The operations that are part of a larger unit."""
    used: set[int] = field(default_factory=set[int])
    operations: int = 0

    def __post_init__(self) -> None:
        interior = list(filter(is_interior, self.nodes))
        self.operations = len(interior)
        self.inside = {node.number for node in interior}
        self.find_units(self.count_uses(interior))
        self.units = {unit.number for group in self.groups.values() for unit in group}
        self.inside -= self.units

    def count_uses(self, interior: list[AnyNode]) -> dict[int, int]:
        """How often each node is used, by number."""
        inside = self.inside
        uses = Counter([operand.number for node in interior for operand in node.operands])
        others = {o.number for node in self.nodes if node.operands and node.number not in inside for o in node.operands}
        self.used = others.union(uses)
        uses.update(dict.fromkeys(others.union(root.number for root in self.roots), OTHER_USE))
        for node in reversed(interior):
            if len(node.operands) < 3 and 1 < uses[node.number] < OTHER_USE and is_scaled(node):
                for value in node.operands[-1:]:
                    uses[value.number] += 1  # read in its place, so that it is the unit
        return uses

    def find_units(self, uses: Mapping[int, int]) -> None:
        """The level of each node, and the shape of each operation: one look at each operand says all."""
        count = 1 + max((node.number for node in self.nodes), default=-1)
        known: dict[Shape, int] = {}
        self.level = level = [0] * count
        self.shape = shapes = [-1] * count
        leaf = [0] * count  # the shape of a node as an operand
        for node in self.nodes:  # a million of them, in a large model
            number, operands = node.number, node.operands
            if not operands:
                leaf[number] = _leaf(node)
                continue
            below = [operand.number for operand in operands]
            highest = level[number] = max([level[n] for n in below])
            if number not in self.inside:
                leaf[number] = UNIT if node.kind == "real" else CONDITION
                continue
            key = _shape(node, [leaf[n] for n in below], below)
            shape = known.get(key)
            if shape is None:
                shape = self.add_shape(key, known)
            shapes[number] = leaf[number] = shape
            if uses[number] > 1 and (uses[number] >= OTHER_USE or not _is_cheap(node, leaf[below[-1]])):
                level[number] = highest + 1
                leaf[number] = UNIT if node.kind == "real" else CONDITION
                self.groups.setdefault((highest, shape), []).append(node)

    def add_shape(self, key: Shape, known: dict[Shape, int]) -> int:
        """The number of a new shape."""
        shape = known[key] = len(self.shapes)
        self.shapes.append(key)
        self.sizes.append(1 + sum(self.sizes[part] for part in key[1:] if isinstance(part, int) and part >= 0))
        return shape

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return 1 + max(self.level)

    def shape_of(self, node: AnyNode) -> Shape:
        """The shape of an operation."""
        return self.shapes[self.shape[node.number]]

    def size(self, node: AnyNode) -> int:
        """The operations of a unit."""
        return self.sizes[self.shape[node.number]] if node.operands else 0

    def is_unit(self, node: AnyNode) -> bool:
        """Whether a node is a scalar with a value of its own."""
        return node.number in self.units

    def are_ends(self, units: Iterable[AnyNode]) -> bool:
        """Whether units are roots that nothing else uses."""
        return all(unit.number not in self.used for unit in units)

    def raise_up(self, nodes: Iterable[AnyNode]) -> None:
        """Make units of what is inside others."""
        grown: dict[int, list[AnyNode]] = {}
        for node in nodes:
            if node.number in self.inside:
                self.inside.discard(node.number)
                self.units.add(node.number)
                group = self.groups.setdefault((self.level[node.number], self.shape[node.number]), [])
                group.append(node)
                grown[id(group)] = group
        for group in grown.values():
            group.sort(key=lambda unit: unit.number)


def _is_cheap(node: AnyNode, value: int) -> bool:
    """Whether an operation on one value takes no longer than reading its result; that has the shape of a leaf."""
    if value >= 0 or len(node.operands) > 2:
        return False
    return 0 < node.exponent <= MOST_REPEATED if type(node) is IntegerPower else is_scaled(node)


def _leaf(node: AnyNode) -> int:
    """The shape of a leaf; one that may not differ has one of its own."""
    if type(node) is Symbol:
        return _SYMBOLS.get(node.role) or SAME - node.number
    return NUMBER if node.kind == "real" else SAME - node.number


def _shape(node: AnyNode, parts: list[int], below: list[int]) -> Shape:
    operation = node.function if type(node) is Apply else node.exponent if type(node) is IntegerPower else ""
    if operation not in SMOOTH and NUMBER in parts:
        parts = [SAME - n if part == NUMBER else part for n, part in zip(below, parts, strict=True)]
    return (operation, *parts)
