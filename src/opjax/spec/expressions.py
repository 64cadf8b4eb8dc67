"""Expressions: from syntax to typed nodes. Names are looked up here, and nowhere else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from opjax.errors import Report, Stop, catalogue, did_you_mean
from opjax.ir import functions
from opjax.ir.nodes import Along, AnyNode, Graph, Selection
from opjax.ir.system import Alias, HistorySignal, NotYet, TimeReduction
from opjax.ir.types import Dim, Kind, Role, declared_dims
from opjax.source import Span
from opjax.spec.absences import zero_where_absent
from opjax.spec.arithmetic import Arithmetic, combined, parts_of
from opjax.spec.boundaries import Face, Side, read_neighbours, value_where_held
from opjax.spec.comparisons import lower_comparison
from opjax.spec.ends import read_along
from opjax.spec.names import KIND_IN_WORDS, SPECIAL_CALLS, Name, Names
from opjax.spec.scope import ROLE_IN_WORDS, IndexReader, Scope
from opjax.syntax.declarations import FunctionDeclaration
from opjax.syntax.nodes import (
    Array,
    Call,
    Compare,
    Conditional,
    Expression,
    Index,
    Logical,
    Negate,
    Not,
    Number,
    Power,
    Product,
    Reduction,
    Reference,
    Remainder,
    Sum,
    Text,
    Truth,
)
from opjax.traverse import Walk, run

CallRule = Callable[["Lowering", Call, Scope], Walk[AnyNode]]
ReductionRule = Callable[["Lowering", Reduction, Scope], Walk[AnyNode]]


@dataclass(slots=True)
class Lowering:
    """Turns expressions into nodes of one graph.

    Arguments:
        names: what every name means.
        graph: gets the nodes.
        report: gets the problems.
        calls, reduction: the rules for calls and reductions, which live in rooms of their own.
        aliases: the aliases and derived quantities so far (they are defined in the order of need).
        initial: the initial values so far.
        absent: which cells of a state do not exist, as a condition in its axes.
        held: where a state is held (a condition), and at what, by state.
        faces: the ends of axes with a boundary condition, by state and axis.
        broken: names whose definition has a problem; using them is no further problem.
        plain: the nodes of parameters and states without axes, once they are known.
    """

    names: Names
    graph: Graph
    report: Report
    calls: CallRule
    reduction: ReductionRule
    aliases: dict[str, Alias] = field(default_factory=dict[str, Alias])
    initial: dict[str, AnyNode] = field(default_factory=dict[str, AnyNode])
    absent: dict[str, AnyNode] = field(default_factory=dict[str, AnyNode])
    held: dict[str, list[tuple[AnyNode, AnyNode]]] = field(default_factory=dict[str, list[tuple[AnyNode, AnyNode]]])
    faces: dict[tuple[str, str], dict[Side, Face]] = field(default_factory=dict[tuple[str, str], dict[Side, Face]])
    broken: set[str] = field(default_factory=set[str])
    plain: dict[str, AnyNode] = field(default_factory=dict[str, AnyNode])
    applied: dict[object, AnyNode] = field(default_factory=dict[object, AnyNode])
    time_reductions: list[TimeReduction] = field(default_factory=list[TimeReduction])
    not_yet: list[NotYet] = field(default_factory=list[NotYet])
    history: dict[object, HistorySignal] = field(default_factory=dict[object, HistorySignal])
    indices: IndexReader = field(init=False)
    """The reader of indices for this model."""

    def __post_init__(self) -> None:
        self.indices = IndexReader(self.names, self.report)

    def value(self, expression: Expression, scope: Scope, kind: Kind = "real") -> AnyNode:
        """The node of a whole expression.

        Raises:
            Stop: if it has a problem, which is in the report then.
        """
        if isinstance(expression, Reference):  # most rates of reactions, which need no walk
            node = self.reference(expression, scope)
        elif isinstance(expression, Number):
            node = self.graph.constant(expression.value, expression.span)
        elif isinstance(expression, Sum | Product):
            node = run(self.arithmetic(expression, scope))
        else:
            node = run(self.walk(expression, scope))
        return node if node.kind == kind else self.as_kind(node, kind, scope.where, expression.span)

    def walk(self, expression: Expression, scope: Scope) -> Walk[AnyNode]:
        """The node of an expression, as a walk."""
        span = expression.span
        match expression:
            case Number() | Truth():
                return self.graph.constant(expression.value, span)
            case Reference():
                return self.reference(expression, scope)
            case Sum() | Product() | Remainder() | Negate() | Power():
                return (yield self.arithmetic(expression, scope))
            case Compare() | Logical() | Not() | Conditional():
                return (yield self.logic(expression, scope))
            case Call():
                return (yield self.calls(self, expression, scope))
            case Reduction():
                return (yield self.reduction(self, expression, scope))
            case Text():
                raise self.misplaced(f'the text "{expression.value}"', scope, span, "compare an index with it")
            case Array():
                raise self.misplaced("a list of values", scope, span, "give it as the default of a parameter with axes")
            case _:
                raise AssertionError(type(expression))

    def misplaced(self, what: str, scope: Scope, span: Span, hint: str = "") -> Exception:
        """The problem of something that cannot stand here."""
        return self.report.stop(catalogue.MISPLACED, span, what=what, where=scope.where, hint=hint)

    def no_quadrature(self, axis: str, span: Span) -> Exception:
        """The problem of an axis that has neither coordinates nor a measure."""
        return self.report.stop(catalogue.NO_QUADRATURE, span, axis=axis)

    def want_roles(self, node: AnyNode, allowed: frozenset[Role], where: str, span: Span) -> None:
        """Refuse a value that depends on what is not known where it stands."""
        for role in sorted(node.roles - allowed):
            what = f"a value that depends on {ROLE_IN_WORDS.get(role, role)}"
            raise self.report.stop(catalogue.MISPLACED, span, what=what, where=where)

    # --- references

    def reference(self, reference: Reference, scope: Scope) -> AnyNode:
        """The node of a name with its indices."""
        name, span = reference.name, reference.span
        plain = self.plain.get(name)
        if plain is not None and not (
            reference.indices or scope.initial or name in scope.arguments or name in scope.indices
        ):
            return plain
        if name in scope.arguments and not reference.indices:
            return scope.arguments[name]
        if name in scope.indices:
            return self.index_value(reference, scope)
        if name == "t" and not reference.indices:
            return self.graph.symbol("time", "t", (), span)
        if name in functions.CONSTANTS and not reference.indices:
            return self.graph.constant(functions.CONSTANTS[name], span)
        entry = self.names.values.get(name)
        if entry is None:
            raise self.undeclared(name, scope, span)
        if scope.pointwise and entry.axes and not reference.indices:
            own = tuple(Index(axis, span=span) for axis in entry.axes)
            reference = dataclasses.replace(reference, indices=own)
        return self.declared(name, entry, reference, scope)

    def undeclared(self, name: str, scope: Scope, span: Span) -> Exception:
        """The problem of a name that means nothing."""
        if name in self.names.refused:
            return Stop()
        if functions.lookup(name) is not None or name in SPECIAL_CALLS:
            return self.report.stop(catalogue.NAME_NEEDS_CALL, span, name=name)
        known = [*self.names.values, *scope.arguments, *scope.indices, "t"]
        return self.report.stop(catalogue.UNDECLARED_NAME, span, name=name, hint=did_you_mean(name, known))

    def index_value(self, reference: Reference, scope: Scope) -> AnyNode:
        """An index used as a value: the coordinate of a numeric axis."""
        dim = scope.indices[reference.name]
        span = reference.span
        clash = self.names.values.get(reference.name)
        if clash is not None and clash.kind != "axis":
            raise self.report.stop(catalogue.SHADOWED_INDEX, span, name=reference.name, use=KIND_IN_WORDS[clash.kind])
        if reference.indices:
            selected = self.indices.position(dim.axis, dim.axis, reference.indices[0], scope)
            return self.along(self.coordinate(dim.axis, scope, span), (dim.axis,), [selected], span)
        coordinate = self.coordinate(dim.axis, scope, span)
        return self.along(coordinate, (dim.axis,), [Along(dim)], span)

    def coordinate(self, axis: str, scope: Scope, span: Span) -> AnyNode:
        """The coordinate values of a numeric axis."""
        if not self.names.axes[axis].numeric:
            hint = f'compare it with a label, such as {axis[0]} == "..."'
            raise self.misplaced(f"the axis '{axis}', which has labels and no coordinates,", scope, span, hint)
        return self.graph.symbol("coordinate", axis, (axis,), span)

    def declared(self, name: str, entry: Name, reference: Reference, scope: Scope) -> AnyNode:
        """A declared name, read through its indices."""
        span = reference.span
        if entry.kind == "function":
            raise self.report.stop(catalogue.NAME_NEEDS_CALL, span, name=name)
        if entry.kind == "input":
            raise self.misplaced(f"the input '{name}' without its time", scope, span, f"write {name}(t)")
        if entry.kind == "axis":
            if not reference.indices:
                raise self.indices_missing(name, span)
            selected = self.indices.position(name, name, reference.indices[0], scope)
            return self.along(self.coordinate(name, scope, span), (name,), [selected], span)
        if not entry.axes and not reference.indices:
            node = self.whole(name, entry, scope, span)
            if entry.kind in ("parameter", "state") and not scope.initial:
                self.plain[name] = node
            return node
        if entry.kind == "state" and any((name, axis) in self.faces for axis in entry.axes):
            return read_neighbours(self, entry, reference, scope)
        selections = self.indices.positions(name, entry.axes, reference.indices, scope, span)
        return self.along(self.whole(name, entry, scope, span), entry.axes, selections, span)

    def indices_missing(self, axis: str, span: Span) -> Exception:
        """The problem of an axis used as a value where it is no index."""
        return self.report.stop(
            catalogue.FREE_INDEX, span, index=axis, hint=f"declare what you define over [{axis}], or reduce over it"
        )

    def whole(self, name: str, entry: Name, scope: Scope, span: Span) -> AnyNode:
        """A declared name over all its axes."""
        match entry.kind:
            case "parameter":
                return self.graph.symbol("parameter", name, entry.axes, span)
            case "state":
                if scope.initial:
                    return self.ready(self.initial, name)
                existing = zero_where_absent(self, name, self.graph.symbol("state", name, entry.axes, span))
                return value_where_held(self, name, existing)
            case "derived" if not scope.derived:
                hint = self.report.spelled("move it to 'let'", "move it to 'aliases'")
                raise self.misplaced(f"the derived quantity '{name}'", scope, span, hint)
            case _:
                alias = self.aliases.get(name)
                if alias is None:
                    raise Stop
                return alias.value

    def ready(self, defined: Mapping[str, AnyNode], name: str) -> AnyNode:
        """A node that is defined by now, unless its definition had a problem."""
        if name not in defined:
            raise Stop
        return defined[name]

    def along(self, node: AnyNode, axes: tuple[str, ...], selections: list[Selection], span: Span) -> AnyNode:
        """A quantity declared over `axes` read through one selection for each of them."""
        chosen = dict(zip(declared_dims(axes), selections, strict=True))
        read = self.graph.view(node, (chosen[dim] for dim in node.dims), span)
        if len(node.dims) == len(chosen):
            return read
        return read_along(self.graph, read, (selection for dim, selection in chosen.items() if dim not in node.dims))

    # --- arithmetic

    def arithmetic(self, expression: Arithmetic, scope: Scope) -> Walk[AnyNode]:
        """Sums, products, powers: operands first, then the operation, from the left; one walk for all of them.

        Conditions among the operands count as 1 and 0.
        """
        values: list[AnyNode] = []
        for part, count in parts_of(expression):
            if count:
                node = combined(self.graph, cast(Arithmetic, part), values[-count:])
                del values[-count:]
            elif isinstance(part, Reference):
                node = self.reference(part, scope)
            elif isinstance(part, Number):
                node = self.graph.constant(part.value, part.span)
            else:
                node = yield self.walk(part, scope)
            values.append(node if node.kind == "real" else self.as_real(node))
        return values[0]

    def reals(self, expressions: tuple[Expression, ...], scope: Scope) -> Walk[list[AnyNode]]:
        """The nodes of several expressions; conditions among them count as 1 and 0."""
        nodes: list[AnyNode] = []
        for expression in expressions:
            nodes.append(self.as_real((yield self.walk(expression, scope))))
        return nodes

    def as_real(self, node: AnyNode) -> AnyNode:
        """A condition as the number 1 or 0, so that ``(t > 5)*rate`` means what it says."""
        if node.kind == "real":
            return node
        one, zero = self.graph.constant(1.0), self.graph.constant(0.0)
        return self.graph.apply("where", (node, one, zero), node.span)

    def as_kind(self, node: AnyNode, kind: Kind, where: str, span: Span) -> AnyNode:
        """The node, if it is of the wanted kind (a condition may stand for a number, not the other way round)."""
        if kind == "real":
            return self.as_real(node)
        if node.kind != kind:
            hint = "compare it with something, such as x > 0"
            raise self.report.stop(
                catalogue.WRONG_KIND, span, where=where, expected="a condition", found="a number", hint=hint
            )
        return node

    # --- conditions

    def logic(self, expression: Compare | Logical | Not | Conditional, scope: Scope) -> Walk[AnyNode]:
        """Comparisons, ``and or not`` and the ternary."""
        span = expression.span
        match expression:
            case Compare():
                return (yield lower_comparison(self, expression, scope))
            case Logical():
                parts = yield self.conditions(expression.operands, f"an operand of '{expression.operator}'", scope)
                return self.graph.apply(f"logical_{expression.operator}", parts, span)
            case Not():
                parts = yield self.conditions((expression.operand,), "the operand of 'not'", scope)
                return self.graph.apply("logical_not", parts, span)
            case Conditional():
                tests = yield self.conditions(expression.conditions, "what follows 'if'", scope)
                values = yield self.reals((*expression.values, expression.otherwise), scope)
                node = values[-1]
                for test, value in zip(reversed(tests), reversed(values[:-1]), strict=True):
                    node = self.graph.apply("where", (test, value, node), span)
                return node

    def conditions(self, expressions: tuple[Expression, ...], where: str, scope: Scope) -> Walk[list[AnyNode]]:
        """The nodes of several conditions."""
        nodes: list[AnyNode] = []
        for expression in expressions:
            node = yield self.walk(expression, scope)
            nodes.append(self.as_kind(node, "boolean", where, expression.span))
        return nodes

    # --- user functions

    def user_function(
        self, call: Call, function: FunctionDeclaration, arguments: list[AnyNode], scope: Scope
    ) -> Walk[AnyNode]:
        """The body of a user function with the arguments in place of its parameters; each call is read once."""
        if function.name in self.broken:
            raise Stop
        key = (
            function.name,
            scope.initial,
            scope.derived,
            tuple(scope.indices.values()),
            *(a.number for a in arguments),
        )
        if key in self.applied:
            return self.applied[key]
        # The caller's dims stay known under names that nobody can write, so that a reduction in the body takes others.
        hidden: dict[str, Dim] = {f"<{name}>": dim for name, dim in scope.indices.items()}
        inner = Scope(
            where=f"the function '{function.name}'",
            indices=hidden,
            arguments=dict(zip(function.parameters, arguments, strict=True)),
            initial=scope.initial,
            derived=scope.derived,
        )
        node = yield self.walk(function.value, inner)
        self.applied[key] = node
        return node
