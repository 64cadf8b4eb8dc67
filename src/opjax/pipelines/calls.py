"""Expressions of pipelines -> nodes of graphs: calls of operators and of models, and what stands around them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from opjax import stages
from opjax.errors import OpjaxError, Report, catalogue, did_you_mean
from opjax.ir.evaluate import constant_value
from opjax.ir.functions.table import CONSTANTS, lookup
from opjax.pipelines.basic import Item
from opjax.pipelines.definitions import OperatorText, refuse_definition
from opjax.pipelines.graph import Graph
from opjax.pipelines.models import Simulate
from opjax.pipelines.node import Input, Node
from opjax.pipelines.operator import Operator, static
from opjax.pipelines.sequential import Sequential
from opjax.pipelines.text import TextOperator, check_meaning
from opjax.source import Span
from opjax.syntax.declarations import ModelSyntax
from opjax.syntax.nodes import Argument, Array, Call, Expression, Index, Reference, Text, children, with_children
from opjax.syntax.statements import Declared
from opjax.traverse import Walk, run

Nodes = Mapping[str, Node]
_MOST_TIMES = 100_000


class Missing(Operator):
    """Stands for an operator that is not known here; pipelines with it can be checked, and not run.

    Arguments:
        name: the name.
        wrong: whether it is known, and has problems: then nothing is said of its calls.
    """

    name: str = static(default="")
    wrong: bool = static(default=False)

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"the operator '{self.name}' is not known")


@dataclass(slots=True)
class Scope:
    """What names mean in the pipelines of a text.

    Arguments:
        known: the operators above, and those from elsewhere.
        models: the models of the text.
        values: values of parameters, by operator or model.
        later: the names that are defined further down.
        current: the pipeline that is being made.
        used: the operators that it calls.
        solved: the solutions that stand in it.
    """

    known: dict[str, Operator]
    models: dict[str, ModelSyntax]
    values: Mapping[str, Mapping[str, Any]]
    later: list[str]
    current: str = ""
    used: set[str] = field(default_factory=set[str])
    solved: dict[tuple[Any, ...], Operator] = field(default_factory=dict[tuple[Any, ...], Operator])

    def begin(self, name: str) -> None:
        """A definition begins."""
        self.current, self.used = name, set()
        self.solved = {}

    def calls(self, name: str) -> bool:
        """Whether a call of this name is one of an operator or a model."""
        return name in self.known or name in self.models

    def operator(self, name: str, span: Span) -> Operator:
        """The operator of a name.

        Raises:
            OpjaxError: E0653.
        """
        if name not in self.known:
            self._refuse(name, span)
        self.used.add(name)
        return self.known[name]

    def _refuse(self, name: str, span: Span) -> None:
        report = Report()
        hint = did_you_mean(name, (*self.known, *self.models))
        if name == self.current:
            hint = "a pipeline cannot hold itself; ScanSequential repeats one"
        elif name in self.later:
            hint = "it is defined further down: move it up"
        report.add(catalogue.UNKNOWN_STEP, span, name=name, hint=hint)
        raise OpjaxError(report.errors)


def chained(step: Expression, scope: Scope) -> Operator:
    """A part of a chain: an operator, a model, or a function with the arguments behind its first."""
    if isinstance(step, Reference) and not step.indices:
        if scope.calls(step.name) or lookup(step.name) is None:
            return (
                _solved(Call(step.name, span=step.span), scope)[0]
                if step.name in scope.models
                else scope.operator(step.name, step.span)
            )
        step = Call(step.name, span=step.span)
    if not isinstance(step, Call):
        refuse_definition(
            step.span, "a part of a chain is the name of an operator, or a function with its other arguments"
        )
    if step.name in scope.models:
        operator, arguments = _solved(step, scope)
        if not arguments:
            return operator
    x = Input("x")
    first = Argument(Reference("x", span=step.span), span=step.span)
    whole = replace(step, arguments=(first, *step.arguments))
    if not scope.calls(step.name) and not any(_calls_inside(a.value, scope) for a in step.arguments):
        for argument in step.arguments:
            run(_around(argument.value, {}, scope, {}))
        check_name(step, {}, scope)
        return _text_operator("link", ["x"], whole)
    return Graph.build({"x": x}, run(node_of(whole, {"x": x}, scope)))


def _calls_inside(expression: Expression, scope: Scope) -> bool:
    stack = [expression]
    while stack:
        part = stack.pop()
        if isinstance(part, Call) and scope.calls(part.name):
            return True
        stack.extend(children(part))
    return False


def node_of(expression: Expression, nodes: Nodes, scope: Scope) -> Walk[Node]:
    """The node of an expression: calls of operators are calls, what is around them is an operator of its own."""
    if isinstance(expression, Reference) and expression.name in nodes:
        return _part(expression, nodes)
    if isinstance(expression, Call) and scope.calls(expression.name):
        check_indices(expression)
        if expression.name in scope.models:
            operator, arguments = _solved(expression, scope)
        else:
            operator, arguments = scope.operator(expression.name, expression.span), expression.arguments
        if isinstance(operator, Missing) and operator.wrong:
            return Node(operator)
        operands: list[Node] = []
        named: dict[str, Node] = {}
        for argument in arguments:
            node = yield node_of(argument.value, nodes, scope)
            if argument.keyword:
                if argument.keyword in named:
                    refuse_definition(argument.span, f"'{expression.name}' is given '{argument.keyword}' twice")
                named[argument.keyword] = node
            else:
                operands.append(node)
        _check_call(expression, operator, len(operands), tuple(named))
        return operator(*operands, **named) if operands or named else Node(operator)
    inputs: dict[str, Node] = {}
    inner = yield _around(expression, nodes, scope, inputs)
    operator = _text_operator("expression", list(inputs), inner)
    return operator(*inputs.values()) if inputs else Node(operator)


def _check_call(call: Call, operator: Operator, count: int, named: tuple[str, ...]) -> None:
    """Arguments that do not fit, where the names of the arguments are known."""
    taken = taken_by(operator)
    if taken is None:
        return
    names, others = taken
    takes = f"it takes {', '.join(others if isinstance(operator, Simulate) else names) or 'nothing'}"
    if count > len(names):
        refuse_definition(call.span, f"'{call.name}' is called with {count} values; {takes}")
    for name in named:
        if name in names[:count]:
            refuse_definition(call.span, f"'{call.name}' is given '{name}' twice; {takes}")
        if name not in names and name not in others:
            hint = did_you_mean(name, (*names, *others), takes)
            refuse_definition(call.span, f"'{call.name}' is given '{name}', which it does not have: {hint}")
    missing = [name for name in names[count:] if name not in named]
    if missing and not isinstance(operator, Simulate):
        refuse_definition(call.span, f"'{call.name}' is called without {', '.join(missing)}; {takes}")


def taken_by(operator: Operator) -> tuple[list[str], list[str]] | None:
    """What an operator takes by position, and what by name only; None where nobody can tell."""
    match operator:
        case TextOperator():
            definition = operator.definition
            learned = [p.name for p in definition.parameters if "fixed" not in p.flags]
            return [given.name for given in definition.inputs], learned
        case Graph():
            return list(operator.inputs), []
        case Simulate():
            return ["params"], operator.takes
        case _:
            return None


def _part(reference: Reference, nodes: Nodes) -> Node:
    """A value of the pipeline, or the part of one that has parts by name: ``run[I]``."""
    node = nodes[reference.name]
    match reference.indices:
        case ():
            return node
        case (Index(name=str() as name, label=None, axis=None, offset=0),) | (
            Index(name=None, label=str() as name, axis=None),
        ):
            parts = parts_of(node.operator)
            if parts is not None and name not in parts:
                hint = f"it has {', '.join(parts)}" if parts else "it is one value"
                refuse_definition(reference.span, f"'{reference.name}' has no part '{name}': {hint}")
            return Item(name)(node)
        case _:
            refuse_definition(
                reference.span,
                "a value of a pipeline has parts by one name, value[name]; others are taken in an operator",
            )


def parts_of(operator: Operator | None) -> list[str] | None:
    """The names of the parts of a result; None where nobody can tell."""
    match operator:
        case Graph():
            return [] if isinstance(operator.outputs, int) else [name for name, _ in operator.outputs]
        case Simulate():
            return operator.gives
        case Sequential() if len(operator):
            return parts_of(operator[-1])
        case TextOperator():
            return []
        case _:
            return None


def _around(expression: Expression, nodes: Nodes, scope: Scope, inputs: dict[str, Node]) -> Walk[Expression]:
    """The expression with names in place of calls; `inputs` receives what the names stand for."""
    is_call = isinstance(expression, Call) and scope.calls(expression.name)
    if is_call or (isinstance(expression, Reference) and expression.name in nodes):
        plain = isinstance(expression, Reference) and not expression.indices
        name = expression.name if isinstance(expression, Reference) and plain else _unused(inputs, nodes)
        inputs[name] = yield node_of(expression, nodes, scope)
        return Reference(name, span=expression.span)
    check_name(expression, nodes, scope)
    parts: list[Expression] = []
    for part in children(expression):
        parts.append((yield _around(part, nodes, scope, inputs)))
    return with_children(expression, tuple(parts)) if parts else expression


def _unused(inputs: Nodes, nodes: Nodes) -> str:
    number = len(inputs) + 1
    while f"part_{number}" in nodes or f"part_{number}" in inputs:
        number += 1
    return f"part_{number}"


def check_name(part: Expression, nodes: Nodes, scope: Scope) -> None:
    """Names of what surrounds the calls of operators, checked where they were written."""
    if isinstance(part, Call):
        check_indices(part)
    if isinstance(part, Call) and lookup(part.name) is None:
        scope.operator(part.name, part.span)
    if isinstance(part, Reference) and part.name not in CONSTANTS:
        values = ", ".join(nodes) or "none"
        refuse_definition(part.span, f"'{part.name}' is no value of the pipeline; its values here are {values}")


def check_indices(call: Call) -> None:
    """Delayed states have indices; operators have none."""
    if call.indices:
        refuse_definition(call.span, f"'{call.name}' is called without indices here: take parts of its result")


def _text_operator(name: str, inputs: list[str], value: Expression) -> TextOperator:
    """An expression as an operator; its problems have the places in which it was written."""
    heads = tuple(Declared(given, (), value.span) for given in inputs)
    definition = OperatorText(Declared(name, (), value.span), heads, (), value, value.span)
    check_meaning(definition)
    return TextOperator(definition.text())


# --- models


def _solved(call: Call, scope: Scope) -> tuple[Operator, tuple[Argument, ...]]:
    """The solution of a model with the settings of a call, and the call's other arguments."""
    model = scope.models[call.name]
    settings: dict[str, Expression] = {}
    for argument in call.arguments:
        if argument.keyword in ("at", "output"):
            if argument.keyword in settings:
                refuse_definition(argument.span, f"'{call.name}' is given '{argument.keyword}' twice")
            settings[argument.keyword] = argument.value
    if "at" not in settings:
        _refuse_model(call, model, "nothing says at which times its solution is wanted")
    times = tuple(_times(settings["at"], call, model))
    outputs = _outputs(settings.get("output"), call, model)
    key = (model.name, times, outputs)
    if key not in scope.solved:
        try:
            scope.solved[key] = Simulate(stages.print_model(model), times, outputs, scope.values.get(model.name))
        except OpjaxError:
            raise
        except ValueError as error:
            _refuse_model(call, model, str(error))
    return scope.solved[key], tuple(a for a in call.arguments if a.keyword not in settings)


def _refuse_model(call: Call, model: ModelSyntax, problem: str) -> None:
    report = Report()
    state = model.states[0].name if model.states else "x"
    example = f"{model.name}(..., at = [0, 10, 20], output = {state})"
    report.add(catalogue.MODEL_CALL, call.span, name=model.name, problem=problem, example=example)
    raise OpjaxError(report.errors)


def _times(at: Expression, call: Call, model: ModelSyntax) -> list[float]:
    match at:
        case Array():
            times = [_number(item) for item in at.items]
        case Call(name="grid", arguments=(_, _, _)):
            low, high, size = (_number(argument.value) for argument in at.arguments)
            if not (size == int(size) and 2 <= size <= _MOST_TIMES):
                _refuse_model(call, model, f"a grid has a whole number of points from 2 to {_MOST_TIMES}")
            times = np.linspace(low, high, int(size)).tolist()
        case _:
            times = []
    if not times or not all(a < b for a, b in itertools.pairwise(times)):
        _refuse_model(call, model, "its times are increasing numbers, [0, 10, 20] or grid(0, 20, 3)")
    return times


def _number(expression: Expression) -> float:
    head = Declared("number", (), expression.span)
    system = check_meaning(OperatorText(head, (), (), expression, expression.span))
    value = constant_value(system.aliases["number"].value)
    if value is None:
        refuse_definition(expression.span, "a number is wanted")
    return float(value)


def _outputs(output: Expression | None, call: Call, model: ModelSyntax) -> str | tuple[str, ...] | None:
    match output:
        case None:
            return None
        case Array():
            return tuple(_name(item, call, model) for item in output.items)
        case _:
            return _name(output, call, model)


def _name(expression: Expression, call: Call, model: ModelSyntax) -> str:
    match expression:
        case Reference(indices=()):
            return expression.name
        case Text():
            return expression.value
        case _:
            _refuse_model(call, model, "its output is a name or a list of names, [I, N]")
            return ""
