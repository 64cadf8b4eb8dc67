"""A model in logarithmic coordinates: q = log(x) in place of some states, and dq/dt = (dx/dt)/x."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from opjax.ir.nodes import AnyNode, Graph, Symbol
from opjax.ir.quotient import quotient
from opjax.ir.substitute import substituted
from opjax.ir.system import System


def logarithmic(system: System, states: tuple[str, ...]) -> System:
    """The model with the logarithms of some states as coordinates.

    The factor x of a term of dx/dt is left out; other terms are divided by x. So a term that is proportional to x is
    right however small x is, and the quotient is not computed as 0/0 where x has become 0.

    Arguments:
        system: the model.
        states: the states whose logarithms are the coordinates.

    Returns:
        A model whose states keep their names and stand for the coordinates.
    """

    def natural(graph: Graph, leaf: Symbol) -> AnyNode | None:
        return exponential(graph, leaf) if leaf.role == "state" and leaf.name in states else None

    changed = substituted(dataclasses.replace(system, gauges={}), natural)
    graph = changed.graph

    def rates(known: Mapping[str, AnyNode]) -> dict[str, AnyNode]:
        return {name: over(name, rate) if name in states else rate for name, rate in known.items()}

    def over(name: str, rate: AnyNode) -> AnyNode:
        leaf = graph.symbol("state", name, system.states[name].axes)
        return quotient(graph, rate, graph.apply("exp", (leaf,)))

    return dataclasses.replace(changed, rates=rates(changed.rates), local_rates=rates(changed.local_rates))


def exponential(graph: Graph, leaf: Symbol) -> AnyNode:
    """The natural state of a coordinate."""
    same = graph.symbol("state", leaf.name, tuple(dim.axis for dim in leaf.axes), leaf.span)
    return graph.apply("exp", (same,), leaf.span)
