"""Re-roll: many scalar equations of few shapes become one vector operation for each operation of a shape.

A network of 1,000 species as text is thousands of scalar operations, for which XLA needs a minute. Most of them are the
same operation on other leaves. A *unit* is a scalar expression with a value of its own: a root, or what is used twice.
Two units have the same shape if they differ in leaves (states, parameters, constants, other units) only. All units of
one shape become one vector expression over vectors that gather the leaves; a leaf that they share stays a scalar, so
that what does not vary is computed once. What takes no longer to compute again than to gather, such as the square of a
state, is part of each unit that uses it.

Products of different numbers of factors are one vector product, in which what a shorter one lacks is a factor of 1.
Sums of different lengths, such as the balance of a species over its reactions, are taken apart: their terms are units,
each with a number as its factor, and the sums are segments of one vector. So are sums inside other expressions, such as
the input of a neuron in its activation, where their lengths would make many shapes of one. A sum of many terms, such as
the whole population, is the sum of a vector. Sums that have a term of one shape, such as the decay of each gene beside
rates of many shapes, are one vector sum: the other terms are units.

What two equations share by chance, such as a rate constant with the same digits, is no unit where most of its like are
part of one equation each: it is computed twice, so that these equations are like all the others.

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
from opjax.passes.shapes import Shapes, Terms, is_interior
from opjax.passes.sharing import mixed
from opjax.passes.sums import USUAL, Bounds, inner_sums, long_sums, split_sums, totals
from opjax.traverse import Walk, run

ROUNDS = 4
"""What is used twice by chance is looked for so often."""


def reroll(program: Program, bounds: Bounds = USUAL) -> Program:
    """The same values with scalar operations of one shape as vector operations."""
    nodes = program.nodes
    if len(list(itertools.islice(filter(is_interior, nodes), bounds.operations))) < bounds.operations:
        return program
    plan = _plan(*_shapes(program, bounds), bounds)
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
        long: sums of many terms, each the sum of a vector.
        terms: the terms of sums, by the number of the sum.
        single: units that stay scalars.
    """

    shapes: Shapes
    vectors: dict[int, list[list[AnyNode]]] = field(default_factory=dict[int, "list[list[AnyNode]]"])
    products: dict[int, list[Products]] = field(default_factory=dict[int, "list[Products]"])
    totals: dict[int, list[Total]] = field(default_factory=dict[int, "list[Total]"])
    sums: dict[int, list[AnyNode]] = field(default_factory=dict[int, "list[AnyNode]"])
    long: dict[int, list[AnyNode]] = field(default_factory=dict[int, "list[AnyNode]"])
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


def _shapes(program: Program, bounds: Bounds) -> tuple[Shapes, frozenset[int]]:
    """The shapes, without what only by chance keeps expressions from being of one shape; and sums inside of others."""
    nodes, roots = program.nodes, program.roots.values()
    place = program.place if program.places else number_of
    shapes = Shapes(nodes, roots, place=place)
    for _ in range(ROUNDS):  # what others are made of comes first
        again, apart = mixed(shapes, bounds)
        if not again and not apart:
            break
        shapes = Shapes(nodes, roots, shapes.apart | apart, shapes.again | again, place)
    sums = inner_sums(shapes, bounds)
    return Shapes(nodes, roots, shapes.apart | sums, shapes.again, place) if sums else shapes, sums


def _plan(shapes: Shapes, inner: frozenset[int], bounds: Bounds) -> _Plan:
    plan = _Plan(shapes)
    for level, units, apart in totals(shapes, bounds):
        plan.totals.setdefault(level, []).append((units, apart))
    done = {unit.number for level in plan.totals.values() for units, _ in level for unit in units}
    plan.sums.update(split_sums(shapes, inner, done, bounds))
    done.update(unit.number for level in plan.sums.values() for unit in level)
    plan.long.update(long_sums(shapes, done, bounds))
    for unit in itertools.chain.from_iterable((*plan.sums.values(), *plan.long.values())):
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
    sums = [plan.terms[unit.number] for level in plan.sums.values() for unit in level]
    found = {term.number: term for terms in sums for _, term in terms if not term.operands}
    return [term for term in found.values() if isinstance(term, Constant) or "parameter" in term.roles]


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
            for unit in plan.long.get(level, ()):
                self.total(unit)
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
            self.made[node.number] = self.columns.gather(node.parts, node.dim)
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

    def total(self, unit: AnyNode) -> None:
        """A sum of many terms as the sum of a vector."""
        terms = sorted(self.plan.terms[unit.number], key=lambda term: self.columns.place(term[1]))
        dim = self.columns.new_dim(len(terms))
        value = self.columns.gather([term for _, term in terms], dim)
        if any(factor != 1.0 for factor, _ in terms):
            numbers = self.graph.join(self.numbers([factor for factor, _ in terms]), dim)
            total = self.graph.contract((value, numbers), (dim,), unit.span)
        else:
            total = self.graph.reduce("sum", value, (dim,), unit.span)
        self.made[unit.number] = total
        if unit.number in self.names:
            self.names.setdefault(total.number, self.names[unit.number])

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
