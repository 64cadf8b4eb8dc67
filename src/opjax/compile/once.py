"""What depends on axes alone: it is computed once, before the first call, and kept unless it is too large."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from opjax.ir.nodes import AnyNode
from opjax.ir.types import Axis, Role

MOST_SETTLED = 4_000_000
"""Elements of an array that is computed once and kept."""
POSITIONAL: frozenset[Role] = frozenset(("position", "coordinate", "quadrature", "measure", "size"))


def settled_nodes(nodes: Iterable[AnyNode], axes: Mapping[str, Axis]) -> set[int]:
    """The numbers of the operations that are computed once.

    Arguments:
        nodes: operands first.
        axes: the axes by name.
    """
    found: set[int] = set()
    for node in nodes:
        if node.operands and node.roles and node.roles <= POSITIONAL:
            cells = math.prod(axes[dim.axis].size or 1 for dim in node.dims)
            if cells <= MOST_SETTLED and all(not o.operands or o.number in found for o in node.operands):
                found.add(node.number)
    return found
