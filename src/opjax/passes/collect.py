"""Collect: what several sums on a plane read of one array is each point once, times one number.

Diffusion and drift, ``D*(u[x+1, z] + u[x-1, z] + u[x, z+1] + u[x, z-1] - 4*u[x, z]) - v*(u[x+1, z] - u[x-1, z])``, go
over the array for each operation. Each of the five points times a number that is made of parameters alone, such as
``D - v``, is fewer, and one sum that runs along memory. Along a line, `opjax.passes.differences` does with less.

Law: products of sums are opened, and sums taken in another order. While nothing overflows, a sum of n products of at
most k factors differs by at most 2*n + k units in the last place of the sum of their absolute values; what is infinite
may become undefined.
Benchmark: diffusion and drift on a plane in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opjax.ir.nodes import Along, AnyNode, Apply, Constant, Graph, Symbol, View
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.types import Role

FIXED: frozenset[Role] = frozenset(("parameter", "size"))
MOST_READINGS = 12
FEWEST_SAVED = 1
"""Operations on arrays that have to be saved at least."""


def collect(program: Program) -> Program:
    """The same values with one product for each point that is read."""
    if not any(type(node) is View and len(node.dims) > 1 for node in program.arrays):
        return program
    uses = program.uses
    found = {node.number: form for node in program.arrays if (form := _form(node, uses)) is not None}

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        return found[node.number].written(graph, node) if node.number in found else copy_node(graph, node, operands)

    return rebuild(program, rule, lambda node: node.number in found)


@dataclass(frozen=True, slots=True)
class _Factor:
    """A product of numbers: a constant, factors, and divisors."""

    constant: float = 1.0
    tops: tuple[AnyNode, ...] = ()
    bottoms: tuple[AnyNode, ...] = ()

    def times(self, numbers: Sequence[AnyNode], divides: bool) -> _Factor:
        """The product with others."""
        constant = self.constant
        for number in numbers:
            if isinstance(number, Constant):
                constant = constant / float(number.value) if divides else constant * float(number.value)
        rest = tuple(number for number in numbers if not isinstance(number, Constant))
        if divides:
            return _Factor(constant, self.tops, self.bottoms + rest)
        return _Factor(constant, self.tops + rest, self.bottoms)

    def written(self, graph: Graph) -> AnyNode:
        """It as a node."""
        size = abs(self.constant)
        parts = [*self.tops] if self.tops and size == 1.0 else [graph.constant(size), *self.tops]
        made = parts[0] if len(parts) == 1 else graph.apply("multiply", parts)
        for bottom in self.bottoms:
            made = graph.apply("divide", (made, bottom))
        return graph.apply("negate", (made,)) if self.constant < 0 else made


@dataclass(slots=True)
class _Form:
    """What a sum reads, each with its numbers.

    Arguments:
        uses: how often nodes are used.
        readings: what is read at points, with the products that are added up.
        rest: the terms that are something else.
        operations: how many operations on arrays it takes as it is written.
    """

    uses: Mapping[int, int]
    readings: dict[AnyNode, list[_Factor]] = field(default_factory=dict[AnyNode, "list[_Factor]"])
    rest: list[AnyNode] = field(default_factory=list["AnyNode"])
    operations: int = 0

    def add(self, term: AnyNode) -> None:
        """Open a term of the sum, or leave it as it is."""
        inside = _Form(self.uses)
        if not inside.open(term):
            self.rest.append(term)
            return
        for reading, factors in inside.readings.items():
            self.readings.setdefault(reading, []).extend(factors)
        self.operations += inside.operations + 1

    def open(self, term: AnyNode) -> bool:
        """Whether a term is made of readings and numbers alone."""
        waiting = [(term, _Factor(), False)]
        while waiting:
            node, factor, counted = waiting.pop()
            if _is_reading(node):
                self.readings.setdefault(node, []).append(factor)
            elif not isinstance(node, Apply) or self.uses[node.number] > 1:
                return False
            elif node.function == "negate":
                waiting.append((node.operands[0], _Factor(-factor.constant, factor.tops, factor.bottoms), counted))
            elif node.function == "add":
                waiting += [(operand, factor, False) for operand in reversed(node.operands)]
                self.operations += len(node.operands) - 1
            else:
                arrays = [operand for operand in node.operands if operand.dims]
                numbers = [operand for operand in node.operands if not operand.dims]
                divides = node.function == "divide"
                fixed = all(_is_number(number) for number in numbers)
                if not (divides or node.function == "multiply") or len(arrays) != 1 or not fixed:
                    return False
                if divides and (arrays[0] is not node.operands[0] or _is_zero(numbers[0])):
                    return False
                waiting.append((arrays[0], factor.times(numbers, divides), True))
                self.operations += not counted  # numbers are multiplied with each other first
        return True

    @property
    def is_worth(self) -> bool:
        """Whether it takes fewer operations with one number for each reading."""
        arrays = {_array(reading).number for reading in self.readings}
        if len(arrays) != 1 or not 3 <= len(self.readings) <= MOST_READINGS:
            return False
        single = sum(any(f != _Factor() for f in factors) for factors in self.readings.values())
        saved = self.operations - len(self.readings) - single
        alike = len(self.readings) - len({tuple(factors) for factors in self.readings.values()})
        return saved >= (FEWEST_SAVED if alike > 1 else 0)  # those with one number are added up first as it is

    def written(self, graph: Graph, node: AnyNode) -> AnyNode:
        """It as a node, in the place of a sum."""
        terms = [self.term(graph, reading, factors) for reading, factors in self.readings.items()]
        return graph.apply("add", [*terms, *self.rest], node.span)

    def term(self, graph: Graph, reading: AnyNode, factors: Sequence[_Factor]) -> AnyNode:
        """A reading times its number, where that is not one."""
        if [*factors] == [_Factor()]:
            return reading
        numbers = [factor.written(graph) for factor in factors]
        number = numbers[0] if len(numbers) == 1 else graph.apply("add", numbers)
        return graph.apply("multiply", (number, reading))


def _form(node: AnyNode, uses: Mapping[int, int]) -> _Form | None:
    """What a sum over neighbours in several dims reads, if it is worth it."""
    if not isinstance(node, Apply) or node.function != "add" or len(node.dims) < 2:
        return None
    form = _Form(uses)
    for term in node.operands:
        form.add(term)
    return form if form.is_worth else None


def _is_reading(node: AnyNode) -> bool:
    """Whether a node is a state, or a neighbour in one."""
    if isinstance(node, View):
        kept = all(isinstance(s, Along) and s.dim == d for d, s in zip(node.operand.dims, node.selections, strict=True))
        node = node.operand
        if not kept:
            return False
    return isinstance(node, Symbol) and node.role == "state" and len(node.dims) > 1


def _array(reading: AnyNode) -> AnyNode:
    return reading.operands[0] if isinstance(reading, View) else reading


def _is_number(node: AnyNode) -> bool:
    """Whether a number does not depend on states or the time."""
    return not node.dims and node.kind == "real" and node.roles <= FIXED


def _is_zero(node: AnyNode) -> bool:
    return isinstance(node, Constant) and float(node.value) == 0.0
