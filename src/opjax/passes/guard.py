"""Guard: a branch that is not taken must not spoil the gradient of the one that is.

Reverse mode sends a zero into the branch not taken, and zero times an infinite slope (``sqrt`` at 0, ``1/x`` at 0,
``log`` of a negative number) is nan. Inside a branch every value x that meets such an operation becomes ``where(path,
x, stop_gradient(x))``, where path is the condition under which the branch is taken: the same value, and no gradient
where the branch is not taken. Forward values do not change by a bit, and the compiler drops the selection there.

What is left: an infinite slope outside the conditional times an input that the branch does not use.

Law: no value changes by a bit; gradients are finite where the branch that is taken has finite ones.
Benchmark: the gradients in `benchmarks/count_jaxpr_equations.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opjax.ir.functions import FUNCTIONS
from opjax.ir.nodes import Along, AnyNode, Apply, AtPosition, Graph, IntegerPower, Join, Place, View
from opjax.ir.program import Program, copy_node
from opjax.ir.types import Axis, Dim, Role
from opjax.traverse import Walk, run

WITHOUT_SLOPE: frozenset[Role] = frozenset(("coordinate", "position", "quadrature", "measure", "size"))


def guard(program: Program) -> Program:
    """The same values, safe to differentiate; for namespaces that differentiate."""
    if "where" not in program.functions:
        return program
    nodes = program.nodes
    guarded = _Guard(program.graph, program.axes)
    for node in nodes:
        guarded.look(node)
    if not guarded.selects:
        return program
    guarded.graph = program.graph.copy()
    roots = {name: run(guarded.under(root, None)) for name, root in program.roots.items()}
    names = dict(program.names)
    places = dict(program.places)
    for (number, path), new in guarded.done.items():
        if path is None and number in names:
            names.setdefault(new.number, names[number])
        if new.number >= len(program.graph):
            places.setdefault(new.number, places.get(number, number))
    return Program(guarded.graph, roots, program.axes, names, places)


@dataclass(slots=True)
class _Guard:
    graph: Graph
    axes: Mapping[str, Axis]
    sharp: set[int] = field(default_factory=set[int])
    """Nodes with an operation in them whose value or slope may not be finite."""
    selects: set[int] = field(default_factory=set[int])
    """Nodes with a conditional in them that has such a branch."""
    done: dict[tuple[int, int | None], AnyNode] = field(default_factory=dict[tuple[int, "int | None"], AnyNode])

    def look(self, node: AnyNode) -> None:
        """Learn what a node contains; operands come first."""
        below = [o.number for o in node.operands]
        if (any(n in self.sharp for n in below) or is_sharp(node)) and node.roles - WITHOUT_SLOPE:
            self.sharp.add(node.number)
        branches = below[1:] if isinstance(node, Apply) and node.function == "where" else []
        if any(n in self.selects for n in below) or any(n in self.sharp for n in branches):
            self.selects.add(node.number)

    def under(self, node: AnyNode, path: AnyNode | None) -> Walk[AnyNode]:
        """The node as it stands under a path condition (None: always taken)."""
        relevant = self.selects if path is None else self.sharp
        if node.number not in relevant and not (path is not None and node.number in self.selects):
            return node
        key = (node.number, None if path is None else path.number)
        if key not in self.done:
            self.done[key] = yield self.rebuilt(node, path)
        return self.done[key]

    def rebuilt(self, node: AnyNode, path: AnyNode | None) -> Walk[AnyNode]:
        if isinstance(node, Apply) and node.function == "where":
            condition, then, otherwise = node.arguments
            taken = yield self.branch(then, self.both(path, condition))
            not_taken = self.graph.apply("logical_not", (condition,))
            other = yield self.branch(otherwise, self.both(path, not_taken))
            return self.graph.apply("where", (condition, taken, other), node.span)
        if isinstance(node, View | Place) and path is not None:
            return (yield self.moved(node, path))
        if isinstance(node, Join) and path is not None and node.dim in path.dims:
            return (yield self.joined(node, path))
        operands: list[AnyNode] = []
        for operand in node.operands:
            operands.append((yield self.operand(operand, path)))
        return copy_node(self.graph, node, tuple(operands))

    def joined(self, node: Join, path: AnyNode) -> Walk[AnyNode]:
        """Parts behind each other, each under the path at its own points."""
        parts: list[AnyNode] = []
        start = 0
        for part in node.parts:
            own = node.own(part)
            points = self.axes[own.axis].size or 0 if own else 1
            there = Along(own, start, points=points) if own else AtPosition(start)
            at_part = self.graph.view(path, [there if d == node.dim else Along(d) for d in path.dims], path.span)
            parts.append((yield self.operand(part, at_part)))
            start += points
        return self.graph.join(parts, node.dim, node.span, node.others)

    def both(self, path: AnyNode | None, condition: AnyNode) -> AnyNode:
        return condition if path is None else self.graph.apply("logical_and", (path, condition))

    def branch(self, node: AnyNode, path: AnyNode) -> Walk[AnyNode]:
        """A branch of a conditional."""
        if node.number not in self.sharp and node.number not in self.selects:
            return node
        return (yield self.operand(node, path))

    def operand(self, node: AnyNode, path: AnyNode | None) -> Walk[AnyNode]:
        """An operand under a path: masked where it is smooth, entered where it is not."""
        if path is None:
            return (yield self.under(node, None))
        if node.kind == "boolean" or not node.roles - WITHOUT_SLOPE:
            return node
        if node.number not in self.sharp and node.number not in self.selects:
            return self.masked(node, path)
        if set(path.dims) <= set(node.dims):
            return (yield self.under(node, path))
        # The value is shared by several points: it is used where any of them takes the branch.
        inside = yield self.under(node, self.anywhere(path, node))
        return self.masked(inside, path)

    def masked(self, node: AnyNode, path: AnyNode) -> AnyNode:
        """The same value, without a gradient where the branch is not taken."""
        still = self.graph.apply("stop_gradient", (node,), node.span)
        return self.graph.apply("where", (path, node, still), node.span)

    def anywhere(self, path: AnyNode, node: AnyNode) -> AnyNode:
        one, zero = self.graph.constant(1.0), self.graph.constant(0.0)
        number = self.graph.apply("where", (path, one, zero))
        most = self.graph.reduce("max", number, tuple(d for d in path.dims if d not in node.dims))
        return self.graph.apply("greater", (most, self.graph.constant(0.5)))

    def moved(self, node: View | Place, path: AnyNode) -> Walk[AnyNode]:
        """A view: the path is read back through it where it only renames; otherwise its value is masked."""
        back: dict[Dim, Dim] = {}
        selections = node.selections if isinstance(node, View) else ()
        for own, selection in zip(node.operand.dims, selections, strict=False):
            if isinstance(selection, Along) and not selection.offset and not selection.points:
                back[selection.dim] = own
        renames = isinstance(node, View) and len(back) == len(selections)
        if not renames:
            inside = yield self.under(node.operand, None)
            return self.masked(copy_node(self.graph, node, (inside,)), path)
        read_back = self.graph.view(path, (Along(back[d]) for d in path.dims))
        inside = yield self.operand(node.operand, read_back)
        return copy_node(self.graph, node, (inside,))


def is_sharp(node: AnyNode) -> bool:
    """Whether the operation itself may have a value or slope that is not finite."""
    if isinstance(node, IntegerPower):
        return node.exponent < 0
    return isinstance(node, Apply) and not FUNCTIONS[node.function].total
