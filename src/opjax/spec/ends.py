"""What lies beyond the ends of an axis, where a value that is the same at all its points is read further on."""

from __future__ import annotations

from collections.abc import Iterable

from opjax.ir.nodes import Along, AnyNode, Graph, Selection


def read_along(graph: Graph, node: AnyNode, unused: Iterable[Selection]) -> AnyNode:
    """A value, read through selections along dims that it does not have.

    It is the same wherever it is read; but where an axis ends with ``edge absorb``, there is nothing beyond.

    Arguments:
        graph: gets the nodes.
        node: the value, a number or a condition.
        unused: the selections along the dims that it lacks.

    Returns:
        The value, zero (or false) where it is read beyond an end that absorbs.
    """
    for selection in unused:
        if isinstance(selection, Along) and selection.offset and selection.edge == "absorb":
            inside = inside_end(graph, selection)
            if node.kind == "boolean":
                node = graph.apply("logical_and", (inside, node), node.span)
            else:
                node = graph.apply("where", (inside, node, graph.constant(0.0)), node.span)
    return node


def inside_end(graph: Graph, shift: Along) -> AnyNode:
    """Whether the point that many points further on along an axis exists, in the dim of the shift."""
    axis = shift.dim.axis
    position = graph.view(graph.symbol("position", axis, (axis,)), (Along(shift.dim),))
    reached = graph.apply("add", (position, graph.constant(float(shift.offset))))
    if shift.offset > 0:
        return graph.apply("less", (reached, graph.symbol("size", axis)))
    return graph.apply("greater_equal", (reached, graph.constant(0.0)))
