"""Re-roll: many scalar equations of few shapes become one vector operation for each operation of a shape.

A network of 1,000 species as text is thousands of scalar operations, for which XLA needs a minute. Most of them are the
same operation on other leaves. A *unit* is a scalar expression with a value of its own: a root, or what is used twice.
Two units have the same shape if they differ in leaves (states, parameters, constants, other units) only. All units of
one shape become one vector expression over vectors that gather the leaves; a leaf that they share stays a scalar, so
that what does not vary is computed once. What takes no longer to compute again than to gather, such as the square of a
state, is part of each unit that uses it.

Products of different numbers of factors are one vector product, in which what a shorter one lacks is a factor of 1.
Sums of different lengths, such as the balance of a species over its reactions, are taken apart: their terms are units,
each with a number as its factor, and the sums are segments of one vector. Sums that have a term of one shape, such as
the decay of each gene beside rates of many shapes, are one vector sum: the other terms are units.

Models with few scalar operations stay as they are.

Law: sums of different lengths are added in another order; a sum of n terms differs by at most n units in the last place
of the sum of their absolute values. Products are multiplied in another order, a power as its factors; one of n factors
differs by at most n units in the last place while nothing overflows. All other values are the same to the last bit.
Benchmark: the reaction networks in `benchmarks/time_networks.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from opjax.ir.nodes import AnyNode, AtPosition, Constant, Graph, Join, number_of
from opjax.ir.program import Program, copy_node
from opjax.ir.types import Dim
from opjax.passes.columns import Columns
from opjax.passes.products import Products, merged
from opjax.passes.shapes import Shapes, Terms, is_interior, is_scaled
from opjax.traverse import Walk, run


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where vectors begin to pay.

    Arguments:
        operations: fewer scalar operations in a program stay as they are.
        members: fewer expressions of one shape stay scalars.
        kinds: more shapes of sums on one level are taken apart, but for those that a part of the sums has.
        most: this part of the sums must have as many terms for some of their terms to be vectors.
        runs: a vector of more slices than this is gathered from one pool.
    """

    operations: int = 100
    members: int = 8
    kinds: int = 4
    most: float = 0.9
    runs: int = 8


USUAL = Bounds()
LAST = -1
"""The level of sums that nothing uses: they are added up when all else is there."""


def reroll(program: Program, bounds: Bounds = USUAL) -> Program:
    """The same values with scalar operations of one shape as vector operations."""
    nodes = program.nodes
    if len(list(itertools.islice(filter(is_interior, nodes), bounds.operations))) < bounds.operations:
        return program
    plan = _plan(Shapes(nodes, program.roots.values()), bounds)
    if not plan.worthwhile:
        return program
    return _Rewriting(program, nodes, plan, bounds).program()


Total = tuple[list[AnyNode], frozenset[int]]
"""Sums that are one, and which of their terms are units."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of the units of each level: vectors, sums that are taken apart, and what stays.

    Arguments:
        shapes: the shapes.
        vectors: units of one shape.
        products: products of several shapes that are one.
        totals: sums of one shape whose terms are vectors of the same level.
        sums: sums that are taken apart.
        terms: their terms, by the number of the sum.
        single: units that stay scalars.
    """

    shapes: Shapes
    vectors: dict[int, list[list[AnyNode]]] = field(default_factory=dict[int, "list[list[AnyNode]]"])
    products: dict[int, list[Products]] = field(default_factory=dict[int, "list[Products]"])
    totals: dict[int, list[Total]] = field(default_factory=dict[int, "list[Total]"])
    sums: dict[int, list[AnyNode]] = field(default_factory=dict[int, "list[AnyNode]"])
    terms: dict[int, Terms] = field(default_factory=dict[int, Terms])
    single: dict[int, list[AnyNode]] = field(default_factory=dict[int, "list[AnyNode]"])

    @property
    def worthwhile(self) -> bool:
        """Whether at least half of the operations disappear."""
        size = self.shapes.size
        groups = [group for level in self.vectors.values() for group in level]
        groups += [units for level in self.totals.values() for units, _ in level]
        groups += [group.units for level in self.products.values() for row in level for group in row.groups]
        gone = sum((len(group) - 1) * size(group[0]) for group in groups)
        gone += sum(map(len, self.terms.values()))
        return 2 * gone >= self.shapes.operations


def _plan(shapes: Shapes, bounds: Bounds) -> _Plan:
    plan = _Plan(shapes)
    for level, units, apart in _totals(shapes, bounds):
        plan.totals.setdefault(level, []).append((units, apart))
    done = {unit.number for level in plan.totals.values() for units, _ in level for unit in units}
    plan.sums.update(_sums(shapes, done, bounds))
    for unit in itertools.chain.from_iterable(plan.sums.values()):
        plan.terms[unit.number] = shapes.terms(unit)
    shapes.raise_up(term for terms in plan.terms.values() for _, term in terms if term.operands)
    done.update(plan.terms)
    by_level: dict[int, list[list[AnyNode]]] = {}
    for (level, _), group in shapes.groups.items():
        kept = [unit for unit in group if unit.number not in done]
        if kept:
            by_level.setdefault(level, []).append(kept)
    bare = _bare_terms(plan)
    for level, kept in by_level.items():
        plan.products[level] = merged(kept, bare if level == 0 else [], shapes, bounds.members)
        _split(level, _without(kept, plan.products[level]), plan, bounds)
    return plan


def _split(level: int, groups: list[list[AnyNode]], plan: _Plan, bounds: Bounds) -> None:
    """Which groups become vectors, and which stay scalars."""
    ends = [group for group in groups if len(group) < bounds.members and plan.shapes.are_ends(group)]
    few = len(ends) <= bounds.runs
    for group in groups:
        # A few roots of other shapes, such as the ends of a chain, are short vectors beside the long ones.
        if len(group) >= bounds.members or (few and any(group is end for end in ends)):
            plan.vectors.setdefault(level, []).append(group)
        else:
            plan.single.setdefault(level, []).extend(group)


def _without(groups: list[list[AnyNode]], products: list[Products]) -> list[list[AnyNode]]:
    """The groups that are not among products."""
    done = {id(group.units) for row in products for group in row.groups}
    return [group for group in groups if id(group) not in done]


def _bare_terms(plan: _Plan) -> list[AnyNode]:
    """Parameters and numbers that are terms as they are, such as the rate of a source."""
    found = {term.number: term for terms in plan.terms.values() for _, term in terms if not term.operands}
    return [term for term in found.values() if isinstance(term, Constant) or "parameter" in term.roles]


def _sums(shapes: Shapes, done: set[int], bounds: Bounds) -> dict[int, list[AnyNode]]:
    """The sums of each level that have too many shapes to be vectors of their own."""
    found: dict[int, list[list[AnyNode]]] = {}
    for (level, shape), group in shapes.groups.items():
        if shapes.shapes[shape][0] == "add" and group[0].number not in done:
            found.setdefault(LAST if shapes.are_ends(group) else level, []).append(group)
    chosen: dict[int, list[AnyNode]] = {}
    for level, rows in found.items():
        part = sum(map(len, rows)) // bounds.kinds if len(rows) > bounds.kinds else 0
        irregular = [unit for group in rows if len(group) < max(part, bounds.members) for unit in group]
        if len(irregular) >= bounds.members:
            chosen[level] = sorted(irregular, key=number_of)
    if LAST in chosen:  # beside them, what is one term is a sum too
        groups = [group for group in shapes.groups.values() if is_scaled(group[0]) and shapes.are_ends(group)]
        chosen[LAST] += itertools.chain.from_iterable(groups)
    return chosen


def _totals(shapes: Shapes, bounds: Bounds) -> list[tuple[int, list[AnyNode], frozenset[int]]]:
    """Sums of several shapes with a term of the same shape: the other terms become units, and the sums one vector."""
    found: dict[int, dict[int, list[list[AnyNode]]]] = {}
    for (level, shape), group in shapes.groups.items():
        operation, *parts = shapes.shapes[shape]
        if operation == "add":
            found.setdefault(level, {}).setdefault(len(parts), []).append(group)
    totals: list[tuple[int, list[AnyNode], frozenset[int]]] = []
    for level, lengths in found.items():
        sums = sum(len(group) for rows in lengths.values() for group in rows)
        for rows in lengths.values():
            count = sum(map(len, rows))
            if len(rows) < 2 or count < max(bounds.members, bounds.most * sums):
                continue
            columns = zip(*(shapes.shape_of(group[0])[1:] for group in rows), strict=True)
            apart = frozenset(place for place, column in enumerate(columns) if len(set(column)) > 1)
            units = sorted(itertools.chain.from_iterable(rows), key=number_of)
            if len(apart) < len(units[0].operands):
                totals.append((level, units, apart))
    shapes.raise_up(unit.operands[place] for _, units, apart in totals for unit in units for place in apart)
    return totals


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
    bare: dict[int, tuple[AnyNode, int]] = field(default_factory=dict[int, "tuple[AnyNode, int]"])
    """Where leaves stand among the products, for sums of which they are terms."""

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
                arrays.setdefault(shapes.level_of(node), []).append(node)
        for level in range(shapes.levels):
            for node in arrays.get(level, ()):
                self.copy(node)
            for products in plan.products.get(level, ()):
                self.product(products)
            for group in plan.vectors.get(level, ()):
                self.vector(group)
            self.scalars(plan.single.get(level, []))
            for units, apart in plan.totals.get(level, ()):
                self.vector(units, apart)
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

    def vector(self, group: list[AnyNode], apart: Container[int] = ()) -> None:
        """Units of one shape as one vector; operands `apart` are units, whatever their shapes are."""
        dim = self.columns.new_dim(len(group))
        self.put(group, run(self.expression(group, dim, apart)), dim)

    def expression(self, column: list[AnyNode], dim: Dim, apart: Container[int] = ()) -> Walk[AnyNode]:
        """The expression for operations of one shape, over vectors for their leaves."""
        operands: list[AnyNode] = []
        for place, part in enumerate(self.plan.shapes.shape_of(column[0])[1:]):
            below = [node.operands[place] for node in column]
            inside = isinstance(part, int) and part >= 0 and place not in apart
            operands.append((yield self.expression(below, dim)) if inside else self.columns.slot(below, dim))
        return copy_node(self.graph, column[0], tuple(operands))

    def product(self, products: Products) -> None:
        """Products of several shapes as one vector."""
        units = products.units()
        dim = self.columns.new_dim(len(units))
        slots = [self.columns.slot(column, dim) for column in products.columns(self.graph.constant(1.0))]
        placed = self.columns.placed
        leaves = [unit.number for unit in units if not unit.operands]
        known = {number: placed[number] for number in leaves if number in placed}
        self.put(units, self.graph.apply("multiply", slots) if len(slots) > 1 else slots[0], dim)
        self.bare.update({number: placed.pop(number) for number in leaves})
        placed.update(known)

    def put(self, units: list[AnyNode], value: AnyNode, dim: Dim) -> None:
        """The vector where units are read from now on."""
        self.columns.put(units, value if value.dims else self.graph.join([value] * len(units), dim))

    def segments(self, sums: list[AnyNode]) -> None:
        """Sums as segments of one vector of terms."""
        if sums:
            self.columns.put(sums, self.added([self.plan.terms[unit.number] for unit in sums]))

    def added(self, sums: list[Terms]) -> AnyNode:
        """The vector of some sums of terms with factors."""
        factors, terms = zip(*itertools.chain.from_iterable(sums), strict=True)
        places = itertools.chain.from_iterable(map(itertools.repeat, itertools.count(), map(len, sums)))
        dim = self.columns.new_dim(len(terms))
        value = self.columns.gather(terms, dim, self.bare)
        if any(factor != 1.0 for factor in factors):
            numbers = self.graph.join(self.numbers(factors), dim)
            value = self.graph.apply("multiply", (value, numbers))
        return self.graph.segment(value, tuple(places), self.columns.new_dim(len(sums)))

    def numbers(self, values: Iterable[float]) -> list[AnyNode]:
        """Constants, of which many are the same."""
        known = {value: self.graph.constant(value) for value in set(values)}
        return [known[value] if value else self.graph.constant(value) for value in values]  # -0 equals 0

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
        return dict(zip(names, self.graph.elements(vector, len(names)), strict=True))

    def balance(self, root: AnyNode) -> Terms:
        """The terms of a root."""
        return self.plan.terms[root.number] if root.number in self.balances else [(1.0, root)]
