"""The notation of the model language itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from opjax.ir.functions import FUNCTIONS
from opjax.ir.nodes import Between, ReduceKind
from opjax.ir.types import Axis, Dim
from opjax.show.notation import (
    ADD,
    AND,
    CHOICE,
    COMPARE,
    MULTIPLY,
    NOT,
    OR,
    POWER,
    TIGHTEST,
    Branch,
    Fixed,
    Notation,
    Piece,
    Position,
)

BINDING: Mapping[str, int] = {"logical_or": OR, "logical_and": AND, "multiply": MULTIPLY, "divide": MULTIPLY}
"""How tightly infix operators bind; comparisons are not in the table."""
TIGHT = ("*", "/")


class Plain(Notation):
    """Writes expressions as they could stand in a model.

    Arguments:
        taken: names of the model, which bound indices avoid.
    """

    first_bound = 1

    def __init__(self, taken: Collection[str] = ()) -> None:
        self._taken = taken

    def bracketed(self, text: str) -> str:
        """The text in brackets."""
        return f"({text})"

    def number(self, value: float | bool) -> Piece:
        """A number, without a point where it is whole."""
        if isinstance(value, bool):
            return Piece("true" if value else "false")
        return Piece(number_text(value), ADD if value < 0 else TIGHTEST)

    def quantity(self, name: str, indices: Sequence[str] = ()) -> Piece:
        """``I[age, "north"]``."""
        return Piece(f"{name}[{', '.join(indices)}]" if indices else name)

    def index(self, position: Position, axis: Axis) -> str:
        """A label in quotes, or the letter of a running index."""
        if isinstance(position, Fixed):
            return label_text(axis, position.position)
        return self.letter(position.dim) + (f"{position.offset:+d}" if position.offset else "")

    def letter(self, dim: Dim) -> str:
        """The name of a running index: that of its axis, or of a bound one its first letter."""
        if not dim.primes:
            return dim.axis
        letter = dim.axis[0] if dim.primes == 1 else f"{dim.axis[0]}{dim.primes}"
        return f"{dim.axis}_{dim.primes}" if letter in self._taken else letter

    def coordinate(self, position: Position, axis: Axis) -> Piece:
        """``x`` along the axis itself; a number at a point."""
        if isinstance(position, Fixed):
            return self.number(axis.coordinates[position.position])
        index = self.index(position, axis)
        return Piece(f"{axis.name}[{index}]" if position.offset else index)

    def weight(self, position: Position, axis: Axis, own: bool) -> Piece:
        """A number at a point."""
        if isinstance(position, Fixed):
            return self.number(axis.weights(axis.weighing if own else "quadrature")[position.position])
        if not own:
            return Piece(f"trapezoid({self.index(position, axis)})")
        return Piece(f"weight[{self.index(position, axis)}]")

    def size(self, axis: Axis) -> Piece:
        """The number where it is known."""
        return self.number(float(axis.size)) if axis.size else Piece(f"size({axis.name})")

    def call(self, function: str, operands: Sequence[Piece]) -> Piece:
        """``f(x)``, or operands with the sign of an operator."""
        record = FUNCTIONS[function]
        if function == "logical_not":
            return Piece(f"not {self.within(operands[0], NOT)}", NOT)
        if function == "pow":
            base, exponent = operands
            return Piece(f"{self.within(base, TIGHTEST)}^{self.within(exponent, POWER)}", POWER)
        if not record.infix:
            return Piece(f"{function}({', '.join(p.text for p in operands)})")
        binding = BINDING.get(function, COMPARE)
        sign = record.infix if record.infix in TIGHT else f" {record.infix} "
        first, *others = operands
        left = self.within(first, binding if binding == MULTIPLY else binding + 1)
        return Piece(sign.join([left, *(self.within(p, binding + 1) for p in others)]), binding)

    def sum(self, terms: Sequence[tuple[bool, Piece]]) -> Piece:
        """``a + b - c``."""
        parts: list[str] = []
        for negative, piece in terms:
            sign, text = ("-", self.within(piece, MULTIPLY)) if negative else ("+", self.within(piece, ADD))
            if not negative and text.startswith("-"):
                sign, text = "-", text[1:]
            parts.append(f"{sign} {text}" if parts else text if sign == "+" else f"-{text}")
        return Piece(" ".join(parts), ADD)

    def power(self, base: Piece, exponent: int) -> Piece:
        """``x^2``."""
        return Piece(f"{self.within(base, TIGHTEST)}^{exponent}", POWER)

    def choice(self, branches: Sequence[Branch], otherwise: Piece) -> Piece:
        """``a if c else b``."""
        parts = [f"{self.within(v, OR)} if {self.within(c, OR)} else " for c, v in branches]
        return Piece("".join(parts) + self.within(otherwise, OR), CHOICE)

    def indicator(self, condition: Piece) -> Piece:
        """A condition in brackets counts as 1 or 0."""
        return Piece(f"({condition.text})")

    def reduction(self, kind: ReduceKind, body: Piece, bound: Sequence[tuple[str, str]]) -> Piece:
        """``sum(body for b in age)``."""
        return Piece(f"{kind}({body.text} for {', '.join(f'{b} in {axis}' for b, axis in bound)})")

    def integral(self, body: Piece, bound: Sequence[tuple[str, str]]) -> Piece:
        """``integral(body for b in x)``."""
        return Piece(f"integral({body.text} for {', '.join(f'{b} in {axis}' for b, axis in bound)})")

    def table(self, kind: Between, body: Piece, bound: tuple[str, str], at: Piece | None) -> Piece:
        """``linear(body for b in week at t - 7)``."""
        return Piece(f"{kind}({body.text} for {bound[0]} in {bound[1]}{f' at {at.text}' if at else ''})")

    def over_time(self, kind: str, body: Piece) -> Piece:
        """``max(body for s in time)``."""
        return Piece(f"{kind}({body.text} for s in time)")

    def incidence(self, transition: Piece, flow: Piece) -> Piece:
        """``incidence(name)``."""
        return Piece(f"incidence({transition.text})")

    def of_time(self, value: Piece, time: Piece) -> Piece:
        """``N(t - tau)``."""
        return Piece(f"{value.text}({time.text})")

    def delayed(self, value: Piece, ago: Piece) -> Piece:
        """``delay(2*N, tau=3)``."""
        return Piece(f"delay({value.text}, tau={ago.text})")

    def convolved(self, value: Piece, options: Mapping[str, Piece]) -> Piece:
        """``convolve_history(N, kernel=uniform, window=2)``."""
        given = ", ".join(f"{name}={option.text}" for name, option in options.items())
        return Piece(f"convolve_history({value.text}, {given})")

    def noise(self, name: str) -> Piece:
        """``noise(w)``."""
        return Piece(f"noise({name})")

    def operator(self, name: str) -> Piece:
        """``div(...)``."""
        return Piece(f"{name}(...)")


def number_text(value: float) -> str:
    """A number as a person writes it: without a point where it is whole and short.

    Example:
        >>> number_text(3.0), number_text(0.04), number_text(3e7)
        ('3', '0.04', '3e7')
    """
    text = repr(value)
    mantissa, exponent, power = text.removesuffix(".0").partition("e")
    if not exponent and mantissa.endswith("00000"):
        stripped = mantissa.rstrip("0")
        return f"{stripped}e{len(mantissa) - len(stripped)}"
    return f"{mantissa}e{int(power)}" if exponent else mantissa


def label_text(axis: Axis, position: int) -> str:
    """The label of a point, in quotes; the coordinate of a numeric axis without."""
    if axis.numeric:
        return f"{axis.coordinates[position]:g}"  # as in the names of the states
    labels = axis.labels
    text = labels[position] if position < len(labels) else str(position)
    return '"' + text.replace('"', '""') + '"'
