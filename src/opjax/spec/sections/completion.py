"""What a mapping leaves unsaid, once all of its keys are read: the flows of chains, states that nothing changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from opjax.spec.sections.draft import Draft
from opjax.syntax.declarations import DerivativeDeclaration, StateDeclaration, Term, TransitionDeclaration
from opjax.syntax.nodes import Binder, Expression, Index, Number, Product, Reduction, Reference


def complete(draft: Draft) -> None:
    """Add what follows from the kind of the model.

    In a model of transitions, a state that no transition names is constant: ``S' = 0``. In a model of equations, the
    flows of a chain change only the states that have no equation.
    """
    has_transitions = any(isinstance(row, TransitionDeclaration) for row in draft.dynamics)
    kind = draft.kind[0] if draft.kind is not None else ""
    if kind == "transitions" or (not kind and has_transitions):
        draft.dynamics.extend(row for row in draft.chained if row.products)
    else:
        draft.dynamics.extend(_filling(draft))
    if kind == "transitions":
        draft.dynamics.extend(_constant(draft))


def named_states(dynamics: Iterable[TransitionDeclaration | DerivativeDeclaration]) -> set[str]:
    """The states that the dynamics name."""
    found: set[str] = set()
    for row in dynamics:
        if isinstance(row, TransitionDeclaration):
            found.update(term.target.name for term in (*row.reactants, *row.products))
        else:
            found.add(row.target.name)
    return found


def _constant(draft: Draft) -> Iterator[DerivativeDeclaration]:
    named = named_states(draft.dynamics)
    for state in draft.states.values():
        if state.name not in named:
            yield DerivativeDeclaration(_whole(state), Number(0.0, True, "0", span=state.span), span=state.span)


def _whole(state: StateDeclaration) -> Reference:
    return Reference(state.name, tuple(Index(axis, span=state.span) for axis in state.axes), span=state.span)


def _filling(draft: Draft) -> Iterator[TransitionDeclaration]:
    """The flows of chains, on the sides that have no equation."""
    equations = {row.target.name for row in draft.dynamics if isinstance(row, DerivativeDeclaration)}
    for row in draft.chained:
        (source,) = row.reactants
        products = tuple(target for target in row.products if target.target.name not in equations)
        if source.target.name not in equations:
            yield replace(row, products=products)
        elif products:
            yield replace(row, reactants=(), rate=_inflow(source, products[0], row.rate), stated_reactants=None)


def _inflow(source: Term, target: Term, rate: Expression) -> Expression:
    """The whole flow from a state that has an equation of its own, summed over the axes that the target lacks."""
    flow = Product((rate, source.target), (False, False), span=rate.span)
    kept = {index.name for index in target.target.indices}
    lost = [index.name for index in source.target.indices if index.name is not None and index.name not in kept]
    if not lost:
        return flow
    return Reduction("sum", flow, tuple(Binder(name, name, span=rate.span) for name in lost), span=rate.span)
