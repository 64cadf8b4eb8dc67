"""op_system's reducers over an axis with a measure, which they do not use: sums weighed by the trapezoid rule.

integrate_over(u[x:s], x=s)                  sum(trapezoid(s)*u[s] for s in x)
integrate_over(u[x:s], x=s in [0, 1])        the same over the points from 0 to 1, of which the first and the last have
                                             one neighbour: sum((0.25 if s == 0 else ...)*u[s] for s in x if ...)
"""

from __future__ import annotations

from collections.abc import Mapping

from opjax.source import Span
from opjax.syntax.nodes import (
    Argument,
    Binder,
    Call,
    Compare,
    Conditional,
    Expression,
    Negate,
    Number,
    Product,
    Reference,
)

Ends = Mapping[str, tuple[float, ...]]
"""The points that a filter leaves, by the name that runs over them."""


def weighed(body: Expression, binders: tuple[Binder, ...], kept: Ends) -> Expression:
    """The body times the trapezoid weights of the bound points.

    Arguments:
        body: what is integrated.
        binders: the names that run over the axes.
        kept: of those that a filter restricts, the points that it leaves: two or more.
    """
    weights = [_weight(binder, kept.get(binder.name, ())) for binder in binders]
    return Product((*weights, body), (False,) * (len(weights) + 1), span=body.span)


def _weight(binder: Binder, points: tuple[float, ...]) -> Expression:
    span = binder.span
    index = Reference(binder.name, span=span)
    weight: Expression = Call("trapezoid", (Argument(index, span=span),), span=span)
    if not points:
        return weight
    first, last = points[0], points[-1]
    conditions = tuple(Compare((index, _number(end, span)), ("==",), span=span) for end in (first, last))
    halves = tuple(_number(step / 2, span) for step in (points[1] - first, last - points[-2]))
    return Conditional(conditions, halves, weight, span=span)


def _number(value: float, span: Span) -> Expression:
    size = Number(abs(value), False, repr(abs(value)), span=span)
    return Negate(size, span=span) if value < 0 else size
