"""Scaling symmetries: what becomes of every value when states and parameters are multiplied by powers of numbers.

The power by which a value is multiplied is a linear form in the powers of its leaves: that of a product is the sum of
those of its factors, the terms of a sum must share one, the argument of `exp` must have none. What must hold is a
linear system over the rational numbers, which is solved exactly. A scaling that solves it leaves the model as it is,
for all values: this is a proof. (The converse does not hold: ``log(x) - log(K)`` keeps its value, its terms do not.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, isinf, lcm

from opjax.ir.evaluate import reachable
from opjax.ir.nodes import (
    AnyNode,
    Apply,
    Constant,
    Contract,
    Gather,
    IntegerPower,
    Interpolate,
    Join,
    Opaque,
    Place,
    Reduce,
    Segment,
    Symbol,
    View,
)
from opjax.ir.system import System
from opjax.source import Span

Form = Mapping[str, Fraction]
"""Coefficients by the names of states and parameters."""
NONE: Form = {}
SAME = frozenset({"negate", "abs", "stop_gradient"})
COMMON = frozenset({"add", "minimum", "maximum", "clip", "hypot", "mod"})
"""Functions whose arguments, and value, have one power in common."""
COMPARING = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "atan2"})
"""Functions whose arguments have one power in common, and whose value has none."""
ROOTS = {"sqrt": Fraction(1, 2), "cbrt": Fraction(1, 3)}
WITHOUT_CONDITION = frozenset({"sign", "step"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A linear form that must be zero.

    Arguments:
        form: the form.
        reason: what must hold, with ``{power}`` for the value of the form where it does not.
        span: the expression that wants it.
    """

    form: Form
    reason: str
    span: Span


@dataclass(slots=True)
class Scaling:
    """The powers of all values of a model, and the conditions on those of its leaves.

    Arguments:
        system: the model; its rates, derived quantities and observations take part.
    """

    system: System
    conditions: list[Condition] = field(default_factory=list[Condition])
    powers: dict[int, Form | None] = field(default_factory=dict[int, "Form | None"])
    """The power of each node; None for zero, which any power leaves as it is."""

    def __post_init__(self) -> None:
        reductions = {r.name: r.operand for r in self.system.time_reductions}
        observed = [n for o in self.system.observations.values() for n in o.distribution.arguments.values()]
        fixed = [*(alias.value for alias in self.system.derived.values()), *observed]
        for node in reachable([*self.system.rates.values(), *fixed, *reductions.values()]):
            self.powers[node.number] = self.power(node)
        for name, rate in self.system.rates.items():
            self.want(
                _minus(self.powers[rate.number], {name: Fraction(1)}),
                f"the derivative of '{name}' is off by the power {{power}}",
                rate.span,
            )
        for alias in self.system.derived.values():
            what = f"the derived quantity '{alias.name}' is multiplied by the power {{power}}"
            self.want(self.powers[alias.value.number], what, alias.value.span)
        for node in observed:
            self.want(self.powers[node.number], "an observation is multiplied by the power {power}", node.span)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters that take part, sorted by name."""
        states = self.system.states
        return tuple(sorted({n for form in self.powers.values() for n in form or () if n not in states}))

    def want(self, form: Form | None, reason: str, span: Span) -> None:
        """Note that a form must be zero; every form of zero itself is."""
        if form:
            self.conditions.append(Condition(form, reason, span))

    def broken_by(self, powers: Form) -> Condition | None:
        """The first condition that a scaling does not meet."""
        for condition in self.conditions:
            if _at(condition.form, powers):
                return condition
        return None

    # --- the power of one node

    def power(self, node: AnyNode) -> Form | None:
        """The power of a node, from those of its operands; notes what must hold for it to have one."""
        of = [self.powers[o.number] for o in node.operands]
        match node:
            case Constant():
                stays = not isinstance(node.value, bool) and (node.value == 0 or isinf(node.value))
                return None if stays else NONE
            case Symbol():
                return self.leaf(node)
            case Apply():
                return self.applied(node, of)
            case IntegerPower():
                return _times(of[0], Fraction(node.exponent)) if node.exponent else NONE
            case Reduce() if node.reduction == "prod":
                count = 1
                for dim in node.over:
                    count *= self.system.axes[dim.axis].size or 0
                return _times(of[0], Fraction(count))
            case Reduce() | View() | Place():
                return of[0]
            case Contract():
                return _sum(of)
            case Interpolate():
                self.want(of[1], "a table is read at a value with the power {power}", node.span)
                return of[0]
            case Opaque():
                for form in of[1:] if node.role in ("delay", "input") else of:
                    self.want(form, f"'{node.name}' is evaluated at a value with the power {{power}}", node.span)
                return of[0] if node.role in ("delay", "input") else NONE
            case Join() | Gather() | Segment():
                for form in of:  # made by the passes, after this
                    self.want(form, "a vector of the power {power}", node.span)
                return NONE

    def leaf(self, node: Symbol) -> Form | None:
        """The power of a leaf: an unknown of its own for states and parameters."""
        match node.role:
            case "state" | "parameter" | "input":
                return {node.name: Fraction(1)}
            case "incidence":
                return self.powers.get(self.system.flows[node.name].value.number, NONE)
            case "over_time":
                operand = next(r.operand for r in self.system.time_reductions if r.name == node.name)
                return self.powers.get(operand.number, NONE)
            case _:
                return NONE

    def applied(self, node: Apply, of: list[Form | None]) -> Form | None:
        """The power of a function's value."""
        name = node.function
        if name == "multiply":
            return _sum(of)
        if name == "divide":
            return None if of[0] is None else _minus(of[0], of[1] or NONE)
        if name in SAME:
            return of[0]
        if name in ROOTS:
            return _times(of[0], ROOTS[name])
        if name in COMMON:
            return self.common(node, of)
        if name in COMPARING:
            self.common(node, of)
            return NONE
        if name in WITHOUT_CONDITION:
            return NONE
        if name == "where":
            self.fixed(node, of[:1])
            return self.common(node, of[1:])
        if name == "pow":
            return self.raised(node, of)
        self.fixed(node, of)
        return NONE

    def common(self, node: Apply, of: Sequence[Form | None]) -> Form | None:
        """The power that values share, which they must."""
        known = [form for form in of if form is not None]
        for other in known[1:]:
            parts = f"in '{_short(node.span)}' the powers of two parts differ by {{power}}"
            self.want(_minus(other, known[0]), parts, node.span)
        return known[0] if known else None

    def fixed(self, node: Apply, of: Sequence[Form | None]) -> None:
        """Want values that are not multiplied by anything."""
        for form in of:
            inside = f"'{_short(node.span)}' takes a value with the power {{power}}, and any but 0 changes it"
            self.want(form, inside, node.span)

    def raised(self, node: Apply, of: list[Form | None]) -> Form | None:
        """``x^p``: the power is p times that of x where p is a number; else x has none."""
        exponent = node.arguments[1]
        if isinstance(exponent, Constant) and not isinstance(exponent.value, bool) and abs(exponent.value) < 1e6:
            return _times(of[0], Fraction(repr(exponent.value)))
        self.fixed(node, of)
        return NONE


def _short(span: Span) -> str:
    text = " ".join(span.text.split())
    return text if len(text) <= 60 else text[:57] + "..."


# --- forms


def _times(form: Form | None, factor: Fraction) -> Form | None:
    return None if form is None else {name: factor * value for name, value in form.items() if factor}


def _sum(forms: Sequence[Form | None]) -> Form | None:
    total: dict[str, Fraction] = {}
    for form in forms:
        if form is None:
            return None
        for name, value in form.items():
            total[name] = total.get(name, Fraction(0)) + value
    return {name: value for name, value in total.items() if value}


def _minus(left: Form | None, right: Form) -> Form | None:
    return _sum([left, _times(right, Fraction(-1))])


def _at(form: Form, powers: Form) -> Fraction:
    """The value of a form at given powers."""
    return sum((value * powers.get(name, Fraction(0)) for name, value in form.items()), Fraction(0))


# --- linear algebra over the rational numbers


def eliminate(rows: Sequence[Form], order: Sequence[str]) -> dict[str, dict[str, Fraction]]:
    """The reduced row echelon form: for each pivot, the row that has it, without the other pivots.

    Arguments:
        rows: the rows, as coefficients by unknown.
        order: the unknowns; a pivot is the first in a row.
    """
    place = {name: number for number, name in enumerate(order)}
    pivots: dict[str, dict[str, Fraction]] = {}
    for row in rows:
        left = _reduced(dict(row), pivots)
        if left:
            first = min(left, key=place.__getitem__)
            lead = left[first]
            pivots[first] = {name: value / lead for name, value in left.items()}
            for other, known in pivots.items():
                if other != first and first in known:
                    pivots[other] = _reduced(known, {first: pivots[first]})
    return pivots


def _reduced(row: dict[str, Fraction], pivots: Mapping[str, Mapping[str, Fraction]]) -> dict[str, Fraction]:
    """A row without the pivots; their rows have no pivots but their own."""
    result = dict(row)
    for name in [name for name in row if name in pivots]:
        factor = result[name]
        for other, value in pivots[name].items():
            left = result.get(other, Fraction(0)) - factor * value
            if left:
                result[other] = left
            else:
                result.pop(other, None)
    return result


def null_space(rows: Sequence[Form], order: Sequence[str]) -> list[dict[str, Fraction]]:
    """A basis of what all rows send to zero, one vector of whole numbers for each unknown that is free, in order."""
    pivots = eliminate(rows, order)
    basis: list[dict[str, Fraction]] = []
    for free in (name for name in order if name not in pivots):
        vector = {pivot: -row[free] for pivot, row in pivots.items() if free in row}
        vector[free] = Fraction(1)
        basis.append(_whole({name: vector[name] for name in order if name in vector}))
    return basis


def _whole(vector: dict[str, Fraction]) -> dict[str, Fraction]:
    """The shortest multiple of a vector that has whole numbers."""
    scale = lcm(*(value.denominator for value in vector.values()))
    divisor = gcd(*(int(value * scale) for value in vector.values()))
    return {name: value * scale / divisor for name, value in vector.items()}


def independent(vectors: Sequence[Form], order: Sequence[str]) -> list[int]:
    """The places of the vectors that are not combinations of those before them."""
    chosen: list[int] = []
    for place, _ in enumerate(vectors):
        if len(eliminate([vectors[p] for p in (*chosen, place)], order)) > len(chosen):
            chosen.append(place)
    return chosen


def inverse(matrix: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    """The inverse of a square matrix that has one."""
    size = len(matrix)
    rows = [[*row, *(Fraction(int(i == j)) for j in range(size))] for i, row in enumerate(matrix)]
    for column in range(size):
        pivot = next(r for r in range(column, size) if rows[r][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        lead = rows[column][column]
        rows[column] = [value / lead for value in rows[column]]
        for r in range(size):
            factor = rows[r][column]
            if r != column and factor:
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[column], strict=True)]
    return [row[size:] for row in rows]
