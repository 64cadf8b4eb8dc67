"""Operators whose meaning is an expression of the model language."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import equinox as eqx
import numpy as np

from opjax import stages
from opjax.backends import backend_for
from opjax.compile.quantities import Point, Quantities, Wanted
from opjax.errors import Diagnostic, OpjaxError, Report, catalogue
from opjax.ir.evaluate import reachable
from opjax.ir.nodes import Opaque, Symbol
from opjax.ir.system import System
from opjax.pipelines.definitions import OperatorText, PipelineText, read_definitions, refuse_definition
from opjax.pipelines.models import arrays_by_name
from opjax.pipelines.operator import Operator, static
from opjax.pipelines.untyped import jnp
from opjax.source import Span
from opjax.spec.files import source_from_text
from opjax.syntax.declarations import (
    AliasDeclaration,
    AxisDeclaration,
    DerivativeDeclaration,
    ModelSyntax,
    ParameterDeclaration,
    StateDeclaration,
)
from opjax.syntax.nodes import Array, Number, Reference

_NO_STATE = "(none)"
_ROLES = ("parameter", "size", "coordinate", "position", "quadrature", "measure", "constant")
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
    operators = [row for row in found if isinstance(row, OperatorText)]
    others = [row for row in found if isinstance(row, PipelineText)]
    if len(operators) != 1 or others:
        span = found[-1].span if found else Span(source, 0, 0)
        refuse_definition(span, f"one operator is wanted, not {len(operators) + len(others)} definitions")
    check_meaning(operators[0])
    return operators[0]


def check_meaning(definition: OperatorText) -> System:
    """Find all that can be wrong with an expression, where it was written.

    Raises:
        OpjaxError: all problems at once.
    """
    report = Report()
    try:
        system = _compiled_of(definition, _sizes_of_text(definition), definition.parameters).system
    except OpjaxError as error:
        axes = _open_axes(definition)
        raise OpjaxError([_for_operators(problem, axes) for problem in error.diagnostics]) from error
    for node in reachable([system.aliases[definition.name].value]):
        if isinstance(node, Symbol) and node.role not in _ROLES:
            what = f"time ('{node.name}')" if node.role == "time" else f"{node.role} '{node.name}'"
            report.add(catalogue.NOT_IN_OPERATOR, node.span, what=what)
        if isinstance(node, Opaque):
            report.add(catalogue.NOT_IN_OPERATOR, node.span, what=node.role)
    report.check()
    for parameter in definition.parameters:
        if "fixed" in parameter.flags and parameter.default is None:
            refuse_definition(
                parameter.span, f"the value of '{parameter.name}' is fixed, and has to stand behind its name"
            )
    return system


_HINTS = {
    "E0301": "make it an input or a parameter: operator NAME(input; parameter = 1) = ...",
    "E0304": "write it behind an input or a parameter, x[band], or declare it: axis band = [red, nir]",
    "E0308": "reduce over it, or write the axis behind the operator's name: operator NAME[band](x[band]) = ...",
    "E0309": "one axis has one name, also where it stands twice: cov[band, band]",
    "E0311": "an operator calls functions of the language; a pipeline calls operators: pipeline NAME(x) = ...",
}
"""What to write, where that is something else in an operator than in a model."""


def _for_operators(problem: Diagnostic, open_axes: list[str]) -> Diagnostic:
    hint = problem.hint if problem.hint.startswith("did you mean") else _HINTS.get(problem.code, problem.hint)
    if problem.code == "E0305" and any(f"'{axis}'" in problem.message for axis in open_axes):
        hint = "its labels are declared above the operator: axis band = [red, nir]"
    return replace(problem, hint=hint)


def _sizes_of_text(definition: OperatorText) -> Sizes:
    """The sizes of axes as far as the text says them; where nothing says any, two elements stand for all."""
    sizes = dict.fromkeys(_open_axes(definition), 2)
    for parameter in definition.parameters:
        part = parameter.default
        for axis in parameter.axes:
            if not isinstance(part, Array) or not part.items:
                break
            if axis in sizes:
                sizes[axis] = len(part.items)
            part = part.items[0]
    return tuple(sizes.items())


def _open_axes(definition: OperatorText) -> list[str]:
    """The axes whose sizes are those of the values."""
    declared = {row.name for row in definition.axes if row.axis.kind != "data"}
    return [axis for axis in definition.axis_names if axis not in declared]


@functools.lru_cache(maxsize=256)
def _defaults(text: str) -> dict[str, Any]:
    """The numbers that are written as values of parameters that can be learned."""
    definition = _definition(text)
    found: dict[str, Any] = {}
    learned = [p for p in definition.parameters if "fixed" not in p.flags and p.default is not None]
    system = check_meaning(definition) if learned else None
    for parameter in learned:
        assert system is not None
        meant = system.parameters[parameter.name]
        if meant.values is not None:
            found[parameter.name] = meant.values
            continue
        default = meant.default
        assert default is not None
        unknown = [axis for axis in parameter.axes if axis in _open_axes(definition)]
        if unknown or any(isinstance(n, Symbol) and n.role == "parameter" for n in reachable([default])):
            way_out = f"as many as '{unknown[0]}' has" if unknown else "not those of other parameters"
            problem = f"the value of '{parameter.name}' must be a number or numbers, {way_out}; others stand in values"
            refuse_definition(parameter.span, problem)
        wanted = stages.compile_quantities(system, {"value": Wanted(default, parameter.axes)})
        value = wanted(backend_for(np), np.zeros((), "float64"), Point())["value"]
        found[parameter.name] = np.asarray(value).tolist()
    return found


def _sizes(definition: OperatorText, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> Sizes:
    """The sizes of the axes, from the last axes of inputs and parameters."""
    known: dict[str, tuple[int, str]] = dict(_declared_sizes(definition))
    for row in (*definition.inputs, *definition.parameters):
        value = inputs.get(row.name, parameters.get(row.name))
        if value is None or not row.axes:
            continue
        shape = jnp.shape(value)
        if len(shape) < len(row.axes):
            raise ValueError(f"'{row.name}' has the axes [{', '.join(row.axes)}], and its value the shape {shape}")
        for axis, size in zip(row.axes, shape[len(shape) - len(row.axes) :], strict=True):
            if not isinstance(size, int):
                raise ValueError(f"the axis '{axis}' in '{row.name}' has no number of elements, but '{size}': give one")
            if size == 0:
                raise ValueError(f"the axis '{axis}' has no elements in '{row.name}'; give one or more")
            first, where = known.setdefault(axis, (size, f"in '{row.name}'"))
            if first != size:
                raise ValueError(f"the axis '{axis}' has {first} elements {where} and {size} in '{row.name}'")
    sizes = {**dict(_sizes_of_fixed(definition)), **{axis: size for axis, (size, _) in known.items()}}
    unknown = [axis for axis in _open_axes(definition) if axis not in sizes]
    if unknown:
        raise ValueError(
            f"the size of the axis '{unknown[0]}' is not known: no value has it; declare it, axis {unknown[0]} = [...]"
        )
    return tuple((axis, sizes[axis]) for axis in _open_axes(definition))


def _sizes_of_fixed(definition: OperatorText) -> Sizes:
    fixed = tuple(parameter for parameter in definition.parameters if "fixed" in parameter.flags)
    said = {axis for parameter in fixed for axis in parameter.axes}
    return tuple((axis, size) for axis, size in _sizes_of_text(definition) if axis in said)


def _declared_sizes(definition: OperatorText) -> dict[str, tuple[int, str]]:
    """The sizes of declared axes, with words for where they stand."""
    if not definition.axes:
        return {}
    system = _compiled(definition.text(), _sizes_of_text(definition)).system
    sizes = {axis.name: system.axes[axis.name].size for axis in definition.axes if axis.axis.kind != "data"}
    return {name: (size, "as declared") for name, size in sizes.items() if size is not None}


@functools.lru_cache(maxsize=256)
def _compiled(text: str, sizes: Sizes) -> Quantities:
    """The program for some sizes; what can be learned is given at every call, whatever the text says."""
    definition = _definition(text)
    parameters = tuple(p if "fixed" in p.flags else replace(p, default=None) for p in definition.parameters)
    return _compiled_of(definition, sizes, parameters)


def _compiled_of(definition: OperatorText, sizes: Sizes, parameters: tuple[ParameterDeclaration, ...]) -> Quantities:
    """The program of an operator: a model without states, whose one quantity is the result."""
    name = definition.name
    inputs = [ParameterDeclaration(given.name, given.axes, span=given.span) for given in definition.inputs]
    open_axes = (AxisDeclaration(axis, "data", span=definition.head.span) for axis in _open_axes(definition))
    model = ModelSyntax(
        name,
        axes=(*(row.axis for row in definition.axes if row.axis.kind != "data"), *open_axes),
        parameters=(*inputs, *parameters),
        states=(StateDeclaration(_NO_STATE),),
        aliases=(AliasDeclaration(name, definition.value, definition.head.axes, span=definition.head.span),),
        dynamics=(DerivativeDeclaration(Reference(_NO_STATE), Number(0.0)),),
        span=definition.span,
    )
    labels = {axis: tuple(map(str, range(size))) for axis, size in sizes}
    system = stages.check(model, Report(), labels=labels).system
    alias = system.aliases[name]
    return stages.compile_quantities(system, {"result": Wanted(alias.value, alias.axes)})
