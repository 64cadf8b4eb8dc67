"""Values with their tables over time resolved: computed from what the tables are now, not from the tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from opjax.compile.forcing import is_now
from opjax.ir.evaluate import reachable
from opjax.ir.nodes import Along, AnyNode, Apply, Graph, IntegerPower, Interpolate, Symbol, View
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.system import System

Tables = Mapping[str, str]
"""For each parameter that is a table over time, the axis of its points of time."""


def tables_of(value: AnyNode) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The parameters that a value reads as tables over time: the axis of time of each, and all its axes."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for node in reachable([value]):
        if isinstance(node, Interpolate) and is_now(node.at):
            for leaf in reachable([node.table]):
                axes = tuple(dim.axis for dim in leaf.axes) if isinstance(leaf, Symbol) else ()
                if isinstance(leaf, Symbol) and leaf.role == "parameter" and node.dim.axis in axes:
                    found[leaf.name] = (node.dim.axis, axes)
    return found


def resolve(system: System, value: AnyNode, tables: Tables) -> tuple[System, AnyNode] | None:
    """The value as an expression of what the tables are now.

    Arguments:
        system: the model.
        value: an expression of it.
        tables: the parameters to resolve.

    Returns:
        A model in which these parameters lack the axis of time, and the expression over it; None where something else
        is done along that axis too, such as reading a table at another time.
    """
    if not tables:
        return system, value
    times = set(tables.values())
    if not all(_is_of_now(node, times) for node in reachable([value])):
        return None
    program = rebuild(
        Program(system.graph, {"": value}, system.axes, {}),
        lambda graph, node, parts: _resolved(times, graph, node, parts),
        lambda node: any(dim.axis in times for part in (node, *node.operands) for dim in part.dims),
    )
    root = program.roots[""]
    parameters = {
        name: dataclasses.replace(p, axes=tuple(a for a in p.axes if a != tables[name]), default=None, values=None)
        if name in tables
        else p
        for name, p in system.parameters.items()
    }
    return dataclasses.replace(system, graph=program.graph, parameters=parameters), root


def _is_of_now(node: AnyNode, times: set[str]) -> bool:
    """Whether a node does nothing along an axis of time but read a table now, or compute one table from another."""
    if not any(dim.axis in times for part in (node, *node.operands) for dim in part.dims):
        return True
    match node:
        case Symbol(role="parameter") | Apply() | IntegerPower():
            return True
        case View():
            pairs = zip(node.operand.dims, node.selections, strict=True)
            return all(isinstance(s, Along) and not s.offset for dim, s in pairs if dim.axis in times)
        case Interpolate():
            return is_now(node.at)
        case _:
            return False


def _resolved(times: set[str], graph: Graph, node: AnyNode, parts: tuple[AnyNode, ...]) -> AnyNode:
    match node:
        case Symbol(role="parameter"):
            kept = tuple(dim.axis for dim in node.axes if dim.axis not in times)
            return graph.symbol(node.role, node.name, kept, node.span)
        case View() if parts[0].dims != node.operand.dims:
            pairs = zip(node.operand.dims, node.selections, strict=True)
            return graph.view(parts[0], [chosen for dim, chosen in pairs if dim.axis not in times], node.span)
        case Interpolate() if is_now(node.at) and node.dim not in parts[0].dims:
            return parts[0]
        case _:
            return copy_node(graph, node, parts)
