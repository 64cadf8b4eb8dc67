"""What the rules of ``grammar.lark`` for declared quantities become: axes, parameters, states, aliases, observations.

Declarations get their place from the parser, which knows where the statement begins and ends.
"""

from __future__ import annotations

import datetime
from typing import Literal, NamedTuple, TypeAlias, cast

from opjax.source import Span
from opjax.syntax.declarations import (
    AliasDeclaration,
    AxisDeclaration,
    AxisKind,
    Bounds,
    DistributionCall,
    Edge,
    Flag,
    FunctionDeclaration,
    GaugeDeclaration,
    IndependentAxis,
    InputDeclaration,
    Interpolation,
    MeasureDeclaration,
    MeasureKind,
    ObservationDeclaration,
    ParameterDeclaration,
    RequirementDeclaration,
    StateDeclaration,
    TimeDeclaration,
)
from opjax.syntax.lexer import Token
from opjax.syntax.nodes import Argument, Expression, Reference
from opjax.syntax.slips import unexpected_text
from opjax.syntax.transformer import Value, bare, between, checked_number, optional, unquoted


class Declared(NamedTuple):
    """A name with the axes that it is declared over: ``C[age, age]``."""

    name: str
    axes: tuple[str, ...]
    span: Span


def declared(name: Token, axes: tuple[str, ...] | None, closing: Token | None) -> Declared:
    """``C[age, age]``."""
    return Declared(name.text, axes or (), between(name, closing or name))


def names(*found: Token) -> tuple[str, ...]:
    """``age, region``."""
    return tuple(token.text for token in found)


def doc_of(token: Token | None) -> str:
    """A description, or nothing."""
    return unquoted(token) if token else ""


# --- units


def unit(*parts: Token) -> str:
    """``mm^2/day``, without spaces."""
    return "".join("^" if part.type == "CARET" else part.text for part in parts)


def quoted_unit(token: Token) -> str:
    """``"copies per mL"``: any other unit, as it stands."""
    return unquoted(token)


# --- axes


class _Points(NamedTuple):
    kind: AxisKind
    values: tuple[str | float, ...] = ()
    grid: tuple[Expression, ...] = ()
    spacing: Literal["linear", "log"] = "linear"


def axis(
    name: Token, of: str | None, points_: _Points, weighed: MeasureDeclaration | None, doc: Token | None
) -> AxisDeclaration:
    """``age : year = ordered ["0-4", "5+"] measure cell [5, 90] "doc"``."""
    return AxisDeclaration(
        name.text, points_.kind, points_.values, points_.grid, points_.spacing, of or "", weighed, doc=doc_of(doc)
    )


def measure(kind: Token, found: tuple[float, ...] | None, of: str | None) -> MeasureDeclaration:
    """``measure cell [5, 90] : year``."""
    return MeasureDeclaration(cast(MeasureKind, kind.text), found or (), of or "")


def weights(*found: Token) -> tuple[float, ...]:
    """``[5, 90]``."""
    return tuple(checked_number(token) for token in found)


def _label(token: Token) -> str:
    return unquoted(token) if token.type == "STRING" else token.text


def labels(*found: Token) -> _Points:
    """``[young, old]``."""
    return _Points("labels", tuple(_label(token) for token in found))


def ordered(*found: Token) -> _Points:
    """``ordered [young, old]``."""
    return _Points("ordered", tuple(_label(token) for token in found))


def points(*found: Token) -> _Points:
    """``points [0, 0.5, 2]``."""
    return _Points("points", tuple(checked_number(token) for token in found))


def grid(low: Value, high: Value, size: Value, spacing: Token | None) -> _Points:
    """``grid(0, 50, 256, log)``."""
    steps: Literal["linear", "log"] = "log" if spacing and spacing.text == "log" else "linear"
    return _Points("grid", grid=(bare(low), bare(high), bare(size)), spacing=steps)


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


_Part: TypeAlias = "_Unit | _Default | _Prior | _Bounds | _Over | Token"


def unit_part(sign: Token, of: str) -> _Unit:
    """``: mg/L``."""
    return _Unit(sign, of)


def default_part(sign: Token, value: Value) -> _Default:
    """``= 3``."""
    return _Default(sign, value)


def prior_part(sign: Token, prior: DistributionCall) -> _Prior:
    """``~ Normal(0, 1)``."""
    return _Prior(sign, prior)


def bounds_part(sign: Token, limits: Bounds) -> _Bounds:
    """``in (0, 1]``."""
    return _Bounds(sign, limits)


class _Over(NamedTuple):
    sign: Token
    axes: tuple[str, ...]


def measured_over(sign: Token, axes: tuple[str, ...]) -> _Over:
    """``over [x]``."""
    return _Over(sign, axes)


class _Parts:
    """The parts behind a declared name, in any order, each at most once."""

    def __init__(self, parts: tuple[_Part, ...]) -> None:
        self.unit = self.doc = ""
        self.default: Value | None = None
        self.prior: DistributionCall | None = None
        self.bounds: Bounds | None = None
        self.flags: list[Flag] = []
        self.over: tuple[str, ...] = ()
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
            case _Over():
                self.over, key = part.axes, "'over'"
            case Token(type="STRING"):
                self.doc, key = unquoted(part), "the text"
            case Token():
                self.flags.append(cast(Flag, part.text))
                key = f"'{part.text}'"
        return key


def parameter(head: Declared, *parts: _Part) -> ParameterDeclaration:
    """``C[age, age] : 1/day = 0.1 ~ Normal(0, 1) in (0, 1] fixed "doc"``; ``= data`` is the flag `data`."""
    found = _Parts(parts)
    default: Value | None = found.default
    flags = tuple(found.flags)
    if isinstance(default, Reference) and default.name == "data" and not default.indices:
        default, flags = None, cast("tuple[Flag, ...]", ("data", *flags))
    return ParameterDeclaration(
        head.name, head.axes, found.unit, optional(default), found.prior, found.bounds, flags, doc=found.doc
    )


def state(head: Declared, *parts: _Part) -> StateDeclaration:
    """``S[age] : person = 1e6 counts "doc"``."""
    found = _Parts(parts)
    flags = tuple(found.flags)
    return StateDeclaration(head.name, head.axes, found.unit, optional(found.default), flags, found.over, doc=found.doc)


def state_list(*found: Declared) -> tuple[StateDeclaration, ...]:
    """``S, I[age], R``."""
    return tuple(StateDeclaration(head.name, head.axes, span=head.span) for head in found)


def input_table(
    head: Declared, time_name: Token, of: str | None, interpolation: Token, doc: Token | None
) -> InputDeclaration:
    """``school[age](t) : unit = previous "doc"``."""
    if time_name.text != "t":
        raise unexpected_text(time_name.span, f"an input is a table over time: {head.name}(t) = {interpolation.text}")
    return InputDeclaration(head.name, cast(Interpolation, interpolation.text), head.axes, of or "", doc=doc_of(doc))


# --- aliases


def alias(head: Declared, of: str | None, value: Value, edge: Token | None, doc: Token | None) -> AliasDeclaration:
    """``N[age] : person = S[age] + I[age] edge stay "doc"``."""
    return AliasDeclaration(head.name, bare(value), head.axes, of or "", edge_of(edge), doc=doc_of(doc))


def edge_of(token: Token | None) -> Edge | None:
    """``edge stay``."""
    return cast(Edge, token.text) if token else None


def function(name: Token, parameters: tuple[str, ...], value: Value, doc: Token | None) -> FunctionDeclaration:
    """``hill(x, k, n) = x^n / (k^n + x^n)``."""
    return FunctionDeclaration(name.text, parameters, bare(value), doc=doc_of(doc))


# --- observations, requirements, independent axes, time


def distribution(name: Token, found: tuple[Argument, ...] | None, closing: Token) -> DistributionCall:
    """``LogNormal(loc=0, scale=1)``."""
    return DistributionCall(name.text, found or (), span=between(name, closing))


def interval(opening: Token, low: Value, high: Value, closing: Token) -> Bounds:
    """``(low, high]``."""
    return Bounds(bare(low), bare(high), opening.text == "[", closing.text == "]", span=between(opening, closing))


def whole_bounds(*parts: Token | Bounds) -> Bounds:
    """``[low, high]`` or ``in [low, high]``."""
    return cast(Bounds, parts[-1])


def observation(
    head: Declared, model: DistributionCall, period: Value | None, doc: Token | None
) -> ObservationDeclaration:
    """``cases[age] ~ Poisson(x) every 7``."""
    return ObservationDeclaration(head.name, model, head.axes, optional(period), doc=doc_of(doc))


class _Power(NamedTuple):
    name: str
    power: float


def scaled(name: Token, raised: Token | None, sign: Token | None, power: Token | None) -> _Power:
    """``y^-2``."""
    size = checked_number(power) if power else 1.0
    return _Power(name.text, -size if sign else size)


def gauge(name: Token, *parts: _Power | Token | None) -> GaugeDeclaration:
    """``capacity: K, x, y^-2 "doc"``."""
    *powers, doc = parts
    found = sorted((part.name, part.power) for part in powers if isinstance(part, _Power))
    return GaugeDeclaration(name.text, tuple(found), doc=doc_of(doc) if isinstance(doc, Token) else "")


def requirement(condition: Value, doc: Token | None) -> RequirementDeclaration:
    """``beta > gamma``."""
    return RequirementDeclaration(bare(condition), doc=doc_of(doc))


def independent(name: Token, doc: Token | None) -> IndependentAxis:
    """``loc "doc"``."""
    return IndependentAxis(name.text, doc=doc_of(doc))


def independent_list(*found: Token) -> tuple[IndependentAxis, ...]:
    """``loc, age``."""
    return tuple(IndependentAxis(name.text, span=name.span) for name in found)


class _Start(NamedTuple):
    time: float


def start(sign: Token | None, size: Token) -> _Start:
    """``-0.5``."""
    time = checked_number(size)
    return _Start(-time if sign and time else time)


def time(of: str, _: Token | None, begin: _Start | None, origin: Token | None, doc: Token | None) -> TimeDeclaration:
    """``day from 0 origin 2021-09-01``."""
    return TimeDeclaration(of, _date(origin) if origin else "", begin.time if begin else None, doc=doc_of(doc))


def time_without_unit(word: Token, begin: _Start, origin: Token | None, doc: Token | None) -> TimeDeclaration:
    """``from 0 origin 2021-09-01``."""
    return time("", word, begin, origin, doc)


def time_since(origin: Token, doc: Token | None) -> TimeDeclaration:
    """``origin 2021-09-01``."""
    return time("", None, None, origin, doc)


def _date(token: Token) -> str:
    try:
        datetime.date.fromisoformat(token.text)
    except ValueError:
        raise unexpected_text(token.span, "there is no such day: a date is year-month-day, 2021-09-01") from None
    return token.text
