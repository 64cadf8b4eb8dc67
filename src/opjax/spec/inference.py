"""Parameters that YAML need not declare: a name that nothing else explains is a parameter, as in op_system."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from opjax.errors import Report, catalogue
from opjax.errors.suggest import nearest
from opjax.spec.names import reserved_use
from opjax.syntax.declarations import (
    At,
    Doses,
    EventDeclaration,
    Every,
    FunctionDeclaration,
    ModelSyntax,
    OperatorDeclaration,
    ParameterDeclaration,
    TransitionDeclaration,
    When,
)
from opjax.syntax.nodes import Argument, Call, Expression, Index, Number, Reduction, Reference, children

DOSE_COLUMNS = frozenset({"time", "amt", "rate", "ii", "addl", "ss", "cmt", "evid", "dur"})
"""The columns of a dosing table, which its actions may use."""
OPERATOR_VALUES = frozenset({"velocity", "coefficient", "rate", "matrix"})
"""The settings of an operator that are expressions; the others are words."""
_NONE: frozenset[str] = frozenset()
_SHORTEST = 4
_MOST_COMPARISONS = 250_000
_NAMING_CALLS = frozenset({"incidence", "noise"})
"""Calls whose argument names a transition or a noise, not a value."""

Axes = Mapping[str, str]
"""The axes of bound names."""


def infer_parameters(model: ModelSyntax, report: Report, valued: Collection[str] = ()) -> ModelSyntax:
    """Declare the names that are used and not declared as parameters.

    A name gets the axes of the indices at its first use: ``k[age]`` declares a parameter over `age`. So does a
    parameter that is declared without axes. The new ones stand behind the others, in the order of their first use.

    Arguments:
        model: the model as it was read.
        report: gets a warning for a new parameter whose name is close to a declared one.
        valued: the parameters that have a value or a prior, and are not declared otherwise: those that nothing uses are
            looked at in the same way.

    Returns:
        The model with all its parameters; the same object where nothing is to be added.
    """
    inference = _Inference(model)
    inference.run()
    known = [_with_axes(row, inference.found) for row in model.parameters]
    declared = {row.name for row in model.parameters}
    new = [row for name, row in inference.found.items() if name not in declared]
    used = [*sorted(inference.taken), *inference.found]
    for row in model.parameters if valued else ():
        if row.name in valued and row.name not in inference.found:  # x2 beside x1 is no typo
            _warn([row], [name for name in used if _letters(name) != _letters(row.name)], report)
    if not new and all(a is b for a, b in zip(known, model.parameters, strict=True)):
        return model
    _warn(new, [*sorted(inference.taken), *(row.name for row in model.parameters)], report)
    return dataclasses.replace(model, parameters=(*known, *new))


def _letters(name: str) -> str:
    """A name without its digits."""
    return "".join(letter for letter in name if not letter.isdigit())


def _with_axes(row: ParameterDeclaration, found: Mapping[str, ParameterDeclaration]) -> ParameterDeclaration:
    if row.axes or row.name not in found or not found[row.name].axes:
        return row
    return dataclasses.replace(row, axes=found[row.name].axes)


def _warn(new: list[ParameterDeclaration], names: list[str], report: Report) -> None:
    """Names that differ by a letter or so are probably one name; short names are close to everything."""
    known = [name for name in names if len(name) >= _SHORTEST]
    if len(new) * len(known) > _MOST_COMPARISONS:
        return
    for row in new:
        close = nearest(row.name, known, 1) if len(row.name) >= _SHORTEST else []
        if close:
            report.add(catalogue.INFERRED_PARAMETER, row.span, name=row.name, other=close[0])


@dataclass(slots=True)
class _Inference:
    """Collects the names that nothing declares, in the order of their first use.

    Arguments:
        model: the model.
        taken: the names that are something else than a parameter.
        axes: the names of the axes.
        found: the parameters, declared or not, as their first use shows them.
        settled: the names in `taken` and `found`.
    """

    model: ModelSyntax
    taken: frozenset[str] = field(init=False)
    axes: frozenset[str] = field(init=False)
    found: dict[str, ParameterDeclaration] = field(default_factory=dict[str, ParameterDeclaration])
    settled: set[str] = field(init=False)

    def __post_init__(self) -> None:
        model = self.model
        self.axes = frozenset(axis.name for axis in model.axes)
        values = (*model.inputs, *model.states, *model.aliases, *model.derived, *model.observations)
        self.taken = self.axes | {row.name for row in values}
        self.settled = set(self.taken)

    def run(self) -> None:
        for expression, ignored in _expressions(self.model):
            self.read(expression, ignored)

    def read(self, root: Expression, ignored: frozenset[str]) -> None:
        nothing: Axes = {}
        stack: list[tuple[Expression, Axes]] = [(root, nothing)]
        settled = self.settled
        while stack:
            node, bound = stack.pop()
            kind = type(node)
            if kind is Number or (kind is Reference and cast(Reference, node).name in settled):
                continue  # most are
            below = children(node)
            if kind is Reference:
                self.use(cast(Reference, node), bound, ignored)
            elif kind is Reduction:
                binders = cast(Reduction, node).binders
                bound = {**bound, **{binder.name: binder.axis for binder in binders}}
            elif kind is Call and cast(Call, node).name in _NAMING_CALLS:
                below = tuple(value for value in below if not isinstance(value, Reference))
            for child in reversed(below):
                stack.append((child, bound))

    def use(self, node: Reference, bound: Axes, ignored: frozenset[str]) -> None:
        name = node.name
        if name in ignored or name in bound or reserved_use(name):
            return
        axes = tuple(self.axis_of(index, bound) for index in node.indices)
        self.settled.add(name)
        self.found[name] = ParameterDeclaration(name, axes if all(axes) else (), span=node.span)

    def axis_of(self, index: Index, bound: Axes) -> str:
        """The axis that an index runs over; empty where only a label is given."""
        name = index.name or ""
        return index.axis or bound.get(name, name)


def _expressions(model: ModelSyntax) -> Iterator[tuple[Expression, frozenset[str]]]:
    """Every expression in which parameters may stand, in the order of the text spelling, with names to leave out."""
    for parameter in model.parameters:
        if parameter.default is not None:
            yield parameter.default, _NONE
        yield from _arguments(parameter.prior.arguments if parameter.prior else ())
    for state in model.states:
        if state.initial is not None:
            yield state.initial, _NONE
    for alias in model.aliases:
        yield alias.value, frozenset(alias.parameters) if isinstance(alias, FunctionDeclaration) else _NONE
    for statement in model.dynamics:
        yield statement.rate if isinstance(statement, TransitionDeclaration) else statement.value, _NONE
    for operator in model.operators:
        yield from _operator(operator)
    for absence in model.absences:
        yield absence.condition, _NONE
    for initial in model.initial:
        yield initial.value, _NONE
    for event in model.events:
        yield from _event(event)
    for boundary in model.boundaries:
        yield from _arguments(boundary.arguments)
    for observation in model.observations:
        yield from _arguments(observation.distribution.arguments)
        if observation.every is not None:
            yield observation.every, _NONE
    for derived in model.derived:
        yield derived.value, _NONE
    for requirement in model.requirements:
        yield requirement.condition, _NONE


def _arguments(arguments: tuple[Argument, ...]) -> Iterator[tuple[Expression, frozenset[str]]]:
    return ((argument.value, _NONE) for argument in arguments)


def _operator(operator: OperatorDeclaration) -> Iterator[tuple[Expression, frozenset[str]]]:
    """The values among the settings; the others are words. A matrix runs over the axis twice."""
    for setting in operator.settings:
        value = setting.value
        if setting.keyword == "matrix" and isinstance(value, Reference) and not value.indices:
            twice = (Index(operator.axis, span=value.span),) * 2
            yield Reference(value.name, twice, span=value.span), _NONE
        elif setting.keyword in OPERATOR_VALUES:
            yield value, _NONE


def _event(event: EventDeclaration) -> Iterator[tuple[Expression, frozenset[str]]]:
    columns = _NONE
    match event.trigger:
        case At(time=time):
            yield time, _NONE
        case Every(period=period, start=start, stop=stop):
            yield from ((part, _NONE) for part in (period, start, stop) if part is not None)
        case When(condition=condition):
            yield condition, _NONE
        case Doses():
            columns = DOSE_COLUMNS
    for action in event.actions:
        if action.value is not None:
            yield action.value, columns
