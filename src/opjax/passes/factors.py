"""Products as their factors: signs and quotients opened, factors over the same dims as one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from opjax.ir.nodes import AnyNode, Apply, Graph
from opjax.ir.types import Axis, Dims

UNKNOWN_SIZE = 32
Factor = tuple[AnyNode, bool]
"""A factor, and whether it divides."""


@dataclass(frozen=True, slots=True)
class Term:
    """A product with its sign."""

    factors: tuple[Factor, ...]
    minus: bool = False


def term_of(body: AnyNode, minus: bool = False) -> Term:
    """The factors of a product, and its sign; nested products, quotients and signs are opened."""
    found: list[Factor] = []
    waiting: list[Factor] = [(body, False)]
    while waiting:
        node, divides = waiting.pop()
        function = node.function if isinstance(node, Apply) else ""
        if function == "multiply":
            waiting.extend((argument, divides) for argument in reversed(node.operands))
        elif function == "divide":
            top, bottom = node.operands
            waiting.extend(((bottom, not divides), (top, divides)))
        elif function == "negate":
            waiting.append((node.operands[0], divides))
            minus = not minus
        else:
            found.append((node, divides))
    return Term(tuple(found), minus)


@dataclass(frozen=True, slots=True)
class Grouping:
    """Makes products of factors, those over the same dims first.

    Arguments:
        graph: where new nodes go.
        axes: the axes by name.
    """

    graph: Graph
    axes: Mapping[str, Axis]

    def combined(self, factors: Iterable[Factor], apart: bool = False) -> list[AnyNode]:
        """Factors over the same dims as one.

        Arguments:
            factors: the factors.
            apart: whether divisors that no factor has the dims of are a group of their own, over 1; otherwise they
                divide the smallest factor that has more dims.
        """
        groups: dict[Dims, list[AnyNode]] = {}
        bottoms: list[AnyNode] = []
        for factor, divides in factors:
            if divides:
                bottoms.append(factor)
            else:
                groups.setdefault(factor.dims, []).append(factor)
        made = {dims: self.multiply(group) for dims, group in groups.items()}
        for divisor in bottoms:
            self.divide(made, divisor, apart)
        return list(made.values())

    def divide(self, made: dict[Dims, AnyNode], divisor: AnyNode, apart: bool) -> None:
        """Have a divisor divide the smallest group that has its dims; without one it is a group of its own."""
        hosts = [dims for dims in made if (divisor.dims == dims if apart else set(divisor.dims) <= set(dims))]
        host = min(hosts, key=lambda dims: (self.size(dims), dims), default=None)
        top = made[host] if host is not None else self.graph.constant(1.0)
        made[divisor.dims if host is None else host] = self.graph.apply("divide", (top, divisor), divisor.span)

    def multiply(self, factors: Sequence[AnyNode]) -> AnyNode:
        """The product of some factors."""
        return factors[0] if len(factors) == 1 else self.graph.apply("multiply", factors, factors[0].span)

    def smallest_first(self, factors: Iterable[Factor]) -> AnyNode:
        """The product of all, those over few dims first."""
        groups = sorted(self.combined(factors), key=lambda node: self.size(node.dims))
        return self.multiply(groups) if groups else self.graph.constant(1.0)

    def size(self, dims: Dims) -> int:
        """The number of elements of a value over some dims."""
        return math.prod(self.axes[d.axis].size or UNKNOWN_SIZE for d in dims)
