"""Operators whose meaning is an expression of the model language, and pipelines of them."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Any

import equinox as eqx

from opjax import stages
from opjax.backends import backend_for
from opjax.compile.quantities import Point, Quantities, Wanted
from opjax.errors import OpjaxError, Report, catalogue, did_you_mean
from opjax.ir.evaluate import constant_value
from opjax.ir.functions.table import CONSTANTS, lookup
from opjax.pipelines.definitions import OperatorText, PipelineText, read_definitions, refuse_definition
from opjax.pipelines.definitions_yaml import read_yaml_definitions
from opjax.pipelines.graph import Graph
from opjax.pipelines.models import arrays_by_name
from opjax.pipelines.node import Input, Node
from opjax.pipelines.operator import Operator, static
from opjax.pipelines.sequential import Sequential
from opjax.pipelines.untyped import jnp
from opjax.source import Source, Span
from opjax.spec.files import Format, format_of, read_source, source_from_text
from opjax.syntax.declarations import (
    AliasDeclaration,
    AxisDeclaration,
    DerivativeDeclaration,
    ModelSyntax,
    ParameterDeclaration,
    StateDeclaration,
)
from opjax.syntax.nodes import Call, Expression, Number, Reference, children
from opjax.traverse import Walk, run

_NO_STATE = "(none)"
Sizes = tuple[tuple[str, int], ...]


class TextOperator(Operator):
    """``operator NAME(inputs; parameters) = expression``, in the expression language of the models.

    Inputs have the axes that are written behind them; axes in front of those are batches, and broadcast. Parameters are
    arrays that can be learned; those with the flag ``fixed`` belong to the text. A call may give other values of
    parameters by name.

    Arguments:
        text: the definition.
        values: values of parameters by name, instead of their defaults.

    Raises:
        OpjaxError: for what is wrong with the text.
        ValueError: for a value of something that is no parameter, and at a call for axes that do not fit.

    Example:
        >>> from opjax.pipelines import TextOperator
        >>> ndvi = TextOperator("operator ndvi(nir, red; eps = 1e-6) = (nir - red)/(nir + red + eps)")
        >>> round(float(ndvi(0.6, 0.2)), 4)
        0.5
    """

    values: dict[str, Any] = eqx.field(converter=arrays_by_name, default_factory=dict)
    text: str = static()

    def __init__(self, text: str, values: Mapping[str, Any] | None = None) -> None:
        self.text = _definition(text).text()
        definition = _definition(self.text)
        learned = [p.name for p in definition.parameters if "fixed" not in p.flags]
        for name in values or {}:
            if name not in learned:
                raise ValueError(
                    f"'{name}' is no parameter that can be given; those are {', '.join(learned) or 'none'}"
                )
        self.values = {**_defaults(self.text), **(values or {})}

    @property
    def definition(self) -> OperatorText:
        """The text as it was read."""
        return _definition(self.text)

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        definition = self.definition
        names = [given.name for given in definition.inputs]
        if len(args) > len(names):
            raise TypeError(f"{definition.head.name} takes {len(names)} inputs, {len(args)} are given")
        given = {**self.values, **dict(zip(names, args, strict=False)), **kwargs}
        missing = [name for name in names if name not in given]
        if missing:
            raise TypeError(f"{definition.head.name} lacks the inputs {', '.join(missing)}")
        inputs = [jnp.asarray(given.pop(name)) for name in names]
        dtype = jnp.result_type(*inputs, *([] if _has_floats(inputs) else [float]))
        sizes = _sizes(definition, dict(zip(names, inputs, strict=True)), given)
        compiled, like = _compiled(self.text, sizes), jnp.zeros((), dtype)

        def one(*values: Any) -> Any:
            parameters = {**given, **dict(zip(names, values, strict=True))}
            return compiled(backend_for(jnp), like, Point(parameters=parameters))["result"]

        axes = [",".join(given.axes) for given in definition.inputs]
        signature = f"{','.join(f'({a})' for a in axes)}->({','.join(definition.head.axes)})"
        return jnp.vectorize(one, signature=signature)(*inputs) if inputs else one()


def _has_floats(inputs: list[Any]) -> bool:
    return any(jnp.issubdtype(value.dtype, jnp.floating) for value in inputs)


@functools.lru_cache(maxsize=256)
def _definition(text: str) -> OperatorText:
    source = source_from_text(text)
    found = read_definitions(source)
    if len(found) != 1 or not isinstance(found[0], OperatorText):
        span = found[-1].span if found else Span(source, 0, 0)
        refuse_definition(span, f"one operator is wanted, not {len(found)} definitions")
    _check_meaning(found[0])
    return found[0]


def _check_meaning(definition: OperatorText) -> None:
    """Find all that can be wrong with an expression, where it was written."""
    _compiled_of(definition, tuple((axis, 2) for axis in _axes(definition)))


@functools.lru_cache(maxsize=256)
def _defaults(text: str) -> dict[str, float]:
    """The numbers that are written as values of parameters that can be learned."""
    definition = _definition(text)
    system = _compiled(text, tuple((axis, 2) for axis in _axes(definition))).system
    found: dict[str, float] = {}
    for parameter in definition.parameters:
        default = system.parameters[parameter.name].default
        if default is None or "fixed" in parameter.flags:
            continue
        value = constant_value(default)
        if value is None or parameter.axes:
            refuse_definition(
                parameter.span, f"the value of '{parameter.name}' must be a number; give an array in values"
            )
        found[parameter.name] = float(value)
    return found


def _axes(definition: OperatorText) -> tuple[str, ...]:
    rows = (definition.head, *definition.inputs, *definition.parameters)
    return tuple(dict.fromkeys(axis for row in rows for axis in row.axes))


def _sizes(definition: OperatorText, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> Sizes:
    """The sizes of the axes, from the last axes of inputs and parameters."""
    known: dict[str, tuple[int, str]] = {}
    for row in (*definition.inputs, *definition.parameters):
        value = inputs.get(row.name, parameters.get(row.name))
        if value is None or not row.axes:
            continue
        shape = jnp.shape(value)
        if len(shape) < len(row.axes):
            raise ValueError(f"'{row.name}' has the axes [{', '.join(row.axes)}], and its value the shape {shape}")
        for axis, size in zip(row.axes, shape[len(shape) - len(row.axes) :], strict=True):
            first, where = known.setdefault(axis, (size, row.name))
            if first != size:
                raise ValueError(f"the axis '{axis}' has {first} elements in '{where}' and {size} in '{row.name}'")
    unknown = [axis for axis in _axes(definition) if axis not in known]
    if unknown:
        raise ValueError(f"the size of the axis '{unknown[0]}' is not known: no value has it")
    return tuple((axis, size) for axis, (size, _) in known.items())


@functools.lru_cache(maxsize=256)
def _compiled(text: str, sizes: Sizes) -> Quantities:
    return _compiled_of(_definition(text), sizes)


def _compiled_of(definition: OperatorText, sizes: Sizes) -> Quantities:
    """The program of an operator: a model without states, whose one quantity is the result."""
    name = definition.head.name
    inputs = [ParameterDeclaration(given.name, given.axes, span=given.span) for given in definition.inputs]
    model = ModelSyntax(
        name,
        axes=tuple(AxisDeclaration(axis, "data") for axis in _axes(definition)),
        parameters=(*inputs, *definition.parameters),
        states=(StateDeclaration(_NO_STATE),),
        aliases=(AliasDeclaration(name, definition.value, definition.head.axes, span=definition.span),),
        dynamics=(DerivativeDeclaration(Reference(_NO_STATE), Number(0.0)),),
        span=definition.span,
    )
    labels = {axis: tuple(map(str, range(size))) for axis, size in sizes}
    system = stages.check(model, Report(), labels=labels).system
    alias = system.aliases[name]
    return stages.compile_quantities(system, {"result": Wanted(alias.value, alias.axes)})


# --- pipelines


def define(
    text: str | Source,
    operators: Mapping[str, Operator] | None = None,
    values: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    format: Format = "ojx",
) -> dict[str, Operator]:
    """The operators and pipelines of a text, by name.

    ``pipeline NAME = a | b | clip(0, 1)`` is a chain; a function of the language gets the value as its first argument.
    ``pipeline NAME(x, y) = expression`` is a graph, and so is ``pipeline NAME(x, y) -> u, v:`` with a line
    ``name = expression`` per value.

    Arguments:
        text: the definitions; each may use the names above it.
        operators: operators that were made elsewhere, by the names that the text uses.
        values: values of the parameters of the text's operators, by operator and name.
        format: "ojx" for text, "yaml" or "json" for the same as a mapping (`operators` and `pipelines`).

    Returns:
        What the text defines.

    Raises:
        OpjaxError: E0652 for a definition of the wrong form, E0653 for an unknown operator, and the errors of
            expressions.

    Example:
        >>> from opjax.pipelines import define
        >>> found = define('''
        ... operator ndvi(nir, red; eps = 1e-6) = (nir - red)/(nir + red + eps)
        ... pipeline shade(nir, red) = 1 - ndvi(nir, red)^2
        ... ''')
        >>> round(float(found["shade"](0.6, 0.2)), 4)
        0.75
    """
    known: dict[str, Operator] = dict(operators or {})
    found: dict[str, Operator] = {}
    for row in _read(source_from_text(text) if isinstance(text, str) else text, format):
        if isinstance(row, OperatorText):
            _check_meaning(row)
            name, operator = row.head.name, TextOperator(row.text(), (values or {}).get(row.head.name))
        else:
            name, operator = row.name, _pipeline(row, known)
        if name in found:
            refuse_definition(row.span, f"'{name}' is defined a second time")
        known[name] = found[name] = operator
    return found


def define_file(
    path: str | os.PathLike[str],
    operators: Mapping[str, Operator] | None = None,
    values: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Operator]:
    """The operators and pipelines of a file; its suffix (.ojx, .yaml, .json) says the format. See `define`."""
    return define(read_source(path), operators, values, format=format_of(path))


def _read(source: Source, form: Format) -> list[OperatorText | PipelineText]:
    return read_definitions(source) if form == "ojx" else read_yaml_definitions(source, form)


def _pipeline(row: PipelineText, known: Mapping[str, Operator]) -> Operator:
    if row.inputs is None:
        return Sequential([_chained(step, known) for _, step in row.steps])
    inputs = {name: Input(name) for name in row.inputs}
    nodes: dict[str, Node] = dict(inputs)
    for name, value in row.steps:
        if name in nodes:
            refuse_definition(value.span, f"'{name}' stands for a value already")
        nodes[name] = run(_node(value, nodes, known))
    if row.outputs is None:
        return Graph.build(inputs, nodes[""])
    for name in row.outputs:
        if name not in nodes:
            refuse_definition(row.span, f"the output '{name}' has no line")
    return Graph.build(inputs, {name: nodes[name] for name in row.outputs})


def _chained(step: Expression, known: Mapping[str, Operator]) -> Operator:
    """A part of a chain: an operator, or a function with the arguments behind its first."""
    if isinstance(step, Reference) and not step.indices:
        return _operator_named(step.name, step.span, known)
    if not isinstance(step, Call):
        refuse_definition(
            step.span, "a part of a chain is the name of an operator, or a function with its other arguments"
        )
    text = step.span.text
    opening = text.index("(") + 1
    if step.name in known:
        x = Input("x")
        inside = [run(_node(argument.value, {}, known)) for argument in step.arguments]
        return Graph.build({"x": x}, known[step.name](x, *inside))
    _check_part(step, {}, known)
    separator = ", " if step.arguments else ""
    return TextOperator(f"operator link(x) = {text[:opening]}x{separator}{text[opening:]}")


def _operator_named(name: str, span: Span, known: Mapping[str, Operator]) -> Operator:
    if name not in known:
        report = Report()
        report.add(catalogue.UNKNOWN_STEP, span, name=name, hint=did_you_mean(name, known))
        raise OpjaxError(report.errors)
    return known[name]


def _node(expression: Expression, nodes: Mapping[str, Node], known: Mapping[str, Operator]) -> Walk[Node]:
    """The node of an expression: calls of operators are calls, what is around them is an operator of its own."""
    if isinstance(expression, Reference) and expression.name in nodes:
        if expression.indices:
            refuse_definition(expression.span, "values of a pipeline stand without indices: take parts in an operator")
        return nodes[expression.name]
    if isinstance(expression, Call) and expression.name in known:
        operands: list[Node] = []
        named: dict[str, Node] = {}
        for argument in expression.arguments:
            node = yield _node(argument.value, nodes, known)
            if argument.keyword:
                named[argument.keyword] = node
            else:
                operands.append(node)
        return known[expression.name](*operands, **named)
    pieces: list[str] = []
    place = expression.span.start
    inputs: dict[str, Node] = {}
    for part in _outermost(expression, nodes, known):
        name = part.name if isinstance(part, Reference) else _unused(f"called_{len(inputs) + 1}", nodes)
        inputs[name] = yield _node(part, nodes, known)
        pieces += [expression.span.source.text[place : part.span.start], name]
        place = part.span.end
    pieces.append(expression.span.source.text[place : expression.span.end])
    inner = TextOperator(f"operator expression({', '.join(inputs)}) = ({''.join(pieces)})")
    return Node(inner) if not inputs else inner(*inputs.values())


def _check_part(part: Expression, nodes: Mapping[str, Node], known: Mapping[str, Operator]) -> None:
    """Names of what surrounds the calls of operators, checked where they were written."""
    if isinstance(part, Call) and lookup(part.name) is None:
        _operator_named(part.name, part.span, known)
    if isinstance(part, Reference) and part.name not in CONSTANTS:
        values = ", ".join(nodes) or "none"
        refuse_definition(part.span, f"'{part.name}' is no value of the pipeline; its values here are {values}")


def _unused(name: str, nodes: Mapping[str, Node]) -> str:
    while name in nodes:
        name += "_"
    return name


def _outermost(
    expression: Expression, nodes: Mapping[str, Node], known: Mapping[str, Operator]
) -> list[Reference | Call]:
    """The values and the calls of operators in an expression that stand in no other such call, in order of the text."""
    found: list[Reference | Call] = []
    stack = [expression]
    while stack:
        part = stack.pop()
        if (isinstance(part, Reference) and part.name in nodes) or (isinstance(part, Call) and part.name in known):
            found.append(part)
        else:
            _check_part(part, nodes, known)
            stack.extend(children(part))
    return sorted(found, key=lambda part: part.span.start)
