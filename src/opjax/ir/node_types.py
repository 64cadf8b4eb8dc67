"""The nodes of the typed expression graph: every node knows its dims, its kind and its place from construction.

Only a `Graph` (`opjax.ir.nodes`) makes them, and it makes each once.
"""

from __future__ import annotations

from typing import Literal

from opjax.ir.types import Dim, Dims, Kind, Role
from opjax.records import record
from opjax.source import Span

Edge = Literal["stay", "absorb", "periodic"]
ReduceKind = Literal["sum", "prod", "min", "max"]
Between = Literal["linear", "previous"]
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
    """

    number: int
    dims: Dims
    kind: Kind
    roles: frozenset[Role]
    span: Span

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """The nodes that this one is made of."""
        return ()


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
    arguments: tuple[AnyNode, ...]

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """As `Node.operands`."""
        return self.arguments


@record(eq=False, repr=False, kw_only=True)
class IntegerPower(Node):
    """``base ^ exponent`` with a literal integer: repeated multiplication."""

    base: AnyNode
    exponent: int

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """As `Node.operands`."""
        return (self.base,)


@record(eq=False, repr=False, kw_only=True)
class Reduce(Node):
    """A sum, product, minimum or maximum over dims that the operand has."""

    reduction: ReduceKind
    operand: AnyNode
    over: Dims

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """As `Node.operands`."""
        return (self.operand,)


@record(eq=False, repr=False, kw_only=True)
class Contract(Node):
    """The sum over `over` of a product of factors: one matrix product, never a larger temporary."""

    factors: tuple[AnyNode, ...]
    over: Dims

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """As `Node.operands`."""
        return self.factors


@record()
class Along:
    """A dim of the operand is read along `dim`, `offset` points further on; `edge` says what lies beyond the end."""

    dim: Dim
    offset: int = 0
    edge: Edge = "absorb"


@record()
class AtPosition:
    """A dim of the operand is read at one position."""

    position: int


Selection = Along | AtPosition


@record(eq=False, repr=False, kw_only=True)
class View(Node):
    """The operand read through other indices: renamed, shifted, picked; two dims read along one are the diagonal.

    Arguments:
        operand: what is read.
        selections: one for each of ``operand.dims``, in that order.
    """

    operand: AnyNode
    selections: tuple[Selection, ...]

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """As `Node.operands`."""
        return (self.operand,)


@record(eq=False, repr=False, kw_only=True)
class Interpolate(Node):
    """A table over the points of a numeric axis, read at any place along it.

    Before the first point lies its value, behind the last that of the last. ``previous`` is continuous from the right:
    at a point it is the value of that point.

    Arguments:
        table: the values at the points.
        dim: the dim of the table that is read.
        at: where, in the unit of the axis; its dims are those of the result too.
        between: what lies between two points.
    """

    table: AnyNode
    dim: Dim
    at: AnyNode
    between: Between

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """As `Node.operands`."""
        return (self.table, self.at)


@record(eq=False, repr=False, kw_only=True)
class Place(Node):
    """The operand put at one position of a new dim, zero elsewhere."""

    operand: AnyNode
    dim: Dim
    position: int

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """As `Node.operands`."""
        return (self.operand,)


@record(eq=False, repr=False, kw_only=True)
class Opaque(Node):
    """Something understood and typed whose run-time part does not exist yet: a delay, noise, a spatial operator."""

    role: Role
    name: str
    parts: tuple[AnyNode, ...]

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """As `Node.operands`."""
        return self.parts


@record(eq=False, repr=False, kw_only=True)
class Join(Node):
    """Scalars and vectors, one behind the other along a dim."""

    parts: tuple[AnyNode, ...]

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """As `Node.operands`."""
        return self.parts


@record(eq=False, repr=False, kw_only=True)
class Gather(Node):
    """A vector read at one position for each point of the only dim."""

    operand: AnyNode
    positions: tuple[int, ...]

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """As `Node.operands`."""
        return (self.operand,)


@record(eq=False, repr=False, kw_only=True)
class Segment(Node):
    """Sums of a vector's elements: the element at i is added to the point ``positions[i]`` of the only dim."""

    operand: AnyNode
    positions: tuple[int, ...]

    @property
    def operands(self) -> tuple[AnyNode, ...]:
        """As `Node.operands`."""
        return (self.operand,)


Written = Constant | Symbol | Apply | IntegerPower | Reduce | Contract | View | Interpolate | Place | Opaque
AnyNode = Written | Join | Gather | Segment
