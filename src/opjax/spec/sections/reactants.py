"""`reactants` and `catalysts` of a transition: the molecules that meet in one event.

`reactants` lists all of them, ``[{state: "S[age]", order: 1}, {state: I, order: 2}]``; `catalysts` lists those that are
not consumed. Either may be `auto`: they are derived from the rate. Both become ``reactants S[age] + 2 I``.
"""

from __future__ import annotations

from opjax.spec.document import MappingNode, Node, ScalarNode, wrong_value
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain
from opjax.spec.sections.shapes import TEXT, Either, Listed, Record, Scalar
from opjax.spec.sections.values import scalar, term
from opjax.spec.sections.written import written_reference
from opjax.syntax.declarations import Stated, Term

_ONE = Record(
    "a mapping with 'state' and 'order'", {"state": TEXT, "order": Scalar("a whole number", ("integer",))}, ("state",)
)
_ONE_OR_TEXT = Either("a mapping with 'state' and 'order', or a text such as \"2 I[age]\"", (TEXT, _ONE))
REACTANTS = Either(
    "auto, or a list of mappings with 'state' and 'order'",
    (Scalar("auto", (), ("auto",)), Listed("a list", _ONE_OR_TEXT)),
)


def stated_reactants(fields: dict[str, Node], consumed: tuple[Term, ...], path: str, draft: Draft) -> Stated:
    """What a transition says of the molecules that meet.

    Arguments:
        fields: the fields of the transition.
        consumed: its source, which `catalysts` leaves out.
        path: where it is, for messages.
        draft: gets the problems.
    """
    if "catalysts" not in fields:
        return _listed(fields.get("reactants"), f"{path}.reactants", draft)
    if "reactants" in fields:
        wrong_value(draft.report, fields["catalysts"], f"'{path}.catalysts'", "absent where 'reactants' stands")
    others = _listed(fields["catalysts"], f"{path}.catalysts", draft)
    return (*consumed, *others) if isinstance(others, tuple) else others


def _listed(node: Node | None, path: str, draft: Draft) -> Stated:
    if node is None:
        return None
    if isinstance(node, ScalarNode):
        return "auto"
    found: list[Term] = []
    draft.every(node, path, lambda item, below: found.append(_one(item, below, draft)))
    return tuple(found)


def _one(node: Node, path: str, draft: Draft) -> Term:
    draft.must_fit(node, _ONE_OR_TEXT, path)
    if not isinstance(node, MappingNode):
        return term(node, draft)
    fields = draft.fields(node, _ONE, path)
    found = term(scalar(fields["state"], TEXT, f"{path}.state", draft), draft)
    order = fields.get("order")
    if order is None:
        return found
    number = order.value if isinstance(order, ScalarNode) and isinstance(order.value, int) else 0
    if number < 1:
        wrong_value(draft.report, order, f"'{path}.order'", "a whole number from 1 on")
    return Term(found.target, max(number, 1))


def written_reactants(stated: Stated) -> Plain:
    """The value of `reactants`."""
    if not isinstance(stated, tuple):
        return stated
    return [{"state": written_reference(term.target), "order": term.count} for term in stated]
