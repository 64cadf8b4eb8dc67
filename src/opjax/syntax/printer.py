"""From the syntax of declarations to text: one line each, which parses to an equal declaration.

What stands in ``...`` in the docstrings of `opjax.syntax.declarations` is what is printed here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from opjax.syntax.declarations import (
    AbsenceDeclaration,
    Action,
    AliasDeclaration,
    At,
    AxisDeclaration,
    BoundaryDeclaration,
    Bounds,
    Declaration,
    DerivativeDeclaration,
    DistributionCall,
    Doses,
    Edge,
    EventDeclaration,
    Every,
    FunctionDeclaration,
    GaugeDeclaration,
    IndependentAxis,
    InitialDeclaration,
    InputDeclaration,
    KeptDeclaration,
    MeasureDeclaration,
    ObservationDeclaration,
    OperatorDeclaration,
    ParameterDeclaration,
    RequirementDeclaration,
    Stated,
    StateDeclaration,
    Term,
    TimeDeclaration,
    TransitionDeclaration,
    When,
)
from opjax.syntax.expression_printer import arguments_text, print_expression, quoted, unit_text
from opjax.syntax.nodes import Expression, Reference

_PLAIN_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE_END: Final = re.compile(r"\r\n?|\n|\f|\0|[\ud800-\udfff]")


def print_declaration(declaration: Declaration, canonical: bool = False) -> str:
    """The text of a declaration, without its comments.

    Arguments:
        declaration: any declaration but a whole model.
        canonical: leave out what has no meaning: the description, the spelling of numbers.

    Returns:
        One line, which parses to an equal declaration. (A description loses its line breaks; `canonical` loses it.)

    Raises:
        ValueError: if there is a line break in a label or a unit, which has no spelling.

    Example:
        >>> print_declaration(StateDeclaration("S", ("age",), "person", doc="susceptible"))
        'S[age] : person "susceptible"'
    """
    text = _Printer(canonical).declaration(declaration)
    if canonical or not declaration.doc:
        return text
    return f"{text} {quoted(_LINE_END.sub(' ', declaration.doc))}"


def print_distribution(distribution: DistributionCall, canonical: bool = False) -> str:
    """``LogNormal(loc=0, scale=1)``."""
    return distribution.name + arguments_text(distribution.arguments, canonical)


def print_bounds(bounds: Bounds, canonical: bool = False) -> str:
    """``(0, inf]``."""
    low, high = (print_expression(side, canonical) for side in (bounds.low, bounds.high))
    return f"{'[' if bounds.low_closed else '('}{low}, {high}{']' if bounds.high_closed else ')'}"


def print_trigger(trigger: At | Every | When | Doses, canonical: bool = False) -> str:
    """``every 24 from 0 to 168``."""

    def text(expression: Expression) -> str:
        return print_expression(expression, canonical)

    match trigger:
        case At():
            return f"at {text(trigger.time)}"
        case Every():
            start = f" from {text(trigger.start)}" if trigger.start is not None else ""
            stop = f" to {text(trigger.stop)}" if trigger.stop is not None else ""
            return f"every {text(trigger.period)}{start}{stop}"
        case When():
            return f"when {text(trigger.condition)} {trigger.direction}".rstrip()
        case Doses():
            return f"doses from {trigger.table}"


def print_action(action: Action, canonical: bool = False) -> str:
    """``gut[id] += F*amt``."""
    if action.target is None or action.value is None:
        return "stop"
    return f"{print_expression(action.target)} {action.operator} {print_expression(action.value, canonical)}"


def print_side(terms: tuple[Term, ...]) -> str:
    """``2 A + B``; ``0`` where there is nothing."""
    counts = (f"{term.count} " if term.count != 1 else "" for term in terms)
    return " + ".join(count + print_expression(term.target) for count, term in zip(counts, terms, strict=True)) or "0"


def print_declared(name: str, axes: tuple[str, ...]) -> str:
    """``C[age, age]``."""
    return f"{name}[{', '.join(axes)}]" if axes else name


class _Printer:
    """The forms of declarations, without their descriptions."""

    def __init__(self, canonical: bool) -> None:
        self.canonical = canonical

    def text(self, expression: Expression) -> str:
        return print_expression(expression, self.canonical)

    def declaration(self, found: Declaration) -> str:
        match found:
            case AxisDeclaration():
                return f"{found.name}{_unit(found.unit)} = {self._points(found)}{_measure(found.measure)}"
            case ParameterDeclaration():
                return self._parameter(found)
            case InputDeclaration():
                head = print_declared(found.name, found.axes)
                return f"{head}(t){_unit(found.unit)} = {found.interpolation}"
            case StateDeclaration():
                head = print_declared(found.name, found.axes) + _unit(found.unit)
                over = [f"over [{', '.join(found.measure_axes)}]"] if found.measure_axes else []
                return " ".join([head + self._value(found.initial), *found.flags, *over])
            case AliasDeclaration():
                head = print_declared(found.name, found.axes) + _unit(found.unit)
                return head + self._value(found.value) + _edge(found.edge)
            case FunctionDeclaration():
                return f"{found.name}({', '.join(found.parameters)}){self._value(found.value)}"
            case _:
                return self._change(found)

    def _change(self, found: Declaration) -> str:
        match found:
            case TransitionDeclaration():
                return self._transition(found)
            case DerivativeDeclaration():
                return f"{print_expression(found.target)}'{self._value(found.value)}{_edge(found.edge)}"
            case InitialDeclaration():
                return print_expression(found.target) + self._value(found.value)
            case EventDeclaration():
                actions = "; ".join(print_action(action, self.canonical) for action in found.actions)
                return f"{found.name}: {print_trigger(found.trigger, self.canonical)}: {actions}"
            case OperatorDeclaration():
                return self._operator(found)
            case AbsenceDeclaration():
                return f"{', '.join(found.states) or '*'} where {self.text(found.condition)}"
            case BoundaryDeclaration():
                arguments = arguments_text(found.arguments, self.canonical) if found.arguments else ""
                return f"{found.state} at {found.axis}.{found.side}: {found.kind}{arguments}"
            case ObservationDeclaration():
                every = f" every {self.text(found.every)}" if found.every is not None else ""
                head = print_declared(found.name, found.axes)
                return f"{head} ~ {print_distribution(found.distribution, self.canonical)}{every}"
            case RequirementDeclaration():
                return self.text(found.condition)
            case GaugeDeclaration():
                return f"{found.name}: {', '.join(_power(name, power) for name, power in found.powers)}"
            case IndependentAxis() | KeptDeclaration():
                return found.name
            case TimeDeclaration():
                start = f"from {_short(found.start)}" if found.start is not None else ""
                origin = f"origin {found.origin}" if found.origin else ""
                unit = unit_text(found.unit) if found.unit or not (origin or start) else ""
                return " ".join(part for part in (unit, start, origin) if part)
            case _:
                raise AssertionError(type(found))

    def _operator(self, found: OperatorDeclaration) -> str:
        name = f"{found.name}: " if found.name else ""
        states = f" of {', '.join(found.states)}" if found.states else ""
        settings = ", ".join(f"{one.keyword} = {self.text(one.value)}" for one in found.settings)
        return f"{name}{found.kind}{states} along {found.axis}" + (f" with {settings}" if settings else "")

    def _value(self, value: Expression | None) -> str:
        return "" if value is None else f" = {self.text(value)}"

    def _points(self, axis: AxisDeclaration) -> str:
        match axis.kind:
            case "data":
                return "data"
            case "grid":
                spacing = ["log"] if axis.spacing == "log" else []
                return f"grid({', '.join([*(self.text(part) for part in axis.grid), *spacing])})"
            case "points":
                return f"points {_numbers(axis.values)}"
            case "labels" | "ordered":
                labels = ", ".join(_label(str(value)) for value in axis.values)
                return f"ordered [{labels}]" if axis.kind == "ordered" else f"[{labels}]"

    def _parameter(self, found: ParameterDeclaration) -> str:
        flags = list(found.flags)
        value = self._value(found.default)
        if found.default is None and flags[:1] == ["data"]:
            value = f" = {flags.pop(0)}"
        elif isinstance(found.default, Reference) and value == " = data":
            value = " = (data)"  # the name, not the flag
        prior = f" ~ {print_distribution(found.prior, self.canonical)}" if found.prior is not None else ""
        bounds = f" in {print_bounds(found.bounds, self.canonical)}" if found.bounds is not None else ""
        head = print_declared(found.name, found.axes) + _unit(found.unit)
        return " ".join([head + value + prior + bounds, *flags])

    def _transition(self, found: TransitionDeclaration) -> str:
        name = f"{found.name}: " if found.name else ""
        arrow = "->" if found.mass_action else "=>"
        sides = f"{print_side(found.reactants)} {arrow} {print_side(found.products)}"
        return f"{name}{sides} @ {self.text(found.rate)}{_edge(found.edge)}{_stated(found.stated_reactants)}"


def _unit(unit: str) -> str:
    return f" : {unit_text(unit)}" if unit else ""


def _measure(measure: MeasureDeclaration | None) -> str:
    if measure is None:
        return ""
    return f" measure {measure.kind}{f' {_numbers(measure.weights)}' if measure.weights else ''}{_unit(measure.unit)}"


def _numbers(values: Sequence[str | float]) -> str:
    return f"[{', '.join(repr(float(value)).removesuffix('.0') for value in values)}]"


def _stated(reactants: Stated) -> str:
    if reactants is None:
        return ""
    return " auto reactants" if isinstance(reactants, str) else f" reactants {print_side(reactants)}"


def _power(name: str, power: float) -> str:
    return name if power == 1 else f"{name}^{_short(power)}"


def _short(number: float) -> str:
    return repr(number).removesuffix(".0")


def _edge(edge: Edge | None) -> str:
    return f" edge {edge}" if edge else ""


def _label(label: str) -> str:
    return label if _PLAIN_LABEL.fullmatch(label) else quoted(label)
