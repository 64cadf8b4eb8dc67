"""Tables that are read at the time: what an engine wants to know of them (axes, coordinates, breakpoints)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opjax.ir.evaluate import reachable
from opjax.ir.nodes import AnyNode, Apply, Between, Interpolate, Symbol
from opjax.ir.system import System


@dataclass(frozen=True, slots=True)
class TimeTable:
    """A table that the derivative reads at the time.

    Arguments:
        axis: the axis of its points of time; for an input, the one of `opjax.ir.system.Input.time_axis`.
        between: what lies between two points: ``linear`` or ``previous``.
        parameters: the parameters over this axis that it is made of, with their axes in declared order.
        inputs: the inputs that it is made of.
        coordinates: the points of time; empty for an input, whose points come with it.
    """

    axis: str
    between: Between
    parameters: tuple[tuple[str, tuple[str, ...]], ...]
    inputs: tuple[str, ...]
    coordinates: tuple[float, ...]

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """Where the table jumps: its points but the first, if it keeps the previous value."""
        return self.coordinates[1:] if self.between == "previous" else ()


def time_tables(system: System) -> tuple[TimeTable, ...]:
    """The tables that the right-hand side reads at the time itself, each kind of reading along each axis once.

    Example:
        >>> import opjax
        >>> model = opjax.loads('''
        ... model Decay:
        ...   axes:
        ...     week = points [0, 1, 2]
        ...   params:
        ...     k[week]
        ...   states:
        ...     x = 1
        ...   dynamics:
        ...     x -> 0 @ previous(k[week] over week)
        ... ''')
        >>> table, = time_tables(model.compile_rhs().system)
        >>> table.parameters, table.breakpoints
        ((('k', ('week',)),), (1.0, 2.0))
    """
    found: dict[tuple[str, Between], list[AnyNode]] = {}
    for node in reachable(system.rates.values()):
        if isinstance(node, Interpolate) and is_now(node.at):
            found.setdefault((node.dim.axis, node.between), []).append(node.table)
    return tuple(_table(system, axis, between, tables) for (axis, between), tables in found.items())


def _table(system: System, axis: str, between: Between, tables: Iterable[AnyNode]) -> TimeTable:
    leaves = [n for n in reachable(tables) if isinstance(n, Symbol) and any(d.axis == axis for d in n.axes)]
    parameters = tuple((n.name, tuple(d.axis for d in n.axes)) for n in leaves if n.role == "parameter")
    inputs = tuple(n.name for n in leaves if n.role == "input")
    coordinates = system.axes[axis].coordinates if axis in system.axes else ()
    return TimeTable(axis, between, parameters, inputs, coordinates)


def is_now(at: AnyNode) -> bool:
    """Whether a place is the time itself."""
    return isinstance(at, Symbol) and at.role == "time"


def is_shifted_time(at: AnyNode) -> bool:
    """Whether a place is the time, or the time and something that does not change in it: ``t``, ``t - 7``."""
    if is_now(at):
        return True
    known = at.roles <= {"time", "parameter"} and not at.dims
    if not known or not isinstance(at, Apply) or at.function != "add":
        return False
    return [a for a in at.arguments if "time" in a.roles] == [a for a in at.arguments if is_now(a)][:1]
