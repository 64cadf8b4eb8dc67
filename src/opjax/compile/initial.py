"""What each cell starts with, in op_system's words: a number, the name of a parameter, or a place in a parameter.

Where op_system has no word for it, the entry is the text of the expression: an engine that looks for a parameter of
this name finds none and says so, where it would begin at zero without an entry.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opjax.compile.layout import Layout, Slot
from opjax.ir.evaluate import Cells, evaluate, reachable
from opjax.ir.nodes import Along, AnyNode, Apply, AtPosition, Place, Symbol, View
from opjax.ir.system import System
from opjax.ir.types import Axis, Dim, declared_dims

Where = Mapping[Dim, int]
_OF_AXES = frozenset(("size", "position", "coordinate", "quadrature", "measure"))
"""The roles of what is known once the axes are."""


def initial_state(system: System, layout: Layout, names: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    """The initial value of each cell that has one.

    Arguments:
        system: the model.
        layout: where its states stand.
        names: the name of every cell, in their order.
    """
    left = iter(names)
    for slot in layout.slots:
        initial, mine = system.states[slot.name].initial, tuple(itertools.islice(left, slot.size))
        if initial is not None:
            entries = _Entries(system.axes, slot, _known(initial, system.axes))
            cells = itertools.product(*(range(length) for length in slot.shape))
            yield from ((name, entries.at(initial, cell)) for name, cell in zip(mine, cells, strict=True))


def _known(initial: AnyNode, axes: Mapping[str, Axis]) -> dict[int, Cells]:
    """The values of those parts that depend on axes alone, by the number of their node."""

    def no_leaves(symbol: Symbol, cell: tuple[int, ...]) -> float:
        raise AssertionError(symbol.name)

    parts = [node for node in reachable([initial]) if node.roles <= _OF_AXES]
    return {node.number: cells for node, cells in zip(parts, evaluate(parts, axes, no_leaves), strict=True)}


@dataclass(frozen=True, slots=True)
class _Entries:
    axes: Mapping[str, Axis]
    slot: Slot
    known: Mapping[int, Cells]

    def at(self, initial: AnyNode, cell: tuple[int, ...]) -> object:
        """The entry of one cell."""
        where = dict(zip(declared_dims(self.slot.axes), cell, strict=True))
        node = self.chosen(initial, where)
        if node.number in self.known:
            return float(self.known[node.number].at(where))
        parts = node.arguments if isinstance(node, Apply) and node.function == "add" else (node,)
        found = [part for part in (self.placed(part, where) for part in parts) if part is not None]
        if not found:
            return 0.0
        entry = self.leaf(found[0], where) if len(found) == 1 else None
        return initial.span.text.strip() if entry is None else entry

    def chosen(self, node: AnyNode, where: Where) -> AnyNode:
        """The branch that is taken at a cell, where that depends on the cell alone."""
        while isinstance(node, Apply) and node.function == "where" and node.arguments[0].number in self.known:
            condition, taken, other = node.arguments
            node = taken if self.known[condition.number].at(where) else other
        return node

    def placed(self, node: AnyNode, where: Where) -> AnyNode | None:
        """What is placed at a cell; None where it is placed at another."""
        while isinstance(node, Place):
            if where.get(node.dim) != node.position:
                return None
            node = node.operand
        return self.chosen(node, where)

    def leaf(self, node: AnyNode, where: Where) -> object:
        """The entry of a number or a parameter, or None."""
        if node.number in self.known:
            return float(self.known[node.number].at(where))
        symbol = node.operand if isinstance(node, View) else node
        if not isinstance(symbol, Symbol) or symbol.role != "parameter":
            return None
        if not symbol.axes:
            return symbol.name
        named = tuple(dim.axis for dim in symbol.axes)
        positions = self.positions(node, symbol, where)
        if positions is None or len(set(named)) < len(named):
            return None
        labels = {axis: str(self.axes[axis].names[place]) for axis, place in zip(named, positions, strict=True)}
        return {"shaped": symbol.name, "axes": named, "coords": labels}

    def positions(self, node: AnyNode, symbol: Symbol, where: Where) -> list[int] | None:
        """Where in a parameter a cell stands, or None where no single place is meant."""
        selections = node.selections if isinstance(node, View) else tuple(Along(dim) for dim in symbol.axes)
        found: list[int] = []
        for selection in selections:
            if isinstance(selection, AtPosition):
                found.append(selection.position)
            elif selection.offset == 0 and selection.dim in where:
                found.append(where[selection.dim])
            else:
                return None
        return found
