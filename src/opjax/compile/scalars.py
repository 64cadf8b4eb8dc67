"""Whether scalars are computed one by one, with Python's numbers, or as the vectors that re-rolling makes of them.

An operation on an array of NumPy takes as long as some twenty on Python's numbers, however short the array is; networks
of up to some forty species, or eighty genes, are quicker as numbers.
Benchmark: the networks in `benchmarks/against_unrolled.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from opjax.compile.costs import CHEAP
from opjax.compile.numbers import is_small
from opjax.ir.nodes import AnyNode, Apply, Interpolate, Join, Segment, View
from opjax.ir.program import Optimise, Program
from opjax.ir.types import Role

MOST = 1_000
"""Programs of more values are quicker as arrays; nobody looks."""
AS_WRITTEN = 1.5
"""Programs that cost so many times as much before the passes cost more after them too; nobody tries."""
FUNCTION = 3
"""What a function such as exp costs, in operations on Python's numbers; these are measured, as all that follow."""
ENDS = 1.2
"""What it costs to read a state and to store its derivative."""
OF_NUMPY = 3
"""What an operation on a scalar of NumPy costs."""
ON_ARRAYS: Mapping[type[AnyNode], float] = MappingProxyType({Segment: 48, Join: 28, View: 4})
"""What some operations on short arrays cost."""
SETTLED = frozenset[Role](("parameter", "size"))
"""What depends on these alone is mostly kept from call to call."""
ON_ARRAY = 20
"""What all others cost."""


def program_of_numbers(written: Program, program: Program, optimise: Optimise) -> Program | None:
    """What is computed with Python's numbers where the states are in double precision.

    Arguments:
        written: the program before the passes.
        program: the program after all passes.
        optimise: runs the passes.

    Returns:
        A program of scalars; None where there is none, or where the one with arrays is quicker.
    """
    if is_small(program):
        return program
    if len(written.roots) > MOST:
        return None
    most = cost_of_arrays(program)
    if cost_of_numbers(written) > AS_WRITTEN * most or any(node.dims for node in written.nodes):
        return None
    scalars = optimise(written, False, None, vectors=False)
    return scalars if is_small(scalars) and cost_of_numbers(scalars) <= most else None


def cost_of_numbers(program: Program) -> float:
    """What a program of scalars costs, in operations on Python's numbers."""
    operations = sum(FUNCTION if _is_function(node) else 1 for node in program.nodes if node.operands)
    return operations + ENDS * len(program.roots)


def cost_of_arrays(program: Program) -> float:
    """What a program of short arrays costs, in operations on Python's numbers; in truth it is rather more."""
    cost = 0.0
    for node in program.nodes:
        if not node.operands or node.roles <= SETTLED:
            continue
        if node.dims:
            cost += ON_ARRAYS.get(type(node), ON_ARRAY)
        elif not isinstance(node, View):  # an element that is a root is stored with all others
            cost += OF_NUMPY
    return cost


def _is_function(node: AnyNode) -> bool:
    return isinstance(node, Interpolate) or (isinstance(node, Apply) and node.function not in CHEAP)
