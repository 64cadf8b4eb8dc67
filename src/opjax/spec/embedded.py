"""Models inside other documents: the specifications of flepimop2's configurations.

Such a configuration has a key ``system`` with a list of systems, or a mapping of systems by name, or one system; a
system that is written for op_system (or opjax) has its model under ``spec``.
"""

from __future__ import annotations

from typing import NamedTuple

from opjax.spec.document import MappingNode, Node, SequenceNode


class Root(NamedTuple):
    """A document that is a model, and the name that it has if it does not say one itself."""

    node: Node
    name: str = ""


def models_in(document: Node) -> list[Root]:
    """The models of a document: those under ``system``, or the document itself."""
    if not isinstance(document, MappingNode) or document.get("state") is not None:
        return [Root(document)]
    found = [
        Root(spec, name) for name, system in _systems(document.get("system")) if (spec := _spec(system)) is not None
    ]
    return found or [Root(document)]


def _systems(node: Node | None) -> list[tuple[str, Node]]:
    if isinstance(node, SequenceNode):
        return [("", item) for item in node.items]
    if not isinstance(node, MappingNode):
        return []
    if node.get("spec") is not None:
        return [("", node)]
    return [(entry.key.text, entry.value) for entry in node.entries]


def _spec(system: Node) -> Node | None:
    return system.get("spec") if isinstance(system, MappingNode) else None


def is_definitions(document: Node) -> bool:
    """Whether a document defines operators and pipelines, as `opjax.pipelines` reads them, and no model."""
    if not isinstance(document, MappingNode) or document.get("state") is not None:
        return False
    return document.get("pipelines") is not None or isinstance(document.get("operators"), MappingNode)
