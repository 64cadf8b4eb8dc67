"""From syntax back to text: as few brackets as possible, and ``parse(print(x)) == x`` for every tree.

The text is made piece by piece from a stack, so that printing is linear in the size of the tree, whatever its depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

from opjax.syntax.names import is_name
from opjax.syntax.nodes import (
    Argument,
    Array,
    Binder,
    Call,
    Compare,
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
    Reference,
    Remainder,
    Sum,
    Text,
    Truth,
)

# The levels of precedence in the grammar, the loosest first; a node looser than its place stands in brackets.
ANY, OR, AND, NOT, COMPARE, SUM, PRODUCT, UNARY, POWER, ATOM = range(10)


class _At(NamedTuple):
    """An expression, and the loosest level that may stand at its place without brackets."""

    node: Expression
    level: int


_Piece: TypeAlias = str | _At


def print_expression(expression: Expression, canonical: bool = False) -> str:
    """The text of an expression.

    Arguments:
        expression: the expression.
        canonical: write equal numbers in the same way; otherwise they stand as they were written.

    Returns:
        One line of text that parses to an equal expression.

    Raises:
        ValueError: if there is a line break in a label, which has no spelling.

    Example:
        >>> difference = Sum((Reference("a"), Number(0.5)), (False, True))
        >>> print_expression(Product((difference, Reference("b")), (False, True)))
        '(a - 0.5)/b'
    """
    return _joined([_At(expression, ANY)], canonical)


def _joined(pieces: Iterable[_Piece], canonical: bool) -> str:
    done: list[str] = []
    stack = list(pieces)
    stack.reverse()
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            done.append(piece)
            continue
        inside = _pieces(piece.node, canonical)
        if _level(piece.node) < piece.level:
            inside = ["(", *inside, ")"]
        inside.reverse()
        stack.extend(inside)
    return "".join(done)


def _level(node: Expression) -> int:
    match node:
        case Conditional():
            return ANY
        case Logical():
            return OR if node.operator == "or" else AND
        case Not():
            return NOT
        case Compare():
            return COMPARE
        case Sum():
            return SUM
        case Product() | Remainder():
            return PRODUCT
        case Negate():
            return UNARY
        case Power():
            return POWER
        case _:
            return ATOM


def _pieces(node: Expression, canonical: bool) -> list[_Piece]:
    match node:
        case Number():
            return [number_text(node, canonical), *(["{", unit_text(node.unit), "}"] if node.unit else [])]
        case Truth():
            return ["true" if node.value else "false"]
        case Text():
            return [quoted(node.value)]
        case Reference():
            return [node.name, *_indices(node.indices)]
        case Call():
            return [node.name, *_indices(node.indices), *_arguments(node.arguments)]
        case Reduction():
            return [node.kind, "(", _At(node.body, ANY), _binders(node.binders), *_rest(node), ")"]
        case Array():
            return ["[", *_between(", ", [_At(item, ANY) for item in node.items]), "]"]
        case Not():
            return ["not ", _At(node.operand, NOT)]
        case Negate():
            return ["-", _At(node.operand, UNARY)]
        case Power():
            return [_At(node.base, ATOM), "^", _At(node.exponent, UNARY)]
        case _:
            return _operator_pieces(node)


def _operator_pieces(node: Expression) -> list[_Piece]:
    match node:
        case Sum():
            return _chain(node.terms, [" - " if minus else " + " for minus in node.negative[1:]], PRODUCT)
        case Product():
            return _from_left(_chain(node.factors, ["/" if over else "*" for over in node.inverse[1:]], UNARY))
        case Remainder():
            return _from_left([_At(node.left, UNARY), "%", _At(node.right, UNARY)], also_products=True)
        case Compare():
            return _chain(node.operands, [f" {operator} " for operator in node.operators], SUM)
        case Logical():
            level = AND if node.operator == "or" else NOT
            return _chain(node.operands, [f" {node.operator} "] * (len(node.operands) - 1), level)
        case Conditional():
            cases = zip(node.values, node.conditions, strict=True)
            pieces: list[_Piece] = []
            for value, condition in cases:
                pieces += [_At(value, OR), " if ", _At(condition, OR), " else "]
            return [*pieces, _At(node.otherwise, OR)]
        case _:
            raise AssertionError(type(node))


def _chain(operands: Sequence[Expression], operators: Sequence[str], level: int) -> list[_Piece]:
    """Operands with an operator before each but the first."""
    pieces: list[_Piece] = [_At(operands[0], level)]
    for operator, operand in zip(operators, operands[1:], strict=True):
        pieces += [operator, _At(operand, level)]
    return pieces


def _from_left(pieces: list[_Piece], also_products: bool = False) -> list[_Piece]:
    """``a%b*c`` and ``a*b%c`` are read from the left: what comes first needs no brackets."""
    first = pieces[0]
    if isinstance(first, _At) and isinstance(first.node, (Remainder, Product) if also_products else Remainder):
        pieces[0] = _At(first.node, PRODUCT)
    return pieces


def _between(separator: str, parts: Sequence[_Piece]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for part in parts:
        pieces += [separator, part] if pieces else [part]
    return pieces


def _rest(reduction: Reduction) -> list[_Piece]:
    if reduction.at is not None:
        return [" at ", _At(reduction.at, ANY)]
    return [] if reduction.condition is None else [" if ", _At(reduction.condition, OR)]


def _binders(binders: tuple[Binder, ...]) -> str:
    if all(binder.name == binder.axis for binder in binders):
        return " over " + ", ".join(binder.name for binder in binders)
    return " for " + ", ".join(f"{binder.name} in {binder.axis}" for binder in binders)


def arguments_text(arguments: tuple[Argument, ...], canonical: bool = False) -> str:
    """``(loc=0, scale=1)``."""
    return _joined(_arguments(arguments), canonical)


def _arguments(arguments: tuple[Argument, ...]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for argument in arguments:
        comma = ", " if pieces else ""
        pieces += [f"{comma}{argument.keyword}=" if argument.keyword is not None else comma, _At(argument.value, ANY)]
    return ["(", *pieces, ")"]


def _indices(indices: tuple[Index, ...]) -> list[_Piece]:
    return ["[", ", ".join(index_text(index) for index in indices), "]"] if indices else []


def index_text(index: Index) -> str:
    """``age+1``, ``age="65+"``, ``age:b``.

    Raises:
        ValueError: if the label has a line break in it.
    """
    axis = index.axis or ""
    if index.label is not None:
        label = quoted(index.label) if isinstance(index.label, str) else repr(float(index.label))
        return f"{axis}={label}" if axis else label
    shift = f"{index.offset:+d}" if index.offset else ""
    return f"{axis}:{index.name}{shift}" if axis else f"{index.name}{shift}"


def number_text(number: Number, canonical: bool = False) -> str:
    """The digits of a number: as they were written, or in one way for equal numbers."""
    if number.text and not canonical:
        return number.text
    if canonical:
        return repr(number.value).removesuffix(".0")
    return str(int(number.value)) if number.integer else repr(number.value)


def quoted(text: str) -> str:
    """A text in quotes; quotes in it are doubled.

    Raises:
        ValueError: if there is a line break in it.
    """
    if "\n" in text:
        raise ValueError(f"a text with a line break cannot be written in one line: {text!r}")
    return '"' + text.replace('"', '""') + '"'


_NUMBER: Final = r"(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
_POWER: Final = rf"(?:[^\W\d]\w*|{_NUMBER})(?:\^-?{_NUMBER})?"
_FACTOR: Final = rf"(?:{_POWER}|\({_POWER}(?:[*/]{_POWER})*\)(?:\^-?{_NUMBER})?)"
_UNIT: Final = rf"-|{_FACTOR}(?:[*/]{_FACTOR})*"
_WORD: Final = r"[^\W\d]\w*"


def unit_text(unit: str) -> str:
    """A unit as it stands if it is made of factors, in quotes otherwise.

    Example:
        >>> unit_text("mg/L"), unit_text("copies per mL")
        ('mg/L', '"copies per mL"')
    """
    plain = re.fullmatch(_UNIT, unit) and all(is_name(word) for word in re.findall(_WORD, re.sub(_NUMBER, "1", unit)))
    return unit if plain else quoted(unit)
