"""op_system's `chain`: a state in several stages, which become states and transitions of their own.

``{name: I, length: 3, entry: {from: S, rate: b}, forward: g, exit: {to: R, rate: h}}`` is

    I_entry:     S -> I1 @ b
    I_advance_1: I1 -> I2 @ g
    I_advance_2: I2 -> I3 @ g
    I_exit:      I3 -> R @ h

with the states I1, I2, I3 behind the declared ones, except those that `state` lists.

In a model of equations (`kind: expr`) the flows change only those
stages and sinks that have no equation; there the last stage empties also where nothing says into what.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

from opjax.errors import Stop, catalogue
from opjax.spec.document import Node, ScalarNode, SequenceNode, check_size, wrong_value
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.reactants import REACTANTS, stated_reactants
from opjax.spec.sections.section import Section, nothing
from opjax.spec.sections.shapes import EXPRESSION, NAME, TEXT, Either, Listed, Record, Scalar
from opjax.spec.sections.values import declared, expression, scalar, term, text_of
from opjax.syntax.declarations import StateDeclaration, Term, TransitionDeclaration
from opjax.syntax.nodes import Expression, Index, Reference

_ENTRY = Record(
    "a mapping with 'from' and 'rate'", {"from": TEXT, "rate": EXPRESSION, "catalysts": REACTANTS}, ("from", "rate")
)
_EXIT = Record("a mapping with 'to' and 'rate'", {"to": TEXT, "rate": EXPRESSION}, ("to",))
_CHAIN = Record(
    "a mapping with 'name', 'length' and 'forward'",
    {
        "name": NAME,
        "length": Scalar("a whole number from 2 on", ("integer",)),
        "entry": _ENTRY,
        "forward": Either("a rate, or a list of rates", (EXPRESSION, Listed("a list of rates", EXPRESSION))),
        "exit": _EXIT,
        "to": TEXT,
        "catalysts": REACTANTS,
        "description": TEXT,
    },
    ("name", "length", "forward"),
)


@dataclass(frozen=True, slots=True)
class _Chain:
    """A chain whose stages are declared.

    Arguments:
        node: the whole item.
        fields: its checked fields.
        path: where it is, for messages.
        name: the name in front of the numbers.
        stages: the stages as the transitions name them.
    """

    node: Node
    fields: dict[str, Node]
    path: str
    name: str
    stages: tuple[Term, ...]


def _read(node: Node, draft: Draft) -> None:
    """All stages are declared before any rate is read, since a rate may be of all states."""
    chains: list[_Chain] = []
    draft.every(node, "chain", lambda item, path: chains.append(_declared(item, path, draft)))
    for chain in chains:
        with contextlib.suppress(Stop):
            _link(chain, draft)


def _declared(node: Node, path: str, draft: Draft) -> _Chain:
    fields = draft.fields(node, _CHAIN, path)
    key = scalar(fields["name"], NAME, f"{path}.name", draft)
    name, axes = declared(key, draft)
    number = fields["length"]
    length = number.value if isinstance(number, ScalarNode) and isinstance(number.value, int) else 0
    if length < 2:
        wrong_value(draft.report, number, f"'{path}.length'", "a whole number from 2 on")
        raise Stop
    check_size(draft.report, number.span, ("the chain", length), ("declarations", draft.limits.declarations))
    indices = tuple(Index(axis, span=key.span) for axis in axes)
    names = [f"{name}{stage}" for stage in range(1, length + 1)]
    for stage in names:
        _declare(StateDeclaration(stage, axes, span=key.span), draft)
    draft.stages.update(names)
    return _Chain(node, fields, path, name, tuple(Term(Reference(stage, indices, span=key.span)) for stage in names))


def _declare(stage: StateDeclaration, draft: Draft) -> None:
    """The stage; `state` may list it as well, to say where it stands among the others."""
    known = draft.states.get(stage.name)
    if known is None:
        draft.states[stage.name] = stage
    elif known.axes != stage.axes or stage.name in draft.stages:
        draft.report.add(catalogue.REPEATED_NAME, stage.span, name=stage.name, first=repr(known.span))


def _link(chain: _Chain, draft: Draft) -> None:
    """The transitions into the chain, along it and out of it."""
    forward, before = _forward(chain, draft), len(draft.chained)
    first, last = chain.stages[0], chain.stages[-1]
    if "entry" in chain.fields:
        path = f"{chain.path}.entry"
        entry = draft.fields(chain.fields["entry"], _ENTRY, path)
        source = term(scalar(entry["from"], TEXT, f"{path}.from", draft), draft)
        rate = expression(entry["rate"], f"{path}.rate", draft)
        _add(chain, "entry", (source, first, rate), entry, draft)
    for number, rate in enumerate(forward):
        link = (chain.stages[number], chain.stages[number + 1], rate)
        _add(chain, f"advance_{number + 1}", link, chain.fields, draft)
    _add(chain, "exit", (last, *_leaving(chain, forward[-1], draft)), chain.fields, draft)
    # the first transition carries what is written about the whole chain
    doc, comments = text_of(chain.fields.get("description")), comments_of(draft, chain.node, chain.node)
    draft.chained[before] = replace(draft.chained[before], doc=doc, comments=comments)


def _forward(chain: _Chain, draft: Draft) -> list[Expression]:
    """The rates from stage to stage: one for all, or one for each."""
    node, path, wanted = chain.fields["forward"], f"{chain.path}.forward", len(chain.stages) - 1
    if not isinstance(node, SequenceNode):
        return [expression(node, path, draft)] * wanted
    if len(node.items) != wanted:
        wrong_value(draft.report, node, f"'{path}'", f"one rate or {wanted}", found=f"a list of {len(node.items)}")
        raise Stop
    return [expression(item, f"{path}[{number}]", draft) for number, item in enumerate(node.items)]


def _leaving(chain: _Chain, last: Expression, draft: Draft) -> tuple[Term | None, Expression]:
    """Where the last stage goes, if it is said, and how fast: at the last forward rate, if that is not said."""
    if "exit" not in chain.fields:
        target = chain.fields.get("to")
        return None if target is None else term(scalar(target, TEXT, f"{chain.path}.to", draft), draft), last
    path = f"{chain.path}.exit"
    fields = draft.fields(chain.fields["exit"], _EXIT, path)
    rate = expression(fields["rate"], f"{path}.rate", draft) if "rate" in fields else last
    return term(scalar(fields["to"], TEXT, f"{path}.to", draft), draft), rate


def _add(
    chain: _Chain, step: str, link: tuple[Term, Term | None, Expression], fields: dict[str, Node], draft: Draft
) -> None:
    source, target, rate = link
    said = {"catalysts": fields["catalysts"]} if "catalysts" in fields else {}
    stated = stated_reactants(said, (source,), chain.path, draft)
    products = () if target is None else (target,)
    row = TransitionDeclaration((source,), products, rate, name=f"{chain.name}_{step}", stated_reactants=stated)
    draft.chained.append(replace(row, span=source.target.span))


SECTIONS = (
    Section("chain", "states in several stages", Listed("a list of chains", _CHAIN), _read, nothing, "dynamics"),
)
