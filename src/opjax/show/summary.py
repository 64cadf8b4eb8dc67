"""What a model holds, at a glance: as text, and as a table for notebooks."""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TypeVar

from opjax.ir.evaluate import constant_value
from opjax.ir.nodes import AnyNode
from opjax.ir.system import Bounds, Distribution, Flow, Observation, Operator, Parameter, Participant, Quantity, System
from opjax.ir.types import Axis
from opjax.show.naming import Named, alias_names, taken_names, with_shared
from opjax.show.plain import Plain, number_text
from opjax.show.writer import Writer

MOST_ROWS = 25
MOST_LABELS = 6
LONGEST = 72
MOST_NODES = 200
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Section:
    """A kind of thing: its rows, each with a name, what it is, and a sentence for people."""

    title: str
    rows: tuple[tuple[str, str, str], ...]
    more: int = 0


def summary(system: System) -> str:
    """A model in a few lines.

    Arguments:
        system: the model.

    Returns:
        Its states, parameters, transitions and observations, with sizes, units, defaults and priors.
    """
    sections = list(_sections(system))
    lines = [_heading(system)]
    width = max((len(row[0]) for section in sections for row in section.rows), default=0)
    for section in sections:
        lines.append(f"  {section.title}")
        lines.extend(f"    {name:{min(width, 30)}} {what}".rstrip() for name, what, _ in section.rows)
        lines.extend([f"    ... and {section.more} more"] if section.more else [])
    return "\n".join(lines)


def summary_html(system: System) -> str:
    """A model as an HTML table, with descriptions; everything that a person wrote is escaped.

    Arguments:
        system: the model.
    """
    rows: list[str] = []
    for section in _sections(system):
        rows.append(f'<tr><th colspan="3" style="text-align:left">{html.escape(section.title)}</th></tr>')
        for row in section.rows:
            cells = "".join(f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in row)
            rows.append(f"<tr>{cells}</tr>")
        if section.more:
            rows.append(f'<tr><td colspan="3">... and {section.more} more</td></tr>')
    heading = html.escape(_heading(system))
    return f"<div><strong>{heading}</strong><table>{''.join(rows)}</table></div>"


def counts(system: System) -> str:
    """How much of what there is.

    Example:
        >>> from opjax.model import loads
        >>> counts(loads("model M:\\n  states: S, I\\n  params: k\\n  dynamics:\\n    S -> I @ k\\n").system)
        '2 states, 1 parameter, 1 transition'
    """
    numbers = {
        "axis": len(system.axes),
        "state": len(system.states),
        "parameter": len(system.parameters),
        "transition": len(system.flows),
        "observation": len(system.observations),
    }
    return ", ".join(_several(count, word) for word, count in numbers.items() if count)


def _several(count: int, word: str) -> str:
    plural = "axes" if word == "axis" else f"{word}s"
    return f"{count} {word if count == 1 else plural}"


def _heading(system: System) -> str:
    title = f"{system.name}: {_one_line(system.doc)}" if system.doc else system.name
    return title + (f" (time in {system.time_unit})" if system.time_unit else "")


def _sections(system: System) -> Iterator[_Section]:
    text = _Text(system)
    yield from _section("axes", system.axes.values(), lambda a: (a.name, _axis(a), a.doc))
    yield from _section(
        _states_title(system), system.states.values(), lambda s: (_indexed(s), text.state(s.name), s.doc)
    )
    yield from _section("parameters", system.parameters.values(), lambda p: (_indexed(p), text.parameter(p), p.doc))
    yield from _section("inputs", system.inputs.values(), lambda i: (_indexed(i), _unit(i) + i.interpolation, i.doc))
    yield from _section("aliases", system.aliases.values(), lambda a: (_indexed(a), text.value(a), a.doc))
    yield from _section("transitions", system.flows.values(), lambda f: (f.name, text.flow(f), f.doc))
    yield from _section("operators", system.operators, lambda o: (o.name, _operator(o), ""))
    yield from _section("observations", system.observations.values(), text.observation)
    yield from _section("derived", system.derived.values(), lambda d: (_indexed(d), text.value(d), d.doc))
    yield from _section("not run yet", system.not_yet, lambda n: (n.what, n.name, ""))


def _section(
    title: str, items: Collection[Item], describe: Callable[[Item], tuple[str, str, str]]
) -> Iterator[_Section]:
    """The section of some things, the first of them described; nothing where there are none."""
    described = map(describe, itertools.islice(items, MOST_ROWS))
    rows = tuple((name, _cut(what), _one_line(doc)) for name, what, doc in described)
    if rows:
        yield _Section(title, rows, len(items) - len(rows))


class _Text:
    """The values of a model in its own language."""

    def __init__(self, system: System) -> None:
        self.system = system
        roots = [alias.value for alias in (*system.aliases.values(), *system.derived.values())]
        names: dict[int, Named] = with_shared(system, alias_names(system), [*roots, *system.rates.values()])
        self.writer = Writer(system, Plain(taken_names(system)), names)

    def write(self, node: AnyNode, *, define: bool = False) -> str:
        """An expression, unless it is far too long to be shown."""
        if is_larger(node, MOST_NODES):
            return "..."
        return (self.writer.define(node) if define else self.writer.write(node)).text

    def observation(self, observation: Observation) -> tuple[str, str, str]:
        """What is measured, its distribution, and a sentence for people."""
        what = self.distribution(observation.distribution) + _every(observation.every)
        return observation.name + _brackets(observation.axes), what, observation.doc

    def state(self, name: str) -> str:
        """The unit and the initial value of a state."""
        state = self.system.states[name]
        return _unit(state) + (f"= {self.write(state.initial)}" if state.initial is not None else "")

    def value(self, quantity: Quantity) -> str:
        """What an alias or a derived quantity stands for."""
        known = {**self.system.aliases, **self.system.derived}
        return f"{_unit(quantity)}= {self.write(known[quantity.name].value, define=True)}"

    def parameter(self, parameter: Parameter) -> str:
        """The unit, default, prior and bounds of a parameter."""
        parts = [_unit(parameter).rstrip()]
        if parameter.default is not None:
            parts.append(f"= {self.write(parameter.default)}")
        elif parameter.values is not None:
            sizes = (self.system.axes[axis].size for axis in parameter.axes)
            parts.append(f"= {' x '.join(map(str, sizes))} values")
        if parameter.prior is not None:
            parts.append(f"~ {self.distribution(parameter.prior)}")
        if parameter.bounds is not None:
            parts.append(f"in {self.interval(parameter.bounds)}")
        return " ".join([part for part in (*parts, *parameter.flags) if part])

    def interval(self, bounds: Bounds) -> str:
        """An interval with its brackets; infinite ends are open."""
        low, high = self.write(bounds.low), self.write(bounds.high)
        left = "[" if bounds.low_closed and constant_value(bounds.low) != float("-inf") else "("
        right = "]" if bounds.high_closed and constant_value(bounds.high) != float("inf") else ")"
        return f"{left}{low}, {high}{right}"

    def flow(self, flow: Flow) -> str:
        """A transition."""
        arrow = "->" if flow.mass_action else "=>"
        rate = self.write(flow.rate)
        return f"{_side(flow.reactants)} {arrow} {_side(flow.products)} @ {rate}"

    def distribution(self, distribution: Distribution) -> str:
        """A distribution with its arguments by name."""
        given = (f"{name}={self.write(node)}" for name, node in distribution.arguments.items())
        return f"{distribution.name}({', '.join(given)})"


def is_larger(node: AnyNode, most: int) -> bool:
    """Whether an expression has more nodes than that."""
    seen: set[int] = set()
    waiting = [node]
    while waiting and len(seen) <= most:
        one = waiting.pop()
        if one.number not in seen:
            seen.add(one.number)
            waiting.extend(one.operands[: most + 1])
    return len(seen) > most


def _states_title(system: System) -> str:
    sizes = [[system.axes[a].size for a in s.axes] for s in system.states.values()]
    total = 0
    for shape in sizes:
        cells = 1
        for size in shape:
            if size is None:
                return "states"
            cells *= size
        total += cells
    return "states" if total == len(sizes) else f"states ({total} cells)"


def _operator(operator: Operator) -> str:
    states = f" of {', '.join(operator.states)}" if operator.states and not operator.everywhere else ""
    said = ", ".join(f"{name} = {value}" for name, value in operator.settings.items())
    return f"{operator.kind}{states} along {operator.axis}" + (f" with {said}" if said else "")


def _axis(axis: Axis) -> str:
    if axis.size is None:
        return "labels from data"
    names = [n if isinstance(n, str) else number_text(n) for n in axis.names[:MOST_LABELS]]
    more = ", ..." if axis.size > MOST_LABELS else ""
    return f"{axis.size} {'points' if axis.numeric else 'labels'}: {', '.join(names)}{more}{_behind(axis.unit)}"


def _side(participants: tuple[Participant, ...]) -> str:
    terms = [p.state if p.count == 1 else f"{p.count} {p.state}" for p in participants]
    return " + ".join(terms) or "0"


def _indexed(quantity: Quantity) -> str:
    return quantity.name + _brackets(quantity.axes)


def _brackets(axes: tuple[str, ...]) -> str:
    return f"[{', '.join(axes)}]" if axes else ""


def _unit(quantity: Quantity) -> str:
    return f": {quantity.unit} " if quantity.unit else ""


def _behind(unit: str) -> str:
    return f" {unit}" if unit else ""


def _every(interval: float | None) -> str:
    return "" if interval is None else f" every {number_text(interval)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
