"""Forms: what expressions are alike but for where they read; and which are zero where nothing flows through an end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from opjax.ir.nodes import AnyNode, Apply, Constant, Edge, IntegerPower, Selection

ODD = frozenset(("sin", "tan", "sinh", "tanh", "asin", "atan", "asinh", "atanh"))
"""Functions that are zero at zero, and turn their sign with it."""
Part = tuple[int, int]
"""The number of a form, and how many points further on it is."""


@dataclass(frozen=True, slots=True)
class Read:
    """A node read at neighbours along the dim; the others are read as the selections say."""

    node: AnyNode
    others: tuple[Selection, ...]
    edges: set[Edge] = field(default_factory=set[Edge])


@dataclass(frozen=True, slots=True)
class Computed:
    """An operation on others: each is a form and how many points further on it is; or a node that does not vary."""

    node: AnyNode
    parts: tuple[Part | AnyNode, ...]


@dataclass(slots=True)
class Closed:
    """Finds the forms that read two neighbours, and are zero where both are the last point.

    Arguments:
        forms: the forms, operands first.
        widths: of each that was asked for, how many points there are between the first and the last that it reads.
        zero: and whether it is zero where all that it reads is one point.
    """

    forms: Sequence[Read | Computed]
    widths: list[int] = field(default_factory=list[int])
    zero: list[bool] = field(default_factory=list[bool])

    def is_closed(self, number: int) -> bool:
        """Whether a form of two neighbours is zero where both are the last point of an end that reflects."""
        for form in self.forms[len(self.widths) : number + 1]:
            self.widths.append(self.width(form))
            self.zero.append(isinstance(form, Computed) and self.is_zero(form))
        return self.widths[number] == 1 and self.zero[number]

    def width(self, form: Read | Computed) -> int:
        """How many points there are between the first and the last that a form reads."""
        parts = form.parts if isinstance(form, Computed) else ()
        return max([part[1] + self.widths[part[0]] for part in parts if isinstance(part, tuple)], default=0)

    def is_zero(self, form: Computed) -> bool:
        """Whether a form is zero where all that it reads is one point."""
        zero = [isinstance(part, tuple) and self.zero[part[0]] for part in form.parts]
        node = form.node
        if isinstance(node, IntegerPower):
            return zero[0] and node.exponent > 0
        match node:
            case Apply(function="multiply"):
                return any(zero)
            case Apply(function="divide"):
                return zero[0]
            case Apply(function="where"):
                return all(zero[1:])
            case Apply(function="negate"):
                return zero[0]
            case Apply(function="add"):
                return self.cancels(form)
            case _:
                return isinstance(node, Apply) and node.function in ODD and zero[0]

    def cancels(self, form: Computed) -> bool:
        """Whether the terms of a sum are zero, or forms times numbers that add up to zero for each form."""
        totals: dict[int, float] = {}
        for part in form.parts:
            if not isinstance(part, tuple):
                return False
            if not self.zero[part[0]]:
                factor, base = self.without_factor(part[0])
                totals[base] = totals.get(base, 0.0) + factor
        return all(total == 0 and self.reflects(base) for base, total in totals.items())

    def without_factor(self, number: int) -> tuple[float, int]:
        """A form without its sign and constant factor."""
        factor, form = 1.0, self.forms[number]
        while isinstance(form, Computed) and isinstance(form.node, Apply):
            inside = [part for part in form.parts if isinstance(part, tuple)]
            numbers = [part.value for part in form.parts if isinstance(part, Constant)]
            if form.node.function == "negate":
                factor = -factor
            elif form.node.function == "multiply" and (len(inside), len(numbers)) == (1, len(form.parts) - 1):
                for value in numbers:
                    factor *= value
            else:
                break
            number = inside[0][0]
            form = self.forms[number]
        return factor, number

    def reflects(self, number: int) -> bool:
        """Whether a form has beyond the ends the value of the last point; it reads one point."""
        waiting = [number]
        while waiting:
            form = self.forms[waiting.pop()]
            if isinstance(form, Read):
                if form.edges != {"stay"}:
                    return False
            else:
                waiting.extend(part[0] for part in form.parts if isinstance(part, tuple))
        return self.widths[number] == 0
