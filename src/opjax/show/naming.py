"""Which nodes are written as a name: the model's aliases, and large values that are used more than once."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from opjax.ir.evaluate import reachable
from opjax.ir.nodes import AnyNode, Constant, Symbol
from opjax.ir.system import System
from opjax.ir.types import Dims, declared_dims

LARGE = 60


@dataclass(frozen=True, slots=True)
class Named:
    """A node with a name: the name, and the dims in the order of its indices."""

    name: str
    dims: Dims
    node: AnyNode


def alias_names(system: System) -> dict[int, Named]:
    """The nodes that are aliases of the model, by number.

    An alias that is only another name for a leaf or a number, or that has an axis which its value lacks, is not among
    them: it is written as what it stands for.
    """
    found: dict[int, Named] = {}
    for alias in system.aliases.values():
        dims = declared_dims(alias.axes)
        if not isinstance(alias.value, Symbol | Constant) and set(dims) == set(alias.value.dims):
            found.setdefault(alias.value.number, Named(alias.name, dims, alias.value))
    return found


def with_shared(system: System, names: Mapping[int, Named], roots: Iterable[AnyNode]) -> dict[int, Named]:
    """The names, and new ones for large values that are used more than once.

    Text has no other way to share: forty functions that each use their argument twice would be written 2^40 times.

    Arguments:
        system: the model, whose names are avoided.
        names: what has a name already.
        roots: the expressions to be written.
    """
    nodes = reachable([*roots, *(named.node for named in names.values())])
    uses: dict[int, int] = {}
    for node in nodes:
        for operand in node.operands:
            uses[operand.number] = uses.get(operand.number, 0) + 1
    fresh = iter(fresh_names(taken_names(system)))
    flows = {flow.value.number: flow.name for flow in system.flows.values()}
    result = dict(names)
    sizes: dict[int, int] = {}
    for node in nodes:
        size = 1 + sum(sizes[operand.number] for operand in node.operands)
        if size > LARGE and uses.get(node.number, 0) > 1 and node.number not in result:
            result[node.number] = Named(flows.get(node.number) or next(fresh), node.dims, node)
        sizes[node.number] = 1 if node.number in result else size
    return result


def taken_names(system: System) -> set[str]:
    """All names that the model uses."""
    groups: tuple[Collection[str], ...] = (
        system.axes,
        system.parameters,
        system.inputs,
        system.states,
        system.aliases,
        system.flows,
        system.derived,
        system.observations,
    )
    return {"t", *itertools.chain.from_iterable(groups)}


def fresh_names(taken: Collection[str]) -> Iterable[str]:
    """``w1``, ``w2``, ... as far as the model does not use them."""
    return (name for number in itertools.count(1) if (name := f"w{number}") not in taken)
