"""Fold: what depends on nothing is computed now, in floating point; only rules that change no value are used.

Constants are computed by the functions that define the language, and sizes of axes become numbers. A factor of 1, a
division by 1, a power of 1 and two minus signs disappear, a number to the power of 0 is 1, and a condition that is
known chooses: all exact for every value. What is not: ``0*x`` is no 0 where x is infinite or undefined, ``x + 0`` turns
-0 into 0, ``x - x`` and ``x/x`` fail where x is infinite, ``x/3`` as a product with 1/3 and sums in another order are
rounded otherwise. These stay.

Law: no value changes by a bit, be it infinite, undefined or -0.
Benchmark: every row; that of Fisher-KPP in `benchmarks/time_warm_call.py`, whose mesh width is a number afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from opjax.ir.evaluate import integer_power
from opjax.ir.functions import FUNCTIONS
from opjax.ir.nodes import AnyNode, Apply, Constant, Graph, IntegerPower, Symbol
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.table import CONDITION, NUMBER, SAME, UNIT, Mask, NodeTable, Numbers


def fold(program: Program) -> Program:
    """The same values with everything constant computed."""
    if not any(map(_concerns, _may_concern(program))):
        return program
    axes = program.axes

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if isinstance(node, Symbol) and node.role == "size":
            size = axes[node.name].size
            return copy_node(graph, node, operands) if size is None else graph.constant(float(size), node.span)
        if isinstance(node, Apply):
            return _apply(graph, node, operands)
        if isinstance(node, IntegerPower):
            return _power(graph, node, operands)
        return copy_node(graph, node, operands)

    return rebuild(program, rule, _concerns)


def _may_concern(program: Program) -> Iterable[AnyNode]:
    """All nodes; of a large program, those for which there may be a rule, found for all of them together."""
    if not program.is_large:
        return program.nodes
    table, numbers = program.table, program.numbers
    odd = np.array([isinstance(found, int) or found in ODD for found in table.known])  # sizes, arrays, powers
    rows = numbers[table.counts[numbers] > 0]
    counts, below = table.counts[rows], table.operands(rows)
    starts = np.cumsum(counts) - counts
    constant, one = _constants(program.graph, table, numbers[table.counts[numbers] == 0])
    negative = table.codes == table.known.get("negate", -1)
    found = np.logical_and.reduceat(constant[below], starts) | np.logical_or.reduceat(one[below], starts)
    found |= negative[rows] & negative[below[starts]]
    found |= (table.codes[rows] == table.known.get("where", -1)) & constant[below[starts]]
    return program.graph.nodes(np.concatenate([numbers[odd[table.codes[numbers]]], rows[found]]).tolist())


ODD = frozenset(((UNIT,), (CONDITION,), (SAME,)))
"""What is no operation on scalars, state, parameter or number is looked at itself."""


def _constants(graph: Graph, table: NodeTable, leaves: Numbers) -> tuple[Mask, Mask]:
    """Which nodes are constants, and which of these are 1."""
    constant, one = np.zeros(table.codes.size, bool), np.zeros(table.codes.size, bool)
    may = [table.known[(shape,)] for shape in (NUMBER, SAME)]
    for node in graph.nodes(leaves[np.isin(table.codes[leaves], may)].tolist()):
        constant[node.number] = isinstance(node, Constant)
        one[node.number] = _is(node, 1.0)
    return constant, one


def _concerns(node: AnyNode) -> bool:
    if type(node) is Apply:
        if node.function == "negate":
            (operand,) = node.operands
            return type(operand) is Constant or (type(operand) is Apply and operand.function == "negate")
        return Constant in map(type, node.operands) and _may_fold(node)
    if isinstance(node, Symbol):
        return node.role == "size"
    return isinstance(node, IntegerPower) and (node.exponent in (0, 1) or isinstance(node.base, Constant))


def _may_fold(node: Apply) -> bool:
    """Whether there is a rule for an operation of which at least one operand is a number."""
    if all(type(operand) is Constant for operand in node.operands):
        return True
    match node.function:
        case "multiply":
            return any(_is(operand, 1.0) for operand in node.operands)
        case "divide":
            return _is(node.operands[1], 1.0)
        case "where":
            return isinstance(node.operands[0], Constant)
        case _:
            return False


def _apply(graph: Graph, node: Apply, operands: tuple[AnyNode, ...]) -> AnyNode:
    values = [o.value for o in operands if isinstance(o, Constant)]
    if len(values) == len(operands):
        return graph.constant(FUNCTIONS[node.function].reference(*values), node.span)
    match node.function:
        case "multiply":
            kept = [o for o in operands if not _is(o, 1.0)]
            if len(kept) == 1 and kept[0].dims == node.dims:
                return kept[0]
            operands = tuple(kept) if len(kept) > 1 else operands
        case "divide" if _is(operands[1], 1.0):
            return operands[0]
        case "where" if isinstance(operands[0], Constant):
            chosen = operands[1] if operands[0].value else operands[2]
            if chosen.dims == node.dims:
                return chosen
        case "negate" if isinstance(operands[0], Apply) and operands[0].function == "negate":
            return operands[0].arguments[0]
        case _:
            pass
    return graph.apply(node.function, operands, node.span)


def _power(graph: Graph, node: IntegerPower, operands: tuple[AnyNode, ...]) -> AnyNode:
    base = operands[0]
    if node.exponent == 1:
        return base
    if node.exponent == 0 and not node.dims:
        return graph.constant(1.0, node.span)
    if isinstance(base, Constant):
        return graph.constant(integer_power(float(base.value), node.exponent), node.span)
    return graph.integer_power(base, node.exponent, node.span)


def _is(node: AnyNode, value: float) -> bool:
    return isinstance(node, Constant) and node.kind == "real" and node.value == value
