"""Emission for NumPy: what is added at one position of an axis is added there, once the rest of the sum is an array.

``births`` of the first age, or those who move from one dose to the next, would each be an array with zeros everywhere
else. The sum is the same but for the order of its terms there, and the sign of a zero elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from opjax.compile.in_place import InPlace
from opjax.compile.once import POSITIONAL
from opjax.compile.targets import Target
from opjax.compile.text import Value
from opjax.ir.nodes import AnyNode, Apply, Place
from opjax.ir.types import Dim, Dims


@dataclass(slots=True)
class Placing(InPlace):
    """Writes the statements of a function that returns a new vector ``out``.

    Arguments:
        sums: the terms of each sum that are added at one position, by the number of the sum.
        hidden: those that are never made as arrays with zeros, with what is inside, by number.
    """

    has_ticks = True
    sums: dict[int, list[Place]] = field(default_factory=dict[int, "list[Place]"])
    hidden: dict[int, Dims] = field(default_factory=dict[int, "Dims"])

    def count(self) -> None:
        """As `InPlace.count`; and find what is added at one position."""
        InPlace.count(self)
        for node in self.operations:
            if isinstance(node, Apply) and node.function == "add" and node.dims and self.is_plain_sum(node):
                self.plan(node)

    def is_plain_sum(self, node: Apply) -> bool:
        """Whether a sum is no sum over neighbours, and is not read at its neighbours itself."""
        read = node.number in self.padding.rooms or node.number in self.padding.through
        return not read and node.number not in self.neighbours.sums

    def plan(self, node: Apply) -> None:
        """Find the terms of a sum that are added at one position, beside others that have all dims."""
        found = [part for part in node.arguments if isinstance(part, Place) and self.is_only_there(part)]
        rest = [part for part in node.arguments if part not in found]
        if found and any(part.dims == node.dims for part in rest):
            self.sums[node.number] = found
            for part in found:
                self.hidden.update((one.number, one.dims) for one in self.nested(part))

    def is_only_there(self, part: AnyNode) -> bool:
        """Whether nothing else reads a term, and it has no name; what depends on axes alone is computed once."""
        if part.roles and part.roles <= POSITIONAL:
            return False
        used = self.uses[part.number] == 1 and part.number not in self.program.names
        return used and part.number not in self.padding.rooms and part.number not in self.padding.through

    def nested(self, part: Place) -> list[Place]:
        """A value at one position of several axes."""
        found = [part]
        while isinstance(inner := found[-1].operand, Place) and self.is_only_there(inner):
            found.append(inner)
        return found

    def arguments(self, node: Apply) -> Sequence[AnyNode]:
        """As `InPlace.arguments`, without what is added at one position."""
        placed = self.sums.get(node.number)
        return [part for part in node.arguments if part not in placed] if placed else node.arguments

    def call(self, node: AnyNode, order: Dims) -> str | None:
        """As `InPlace.call`; one term is no sum."""
        if isinstance(node, Apply) and node.number in self.sums and len(self.arguments(node)) < 2:
            return None
        return InPlace.call(self, node, order)

    def written(self, node: AnyNode) -> Value:
        """As `InPlace.written`; then the terms that are added at one position."""
        if node.number in self.hidden:
            return Value("", self.hidden[node.number])
        value, parts = InPlace.written(self, node), self.sums.get(node.number)
        return self.with_parts(node, value, parts) if parts else value

    def with_parts(self, node: AnyNode, value: Value, parts: list[Place]) -> Value:
        """A sum with what is added at one position of it."""
        target = self.targets.of.get(node.number) if node.number in self.targets.written else None
        where = self.own(node, value) if target is None else self.there(value, target)
        for part in parts:
            steps = {one.dim: one.position for one in self.nested(part)}
            self.add_at(where, steps, self.nested(part)[-1].operand)
        return value if target else where

    def own(self, node: AnyNode, value: Value) -> Value:
        """The value as an array that may be written to."""
        if value.is_own(value.order):
            return value if value.text.isidentifier() else self.owned(node, value.text, value.order)
        shape = tuple(self.size(dim) for dim in value.order)
        return self.owned(node, f"{self.helper('array')}(xp.broadcast_to({value.text}, {shape}))", value.order)

    def owned(self, node: AnyNode, text: str, order: Dims) -> Value:
        """A statement that makes an array that may be written to."""
        name = self.assign(self.program.names.get(node.number, "total"), Value(text, order)).text
        return Value(name, order, fresh=True)

    def there(self, value: Value, target: Target) -> Value:
        """Where a value has been written."""
        text = target.text if value.text == target.name else value.text
        if not text.isidentifier():
            text = self.assign("there", Value(text, ())).text
        return Value(text, target.dims)

    def add_at(self, where: Value, steps: dict[Dim, int], node: AnyNode) -> None:
        """The statement that adds a value at one position."""
        index = ", ".join(str(steps[dim]) if dim in steps else ":" for dim in where.order)
        while index.endswith(", :"):
            index = index.removesuffix(", :")
        text = self.aligned(self.operand(node), tuple(dim for dim in where.order if dim not in steps)).text
        minus = isinstance(node, Apply) and node.function == "negate" and text.startswith("-")
        self.here.append(f"{where.text}[{index}] {'-' if minus else '+'}= {text[1:] if minus else text}")
