"""Quotients: what is divided by something anyway is not multiplied first and divided again.

``Q*x[i]/K[i]`` beside ``x[i]/K[i]``, as in the flow out of an organ and the concentration in it, is Q times the latter.

Law: products and quotients are taken in another order. While nothing overflows or falls below the least normal number,
a product of k factors over another differs by at most k units in the last place.
Benchmark: organs in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from opjax.ir.nodes import AnyNode, Apply, Graph
from opjax.ir.program import Program, copy_node, rebuild

Key = tuple[int, int]


def quotients(program: Program) -> Program:
    """The same values with quotients that are there used in products."""
    if "divide" not in program.functions or "multiply" not in program.functions:
        return program
    known = {(n.operands[0].number, n.operands[1].number): n for n in program.arrays if _is(n, "divide")}
    if not known:
        return program
    uses = program.uses
    found = {node.number: key for node in program.arrays if (key := _known_in(node, known, uses)) is not None}
    if not found:
        return program

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if node.number not in found:
            return copy_node(graph, node, operands)
        product, divisor = operands
        place = next(at for at, f in enumerate(node.operands[0].operands) if f.number == found[node.number][0])
        if not _is(product, "multiply") or place >= len(product.operands):
            return copy_node(graph, node, operands)
        factors = list(product.operands)
        factors[place] = graph.apply("divide", (factors[place], divisor))
        return graph.apply("multiply", factors, node.span)

    return rebuild(program, rule, lambda node: node.number in found)


def _known_in(node: AnyNode, known: dict[Key, AnyNode], uses: Mapping[int, int]) -> Key | None:
    """The quotient of one factor of a product and what it is divided by, if it is made anyway."""
    if not _is(node, "divide") or not _is(node.operands[0], "multiply") or uses[node.operands[0].number] > 1:
        return None
    keys = ((factor.number, node.operands[1].number) for factor in node.operands[0].operands)
    return next((key for key in keys if key in known), None)


def _is(node: AnyNode, function: str) -> bool:
    return isinstance(node, Apply) and node.function == function
