"""A quantity that is written in pieces: for all points, and for some of them again.

``S[age]' = ...`` is for every point, ``S[age="young"]' = ...`` for one. Where both give a value, that for fewer points
counts. Two that are for equally many, such as ``S[age="young", sex]'`` and ``S[age, sex="f"]'``, must not meet.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from opjax.errors import catalogue
from opjax.ir.nodes import Along, AnyNode, AtPosition, Selection
from opjax.ir.types import Dim, declared_dims
from opjax.records import record
from opjax.source import Span
from opjax.spec.names import Name

if TYPE_CHECKING:
    from opjax.spec.expressions import Lowering


@record(eq=False)
class Piece:
    """A value for some points of a quantity.

    Arguments:
        selections: one for each axis of the quantity: an index, or a position.
        value: in the dims of the indices.
        span: where it was written.
    """

    selections: tuple[Selection, ...]
    value: AnyNode
    span: Span

    @property
    def fixed(self) -> dict[int, int]:
        """The positions by the place of their axis."""
        return {place: s.position for place, s in enumerate(self.selections) if isinstance(s, AtPosition)}


@record()
class Pieces:
    """Puts the pieces of one quantity together.

    Arguments:
        lowering: the graph, and the report.
        name: the quantity.
        entry: its declaration.
        rows: its pieces, in the order of the text.
    """

    lowering: Lowering
    name: str
    entry: Name
    rows: list[Piece]

    @property
    def dims(self) -> tuple[Dim, ...]:
        """The dims of the quantity, in declared order."""
        return declared_dims(self.entry.axes)

    def node(self) -> AnyNode:
        """The value over all points: zero where nothing is written."""
        if len(self.rows) == 1 and not self.entry.axes:
            return self.rows[0].value
        groups: dict[tuple[int, ...], list[Piece]] = {}
        for row in self.rows:
            groups.setdefault(tuple(row.fixed), []).append(row)
        self.check_overlaps(groups)
        graph = self.lowering.graph
        node: AnyNode | None = None
        for axes in sorted(groups, key=len):
            first, *others = groups[axes]
            if node is not None and not others:  # the mask says where it counts
                node = graph.apply("where", (self.mask([first]), self.moved(first), node), first.span)
                continue
            placed = [self.placed(row) for row in groups[axes]]
            total = graph.apply("add", placed) if others else placed[0]
            node = total if node is None else graph.apply("where", (self.mask(groups[axes]), total, node), first.span)
        assert node is not None
        return node

    def placed(self, row: Piece) -> AnyNode:
        """One piece over the dims of the quantity: zero at other positions."""
        graph, value = self.lowering.graph, self.moved(row)
        for place, position in row.fixed.items():
            value = graph.place(value, self.dims[place], position, row.span)
        return value

    def moved(self, row: Piece) -> AnyNode:
        """The value of a piece in the dims of the quantity that it runs over."""
        pairs = zip(row.selections, self.dims, strict=True)
        dims = {s.dim: Along(dim) for s, dim in pairs if isinstance(s, Along)}
        return self.lowering.graph.view(row.value, (dims[dim] for dim in row.value.dims), row.span)

    def mask(self, rows: list[Piece]) -> AnyNode:
        """Where one of the pieces of a group gives the value."""
        graph = self.lowering.graph
        masks: list[AnyNode] = []
        for row in rows:
            tests = [self.at(place, position, row.span) for place, position in row.fixed.items()]
            masks.append(graph.apply("logical_and", tests, row.span) if len(tests) > 1 else tests[0])
        return graph.apply("logical_or", masks, rows[0].span) if len(masks) > 1 else masks[0]

    def at(self, place: int, position: int, span: Span) -> AnyNode:
        """Whether a point stands at a position of an axis."""
        graph, dim = self.lowering.graph, self.dims[place]
        whole = graph.symbol("position", dim.axis, (dim.axis,), span)
        here = graph.view(whole, (Along(dim),), span)
        return graph.apply("equal", (here, graph.constant(float(position))), span)

    def check_overlaps(self, groups: Mapping[tuple[int, ...], list[Piece]]) -> None:
        """Refuse pieces for equally many axes that meet."""
        known = list(groups.items())
        for number, (axes, rows) in enumerate(known):
            for others, earlier in known[:number]:
                if len(axes) != len(others):
                    continue
                common = [place for place in axes if place in others]
                taken = {tuple(row.fixed[place] for place in common): row for row in earlier}
                for row in rows:
                    first = taken.get(tuple(row.fixed[place] for place in common))
                    if first is not None:
                        raise self.lowering.report.stop(
                            catalogue.OVERLAPPING_EQUATIONS, row.span, name=self.name, first=repr(first.span)
                        )

    def check_covered(self) -> None:
        """Refuse a quantity of which some points have no piece at all."""
        sizes = [self.lowering.names.axes[dim.axis].size for dim in self.dims]
        if not all(row.fixed for row in self.rows) or None in sizes:
            return
        known = [size or 0 for size in sizes]
        covered = sum(math.prod(s for place, s in enumerate(known) if place not in row.fixed) for row in self.rows)
        if covered < math.prod(known):
            raise self.lowering.report.stop(
                catalogue.UNCOVERED_POINTS, self.rows[0].span, name=self.name, axes=", ".join(self.entry.axes)
            )
