"""Calls that are written down instead of made: the values of a graph before there is a graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from opjax.pipelines.untyped import jax, jnp

if TYPE_CHECKING:
    from opjax.pipelines.operator import Operator


class Node:
    """One call of an operator, with nodes for its arguments; nodes are equal only to themselves.

    An operator that is called with a node gives a node, so a graph is written as the calls that it stands for. Nodes
    know ``+ - * / ** @`` (on either side of a number or an array), ``-x``, ``x[key]`` and ``x | operator``; what is no
    node becomes a `Const`.

    Arguments:
        operator: what is called; None for an input.
        parents: the nodes that stand in its arguments.
        structure: the tree of ``(args, kwargs)`` whose leaves are the parents; by default all are positional.
    """

    __slots__ = ("operator", "parents", "structure")
    __array_ufunc__ = None  # NumPy's arrays leave the operation to the node, and do not call it for each element

    def __init__(self, operator: Operator | None, parents: tuple[Node, ...] = (), structure: Any = None) -> None:
        for parent in parents:
            if not isinstance(cast("object", parent), Node):
                raise TypeError(f"a node is expected, not {parent!r}: literal values stand in Const")
        self.operator = operator
        self.parents = tuple(parents)
        self.structure = jax.tree.structure((self.parents, {})) if structure is None else structure

    def __repr__(self) -> str:
        return f"Node({type(self.operator).__name__})"

    def __or__(self, other: Operator) -> Node:
        return other(self) if callable(other) else NotImplemented

    def __add__(self, other: object) -> Node:
        return _call(jnp.add, self, other)

    def __radd__(self, other: object) -> Node:
        return _call(jnp.add, other, self)

    def __sub__(self, other: object) -> Node:
        return _call(jnp.subtract, self, other)

    def __rsub__(self, other: object) -> Node:
        return _call(jnp.subtract, other, self)

    def __mul__(self, other: object) -> Node:
        return _call(jnp.multiply, self, other)

    def __rmul__(self, other: object) -> Node:
        return _call(jnp.multiply, other, self)

    def __truediv__(self, other: object) -> Node:
        return _call(jnp.true_divide, self, other)

    def __rtruediv__(self, other: object) -> Node:
        return _call(jnp.true_divide, other, self)

    def __pow__(self, other: object) -> Node:
        return _call(jnp.power, self, other)

    def __rpow__(self, other: object) -> Node:
        return _call(jnp.power, other, self)

    def __matmul__(self, other: object) -> Node:
        return _call(jnp.matmul, self, other)

    def __rmatmul__(self, other: object) -> Node:
        return _call(jnp.matmul, other, self)

    def __neg__(self) -> Node:
        return _call(jnp.negative, self)

    def __getitem__(self, key: Any) -> Node:
        from opjax.pipelines.basic import Item

        return Item(key)(self)

    def __iter__(self) -> Iterator[Node]:
        raise TypeError("the length of a node is not known: take its parts as node[0], node[1], ...")


class Input(Node):
    """A value that comes from outside.

    Arguments:
        name: the name for people; what callers write is the key in `Graph.build`.

    Example:
        >>> from opjax.pipelines import Graph, Input
        >>> x = Input("x")
        >>> Graph.build({"x": x}, 2 * x + 1)(3.0).tolist()
        7.0
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__(None)
        self.name = name

    def __repr__(self) -> str:
        return f"Input({self.name!r})"


def _call(function: Any, *operands: object) -> Node:
    from opjax.pipelines.basic import Lambda

    return Lambda(function)(*operands)


def _is_node(value: Any) -> bool:
    return isinstance(value, Node)


def holds_node(arguments: tuple[Any, ...]) -> bool:
    """Whether any node stands in arguments, inside tuples, lists and mappings too."""
    if any(isinstance(value, Node) for value in arguments):
        return True
    return any(
        isinstance(part, Node)
        for value in arguments
        if isinstance(value, tuple | list | dict)
        for part in jax.tree.leaves(value, is_leaf=_is_node)
    )


def write_down(operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Node:
    """The node of a call, with literal arguments as constants."""
    from opjax.pipelines.basic import Const

    leaves, structure = jax.tree.flatten((args, kwargs), is_leaf=_is_node)
    return Node(operator, tuple(leaf if isinstance(leaf, Node) else Node(Const(leaf)) for leaf in leaves), structure)
