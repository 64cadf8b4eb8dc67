"""Shapes of scalar expressions: what is left of an expression when its leaves are forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from opjax.ir.nodes import AnyNode, Apply, Constant, IntegerPower, Symbol
from opjax.ir.types import Role

SMOOTH = frozenset(("add", "multiply", "divide", "negate", "minimum", "maximum", "where"))
"""Functions for which an array of numbers is as good as a literal number."""

UNIT, CONDITION, STATE, PARAMETER, NUMBER = -1, -2, -3, -4, -5
"""The shapes of leaves that may differ from one expression to the next."""
OTHER_USE = 1 << 32
"""Uses by anything but scalar operations count so much."""
MOST_REPEATED = 4
"""Powers up to this are a few products."""
_SYMBOLS: dict[Role, int] = {"state": STATE, "parameter": PARAMETER}
_OPERATIONS = (Apply, IntegerPower)


def is_interior(node: AnyNode) -> bool:
    """Whether a node is an operation on scalars."""
    return isinstance(node, _OPERATIONS) and not node.dims


def is_scaled(node: AnyNode) -> bool:
    """Whether a node is a scalar with a minus sign, or times a number."""
    if type(node) is not Apply or node.dims:
        return False
    if node.function == "multiply":
        return len(node.operands) == 2 and type(node.operands[0]) is Constant
    return node.function == "negate"


@dataclass(slots=True)
class Shapes:
    """The units of a program, and the shape, level and size of every scalar operation.

    Arguments:
        nodes: all nodes, operands first.
        roots: the wanted values.

    The level of a unit is above those of all units that it is made of.
    """

    nodes: list[AnyNode]
    roots: Iterable[AnyNode]
    units: set[int] = field(default_factory=set[int])
    shape: dict[int, int] = field(default_factory=dict[int, int])
    level: dict[int, int] = field(default_factory=dict[int, int])
    size: dict[int, int] = field(default_factory=dict[int, int])
    known: dict[tuple[object, ...], int] = field(default_factory=dict[tuple[object, ...], int])
    inside: set[int] = field(default_factory=set[int])
    """The operations that are part of a larger unit."""
    used: set[int] = field(default_factory=set[int])
    operations: int = 0

    def __post_init__(self) -> None:
        interior = {node.number for node in self.nodes if type(node) in _OPERATIONS and not node.dims}
        self.operations = len(interior)
        self.find_units(interior)
        self.inside = interior - self.units
        self.find_shapes(interior)

    def find_shapes(self, interior: set[int]) -> None:
        """The level of each node, and the shape and size of each operation: one look at each operand says all."""
        known, shapes, levels, sizes = self.known, self.shape, self.level, self.size
        inside = self.inside
        above: dict[int, int] = {}  # the level of what is made of a node
        leaf: dict[int, object] = {}  # the shape of a node as an operand
        for node in self.nodes:  # a million of them, in a large model
            number, operands = node.number, node.operands
            below = [operand.number for operand in operands]
            level = levels[number] = above[number] = max([above[n] for n in below]) if below else 0
            if number not in interior:
                leaf[number] = _leaf(node)
                continue
            operation = _operation(node)
            parts = [leaf[n] for n in below]
            if NUMBER in parts and operation not in SMOOTH:
                parts = [("same", n) if part == NUMBER else part for n, part in zip(below, parts, strict=True)]
            shape = shapes[number] = known.setdefault((operation, *parts), len(known))
            sizes[number] = 1 + sum([sizes[n] for n in below if n in inside])
            if number in inside:
                leaf[number] = shape
            else:
                above[number] = level + 1
                leaf[number] = UNIT if node.kind == "real" else CONDITION

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return 1 + max(self.level.values())

    def find_units(self, interior: set[int]) -> None:
        """Units are roots, what is used twice, and what other than scalar operations use.

        What is as quick to compute again as to read, such as the square of a state, is no unit for being used twice.
        """
        uses: dict[int, int] = {}
        for node in self.nodes:
            weight = 1 if node.number in interior else OTHER_USE
            for operand in node.operands:
                uses[operand.number] = uses.get(operand.number, 0) + weight
        self.used = set(uses)
        for root in self.roots:
            uses[root.number] = OTHER_USE
        for node in reversed(self.nodes):
            if uses.get(node.number, 0) > 1 and is_scaled(node) and uses[node.number] < OTHER_USE:
                uses[node.operands[-1].number] += 1  # read in its place, so that it is the unit
        for node in self.nodes:
            count = uses.get(node.number, 0)
            if count > 1 and node.number in interior and (count >= OTHER_USE or not self.is_cheap(node)):
                self.units.add(node.number)

    def is_cheap(self, node: AnyNode) -> bool:
        """Whether an operation on one value, which is a leaf or a unit, takes no longer than reading its result."""
        if not (0 < node.exponent <= MOST_REPEATED if isinstance(node, IntegerPower) else is_scaled(node)):
            return False
        value = node.operands[-1]
        return not value.operands or value.number in self.units

    def parts(self) -> list[tuple[object, ...]]:
        """The shapes of the operands of each shape."""
        return [key[1:] for key in self.known]

    def is_unit(self, node: AnyNode) -> bool:
        """Whether a node is a scalar with a value of its own."""
        return node.number in self.units

    def are_ends(self, units: Iterable[AnyNode]) -> bool:
        """Whether units are roots that nothing else uses."""
        return all(unit.number not in self.used for unit in units)

    def raise_up(self, numbers: Iterable[int]) -> None:
        """Make units of what is inside others."""
        raised = self.inside.intersection(numbers)
        self.units |= raised
        self.inside -= raised

    def groups(self) -> dict[tuple[int, int], list[AnyNode]]:
        """The units of each level and shape."""
        found: dict[tuple[int, int], list[AnyNode]] = {}
        for node in self.nodes:
            if node.number in self.units:
                found.setdefault((self.level[node.number], self.shape[node.number]), []).append(node)
        return found


def leaves_of(unit: AnyNode, shapes: Shapes) -> list[AnyNode]:
    """The leaves of a unit from left to right."""
    found: list[AnyNode] = []
    waiting = list(reversed(unit.operands))
    while waiting:
        node = waiting.pop()
        if node.number in shapes.inside:
            waiting.extend(reversed(node.operands))
        else:
            found.append(node)
    return found


def _leaf(node: AnyNode) -> object:
    """The shape of an operand that is no scalar operation; one that may not differ is in it itself."""
    match node:
        case Symbol():
            return _SYMBOLS.get(node.role) or ("same", node.number)
        case Constant():
            return NUMBER if node.kind == "real" else ("same", node.number)
        case _:
            return UNIT if node.kind == "real" else CONDITION


def _operation(node: AnyNode) -> object:
    match node:
        case Apply():
            return node.function
        case IntegerPower():
            return node.exponent
        case _:
            raise AssertionError(type(node))
