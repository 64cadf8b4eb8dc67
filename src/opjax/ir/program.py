"""Programs, what passes work on; and rebuilding one with a rule, which writes only the cases that it changes."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from opjax.ir.many import elements
from opjax.ir.nodes import (
    AnyNode,
    Apply,
    Constant,
    Contract,
    Gather,
    Graph,
    IntegerPower,
    Interpolate,
    Join,
    Opaque,
    Place,
    Reduce,
    Segment,
    Stack,
    Symbol,
    View,
)
from opjax.ir.types import Axis
from opjax.records import record

if TYPE_CHECKING:
    from opjax.ir.table import NodeTable, Numbers

LARGE = 4_096
"""The nodes of graphs with so many are looked at together."""


@dataclass(frozen=True, eq=False)
class Program:
    """Expressions to be computed together.

    Arguments:
        graph: holds the nodes.
        roots: the wanted values by name.
        axes: the axes that the dims run over.
        names: names for people, by node number, where the model has one for a node.
        places: the nodes, by number, that others have taken the places of; so that those go on in the model's order.
        coalesced: runs of axes that may be computed as one; see `opjax.passes.coalesce`.
        elements: the names of the wanted values where these are the elements, in this order, of one vector: the only
            root, which has no name then.
        alone: the same values as they are computed for one state, where that is another way than for many at once.
    """

    graph: Graph
    roots: Mapping[str, AnyNode]
    axes: Mapping[str, Axis]
    names: Mapping[int, str]
    places: Mapping[int, int] = field(default_factory=dict[int, int])
    coalesced: tuple[tuple[str, ...], ...] = ()
    elements: tuple[str, ...] = ()
    alone: Program | None = None

    @cached_property
    def apart(self) -> Program:
        """The same with a root for each wanted value, also where they are the elements of one vector."""
        if not self.elements:
            return self
        graph = self.graph.copy()
        found = elements(graph, self.roots[""], len(self.elements))
        return replace(self, graph=graph, roots=dict(zip(self.elements, found, strict=True)), elements=())

    def place(self, node: AnyNode) -> tuple[int, int]:
        """Something by which nodes stand in the order in which the model was written."""
        return self.places.get(node.number, node.number), node.number

    @cached_property
    def nodes(self) -> list[AnyNode]:
        """The nodes that the roots are made of, operands first; found once for all passes that change nothing."""
        if self.is_large:
            return self.graph.nodes(self.numbers.tolist())
        roots = [root.number for root in self.roots.values()]
        wanted = bytearray(1 + max(roots, default=-1))
        for number in roots:
            wanted[number] = True
        found: list[AnyNode] = []
        for node in reversed(list(itertools.islice(self.graph, len(wanted)))):
            if wanted[node.number]:
                found.append(node)
                for operand in node.operands:
                    wanted[operand.number] = True
        found.reverse()
        return found

    @property
    def is_large(self) -> bool:
        """Whether its nodes are looked at together."""
        return len(self.graph) >= LARGE

    @property
    def table(self) -> NodeTable:
        """The nodes of the graph in columns."""
        from opjax.ir.table import table_of  # it needs NumPy, which reading a model does not

        return table_of(self.graph)

    @cached_property
    def numbers(self) -> Numbers:
        """The numbers of its nodes."""
        return self.table.reached(self.graph, [root.number for root in self.roots.values()])

    @cached_property
    def operands(self) -> frozenset[int]:
        """The numbers of those that others are made of."""
        if not self.is_large:
            return frozenset([operand.number for node in self.nodes for operand in node.operands])
        return frozenset(self.table.operands(self.numbers).tolist())

    @cached_property
    def uses(self) -> Mapping[int, int]:
        """How often each is an operand or a root, by its number."""
        counts = Counter([operand.number for node in self.nodes for operand in node.operands])
        counts.update([root.number for root in self.roots.values()])
        return counts

    @cached_property
    def leaves(self) -> list[AnyNode]:
        """Those that have no operands."""
        if not self.is_large:
            return [node for node in self.nodes if not node.operands]
        numbers = self.numbers
        return self.graph.nodes(numbers[self.table.counts[numbers] == 0].tolist())

    @cached_property
    def unusual(self) -> list[AnyNode]:
        """Those that have operands, and are no operation on scalars: few, even where there are many scalars."""
        if not self.is_large:
            return [node for node in self.nodes if node.operands and not is_interior(node)]
        return self.graph.nodes(self.table.unusual(self.numbers).tolist())

    @cached_property
    def arrays(self) -> list[AnyNode]:
        """Those that are operations and have dims."""
        return [node for node in self.unusual if node.dims]

    @cached_property
    def kinds(self) -> frozenset[type[AnyNode]]:
        """The types of its nodes: a pass for which there is none of its kind need not look at each."""
        if not self.is_large:
            return frozenset(map(type, self.nodes))
        scalars = {IntegerPower if isinstance(found, int) else Apply for found in self._on_scalars}
        return frozenset(map(type, itertools.chain(self.leaves, self.unusual))) | scalars

    @cached_property
    def functions(self) -> frozenset[str]:
        """The functions that it applies."""
        if not self.is_large:
            return frozenset([node.function for node in self.nodes if type(node) is Apply])
        on_arrays = [node.function for node in self.unusual if type(node) is Apply]
        return frozenset([*on_arrays, *(found for found in self._on_scalars if isinstance(found, str))])

    def applied(self, function: str) -> list[AnyNode]:
        """The nodes that apply a function."""
        if not self.is_large:
            return [node for node in self.nodes if type(node) is Apply and node.function == function]
        on_scalars = self.graph.nodes(self.table.applied(function, self.numbers).tolist())
        return on_scalars + [node for node in self.unusual if type(node) is Apply and node.function == function]

    @property
    def _on_scalars(self) -> list[str | int]:
        return self.table.on_scalars(self.numbers)


def is_interior(node: AnyNode) -> bool:
    """Whether a node is an operation on scalars."""
    return (type(node) is Apply or type(node) is IntegerPower) and not node.dims


def is_negated(node: AnyNode) -> bool:
    """Whether a node is minus another."""
    return isinstance(node, Apply) and node.function == "negate"


@record(eq=False)
class Step:
    """What one pass did.

    Arguments:
        name: the pass.
        purpose: in one sentence, what it does and why.
        before: the program that it was given.
        after: the program that it made; the same where there was nothing to do.
        remark: what it left as it was, and why; empty where there is nothing to say.
    """

    name: str
    purpose: str
    before: Program
    after: Program
    remark: str = ""

    @property
    def fired(self) -> bool:
        """Whether the pass changed anything."""
        changed = any(self.after.roots.get(name) is not root for name, root in self.before.roots.items())
        return changed or self.after.coalesced != self.before.coalesced or self.after.alone is not self.before.alone


Watch = Callable[[Step], None]
"""Is told of every pass that has run."""


class Optimise(Protocol):
    """Runs the passes on a program.

    `differentiable` says whether its namespace is; `vectors`, whether scalars may become vectors.
    """

    def __call__(
        self, program: Program, differentiable: bool, watch: Watch | None = None, vectors: bool = True
    ) -> Program:
        """The program after the passes."""
        ...


Rule = Callable[[Graph, AnyNode, tuple[AnyNode, ...]], AnyNode]
"""Makes the node of the new graph from the old node and its new operands."""


def rebuild(program: Program, rule: Rule, concerns: Callable[[AnyNode], bool]) -> Program:
    """Change what the roots are made of by a rule.

    Arguments:
        program: the program; it is not changed.
        rule: makes a node of the new graph; `copy_node` is the rule that changes nothing.
        concerns: whether the rule may change a node whose operands are as they were; if none, the program is itself.
    """
    nodes = program.nodes
    if not any(map(concerns, reversed(nodes))):  # operations are behind what they read, of which there is much
        return program
    graph = program.graph.copy()  # what does not change stays the same node, and costs nothing
    made: dict[int, AnyNode] = {}
    names, places = dict(program.names), dict(program.places)
    for node in nodes:
        operands = tuple([made.get(o.number, o) for o in node.operands]) if made else node.operands
        if operands != node.operands or concerns(node):
            place, before = program.place(node)[0], len(graph)
            copy = rule(graph, node, operands)
            places.update(dict.fromkeys(range(before, len(graph)), place))
            if copy is not node:
                made[node.number] = copy
                if node.number in names:
                    names.setdefault(copy.number, names[node.number])
    roots = {name: made.get(root.number, root) for name, root in program.roots.items()}
    return Program(graph, roots, program.axes, names, places, elements=program.elements)


def copy_node(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
    """The same node over other operands."""
    match node:
        case Constant():
            return graph.constant(node.value, node.span)
        case Symbol():
            return graph.symbol(node.role, node.name, tuple(d.axis for d in node.axes), node.span)
        case Apply():
            return graph.apply(node.function, operands, node.span)
        case IntegerPower():
            return graph.integer_power(operands[0], node.exponent, node.span)
        case Reduce():
            return graph.reduce(node.reduction, operands[0], node.over, node.span)
        case Contract():
            return graph.contract(operands, node.over, node.span)
        case View():
            return graph.view(operands[0], node.selections, node.span)
        case Interpolate():
            return graph.interpolate(operands[0], node.dim, operands[1], node.between, node.span)
        case Place():
            return graph.place(operands[0], node.dim, node.position, node.span)
        case Join():
            return graph.join(operands, node.dim, node.span, node.others)
        case Gather():
            return graph.gather(operands[0], node.positions, node.dims[0], node.span)
        case Segment():
            return graph.segment(operands[0], node.positions, node.dims[0], node.span)
        case Stack():
            return graph.stack(operands, node.dim, node.span)
        case Opaque():
            return graph.opaque(node.role, node.name, operands, node.dims, node.span)
