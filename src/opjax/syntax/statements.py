"""What the rules of ``grammar.lark`` that belong to statements become: one function per rule or alias.

Declarations get their place from the parser, which knows where the statement begins and ends.
"""

from __future__ import annotations

import datetime
import itertools
from typing import Literal, NamedTuple, TypeAlias, cast

from opjax.source import Span
from opjax.syntax.declarations import (
    FLAGS,
    Action,
    AliasDeclaration,
    At,
    AxisDeclaration,
    AxisKind,
    BoundaryDeclaration,
    Bounds,
    DerivativeDeclaration,
    DistributionCall,
    Doses,
    Edge,
    EventDeclaration,
    Every,
    Flag,
    FunctionDeclaration,
    InitialDeclaration,
    InputDeclaration,
    Interpolation,
    ObservationDeclaration,
    ParameterDeclaration,
    RequirementDeclaration,
    StateDeclaration,
    Term,
    TimeDeclaration,
    TransitionDeclaration,
    When,
)
from opjax.syntax.lexer import Token
from opjax.syntax.nodes import Argument, Expression, Reference
from opjax.syntax.slips import unexpected_text
from opjax.syntax.transformer import ACTIONS as ACTIONS
from opjax.syntax.transformer import Value, action, bare, between, checked_number, optional, unquoted, whole


class Declared(NamedTuple):
    """A name with the axes that it is declared over: ``C[age, age]``."""

    name: str
    axes: tuple[str, ...]
    span: Span


@action
def declared(name: Token, axes: tuple[str, ...] | None) -> Declared:
    """``C[age, age]``."""
    return Declared(name.text, axes or (), name.span)


@action
def names(*found: Token) -> tuple[str, ...]:
    """``age, region``."""
    return tuple(token.text for token in found)


def _doc(token: Token | None) -> str:
    return unquoted(token) if token else ""


# --- units


@action
def unit(*parts: Token) -> str:
    """``mm^2/day``, without spaces."""
    return "".join("^" if part.type == "CARET" else part.text for part in parts)


@action
def quoted_unit(token: Token) -> str:
    """``"copies per mL"``: any other unit, as it stands."""
    return unquoted(token)


# --- axes


class _Points(NamedTuple):
    kind: AxisKind
    values: tuple[str | float, ...] = ()
    grid: tuple[Expression, ...] = ()
    spacing: Literal["linear", "log"] = "linear"


@action
def axis(name: Token, of: str | None, points_: _Points, doc: Token | None) -> AxisDeclaration:
    """``age : year = ordered ["0-4", "5+"] "doc"``."""
    return AxisDeclaration(
        name.text, points_.kind, points_.values, points_.grid, points_.spacing, of or "", doc=_doc(doc)
    )


def _label(token: Token) -> str:
    return unquoted(token) if token.type == "STRING" else token.text


@action
def labels(*found: Token) -> _Points:
    """``[young, old]``."""
    return _Points("labels", tuple(_label(token) for token in found))


@action
def ordered(*found: Token) -> _Points:
    """``ordered [young, old]``."""
    return _Points("ordered", tuple(_label(token) for token in found))


@action
def points(*found: Token) -> _Points:
    """``points [0, 0.5, 2]``."""
    return _Points("points", tuple(checked_number(token) for token in found))


@action
def grid(low: Value, high: Value, size: Value, spacing: Token | None) -> _Points:
    """``grid(0, 50, 256, log)``."""
    steps: Literal["linear", "log"] = "log" if spacing and spacing.text == "log" else "linear"
    return _Points("grid", grid=(bare(low), bare(high), bare(size)), spacing=steps)


@action
def data() -> _Points:
    """``data``."""
    return _Points("data")


# --- parameters and states


class _Unit(NamedTuple):
    sign: Token
    unit: str


class _Default(NamedTuple):
    sign: Token
    value: Value


class _Prior(NamedTuple):
    sign: Token
    prior: DistributionCall


class _Bounds(NamedTuple):
    sign: Token
    bounds: Bounds


_Part: TypeAlias = "_Unit | _Default | _Prior | _Bounds | Token"


@action
def unit_part(sign: Token, of: str) -> _Unit:
    """``: mg/L``."""
    return _Unit(sign, of)


@action
def default_part(sign: Token, value: Value) -> _Default:
    """``= 3``."""
    return _Default(sign, value)


@action
def prior_part(sign: Token, prior: DistributionCall) -> _Prior:
    """``~ Normal(0, 1)``."""
    return _Prior(sign, prior)


@action
def bounds_part(sign: Token, limits: Bounds) -> _Bounds:
    """``in (0, 1]``."""
    return _Bounds(sign, limits)


class _Parts:
    """The parts behind a declared name, in any order, each at most once."""

    def __init__(self, parts: tuple[_Part, ...]) -> None:
        self.unit = self.doc = ""
        self.default: Value | None = None
        self.prior: DistributionCall | None = None
        self.bounds: Bounds | None = None
        self.flags: tuple[Flag, ...] = ()
        seen = set[str]()
        for part in parts:
            key = self._take(part)
            if key in seen:
                token = part if isinstance(part, Token) else part.sign
                raise unexpected_text(token.span, f"{key} stands here a second time: remove one of the two")
            seen.add(key)

    def _take(self, part: _Part) -> str:
        match part:
            case _Unit():
                self.unit, key = part.unit, "the unit"
            case _Default():
                self.default, key = part.value, "the value"
            case _Prior():
                self.prior, key = part.prior, "the prior"
            case _Bounds():
                self.bounds, key = part.bounds, "the bounds"
            case Token(type="STRING"):
                self.doc, key = unquoted(part), "the text"
            case Token():
                self.flags, key = (*self.flags, *(flag for flag in FLAGS if flag == part.text)), f"'{part.text}'"
        return key


@action
def parameter(head: Declared, *parts: _Part) -> ParameterDeclaration:
    """``C[age, age] : 1/day = 0.1 ~ Normal(0, 1) in (0, 1] fixed "doc"``; ``= data`` is the flag `data`."""
    found = _Parts(parts)
    default, flags = found.default, found.flags
    if isinstance(default, Reference) and default.name == "data" and not default.indices:
        default, flags = None, ("data", *flags)
    value = optional(default)
    return ParameterDeclaration(
        head.name, head.axes, found.unit, value, found.prior, found.bounds, cast("tuple[Flag, ...]", flags),
        doc=found.doc,
    )


@action
def state(head: Declared, *parts: _Part) -> StateDeclaration:
    """``S[age] : person = 1e6 counts "doc"``."""
    found = _Parts(parts)
    return StateDeclaration(head.name, head.axes, found.unit, optional(found.default), found.flags, doc=found.doc)


@action
def state_list(*found: Declared) -> tuple[StateDeclaration, ...]:
    """``S, I[age], R``."""
    return tuple(StateDeclaration(head.name, head.axes, span=head.span) for head in found)


@action
def input_table(
    head: Declared, time_name: Token, of: str | None, interpolation: Token, doc: Token | None
) -> InputDeclaration:
    """``school[age](t) : unit = previous "doc"``."""
    if time_name.text != "t":
        raise unexpected_text(time_name.span, f"an input is a table over time: {head.name}(t) = {interpolation.text}")
    return InputDeclaration(
        head.name, cast(Interpolation, interpolation.text), head.axes, of or "", doc=_doc(doc)
    )


# --- aliases and dynamics


@action
def alias(
    head: Declared, of: str | None, value: Value, edge: Token | None, doc: Token | None
) -> AliasDeclaration:
    """``N[age] : person = S[age] + I[age] edge stay "doc"``."""
    return AliasDeclaration(head.name, bare(value), head.axes, of or "", _edge(edge), doc=_doc(doc))


def _edge(token: Token | None) -> Edge | None:
    return cast(Edge, token.text) if token else None


@action
def function(name: Token, parameters: tuple[str, ...], value: Value, doc: Token | None) -> FunctionDeclaration:
    """``hill(x, k, n) = x^n / (k^n + x^n)``."""
    return FunctionDeclaration(name.text, parameters, bare(value), doc=_doc(doc))


@action
def transition(
    name: Token | None,
    reactants: tuple[Term, ...],
    arrow: Token,
    products: tuple[Term, ...],
    *rest: Value | Token | None,
) -> TransitionDeclaration:
    """``name: 2 A + B -> C @ rate edge stay "doc"``."""
    rate, edge, doc = cast("tuple[Value, Token | None, Token | None]", rest)
    mass_action, named = arrow.text == "->", name.text if name else ""
    return TransitionDeclaration(
        reactants, products, bare(rate), mass_action, named, _edge(edge), doc=_doc(doc)
    )


@action
def side(*terms: Term | Token) -> tuple[Term, ...]:
    """``2 A + B``; a lone ``0`` is the empty side."""
    for part in terms:
        if isinstance(part, Token) and (part.text != "0" or len(terms) > 1):
            raise unexpected_text(part.span, "an empty side is a lone 0; a count stands before its state: 2 A")
    return tuple(part for part in terms if isinstance(part, Term))


@action
def term(target: Reference) -> Term:
    """``B[age]``."""
    return Term(target)


@action
def counted_term(count: Token, target: Reference) -> Term:
    """``2 B[age]``."""
    number_of = whole(count, "the count of a reactant or product is a whole number")
    if number_of == 0:
        raise unexpected_text(count.span, "leave out what does not take part; an empty side is a lone 0")
    return Term(target, number_of)


@action
def nothing(zero: Token) -> Token:
    """``0``."""
    return zero


@action
def derivative(
    target: Reference, _: Token, value: Value, edge: Token | None, doc: Token | None
) -> DerivativeDeclaration:
    """``S[age]' = ... edge periodic``."""
    return DerivativeDeclaration(target, bare(value), _edge(edge), doc=_doc(doc))


@action
def derivative_of(
    d: Reference, target: Reference, dt: Reference, value: Value, *rest: Token | None
) -> DerivativeDeclaration:
    """``d(u[x])/dt = ... edge periodic``."""
    _expect(d, d.name == "d" and not d.indices, "a derivative is written d(u)/dt = ... or u' = ...")
    _expect_dt(dt)
    edge, doc = rest
    return DerivativeDeclaration(target, bare(value), _edge(edge), doc=_doc(doc))


@action
def derivative_named(d: Reference, dt: Reference, value: Value, *rest: Token | None) -> DerivativeDeclaration:
    """``dN/dt = ...``, ``dS[age]/dt = ...``."""
    _expect(d, d.name.startswith("d") and len(d.name) > 1, "a derivative is written d(u)/dt = ... or u' = ...")
    _expect_dt(dt)
    edge, doc = rest
    place = Span(d.span.source, d.span.start + 1, d.span.end)
    return DerivativeDeclaration(Reference(d.name[1:], d.indices, span=place), bare(value), _edge(edge), doc=_doc(doc))


def _expect(found: Reference, holds: bool, hint: str) -> None:
    if not holds:
        raise unexpected_text(found.span, hint)


def _expect_dt(found: Reference) -> None:
    _expect(found, found.name == "dt" and not found.indices, "the derivative of a state is taken over time: d(u)/dt")


@action
def initial(target: Reference, value: Value, doc: Token | None) -> InitialDeclaration:
    """``S[age] = 1``."""
    return InitialDeclaration(target, bare(value), doc=_doc(doc))


# --- events and boundaries


@action
def event(name: Token, trigger: At | Every | When | Doses, *rest: Action | Token | None) -> EventDeclaration:
    """``name: trigger: action; action "doc"``."""
    actions = tuple(part for part in rest if isinstance(part, Action))
    return EventDeclaration(name.text, trigger, actions, doc=_doc(cast("Token | None", rest[-1])))


@action
def at(moment: Value) -> At:
    """``at 60``."""
    return At(bare(moment))


@action
def every(period: Value, start: Value | None, stop_: Value | None) -> Every:
    """``every 24 from 0 to 168``."""
    return Every(bare(period), optional(start), optional(stop_))


@action
def when(condition: Value, direction: Token | None) -> When:
    """``when x > 1 rising``."""
    found: Literal["", "rising", "falling"] = ""
    if direction:
        found = "rising" if direction.text == "rising" else "falling"
    return When(bare(condition), found)


@action
def doses(table: Token) -> Doses:
    """``doses from dosing_table``."""
    return Doses(table.text)


@action
def change(target: Reference, sign: Token, value: Value) -> Action:
    """``gut[id] += F*amt``."""
    return Action(cast(Literal["=", "+=", "-=", "*="], sign.text), target, bare(value))


@action
def stop() -> Action:
    """``stop``."""
    return Action("stop")


@action
def boundary(
    state_name: Token, axis_name: Token, at_side: Token, kind: Token, *rest: tuple[Argument, ...] | Token | None
) -> BoundaryDeclaration:
    """``u at x.lo: neumann(0)``."""
    found, doc = cast("tuple[tuple[Argument, ...] | None, Token | None]", rest)
    place: Literal["lo", "hi"] = "lo" if at_side.text == "lo" else "hi"
    return BoundaryDeclaration(state_name.text, axis_name.text, place, kind.text, found or (), doc=_doc(doc))


# --- observations, requirements, time


@action
def distribution(name: Token, found: tuple[Argument, ...] | None, closing: Token) -> DistributionCall:
    """``LogNormal(loc=0, scale=1)``."""
    return DistributionCall(name.text, found or (), span=between(name, closing))


@action
def interval(opening: Token, low: Value, high: Value, closing: Token) -> Bounds:
    """``(low, high]``."""
    return Bounds(
        bare(low), bare(high), opening.text == "[", closing.text == "]", span=between(opening, closing)
    )


@action
def whole_bounds(*parts: Token | Bounds) -> Bounds:
    """``[low, high]`` or ``in [low, high]``."""
    return cast(Bounds, parts[-1])


@action
def observation(
    head: Declared, model: DistributionCall, period: Value | None, doc: Token | None
) -> ObservationDeclaration:
    """``cases[age] ~ Poisson(x) every 7``."""
    return ObservationDeclaration(head.name, model, head.axes, optional(period), doc=_doc(doc))


@action
def requirement(condition: Value, doc: Token | None) -> RequirementDeclaration:
    """``beta > gamma``."""
    return RequirementDeclaration(bare(condition), doc=_doc(doc))


@action
def time(of: str, origin: Token | None, doc: Token | None) -> TimeDeclaration:
    """``day origin 2021-09-01``."""
    return TimeDeclaration(of, _date(origin) if origin else "", doc=_doc(doc))


@action
def time_from(origin: Token, doc: Token | None) -> TimeDeclaration:
    """``origin 2021-09-01``."""
    return TimeDeclaration("", _date(origin), doc=_doc(doc))


def _date(token: Token) -> str:
    try:
        datetime.date.fromisoformat(token.text)
    except ValueError:
        raise unexpected_text(token.span, "there is no such day: a date is year-month-day, 2021-09-01") from None
    return token.text
