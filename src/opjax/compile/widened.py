"""Emission for JAX: long arrays that are read at several neighbours have their ends around them once.

And vectors of states that are no slice are gathered from the state vector: of slices that are put together XLA makes a
vector in memory once many states are mapped.

What several faces read with zeros beyond the ends has these around it once, whatever its length. Elsewhere XLA's
compiler for CPUs computes a short shifted array inside the loop that reads it. A long one, of `LONG` elements along its
last axis, it writes to memory first, piece by piece, for each shift: three times the time of one array with its ends
around it, of which every shift is a slice.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from opjax.compile.emit import Emitter
from opjax.compile.padding import Room
from opjax.compile.repeated import Repeated, repeated_of
from opjax.compile.targets import is_renaming
from opjax.compile.text import TIGHTEST, Table, Value
from opjax.compile.vectors import Stored, sliced
from opjax.ir.nodes import Along, AnyNode, Edge, Gather, IntegerPower, Join, Selection, View
from opjax.ir.nodes import Place as PlaceNode
from opjax.ir.types import Dim

LONG = 128
FEW_RUNS = 4
"""Runs of neighbours that a gather may be made of, and be differentiated as slices."""
MOST_FACTORS = 8
"""What JAX's function of powers takes for a product of the base."""
Place = tuple[int, Dim, Edge]
"""An operand, the dim that it is read along, and what lies beyond its ends."""
Places = tuple[int, ...]
"""Where in the state vector the elements of a vector lie."""


@dataclass(slots=True)
class Widened(Emitter):
    """Writes the statements of a function over arrays that cannot be written to.

    Arguments:
        rooms: what is needed beyond the ends of operands.
        wide: the variables that hold operands with their ends around them.
        between: of operands that several faces read with zeros beyond the ends, from where to where they do.
        places: where in the state vector the elements of each vector of states lie, by number.
        together: the variables of those that are no slice, once they have been gathered all together.
        added: the long sums over a vector that is read several times, by number.
        inside: what stands between that vector and those sums.
    """

    rooms: dict[Place, Room] = field(default_factory=dict[Place, Room])
    wide: dict[Place, str] = field(default_factory=dict[Place, str])
    between: dict[Place, set[tuple[int, int]]] = field(default_factory=dict[Place, "set[tuple[int, int]]"])
    places: dict[int, Places] = field(default_factory=dict[int, "Places"])
    together: dict[Places, str] = field(default_factory=dict["Places", str])
    added: dict[int, Repeated] = field(default_factory=dict[int, "Repeated"])
    inside: set[int] = field(default_factory=set[int])

    def count(self) -> None:
        """As `Emitter.count`; and find how far each operand is read beyond its ends."""
        Emitter.count(self)
        self.plan_gathers()
        self.plan_sums()
        for node in self.operations:
            if isinstance(node, View) and node.dims and node.operand.kind == "real":
                for dim, selection in zip(node.operand.dims, node.selections, strict=True):
                    if isinstance(selection, Along) and (selection.offset or selection.points):
                        self.reach(node, dim, selection)

    def plan_gathers(self) -> None:
        """Find the vectors of states; what they are made of is not read for them."""
        for node in self.operations:
            places = places_of(node, self.stored, self.places)
            if places is not None:
                self.places[node.number] = places
                for operand in self.read_by(node):
                    self.uses[operand.number] -= 1

    def written(self, node: AnyNode) -> Value:
        """As `Emitter.written`; elements of the state vector are read there, long sums are one operation."""
        if node.number in self.inside:
            return Value("y", node.dims)  # nothing reads it
        if node.number in self.added:
            return self.sums(node, self.added[node.number])
        places = self.places.get(node.number)
        if places is None:
            return Emitter.written(self, node)
        if not self.uses.get(node.number):
            return Value("y", node.dims)  # nothing reads it
        return Value(sliced("y", places, self.stored.size) or self.gathered(places), node.dims)

    def plan_sums(self) -> None:
        """Find the long sums over a vector that is read several times; what stands between is not written for them."""
        for node in self.operations:
            found = repeated_of(node, self.program.axes)
            inside = found.inside if found else ()
            if found and all(self.uses[between.number] == 1 for between in inside):
                self.added[node.number] = found
                self.inside.update(between.number for between in inside)

    def sums(self, node: AnyNode, found: Repeated) -> Value:
        """The sums over a vector that is read several times."""
        tables = [self.table(Table("numbers", numbers=found.numbers), "numbers"), self.positions(found.sums)]
        tables += [self.positions(found.rest)] if found.rest else []
        inside = ", ".join([self.operand(found.vector).text, str(found.runs), str(found.size), *tables])
        return Value(f"{self.helper('added')}({inside})", node.dims, fresh=True)

    def gathered(self, places: Places) -> str:
        """Elements here and there; what is gathered is gathered all together, where it is first needed."""
        if not self.together:
            found = (found for number, found in self.places.items() if self.uses.get(number))
            every = [found for found in dict.fromkeys(found) if sliced("y", found, self.stored.size) is None]
            tables = [self.positions(positions) for positions in every]
            if len(every) == 1:
                runs = runs_of(places)
                few = len(runs) <= FEW_RUNS
                return (
                    f"{self.helper('pieces')}(y, {tables[0]}, {runs})"
                    if few
                    else f"{self.helper('take')}(y, {tables[0]})"
                )
            everywhere = self.positions(tuple(itertools.chain(*every)))
            self.together.update((positions, self.namer.name("v")) for positions in every)
            names = ", ".join(self.together.values())
            self.here.append(f"{names} = {self.helper('takes')}(y, {everywhere}, {', '.join(tables)})")
        return self.together[places]

    def positions(self, positions: Places) -> str:
        """The name of a constant array of positions."""
        return self.table(Table("positions", positions=positions), "positions")

    def power(self, node: IntegerPower) -> Value:
        """As `Emitter.power`: one operation, which XLA makes the same squares and products of."""
        base = self.operand(node.base)
        if node.exponent == 2 or not 1 < abs(node.exponent) <= MOST_FACTORS:
            return Emitter.power(self, node)
        return Value(f"{self.helper('pow')}({base.text}, {node.exponent})", base.order)

    def place(self, node: PlaceNode) -> Value:
        """As `Emitter.place`: zeros around the value."""
        operand = self.operand(node.operand)
        order = self.common_order([operand.order, (node.dim,)])
        size, axis = self.program.axes[node.dim.axis].size or 0, order.index(node.dim)
        return Value(f"{self.helper('placed')}({operand.text}, {axis}, {node.position}, {size})", order)

    def reach(self, node: View, dim: Dim, along: Along) -> None:
        """Room for one view, where the dim is long and the view does not reach beyond the other end."""
        size = self.program.axes[dim.axis].size or 0
        low, high = beyond(along, size)
        if size >= LONG and max(low, high) <= size:
            room = self.rooms.setdefault((node.operand.number, dim, along.edge), Room(along.edge, size))
            room.low, room.high = max(room.low, low), max(room.high, high)
        elif along.points and along.edge == "absorb" and max(low, high):
            reads = self.between.setdefault((node.operand.number, dim, along.edge), set())
            reads.add((along.offset, along.offset + along.points))

    def view(self, node: View) -> Value:
        """As `Emitter.view`; along the last axis of a long array, a slice of it with its ends around it."""
        operand = self.operand(node.operand)
        chosen = dict(zip(node.operand.dims, node.selections, strict=True))
        last = operand.order[-1] if operand.order else None
        along = chosen[last] if last else None
        kept = all(isinstance(selection, Along) for selection in chosen.values())
        if last is None or not isinstance(along, Along) or not kept or self.here is self.settled:
            return Emitter.view(self, node)
        place = (node.operand.number, last, along.edge)
        room = self.rooms.get(place)
        low, high = beyond(along, room.size) if room else (0, 0)
        if room is None or not low + high or low > room.low or high > room.high:
            return self.face(node, operand, chosen)
        if place not in self.wide:
            call = self.helper(f"widen_{along.edge}")
            self.wide[place] = self.assign("wide", Value(f"{call}({operand.text}, {room.low}, {room.high})", ())).text
        start = room.low + along.offset
        lead = ":, " * (len(operand.order) - 1)
        text = f"{self.wide[place]}[{lead}{start}:{start + (along.points or room.size)}]"
        return self.moved(Value(text, operand.order, TIGHTEST), {**chosen, last: Along(along.dim)})

    def face(self, node: View, operand: Value, chosen: dict[Dim, Selection]) -> Value:
        """What faces read, as a slice of one array with zeros at its ends; anything else as `Emitter.view`."""
        for axis, dim in enumerate(operand.order):
            along = chosen[dim]
            if not isinstance(along, Along) or not along.points:
                continue
            place = (node.operand.number, dim, along.edge)
            reads = self.between.get(place, set[tuple[int, int]]())
            if len(reads) < 2:
                continue
            first, last = min(read[0] for read in reads), max(read[1] for read in reads)
            if not first <= along.offset <= along.offset + along.points <= last:
                continue
            if place not in self.wide:
                call = f"{self.helper('read_absorb')}({operand.text}, {first}, {last}, {axis})"
                self.wide[place] = self.assign("wide", Value(call, ())).text
            start = along.offset - first
            lead, rest = ":, " * axis, ", ..." if axis + 1 < len(operand.order) else ""
            text = f"{self.wide[place]}[{lead}{start}:{start + along.points}{rest}]"
            return self.moved(Value(text, operand.order, TIGHTEST), {**chosen, dim: Along(along.dim)})
        return Emitter.view(self, node)


def beyond(along: Along, size: int) -> tuple[int, int]:
    """How many points before the first and behind the last of so many are read."""
    return max(0, -along.offset), max(0, along.offset + (along.points or size) - size)


def runs_of(places: Places) -> tuple[tuple[int, int], ...]:
    """Where each run of neighbours begins and ends."""
    starts = [at for at, place in enumerate(places) if at == 0 or place != places[at - 1] + 1]
    return tuple((places[low], places[high - 1] + 1) for low, high in itertools.pairwise([*starts, len(places)]))


def places_of(node: AnyNode, stored: Stored, known: Mapping[int, Places]) -> Places | None:
    """Where the elements of a vector lie in the flat vector ``y``; None where not all of them do.

    Arguments:
        node: the vector.
        stored: where ``y`` holds scalars.
        known: the same of its operands, by number.
    """
    if isinstance(node, View):
        return known.get(node.operand.number) if node.operand.number in known and is_renaming(node) else None
    if isinstance(node, Gather):
        found = known.get(node.operand.number)
        return None if found is None else tuple([found[position] for position in node.positions])
    if not isinstance(node, Join) or not stored.flat:
        return None
    places: list[int] = []
    for source, stretch in stored.stretches_of(node):
        if source == "state":
            places.extend(stored.places(stretch))
            continue
        for part in stretch:
            if part.number not in known:
                return None
            places.extend(known[part.number])
    return tuple(places)
