"""How a value depends on the states: as a product of powers of cells, with a bound on its order, and on which cells.

A cell is a state with one selection for each of its axes. Everything is read off the typed graph, operands first, so
that no traversal needs recursion and shared parts are looked at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from opjax.ir.evaluate import constant_value, reachable
from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    AtPosition,
    Contract,
    IntegerPower,
    Place,
    Reduce,
    Selection,
    Symbol,
    View,
)
from opjax.ir.types import Axis, Dim


@dataclass(frozen=True, slots=True)
class Everywhere:
    """All positions of an axis: what is left of a dim that a reduction runs over."""


Chosen = Selection | Everywhere


class Cell(NamedTuple):
    """A state, and where it is read along each of its axes (in declared order)."""

    state: str
    chosen: tuple[Chosen, ...]


Powers = Mapping[Cell, int]
NO_POWERS: Powers = {}


def _own_cell(symbol: Symbol) -> Cell:
    return Cell(symbol.name, tuple(Along(dim) for dim in symbol.axes))


def _moved(cell: Cell, moves: Mapping[Dim, Selection]) -> Cell | None:
    """The cell as a view of it reads it; None where a shift of a shift cannot be said as one."""
    chosen: list[Chosen] = []
    for selection in cell.chosen:
        if not isinstance(selection, Along):
            chosen.append(selection)
            continue
        move = moves.get(selection.dim, Along(selection.dim))
        if isinstance(move, AtPosition) and not selection.offset:
            chosen.append(move)
        elif isinstance(move, Along) and not (move.offset and selection.offset):
            shift = move if move.offset else selection
            chosen.append(Along(move.dim, shift.offset, shift.edge if shift.offset else "absorb"))
        else:
            return None
    return Cell(cell.state, tuple(chosen))


def _moves(view: View) -> dict[Dim, Selection]:
    return dict(zip(view.operand.dims, view.selections, strict=True))


def _unknown(value: AnyNode, known: Mapping[int, object]) -> list[AnyNode]:
    """The nodes that a value is made of and of which nothing is known yet, operands first."""
    found: dict[int, AnyNode] = {}
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if node.number not in found and node.number not in known:
            found[node.number] = node
            waiting.extend(node.operands)
    return [found[number] for number in sorted(found)]


# --- as a product of powers


def powers(value: AnyNode) -> Powers | None:
    """The cells that a value is a product of, with their exponents; None where it is no such product.

    What does not depend on the states counts as a factor: ``beta*S[age]*I[age]^2/N0`` has S once and I twice.
    """
    found: dict[int, Powers | None] = {}
    for node in reachable([value]):
        found[node.number] = _powers(node, found) if "state" in node.roles else NO_POWERS
    return found[value.number]


def _powers(node: AnyNode, known: Mapping[int, Powers | None]) -> Powers | None:
    parts = [known[operand.number] for operand in node.operands]
    match node:
        case Symbol():
            return {_own_cell(node): 1}
        case View():
            return _moved_powers(parts[0], _moves(node))
        case Apply(function="multiply"):
            return _product(parts)
        case Apply(function="divide") if not parts[1] and parts[1] is not None:
            return parts[0]
        case IntegerPower(exponent=exponent) if exponent > 0:
            return None if parts[0] is None else {cell: count * exponent for cell, count in parts[0].items()}
        case _:
            return None


def _moved_powers(known: Powers | None, moves: Mapping[Dim, Selection]) -> Powers | None:
    if known is None:
        return None
    moved = [(_moved(cell, moves), count) for cell, count in known.items()]
    return _product([None if cell is None else {cell: count} for cell, count in moved])


def _product(parts: Iterable[Powers | None]) -> Powers | None:
    total: dict[Cell, int] = {}
    for part in parts:
        if part is None:
            return None
        for cell, count in part.items():
            total[cell] = total.get(cell, 0) + count
    return total


# --- a bound on the order


def order_bound(value: AnyNode, known: dict[int, Fraction | None] | None = None) -> Fraction | None:
    """How strongly a value can follow the states: at most this power of a common factor of their changes.

    Terms of sums are taken to have one sign. None where a function of a state has no such bound (``exp(I)``), or where
    a difference may cancel.

    Arguments:
        value: the value.
        known: what was found for nodes of the same graph before, by number; it is added to.
    """
    found: dict[int, Fraction | None] = {} if known is None else known
    for node in _unknown(value, found):
        found[node.number] = _order(node, found) if "state" in node.roles else Fraction(0)
    return found[value.number]


def _order(node: AnyNode, known: Mapping[int, Fraction | None]) -> Fraction | None:
    parts = [order for order in (known[operand.number] for operand in node.operands) if order is not None]
    if len(parts) < len(node.operands):
        return None
    match node:
        case Symbol():
            return Fraction(1)
        case View() | Place() | Reduce(reduction="sum"):
            return parts[0]
        case Apply(function="multiply" | "divide") | Contract():
            return sum(parts, Fraction(0))
        case Apply(function="add"):
            return max(parts)
        case Apply(function="pow", arguments=(_, exponent)):
            number = constant_value(exponent)
            return None if number is None else parts[0] * abs(Fraction(float(number)).limit_denominator(10**6))
        case IntegerPower(exponent=exponent):
            return parts[0] * abs(exponent)
        case _:
            return None


# --- on which cells


def dependencies(value: AnyNode, known: dict[int, dict[Cell, None] | None] | None = None) -> tuple[Cell, ...] | None:
    """The cells that a value depends on, in the order of the graph; None where a shift of a shift hides one.

    Arguments:
        value: the value.
        known: what was found for nodes of the same graph before, by number; it is added to.
    """
    found: dict[int, dict[Cell, None] | None] = {} if known is None else known
    for node in _unknown(value, found):
        found[node.number] = _reads(node, found) if "state" in node.roles else {}
    cells = found[value.number]
    return None if cells is None else tuple(cells)


def _reads(node: AnyNode, known: Mapping[int, dict[Cell, None] | None]) -> dict[Cell, None] | None:
    if isinstance(node, Symbol):
        return {_own_cell(node): None}
    merged: dict[Cell, None] = {}
    for operand in node.operands:
        cells = known[operand.number]
        if cells is None:
            return None
        merged.update(cells)
    match node:
        case View():
            moved = [_moved(cell, _moves(node)) for cell in merged]
            whole = [cell for cell in moved if cell is not None]
            return dict.fromkeys(whole) if len(whole) == len(moved) else None
        case Reduce(over=over) | Contract(over=over):
            return dict.fromkeys(_over(cell, over) for cell in merged)
        case _:
            return merged


def _over(cell: Cell, over: tuple[Dim, ...]) -> Cell:
    chosen = (Everywhere() if isinstance(s, Along) and s.dim in over else s for s in cell.chosen)
    return Cell(cell.state, tuple(chosen))


def spread(cell: Cell, axes: tuple[str, ...], known: Mapping[str, Axis]) -> Iterable[Cell]:
    """The cells of a cell that is read everywhere along some axes: one for each combination of positions."""
    ranges = [
        [AtPosition(place) for place in range(known[axis].size or 0)] if isinstance(chosen, Everywhere) else [chosen]
        for axis, chosen in zip(axes, cell.chosen, strict=True)
    ]
    return (Cell(cell.state, chosen) for chosen in itertools.product(*ranges))
