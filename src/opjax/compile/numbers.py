"""Emission for scalars: Python's own numbers, with which a small model takes half the time of NumPy's.

Python's arithmetic is that of NumPy, but for what it raises where NumPy says infinity or nan; the caller then computes
with NumPy. Conditionals compute the branch that is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from opjax.compile.emit import Emitter
from opjax.compile.helpers import NUMBERS
from opjax.compile.layout import elements, shape_of
from opjax.compile.tables import NUMBERS as READS
from opjax.compile.targets import is_renaming
from opjax.compile.text import TIGHTEST, Value
from opjax.ir.nodes import AnyNode, Apply, Constant, IntegerPower, Interpolate, Symbol, View
from opjax.ir.program import Program
from opjax.ir.types import Role

KINDS: frozenset[type[AnyNode]] = frozenset((Apply, IntegerPower, Constant, Symbol, Interpolate, View))
LEAVES: frozenset[Role] = frozenset(("state", "parameter", "time", "size"))


def is_small(program: Program) -> bool:
    """Whether a program has scalars alone, and vectors of parameters that are read as tables at one place."""
    if not KINDS.issuperset(map(type, program.roots.values())):  # soon seen where it is large
        return False
    tables = program.kinds <= KINDS and _tables(program)
    return tables is not False and all(
        node.number in tables or (not node.dims and (not isinstance(node, Symbol) or node.role in LEAVES))
        for node in program.nodes
    )


def _tables(program: Program) -> set[int]:
    """The vectors of parameters that nothing reads but tables at one place, under whatever name of their dim."""
    tables, others = set[int](), {root.number for root in program.roots.values()}
    for node in reversed(program.nodes):
        if isinstance(node, Interpolate) and node.between in READS and not node.at.dims:
            tables.add(node.table.number)
            others.add(node.at.number)
        elif isinstance(node, View) and is_renaming(node) and node.number not in others:
            tables.add(node.operand.number)
        else:
            others.update(operand.number for operand in node.operands)
    return {
        node.number
        for node in program.nodes
        if node.number in tables and node.number not in others and len(node.dims) == 1 and _is_parameter(node)
    }


def _is_parameter(node: AnyNode) -> bool:
    """Whether a node is a parameter, under whatever names of its dims."""
    while isinstance(node, View) and is_renaming(node):
        node = node.operand
    return isinstance(node, Symbol) and node.role == "parameter"


def refuses_lists(program: Program) -> bool:
    """Whether a program of numbers fails where each state is a list: a product with one does, and every time."""
    products = [n for n in program.nodes if isinstance(n, Apply) and n.function in ("multiply", "divide")]
    states = any(isinstance(a, Symbol) and a.role == "state" for n in products for a in n.arguments)
    return states and not any(isinstance(n, Apply) and n.function == "where" for n in program.nodes)


def shapes_of_parameters(program: Program) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters that a program reads as arrays."""
    arrays = [leaf for leaf in program.leaves if isinstance(leaf, Symbol) and leaf.role == "parameter" and leaf.axes]
    return {leaf.name: shape_of(tuple([dim.axis for dim in leaf.axes]), program.axes) for leaf in arrays}


@dataclass(slots=True)
class Numbers(Emitter):
    """Writes the statements of a function of Python's numbers, and of tables that are read at one place.

    Arguments:
        arrays: the variables of arrays of which single elements are read, and no table.
    """

    reads = READS
    has_ticks = True
    arrays: dict[str, str] = field(default_factory=dict[str, str])

    def name_arrays(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Give the parameters with elements that are read their variables, before anything else has one."""
        read = {leaf.name for leaf in self.program.leaves if isinstance(leaf, Symbol) and leaf.role == "parameter"}
        for name, shape in shapes.items():
            if name not in read and not read.isdisjoint(elements(name, shape)):
                self.arrays[name] = self.namer.name(name)

    def take_elements(self, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
        """Statements that take the elements of parameters, all at once: ``(a, b), (c, d), = C.tolist()``."""
        known = {leaf.name: variable for variable, leaf in self.leaves.items() if leaf.role == "parameter"}
        known |= self.arrays
        for name, shape in shapes.items():
            texts = [known.get(one, "_") for one in elements(name, shape)]
            if any(text != "_" for text in texts):
                for size in reversed(shape[1:]):
                    texts = [f"({', '.join(texts[i : i + size])},)" for i in range(0, len(texts), size)]
                yield f"{', '.join(texts)}, = {known[name]}.tolist()"

    def helper(self, function: str) -> str:
        """As `Emitter.helper`; Python's own function where there is one."""
        if function not in NUMBERS:
            return Emitter.helper(self, function)
        name = f"number {function}"
        if name not in self.helpers:
            self.helpers[name] = self.namer.name(function)
        return self.helpers[name]

    def apply(self, node: Apply) -> Value:
        """As `Emitter.apply`; a conditional computes one branch."""
        if node.function == "where":
            condition, yes, no = (self.operand(argument).within(TIGHTEST) for argument in node.arguments)
            return Value(f"{yes} if {condition} else {no}", (), 0)
        if node.function == "logical_not":
            return Value(f"not {self.operand(node.arguments[0]).within(TIGHTEST)}", (), 0)
        return Emitter.apply(self, node)
