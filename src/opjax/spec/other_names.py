"""What functions are called elsewhere, for hints: none of these names is read."""

from __future__ import annotations

from opjax.spec.names import Names
from opjax.syntax.nodes import REDUCTIONS, Call, Reference

_BY_CONDITION = "value if condition else other"
_PRODUCT = "sum(A[i, j]*x[j] for j in axis)"
_SLOPE, _DIFFUSION = "grad(u, z)", "div(grad(u, z), z)"
_NORMAL = "(1 + erf(x/sqrt(2)))/2"
_TABLE = "linear(table[week] over week at t)"

ELSEWHERE = {
    "ln": "log",
    "fabs": "abs",
    "sgn": "sign",
    "signum": "sign",
    "square": "x^2",
    "sqr": "x^2",
    "cot": "1/tan(x)",
    "sec": "1/cos(x)",
    "csc": "1/sin(x)",
    "ceiling": "ceil",
    "round": "floor(x + 0.5)",
    "rint": "floor(x + 0.5)",
    "trunc": "sign(x)*floor(abs(x))",
    "heaviside": "step",
    "Heaviside": "step",
    "unit_step": "step",
    "relu": "maximum(x, 0)",
    "logistic": "sigmoid",
    "inv_logit": "sigmoid",
    "hill": "x^n/(K^n + x^n)",
    "michaelis_menten": "V*x/(K + x)",
    "loggamma": "lgamma",
    "gamma": "exp(lgamma(x))",
    "tgamma": "exp(lgamma(x))",
    "factorial": "exp(lgamma(n + 1))",
    "normcdf": _NORMAL,
    "pnorm": _NORMAL,
    "Phi": _NORMAL,
    "fmin": "minimum",
    "fmax": "maximum",
    "pmin": "minimum",
    "pmax": "maximum",
    "fmod": "mod",
    "ifelse": _BY_CONDITION,
    "if_else": _BY_CONDITION,
    "iff": _BY_CONDITION,
    "select": _BY_CONDITION,
    "cond": _BY_CONDITION,
    "piecewise": _BY_CONDITION,
    "einsum": _PRODUCT,
    "dot": _PRODUCT,
    "matmul": _PRODUCT,
    "average": "mean(S[i] for i in axis)",
    "avg": "mean(S[i] for i in axis)",
    "product": "prod(S[i] for i in axis)",
    "count": "sum(1 for i in axis)",
    "trapz": "integral(u[i] for i in z)",
    "integrate": "integral(u[i] for i in z)",
    "laplacian": _DIFFUSION,
    "laplace": _DIFFUSION,
    "del2": _DIFFUSION,
    "gradient": _SLOPE,
    "ddx": _SLOPE,
    "diff": _SLOPE,
    "derivative": _SLOPE,
    "interp": _TABLE,
    "interp1": _TABLE,
    "interp1d": _TABLE,
    "interpolate": _TABLE,
    "lookup": _TABLE,
    "spline": "cubic(table[week] over week at t)",
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
