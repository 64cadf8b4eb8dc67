"""Step one of lowering, *declare*: what every name of the model means, before any expression is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from opjax.errors import Report, catalogue, did_you_mean
from opjax.ir import functions
from opjax.ir.lazily import Lazily, Named
from opjax.ir.types import Axis
from opjax.records import record
from opjax.source import Limits, Span
from opjax.spec.axes import ConstantNumber, build_axis
from opjax.spec.plain import Declarations, Plain
from opjax.syntax.columns import Columns
from opjax.syntax.declarations import (
    AliasDeclaration,
    AxisDeclaration,
    Declaration,
    FunctionDeclaration,
    InputDeclaration,
    ParameterDeclaration,
    StateDeclaration,
    TransitionDeclaration,
)
from opjax.syntax.parts import Part

NameKind = Literal["axis", "parameter", "input", "state", "alias", "derived", "function"]
PlainKind = Literal["parameter", "state"]
KIND_IN_WORDS: Mapping[NameKind, str] = {
    "axis": "an axis",
    "parameter": "a parameter",
    "input": "an input",
    "state": "a state",
    "alias": "an alias",
    "derived": "a derived quantity",
    "function": "a function of the model",
}
SPECIAL_CALLS = ("incidence", "noise", "div", "grad", "upwind", "at", "trapezoid")
"""Calls that are not functions of values: they have their own rules in `calls`."""
_RESERVED = {
    "t": "the time",
    "time": "the time axis",
    "np": "the prefix of functions",
    "True": "a truth value",
    "False": "a truth value",
    "None": "the empty value",
}
RESERVED = frozenset((*functions.user_function_names(), *SPECIAL_CALLS, *functions.CONSTANTS, *_RESERVED))
"""Names that no model may declare."""
Quantity = ParameterDeclaration | InputDeclaration | StateDeclaration | AliasDeclaration


@record()
class Name:
    """One declared name: what it is and over which axes it runs."""

    kind: NameKind
    axes: tuple[str, ...]
    declaration: Declaration


class Rows(Named):
    """What is known of names before their declarations are made.

    Arguments:
        names: the names.
        rows: the declarations among which theirs stand.
        places: their places among these.
    """

    __slots__ = ("places", "rows")

    def __init__(self, names: Sequence[str], rows: Sequence[Any], places: Sequence[int]) -> None:
        super().__init__(names)
        self.rows, self.places = rows, places

    def declaration(self, name: str) -> Any:
        """The declaration of a name."""
        return self.rows[self.places[self.place(name)]]


class RowsOf(Rows):
    """The same, of parameters or states: all rows are of one kind."""

    __slots__ = ("kind", "span")

    def __init__(self, kind: PlainKind, names: Sequence[str], rows: Columns) -> None:
        super().__init__(names, rows, range(len(names)))
        self.kind: PlainKind = kind
        self.span = Span(rows.source, rows.start, rows.end)


@dataclass(slots=True)
class Names:
    """All declared names of a model, the names of axes that are wanted and do not exist, and names that may not be."""

    axes: dict[str, Axis] = field(default_factory=dict[str, Axis])
    values: Lazily[Name, RowsOf] = field(
        default_factory=lambda: Lazily[Name, RowsOf](lambda name, known: Name(known.kind, (), known.declaration(name)))
    )
    transitions: Lazily[TransitionDeclaration, Rows] = field(
        default_factory=lambda: Lazily[TransitionDeclaration, Rows](lambda name, known: known.declaration(name))
    )
    unknown_axes: set[str] = field(default_factory=set[str])
    refused: set[str] = field(default_factory=set[str])

    def kind(self, name: str) -> NameKind | None:
        """What a name without axes is; None for any other."""
        known = self.values.known(name)
        if known is not None:
            return known.kind
        entry = self.values.get(name)
        return entry.kind if entry is not None and not entry.axes else None

    def kinds(self, names: Collection[str]) -> list[NameKind | None]:
        """What several names are, as by `kind`."""
        found = zip(names, self.values.known_of(names), strict=True)
        return [self.kind(name) if known is None else known.kind for name, known in found]

    def known(self, *kinds: NameKind) -> list[str]:
        """The declared names of some kinds (all kinds if none is given), for suggestions."""
        names = [*self.values]
        found = zip(names, self.values.known_of(names), strict=True)
        return [n for n, known in found if not kinds or (known or self.values[n]).kind in kinds]


def declare(
    declarations: Declarations,
    labels: Mapping[str, tuple[str, ...]],
    number: ConstantNumber,
    report: Report,
    limits: Limits,
) -> Names:
    """Read all declarations of a model.

    Arguments:
        declarations: those of the model; plain ones with a problem are plain no longer.
        labels: labels of axes that take them from data.
        number: gives the value of an expression of numbers.
        report: gets the problems: repeated and reserved names, unknown axes, bad axes.
        limits: bounds on the number of axis points.

    Returns:
        The names; what could not be declared is left out.
    """
    names, model = Names(), declarations.model
    for axis in model.axes:
        if _claim(names, axis.name, Name("axis", (), axis), report):
            built = build_axis(axis, labels.get(axis.name, ()), number, report, limits)
            names.axes[axis.name] = built
    aliases = [a for a in model.aliases if isinstance(a, AliasDeclaration)]
    own = [a for a in model.aliases if isinstance(a, FunctionDeclaration)]
    _claim_parts(names, "parameter", declarations.parameters, report)
    _claim_each(names, "input", model.inputs, report)
    _claim_parts(names, "state", declarations.states, report)
    _claim_each(names, "alias", aliases, report)
    _claim_each(names, "derived", model.derived, report)
    for function in own:
        _claim(names, function.name, Name("function", (), function), report)
    position = 1
    for part in declarations.dynamics:
        _claim_transitions(names, part, position, report)
        position += len(part)
    return names


def _claim_parts(names: Names, kind: PlainKind, parts: list[Plain | Part], report: Report) -> None:
    """Declare parameters or states: all plain ones at once, unless there is a problem among them."""
    for place, part in enumerate(parts):
        if isinstance(part, Plain):
            if _can_claim(names.values, part.names) and RESERVED.isdisjoint(part.names):
                names.values.know(RowsOf(kind, part.names, part.lines.rows))
                continue
            parts[place] = [*part.lines.rows]
        _claim_each(names, kind, part.lines.rows if isinstance(part, Plain) else part, report)


def _can_claim(known: Lazily[Any, Any], names: Sequence[str]) -> bool:
    return len(set(names)) == len(names) and known.has_none_of(names)


def _claim_each(names: Names, kind: NameKind, rows: Iterable[Quantity], report: Report) -> None:
    for row in rows:
        entry = Name(kind, row.axes, row)
        if _claim(names, row.name, entry, report):
            _check_axes(names, row.name, entry, report)


def _claim_transitions(names: Names, part: Part, position: int, report: Report) -> None:
    """Note what transitions are called; those without a name have a number."""
    if isinstance(part, Columns):
        found = flow_names(part, position)
        own = [*found.values()]
        if _can_claim(names.transitions, own):
            names.transitions.know(Rows(own, part, [*found]))
            return
    for number, declaration in enumerate(part, start=position):
        if isinstance(declaration, TransitionDeclaration):
            name = declaration.name or f"flow_{number}"
            if name in names.transitions:
                repeated(name, declaration.span, names.transitions[name].span, report)
            else:
                names.transitions.put(name, declaration)


def flow_names(columns: Columns, position: int) -> dict[int, str]:
    """What the transitions among statements are called, by their places; `position` is that of the first statement."""
    found: dict[int, str] = {}
    for group in columns.groups():
        declared = group.pattern.sample.value
        if isinstance(declared, TransitionDeclaration):
            named = group.words[0] if declared.name else [f"flow_{position + place}" for place in group.places]
            found.update(zip(group.places, named, strict=True))
    return found if len(columns.groups()) < 2 else dict(sorted(found.items()))


def _claim(names: Names, name: str, entry: Name, report: Report) -> bool:
    declared = entry.declaration
    of_tables = name == "time" and isinstance(declared, AxisDeclaration) and declared.kind in ("points", "grid")
    use = "" if of_tables else reserved_use(name)
    if use:
        report.add(catalogue.RESERVED_NAME, entry.declaration.span, name=name, use=use)
        names.refused.add(name)  # that it is not declared, where it is used, is no news then
        return False
    if name in names.values:
        repeated(name, entry.declaration.span, names.values[name].declaration.span, report)
        return False
    names.values.put(name, entry)
    return True


def reserved_use(name: str) -> str:
    """What a reserved name is used for, or nothing if it may be declared."""
    if functions.lookup(name) is not None:
        return "a function"
    if name in SPECIAL_CALLS:
        return "an operator of the language"
    if name in functions.CONSTANTS:
        return "a constant"
    return _RESERVED.get(name, "")


def repeated(name: str, span: Span, first: Span, report: Report) -> None:
    """Report a name that is declared already."""
    report.add(catalogue.REPEATED_NAME, span, name=name, first=repr(first))


def _check_axes(names: Names, name: str, entry: Name, report: Report) -> None:
    for place, axis in enumerate(entry.axes):
        if axis not in names.axes:
            unknown_axis(names, axis, entry.declaration.span, report)
        elif entry.kind not in ("parameter", "input") and axis in entry.axes[:place]:
            report.add(catalogue.REPEATED_AXIS, entry.declaration.span, name=name, axis=axis)


def unknown_axis(names: Names, axis: str, span: Span, report: Report) -> None:
    """Report an axis that does not exist."""
    names.unknown_axes.add(axis)
    if axis not in names.refused:
        report.add(catalogue.UNKNOWN_AXIS, span, name=axis, hint=did_you_mean(axis, names.axes))
