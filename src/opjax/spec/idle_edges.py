"""An ``edge`` of a transition that goes over no end: it changes nothing, and the shift was probably forgotten.

Equations and aliases are not looked at: one edge is said for all of a family of them, of which some read no neighbours.
"""

from __future__ import annotations

from opjax.errors import Report, catalogue
from opjax.syntax.declarations import TransitionDeclaration
from opjax.syntax.nodes import Call, Expression, Reference, walk

_SLOPES = ("grad", "div", "upwind")


def warn_of_idle_edge(declared: TransitionDeclaration, report: Report) -> None:
    """Warn where a transition says what lies beyond the ends of axes, and nothing in it reaches there.

    Arguments:
        declared: the transition.
        report: gets the warning.
    """
    if declared.edge is None:
        return
    ends = [term.target for term in (*declared.reactants, *declared.products)]
    if not any(_may_reach_over(part) for whole in (declared.rate, *ends) for part in walk(whole)):
        report.add(catalogue.IDLE_EDGE, declared.span, edge=declared.edge)


def _may_reach_over(part: Expression) -> bool:
    """Whether a part of an expression is a neighbour, or a slope, which is made of neighbours."""
    if isinstance(part, Reference):
        return any(index.offset for index in part.indices)
    return isinstance(part, Call) and part.name in _SLOPES
