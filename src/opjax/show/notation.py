"""What a way of writing expressions must be able to write; the walk over the graph is `writer`'s, for all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opjax.ir.nodes import Between, ReduceKind
from opjax.ir.types import Axis, Dim

CHOICE, OR, AND, NOT, COMPARE, ADD, BIG, MULTIPLY, POWER, TIGHTEST = range(10)
"""How tightly a piece of text binds, from a conditional to a name; what ends in a big operator, such as a sum over an
index, binds less than a product, since further factors would look like a part of its body."""

COMPARISONS = frozenset(("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"))


@dataclass(frozen=True, slots=True)
class Piece:
    """A written expression.

    Arguments:
        text: the text.
        binding: how tightly its outermost operation binds.
        zero: whether nothing is there (a flow from beyond the end of an axis), so that a sum may leave it out.
        terms: the terms of a sum with their signs, where a long line may be broken.
    """

    text: str
    binding: int = TIGHTEST
    zero: bool = False
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Running:
    """An index that runs over an axis: `dim`, and a number of points further on."""

    dim: Dim
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Fixed:
    """An index that stands at one point of an axis."""

    axis: str
    position: int


Position = Running | Fixed
Branch = tuple[Piece, Piece]
"""A condition, and the value where it holds."""
ZERO = Piece("0", zero=True)


class Notation(ABC):
    """Writes the parts of an expression, given its operands as text."""

    formulas: bool = False
    """Whether a minus leads a product, a fraction or a sum, and one fraction stands for two."""
    first_bound: int = 0
    """The number of primes that the outermost bound index gets."""

    def within(self, piece: Piece, binding: int) -> str:
        """The text as an operand of something that binds this tightly."""
        return piece.text if piece.binding >= binding else self.bracketed(piece.text)

    @abstractmethod
    def bracketed(self, text: str) -> str:
        """The text in brackets."""

    @abstractmethod
    def number(self, value: float | bool) -> Piece:
        """A number or a truth value."""

    @abstractmethod
    def quantity(self, name: str, indices: Sequence[str] = ()) -> Piece:
        """A name with its indices."""

    @abstractmethod
    def index(self, position: Position, axis: Axis) -> str:
        """An index."""

    @abstractmethod
    def coordinate(self, position: Position, axis: Axis) -> Piece:
        """The coordinate value of a point."""

    @abstractmethod
    def weight(self, position: Position, axis: Axis, own: bool) -> Piece:
        """The weight of a point in an integral: the axis' own, or (`own` false) that of the trapezoid rule."""

    @abstractmethod
    def size(self, axis: Axis) -> Piece:
        """The number of points of an axis."""

    @abstractmethod
    def call(self, function: str, operands: Sequence[Piece]) -> Piece:
        """A function or an operator of the table (sums and conditionals have methods of their own)."""

    @abstractmethod
    def sum(self, terms: Sequence[tuple[bool, Piece]]) -> Piece:
        """Terms, each with whether it is subtracted."""

    @abstractmethod
    def power(self, base: Piece, exponent: int) -> Piece:
        """A power with an integer as exponent."""

    @abstractmethod
    def choice(self, branches: Sequence[Branch], otherwise: Piece) -> Piece:
        """The value of the first branch whose condition holds."""

    @abstractmethod
    def indicator(self, condition: Piece) -> Piece:
        """1 where the condition holds, else 0."""

    @abstractmethod
    def reduction(self, kind: ReduceKind, body: Piece, bound: Sequence[tuple[str, str]]) -> Piece:
        """A reduction; `bound` are the bound indices with their axes."""

    @abstractmethod
    def integral(self, body: Piece, bound: Sequence[tuple[str, str]]) -> Piece:
        """An integral over axes."""

    @abstractmethod
    def table(self, kind: Between, body: Piece, bound: tuple[str, str], at: Piece | None) -> Piece:
        """A table read along the axis of a bound index, at a place or (None) at the time."""

    @abstractmethod
    def over_time(self, kind: str, body: Piece) -> Piece:
        """A reduction over the saved times."""

    @abstractmethod
    def incidence(self, transition: Piece, flow: Piece) -> Piece:
        """The flow through a transition since the previous observation."""

    @abstractmethod
    def of_time(self, value: Piece, time: Piece) -> Piece:
        """A value at another time."""

    @abstractmethod
    def delayed(self, value: Piece, ago: Piece) -> Piece:
        """An expression as it was so long ago."""

    @abstractmethod
    def convolved(self, value: Piece, options: Mapping[str, Piece]) -> Piece:
        """An expression, weighed by a kernel over the time before now; options as `convolve_history` has them."""

    @abstractmethod
    def noise(self, name: str) -> Piece:
        """A source of noise."""

    @abstractmethod
    def operator(self, name: str) -> Piece:
        """A spatial operator, whose operands the typed model does not keep."""
