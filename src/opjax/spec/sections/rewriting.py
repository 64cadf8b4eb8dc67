"""What op_system writes in another way: reducers, `axis:name` indices, tables over time, sums over all states.

sum_over(C[age, age:b]*I[age:b], age=b)          sum(C[age, b]*I[b] for b in age)
integrate_over(u[x:s], x=s)                      integral(u[s] for s in x), or, where x declares a measure, which
                                                 op_system's reducers do not use, sum(trapezoid(s)*u[s] for s in x)
apply_along(I[age:b], age=b in [young, old])     sum(I[b] for b in age if b == "young" or b == "old")
beta[time, age]                                  linear(beta[time, age] over time)
school[time], where `school` is an input         school(t)
convolve_history(x, kernel=gamma, window=14)     convolve_history(x, kernel="gamma", window=14)
sum_state()                                      S + I + R
True                                             true
a if x else b, where(x, a, b)                    a if x != 0 else b, where(x != 0, a, b)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from opjax.errors import Stop, catalogue, did_you_mean
from opjax.source import Span
from opjax.spec.document import ScalarNode, wrong_value
from opjax.spec.history import HISTORY_CALLS, WORDS
from opjax.spec.sections.cells import literal, may_be_cell, points_of, resolved
from opjax.spec.sections.common import CONSTANTS, TRUTHS, is_common
from opjax.spec.sections.conditions import has_condition, with_conditions
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.rebuild import with_children
from opjax.spec.sections.trapezoid import weighed
from opjax.syntax.declarations import AxisDeclaration, StateDeclaration
from opjax.syntax.nodes import (
    Argument,
    Binder,
    Call,
    Compare,
    Expression,
    Index,
    Logical,
    Reduction,
    ReductionKind,
    Reference,
    Sum,
    Text,
    Truth,
    children,
    walk,
)
from opjax.traverse import Walk, run

_REDUCERS: Mapping[str, ReductionKind | None] = {"sum_over": "sum", "integrate_over": "integral", "apply_along": None}
_KERNELS: Mapping[str, ReductionKind] = {"sum": "sum", "integrate": "integral"}
_TOTALS = {"sum_state": "written as sum_state()", "sum_prefix": "written as sum_prefix('I')"}
_FEWEST = 2  # points that an interval needs
_NUMERIC = ("grid", "points")


def rewritten(expression: Expression, draft: Draft) -> Expression:
    """An expression without op_system's own spellings.

    Arguments:
        expression: as it was parsed.
        draft: the axes, states and inputs.

    Raises:
        Stop: when a reducer is not written well, with the reason in the report.
    """
    if is_common(expression):
        return expression
    rewriter = _Rewriter(draft)
    if not any(rewriter.concerns(node) for node in walk(expression)):
        return expression
    return run(rewriter.walk(expression, {}))


class _Bound(NamedTuple):
    """The axis that a name runs over, and whether one of op_system's reducers binds it."""

    axis: str
    by_reducer: bool


@dataclass(slots=True)
class _Rewriter:
    draft: Draft

    @property
    def reads_python(self) -> bool:
        """Whether the mapping may be one of op_system's, whose expressions are Python's."""
        return self.draft.infers and not self.draft.own_form

    def concerns(self, node: Expression) -> bool:
        """Whether a node is written in a way that only op_system has."""
        match node:
            case Call(name=name) if name in _REDUCERS or name in _TOTALS or self.is_history(node):
                return True
            case Reference(indices=()):
                return may_be_cell(node.name) or self.is_truth(node.name) or self.is_constant(node.name)
            case Call(name="where"):
                return True
            case Reference(indices=indices) | Call(indices=indices):
                return self.is_table(node) or any(index.axis for index in indices)
            case _:
                return self.reads_python and has_condition(node)

    def is_truth(self, name: str) -> bool:
        """Whether a name is a truth value of Python, and not something that the model calls so."""
        return name in TRUTHS and self.draft.infers and not self.draft.declares(name)

    def is_constant(self, name: str) -> bool:
        """Whether a name is a number here, and would be a parameter in op_system; each is told once."""
        told = name not in CONSTANTS or not self.reads_python
        return not told and name not in self.draft.constants_told

    def is_history(self, node: Expression) -> bool:
        """Whether a node is one of op_system's operators on the past, and no function of the model."""
        if not isinstance(node, Call) or node.name not in HISTORY_CALLS:
            return False
        return all(alias.name != node.name for alias in self.draft.aliases)

    def option(self, argument: Argument) -> Argument:
        """An option of such an operator: a bare word is a word, and no parameter."""
        value = argument.value
        if argument.keyword not in (*WORDS, "kernel_params") or not isinstance(value, Reference) or value.indices:
            return argument
        if argument.keyword not in WORDS and not (self.draft.infers and not self.draft.declares(value.name)):
            return argument
        return dataclasses.replace(argument, value=Text(value.name, span=value.span))

    def is_table(self, node: Expression) -> bool:
        tables = self.draft.tables
        return (
            tables.is_declared
            and isinstance(node, Reference)
            and node.name not in self.draft.states
            and any(index.name == tables.axis and index.axis is None and index.offset == 0 for index in node.indices)
        )

    def walk(self, node: Expression, bound: Mapping[str, _Bound]) -> Walk[Expression]:
        """The node in opjax's own words; `bound` has the axes of the names that reducers around it bind."""
        if isinstance(node, Call) and node.name in _TOTALS:
            return self.total(node, bound)
        if isinstance(node, Call) and self.is_history(node):
            node = dataclasses.replace(node, arguments=tuple(map(self.option, node.arguments)))
        if isinstance(node, Call) and node.name in _REDUCERS:
            return (yield self.reducer(node, bound))
        if isinstance(node, Reduction):
            bound = {**bound, **{binder.name: _Bound(binder.axis, False) for binder in node.binders}}
        below: list[Expression] = []
        for child in children(node):
            below.append((yield self.walk(child, bound)))
        node = with_children(node, tuple(below))
        match node:
            case Reference() if self.is_table(node):
                return self.table(node, bound)
            case Reference(indices=(), name=name) if self.is_truth(name) and name not in bound:
                return Truth(TRUTHS[name], span=node.span)
            case Reference(indices=(), name=name) if self.is_constant(name) and name not in bound:
                self.draft.constants_told.add(name)
                self.draft.report.add(catalogue.TAKEN_AS_NUMBER, node.span, name=name, value=CONSTANTS[name])
                return node
            case Reference():
                found = dataclasses.replace(node, indices=self.indices(node.indices, bound))
                return found if node.name in bound else resolved(found, self.draft)
            case Call():
                node = dataclasses.replace(node, indices=self.indices(node.indices, bound))
            case _:
                pass
        return with_conditions(node) if self.reads_python else node

    def indices(self, indices: tuple[Index, ...], bound: Mapping[str, _Bound]) -> tuple[Index, ...]:
        return tuple(self.index(index, bound) for index in indices)

    def index(self, index: Index, bound: Mapping[str, _Bound]) -> Index:
        """``age:b`` is ``b`` where a reducer binds it, and ``age="b"`` where the axis has this label.

        ``age=b`` is the older spelling of the first.
        """
        if isinstance(index.label, str) and bound.get(index.label) == _Bound(index.axis or "", True):
            return Index(index.label, span=index.span)
        if index.axis is None or index.name is None:
            return index
        if bound.get(index.name) == _Bound(index.axis, True):
            return dataclasses.replace(index, axis=None)
        axis = self.draft.axis(index.axis)
        if axis is not None and index.name in axis.values and index.name not in bound and index.offset == 0:
            return dataclasses.replace(index, name=None, label=index.name)
        return index

    # --- tables over time

    def table(self, node: Reference, bound: Mapping[str, _Bound]) -> Expression:
        """The table at the time: a parameter over the time axis, or an input, whose points come with it."""
        tables, span = self.draft.tables, node.span
        if node.name in self.draft.inputs:
            rest = self.indices(tuple(index for index in node.indices if index.name != tables.axis), bound)
            return Call(node.name, (Argument(Reference("t", span=span), span=span),), rest, span=span)
        values = dataclasses.replace(node, indices=self.indices(node.indices, bound))
        return Reduction(tables.interpolation, values, (Binder(tables.axis, tables.axis, span=span),), span=span)

    # --- sums over states

    def total(self, call: Call, bound: Mapping[str, _Bound]) -> Expression:
        """``sum_state()``, ``sum_prefix('I')``: all states, or those whose names begin so, over all their points."""
        values = [argument.value for argument in call.arguments if argument.keyword is None]
        prefix = next((value.value for value in values if isinstance(value, Text)), "")
        count = 1 if call.name == "sum_prefix" else 0
        if not len(values) == len(call.arguments) == count or (count and not prefix):
            raise self.wrong(call, f"'{call.name}'", _TOTALS[call.name])
        states = [state for state in self.draft.states.values() if state.name.startswith(prefix)]
        if not states:
            hint = did_you_mean(prefix, self.draft.states)
            place = _written(values[0] if values else call)
            wrong_value(self.draft.report, place, "the prefix", "the beginning of a state's name", hint=hint)
            raise Stop
        terms = [self.whole(state, bound, call.span) for state in states]
        return terms[0] if len(terms) == 1 else Sum(tuple(terms), (False,) * len(terms), span=call.span)

    def whole(self, state: StateDeclaration, bound: Mapping[str, _Bound], span: Span) -> Expression:
        """A state, summed over its axes."""
        if not state.axes:
            return Reference(state.name, span=span)
        names = [self.free(axis, bound) for axis in state.axes]
        indices = tuple(Index(name, span=span) for name in names)
        binders = tuple(Binder(name, axis, span=span) for name, axis in zip(names, state.axes, strict=True))
        return Reduction("sum", Reference(state.name, indices, span=span), binders, span=span)

    def free(self, axis: str, bound: Mapping[str, _Bound]) -> str:
        """A name for an index of an axis that nothing around it uses."""
        name = f"{axis}_"
        while name in bound or self.draft.axis(name) is not None:
            name += "_"
        return name

    # --- reducers

    def reducer(self, call: Call, bound: Mapping[str, _Bound]) -> Walk[Expression]:
        bodies = [argument.value for argument in call.arguments if argument.keyword is None]
        named = [argument for argument in call.arguments if argument.keyword is not None]
        bindings = [self.binding(argument) for argument in named if not self.is_kernel(argument, call)]
        if len(bodies) != 1 or not bindings:
            raise self.wrong(call, f"'{call.name}'", f"written as {call.name}(body, axis=name)")
        kind = self.kind(call, [binding.binder.axis for binding in bindings])
        inner = {**bound, **{row.binder.name: _Bound(row.binder.axis, True) for row in bindings}}
        body = yield self.walk(bodies[0], inner)
        conditions = tuple(binding.condition for binding in bindings if binding.condition is not None)
        condition = conditions[0] if len(conditions) == 1 else Logical("and", conditions, span=call.span)
        binders = tuple(binding.binder for binding in bindings)
        if kind == "integral" and any(self.has_measure(binder.axis) for binder in binders):
            kept = {binding.binder.name: self.kept(binding, call) for binding in bindings if binding.condition}
            kind, body = "sum", weighed(body, binders, kept)
        if kind == "integral" and conditions:  # each axis has its own interval, so that each has its own integral
            for row in reversed(bindings):
                body = Reduction(kind, body, (row.binder,), row.condition, span=call.span)
            return body
        return Reduction(kind, body, binders, condition if conditions else None, span=call.span)

    def has_measure(self, name: str) -> bool:
        axis = self.draft.axis(name)
        return axis is not None and axis.measure is not None

    def kept(self, binding: _Binding, call: Call) -> tuple[float, ...]:
        """The points of an axis of numbers that a filter leaves."""
        declared = self.draft.axis(binding.binder.axis)
        ends = [literal(end) for end in binding.ends]
        points = () if declared is None else points_of(declared)
        if not points or len(ends) != _FEWEST or ends[0] is None or ends[1] is None:
            raise self.wrong(
                call, "a filter over an axis with a measure", "between numbers, over points that are numbers"
            )
        return tuple(float(point) for point in points if ends[0] <= float(point) <= ends[1])

    def is_kernel(self, argument: Argument, call: Call) -> bool:
        """Whether an argument is the kernel, which op_system takes, and does not read, in the other two reducers."""
        return argument.keyword == "kernel" and self.draft.axis("kernel") is None

    def kind(self, call: Call, axes: list[str]) -> ReductionKind:
        """What a reducer does: as its name says, as its kernel says, or as its axes want it."""
        named = _REDUCERS[call.name]
        for argument in call.arguments:
            if self.is_kernel(argument, call):
                kernel = _KERNELS.get(_word(argument.value))
                if kernel is None or named not in (None, kernel):
                    expected = "sum or integrate" if named is None else f"what '{call.name}' says, or absent"
                    raise self.wrong(argument.value, "the kernel", expected)
                return kernel
        if named is not None:
            return named
        numeric = {axis.kind in _NUMERIC for axis in map(self.draft.axis, axes) if axis is not None}
        if len(numeric) > 1:
            raise self.wrong(call, "'apply_along' over axes of both kinds", "given a kernel=sum or kernel=integrate")
        return "integral" if numeric == {True} else "sum"

    def binding(self, argument: Argument) -> _Binding:
        """``age=b``, or with a filter ``age=b in [x, y]``, which the parser has read as a test of equality."""
        axis, value = argument.keyword or "", argument.value
        if isinstance(value, Reference) and not value.indices:
            return _Binding(Binder(value.name, axis, span=argument.span), None)
        tests = value.operands if isinstance(value, Logical) and value.operator == "or" else (value,)
        names: set[str] = set()
        labels: list[Expression] = []
        for test in tests:
            match test:
                case Compare(operands=(Reference(name=name, indices=()), label), operators=("==",)):
                    names.add(name)
                    labels.append(label)
                case _:
                    raise self.wrong(argument.value, f"what '{axis}' is bound to", "a name, or 'name in [labels]'")
        if len(names) != 1:
            raise self.wrong(argument.value, f"what '{axis}' is bound to", "a name, or 'name in [labels]'")
        name = names.pop()
        binder = Binder(name, axis, span=argument.span)
        return _Binding(binder, self.filter(name, labels, axis, argument), tuple(labels))

    def label(self, label: Expression) -> Text:
        match label:
            case Reference(indices=()):
                return Text(label.name, span=label.span)
            case Text():
                return label
            case _:
                raise self.wrong(label, "a label in a filter", "a name or a text in quotes")

    def filter(self, name: str, ends: list[Expression], axis: str, argument: Argument) -> Expression:
        """A subset of the labels of an axis, or, where its points have an order, the range between two of them."""
        declared: AxisDeclaration | None = self.draft.axis(axis)
        span = argument.span
        index = Reference(name, span=span)
        if declared is not None and declared.kind in _NUMERIC:
            if len(ends) != 2:
                raise self.wrong(argument.value, f"the filter over the continuous axis '{axis}'", "its two ends")
            low, high = (literal(end) for end in ends)
            points = [point for point in points_of(declared) if isinstance(point, float)]
            if low is not None and high is not None and points and sum(low <= p <= high for p in points) < _FEWEST:
                expected = "two ends with points of the axis between them, two at least"
                raise self.wrong(argument.value, f"the filter over the continuous axis '{axis}'", expected)
            return Compare((ends[0], index, ends[1]), ("<=", "<="), span=span)
        labels = [self.label(label) for label in ends]
        if len({label.value for label in labels}) < len(labels) and (declared is None or declared.kind != "ordered"):
            raise self.wrong(argument.value, f"the filter over the axis '{axis}'", "labels that stand there once each")
        if declared is None or declared.kind != "ordered":
            tests = tuple(Compare((index, label), ("==",), span=label.span) for label in labels)
            return tests[0] if len(tests) == 1 else Logical("or", tests, span=span)
        if len(labels) != 2:
            raise self.wrong(argument.value, f"the filter over the ordinal axis '{axis}'", "its first and last label")
        first, last = (label.value for label in labels)
        if {first, last} <= set(declared.values) and declared.values.index(first) > declared.values.index(last):
            expected = "its first and last label, in their order"
            raise self.wrong(argument.value, f"the filter over the ordinal axis '{axis}'", expected)
        above = Compare((index, labels[0]), (">=",), span=span)
        below = Compare((index, labels[1]), ("<=",), span=span)
        return Logical("and", (above, below), span=span)

    def wrong(self, node: Expression, where: str, expected: str) -> Stop:
        wrong_value(self.draft.report, _written(node), where, expected)
        return Stop()


def _word(node: Expression) -> str:
    """A bare word, or one in quotes."""
    if isinstance(node, Text):
        return node.value
    return node.name if isinstance(node, Reference) and not node.indices else ""


def _written(node: Expression) -> ScalarNode:
    return ScalarNode(node.span.text, node.span)


@dataclass(frozen=True, slots=True)
class _Binding:
    """A name that runs over an axis, and which of its points count."""

    binder: Binder
    condition: Expression | None
    ends: tuple[Expression, ...] = ()
