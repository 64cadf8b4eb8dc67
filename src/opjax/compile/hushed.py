"""Where NumPy has to be kept from warning: conditionals with a branch that may be undefined where it is not taken.

`np.where` computes both branches everywhere. Of a division by zero or a logarithm of less, NumPy warns, also where the
other branch is taken. Holding back warnings takes as long as an operation on a short array, so that it is left to those
conditionals that need it: what is finite for all numbers, but for overflow (`Function.total`), gives no warning.
"""

from __future__ import annotations

from collections.abc import Iterable

from opjax.ir import functions
from opjax.ir.nodes import (
    AnyNode,
    Apply,
    Constant,
    Contract,
    Gather,
    IntegerPower,
    Join,
    Place,
    Reduce,
    Segment,
    Stack,
    Symbol,
    View,
)

OVERFLOWING = frozenset(("sigmoid", "softplus"))
"""Functions that are computed by an exp, which may be infinite on the way."""
MOST = 8
"""Higher powers of usual numbers may be infinite."""


def may_warn(nodes: Iterable[AnyNode]) -> bool:
    """Whether some conditional among nodes has a branch that NumPy may warn of."""
    conditionals = [node for node in nodes if type(node) is Apply and node.function == "where"]
    waiting = [branch for node in conditionals for branch in node.arguments[1:]]
    seen = {node.number for node in waiting}
    while waiting:
        node = waiting.pop()
        if not _is_quiet(node):
            return True
        below = [operand for operand in node.operands if operand.number not in seen]
        seen.update(operand.number for operand in below)
        waiting.extend(below)
    return False


def _is_quiet(node: AnyNode) -> bool:
    """Whether NumPy does not warn of an operation, whatever is computed below it."""
    match node:
        case Apply(function="divide"):
            below = node.arguments[1]
            return isinstance(below, Constant) and below.value != 0
        case Apply():
            known = functions.FUNCTIONS.get(node.function)
            return known is not None and known.total and node.function not in OVERFLOWING
        case IntegerPower():
            return 0 <= node.exponent <= MOST
        case Reduce():
            return node.reduction == "sum"
        case _:
            return isinstance(node, Symbol | Constant | Contract | Gather | Join | Place | Segment | Stack | View)
