"""Scale: numbers beside arrays in a product are multiplied with each other first, so that one is left for the array.

``D*(u[x+1] - 2*u[x] + u[x-1])/dx^2`` goes over the array twice, ``(D/dx^2)*(...)`` once. Two numbers or more become
one, factors and divisors alike, also those of products that are factors and used nowhere else; a minus sign goes to
it. Vectors that stand beside a larger array are multiplied with each other first too. If all are divisors, the array
is divided by their product, and a single number stays as it is: ``x*(1/3)`` is not ``x/3``, while ``x*0.5`` is
``x/2`` and takes less time. The array is that with the fewest elements. Nothing is added up and nothing left out: what
is infinite, undefined or 0 has the effect that it had, on the sign too.

Law: factors are taken in another order. While nothing overflows or falls below the least normal number on either way, a
product of n factors and divisors differs by at most n units in the last place; whether it is 0, infinite or undefined,
and its sign, are the same. Constants are joined only where they come to something far from these limits, those of
single precision too.
Benchmark: Fisher-KPP in `benchmarks/time_warm_call.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from opjax.ir.nodes import AnyNode, Apply, Constant, Graph
from opjax.ir.program import Program, copy_node, is_negated, rebuild
from opjax.ir.types import Dims

UNKNOWN_SIZE = 32
FAR = 1e30
"""Constants between this and its inverse are far from what single precision cannot hold."""


def scale(program: Program) -> Program:
    """The same values with one number as a factor where there were several."""
    products = [node for node in program.arrays if _is_product(node)]
    if not _may_scale(products) and not any(_has_groups(node.operands) for node in products):
        return program
    uses: dict[int, int] = {}
    for used in (*program.roots.values(), *(operand for node in program.nodes for operand in node.operands)):
        uses[used.number] = uses.get(used.number, 0) + 1
    return rebuild(program, _Scaling(program, uses, _subtracted(program)).rule, _is_product)


def _subtracted(program: Program) -> set[int]:
    """What is minus something and costs nothing, being subtracted in a sum."""
    found: set[int] = set()
    for total in program.arrays:
        if isinstance(total, Apply) and total.function == "add":
            negated = [term.number for term in total.operands if is_negated(term)]
            found.update(negated[1:] if len(negated) == len(total.operands) else negated)
    return found


def _may_scale(products: list[AnyNode]) -> bool:
    """Whether there are numbers enough among the factors of some products: none in a large network."""
    numbers = sum(not operand.dims for node in products for operand in node.operands)
    signs = sum(len(node.operands) == 1 for node in products)
    return numbers > 0 and (numbers + signs > 1 or any(_is_halved(node) for node in products))


def _has_groups(operands: Sequence[AnyNode]) -> bool:
    """Whether some factors of a product have the same dims, and another has more."""
    if len(operands) < 3:
        return False
    counts = Counter(operand.dims for operand in operands if operand.dims)
    largest = max(counts, key=len, default=())
    return any(count > 1 and len(dims) < len(largest) for dims, count in counts.items())


def _is_product(node: AnyNode) -> bool:
    return type(node) is Apply and bool(node.dims) and node.function in ("multiply", "divide", "negate")


def _is_halved(node: AnyNode) -> bool:
    """Whether an array is divided by 2, or something like it."""
    return isinstance(node, Apply) and node.function == "divide" and _inverse(node.operands[1]) is not None


@dataclass(frozen=True, slots=True)
class _Factors:
    """A product: ``-1`` if it has a minus sign, times numbers and arrays, over numbers."""

    tops: tuple[AnyNode, ...] = ()
    bottoms: tuple[AnyNode, ...] = ()
    arrays: tuple[AnyNode, ...] = ()
    minus: bool = False


@dataclass(frozen=True, slots=True)
class _Scaling:
    """Makes products of one number.

    Arguments:
        program: the program.
        uses: how often its nodes are used.
        subtracted: the nodes whose minus sign costs nothing where it is.
        known: the factors of what has been made, by number.
    """

    program: Program
    uses: dict[int, int]
    subtracted: set[int]
    known: dict[int, _Factors] = field(default_factory=dict[int, _Factors])

    def rule(self, graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        """The node of the new graph."""
        if not isinstance(node, Apply) or not _is_product(node):
            return copy_node(graph, node, operands)
        if node.function == "divide" and not operands[0].dims:
            return copy_node(graph, node, operands)  # a number over an array meets it once
        factors = self.factors(graph, node, operands)
        numbers = len(factors.tops) + len(factors.bottoms)
        wanted = _is_halved(node) or (numbers + factors.minus > 1 and numbers > 0)
        wanted = wanted and node.number not in self.subtracted
        made = (self.product(graph, factors) if wanted else None) or self.grouped(graph, node, operands)
        self.known[made.number] = factors
        return made

    def factors(self, graph: Graph, node: Apply, operands: Sequence[AnyNode]) -> _Factors:
        """What a product is made of; products that nobody else uses are opened."""
        parts = [self.part(old, new) for old, new in zip(node.operands, operands, strict=True)]
        if node.function == "divide":
            return self.quotient(graph, *parts)
        arrays: list[AnyNode] = []
        for part in parts:
            own = part.arrays if not arrays else part.arrays and (_times(graph, part.arrays),)
            arrays += own  # products of arrays keep their order
        return _Factors(
            tuple(top for part in parts for top in part.tops),
            tuple(bottom for part in parts for bottom in part.bottoms),
            tuple(arrays),
            sum((part.minus for part in parts), node.function == "negate") % 2 == 1,
        )

    def part(self, old: AnyNode, new: AnyNode) -> _Factors:
        """The factors of an operand."""
        if not new.dims:
            return _Factors(tops=(new,))
        known = self.known.get(new.number) if self.uses[old.number] == 1 else None
        return known or _Factors(arrays=(new,))

    def grouped(self, graph: Graph, node: Apply, operands: tuple[AnyNode, ...]) -> AnyNode:
        """The same node; factors over the same dims are one, where another has more dims."""
        if node.function != "multiply" or not _has_groups(operands):
            return copy_node(graph, node, operands)
        groups: dict[Dims, list[AnyNode]] = {}
        for operand in operands:
            groups.setdefault(operand.dims, []).append(operand)
        largest = max(groups, key=len)
        made: list[AnyNode] = []
        for dims, group in groups.items():
            made += [_times(graph, group)] if dims and dims != largest else group
        return graph.apply("multiply", made, node.span)

    def quotient(self, graph: Graph, top: _Factors, bottom: _Factors) -> _Factors:
        """One product over another."""
        arrays = top.arrays
        if bottom.arrays:
            arrays = (graph.apply("divide", (_times(graph, arrays), _times(graph, bottom.arrays))),)
        inverses = [_inverse(number) for number in bottom.tops]
        tops = [graph.constant(value) for value in inverses if value is not None]
        rest = [number for number, value in zip(bottom.tops, inverses, strict=True) if value is None]
        minus = top.minus != bottom.minus
        return _Factors((*top.tops, *bottom.bottoms, *tops), (*top.bottoms, *rest), arrays, minus)

    def product(self, graph: Graph, factors: _Factors) -> AnyNode | None:
        """The product with one number as a factor or divisor; None where constants are not to be joined."""
        number = _one_number(graph, factors)
        if number is None:
            return None
        arrays = list(factors.arrays)
        sizes = [self.size(array) for array in arrays]
        least = sizes.index(min(sizes))
        if factors.tops and sizes[least] == max(sizes):
            return graph.apply("multiply", (number, *arrays))
        if factors.tops:
            arrays[least] = graph.apply("multiply", (number, arrays[least]))
            return _times(graph, arrays)
        if sizes[least] == max(sizes):
            return graph.apply("divide", (_times(graph, arrays), number))
        arrays[least] = graph.apply("divide", (arrays[least], number))
        return _times(graph, arrays)

    def size(self, node: AnyNode) -> int:
        """The number of elements of an array."""
        return math.prod(self.program.axes[d.axis].size or UNKNOWN_SIZE for d in node.dims)


def _one_number(graph: Graph, factors: _Factors) -> AnyNode | None:
    """The number that a product is multiplied with, or divided by if it has only divisors.

    None where its constants would come to something very large or small.
    """
    above, below = (factors.tops, factors.bottoms) if factors.tops else (factors.bottoms, ())
    over, under = _constants(above), _constants(below)
    if len(over) + len(under) > 1:
        top, bottom = math.prod(over), math.prod(under)
        if not (_is_far(top) and _is_far(bottom) and _is_far(top / bottom)):
            return None
        over, under = ([top / bottom], []) if over else ([], [bottom])
    if factors.minus and over + under:
        over, under = [-number for number in over], [-number for number in under]
    tops, bottoms = _nodes(graph, over, above), _nodes(graph, under, below)
    number = _times(graph, tops)
    number = graph.apply("divide", (number, _times(graph, bottoms))) if bottoms else number
    return graph.apply("negate", (number,)) if factors.minus and not over + under else number


def _constants(numbers: Sequence[AnyNode]) -> list[float]:
    return [float(node.value) for node in numbers if isinstance(node, Constant)]


def _nodes(graph: Graph, constants: list[float], numbers: Sequence[AnyNode]) -> list[AnyNode]:
    """Factors with other constants."""
    others = [node for node in numbers if not isinstance(node, Constant)]
    return [*(graph.constant(value) for value in constants if value != 1.0 or not others), *others]


def _inverse(node: AnyNode) -> float | None:
    """One over a constant, if that is another way to say the same: for powers of 2, whose inverses are exact."""
    if not isinstance(node, Constant) or node.kind != "real" or not _is_far(float(node.value)):
        return None
    return 1.0 / float(node.value) if abs(math.frexp(float(node.value))[0]) == 0.5 else None


def _is_far(number: float) -> bool:
    """Whether a number is far from what cannot be held."""
    return 1 / FAR < abs(number) < FAR


def _times(graph: Graph, factors: Sequence[AnyNode]) -> AnyNode:
    """The product of some nodes."""
    return factors[0] if len(factors) == 1 else graph.apply("multiply", factors)
