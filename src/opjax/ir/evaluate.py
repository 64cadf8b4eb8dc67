"""The meaning of the typed graph: a slow interpreter, one cell at a time, in Python floating point.

Everything faster is tested to agree with it. It knows nothing of arrays, broadcasting rules or evaluation order tricks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from opjax.ir.functions import FUNCTIONS
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
    ReduceKind,
    Segment,
    Stack,
    Symbol,
    View,
)
from opjax.ir.types import Axis, Dim, Dims

Scalar = float | bool
Cell = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """The values of a node: one for each combination of positions along `dims`."""

    dims: Dims
    values: Mapping[Cell, Scalar]

    def at(self, where: Mapping[Dim, int]) -> Scalar:
        """The value at the given positions; dims that the value lacks are ignored."""
        return self.values[tuple(where[d] for d in self.dims)]


Leaves = Callable[[Symbol, Cell], float]
"""The value of a symbol at a cell; the positions are in the order of ``symbol.axes``."""


def reachable(roots: Iterable[AnyNode]) -> list[AnyNode]:
    """The nodes that the roots are made of, operands first."""
    found: dict[int, AnyNode] = {}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node.number not in found:
            found[node.number] = node
            waiting.extend(node.operands)
    return [found[number] for number in sorted(found)]


def evaluate(roots: Sequence[AnyNode], axes: Mapping[str, Axis], leaves: Leaves) -> list[Cells]:
    """The values of some nodes.

    Arguments:
        roots: the nodes wanted.
        axes: the axes by name; all sizes are known.
        leaves: gives the value of each state, parameter, time, ... at a cell.

    Returns:
        One `Cells` for each root.
    """
    known: dict[int, Cells] = {}
    interpreter = _Interpreter(axes, leaves, known)
    for node in reachable(roots):
        positions = itertools.product(*(range(interpreter.size(d)) for d in node.dims))
        cells = {cell: interpreter.cell(node, dict(zip(node.dims, cell, strict=True))) for cell in positions}
        known[node.number] = Cells(node.dims, cells)
    return [known[root.number] for root in roots]


def constant_value(node: AnyNode) -> Scalar | None:
    """The value of an expression that depends on nothing, or None."""
    if isinstance(node, Constant):  # most defaults
        return node.value
    if node.roles or node.dims:
        return None

    def no_leaves(symbol: Symbol, cell: Cell) -> float:
        raise AssertionError(symbol.name)

    return evaluate([node], {}, no_leaves)[0].values[()]


@dataclass(frozen=True, slots=True)
class _Interpreter:
    axes: Mapping[str, Axis]
    leaves: Leaves
    known: Mapping[int, Cells]

    def size(self, dim: Dim) -> int:
        size = self.axes[dim.axis].size
        assert size is not None, f"the axis {dim.axis} has no labels yet"
        return size

    def read(self, node: AnyNode, where: Mapping[Dim, int]) -> Scalar:
        return self.known[node.number].at(where)

    def cell(self, node: AnyNode, where: Mapping[Dim, int]) -> Scalar:
        match node:
            case Constant():
                return node.value
            case Symbol():
                return self.symbol(node, where)
            case Apply():
                return FUNCTIONS[node.function].reference(*(self.read(a, where) for a in node.arguments))
            case IntegerPower():
                return integer_power(float(self.read(node.base, where)), node.exponent)
            case Reduce():
                return self.reduced(node, where)
            case Contract():
                return self.contracted(node, where)
            case View():
                return self.viewed(node, where)
            case Interpolate():
                return self.interpolated(node, where)
            case Place():
                here = where[node.dim] == node.position
                return self.read(node.operand, where) if here else 0.0
            case Join():
                return self.joined(node, where)
            case Gather():
                return self.read(node.operand, {node.operand.dims[0]: node.positions[where[node.dims[0]]]})
            case Stack():
                return self.read(node.parts[where[node.dim]], {d: i for d, i in where.items() if d != node.dim})
            case Segment():
                return self.added(node, where[node.dims[0]])
            case Opaque():
                raise AssertionError(f"{node.name} cannot be run yet")

    def symbol(self, node: Symbol, where: Mapping[Dim, int]) -> Scalar:
        axis = self.axes.get(node.name)
        match node.role:
            case "size":
                return float(self.size(Dim(node.name)))
            case "position":
                return float(where[node.axes[0]])
            case "coordinate":
                assert axis is not None
                return axis.coordinates[where[node.axes[0]]]
            case "quadrature" | "measure":
                assert axis is not None
                return axis.weights(node.role)[where[node.axes[0]]]
            case _:
                return self.leaves(node, tuple(where[d] for d in node.axes))

    def bound(self, over: Dims, where: Mapping[Dim, int]) -> Iterable[dict[Dim, int]]:
        for cell in itertools.product(*(range(self.size(d)) for d in over)):
            yield {**where, **dict(zip(over, cell, strict=True))}

    def reduced(self, node: Reduce, where: Mapping[Dim, int]) -> float:
        values = [float(self.read(node.operand, inner)) for inner in self.bound(node.over, where)]
        return REDUCTIONS[node.reduction](values)

    def contracted(self, node: Contract, where: Mapping[Dim, int]) -> float:
        bound = self.bound(node.over, where)
        return math.fsum(math.prod(float(self.read(f, inner)) for f in node.factors) for inner in bound)

    def joined(self, node: Join, where: Mapping[Dim, int]) -> Scalar:
        place = where[node.dim]
        for part in node.parts:
            own = node.own(part)
            size = self.size(own) if own else 1
            if place < size:
                return self.read(part, {**where, own: place} if own else where)
            place -= size
        raise AssertionError("a joined vector is as long as its axis")

    def added(self, node: Segment, place: int) -> float:
        (dim,) = node.operand.dims
        return math.fsum(float(self.read(node.operand, {dim: i})) for i, to in enumerate(node.positions) if to == place)

    def viewed(self, node: View, where: Mapping[Dim, int]) -> Scalar:
        inner: dict[Dim, int] = {}
        for dim, selection in zip(node.operand.dims, node.selections, strict=True):
            match selection:
                case AtPosition():
                    inner[dim] = selection.position
                case Along():
                    place = where[selection.dim] + selection.offset
                    size = self.size(dim)
                    if selection.edge == "periodic":
                        place %= size
                    elif selection.edge == "stay":
                        place = min(max(place, 0), size - 1)
                    elif not 0 <= place < size:
                        return 0.0
                    inner[dim] = place
        return self.read(node.operand, inner)

    def interpolated(self, node: Interpolate, where: Mapping[Dim, int]) -> float:
        """The value between the two points around the place; at and beyond the ends, that of the end."""
        points = self.axes[node.dim.axis].coordinates
        at = float(self.read(node.at, where))
        before = sum(not at < point for point in points[1:])  # what is no number lies behind all points
        value = float(self.read(node.table, {**where, node.dim: before}))
        if node.between == "previous" or at <= points[0] or before == len(points) - 1:
            return value
        part = (at - points[before]) / (points[before + 1] - points[before])
        line = (1.0 - part) * value + part * float(self.read(node.table, {**where, node.dim: before + 1}))
        if node.between == "linear":
            return line
        table = [float(self.read(node.table, {**where, node.dim: place})) for place in range(len(points))]
        return line + bend(points, table, before, part)


def bend(points: Sequence[float], table: Sequence[float], before: int, part: float) -> float:
    """How far the natural cubic spline through a table lies above the straight line in an interval.

    Arguments:
        points: increasing.
        table: the value at each of them.
        before: the interval: that behind this point.
        part: where in it, 0 to 1.

    Source: C. de Boor, A Practical Guide to Splines (1978), chapter IV.
    """
    steps = [after - point for point, after in itertools.pairwise(points)]
    slopes = [(after - value) / step for (value, after), step in zip(itertools.pairwise(table), steps, strict=True)]
    pivots, sums = [1.0], [0.0]  # zero at the first point; then one equation for each inner point
    for place in range(1, len(steps)):
        factor = steps[place - 1] / pivots[-1] if place > 1 else 0.0
        pivots.append(2.0 * (steps[place - 1] + steps[place]) - factor * steps[place - 1])
        sums.append(6.0 * (slopes[place] - slopes[place - 1]) - factor * sums[-1])
    second = [0.0] * len(points)
    for place in range(len(steps) - 1, 0, -1):
        second[place] = (sums[place] - steps[place] * second[place + 1]) / pivots[place]
    rest = 1.0 - part
    both = (rest**3 - rest) * second[before] + (part**3 - part) * second[before + 1]
    return steps[before] ** 2 / 6.0 * both


def _sum(values: Sequence[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total


def _prod(values: Sequence[float]) -> float:
    product = 1.0
    for value in values:
        product *= value
    return product


def _least(values: Sequence[float]) -> float:
    return math.nan if any(math.isnan(v) for v in values) else min(values, default=math.inf)


def _greatest(values: Sequence[float]) -> float:
    return math.nan if any(math.isnan(v) for v in values) else max(values, default=-math.inf)


REDUCTIONS: Mapping[ReduceKind, Callable[[Sequence[float]], float]] = {
    "sum": _sum,
    "prod": _prod,
    "min": _least,
    "max": _greatest,
}


def integer_power(base: float, exponent: int) -> float:
    """``base ^ exponent`` by repeated squaring; a negative exponent is the reciprocal."""
    result, square, left = 1.0, base, abs(exponent)
    while left:
        if left & 1:
            result *= square
        square *= square
        left >>= 1
    if exponent >= 0:
        return result
    return float(FUNCTIONS["divide"].reference(1.0, result))
