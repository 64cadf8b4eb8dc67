"""Pins: where nothing can be written to, what is held at an end is joined to the rest, and no condition goes over all.

``where(x == 0, 0, rate)`` is ``[0, *rate[1:]]``, of which only that is computed which is not held; XLA writes the
parts in one loop. NumPy writes the number over what it has computed, which takes it half as long: see
`opjax.compile.held`.

Law: selections keep their values but for the sign of a zero; sums into which something enters at an end are taken in
another order, as in **ends**.
Benchmark: none of its own; `tests/passes/test_pins.py` looks at what is written.
"""

from __future__ import annotations

from opjax.ir.program import Program
from opjax.passes.ends import selections, sharp_nodes, with_joined


def pins(program: Program) -> Program:
    """The same values with selections at the ends of an axis joined of parts."""
    if "where" not in program.functions:
        return program
    cuts = selections(program)
    return with_joined(program, cuts, sharp_nodes(program.nodes)) if cuts else program
