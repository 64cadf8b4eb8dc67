"""Contract: a sum over a product becomes matrix products, two factors at a time, with no temporary over all dims.

``sum(C[age, b]*I[b]/N[b] for b in age)`` is ``C`` times the vector ``I/N``. Factors that the sum does not run over
leave it; factors over the same dims are combined first; of several, the cheapest pair is contracted first.

Law: products and sums are taken in another order. While nothing overflows, a sum of n products of k factors differs by
at most n + k units in the last place of the sum of their absolute values; it is the same where all are whole numbers.
Benchmark: the SEIR models with contacts in `benchmarks/time_warm_call.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from opjax.ir.nodes import AnyNode, Apply, Graph, Reduce
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.types import Axis, Dims, sorted_dims

UNKNOWN_SIZE = 32


def contract(program: Program) -> Program:
    """The same values with sums of products as contractions."""
    if Reduce not in program.kinds:
        return program
    axes = program.axes

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if isinstance(node, Reduce) and node.reduction == "sum":
            return _Contraction(graph, axes, node.over).sum(operands[0], node)
        return copy_node(graph, node, operands)

    return rebuild(program, rule, lambda node: isinstance(node, Reduce) and node.reduction == "sum")


@dataclass(frozen=True, slots=True)
class _Contraction:
    graph: Graph
    axes: Mapping[str, Axis]
    over: Dims

    def sum(self, body: AnyNode, node: Reduce) -> AnyNode:
        """The sum of a product over `over`."""
        factors = _factors(body)
        outside = [f for f in factors if not set(f[0].dims) & set(self.over)]
        inside = [f for f in factors if set(f[0].dims) & set(self.over)]
        groups = self.alone(self.combined(inside), node)
        if len(groups) < 2 and not outside:
            return self.graph.reduce("sum", body, node.over, node.span)
        total = self.product(groups, node)
        return self.scaled(total, outside, node)

    def combined(self, factors: list[tuple[AnyNode, bool]]) -> list[AnyNode]:
        """Factors over the same dims as one; the divisors of no such group divide the smallest factor that has them."""
        groups: dict[Dims, list[AnyNode]] = {}
        for factor, divides in factors:
            if not divides:
                groups.setdefault(factor.dims, []).append(factor)
        made = {dims: self.multiply(group) for dims, group in groups.items()}
        for divisor, divides in factors:
            if divides:
                self.divide(made, divisor)
        return list(made.values())

    def alone(self, groups: list[AnyNode], node: Reduce) -> list[AnyNode]:
        """Sum each group over the dims that no other group has: sum(x[a]*y[b]) is sum(x)*sum(y)."""
        if len(groups) < 2:
            return groups
        summed: list[AnyNode] = []
        for group in groups:
            others = {d for g in groups if g is not group for d in g.dims}
            own = tuple(d for d in group.dims if d in self.over and d not in others)
            summed.append(self.graph.reduce("sum", group, own, node.span))
        return summed

    def divide(self, made: dict[Dims, AnyNode], divisor: AnyNode) -> None:
        hosts = [dims for dims in made if set(divisor.dims) <= set(dims)]
        host = min(hosts, key=lambda dims: (self.size(dims), dims), default=None)
        top = made[host] if host is not None else self.graph.constant(1.0)
        made[divisor.dims if host is None else host] = self.graph.apply("divide", (top, divisor), divisor.span)

    def multiply(self, factors: list[AnyNode]) -> AnyNode:
        return factors[0] if len(factors) == 1 else self.graph.apply("multiply", factors, factors[0].span)

    def size(self, dims: Dims) -> int:
        return math.prod(self.axes[d.axis].size or UNKNOWN_SIZE for d in dims)

    def product(self, groups: list[AnyNode], node: Reduce) -> AnyNode:
        """Contract the cheapest pair until one value is left."""
        left: list[AnyNode] = list(groups)
        while len(left) > 2:
            pairs = [(i, j) for i in range(len(left)) for j in range(i)]
            costs = [self.size(sorted_dims(left[i].dims, left[j].dims)) for i, j in pairs]
            i, j = pairs[costs.index(min(costs))]
            pair: list[AnyNode] = [left[j], left[i]]
            left = [g for place, g in enumerate(left) if place not in (i, j)]
            needed = {d for g in left for d in g.dims}
            here = tuple(d for d in self.over if d in sorted_dims(*(p.dims for p in pair)) and d not in needed)
            left.append(self.graph.contract(pair, here, node.span) if here else self.multiply(pair))
        remaining = tuple(d for d in self.over if any(d in g.dims for g in left))
        if len(left) == 1:
            return self.graph.reduce("sum", left[0], remaining, node.span)
        if not remaining:
            return self.multiply(left)
        return self.graph.contract(left, remaining, node.span)

    def scaled(self, total: AnyNode, outside: list[tuple[AnyNode, bool]], node: Reduce) -> AnyNode:
        """The factors that the sum does not run over."""
        tops = [f for f, divides in outside if not divides]
        value = self.multiply([*tops, total]) if tops else total
        for divisor, divides in outside:
            if divides:
                value = self.graph.apply("divide", (value, divisor), node.span)
        return value


def _factors(body: AnyNode) -> list[tuple[AnyNode, bool]]:
    """The factors of a product, and whether each divides; nested products and quotients are opened."""
    found: list[tuple[AnyNode, bool]] = []
    waiting: list[tuple[AnyNode, bool]] = [(body, False)]
    while waiting:
        node, divides = waiting.pop()
        if isinstance(node, Apply) and node.function == "multiply":
            waiting.extend((argument, divides) for argument in reversed(node.arguments))
        elif isinstance(node, Apply) and node.function == "divide":
            top, bottom = node.arguments
            waiting.extend(((bottom, not divides), (top, divides)))
        else:
            found.append((node, divides))
    return found
