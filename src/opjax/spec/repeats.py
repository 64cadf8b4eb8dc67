"""Statements of one form about names of the same kinds: what one becomes the other becomes, over other leaves.

`S1 -> S2 @ k1` and `S7 -> S3 @ k9` become the same few nodes over other symbols. So what a statement became is kept as
steps over its leaves, and taken again for the next one. A statement has steps only if nothing but its form and the
kinds of its names decides what it becomes: names without axes that mean different things, no lints, no calls that look
at their arguments.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TYPE_CHECKING

from opjax.ir import functions
from opjax.ir.node_types import Pick, Step
from opjax.ir.nodes import AnyNode, Apply, Constant, Graph, IntegerPower, Symbol
from opjax.ir.system import Participant
from opjax.records import record
from opjax.source import Span
from opjax.spec.order import names_in
from opjax.syntax.declarations import DerivativeDeclaration, FunctionDeclaration, TransitionDeclaration
from opjax.syntax.nodes import Call, Expression, Negate, Number, Power, Product, Reference, Sum, walk

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering

MOST_TEMPLATES = 500
Key = tuple[object, ...]
Row = TransitionDeclaration | DerivativeDeclaration


@record(eq=False)
class Template:
    """What statements of one form become.

    Arguments:
        fixed: nodes that are the same in all of them.
        steps: a node of that sort over the values at these places, one after the other; the values are the leaves,
            then `fixed`, then those of the steps before.
        results: the places of the values that are wanted.
        counts: for a transition, those of its reactants and products; their states are the first of its names.
        changed: which of these it changes, each once.
    """

    fixed: tuple[AnyNode, ...]
    steps: tuple[Step, ...]
    results: tuple[int, ...]
    counts: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    changed: tuple[int, ...] = ()

    def values(self, graph: Graph, leaves: list[AnyNode], span: Span) -> list[AnyNode]:
        """The results for other leaves."""
        values = [*leaves, *self.fixed]
        graph.repeat(self.steps, values, span)
        return [values[place] for place in self.results]


@dataclass(slots=True, eq=False, repr=False)
class Meaning:
    """What a name is. Only states have the last two.

    Arguments:
        name: the name.
        kind: its kind, or the name itself where that is no leaf.
        leaf: its value, where it is a leaf.
        sides: a state as it stands on the sides of transitions, by its count.
        gains: the contributions to a state that stands there.
    """

    name: str
    kind: str
    leaf: AnyNode | None
    sides: dict[int, Participant] = field(init=False)
    gains: list[AnyNode] = field(init=False)


@record(eq=False)
class Known:
    """What a statement is about.

    Arguments:
        key: what it shares with all that become the same.
        meanings: what its names are, but for its own.
        leaves: what it is made of.
        template: what it becomes, if that is known.
    """

    key: Key
    meanings: list[Meaning]
    leaves: list[AnyNode]
    template: Template | None

    def values(self, graph: Graph, span: Span) -> list[AnyNode] | None:
        """What it becomes, if that is known."""
        return self.template and self.template.values(graph, self.leaves, span)


@dataclass(slots=True)
class Repeats:
    """The templates of a model."""

    lowering: Lowering
    templates: dict[Key, Template | None] = field(default_factory=dict[Key, "Template | None"])
    seen: set[Key] = field(default_factory=set[Key])
    meanings: dict[str, Meaning] = field(default_factory=dict[str, Meaning])

    def known(self, row: Row) -> Known | None:
        """What a statement is about; None if it is not of a form, or something about it is out of the ordinary."""
        form, lowering = row.form, self.lowering
        if form is None or lowering.absent or lowering.held:
            return None
        named, meanings = isinstance(row, TransitionDeclaration) and row.name, self.meanings
        words = form.words[1:] if named else form.words
        found = [meanings.get(word) or self.meaning(word, row.span) for word in words]
        kinds = [meaning.kind for meaning in found]
        leaves = [meaning.leaf for meaning in found if meaning.leaf is not None]
        for number in form.numbers:
            if number.isdigit():  # it may stand for a count or an exponent
                kinds.append(number)
            else:
                leaves.append(lowering.graph.constant(float(number), row.span))
        numbers = [leaf.number for leaf in leaves]
        different = len(set(numbers)) == len(numbers)
        same = () if different else tuple([numbers.index(number) for number in numbers])
        key = (form.pattern, *kinds, same)
        return Known(key, found, leaves, self.templates.get(key))

    def meaning(self, word: str, span: Span) -> Meaning:
        """What a name is when it is met first."""
        entry, graph = self.lowering.names.values.get(word), self.lowering.graph
        kind, node = word, None
        if entry is None and word == "t":
            kind, node = "<time>", graph.symbol("time", "t", (), span)
        elif entry is None or entry.axes:
            pass
        elif entry.kind == "state":
            kind, node = "<state>", graph.symbol("state", word, (), span)
        elif entry.kind == "parameter":
            kind, node = "<parameter>", graph.symbol("parameter", word, (), span)
        elif entry.kind == "alias" and word in self.lowering.aliases:
            value = self.lowering.aliases[word].value
            if not value.dims and value.kind == "real":
                kind, node = f"<alias of {sorted(value.roles)}>", value
        self.meanings[word] = meaning = Meaning(word, kind, node)
        if kind == "<state>":
            meaning.sides = {}
        return meaning

    def met(self, known: Known, row: Row, values: Sequence[AnyNode]) -> None:
        """Keep what a statement became, when the second like it is met and others would become the same."""
        if known.key in self.templates or len(self.templates) >= MOST_TEMPLATES or _mistakable(known.leaves):
            return
        if known.key not in self.seen:
            self.seen.add(known.key)
        else:
            found = template_of(known.leaves, values) if self.only_copies(row, known) else None
            self.templates[known.key] = found and _with_terms(found, row)

    def only_copies(self, row: Row, known: Known) -> bool:
        """Whether the words of a statement are names of values, and its numbers stand for themselves."""
        form = row.form
        assert form is not None
        if row.edge is not None:
            return False
        targets: list[Reference] = []
        if isinstance(row, TransitionDeclaration):
            targets += [term.target for term in (*row.reactants, *row.products)]
            named, value = bool(row.name), row.rate
            if row.stated_reactants is not None:
                return False
        else:
            targets.append(row.target)
            named, value = False, row.value
        parts = [*targets, *walk(value)]
        inside = sorted((part.span.start, part.name) for part in walk(value) if isinstance(part, Reference))
        names = [*((0, target.name) for target in targets), *inside]
        exact = not any(isinstance(leaf, Constant) for leaf in known.leaves)
        return tuple(name for _, name in names) == form.words[named:] and all(self.plain(p, exact) for p in parts)

    def plain(self, part: Expression, exact: bool) -> bool:
        """Whether an expression becomes a function of what its parts become, whatever these are."""
        if isinstance(part, Call):  # a function may have such constants of its own
            return exact and not part.indices and all(a.keyword is None for a in part.arguments) and self.pure(part)
        return isinstance(part, Reference | Number | Sum | Product | Power | Negate)

    def pure(self, call: Call) -> bool:
        """Whether a function is one of its arguments alone: no name of the model stands in it."""
        entry = self.lowering.names.values.get(call.name)
        if entry is None:
            return functions.lookup(call.name) is not None
        own = entry.declaration
        if not isinstance(own, FunctionDeclaration):
            return False
        names = set(names_in([own.value])) - set(own.parameters)
        return all(name not in self.lowering.names.values and functions.lookup(name) is not None for name in names)


def _with_terms(template: Template, row: Row) -> Template:
    """The template with the counts of a transition's states, and which of these it changes."""
    if not isinstance(row, TransitionDeclaration):
        return template
    names = [term.target.name for term in (*row.reactants, *row.products)]
    taken, given = [tuple(term.count for term in side) for side in (row.reactants, row.products)]
    net = dict.fromkeys(names, 0)
    for name, count in zip(names, (*(-count for count in taken), *given), strict=True):
        net[name] += count
    changed = tuple(names.index(name) for name, count in net.items() if count)
    return replace(template, counts=(taken, given), changed=changed)


def _mistakable(leaves: Sequence[AnyNode]) -> bool:
    """Whether one of them is a constant that counts and functions may bring in as well."""
    values = [float(leaf.value) for leaf in leaves if isinstance(leaf, Constant)]
    return any(value.is_integer() or value in functions.CONSTANTS.values() for value in values)


def template_of(leaves: Sequence[AnyNode], results: Sequence[AnyNode]) -> Template | None:
    """The steps from leaves to results; None if there is more between them than functions."""
    at_leaf = {leaf.number: place for place, leaf in reversed(list(enumerate(leaves)))}
    if not all(_is_apart(leaf, at_leaf) for leaf in leaves if leaf.operands):
        return None
    found = _above(at_leaf, results)
    places = dict(at_leaf)
    changing: list[Apply | IntegerPower] = []
    fixed: list[AnyNode] = []
    for number in sorted(found):
        node = found[number]
        if not isinstance(node, Apply | IntegerPower | Constant | Symbol):
            return None
        if isinstance(node, Apply | IntegerPower) and any(o.number in places for o in node.operands):
            places[number] = -1
            changing.append(node)
        else:
            fixed.append(node)
    for place, node in enumerate([*fixed, *changing], start=len(leaves)):
        places[node.number] = place
    steps = tuple((node, _picked([places[o.number] for o in node.operands])) for node in changing)
    return Template(tuple(fixed), steps, tuple(places[node.number] for node in results))


def _is_apart(leaf: AnyNode, leaves: Container[int]) -> bool:
    """Whether an alias is made of what is no leaf: any other may have been written out beside its name as well."""
    seen: set[int] = set()
    waiting = list(leaf.operands)
    while waiting:
        node = waiting.pop()
        if node.number in leaves or node.number in seen:
            continue
        seen.add(node.number)
        if not node.operands and not isinstance(node, Constant):
            return True
        waiting.extend(node.operands)
    return False


def _picked(places: list[int]) -> Pick:
    """What takes the values at these places."""
    first, *others = places
    return itemgetter(first, *others) if others else lambda values: (values[first],)


def _above(leaves: dict[int, int], results: Sequence[AnyNode]) -> dict[int, AnyNode]:
    """All nodes that results are made of, down to the leaves and without them."""
    found: dict[int, AnyNode] = {}
    waiting = list(results)
    while waiting:
        node = waiting.pop()
        if node.number not in leaves and node.number not in found:
            found[node.number] = node
            waiting.extend(node.operands)
    return found
