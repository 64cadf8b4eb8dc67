"""A system with something else in place of some leaves: every expression of it is copied to a new graph."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import cast

from opjax.ir.node_types import Node
from opjax.ir.nodes import AnyNode, Graph, Symbol
from opjax.ir.program import copy_node
from opjax.ir.system import System

Replacement = Callable[[Graph, Symbol], "AnyNode | None"]
"""What stands in place of a leaf, made in the new graph; None leaves it as it is."""


def substituted(system: System, replacement: Replacement) -> System:
    """The system with other leaves.

    Arguments:
        system: the model.
        replacement: says what stands in place of each leaf; its dims must be those of the leaf.

    Returns:
        A system with a graph of its own; whatever has no expression in it is shared.
    """
    graph = Graph()
    made: list[AnyNode] = []
    for node in system.graph:
        new = replacement(graph, node) if isinstance(node, Symbol) else None
        made.append(copy_node(graph, node, tuple(made[o.number] for o in node.operands)) if new is None else new)
    known = {node.number: new for node, new in zip(system.graph, made, strict=True)}
    values: dict[str, object] = {f.name: getattr(system, f.name) for f in dataclasses.fields(system)}
    changed = {name: _mapped(value, known) for name, value in values.items() if name not in ("graph", "axes")}
    return dataclasses.replace(system, graph=graph, **changed)


def _mapped(value: object, known: Mapping[int, AnyNode]) -> object:
    """A part of the system with the new nodes; the nesting is that of the classes in `ir.system`."""
    if isinstance(value, Node):
        return known[value.number]
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, object]", value)
        return {name: _mapped(part, known) for name, part in entries.items()}
    if isinstance(value, tuple):
        parts = cast("tuple[object, ...]", value)
        return (
            parts if not parts or isinstance(parts[0], float | str) else tuple(_mapped(part, known) for part in parts)
        )
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and type(value).__module__ == System.__module__:
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **{name: _mapped(part, known) for name, part in fields.items()})
    return value
