"""Statements that are like others before: what they become is made column by column, and goes where it belongs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from opjax.errors import Stop
from opjax.ir.many import Column, repeat_in_rows
from opjax.ir.nodes import AnyNode
from opjax.ir.rows import Rows, repeat_in_columns
from opjax.ir.system import KnownFlows
from opjax.records import record
from opjax.spec.alike import Alike, Chunk, Statement, Template, chunks
from opjax.spec.repeats import Repeats
from opjax.syntax.declarations import TransitionDeclaration

if TYPE_CHECKING:
    from opjax.spec.dynamics import Dynamics

FEWEST = 12
"""Statements that are worth columns; fewer are read one by one."""


@record(eq=False)
class _Found:
    """Statements of one template, with what they become: a column for each result."""

    alike: Alike
    template: Template
    results: list[Column]


@dataclass(slots=True)
class Statements:
    """Reads the statements of a section, most of them as others before.

    Arguments:
        dynamics: reads a statement that is like none before, and collects what all become.
        repeats: what statements of a form become.
    """

    dynamics: Dynamics
    repeats: Repeats

    def read(self, parts: Sequence[Sequence[Statement]]) -> None:
        """Read all; a problem ends its statement only."""
        position = 1
        for chunk in chunks(parts):
            self.read_chunk(chunk, position)
            position += len(chunk.spans)

    def read_chunk(self, chunk: Chunk, position: int) -> None:
        """Read some; `position` is that of the first."""
        alike = self.repeats.alike(chunk)
        count = len(chunk.spans)
        names = [""] * count
        for found in alike:
            for place, name in zip(found.places, found.names or (), strict=False):
                names[place] = name
        names = [name or f"flow_{number}" for number, name in enumerate(names, start=position)]
        done = 0
        if sum(len(found.places) for found in alike if found.template) < count:
            of_place = {place: found for found in alike for place in found.places}
            for place, like in ((place, of_place.get(place)) for place in range(count)):
                if like is None or like.template is None:
                    self.again(chunk, alike, (done, place), names)
                    self.first_time(chunk, like, place, names[place])
                    done = place + 1
        self.again(chunk, alike, (done, count), names)

    def first_time(self, chunk: Chunk, like: Alike | None, place: int, name: str) -> None:
        """Read one statement that is like none before."""
        dynamics, declared = self.dynamics, chunk.row(place)
        noted = len(dynamics.lowering.report.diagnostics)
        if isinstance(declared, TransitionDeclaration) and declared.name:
            name = declared.name
        try:
            values = dynamics.add(declared, name)
        except Stop:
            dynamics.touch(declared)
            return
        if like and noted == len(dynamics.lowering.report.diagnostics):
            self.repeats.met(like, place, declared, values)

    def again(self, chunk: Chunk, alike: list[Alike], places: tuple[int, int], names: list[str]) -> None:
        """Read the statements between two places, all of which are like others before."""
        if places[0] == places[1]:
            return
        parts = [found.between(*places) for found in alike]
        some = [(part, part.template) for part in parts if part.places and part.template]
        gains = self.dynamics.gains
        for part, template in some:
            for column in part.words[: sum(map(len, template.counts))]:
                for state in [state for state in column if state not in gains]:
                    gains.setdefault(state, [])
        found = self.in_columns(chunk, some) if places[1] - places[0] >= FEWEST else None
        found = found or self.in_rows(chunk, some)
        self.note_flows(chunk, found, names)
        self.note_gains(chunk, found)
        self.note_equations(chunk, found)

    def in_columns(self, chunk: Chunk, some: list[tuple[Alike, Template]]) -> list[_Found] | None:
        """What statements become, column by column; None if that cannot be."""
        forms = [
            Rows(part.places, template.steps, part.leaves + [[node] * len(part.places) for node in template.fixed])
            for part, template in some
        ]
        made = repeat_in_columns(self.dynamics.lowering.graph, forms, chunk.spans)
        if made is None:
            return None
        return [
            _Found(part, template, [values[place] for place in template.results])
            for (part, template), values in zip(some, made, strict=True)
        ]

    def in_rows(self, chunk: Chunk, some: list[tuple[Alike, Template]]) -> list[_Found]:
        """What statements become, one after the other."""
        graph = self.dynamics.lowering.graph
        found = [_Found(part, template, [[] for _ in template.results]) for part, template in some]
        places = sorted((place, of, at) for of, row in enumerate(found) for at, place in enumerate(row.alike.places))
        rows = [(some[of][1].steps, _first_values(*some[of], at), chunk.spans[place]) for place, of, at in places]
        repeat_in_rows(graph, rows)
        for (_, of, _), (_, values, _) in zip(places, rows, strict=True):
            for column, result in zip(found[of].results, some[of][1].results, strict=True):
                column.append(values[result])
        return found

    # --- where it belongs

    def note_flows(self, chunk: Chunk, found: list[_Found], names: list[str]) -> None:
        """Keep what is known of the flows of transitions."""
        rows: list[tuple[int, AnyNode, AnyNode]] = []
        flows = [one for one in found if one.alike.words and len(one.results) > 1]
        for one in flows:
            rows += zip(one.alike.places, one.results[0], one.results[1], strict=True)
        if not rows:
            return
        if len(flows) > 1:
            rows.sort(key=itemgetter(0))
        own = [names[place] for place, _, _ in rows]
        places = [chunk.first + place for place, _, _ in rows]
        nodes = [rate for _, rate, _ in rows], [value for _, _, value in rows]
        self.dynamics.flows.know(KnownFlows(own, chunk.rows, places, nodes))

    def note_gains(self, chunk: Chunk, found: list[_Found]) -> None:
        """Add what transitions bring to their states."""
        gains = self.dynamics.gains
        rows: list[Sequence[tuple[list[AnyNode], AnyNode]]] = [()] * len(chunk.spans)
        for one in found:
            words = [one.alike.words[place] for place in one.template.changed]
            pairs = [
                zip(map(gains.__getitem__, column), values, strict=True)
                for column, values in zip(words, one.results[2:], strict=True)
            ]
            if pairs:
                for place, row in zip(one.alike.places, zip(*pairs, strict=True), strict=True):
                    rows[place] = row
        for row in rows:
            for gain, value in row:
                gain.append(value)

    def note_equations(self, chunk: Chunk, found: list[_Found]) -> None:
        """Note the equations of states."""
        for place, state, value in sorted(_equations(found), key=lambda row: row[0]):
            try:
                self.dynamics.claim(state, (), chunk.spans[place])
            except Stop:
                continue
            self.dynamics.piece(state, (), value, chunk.spans[place])


def _first_values(alike: Alike, template: Template, at: int) -> list[AnyNode]:
    return [*[column[at] for column in alike.leaves], *template.fixed]


def _equations(found: list[_Found]) -> Iterator[tuple[int, str, AnyNode]]:
    for one in found:
        if len(one.results) == 1:
            yield from zip(one.alike.places, one.alike.words[0], one.results[0], strict=True)
