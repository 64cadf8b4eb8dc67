"""Emission: a program becomes straight-line Python over one array namespace.

Here, and only here, named dims become positions: every value gets a physical order of its dims, chosen so that operands
need no transposition where they agree. Values that are used once, and have no name in the model, are written in place.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from opjax.compile.blockwise import concatenated
from opjax.compile.contraction import common_order, subscripts, usual_orders
from opjax.compile.naming import Namer
from opjax.compile.once import POSITIONAL, settled_nodes
from opjax.compile.reading import hint_of, in_order, picked, read_along
from opjax.compile.signs import INFIX, Term, folds, only_subtracted, terms_of
from opjax.compile.tables import ONE, interpolated
from opjax.compile.text import TIGHTEST, Table, Value
from opjax.compile.vectors import Stored, Vectors
from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    AtPosition,
    Constant,
    Contract,
    Gather,
    IntegerPower,
    Interpolate,
    Join,
    Opaque,
    Place,
    Reduce,
    Segment,
    Stack,
    Symbol,
    View,
)
from opjax.ir.program import Program
from opjax.ir.types import Dim, Dims, Role

LONGEST_LINE = 96
MOST_OPERANDS = 24
GIVEN: frozenset[Role] = POSITIONAL | frozenset[Role](("parameter",))
OF_PARAMETERS = frozenset((Apply, IntegerPower, Join, Gather, View))


@dataclass(slots=True)
class Emitter:
    """Writes the statements of one function.

    Arguments:
        program: what is computed.
        direct: gives the namespace's own name of a function (``exp``), or None where a helper is needed.
        scalars: whether the namespace's functions take Python numbers beside arrays.
        stored: where the arguments of the function hold scalars.
        apart: whether what depends on parameters alone stands apart, so that it is computed once for default values.
        reads, has_ticks: what reads tables at one place, and whether points are Python's numbers there.
    """

    reads: ClassVar[Mapping[str, str]] = ONE
    has_ticks: ClassVar[bool] = False
    program: Program
    direct: Callable[[str], str | None]
    scalars: bool
    stored: Stored = field(default_factory=Stored)
    apart: bool = False
    namer: Namer = field(default_factory=Namer)
    lines: list[str] = field(default_factory=list[str])
    settled: list[str] = field(default_factory=list[str])
    """Statements for what depends on nothing but axes: they run once, before the function is there."""
    given: list[str] = field(default_factory=list[str])
    """Statements for what depends on nothing but parameters (and axes)."""
    skipped: set[int] = field(default_factory=set[int])
    """Roots that are elements of a vector which is returned as it is."""
    here: list[str] = field(default_factory=list[str])
    values: dict[int, Value] = field(default_factory=dict[int, Value])
    operations: list[AnyNode] = field(default_factory=list[AnyNode])
    """The nodes that are no leaves and are not skipped."""
    uses: dict[int, int] = field(default_factory=dict[int, int])
    helpers: dict[str, str] = field(default_factory=dict[str, str])
    tables: dict[Table, str] = field(default_factory=dict[Table, str])
    leaves: dict[str, Symbol] = field(default_factory=dict[str, Symbol])
    usual: tuple[Dims, ...] = ()
    """The physical orders of states."""
    knots: dict[str, str] = field(default_factory=dict[str, str])
    found: dict[object, tuple[str, ...]] = field(default_factory=dict[object, tuple[str, ...]])
    subtracted: set[int] = field(default_factory=set[int])

    def emit(self) -> None:
        """Write all statements; `operand` then has the text of each root."""
        self.operations = [n for n in self.program.nodes if n.operands and n.number not in self.skipped]
        self.count()
        wanted = {n.number: n for n in self.program.roots.values() if n.number not in self.skipped}
        read = [used for node in self.operations for used in self.read_by(node)]
        leaves = {n.number: n for n in (*wanted.values(), *read) if not n.operands}
        nodes = sorted([*leaves.values(), *self.operations], key=lambda node: node.number)
        for node in nodes:
            if isinstance(node, Symbol):
                self.values[node.number] = self.symbol(node)
        places = dict.fromkeys(settled_nodes(nodes, self.program.axes), self.settled)
        places.update(dict.fromkeys(self.given_nodes(nodes, places), self.given))
        kept = places.keys() & wanted.keys()
        for node in nodes if places else ():
            here = places.get(node.number)
            used = [operand.number for operand in self.read_by(node)]
            kept.update(number for number in used if number in places and places[number] is not here)
        for node in nodes:
            if not isinstance(node, Symbol) and not self.stored.part_of_y(node):
                self.here = places.get(node.number, self.lines)
                self.values[node.number] = self.kept(node, self.written(node), node.number in kept)
        self.here = self.lines

    def count(self) -> None:
        """Count how often each node is an operand or a root; not those that are read where they lie."""
        uses, self.usual = self.uses, usual_orders(self.program.nodes)
        elements = [root.operands[0] for root in self.program.roots.values() if root.number in self.skipped]
        read = [used for node in self.operations for used in self.read_by(node)]
        for node in (*self.program.roots.values(), *elements, *read):
            uses[node.number] = uses.get(node.number, 0) + 1
        self.subtracted = only_subtracted(self.operations, uses)

    def read_by(self, node: AnyNode) -> Sequence[AnyNode]:
        """The operands of a node, but for those that are read where they lie, all at once."""
        if isinstance(node, Stack) and self.stored.block(node) is not None:
            return ()
        if isinstance(node, Join) and not node.others:
            found = [parts for source, parts in self.stored.stretches_of(node) if source in ("vector", "scalar")]
            return [part for parts in found for part in parts]
        return node.operands

    # --- statements

    def given_nodes(self, nodes: list[AnyNode], settled: Container[int]) -> set[int]:
        """The operations on numbers and vectors that depend on parameters alone, where these stand apart."""
        found: set[int] = set()
        for node in nodes if self.apart else ():
            if type(node) in OF_PARAMETERS and "parameter" in node.roles and node.roles <= GIVEN and len(node.dims) < 2:
                below = (o for o in node.operands if o.operands and o.roles)
                if all(o.number in found or o.number in settled for o in below):
                    found.add(node.number)
        return found

    def kept(self, node: AnyNode, value: Value, settled: bool = False) -> Value:
        """The value in a variable of its own where it is used again, is long, or has a name in the model."""
        name = self.program.names.get(node.number)
        plain = isinstance(node, Constant) or value.text.isidentifier() or node.number in self.subtracted
        short = len(value.text) <= LONGEST_LINE and not settled
        if plain or (self.uses.get(node.number, 0) < 2 and name is None and short):
            return value
        return self.assign(name or hint_of(node), value)

    def assign(self, hint: str, value: Value) -> Value:
        """A statement that gives a value a variable."""
        hidden = hint == "x" and self.here is self.settled  # the function has an argument of this name
        variable = self.namer.name("constant" if hidden else hint)
        self.here.append(f"{variable} = {value.text}")
        return Value(variable, value.order)

    def helper(self, function: str) -> str:
        """The text that calls a function of the namespace, or the name of a helper that stands for it."""
        direct = self.direct(function)
        if direct is not None:
            return f"xp.{direct}"
        if function not in self.helpers:
            self.helpers[function] = self.namer.name(function)
        return self.helpers[function]

    def table(self, table: Table, hint: str) -> str:
        """The name of a constant array."""
        if table not in self.tables:
            self.tables[table] = self.namer.name(hint)
        return self.tables[table]

    def number(self, number: float) -> str:
        """The name of a number as an array of the right data type."""
        return self.table(Table("number", number=number), f"number_{number:g}")

    # --- leaves

    def symbol(self, node: Symbol) -> Value:
        """A leaf: a variable that the function begins with, or a constant array."""
        if node.role in ("coordinate", "position", "quadrature", "measure"):
            return Value(self.table(Table(node.role, node.name), f"{node.role}_{node.name}"), node.axes)
        if node.role == "size":
            return Value(repr(float(self.program.axes[node.name].size or 0)), ())
        variable = "t" if node.role == "time" else self.namer.name(node.name)
        if node.role == "input":
            self.knots[node.axes[0].axis] = self.namer.name(f"{node.name}_times")
        self.leaves[variable] = node
        return Value(variable, node.axes)

    def points(self, axis: str) -> str:
        """The points of a table's axis: a constant array, or those that come with an input."""
        return self.knots.get(axis) or self.table(Table("coordinate", axis), f"coordinate_{axis}")

    def constant(self, node: Constant) -> Value:
        """A literal."""
        if isinstance(node.value, bool):
            return Value(repr(node.value), ())
        if node.value != node.value or node.value in (float("inf"), float("-inf")):
            return Value(self.table(Table("number", number=node.value), f"number_{node.value}"), ())
        return Value(repr(node.value), (), TIGHTEST if node.value >= 0 else 6)

    # --- operations

    def written(self, node: AnyNode) -> Value:
        """The text of a node over the texts of its operands."""
        match node:
            case Constant():
                return self.constant(node)
            case Symbol():
                return self.values[node.number]
            case Apply():
                return self.apply(node)
            case IntegerPower():
                return self.power(node)
            case Reduce():
                return self.reduce(node)
            case Contract():
                return self.contract(node)
            case View():
                return self.view(node)
            case Interpolate():
                return interpolated(self, node)
            case Place():
                return self.place(node)
            case Join() if node.others:
                return concatenated(self, node, self.program.axes)
            case Join() | Gather() | Segment():
                return Vectors(self, self.stored, self.program.axes).written(node)
            case Stack():
                return self.stack(node)
            case Opaque():
                raise AssertionError(f"{node.name} is refused before emission")

    def operand(self, node: AnyNode) -> Value:
        """The text of a node that has been written, or needs no statement."""
        known = self.values.get(node.number)
        return self.written(node) if known is None else known

    def apply(self, node: Apply) -> Value:
        """A function, element by element."""
        operands = [self.operand(a) for a in node.arguments]
        order = self.common_order([o.order for o in operands])
        aligned = [self.aligned(o, order) for o in operands]
        if node.function == "negate":
            return Value(f"-{aligned[0].within(5)}", order, 5)
        if node.function in INFIX:
            return self.infix(node, aligned, order)
        arguments = [
            self.argument(argument, value, node) for argument, value in zip(node.arguments, aligned, strict=True)
        ]
        call = self.helper(node.function)
        text = f"{call}({', '.join(arguments[:2])})" if folds(node) else f"{call}({', '.join(arguments)})"
        for argument in arguments[2:] if folds(node) else ():
            text = f"{call}({text}, {argument})"
        return Value(text, order)

    def argument(self, node: AnyNode, value: Value, call: Apply) -> str:
        """An argument of a function call: a number is an array of the right dtype where a literal would not do."""
        if not isinstance(node, Constant) or node.kind == "boolean":
            return value.text
        literals = sum(isinstance(a, Constant) for a in call.arguments)
        if self.scalars and not (call.function == "where" and literals > 1):
            return value.text
        return self.number(float(node.value))

    def infix(self, node: Apply, operands: list[Value], order: Dims) -> Value:
        """Operators between operands; long sums and products are split over several statements."""
        sign, binding = INFIX[node.function]
        if binding == 1 or node.function.startswith("logical"):
            return self.chain(sign, binding, operands, order)
        return self.joined(node.function, terms_of(node, node.arguments, operands), order)

    def joined(self, function: str, terms: list[Term], order: Dims) -> Value:
        """A sum, product or quotient of terms."""
        sign, binding = INFIX[function]
        text = terms[0][0].within(binding)
        count = 1
        for operand, minus in terms[1:]:
            if count >= MOST_OPERANDS or len(text) > LONGEST_LINE:
                text, count = self.assign("total" if function == "add" else "product", Value(text, order)).text, 1
            text += f" - {operand.text[1:]}" if minus else f"{sign}{operand.within(binding + 1)}"
            count += 1
        return Value(text, order, binding)

    def chain(self, sign: str, binding: int, operands: list[Value], order: Dims) -> Value:
        """Comparisons and conditions; many are joined a few at a time."""
        text = operands[0].within(TIGHTEST)
        for place, operand in enumerate(operands[1:], start=1):
            if place % MOST_OPERANDS == 0:
                text = self.assign("condition", Value(text, order)).text
            text += sign + operand.within(TIGHTEST)
        return Value(text, order, binding)

    def power(self, node: IntegerPower) -> Value:
        """Repeated squaring and multiplication."""
        base = self.operand(node.base)
        if node.exponent == 0:
            return Value(f"xp.ones_like({base.text})", base.order)  # of what is infinite too
        if not base.text.isidentifier():
            base = self.assign("base", base)
        if node.exponent == 2:
            return Value(f"{base.text}*{base.text}", base.order, 5)
        square, result, left = base, None, abs(node.exponent)
        while left:
            if left & 1:
                result = square if result is None else Value(f"{result.within(5)}*{square.text}", base.order, 5)
            left >>= 1
            if left:
                square = self.assign("square", Value(f"{square.text}*{square.text}", base.order))
        assert result is not None
        if node.exponent < 0:
            return Value(f"1.0/{result.within(TIGHTEST)}", base.order, 5)
        return result

    def reduce(self, node: Reduce) -> Value:
        """A reduction along positions."""
        operand = self.operand(node.operand)
        places = [place for place, dim in enumerate(operand.order) if dim in node.over]
        order = tuple(d for d in operand.order if d not in node.over)
        if not order:
            return Value(f"xp.{node.reduction}({operand.text})", order)
        axis = str(places[0]) if len(places) == 1 else f"({', '.join(map(str, places))})"
        return Value(f"xp.{node.reduction}({operand.text}, axis={axis})", order)

    def contract(self, node: Contract) -> Value:
        """A product of two factors summed over dims."""
        factors = [self.operand(f) for f in node.factors]
        recipe, order, _ = subscripts([f.order for f in factors], node.over)
        arguments = ", ".join(f.text for f in factors)
        return Value(f'{self.helper("einsum")}("{recipe}", {arguments})', order)

    def stack(self, node: Stack) -> Value:
        """Arrays as one; neighbours in the flat vector are one already."""
        block = self.stored.block(node)
        if block is not None:
            start, stop, axes = block
            shape = (len(node.parts), *(self.program.axes[dim.axis].size or 0 for dim in axes))
            return Value(self.shaped(f"y[{start}:{stop}]", shape), (node.dim, *axes))
        parts = [self.operand(part) for part in node.parts]
        order = self.common_order([part.order for part in parts])
        return Value(f"xp.stack(({', '.join(self.aligned(p, order).text for p in parts)}))", (node.dim, *order))

    def shaped(self, text: str, shape: tuple[int, ...]) -> str:
        """An array in another shape."""
        return f"xp.reshape({text}, {shape})"

    def view(self, node: View) -> Value:
        """Positions picked, neighbours shifted into place, dims renamed, diagonals taken."""
        operand = self.operand(node.operand)
        chosen = dict(zip(node.operand.dims, node.selections, strict=True))
        return self.moved(picked(operand, chosen), chosen)

    def moved(self, value: Value, chosen: Mapping[Dim, Along | AtPosition]) -> Value:
        """The value with its dims read as a view says; those read at one position are gone."""
        order: list[Dim] = []
        for dim in value.order:
            selection = chosen[dim]
            assert isinstance(selection, Along)
            if selection.offset or selection.points:  # the axis of a table over time is none of the program's
                value = read_along(value, selection, self.program.axes[dim.axis].size or 0, self.helper, len(order))
            order.append(selection.dim)
        return self.diagonal(Value(value.text, tuple(order), value.binding))

    def diagonal(self, value: Value) -> Value:
        """Dims that are read along the same one are the diagonal."""
        kept = tuple(dict.fromkeys(value.order))
        if len(kept) == len(value.order):
            return value
        letters = {dim: chr(ord("a") + place) for place, dim in enumerate(kept)}
        recipe = "".join(letters[d] for d in value.order) + "->" + "".join(letters.values())
        return Value(f'{self.helper("einsum")}("{recipe}", {value.text})', kept)

    def place(self, node: Place) -> Value:
        """Zero everywhere but at one position of a new dim."""
        operand = self.operand(node.operand)
        order = self.common_order([operand.order, (node.dim,)])
        behind = len(order) - 1 - order.index(node.dim)
        text = f"{operand.within(TIGHTEST)}[..., None{', :' * behind}]" if operand.order else operand.text
        mask = self.table(Table("mask", node.dim.axis, node.position), f"at_{node.dim.axis}_{node.position}")
        mask += f"[:{', None' * behind}]" if behind else ""
        zero = "0.0"
        if not self.scalars or isinstance(node.operand, Constant):
            zero = self.table(Table("number", number=0.0), "number_0")
        return Value(f"{self.helper('where')}({mask}, {text}, {zero})", order)

    # --- physical order

    def common_order(self, orders: list[Dims]) -> Dims:
        """One physical order for several values."""
        return common_order(orders, self.usual)

    def aligned(self, value: Value, order: Dims) -> Value:
        """The value with its dims in the given order; missing ones have length 1 where broadcasting needs them."""
        return in_order(value, order)
