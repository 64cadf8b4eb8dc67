"""Step one of lowering, *declare*: what every name of the model means, before any expression is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opjax.errors import Report, catalogue, did_you_mean
from opjax.ir import functions
from opjax.ir.types import Axis
from opjax.records import record
from opjax.source import Limits, Span
from opjax.spec.axes import ConstantNumber, build_axis
from opjax.syntax.declarations import (
    AliasDeclaration,
    AxisDeclaration,
    Declaration,
    FunctionDeclaration,
    InputDeclaration,
    ModelSyntax,
    ParameterDeclaration,
    StateDeclaration,
    TransitionDeclaration,
)

NameKind = Literal["axis", "parameter", "input", "state", "alias", "derived", "function"]
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


@record()
class Name:
    """One declared name: what it is and over which axes it runs."""

    kind: NameKind
    axes: tuple[str, ...]
    declaration: Declaration


@dataclass(slots=True)
class Names:
    """All declared names of a model, and the names of axes that are wanted and do not exist."""

    axes: dict[str, Axis] = field(default_factory=dict[str, Axis])
    values: dict[str, Name] = field(default_factory=dict[str, Name])
    transitions: dict[str, TransitionDeclaration] = field(default_factory=dict[str, TransitionDeclaration])
    unknown_axes: set[str] = field(default_factory=set[str])

    def known(self, *kinds: NameKind) -> list[str]:
        """The declared names of some kinds (all kinds if none is given), for suggestions."""
        return [name for name, entry in self.values.items() if not kinds or entry.kind in kinds]


def declare(
    model: ModelSyntax,
    labels: Mapping[str, tuple[str, ...]],
    number: ConstantNumber,
    report: Report,
    limits: Limits,
) -> Names:
    """Read all declarations of a model.

    Arguments:
        model: the syntax.
        labels: labels of axes that take them from data.
        number: gives the value of an expression of numbers.
        report: gets the problems: repeated and reserved names, unknown axes, bad axes.
        limits: bounds on the number of axis points.

    Returns:
        The names; what could not be declared is left out.
    """
    names = Names()
    for axis in model.axes:
        if _claim(names, axis.name, Name("axis", (), axis), report):
            built = build_axis(axis, labels.get(axis.name, ()), number, report, limits)
            names.axes[axis.name] = built
    for name, entry in _declared(model):
        if _claim(names, name, entry, report):
            _check_axes(names, name, entry, report)
    for position, declaration in enumerate(model.dynamics, start=1):
        if isinstance(declaration, TransitionDeclaration):
            name = declaration.name or f"flow_{position}"
            if name in names.transitions:
                repeated(name, declaration.span, names.transitions[name].span, report)
            else:
                names.transitions[name] = declaration
    return names


def _declared(model: ModelSyntax) -> list[tuple[str, Name]]:
    kinds: list[tuple[NameKind, ParameterDeclaration | InputDeclaration | StateDeclaration | AliasDeclaration]] = [
        *(("parameter", p) for p in model.parameters),
        *(("input", i) for i in model.inputs),
        *(("state", s) for s in model.states),
        *(("alias", a) for a in model.aliases if isinstance(a, AliasDeclaration)),
        *(("derived", d) for d in model.derived),
    ]
    entries = [(d.name, Name(kind, d.axes, d)) for kind, d in kinds]
    own = [a for a in model.aliases if isinstance(a, FunctionDeclaration)]
    return [*entries, *((f.name, Name("function", (), f)) for f in own)]


def _claim(names: Names, name: str, entry: Name, report: Report) -> bool:
    declared = entry.declaration
    of_tables = name == "time" and isinstance(declared, AxisDeclaration) and declared.kind in ("points", "grid")
    use = "" if of_tables else reserved_use(name)
    if use:
        report.add(catalogue.RESERVED_NAME, entry.declaration.span, name=name, use=use)
        return False
    if name in names.values:
        repeated(name, entry.declaration.span, names.values[name].declaration.span, report)
        return False
    names.values[name] = entry
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
    report.add(catalogue.UNKNOWN_AXIS, span, name=axis, hint=did_you_mean(axis, names.axes))
