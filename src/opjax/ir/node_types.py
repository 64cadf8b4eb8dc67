"""The nodes of the typed expression graph: every node knows its dims, its kind and its place from construction.

Only a `Graph` (`opjax.ir.nodes`) makes them, and it makes each once.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Literal

from opjax.ir.types import Dim, Dims, Kind, Role
from opjax.records import record
from opjax.source import Span

Edge = Literal["stay", "absorb", "periodic"]
ReduceKind = Literal["sum", "prod", "min", "max"]
Between = Literal["linear", "previous", "cubic"]
"""What lies between two points of a table: a straight line, or the value of the point before."""
NO_ROLES: frozenset[Role] = frozenset()


@record(eq=False, repr=False, kw_only=True)
class Node:
    """Base of all nodes.

    Arguments:
        number: the place in the graph; operands have smaller numbers.
        dims: the dims of the value, sorted.
        kind: ``real`` or ``boolean``.
        roles: what the value depends on.
        span: where it was first written.
        operands: the nodes that this one is made of; each pass reads them, so they are no property.
    """

    number: int
    dims: Dims
    kind: Kind
    roles: frozenset[Role]
    span: Span
    operands: tuple[AnyNode, ...] = ()


@record(eq=False, repr=False, kw_only=True)
class Constant(Node):
    """A number or truth value known now."""

    value: float | bool


@record(eq=False, repr=False, kw_only=True)
class Symbol(Node):
    """A leaf that gets its value later; `axes` are its dims in the order in which it is stored."""

    role: Role
    name: str
    axes: Dims


@record(eq=False, repr=False, kw_only=True)
class Apply(Node):
    """A function of the table, element by element; values with different dims are broadcast by name."""

    function: str

    @property
    def arguments(self) -> tuple[AnyNode, ...]:
        """What the function is applied to."""
        return self.operands


@record(eq=False, repr=False, kw_only=True)
class IntegerPower(Node):
    """``base ^ exponent`` with a literal integer: repeated multiplication."""

    exponent: int

    @property
    def base(self) -> AnyNode:
        """What is raised."""
        return self.operands[0]


@record(eq=False, repr=False, kw_only=True)
class Reduce(Node):
    """A sum, product, minimum or maximum over dims that the operand has."""

    reduction: ReduceKind
    over: Dims

    @property
    def operand(self) -> AnyNode:
        """What is reduced."""
        return self.operands[0]


@record(eq=False, repr=False, kw_only=True)
class Contract(Node):
    """The sum over `over` of a product of factors: one matrix product, never a larger temporary."""

    over: Dims

    @property
    def factors(self) -> tuple[AnyNode, ...]:
        """What is multiplied."""
        return self.operands


@record()
class Along:
    """A dim of the operand is read along `dim`, `offset` points further on; `edge` says what lies beyond the end.

    Where `dim` has another number of points than the operand, `points` says it.
    """

    dim: Dim
    offset: int = 0
    edge: Edge = "absorb"
    points: int = 0


@record()
class AtPosition:
    """A dim of the operand is read at one position."""

    position: int


Selection = Along | AtPosition


@record(eq=False, repr=False, kw_only=True)
class View(Node):
    """The operand read through other indices: renamed, shifted, picked; two dims read along one are the diagonal.

    Arguments:
        selections: one for each of ``operand.dims``, in that order.
    """

    selections: tuple[Selection, ...]

    @property
    def operand(self) -> AnyNode:
        """What is read."""
        return self.operands[0]


@record(eq=False, repr=False, kw_only=True)
class Interpolate(Node):
    """A table over the points of a numeric axis, read at any place along it.

    Before the first point lies its value, behind the last that of the last. ``previous`` is continuous from the right:
    at a point it is the value of that point.

    Arguments:
        dim: the dim of the table that is read.
        between: what lies between two points.
    """

    dim: Dim
    between: Between

    @property
    def table(self) -> AnyNode:
        """The values at the points."""
        return self.operands[0]

    @property
    def at(self) -> AnyNode:
        """Where it is read, in the unit of the axis; its dims are those of the result too."""
        return self.operands[1]


@record(eq=False, repr=False, kw_only=True)
class Place(Node):
    """The operand put at one position of a new dim, zero elsewhere."""

    dim: Dim
    position: int

    @property
    def operand(self) -> AnyNode:
        """What is put there."""
        return self.operands[0]


@record(eq=False, repr=False, kw_only=True)
class Opaque(Node):
    """Something understood and typed whose run-time part does not exist yet: a delay, noise, a spatial operator."""

    role: Role
    name: str

    @property
    def parts(self) -> tuple[AnyNode, ...]:
        """What it is made of."""
        return self.operands


@record(eq=False, repr=False, kw_only=True)
class Join(Node):
    """Parts of an array, one behind the other along a dim.

    A part has the other dims, or some of them, and one of its own for its points along that dim; without one it is one
    point there.
    """

    dim: Dim

    @property
    def others(self) -> Dims:
        """The dims that are not joined along."""
        return tuple(d for d in self.dims if d != self.dim)

    def own(self, part: AnyNode) -> Dim | None:
        """The dim of a part that its points are along."""
        others = self.others
        return next((d for d in part.dims if d not in others), None)

    @property
    def parts(self) -> tuple[AnyNode, ...]:
        """What stands one behind the other."""
        return self.operands


@record(eq=False, repr=False, kw_only=True)
class Gather(Node):
    """A vector read at one position for each point of the only dim."""

    positions: tuple[int, ...]

    @property
    def operand(self) -> AnyNode:
        """What is read."""
        return self.operands[0]


@record(eq=False, repr=False, kw_only=True)
class Segment(Node):
    """Sums of a vector's elements: the element at i is added to the point ``positions[i]`` of the only dim.

    The position behind the last point belongs to elements that are in no sum.
    """

    positions: tuple[int, ...]

    @property
    def operand(self) -> AnyNode:
        """What is added up."""
        return self.operands[0]


@record(eq=False, repr=False, kw_only=True)
class Stack(Node):
    """Arrays over the same dims as one array, with a dim more that tells them apart."""

    dim: Dim

    @property
    def parts(self) -> tuple[AnyNode, ...]:
        """The arrays."""
        return self.operands


Written = Constant | Symbol | Apply | IntegerPower | Reduce | Contract | View | Interpolate | Place | Opaque
AnyNode = Written | Join | Gather | Segment | Stack
number_of: Callable[[AnyNode], int] = attrgetter("number")
"""The number of a node: the quickest way to those of many."""
Block = tuple[list[int], list[list[int]], list[int] | None]
"""Scalars of one sort, symbols of one role or one operation: their numbers; those of their operands in columns, or one
node behind the other in a single column, and then how many each has."""
