"""Kernels of ``convolve_history``: weights by the time ago, as an expression where the model says what they are.

    let:
      infectious(ago) = ago*exp(-ago/2)/4
    ... convolve_history(I, kernel=infectious, window=20) ...

A function of the model of that name is the kernel: of the time ago, and of `kernel_params` if it has a second argument.
Two kernels need no function: ``uniform``, which is the mean over the window, and ``exponential``, whose mean is
`kernel_params`. The meaning of every other word is up to who answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from opjax.errors import catalogue
from opjax.ir.evaluate import reachable
from opjax.ir.nodes import AnyNode, Opaque
from opjax.ir.system import TIME_AGO
from opjax.spec.scope import Scope
from opjax.syntax.declarations import FunctionDeclaration
from opjax.syntax.nodes import Call
from opjax.traverse import Walk

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering

Settled = Mapping[str, "str | float | None"]


def lower_kernel(
    lowering: Lowering, call: Call, settled: Settled, options: Mapping[str, AnyNode]
) -> Walk[AnyNode | None]:
    """The kernel of a call as an expression of the leaf ``time ago``; None where the model does not know it.

    Arguments:
        lowering: makes nodes.
        call: the call.
        settled: its options that are words and numbers.
        options: those that are expressions, over the dims of the signal.
    """
    word = settled.get("kernel")
    if not isinstance(word, str):
        return None
    graph = lowering.graph
    ago = graph.symbol("delay", TIME_AGO, (), call.span)
    parameter, window = (_value(lowering, name, settled, options) for name in ("kernel_params", "window"))
    entry = lowering.names.values.get(word)
    if entry is not None and isinstance(entry.declaration, FunctionDeclaration):
        given: list[AnyNode | None] = [ago] if "kernel_params" not in settled else [ago, parameter]
        return (yield _applied(lowering, call, entry.declaration, given))
    if word == "uniform" and "kernel_params" not in settled and window is not None:
        return graph.apply("divide", (graph.constant(1.0), window), call.span)
    if word == "exponential" and parameter is not None:
        falling = graph.apply("exp", (graph.apply("negate", (graph.apply("divide", (ago, parameter)),)),))
        return graph.apply("divide", (falling, parameter), call.span)
    return None


def _value(lowering: Lowering, name: str, settled: Settled, options: Mapping[str, AnyNode]) -> AnyNode | None:
    number = settled.get(name)
    return lowering.graph.constant(number) if isinstance(number, int | float) else options.get(name)


def _applied(
    lowering: Lowering, call: Call, function: FunctionDeclaration, given: list[AnyNode | None]
) -> Walk[AnyNode]:
    known = [node for node in given if node is not None]
    if len(function.parameters) != len(known) or len(known) < len(given):
        more = ", and of kernel_params, a number or an expression" if len(given) > 1 else ""
        raise _bad(lowering, call, function, f"must be a function of the time ago{more}")
    node = yield lowering.user_function(call, function, known, Scope(f"the kernel '{function.name}'"))
    if any(isinstance(part, Opaque) for part in reachable([node])):
        raise _bad(lowering, call, function, "asks for the past itself")
    return lowering.as_real(node)


def _bad(lowering: Lowering, call: Call, function: FunctionDeclaration, problem: str) -> Exception:
    return lowering.report.stop(catalogue.BAD_HISTORY_KERNEL, call.span, name=function.name, problem=problem)
