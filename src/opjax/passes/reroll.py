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
the whole population, is the sum of a vector. The terms of many sums are read as they lie (`opjax.passes.layers`), and
where nearly all of a vector is read, all of it is (`opjax.passes.laps`). Units that are no roots come in the order in
which what they read lies. Sums that have a term of one shape, such as the decay of each gene beside rates of many
shapes, are one vector sum: the other terms are units.

What two equations share by chance, such as a rate constant with the same digits, is no unit where most of its like are
part of one equation each: it is computed twice, so that these equations are like all the others.

Models with few scalar operations stay as they are. Where XLA compiles each, short vectors are made too, if fewer than
half of the scalars stay then: 40 genes with six kinds of laws compile in half of the time, their gradient in a quarter.

Law: sums of different lengths are added in another order; a sum of n terms differs by at most n units in the last place
of the sum of their absolute values. Products are multiplied in another order, a power as its factors; one of n factors
differs by at most n units in the last place while nothing overflows. All other values are the same to the last bit.
Benchmark: the reaction networks in `benchmarks/time_networks.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Container
from dataclasses import dataclass, field, replace

import numpy as np

from opjax.ir.many import elements
from opjax.ir.nodes import AnyNode, AtPosition, Graph, Join
from opjax.ir.program import Program, copy_node, is_interior
from opjax.ir.table import PARAMETER, Mask, Numbers
from opjax.ir.types import Dim
from opjax.passes.columns import Columns
from opjax.passes.laps import factors_in_laps
from opjax.passes.layers import MANY, layered
from opjax.passes.products import Products, merged
from opjax.passes.rows import Rows, once
from opjax.passes.shapes import Shapes, Terms
from opjax.passes.sharing import mixed
from opjax.passes.sums import USUAL, Bounds, inner_sums, long_sums, split_sums, totals
from opjax.traverse import Walk, run

SHORTEST = 3
"""Where many scalars would stay, so many expressions of one shape become a vector."""
MOST_LEFT = 20
"""So many operations on scalars are many."""
ROUNDS = 4
"""What is used twice by chance is looked for so often."""


def reroll(program: Program, bounds: Bounds = USUAL) -> Program:
    """The same values with scalar operations of one shape as vector operations."""
    if not _are_many(program, bounds):
        return program
    plan = _plan(*_shapes(Rows(program), bounds), bounds)
    return _Rewriting(program, plan, bounds).program() if plan.worthwhile else program


def reroll_short(program: Program, bounds: Bounds = USUAL) -> Program:
    """The same, with short vectors too where many scalars would stay: each of these takes long to compile."""
    if not _are_many(program, bounds):
        return program
    bounds = replace(bounds, at_once=True)
    rows, short = Rows(program), replace(bounds, members=SHORTEST)
    plan = _plan(*_shapes(rows, bounds), bounds)
    if plan.left >= MOST_LEFT:
        other = _plan(*_shapes(rows, short), short)
        if other.worthwhile and 2 * other.left <= plan.left:
            return _Rewriting(program, other, short).program()
    return _Rewriting(program, plan, bounds).program() if plan.worthwhile else program


def _are_many(program: Program, bounds: Bounds) -> bool:
    """Whether there are so many operations on scalars that vectors may pay."""
    return len([*itertools.islice(filter(is_interior, program.nodes), bounds.operations)]) >= bounds.operations


Total = tuple[Numbers, frozenset[int]]
"""Sums that are one, and which of their terms are units."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of the units of each level: vectors, sums that are taken apart, and what stays.

    Arguments:
        shapes: the shapes.
        terms: the terms of sums that are taken apart.
        vectors: units of one shape.
        products: products of several shapes that are one.
        totals: sums of one shape whose terms are vectors of the same level.
        sums: sums that are taken apart.
        long: sums of many terms, each the sum of a vector.
        single: units that stay scalars.
    """

    shapes: Shapes
    terms: Terms
    totals: dict[int, list[Total]]
    sums: dict[int, Numbers]
    long: dict[int, list[Numbers]]
    vectors: dict[int, list[Numbers]] = field(default_factory=dict[int, list[Numbers]])
    products: dict[int, list[Products]] = field(default_factory=dict[int, "list[Products]"])
    single: dict[int, list[Numbers]] = field(default_factory=dict[int, list[Numbers]])

    @property
    def worthwhile(self) -> bool:
        """Whether at least half of the operations disappear."""
        groups = [group for level in self.vectors.values() for group in level]
        groups += [units for level in self.totals.values() for units, _ in level]
        groups += [group.units for level in self.products.values() for row in level for group in row.groups]
        gone = sum((group.size - 1) * self.shapes.size(group) for group in groups) + self.terms.terms.size
        return 2 * gone >= self.shapes.operations

    @property
    def left(self) -> int:
        """How many operations on scalars stay."""
        if not self.worthwhile:
            return self.shapes.operations
        size = self.shapes.size
        return sum(group.size * size(group) for level in self.single.values() for group in level)


def _shapes(rows: Rows, bounds: Bounds) -> tuple[Shapes, Mask]:
    """The shapes, without what only by chance keeps expressions from being of one shape; and sums inside of others."""
    shapes = Shapes(rows)
    for _ in range(ROUNDS):  # what others are made of comes first
        again, apart = mixed(shapes, bounds)
        if not again.any() and not apart.any():
            break
        shapes = Shapes(rows, shapes.apart | apart, shapes.again | again)
    sums = inner_sums(shapes, bounds)
    return Shapes(rows, shapes.apart | sums, shapes.again) if sums.any() else shapes, sums


def _plan(shapes: Shapes, inner: Mask, bounds: Bounds) -> _Plan:
    done = np.zeros(shapes.rows.size, bool)
    together: dict[int, list[Total]] = {}
    for level, units, apart in totals(shapes, bounds):
        together.setdefault(level, []).append((units, apart))
        done[units] = True
    sums = split_sums(shapes, inner, done, bounds)
    for units in sums.values():
        done[units] = True
    long = long_sums(shapes, done, bounds)
    taken = [*sums.values(), *itertools.chain.from_iterable(long.values())]
    terms = shapes.terms(np.concatenate(taken) if taken else np.zeros(0, np.intp))
    plan = _Plan(shapes, terms, together, sums, long)
    shapes.raise_up(terms.terms)
    done[terms.sums] = True
    by_level: dict[int, list[Numbers]] = {}
    for (level, _), group in shapes.groups.items():
        kept = group[~done[group]]
        if kept.size:
            by_level.setdefault(level, []).append(kept)
    bare = _bare_terms(shapes.rows, terms, sums)
    for level, kept in by_level.items():
        plan.products[level] = merged(kept, bare if level == 0 else bare[:0], shapes, bounds.members)
        _split(level, _without(kept, plan.products[level]), plan, bounds)
    return plan


def _split(level: int, groups: list[Numbers], plan: _Plan, bounds: Bounds) -> None:
    """Which groups become vectors, and which stay scalars."""
    ends = {id(group) for group in groups if group.size < bounds.members and plan.shapes.are_ends(group)}
    few = len(ends) <= bounds.runs
    for group in groups:
        # A few roots of other shapes, such as the ends of a chain, are short vectors beside the long ones.
        short = plan.single if group.size < bounds.members and not (few and id(group) in ends) else plan.vectors
        short.setdefault(level, []).append(group)


def _without(groups: list[Numbers], products: list[Products]) -> list[Numbers]:
    """The groups that are not among products."""
    done = {id(group.units) for row in products for group in row.groups}
    return [group for group in groups if id(group) not in done]


def _bare_terms(rows: Rows, terms: Terms, sums: dict[int, Numbers]) -> Numbers:
    """Parameters and numbers that are terms as they are, such as the rate of a source."""
    count = int(terms.counts[: sum(units.size for units in sums.values())].sum())
    found = terms.terms[:count]
    found = found[rows.counts[found] == 0]
    return once(found[rows.constant[found] | (rows.leaves[found] == PARAMETER)], rows.size)


@dataclass(slots=True)
class _Rewriting:
    """Builds the new program level by level, so that everything is there before it is read."""

    old: Program
    plan: _Plan
    bounds: Bounds
    rows: Rows = field(init=False)
    graph: Graph = field(init=False)
    columns: Columns = field(init=False)
    made: dict[int, AnyNode] = field(default_factory=dict[int, AnyNode])
    names: dict[int, str] = field(init=False)
    terms: Mask = field(init=False)
    """What is a term of sums, where these have many: a vector of them may have elements that nothing reads."""
    balances: Mask = field(init=False)
    """Sums that are roots and nothing else: they are added up together, in the order of the roots."""

    def __post_init__(self) -> None:
        self.graph, self.rows = self.old.graph.copy(), self.plan.shapes.rows
        self.columns = Columns(self.graph, self.rows, dict(self.old.axes), self.scalar, self.bounds.runs)
        self.columns.add_pools(self.old.roots)
        self.names = dict(self.old.names)
        self.balances, self.terms = np.zeros(self.rows.size, bool), np.zeros(self.rows.size, bool)
        if self.plan.terms.terms.size >= MANY:
            self.terms[self.plan.terms.terms] = True
        for units in self.plan.sums.values():
            self.balances[units] = ~self.rows.used[units]

    def program(self) -> Program:
        """The new program."""
        shapes, plan = self.plan.shapes, self.plan
        arrays: dict[int, list[int]] = {}
        for number in self.rows.others.tolist():
            arrays.setdefault(shapes.level_of(number), []).append(number)
        for level in range(shapes.levels):
            for number in arrays.get(level, ()):
                self.copy(number)
            for products in plan.products.get(level, ()):
                self.product(products)
            for group in plan.vectors.get(level, ()):
                self.vector(group)
            self.scalars(plan.single.get(level, []))
            for units, apart in plan.totals.get(level, ()):
                self.vector(units, apart)
            sums = plan.sums.get(level)
            if sums is not None:
                self.segments(sums[~self.balances[sums]])
            for units in plan.long.get(level, ()):
                for unit in units.tolist():
                    self.total(unit)
        roots, of_one = self.roots()
        names = tuple(self.old.roots) if of_one else ()
        return Program(self.graph, roots, self.columns.axes, self.names, elements=names)

    def scalar(self, number: int) -> AnyNode:
        """What an old node is now, as a node of its own."""
        known = self.made.get(number)
        if known is None:
            placed = self.columns.place(number) if self.rows.interior[number] else None
            known = self.made[number] = (
                self.graph[number]
                if placed is None
                else self.graph.view(placed[0], (AtPosition(placed[1]),), self.graph[number].span)
            )
        return known

    def copy(self, number: int) -> None:
        """An old node over what its operands are now."""
        node = self.graph[number]
        if isinstance(node, Join) and not any(part.dims for part in node.parts):
            self.made[number] = self.columns.gather(self.rows.operands(np.array([number])), node.dim)
            return
        operands = tuple([self.scalar(o.number) for o in node.operands])
        same = all(new is old for new, old in zip(operands, node.operands, strict=True))
        copy = self.made[number] = node if same else copy_node(self.graph, node, operands)
        if number in self.names:
            self.names.setdefault(copy.number, self.names[number])

    def scalars(self, groups: list[Numbers]) -> None:
        """Units that stay scalars, with what is inside."""
        inside: set[int] = set()
        waiting = [number for group in groups for number in group.tolist()]
        while waiting:
            number = waiting.pop()
            inside.add(number)
            waiting.extend([o.number for o in self.graph[number].operands if self.plan.shapes.inside[o.number]])
        for number in sorted(inside):
            self.copy(number)

    def vector(self, group: Numbers, apart: Container[int] = ()) -> None:
        """Units of one shape as one vector; operands `apart` are units, whatever their shapes are."""
        if not self.rows.held[group].any():  # nobody sees their order
            group = self.columns.as_it_lies(group, self.plan.shapes.leaves(group, apart))
        dim = self.columns.new_dim(group.size)
        self.put(group, run(self.expression(group, dim, apart)), dim)

    def expression(self, column: Numbers, dim: Dim, apart: Container[int] = ()) -> Walk[AnyNode]:
        """The expression for operations of one shape, over vectors for their leaves."""
        operands: list[AnyNode] = []
        for place, part in enumerate(self.plan.shapes.shape_of(column)[1:]):
            below = self.rows.operand(column, place)
            inside = isinstance(part, int) and part >= 0 and place not in apart
            operands.append((yield self.expression(below, dim)) if inside else self.columns.slot(below, dim))
        return copy_node(self.graph, self.graph[int(column[0])], tuple(operands))

    def product(self, products: Products) -> None:
        """Products of several shapes as one vector."""
        units, one = products.units(), self.one()
        columns = products.columns(one)
        laps = factors_in_laps(self.columns, columns, one) if self.terms[units].all() else None
        dim = self.columns.new_dim(units.size)
        slots, at = laps or ([self.columns.slot(column, dim) for column in columns], None)
        leaves = units[self.rows.counts[units] == 0]
        before = self.columns.placed.of(leaves)
        self.put(units, self.graph.apply("multiply", slots) if len(slots) > 1 else slots[0], dim, at)
        self.columns.terms.take(leaves, self.columns.placed.of(leaves))
        self.columns.placed.take(leaves, before)

    def one(self) -> int:
        """The number of the constant one, which the old program may not have."""
        one = self.graph.constant(1.0)
        last = self.rows.size - 1
        if one.number < last and self.rows.constant[one.number]:
            return one.number
        self.made[last] = one
        return last

    def put(self, units: Numbers, value: AnyNode, dim: Dim, at: Numbers | None = None) -> None:
        """The vector where units are read from now on, and at which positions."""
        self.columns.put(units, value if value.dims else self.graph.join([value] * units.size, dim), at)

    def segments(self, sums: Numbers) -> None:
        """Sums as segments of one vector of terms."""
        if sums.size:
            self.columns.put(sums, self.added(self.plan.terms.of(sums)))

    def total(self, unit: int) -> None:
        """A sum of many terms as the sum of a vector."""
        node = self.graph[unit]
        found = self.plan.terms.of(np.array([unit]))
        order = self.columns.in_order(found.terms)
        terms, factors = found.terms[order], found.factors[order]
        dim = self.columns.new_dim(terms.size)
        value = self.columns.gather(terms, dim)
        if (factors != 1.0).any():
            numbers = self.graph.join(self.columns.numbers(factors), dim)
            total = self.graph.contract((value, numbers), (dim,), node.span)
        else:
            total = self.graph.reduce("sum", value, (dim,), node.span)
        self.made[unit] = total
        if unit in self.names:
            self.names.setdefault(total.number, self.names[unit])

    def added(self, sums: Terms) -> AnyNode:
        """The vector of some sums of terms with factors."""
        at, own = np.repeat(np.arange(sums.sums.size), sums.counts), self.columns.new_dim(sums.sums.size)
        found = layered(self.columns, sums, self.bounds.at_once)
        if found is None:
            dim = self.columns.new_dim(sums.terms.size)
            value = self.columns.times(self.columns.gather(sums.terms, dim, terms=True), sums.factors)
        else:
            value, order = found
            at = np.append(at, sums.sums.size)[order]  # behind the last, what is no term
        return self.graph.segment(value, tuple(at.tolist()), own)

    def roots(self) -> tuple[dict[str, AnyNode], bool]:
        """The roots; neighbouring scalars are elements of one vector. Where it has them all, it is the only root."""
        roots: dict[str, AnyNode] = {}
        for single, neighbours in itertools.groupby(self.old.roots.items(), key=lambda row: _is_scalar(row[1])):
            rows = dict(neighbours)
            vector = self.packed([root.number for root in rows.values()]) if single else None
            if vector is not None and len(rows) == len(self.old.roots):
                return {"": vector}, True
            if vector is not None:
                roots.update(zip(rows, elements(self.graph, vector, len(rows)), strict=True))
            else:
                roots.update({name: self.scalar(root.number) for name, root in rows.items()})
        return roots, False

    def packed(self, numbers: list[int]) -> AnyNode | None:
        """Roots as one vector; None where few are in vectors."""
        found = np.array(numbers, np.intp)
        if self.balances[found].any():
            return self.added(self.plan.terms.of(found, self.balances[found]))
        if (self.columns.placed.vectors[found] >= 0).sum() >= self.bounds.members:
            return self.columns.gather(found, self.columns.new_dim(found.size))
        return None


def _is_scalar(root: AnyNode) -> bool:
    return not root.dims and root.kind == "real"
