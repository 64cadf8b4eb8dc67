"""Whether scalars are computed one by one, with Python's numbers, or as the vectors that re-rolling makes of them.

An operation on an array of NumPy takes as long as some twenty on Python's numbers, however short the array is; networks
of up to some forty species, or eighty genes, are quicker as numbers.
Benchmark: the networks in `benchmarks/against_unrolled.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import FunctionType, MappingProxyType

from opjax.compile.costs import CHEAP
from opjax.compile.helpers import NUMBERS
from opjax.compile.hushed import may_warn
from opjax.compile.numbers import is_small
from opjax.compile.settled import MANY
from opjax.ir.nodes import AnyNode, Apply, Gather, Interpolate, Join, Segment, Symbol, View
from opjax.ir.program import Optimise, Program
from opjax.ir.types import Role

MOST = 1_000
"""Programs of more values are quicker as arrays; nobody looks."""
AS_WRITTEN = 1.5
"""Programs that cost so many times as much before the passes cost more after them too; nobody tries."""
FUNCTION, HELPER, OF_NUMPY_ALONE = 2, 4, 40
"""What a function such as exp costs, in operations on Python's numbers; one that is written in Python, such as a
minimum; and one that NumPy has and Python has not. These are measured, as all that follow."""
ENDS = 1.2
"""What it costs to read a state and to store its derivative."""
GIVEN = 6
"""What it costs to put a parameter into an array, where these are so few that they are taken one by one."""
OF_NUMPY = 3
"""What an operation on a scalar of NumPy costs."""
SLICE = 4
ON_ARRAYS: Mapping[type[AnyNode], float] = MappingProxyType({Segment: 48, Join: 28, View: SLICE})
"""What some operations on short arrays cost; neighbouring elements and states are slices."""
SETTLED = frozenset[Role](("parameter", "size"))
"""What depends on these alone is mostly kept from call to call."""
ON_ARRAY, FUNCTION_ON_ARRAY, CHOICE_ON_ARRAY, HUSHED = 20, 26, 40, 30
"""What all others cost, those that are functions and conditionals; and to hold back warnings."""


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
    return sum(_of_number(node) for node in program.nodes if node.operands) + ENDS * len(program.roots)


def _of_number(node: AnyNode) -> float:
    if not isinstance(node, Apply):
        return OF_NUMPY_ALONE if isinstance(node, Interpolate) else 1
    if node.function in NUMBERS:
        return HELPER if isinstance(NUMBERS[node.function], FunctionType) else FUNCTION
    return 1 if node.function in CHEAP else OF_NUMPY_ALONE


def cost_of_arrays(program: Program) -> float:
    """What a program of short arrays costs, in operations on Python's numbers; in truth it is rather more."""
    cost = HUSHED if "where" in program.functions and may_warn(program.nodes) else 0.0
    parameters = 0
    for node in program.nodes:
        if not node.operands:
            parameters += isinstance(node, Symbol) and node.role == "parameter"
        elif node.roles <= SETTLED:
            continue
        elif node.dims:
            cost += _on_array(node)
        elif not isinstance(node, View):  # an element that is a root is stored with all others
            cost += OF_NUMPY
    return cost + (GIVEN * parameters if parameters < MANY else 0.0)


def _on_array(node: AnyNode) -> float:
    if not isinstance(node, Apply):
        return SLICE if _is_slice(node) else ON_ARRAYS.get(type(node), ON_ARRAY)
    if node.function == "where":
        return CHOICE_ON_ARRAY
    return ON_ARRAY if node.function in CHEAP else FUNCTION_ON_ARRAY


def _is_slice(node: AnyNode) -> bool:
    """Whether neighbouring elements of a vector are read, or states as they lie."""
    if isinstance(node, Gather):
        return all(after - before == 1 for before, after in itertools.pairwise(node.positions))
    return isinstance(node, Join) and all(isinstance(part, Symbol) for part in node.parts)
