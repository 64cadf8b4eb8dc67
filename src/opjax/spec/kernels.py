"""Kernels: matrices that fall off with the distance between the points of two axes.

``K[x, x] = kernel("gaussian", scale = 1, sigma = sd)`` is a parameter whose default is computed from its settings, so
that these may be parameters themselves, and a caller may give K all the same. On axes with labels the distance is that
of the positions 0, 1, 2, ... .
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from opjax.errors import Stop, catalogue, did_you_mean
from opjax.ir.nodes import Along, AnyNode, Graph
from opjax.ir.system import Kernel
from opjax.ir.types import Axis, Dim, declared_dims
from opjax.spec.narrow_kernels import overrated
from opjax.spec.operators.matrices import written_number
from opjax.spec.scope import PARAMETER_ROLES, free_scope
from opjax.syntax.declarations import ParameterDeclaration
from opjax.syntax.expression_printer import print_expression
from opjax.syntax.nodes import Call, Expression, Text

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering

CLOSEST = 1e-12
"""The least distance in the kernel "gamma", which has a pole at 0 for k < 1."""
FORMS: Mapping[str, tuple[str, ...]] = {
    "erfc": ("scale", "sigma"),
    "gaussian": ("scale", "sigma"),
    "exponential": ("scale", "lambda"),
    "gamma": ("scale", "k", "theta"),
    "power_law": ("scale", "sigma", "p"),
    "custom_value": ("value",),
}
"""The settings of each form."""


def is_kernel(lowering: Lowering, default: Expression | None) -> bool:
    """Whether a default is a kernel; a function of the model may have the name too."""
    return isinstance(default, Call) and default.name == "kernel" and "kernel" not in lowering.names.values


def kernel_of(lowering: Lowering, declared: ParameterDeclaration) -> tuple[AnyNode, Kernel]:
    """The default of a parameter that is a kernel, and what was said of it.

    Raises:
        Stop: with E0571 or E0572 in the report.
    """
    call = declared.default
    assert isinstance(call, Call)
    form = _form(lowering, declared, call)
    said, kind = _settings(lowering, declared, call, form)
    scope = free_scope(f"the kernel '{declared.name}'", tuple(dict.fromkeys(declared.axes)))
    values: dict[str, AnyNode] = {}
    for name, expression in said.items():
        values[name] = lowering.value(expression, scope)
        lowering.want_roles(values[name], PARAMETER_ROLES, scope.where, expression.span)
    shown = {name: _shown(expression) for name, expression in said.items()}
    _tell_of_width(lowering, declared, form, shown)
    node = values["value"] if form == "custom_value" else _falling(lowering, declared, form, values)
    return node, Kernel(form, kind, shown)


def _form(lowering: Lowering, declared: ParameterDeclaration, call: Call) -> str:
    first = call.arguments[0] if call.arguments else None
    if first is None or first.keyword is not None or not isinstance(first.value, Text):
        raise _problem(lowering, declared, call, "begins with its form in quotes", "gaussian")
    form = first.value.value
    if form not in FORMS:
        hint = did_you_mean(form, FORMS, f"the forms are {', '.join(FORMS)}")
        raise lowering.report.stop(catalogue.UNKNOWN_KERNEL, first.span, name=form, hint=hint)
    if form != "custom_value" and len(declared.axes) != 2:
        raise _problem(lowering, declared, call, "falls off with the distance between two axes: give it two", form)
    return form


def _problem(lowering: Lowering, declared: ParameterDeclaration, call: Call, problem: str, form: str) -> Stop:
    settings = ", ".join(f"{name} = ..." for name in FORMS[form])
    hint = f'write {declared.name}[x, y] = kernel("{form}", {settings})'
    return lowering.report.stop(catalogue.KERNEL_SETTING, call.span, name=declared.name, problem=problem, hint=hint)


def _settings(
    lowering: Lowering, declared: ParameterDeclaration, call: Call, form: str
) -> tuple[dict[str, Expression], str]:
    """The settings by name, and the kind that op_system writes beside them."""
    found: dict[str, Expression] = {}
    kind = "analytic"
    for argument in call.arguments[1:]:
        name = argument.keyword or ""
        if name == "kind" and isinstance(argument.value, Text):
            kind = argument.value.value
        elif name not in FORMS[form] or name in found:
            said = f"has '{name}' twice" if name in found else f"has no setting '{name}'"
            raise _problem(lowering, declared, call, said, form)
        else:
            found[name] = argument.value
    for name in FORMS[form]:
        if name not in found:
            raise _problem(lowering, declared, call, f"lacks the setting '{name}'", form)
    return found, kind


def _tell_of_width(
    lowering: Lowering, declared: ParameterDeclaration, form: str, shown: Mapping[str, float | str]
) -> None:
    """Warn of a kernel along one axis that is narrower than the gaps between its points."""
    axis = lowering.names.axes.get(declared.axes[0]) if len(set(declared.axes)) == 1 else None
    found = None if axis is None else overrated(form, shown, axis)
    if axis is not None and found is not None:
        gap, factor = (f"{value:.3g}" for value in found)
        facts = {"name": declared.name, "axis": axis.name, "gap": gap, "factor": factor}
        lowering.report.add(catalogue.NARROW_KERNEL, declared.span, **facts)


def _shown(expression: Expression) -> float | str:
    number = written_number(expression)
    return print_expression(expression, canonical=True) if number is None else number


# --- formulas


def _falling(lowering: Lowering, declared: ParameterDeclaration, form: str, values: Mapping[str, AnyNode]) -> AnyNode:
    graph, axes = lowering.graph, lowering.names.axes
    if any(axis not in axes for axis in declared.axes):
        raise Stop  # the unknown axis is reported where it is declared
    points = [_points(graph, axes[dim.axis], dim) for dim in declared_dims(declared.axes)]
    away = graph.apply("abs", (graph.apply("add", (points[0], graph.apply("negate", (points[1],)))),))
    return graph.apply("multiply", (values["scale"], _SHAPES[form](graph, away, values)))


def _points(graph: Graph, axis: Axis, dim: Dim) -> AnyNode:
    """The coordinates along a dim, or 0, 1, 2, ... ."""
    whole = graph.symbol("coordinate" if axis.numeric else "position", axis.name, (axis.name,))
    return graph.view(whole, (Along(dim),))


def _decay(graph: Graph, away: AnyNode, length: AnyNode) -> AnyNode:
    return graph.apply("exp", (graph.apply("negate", (graph.apply("divide", (away, length)),)),))


def _erfc(graph: Graph, away: AnyNode, values: Mapping[str, AnyNode]) -> AnyNode:
    return graph.apply("erfc", (graph.apply("divide", (away, values["sigma"])),))


def _gaussian(graph: Graph, away: AnyNode, values: Mapping[str, AnyNode]) -> AnyNode:
    variance = graph.integer_power(values["sigma"], 2)
    return _decay(graph, graph.integer_power(away, 2), graph.apply("multiply", (graph.constant(2.0), variance)))


def _exponential(graph: Graph, away: AnyNode, values: Mapping[str, AnyNode]) -> AnyNode:
    return _decay(graph, away, values["lambda"])


def _gamma(graph: Graph, away: AnyNode, values: Mapping[str, AnyNode]) -> AnyNode:
    away = graph.apply("maximum", (away, graph.constant(CLOSEST)))
    exponent = graph.apply("add", (values["k"], graph.constant(-1.0)))
    power = graph.apply("pow", (graph.apply("divide", (away, values["theta"])), exponent))
    return graph.apply("multiply", (power, _decay(graph, away, values["theta"])))


def _power_law(graph: Graph, away: AnyNode, values: Mapping[str, AnyNode]) -> AnyNode:
    base = graph.apply("add", (graph.constant(1.0), graph.apply("divide", (away, values["sigma"]))))
    return graph.apply("pow", (base, graph.apply("negate", (values["p"],))))


_SHAPES: Mapping[str, Callable[[Graph, AnyNode, Mapping[str, AnyNode]], AnyNode]] = {
    "erfc": _erfc,
    "gaussian": _gaussian,
    "exponential": _exponential,
    "gamma": _gamma,
    "power_law": _power_law,
}
"""What the scale is multiplied by, as a function of the distance."""
