"""Blocks: a model that falls apart along an axis, one slice of it at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from opjax.ir.nodes import AnyNode, Graph, Opaque, Symbol, View
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.separable import first_mixing
from opjax.ir.system import HistorySignal, Parameter, Quantity, System
from opjax.ir.types import Axis, Dims


@dataclass(frozen=True, slots=True)
class BlockAxisInfo:
    """An axis along which a model falls apart.

    Arguments:
        name: the axis.
        size: its number of points, which is the number of blocks.
        state_axis_pos: where the axis stands in the shape of each state that has it.
        param_axis_pos: the same for each parameter with a shape, time first for tables over time; None for those
            without the axis.
    """

    name: str
    size: int
    state_axis_pos: Mapping[str, int]
    param_axis_pos: Mapping[str, int | None]


def block_axes(system: System) -> tuple[BlockAxisInfo, ...]:
    """The axes along which a model falls apart, in declared order."""
    return tuple(_info(system, system.axes[name]) for name in system.independent)


def _info(system: System, axis: Axis) -> BlockAxisInfo:
    def place(axes: tuple[str, ...], lead: int = 0) -> int | None:
        return axes.index(axis.name) + lead if axis.name in axes else None

    states = {s.name: place(s.axes) for s in system.states.values()}
    shaped = {p.name: place(p.axes) for p in system.parameters.values() if p.axes}
    tables = {i.name: place(i.axes, 1) for i in system.inputs.values()}
    found = {name: position for name, position in states.items() if position is not None}
    return BlockAxisInfo(axis.name, axis.size or 0, found, {**shaped, **tables})


def block_system(system: System, axis: Axis, rates: Mapping[str, AnyNode]) -> System:
    """The model of one block: without an axis along which it falls apart.

    Parameters over the axis lose their defaults, since a block does not know which of them is its own.

    Arguments:
        system: the whole model.
        axis: the axis.
        rates: the derivatives to be taken apart, by state.
    """
    defaults = {
        p.name: p.default for p in system.parameters.values() if p.default is not None and axis.name not in p.axes
    }
    kept = {name: node for name, node in defaults.items() if first_mixing([node], axis) is None}
    roots = {f"rate {name}": node for name, node in rates.items()}
    roots |= {f"default {name}": node for name, node in kept.items()}
    program = rebuild(
        Program(system.graph, roots, system.axes, {}),
        lambda graph, node, parts: _without(axis.name, graph, node, parts),
        lambda node: any(dim.axis == axis.name for part in (node, *node.operands) for dim in part.dims),
    )
    return dataclasses.replace(
        system,
        graph=program.graph,
        states={s.name: dataclasses.replace(_narrow(s, axis.name), initial=None) for s in system.states.values()},
        inputs={i.name: _narrow(i, axis.name) for i in system.inputs.values()},
        parameters={
            p.name: _parameter(p, axis.name, program.roots.get(f"default {p.name}")) for p in system.parameters.values()
        },
        rates={name: program.roots[f"rate {name}"] for name in rates},
        history={s.name: _signal(s, axis.name) for s in system.history.values()},
        operators=(),
        local_rates={},
        aliases={},
        flows={},
        observations={},
        derived={},
        independent=(),
        requirements=(),
        time_reductions=(),
    )


def _without(axis: str, graph: Graph, node: AnyNode, parts: tuple[AnyNode, ...]) -> AnyNode:
    match node:
        case Symbol() if node.role != "size":
            kept = tuple(dim.axis for dim in node.axes if dim.axis != axis)
            return graph.symbol(node.role, node.name, kept, node.span)
        case Opaque(role="delay"):
            return graph.opaque("delay", node.name, parts, _kept(node.dims, axis), node.span)
        case View():
            pairs = zip(node.operand.dims, node.selections, strict=True)
            return graph.view(parts[0], [chosen for dim, chosen in pairs if dim.axis != axis], node.span)
        case _:
            return copy_node(graph, node, parts)


def _kept(dims: Dims, axis: str) -> Dims:
    return tuple(dim for dim in dims if dim.axis != axis)


def _signal(signal: HistorySignal, axis: str) -> HistorySignal:
    """A value of the past of one block; a kernel is of the whole model, which alone is solved."""
    return dataclasses.replace(signal, axes=tuple(name for name in signal.axes if name != axis), kernel=None)


_Declared = TypeVar("_Declared", bound=Quantity)


def _narrow(quantity: _Declared, axis: str) -> _Declared:
    return dataclasses.replace(quantity, axes=tuple(name for name in quantity.axes if name != axis))


def _parameter(parameter: Parameter, axis: str, default: AnyNode | None) -> Parameter:
    values = None if axis in parameter.axes else parameter.values
    return dataclasses.replace(_narrow(parameter, axis), default=default, values=values, prior=None, bounds=None)
