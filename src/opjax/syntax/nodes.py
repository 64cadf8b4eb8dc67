"""The syntax tree of expressions: what was written, before any name is looked up.

All three spellings (text, YAML/JSON, Python mapping) become these nodes; equality and hash ignore places and the
spelling of numbers. Sums and products are n-ary, so that a sum of 100,000 terms is one node and not a tower.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from operator import attrgetter
from typing import Any, Literal, cast, get_args

from opjax.records import record
from opjax.source import NOWHERE, Span

CompareOperator = Literal["<", "<=", ">", ">=", "==", "!="]
ReductionKind = Literal["sum", "prod", "min", "max", "mean", "integral", "linear", "previous", "cubic"]
REDUCTIONS: tuple[ReductionKind, ...] = get_args(ReductionKind)


class Syntax:
    """Base of all syntax: equality, hash and copies without recursion."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Syntax):
            return NotImplemented
        # Every element carries its own number of children, so that equal prefixes are equal trees.
        return all(mine == yours for mine, yours in zip(_flat(self), _flat(other), strict=False))

    def __hash__(self) -> int:
        return hash(tuple(_flat(self)))

    def __copy__(self) -> Syntax:
        return self

    def __deepcopy__(self, memo: object) -> Syntax:
        return self


@functools.cache
def _compared_fields(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind) if f.compare)


def _flat(node: Syntax) -> Iterator[object]:
    """The tree in pre-order; nodes appear as their types, tuples as their lengths."""
    stack: list[object] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, Syntax):
            names = _compared_fields(type(item))
            yield type(item)
            stack.extend(getattr(item, name) for name in reversed(names))
        elif isinstance(item, tuple):
            parts = cast("tuple[object, ...]", item)
            yield ("tuple", len(parts))
            stack.extend(reversed(parts))
        else:
            yield item


@record(eq=False)
class Form:
    """What a statement shares with others: with the same `pattern` they are the same but for their words and numbers.

    Arguments:
        pattern: stands for the form; compared by identity.
        words: the names that differ, in the order of the text.
        numbers: the numbers that differ, as they are written.
    """

    pattern: object
    words: tuple[str, ...]
    numbers: tuple[str, ...] = ()


@record(eq=False, repr=False)
class Expression(Syntax):
    """Base of expressions; `span` is where it was written and takes no part in equality.

    `form` is known of a whole expression as it was read; a copy with other parts has none.
    """

    span: Span = field(default=NOWHERE, kw_only=True, compare=False)
    form: Form | None = field(default=None, init=False, compare=False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.span.text!r})"


@record(eq=False, repr=False)
class Number(Expression):
    """A number literal: `value` in floating point, `text` as it was written, an optional unit ``50{mg}``.

    `integer` is true where the literal has no point and no exponent: only such literals may stand where an integer
    is meant (exponents for repeated multiplication, counts).
    """

    value: float
    integer: bool = field(default=False, compare=False)
    text: str = field(default="", compare=False)
    unit: str = ""


@record(eq=False, repr=False)
class Truth(Expression):
    """``true`` or ``false``."""

    value: bool


@record(eq=False, repr=False)
class Text(Expression):
    """A string literal: a label of an axis."""

    value: str


@record(eq=False, repr=False)
class Index(Syntax):
    """One position in ``I[...]``.

    Exactly one of `name` and `label` is given:
        ``I[age]``          name="age"
        ``I[b]``            name="b" (a bound variable)
        ``S[age+1]``        name="age", offset=1
        ``I[age="65+"]``    axis="age", label="65+"
        ``I["65+"]``        label="65+"
        ``C[age, age:b]``   axis="age", name="b" (op_system's spelling of a bound variable)
    """

    name: str | None = None
    label: str | float | None = None
    axis: str | None = None
    offset: int = 0
    span: Span = field(default=NOWHERE, kw_only=True, compare=False)


@record(eq=False, repr=False)
class Reference(Expression):
    """A name, with indices where it has axes: ``beta``, ``I[age]``, ``np.pi`` is the name ``pi``."""

    name: str
    indices: tuple[Index, ...] = ()


@record(eq=False, repr=False)
class Argument(Syntax):
    """One argument of a call: positional, or ``keyword=value``."""

    value: Expression
    keyword: str | None = None
    span: Span = field(default=NOWHERE, kw_only=True, compare=False)


@record(eq=False, repr=False)
class Call(Expression):
    """A call ``name(a, b, key=c)``: a function, a delayed state ``N(t - tau)``, an input ``school(t)``.

    ``np.exp(x)`` is the call of ``exp``: the prefix is dropped by the parser. `indices` belong to a delayed state with
    axes: ``N[age](t - tau)``.
    """

    name: str
    arguments: tuple[Argument, ...] = ()
    indices: tuple[Index, ...] = ()


@record(eq=False, repr=False)
class Binder(Syntax):
    """``for name in axis``."""

    name: str
    axis: str
    span: Span = field(default=NOWHERE, kw_only=True, compare=False)


@record(eq=False, repr=False)
class Reduction(Expression):
    """``sum(body for b in age, v in vaccine if condition)``; ``linear(body over week at t - 7)`` reads a table.

    ``over week`` is short for ``for week in week``. There is a condition, or `at`, or neither.
    """

    kind: ReductionKind
    body: Expression
    binders: tuple[Binder, ...]
    condition: Expression | None = None
    at: Expression | None = None


@record(eq=False, repr=False)
class Sum(Expression):
    """``a + b - c``: at least two terms; `negative` says which are subtracted. The first is never negative."""

    terms: tuple[Expression, ...]
    negative: tuple[bool, ...]


@record(eq=False, repr=False)
class Product(Expression):
    """``a * b / c``: at least two factors, applied from the left; `inverse` says which divide. The first never does."""

    factors: tuple[Expression, ...]
    inverse: tuple[bool, ...]


@record(eq=False, repr=False)
class Remainder(Expression):
    """``a % b``: the remainder with the sign of the divisor, as in Python."""

    left: Expression
    right: Expression


@record(eq=False, repr=False)
class Power(Expression):
    """``base ^ exponent`` (also ``**``); associates to the right and binds tighter than a minus before it."""

    base: Expression
    exponent: Expression


@record(eq=False, repr=False)
class Negate(Expression):
    """``-operand``."""

    operand: Expression


@record(eq=False, repr=False)
class Not(Expression):
    """``not operand``."""

    operand: Expression


@record(eq=False, repr=False)
class Compare(Expression):
    """``a < b <= c``: a chain; true where every neighbouring pair holds."""

    operands: tuple[Expression, ...]
    operators: tuple[CompareOperator, ...]


@record(eq=False, repr=False)
class Logical(Expression):
    """``a and b and c`` or ``a or b or c``."""

    operator: Literal["and", "or"]
    operands: tuple[Expression, ...]


@record(eq=False, repr=False)
class Conditional(Expression):
    """``a if c else b if d else e``: pairs (condition, value) in order, then the value otherwise."""

    conditions: tuple[Expression, ...]
    values: tuple[Expression, ...]
    otherwise: Expression


@record(eq=False, repr=False)
class Array(Expression):
    """``[1, 2, 3]`` or nested: the values of a parameter with axes, only allowed as a default."""

    items: tuple[Expression, ...]


def children(node: Expression) -> tuple[Expression, ...]:
    """The expressions directly under an expression, in the order of the text."""
    return _CHILDREN[type(node)](node)


def _none(node: Expression) -> tuple[Expression, ...]:
    return ()


def _of_call(node: Call) -> tuple[Expression, ...]:
    return tuple(a.value for a in node.arguments)


def _of_reduction(node: Reduction) -> tuple[Expression, ...]:
    return (node.body, *(part for part in (node.condition, node.at) if part is not None))


def _of_conditional(node: Conditional) -> tuple[Expression, ...]:
    return (*node.conditions, *node.values, node.otherwise)


def _operand(node: Negate | Not) -> tuple[Expression, ...]:
    return (node.operand,)


_CHILDREN: Mapping[type[Expression], Callable[[Any], tuple[Expression, ...]]] = {
    Number: _none,
    Truth: _none,
    Text: _none,
    Reference: _none,
    Call: _of_call,
    Reduction: _of_reduction,
    Sum: attrgetter("terms"),
    Product: attrgetter("factors"),
    Remainder: attrgetter("left", "right"),
    Power: attrgetter("base", "exponent"),
    Negate: _operand,
    Not: _operand,
    Compare: attrgetter("operands"),
    Logical: attrgetter("operands"),
    Conditional: _of_conditional,
    Array: attrgetter("items"),
}
"""How the parts of each kind are reached: a table, since this is asked for every part of every statement."""


def with_children(node: Expression, parts: tuple[Expression, ...]) -> Expression:
    """The expression with others in place of its `children`, in their order."""
    match node:
        case Call():
            pairs = zip(node.arguments, parts, strict=True)
            return dataclasses.replace(node, arguments=tuple(dataclasses.replace(a, value=v) for a, v in pairs))
        case Reduction():
            rest = iter(parts)
            body, condition = next(rest), None if node.condition is None else next(rest)
            return dataclasses.replace(node, body=body, condition=condition, at=next(rest, None))
        case Sum():
            return dataclasses.replace(node, terms=parts)
        case Product():
            return dataclasses.replace(node, factors=parts)
        case Remainder():
            return dataclasses.replace(node, left=parts[0], right=parts[1])
        case Power():
            return dataclasses.replace(node, base=parts[0], exponent=parts[1])
        case Negate() | Not():
            return dataclasses.replace(node, operand=parts[0])
        case Compare() | Logical():
            return dataclasses.replace(node, operands=parts)
        case Conditional():
            size = len(node.conditions)
            first, second, last = parts[:size], parts[size : 2 * size], parts[-1]
            return dataclasses.replace(node, conditions=first, values=second, otherwise=last)
        case Array():
            return dataclasses.replace(node, items=parts)
        case _:
            return node


def factors_of(rate: Expression) -> list[Expression]:
    """The factors that a rate is a product of (not those that it is divided by)."""
    if not isinstance(rate, Product):
        return [rate]
    return [factor for factor, divides in zip(rate.factors, rate.inverse, strict=True) if not divides]


def fields_of(node: Syntax) -> Iterator[tuple[dataclasses.Field[Any], object]]:
    """The fields that a node is made of, with their values: those with a keyword last."""
    rows = [row for row in dataclasses.fields(cast(Any, node)) if row.init]
    for row in (*(row for row in rows if not row.kw_only), *(row for row in rows if row.kw_only)):
        yield row, getattr(node, row.name)


def walk(root: Expression) -> Iterator[Expression]:
    """Every expression of a tree, parents first."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))
