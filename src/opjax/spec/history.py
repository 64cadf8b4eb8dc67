"""Values of the past: ``convolve_history``, ``delay`` and ``history``, which a solve answers, or a provider.

    convolve_history(inflow[loc], kernel="gamma", window=14)
    delay(I, tau=incubation)
    history(I, lag=7)

The first argument is the signal, whose past is wanted. The others are options, which are handed on to the provider:
words as they are, everything else as its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opjax.errors import catalogue
from opjax.ir.nodes import Along, AnyNode
from opjax.ir.system import HistorySignal
from opjax.ir.types import Dim, Dims, declared_dims, sorted_dims
from opjax.source import Span
from opjax.spec.kernels_of_time import lower_kernel
from opjax.spec.scope import Scope
from opjax.syntax.expression_printer import print_expression
from opjax.syntax.nodes import Argument, Call, Expression, Negate, Number, Reference, Sum, Text
from opjax.traverse import Walk

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering


@dataclass(frozen=True, slots=True)
class _Form:
    """The options that a call needs, and those that it may have."""

    needed: tuple[str, ...]
    more: tuple[str, ...]

    def written(self, name: str) -> str:
        """How the call is written."""
        return f"{name}(x, {', '.join(f'{option}=...' for option in self.needed)})"


_SHARED = ("interpolation", "history_axis")
HISTORY_CALLS: Mapping[str, _Form] = {
    "convolve_history": _Form(("kernel", "window"), ("kernel_params", *_SHARED)),
    "delay": _Form(("tau",), _SHARED),
    "history": _Form(("lag",), _SHARED),
}
WORDS = ("kernel", *_SHARED)
"""The options that are words and no values."""
_WORD_OR_VALUE = "kernel_params"


def lower_earlier(lowering: Lowering, call: Call, scope: Scope) -> Walk[AnyNode]:
    """The node of a state at another time, ``N(t - tau)``: that of ``delay(N, tau=tau)``, for every lag by itself."""
    time = call.arguments[0]
    state = Argument(Reference(call.name, call.indices, span=call.span), span=call.span)
    lag = Argument(_lag(time.value), "tau", span=time.span)
    return (yield lower_history(lowering, Call("delay", (state, lag), span=call.span), scope, wide=True))


def _lag(time: Expression) -> Expression:
    """How long before now a time is: of ``t - a + b`` it is ``a - b``."""
    terms = list(zip(time.terms, time.negative, strict=True)) if isinstance(time, Sum) else [(time, False)]
    now = next((n for n, (term, minus) in enumerate(terms) if _is_now(term) and not minus), None)
    if now is None:
        return Sum((Reference("t", span=time.span), time), (False, True), span=time.span)
    rest = [(term, not minus) for n, (term, minus) in enumerate(terms) if n != now]
    if not rest:
        return Number(0.0, span=time.span)
    rest.sort(key=lambda pair: pair[1])  # a sum begins with a term that is added
    first, minus = rest[0]
    first = Negate(first, span=first.span) if minus else first
    if len(rest) == 1:
        return first
    return Sum((first, *(term for term, _ in rest[1:])), (False, *(minus for _, minus in rest[1:])), span=time.span)


def _is_now(term: Expression) -> bool:
    return isinstance(term, Reference) and term.name == "t" and not term.indices


def lower_history(lowering: Lowering, call: Call, scope: Scope, wide: bool = False) -> Walk[AnyNode]:
    """The node of a value of the past; the same signal with the same options is one.

    Arguments:
        lowering: makes nodes.
        call: the call.
        scope: where it stands.
        wide: whether options may run over more than the first argument, and the answer with them.
    """
    given = _options(lowering, call)
    body = lowering.as_real((yield lowering.walk(call.arguments[0].value, scope)))
    values: dict[str, AnyNode] = {}
    settled: dict[str, str | float | None] = {}
    for name, argument in given.items():
        settled[name] = _settled(lowering, call, name, argument)
        if settled[name] is None:
            values[name] = lowering.as_real((yield lowering.walk(argument.value, scope)))
    own = _Own(lowering, call, (body, *(values.values() if wide else ())), scope)
    own.want_no_past(body, call.arguments[0].span)
    for name, value in values.items():
        own.want_no_past(value, given[name].span)
    options = {name: own.read(value) for name, value in values.items()}
    parts = [own.read(body), *options.values()]
    key = (call.name, tuple((name, repr(value)) for name, value in settled.items()), *(p.number for p in parts))
    signal = lowering.history.get(key)
    if signal is None:
        texts = {name: _text(argument.value) for name, argument in given.items()}
        text = print_expression(call.arguments[0].value)
        name = f"history {len(lowering.history)}"
        needed = HISTORY_CALLS[call.name].needed
        kernel = yield lower_kernel(lowering, call, settled, options)
        signal = HistorySignal(name, call.name, scope.where, own.axes, text, texts, settled, needed, call.span, kernel)
        lowering.history[key] = signal
    past = lowering.graph.opaque("delay", signal.name, parts, declared_dims(signal.axes), call.span)
    return own.back(past)


def _options(lowering: Lowering, call: Call) -> dict[str, Argument]:
    """The options by name.

    Raises:
        Stop: for a call in another form.
    """
    form = HISTORY_CALLS[call.name]
    allowed = (*form.needed, *form.more)
    given: dict[str, Argument] = {}
    if call.indices:
        raise _wrong(lowering, call, call.span, "stands without indices")
    if not call.arguments or call.arguments[0].keyword is not None:
        raise _wrong(lowering, call, call.span, "begins with the expression whose past is wanted")
    for argument in call.arguments[1:]:
        name = argument.keyword
        if name is None:
            raise _wrong(lowering, call, argument.span, "has one expression, and options by name")
        if name not in allowed or name in given:
            again = "has the option '{}' twice" if name in given else "has no option '{}', but " + ", ".join(allowed)
            raise _wrong(lowering, call, argument.span, again.format(name))
        given[name] = argument
    missing = next((name for name in form.needed if name not in given), None)
    if missing is not None:
        raise _wrong(lowering, call, call.span, f"needs the option '{missing}'")
    return given


def _wrong(lowering: Lowering, call: Call, span: Span, problem: str) -> Exception:
    hint = f"write {HISTORY_CALLS[call.name].written(call.name)}"
    return lowering.report.stop(catalogue.BAD_HISTORY, span, name=call.name, problem=problem, hint=hint)


def _text(value: Expression) -> str:
    return value.value if isinstance(value, Text) else print_expression(value)


def _literal(value: Expression) -> float | None:
    """A number as it is written, whole where it is written so."""
    inner = value.operand if isinstance(value, Negate) else value
    if not isinstance(inner, Number) or inner.unit:
        return None
    number = int(inner.value) if inner.integer and inner.value < 2**53 else inner.value
    return -number if isinstance(value, Negate) else number


def _settled(lowering: Lowering, call: Call, name: str, argument: Argument) -> str | float | None:
    """The option's word or number, or None where it is a value to be computed."""
    value = argument.value
    if isinstance(value, Text) and name in (*WORDS, _WORD_OR_VALUE):
        return value.value
    if isinstance(value, Reference) and not value.indices and name in WORDS:
        return value.name
    if name in WORDS:
        raise _wrong(lowering, call, argument.span, f"has the option '{name}', which is a word")
    return _literal(value)


@dataclass(slots=True)
class _Own:
    """A signal over axes of its own: what bound names are called where it stands does not matter to the provider."""

    lowering: Lowering
    call: Call
    over: tuple[AnyNode, ...]
    scope: Scope

    @property
    def dims(self) -> list[Dim]:
        """The dims of the signal where it stands, in the order of the indices around it."""
        known = list(self.scope.indices.values())
        return sorted(self.all, key=lambda dim: known.index(dim) if dim in known else len(known))

    @property
    def all(self) -> Dims:
        """The same in any order."""
        return sorted_dims(*(node.dims for node in self.over))

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of the signal, in the order in which the provider gets it."""
        return tuple(dim.axis for dim in self.dims)

    def want_no_past(self, node: AnyNode, span: Span) -> None:
        """Refuse the past of the past, and an option over an axis that the signal does not have."""
        if "delay" in node.roles:
            raise _wrong(self.lowering, self.call, span, "is of something that is of the past itself")
        extra = next((dim.axis for dim in node.dims if dim not in self.all), None)
        if extra is not None:
            problem = f"has an option over '{extra}', and its first argument does not run over it"
            raise _wrong(self.lowering, self.call, span, problem)

    def read(self, node: AnyNode) -> AnyNode:
        """A node over the signal's own dims."""
        renamed = dict(zip(self.dims, declared_dims(self.axes), strict=True))
        return self.lowering.graph.view(node, [Along(renamed[dim]) for dim in node.dims], self.call.span)

    def back(self, past: AnyNode) -> AnyNode:
        """The answer over the dims where it stands."""
        ours = dict(zip(declared_dims(self.axes), self.dims, strict=True))
        return self.lowering.graph.view(past, [Along(ours[dim]) for dim in past.dims], self.call.span)
