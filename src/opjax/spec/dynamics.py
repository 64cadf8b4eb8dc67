"""Dynamics: transitions and derivatives become one rate of change for each state.

A transition has one flow. Its dims are the indices that its two sides name; each state on a side loses or gains the
flow, summed over the indices that the state lacks. With ``A -> B @ h`` the flow is h times the reactants, each to the
power of its count (mass action, without the 1/n! of combinations); with ``A => B @ r`` it is r as written.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from opjax.errors import Stop, catalogue, did_you_mean
from opjax.ir.many import sums
from opjax.ir.nodes import Along, AnyNode, Edge, Selection
from opjax.ir.system import Flow, Participant
from opjax.ir.types import Dim, declared_dims
from opjax.source import Span
from opjax.spec.again import Statements
from opjax.spec.alike import Statement
from opjax.spec.ends import inside_end, read_along
from opjax.spec.flows import Flows, flows_of_a_model
from opjax.spec.idle_edges import warn_of_idle_edge
from opjax.spec.misread import want_rate
from opjax.spec.names import KIND_IN_WORDS, Name
from opjax.spec.pieces import Piece, Pieces
from opjax.spec.repeats import Repeats
from opjax.spec.scope import Scope
from opjax.syntax.declarations import DerivativeDeclaration, Term, TransitionDeclaration
from opjax.syntax.nodes import Index, Reference, factors_of

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering


Cells = tuple[str, tuple[Selection, ...]]
"""A state, and the positions of it that an equation is for."""
Side = tuple[Term, tuple[Name, list[Selection]]]
"""A term of a transition, its state, and the positions of the state that it names."""
_NOTHING = frozenset(("null", "none", "nothing", "empty", "outside", "\u00f8"))
"""What other languages call what is no state."""


def transition_indices(declared: TransitionDeclaration) -> dict[str, str]:
    """The index names that the two sides of a transition use, with their axes, in the order of the text."""
    found: dict[str, str] = {}
    for term in (*declared.reactants, *declared.products):
        for index in term.target.indices:
            if index.name is not None:
                found.setdefault(index.name, index.axis or index.name)
    return found


def transition_axes(declared: TransitionDeclaration) -> tuple[str, ...]:
    """The axes that the flow of a transition runs over."""
    return tuple(transition_indices(declared).values())


@dataclass(slots=True)
class Dynamics:
    """Collects what every state gains and loses.

    Arguments:
        lowering: reads the expressions.
        gains: the contributions to each state, in the order of the text.
        flows: the transitions.
        equations: where each state's (or cell's) equation was written.
        pieces: the equations of each state.
    """

    lowering: Lowering
    gains: dict[str, list[AnyNode]] = field(default_factory=dict[str, list[AnyNode]])
    flows: Flows = field(default_factory=flows_of_a_model)
    equations: dict[Cells, Span] = field(default_factory=dict[Cells, Span])
    pieces: dict[str, list[Piece]] = field(default_factory=dict[str, list[Piece]])

    def add_all(self, parts: Sequence[Sequence[Statement]]) -> None:
        """Read the statements of the section; a problem ends its statement only."""
        Statements(self, Repeats(self.lowering)).read(parts)

    def add(self, declared: Statement, name: str) -> Sequence[AnyNode]:
        """Read one statement; the name is that of its flow, if it has one."""
        return (
            self.transition(declared, name)
            if isinstance(declared, TransitionDeclaration)
            else self.derivative(declared)
        )

    def touch(self, declared: Statement) -> None:
        """A state whose statement has a problem is not said to lack one as well."""
        targets = [declared.target] if isinstance(declared, DerivativeDeclaration) else []
        if isinstance(declared, TransitionDeclaration):
            targets = [term.target for term in (*declared.reactants, *declared.products)]
        for target in targets:
            self.gains.setdefault(target.name, [])

    def rates(self) -> Mapping[str, AnyNode]:
        """The rate of change of each state that has one."""
        self.put_together()
        return dict(zip(self.gains, sums(self.lowering.graph, self.gains.values()), strict=True))

    def written(self) -> Mapping[str, Span]:
        """The states that have an equation of their own, and where the first was written."""
        found: dict[str, Span] = {}
        for (state, _), span in self.equations.items():
            found.setdefault(state, span)
        return found

    # --- derivatives

    def derivative(self, declared: DerivativeDeclaration) -> Sequence[AnyNode]:
        """``d(S[age])/dt = ...``: for every point of an axis, or for the one that a label names."""
        target = declared.target
        entry = self.state(target)
        indices = target.indices or tuple(Index(axis, span=target.span) for axis in entry.axes)
        scope = self.target_scope(f"the equation of '{target.name}'", indices, declared.edge)
        selections = self.selected(target.name, entry, indices, scope, target.span)
        self.claim(target.name, selections, declared.span)
        want_rate(declared.value, scope.where, self.lowering.report)
        value = self.lowering.value(declared.value, scope)
        self.piece(target.name, selections, value, declared.span)
        return [value]

    def claim(self, name: str, selections: Sequence[Selection], span: Span) -> None:
        """Note where the equation of a state is; a second one for the same points is refused."""
        first = self.equations.setdefault((name, tuple(selections)), span)
        if first is not span:
            raise self.lowering.report.stop(catalogue.REPEATED_EQUATION, span, name=name, first=repr(first))
        self.gains.setdefault(name, [])

    def piece(self, name: str, selections: Sequence[Selection], value: AnyNode, span: Span) -> None:
        """Note an equation, or an initial value, for all points of a state or for some."""
        self.pieces.setdefault(name, []).append(Piece(tuple(selections), value, span))

    def put_together(self, covered: bool = True) -> None:
        """Add the equations to the gains of their states.

        Arguments:
            covered: whether every point of a state needs one.
        """
        for name, rows in self.pieces.items():
            if len(rows) == 1 and self.lowering.names.kind(name) is not None:  # it has no axes: nearly all of many
                self.gains[name].insert(0, rows[0].value)
                continue
            pieces = Pieces(self.lowering, name, self.lowering.names.values[name], rows)
            with contextlib.suppress(Stop):
                if covered and not self.gains[name]:
                    pieces.check_covered()
                self.gains[name].insert(0, pieces.node())
        self.pieces.clear()

    def target_scope(self, where: str, indices: tuple[Index, ...], edge: Edge | None) -> Scope:
        """The scope of an equation: the indices on its left side."""
        names = {i.name: i.axis or i.name for i in indices if i.name is not None}
        return self.scope(where, names, edge)

    def scope(self, where: str, indices: Mapping[str, str], edge: Edge | None) -> Scope:
        """A scope with the given index names, each over a dim of its own."""
        if not indices:
            return Scope(where, edge=edge)
        axes = list(indices.values())
        dims = {name: Dim(axis, axes[:place].count(axis)) for place, (name, axis) in enumerate(indices.items())}
        known = {name: dim for name, dim in dims.items() if dim.axis in self.lowering.names.axes}
        return Scope(where, known, edge)

    # --- transitions

    def transition(self, declared: TransitionDeclaration, name: str) -> list[AnyNode]:
        """``name: A -> B @ rate``: its rate, its flow, and what it adds to each state."""
        if not declared.reactants and not declared.products:
            raise self.lowering.report.stop(catalogue.EMPTY_TRANSITION, declared.span)
        where = f"the rate of '{name}'" if declared.name else "the rate of this transition"
        scope = self.scope(where, transition_indices(declared), declared.edge)
        plain = scope if declared.edge or not scope.indices else dataclasses.replace(scope, edge="absorb")
        sides = [(term, self.selections(term, plain, declared)) for term in (*declared.reactants, *declared.products)]
        for term, _ in sides:
            self.gains.setdefault(term.target.name, [])
        want_rate(declared.rate, where, self.lowering.report)
        warn_of_idle_edge(declared, self.lowering.report)
        rate = self.lowering.value(declared.rate, scope)
        value = self.flow(declared, rate, scope)
        self.check_placed(declared, value, scope)
        arriving = self.between_existing(self.kept_inside(declared, value, sides), sides)
        self.flows.put(name, self.record(declared, name, (rate, arriving, sides), plain))
        values = [rate, arriving]
        for (state, selections), count in net_counts(sides, len(declared.reactants)).items():
            gain = self.times(count, self.repeated(arriving, scope, selections), declared.span)
            self.gain(state, self.lowering.names.values[state], list(selections), gain)
            values.append(gain)
        self.lint(declared)
        return values

    def selections(self, term: Term, scope: Scope, declared: TransitionDeclaration) -> tuple[Name, list[Selection]]:
        """The state of a term and the positions that its indices select."""
        entry = self.state(term.target)
        for index in term.target.indices if declared.edge is None else ():
            if index.offset:
                raise self.lowering.indices.no_edge(index, str(index.name))
        return entry, self.selected(term.target.name, entry, term.target.indices, scope, term.target.span)

    def selected(self, name: str, entry: Name, indices: tuple[Index, ...], scope: Scope, span: Span) -> list[Selection]:
        """The positions of a state that the indices on a left side or in a term select."""
        return self.lowering.indices.positions(name, entry.axes, indices, scope, span)

    def state(self, target: Reference) -> Name:
        """The declaration of a state that a statement changes."""
        entry = self.lowering.names.values.get(target.name)
        report = self.lowering.report
        if entry is None and target.name in self.lowering.names.refused:
            raise Stop
        if entry is None:
            usual = self.lowering.report.usual_hint(catalogue.UNDECLARED_NAME)
            usual = "write 0 for nothing: 0 -> A @ rate" if target.name.lower() in _NOTHING else usual
            hint = did_you_mean(target.name, self.lowering.names.known("state"), usual)
            raise report.stop(catalogue.UNDECLARED_NAME, target.span, name=target.name, hint=hint)
        if entry.kind != "state":
            kind = KIND_IN_WORDS[entry.kind]
            raise report.stop(catalogue.NOT_A_STATE, target.span, name=target.name, kind=kind)
        return entry

    def flow(self, declared: TransitionDeclaration, rate: AnyNode, scope: Scope) -> AnyNode:
        """The whole flow of a transition."""
        if not declared.mass_action or not declared.reactants:
            return rate
        graph = self.lowering.graph
        factors = [rate]
        for term in declared.reactants:
            state = self.lowering.reference(term.target, scope)
            factors.append(state if term.count == 1 else graph.integer_power(state, term.count, term.target.span))
        return graph.apply("multiply", factors, declared.span)

    def check_placed(self, declared: TransitionDeclaration, value: AnyNode, scope: Scope) -> None:
        """A flow out of a state must say how it is divided over an axis that only the other side has."""
        if not declared.reactants or not scope.indices:
            return  # a source: every point gets the rate as written
        left = {index.name for term in declared.reactants for index in term.target.indices}
        for term in declared.products:
            for index in term.target.indices:
                dim = scope.indices.get(index.name or "")
                if dim is not None and dim not in value.dims and index.name not in left:
                    raise self.lowering.report.stop(catalogue.UNPLACED_AXIS, index.span, axis=str(index.name))

    def record(
        self, declared: TransitionDeclaration, name: str, found: tuple[AnyNode, AnyNode, list[Side]], scope: Scope
    ) -> Flow:
        """What the typed model keeps of a transition."""
        rate, value, sides = found
        parts = [Participant(term.target.name, term.count, tuple(chosen)) for term, (_, chosen) in sides]
        taken = len(declared.reactants)
        return Flow(
            name,
            transition_axes(declared),
            doc=declared.doc,
            span=declared.span,
            value=value,
            rate=rate,
            mass_action=declared.mass_action,
            reactants=tuple(parts[:taken]),
            products=tuple(parts[taken:]),
            stated_reactants=self.stated(declared, scope),
        )

    def stated(self, declared: TransitionDeclaration, scope: Scope) -> tuple[Participant, ...] | Literal["auto"] | None:
        """The molecules that meet in one event, as the model states them; those that it consumes are among them."""
        listed = declared.stated_reactants
        if not isinstance(listed, tuple):
            return listed
        found = [(term, self.selections(term, scope, declared)[1]) for term in listed]
        places = {(term.target.name, tuple(chosen)) for term, chosen in found}
        for term in declared.reactants:
            if (term.target.name, tuple(self.selections(term, scope, declared)[1])) not in places:
                raise self.lowering.report.stop(catalogue.MISSING_REACTANT, term.target.span, name=term.target.name)
        return tuple(Participant(term.target.name, term.count, tuple(chosen)) for term, chosen in found)

    def kept_inside(
        self,
        declared: TransitionDeclaration,
        value: AnyNode,
        sides: list[Side],
    ) -> AnyNode:
        """With ``edge stay``, nothing flows where a shifted end lies beyond the axis."""
        if declared.edge != "stay":
            return value
        graph, span = self.lowering.graph, declared.span
        for _, (_, selections) in sides:
            for shift in selections:
                if isinstance(shift, Along) and shift.offset:
                    value = graph.apply("where", (inside_end(graph, shift), value, graph.constant(0.0)), span)
        return value

    def between_existing(self, value: AnyNode, sides: list[Side]) -> AnyNode:
        """A flow, zero where one of its ends is a cell that does not exist."""
        lowering, nothing = self.lowering, self.lowering.graph.constant(0.0)
        for term, (entry, selections) in sides if lowering.absent else ():
            absent = lowering.absent.get(term.target.name)
            if absent is not None:
                there = lowering.along(absent, entry.axes, selections, value.span)
                value = lowering.graph.apply("where", (there, nothing, value), value.span)
        return value

    def repeated(self, flow: AnyNode, scope: Scope, selections: tuple[Selection, ...]) -> AnyNode:
        """A flow as a state sees it that lacks some of its indices: one that is the same for all counts for each."""
        if not scope.indices:
            return flow
        graph = self.lowering.graph
        known = {*flow.dims, *(s.dim for s in selections if isinstance(s, Along))}
        for dim in scope.indices.values():
            if dim not in known:
                flow = graph.apply("multiply", (graph.symbol("size", dim.axis), flow), flow.span)
        return flow

    def times(self, count: int, flow: AnyNode, span: Span) -> AnyNode:
        """A flow times a net stoichiometric count."""
        graph = self.lowering.graph
        if abs(count) != 1:
            flow = graph.apply("multiply", (graph.constant(float(abs(count))), flow), span)
        return graph.apply("negate", (flow,), span) if count < 0 else flow

    # --- contributions

    def gain(self, state: str, entry: Name, selections: list[Selection], value: AnyNode) -> None:
        """Add a value, written in the indices of a statement, to the rate of a state."""
        graph = self.lowering.graph
        if not entry.axes and not value.dims:
            self.gains[state].append(value)
            return
        targets = list(zip(declared_dims(entry.axes), selections, strict=True))
        named = {s.dim for _, s in targets if isinstance(s, Along)}
        value = graph.reduce("sum", value, tuple(d for d in value.dims if d not in named), value.span)
        moved: dict[Dim, Selection] = {}
        for own, selection in targets:
            if isinstance(selection, Along):
                # The state at j gains what flows at the index j - offset; nothing comes from beyond the end.
                edge = "periodic" if selection.edge == "periodic" else "absorb"
                moved[selection.dim] = Along(own, -selection.offset, edge)
        unused = [selection for dim, selection in moved.items() if dim not in value.dims]
        value = graph.view(value, (moved[dim] for dim in value.dims), value.span)
        value = read_along(graph, value, unused)
        for own, selection in targets:
            if not isinstance(selection, Along):
                value = graph.place(value, own, selection.position, value.span)
        self.gains[state].append(value)

    def lint(self, declared: TransitionDeclaration) -> None:
        """Warn of a per-capita rate that multiplies by its own reactant again, unless it says that two meet."""
        if not declared.mass_action or declared.stated_reactants is not None:
            return
        factors = factors_of(declared.rate)
        named = {factor.name for factor in factors if isinstance(factor, Reference)}
        for term in declared.reactants:
            if term.target.name in named and term.target in factors:
                self.lowering.report.add(catalogue.RATE_CONTAINS_SOURCE, declared.rate.span, name=term.target.name)


def net_counts(sides: list[Side], reactants: int) -> dict[tuple[str, tuple[Selection, ...]], int]:
    """What one event of a transition adds to each state (or cell); a catalyst, which it gives back, is left out."""
    net: dict[tuple[str, tuple[Selection, ...]], int] = {}
    for place, (term, (_, selections)) in enumerate(sides):
        key = (term.target.name, tuple(selections))
        net[key] = net.get(key, 0) + (term.count if place >= reactants else -term.count)
    return {key: count for key, count in net.items() if count}
