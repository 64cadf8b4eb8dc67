"""Whether scalars are computed one by one, with Python's numbers, or as the vectors that re-rolling makes of them.

An operation on an array of NumPy takes as long as some twenty on Python's numbers, however short the array is; networks
of up to some forty species, or eighty genes, are quicker as numbers, and so are most models whose axes have up to ten
or twenty points, without matrices: a product with one of five by five is one operation on arrays, and a quick one.
Benchmark: the networks in `benchmarks/against_unrolled.py`; `benchmarks/time_short_axes.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from types import FunctionType, MappingProxyType

from opjax.compile.costs import CHEAP, Counter, cells
from opjax.compile.helpers import NUMBERS
from opjax.compile.hushed import may_warn
from opjax.compile.numbers import is_small
from opjax.compile.once import POSITIONAL
from opjax.compile.settled import MANY
from opjax.compile.unrolled import Wanted, spread
from opjax.ir.nodes import AnyNode, Apply, Constant, Contract, Gather, Interpolate, Join, Reduce, Segment, Symbol, View
from opjax.ir.program import Optimise, Program, is_negated
from opjax.ir.types import Role, declared_dims
from opjax.records import many_records

MOST, MOST_CELLS = 1_000, 4_000
"""Programs of more values, or of more elements in all, are quicker as arrays; nobody looks."""
AS_WRITTEN = 1.5
"""Programs that cost so many times as much before the passes cost more after them too; nobody tries."""
SPREAD = 1.15
"""The same of programs whose elements cost so many times as much before these are made, and what is alike is shared."""
FUNCTION, HELPER, OF_NUMPY_ALONE = 2, 4, 40
"""What a function such as exp costs, in operations on Python's numbers; one that is written in Python, such as a
minimum; and one that NumPy has and Python has not. These are measured, as all that follow."""
ENDS = 1.2
"""What it costs to read a state and to store its derivative."""
GIVEN = 6
"""What it costs to put a parameter into an array, where these are so few that they are taken one by one."""
TAKEN, ELEMENT = 16, 1.5
"""What it costs to take the elements of a parameter with axes, and each of them."""
OF_NUMPY = 3
"""What an operation on a scalar of NumPy costs."""
SLICE = 4
ON_ARRAYS: Mapping[type[AnyNode], float] = MappingProxyType(
    {Segment: 48, Join: 28, View: SLICE, Reduce: 60, Interpolate: 50, Contract: 20}
)
"""What some operations on short arrays cost; neighbouring elements and states are slices."""
SETTLED = POSITIONAL | frozenset[Role](("parameter",))
"""What depends on these alone is computed once, or mostly kept from call to call."""
ON_ARRAY, FUNCTION_ON_ARRAY, CHOICE_ON_ARRAY, HUSHED = 20, 26, 40, 30
"""What all others cost, those that are functions and conditionals; and to hold back warnings."""


@many_records(looks=False)
def program_of_numbers(
    written: Program, program: Program, optimise: Optimise, wanted: Sequence[Wanted]
) -> Program | None:
    """What is computed with Python's numbers where the states are in double precision.

    Arguments:
        written: the program before the passes.
        program: the program after all passes.
        optimise: runs the passes.
        wanted: the values that are wanted, with their axes.

    Returns:
        A program of scalars, with a root for each element of these values; None where there is none, or where the one
        with arrays is quicker.
    """
    shaped = any(axes for _, axes in wanted)
    if not shaped and is_small(program):
        return program
    if len(written.roots) > MOST:
        return None
    if shaped or any(node.dims for node in written.nodes):
        return _of_short_axes(program, optimise, wanted)
    most = cost_of_arrays(program)
    if cost_of_numbers(written) > AS_WRITTEN * most:
        return None
    scalars = optimise(written, False, None, vectors=False)
    return scalars if is_small(scalars) and cost_of_numbers(scalars) <= most else None


def _of_short_axes(program: Program, optimise: Optimise, wanted: Sequence[Wanted]) -> Program | None:
    """A program of scalars for each element of what has axes."""
    size = sum(cells(declared_dims(axes), program.axes) for _, axes in wanted)
    if size > MOST or sum(cells(node.dims, program.axes) for node in program.nodes) > MOST_CELLS:
        return None
    costs, most = Counter(program, 8, size).costs(), cost_of_arrays(program) - _cost_of_taking(program)
    if costs.flops + FUNCTION * costs.function_values + ENDS * size > SPREAD * most:
        return None
    apart = spread(program, wanted)
    scalars = None if apart is None else optimise(apart, False, None, vectors=False)
    if scalars is None or not is_small(scalars) or any(map(_divides_by_zero, scalars.applied("divide"))):
        return None
    return scalars if cost_of_elements(scalars) <= most else None


def _divides_by_zero(node: AnyNode) -> bool:
    """Whether Python refuses a division in each call, as by the distance from the first point of a grid."""
    divisor = node.operands[1]
    return isinstance(divisor, Constant) and divisor.value == 0.0


def _cost_of_taking(program: Program) -> float:
    """What it costs to take the elements of parameters."""
    arrays = [n for n in program.leaves if n.dims and isinstance(n, Symbol) and n.role == "parameter"]
    return sum(TAKEN + ELEMENT * cells(node.dims, program.axes) for node in arrays)


def cost_of_elements(program: Program) -> float:
    """What a program of the elements of short arrays costs, in operations on Python's numbers.

    Sums and products may be long, and are counted term by term; what is subtracted is one operation.
    """
    sums = [node.operands for node in program.applied("add")]
    subtracted = {term.number for terms in sums for term in terms if is_negated(term)}
    counted = [node for node in program.nodes if node.operands and node.number not in subtracted]
    return sum(_of_number(node) * max(1, len(node.operands) - 1) for node in counted) + ENDS * len(program.roots)


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
        elif node.dims or isinstance(node, Reduce | Contract | Interpolate):
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
