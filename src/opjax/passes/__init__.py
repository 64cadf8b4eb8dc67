"""The passes in their order, each with its reason.

A pass takes a program and returns one with the same values. To add one: write it in a file of its own, give it a row.
The text of its file begins with its name and its purpose in one sentence, and says its law (how far values may change)
and the benchmark that shows what it is for; `tests/passes/test_laws.py` holds it to both.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from opjax.ir.program import Program, Step, Watch
from opjax.passes.alongside import alongside, as_it_is
from opjax.passes.batch import batch
from opjax.passes.cells import cells
from opjax.passes.coalesce import coalesce, coalesced_axes
from opjax.passes.collect import collect
from opjax.passes.common import common
from opjax.passes.contract import contract
from opjax.passes.differences import differences, second_differences
from opjax.passes.dots import dots
from opjax.passes.ends import ends
from opjax.passes.faces import faces
from opjax.passes.fluxes import fluxes
from opjax.passes.fold import fold
from opjax.passes.guard import guard
from opjax.passes.interior import interior, lines
from opjax.passes.leading import leading
from opjax.passes.opposite import opposite
from opjax.passes.outward import outward
from opjax.passes.pins import pins
from opjax.passes.quotients import quotients
from opjax.passes.ratios import ratios
from opjax.passes.remarks import left_unrolled
from opjax.passes.reroll import reroll, reroll_short
from opjax.passes.scale import scale
from opjax.passes.shift import shift
from opjax.passes.swaps import swaps
from opjax.passes.together import together
from opjax.passes.walls import walls


class Pass(NamedTuple):
    """A row of the list.

    Arguments:
        run: the pass.
        reason: why it stands here.
        differentiable_only: whether only namespaces that differentiate need it.
        makes_vectors: whether scalars become vectors: not for a program that is run with Python's numbers.
        remark: says of a program that the pass was given, and the one that it made, what it left as it was, and why.
        compiled: what runs in its place for a namespace that compiles operations, which is one that differentiates.
    """

    run: Callable[[Program], Program]
    reason: str
    differentiable_only: bool = False
    makes_vectors: bool = False
    remark: Callable[[Program, Program], str] | None = None
    compiled: Callable[[Program], Program] | None = None

    @property
    def name(self) -> str:
        """The name of its function."""
        return self.run.__name__

    @property
    def purpose(self) -> str:
        """What it does and why, in one sentence: the first of its file."""
        return self._page.partition("\n")[0].partition(": ")[2].removesuffix(".")

    @property
    def law(self) -> str:
        """How far it may change values."""
        return " ".join(self._page.partition("\nLaw: ")[2].partition("\nBenchmark: ")[0].split())

    @property
    def benchmark(self) -> str:
        """Where it is seen what it is for."""
        return " ".join(self._page.partition("\nBenchmark: ")[2].split())

    @property
    def _page(self) -> str:
        return vars(sys.modules[self.run.__module__]).get("__doc__") or ""


PASSES: tuple[Pass, ...] = (
    Pass(fold, "first, so that sizes and constant conditions are numbers for all that follow"),
    Pass(shift, "after folding, which knows the sizes; before guarding, which would copy the conditions"),
    Pass(outward, "before all that looks for neighbours, or into sums: it changes what these are of"),
    Pass(cells, "before all that looks into the rates: what is joined is no mask for anybody any more"),
    Pass(swaps, "after folding; before contracting, which makes matrices of what is read at other points"),
    Pass(ends, "before guarding, which would copy the conditions; what is cells of their own is joined before"),
    Pass(pins, "as the one before", differentiable_only=True),
    Pass(
        contract, "after folding, which leaves fewer factors; before guarding, which hides products behind selections"
    ),
    Pass(guard, "after all that moves conditionals, since it copies their branches", differentiable_only=True),
    Pass(
        batch,
        "after guarding, which tells the branches of each state apart; before all that sees scalars only",
        makes_vectors=True,
    ),
    Pass(
        alongside,
        "after whole equations were taken together; before what looks into sums",
        makes_vectors=True,
        compiled=as_it_is,
    ),
    Pass(ratios, "before what tells equations apart by shape: they keep one shape, of fewer divisions"),
    Pass(
        reroll,
        "after all that know nothing of its vectors; and what they leave is told apart by shape",
        makes_vectors=True,
        remark=left_unrolled,
        compiled=reroll_short,
    ),
    Pass(opposite, "before scaling, which takes the signs that it moves into numbers"),
    Pass(collect, "before terms are gathered by their numbers, which it does by what they read"),
    Pass(quotients, "before products are joined with others, in which no quotient would be seen"),
    Pass(together, "before scaling; after what opens products, so that it need not close them"),
    Pass(common, "before scaling, which joins the numbers that terms have in common with those that they have not"),
    Pass(scale, "for the vectors of the one before too; after guarding, so that what it divides by is guarded"),
    Pass(leading, "after all that makes sums; before neighbours are looked for in them"),
    Pass(dots, "after contracting, which leaves sums over vectors as they are"),
    Pass(
        differences,
        "after scaling, which knows sums of neighbours as they are written",
        compiled=second_differences,
    ),
    Pass(walls, "beside differences along lines; before faces, which puts zeros at the ends", differentiable_only=True),
    Pass(fluxes, "after all that makes differences; before what is alike is computed once"),
    Pass(faces, "after all that reads neighbours: it shares what they have made of these"),
    Pass(coalesce, "near the end: it looks at what is done with each axis, and changes nothing", remark=coalesced_axes),
    Pass(
        interior,
        "last: it cuts what others have made of neighbours, and puts that beside the program",
        differentiable_only=True,
        remark=lines,
    ),
)


def run_passes(
    program: Program,
    differentiable: bool,
    watch: Watch | None = None,
    vectors: bool = True,
    rows: Sequence[Pass] = PASSES,
) -> Program:
    """The program after all passes.

    Arguments:
        program: what the model says.
        differentiable: whether it is for a namespace that differentiates.
        watch: is told of each pass.
        vectors: whether scalars may become vectors.
        rows: the passes, or those of them that a benchmark wants.
    """
    for row in rows:
        if (differentiable or not row.differentiable_only) and (vectors or not row.makes_vectors):
            run = row.compiled or row.run if differentiable else row.run
            before, program = program, run(program)
            if watch is not None:
                remark = row.remark(before, program) if row.remark else ""
                watch(Step(row.name, row.purpose, before, program, remark))
    return program
