"""What one call of a program costs, counted on its operations.

*Operations on numbers* (flops): one for each element of the result of an addition, multiplication, division, minus
sign, comparison, condition, minimum, maximum, rounding or selection; a sum of n terms has n - 1; a subtraction is one;
a sum of products has two for each product; ``x^n`` the multiplications of repeated squaring; a linear interpolation has
five.
*Function values* (exp, log, sin, pow, sqrt, ...) are counted apart, one for each element, since one costs as much as
ten or fifty of the others, depending on the library. Moving numbers (slices, gathers, joins) counts nothing.

*Bytes*: at least the states, parameters and tables are read and the derivatives written, each once; at most every
operation by itself reads its operands and writes its result. NumPy is near the upper bound, XLA, which fuses operations
that work element by element, nearer to the lower. Numbers have the item size of the state, truth values one byte, and
positions eight (four at least). What depends on axes alone is computed once, before the first call, unless it is very
large: it is a table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from opjax.compile.once import POSITIONAL, settled_nodes
from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    Constant,
    Contract,
    Gather,
    IntegerPower,
    Interpolate,
    Join,
    Place,
    Reduce,
    Segment,
    Symbol,
    View,
)
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dims

CHEAP = frozenset(
    (
        *("add", "multiply", "divide", "negate", "minimum", "maximum", "abs", "sign", "step", "floor", "ceil", "mod"),
        *("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"),
        *("logical_and", "logical_or", "logical_not", "where"),
    )
)
CLIP, INTERPOLATION, BEND, CURVATURE = 2, 5, 14, 12
INDEX_BYTES = 8


@dataclass(frozen=True, slots=True)
class Costs:
    """What one call costs; see the text of this module.

    Arguments:
        flops: operations on numbers.
        function_values: values of exp, log, sin, pow, sqrt, ...
        least_bytes: what every implementation reads and writes.
        most_bytes: what is read and written if every operation runs by itself.
    """

    flops: int
    function_values: int
    least_bytes: int
    most_bytes: int


@dataclass(slots=True)
class Counter:
    """Counts what a program costs.

    Arguments:
        program: what is computed; all its axes have a size.
        itemsize: the bytes of one number.
        outputs: how many numbers the result has.
    """

    program: Program
    itemsize: int
    outputs: int
    nodes: list[AnyNode] = field(init=False)
    settled: set[int] = field(init=False)
    uses: dict[int, int] = field(default_factory=dict[int, int])

    def __post_init__(self) -> None:
        self.nodes = self.program.nodes
        tables = {n.number for n in self.nodes if isinstance(n, Symbol) and n.role in POSITIONAL}
        self.settled = tables | settled_nodes(self.nodes, self.program.axes)
        for node in self.nodes:
            for operand in node.operands:
                self.uses[operand.number] = self.uses.get(operand.number, 0) + 1
        for root in self.program.roots.values():
            self.uses[root.number] = self.uses.get(root.number, 0) + 1

    @property
    def working(self) -> list[AnyNode]:
        """The operations that every call carries out."""
        return [node for node in self.nodes if node.operands and node.number not in self.settled]

    def costs(self) -> Costs:
        """What one call costs."""
        flops = values = moved = 0
        for node in self.working:
            own, functions = self.operations(node)
            flops, values, moved = flops + own, values + functions, moved + self.traffic(node)
        written = self.outputs * self.itemsize
        return Costs(flops, values, self.read_once() + written, moved + 2 * written)

    def cells(self, dims: Dims) -> int:
        """The elements of a value."""
        return cells(dims, self.program.axes)

    def operations(self, node: AnyNode) -> tuple[int, int]:
        """The operations on numbers, and the function values, of one operation."""
        count = self.cells(node.dims)
        match node:
            case Apply():
                return self.applied(node, count)
            case IntegerPower():
                return multiplications(node.exponent) * count, 0
            case Reduce():
                return self.cells(node.operand.dims) - count, 0
            case Contract():
                return len(node.factors) * self.cells(node.dims + node.over), 0
            case Interpolate():
                curved = CURVATURE * self.cells(node.table.dims) + BEND * count if node.between == "cubic" else 0
                return (0 if node.between == "previous" else INTERPOLATION) * count + curved, 0
            case Segment():
                return len(node.positions), 0
            case Place():
                return count, 0
            case _:
                return 0, 0

    def applied(self, node: Apply, count: int) -> tuple[int, int]:
        """Those of a function, element by element."""
        if _only_stops(node):
            return 0, 0
        if node.function == "clip":
            return CLIP * count, 0
        if node.function not in CHEAP:
            return 0, count
        if node.function == "where" or len(node.arguments) < 2:
            return count, 0
        subtracted = sum(
            self.cells(a.dims)
            for a in node.arguments[1:]
            if node.function == "add" and self.uses[a.number] == 1 and isinstance(a, Apply) and a.function == "negate"
        )
        return (len(node.arguments) - 1) * count - subtracted, 0

    def traffic(self, node: AnyNode) -> int:
        """The bytes that one operation reads and writes by itself."""
        own = self.bytes(node)
        read = sum(self.bytes(operand) for operand in node.operands)
        match node:
            case View():
                return 2 * own if is_moved(node) else 0
            case IntegerPower():
                return 3 * own * multiplications(node.exponent)
            case Gather():
                return 2 * own + INDEX_BYTES * len(node.positions)
            case Segment():
                return read + own + INDEX_BYTES * len(node.positions)
            case Apply() if _only_stops(node):
                return 0
            case Apply():
                between = max(0, len(node.arguments) - 2) if node.function != "where" else 0
                return read + (1 + 2 * between) * own
            case _:
                return read + own

    def bytes(self, node: AnyNode) -> int:
        """The bytes of a value; literal numbers have none."""
        if isinstance(node, Constant):
            return 0
        return self.cells(node.dims) * (1 if node.kind == "boolean" else self.itemsize)

    def read_once(self) -> int:
        """The bytes of all states, parameters and tables that are read."""
        used = {operand.number: operand for node in self.working for operand in node.operands}
        used |= {root.number: root for root in self.program.roots.values()}
        tables = sum(self.bytes(n) for n in used.values() if isinstance(n, Symbol) or n.number in self.settled)
        return (
            tables + sum(INDEX_BYTES * len(n.positions) for n in self.working if isinstance(n, Gather | Segment)) // 2
        )

    def arrays(self) -> list[AnyNode]:
        """The operations whose results are arrays of their own, none of them an element of the state vector."""
        return [
            node
            for node in self.working
            if node.dims
            and not (isinstance(node, View) and not is_moved(node))
            and not (isinstance(node, Apply) and _only_stops(node))
            and not (isinstance(node, Join) and all(isinstance(part, Symbol) for part in node.parts))
        ]


def cells(dims: Dims, axes: Mapping[str, Axis]) -> int:
    """The elements of a value over some dims; 0 where one, such as the times of an input, comes with the data."""
    return math.prod((axis.size if (axis := axes.get(dim.axis)) else None) or 0 for dim in dims)


def multiplications(exponent: int) -> int:
    """How many operations repeated squaring takes; a negative power has a division more, and that of 0 is a number."""
    power = abs(exponent)
    return max(0, power.bit_length() + power.bit_count() - 2) + (exponent < 0)


def is_moved(node: View) -> bool:
    """Whether a view is a copy: what is shifted is, and what is picked or renamed is not."""
    return any(isinstance(s, Along) and s.offset for s in node.selections)


def _only_stops(node: Apply) -> bool:
    """Whether an operation only stops a gradient: it, and the choice between a value and itself without one."""
    if node.function != "where":
        return node.function == "stop_gradient"
    _, chosen, other = node.arguments
    return isinstance(other, Apply) and other.function == "stop_gradient" and other.arguments[0] is chosen
