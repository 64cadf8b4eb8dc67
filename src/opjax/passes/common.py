"""Common: terms of a sum that are multiplied with the same number are added up first, and multiplied once.

``D*u[x+1] - 2*D*u[x] + D*u[x-1]`` goes over arrays for each product, ``D*(u[x+1] - 2*u[x] + u[x-1])`` for one; and what
is a second difference is seen to be one. Products of which something else is made stay as they are, and so do
differences around the same points, which `opjax.passes.differences` takes together.

Law: sums and products are taken in another order. While nothing overflows or falls below the least normal number, a sum
of n products of at most k factors differs by at most n + k units in the last place of the sum of their absolute values;
zeros may have another sign, and where the number is infinite, undefined may become infinite.
Benchmark: FitzHugh's and Nagumo's cable in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from opjax.ir.nodes import AnyNode, Apply, Constant, Graph
from opjax.ir.program import Program, copy_node, rebuild
from opjax.passes.differences import combined

PRODUCTS = ("multiply", "divide", "negate")
Numbers = tuple[tuple[AnyNode, ...], tuple[AnyNode, ...]]
"""Factors and divisors."""


def common(program: Program) -> Program:
    """The same values with one product for terms that have a number in common."""
    if not any(map(_may_share, program.arrays)):
        return program
    uses = program.uses

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if not _may_share(node):
            return copy_node(graph, node, operands)
        terms = [_term(old, new, uses) for old, new in zip(node.operands, operands, strict=True)]
        apart = {at for run in combined(node, uses) for at in run}
        return _shared(graph, node, operands, terms, apart) or copy_node(graph, node, operands)

    return rebuild(program, rule, _may_share)


def _may_share(node: AnyNode) -> bool:
    """Whether a node is a sum of which two terms or more may be products of arrays with numbers."""
    if type(node) is not Apply or node.function != "add" or not node.dims:
        return False
    return sum(bool(o.dims) and type(o) is Apply and o.function in PRODUCTS for o in node.operands) > 1


@dataclass(frozen=True, slots=True)
class _Term:
    """A product: constants, other numbers and arrays, each with those that divide, and whether it has a minus sign."""

    constants: tuple[float, float]
    numbers: Numbers
    arrays: Numbers
    minus: bool

    @property
    def key(self) -> tuple[tuple[int, ...], ...]:
        """Which numbers they are, in whatever order."""
        return tuple(tuple(sorted(node.number for node in nodes)) for nodes in self.numbers)


def _term(old: AnyNode, new: AnyNode, uses: Mapping[int, int]) -> _Term:
    """A term as a product; products that nobody else uses are opened.

    Arguments:
        old: the term.
        new: what it is now; both are the same operation on the same number of operands.
        uses: how often the old ones are used.
    """
    constants = [1.0, 1.0]
    numbers, arrays = ([list[AnyNode](), list[AnyNode]()] for _ in range(2))
    minus, waiting = False, [(old, new, False)]
    while waiting:
        old, new, divides = waiting.pop()
        if isinstance(new, Apply) and _opens(old, new, uses):
            minus = minus != (new.function == "negate")
            sides = (divides, not divides) if new.function == "divide" else (divides,) * len(new.operands)
            waiting.extend(reversed(list(zip(old.operands, new.operands, sides, strict=True))))
        elif isinstance(new, Constant) and new.kind == "real":
            constants[divides] *= abs(float(new.value))
            minus = minus != (float(new.value) < 0)
        else:
            (arrays if new.dims else numbers)[divides].append(new)
    given, parts = ((tuple(tops), tuple(bottoms)) for tops, bottoms in (numbers, arrays))
    return _Term((constants[0], constants[1]), given, parts, minus)


def _opens(old: AnyNode, new: Apply, uses: Mapping[int, int]) -> bool:
    """Whether an operand is opened: a product that nobody else uses, or a number with a minus sign."""
    if new.function not in PRODUCTS or len(old.operands) != len(new.operands):
        return False
    return uses[old.number] == 1 or (new.function == "negate" and not new.dims)


def _shared(
    graph: Graph, node: AnyNode, operands: Sequence[AnyNode], terms: Sequence[_Term], apart: Container[int]
) -> AnyNode | None:
    """The sum with the terms of each group, but for some, as one product; None if no number is shared."""
    groups: dict[object, list[int]] = {}
    for at, term in enumerate(terms):
        if term.arrays[0] and at not in apart:
            groups.setdefault(term.key, []).append(at)
    made: dict[int, AnyNode] = {}
    left = set(range(len(terms)))
    for places in groups.values():
        chosen, constants = _together(terms, places)
        if chosen:
            made[chosen[0]] = _product(graph, [terms[at] for at in chosen], constants)
            left.difference_update(chosen[1:])
    if not made:
        return None
    found = [made.get(at, operands[at]) for at in sorted(left)]
    return found[0] if len(found) == 1 else graph.apply("add", found, node.span)


def _together(terms: Sequence[_Term], places: Sequence[int]) -> tuple[Sequence[int], tuple[float, float]]:
    """The places of the terms that become one product, and the constants that all of them have."""
    counts = Counter(terms[at].constants for at in places)
    constants, count = max(counts.items(), key=lambda item: (item[1], item[0] == (1.0, 1.0)))
    numbers = any(terms[places[0]].numbers)
    if count < 2 or not (numbers or constants != (1.0, 1.0)):
        return (), constants
    if constants == (1.0, 1.0):
        return places, constants
    return [at for at in places if terms[at].constants == constants], constants


def _product(graph: Graph, terms: Sequence[_Term], constants: tuple[float, float]) -> AnyNode:
    """Numbers times the sum of what is left of each term."""
    minus = all(term.minus for term in terms)
    inner = [_rest(graph, term, constants, minus) for term in terms]
    tops, bottoms = terms[0].numbers
    given = [[graph.constant(value)] if value != 1.0 else [] for value in constants]
    made = _times(graph, [*given[0], *tops, graph.apply("add", inner)])
    if given[1] or bottoms:
        made = graph.apply("divide", (made, _times(graph, [*given[1], *bottoms])))
    return graph.apply("negate", (made,)) if minus else made


def _rest(graph: Graph, term: _Term, constants: tuple[float, float], minus: bool) -> AnyNode:
    """A term without its numbers, and without its constants where all have these."""
    own = (1.0, 1.0) if term.constants == constants else term.constants
    given = [[graph.constant(value)] if value != 1.0 else [] for value in own]
    made = _times(graph, [*given[0], *term.arrays[0]])
    if given[1] or term.arrays[1]:
        made = graph.apply("divide", (made, _times(graph, [*given[1], *term.arrays[1]])))
    return graph.apply("negate", (made,)) if term.minus != minus else made


def _times(graph: Graph, factors: Sequence[AnyNode]) -> AnyNode:
    return factors[0] if len(factors) == 1 else graph.apply("multiply", factors)
