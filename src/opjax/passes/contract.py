"""Contract: a sum over a product becomes matrix products, two factors at a time, with no temporary over all dims.

``sum(C[age, b]*I[b]/N[b] for b in age)`` is ``C`` times the vector ``I/N``, and ``sum(C[age, b]/N[b] for b in age)``
that times ``1/N``. Factors that the sum does not run over leave it; factors over the same dims are combined first; of
several, the cheapest pair is contracted first. A sum of
products with differences such as ``x[j] - x[i]`` among their factors, or sines and cosines of these, is first opened to
several sums of products (`opjax.passes.opening`).

Law: products and sums are taken in another order. While nothing overflows, a sum of n products of k factors differs by
at most n + k units in the last place of the sum of their absolute values, where a difference counts as its terms, and a
sine or cosine of one as 4; it is the same where all are whole numbers.
Benchmark: bursting neurons in `benchmarks/time_passes.py`; the SEIR models with contacts, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from opjax.ir.nodes import AnyNode, Graph, Reduce
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.types import Dims, sorted_dims
from opjax.passes.factors import Factor, Grouping, Term, term_of
from opjax.passes.opening import Opening


def contract(program: Program) -> Program:
    """The same values with sums of products as contractions."""
    if Reduce not in program.kinds:
        return program
    axes = program.axes

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if isinstance(node, Reduce) and node.reduction == "sum":
            return _Contraction(Grouping(graph, axes), node.over).sum(operands[0], node)
        return copy_node(graph, node, operands)

    return rebuild(program, rule, lambda node: isinstance(node, Reduce) and node.reduction == "sum")


@dataclass(frozen=True, slots=True)
class _Contraction:
    grouping: Grouping
    over: Dims

    @property
    def graph(self) -> Graph:
        return self.grouping.graph

    def sum(self, body: AnyNode, node: Reduce) -> AnyNode:
        """The sum of some products over `over`."""
        opened = Opening(self.grouping, self.over).terms(body)
        if opened is None:
            return self.sum_of(term_of(body), node) or self.graph.reduce("sum", body, self.over, node.span)
        terms, left = opened
        found = [self.sum_of(term, node) or self.plain(term, node) for term in terms]
        if left:
            rest = left[0] if len(left) == 1 else self.graph.apply("add", left, node.span)
            found.append(self.sum(rest, node))
        return found[0] if len(found) == 1 else self.graph.apply("add", found, node.span)

    def sum_of(self, term: Term, node: Reduce) -> AnyNode | None:
        """The sum of a product over `over`; None where the sum of all of it is as good."""
        outside = [f for f in term.factors if not set(f[0].dims) & set(self.over)]
        inside = [f for f in term.factors if set(f[0].dims) & set(self.over)]
        groups = self.alone(self.grouping.combined(inside), node)
        if len(groups) < 2 and any(divides for _, divides in inside):
            groups = self.alone(self.grouping.combined(inside, apart=True), node)
        if len(groups) < 2 and not outside:
            return None
        missing = set(self.over) - {dim for factor, _ in inside for dim in factor.dims}
        count = self.grouping.size(tuple(missing)) if missing else 1
        total = self.product(groups, node) if groups else None
        return self.signed(self.scaled(total, count, outside, node), term.minus, node)

    def plain(self, term: Term, node: Reduce) -> AnyNode:
        """The sum of one factor."""
        body = self.grouping.smallest_first(term.factors)
        over = tuple(dim for dim in self.over if dim in body.dims)
        return self.signed(self.graph.reduce("sum", body, over, node.span), term.minus, node)

    def signed(self, value: AnyNode, minus: bool, node: Reduce) -> AnyNode:
        return self.graph.apply("negate", (value,), node.span) if minus else value

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

    def product(self, groups: list[AnyNode], node: Reduce) -> AnyNode:
        """Contract the cheapest pair until one value is left."""
        left: list[AnyNode] = list(groups)
        while len(left) > 2:
            pairs = [(i, j) for i in range(len(left)) for j in range(i)]
            costs = [self.grouping.size(sorted_dims(left[i].dims, left[j].dims)) for i, j in pairs]
            i, j = pairs[costs.index(min(costs))]
            pair: list[AnyNode] = [left[j], left[i]]
            left = [g for place, g in enumerate(left) if place not in (i, j)]
            needed = {d for g in left for d in g.dims}
            here = tuple(d for d in self.over if d in sorted_dims(*(p.dims for p in pair)) and d not in needed)
            left.append(self.graph.contract(pair, here, node.span) if here else self.grouping.multiply(pair))
        remaining = tuple(d for d in self.over if any(d in g.dims for g in left))
        if len(left) == 1:
            return self.graph.reduce("sum", left[0], remaining, node.span)
        if not remaining:
            return self.grouping.multiply(left)
        return self.graph.contract(left, remaining, node.span)

    def scaled(self, total: AnyNode | None, count: int, outside: list[Factor], node: Reduce) -> AnyNode:
        """The factors that the sum does not run over; `count` is that of the points over which nothing varies."""
        tops = [f for f, divides in outside if not divides]
        numbers = [] if count == 1 else [self.graph.constant(float(count))]
        given = [*numbers, *tops, *([] if total is None else [total])]
        value = self.grouping.multiply(given) if given else self.graph.constant(1.0)
        for divisor, divides in outside:
            if divides:
                value = self.graph.apply("divide", (value, divisor), node.span)
        return value
