"""Sums that keep what rounding loses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

from opjax.trees.untyped import jax, jnp

if TYPE_CHECKING:
    from jaxtyping import Array, Num

    Numbers: TypeAlias = Num[Array, "*shape"]

Tree = TypeVar("Tree")


def compensated_sum(first: Tree, *others: Tree, compensate: Tree | None = None) -> tuple[Tree, Tree]:
    """The sum of trees, leaf by leaf, and what rounding took from it: ``total + carry`` is the better sum.

    Neumaier's variant of Kahan's algorithm; it is right too when a summand exceeds the sum so far. To go on, pass both
    results to the next call: ``compensated_sum(total, *more, compensate=carry)``, also as the step of `jax.lax.scan`.
    The derivatives are those of a sum. `jax.jit` gives the numbers of plain calls (tested on CPUs); a compiler that is
    told to reorder sums, by XLA's fast-math flags, may take the compensation away. XLA takes numbers below the
    smallest normal one (2.2e-308 in double precision) as zero, and so does this sum.

    A. Neumaier 1974: "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54; the rounding
    error of one sum as in D. Knuth, The Art of Computer Programming 2, section 4.2.2, theorem B.

    Arguments:
        first: a tree of numbers; shape of a leaf [...].
        others: trees of the same structure; leaves that broadcast against each other.
        compensate: the carry of an earlier call.

    Returns:
        The sum as computers add, and the carry, to be **added** to it: both of the shapes of the broadcast leaves.

    Example:
        >>> total, carry = compensated_sum(1.0, 1e10, 1.0, -1e10)
        >>> float(total), float(total + carry)
        (0.0, 2.0)
    """
    total = jax.tree.map(jnp.asarray, first)
    carry = jax.tree.map(jnp.zeros_like, total) if compensate is None else compensate
    for summand in others:
        rounded = jax.tree.map(jnp.add, total, summand)
        carry = jax.tree.map(_carry, carry, total, summand, rounded)
        total = rounded
    return total, carry


def _carry(carry: Numbers, total: Numbers, summand: Numbers, rounded: Numbers) -> Numbers:
    """The carry with the rounding error of ``rounded = total + summand``; without one where the sum overflows."""
    added = rounded - total
    error = (total - (rounded - added)) + (summand - added)
    return carry + jnp.where(jnp.isfinite(error), error, jnp.zeros_like(error))


kahan_summation = compensated_sum
