"""A model in logarithmic coordinates: q = log(x) in place of some states, and dq/dt = (dx/dt)/x."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opjax.compile.described import Origin
from opjax.ir.nodes import AnyNode, Graph, Symbol
from opjax.ir.quotient import quotient
from opjax.ir.substitute import substituted
from opjax.ir.system import System

if TYPE_CHECKING:
    from opjax.compile.compiled import CompiledRhs


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


@dataclass(frozen=True)
class LogOrigin:
    """Where the transformed model comes from: the natural one, which it is not equal to."""

    natural: CompiledRhs
    origin: Origin

    def text(self) -> str:
        """The text of the natural model."""
        return self.origin.text()

    def content_hash(self) -> str:
        """Another hash than that of the natural model."""
        return f"log:{self.origin.content_hash()}"

    def rates(self) -> Mapping[str, str]:
        """As those of the natural model."""
        return self.origin.rates()

    @property
    def labels(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """As those of the natural model."""
        return self.origin.labels

    @property
    def restore(self) -> Callable[..., CompiledRhs]:
        """Makes the transformed model of the natural one, which pickles itself."""
        return functools.partial(_restore, self.natural)


def _restore(natural: CompiledRhs, *state: object) -> CompiledRhs:
    return natural.coordinate_view().transformed
