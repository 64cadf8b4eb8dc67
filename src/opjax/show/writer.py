"""From the typed graph to text: one walk for all notations.

Nodes that the model names (aliases) are written as that name; so is a large value that is used more than once, which
keeps the text as small as the graph. Indices are substituted on the way down: `View` changes them, `Reduce` binds new
ones.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opjax.ir.evaluate import Cells, evaluate
from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    AtPosition,
    Constant,
    Contract,
    Gather,
    IntegerPower,
    Interpolate,
    Join,
    Opaque,
    Place,
    Reduce,
    ReduceKind,
    Segment,
    Stack,
    Symbol,
    View,
)
from opjax.ir.system import System
from opjax.ir.types import Axis, Dim, Dims, Role
from opjax.show.formulas import as_repeated, compared, fraction, is_behind, negated, negative, without_minus
from opjax.show.interpolation import interpolated
from opjax.show.leaves import leaf_of
from opjax.show.naming import Named
from opjax.show.notation import ADD, COMPARISONS, TIGHTEST, ZERO, Fixed, Notation, Piece, Position, Running
from opjax.show.past import of_the_past
from opjax.traverse import Walk, run

Positions = Mapping[Dim, Position]
POSITIONAL: frozenset[Role] = frozenset(("position", "size"))
MOST_DECIDED = 10_000
WRITTEN_OUT: Mapping[ReduceKind, str] = {"prod": "multiply", "min": "minimum", "max": "maximum"}


def running(dims: Dims) -> Positions:
    """Every dim read along itself."""
    return {dim: Running(dim) for dim in dims}


@dataclass(slots=True)
class Writer:
    """Writes the expressions of one model in one notation.

    Arguments:
        system: the model.
        notation: how things are written.
        names: the nodes that are written as a name.
        most_terms: reductions with no more terms than this are written out, together with those around them.
        edges: gets what the model says about the ends of axes, where an index was shifted.
    """

    system: System
    notation: Notation
    names: Mapping[int, Named]
    most_terms: int = 0
    edges: dict[tuple[str, str], None] = field(default_factory=dict[tuple[str, str], None])
    conditions: dict[int, Cells] = field(default_factory=dict[int, Cells])

    def write(self, node: AnyNode, positions: Positions | None = None) -> Piece:
        """An expression.

        Arguments:
            node: the expression.
            positions: what its dims are read at; by default along themselves.
        """
        return run(self.walk(node, running(node.dims) if positions is None else positions, self.most_terms))

    def define(self, node: AnyNode, positions: Positions | None = None) -> Piece:
        """What a name stands for: the expression itself, even if it has a name."""
        places = running(node.dims) if positions is None else positions
        return run(self.node(node, places, self.most_terms))

    # --- the walk

    def walk(self, node: AnyNode, at: Positions, terms: int) -> Walk[Piece]:
        """A node, or its name."""
        named = self.names.get(node.number)
        if named is None:
            return (yield self.node(node, at, terms))
        return self.notation.quantity(named.name, [self.index(at[dim]) for dim in named.dims])

    def node(self, node: AnyNode, at: Positions, terms: int) -> Walk[Piece]:
        """A node over the texts of its operands; `terms` is how many terms reductions may still write out."""
        match node:
            case Constant():
                return self.notation.number(node.value)
            case Symbol():
                return (yield self.symbol(node, at))
            case Apply():
                return (yield self.apply(node, at, terms))
            case IntegerPower():
                base = yield self.walk(node.base, at, terms)
                return self.notation.power(base, node.exponent)
            case Reduce():
                return (yield self.reduce(node, at, terms))
            case Contract():
                return (yield self.reduced("sum", node.factors, node.over, at))
            case View():
                inner = self.moved(node, at)
                return ZERO if inner is None else (yield self.walk(node.operand, inner, terms))
            case Interpolate():
                return (yield interpolated(self, node, at))
            case Place():
                return (yield self.place(node, at, terms))
            case Opaque():
                return (yield self.opaque(node, at))
            case Join() | Gather() | Segment() | Stack():
                raise AssertionError("the passes make such nodes, and what is shown is the model as it was lowered")

    def walks(self, nodes: Sequence[AnyNode], at: Positions, terms: int) -> Walk[list[Piece]]:
        """Several nodes."""
        pieces: list[Piece] = []
        for node in nodes:
            pieces.append(self.leaf(node, at) or (yield self.walk(node, at, terms)))
        return pieces

    def leaf(self, node: AnyNode, at: Positions) -> Piece | None:
        """A number or a declared name, for which no walk is needed; sums may have very many of them."""
        if isinstance(node, Constant):
            return self.notation.number(node.value)
        if isinstance(node, Symbol) and node.role in ("state", "parameter"):
            return self.quantity(node, at)
        return None

    # --- indices

    def axis(self, position: Position) -> Axis:
        """The axis that an index belongs to."""
        return self.system.axes[position.dim.axis if isinstance(position, Running) else position.axis]

    def index(self, position: Position) -> str:
        """The text of an index."""
        return self.notation.index(position, self.axis(position))

    def moved(self, view: View, at: Positions) -> Positions | None:
        """What the dims of a view's operand are read at; None where that lies beyond an end that absorbs."""
        inner: dict[Dim, Position] = {}
        for dim, selection in zip(view.operand.dims, view.selections, strict=True):
            if isinstance(selection, AtPosition):
                inner[dim] = Fixed(dim.axis, selection.position)
                continue
            position = self.shifted(at[selection.dim], as_repeated(view, selection, at), dim.axis)
            if position is None:
                return None
            inner[dim] = position
        return inner

    def shifted(self, position: Position, along: Along, axis: str) -> Position | None:
        """An index some points further on."""
        if not along.offset:
            return position
        if isinstance(position, Running):
            self.edges[(axis, along.edge)] = None
            return Running(position.dim, position.offset + along.offset)
        size = self.system.axes[axis].size or 1
        place = position.position + along.offset
        if along.edge == "periodic":
            place %= size
        elif along.edge == "stay":
            place = min(max(place, 0), size - 1)
        return Fixed(axis, place) if 0 <= place < size else None

    def bound(self, over: Dims, at: Positions) -> dict[Dim, Running]:
        """An index for each dim that a reduction runs over, different from all around it."""
        used = {p.dim for p in at.values() if isinstance(p, Running)}
        chosen: dict[Dim, Running] = {}
        for dim in over:
            primes = (Dim(dim.axis, n) for n in itertools.count(self.notation.first_bound))
            free = next(d for d in primes if d not in used)
            used.add(free)
            chosen[dim] = Running(free)
        return chosen

    # --- leaves

    def symbol(self, node: Symbol, at: Positions) -> Walk[Piece]:
        """A leaf."""
        match node.role:
            case "time":
                return self.notation.quantity("t")
            case "size":
                return self.notation.size(self.system.axes[node.name])
            case "coordinate":
                return self.notation.coordinate(at[node.axes[0]], self.system.axes[node.name])
            case "quadrature" | "measure":
                axis = self.system.axes[node.name]
                return self.notation.weight(at[node.axes[0]], axis, node.role == axis.weighing)
            case "position":
                return self.place_along(at[node.axes[0]])
            case "incidence":
                flow = self.system.flows[node.name].value
                body = yield self.walk(flow, {dim: at[dim] for dim in flow.dims}, 0)
                return self.notation.incidence(self.quantity(node, at), body)
            case "over_time":
                reduction = next(r for r in self.system.time_reductions if r.name == node.name)
                body = yield self.walk(reduction.operand, at, 0)
                return self.notation.over_time(reduction.reduction, body)
            case _:
                return self.quantity(node, at)

    def place_along(self, position: Position) -> Piece:
        """The position along an axis, counted from 0."""
        if isinstance(position, Fixed):
            return self.notation.number(float(position.position))
        return Piece(self.index(position), ADD if position.offset else TIGHTEST)

    def quantity(self, node: Symbol, at: Positions) -> Piece:
        """A declared name with its indices."""
        axes = [dim for dim in node.axes if dim.axis in self.system.axes]  # the points of an input's table are none
        return self.notation.quantity(node.name, [self.index(at[dim]) for dim in axes])

    def opaque(self, node: Opaque, at: Positions) -> Walk[Piece]:
        """What is typed now and run later."""
        if node.role == "noise":
            return self.notation.noise(node.name)
        if node.role == "operator":
            return self.notation.operator(node.name)
        if node.name in self.system.history:
            return (yield of_the_past(self, node, at))
        raise AssertionError(node.role)

    # --- operations

    def apply(self, node: Apply, at: Positions, terms: int) -> Walk[Piece]:
        """A function or an operator."""
        match node.function:
            case "add":
                return (yield self.sum(node.arguments, at, terms))
            case "negate":
                return negative(self, (yield self.walk(node.arguments[0], at, terms)))
            case "multiply":
                factors = [a for a in node.arguments if not _is_one(a)]
                inner = negated(self, factors[0]) if factors else None
                if inner is None:
                    return self.product((yield self.walks(factors, at, terms)))
                return negative(self, self.product((yield self.walks([inner, *factors[1:]], at, terms))))
            case "divide" if self.notation.formulas:
                return (yield fraction(self, node, at, terms))
            case "where":
                return (yield self.where(node, at, terms))
            case _ if node.function in COMPARISONS:
                return (yield compared(self, node, at, terms))
            case _:
                return self.notation.call(node.function, (yield self.walks(node.arguments, at, terms)))

    def product(self, pieces: list[Piece]) -> Piece:
        """Factors; without any it is 1."""
        if any(p.zero for p in pieces):
            return ZERO
        if len(pieces) < 2:
            return pieces[0] if pieces else self.notation.number(1.0)
        return self.notation.call("multiply", pieces)

    def sum(self, nodes: Sequence[AnyNode], at: Positions, terms: int) -> Walk[Piece]:
        """Terms, those with a minus subtracted; what is zero because of an axis' end is left out."""
        signed: list[tuple[bool, Piece]] = []
        for node in nodes:
            negative = isinstance(node, Apply) and node.function == "negate" and node.number not in self.names
            inner = node.operands[0] if negative else node
            piece = self.leaf(inner, at) or (yield self.walk(inner, at, terms))
            if not piece.zero:
                signed.append((negative, piece))
        if not signed:
            return ZERO
        return signed[0][1] if len(signed) == 1 and not signed[0][0] else self.notation.sum(signed)

    def decided(self, condition: AnyNode, at: Positions) -> bool | None:
        """Whether a condition on positions alone holds at fixed ones; None if that cannot be said now."""
        places = {d: p.position for d in condition.dims if isinstance(p := at[d], Fixed)}
        sizes = [self.system.axes[d.axis].size or MOST_DECIDED for d in condition.dims]
        if is_behind(self, condition, at):
            return True
        if not condition.roles <= POSITIONAL or len(places) < len(condition.dims) or math.prod(sizes) > MOST_DECIDED:
            return None
        if condition.number not in self.conditions:
            (self.conditions[condition.number],) = evaluate([condition], self.system.axes, _no_leaf)
        return bool(self.conditions[condition.number].at(places))

    def where(self, node: Apply, at: Positions, terms: int) -> Walk[Piece]:
        """A conditional, together with those in its last branch."""
        branches: list[tuple[Piece, Piece]] = []
        rest: AnyNode = node
        known = False
        while isinstance(rest, Apply) and rest.function == "where" and (rest is node or rest.number not in self.names):
            condition, yes, rest = rest.arguments
            holds = self.decided(condition, at)
            known = known or holds is not None
            if holds:
                rest = yes
                break
            if holds is None:
                if not branches and _is_one(yes) and _is_number(rest, 0.0):
                    return self.notation.indicator((yield self.walk(condition, at, terms)))
                branches.append(((yield self.walk(condition, at, terms)), (yield self.walk(yes, at, terms))))
        if known and not branches and _is_number(rest, 0.0):
            return ZERO
        otherwise = yield self.walk(rest, at, terms)
        return self.notation.choice(branches, otherwise) if branches else otherwise

    def place(self, node: Place, at: Positions, terms: int) -> Walk[Piece]:
        """A value at one point of an axis."""
        position = at[node.dim]
        here = Fixed(node.dim.axis, node.position)
        if isinstance(position, Fixed) and position != here:
            return ZERO
        value = yield self.walk(node.operand, {d: at[d] for d in node.operand.dims}, terms)
        if position == here:
            return value
        condition = self.notation.call("equal", [Piece(self.index(position)), Piece(self.index(here))])
        return self.product([value, self.notation.indicator(condition)])

    # --- reductions

    def reduce(self, node: Reduce, at: Positions, terms: int) -> Walk[Piece]:
        """A reduction: written out, as an integral, or with bound indices."""
        count = math.prod(self.system.axes[dim.axis].size or terms + 1 for dim in node.over)
        if count <= terms:
            return (yield self.written_out(node, at, terms // count))
        operand = node.operand
        if isinstance(operand, Apply) and operand.function == "multiply" and node.reduction == "sum":
            weighted = {self.weighed_dim(a) for a in operand.arguments}
            if weighted >= set(node.over):
                factors = [a for a in operand.arguments if self.weighed_dim(a) not in node.over]
                return (yield self.reduced("integral", factors, node.over, at))
        return (yield self.reduced(node.reduction, [operand], node.over, at))

    def weighed_dim(self, node: AnyNode) -> Dim | None:
        """The dim along which a node is the weights of an integral, and nothing else."""
        leaf = leaf_of(node)
        if not isinstance(leaf, Symbol) or leaf.role not in ("quadrature", "measure") or not node.dims:
            return None
        return node.dims[0] if leaf.role == self.system.axes[leaf.name].weighing else None

    def reduced(self, kind: ReduceKind | str, factors: Sequence[AnyNode], over: Dims, at: Positions) -> Walk[Piece]:
        """A reduction of a product, with bound indices."""
        chosen = self.bound(over, at)
        pieces = yield self.walks(factors, {**at, **chosen}, 0)
        body = self.product(pieces) if len(pieces) > 1 else pieces[0]
        indices = [(self.index(p), dim.axis) for dim, p in chosen.items()]
        if kind == "integral":
            return self.notation.integral(body, indices)
        inner = without_minus(self, body) if _kind(kind) == "sum" else None
        if inner is not None:
            return negative(self, self.notation.reduction("sum", inner, indices))
        return self.notation.reduction(_kind(kind), body, indices)

    def written_out(self, node: Reduce, at: Positions, terms: int) -> Walk[Piece]:
        """A reduction with all its terms."""
        ranges = [range(self.system.axes[dim.axis].size or 0) for dim in node.over]
        pieces: list[Piece] = []
        for cell in itertools.product(*ranges):
            here = {dim: Fixed(dim.axis, place) for dim, place in zip(node.over, cell, strict=True)}
            pieces.append((yield self.walk(node.operand, {**at, **here}, terms)))
        if len(pieces) == 1:
            return pieces[0]
        if node.reduction != "sum":
            return self.notation.call(WRITTEN_OUT[node.reduction], pieces)
        left = [(False, p) for p in pieces if not p.zero]
        return self.notation.sum(left) if len(left) > 1 else left[0][1] if left else ZERO


def _no_leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
    raise AssertionError(symbol.name)


def _kind(kind: str) -> ReduceKind:
    match kind:
        case "prod" | "min" | "max":
            return kind
        case _:
            return "sum"


def _is_number(node: AnyNode, value: float) -> bool:
    return isinstance(node, Constant) and not isinstance(node.value, bool) and node.value == value


def _is_one(node: AnyNode) -> bool:
    return _is_number(node, 1.0)
