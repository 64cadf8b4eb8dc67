"""Ratios: in equations written one by one, what several terms divide alike is divided once, before their own numbers.

``0.3*x7/(1 + x7)`` in one equation and ``0.8*x7/(1 + x7)`` in another are numbers times the same ratio, though each is
written as a product over something. All such terms are taken so, or none: equations of one shape stay of one shape.

Law: numbers are multiplied with a quotient, and not the other way round. While nothing overflows, each term differs by
at most two units in the last place.
Benchmark: patches in `benchmarks/time_flat_equations.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from opjax.ir.nodes import AnyNode, Apply, Graph
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.types import Role

FEWEST = 16
"""Terms from which on equations are looked at."""
NUMBERS: frozenset[Role] = frozenset(("parameter",))


def ratios(program: Program) -> Program:
    """The same values with numbers times ratios that several terms share."""
    if "divide" not in program.functions:
        return program
    terms = {node.number: key for node in program.applied("divide") if (key := _key(node)) is not None}
    if len(terms) < FEWEST or 2 * len(set(terms.values())) > len(terms):
        return program

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if node.number not in terms:
            return copy_node(graph, node, operands)
        product, bottom = operands
        numbers = [factor for factor in product.operands if factor.roles <= NUMBERS]
        top = [factor for factor in product.operands if not factor.roles <= NUMBERS]
        over = top[0] if len(top) == 1 else graph.apply("multiply", top)
        return graph.apply("multiply", (*numbers, graph.apply("divide", (over, bottom), node.span)), node.span)

    return rebuild(program, rule, lambda node: node.number in terms)


def _key(node: AnyNode) -> tuple[int, ...] | None:
    """What a product of scalars and numbers over something is without the numbers."""
    if not isinstance(node, Apply) or node.function != "divide" or node.dims:
        return None
    product, bottom = node.operands
    if not isinstance(product, Apply) or product.function != "multiply" or bottom.roles <= NUMBERS:
        return None
    top = tuple(_varying(product))
    return (*top, bottom.number) if 0 < len(top) < len(product.operands) else None


def _varying(product: Apply) -> Iterator[int]:
    return (factor.number for factor in product.operands if not factor.roles <= NUMBERS)
