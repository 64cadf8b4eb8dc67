"""What the rules of ``grammar.lark`` about change become: transitions, equations, events, ..."""

from __future__ import annotations

from typing import Literal, cast

from opjax.source import Span
from opjax.syntax.declarations import (
    AbsenceDeclaration,
    Action,
    At,
    Automatic,
    BoundaryDeclaration,
    DerivativeDeclaration,
    Doses,
    EventDeclaration,
    Every,
    InitialDeclaration,
    OperatorDeclaration,
    Stated,
    Term,
    TransitionDeclaration,
    When,
)
from opjax.syntax.lexer import Token
from opjax.syntax.nodes import Argument, Reference
from opjax.syntax.slips import unexpected_text
from opjax.syntax.statements import doc_of, edge_of
from opjax.syntax.transformer import Value, bare, optional, whole


def transition(
    name: Token | None,
    reactants: tuple[Term, ...],
    arrow: Token,
    products: tuple[Term, ...],
    *rest: Value | Token | Stated,
) -> TransitionDeclaration:
    """``name: 2 A + B -> C @ rate edge stay reactants 2 A + B "doc"``."""
    rate, edge, molecules, doc = cast("tuple[Value, Token | None, Stated, Token | None]", rest)
    mass_action, named = arrow.text == "->", name.text if name else ""
    return TransitionDeclaration(
        reactants, products, bare(rate), mass_action, named, edge_of(edge), molecules, doc=doc_of(doc)
    )


def stated(molecules: tuple[Term, ...]) -> tuple[Term, ...]:
    """``reactants 2 A + B``."""
    return molecules


def automatic() -> Automatic:
    """``auto reactants``: the reactants are derived from the rate."""
    return "auto"


def side(*terms: Term | Token) -> tuple[Term, ...]:
    """``2 A + B``; a lone ``0`` is the empty side."""
    for part in terms:
        if isinstance(part, Token) and (part.text != "0" or len(terms) > 1):
            raise unexpected_text(part.span, "an empty side is a lone 0; a count stands before its state: 2 A")
    return tuple(part for part in terms if isinstance(part, Term))


def term(target: Reference) -> Term:
    """``B[age]``."""
    return Term(target)


def counted_term(count: Token, target: Reference) -> Term:
    """``2 B[age]``."""
    number_of = whole(count, "the count of a reactant or product is a whole number")
    if number_of == 0:
        raise unexpected_text(count.span, "leave out what does not take part; an empty side is a lone 0")
    return Term(target, number_of)


def nothing(zero: Token) -> Token:
    """``0``."""
    return zero


def derivative(
    target: Reference, _: Token, value: Value, edge: Token | None, doc: Token | None
) -> DerivativeDeclaration:
    """``S[age]' = ... edge periodic``."""
    return DerivativeDeclaration(target, bare(value), edge_of(edge), doc=doc_of(doc))


def derivative_of(
    d: Reference, target: Reference, dt: Reference, value: Value, *rest: Token | None
) -> DerivativeDeclaration:
    """``d(u[x])/dt = ... edge periodic``."""
    _expect(d, d.name == "d" and not d.indices, "a derivative is written d(u)/dt = ... or u' = ...")
    _expect_dt(dt)
    edge, doc = rest
    return DerivativeDeclaration(target, bare(value), edge_of(edge), doc=doc_of(doc))


def derivative_named(d: Reference, dt: Reference, value: Value, *rest: Token | None) -> DerivativeDeclaration:
    """``dN/dt = ...``, ``dS[age]/dt = ...``."""
    _expect(d, d.name.startswith("d") and len(d.name) > 1, "a derivative is written d(u)/dt = ... or u' = ...")
    _expect_dt(dt)
    edge, doc = rest
    target = Reference(d.name[1:], d.indices, span=Span(d.span.source, d.span.start + 1, d.span.end))
    return DerivativeDeclaration(target, bare(value), edge_of(edge), doc=doc_of(doc))


def _expect(found: Reference, holds: bool, hint: str) -> None:
    if not holds:
        raise unexpected_text(found.span, hint)


def _expect_dt(found: Reference) -> None:
    _expect(found, found.name == "dt" and not found.indices, "the derivative of a state is taken over time: d(u)/dt")


def initial(target: Reference, value: Value, doc: Token | None) -> InitialDeclaration:
    """``S[age] = 1``."""
    return InitialDeclaration(target, bare(value), doc=doc_of(doc))


# --- events and boundaries


def event(name: Token, trigger: At | Every | When | Doses, *rest: Action | Token | None) -> EventDeclaration:
    """``name: trigger: action; action "doc"``."""
    actions = tuple(part for part in rest if isinstance(part, Action))
    return EventDeclaration(name.text, trigger, actions, doc=doc_of(cast("Token | None", rest[-1])))


def at(moment: Value) -> At:
    """``at 60``."""
    return At(bare(moment))


def every(period: Value, start: Value | None, stop_: Value | None) -> Every:
    """``every 24 from 0 to 168``."""
    return Every(bare(period), optional(start), optional(stop_))


def when(condition: Value, direction: Token | None) -> When:
    """``when x > 1 rising``."""
    found: Literal["", "rising", "falling"] = ""
    if direction:
        found = "rising" if direction.text == "rising" else "falling"
    return When(bare(condition), found)


def doses(table: Token) -> Doses:
    """``doses from dosing_table``."""
    return Doses(table.text)


def change(target: Reference, sign: Token, value: Value) -> Action:
    """``gut[id] += F*amt``."""
    return Action(cast(Literal["=", "+=", "-=", "*="], sign.text), target, bare(value))


def stop() -> Action:
    """``stop``."""
    return Action("stop")


def boundary(
    state_name: Token, axis_name: Token, at_side: Token, kind: Token, *rest: tuple[Argument, ...] | Token | None
) -> BoundaryDeclaration:
    """``u at x.lo: neumann(0)``."""
    found, doc = cast("tuple[tuple[Argument, ...] | None, Token | None]", rest)
    place: Literal["lo", "hi"] = "lo" if at_side.text == "lo" else "hi"
    return BoundaryDeclaration(state_name.text, axis_name.text, place, kind.text, found or (), doc=doc_of(doc))


# --- operators and absent cells


def operator(
    name: Token | None, kind: Token, *rest: tuple[str, ...] | tuple[Argument, ...] | Token | None
) -> OperatorDeclaration:
    """``name: advection of S along x with velocity = w "doc"``."""
    states, axis, found, doc = cast(
        "tuple[tuple[str, ...] | None, Token, tuple[Argument, ...] | None, Token | None]", rest
    )
    named = name.text if name else ""
    return OperatorDeclaration(kind.text, axis.text, states or (), found or (), named, doc=doc_of(doc))


def settings(*found: Argument) -> tuple[Argument, ...]:
    """``velocity = w, boundary = periodic``."""
    return found


def absence(states: tuple[str, ...], condition: Value, doc: Token | None) -> AbsenceDeclaration:
    """``S, I where age == "child" "doc"``."""
    return AbsenceDeclaration(bare(condition), states, doc=doc_of(doc))


def absence_anywhere(_: Token, condition: Value, doc: Token | None) -> AbsenceDeclaration:
    """``* where age == "child" "doc"``."""
    return AbsenceDeclaration(bare(condition), doc=doc_of(doc))
