"""A model as aligned equations in LaTeX (the package amsmath is all they need)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from opjax.ir import distributions
from opjax.ir.evaluate import constant_value
from opjax.ir.nodes import AnyNode
from opjax.ir.system import Bounds, Distribution, System
from opjax.ir.types import declared_dims
from opjax.show import latex_names as names
from opjax.show.latex_notation import Latex
from opjax.show.naming import Named, alias_names, taken_names, with_shared
from opjax.show.notation import Piece
from opjax.show.writer import Writer, running

WIDTH = 70
_MARKUP = re.compile(r"\\[A-Za-z]+|[^\w+=-]")
EDGES: Mapping[str, str] = {
    "stay": "the last point is repeated beyond the ends of",
    "absorb": "nothing lies beyond the ends of",
    "periodic": "the last point is followed by the first on",
}


def latex(system: System) -> str:
    """The equations of a model.

    Arguments:
        system: the model.

    Returns:
        One ``align*`` environment; comments in it say what the rows are.
    """
    return _Page(system).text()


@dataclass(frozen=True, slots=True)
class _Row:
    """A row; `edges` are what the model says about the ends of axes, where the row shifts an index."""

    left: str
    right: Piece
    sign: str = "="
    edges: tuple[tuple[str, str], ...] = ()

    def lines(self) -> Iterator[str]:
        """The row, broken before a term where it is long."""
        line = [f"{self.left} &{self.sign}".lstrip()]
        width = 0
        for term in self.right.terms or (self.right.text,):
            size = len(_MARKUP.sub("", term))
            if width and width + size > WIDTH:
                yield " ".join(line)
                line, width = [r"&\quad"], 0
            line.append(term)
            width += size
        yield " ".join(line)
        for axis, edge in self.edges:
            yield rf"&\quad \text{{({EDGES[edge]} }} {names.upright(axis)} \text{{)}}"


class _Page:
    def __init__(self, system: System) -> None:
        self.system = system
        aliases = alias_names(system)
        self.aliases = aliases
        shared = with_shared(system, aliases, self.roots())
        used = {*taken_names(system) - {"t"}, *(named.name for named in shared.values())}
        self.notation = Latex(names.clashing(used))
        self.writer = Writer(system, self.notation, shared)

    def roots(self) -> Iterator[AnyNode]:
        """All expressions of the page."""
        system = self.system
        yield from system.rates.values()
        yield from (s.initial for s in system.states.values() if s.initial is not None)
        yield from (d.value for d in system.derived.values())
        yield from system.requirements
        for observation in system.observations.values():
            yield from observation.distribution.arguments.values()

    def text(self) -> str:
        """All sections, those without rows left out."""
        sections = {
            "states": list(self.states()),
            "where": list(self.definitions()),
            "initial values": list(self.initial_values()),
            "observations": list(self.observations()),
            "priors": list(self.priors()),
            "derived quantities": list(self.derived()),
            "requirements": [_Row("", self.writer.write(r), "") for r in self.system.requirements],
        }
        blocks = [self.block(title, rows) for title, rows in sections.items() if rows]
        return "\\begin{align*}\n" + " \\\\[1ex]\n".join(blocks) + "\n\\end{align*}\n"

    def block(self, title: str, rows: Iterable[_Row]) -> str:
        """The rows of one section under a comment."""
        return f"% {title}\n" + " \\\\\n".join(" \\\\\n".join(row.lines()) for row in rows)

    def row(self, left: str, node: AnyNode, *, defines: bool = False) -> _Row:
        """An equation; `defines` writes what a name stands for, not the name."""
        self.writer.edges.clear()
        right = self.writer.define(node) if defines else self.writer.write(node)
        return _Row(left, right, edges=tuple(self.writer.edges))

    def quantity(self, name: str, axes: tuple[str, ...]) -> str:
        """A declared name over its axes."""
        dims = declared_dims(axes)
        positions = running(dims)
        return self.notation.quantity(name, [self.writer.index(positions[d]) for d in dims]).text

    # --- sections

    def states(self) -> Iterator[_Row]:
        """The derivative of each state."""
        for state in self.system.states.values():
            left = rf"\frac{{\mathrm{{d}}{self.quantity(state.name, state.axes)}}}{{\mathrm{{d}}t}}"
            yield self.row(left, self.system.rates[state.name])

    def definitions(self) -> Iterator[_Row]:
        """What the names in the equations stand for, and aliases that are written as what they stand for."""
        shown: dict[str, Named] = {named.name: named for named in self.writer.names.values()}
        for alias in self.system.aliases.values():
            shown.setdefault(alias.name, Named(alias.name, declared_dims(alias.axes), alias.value))
        rank = {name: place for place, name in enumerate(self.system.aliases)}
        for named in sorted(shown.values(), key=lambda n: (rank.get(n.name, len(rank)), n.node.number)):
            left = self.notation.quantity(
                named.name, [self.writer.index(running(named.dims)[d]) for d in named.dims]
            ).text
            own = self.writer.names.get(named.node.number)
            same = own is not None and own.name == named.name
            yield self.row(left, named.node, defines=same)

    def initial_values(self) -> Iterator[_Row]:
        """The states at the start."""
        for state in self.system.states.values():
            if state.initial is not None:
                left = self.quantity(state.name, state.axes) + r"\left(t_{0}\right)"
                yield self.row(left, state.initial)

    def observations(self) -> Iterator[_Row]:
        """What is measured, and how it scatters."""
        for observation in self.system.observations.values():
            left = self.quantity(observation.name, observation.axes)
            yield _Row(left, self.distribution(observation.distribution), r"\sim")

    def priors(self) -> Iterator[_Row]:
        """The priors of parameters, with the bounds that cut them."""
        for parameter in self.system.parameters.values():
            if parameter.prior is not None:
                prior = self.distribution(parameter.prior)
                bounds = "" if parameter.bounds is None else rf" \;\text{{on}}\; {self.interval(parameter.bounds)}"
                yield _Row(self.quantity(parameter.name, parameter.axes), Piece(prior.text + bounds), r"\sim")

    def derived(self) -> Iterator[_Row]:
        """What is reported besides."""
        for alias in self.system.derived.values():
            yield self.row(self.quantity(alias.name, alias.axes), alias.value)

    def distribution(self, distribution: Distribution) -> Piece:
        """A distribution with its arguments; those that are not given have their defaults."""
        record = distributions.DISTRIBUTIONS[distribution.name]
        shown: dict[str, str] = {}
        for argument in record.arguments:
            node = distribution.arguments.get(argument.name)
            default = names.number(argument.default) if argument.default is not None else ""
            shown[argument.name] = default if node is None else self.writer.write(node).text
        return Piece(record.latex.format(**shown))

    def interval(self, bounds: Bounds) -> str:
        """An interval; infinite ends are open."""
        low, high = self.writer.write(bounds.low).text, self.writer.write(bounds.high).text
        left = "[" if bounds.low_closed and constant_value(bounds.low) != float("-inf") else "("
        right = "]" if bounds.high_closed and constant_value(bounds.high) != float("inf") else ")"
        return rf"\left{left}{low}, {high}\right{right}"
