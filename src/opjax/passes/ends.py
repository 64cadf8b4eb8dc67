"""Ends: what is otherwise at an end of an axis is joined to the rest, and neither selected nor added everywhere.

The first class of an age structure takes in the births, the first stage of a chain the infected; or an equation of its
own counts at an end. What enters stands before what moves along the axis, ``[inflow, *rate*x[:-1]]``, and an equation
of its own before the rest; a number that a point is held at is joined by **pins**, where it cannot be written over the
rest. What leaves the last point for elsewhere, beside a flow that stays inside the axis, is that
flow at that point: the two together are all that leaves.

Law: sums into which something enters at an end are taken in another order: of n terms they differ by at most n units in
the last place of the sum of their absolute values. Selections keep
their values but for the sign of a zero.
Benchmark: McKendrick's ages and Erlang's stages in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Along, AnyNode, Apply, AtPosition, Graph, Place, Symbol, View
from opjax.ir.program import Program, copy_node, is_negated, rebuild
from opjax.ir.types import Dim
from opjax.passes.guard import is_sharp
from opjax.passes.shift import MOST_POINTS, POSITIONAL, single_shift
from opjax.passes.stretches import Stretches
from opjax.traverse import run

MOST_PARTS = 3
Cut = tuple[Dim, list[tuple[bool, int]]]
"""A dim, and whether a condition holds at so many of its points, and so on from the first to the last."""
Signed = tuple[AnyNode, bool]
"""A term of a sum, and whether it is subtracted."""
Tails = dict[int, tuple[AnyNode, Dim, int]]
"""What leaves an end, by number: the flow of which it is a part, its dim, and where."""


def ends(program: Program) -> Program:
    """The same values with what is otherwise at an end joined to the rest."""
    if Place not in program.kinds and "where" not in program.functions:
        return program
    cuts = selections(program)
    sharp = sharp_nodes(program.nodes) if cuts else set[int]()
    return with_joined(program, {n: cut for n, cut in cuts.items() if not _is_held(program.graph[n], sharp)}, sharp)


def selections(program: Program) -> dict[int, Cut]:
    """The selections that may be joined of parts, by number."""
    terms = _terms_of(program.roots.values())
    return {node.number: cut for node in program.nodes if node.number in terms and (cut := _cut(program, node))}


def with_joined(program: Program, cuts: dict[int, Cut], sharp: set[int]) -> Program:
    """The same values with these selections, and what enters and leaves at an end, joined to the rest."""
    uses: dict[int, int] = {}
    for operand in itertools.chain(program.roots.values(), *(node.operands for node in program.nodes)):
        uses[operand.number] = uses.get(operand.number, 0) + 1
    axes, tails = dict(program.axes), Tails()

    def concerns(node: AnyNode) -> bool:
        return node.number in cuts or _has_places(node)

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        def keeps(part: AnyNode) -> bool:
            return uses.get(part.number, 0) > 1 and part.number not in sharp

        stretches = Stretches(graph, axes, keeps)
        if node.number in cuts:
            return _joined(stretches, cuts[node.number], node, operands)
        if _has_places(node):
            return _Flows(stretches, node, tails).sum(operands)
        return copy_node(graph, node, operands)

    found = rebuild(program, rule, concerns)
    if found is program:
        return program
    return _with_tails(Program(found.graph, found.roots, axes, found.names, found.places), tails)


def _with_tails(program: Program, tails: Tails) -> Program:
    """What leaves an end read from the flow of which it is that at the end."""

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if not concerns(node):
            return copy_node(graph, node, operands)
        flow, dim, end = tails[node.number]
        return graph.view(flow, [AtPosition(end) if d == dim else Along(d) for d in flow.dims], node.span)

    def concerns(node: AnyNode) -> bool:
        return node.number in tails and tails[node.number][0].number < node.number

    return rebuild(program, rule, concerns)


def _terms_of(roots: Iterable[AnyNode]) -> set[int]:
    """The derivatives, the terms that they are sums of, and the branches of those that are selections."""
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node.number not in found and isinstance(node, Apply) and node.function in ("add", "where"):
            waiting.extend(node.operands)
        found.add(node.number)
    return found


def _has_places(node: AnyNode) -> bool:
    """Whether a node is a sum with something at one position among its terms."""
    is_sum = isinstance(node, Apply) and node.function == "add"
    return is_sum and any(isinstance(_signed(part)[0], Place) for part in node.operands)


def sharp_nodes(nodes: list[AnyNode]) -> set[int]:
    """Nodes with an operation whose value or slope may not be finite."""
    found: set[int] = set()
    for node in nodes:
        if is_sharp(node) or any(o.number in found for o in node.operands):
            found.add(node.number)
    return found


# --- equations of their own


def _cut(program: Program, node: AnyNode) -> Cut | None:
    """Where a selection by a known condition changes, if it does once or twice and computes nothing in two places."""
    if not isinstance(node, Apply) or node.function != "where" or node.kind != "real":
        return None
    condition = node.arguments[0]
    if len(condition.dims) != 1 or not condition.roles <= POSITIONAL:
        return None
    (dim,) = condition.dims
    size = program.axes[dim.axis].size
    if size is None or not 2 < size <= MOST_POINTS:
        return None
    (cells,) = evaluate([condition], program.axes, _no_leaf)
    runs = [(holds, len(list(run))) for holds, run in itertools.groupby(bool(cells.values[(i,)]) for i in range(size))]
    if not 1 < len(runs) <= MOST_PARTS:
        return None
    for value, side in zip(node.arguments[1:], (True, False), strict=True):
        long = [length for holds, length in runs if holds == side and length > 1]
        if len(long) > 1 or (long and dim not in value.dims):
            return None
    return dim, runs


def _is_held(node: AnyNode, sharp: set[int]) -> bool:
    """Whether a selection is a number at some points, which is written over the rest where memory can be written to.

    That pays where a second difference is taken, which is none any more on parts of an axis. What may be undefined is
    computed at its own points alone, for NumPy would have to be kept from warning.
    """
    pairs = itertools.permutations(node.operands[1:])
    found = (v for number, v in pairs if not number.dims and v.dims == node.dims and v.number not in sharp)
    return any(_reads_both_sides(value) for value in found)


def _reads_both_sides(node: AnyNode) -> bool:
    """Whether neighbours on both sides along some dim are read."""
    waiting, seen, sides = [node], set[int](), set[tuple[Dim, bool]]()
    while waiting:
        one = waiting.pop()
        if one.number in seen or not one.dims:
            continue
        seen.add(one.number)
        waiting.extend(one.operands)
        if isinstance(one, View):
            sides.update((s.dim, s.offset > 0) for s in one.selections if isinstance(s, Along) and s.offset)
    return any((dim, not side) in sides for dim, side in sides)


def _no_leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    raise AssertionError(symbol.name)


def _joined(stretches: Stretches, cut: Cut, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
    """A selection as what is selected at its points, one part behind the other."""
    dim, runs = cut
    parts: list[AnyNode] = []
    first = 0
    for holds, length in runs:
        some = stretches.some(dim, first, first + length)
        parts.append(run(stretches.walk(operands[1 if holds else 2], dim, some)))
        first += length
    return stretches.graph.join(parts, dim, node.span, tuple(d for d in node.dims if d != dim))


# --- flows along an axis


@dataclass(frozen=True, slots=True)
class _Flows:
    """Makes sums in which something enters or leaves at an end."""

    stretches: Stretches
    node: AnyNode
    tails: Tails

    @property
    def graph(self) -> Graph:
        """Where new nodes go."""
        return self.stretches.graph

    def sum(self, operands: tuple[AnyNode, ...]) -> AnyNode:
        """The sum over what its terms are now."""
        terms = [_signed(operand) for operand in operands]
        changed = self.leaving(terms)
        while self.entering(terms):
            changed = True
        if not changed:
            return copy_node(self.graph, self.node, operands)
        parts = [self.graph.apply("negate", (n,), n.span) if minus else n for n, minus in terms]
        return parts[0] if len(parts) == 1 else self.graph.apply("add", parts, self.node.span)

    def leaving(self, terms: list[Signed]) -> bool:
        """Join what stays inside the axis and what leaves its end, if the latter is the same flow at that point."""
        changed = False
        for place, (node, minus) in enumerate(terms):
            inside = self.inside(node)
            if inside is None:
                continue
            flow, dim, end = inside
            at_end = run(self.stretches.walk(flow, dim, AtPosition(end)))
            for other, (part, sign) in enumerate(terms):
                if isinstance(part, Place) and (part.dim, part.position) == (dim, end):
                    value, negative = _signed(part.operand)
                    if value is at_end and (negative != sign) == minus:
                        terms[place] = (flow, minus)
                        del terms[other]
                        self.tails[at_end.number] = (flow, dim, end)
                        changed = True
                        break
        return changed

    def inside(self, node: AnyNode) -> tuple[AnyNode, Dim, int] | None:
        """A flow that is zero at one end, with the end: it is shifted away from there and back."""
        back = single_shift(node)
        forth = single_shift(node.operands[0]) if back else None
        if back is None or forth is None or back[0] != forth[0] or abs(back[1]) != 1 or back[1] != -forth[1]:
            return None
        return node.operands[0].operands[0], back[0], self.stretches.size(back[0]) - 1 if back[1] > 0 else 0

    def entering(self, terms: list[Signed]) -> bool:
        """Join what moves along the axis and what enters at the end that it moves away from."""
        for place, (node, minus) in enumerate(terms):
            step = None if minus else single_shift(node)
            if step is None or abs(step[1]) != 1 or self.inside(node) is not None:
                continue
            dim, offset = step
            size = self.stretches.size(dim)
            end = 0 if offset < 0 else size - 1
            found = [t for t in terms if isinstance(t[0], Place) and (t[0].dim, t[0].position) == (dim, end)]
            if found and size > 2:
                flow, some = node.operands[0], self.stretches.some(dim, max(0, offset), size - 1 + max(0, offset))
                if any(term is flow for term, _ in terms):
                    self.stretches.whole.add(flow.number)
                rest = run(self.stretches.walk(flow, dim, some))
                inflow = self.inflow(found)
                parts = (inflow, rest) if offset < 0 else (rest, inflow)
                whole = self.graph.join(parts, dim, node.span, tuple(d for d in node.dims if d != dim))
                rest_of = [term for at, term in enumerate(terms) if at != place and term not in found]
                terms[:] = [(whole, False), *rest_of]
                return True
        return False

    def inflow(self, places: list[Signed]) -> AnyNode:
        """What enters at one point."""
        values = [(part.operands[0], minus) for part, minus in places]
        parts = [self.graph.apply("negate", (v,), v.span) if minus else v for v, minus in values]
        return parts[0] if len(parts) == 1 else self.graph.apply("add", parts, self.node.span)


def _signed(node: AnyNode) -> Signed:
    """A term without the sign before it."""
    minus = False
    while is_negated(node):
        node, minus = node.operands[0], not minus
    return node, minus
