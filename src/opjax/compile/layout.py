"""Layout: where each state stands in the flat vector, and the shapes of everything with axes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

from opjax.errors import Report, catalogue
from opjax.ir.system import System, plain_values
from opjax.ir.types import Axis
from opjax.records import record
from opjax.source import DEFAULT_LIMITS, NOWHERE, Limits, Span


@record()
class Slot:
    """One state in the flat vector: positions ``start`` to ``start + size``, the last axis varying fastest."""

    name: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    start: int

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


@record()
class Layout:
    """The flat vector: the states in declared order, each in row-major order."""

    slots: tuple[Slot, ...]
    size: int

    def cell_names(self, axes: Mapping[str, Axis]) -> tuple[str, ...]:
        """The name of every element: ``S``, or ``S[young]`` with the labels of its axes."""
        names: list[str] = []
        for slot in self.slots:
            cells = [""]
            for axis in slot.axes:
                labels = [f"{n:g}" if isinstance(n, float) else n for n in axes[axis].names]
                cells = [f"{cell},{label}" if cell else label for cell in cells for label in labels]
            names.extend(f"{slot.name}[{cell}]" if cell else slot.name for cell in cells)
        return tuple(names)


def shape_of(axes: tuple[str, ...], known: Mapping[str, Axis], span: Span = NOWHERE) -> tuple[int, ...]:
    """The shape of a quantity by its axes.

    Raises:
        OpjaxError: E0803 if an axis has no labels yet.
    """
    if not axes:
        return ()
    report = Report()
    for name in axes:
        if known[name].size is None:
            report.add(catalogue.AXIS_WITHOUT_LABELS, span, name=name)
    report.check()
    return tuple(known[name].size or 0 for name in axes)


def build_layout(system: System, limits: Limits = DEFAULT_LIMITS) -> Layout:
    """The layout of a model's states.

    Raises:
        OpjaxError: E0803 for an axis without labels, E0004 for more cells than the limit.
    """
    slots: list[Slot] = []
    start = 0
    plain = plain_values(system.states)
    for name in system.states:
        state = None if name in plain else system.states[name]
        shape = shape_of(state.axes, system.axes, state.span) if state else ()
        slot = Slot(name, state.axes if state else (), shape, start)
        slots.append(slot)
        start += slot.size
    if start > limits.cells:
        report = Report()
        span = next(iter(system.states.values())).span
        report.add(catalogue.TOO_LARGE, span, what="the state vector", size=start, limit=limits.cells, field="cells")
        report.check()
    return Layout(tuple(slots), start)


def element(name: str, cell: tuple[int, ...]) -> str:
    """The name of one element of an array, which nothing in a model can have; that of a number is its own."""
    return f"{name}[{','.join(map(str, cell))}]" if cell else name


def elements(name: str, shape: tuple[int, ...]) -> list[str]:
    """The names of all elements of an array, the last axis varying fastest."""
    return [element(name, cell) for cell in itertools.product(*map(range, shape))]
