"""Expressions of a program in one short line, for people: names of the model, and `...` for what would be too long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from opjax.ir.functions import FUNCTIONS
from opjax.ir.nodes import (
    AnyNode,
    Apply,
    AtPosition,
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
from opjax.ir.types import Dim, Dims
from opjax.traverse import Walk, run

MOST_NODES = 24
MOST_OPERANDS = 5
TIGHTEST = 9
BINDING: Mapping[str, int] = {"logical_or": 1, "logical_and": 2, "logical_not": 3, "add": 5, "multiply": 6, "divide": 6}
"""How tightly operators bind; comparisons 4, a minus sign and powers more than products."""
CUT = "..."

Named = Callable[[AnyNode, str], "str | None"]
"""The text of a part that is not to be opened, given its indices in brackets; None for any other."""
Shown = Mapping[Dim, str]
"""What stands for a dim, where it is read along another."""
Short = tuple[str, int]
"""A text, and how tightly its outermost operator binds."""


def brief(node: AnyNode, named: Named | None = None) -> str:
    """An expression in one short line.

    Arguments:
        node: the expression.
        named: the text of a part that is not to be opened.

    Example:
        >>> from opjax.ir.nodes import Graph
        >>> graph = Graph()
        >>> rate, state = graph.symbol("parameter", "beta"), graph.symbol("state", "I", ("age",))
        >>> brief(graph.apply("multiply", (rate, graph.apply("add", (state, graph.constant(1.0))))))
        'beta*(I[age] + 1)'
    """
    return run(_Brief(named or (lambda _, indices: None)).walk(node, {}))[0]


@dataclass(slots=True)
class _Brief:
    named: Named
    left: int = field(default=MOST_NODES)

    def walk(self, node: AnyNode, shown: Shown) -> Walk[Short]:
        indices = indices_text(node.axes if isinstance(node, Symbol) else node.dims, shown)
        known = self.named(node, indices)
        if known is not None:
            return known, TIGHTEST
        if isinstance(node, Constant):
            return (f"{node.value:.6g}" if node.kind == "real" else str(node.value).lower()), TIGHTEST
        if isinstance(node, Symbol):
            return ("t" if node.role == "time" else node.name) + indices, TIGHTEST
        if isinstance(node, Join | Gather):
            return letter_of(node) + (indices if node.dims[0] in shown else ""), TIGHTEST
        self.left -= 1
        if self.left < 0:
            return CUT, TIGHTEST
        if isinstance(node, View):
            return (yield self.walk(node.operand, _read(node, shown)))
        parts: list[Short] = []
        for operand in node.operands[:MOST_OPERANDS]:
            parts.append((yield self.walk(operand, shown)))
        if len(node.operands) > MOST_OPERANDS:
            parts.append((CUT, TIGHTEST))
        return _written(node, parts)


def letter_of(node: AnyNode) -> str:
    """What the elements of a vector are: ``x`` states, ``p`` parameters, ``c`` numbers, ``v`` others, or several."""
    found: set[str] = set()
    waiting, seen = [node], {node.number}
    while waiting:
        one = waiting.pop()
        if isinstance(one, Gather | Join | View):
            waiting.extend(o for o in one.operands if o.number not in seen)
            seen.update(o.number for o in one.operands)
        elif isinstance(one, Symbol):
            found.add({"state": "x", "parameter": "p"}.get(one.role, "v"))
        else:
            found.add("c" if isinstance(one, Constant) else "v")
    return found.pop() if len(found) == 1 else "v"


def indices_text(dims: Dims, shown: Shown) -> str:
    """The indices of a value in brackets; nothing for a number."""
    return f"[{', '.join(shown.get(dim, str(dim)) for dim in dims)}]" if dims else ""


def _read(node: View, shown: Shown) -> Shown:
    """What stands for the dims of the operand of a view."""
    found: dict[Dim, str] = {}
    for dim, selection in zip(node.operand.dims, node.selections, strict=True):
        if isinstance(selection, AtPosition):
            found[dim] = str(selection.position)
        else:
            moved = f"{selection.offset:+d}" if selection.offset else ""
            found[dim] = shown.get(selection.dim, str(selection.dim)) + moved
    return found


def _written(node: AnyNode, parts: list[Short]) -> Short:
    texts = [text for text, _ in parts]
    match node:
        case Apply():
            return _applied(node.function, parts)
        case IntegerPower():
            return f"{within(parts[0], TIGHTEST)}^{node.exponent}", 8
        case Reduce():
            return f"{node.reduction}({texts[0]} over {_listed(node.over)})", TIGHTEST
        case Contract():
            return f"sum({'*'.join(within(p, 6) for p in parts)} over {_listed(node.over)})", TIGHTEST
        case Interpolate():
            return f"{node.between}({texts[0]} at {texts[1]})", TIGHTEST
        case Place():
            return f"place({texts[0]} at {node.dim} {node.position})", TIGHTEST
        case Stack():
            return f"stack({', '.join(texts)})", TIGHTEST
        case Segment():
            return f"add_up({texts[0]})", TIGHTEST
        case Opaque():
            return f"{node.name}({', '.join(texts)})", TIGHTEST
        case _:
            raise AssertionError(type(node).__name__)


def _applied(function: str, parts: list[Short]) -> Short:
    if function == "negate":
        return f"-{within(parts[0], 7)}", 5
    if function == "logical_not":
        return f"not {within(parts[0], 4)}", 3
    if function == "where":
        chosen, otherwise, condition = (within(parts[i], 1) for i in (1, 2, 0))
        return f"{chosen} if {condition} else {otherwise}", 0
    sign = FUNCTIONS[function].infix
    if not sign:
        return f"{function}({', '.join(text for text, _ in parts)})", TIGHTEST
    binding = BINDING.get(function, 4)
    text = within(parts[0], binding)
    for part in parts[1:]:
        other = within(part, binding if function == "add" else binding + 1)
        if function == "add" and other.startswith("-"):
            text += f" - {other[1:]}"
        else:
            text += f"{sign}{other}" if binding == 6 else f" {sign} {other}"
    return text, binding


def within(part: Short, binding: int) -> str:
    """The text, in brackets where it binds less tightly than that."""
    return part[0] if part[1] >= binding else f"({part[0]})"


def _listed(dims: Iterable[object]) -> str:
    return ", ".join(map(str, dims))
