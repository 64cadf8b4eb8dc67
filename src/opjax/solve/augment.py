"""Incidences: what has flowed through a transition, as states that accumulate it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from opjax.ir.evaluate import reachable
from opjax.ir.nodes import AnyNode, Symbol
from opjax.ir.system import State, System


def accumulator_name(flow: str) -> str:
    """The name of the state that accumulates a flow; it has blanks, so no person can write it."""
    return f"incidence of {flow}"


def with_accumulators(system: System, flows: Iterable[str]) -> System:
    """A model with one more state for each of these transitions: what has flowed through it since the start.

    The incidence at an observation is the difference of two of its values: here, and at the observation before (at the
    first one: since the start).

    Arguments:
        system: the model.
        flows: names of its transitions; repeated ones count once.

    Returns:
        A model whose first states are those of `system`, in the same order.
    """
    names = tuple(dict.fromkeys(flows))
    if not names:
        return system
    states, rates = dict(system.states), dict(system.rates)
    zero = system.graph.constant(0.0)
    for name in names:
        flow = system.flows[name]
        own = accumulator_name(name)
        states[own] = State(own, flow.axes, flow.unit, f"what has flowed through {name}", flow.span, zero)
        rates[own] = flow.value
    return dataclasses.replace(system, states=states, rates=rates)


def flows_in(nodes: Iterable[AnyNode]) -> tuple[str, ...]:
    """The transitions whose incidence some values depend on, in the order of first mention."""
    leaves = (node for node in reachable(nodes) if isinstance(node, Symbol))
    return tuple(dict.fromkeys(leaf.name for leaf in leaves if leaf.role == "incidence"))
