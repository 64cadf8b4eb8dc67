"""What the rules of ``grammar.lark`` that belong to expressions become: one function per rule or alias.

The parser calls a function as soon as its rule is complete, with the values of the symbols that count (texts in
quotes do not; what is optional and absent is None).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, NamedTuple, TypeAlias, cast

from opjax.errors import did_you_mean
from opjax.source import Span
from opjax.syntax.lexer import Token
from opjax.syntax.nodes import (
    REDUCTIONS,
    Argument,
    Array,
    Binder,
    Call,
    Compare,
    CompareOperator,
    Conditional,
    Expression,
    Index,
    Logical,
    Negate,
    Not,
    Number,
    Power,
    Product,
    Reduction,
    ReductionKind,
    Reference,
    Remainder,
    Sum,
    Text,
    Truth,
)
from opjax.syntax.slips import bad_number, unexpected_text

PREFIXES: Final = ("np", "numpy", "jnp", "xp")
"""Names of array libraries, which may stand before a function as in Python."""

CONSTANTS: Final = ("pi", "inf")
"""What may stand behind such a name without being called."""


_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DIGITS: Final = 9  # of a count
_MOST_REPEATED: Final = 1_000_000  # characters that 'in' may repeat


class Grouped(NamedTuple):
    """An expression in brackets, or behind a plus sign: `span` covers all of it."""

    expression: Expression
    span: Span


Value: TypeAlias = Expression | Grouped


def bare(value: Value) -> Expression:
    """The expression without its brackets."""
    return value.expression if isinstance(value, Grouped) else value


def optional(value: Value | None) -> Expression | None:
    """The same for what may be absent."""
    return None if value is None else bare(value)


def between(first: Token | Value, last: Token | Value) -> Span:
    """The text from the start of one thing to the end of another."""
    end = last.end if isinstance(last, Token) else last.span.end
    if isinstance(first, Token):
        return Span(first.source, first.start, end)
    span = first.span
    return Span(span.source, span.start, end)


# --- atoms


def finite(token: Token) -> float:
    """The value of a number literal."""
    value = float(token.text)
    if math.isinf(value):
        raise bad_number(token.span, "this number is too large for floating point", "write 'inf' for infinity")
    return value


def number(token: Token, unit: str = "", end: Token | None = None) -> Number:
    """``50`` or ``50{mg}``."""
    digits = token.text.replace("_", "")
    return Number(finite(token), digits.isdigit(), digits, unit, span=between(token, end or token))


def unquoted(token: Token) -> str:
    """The text inside quotes; a quote that stands twice is one."""
    quote = token.text[0]
    return token.text[1:-1].replace(quote * 2, quote)


def text(token: Token) -> Text:
    """``"65+"``."""
    return Text(unquoted(token), span=token.span)


def truth(token: Token) -> Truth:
    """``true``."""
    return Truth(token.type == "TRUE", span=token.span)


def group(opening: Token, value: Value, closing: Token) -> Grouped:
    """``(a + b)``."""
    return Grouped(bare(value), between(opening, closing))


def array(opening: Token, *rest: Value | Token) -> Array:
    """``[1, 2, 3]``."""
    items = cast("tuple[Value, ...]", rest[:-1])
    return Array(tuple(bare(item) for item in items), span=between(opening, rest[-1]))


def reference(name: Token, *rest: Index | Token) -> Reference:
    """``I`` or ``I[age, b]``."""
    if not rest:
        return Reference(name.text, span=name.span)
    return Reference(name.text, cast("tuple[Index, ...]", rest[:-1]), span=between(name, cast(Token, rest[-1])))


def call(target: Reference, found: tuple[Argument, ...] | None, closing: Token) -> Call:
    """``exp(x)``, or ``N[age](t - tau)``."""
    return Call(target.name, found or (), target.indices, span=between(target, closing))


def reduction(
    target: Reference, body: Value, over: tuple[Binder, ...], condition: Value | None, closing: Token
) -> Reduction:
    """``sum(body for b in age if condition)``."""
    kind: ReductionKind | None = next((k for k in REDUCTIONS if k == target.name and not target.indices), None)
    if kind is None:
        known = f"the reductions are {', '.join(REDUCTIONS)}"
        raise unexpected_text(target.span, did_you_mean(target.name, REDUCTIONS, known))
    return Reduction(kind, bare(body), over, optional(condition), span=between(target, closing))


def table_read(target: Reference, body: Value, over: tuple[Binder, ...], at: Value, closing: Token) -> Reduction:
    """``linear(body over week at t - 7)``."""
    return replace(reduction(target, body, over, None, closing), at=bare(at))


def _check_prefix(prefix: Token, name: Token) -> None:
    if prefix.text not in PREFIXES:
        library = prefix.text in ("math", "jax", "scipy", "torch")
        hint = f"write '{name.text}' without '{prefix.text}.'" if library else "names have no points in them"
        raise unexpected_text(between(prefix, name), hint)


def dotted(prefix: Token, name: Token) -> Reference:
    """``np.pi``."""
    _check_prefix(prefix, name)
    if name.text not in CONSTANTS:
        hint = f"only {' and '.join(CONSTANTS)} stand behind '{prefix.text}.' without being called"
        raise unexpected_text(between(prefix, name), hint)
    return Reference(name.text, span=between(prefix, name))


def dotted_call(prefix: Token, name: Token, found: tuple[Argument, ...] | None, closing: Token) -> Call:
    """``np.exp(x)``."""
    _check_prefix(prefix, name)
    return Call(name.text, found or (), span=between(prefix, closing))


def arguments(*found: Argument) -> tuple[Argument, ...]:
    """``x, low=0``."""
    return found


def positional(value: Value) -> Argument:
    """``x``."""
    return Argument(bare(value), span=value.span)


def keyword(name: Token, value: Value) -> Argument:
    """``low=0``."""
    return Argument(bare(value), name.text, span=between(name, value))


def binders(*found: Binder) -> tuple[Binder, ...]:
    """``for a in age, b in age``."""
    return found


def binders_over(*names: Token) -> tuple[Binder, ...]:
    """``over week``: short for ``for week in week``."""
    return tuple(Binder(name.text, name.text, span=name.span) for name in names)


def binder(name: Token, axis: Token) -> Binder:
    """``b in age``."""
    return Binder(name.text, axis.text, span=between(name, axis))


# --- indices


def position(name: Token, alias: Token | None, sign: Token | None, steps: Token | None) -> Index:
    """``age``, ``age:b``, ``age+1``."""
    offset = 0
    if sign is not None and steps is not None:
        offset = whole(steps, "an index is shifted by a whole number") * (-1 if sign.type == "MINUS" else 1)
    span = between(name, steps or alias or name)
    if alias is None:
        return Index(name=name.text, offset=offset, span=span)
    return Index(name=alias.text, axis=name.text, offset=offset, span=span)


def labelled_position(axis: Token, label: Token) -> Index:
    """``age="65+"``, ``age=young``, ``x=0.5``."""
    return Index(label=label_value(label), axis=axis.text, span=between(axis, label))


def label_position(label: Token) -> Index:
    """``"65+"``."""
    return Index(label=unquoted(label), span=label.span)


def number_position(sign: Token | None, label: Token) -> Index:
    """``0.5``: a point of a grid, but never a count of points."""
    span = between(sign or label, label)
    if label.text.isdigit():
        raise unexpected_text(span, 'an axis is indexed by its name or a label, never by a count: I[age], I["65+"]')
    return Index(label=-finite(label) if sign else finite(label), span=span)


def label_value(label: Token) -> str | float:
    """A label in quotes is a text; a bare one is a number if it can be read as one."""
    if label.type == "STRING":
        return unquoted(label)
    return finite(label) if _NUMBER.fullmatch(label.text) else label.text


def checked_number(label: Token) -> float:
    """The value of a bare label that is a number."""
    if not _NUMBER.fullmatch(label.text):
        raise bad_number(label.span, f"'{label.text}' is not a number", "points are numbers; labels stand in [...]")
    return finite(label)


def whole(token: Token, meaning: str) -> int:
    """An integer where one is meant."""
    if not token.text.isdigit() or len(token.text) > _DIGITS:
        raise bad_number(token.span, meaning, "write it without a point and an exponent")
    return int(token.text)


# --- operators


def conditional(*parts: Value) -> Conditional:
    """``a if c else b if d else e``."""
    bared = tuple(bare(part) for part in parts)
    return Conditional(bared[1:-1:2], bared[:-1:2], bared[-1], span=between(parts[0], parts[-1]))


def disjunction(*operands: Value) -> Logical:
    """``a or b``."""
    return Logical("or", tuple(bare(o) for o in operands), span=between(operands[0], operands[-1]))


def conjunction(*operands: Value) -> Logical:
    """``a and b``."""
    return Logical("and", tuple(bare(o) for o in operands), span=between(operands[0], operands[-1]))


def invert(sign: Token, operand: Value) -> Not:
    """``not a``."""
    return Not(bare(operand), span=between(sign, operand))


def compare(first: Value, *rest: Token | Value) -> Compare:
    """``a < b <= c``."""
    operators: tuple[CompareOperator, ...] = tuple(
        cast(CompareOperator, token.text) for token in cast("tuple[Token, ...]", rest[::2])
    )
    operands = (first, *cast("tuple[Value, ...]", rest[1::2]))
    return Compare(tuple(bare(o) for o in operands), operators, span=between(first, rest[-1]))


def member(value: Value, negated: Token | None, choices: Array) -> Expression:
    """``b in ["a", "c"]`` is ``b == "a" or b == "c"``; with ``not`` all of ``!=``."""
    operator: CompareOperator = "==" if negated is None else "!="
    joined: Literal["or", "and"] = "or" if negated is None else "and"
    span = between(value, choices)
    if len(choices.items) * (value.span.end - value.span.start) > _MOST_REPEATED:
        raise unexpected_text(span, "name the left side of 'in' in 'let', or give fewer choices")
    if not choices.items:
        return Truth(negated is not None, span=span)
    if len(choices.items) == 1:
        return Compare((bare(value), choices.items[0]), (operator,), span=span)
    each = tuple(Compare((bare(value), item), (operator,), span=item.span) for item in choices.items)
    return Logical(joined, each, span=span)


def add(first: Value, *rest: Token | Value) -> Sum:
    """``a + b - c``."""
    signs = cast("Sequence[Token]", rest[::2])
    terms = (first, *cast("tuple[Value, ...]", rest[1::2]))
    negative = (False, *(sign.type == "MINUS" for sign in signs))
    return Sum(tuple(bare(t) for t in terms), negative, span=between(first, rest[-1]))


def multiply(first: Value, *rest: Token | Value) -> Expression:
    """``a * b / c % d``, from the left."""
    left, inverse = first, [False]
    factors: list[Expression] = [bare(first)]
    for place in range(0, len(rest), 2):
        sign, factor = cast(Token, rest[place]), cast(Value, rest[place + 1])
        if sign.type != "PERCENT":
            factors.append(bare(factor))
            inverse.append(sign.type == "SLASH")
            left = factor
        else:
            so_far = _product(factors, inverse, between(first, left))
            factors, inverse = [], [False]
            factors.append(Remainder(so_far, bare(factor), span=between(first, factor)))
            left = factor
    return _product(factors, inverse, between(first, left))


def _product(factors: list[Expression], inverse: list[bool], span: Span) -> Expression:
    return Product(tuple(factors), tuple(inverse), span=span) if len(factors) > 1 else factors[0]


def negate(sign: Token, operand: Value) -> Negate:
    """``-a``."""
    return Negate(bare(operand), span=between(sign, operand))


def keep(sign: Token, operand: Value) -> Grouped:
    """``+a``."""
    return Grouped(bare(operand), between(sign, operand))


def raise_to(base: Value, _: Token, exponent: Value) -> Power:
    """``a ^ b``."""
    return Power(bare(base), bare(exponent), span=between(base, exponent))
