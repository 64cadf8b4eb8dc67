"""Faces: what neighbours compute alike is computed once, for a few points more than there are, and read twice.

The flux through the right face of a cell is that through the left face of the next one. Written out for each cell,
``(k[x] + k[x+1])*(u[x+1] - u[x]) - (k[x-1] + k[x])*(u[x] - u[x-1])``, it is computed twice; on the faces, of which
there is one more than there are cells, once. Two expressions are alike if one becomes the other when all that it reads
is read some points further on. What lies beyond the ends is computed of what is read there, whatever it is; but where
the ends reflect, nothing flows through the outermost faces: the fluxes inside stand between zeros, and no array has
its ends around it for them.

Law: while all that is computed is finite, values change in nothing but the sign of a zero.
Benchmark: springs and a polymer in `benchmarks/time_passes.py`; `time_stencils.py` has more models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opjax.ir.nodes import Along, AnyNode, Apply, Graph, IntegerPower, Selection, View
from opjax.ir.program import Program, copy_node, is_negated
from opjax.ir.types import Axis, Dim, Role
from opjax.passes.forms import Closed, Computed, Read
from opjax.traverse import Walk, run

FIXED: frozenset[Role] = frozenset(("position", "coordinate", "quadrature", "measure", "size"))
"""What is made of these alone is computed before the first call."""


def faces(program: Program) -> Program:
    """The same values with one expression for those that differ in where they are read."""
    if View not in program.kinds:
        return program
    for dim in moved(program):
        found = Faces.along(program, dim)
        program = found.rebuilt(program) if found.groups else program
    return program


def moved(program: Program) -> list[Dim]:
    """The dims that neighbours are read along."""
    dims: dict[Dim, None] = {}
    for node in program.arrays:
        if isinstance(node, View):
            dims.update((s.dim, None) for s in node.selections if isinstance(s, Along) and s.offset)
    return list(dims)


@dataclass(frozen=True, slots=True)
class _Group:
    """Where a form is read: from so many points further on, at so many points more than there are."""

    first: int
    more: int


@dataclass(slots=True)
class Faces:
    """Finds the expressions along one dim, and makes them.

    Arguments:
        dim: the dim.
        size: its points.
        shifted: the nodes that are read at neighbours, by number.
        forms: what is alike, operands first.
        of: of each node that varies along the dim, its form, and how many points further on it is.
        groups: the forms that are computed once.
        closed: those of them that are zero on the outermost faces.
        inner: what these are on the others.
        within: the groups that closed ones alone are computed of.
        whole: what they are.
        made: the nodes of the new graph, by the number of the old.
        axes: the axes with those of the faces.
    """

    dim: Dim
    size: int
    shifted: set[int]
    axes: dict[str, Axis]
    forms: list[Read | Computed] = field(default_factory=list["Read | Computed"])
    of: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    known: dict[object, int] = field(default_factory=dict[object, int])
    groups: dict[int, _Group] = field(default_factory=dict[int, _Group])
    closed: set[int] = field(default_factory=set[int])
    inner: dict[int, AnyNode] = field(default_factory=dict[int, AnyNode])
    within: set[int] = field(default_factory=set[int])
    whole: dict[int, AnyNode] = field(default_factory=dict[int, AnyNode])
    made: dict[int, AnyNode] = field(default_factory=dict[int, AnyNode])

    @classmethod
    def along(cls, program: Program, dim: Dim) -> Faces:
        """The expressions along one dim that are computed once."""
        views = [node for node in program.nodes if isinstance(node, View)]
        shifted = {node.operand.number for node in views if (move := _move(node, dim)) and move.offset}
        found = cls(dim, program.axes[dim.axis].size or 0, shifted, dict(program.axes))
        varying = [node for node in program.nodes if dim in node.dims]
        for node in varying:
            found.of[node.number] = found.form(node)
        found.group(varying)
        if found.closed:
            found.open()
            found.within = found.groups.keys() - found.closed - found.outside(program)
        return found

    # --- what is alike

    def form(self, node: AnyNode) -> tuple[int, int]:
        """The form of a node, and how many points further on it is."""
        move = _move(node, self.dim)
        if move is not None and isinstance(node, View):
            others = tuple(s for d, s in zip(node.operand.dims, node.selections, strict=True) if d != self.dim)
            return self.read(node.operand, others, move)
        if node.number in self.shifted or not isinstance(node, Apply | IntegerPower):
            return self.read(node, tuple(Along(d) for d in node.dims if d != self.dim), Along(self.dim))
        steps = [self.of[o.number][1] for o in node.operands if o.number in self.of]
        first = min(steps)
        parts = tuple(
            (self.of[o.number][0], self.of[o.number][1] - first) if o.number in self.of else o for o in node.operands
        )
        what = node.function if isinstance(node, Apply) else node.exponent
        key = (what, *(part if isinstance(part, tuple) else part.number for part in parts))
        return self.number(key, Computed(node, parts)), first

    def read(self, node: AnyNode, others: tuple[Selection, ...], move: Along) -> tuple[int, int]:
        """The form of what is read."""
        number = self.number(("read", node.number, others), Read(node, others))
        form = self.forms[number]
        if move.offset and isinstance(form, Read):
            form.edges.add(move.edge)
        return number, move.offset

    def number(self, key: object, form: Read | Computed) -> int:
        """The number of a form."""
        number = self.known.setdefault(key, len(self.forms))
        if number == len(self.forms):
            self.forms.append(form)
        return number

    def group(self, nodes: list[AnyNode]) -> None:
        """Find the forms that are read at several places, not far from each other, with the same ends."""
        places: dict[int, set[int]] = {}
        for node in nodes:
            form, step = self.of[node.number]
            places.setdefault(form, set()).add(step)
        clear, closed = list[bool](), Closed(self.forms)
        for number, form in enumerate(self.forms):
            if isinstance(form, Read):
                clear.append(len(form.edges) == 1)
                continue
            clear.append(all(clear[part[0]] for part in form.parts if isinstance(part, tuple)))
            first, last = min(places[number]), max(places[number])
            if clear[-1] and first < last and 2 * (last - first) <= self.size and self.is_worth(form.node):
                self.groups[number] = _Group(first, last - first)
                if closed.is_closed(number):
                    self.closed.add(number)

    def is_worth(self, node: AnyNode) -> bool:
        """Whether an expression is worth an array of its own."""
        if node.kind != "real" or node.roles <= FIXED or is_negated(node):
            return False
        arrays = [operand for operand in node.operands if operand.dims]
        read = len(arrays) == 1 and isinstance(self.forms[self.of[arrays[0].number][0]], Read)
        return len(node.dims) == 1 or not (read and isinstance(node, Apply) and node.function in ("multiply", "divide"))

    def open(self) -> None:
        """Have no zeros around what others are computed of that are not zero on the outermost faces."""
        waiting = [number for number in self.groups if number not in self.closed]
        while waiting:
            form = self.forms[waiting.pop()]
            if isinstance(form, Computed):
                parts = [part[0] for part in form.parts if isinstance(part, tuple)]
                self.closed.difference_update(parts)
                waiting.extend(parts)

    def outside(self, program: Program) -> set[int]:
        """The forms that something needs which is no part of a closed one."""
        needed = {root.number for root in program.roots.values()}
        for node in reversed(program.nodes):
            if node.number in needed and self.of.get(node.number, (-1, 0))[0] not in self.closed:
                needed.update(operand.number for operand in node.operands)
        return {self.of[number][0] for number in needed if number in self.of}

    # --- what is made of it

    def rebuilt(self, program: Program) -> Program:
        """The program with each member of a group read from one array."""
        graph, names = program.graph.copy(), dict(program.names)
        for node in program.nodes:
            operands = tuple([self.new(operand) for operand in node.operands])
            form, step = self.of.get(node.number, (-1, 0))
            if form in self.groups:
                copy = self.part(graph, form, step, 0)
            elif operands != node.operands:
                copy = copy_node(graph, node, operands)
            else:
                continue
            self.made[node.number] = copy
            if node.number in names:
                names.setdefault(copy.number, names[node.number])
        roots = {name: self.new(root) for name, root in program.roots.items()}
        return Program(graph, roots, self.axes, names, elements=program.elements)

    def new(self, node: AnyNode) -> AnyNode:
        """What a node is in the new graph."""
        return self.made.get(node.number, node)

    def part(self, graph: Graph, form: int, first: int, more: int) -> AnyNode:
        """A group read from some points further on, at some points more than there are."""
        group, dim = self.groups[form], self.faces_of(more)
        if form in self.closed and form not in self.inner:
            self.inner[form] = run(self.computed(graph, form, 0, -1))
        if form in self.closed and (first, more) == (0, -1):
            return self.inner[form]
        if form not in self.whole:
            self.whole[form] = (
                self.between(graph, form)
                if form in self.closed
                else run(self.computed(graph, form, group.first, group.more))
            )
        whole, from_dim, offset = self.whole[form], self.faces_of(group.more), first - group.first
        if dim == from_dim:
            return whole
        along = Along(dim, offset, "stay", self.size + more)
        return graph.view(whole, [along if d == from_dim else Along(d) for d in whole.dims], whole.span)

    def between(self, graph: Graph, form: int) -> AnyNode:
        """A form that is zero on the outermost faces: what it is on the others, between zeros."""
        inner, group = self.inner[form], self.groups[form]
        along = Along(self.faces_of(group.more), group.first, "absorb", self.size + group.more)
        return graph.view(inner, [along if d == self.faces_of(-1) else Along(d) for d in inner.dims], inner.span)

    def faces_of(self, more: int) -> Dim:
        """The dim with some points more or less; no person can have written a name with a space."""
        if not more:
            return self.dim
        name = f"{self.dim.axis} and {abs(more)} {'more' if more > 0 else 'less'}"
        self.axes.setdefault(name, Axis(name, "labels", ("",) * (self.size + more)))
        return Dim(name, self.dim.primes)

    def computed(self, graph: Graph, number: int, first: int, more: int) -> Walk[AnyNode]:
        """A form from some points further on, at some points more than there are."""
        form = self.forms[number]
        if isinstance(form, Read):
            (edge,) = form.edges
            others, node = iter(form.others), self.new(form.node)
            along = Along(self.faces_of(more), first, edge, self.size + more)
            return graph.view(node, [along if d == self.dim else next(others) for d in node.dims], node.span)
        operands: list[AnyNode] = []
        for part in form.parts:
            if not isinstance(part, tuple):
                operands.append(self.new(part))
                continue
            known, start = self.groups.get(part[0]), first + part[1]
            if more < 0 and part[0] in self.within:
                known = None
            if known and known.first <= start and start + more <= known.first + known.more:
                operands.append(self.part(graph, part[0], start, more))
            else:
                operands.append((yield self.computed(graph, part[0], start, more)))
        return copy_node(graph, form.node, tuple(operands))


def _move(node: AnyNode, dim: Dim) -> Along | None:
    """How a view reads a dim that it keeps, with all others; None for anything else."""
    if not isinstance(node, View) or dim not in node.operand.dims:
        return None
    chosen: Mapping[Dim, Selection] = dict(zip(node.operand.dims, node.selections, strict=True))
    if any(not isinstance(s, Along) or s.dim != d or s.points for d, s in chosen.items()):
        return None
    found = chosen[dim]
    return found if isinstance(found, Along) else None
