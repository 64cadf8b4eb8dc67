"""Parameters and states that are a name, perhaps with a number: nearly all of a large model, and kept in columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from opjax.ir.many import constants
from opjax.ir.nodes import AnyNode, Graph
from opjax.ir.system import KnownValues, Parameter, State
from opjax.records import record
from opjax.source import Span
from opjax.syntax.columns import Columns, Group
from opjax.syntax.declarations import ModelSyntax, ParameterDeclaration, StateDeclaration
from opjax.syntax.nodes import Number
from opjax.syntax.parts import Part, Section, columns_in, parts_of
from opjax.syntax.patterns import Pattern


@record(eq=False)
class Lines:
    """Where plain declarations are written.

    Arguments:
        rows: makes them.
        common: one of them, where they differ in nothing but their names and numbers.
    """

    rows: Columns
    common: ParameterDeclaration | StateDeclaration | None

    def one(self, place: int) -> Any:
        """The declaration at a place, or one that says the same of all but the name and the number."""
        return self.common or self.rows[place]


class Known(KnownValues):
    """Of parameters or states: where they are written, and their numbers."""

    __slots__ = ("lines",)

    def __init__(self, plain: Plain, values: Sequence[AnyNode | None]) -> None:
        super().__init__(plain.names, values)
        self.lines = plain.lines


@record(eq=False)
class Plain:
    """Declarations without axes, priors, bounds and expressions.

    Arguments:
        lines: where they are written.
        names: their names.
        numbers: their numbers as they are written; None for those without.
    """

    lines: Lines
    names: Sequence[str]
    numbers: Sequence[str | None]

    def number_spans(self, places: Iterable[int]) -> Iterator[Span]:
        """Where the numbers of some rows are written: at the end of the line, as a rule."""
        rows, numbers = self.lines.rows, self.numbers
        source, starts, last, behind = rows.source, rows.starts, rows.size - 1, 1 + len(rows.indent)
        text = source.text
        for place in places:
            number, start = numbers[place] or "", starts[place]
            end = starts[place + 1] - behind if place < last else rows.end
            at_end = text.endswith(number, start, end) and text.count(number, start, end) == 1
            yield Span(source, end - len(number), end) if at_end else self._number_span(place)

    def _number_span(self, place: int) -> Span:
        """Where the number of a row is written, read as the row was."""
        rows = self.lines.rows
        (start, end), text = rows.ends(place), rows.source.text
        for pattern in rows.patterns:
            found = pattern.expression.fullmatch(text, start, end)
            if found:
                return Span(rows.source, *found.span(pattern.sample.number_groups[0] + 1))
        raise AssertionError(text[start:end])

    def values(self, graph: Graph) -> list[AnyNode | None]:
        """The numbers as nodes, in the order of the text."""
        count = len(self.numbers)
        first = dict(zip(reversed(self.numbers), range(count - 1, -1, -1), strict=True))
        new = [text for text in dict.fromkeys(self.numbers) if text is not None]
        spans = [*self.number_spans([first[text] for text in new])]
        made = constants(graph, [*map(float, new)], spans.__getitem__)
        known = dict(zip(new, made, strict=True))
        return [None if text is None else known[text] for text in self.numbers]


class Declarations:
    """The declarations of a model; parameters and states in parts: plain ones, and lists of any others."""

    def __init__(self, model: ModelSyntax) -> None:
        self.model = model
        written = {row.target.name for row in model.initial}
        self.parameters = [_plain(part) for part in parts_of(model, "parameters")]
        self.states = [_without(_plain(part), written) for part in parts_of(model, "states")]
        self.dynamics = parts_of(model, "dynamics")

    def release(self) -> None:
        """Names and numbers in columns are not asked for soon again."""
        sections: tuple[Section, ...] = ("parameters", "states", "dynamics")
        for columns in columns_in(part for section in sections for part in parts_of(self.model, section)):
            columns.release()


def _without(part: Plain | Part, written: set[str]) -> Plain | Part:
    """A part; any with a number for a state that has an initial value elsewhere is no plain one."""
    if isinstance(part, Plain) and not written.isdisjoint(part.names):
        pairs = zip(part.names, part.numbers, strict=True)
        if any(number is not None and name in written for name, number in pairs):
            return list(part.lines.rows)
    return part


def _plain(part: Part) -> Plain | Part:
    if not isinstance(part, Columns):
        return part
    groups = part.groups()
    columns = [_columns(group) for group in groups]
    names, numbers = [""] * len(part), [None] * len(part)
    for group, found in zip(groups, columns, strict=True):
        if found is None:
            return list(part)
        _fill(names, group.places, found[0])
        _fill(numbers, group.places, found[1])
    return Plain(Lines(part, _common([group.pattern for group in groups])), names, numbers)


def _fill(column: list[Any], places: Sequence[int], values: Iterable[Any]) -> None:
    if isinstance(places, range):
        column[:] = values
        return
    for place, value in zip(places, values, strict=True):
        column[place] = value


def _columns(group: Group) -> tuple[Sequence[str], Sequence[str | None]] | None:
    """The names and the numbers of declarations of one form; None if there is more to them."""
    sample = group.pattern.sample
    found = sample.value
    if isinstance(found, ParameterDeclaration):
        number, simple = found.default, found.prior is found.bounds is None
    elif isinstance(found, StateDeclaration):
        number, simple = found.initial, not found.flags and not found.measure_axes
    else:
        return None
    if not simple or found.axes or found.name not in sample.words:
        return None
    names = group.words[sample.words.index(found.name)]
    if number is None:
        return names, [None] * len(names)
    if not isinstance(number, Number) or number.unit or sample.numbers != (number.text,):
        return None
    return names, group.numbers[0]


def _common(patterns: Sequence[Pattern]) -> ParameterDeclaration | StateDeclaration | None:
    """A declaration that those of all forms are like, but for names and numbers."""
    samples = [pattern.sample for pattern in patterns]
    values = [sample.value for sample in samples if len(sample.words) == 1 and not sample.has_texts]
    found = [value for value in values if isinstance(value, ParameterDeclaration | StateDeclaration)]
    if len(found) < len(patterns):
        return None
    first = found[0]
    same = all((s.unit, s.doc, s.flags) == (first.unit, first.doc, first.flags) for s in found)
    return first if same else None


def parameter_of(name: str, known: Known) -> Parameter:
    """The parameter of a plain declaration."""
    place = known.place(name)
    declared, span = known.lines.one(place), known.lines.rows.span(place)
    default = known.values[place]
    return Parameter(name, (), declared.unit, declared.doc, span, default, None, None, None, declared.flags)


def state_of(name: str, known: Known) -> State:
    """The state of a plain declaration."""
    place = known.place(name)
    declared, span = known.lines.one(place), known.lines.rows.span(place)
    return State(name, (), declared.unit, declared.doc, span, known.values[place])
