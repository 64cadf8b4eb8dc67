"""The passes in their order, each with its reason.

A pass takes a program and returns one with the same values. To add one: write it in a file of its own, give it a row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from opjax.ir.program import Program
from opjax.passes.cells import cells
from opjax.passes.contract import contract
from opjax.passes.fold import fold
from opjax.passes.guard import guard
from opjax.passes.reroll import reroll
from opjax.passes.shift import shift


class Pass(NamedTuple):
    """A row of the list: what runs, why it stands here, and whether only differentiable namespaces need it."""

    run: Callable[[Program], Program]
    reason: str
    differentiable_only: bool = False


PASSES: tuple[Pass, ...] = (
    Pass(fold, "first, so that sizes and constant conditions are numbers for all that follow"),
    Pass(shift, "after folding, which knows the sizes; before guarding, which would copy the conditions"),
    Pass(cells, "before all that looks into the rates: what is joined is no mask for anybody any more"),
    Pass(
        contract, "after folding, which leaves fewer factors; before guarding, which hides products behind selections"
    ),
    Pass(guard, "after all that moves conditionals, since it copies their branches", differentiable_only=True),
    Pass(reroll, "last, since the others know nothing of its vectors; and what they leave is told apart by shape"),
)


def run_passes(program: Program, differentiable: bool) -> Program:
    """The program after all passes."""
    for row in PASSES:
        if differentiable or not row.differentiable_only:
            program = row.run(program)
    return program
