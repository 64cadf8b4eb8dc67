"""What functions are called elsewhere, for hints: none of these names is read."""

from __future__ import annotations

from opjax.spec.names import Names
from opjax.syntax.nodes import REDUCTIONS, Call, Reference

ELSEWHERE = {
    "ln": "log",
    "fabs": "abs",
    "square": "x^2",
    "sqr": "x^2",
    "ceiling": "ceil",
    "round": "floor(x + 0.5)",
    "rint": "floor(x + 0.5)",
    "heaviside": "step",
    "Heaviside": "step",
    "logistic": "sigmoid",
    "inv_logit": "sigmoid",
    "loggamma": "lgamma",
    "fmin": "minimum",
    "fmax": "maximum",
    "pmin": "minimum",
    "pmax": "maximum",
    "fmod": "mod",
    "ifelse": "value if condition else other",
    "piecewise": "value if condition else other",
    "einsum": "sum(A[i, j]*x[j] for j in axis)",
    "dot": "sum(A[i, j]*x[j] for j in axis)",
    "matmul": "sum(A[i, j]*x[j] for j in axis)",
}


def other_name_hint(call: Call, names: Names) -> str:
    """What to write for a call that other languages have; empty where nothing is known."""
    if call.name in REDUCTIONS:
        return _reduction_hint(call, names)
    name = ELSEWHERE.get(call.name)
    return f"write '{name}'" if name else ""


def _reduction_hint(call: Call, names: Names) -> str:
    """``sum(S)``: the axis has to be said."""
    shown, axes = "S", ("age",)
    if len(call.arguments) == 1 and isinstance(call.arguments[0].value, Reference):
        entry = names.values.get(call.arguments[0].value.name)
        if entry is not None and entry.axes:
            shown, axes = call.arguments[0].value.name, entry.axes
    indices = ", ".join(f"{axis}_" for axis in axes)
    return f"a reduction names its axes: {call.name}({shown}[{indices}] for {_binders(axes)})"


def _binders(axes: tuple[str, ...]) -> str:
    return ", ".join(f"{axis}_ in {axis}" for axis in axes)
