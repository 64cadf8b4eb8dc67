"""Emission for NumPy: results are written straight into the vector that is returned, neighbours are slices.

The same program as everywhere, but for what only memory that can be written to allows: the last operation of each
derivative writes into its part of a new vector, so that nothing is packed; what is read at its neighbours lies in an
array with its ends around it; and a number beside an array is an array without axes, for which NumPy takes half the
time. Every call makes its own arrays, and nothing that was given is written to.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from opjax.compile.blockwise import blocks
from opjax.compile.contraction import subscripts
from opjax.compile.copies import copied
from opjax.compile.emit import Emitter
from opjax.compile.held import held
from opjax.compile.neighbours import Neighbours
from opjax.compile.padding import Padded, Padding, shift_of
from opjax.compile.pairs import Pairs
from opjax.compile.products import product_text
from opjax.compile.released import LONG
from opjax.compile.signs import Term, terms_of
from opjax.compile.stencils import Stencils
from opjax.compile.targets import RESULT, Target, Targets, length
from opjax.compile.temporaries import Temporaries, half_of
from opjax.compile.text import TIGHTEST, Table, Value
from opjax.compile.vectors import Vectors, room
from opjax.ir.nodes import AnyNode, Apply, Contract, Gather, IntegerPower, Join, Reduce, Segment, Symbol, View
from opjax.ir.types import Dims

SIGNS = frozenset(("add", "multiply", "divide"))
COMPOSED = frozenset(("where", "clip"))


@dataclass(slots=True)
class InPlace(Temporaries):
    """Writes the statements of a function that returns a new vector ``out``.

    Arguments:
        targets: where in the vector the values go.
        padding: what is read at its neighbours.
        result: what is returned, where that is not ``out``.
        neighbours: the sums over neighbours that are computed along memory.
        stencils: writes them.
        over: the variable of an operand that may be where the result of a call goes.
        made: the statements that make other vectors, by variable: each goes before the first that writes there.
    """

    targets: Targets = field(default_factory=Targets)
    padding: Padding = field(default_factory=Padding)
    result: str = ""
    neighbours: Neighbours = field(default_factory=lambda: Neighbours({}))
    stencils: Stencils = field(default_factory=Stencils)
    over: str = ""
    made: dict[str, str] = field(default_factory=dict[str, str])

    def count(self) -> None:
        """As `Emitter.count`; and plan where everything goes."""
        Emitter.count(self)
        axes, uses = self.program.axes, self.uses
        self.targets.plan_terms(self.operations, axes, uses, functools.partial(self.namer.name, "terms"))
        self.targets.plan_parts(self.operations, axes, uses)
        self.stencils = Stencils(self.program.axes, self.neighbours)
        self.neighbours.axes = self.program.axes
        Pairs(self.neighbours, self.uses).plan(self.program.nodes)
        elsewhere = [n for n in self.operations if not (isinstance(n, Join) and n.number in self.targets.of)]
        self.padding.plan(elsewhere, self.uses, self.neighbours)
        padded = self.padding.views.union(self.neighbours.within)
        for node in self.operations:
            if node.number in padded and isinstance(node, View):
                self.uses[node.operand.number] -= 1  # it reads the array with its ends

    def read_by(self, node: AnyNode) -> Sequence[AnyNode]:
        """As `Emitter.read_by`; what enters at an end is written there by itself."""
        return node.operands if node.number in self.padding.filled else Emitter.read_by(self, node)

    # --- operands

    def apply(self, node: Apply) -> Value:
        """As `Emitter.apply`, with scalars beside arrays as arrays without axes."""
        order = self.order(node)
        if node.function == "where" and self.here is self.lines and (value := self.held(node, order)):
            return value
        if half_of(node) is not None and (root := self.root(node)):
            return root
        if node.function not in SIGNS or not order:
            inner = [self.operand(argument) for argument in node.arguments]
            whole = any(value.whole and value.order == order for value in inner)
            if node.function == "negate":
                return replace(Emitter.apply(self, node), fresh=inner[0].fresh, whole=whole)
            fresh = self.direct(node.function) is not None and node.function not in COMPOSED
            if fresh and len(inner) == 1 and inner[0].is_own(order) and order:
                return self.applied_over(node.function, inner[0])
            return replace(Emitter.apply(self, node), fresh=fresh, whole=whole)
        return self.joined(node.function, self.terms(node, order), order)

    def held(self, node: Apply, order: Dims) -> Value | None:
        """A selection as what it is at most points, if that may be written to where it is a number."""
        found = held(node, self.program.axes)
        value = self.operand(found[0]) if found else None
        if found is None or value is None or not value.is_own(order):
            return None
        _, number, places = found
        name = value.text if value.text.isidentifier() else self.begin(value)
        for place in places:
            last = max(at for at, dim in enumerate(order) if dim in place)
            index = ", ".join(place.get(dim, ":") for dim in order[: last + 1])
            self.here.append(f"{name}[{index}] = {self.operand(number).text}")
        return replace(value, text=name, binding=TIGHTEST)

    def order(self, node: Apply) -> Dims:
        """The physical order of a result."""
        return self.common_order([Emitter.operand(self, argument).order for argument in self.arguments(node)])

    def arguments(self, node: Apply) -> Sequence[AnyNode]:
        """What is added or multiplied in one go."""
        return node.arguments

    def terms(self, node: Apply, order: Dims) -> list[Term]:
        """The terms of a sum or the factors of a product of which at least one is an array."""
        arguments = self.arguments(node)
        values = [Emitter.operand(self, argument) for argument in arguments]
        numbers = len(list(itertools.takewhile(lambda value: not value.order, values)))
        numbers = 0 if numbers == 1 else numbers  # several are combined before they meet an array
        pairs = list(zip(arguments, values, strict=True))
        rest = [self.beside(argument, value, order) for argument, value in pairs[numbers:]]
        if not numbers:
            terms, run = terms_of(node, arguments, rest), self.neighbours.sums.get(node.number)
            return [(self.stencils.sum(run, self, order), False), *terms[len(run) :]] if run else terms
        first = self.cell(self.joined(node.function, [(self.operand(a), False) for a in arguments[:numbers]], ()))
        return [(value, False) for value in (first, *rest)]

    # --- temporaries

    def kept(self, node: AnyNode, value: Value, settled: bool = False) -> Value:
        """As `Emitter.kept`; what is used once may be written over there."""
        if node.number in self.neighbours.within:
            return value
        found = Emitter.kept(self, node, value, settled)
        fresh = value.fresh and self.uses[node.number] == 1 and not settled and self.here is not self.settled
        return replace(found, fresh=fresh, whole=value.whole)

    # --- operations

    def written(self, node: AnyNode) -> Value:
        """As `Emitter.written`; what has a place goes there."""
        if node.number in self.neighbours.within:
            return Value("", self.neighbours.within[node.number])
        target = None if self.here is not self.lines else self.targets.of.get(node.number)
        through = self.padding.through.get(node.number)
        if through is not None:
            return self.into_room(node, through)
        if isinstance(node, View) and self.padding.through.get(node.operand.number) is node:
            return Emitter.operand(self, node.operand)
        if node.number in self.padding.rooms:
            return self.into_room(node)
        if isinstance(node, Join) and node.number in self.padding.filled:
            return self.with_entry(node)
        if target is None or node.number in self.targets.single:
            return self.plain(node)
        if isinstance(node, Join):
            return self.blocks_into(node, target) if len(target.dims) > 1 else self.join_into(node, target)
        return self.into(node, target)

    def plain(self, node: AnyNode) -> Value:
        """The value as it is; the only element of a vector that is computed as a scalar."""
        if isinstance(node, Gather) and node.number in self.targets.single:
            return self.element(node)
        if isinstance(node, Segment):
            positions = self.table(Table("positions", positions=tuple(node.positions)), "positions")
            size, kept = room(node.positions, self.size(node.dims[0]))
            inside = f"{positions}, {self.operand(node.operand).text}, {size}"
            return Value(f"{self.helper('counted')}({inside}){kept}", node.dims, fresh=True)
        return Emitter.written(self, node)

    def into(self, node: AnyNode, target: Target) -> Value:
        """The value written to its target; what is the whole result may be it as it is."""
        if target.is_result and isinstance(node, Apply | Contract | Gather | Segment) and node.dims:
            return self.as_result(node, target)
        if self.neighbours.is_all(node) and isinstance(node, Apply) and self.order(node) == target.dims:
            self.targets.written.add(node.number)
            hint = self.program.names.get(node.number, "total")
            there = self.assign(hint, Value(target.text, ())).text
            return self.stencils.sum(self.neighbours.sums[node.number], self, target.dims, there)
        if isinstance(node, Apply) and self.begins_there(node, target):
            self.targets.written.add(node.number)
            value = self.joined(node.function, self.terms(node, target.dims), target.dims)
            self.lines[self.stencils.made[value.text]] = f"{value.text} = {target.text}"
            return Value(value.text, target.dims)
        self.over = ""
        call = self.call(node, target.dims)
        if call is None:
            value = self.plain(node)
            if value.is_own(target.dims) and value.text in self.begun:
                self.begin_there(value.text, target.text)
                self.targets.written.add(node.number)
            return value
        if self.over:
            self.begin_there(self.over, target.text)
        self.targets.written.add(node.number)
        text = f"{call}{self.over or target.text})"
        if self.uses[node.number] > 1:
            return self.assign(self.program.names.get(node.number, "v"), Value(text, target.dims))
        self.here.append(text)
        return Value(target.name, target.dims)

    def begins_there(self, node: Apply, target: Target) -> bool:
        """Whether an operation goes on in the array of a sum over neighbours, which may be the target as well."""
        if node.function not in SIGNS or self.order(node) != target.dims:
            return False
        first = Emitter.operand(self, node.arguments[0])
        return first.text in self.stencils.made and first.is_own(target.dims)

    def as_result(self, node: AnyNode, target: Target) -> Value:
        """The value as the vector that is returned, if it is an array of its own."""
        value = self.plain(node)
        self.targets.written.add(node.number)
        if value.is_own(target.dims):
            value = value if value.text.isidentifier() else self.assign("out", value)
            self.result = value.text if len(target.shape) < 2 else f"{value.text}.reshape(-1)"
            return Value(value.text, target.dims)
        self.here.append(f"{target.text}[...] = {self.aligned(value, target.dims).text}")
        return Value(target.text, target.dims)

    def call(self, node: AnyNode, order: Dims) -> str | None:
        """The call of a function that can write an array of that order, up to where it writes to."""
        match node:
            case Apply() if self.neighbours.is_all(node) or half_of(node) is not None:
                return None
            case Apply(function=function) if self.order(node) == order and function not in COMPOSED:
                if function in SIGNS:
                    *others, (last, minus) = self.terms(node, order)
                    first = self.joined(function, others, order)
                    name = self.helper(f"write_{'subtract' if minus else function}")
                    text = last.text[1:] if minus else last.text
                    own = [word for word, value in ((first.text, first), (text, last)) if value.is_own(order)]
                    self.over = next((word for word in own if word in self.begun), "")
                    return f"{name}({first.text}, {text}, "
                if function == "negate":
                    return f"{self.helper('write_negative')}({self.operand(node.arguments[0]).text}, "
                direct = self.direct(function) is not None and len(node.arguments) < 3
                return f"{Emitter.apply(self, node).text[:-1]}, out=" if direct else None
            case IntegerPower(exponent=2) if Emitter.operand(self, node.base).order == order:
                base = self.operand(node.base)
                name = base.text if base.text.isidentifier() else self.assign("base", base).text
                return f"{self.helper('write_multiply')}({name}, {name}, "
            case _:
                return None

    def reduce(self, node: Reduce) -> Value:
        """As `Emitter.reduce`, without the detour over Python."""
        operand = self.operand(node.operand)
        places = [place for place, dim in enumerate(operand.order) if dim in node.over]
        if len(places) != len(node.over):
            return Emitter.reduce(self, node)
        axis = str(places[0]) if len(places) == 1 else f"({', '.join(map(str, places))})"
        order = tuple(d for d in operand.order if d not in node.over)
        return Value(f"{self.helper(f'{node.reduction}_of')}({operand.text}, {axis})", order, fresh=True)

    def contract(self, node: Contract) -> Value:
        """As `Emitter.contract`, by BLAS where it can be."""
        factors = [self.operand(f) for f in node.factors]
        recipe, order, letters = subscripts([f.order for f in factors], node.over)
        sizes = {letter: self.size(dim) for dim, letter in letters.items()}
        text = product_text(recipe, [f.within(TIGHTEST) for f in factors], sizes)
        return Emitter.contract(self, node) if text is None else Value(text, order, fresh=True)

    # --- neighbours

    def view(self, node: View) -> Value:
        """As `Emitter.view`; neighbours are slices of an array with its ends around it."""
        if node.number not in self.padding.views:
            return Emitter.view(self, node)
        padded = self.padding.made.get(node.operand.number) or self.with_room(node.operand, self.operand(node.operand))
        chosen = dict(zip(node.operand.dims, node.selections, strict=True))
        return self.diagonal(Value(padded.read(chosen), padded.kept(chosen)))

    def with_room(self, node: AnyNode, value: Value) -> Padded:
        """A value copied to an array that has room at its ends."""
        padded = self.room(node, value.order)
        self.here.append(copied(self, padded.inside(), value, self.program.axes))
        self.here.extend(padded.ends())
        return padded

    def with_entry(self, node: Join) -> Value:
        """What enters at an end beside what moves away from there."""
        first, last = node.parts
        low = node.own(first) is None
        entry, inside = (first, last) if low else (last, first)
        moving = inside.operands[0]
        padded = self.padding.made.get(moving.number) or self.with_room(moving, self.operand(moving))
        order = tuple(dim for dim in padded.order if dim != node.dim)
        at = 0 if low else padded.rooms[node.dim].size
        there = ", ".join(str(at) if dim == node.dim else ":" for dim in padded.order)
        self.here.append(f"{padded.name}[{there}] = {self.aligned(self.operand(entry), order).text}")
        return Value(padded.inside({node.dim: -1 if low else 1}), padded.order)

    def room(self, node: AnyNode, order: Dims) -> Padded:
        """A new array with room at its ends."""
        name = self.namer.name("wide")
        padded = Padded(name, order, self.padding.rooms[node.number])
        self.padding.made[node.number] = padded
        shape = padded.shape(self.program.axes)
        if math.prod(shape) >= LONG:
            self.long.add(name)
        made = f"{self.helper('empty')}({shape[0] if len(shape) == 1 else shape}, real)"
        self.here.append(f"{name} = {made}")
        return padded

    def into_room(self, node: AnyNode, through: View | None = None) -> Value:
        """The value of an operation, written where there is room at its ends; or where a shift of it wants it."""
        order = self.order(node) if isinstance(node, Apply) else ()
        if isinstance(node, IntegerPower):
            order = Emitter.operand(self, node.base).order
        if not through and self.neighbours.is_all(node) and list(self.padding.rooms[node.number]) == [*order[:1]]:
            padded = self.room(node, order)
            there = self.assign(self.program.names.get(node.number, "total"), Value(padded.inside(), order)).text
            self.stencils.sum(self.neighbours.sums[node.number], self, order, there)
            self.here.extend(padded.ends())
            return Value(there, order)
        call = self.call(node, order) if order else None
        value = self.plain(node) if call is None else Value(call, order)
        padded = self.room(through or node, value.order)
        step = shift_of(through) if through else None
        there = padded.inside({step[0]: -step[1]} if step else None)
        if call is None and value.text in self.begun and value.is_own(value.order) and self.here is self.lines:
            self.earlier(self.begun[value.text][0])
            self.begin_there(value.text, there)
        else:
            self.here.append(f"{there} = {value.text}" if call is None else f"{call}{there})")
        self.here.extend(padded.zeros(*step) if step else padded.ends())
        return Value(padded.inside(), value.order)

    def earlier(self, place: int) -> None:
        """Have the last statement stand at an earlier place."""
        self.lines.insert(place, self.lines.pop())
        for name, (at, function, terms) in self.begun.items():
            self.begun[name] = at + (at >= place), function, terms
        for name, at in self.stencils.made.items():
            self.stencils.made[name] = at + (at >= place)

    # --- vectors

    def join_into(self, node: Join, target: Target) -> Value:
        """The parts of a vector written where they go."""
        vectors, at = Vectors(self, self.stored, self.program.axes), 0
        for source, stretch in self.stored.stretches_of(node):
            if source in ("vector", "scalar"):
                for part in stretch:
                    size = length(part, self.program.axes)
                    if not self.targets.has(part, target.part(at, size, True)):
                        value = self.operand(part)
                        there = target.part(at, size, bool(value.order))
                        self.here.append(f"{there.text} = {value.text}")
                    at += size
            else:
                self.here.append(f"{target.part(at, len(stretch), True).text} = {vectors.piece(source, stretch)}")
                at += len(stretch)
        self.targets.written.add(node.number)
        if target.name != RESULT:
            self.made[target.name] = f"{target.name} = {self.helper('empty')}({target.length}, real)"
        return Value(target.text, target.dims)

    def blocks_into(self, node: Join, target: Target) -> Value:
        """The parts of an array with several dims written where they go."""
        found, _ = blocks(self, node, self.program.axes)
        there, order = self.assign("there", Value(target.text, ())).text, target.dims
        for value, first, points in found:
            alone = tuple(dim for dim in order if dim != node.dim)
            index = {node.dim: str(first) if points == 1 else f"{first}:{first + points}"}
            text = self.aligned(value, order if node.dim in value.order else alone).text
            self.here.append(f"{there}[{', '.join(index.get(dim, ':') for dim in order)}] = {text}")
        self.targets.written.add(node.number)
        return Value(there, order)

    def element(self, node: Gather) -> Value:
        """The only element that is read from a vector, as a scalar."""
        (position,) = node.positions
        if isinstance(node.operand, Join) and self.stored.part_of_y(node.operand):
            part = cast(Symbol, node.operand.parts[position])
            return Value(f"y[{self.stored.states[part.name]}]", ())
        return Value(f"{self.operand(node.operand).within(TIGHTEST)}[{position}]", ())
