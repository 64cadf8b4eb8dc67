"""A model as a flowchart in the language of Mermaid: states, what flows between them, and at which rate."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opjax.syntax.declarations import (
    DerivativeDeclaration,
    ModelSyntax,
    OperatorDeclaration,
    StateDeclaration,
    Term,
    TransitionDeclaration,
)
from opjax.syntax.printer import print_expression

LONGEST_LABEL = 60
_PLAIN = re.compile(r"[A-Za-z]\w*", re.ASCII)
_WORDS = frozenset(
    ("end", "graph", "subgraph", "flowchart", "class", "classDef", "click", "style", "linkStyle", "default", "call")
)
_ESCAPES = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "\\": "#92;", "`": "#96;"}


def diagram(model: ModelSyntax) -> str:
    """The transitions of a model.

    Arguments:
        model: the model as it was written.

    Returns:
        A Mermaid flowchart. An arrow says the transition's name and its rate, per head of what it leaves; where the
        flow is given as a whole it says ``total``. Transitions with several reactants or products are a hexagon of
        their own. States are grouped by their axes. Equations and operators stand beside the states that they change.
    """
    return "\n".join(_Diagram(model).lines()) + "\n"


class _Diagram:
    def __init__(self, model: ModelSyntax) -> None:
        self.model = model
        self.nodes: dict[str, str] = {}
        for place, state in enumerate(model.states, start=1):
            plain = _PLAIN.fullmatch(state.name) and state.name not in _WORDS
            self.nodes[state.name] = state.name if plain else f"state_{place}"
        self.ends = 0

    def lines(self) -> Iterator[str]:
        """The whole chart."""
        yield "flowchart LR"
        groups: dict[tuple[str, ...], list[StateDeclaration]] = {}
        for state in self.model.states:
            groups.setdefault(state.axes, []).append(state)
        for place, (axes, states) in enumerate(groups.items(), start=1):
            inside = [f"{self.nodes[s.name]}[{_quoted(_indexed(s))}]" for s in states]
            if not axes or len(groups) == 1:
                yield from (f"  {line}" for line in inside)
                continue
            yield f"  subgraph group_{place}[{_quoted('by ' + ', '.join(axes))}]"
            yield from (f"    {line}" for line in inside)
            yield "  end"
        for place, declared in enumerate(self.model.dynamics, start=1):
            if isinstance(declared, TransitionDeclaration):
                yield from self.transition(declared, place)
            else:
                yield from self.derivative(declared, place)
        for place, operator in enumerate(self.model.operators, start=1):
            yield from self.operator(operator, place)

    def transition(self, declared: TransitionDeclaration, place: int) -> Iterator[str]:
        """One arrow, or a hexagon with an arrow for each term."""
        label = _label(declared)
        reactants, products = declared.reactants, declared.products
        single = all(len(side) <= 1 and all(t.count == 1 for t in side) for side in (reactants, products))
        if single and (reactants or products):
            left = self.node(reactants[0]) if reactants else self.outside()
            right = self.node(products[0]) if products else self.outside()
            yield f"  {left} -->|{_quoted(label)}| {right}"
            return
        middle = f"transition_{place}"
        yield f"  {middle}{{{{{_quoted(label)}}}}}"
        for term in reactants:
            yield f"  {self.node(term)} {_arrow(term)} {middle}"
        for term in products:
            yield f"  {middle} {_arrow(term)} {self.node(term)}"

    def derivative(self, declared: DerivativeDeclaration, place: int) -> Iterator[str]:
        """An equation beside its state."""
        text = _cut(f"{print_expression(declared.target)}' = {print_expression(declared.value)}")
        yield f"  equation_{place}>{_quoted(text)}] -.-> {self.nodes.get(declared.target.name, 'unknown')}"

    def operator(self, declared: OperatorDeclaration, place: int) -> Iterator[str]:
        """An operator beside the states that it acts on."""
        acts = f"{declared.kind} along {declared.axis}"
        own = [state.name for state in self.model.states if declared.axis in state.axes]
        yield f"  operator_{place}>{_quoted(_cut(f'{declared.name}: {acts}' if declared.name else acts))}]"
        yield from (f"  operator_{place} -.-> {self.nodes.get(s, 'unknown')}" for s in declared.states or own)

    def node(self, term: Term) -> str:
        """The state of a term."""
        return self.nodes.get(term.target.name, "unknown")

    def outside(self) -> str:
        """A new end for what comes from nowhere or goes nowhere."""
        self.ends += 1
        return f'outside_{self.ends}((" "))'


def _label(declared: TransitionDeclaration) -> str:
    rate = print_expression(declared.rate)
    text = rate if declared.mass_action else f"total {rate}"
    terms = (*declared.reactants, *declared.products)
    cells = dict.fromkeys(t.target for t in terms if any(i.label is not None for i in t.target.indices))
    where = "".join(f" ({print_expression(cell)})" for cell in cells)
    return _cut(f"{declared.name}: {text}{where}" if declared.name else text + where)


def _arrow(term: Term) -> str:
    return "-->" if term.count == 1 else f'-->|"{term.count}"|'


def _indexed(state: StateDeclaration) -> str:
    return f"{state.name}[{', '.join(state.axes)}]" if state.axes else state.name


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 3] + "..."


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(c, c) if c.isprintable() else " " for c in text) + '"'
