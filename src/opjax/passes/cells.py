"""Cells: a rate that is written cell by cell becomes one vector, and not a sum of as many masks as there are cells.

``x[a="young"]' = ...`` gives the rate of one cell, zero elsewhere; the rate of x is the sum of such terms. Where most
cells of an axis have terms of their own, they are added up cell by cell and joined.

Law: no value changes by a bit but for the sign of a zero; where the rate has other terms as well, they are added last.
Benchmark: a ring of genes in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

from opjax.ir.nodes import AnyNode, Apply, Graph, Place
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.types import Axis, Dim

FEWEST_CELLS = 4
PART = 4
"""One cell in so many must have a term of its own."""


def cells(program: Program) -> Program:
    """The same values with rates that are written cell by cell as vectors."""
    if Place not in program.kinds:
        return program
    roots = {root.number for root in program.roots.values()}

    def dim_of(node: AnyNode) -> Dim | None:
        if node.number not in roots or not isinstance(node, Apply) or node.function != "add":
            return None
        dims = {argument.dims for argument in node.arguments if _is_cell(argument)}
        if len(dims) != 1:
            return None
        (dim,) = dims.pop()
        places = {argument.position for argument in node.arguments if isinstance(argument, Place)}
        return dim if len(places) >= max(FEWEST_CELLS, _size(program.axes[dim.axis]) // PART) else None

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        dim = dim_of(node)
        if dim is None:
            return copy_node(graph, node, operands)
        joined = _joined(graph, operands, dim, _size(program.axes[dim.axis]))
        rest = [operand for operand in operands if not _is_cell(operand)]
        return graph.apply("add", (joined, *rest), node.span) if rest else joined

    return rebuild(program, rule, lambda node: dim_of(node) is not None)


def _joined(graph: Graph, operands: tuple[AnyNode, ...], dim: Dim, size: int) -> AnyNode:
    """The terms of each cell added up, one cell behind the other."""
    terms: list[list[AnyNode]] = [[] for _ in range(size)]
    for operand in operands:
        if isinstance(operand, Place) and _is_cell(operand):
            terms[operand.position].append(operand.operand)
    sums = [graph.apply("add", cell) if len(cell) > 1 else cell[0] if cell else graph.constant(0.0) for cell in terms]
    return graph.join(sums, dim)


def _is_cell(node: AnyNode) -> bool:
    """Whether a node is a scalar at one point of an axis."""
    return isinstance(node, Place) and not node.operand.dims


def _size(axis: Axis) -> int:
    return axis.size or 0
