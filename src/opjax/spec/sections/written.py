"""From the parts of declarations to plain values; numbers are written as numbers, everything else as text."""

from __future__ import annotations

from collections import Counter

from opjax.source import Source, Span
from opjax.spec.sections.section import Plain
from opjax.spec.sections.values import is_whole, read_unit
from opjax.syntax.declarations import (
    Action,
    BoundaryDeclaration,
    Bounds,
    DerivativeDeclaration,
    DistributionCall,
    ModelSyntax,
    Term,
    TransitionDeclaration,
)
from opjax.syntax.nodes import Array, Call, Expression, Negate, Number, Reference, Truth
from opjax.syntax.printer import print_declaration, print_expression
from opjax.traverse import Walk, run

_EXACT = 2.0**53


def written_expression(expression: Expression) -> Plain:
    """A number or truth value as such, any other expression as text."""
    match expression:
        case Number(unit="") if expression.value < float("inf"):
            return _number(expression)
        case Negate(operand=Number(unit="") as operand) if operand.value < float("inf"):
            return -_number(operand)
        case Truth():
            return expression.value
        case _:
            return print_expression(expression)


def _number(number: Number) -> int | float:
    return int(number.value) if number.integer and number.value < _EXACT else number.value


def written_array(expression: Expression) -> Plain:
    """An array as lists of lists."""

    def walk(part: Expression) -> Walk[Plain]:
        if not isinstance(part, Array):
            return written_expression(part)
        items: list[Plain] = []
        for item in part.items:
            items.append((yield walk(item)))
        return items

    return run(walk(expression))


def written_name(name: str, axes: tuple[str, ...]) -> str:
    """``C[age, age]``."""
    return f"{name}[{', '.join(axes)}]" if axes else name


def written_reference(reference: Reference) -> str:
    """``S[age="65+"]``."""
    return print_expression(reference)


def written_term(term: Term) -> str:
    """``2 B[age]``."""
    count = "" if term.count == 1 else f"{term.count} "
    return count + written_reference(term.target)


def written_distribution(distribution: DistributionCall) -> str:
    """``Normal(0, 1)``."""
    return print_expression(Call(distribution.name, distribution.arguments))


def written_bounds(bounds: Bounds) -> Plain:
    """``[low, high]``, or text where a bound is left out."""
    if bounds.low_closed and bounds.high_closed:
        return [written_expression(bounds.low), written_expression(bounds.high)]
    left, right = "[" if bounds.low_closed else "(", "]" if bounds.high_closed else ")"
    return f"{left}{print_expression(bounds.low)}, {print_expression(bounds.high)}{right}"


def written_unit(unit: str) -> str:
    """A unit; in quotes where reading it would change it."""
    same = read_unit(Span(Source("", unit), 0, len(unit))) == unit
    return unit if same else '"' + unit.replace('"', '""') + '"'


def written_action(action: Action) -> str:
    """``S += 1``."""
    if action.target is None or action.value is None:
        return action.operator
    return f"{written_reference(action.target)} {action.operator} {print_expression(action.value)}"


def written_boundary(boundary: BoundaryDeclaration) -> tuple[str, str]:
    """``u at x.lo`` and ``neumann(0)``."""
    face = f"{boundary.state} at {boundary.axis}.{boundary.side}"
    if not boundary.arguments:
        return face, boundary.kind
    return face, print_expression(Call(boundary.kind, boundary.arguments))


def written_statement(declaration: TransitionDeclaration | DerivativeDeclaration) -> str:
    """A transition or an equation in the text spelling."""
    return print_declaration(declaration)


def initial_is_listed(model: ModelSyntax) -> bool:
    """Whether `initial` must be a list, because a mapping would say something else."""
    axes = {state.name: state.axes for state in model.states}
    targets = Counter(written_reference(row.target) for row in model.initial)
    whole = any(row.target.name in axes and is_whole(row.target, axes[row.target.name]) for row in model.initial)
    return whole or any(count > 1 for count in targets.values())
