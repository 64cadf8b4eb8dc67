"""Emission for NumPy: numbers beside arrays are arrays without axes; arrays that are not read again are written to."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass, field, replace

from opjax.compile.emit import Emitter
from opjax.compile.released import LONG
from opjax.compile.signs import INFIX, Term
from opjax.compile.text import TIGHTEST, Table, Value
from opjax.ir.nodes import AnyNode, Apply, Constant, IntegerPower, Symbol
from opjax.ir.types import Dim, Dims, Role

Begun = tuple[int, str, tuple[Term, ...]]
"""The place of a statement, and the function and the terms of the operation that it begins with."""
MOST_FACTORS = 5
"""A power of more factors takes as long as a general one, and is less exact."""
OF_PARAMETERS: frozenset[Role] = frozenset(("parameter",))


@dataclass(slots=True)
class Temporaries(Emitter):
    """Writes statements over arrays that may be written to.

    Arguments:
        cells: scalars that stand beside arrays, with the names that they have as arrays without axes.
        read: variables that are read as they are.
        long: variables that hold long arrays.
        ahead: what is computed of parameters alone, before everything else.
        parts: of texts, which operations they are on what.
        begun: variables that begin as an operation on two terms, with the place of the statement.
    """

    cells: dict[str, str] = field(default_factory=dict[str, str])
    read: set[str] = field(default_factory=set[str])
    long: set[str] = field(default_factory=set[str])
    ahead: set[int] = field(default_factory=set[int])
    parts: dict[str, tuple[str, tuple[Term, ...]]] = field(default_factory=dict[str, "tuple[str, tuple[Term, ...]]"])
    begun: dict[str, Begun] = field(default_factory=dict[str, "Begun"])

    def given_nodes(self, nodes: list[AnyNode], settled: Container[int]) -> set[int]:
        """As `Emitter.given_nodes`; where there are few parameters, numbers stand ahead."""
        found = Emitter.given_nodes(self, nodes, settled)
        for node in nodes if not self.apart else ():
            number = type(node) in (Apply, IntegerPower) and not node.dims and node.roles == OF_PARAMETERS
            if number and all(o.number in found for o in node.operands if o.operands):
                found.add(node.number)
        self.ahead = found
        return found

    # --- operands

    def operand(self, node: AnyNode) -> Value:
        """As `Emitter.operand`."""
        value = Emitter.operand(self, node)
        if isinstance(node, Symbol):
            self.read.add(value.text)
        return value

    def beside(self, node: AnyNode, value: Value, order: Dims) -> Value:
        """An operand beside arrays."""
        if value.order:
            return self.aligned(self.operand(node), order)
        if isinstance(node, Constant):
            return Value(self.table(Table("cell", number=float(node.value)), f"number_{node.value:g}"), ())
        if isinstance(node, Symbol) and node.role == "parameter":
            if value.text not in self.cells:
                self.cells[value.text] = self.namer.name(node.name)
            return Value(self.cells[value.text], ())
        value = self.operand(node)
        if node.number not in self.ahead:
            return self.cell(value)
        if value.text not in self.cells:
            self.cells[value.text] = self.namer.name(value.text)
            self.given.append(f"{self.cells[value.text]} = {self.cell(value).text}")
        return Value(self.cells[value.text], ())

    def number_beside(self, node: AnyNode) -> str:
        """The text of a number beside an array."""
        return self.beside(node, Emitter.operand(self, node), ()).within(TIGHTEST)

    def cell(self, value: Value) -> Value:
        """A number as an array without axes."""
        return Value(f"{self.helper('cell')}({value.text})", ())

    def aligned(self, value: Value, order: Dims) -> Value:
        """As `Emitter.aligned`."""
        found = Emitter.aligned(self, value, order)
        covers = value.order if value.whole else value.covers
        return found if found is value else replace(found, whole=len(value.order) == len(order), covers=covers)

    def shaped(self, text: str, shape: tuple[int, ...]) -> str:
        """As `Emitter.shaped`."""
        return f"{text}.reshape{shape}"

    def helper(self, function: str) -> str:
        """As `Emitter.helper`; elements are read by the method of arrays, without a function in between."""
        return Emitter.helper(self, "taken" if function == "take" else function)

    def size(self, dim: Dim) -> int:
        """The number of points of a dim."""
        return self.program.axes[dim.axis].size or 0

    # --- in one array

    def assign(self, hint: str, value: Value) -> Value:
        """As `Emitter.assign`."""
        found = Emitter.assign(self, hint, value)
        if self.here is self.lines and math.prod(map(self.size, value.order)) >= LONG:
            self.long.add(found.text)
        return found

    def joined(self, function: str, terms: list[Term], order: Dims) -> Value:
        """As `Emitter.joined`, in one array that is written over where there are more than two terms."""
        if not order or self.here is self.settled:
            return Emitter.joined(self, function, terms, order)
        (head, minus), *rest = terms
        swaps = rest and function != "divide" and not minus and not rest[0][1] and not head.is_own(order)
        if swaps and rest[0][0].is_own(order):
            (head, minus), *rest = rest[0], terms[0], *rest[1:]
        if rest and rest[0][1] and rest[0][0].is_own(order) and not (minus or head.is_own(order)):
            minus_own = rest.pop(0)[0]  # 1 - v goes where v was
            head = self.written_over("subtract", head, replace(minus_own, text=minus_own.text[1:]))
        elif function == "divide" and rest and rest[0][0].is_own(order) and not head.is_own(order):
            head = self.written_over("divide", head, rest.pop(0)[0])
        done = [(head, minus)]
        while rest and not head.is_own(order):
            done.append(rest.pop(0))
            covered = {dim for value, _ in done for dim in (value.order if value.whole else value.covers)}
            whole = covered.issuperset(order)
            head = replace(Emitter.joined(self, function, done, order), fresh=whole, whole=whole)
            self.parts[head.text] = function, tuple(done)
            if not rest or head.is_own(order):
                break
        if not rest:
            return head
        name = head.text if head.text.isidentifier() else self.begin(head)
        for value, minus in rest:
            sign = INFIX[function][0].strip()
            self.here.append(f"{name} -= {value.text[1:]}" if minus else f"{name} {sign}= {value.text}")
        return Value(name, order, fresh=True)

    def begin(self, value: Value) -> str:
        """A statement that gives a value a variable, which may be part of another array later on."""
        name = self.assign("v", value).text
        function, terms = self.parts.get(value.text, ("", ()))
        if len(terms) == 2 and not terms[0][1] and self.here is self.lines:
            self.begun[name] = len(self.here) - 1, function, terms
        return name

    def begin_there(self, name: str, there: str) -> None:
        """Have a variable be part of another array from the statement on that gives it its value."""
        place, function, ((first, _), (last, minus)) = self.begun[name]
        call = self.helper(f"write_{'subtract' if minus else function}")
        self.lines[place] = f"{name} = {call}({first.text}, {last.text[1:] if minus else last.text}, {there})"

    def written_over(self, function: str, value: Value, own: Value) -> Value:
        """A value minus an array, or over it, where the array was."""
        name = own.text if own.text.isidentifier() else self.assign("v", own).text
        self.here.append(f"{self.helper(f'write_{function}')}({value.text}, {name}, {name})")
        return Value(name, own.order, fresh=True)

    def applied_over(self, function: str, own: Value) -> Value:
        """A function of an array, where the array was."""
        name = own.text if own.text.isidentifier() else self.assign("v", own).text
        return Value(f"{self.helper(function)}({name}, {name})", own.order, fresh=True)

    def power(self, node: IntegerPower) -> Value:
        """As `Emitter.power`, each square where the one before was, and the product where the last was."""
        base, left = self.operand(node.base), abs(node.exponent)
        if not base.order or self.here is self.settled or left < 2:
            return Emitter.power(self, node)
        if not base.text.isidentifier():
            base = replace(base, text=self.assign("base", base).text)
        own = base.is_own(base.order)
        if node.exponent == 2 and not own:
            return replace(base, text=f"{base.text}*{base.text}", binding=5, fresh=True)
        name = self.powers(base, left, own)
        if node.exponent < 0:
            one = Value(self.table(Table("cell", number=1.0), "number_1"), ())
            return replace(self.written_over("divide", one, replace(base, text=name)), whole=base.whole)
        return replace(base, text=name, fresh=True)

    def root(self, node: Apply) -> Value | None:
        """A power of an array with an exponent such as 3/2, which is a root times the base.

        It takes a tenth of the time. Law: it differs by at most a unit in the last place for each factor and two more;
        of minus infinity it is undefined, and where it is 0 the sign may be another.
        """
        exponent = half_of(node)
        base = None if exponent is None else self.operand(node.arguments[0])
        if exponent is None or base is None or not base.order or not base.whole or self.here is self.settled:
            return None
        if not base.text.isidentifier():
            base = replace(base, text=self.assign("base", base).text)
        factors = int(abs(exponent))
        name = self.assign("root", Value(f"{self.helper('sqrt')}({base.text})", base.order)).text
        if exponent < 0 and factors % 2 == 0:
            self.here.append(f"{self.helper('abs')}({name}, {name})")  # the root of -0 is -0
        self.here.extend([f"{name} *= {base.text}"] * factors)
        found = Value(name, base.order, fresh=True)
        one = Value(self.table(Table("cell", number=1.0), "number_1"), ())
        return self.written_over("divide", one, found) if exponent < 0 else found

    def powers(self, base: Value, left: int, own: bool) -> str:
        """The variable of a power from 2 on, which nothing else holds; `own`: whether the base may be written over."""
        square, result, result_is_own = base.text, "", False
        while True:
            last, odd = left == 1, left & 1
            if odd and result and last:
                self.here.append(f"{square} *= {result}")
            elif odd and result and result_is_own:
                self.here.append(f"{result} *= {square}")
            elif odd and result:
                result, result_is_own = self.assign("v", Value(f"{result}*{square}", base.order)).text, True
            elif odd:
                result, result_is_own = square, own
            left >>= 1
            if not left:
                return square
            if own and result != square:
                self.here.append(f"{square} *= {square}")
            else:
                factor = Value(square, base.order), False
                square, own = self.assign("square", Value(f"{square}*{square}", base.order)).text, True
                if self.here is self.lines:
                    self.begun[square] = len(self.here) - 1, "multiply", (factor, factor)


def half_of(node: AnyNode) -> float | None:
    """The exponent of a power that is a root of the base times it, or one over that."""
    if not isinstance(node, Apply) or node.function != "pow" or not isinstance(node.arguments[1], Constant):
        return None
    exponent = float(node.arguments[1].value)
    return exponent if abs(exponent) < MOST_FACTORS and 2 * exponent % 2 == 1 else None
