"""Dots: the sum of a product of two vectors becomes one operation, since products and sums are two.

``sum(m[b]*u[b] for b in age)`` is ``m.dot(u)``; of more factors the last is apart.

Law: a sum is taken in another order, as in *contract*: a sum of n products of k factors differs by at most n + k units
in the last place of the sum of their absolute values.
Benchmark: McKendrick's ages in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

from opjax.ir.nodes import AnyNode, Apply, Graph, Reduce
from opjax.ir.program import Program, copy_node, rebuild


def dots(program: Program) -> Program:
    """The same values with sums of products of vectors as one operation."""
    if Reduce not in program.kinds:
        return program
    uses = program.uses

    def concerns(node: AnyNode) -> bool:
        if not isinstance(node, Reduce) or node.reduction != "sum" or len(node.operand.dims) != 1:
            return False
        product = node.operand
        is_product = isinstance(product, Apply) and product.function == "multiply" and uses[product.number] == 1
        return is_product and all(factor.dims == product.dims for factor in product.operands)

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if not concerns(node):
            return copy_node(graph, node, operands)
        assert isinstance(node, Reduce)
        *first, last = operands[0].operands
        product = first[0] if len(first) == 1 else graph.apply("multiply", first, node.span)
        return graph.contract((product, last), node.over, node.span)

    return rebuild(program, rule, concerns)
