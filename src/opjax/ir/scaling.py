"""Scaling symmetries: what becomes of every value when states and parameters are multiplied by powers of numbers.

The power by which a value is multiplied is a linear form in the powers of its leaves: that of a product is the sum of
those of its factors, the terms of a sum must share one, the argument of `exp` must have none. What must hold is a
linear system over the rational numbers, which is solved exactly. A scaling that solves it leaves the model as it is,
for all values: this is a proof. (The converse does not hold: ``log(x) - log(K)`` keeps its value, its terms do not.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import heapify, heappop, heappush
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
    Stack,
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
            case Join() | Gather() | Segment() | Stack():
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


class Elimination:
    """The reduced row echelon form of rows that come one after the other.

    Arguments:
        order: the unknowns; the pivot of a row is its first.
    """

    def __init__(self, order: Sequence[str]) -> None:
        self.order = order
        self.place = {name: number for number, name in enumerate(order)}
        self.rows: dict[str, dict[str, Fraction]] = {}
        """For each pivot the row that has it, without the other pivots."""
        self.holders: dict[str, set[str]] = {}
        """For each other unknown the pivots whose rows have it."""

    def add(self, row: Form) -> bool:
        """Take a row; false if it says nothing new."""
        left = _reduced(row, self.rows)
        if not left:
            return False
        first = min(left, key=self.place.__getitem__)
        lead = left[first]
        self.put(first, {name: value / lead for name, value in left.items()})
        for other in list(self.holders.pop(first, ())):
            self.put(other, _reduced(self.rows[other], {first: self.rows[first]}))
        return True

    def put(self, pivot: str, row: dict[str, Fraction]) -> None:
        """Set the row of a pivot."""
        for name in self.rows.get(pivot, {}):
            self.holders.get(name, set()).discard(pivot)
        self.rows[pivot] = row
        for name in row:
            if name != pivot:
                self.holders.setdefault(name, set()).add(pivot)


def _reduced(row: Form, pivots: Mapping[str, Mapping[str, Fraction]]) -> dict[str, Fraction]:
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
    """A basis of what all rows send to zero, one vector of whole numbers for each unknown that is free, in order.

    An unknown is free if those behind it in `order` do not determine it together with the others.
    """
    known = _solved(rows)
    vectors: dict[str, dict[str, Fraction]] = {name: {name: Fraction(1)} for name in order if name not in known}
    for pivot, row in known.items():
        for free, value in row.items():
            vectors[free][pivot] = -value
    echelon = Elimination(tuple(reversed(order)))
    for vector in vectors.values():
        echelon.add(vector)
    place = {name: number for number, name in enumerate(order)}
    found = [echelon.rows[free] for free in sorted(echelon.rows, key=place.__getitem__)]
    return [_whole({name: row[name] for name in sorted(row, key=place.__getitem__)}) for row in found]


def _solved(rows: Sequence[Form]) -> dict[str, dict[str, Fraction]]:
    """Some unknowns in terms of the others: for each of them the rest of a row that it begins with the factor 1.

    Short rows come first, and a row is solved for its rarest unknown: both keep the rows short.
    """
    counts = Counter(name for row in rows for name in row)
    known: dict[str, dict[str, Fraction]] = {}
    age: dict[str, int] = {}
    for row in sorted(rows, key=len):
        left = _substituted(row, known, age)
        if left:
            pivot = min(left, key=lambda name: (counts[name], name))
            lead = left.pop(pivot)
            known[pivot] = {name: value / lead for name, value in left.items()}
            age[pivot] = len(age)
    for pivot in reversed(list(known)):
        known[pivot] = _substituted(known[pivot], known, age)
    return known


def _substituted(row: Form, known: Mapping[str, Mapping[str, Fraction]], age: Mapping[str, int]) -> dict[str, Fraction]:
    """A row without the unknowns that are known; the row of one of them may mention those that came after it."""
    left = dict(row)
    waiting = [(age[name], name) for name in left if name in known]
    heapify(waiting)
    while waiting:
        _, name = heappop(waiting)
        factor = left.pop(name, None)
        if factor is None:
            continue
        for other, value in known[name].items():
            total = left.get(other, Fraction(0)) - factor * value
            if total:
                if other in known and other not in left:
                    heappush(waiting, (age[other], other))
                left[other] = total
            else:
                left.pop(other, None)
    return left


def _whole(vector: dict[str, Fraction]) -> dict[str, Fraction]:
    """The shortest multiple of a vector that has whole numbers."""
    scale = lcm(*(value.denominator for value in vector.values()))
    divisor = gcd(*(int(value * scale) for value in vector.values()))
    return {name: value * scale / divisor for name, value in vector.items()}


def independent(vectors: Sequence[Form], order: Sequence[str]) -> list[int]:
    """The places of the vectors that are not combinations of those before them."""
    echelon = Elimination(order)
    return [place for place, vector in enumerate(vectors) if echelon.add(vector)]


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
