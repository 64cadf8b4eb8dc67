"""The notation of LaTeX; how functions look comes from their records in the table."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping, Sequence

from opjax.ir.functions import FUNCTIONS
from opjax.ir.nodes import Between, ReduceKind
from opjax.ir.types import Axis
from opjax.show import latex_names as names
from opjax.show.notation import (
    ADD,
    AND,
    BIG,
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

BINDING: Mapping[str, int] = {"logical_or": OR, "logical_and": AND, "logical_not": NOT}
BIG_OPERATORS: Mapping[str, str] = {
    "sum": r"\sum",
    "prod": r"\prod",
    "min": r"\min",
    "max": r"\max",
    "mean": r"\operatorname{mean}",
}
# What may stand before and behind an operand that needs no brackets whatever it is.
_OPENS = re.compile(r"(\\left[(|]|\\lfloor ?|\\lceil ?|, |\{)$")
_CLOSES = re.compile(r" ?(\\right|\}(?![\^_])|,)")


class Latex(Notation):
    """Writes expressions as formulas.

    Arguments:
        clashing: names that are written as they are spelled, since they would look like others.
    """

    formulas = True

    def __init__(self, clashing: Collection[str] = ()) -> None:
        self.clashing = clashing

    def bracketed(self, text: str) -> str:
        """The text in brackets that grow with it."""
        return rf"\left({text}\right)"

    def number(self, value: float | bool) -> Piece:
        """A number."""
        if isinstance(value, bool):
            return Piece(names.text("true" if value else "false"))
        text = names.number(value)
        return Piece(text, ADD if value < 0 else MULTIPLY if "10^" in text else TIGHTEST)

    def quantity(self, name: str, indices: Sequence[str] = ()) -> Piece:
        """A letter with subscripts."""
        return Piece(names.spelled(name, indices) if name in self.clashing else names.name(name, indices))

    def index(self, position: Position, axis: Axis) -> str:
        """A label as text, or the name of the axis with primes."""
        if isinstance(position, Fixed):
            if axis.numeric:
                return names.number(axis.coordinates[position.position])
            labels = axis.labels
            return names.text(labels[position.position] if position.position < len(labels) else "?")
        primes = "'" * position.dim.primes
        return names.upright(axis.name) + primes + (f"{position.offset:+d}" if position.offset else "")

    def coordinate(self, position: Position, axis: Axis) -> Piece:
        """The axis as a variable."""
        if isinstance(position, Fixed):
            return self.number(axis.coordinates[position.position])
        index = self.index(position, axis)
        return Piece(f"{names.upright(axis.name)}_{{{index}}}" if position.offset else index)

    def weight(self, position: Position, axis: Axis, own: bool) -> Piece:
        """The weight of a point in an integral; with the mark of the trapezoid rule where it is not the axis' own."""
        if not own:
            return Piece(rf"\Delta^{{\mathrm{{t}}}}_{{{self.index(position, axis)}}}")
        return Piece(rf"\Delta_{{{self.index(position, axis)}}}")

    def size(self, axis: Axis) -> Piece:
        """The number of points of an axis."""
        return Piece(rf"\left|{names.upright(axis.name)}\right|")

    def call(self, function: str, operands: Sequence[Piece]) -> Piece:
        """A function of the table, typeset by its record."""
        record = FUNCTIONS[function]
        if record.infix and function not in ("divide", "logical_not"):
            binding = BINDING.get(function, COMPARE)
            sign = record.latex.format(**dict.fromkeys(record.arguments, ""))
            if function == "multiply":
                return self.product(sign, operands)
            return Piece(sign.join(self.within(p, binding + 1) for p in operands), binding)
        free = _undelimited(function)
        shown = [
            piece.text if place not in free else self.within(piece, TIGHTEST) for place, piece in enumerate(operands)
        ]
        binding = POWER if function in ("pow", "divide") else BINDING.get(function, TIGHTEST)
        return Piece(record.typeset(*shown), binding)

    def product(self, sign: str, operands: Sequence[Piece]) -> Piece:
        """Factors; a big operator may come last without brackets."""
        first, *others = operands
        parts = [self.within(first, MULTIPLY), *(self.within(p, POWER) for p in others)]
        big = bool(others) and others[-1].binding == BIG
        if big:
            parts[-1] = others[-1].text
        text = parts[0]
        for part in parts[1:]:  # 2 3 would look like 23
            text += (r" \cdot " if part.lstrip("{")[:1].isdigit() else sign) + part
        return Piece(text, BIG if big else MULTIPLY)

    def sum(self, terms: Sequence[tuple[bool, Piece]]) -> Piece:
        """Terms with their signs."""
        parts: list[str] = []
        for negative, piece in terms:
            sign, text = ("-", self.within(piece, BIG)) if negative else ("+", self.within(piece, ADD))
            if not negative and text.startswith("-"):
                sign, text = "-", text[1:]
            parts.append(f"{sign} {text}" if parts else text if sign == "+" else f"-{text}")
        return Piece(" ".join(parts), ADD, terms=tuple(parts))

    def power(self, base: Piece, exponent: int) -> Piece:
        """A superscript."""
        return Piece(f"{self.within(base, TIGHTEST)}^{{{exponent}}}", POWER)

    def choice(self, branches: Sequence[Branch], otherwise: Piece) -> Piece:
        """One row for each condition."""
        rows = [rf"{value.text} & \text{{if }} {condition.text}" for condition, value in branches]
        rows.append(rf"{otherwise.text} & \text{{otherwise}}")
        return Piece(r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", OR)

    def indicator(self, condition: Piece) -> Piece:
        """A bold one with the condition."""
        return Piece(rf"\mathbf{{1}}\left[{condition.text}\right]")

    def reduction(self, kind: ReduceKind, body: Piece, bound: Sequence[tuple[str, str]]) -> Piece:
        """A big operator over its indices."""
        indices = ", ".join(index for index, _ in bound)
        return Piece(rf"{BIG_OPERATORS[kind]}_{{{indices}}} {self.within(body, BIG)}", BIG)

    def integral(self, body: Piece, bound: Sequence[tuple[str, str]]) -> Piece:
        """An integral over its variables."""
        signs = r"\int " * len(bound)
        variables = r" \, ".join(rf"\mathrm{{d}}{index}" for index, _ in bound)
        return Piece(rf"{signs}{self.within(body, BIG)} \, {variables}", BIG)

    def table(self, kind: Between, body: Piece, bound: tuple[str, str], at: Piece | None) -> Piece:
        """The values between bars, with the place as the index: a line, the value of the point before, or a spline."""
        sign = {"linear": "=", "previous": r"\le", "cubic": r"\approx"}[kind]
        place = "t" if at is None else at.text
        return Piece(rf"\left. {body.text} \right|_{{{bound[0]} {sign} {place}}}")

    def over_time(self, kind: str, body: Piece) -> Piece:
        """A big operator over the time."""
        if kind == "integral":
            return Piece(rf"\int {self.within(body, BIG)} \, \mathrm{{d}}t", BIG)
        return Piece(rf"{BIG_OPERATORS[kind]}_{{t}} {self.within(body, BIG)}", BIG)

    def incidence(self, transition: Piece, flow: Piece) -> Piece:
        """The flow, integrated since the previous observation."""
        return Piece(rf"\int_{{t-\Delta t}}^{{t}} {self.within(flow, BIG)} \, \mathrm{{d}}t", BIG)

    def of_time(self, value: Piece, time: Piece) -> Piece:
        """A value at another time."""
        return Piece(rf"{value.text}\left({time.text}\right)")

    def delayed(self, value: Piece, ago: Piece) -> Piece:
        """An expression in brackets, at another time."""
        time = self.sum([(False, Piece("t")), (True, ago)])
        return self.of_time(Piece(self.within(value, TIGHTEST)), time)

    def convolved(self, value: Piece, options: Mapping[str, Piece]) -> Piece:
        """An integral over the time ago."""
        kernel = names.upright(options["kernel"].text)
        more = rf" \mid {options['kernel_params'].text}" if "kernel_params" in options else ""
        then = self.within(value, TIGHTEST)
        window = options["window"].text
        body = rf"{kernel}\left(s{more}\right) \, {then}\left(t - s\right)"
        return Piece(rf"\int_{{0}}^{{{window}}} {body} \, \mathrm{{d}}s", BIG)

    def noise(self, name: str) -> Piece:
        """White noise."""
        return Piece(rf"\xi_{{{names.upright(name)}}}")

    def operator(self, name: str) -> Piece:
        """A spatial operator."""
        return Piece(rf"\operatorname{{{name.replace('_', chr(92) + '_')}}}\left(\ldots\right)")


@functools.cache
def _undelimited(function: str) -> frozenset[int]:
    """The arguments that a function's template leaves without brackets around them."""
    record = FUNCTIONS[function]
    if "{arguments}" in record.latex:
        return frozenset()
    marks = {name: f"\x00{place}\x01" for place, name in enumerate(record.arguments)}
    template = record.latex.format(**marks)
    return frozenset(
        place
        for place, mark in enumerate(marks.values())
        if any(not _OPENS.search(before) or not _CLOSES.match(behind) for before, behind in _around(template, mark))
    )


def _around(template: str, mark: str) -> list[tuple[str, str]]:
    """What stands before and behind each occurrence of a mark."""
    pieces = template.split(mark)
    return [(mark.join(pieces[:n]), mark.join(pieces[n:])) for n in range(1, len(pieces))]
