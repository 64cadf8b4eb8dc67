"""Programs with short axes as programs of scalars: each value has one node for each combination of positions.

It is the program after the passes that is spread, so that what they have found (sums of products by stages, faces,
equations in one vector) is computed once here too; a second run of the passes then finds what is constant at single
positions. States and parameters become a leaf for each element, ``x[0]``, which no model can have as a name. All
elements of a parameter are taken with one `tolist`, as those of the states are: three by three numbers are converted in
the time of one operation on an array, and an array whose elements change from call to call is read anew.

Law: as the interpreter says, sums in its order: from the first position to the last. Zeros that come from beyond an
end, or stand beside the only position of a term, are not added: the sign of a zero may change.
What is not spread: tables of several axes and at many places, histories, inputs over time.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from opjax.compile.layout import element, shape_of
from opjax.compile.numbers import LEAVES
from opjax.compile.tables import NUMBERS as READS
from opjax.compile.targets import is_renaming
from opjax.ir.functions import FUNCTIONS
from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    AtPosition,
    Constant,
    Contract,
    Gather,
    Graph,
    IntegerPower,
    Interpolate,
    Join,
    Opaque,
    Place,
    Reduce,
    ReduceKind,
    Segment,
    Stack,
    Symbol,
    View,
)
from opjax.ir.program import Program
from opjax.ir.types import Dim, Dims, Role, declared_dims

Cell = tuple[int, ...]
Wanted = tuple[str, tuple[str, ...]]
"""The name of a value, and the axes that it comes in."""
KNOWN: frozenset[Role] = frozenset(("size", "position", "coordinate", "quadrature", "measure"))
"""Leaves that are numbers at each position."""
REDUCTIONS: Mapping[ReduceKind, str] = {"sum": "add", "prod": "multiply", "min": "minimum", "max": "maximum"}
EMPTY: Mapping[ReduceKind, float] = {"sum": 0.0, "prod": 1.0, "min": math.inf, "max": -math.inf}


def spread(program: Program, wanted: Sequence[Wanted]) -> Program | None:
    """The same with a scalar for each element.

    Arguments:
        program: the program after the passes.
        wanted: the values that are wanted, with their axes.

    Returns:
        A program whose roots are the elements of the wanted values, in order; None where it has what is not spread.
    """
    apart = program.apart
    if not all(map(_Spreading(apart).knows, apart.nodes)):
        return None
    spreading = _Spreading(apart)
    for node in apart.nodes:
        spreading.node(node)
    roots: dict[str, AnyNode] = {}
    for name, axes in wanted:
        dims = declared_dims(axes)
        for cell in itertools.product(*map(range, shape_of(axes, program.axes))):
            where = dict(zip(dims, cell, strict=True))
            roots[element(name, cell)] = spreading.read(apart.roots[name], where)
    return Program(spreading.graph, roots, program.axes, spreading.names)


@dataclass(slots=True)
class _Spreading:
    """Makes the scalars.

    Arguments:
        program: the program with axes; what of it is spread has a node in `made` for each of its cells.
    """

    program: Program
    graph: Graph = field(default_factory=Graph)
    made: dict[int, dict[Cell, AnyNode]] = field(default_factory=dict[int, dict[Cell, AnyNode]])
    names: dict[int, str] = field(default_factory=dict[int, str])

    def knows(self, node: AnyNode) -> bool:
        """Whether a node can be spread."""
        match node:
            case Symbol():
                return node.role in KNOWN or node.role in LEAVES
            case Interpolate():
                return not node.at.dims and node.between in READS and _table(node) is not None
            case Opaque():
                return False
            case _:
                return True

    def size(self, dim: Dim) -> int:
        """The positions along a dim."""
        return self.program.axes[dim.axis].size or 0

    def cells(self, dims: Dims) -> Iterator[Cell]:
        """All combinations of positions."""
        return itertools.product(*(range(self.size(dim)) for dim in dims))

    def node(self, node: AnyNode) -> None:
        """Make the scalars of one node, whose operands have theirs."""
        name = self.program.names.get(node.number)
        found = self.made[node.number] = {}
        for cell in self.cells(node.dims):
            made = found[cell] = self.cell(node, dict(zip(node.dims, cell, strict=True)))
            if name is not None and made.operands:
                self.names.setdefault(made.number, element(name, cell))

    def read(self, node: AnyNode, where: Mapping[Dim, int]) -> AnyNode:
        """The scalar of a node at some positions; dims that it lacks are ignored."""
        return self.made[node.number][tuple([where[dim] for dim in node.dims])]

    def cell(self, node: AnyNode, where: Mapping[Dim, int]) -> AnyNode:
        """The scalar of a node at its positions."""
        match node:
            case Constant():
                return self.graph.constant(node.value, node.span)
            case Symbol():
                return self.symbol(node, where)
            case Apply():
                given = [self.read(argument, where) for argument in node.arguments]
                return self.total(node, given) if node.function == "add" else self.apply(node, given)
            case IntegerPower():
                return self.graph.integer_power(self.read(node.base, where), node.exponent, node.span)
            case Reduce():
                return self.reduced(node, where)
            case Contract():
                bound = self.bound(node.over, where)
                terms = [[self.read(factor, inner) for factor in node.factors] for inner in bound]
                return self.many("sum", [self.many("prod", factors) for factors in terms])
            case Interpolate():
                return self.interpolated(node, where)
            case Place():
                here = where[node.dim] == node.position
                return self.read(node.operand, where) if here else self.graph.constant(0.0)
            case View():
                return self.viewed(node, where)
            case Join():
                return self.joined(node, where)
            case Gather():
                return self.read(node.operand, {node.operand.dims[0]: node.positions[where[node.dims[0]]]})
            case Stack():
                return self.read(node.parts[where[node.dim]], where)
            case Segment():
                return self.added(node, where[node.dims[0]])
            case Opaque():
                raise AssertionError(node.name)

    def symbol(self, node: Symbol, where: Mapping[Dim, int]) -> AnyNode:
        """A leaf: a number that is known, or one element of what the function gets."""
        axis = self.program.axes.get(node.name)
        match node.role:
            case "size":
                return self.graph.constant(float(self.size(Dim(node.name))), node.span)
            case "position":
                return self.graph.constant(float(where[node.axes[0]]), node.span)
            case "coordinate":
                assert axis is not None
                return self.graph.constant(axis.coordinates[where[node.axes[0]]], node.span)
            case "quadrature" | "measure":
                assert axis is not None
                return self.graph.constant(axis.weights(node.role)[where[node.axes[0]]], node.span)
            case _:
                return self.graph.symbol(node.role, element(node.name, tuple([where[d] for d in node.axes])))

    def apply(self, node: Apply, given: Sequence[AnyNode]) -> AnyNode:
        """A function of scalars; of numbers that are known it is computed, and a known condition chooses."""
        known = [one.value for one in given if isinstance(one, Constant)]
        if len(known) == len(given):
            return self.graph.constant(FUNCTIONS[node.function].reference(*known), node.span)
        if node.function == "where" and isinstance(given[0], Constant):
            return given[1] if given[0].value else given[2]
        return self.graph.apply(node.function, given, node.span)

    def total(self, node: Apply, given: Sequence[AnyNode]) -> AnyNode:
        """A sum without the zeros that stand at this position alone."""
        kept = [
            one
            for one, written in zip(given, node.arguments, strict=True)
            if isinstance(written, Constant) or not (isinstance(one, Constant) and one.value == 0.0)
        ]
        return self.many("sum", kept) if len(kept) < 2 else self.apply(node, kept)

    def many(self, reduction: ReduceKind, values: Sequence[AnyNode]) -> AnyNode:
        """What a reduction makes of some scalars."""
        if not values:
            return self.graph.constant(EMPTY[reduction])
        return values[0] if len(values) == 1 else self.graph.apply(REDUCTIONS[reduction], values)

    def bound(self, over: Dims, where: Mapping[Dim, int]) -> Iterator[dict[Dim, int]]:
        """The positions that a reduction runs over, beside its own."""
        for cell in self.cells(over):
            yield {**where, **dict(zip(over, cell, strict=True))}

    def reduced(self, node: Reduce, where: Mapping[Dim, int]) -> AnyNode:
        """A reduction; a sum leaves out zeros that are known."""
        values = [self.read(node.operand, inner) for inner in self.bound(node.over, where)]
        if node.reduction == "sum":
            values = [one for one in values if not (isinstance(one, Constant) and one.value == 0.0)]
        return self.many(node.reduction, values)

    def interpolated(self, node: Interpolate, where: Mapping[Dim, int]) -> AnyNode:
        """A table at one place, which stays one array."""
        table = _table(node)
        assert table is not None
        leaf = self.graph.symbol(table.role, table.name, tuple([dim.axis for dim in table.axes]), table.span)
        return self.graph.interpolate(leaf, leaf.dims[0], self.read(node.at, where), node.between, node.span)

    def viewed(self, node: View, where: Mapping[Dim, int]) -> AnyNode:
        """A scalar read elsewhere; what lies beyond an end is zero, the last one, or the first."""
        inner: dict[Dim, int] = {}
        for dim, selection in zip(node.operand.dims, node.selections, strict=True):
            match selection:
                case AtPosition():
                    inner[dim] = selection.position
                case Along():
                    place, size = where[selection.dim] + selection.offset, self.size(dim)
                    if selection.edge == "absorb" and not 0 <= place < size:
                        return self.graph.constant(False if node.kind == "boolean" else 0.0)
                    inner[dim] = place % size if selection.edge == "periodic" else min(max(place, 0), size - 1)
        return self.read(node.operand, inner)

    def joined(self, node: Join, where: Mapping[Dim, int]) -> AnyNode:
        """A scalar of the part that a position is in."""
        place = where[node.dim]
        for part in node.parts:
            own = node.own(part)
            size = self.size(own) if own else 1
            if place < size:
                return self.read(part, {**where, own: place} if own else where)
            place -= size
        raise AssertionError("what is joined is as long as its axis")

    def added(self, node: Segment, place: int) -> AnyNode:
        """The sum of the elements that belong to a position."""
        (dim,) = node.operand.dims
        return self.many(
            "sum", [self.read(node.operand, {dim: i}) for i, to in enumerate(node.positions) if to == place]
        )


def _table(node: Interpolate) -> Symbol | None:
    """The parameter that a table is, where it is a vector along the axis whose points it is read between."""
    table = node.table
    while isinstance(table, View) and is_renaming(table):
        table = table.operand
    if not isinstance(table, Symbol) or table.role != "parameter":
        return None
    return table if [dim.axis for dim in table.axes] == [node.dim.axis] else None
