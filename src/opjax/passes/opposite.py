"""Opposite: a difference that is minus another one is made of it, and its sign goes where it costs least.

Bodies that attract each other are written with ``(x[j] - x[i])^2`` and ``x[i] - x[j]``, exchange between two places
with ``a[i] - b[i]`` and ``b[i] - a[i]``: one array for both. The minus sign goes to a number, or leaves products,
quotients and sums over axes, which are smaller; squares lose it.

Law: zeros may have another sign, and with them what is divided by them; no other value changes by a bit.
Benchmark: bodies that attract each other in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opjax.ir.nodes import AnyNode, Apply, Contract, Graph, IntegerPower, Reduce
from opjax.ir.program import Program, copy_node, is_negated, rebuild
from opjax.passes.differences import ODD

EVEN = frozenset(("cos", "cosh", "abs"))
PASSED = ODD | {"multiply", "divide"}
"""Functions of which a sign of an operand is one of the result."""


def opposite(program: Program) -> Program:
    """The same values with one difference where there were two opposite ones."""
    found = {pair: node.number for node in program.arrays if (pair := _pair(node))}
    later = {
        number: is_negated(program.graph[before].operands[0]) == is_negated(program.graph[number].operands[0])
        for (one, other), number in found.items()
        if (before := found.get((other, one), number)) < number
    }
    if not later:
        return program
    return rebuild(program, _Signs(later).rule, lambda node: node.number in later)


def _pair(node: AnyNode) -> tuple[int, int] | None:
    """Of a difference of two, from what is subtracted what."""
    if type(node) is not Apply or node.function != "add" or not node.dims or len(node.operands) != 2:
        return None
    one, other = node.operands
    if is_negated(one) == is_negated(other):
        return None
    if is_negated(one):
        one, other = other, one
    return one.number, other.operands[0].number


@dataclass(frozen=True, slots=True)
class _Signs:
    """Turns differences round, and moves their signs outwards.

    Arguments:
        later: the differences of which there is the opposite before, and whether that has its terms in the other order.
        negated: the nodes that are minus another because of that.
    """

    later: Mapping[int, bool]
    negated: set[int] = field(default_factory=set[int])

    def rule(self, graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        """The node of the new graph."""
        if node.number in self.later:
            turned = tuple(o.operands[0] if is_negated(o) else graph.apply("negate", (o,)) for o in operands)
            ordered = turned[::-1] if self.later[node.number] else turned
            return self.minus(graph, graph.apply("add", ordered, node.span))
        signs = [operand.number in self.negated for operand in operands]
        if not any(signs):
            return copy_node(graph, node, operands)
        inner = tuple(o.operands[0] if sign else o for o, sign in zip(operands, signs, strict=True))
        if self.loses(node):
            return copy_node(graph, node, inner)
        if is_negated(node):
            return inner[0]
        if self.passes(node):
            at = next((at for at, o in enumerate(inner) if not o.dims and node.dims and isinstance(node, Apply)), None)
            if at is not None and sum(signs) % 2:
                number = graph.apply("negate", (inner[at],))
                return copy_node(graph, node, (*inner[:at], number, *inner[at + 1 :]))
            made = copy_node(graph, node, inner)
            return self.minus(graph, made) if sum(signs) % 2 else made
        return copy_node(graph, node, operands)

    def minus(self, graph: Graph, node: AnyNode) -> AnyNode:
        """Minus a node, noted as such."""
        made = graph.apply("negate", (node,))
        self.negated.add(made.number)
        return made

    def loses(self, node: AnyNode) -> bool:
        """Whether it is the same for both signs of its operand."""
        if isinstance(node, Apply):
            return node.function in EVEN
        return isinstance(node, IntegerPower) and node.exponent % 2 == 0

    def passes(self, node: AnyNode) -> bool:
        """Whether a sign of an operand is one of the result."""
        if isinstance(node, Reduce):
            return node.reduction == "sum"
        return isinstance(node, Contract | IntegerPower) or (isinstance(node, Apply) and node.function in PASSED)
