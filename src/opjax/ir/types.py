"""The types of values: named dims and two kinds; and the axes that the dims run over."""

from __future__ import annotations

import functools
import itertools
from typing import Literal

from opjax.records import record

Kind = Literal["real", "boolean"]
Role = Literal[
    "state",
    "parameter",
    "time",
    "input",
    "size",
    "coordinate",
    "position",
    "quadrature",
    "measure",
    "incidence",
    "over_time",
    "delay",
    "noise",
    "operator",
]
"""What a leaf stands for.

``size``, ``coordinate``, ``position``, ``quadrature`` and ``measure`` belong to an axis: its number of points, its
coordinate values, 0, 1, 2, ... along it, its trapezoid weights, and the weights of its declared measure. ``incidence``
is the flow through a transition since the previous observation, ``over_time`` a reduction over the saved times. The
last three are understood, and not run yet.
"""


@record(order=True)
class Dim:
    """One dimension of a value: an axis, and a number of primes that tells several dims over one axis apart.

    ``I[age]`` has the dim ``age``; in ``sum(C[age, b]*I[b] for b in age)`` the bound ``b`` is the dim ``age'``. Bound
    names do not matter: the number of primes is the number of enclosing reductions over the same axis.
    """

    axis: str
    primes: int = 0

    def __str__(self) -> str:
        return self.axis + "'" * self.primes


Dims = tuple[Dim, ...]


def sorted_dims(*groups: tuple[Dim, ...]) -> Dims:
    """The union of dims in the one order that the typed model uses (the physical order is chosen at emission)."""
    if len(groups) == 1 and len(groups[0]) < 2:
        return groups[0]
    return tuple(sorted({dim for group in groups for dim in group}))


@functools.lru_cache(maxsize=1024)
def declared_dims(axes: tuple[str, ...]) -> Dims:
    """The dims of a declared quantity: the second ``age`` of ``C[age, age]`` is ``age'``."""
    return tuple(Dim(axis, axes[:place].count(axis)) for place, axis in enumerate(axes))


@record()
class Measure:
    """What the points of an axis weigh in a physical total.

    Arguments:
        kind: ``counting`` (each point is one), ``cell`` (sizes of cells) or ``quadrature`` (weights of a rule).
        weights: one for each point; positive and finite.
        unit: a label for people.
    """

    kind: Literal["counting", "cell", "quadrature"]
    weights: tuple[float, ...]
    unit: str = ""

    @property
    def units(self) -> str | None:
        """The unit under op_system's name, or None."""
        return self.unit or None


@record()
class Axis:
    """A named axis.

    Arguments:
        name: its name.
        kind: ``labels``, ``ordered``, ``grid``, ``points`` or ``data`` (labels come with the data).
        labels: the labels as text, in order; empty while they are not known.
        coordinates: the coordinate values of a ``grid`` or ``points`` axis, else empty.
        unit: a label for people.
        doc: a sentence for people.
        measure: what its points weigh in integrals, where the model says it.
    """

    name: str
    kind: Literal["labels", "ordered", "grid", "points", "data"]
    labels: tuple[str, ...] = ()
    coordinates: tuple[float, ...] = ()
    unit: str = ""
    doc: str = ""
    measure: Measure | None = None

    @property
    def size(self) -> int | None:
        """The number of points, or None while the labels are not known."""
        count = len(self.coordinates) or len(self.labels)
        return count or None

    @property
    def numeric(self) -> bool:
        """Whether the points have coordinate values."""
        return self.kind in ("grid", "points")

    @property
    def names(self) -> tuple[str, ...] | tuple[float, ...]:
        """What the points are called in results: coordinate values, or labels."""
        return self.coordinates if self.numeric else self.labels

    @property
    def weighing(self) -> Role:
        """The leaf that an integral over this axis weighs its points with."""
        return "quadrature" if self.measure is None else "measure"

    def weights(self, leaf: str) -> tuple[float, ...]:
        """The weights that a leaf stands for: those of the ``measure``, or of the trapezoid rule."""
        return self.measure.weights if leaf == "measure" and self.measure is not None else self.quadrature()

    def quadrature(self) -> tuple[float, ...]:
        """The trapezoid weights of the coordinates (half the distance between the two neighbours)."""
        x = self.coordinates
        steps = [0.0, *(b - a for a, b in itertools.pairwise(x)), 0.0]
        return tuple((a + b) / 2 for a, b in itertools.pairwise(steps))
