"""Leading: a sum does not begin with two terms that are subtracted, since the first would take an operation more.

``-infection - ageing + births`` is ``births - infection - ageing``.

Law: a sum is taken in another order: of n terms it differs by at most n units in the last place of the sum of their
absolute values.
Benchmark: SIRS with vaccination in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

from opjax.ir.nodes import AnyNode, Apply, Graph
from opjax.ir.program import Program, copy_node, is_negated, rebuild


def leading(program: Program) -> Program:
    """The same values with what is added first in sums."""
    if "negate" not in program.functions or not any(map(_first, program.applied("add"))):
        return program

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        first = _first(node)
        if not first:
            return copy_node(graph, node, operands)
        return graph.apply("add", (operands[first], *operands[:first], *operands[first + 1 :]), node.span)

    return rebuild(program, rule, lambda node: _first(node) > 0)


def _first(node: AnyNode) -> int:
    """Which term of a sum is to be the first; zero where all is well."""
    if (
        not isinstance(node, Apply)
        or node.function != "add"
        or not (is_negated(node.operands[0]) and is_negated(node.operands[1]))
    ):
        return 0
    return next(
        (place for place, term in enumerate(node.operands) if term.dims == node.dims and not is_negated(term)), 0
    )
