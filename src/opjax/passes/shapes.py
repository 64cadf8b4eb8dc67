"""Shapes of scalar expressions: what is left of an expression when its leaves are forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from opjax.ir.nodes import AnyNode, Apply, Constant, IntegerPower, Symbol

SMOOTH = frozenset(("add", "multiply", "divide", "negate", "minimum", "maximum", "where"))
"""Functions for which an array of numbers is as good as a literal number."""

UNIT, CONDITION, STATE, PARAMETER, NUMBER = -1, -2, -3, -4, -5
"""The shapes of leaves that may differ from one expression to the next."""
_SYMBOLS = {"state": STATE, "parameter": PARAMETER}
_OPERATIONS = (Apply, IntegerPower)


def is_interior(node: AnyNode) -> bool:
    """Whether a node is an operation on scalars."""
    return isinstance(node, _OPERATIONS) and not node.dims


def negated(node: AnyNode) -> bool:
    """Whether a node is a scalar with a minus sign."""
    return isinstance(node, Apply) and node.function == "negate" and not node.dims


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
    known: dict[object, int] = field(default_factory=dict[object, int])
    inside: set[int] = field(default_factory=set[int])
    """The operations that are part of a larger unit."""
    used: set[int] = field(default_factory=set[int])
    operations: int = 0

    def __post_init__(self) -> None:
        interior = {node.number for node in self.nodes if is_interior(node)}
        self.operations = len(interior)
        self.find_units(interior)
        self.inside = interior - self.units
        level, units = self.level, self.units
        leaf: dict[int, object] = {}
        for node in self.nodes:  # a million of them, in a large model: one look at each operand says all
            number, highest, size = node.number, 0, 1
            shape = [_operation(node)] if number in interior else None
            for operand in node.operands:
                below = operand.number
                highest = max(highest, level[below] + (below in units))
                if shape is not None:
                    shape.append(leaf[below] if operand.operands else _leaf(operand, node))
                    size += self.size[below] if below in self.inside else 0
            level[number] = highest
            if shape is not None:
                self.shape[number] = self.known.setdefault(tuple(shape), len(self.known))
                self.size[number] = size
            leaf[number] = self.shape[number] if number in self.inside else UNIT if node.kind == "real" else CONDITION

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return 1 + max(self.level.values())

    def find_units(self, interior: set[int]) -> None:
        """Units are roots, what is used twice, and what other than scalar operations use."""
        uses: dict[int, int] = {}
        for node in self.nodes:
            weight = 1 if node.number in interior else 2
            for operand in node.operands:
                uses[operand.number] = uses.get(operand.number, 0) + weight
        self.used = set(uses)
        for root in self.roots:
            uses[root.number] = 2
        self.units.update(number for number in interior if uses.get(number, 0) > 1)

    def is_unit(self, node: AnyNode) -> bool:
        """Whether a node is a scalar with a value of its own."""
        return node.number in self.units

    def are_ends(self, units: Iterable[AnyNode]) -> bool:
        """Whether units are roots that nothing else uses."""
        return all(unit.number not in self.used for unit in units)

    def raise_up(self, numbers: Iterable[int]) -> None:
        """Make units of what is inside others."""
        raised = set(numbers)  # not `inside - units`: this runs once for each sum
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


def _leaf(node: AnyNode, parent: AnyNode) -> object:
    """The shape of an operand without operands; one that may not differ is in it itself."""
    match node:
        case Symbol() if node.role in _SYMBOLS:
            return _SYMBOLS[node.role]
        case Constant(kind="real") if isinstance(parent, Apply) and parent.function in SMOOTH:
            return NUMBER
        case Symbol() | Constant():
            return ("same", node.number)
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
