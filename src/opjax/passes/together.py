"""Together: terms of a sum that are multiplied with the same array are added up first, and multiplied once.

``r[i]*x[i] - x[i]*sum(A[i, j]*x[j] for j)`` goes over arrays for each product, ``x[i]*(r[i] - ...)`` for one less. What
`opjax.passes.common` does for numbers is done here for states; products of which something else is made stay as they
are.

Law: sums and products are taken in another order. While nothing overflows or falls below the least normal number, a sum
of n products of at most k factors differs by at most n + k units in the last place of the sum of their absolute values;
zeros may have another sign, and where the array is infinite, undefined may become infinite.
Benchmark: Lotka's and Volterra's species in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from opjax.ir.nodes import AnyNode, Apply, Graph, Symbol
from opjax.ir.program import Program, copy_node, is_negated, rebuild

Term = tuple[AnyNode, bool]
"""A term without its sign, and whether it is subtracted."""


def together(program: Program) -> Program:
    """The same values with one product for terms that have a state in common."""
    sums = [node for node in program.arrays if isinstance(node, Apply) and node.function == "add"]
    if not sums:
        return program
    uses = program.uses
    found = {n.number: s for n in sums if (s := _common_state(n, uses)) is not None}
    if not found:
        return program

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if node.number not in found:
            return copy_node(graph, node, operands)
        return _joined(graph, node, operands, found[node.number])

    return rebuild(program, rule, lambda node: node.number in found)


def _common_state(node: AnyNode, uses: Mapping[int, int]) -> AnyNode | None:
    """The state over all dims of a sum that most of its products have as a factor, if two have one."""
    counts: Counter[int] = Counter()
    states: dict[int, AnyNode] = {}
    for operand in node.operands:
        for factor in {f.number: f for f in _states_of(operand, node, uses)}.values():
            counts[factor.number] += 1
            states[factor.number] = factor
    best = max(counts, key=lambda number: (counts[number], -number), default=None)
    return states[best] if best is not None and counts[best] > 1 else None


def _states_of(operand: AnyNode, total: AnyNode, uses: Mapping[int, int]) -> Sequence[AnyNode]:
    """The states among the factors of a term that nobody else uses."""
    if uses[operand.number] > 1:
        return ()
    product, _ = _signed(operand)
    if product is not operand and uses[product.number] > 1:
        return ()
    if not isinstance(product, Apply) or product.function != "multiply":
        return ()
    return [f for f in product.operands if isinstance(f, Symbol) and f.role == "state" and f.dims == total.dims]


def _joined(graph: Graph, node: AnyNode, operands: Sequence[AnyNode], state: AnyNode) -> AnyNode:
    """The sum with the terms that have the state as a factor as one, where the first of them was."""
    inner: list[AnyNode] = []
    left: list[AnyNode | None] = []
    for operand in operands:
        rest = _without(graph, operand, state)
        if rest is None:
            left.append(operand)
        else:
            if not inner:
                left.append(None)
            inner.append(rest)
    if len(inner) < 2:
        return copy_node(graph, node, tuple(operands))
    product = graph.apply("multiply", (graph.apply("add", inner), state))
    terms = [product if term is None else term for term in left]
    return terms[0] if len(terms) == 1 else graph.apply("add", terms, node.span)


def _without(graph: Graph, operand: AnyNode, state: AnyNode) -> AnyNode | None:
    """A term without one factor, with its sign; None if it has no such factor."""
    product, minus = _signed(operand)
    if not isinstance(product, Apply) or product.function != "multiply" or state not in product.operands:
        return None
    factors = list(product.operands)
    factors.remove(state)
    rest = factors[0] if len(factors) == 1 else graph.apply("multiply", factors)
    return graph.apply("negate", (rest,)) if minus else rest


def _signed(node: AnyNode) -> Term:
    minus = False
    while is_negated(node):
        node, minus = node.operands[0], not minus
    return node, minus
