"""Statements of one form about names of the same kinds: what one becomes the other becomes, over other leaves.

`S1 -> S2 @ k1` and `S7 -> S3 @ k9` become the same few nodes over other symbols. So what a statement became is kept as
steps over its leaves, and taken again for the next one. A statement has steps only if nothing but its form and the
kinds of its names decides what it becomes: names without axes that mean different things, no lints, no calls that look
at their arguments.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations, repeat
from operator import is_, itemgetter
from typing import TYPE_CHECKING, Any

from opjax.ir import functions
from opjax.ir.many import Leaf, leaves, symbols
from opjax.ir.node_types import number_of
from opjax.ir.nodes import AnyNode, Apply, Constant, IntegerPower, Symbol
from opjax.ir.types import Role
from opjax.source import Span
from opjax.spec.alike import Alike, Chunk, Key, OneForm, Statement, Template, taken_apart
from opjax.spec.names import NameKind
from opjax.spec.order import names_in
from opjax.syntax.declarations import FunctionDeclaration, TransitionDeclaration
from opjax.syntax.nodes import Call, Expression, Negate, Number, Power, Product, Reference, Sum, walk

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering

MOST_TEMPLATES = 500
MANY_DECLARED = 512
"""Names that are quicker met all at once, as they are declared, than one by one where they stand."""
Meaning = tuple[str, "AnyNode | None"]
"""The kind of a name or a number, and its value if it is a leaf; what is none is a kind of its own."""
_KIND, _LEAF = itemgetter(0), itemgetter(1)
_PLAIN: dict[Role, str] = {"state": "<state>", "parameter": "<parameter>"}


@dataclass(slots=True)
class Repeats:
    """The templates of a model."""

    lowering: Lowering
    templates: dict[Key, Template | None] = field(default_factory=dict[Key, "Template | None"])
    seen: set[Key] = field(default_factory=set[Key])
    meanings: dict[str, Meaning] = field(default_factory=dict[str, "Meaning"])
    """What names and numbers mean here."""
    declared: bool = False
    """Whether those of large declarations have been looked at."""

    def alike(self, chunk: Chunk) -> list[Alike]:
        """Those of some statements that have a form, unless something about them is out of the ordinary."""
        if self.lowering.absent or self.lowering.held:
            return []
        if not self.declared:
            self.take_declared()
        columns = [[*form.words, *form.numbers] for form in chunk.forms]
        found = [[*map(self.column, of_form)] for of_form in columns]
        if not all(all(column) for of_form in found for column in of_form):
            self.meet(_new(chunk, columns, found))
            found = [
                [known if all(known) else self.column(column) for column, known in zip(*both, strict=True)]
                for both in zip(columns, found, strict=True)
            ]
        rows = zip(chunk.forms, found, strict=True)
        return [alike for form, meanings in rows for alike in self.of_one_form(form, meanings)]

    def column(self, texts: Sequence[str]) -> list[Meaning]:
        """What is known of texts: nothing of some of them, before these are met."""
        known: Any = self.meanings.get
        return [*map(known, texts)]

    def of_one_form(self, form: OneForm, meanings: list[list[Meaning]]) -> Iterable[Alike]:
        """Statements of one form by the kinds of their names, and by which of their leaves are the same."""
        columns: list[Sequence[Any]] = [*form.words, *form.numbers]
        count = len(columns)
        all_kinds = [[*set(map(_KIND, column))] for column in meanings]
        if all(len(column) == 1 for column in all_kinds):
            kinds = [tuple(column[0] for column in all_kinds)]
        else:
            kinds = list(zip(*(map(_KIND, column) for column in meanings), strict=True))
        names = [] if form.names is None else [form.names]
        for kind, of_kind, found in taken_apart(kinds, form.places, [*columns, *meanings, *names]):
            leaves = [[*map(_LEAF, column)] for column in found[count : 2 * count] if column[0][1] is not None]
            texts = [*found[:count], *found[2 * count :]]
            for equal, own, parts in taken_apart(_equal(leaves), of_kind, [*texts, *leaves]):
                key = (form.pattern, form.names is None, *kind, equal)
                of_leaves = [[*column] for column in parts[len(texts) :]]
                own_names = parts[count] if names else None
                words = parts[: len(form.words)]
                yield Alike(key, own, own_names, words, of_leaves, self.templates.get(key))

    def take_declared(self) -> None:
        """Give states and parameters their meanings in the order of their declarations where these are many."""
        self.declared = True
        names, graph = self.lowering.names, self.lowering.graph
        for part in names.values.parts() if len(names.values) >= MANY_DECLARED else ():
            if not isinstance(part, str):
                made = symbols(graph, part.kind, part.names, part.span)
                self.meanings.update(zip(part.names, zip(repeat(_PLAIN[part.kind]), made, strict=False), strict=False))
                continue
            kind = names.kind(part)
            if kind == "state" or kind == "parameter":
                (leaf,) = symbols(graph, kind, (part,), names.values[part].declaration.span)
                self.meanings[part] = _PLAIN[kind], leaf

    def meet(self, new: Mapping[str, Span]) -> None:
        """Give names and numbers their meanings; with each stands where it was written first."""
        plain: dict[str, Leaf] = {}
        for (text, span), declared in zip(new.items(), self.lowering.names.kinds(new), strict=True):
            if text in self.meanings:
                continue
            if declared == "state" or declared == "parameter":
                plain[text] = (declared, text, span)
                continue
            self.take(plain)  # leaves are numbered in the order of the text
            plain = {}
            self.meet_other(text, span, declared)
        self.take(plain)

    def take(self, plain: Mapping[str, Leaf]) -> None:
        """Give states and parameters their meanings."""
        made = leaves(self.lowering.graph, plain.values())
        kinds = [_PLAIN[role] for role, _, _ in plain.values()]
        self.meanings.update(zip(plain, zip(kinds, made, strict=True), strict=True))

    def meet_other(self, text: str, span: Span, declared: NameKind | None) -> None:
        """Give another name or a number its meaning."""
        if text[0].isalpha() or text[0] == "_":
            self.meaning(text, span, declared)
        elif text.isdigit():  # it may stand for a count or an exponent
            self.meanings[text] = (text, None)
        else:
            self.meanings[text] = ("<number>", self.lowering.graph.constant(float(text), span))

    def meaning(self, word: str, span: Span, declared: NameKind | None) -> None:
        """What a name is when it is met first."""
        graph = self.lowering.graph
        kind, node = word, None
        if declared == "alias" and word in self.lowering.aliases:
            value = self.lowering.aliases[word].value
            if not value.dims and value.kind == "real":
                kind, node = f"<alias of {sorted(value.roles)}>", value
        elif word == "t" and word not in self.lowering.names.values:
            kind, node = "<time>", graph.symbol("time", "t", (), span)
        self.meanings[word] = (kind, node)

    def met(self, alike: Alike, place: int, row: Statement, values: Sequence[AnyNode]) -> None:
        """Keep what a statement became, when the second like it is met and others would become the same.

        Arguments:
            alike: the statement and others like it.
            place: where it stands among the statements that are looked at.
            row: the statement.
            values: what it became.
        """
        at = bisect_left(alike.places, place)
        leaves = [column[at] for column in alike.leaves]
        if alike.key in self.templates or len(self.templates) >= MOST_TEMPLATES or _mistakable(leaves):
            return
        if alike.key not in self.seen:
            self.seen.add(alike.key)
        else:
            found = template_of(leaves, values) if self.only_copies(row, leaves) else None
            self.templates[alike.key] = alike.template = found and _with_terms(found, row)

    def only_copies(self, row: Statement, leaves: list[AnyNode]) -> bool:
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
        exact = not any(isinstance(leaf, Constant) for leaf in leaves)
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


def _new(chunk: Chunk, columns: list[list[Sequence[str]]], found: list[list[list[Meaning]]]) -> Mapping[str, Span]:
    """The texts in columns of which not all are known, in the order of the text, each with where it is first."""
    rows: list[tuple[str, ...]] = [()] * len(chunk.spans)
    for form, texts, meanings in zip(chunk.forms, columns, found, strict=True):
        new = [column for column, known in zip(texts, meanings, strict=True) if not all(known)]
        for place, row in zip(form.places, zip(*new, strict=True), strict=False):
            rows[place] = row
    texts = [*chain.from_iterable(rows)]
    spans = [*chain.from_iterable(map(repeat, chunk.spans, map(len, rows)))]
    first = dict(zip(reversed(texts), reversed(spans), strict=True))
    return {text: first[text] for text in dict.fromkeys(texts)}


def _equal(leaves: list[list[AnyNode]]) -> list[Key]:
    """Which leaves of each row are equal: nothing where none are, else for each the place of the first like it.

    There are no rows where none are equal in any.
    """
    if not any(any(map(is_, one, other)) for one, other in combinations(leaves, 2)):
        return []
    count = len(leaves)
    numbers = zip(*[map(number_of, column) for column in leaves], strict=True)
    return [() if len(set(row)) == count else tuple(map(row.index, row)) for row in numbers]


def _with_terms(template: Template, row: Statement) -> Template:
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
    steps = tuple((node, tuple(places[o.number] for o in node.operands)) for node in changing)
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
