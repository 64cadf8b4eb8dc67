"""Alongside: terms that the equations of neighbouring states have alike are computed for all of them at once.

People of every compartment grow older and die, whatever else happens to them: ``ageing*S[a-1] - ageing*S[a] - mu*S[a]``
is the same in each equation but for the state. States that are declared one behind the other are one array already, so
that these terms are one sum over an axis more, of which each equation takes its part. An operation of NumPy on an array
that is no longer than some thousand numbers takes as long as one on a part of it. XLA puts them into one loop anyway.

Law: sums are taken in another order: of n terms they differ by at most n units in the last place of the sum of their
absolute values.
Benchmark: ages and doses in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from opjax.ir.nodes import Along, AnyNode, Apply, AtPosition, Graph, IntegerPower, Selection, Symbol, View
from opjax.ir.program import Program, is_negated
from opjax.ir.types import Axis, Dim
from opjax.passes.batch import MOST_CELLS, Batch, form_of

FEWEST_VECTORS = (4, 5)
"""Fewer equations of vectors, or operations that are saved, do not pay for taking the parts."""
FEWEST_ARRAYS = (3, 2)
"""The same where there are several dims, and each operation takes longer."""
MOST_STATES = 100
"""Among more equations it takes too long to look for runs."""

Chain = tuple[AnyNode, ...]
"""A term of each of some neighbouring equations."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring equations with terms alike.

    Arguments:
        names: the states.
        chains: the terms.
        saved: how many operations less there are.
    """

    names: tuple[str, ...]
    chains: tuple[Chain, ...]
    saved: int


def alongside(program: Program) -> Program:
    """The same values with what neighbouring equations have alike computed at once."""
    runs = list(_Finding(program).runs()) if len(program.roots) <= MOST_STATES else []
    if not runs:
        return program
    graph, axes, roots = program.graph.copy(), dict(program.axes), dict(program.roots)
    for run in runs:
        dim = Dim(f"states {len(axes)}")
        axes[dim.axis] = Axis(dim.axis, "labels", ("",) * len(run.names))
        minus = all(is_negated(chain[0]) for chain in run.chains)
        batch = Batch(graph, dim)
        sums = [
            _sum(graph, [c[at].operands[0] if minus else c[at] for c in run.chains]) for at in range(len(run.names))
        ]
        whole = batch.node(tuple(sums))
        for at, name in enumerate(run.names):
            chosen: list[Selection] = [AtPosition(at) if d == dim else Along(d) for d in whole.dims]
            part = graph.view(whole, chosen)
            taken = Counter(chain[at].number for chain in run.chains)
            rest = [term for term in roots[name].operands if not _take(taken, term)]
            roots[name] = _sum(graph, [*rest, graph.apply("negate", (part,)) if minus else part])
    return Program(graph, roots, axes, program.names, program.places)


def as_it_is(program: Program) -> Program:
    """The program: what compiles operations puts them into one loop itself."""
    return program


def _take(taken: Counter[int], term: AnyNode) -> bool:
    """Whether a term is one of those that are taken; each is taken as often as it is there."""
    taken[term.number] -= 1
    return taken[term.number] >= 0


def _sum(graph: Graph, terms: Sequence[AnyNode]) -> AnyNode:
    return terms[0] if len(terms) == 1 else graph.apply("add", terms)


class _Finding:
    """Finds such equations."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.place = {name: number for number, name in enumerate(program.roots)}
        self.uses = program.uses

    def runs(self) -> Iterator[_Run]:
        """The runs that save the most, from the first equation to the last."""
        names, first = list(self.program.roots), 0
        while first < len(names):
            best = max(self.from_(names[first:]), key=lambda run: run.saved, default=None)
            if best is not None:
                yield best
            first += len(best.names) if best is not None else 1

    def from_(self, names: Sequence[str]) -> Iterator[_Run]:
        """The runs that begin with one equation."""
        root = self.program.roots[names[0]]
        chains: list[Chain] = [(term,) for term in self.terms(root)]
        for count, name in enumerate(names[1:], 2):
            chains = self.extended(chains, self.program.roots[name], root)
            if not chains:
                return
            alone = self.alone(chains)
            if alone:
                inner = len({n.number for n in _operations(c[0] for c in alone) if not is_negated(n)})
                saved = (count - 1) * (inner + len(alone) - 1)
                fewest, least = FEWEST_VECTORS if len(root.dims) < 2 else FEWEST_ARRAYS
                if count >= fewest and saved >= least:
                    yield _Run(tuple(names[:count]), tuple(alone), saved)

    def terms(self, root: AnyNode) -> list[AnyNode]:
        """The terms of an equation that may be taken."""
        if not isinstance(root, Apply) or root.function != "add" or not root.dims or self.uses[root.number] > 1:
            return []
        cells = 1
        for dim in root.dims:
            cells *= self.program.axes[dim.axis].size or MOST_CELLS
        if cells > MOST_CELLS:
            return []
        return [term for term in root.operands if term.dims == root.dims and _is_plain(term)]

    def extended(self, chains: list[Chain], root: AnyNode, first: AnyNode) -> list[Chain]:
        """The chains that go on in the next equation."""
        left = self.terms(root) if root.dims == first.dims else []
        found: list[Chain] = []
        for chain in chains:
            for term in left:
                if term is not chain[-1] and form_of(self.program, self.place, (chain[-1], term)) is not None:
                    left.remove(term)
                    found.append((*chain, term))
                    break
        return found

    def alone(self, chains: list[Chain]) -> list[Chain]:
        """The chains of which nothing else uses a part."""
        while chains:
            shared: set[int] = set()
            for at in range(len(chains[0])):
                inside = Counter(chain[at].number for chain in chains)
                operations = list(_operations(chain[at] for chain in chains))
                inside.update(operand.number for node in operations for operand in node.operands)
                shared.update(node.number for node in operations if inside[node.number] != self.uses[node.number])
            kept = [c for c in chains if not any(node.number in shared for node in _operations(c))]
            if len(kept) == len(chains):
                return chains
            chains = kept
        return []


def _operations(terms: Iterable[AnyNode]) -> Iterator[AnyNode]:
    """The operations on arrays that terms are made of, each once."""
    waiting, seen = list(terms), set[int]()
    while waiting:
        node = waiting.pop()
        if node.number not in seen and node.operands and node.dims:
            seen.add(node.number)
            waiting.extend(node.operands)
            yield node


def _is_plain(term: AnyNode) -> bool:
    """Whether a term is made element by element, and of neighbours of what is; those of states are read as they lie."""
    found = list(_operations((term,)))
    return bool(found) and all(
        isinstance(node, Apply | IntegerPower) or (isinstance(node, View) and not isinstance(node.operand, Symbol))
        for node in found
    )
