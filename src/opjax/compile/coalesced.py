"""Axes that are computed as one: the same function of flat vectors, over arrays with fewer axes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from opjax.compile.function_text import Asked, Output
from opjax.compile.layout import shape_of
from opjax.compile.unpacking import Form
from opjax.ir.nodes import Along, AnyNode, Contract, Graph, Join, Reduce, Selection, Symbol, View
from opjax.ir.program import Program, Step, copy_node, rebuild
from opjax.ir.types import Axis, Dim, Dims

Run = tuple[str, ...]


def coalesced(asked: Asked, form: Form) -> Asked:
    """What is asked with axes as one, where the form has flat vectors, and outputs store these axes side by side."""
    if form not in ("flat", "written"):
        return asked
    runs = runs_in(asked.program, asked.outputs)
    return _Coalescing(runs, asked.program.axes).asked(asked) if runs else asked


def runs_in(program: Program, outputs: Iterable[Output]) -> tuple[Run, ...]:
    """The axes that are computed as one; not where an output stores them in another order."""
    wanted = tuple(outputs)
    return tuple([run for run in program.coalesced if all(_is_stored(run, one, program) for one in wanted)])


def as_compiled(step: Step, outputs: Iterable[Output]) -> Step:
    """What a pass did, as far as outputs let it: axes that one of them keeps apart are not computed as one."""
    runs = runs_in(step.after, outputs)
    if runs == step.after.coalesced:
        return step
    named = "; ".join(f"{', '.join(run[:-1])} and {run[-1]}" for run in runs)
    remark = f"computed as one axis: {named}" if named else ""
    return Step(step.name, step.purpose, step.before, replace(step.after, coalesced=runs), remark)


def _is_stored(run: Run, output: Output, program: Program) -> bool:
    """Whether an output lies in memory as the run does, or has the same value all along it."""
    root = program.roots.get(output.name)  # none where it is an element of the only root
    dims = root.dims if root else ()
    return not any(dim.axis in run for dim in dims) or not set(run) & set(_fewer(output.axes, (run,)))


def _fewer(axes: Run, runs: Iterable[Run]) -> Run:
    """Axes in their order, with each run as one."""
    for run in runs:
        count, left, found = len(run), list(axes), list[str]()
        while left:
            whole = tuple(left[:count]) == run
            found.append(_name(run) if whole else left[0])
            del left[: count if whole else 1]
        axes = tuple(found)
    return axes


def _name(run: Run) -> str:
    """The name of a run, which no axis of a model has."""
    return "*".join(run)


@dataclass(frozen=True, slots=True)
class _Coalescing:
    """Rewrites a program.

    Arguments:
        runs: the runs of axes that become one.
        axes: the axes of the program.
    """

    runs: Sequence[Run]
    axes: Mapping[str, Axis]

    def asked(self, asked: Asked) -> Asked:
        """The same function of flat vectors."""
        sizes = {_name(run): math.prod(shape_of(run, self.axes)) for run in self.runs}
        axes = {**self.axes, **{name: Axis(name, "labels", ("",) * size) for name, size in sizes.items()}}
        program = rebuild(replace(asked.program, axes=axes), self.rule, self.concerns)
        return replace(
            asked,
            program=program,
            outputs=tuple([replace(one, **self.stored(one.axes, axes)) for one in asked.outputs]),
            inputs=replace(
                asked.inputs,
                states=tuple([replace(slot, **self.stored(slot.axes, axes)) for slot in asked.inputs.states]),
                shapes=dict(self.shapes(program)),
            ),
        )

    def stored(self, axes: Run, known: Mapping[str, Axis]) -> dict[str, Run | tuple[int, ...]]:
        """The axes and the shape of what is stored with some axes."""
        fewer = _fewer(axes, self.runs)
        return {"axes": fewer, "shape": shape_of(fewer, known)}

    def shapes(self, program: Program) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The shapes of the parameters that have such axes."""
        names = set(map(_name, self.runs))
        for node in program.nodes:
            if isinstance(node, Symbol) and node.role == "parameter" and any(dim.axis in names for dim in node.axes):
                yield node.name, shape_of(tuple([dim.axis for dim in node.axes]), program.axes)

    def concerns(self, node: AnyNode) -> bool:
        """Whether a node is a leaf with such axes."""
        return isinstance(node, Symbol) and bool(node.axes) and self.dims(node.axes) != node.axes

    def dim(self, dim: Dim) -> Dim | None:
        """The dim that stands for one; None where that is another's."""
        for run in self.runs:
            if dim.axis in run:
                return Dim(_name(run), dim.primes) if dim.axis == run[0] else None
        return dim

    def dims(self, dims: Dims) -> Dims:
        """The dims that stand for some."""
        return tuple([found for dim in dims if (found := self.dim(dim)) is not None])

    def rule(self, graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        """A node over fewer dims."""
        match node:
            case Symbol():
                axes = _fewer(tuple([dim.axis for dim in node.axes]), self.runs)
                return graph.symbol(node.role, node.name, axes, node.span)
            case Reduce():
                return graph.reduce(node.reduction, operands[0], self.dims(node.over), node.span)
            case Contract():
                return graph.contract(operands, self.dims(node.over), node.span)
            case View():
                return graph.view(operands[0], self.selections(node, operands[0]), node.span)
            case Join():
                return graph.join(operands, node.dim, node.span, self.dims(node.others))
            case _:
                return copy_node(graph, node, operands)

    def selections(self, view: View, operand: AnyNode) -> list[Selection]:
        """How a view reads an operand over fewer dims."""
        chosen: dict[Dim, Selection] = {}
        for dim, selection in zip(view.operand.dims, view.selections, strict=True):
            fewer = self.dim(dim)
            if fewer is not None:
                chosen[fewer] = self.along(selection) if isinstance(selection, Along) else selection
        return [chosen[dim] for dim in operand.dims]

    def along(self, selection: Along) -> Along:
        """The same along the dim that stands for the one that it had."""
        to = self.dim(selection.dim) or selection.dim
        return Along(to, selection.offset, selection.edge, selection.points)
