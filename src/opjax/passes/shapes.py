"""Shapes of scalar expressions: what is left of an expression when its leaves are forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from opjax.ir.nodes import AnyNode, Apply, Constant, IntegerPower, Symbol, number_of
from opjax.ir.types import Kind, Role

ROOTS = (0.5, -0.5)
"""Exponents for which libraries know a shorter way; an array of any other numbers is as good as a literal number."""

UNIT, CONDITION, STATE, PARAMETER, NUMBER, SAME = -1, -2, -3, -4, -5, -6
"""The shapes of leaves that may differ from one expression to the next; from `SAME` down, those that may not."""
OTHER_USE = 1 << 32
"""Uses by anything but scalar operations count so much."""
MOST_REPEATED = 4
"""Powers up to this are a few products."""
_SYMBOLS: dict[Role, int] = {"state": STATE, "parameter": PARAMETER}

Place = Callable[[AnyNode], Any]
"""Something by which nodes are sorted."""
Terms = list[tuple[float, AnyNode]]
"""The terms of a sum, each with the number that it is multiplied with."""
Row = tuple[int, str | int | None, list[int], AnyNode]
"""The number of a node, its operation if it is one on scalars, the numbers of its operands, and the node."""
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
class Parts:
    """What operations are: each a level and a shape."""

    kinds: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """The level and the shape; `UNIT` or `CONDITION` for what is a value of its own."""
    known: dict[tuple[Any, ...], int] = field(default_factory=dict[tuple[Any, ...], int])
    """The place of an operation on other parts."""
    places: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    above: dict[int, int] = field(default_factory=dict[int, int])
    """What a unit is for those that use it: operations of one place are of one kind."""
    shapes: list[Shape] = field(default_factory=list[Shape])
    """The shapes in the order of their numbers."""
    sizes: list[int] = field(default_factory=list[int])
    """The operations of each shape."""
    numbers: dict[Shape, int] = field(default_factory=dict[Shape, int])
    cheap: set[int] = field(default_factory=set[int])
    """What is one operation that takes no longer than reading its result."""
    scaled: set[int] = field(default_factory=set[int])
    """What has a minus sign, or is multiplied with a number."""

    def level(self, part: int) -> int:
        """The level of what is made of a part or leaf."""
        return self.kinds[part][0] if part >= 0 else 0

    def shape(self, part: int) -> int:
        """The shape of a part or leaf."""
        return self.kinds[part][1] if part >= 0 else part

    def add(self, level: int, shape: int) -> int:
        """The place of a level with a shape."""
        place = self.places.get((level, shape))
        if place is None:
            place = self.places[level, shape] = len(self.kinds)
            self.kinds.append((level, shape))
        return place

    def raised(self, place: int, kind: Kind) -> int:
        """What a unit is for those that use it."""
        known = self.above.get(place)
        if known is None:
            known = self.above[place] = self.add(self.kinds[place][0] + 1, UNIT if kind == "real" else CONDITION)
        return known

    def operation(self, node: AnyNode, operation: str | int, parts: list[int]) -> int:
        """The place of an operation that is met for the first time, in a node."""
        below = [self.shape(part) for part in parts]
        key: Shape = (operation, *below)
        if key not in self.numbers:
            self.numbers[key] = len(self.shapes)
            self.shapes.append(key)
            self.sizes.append(1 + sum(self.sizes[shape] for shape in below if shape >= 0))
        place = self.add(max([self.level(part) for part in parts]), self.numbers[key])
        self.known[operation, *parts] = place
        if is_scaled(node):
            self.scaled.add(place)
        short = place in self.scaled or (isinstance(operation, int) and 0 < operation <= MOST_REPEATED)
        if short and below[-1] < 0:
            self.cheap.add(place)
        return place


@dataclass(slots=True)
class Shapes:
    """The units of a program, and the shape and level of every scalar operation.

    Arguments:
        nodes: all nodes in the order of their numbers, operands first.
        roots: the wanted values.
        apart: operations that are units though they are used once.
        again: operations that are no units though they are used twice.
        place: what units of one shape are sorted by.

    The level of a unit is above those of all units that it is made of. Units are roots, what is used twice, and what
    other than scalar operations use. What is as quick to compute again as to read, such as the square of a state, is
    no unit for being used twice.
    """

    nodes: list[AnyNode]
    roots: Iterable[AnyNode]
    apart: frozenset[int] = frozenset()
    again: frozenset[int] = frozenset()
    place: Place = number_of
    groups: dict[tuple[int, int], list[AnyNode]] = field(default_factory=dict[tuple[int, int], "list[AnyNode]"])
    """The units of each level and shape."""
    units: set[int] = field(default_factory=set[int])
    inside: set[int] = field(default_factory=set[int])
    """The operations that are part of a larger unit."""
    used: set[int] = field(default_factory=set[int])
    table: Parts = field(default_factory=Parts)
    own: dict[int, int] = field(default_factory=dict[int, int])
    """What each operation is, by its number."""
    uses: list[int] = field(default_factory=list[int])
    """How often each node is used, by its number; from `OTHER_USE` up not by operations on scalars alone."""
    read: list[int] = field(default_factory=list[int])
    """What each node is for those that use it: a leaf, or a part; a unit is no longer an operation there."""

    def __post_init__(self) -> None:
        self.find_units(self.take())
        for group in self.groups.values() if self.place is not number_of else ():
            group.sort(key=self.place)
        self.units = {unit.number for group in self.groups.values() for unit in group}
        self.inside = self.own.keys() - self.units

    @property
    def operations(self) -> int:
        """How many scalar operations there are."""
        return len(self.own)

    def take(self) -> list[Row]:
        """The nodes with operands; and how often each node is used.

        The nodes of a large model lie all over the memory: each is looked at once, and numbers from there on.
        """
        self.read = read = [0] * (1 + self.nodes[-1].number if self.nodes else 0)
        rows: list[Row] = []
        taken: list[int] = []
        others: list[int] = []
        scaled: list[tuple[int, int]] = []
        for node in self.nodes:
            operands = node.operands
            if not operands:
                read[node.number] = _leaf(node)
                continue
            operation = node.function if type(node) is Apply and not node.dims else _operation(node)
            number, below = node.number, [*map(number_of, operands)]
            rows.append((number, operation, below, node))
            (others if operation is None else taken).extend(below)
            if (operation == "multiply" or operation == "negate") and len(below) < 3 and is_scaled(node):
                scaled.append((number, below[-1]))
        self.used = {*others, *taken}
        self.uses = uses = [0] * len(read)
        for number in taken:
            uses[number] += 1
        for number in {*others, *self.apart, *(root.number for root in self.roots)}:
            uses[number] += OTHER_USE
        for number, value in reversed(scaled):
            if 1 < uses[number] < OTHER_USE:
                uses[value] += 1  # read in its place, so that it is the unit
        for number in self.again:
            uses[number] = min(uses[number], 1) if uses[number] < OTHER_USE else uses[number]
        return rows

    def find_units(self, rows: Iterable[Row]) -> None:
        """What each operation is, and what it is for others."""
        table, read, own, groups, uses = self.table, self.read, self.own, self.groups, self.uses
        known, kinds, cheap, above = table.known, table.kinds, table.cheap, table.above
        for number, operation, below, node in rows:
            if operation is None:
                level = max([table.level(read[n]) for n in below])
                read[number] = table.add(level, UNIT if node.kind == "real" else CONDITION)
                continue
            parts = [*map(read.__getitem__, below)]
            if operation == "pow" and parts[1] == NUMBER and _is_root(node):
                parts[1] = SAME - below[1]
            place = known.get((operation, *parts))
            if place is None:
                place = table.operation(node, operation, parts)
            own[number] = read[number] = place
            if uses[number] > 1 and (uses[number] >= OTHER_USE or place not in cheap):
                raised = above.get(place)
                read[number] = table.raised(place, node.kind) if raised is None else raised
                groups.setdefault(kinds[place], []).append(node)

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return 1 + max((level for level, _ in self.table.kinds), default=0)

    def level_of(self, node: AnyNode) -> int:
        """The level of what is made of a node: that of a unit is one below."""
        return self.table.level(self.read[node.number])

    def shape_of(self, node: AnyNode) -> Shape:
        """The shape of an operation."""
        return self.table.shapes[self.table.kinds[self.own[node.number]][1]]

    @property
    def shapes(self) -> list[Shape]:
        """The shapes in the order of their numbers."""
        return self.table.shapes

    def size(self, node: AnyNode) -> int:
        """The operations of a unit."""
        return self.table.sizes[self.table.kinds[self.own[node.number]][1]] if node.operands else 0

    def is_unit(self, node: AnyNode) -> bool:
        """Whether a node is a scalar with a value of its own."""
        return node.number in self.units

    def are_ends(self, units: Iterable[AnyNode]) -> bool:
        """Whether units are roots that nothing else uses."""
        return all(unit.number not in self.used for unit in units)

    def terms(self, unit: AnyNode) -> Terms:
        """The terms of a sum, each without its sign and the number that it is multiplied with; a unit may be one."""
        read, scaled = self.read, self.table.scaled
        if is_scaled(unit):
            return [_factored(unit, read, scaled)]
        return [_factored(term, read, scaled) if read[term.number] in scaled else (1.0, term) for term in unit.operands]

    def raise_up(self, nodes: Iterable[AnyNode]) -> None:
        """Make units of what is inside others."""
        grown: dict[int, dict[int, AnyNode]] = {}
        inside, own = self.inside, self.own
        for node in nodes:
            number = node.number
            if number in inside:
                grown.setdefault(own[number], {})[number] = node
        for place, found in grown.items():
            raised = self.table.raised(place, next(iter(found.values())).kind)
            self.read_as(found, raised)
            self.units.update(found)
            inside.difference_update(found)
            group = self.groups.setdefault(self.table.kinds[place], [])
            group.extend(found.values())
            group.sort(key=self.place)

    def read_as(self, numbers: Iterable[int], part: int) -> None:
        """What nodes are from now on for those that use them."""
        for number in numbers:
            self.read[number] = part


def _factored(term: AnyNode, read: list[int], scaled: set[int]) -> tuple[float, AnyNode]:
    """What has a minus sign, or is multiplied with a number, as that number and the rest."""
    factor = 1.0
    while True:
        *number, term = term.operands
        factor *= number[0].value if number and isinstance(number[0], Constant) else -1.0
        if read[term.number] not in scaled:
            return factor, term


def _is_root(power: AnyNode) -> bool:
    """Whether a power with a number as exponent is a root."""
    exponent = power.operands[1]
    return isinstance(exponent, Constant) and exponent.value in ROOTS


def _leaf(node: AnyNode) -> int:
    """The shape of a leaf; one that may not differ has one of its own."""
    if type(node) is Symbol:
        return _SYMBOLS.get(node.role) or SAME - node.number
    return NUMBER if type(node) is Constant and node.kind == "real" else SAME - node.number


def _operation(node: AnyNode) -> str | int | None:
    """The function or the exponent of an operation on scalars."""
    if type(node) is Apply:
        return None if node.dims else node.function
    return node.exponent if type(node) is IntegerPower and not node.dims else None
