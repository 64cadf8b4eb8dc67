"""What a leaf of the graph says about the dim along which it is read."""

from __future__ import annotations

from opjax.ir.nodes import AnyNode, Symbol, View


def leaf_of(node: AnyNode) -> AnyNode:
    """The node itself, or what it is a view of."""
    return node.operand if isinstance(node, View) else node


def position_axis(node: AnyNode) -> str | None:
    """The axis along which a node is the position."""
    leaf = leaf_of(node)
    return leaf.name if isinstance(leaf, Symbol) and leaf.role == "position" else None
