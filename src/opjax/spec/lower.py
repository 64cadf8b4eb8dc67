"""Lowering: a model as it was written becomes a model with one meaning.

Three steps, so that no section depends on the order of the file: *declare* all names, *check* the declarations,
*define* the expressions (an alias when it is first needed). All problems are reported together.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opjax.errors import Report, Stop, catalogue, did_you_mean
from opjax.ir.evaluate import constant_value
from opjax.ir.lazily import Lazily
from opjax.ir.nodes import AnyNode, Graph
from opjax.ir.system import Alias, Input, NotYet, State, System
from opjax.ir.types import Role
from opjax.source import DEFAULT_LIMITS, Limits, Span
from opjax.spec.absences import define_absences, zero_where_absent
from opjax.spec.boundaries import define_boundaries, moving_ends, start_where_held, zero_where_held
from opjax.spec.calls import lower_call
from opjax.spec.dynamics import Dynamics
from opjax.spec.expressions import Lowering
from opjax.spec.gauges import lower_gauges
from opjax.spec.independence import check_independent
from opjax.spec.keeping import kept_by_name
from opjax.spec.names import Name, NameKind, Names, declare, reserved_use
from opjax.spec.operators.reading import Operators
from opjax.spec.order import names_in, order_of_need
from opjax.spec.plain import Declarations, Known, Plain, state_of
from opjax.spec.quantities import Quantities
from opjax.spec.reductions import lower_reduction
from opjax.spec.representations import check_representation
from opjax.spec.scope import PARAMETER_ROLES, Scope, free_scope
from opjax.syntax.declarations import AliasDeclaration, InitialDeclaration, ModelSyntax, StateDeclaration
from opjax.syntax.nodes import Expression, Index, Number, Reference, walk
from opjax.syntax.parts import parts_of
from opjax.traverse import run

NO_LABELS: Mapping[str, tuple[str, ...]] = {}
LATER: frozenset[Role] = frozenset[Role](("incidence", "over_time"))
"""What is known after a solve only: in observations and derived quantities."""


def lower(
    model: ModelSyntax,
    report: Report,
    limits: Limits = DEFAULT_LIMITS,
    labels: Mapping[str, tuple[str, ...]] = NO_LABELS,
) -> System:
    """The typed model of a syntax tree.

    Arguments:
        model: the syntax of the whole model.
        report: gets all problems; check it before using the result.
        limits: bounds on sizes.
        labels: the labels of axes that take them from data, by axis.

    Returns:
        The typed model; parts with problems are missing from it.
    """
    return _Lower(model, report, limits, labels).system()


@dataclass(slots=True)
class _Lower:
    model: ModelSyntax
    report: Report
    limits: Limits
    labels: Mapping[str, tuple[str, ...]]
    lowering: Lowering = field(init=False)
    axis_nodes: Graph = field(default_factory=Graph)
    declarations: Declarations = field(init=False)
    numbers: dict[str, Number] = field(init=False)
    initial_rows: list[InitialDeclaration] = field(init=False)

    def __post_init__(self) -> None:
        self.declarations = Declarations(self.model)
        names = declare(self.declarations, self.labels, self.axis_number, self.report, self.limits)
        self.lowering = self.lowering_for(names, Graph())
        self.numbers = self.initial_numbers()
        self.initial_rows = self.all_initial_rows()

    def lowering_for(self, names: Names, graph: Graph) -> Lowering:
        return Lowering(names, graph, self.report, lower_call, lower_reduction)

    def axis_number(self, expression: Expression, where: str) -> float | None:
        """The value of an expression of numbers, before any name is known."""
        try:
            for node in walk(expression):
                if isinstance(node, Reference) and not reserved_use(node.name):
                    what, hint = f"the name '{node.name}'", "write the number: points depend on nothing"
                    raise self.report.stop(catalogue.MISPLACED, node.span, what=what, where=where, hint=hint)
            node = self.lowering_for(Names(), self.axis_nodes).value(expression, Scope(where))
        except Stop:
            return None
        value = constant_value(node)
        return None if value is None else float(value)

    # --- the whole

    def system(self) -> System:
        self.check()
        quantities = Quantities(self.lowering)
        parameters = quantities.parameters(self.declarations.parameters)
        inputs = {i.name: Input(i.name, i.axes, i.unit, i.doc, i.span, i.interpolation) for i in self.model.inputs}
        define_absences(self.lowering, self.model.absences)
        define_boundaries(self.lowering, self.model.boundaries)
        self.define_aliases()
        self.define_initial_values()
        dynamics = Dynamics(self.lowering)
        dynamics.add_all(self.declarations.dynamics)
        operators = Operators(self.lowering, dynamics)
        for declared in self.model.operators:
            operators.add(declared)
        local_rates = self.complete(dynamics)
        rates = self.existing(operators.rates(local_rates))
        system = System(
            name=self.model.name,
            graph=self.lowering.graph,
            axes=self.lowering.names.axes,
            parameters=parameters,
            inputs=inputs,
            states=self.states(operators),
            aliases=self.defined("alias"),
            flows=dynamics.flows,
            rates=rates,
            observations=quantities.observations(self.model.observations),
            derived=self.defined("derived"),
            equations=dynamics.written(),
            independent=tuple(axis.name for axis in self.model.independent),
            shown=moving_ends(self.lowering),
            kept=kept_by_name(self.model.kept, self.report),
            requirements=quantities.requirements(self.model.requirements),
            time_reductions=tuple(self.lowering.time_reductions),
            gauges=lower_gauges(self.model.gauges, self.lowering.names, self.report),
            not_yet=self.not_yet(),
            history={signal.name: signal for signal in self.lowering.history.values()},
            operators=tuple(operators.found),
            local_rates=self.existing(local_rates) if operators.found else {},
            doc=self.model.doc,
            time_unit=self.model.time.unit if self.model.time else "",
            time_origin=self.model.time.origin if self.model.time else "",
            start=self.model.time.start if self.model.time else None,
        )
        check_independent(system, self.model.independent, self.report)
        if any(roles & LATER for roles in {rate.roles for rate in rates.values()}):
            for name, rate in rates.items():
                self.refuse_later(name, rate)
        self.declarations.release()
        return system

    def refuse_later(self, name: str, rate: AnyNode) -> None:
        """Refuse a derivative that depends on what is known after the solve only."""
        if rate.roles & LATER:
            with contextlib.suppress(Stop):
                self.lowering.want_roles(rate, rate.roles - LATER, f"the derivative of '{name}'", rate.span)

    def check(self) -> None:
        """Step two: what can be said of the declarations alone."""
        if not any(map(len, parts_of(self.model, "states"))):
            self.report.add(catalogue.NO_STATES, self.model.span)
        seen: dict[object, Span] = {}
        for row in self.initial_rows:
            name = row.target.name
            first = seen.setdefault(row.target if row.target.indices else name, row.span)
            entry = self.lowering.names.values.get(name)
            if entry is None and name not in self.lowering.names.refused:
                hint = did_you_mean(name, self.lowering.names.known("state"))
                self.report.add(catalogue.UNDECLARED_NAME, row.target.span, name=name, hint=hint)
            elif entry is not None and first is not row.span:
                self.report.add(catalogue.REPEATED_INITIAL, row.span, name=name, first=repr(first))

    def all_initial_rows(self) -> list[InitialDeclaration]:
        """All initial values, those in the section ``states`` included, but those that are a mere number."""
        own = [
            InitialDeclaration(Reference(s.name, span=s.span), s.initial, span=s.span)
            for s in self.other_states()
            if s.initial is not None and s.name not in self.numbers
        ]
        return [*own, *self.model.initial]

    def initial_numbers(self) -> dict[str, Number]:
        """The initial values that are a mere number of a state without axes, written once: most of a large model."""
        rows = {row.target.name for row in self.model.initial}
        states = (s for s in self.other_states() if isinstance(s.initial, Number) and not s.axes)
        found = {s.name: s.initial for s in states if s.name not in rows and isinstance(s.initial, Number)}
        values = self.lowering.names.values
        return {name: number for name, number in found.items() if name in values and values[name].kind == "state"}

    def other_states(self) -> Iterable[StateDeclaration]:
        """The states that are not plain."""
        return (state for part in self.declarations.states if not isinstance(part, Plain) for state in part)

    def state_names(self) -> list[str]:
        """All states, in declared order."""
        parts = self.declarations.states
        return [n for part in parts for n in (part.names if isinstance(part, Plain) else [s.name for s in part])]

    def complete(self, dynamics: Dynamics) -> Mapping[str, AnyNode]:
        """The rates of all states, in declared order."""
        names = self.state_names()
        if not dynamics.gains.keys() >= set(names):
            for state in self.model.states:
                if state.name not in dynamics.gains:
                    self.report.add(catalogue.NO_EQUATION, state.span, name=state.name)
        if self.report.errors:
            return {}
        known = dynamics.rates()
        return {name: known[name] for name in names}

    def existing(self, rates: Mapping[str, AnyNode]) -> Mapping[str, AnyNode]:
        """The rates, zero where a state is held and in cells that are absent."""
        if not self.lowering.held and not self.lowering.absent:
            return rates
        held = {name: zero_where_held(self.lowering, name, rate) for name, rate in rates.items()}
        return {name: zero_where_absent(self.lowering, name, rate) for name, rate in held.items()}

    def not_yet(self) -> tuple[NotYet, ...]:
        events = [NotYet("the event", e.name, e.span) for e in self.model.events]
        return (*self.lowering.not_yet, *events)

    # --- aliases and initial values, in the order of need

    def define_aliases(self) -> None:
        """Define all aliases and derived quantities, each after those that it mentions."""
        named = [*self.model.aliases, *self.model.derived]
        needs = {d.name: tuple(dict.fromkeys(names_in([d.value]))) for d in named}
        order, circles = order_of_need(needs)
        self.report_circles(circles, {d.name: d.span for d in named})
        self.lowering.broken.update(needs.keys() - set(order))
        for name in order:
            entry = self.lowering.names.values.get(name)
            if entry is not None and isinstance(entry.declaration, AliasDeclaration):
                self.define_alias(entry.declaration, derived=entry.kind == "derived")

    def report_circles(self, circles: list[list[str]], places: Mapping[str, Span]) -> None:
        for circle in circles:
            self.report.add(catalogue.ALIAS_CYCLE, places[circle[0]], path=" -> ".join(circle))

    def define_alias(self, declared: AliasDeclaration, derived: bool) -> None:
        scope = free_scope(f"'{declared.name}'", declared.axes, declared.edge)
        scope = dataclasses.replace(scope, derived=derived)
        try:
            node = run(self.lowering.walk(declared.value, scope))  # an alias may be a condition
        except Stop:
            self.lowering.broken.add(declared.name)
            return
        alias = Alias(declared.name, declared.axes, declared.unit, declared.doc, declared.span, value=node)
        self.lowering.aliases[declared.name] = alias

    def define_initial_values(self) -> None:
        """Define the initial values; one may mention the initial values of other states."""
        graph = self.lowering.graph
        for part in self.declarations.states:
            if isinstance(part, Plain):
                named = zip(part.names, part.values(graph), strict=True)
                self.start_at({name: value for name, value in named if value is not None})
                continue
            numbers = {s.name: self.numbers[s.name] for s in part if s.name in self.numbers}
            self.start_at({name: graph.constant(number.value, number.span) for name, number in numbers.items()})
        rows: dict[str, list[InitialDeclaration]] = {}
        for row in self.initial_rows:
            rows.setdefault(row.target.name, []).append(row)
        needs = {name: tuple(dict.fromkeys(names_in(r.value for r in own))) for name, own in rows.items()}
        order, circles = order_of_need(needs)
        self.report_circles(circles, {name: own[0].span for name, own in rows.items()})
        for name in order:
            entry = self.lowering.names.values.get(name)
            if entry is None:
                continue  # reported by `check`
            try:
                self.lowering.initial[name] = self.initial_value(entry, rows[name])
            except Stop:
                continue

    def start_at(self, numbers: Mapping[str, AnyNode]) -> None:
        """Take numbers as initial values."""
        lowering = self.lowering
        if lowering.held or lowering.absent:
            held = {name: start_where_held(lowering, name, value) for name, value in numbers.items()}
            numbers = {name: zero_where_absent(lowering, name, value) for name, value in held.items()}
        lowering.initial.update(numbers)

    def initial_value(self, entry: Name, rows: list[InitialDeclaration]) -> AnyNode:
        """The initial value of one state: the rows of its cells put together."""
        name = rows[0].target.name
        whole = self.rows_together(entry, rows)
        held = start_where_held(self.lowering, name, whole)
        return zero_where_absent(self.lowering, name, held)

    def rows_together(self, entry: Name, rows: list[InitialDeclaration]) -> AnyNode:
        """The initial value of one state as it is written."""
        dynamics = Dynamics(self.lowering)
        for row in rows:
            indices = row.target.indices or tuple(Index(axis, span=row.span) for axis in entry.axes)
            scope = dynamics.target_scope(f"the initial value of '{row.target.name}'", indices, None)
            dynamics.state(row.target)
            selections = dynamics.selected(row.target.name, entry, indices, scope, row.target.span)
            value = self.lowering.value(row.value, dataclasses.replace(scope, initial=True))
            self.lowering.want_roles(value, PARAMETER_ROLES, scope.where, row.value.span)
            dynamics.gains.setdefault(row.target.name, [])
            dynamics.piece(row.target.name, selections, value, row.span)
        dynamics.put_together(covered=False)
        return dynamics.rates()[rows[0].target.name]

    def states(self, operators: Operators) -> Mapping[str, State]:
        """All states by name."""
        found = Lazily[State, Known](state_of)
        initial: Mapping[str, AnyNode] = self.lowering.initial
        if operators.held:
            initial = {name: operators.zero_where_held(name, node) for name, node in initial.items()}
        for part in self.declarations.states:
            if isinstance(part, Plain):
                found.know(Known(part, [*map(initial.get, part.names)]))
                continue
            for declared in part:
                found.put(declared.name, self.state(declared, initial.get(declared.name)))
        return found

    def state(self, declared: StateDeclaration, initial: AnyNode | None) -> State:
        check_representation(declared, self.lowering.names, self.report)
        place = (declared.name, declared.axes, declared.unit, declared.doc, declared.span)
        return State(*place, initial, declared.flags, declared.measure_axes)

    def defined(self, kind: NameKind) -> Mapping[str, Alias]:
        """The aliases or derived quantities, in declared order."""
        aliases = self.lowering.aliases
        if not aliases:
            return {}
        return {name: aliases[name] for name in self.lowering.names.known(kind) if name in aliases}
