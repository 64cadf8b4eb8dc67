"""The typed program of a right-hand side: why it is fast, and one line per operation, before and after the passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opjax import stages
from opjax.compile.findings import Subject, explain
from opjax.compile.function_text import Output
from opjax.compile.layout import build_layout
from opjax.compile.quantities import node_names
from opjax.ir.nodes import (
    Along,
    AnyNode,
    Apply,
    Constant,
    Contract,
    Gather,
    IntegerPower,
    Interpolate,
    Join,
    Opaque,
    Place,
    Reduce,
    Segment,
    Selection,
    Stack,
    Symbol,
    View,
)
from opjax.ir.program import Program
from opjax.ir.system import System
from opjax.ir.types import Dims
from opjax.show.plain import number_text


def program(system: System) -> str:
    """The operations that compute the derivatives, with their dims.

    Arguments:
        system: the model.

    Returns:
        Its explanation (see `CompiledRhs.explain`), where all axes have labels, and three listings: as lowered, after
        the passes for NumPy, and after those for a namespace that differentiates. What a listing would repeat is left
        out.
    """
    lowered = Program(system.graph, dict(system.rates), system.axes, node_names(system))
    shown: list[str] = [*explanation(system, lowered).splitlines(), ""]
    known: list[str] = []
    for title, one in (
        ("as lowered", lowered),
        ("after the passes", stages.optimise(lowered, differentiable=False)),
        ("after the passes, with those for differentiation", stages.optimise(lowered, differentiable=True)),
    ):
        count, lines = _count(one), list(_listing(one))
        shown.append(f"# {title}: {count}" + (", as above" if lines == known else ""))
        shown.extend([*lines, ""] if lines != known else [])
        known = lines
    return "\n".join(shown).rstrip() + "\n"


def explanation(system: System, lowered: Program) -> str:
    """Why the model is fast, or what keeps it from being so, with NumPy."""
    unknown = [axis.name for axis in system.axes.values() if axis.size is None]
    if unknown:
        return f"What it costs is known once these axes have labels: {', '.join(unknown)}"
    layout = build_layout(system)
    size, wanted = layout.size, tuple(Output(slot.name, slot.axes, slot.shape) for slot in layout.slots)
    subject = Subject(system.name, "numpy", False, lowered, size, size, numbers=True, wanted=wanted)
    return str(explain(subject, stages.optimise))


def _count(program: Program) -> str:
    nodes = program.nodes
    leaves = sum(isinstance(node, Symbol | Constant) for node in nodes)
    operations = len(nodes) - leaves
    leaf = "leaf" if leaves == 1 else "leaves"
    return f"{operations} operation{'' if operations == 1 else 's'} on {leaves} {leaf}"


def _listing(program: Program) -> Iterator[str]:
    nodes = program.nodes
    number = {node.number: place for place, node in enumerate(nodes)}
    width = len(f"%{len(nodes)}")
    for node in nodes:
        name = program.names.get(node.number, "")
        text = f"{_dims(node)} = {_operation(node, number)}"
        yield f"{f'%{number[node.number]}':{width}} {text}" + (f"  # {name}" if name else "")
    if program.elements:
        first, last = program.elements[0], program.elements[-1]
        yield f"d({first})/dt to d({last})/dt = the elements of %{number[program.roots[''].number]}"
        return
    for state, root in program.roots.items():
        yield f"d({state})/dt = %{number[root.number]}"


def _dims(node: AnyNode) -> str:
    kind = "real" if node.kind == "real" else "bool"
    return f": {kind}{_over(node.dims) if node.dims else ''}"


def _over(dims: Dims) -> str:
    return f"[{', '.join(map(str, dims))}]"


def _operation(node: AnyNode, number: Mapping[int, int]) -> str:
    operands = ", ".join(f"%{number[operand.number]}" for operand in node.operands)
    match node:
        case Constant():
            return str(node.value).lower() if isinstance(node.value, bool) else number_text(node.value)
        case Symbol():
            return f"{node.role} {node.name}"
        case Apply():
            return f"{node.function}({operands})"
        case IntegerPower():
            return f"{operands}^{node.exponent}"
        case Reduce():
            return f"{node.reduction}({operands} over {_over(node.over)})"
        case Contract():
            return f"contract({operands} over {_over(node.over)})"
        case View():
            return f"view({operands} at [{', '.join(map(_selection, node.selections))}])"
        case Interpolate():
            return f"{node.between}({operands} over {node.dim})"
        case Place():
            return f"place({operands} at {node.dim}={node.position})"
        case Join():
            return f"join({operands})"
        case Stack():
            return f"stack({operands} along {node.dim})"
        case Segment():
            return f"add up({operands} at {len(node.positions)} positions)"
        case Gather():
            return f"gather({operands} at {len(node.positions)} positions)"
        case Opaque():
            return f"{node.role} {node.name}({operands})"


def _selection(selection: Selection) -> str:
    if not isinstance(selection, Along):
        return str(selection.position)
    return f"{selection.dim}{selection.offset:+d} {selection.edge}" if selection.offset else str(selection.dim)
