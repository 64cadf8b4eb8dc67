"""Calls: functions of the table and of the model, inputs, delays, ``incidence``, and what is run later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opjax.errors import catalogue, did_you_mean
from opjax.ir import functions
from opjax.ir.functions import Function
from opjax.ir.nodes import AnyNode
from opjax.ir.system import NotYet
from opjax.source import Span
from opjax.spec.derivatives import SPATIAL, lower_at, lower_spatial
from opjax.spec.dynamics import transition_axes
from opjax.spec.history import HISTORY_CALLS, lower_earlier, lower_history
from opjax.spec.names import KIND_IN_WORDS, SPECIAL_CALLS, Name
from opjax.spec.other_names import other_name_hint
from opjax.spec.scope import Scope
from opjax.spec.tables import lower_input
from opjax.spec.weights import trapezoid
from opjax.syntax.declarations import FunctionDeclaration
from opjax.syntax.nodes import Argument, Call, Reference
from opjax.traverse import Walk

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering


def lower_call(lowering: Lowering, call: Call, scope: Scope) -> Walk[AnyNode]:
    """The node of a call."""
    entry = lowering.names.values.get(call.name)
    if entry is not None and isinstance(entry.declaration, FunctionDeclaration):
        return (yield _user_call(lowering, call, entry.declaration, scope))
    if entry is not None and entry.kind in ("state", "input"):
        return (yield _of_time(lowering, call, entry, scope))
    record = functions.lookup(call.name)
    if record is not None and not call.indices:
        return (yield _table_call(lowering, call, record, scope))
    if call.name in SPATIAL:
        return (yield _spatial(lowering, call, scope))
    if call.name in SPECIAL_CALLS:
        return _special(lowering, call, scope)
    if call.name in HISTORY_CALLS and entry is None:
        return (yield lower_history(lowering, call, scope))
    if entry is not None:
        kind = KIND_IN_WORDS[entry.kind]
        hint = f"write {call.name}*(...) for a product"
        raise lowering.report.stop(catalogue.NOT_A_FUNCTION, call.span, name=call.name, kind=kind, hint=hint)
    known = [*functions.user_function_names(), *HISTORY_CALLS, *lowering.names.known("function", "input", "state")]
    hint = other_name_hint(call, lowering.names) or did_you_mean(call.name, known, catalogue.UNKNOWN_FUNCTION.hint)
    raise lowering.report.stop(catalogue.UNKNOWN_FUNCTION, call.span, name=call.name, hint=hint)


def in_order(lowering: Lowering, call: Call, parameters: tuple[str, ...], more: bool = False) -> tuple[Argument, ...]:
    """The arguments of a call in the order of the parameters.

    Arguments:
        lowering: gets the problems.
        call: the call, with positional and keyword arguments.
        parameters: the names of the parameters.
        more: whether more positional arguments may follow.
    """
    given: dict[str, Argument] = {}
    extra: list[Argument] = []
    for place, argument in enumerate(call.arguments):
        name = argument.keyword
        if name is None and place < len(parameters):
            name = parameters[place]
        if name is None:
            extra.append(argument)
        elif name not in parameters:
            hint = did_you_mean(name, parameters, f"its arguments are {', '.join(parameters)}")
            raise lowering.report.stop(catalogue.NO_KEYWORD, argument.span, name=call.name, keyword=name, hint=hint)
        elif name in given:
            raise _wrong_count(lowering, call, parameters, f"'{name}' is given twice, which makes {place + 1}")
        else:
            given[name] = argument
    if len(given) < len(parameters) or (extra and not more):
        found = len(call.arguments)
        raise _wrong_count(lowering, call, parameters, f"{found} {'is' if found == 1 else 'are'}")
    return (*(given[name] for name in parameters), *extra)


def _wrong_count(lowering: Lowering, call: Call, parameters: tuple[str, ...], found: str) -> Exception:
    several = "argument" if len(parameters) == 1 else "arguments"
    return lowering.report.stop(
        catalogue.WRONG_ARGUMENT_COUNT,
        call.span,
        name=call.name,
        expected=f"{len(parameters)} {several}",
        found=found,
        hint=f"write {call.name}({', '.join(parameters)})",
    )


def _table_call(lowering: Lowering, call: Call, record: Function, scope: Scope) -> Walk[AnyNode]:
    arguments = in_order(lowering, call, record.arguments, record.variadic)
    kinds = record.argument_kinds
    nodes: list[AnyNode] = []
    for place, argument in enumerate(arguments):
        node = yield lowering.walk(argument.value, scope)
        wanted = kinds[min(place, len(kinds) - 1)]
        where = f"argument {place + 1} of '{call.name}'"
        nodes.append(lowering.as_kind(node, "boolean" if wanted == "boolean" else "real", where, argument.span))
    return lowering.graph.apply(record.name, nodes, call.span)


def _user_call(lowering: Lowering, call: Call, function: FunctionDeclaration, scope: Scope) -> Walk[AnyNode]:
    nodes: list[AnyNode] = []
    for argument in in_order(lowering, call, function.parameters):
        nodes.append((yield lowering.walk(argument.value, scope)))
    return (yield lowering.user_function(call, function, nodes, scope))


def _of_time(lowering: Lowering, call: Call, entry: Name, scope: Scope) -> Walk[AnyNode]:
    """An input at a time, or a state at an earlier time."""
    argument = in_order(lowering, call, ("time",))[0]
    if entry.kind == "state":
        return (yield lower_earlier(lowering, call, scope))
    time = yield lowering.walk(argument.value, scope)
    return lower_input(lowering, call, entry, lowering.as_real(time), scope)


def later(lowering: Lowering, what: str, name: str, span: Span) -> None:
    """Note that the model uses something which cannot be run yet."""
    lowering.not_yet.append(NotYet(what, name, span))


def _special(lowering: Lowering, call: Call, scope: Scope) -> AnyNode:
    if call.name == "incidence":
        return _incidence(lowering, call, scope)
    if call.name == "trapezoid":
        return trapezoid(lowering, in_order(lowering, call, ("index",))[0], scope)
    later(lowering, "the noise", _first_name(call), call.span)
    return lowering.graph.opaque("noise", _first_name(call), (), (), call.span)


def _spatial(lowering: Lowering, call: Call, scope: Scope) -> Walk[AnyNode]:
    """A derivative along an axis, or a value between its points."""
    if call.name == "at":
        return (yield lower_at(lowering, call, scope))
    names = ("value", "axis", "velocity") if call.name == "upwind" else ("value", "axis")
    return (yield lower_spatial(lowering, call, in_order(lowering, call, names), scope))


def _first_name(call: Call) -> str:
    first = call.arguments[0].value if call.arguments else None
    return first.name if isinstance(first, Reference) else call.name


def _incidence(lowering: Lowering, call: Call, scope: Scope) -> AnyNode:
    """The flow through a transition since the previous observation."""
    argument = in_order(lowering, call, ("transition",))[0].value
    names = lowering.names
    if not isinstance(argument, Reference) or argument.name not in names.transitions:
        name = argument.name if isinstance(argument, Reference) else argument.span.text
        hint = did_you_mean(name, names.transitions, lowering.report.usual_hint(catalogue.UNKNOWN_TRANSITION))
        raise lowering.report.stop(catalogue.UNKNOWN_TRANSITION, argument.span, name=name, hint=hint)
    axes = transition_axes(names.transitions[argument.name])
    selections = lowering.indices.positions(argument.name, axes, argument.indices, scope, argument.span)
    whole = lowering.graph.symbol("incidence", argument.name, axes, call.span)
    return lowering.along(whole, axes, selections, call.span)
