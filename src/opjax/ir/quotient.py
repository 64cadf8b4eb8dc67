"""A value divided by one of its factors, exactly: ``b*S*I/S`` is ``b*I``, also where S is zero."""

from __future__ import annotations

from opjax.ir.nodes import Along, AnyNode, Apply, AtPosition, Constant, Graph, IntegerPower, Place, Reduce, Selection
from opjax.traverse import Walk, run


def quotient(graph: Graph, node: AnyNode, divisor: AnyNode) -> AnyNode:
    """The value of ``node / divisor``.

    Terms that have the divisor as a factor lose it; the others are divided by it.

    Arguments:
        graph: holds both, and gets the result.
        node: what is divided.
        divisor: a positive value.
    """
    return run(Quotient(graph).whole(node, divisor))


class Quotient:
    """Finds quotients that need no division; None where there is none."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.known: dict[tuple[int, int], AnyNode | None] = {}

    def whole(self, node: AnyNode, divisor: AnyNode) -> Walk[AnyNode]:
        """The quotient, as a walk; a division where there is none without, and only at the positions that are not 0."""
        found = yield self.exact(node, divisor)
        if found is not None:
            return found
        if isinstance(node, Place):
            inner = yield self.whole(node.operand, self.picked(divisor, node))
            return self.graph.place(inner, node.dim, node.position, node.span)
        return self.graph.apply("divide", (node, divisor), node.span)

    def exact(self, node: AnyNode, divisor: AnyNode) -> Walk[AnyNode | None]:
        """The quotient without a division, as a walk."""
        key = (node.number, divisor.number)
        if key not in self.known:
            self.known[key] = yield self.divided(node, divisor)
        return self.known[key]

    def divided(self, node: AnyNode, divisor: AnyNode) -> Walk[AnyNode | None]:
        """The quotient, from those of the operands."""
        graph = self.graph
        if node is divisor:
            return graph.constant(1.0)
        match node:
            case Constant(value=0):
                return node
            case Apply(function="multiply"):
                return (yield self.product(node, divisor))
            case Apply(function="add"):
                return (yield self.terms(node, node.arguments, divisor))
            case Apply(function="where"):
                return (yield self.terms(node, node.arguments[1:], divisor))
            case Apply(function="negate") if isinstance(node.arguments[0], Place):
                inner = yield self.whole(node.arguments[0], divisor)
                return graph.apply("negate", (inner,), node.span)
            case Apply(function="negate") | Apply(function="divide"):
                first = yield self.exact(node.arguments[0], divisor)
                return None if first is None else graph.apply(node.function, (first, *node.arguments[1:]), node.span)
            case IntegerPower() if node.base is divisor and node.exponent > 0:
                return divisor if node.exponent == 2 else graph.integer_power(divisor, node.exponent - 1, node.span)
            case Reduce(reduction="sum") if not set(node.over) & set(divisor.dims):
                inner = yield self.exact(node.operand, divisor)
                whole = inner is not None and set(node.over) <= set(inner.dims)
                return graph.reduce("sum", inner, node.over, node.span) if inner is not None and whole else None
            case Place():
                inner = yield self.exact(node.operand, self.picked(divisor, node))
                return None if inner is None else graph.place(inner, node.dim, node.position, node.span)
            case _:
                return None

    def product(self, node: Apply, divisor: AnyNode) -> Walk[AnyNode | None]:
        """A product without one of its factors."""
        for place, factor in enumerate(node.arguments):
            left = yield self.exact(factor, divisor)
            if left is not None:
                rest = [f for other, f in enumerate(node.arguments) if other != place]
                if left is not self.graph.constant(1.0):
                    rest.insert(place, left)
                return rest[0] if len(rest) == 1 else self.graph.apply("multiply", rest, node.span)
        return None

    def terms(self, node: Apply, terms: tuple[AnyNode, ...], divisor: AnyNode) -> Walk[AnyNode | None]:
        """Terms, or branches, of which at least one has the factor; the others are divided."""
        found: list[AnyNode | None] = []
        for term in terms:
            found.append((yield self.exact(term, divisor)))
        if all(quotient is None for quotient in found):
            return None
        parts: list[AnyNode] = []
        for term, part in zip(terms, found, strict=True):
            parts.append((yield self.whole(term, divisor)) if part is None else part)
        kept = node.arguments[: len(node.arguments) - len(terms)]
        return self.graph.apply(node.function, (*kept, *parts), node.span)

    def picked(self, divisor: AnyNode, place: Place) -> AnyNode:
        """The divisor at the one position where something is placed."""
        at: list[Selection] = [AtPosition(place.position) if dim == place.dim else Along(dim) for dim in divisor.dims]
        return self.graph.view(divisor, at, divisor.span)
