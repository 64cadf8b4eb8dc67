"""From the section `operators` to what each operator adds to the rates of its states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opjax.errors import Stop, catalogue, did_you_mean
from opjax.ir.nodes import AnyNode, Constant
from opjax.ir.system import EXTENSIVE, INTENSIVE, Operator
from opjax.ir.types import Axis
from opjax.spec.boundaries import not_a_density
from opjax.spec.names import Name, unknown_axis
from opjax.spec.operators.discretise import Discretised, Parts, discretise
from opjax.spec.operators.kinds import KINDS, TRANSFER, OperatorKind
from opjax.spec.operators.line import Line
from opjax.spec.operators.matrices import array_axes, matrix_of, parameters_in, written_number
from opjax.spec.scope import Scope, free_scope
from opjax.syntax.declarations import OperatorDeclaration, StateDeclaration
from opjax.syntax.expression_printer import print_expression
from opjax.syntax.nodes import Expression, Reference, Text

if TYPE_CHECKING:
    from opjax.spec.dynamics import Dynamics
    from opjax.spec.expressions import Lowering

Settings = Mapping[str, Expression]


@dataclass(slots=True)
class Operators:
    """Collects the operators of a model.

    Arguments:
        lowering: reads the expressions.
        dynamics: knows the states; a state that an operator changes needs no equation.
        found: the operators so far.
        held: the end points at which a state is held at zero, as conditions, by state.
    """

    lowering: Lowering
    dynamics: Dynamics
    found: list[Operator] = field(default_factory=list[Operator])
    held: dict[str, list[AnyNode]] = field(default_factory=dict[str, list[AnyNode]])

    def add(self, declared: OperatorDeclaration) -> None:
        """Read one operator; a problem ends this operator only."""
        try:
            self.operator(declared)
        except Stop:
            self.touch(declared)

    def touch(self, declared: OperatorDeclaration) -> None:
        """A state whose operator has a problem is not said to lack an equation as well."""
        for name, entry in self.lowering.names.values.items():
            meant = name in declared.states or not declared.states
            if meant and (declared.axis in entry.axes or declared.axis not in self.lowering.names.axes):
                self.dynamics.gains.setdefault(name, [])

    def operator(self, declared: OperatorDeclaration) -> None:
        """``advection of S along x with velocity = w``."""
        title = title_of(declared)
        kind = self.kind(declared)
        settings = self.settings(declared, kind, title)
        axis = self.axis(declared)
        states = self.states(declared, title)
        gains: dict[str, AnyNode] = {}
        for state, entry in states.items():
            self.dynamics.gains.setdefault(state, [])
            made = self.gain(declared, settings, axis, (state, entry))
            gains[state] = made.gain
            self.held.setdefault(state, []).extend(made.held)
        shown = {key: self.shown(value) for key, value in settings.items()}
        arrays = array_axes(self.lowering.names, settings.values())
        self.found.append(
            Operator(
                declared.name,
                declared.kind,
                axis.name,
                tuple(states),
                gains,
                everywhere=not declared.states,
                settings=shown,
                array_axes=arrays,
                matrix="".join(parameters_in(self.lowering.names, settings.get("matrix"))[:1]),
                factors=parameters_in(self.lowering.names, settings.get("rate")) if "across" in settings else (),
                doc=declared.doc,
                span=declared.span,
            )
        )

    def rates(self, local: Mapping[str, AnyNode]) -> Mapping[str, AnyNode]:
        """The rates of all states with what the operators add; zero where they hold a state."""
        if not self.found:
            return local
        graph, rates = self.lowering.graph, dict(local)
        for operator in self.found:
            for state, gain in operator.gains.items():
                known = rates.get(state)
                if known is not None:
                    nothing = isinstance(known, Constant) and known.value == 0.0
                    rates[state] = gain if nothing else graph.apply("add", (known, gain), operator.span)
        return {state: self.zero_where_held(state, rate) for state, rate in rates.items()}

    def zero_where_held(self, state: str, node: AnyNode) -> AnyNode:
        """A rate or an initial value of a state, zero at the points where an operator holds the state at zero."""
        graph = self.lowering.graph
        for ends in self.held.get(state, ()):
            node = graph.apply("where", (ends, graph.constant(0.0), node))
        return node

    # --- what is said

    def kind(self, declared: OperatorDeclaration) -> OperatorKind:
        """The kind of operator."""
        kind = KINDS.get(declared.kind)
        if kind is None:
            hint = did_you_mean(declared.kind, KINDS, f"the operators are {', '.join(KINDS)}")
            raise self.lowering.report.stop(
                catalogue.UNKNOWN_OPERATOR_KIND, declared.span, name=declared.kind, hint=hint
            )
        return kind

    def settings(self, declared: OperatorDeclaration, kind: OperatorKind, title: str) -> Settings:
        """The settings by name; unknown, repeated, missing and wrong ones are reported."""
        report, found = self.lowering.report, dict[str, Expression]()
        before = len(report.errors)
        for setting in declared.settings:
            name = kind.also.get(setting.keyword or "", setting.keyword or "")
            if name not in kind.settings:
                hint = did_you_mean(name, kind.settings, f"its settings are {', '.join(kind.settings)}")
                report.add(catalogue.UNKNOWN_SETTING, setting.span, operator=title, name=name, hint=hint)
            elif name in found:
                report.add(catalogue.REPEATED_SETTING, setting.span, operator=title, name=name)
            else:
                self.check_word(name, setting.value, kind, title)
                found[name] = setting.value
        wanted = (*kind.required, *(TRANSFER if set(TRANSFER) & found.keys() and "across" in kind.settings else ()))
        for name in wanted:
            if name not in found and len(report.errors) == before:  # a misspelt one is not missing as well
                report.add(catalogue.MISSING_SETTING, declared.span, operator=title, name=name)
        if len(report.errors) > before:
            raise Stop
        return found

    def check_word(self, name: str, value: Expression, kind: OperatorKind, title: str) -> None:
        """Report a setting that is none of its words."""
        words = kind.words.get(name)
        if name in ("source", "target"):
            self.wrong(name, value, title, "a label in quotes", ()) if not isinstance(value, Text) else None
        elif name == "across" and not (isinstance(value, Reference) and not value.indices):
            self.wrong(name, value, title, "an axis", ())
        elif words is not None and word_of(value) not in words:
            self.wrong(name, value, title, " or ".join(words), words)

    def wrong(self, name: str, value: Expression, title: str, expected: str, words: tuple[str, ...]) -> None:
        """Report a setting of the wrong form."""
        found = print_expression(value)
        hint = did_you_mean(found, words) if words else ""
        self.lowering.report.add(
            catalogue.WRONG_SETTING, value.span, operator=title, name=name, expected=expected, found=found, hint=hint
        )

    def axis(self, declared: OperatorDeclaration) -> Axis:
        """The axis; neighbours need two points of it."""
        names, report = self.lowering.names, self.lowering.report
        axis = names.axes.get(declared.axis)
        if axis is None:
            unknown_axis(names, declared.axis, declared.span, report)
            raise Stop
        if axis.numeric and axis.size == 1 and declared.kind != "axis_kernel":
            raise report.stop(catalogue.SHORT_AXIS, declared.span, name=axis.name)
        return axis

    def states(self, declared: OperatorDeclaration, title: str) -> Mapping[str, Name]:
        """The states that the operator changes: those named, or all that have the axis."""
        known = {n: e for n, e in self.lowering.names.values.items() if e.kind == "state"}
        having = {name: entry for name, entry in known.items() if declared.axis in entry.axes}
        found = {name: self.dynamics.state(Reference(name, span=declared.span)) for name in declared.states} or having
        for name in found:
            if name not in having:
                raise self.not_along(declared, name, declared.axis)
        if not found:
            raise self.lowering.report.stop(catalogue.NO_STATE_ALONG, declared.span, operator=title, axis=declared.axis)
        return found

    def not_along(self, declared: OperatorDeclaration, state: str, axis: str) -> Exception:
        """The problem of a state without an axis that the operator needs."""
        values = self.lowering.names.values
        having = [name for name, entry in values.items() if entry.kind == "state" and axis in entry.axes]
        hint = f"the states with this axis are {', '.join(having)}" if having else "no state has this axis"
        return self.lowering.report.stop(
            catalogue.NOT_ALONG_AXIS, declared.span, operator=title_of(declared), name=state, axis=axis, hint=hint
        )

    # --- what it means

    def gain(
        self, declared: OperatorDeclaration, settings: Settings, axis: Axis, target: tuple[str, Name]
    ) -> Discretised:
        """What the operator adds to the rate of one state."""
        name, entry = target
        title = title_of(declared)
        faces = {} if "boundary" in settings else self.lowering.faces.get((name, axis.name), {})
        ring = word_of(settings.get("boundary")) == "periodic"
        periodic = ring or any(face.kind == "periodic" for face in faces.values())
        line = Line(self.lowering.graph, axis, periodic, declared.span, self.walls(declared, settings, name))
        scope = free_scope(f"the operator '{title}'", entry.axes)
        state = self.lowering.whole(name, entry, scope, declared.span)
        numbers = ("velocity", "coefficient", "rate")
        values = {key: self.value(key, settings[key], scope) for key in numbers if key in settings}
        matrix = matrix_of(self.lowering, settings["matrix"], scope, axis.name) if "matrix" in settings else None
        counts = is_per_cell(entry, axis.name)
        words = {key: word_of(value) for key, value in settings.items() if key not in numbers}
        parts = Parts(declared.kind, line, state, counts, values, words, matrix)
        for face in faces.values():
            slope = face.slope(self.lowering, state, line.dim)
            if slope is not None and declared.kind == "diffusion":
                if counts:
                    raise not_a_density(self.lowering, name, declared.span)
                parts.slopes.append((face.position(axis), slope))
        if "across" in settings:
            parts.transfer = self.transfer(declared, settings, target)
        return discretise(parts)

    def walls(self, declared: OperatorDeclaration, settings: Settings, state: str) -> AnyNode | None:
        """Which cells of a state are absent, if that differs along an axis that the operator acts along."""
        absent = self.lowering.absent.get(state)
        along = {declared.axis, word_of(settings.get("across"))}
        if absent is None or not along & {dim.axis for dim in absent.dims}:
            return None
        if declared.kind == "axis_kernel":
            title, axis = title_of(declared), declared.axis
            raise self.lowering.report.stop(
                catalogue.ABSENT_ON_KERNEL, declared.span, operator=title, axis=axis, name=state
            )
        return absent

    def value(self, key: str, expression: Expression, scope: Scope) -> AnyNode:
        """A setting that is an expression, in the axes of the state."""
        return self.lowering.value(expression, free_scope(f"the {key} of an operator", tuple(scope.indices)))

    def transfer(
        self, declared: OperatorDeclaration, settings: Settings, target: tuple[str, Name]
    ) -> tuple[str, int, int]:
        """The other axis, and the positions from which and to which a flux moves along it."""
        name, entry = target
        across = settings["across"]
        assert isinstance(across, Reference)
        axis = self.lowering.names.axes.get(across.name)
        if axis is None:
            unknown_axis(self.lowering.names, across.name, across.span, self.lowering.report)
            raise Stop
        if axis.name not in entry.axes:
            raise self.not_along(declared, name, axis.name)
        places = [
            self.lowering.indices.label_position(axis, axis.name, value.value, value.span)
            for value in (settings["source"], settings["target"])
            if isinstance(value, Text)
        ]
        return axis.name, places[0], places[1]

    def shown(self, value: Expression) -> str | float:
        """A setting for descriptors: a number, or its text."""
        if isinstance(value, Text):
            return value.value
        number = written_number(value)
        return print_expression(value, canonical=True) if number is None else number


def is_per_cell(entry: Name, axis: str) -> bool:
    """Whether a state is the mass of each cell along an axis: counts, or a density over other axes only."""
    declared = entry.declaration
    if not isinstance(declared, StateDeclaration):
        return False
    if any(flag in EXTENSIVE for flag in declared.flags):
        return True
    is_density = any(flag in INTENSIVE for flag in declared.flags)
    return is_density and bool(declared.measure_axes) and axis not in declared.measure_axes


def title_of(declared: OperatorDeclaration) -> str:
    """What an operator is called in messages."""
    return declared.name or declared.kind


def word_of(value: Expression | None) -> str:
    """The word that a setting is, or nothing."""
    return value.name if isinstance(value, Reference) and not value.indices else ""
