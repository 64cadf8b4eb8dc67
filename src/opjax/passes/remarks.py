"""What re-rolling left as it was, and why: sentences for `CompiledRhs.explain`."""

from __future__ import annotations

from opjax.ir.brief import brief
from opjax.ir.nodes import AnyNode
from opjax.ir.program import Program, is_interior
from opjax.passes.rows import Rows
from opjax.passes.shapes import Shapes
from opjax.passes.sums import USUAL

MOST_SHOWN = 3
VALUE = "v"
"""Another value in an example."""


def left_unrolled(before: Program, after: Program) -> str:
    """Why scalar operations stayed what they are; empty where none did."""
    left = [node for node in after.nodes if is_interior(node)]
    if not left:
        return ""
    stay = "1 scalar operation stays" if len(left) == 1 else f"{len(left)} scalar operations stay"
    unchanged = all(after.roots.get(name) is root for name, root in before.roots.items())
    if unchanged and len(left) < USUAL.operations:
        return f"{stay}, which is quick: vectors begin to pay at {USUAL.operations}"
    why = (
        f"fewer than half of them have a shape that {USUAL.members} expressions have"
        if unchanged
        else f"their shapes have fewer than {USUAL.members} expressions each"
    )
    return f"{stay}, since {why}: {_shown(after)}"


def _shown(program: Program) -> str:
    """The shapes with most expressions, each with an example."""
    shapes = Shapes(Rows(program))
    most = sorted(shapes.groups.values(), key=lambda group: (-group.size, int(group[0])))
    shown = [f"{group.size} like {_example(program.graph[int(group[0])], shapes)}" for group in most[:MOST_SHOWN]]
    rest = len(most) - len(shown)
    return ", ".join(shown) + (f", and {rest} more shapes" if rest > 0 else "")


def _example(unit: AnyNode, shapes: Shapes) -> str:
    return brief(unit, lambda node, _: VALUE if node is not unit and shapes.units[node.number] else None)
