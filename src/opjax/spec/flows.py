"""The flows of a model: most of a large network are made when somebody asks for them."""

from __future__ import annotations

from opjax.ir.lazily import Lazily
from opjax.ir.system import Flow, KnownFlows, Participant
from opjax.syntax.declarations import Term, TransitionDeclaration

Flows = Lazily[Flow, KnownFlows]
"""Those that are not made are flows between states without axes."""


def flows_of_a_model() -> Flows:
    """The flows by name; none yet."""
    return Flows(_flow)


def _flow(name: str, known: KnownFlows) -> Flow:
    place = known.place(name)
    declared = known.rows[known.places[place]]
    assert isinstance(declared, TransitionDeclaration)
    return Flow(
        name,
        doc=declared.doc,
        span=declared.span,
        value=known.values[place],
        rate=known.rates[place],
        mass_action=declared.mass_action,
        reactants=_side(declared.reactants),
        products=_side(declared.products),
    )


def _side(terms: tuple[Term, ...]) -> tuple[Participant, ...]:
    return tuple(Participant(term.target.name, term.count) for term in terms)
