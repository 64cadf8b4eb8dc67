"""Parameters, observations and requirements: what is given, what is measured, what must hold."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from opjax.errors import Stop, catalogue, did_you_mean
from opjax.ir import distributions
from opjax.ir.evaluate import constant_value
from opjax.ir.lazily import Lazily
from opjax.ir.nodes import AnyNode
from opjax.ir.system import Bounds, Distribution, Numbers, Observation, Parameter
from opjax.ir.types import Role
from opjax.spec.kernels import is_kernel, kernel_of
from opjax.spec.misread import refuse_date
from opjax.spec.names import repeated, unknown_axis
from opjax.spec.order import names_in, order_of_need
from opjax.spec.plain import Known, Plain, parameter_of
from opjax.spec.scope import OBSERVED_ROLES, PARAMETER_ROLES, Scope, free_scope
from opjax.syntax import declarations as written
from opjax.syntax.nodes import Array, Expression, Number
from opjax.syntax.parts import Part

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering


class Quantities:
    """Reads the declarations that stand beside the dynamics."""

    def __init__(self, lowering: Lowering) -> None:
        self.lowering = lowering
        self.report = lowering.report

    # --- parameters

    def parameters(self, parts: Sequence[Plain | Part]) -> Mapping[str, Parameter]:
        """All parameters by name; what has a problem is left out of its parameter."""
        self.refuse_circles([row for part in parts if not isinstance(part, Plain) for row in part])
        found = Lazily[Parameter, Known](parameter_of)
        for part in parts:
            if isinstance(part, Plain):
                found.know(Known(part, part.values(self.lowering.graph)))
                continue
            for row in part:
                found.put(row.name, self.parameter(row))
        return found

    def refuse_circles(self, declared: Sequence[written.ParameterDeclaration]) -> None:
        """Refuse defaults and priors that depend on each other in a circle."""
        defaults = {p.name: tuple(names_in([p.default])) for p in declared if not isinstance(p.default, Number | None)}
        priors = {p.name: tuple(names_in(_values(p.prior))) for p in declared if p.prior is not None}
        places = {p.name: p.span for p in declared} if defaults or priors else {}
        for needs in (defaults, priors):
            for circle in order_of_need(needs)[1]:
                self.report.add(catalogue.PARAMETER_CYCLE, places[circle[0]], path=" -> ".join(circle))

    def parameter(self, declared: written.ParameterDeclaration) -> Parameter:
        """One parameter with its default, prior and bounds."""
        default, values, kernel = None, None, None
        if isinstance(declared.default, Number) and declared.prior is declared.bounds is None:  # most of a large model
            default = self.lowering.graph.constant(declared.default.value, declared.default.span)
            place = (declared.name, declared.axes, declared.unit, declared.doc, declared.span)
            return Parameter(*place, default, None, None, None, declared.flags)
        scope = free_scope(f"the default of '{declared.name}'", tuple(dict.fromkeys(declared.axes)))
        if isinstance(declared.default, Array):
            values = self.values(declared)
        elif is_kernel(self.lowering, declared.default):
            with contextlib.suppress(Stop):
                default, kernel = kernel_of(self.lowering, declared)
        elif declared.default is not None:
            default = self.known(declared.default, scope, declared.name)
        prior = None
        if declared.prior is not None:
            prior = self.distribution(declared.prior, free_scope(f"the prior of '{declared.name}'", declared.axes))
        return Parameter(
            declared.name,
            declared.axes,
            declared.unit,
            declared.doc,
            declared.span,
            default,
            values,
            prior,
            self.bounds(declared),
            declared.flags,
            kernel,
        )

    def known(self, expression: Expression, scope: Scope, itself: str) -> AnyNode | None:
        """An expression of other parameters."""
        try:
            refuse_date(expression, self.report)
            node = self.lowering.value(expression, scope)
            self.lowering.want_roles(node, PARAMETER_ROLES, scope.where, expression.span)
        except Stop:
            return None
        return node

    def values(self, declared: written.ParameterDeclaration) -> Numbers | None:
        """The numbers of a default that is written as an array, checked against the axes."""
        assert isinstance(declared.default, Array)
        sizes: list[int | None] = [
            axis.size if (axis := self.lowering.names.axes.get(name)) else None for name in declared.axes
        ]
        try:
            shape = array_shape(declared.default)
            wanted = tuple(size if size is not None else found for size, found in zip(sizes, shape, strict=False))
            if len(shape) != len(sizes) or shape != wanted:
                raise self.report.stop(
                    catalogue.BAD_ARRAY,
                    declared.default.span,
                    name=declared.name,
                    found=str(shape).replace("-1", "?"),
                    hint="its rows differ in length" if min(shape) < 0 else "",
                    axes=", ".join(declared.axes),
                    expected=tuple("?" if s is None else s for s in sizes),
                )
            return self.numbers(declared.default, declared.name, len(shape))
        except Stop:
            return None

    def numbers(self, array: Array, name: str, depth: int) -> Numbers:
        """The numbers of an array literal as nested tuples."""
        if depth > 1:
            return tuple(self.numbers(row, name, depth - 1) for row in array.items if isinstance(row, Array))
        return tuple(self.constant(item, f"a value of '{name}'") for item in array.items)

    def constant(self, expression: Expression, where: str) -> float:
        """The value of an expression that depends on nothing."""
        node = self.lowering.value(expression, Scope(where))
        value = constant_value(node)
        if value is None:
            names = [part.text for part in [expression.span]]
            raise self.report.stop(catalogue.NOT_CONSTANT, expression.span, where=where, name=names[0])
        return float(value)

    def bounds(self, declared: written.ParameterDeclaration) -> Bounds | None:
        """The interval of a parameter; an empty one is refused."""
        interval = declared.bounds
        if interval is None:
            return None
        scope = free_scope(f"the bounds of '{declared.name}'", declared.axes)
        low = self.known(interval.low, scope, declared.name)
        high = self.known(interval.high, scope, declared.name)
        if low is None or high is None:
            return None
        ends = (constant_value(low), constant_value(high))
        if ends[0] is not None and ends[1] is not None and not ends[0] < ends[1]:
            problem = f"are empty: {ends[0]:g} is not below {ends[1]:g}"
            self.report.add(catalogue.BAD_BOUNDS, interval.span, name=declared.name, problem=problem)
        return Bounds(low, high, interval.low_closed, interval.high_closed)

    # --- distributions and observations

    def distribution(
        self, call: written.DistributionCall | None, scope: Scope, allowed: frozenset[Role] = PARAMETER_ROLES
    ) -> Distribution | None:
        """A distribution with its arguments by name; `allowed` is what they may depend on."""
        if call is None:
            return None
        record = distributions.lookup(call.name)
        if record is None:
            hint = did_you_mean(call.name, distributions.DISTRIBUTIONS)
            self.report.add(catalogue.UNKNOWN_DISTRIBUTION, call.span, name=call.name, hint=hint)
            return None
        try:
            arguments = {
                name: self.lowering.value(value, scope) for name, value in self.arguments(call, record).items()
            }
            for node in arguments.values():
                self.lowering.want_roles(node, allowed, scope.where, call.span)
            self.want_possible(call, record, arguments)
        except Stop:
            return None
        return Distribution(record.name, arguments, call.span)

    def want_possible(
        self, call: written.DistributionCall, record: distributions.DistributionRecord, given: dict[str, AnyNode]
    ) -> None:
        """Refuse numbers that the arguments of a distribution cannot be."""
        known = {name: float(v) for name, node in given.items() if (v := constant_value(node)) is not None}
        for argument in record.arguments:
            if argument.name in known and not argument.takes(known[argument.name]):
                problem = f"'{argument.name}' is {known[argument.name]:g}, and {argument.in_words} is wanted"
                raise self.argument_problem(call, record, problem)
        ends = [known.get(a.name, a.default) for a in record.arguments if a.name in ("low", "high")]
        depends = any(name in given and name not in known for name in ("low", "high"))
        if ends and not depends and not (ends[0] or 0.0) < (ends[1] or 0.0):
            raise self.argument_problem(call, record, f"it is empty: {ends[0]:g} is not below {ends[1]:g}")

    def arguments(
        self, call: written.DistributionCall, record: distributions.DistributionRecord
    ) -> dict[str, Expression]:
        """The arguments of a distribution by the table's names."""
        given: dict[str, Expression] = {}
        for place, argument in enumerate(call.arguments):
            known = [a.name for a in record.arguments]
            if argument.keyword is None and place < len(known):
                name = known[place]
                if record.arguments[place].required_keyword:
                    raise self.argument_problem(call, record, f"'{name}' must be given by its name")
            else:
                name = argument.keyword or f"argument {place + 1}"
            if name not in known:
                near = did_you_mean(name, known)
                raise self.argument_problem(
                    call, record, f"there is no argument '{name}'" + (f"; {near}" if near else "")
                )
            if name in given:
                raise self.argument_problem(call, record, f"'{name}' is given twice")
            given[name] = argument.value
        for argument in record.arguments:
            if argument.default is None and argument.name not in given:
                raise self.argument_problem(call, record, f"'{argument.name}' is missing")
        return given

    def argument_problem(
        self, call: written.DistributionCall, record: distributions.DistributionRecord, problem: str
    ) -> Exception:
        """The problem of a distribution's arguments."""
        signature = distributions.signature(record)
        return self.report.stop(
            catalogue.DISTRIBUTION_ARGUMENT, call.span, name=call.name, problem=problem, signature=signature
        )

    def observations(self, declared: tuple[written.ObservationDeclaration, ...]) -> dict[str, Observation]:
        """The observations by name."""
        found: dict[str, Observation] = {}
        for row in declared:
            if row.name in found:
                first = repr(found[row.name].span)
                self.report.add(catalogue.REPEATED_NAME, row.span, name=row.name, first=first)
                continue
            self.want_column(row)
            for axis in row.axes:
                if axis not in self.lowering.names.axes:
                    unknown_axis(self.lowering.names, axis, row.span, self.report)
            scope = free_scope(f"the observation '{row.name}'", row.axes)
            distribution = self.distribution(row.distribution, scope, OBSERVED_ROLES)
            if distribution is not None:
                every = self.interval(row)
                found[row.name] = Observation(row.name, row.axes, distribution, every, row.doc, row.span)
        return found

    def want_column(self, row: written.ObservationDeclaration) -> None:
        """Refuse the name of a column, or of a quantity of the fit, that is another one's."""
        entry = self.lowering.names.values.get(row.name)
        if row.name == "time":
            self.report.add(catalogue.RESERVED_NAME, row.span, name="time", use="the column of times in data")
        elif entry is not None and entry.kind in ("axis", "parameter", "input", "derived"):
            repeated(row.name, row.span, entry.declaration.span, self.report)

    def interval(self, row: written.ObservationDeclaration) -> float | None:
        """The time between two observations, where it is stated."""
        if row.every is None:
            return None
        try:
            value = self.constant(row.every, f"the interval of '{row.name}'")
        except Stop:
            return None
        if not value > 0:
            self.report.add(catalogue.BAD_NUMBER, row.every.span, problem=f"an interval of {value:g} is not positive")
        return value

    def requirements(self, declared: tuple[written.RequirementDeclaration, ...]) -> tuple[AnyNode, ...]:
        """The conditions that parameters must meet."""
        nodes: list[AnyNode] = []
        for row in declared:
            scope = Scope("a requirement")
            try:
                node = self.lowering.value(row.condition, scope, "boolean")
                self.lowering.want_roles(node, PARAMETER_ROLES, scope.where, row.condition.span)
            except Stop:
                continue
            nodes.append(node)
        return tuple(nodes)


def array_shape(array: Array) -> tuple[int, ...]:
    """The shape of an array literal; a ragged one has the shape of its first rows, and -1 where rows differ."""
    shape: list[int] = []
    level: list[Expression] = [array]
    while level and isinstance(level[0], Array):
        lengths = {len(row.items) if isinstance(row, Array) else -1 for row in level}
        shape.append(lengths.pop() if len(lengths) == 1 else -1)
        level = [item for row in level if isinstance(row, Array) for item in row.items]
    return tuple(shape)


def _values(call: written.DistributionCall | None) -> list[Expression]:
    return [] if call is None else [argument.value for argument in call.arguments]
