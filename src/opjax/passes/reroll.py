"""Re-roll: many scalar equations of few shapes become one vector operation for each operation of a shape.

A network of 1,000 species as text is thousands of scalar operations, for which XLA needs a minute. Most of them are the
same operation on other leaves. A *unit* is a scalar expression with a value of its own: a root, or what is used twice.
Two units have the same shape if they differ in leaves (states, parameters, constants, other units) only. All units of
one shape become one vector expression over vectors that gather the leaves; a leaf that they share stays a scalar, so
that what does not vary is computed once. Sums of different lengths, such as the balance of a species over its
reactions, are taken apart: their terms are units, and the sums are segments of one vector.

Models with few scalar operations stay as they are.

Law: sums of different lengths are added in another order; a sum of n terms differs by at most n units in the last place
of the sum of their absolute values. All other values are the same to the last bit.
Benchmark: the reaction networks in `benchmarks/time_networks.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from opjax.ir.nodes import AnyNode, Apply, AtPosition, Graph, Join
from opjax.ir.program import Program, copy_node
from opjax.passes.columns import Columns
from opjax.passes.shapes import Shapes, is_interior, leaves_of, negated
from opjax.traverse import Walk, run


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where vectors begin to pay.

    Arguments:
        operations: fewer scalar operations in a program stay as they are.
        members: fewer expressions of one shape stay scalars.
        kinds: more shapes of sums on one level are taken apart, but for those that a part of the sums has.
        runs: a vector of more slices than this is gathered from one pool.
    """

    operations: int = 100
    members: int = 16
    kinds: int = 4
    runs: int = 8


USUAL = Bounds()


def reroll(program: Program, bounds: Bounds = USUAL) -> Program:
    """The same values with scalar operations of one shape as vector operations."""
    nodes = program.nodes
    if sum(map(is_interior, nodes)) < bounds.operations:
        return program
    plan = _plan(Shapes(nodes, program.roots.values()), bounds)
    if not plan.worthwhile:
        return program
    return _Rewriting(program, nodes, plan, bounds).program()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of the units of each level: vectors, sums that are taken apart, and what stays."""

    shapes: Shapes
    vectors: Mapping[int, list[list[AnyNode]]]
    sums: Mapping[int, list[AnyNode]]
    single: Mapping[int, list[AnyNode]]

    @property
    def worthwhile(self) -> bool:
        """Whether at least half of the operations disappear."""
        groups = [group for level in self.vectors.values() for group in level]
        sums = [unit for level in self.sums.values() for unit in level]
        gone = sum((len(group) - 1) * self.shapes.size[group[0].number] for group in groups)
        gone += sum(len(unit.operands) for unit in sums)
        return 2 * gone >= self.shapes.operations


def _plan(shapes: Shapes, bounds: Bounds) -> _Plan:
    sums = _sums(shapes, bounds)
    apart = {unit.number for level in sums.values() for unit in level}
    for unit in [unit for level in sums.values() for unit in level]:
        shapes.raise_up(term.number for _, term in terms(unit, shapes) if is_interior(term))
    vectors: dict[int, list[list[AnyNode]]] = {}
    single: dict[int, list[AnyNode]] = {}
    groups = {key: [unit for unit in group if unit.number not in apart] for key, group in shapes.groups().items()}
    ends = {key for key, kept in groups.items() if kept and len(kept) < bounds.members and shapes.are_ends(kept)}
    for (level, shape), kept in groups.items():
        # A few roots of other shapes, such as the ends of a chain, are short vectors beside the long ones.
        if len(kept) >= bounds.members or ((level, shape) in ends and len(ends) <= bounds.runs):
            vectors.setdefault(level, []).append(kept)
        else:
            single.setdefault(level, []).extend(kept)
    return _Plan(shapes, vectors, sums, single)


def _sums(shapes: Shapes, bounds: Bounds) -> dict[int, list[AnyNode]]:
    """The sums of each level that have too many shapes to be vectors of their own."""
    found: dict[int, list[list[AnyNode]]] = {}
    for (level, _), group in shapes.groups().items():
        if isinstance(group[0], Apply) and group[0].function == "add":
            found.setdefault(level, []).append(group)
    chosen: dict[int, list[AnyNode]] = {}
    for level, groups in found.items():
        part = sum(map(len, groups)) // bounds.kinds if len(groups) > bounds.kinds else 0
        irregular = [unit for group in groups if len(group) < max(part, bounds.members) for unit in group]
        if len(irregular) >= bounds.members:
            chosen[level] = sorted(irregular, key=lambda unit: unit.number)
    return chosen


def terms(unit: AnyNode, shapes: Shapes) -> Iterator[tuple[float, AnyNode]]:
    """The terms of a sum, each with its sign."""
    for term in unit.operands:
        yield (-1.0, term.operands[0]) if negated(term) and not shapes.is_unit(term) else (1.0, term)


@dataclass(slots=True)
class _Rewriting:
    """Builds the new program level by level, so that everything is there before it is read."""

    old: Program
    nodes: list[AnyNode]
    plan: _Plan
    bounds: Bounds
    graph: Graph = field(init=False)
    columns: Columns = field(init=False)
    made: dict[int, AnyNode] = field(default_factory=dict[int, AnyNode])
    names: dict[int, str] = field(init=False)
    balances: dict[int, AnyNode] = field(init=False)
    """Sums that are roots and nothing else: they are added up together, in the order of the roots."""

    def __post_init__(self) -> None:
        self.graph = self.old.graph.copy()
        self.columns = Columns(self.graph, dict(self.old.axes), self.scalar, self.bounds.runs)
        self.columns.add_pools(self.nodes, self.old.roots)
        self.names = dict(self.old.names)
        used = self.plan.shapes.used
        sums = [unit for level in self.plan.sums.values() for unit in level]
        self.balances = {unit.number: unit for unit in sums if unit.number not in used}

    def program(self) -> Program:
        shapes, plan = self.plan.shapes, self.plan
        arrays: dict[int, list[AnyNode]] = {}
        for node in self.nodes:
            if not is_interior(node) and node.operands:
                arrays.setdefault(shapes.level[node.number], []).append(node)
        for level in range(shapes.levels):
            for node in arrays.get(level, ()):
                self.copy(node)
            for group in plan.vectors.get(level, ()):
                self.vector(group)
            self.scalars(plan.single.get(level, []))
            self.segments([unit for unit in plan.sums.get(level, ()) if unit.number not in self.balances])
        return Program(self.graph, self.roots(), self.columns.axes, self.names)

    def scalar(self, node: AnyNode) -> AnyNode:
        """What an old node is now, as a node of its own."""
        known = self.made.get(node.number)
        if known is None:
            placed = self.columns.placed.get(node.number) if is_interior(node) else None
            known = node if placed is None else self.graph.view(placed[0], (AtPosition(placed[1]),), node.span)
            self.made[node.number] = known
        return known

    def copy(self, node: AnyNode) -> None:
        """An old node over what its operands are now."""
        if isinstance(node, Join) and not any(part.dims for part in node.parts):
            self.made[node.number] = self.columns.gather(node.parts, node.dims[0])
            return
        operands = tuple(self.scalar(o) for o in node.operands)
        same = all(new is old for new, old in zip(operands, node.operands, strict=True))
        copy = self.made[node.number] = node if same else copy_node(self.graph, node, operands)
        if node.number in self.names:
            self.names.setdefault(copy.number, self.names[node.number])

    def scalars(self, units: list[AnyNode]) -> None:
        """Units that stay scalars, with what is inside."""
        inside: dict[int, AnyNode] = {}
        waiting = list(units)
        while waiting:
            node = waiting.pop()
            inside[node.number] = node
            waiting.extend(o for o in node.operands if o.number in self.plan.shapes.inside)
        for number in sorted(inside):
            self.copy(inside[number])

    def vector(self, group: list[AnyNode]) -> None:
        """Units of one shape as one vector."""
        dim = self.columns.new_dim(len(group))
        found = zip(*(leaves_of(unit, self.plan.shapes) for unit in group), strict=True)
        slots = iter([self.columns.slot(column, dim) for column in found])
        value = run(self.expression(group[0], slots, top=True))
        if not value.dims:
            value = self.graph.join([value] * len(group), dim)
        for place, unit in enumerate(group):
            self.columns.placed[unit.number] = (value, place)

    def expression(self, node: AnyNode, slots: Iterator[AnyNode], top: bool = False) -> Walk[AnyNode]:
        """The expression of a shape over vectors for its leaves, which are met from left to right."""
        if not top and node.number not in self.plan.shapes.inside:
            return next(slots)
        operands: list[AnyNode] = []
        for operand in node.operands:
            operands.append((yield self.expression(operand, slots)))
        return copy_node(self.graph, node, tuple(operands))

    def segments(self, sums: list[AnyNode]) -> None:
        """Sums as segments of one vector of terms."""
        if sums:
            total = self.added([list(terms(unit, self.plan.shapes)) for unit in sums])
            for place, unit in enumerate(sums):
                self.columns.placed[unit.number] = (total, place)

    def added(self, sums: list[list[tuple[float, AnyNode]]]) -> AnyNode:
        """The vector of some sums of terms with signs."""
        rows = [(place, sign, term) for place, row in enumerate(sums) for sign, term in row]
        dim = self.columns.new_dim(len(rows))
        value = self.columns.gather([term for _, _, term in rows], dim)
        if any(sign < 0 for _, sign, _ in rows):
            signs = self.graph.join([self.graph.constant(sign) for _, sign, _ in rows], dim)
            value = self.graph.apply("multiply", (value, signs))
        return self.graph.segment(value, tuple(place for place, _, _ in rows), self.columns.new_dim(len(sums)))

    def roots(self) -> dict[str, AnyNode]:
        """The roots; neighbouring scalars are elements of one vector."""
        roots: dict[str, AnyNode] = {}
        neighbours: list[str] = []
        for name, root in [*self.old.roots.items(), ("", None)]:
            if root is not None and not root.dims and root.kind == "real":
                neighbours.append(name)
                continue
            roots.update(self.packed(neighbours))
            neighbours = []
            if root is not None:
                roots[name] = self.scalar(root)
        return {name: roots[name] for name in self.old.roots}

    def packed(self, names: list[str]) -> dict[str, AnyNode]:
        found = [self.old.roots[name] for name in names]
        balances = sum(root.number in self.balances for root in found)
        if balances:
            vector = self.added([self.balance(root) for root in found])
        elif sum(root.number in self.columns.placed for root in found) >= self.bounds.members:
            vector = self.columns.gather(found, self.columns.new_dim(len(found)))
        else:
            return {name: self.scalar(root) for name, root in zip(names, found, strict=True)}
        return {name: self.graph.view(vector, (AtPosition(place),)) for place, name in enumerate(names)}

    def balance(self, root: AnyNode) -> list[tuple[float, AnyNode]]:
        """The terms of a root."""
        return list(terms(root, self.plan.shapes)) if root.number in self.balances else [(1.0, root)]
