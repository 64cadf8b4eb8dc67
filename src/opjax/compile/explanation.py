"""Why a compiled model is fast, or what keeps it from being so: records, made when they are asked for.

The passes run again for this, and tell what they do; a model that is only compiled and called pays nothing for it.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

from opjax.compile.costs import Costs

Extent = tuple[tuple[str, int], ...]
"""The shape of an array by the names of its axes; `equations` and `terms` are those that re-rolling made."""


@dataclass(frozen=True, slots=True)
class PassRecord:
    """What one pass did.

    Arguments:
        name: the pass.
        purpose: in one sentence, what it does and why.
        before: the operations of the program that it was given.
        after: the operations of the program that it made.
        fired: whether it changed anything.
        remark: what it left as it was, and why; empty where there is nothing to say.
    """

    name: str
    purpose: str
    before: int
    after: int
    fired: bool
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ContractionRecord:
    """One product of factors that is summed at once; several of one sum stand in the order that was chosen.

    Arguments:
        factors: the factors; ``#1`` is the result of the first contraction.
        over: the axes that are summed over.
        extent: the shape of the result.
        flops: its operations on numbers.
        avoided: the elements that the product would have, written out.
    """

    factors: tuple[str, ...]
    over: tuple[str, ...]
    extent: Extent
    flops: int
    avoided: int


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """Scalar equations of one shape that became vector operations.

    Arguments:
        expression: the shape; ``x`` stands for states, ``p`` for parameters, ``c`` for numbers, and ``v`` for other
            values, one for each equation; what has a name of the model is the same in all of them.
        equations: how many equations it replaces.
        operations: the vector operations that compute it.
    """

    expression: str
    equations: int
    operations: int


@dataclass(frozen=True, slots=True)
class SumsRecord:
    """Sums of different lengths that became one sum over the segments of a vector.

    Arguments:
        sums: how many sums.
        terms: how many terms they have together.
    """

    sums: int
    terms: int


@dataclass(frozen=True, slots=True)
class TemporaryRecord:
    """An array between the inputs and the outputs.

    Arguments:
        expression: what it holds.
        extent: its shape by axis.
        bytes: its size.
        reason: why it must be there, where it is larger than every input and output; else empty.
    """

    expression: str
    extent: Extent
    bytes: int
    reason: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Why a compiled model is fast, or what keeps it from being so.

    Arguments:
        model: its name.
        namespace: the array library whose program this is.
        itemsize: the bytes of one number.
        states: the numbers in the state vector.
        written: operations as the model writes them, every use of a shared one counted (at most 10**12).
        shared: the different ones among them: equal expressions are one node from the start.
        operations: those of the program after all passes.
        passes: what each pass did, in order.
        contractions: the sums of products, in the order that they are computed.
        groups: the shapes that re-rolling found.
        sums: the sums that re-rolling took apart.
        largest: the largest array between inputs and outputs; None where all are numbers.
        costs: the estimated cost of one call; see `opjax.compile.costs` for how it is counted.
        numbers: the operations that are computed with Python's numbers, where that is quicker than the program, whose
            arrays are short; it computes whatever is not one state in double precision. Else 0.
        obstacles: what keeps the model from being faster, a sentence each.
    """

    model: str
    namespace: str
    itemsize: int
    states: int
    written: int
    shared: int
    operations: int
    passes: tuple[PassRecord, ...]
    contractions: tuple[ContractionRecord, ...]
    groups: tuple[GroupRecord, ...]
    sums: tuple[SumsRecord, ...]
    largest: TemporaryRecord | None
    costs: Costs
    numbers: int
    obstacles: tuple[str, ...]

    def __repr__(self) -> str:
        from opjax.compile.explanation_text import text  # it knows these records

        return text(self)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"
