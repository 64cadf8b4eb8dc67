"""Outward: what is computed of values that are all read elsewhere in the same way is computed first, and read then.

``(H + e[x+1])*u[x+1]`` is ``m[x+1]`` with ``m[x] = (H + e[x])*u[x]``: one array is shifted in place of two, and the
same m serves the point before, and the neighbours along other axes. In ``sum(Q[o]*(c[o]/K[o] - b) for o in organ)``
the bound name is no more than a name: where ``c[organ]/K[organ]`` is computed anyway, the sum is taken over that.

Shifts move outwards over products of several arrays; sums of neighbours stay as they are, which
`opjax.passes.differences` and others know as they are written. Beyond an end that absorbs lie zeros, and not what is
computed of zeros: such shifts stay too.

Law: no value changes by a bit.
Benchmark: shallow water in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opjax.ir.nodes import Along, AnyNode, Apply, Graph, IntegerPower, Reduce, View
from opjax.ir.program import Program, copy_node, is_negated, rebuild
from opjax.ir.types import Dim

LINEAR = frozenset(("add", "negate"))
Way = Mapping[Dim, Along]
"""How each dim of a value is read."""


def outward(program: Program) -> Program:
    """The same values with what is read elsewhere computed before it is read."""
    if View not in program.kinds or not any(isinstance(node, View) and _way(node) for node in program.arrays):
        return program
    found = _Outward(frozenset(node.number for node in program.nodes))
    made = rebuild(program, found.rule, lambda node: bool(node.operands) and (bool(node.dims) or type(node) is Reduce))
    return made if found.chosen else program


@dataclass(frozen=True, slots=True)
class _Reading:
    """A value as another one that is read in some way.

    Arguments:
        value: the other one.
        way: how its dims are read.
        shifted: the numbers of the arrays in it that are read at neighbours.
        bent: whether more than sums and signs are made of them.
        known: whether something in it is computed anyway.
    """

    value: AnyNode
    way: Way
    shifted: frozenset[int] = frozenset()
    bent: bool = False
    known: bool = False


@dataclass(frozen=True, slots=True)
class _Outward:
    """Finds what is read in one way, and makes it.

    Arguments:
        computed: the numbers of what the program computes.
        readings: of nodes that are made of values read in one way, what they are.
        chosen: the numbers of nodes that something else stands in the place of.
    """

    computed: frozenset[int]
    readings: dict[int, _Reading] = field(default_factory=dict[int, "_Reading"])
    chosen: set[int] = field(default_factory=set[int])

    def rule(self, graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        """The node of the new graph."""
        copy = copy_node(graph, node, operands)
        if isinstance(node, View):
            way = _way(node)
            if way is not None:
                moved = frozenset((operands[0].number,)) if any(a.offset for a in way.values()) else frozenset[int]()
                self.readings[node.number] = _Reading(operands[0], way, moved)
        elif isinstance(node, Apply | IntegerPower):
            reading = self.joined(graph, node, operands)
            if reading is not None:
                self.readings[node.number] = reading
                if len(reading.shifted) > 1 and reading.bent and not is_negated(node):
                    self.chosen.add(node.number)
                    return graph.view(reading.value, [reading.way[d] for d in reading.value.dims], node.span)
        elif isinstance(node, Reduce):
            reading = self.readings.get(node.operand.number)
            if reading is not None and self.is_worth(node, reading):
                self.chosen.add(node.number)
                return _reduced(graph, node, reading)
        return copy

    def is_worth(self, node: Reduce, reading: _Reading) -> bool:
        """Whether a reduction shares something with the rest; a product and its sum are one operation as it is."""
        value, own = reading.value, {along.dim: dim for dim, along in reading.way.items()}
        in_order = [own[d] for d in node.over] == sorted(own[d] for d in node.over)
        product = isinstance(value, Apply) and value.function == "multiply" and value.number in self.computed
        alone = product and node.reduction == "sum"
        return in_order and reading.known and not reading.shifted and not alone

    def joined(self, graph: Graph, node: Apply | IntegerPower, operands: tuple[AnyNode, ...]) -> _Reading | None:
        """What is made of values that are read in one way, before it is read; None if they are read in several."""
        parts = [
            self.readings.get(old.number) or _Reading(new, {d: Along(d) for d in new.dims})
            for old, new in zip(node.operands, operands, strict=True)
        ]
        way: dict[Dim, Along] = {}
        for part in parts:
            if any(way.setdefault(dim, along) != along for dim, along in part.way.items()):
                return None
        if len({along.dim for along in way.values()}) < len(way) or all(a == Along(d) for d, a in way.items()):
            return None
        made = copy_node(graph, node, tuple(part.value for part in parts))
        several = sum(bool(part.way) for part in parts) > 1
        bent = several and (isinstance(node, IntegerPower) or node.function not in LINEAR)
        return _Reading(
            made,
            way,
            frozenset[int]().union(*(part.shifted for part in parts)),
            bent or any(part.bent for part in parts),
            made.number in self.computed or any(part.known for part in parts),
        )


def _reduced(graph: Graph, node: Reduce, reading: _Reading) -> AnyNode:
    """A reduction over other names of the dims."""
    own = {along.dim: dim for dim, along in reading.way.items()}
    value = graph.reduce(node.reduction, reading.value, tuple(own[d] for d in node.over), node.span)
    return graph.view(value, [reading.way[d] for d in value.dims], node.span)


def _way(view: View) -> Way | None:
    """How a view reads each dim; None where it picks points, or reads zeros beyond an end."""
    way: dict[Dim, Along] = {}
    for dim, along in zip(view.operand.dims, view.selections, strict=True):
        if not isinstance(along, Along) or along.points or along.dim.axis != dim.axis:
            return None
        if along.offset and along.edge == "absorb":
            return None
        way[dim] = along if along.offset else Along(along.dim)
    bijective = len({along.dim for along in way.values()}) == len(way)
    return way if bijective and any(along != Along(dim) for dim, along in way.items()) else None
