"""Long sums over a vector that is read several times, run by run, as `opjax.passes.layers` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from opjax.ir.nodes import AnyNode, Apply, Constant, Gather, Join, Segment
from opjax.ir.types import Axis

Places = tuple[int, ...]
LONG = 1024
"""Terms from which on their order matters."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """Sums of elements of a vector, each times a number.

    Arguments:
        vector: what is read.
        runs: from where to where it is read, one run behind the other.
        rest: the positions of the elements that are read behind that.
        numbers: what each is multiplied with.
        sums: to which sum each belongs; the number behind the last for what belongs to none.
        size: how many sums there are.
        inside: what stands between the vector and the sums, and is read by nothing else.
    """

    vector: AnyNode
    runs: tuple[tuple[int, int], ...]
    rest: Places
    numbers: tuple[float, ...]
    sums: Places
    size: int
    inside: tuple[AnyNode, ...]


def repeated_of(node: AnyNode, axes: Mapping[str, Axis]) -> Repeated | None:
    """What a node is such sums of; None for anything else.

    Arguments:
        node: the node.
        axes: the axes of the program.
    """
    if not isinstance(node, Segment) or len(node.positions) < LONG:
        return None
    read, numbers = _product(node)
    if not isinstance(read, Join) or read.others or numbers is None:
        return None
    vector, *behind = read.parts
    gathered = [part for part in behind if part is not vector]
    if not vector.dims or not all(isinstance(part, Gather) and part.operand is vector for part in gathered):
        return None
    every = tuple(range(axes[vector.dims[0].axis].size or 0))
    reads = [every if part is vector else cast("Gather", part).positions for part in read.parts]
    rest = () if _is_run(reads[-1]) else reads.pop()
    if not all(map(_is_run, reads)):
        return None
    return Repeated(
        vector=vector,
        runs=tuple((found[0], found[-1] + 1) for found in reads),
        rest=rest,
        numbers=numbers,
        sums=node.positions,
        size=axes[node.dims[0].axis].size or 0,
        inside=tuple(dict.fromkeys((node.operand, read, *gathered))),
    )


def _product(sums: Segment) -> tuple[AnyNode, tuple[float, ...] | None]:
    """A vector and the numbers that its elements are multiplied with; None where these are no numbers."""
    node = sums.operand
    if not isinstance(node, Apply):
        return node, (1.0,) * len(sums.positions)
    if node.function != "multiply" or len(node.operands) != 2:
        return node, None
    read, numbers = node.operands
    constants = [part for part in numbers.operands if isinstance(part, Constant)] if isinstance(numbers, Join) else []
    known = isinstance(numbers, Join) and len(constants) == len(numbers.parts) == len(sums.positions)
    return read, tuple(float(part.value) for part in constants) if known else None


def _is_run(positions: Places) -> bool:
    """Whether positions are those of neighbours."""
    return positions == tuple(range(positions[0], positions[-1] + 1))
