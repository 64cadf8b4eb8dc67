"""The typed expression graph: it makes nodes, and refuses what has no meaning.

A `Graph` returns the node that exists already when the same one is asked for again, so that equal values are one node
and equality is identity. The nodes of a graph are numbered in the order of making: operands always come before what
uses them, and no traversal needs recursion.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from opjax.ir.kinds import dims_of, only, result_kind, roles_of, want
from opjax.ir.node_types import (
    NO_ROLES,
    Along,
    AnyNode,
    Apply,
    AtPosition,
    Between,
    Block,
    Constant,
    Contract,
    Edge,
    Gather,
    IntegerPower,
    Interpolate,
    Join,
    Opaque,
    Place,
    Reduce,
    ReduceKind,
    Segment,
    Selection,
    Stack,
    Symbol,
    View,
    number_of,
)
from opjax.ir.types import Dim, Dims, Kind, Role, declared_dims, sorted_dims
from opjax.source import NOWHERE, Span

if TYPE_CHECKING:
    from opjax.ir.table import NodeTable

__all__ = [
    "Along",
    "AnyNode",
    "Apply",
    "AtPosition",
    "Between",
    "Constant",
    "Contract",
    "Edge",
    "Gather",
    "IntegerPower",
    "Interpolate",
    "Join",
    "Opaque",
    "Place",
    "Reduce",
    "ReduceKind",
    "Segment",
    "Selection",
    "Stack",
    "Symbol",
    "View",
]


class Graph:
    """Makes nodes, each once. The only way to a node."""

    def __init__(self) -> None:
        self._nodes: list[AnyNode] = []
        self._known: dict[object, AnyNode] = {}
        self.table: NodeTable | None = None  # what is known of its nodes in columns, for `opjax.ir.table`
        self.blocks: list[Block] = []  # what of it was known when they were made

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[AnyNode]:
        return iter(self._nodes)

    def __getitem__(self, number: int) -> AnyNode:
        return self._nodes[number]

    def nodes(self, numbers: Iterable[int]) -> list[AnyNode]:
        """The nodes of some numbers."""
        return [*map(self._nodes.__getitem__, numbers)]

    def copy(self) -> Graph:
        """A graph with the same nodes, to which others can be added."""
        graph = Graph()
        graph._nodes, graph._known, graph.table = self._nodes.copy(), self._known.copy(), self.table
        graph.blocks = self.blocks.copy()
        return graph

    def keys(self, count: int) -> tuple[object, ...]:
        """What the first nodes say, without their places: graphs with equal keys have the same nodes."""
        return tuple(itertools.islice(self._known, count))

    def take(self, nodes: dict[object, AnyNode], sure: bool = False) -> bool:
        """Append nodes that are numbered on from the last, by their keys; none if one is here, unless it is `sure`."""
        known = self._known
        if not sure and not known.keys().isdisjoint(nodes):
            return False
        known.update(nodes)
        self._nodes.extend(nodes.values())
        return True

    def find(self, key: object) -> AnyNode | None:
        """The node that says this, if it is here."""
        return self._known.get(key)

    def find_all(self, keys: Iterable[object]) -> list[AnyNode | None]:
        """The nodes that say these, where they are here."""
        return [*map(self._known.get, keys)]

    def keep(self, key: object, node: AnyNode) -> AnyNode:
        """Append a node that is numbered on from the last, by its key: what it says."""
        self._known[key] = node
        self._nodes.append(node)
        return node

    def constant(self, value: float | bool, span: Span = NOWHERE) -> AnyNode:
        """A number (floating point) or a truth value."""
        kind: Kind = "boolean" if isinstance(value, bool) else "real"
        value = value if isinstance(value, bool) else float(value)
        # Hexadecimal tells -0.0 from 0.0, and nan equals itself; any other number can stand for itself.
        usual = kind == "real" and value and value == value
        key = value if usual else ("constant", kind, float(value).hex())
        known = self._known.get(key)
        if known is not None:
            return known
        node = Constant(number=len(self._nodes), dims=(), kind=kind, roles=NO_ROLES, span=span, value=value)
        return self.keep(key, node)

    def symbol(self, role: Role, name: str, axes: tuple[str, ...] = (), span: Span = NOWHERE) -> AnyNode:
        """A leaf with the dims of its declared axes."""
        key = ("symbol", role, name, axes)
        known = self._known.get(key)
        if known is not None:
            return known
        stored = declared_dims(axes) if axes else ()
        number, dims, roles = len(self._nodes), sorted_dims(stored) if axes else (), only(role)
        node = Symbol(number=number, dims=dims, kind="real", roles=roles, span=span, role=role, name=name, axes=stored)
        return self.keep(key, node)

    def apply(self, function: str, arguments: Iterable[AnyNode], span: Span = NOWHERE) -> AnyNode:
        """A function of the table, element by element.

        Raises:
            TypeError: if the function is not in the table, or takes other kinds or another number of arguments.
        """
        given = tuple(arguments)
        key = (function, *map(number_of, given))
        known = self._known.get(key)
        if known is not None:
            return known
        kind = result_kind(function, tuple([a.kind for a in given]))
        number, dims, roles = len(self._nodes), dims_of(given), roles_of(given)
        node = Apply(number=number, dims=dims, kind=kind, roles=roles, span=span, operands=given, function=function)
        return self.keep(key, node)

    def integer_power(self, base: AnyNode, exponent: int, span: Span = NOWHERE) -> AnyNode:
        """``base ^ exponent`` by repeated multiplication."""
        want(base.kind == "real", "a power needs a real base")
        key = ("integer power", base.number, exponent)
        known = self._known.get(key)
        if known is not None:
            return known
        node = IntegerPower(
            number=len(self._nodes),
            dims=base.dims,
            kind="real",
            roles=base.roles,
            span=span,
            operands=(base,),
            exponent=exponent,
        )
        return self.keep(key, node)

    def reduce(self, reduction: ReduceKind, operand: AnyNode, over: Dims, span: Span = NOWHERE) -> AnyNode:
        """A reduction over dims of the operand; over none it is the operand."""
        want(operand.kind == "real", "a reduction needs real values")
        if not over:
            return operand
        over = sorted_dims(over)
        want(set(over) <= set(operand.dims), "a reduction runs over dims of its operand")
        key = ("reduce", reduction, operand.number, over)
        known = self._known.get(key)
        if known is not None:
            return known
        node = Reduce(
            number=len(self._nodes),
            dims=tuple(d for d in operand.dims if d not in over),
            kind="real",
            roles=operand.roles,
            span=span,
            reduction=reduction,
            operands=(operand,),
            over=over,
        )
        return self.keep(key, node)

    def contract(self, factors: Iterable[AnyNode], over: Dims, span: Span = NOWHERE) -> AnyNode:
        """The sum over dims of a product of at least two factors."""
        given, over = tuple(factors), sorted_dims(over)
        union = sorted_dims(*(f.dims for f in given))
        want(len(given) > 1 and set(over) <= set(union), "a contraction sums a product over its dims")
        key = ("contract", over, *(f.number for f in given))
        known = self._known.get(key)
        if known is not None:
            return known
        node = Contract(
            number=len(self._nodes),
            dims=tuple(d for d in union if d not in over),
            kind="real",
            roles=roles_of(given),
            span=span,
            operands=given,
            over=over,
        )
        return self.keep(key, node)

    def view(self, operand: AnyNode, selections: Iterable[Selection], span: Span = NOWHERE) -> AnyNode:
        """The operand read through other indices; reading it as it is gives it back."""
        chosen = tuple(selections)
        want(len(chosen) == len(operand.dims), "a view selects every dim of its operand")
        if not chosen:
            return operand
        along = tuple(s.dim for s in chosen if isinstance(s, Along))
        if all(isinstance(s, Along) and s == Along(d) for s, d in zip(chosen, operand.dims, strict=True)):
            return operand
        match chosen:
            case (AtPosition(position=position),):
                key = ("element", operand.number, position)
            case _:
                key = ("view", operand.number, chosen)
        known = self._known.get(key)
        if known is not None:
            return known
        node = View(
            number=len(self._nodes),
            dims=sorted_dims(along),
            kind=operand.kind,
            roles=operand.roles,
            span=span,
            operands=(operand,),
            selections=chosen,
        )
        return self.keep(key, node)

    def interpolate(self, table: AnyNode, dim: Dim, at: AnyNode, between: Between, span: Span = NOWHERE) -> AnyNode:
        """A table read at a place along one of its dims."""
        want(dim in table.dims and dim not in at.dims, "a table is read along a dim of its own")
        want(table.kind == at.kind == "real", "a table of real values is read at real places")
        key = ("interpolate", table.number, dim, at.number, between)
        known = self._known.get(key)
        if known is not None:
            return known
        node = Interpolate(
            number=len(self._nodes),
            dims=sorted_dims(tuple(d for d in table.dims if d != dim), at.dims),
            kind="real",
            roles=roles_of((table, at)),
            span=span,
            dim=dim,
            operands=(table, at),
            between=between,
        )
        return self.keep(key, node)

    def place(self, operand: AnyNode, dim: Dim, position: int, span: Span = NOWHERE) -> AnyNode:
        """The operand at one position of a new dim, zero elsewhere."""
        want(dim not in operand.dims and operand.kind == "real", "a value is placed along a new dim")
        key = ("place", operand.number, dim, position)
        known = self._known.get(key)
        if known is not None:
            return known
        node = Place(
            number=len(self._nodes),
            dims=sorted_dims(operand.dims, (dim,)),
            kind="real",
            roles=operand.roles,
            span=span,
            operands=(operand,),
            dim=dim,
            position=position,
        )
        return self.keep(key, node)

    def join(self, parts: Iterable[AnyNode], dim: Dim, span: Span = NOWHERE, others: Dims = ()) -> AnyNode:
        """Parts one behind the other along a dim, which have others too; a vector along that dim alone is itself."""
        given = tuple(parts)
        once = tuple(dict.fromkeys(given))  # many parts may be the same number
        kinds, own = {p.kind for p in once}, {p.dims for p in once}
        alike = len(kinds) == 1 and all(len(set(dims).difference(others)) < 2 for dims in own)
        want(alike and dim not in others, "parts of one kind, with one dim of their own at most, are joined")
        dims = sorted_dims((dim, *others))
        key = ("join", dim, dims, *map(number_of, given))
        known = given[0] if len(given) == 1 and given[0].dims == (dim,) else self._known.get(key)
        if known is not None:
            return known
        number, kind, roles = len(self._nodes), given[0].kind, roles_of(once)
        node = Join(number=number, dims=dims, kind=kind, roles=roles, span=span, operands=given, dim=dim)
        return self.keep(key, node)

    def gather(self, operand: AnyNode, positions: tuple[int, ...], dim: Dim, span: Span = NOWHERE) -> AnyNode:
        """A vector read at some positions, one for each point of the dim."""
        want(len(operand.dims) == 1, "positions are read from a vector")
        key = ("gather", operand.number, positions, dim)
        known = self._known.get(key)
        if known is not None:
            return known
        node = Gather(
            number=len(self._nodes),
            dims=(dim,),
            kind=operand.kind,
            roles=operand.roles,
            span=span,
            operands=(operand,),
            positions=positions,
        )
        return self.keep(key, node)

    def segment(self, operand: AnyNode, positions: tuple[int, ...], dim: Dim, span: Span = NOWHERE) -> AnyNode:
        """Sums of the elements of a vector: the one at i is added to the point ``positions[i]`` of the dim.

        One with the position behind the last point is in no sum.
        """
        want(len(operand.dims) == 1 and operand.kind == "real", "the elements of a real vector are added up")
        key = ("segment", operand.number, positions, dim)
        known = self._known.get(key)
        if known is not None:
            return known
        node = Segment(
            number=len(self._nodes),
            dims=(dim,),
            kind="real",
            roles=operand.roles,
            span=span,
            operands=(operand,),
            positions=positions,
        )
        return self.keep(key, node)

    def stack(self, parts: Iterable[AnyNode], dim: Dim, span: Span = NOWHERE) -> AnyNode:
        """Arrays over the same dims as one, one for each point of a new dim."""
        given = tuple(parts)
        same = all(part.dims == given[0].dims and part.kind == "real" for part in given)
        want(same and dim not in given[0].dims, "real arrays over the same dims are stacked along a new one")
        known = self._known.get(key := ("stack", dim, *(p.number for p in given)))
        if known is not None:
            return known
        node = Stack(
            number=len(self._nodes),
            dims=sorted_dims(given[0].dims, (dim,)),
            kind="real",
            roles=roles_of(given),
            span=span,
            operands=given,
            dim=dim,
        )
        return self.keep(key, node)

    def opaque(self, role: Role, name: str, parts: Iterable[AnyNode], dims: Dims, span: Span = NOWHERE) -> AnyNode:
        """Something that is typed now and run later."""
        given = tuple(parts)
        key = ("opaque", role, name, dims, *(p.number for p in given))
        known = self._known.get(key)
        if known is not None:
            return known
        node = Opaque(
            number=len(self._nodes),
            dims=sorted_dims(dims),
            kind="real",
            roles=roles_of(given) | frozenset[Role]((role,)),
            span=span,
            role=role,
            name=name,
            operands=given,
        )
        return self.keep(key, node)
