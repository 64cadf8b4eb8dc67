"""Differences: a second difference is the difference of two first ones, which neighbours share.

``u[x+1] - 2*u[x] + u[x-1]`` goes over the array three times, ``d[x] - d[x-1]`` with ``d[x] = u[x+1] - u[x]`` twice, and
what else reads first differences has them. It is the more exact of the two: what is close to each other is subtracted
first. Diffusion and drift, ``D*(u[x+1] - 2*u[x] + u[x-1]) - v*(u[x+1] - u[x-1])``, are each difference times a number;
and ``sin(u[x-1] - u[x])`` is minus the sine that the point before has. A fourth difference, of which flat plates and
flames are made, is a second difference of second ones: four operations in place of eight.

Law: sums are taken in another order, zeros may have another sign, and what is infinite may become undefined. While
nothing overflows, a second difference differs by at most 4 units in the last place of the sum of the absolute values of
its terms, a fourth one by at most 10, and n second ones with first differences, each times a number, by at most
4*n + 4.
Benchmark: FitzHugh's and Nagumo's cable in `benchmarks/time_passes.py`; `time_stencils.py` has more models.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from opjax.ir.nodes import Along, AnyNode, Apply, Constant, Edge, Graph, IntegerPower, View
from opjax.ir.program import Program, copy_node, is_negated, rebuild
from opjax.ir.types import Dim

FEWEST_TERMS = 3
Rule = Callable[[Graph, AnyNode, tuple[AnyNode, ...]], AnyNode | None]
"""Makes a sum in another way; None where it is none that it knows."""


def differences(program: Program) -> Program:
    """The same values with differences along the only dim of an array taken in steps."""
    return _in_steps(program, _in_four_steps)


def second_differences(program: Program) -> Program:
    """The same values with second differences taken in two steps; in its loops XLA computes each step once more."""
    return _in_steps(program, lambda graph, node, operands: None)


def _in_steps(program: Program, high: Rule) -> Program:
    if View not in program.kinds:
        return program
    program = _with_collected(program)
    odd = {key for node in program.arrays if (key := _odd(node)) is not None}

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if _is_mirrored(node, odd):
            return _mirrored(graph, node, operands[0])
        if not _is_line(node):
            return copy_node(graph, node, operands)
        made = high(graph, node, operands) or _in_two_steps(graph, node, operands)
        return made or copy_node(graph, node, operands)

    def concerns(node: AnyNode) -> bool:
        found = _is_line(node) and (_find(node.operands) is not None or _find_fourth(node.operands) is not None)
        return found or _is_mirrored(node, odd)

    return rebuild(program, rule, concerns) if any(map(concerns, program.arrays)) else program


def _with_collected(program: Program) -> Program:
    """The program with differences of each array times one number each."""
    sums = [node for node in program.arrays if _is_sum(node)]
    if not sums:
        return program
    uses = program.uses
    runs = {node.number: found for node in sums if (found := combined(node, uses))}
    if not runs:
        return program

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if node.number in runs:
            return _collected(graph, operands, runs[node.number])
        return copy_node(graph, node, operands)

    return rebuild(program, rule, lambda node: node.number in runs)


def _is_sum(node: AnyNode, terms: int = 2) -> bool:
    """Whether a node is a sum of so many terms, and an array."""
    return isinstance(node, Apply) and node.function == "add" and len(node.operands) >= terms and bool(node.dims)


def _is_line(node: AnyNode) -> bool:
    """Whether a node is a sum over one dim that may be a second difference: others are computed along memory."""
    return _is_sum(node, FEWEST_TERMS) and len(node.dims) == 1


@dataclass(frozen=True, slots=True)
class Term:
    """A constant times an array that is read some points further on."""

    factor: float
    array: AnyNode
    offset: int = 0
    edge: Edge = "absorb"
    dim: Dim | None = None


def read_term(node: AnyNode) -> Term:
    """A node as a constant times an array that is read at one place."""
    factor = 1.0
    while isinstance(node, Apply) and node.dims:
        if node.function == "negate":
            factor, node = -factor, node.operands[0]
            continue
        numbers = [o for o in node.operands if isinstance(o, Constant)]
        if node.function != "multiply" or len(node.operands) != 2 or len(numbers) != 1:
            break
        factor *= float(numbers[0].value)
        (node,) = (o for o in node.operands if o is not numbers[0])
    if isinstance(node, View) and node.dims == node.operand.dims:
        moved = [(d, s) for d, s in zip(node.operand.dims, node.selections, strict=True) if s != Along(d)]
        dim, along = moved[0]
        if len(moved) == 1 and isinstance(along, Along) and along.dim == dim and not along.points:
            return Term(factor, node.operand, along.offset, along.edge, dim)
    return Term(factor, node)


def _find(operands: tuple[AnyNode, ...]) -> tuple[int, int, int] | None:
    """The places of the neighbour on the one side, of the point itself and of the other neighbour."""
    terms = [read_term(operand) for operand in operands]
    sides = {(t.array.number, t.factor, t.offset, t.edge): at for at, t in enumerate(terms) if t.offset}
    for middle, term in enumerate(terms):
        if abs(term.factor) != 2 or term.offset:
            continue
        for (number, factor, offset, edge), high in sides.items():
            low = sides.get((number, factor, -offset, edge))
            if offset > 0 and low is not None and number == term.array.number and 2 * factor == -term.factor:
                return high, middle, low
    return None


def _in_two_steps(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode | None:
    found = _find(operands)
    if found is None:
        return None
    terms = [read_term(operands[at]) for at in found]
    high, middle, low = (
        graph.view(t.array, (Along(t.array.dims[0], t.offset, t.edge),)) if t.offset else t.array for t in terms
    )
    after = graph.apply("add", (high, graph.apply("negate", (middle,))))
    before = graph.apply("add", (middle, graph.apply("negate", (low,))))
    if terms[0].factor < 0:
        after, before = before, after
    rest = [operand for at, operand in enumerate(operands) if at not in found]
    pair = (after, graph.apply("negate", (before,)))
    at = min(found)
    return graph.apply("add", (*rest[:at], *pair, *rest[at:]), node.span)


# --- fourth differences

FOURTH = (1.0, -4.0, 6.0, -4.0, 1.0)
"""The factors of five points, from the last to the first, that a fourth difference is made of."""


def _find_fourth(operands: tuple[AnyNode, ...]) -> list[int] | None:
    """The places of the five terms of a fourth difference, from the last point to the first."""
    if len(operands) < len(FOURTH):
        return None
    terms = [read_term(operand) for operand in operands]
    places = {(t.array.number, t.factor, t.offset, t.edge if t.offset else None): at for at, t in enumerate(terms)}
    for number, factor, offset, edge in places:
        if abs(factor) == 1 and offset > 0 and offset % 2 == 0:
            steps = [(step * offset // 2, by * factor) for step, by in zip((2, 1, 0, -1, -2), FOURTH, strict=True)]
            found = [places.get((number, by, step, edge if step else None)) for step, by in steps]
            if None not in found:
                return [at for at in found if at is not None]
    return None


def _in_four_steps(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode | None:
    """A sum in which a fourth difference is made of differences, each of two neighbours."""
    found = _find_fourth(operands)
    if found is None:
        return None
    last = read_term(operands[found[0]])
    array = last.array
    points = [
        graph.view(array, (Along(array.dims[0], step * last.offset // 2, last.edge),)) if step else array
        for step in (2, 1, 0, -1, -2)
    ]
    while len(points) > 2:
        points = [graph.apply("add", (high, graph.apply("negate", (low,)))) for high, low in itertools.pairwise(points)]
    after, before = (points[0], points[-1]) if last.factor > 0 else (points[-1], points[0])
    rest = [operand for at, operand in enumerate(operands) if at not in found]
    at = min(found)
    pair = (after, graph.apply("negate", (before,)))
    return graph.apply("add", (*rest[:at], *pair, *rest[at:]), node.span)


# --- differences times numbers


@dataclass(frozen=True, slots=True)
class _Combination:
    """A number times a sum of neighbours of one array, whose factors add up to zero.

    Arguments:
        factor: a constant.
        numbers: what it is multiplied with; and whether it is divided by it instead.
        around: the array, along which dim and how far the neighbours are, and what lies beyond its ends.
        high: the factor of the neighbour further on.
        low: that of the other.
    """

    factor: float
    numbers: tuple[tuple[AnyNode, bool], ...]
    around: tuple[AnyNode, Dim, int, Edge]
    high: float
    low: float


def _combination(node: AnyNode, uses: Mapping[int, int] | None = None) -> _Combination | None:
    """A term as such a combination; where uses are given, of operations that nothing else uses."""
    factor, numbers = 1.0, list[tuple[AnyNode, bool]]()
    while isinstance(node, Apply) and node.function in ("negate", "multiply", "divide"):
        if uses is not None and uses[node.number] > 1:
            return None
        arrays = [operand for operand in node.operands if operand.dims]
        if len(arrays) != 1 or (node.function == "divide" and arrays[0] is not node.operands[0]):
            return None
        numbers += [(operand, node.function == "divide") for operand in node.operands if not operand.dims]
        factor = -factor if node.function == "negate" else factor
        (node,) = arrays
    if not _is_sum(node) or (uses is not None and uses[node.number] > 1):
        return None
    terms = [read_term(operand) for operand in node.operands]
    moved = [term for term in terms if term.offset]
    if not moved or len({term.array.number for term in terms}) > 1 or sum(term.factor for term in terms):
        return None
    step, edge, dim = abs(moved[0].offset), moved[0].edge, moved[0].dim
    if dim is None or any((abs(term.offset), term.edge, term.dim) != (step, edge, dim) for term in moved):
        return None
    high, low = (sum(term.factor for term in terms if term.offset == at) for at in (step, -step))
    return _Combination(factor, tuple(numbers), (terms[0].array, dim, step, edge), high, low)


def combined(node: AnyNode, uses: Mapping[int, int]) -> list[tuple[int, ...]]:
    """The places of terms that are differences around the same points; one of each several is a second difference."""
    found: dict[tuple[int, Dim, int, Edge], list[int]] = {}
    second: set[tuple[int, Dim, int, Edge]] = set()
    for at, operand in enumerate(node.operands):
        one = _combination(operand, uses)
        if one is not None:
            key = (one.around[0].number, *one.around[1:])
            found.setdefault(key, []).append(at)
            if one.high == one.low != 0:  # and not u[x+1] - u[x+1]
                second.add(key)
    return [tuple(places) for key, places in found.items() if len(places) > 1 and key in second]


def _collected(graph: Graph, operands: tuple[AnyNode, ...], runs: list[tuple[int, ...]]) -> AnyNode:
    """A sum in which the terms of each run are one number times the difference after, and one times that before."""
    terms = [operand for at, operand in enumerate(operands) if not any(at in run for run in runs)]
    for run in runs:
        parts = [one for at in run if (one := _combination(operands[at])) is not None]
        array, dim, step, edge = parts[0].around
        high, low = (
            graph.view(array, [Along(d, move, edge) if d == dim else Along(d) for d in array.dims])
            for move in (step, -step)
        )
        after = graph.apply("add", (high, graph.apply("negate", (array,))))
        before = graph.apply("add", (array, graph.apply("negate", (low,))))
        for sums, factors in ((after, [one.high for one in parts]), (before, [-one.low for one in parts])):
            numbers = [_number(graph, one, by) for one, by in zip(parts, factors, strict=True) if by]
            terms.append(graph.apply("multiply", (_sum(graph, numbers), sums)))
    return _sum(graph, terms)


def _number(graph: Graph, one: _Combination, by: float) -> AnyNode:
    """The number of a combination times a constant."""
    tops = [node for node, divides in one.numbers if not divides]
    bottoms = [node for node, divides in one.numbers if divides]
    constant = one.factor * by
    if constant not in (1.0, -1.0) or not tops:
        tops.insert(0, graph.constant(constant))
        constant = 1.0
    made = tops[0] if len(tops) == 1 else graph.apply("multiply", tops)
    for bottom in bottoms:
        made = graph.apply("divide", (made, bottom))
    return graph.apply("negate", (made,)) if constant < 0 else made


def _sum(graph: Graph, terms: Sequence[AnyNode]) -> AnyNode:
    return terms[0] if len(terms) == 1 else graph.apply("add", terms)


# --- odd functions of differences

ODD = frozenset(("sin", "tan", "sinh", "tanh", "asin", "atan", "asinh", "atanh"))


def _odd(node: AnyNode) -> tuple[object, int, int, Edge] | None:
    """An odd function of the difference of two neighbours: which, of which array, and how far one is from the other."""
    function: object
    if isinstance(node, Apply) and node.function in ODD:
        function = node.function
    elif isinstance(node, IntegerPower) and node.exponent % 2 == 1 and node.exponent > 0:
        function = node.exponent
    else:
        return None
    inner = node.operands[0]
    if not _is_sum(inner) or len(inner.operands) > 2 or len(inner.dims) != 1:
        return None
    high, low = (read_term(operand) for operand in inner.operands)
    edges: set[Edge] = {term.edge for term in (high, low) if term.offset}
    if high.array is not low.array or {high.factor, low.factor} != {1.0, -1.0} or len(edges) != 1:
        return None
    (edge,) = edges
    return function, high.array.number, round(high.factor * high.offset + low.factor * low.offset), edge


def _is_mirrored(node: AnyNode, odd: Container[object]) -> bool:
    """Whether a node is minus what others compute further on or before."""
    found = _odd(node)
    return found is not None and found[2] < 0 and (*found[:2], -found[2], found[3]) in odd


def _mirrored(graph: Graph, node: AnyNode, inner: AnyNode) -> AnyNode:
    """An odd function of a difference as minus that of minus the difference."""
    terms = [_without_sign(graph, operand) for operand in inner.operands]
    positive = [operand for operand, sign in terms if sign > 0]
    negative = [operand for operand, sign in terms if sign < 0]
    swapped = graph.apply("add", (*negative, *(graph.apply("negate", (operand,)) for operand in positive)))
    return graph.apply("negate", (copy_node(graph, node, (swapped,)),))


def _without_sign(graph: Graph, node: AnyNode) -> tuple[AnyNode, int]:
    sign = 1
    while is_negated(node):
        sign, node = -sign, node.operands[0]
    return node, sign
