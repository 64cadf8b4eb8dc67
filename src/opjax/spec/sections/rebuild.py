"""An expression with other expressions under it."""

from __future__ import annotations

from dataclasses import replace

from opjax.syntax.nodes import (
    Array,
    Call,
    Compare,
    Conditional,
    Expression,
    Logical,
    Negate,
    Not,
    Power,
    Product,
    Reduction,
    Remainder,
    Sum,
    children,
)


def with_children(node: Expression, new: tuple[Expression, ...]) -> Expression:
    """The same node over other children, which stand in the order of `opjax.syntax.nodes.children`.

    Arguments:
        node: any expression.
        new: as many expressions as the node has children.

    Returns:
        The node itself where no child has changed.
    """
    if all(a is b for a, b in zip(children(node), new, strict=True)):
        return node
    match node:
        case Call():
            return replace(node, arguments=tuple(replace(a, value=v) for a, v in zip(node.arguments, new, strict=True)))
        case Reduction():
            rest = iter(new[1:])
            condition = None if node.condition is None else next(rest)
            return replace(node, body=new[0], condition=condition, at=None if node.at is None else next(rest))
        case Sum():
            return replace(node, terms=new)
        case Product():
            return replace(node, factors=new)
        case Remainder():
            return replace(node, left=new[0], right=new[1])
        case Power():
            return replace(node, base=new[0], exponent=new[1])
        case Negate() | Not():
            return replace(node, operand=new[0])
        case Compare() | Logical():
            return replace(node, operands=new)
        case Conditional():
            count = len(node.conditions)
            return replace(node, conditions=new[:count], values=new[count:-1], otherwise=new[-1])
        case Array():
            return replace(node, items=new)
        case _:
            raise AssertionError(type(node))
