"""Sums, products and powers, without the functions and conditions that may stand among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from opjax.ir.nodes import AnyNode, Constant, Graph
from opjax.ir.program import is_negated
from opjax.source import Span
from opjax.syntax.nodes import Expression, Negate, Number, Power, Product, Remainder, Sum

LARGEST_EXACT_POWER = 64
Arithmetic = Sum | Product | Remainder | Negate | Power


def _of_power(power: Power) -> tuple[Expression, ...]:
    return (power.base, power.exponent) if exact_power(power) is None else (power.base,)


def _of_negate(negation: Negate) -> tuple[Expression, ...]:
    return (negation.operand,)


_OPERANDS: Mapping[type[Expression], Callable[[Any], tuple[Expression, ...]]] = {
    Sum: attrgetter("terms"),
    Product: attrgetter("factors"),
    Remainder: attrgetter("left", "right"),
    Negate: _of_negate,
    Power: _of_power,
}


def parts_of(root: Expression) -> list[tuple[Expression, int]]:
    """The parts of an expression down to what is no arithmetic, operands before what uses them, from the left.

    Returns:
        Each part with the number of its operands, which are the last values that nothing has used yet.
    """
    parts: list[tuple[Expression, int]] = []
    stack = [root]
    while stack:
        node = stack.pop()
        operands = _OPERANDS.get(type(node))
        if operands is None:
            parts.append((node, 0))
            continue
        below = operands(node)
        parts.append((node, len(below)))
        stack.extend(below)
    parts.reverse()
    return parts


def combined(graph: Graph, part: Arithmetic, values: Sequence[AnyNode]) -> AnyNode:
    """The node of a sum, a product or a power, from those of its operands."""
    span = part.span
    match part:
        case Product():
            return _product(graph, values, part.inverse, span)
        case Sum():
            signed = [
                graph.apply("negate", (term,), span) if minus else term
                for term, minus in zip(values, part.negative, strict=True)
            ]
            return graph.apply("add", signed, span)
        case Power():
            exponent = exact_power(part)
            if exponent is not None:
                return graph.integer_power(values[0], exponent, span)
            return graph.apply("pow", values, span)
        case Negate():
            return graph.apply("negate", values, span)
        case Remainder():
            return graph.apply("mod", values, span)


def _product(graph: Graph, factors: Sequence[AnyNode], inverse: tuple[bool, ...], span: Span) -> AnyNode:
    """Factors multiplied and divided from the left.

    A minus sign before the first stands before all of it: what flows out of one state, ``-k*A*B``, is then the flow
    ``k*A*B`` into another one, computed once. No value changes by that. A number keeps its sign.
    """
    if len(factors) > 1 and is_negated(factors[0]) and type(factors[0].operands[0]) is not Constant:
        without = _product(graph, (factors[0].operands[0], *factors[1:]), inverse, span)
        return graph.apply("negate", (without,), span)
    if True not in inverse and len(factors) > 1:
        return graph.apply("multiply", factors, span)
    run_of_factors = [factors[0]]
    for factor, divides in zip(factors[1:], inverse[1:], strict=True):
        if not divides:
            run_of_factors.append(factor)
            continue
        left = graph.apply("multiply", run_of_factors, span) if len(run_of_factors) > 1 else run_of_factors[0]
        run_of_factors = [graph.apply("divide", (left, factor), span)]
    if len(run_of_factors) == 1:
        return run_of_factors[0]
    return graph.apply("multiply", run_of_factors, span)


def exact_power(power: Power) -> int | None:
    """The exponent of a power that is repeated multiplication: a small literal integer such as ``2`` or ``-1``."""
    exponent = power.exponent
    negative = isinstance(exponent, Negate)
    inner = exponent.operand if isinstance(exponent, Negate) else exponent
    if not (isinstance(inner, Number) and inner.integer and inner.value <= LARGEST_EXACT_POWER):
        return None
    return -int(inner.value) if negative else int(inner.value)
