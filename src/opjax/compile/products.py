"""The texts of products of vectors and matrices for NumPy, on which BLAS is many times faster than `numpy.einsum`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_PRODUCTS: Mapping[str, str] = {
    "a,a->": "{a}.dot({b})",
    "ab,b->a": "{a}.dot({b})",
    "ab,a->b": "{b}.dot({a})",
    "a,ab->b": "{a}.dot({b})",
    "a,ba->b": "{b}.dot({a})",
    "ab,bc->ac": "{a}.dot({b})",
    "ab,bc->ca": "{a}.dot({b}).T",
    "ab,cb->ac": "{a}.dot({b}.T)",
    "ab,cb->ca": "{b}.dot({a}.T)",
    "ab,ac->bc": "{a}.T.dot({b})",
    "ab,ac->cb": "{b}.T.dot({a})",
    "ab,ca->cb": "{b}.dot({a})",
    "ab,ca->bc": "{b}.dot({a}).T",
}
_EACH: Mapping[str, str] = {
    "abc,ac->ab": "xp.matmul({a}, {b}[..., None])[..., 0]",
    "ab,acb->ac": "xp.matmul({b}, {a}[..., None])[..., 0]",
    "abc,ab->ac": "xp.matmul({b}[:, None], {a})[:, 0]",
    "ab,abc->ac": "xp.matmul({a}[:, None], {b})[:, 0]",
}
"""A matrix and a vector for each point of the first dim."""
MOST_MATRICES = 32
"""Of more of them `numpy.einsum` is as quick."""


def product_text(recipe: str, factors: Sequence[str], sizes: Mapping[str, int]) -> str | None:
    """The product that subscripts say, as text; None where it is none of vectors and matrices.

    Arguments:
        recipe: the subscripts, with the letters in the order of the alphabet where they first stand.
        factors: the texts of both factors, as tight as a name.
        sizes: the number of points of each letter.

    Returns:
        Such as ``C.dot(x)`` for ``ab,b->a``; a matrix along the first dim of an array sees the others as one.
    """
    a, b = factors
    known = _PRODUCTS.get(recipe)
    if known is not None:
        return known.format(a=a, b=b)
    each = _EACH.get(recipe)
    if each is not None and sizes["a"] <= MOST_MATRICES:
        return each.format(a=a, b=b)
    inputs, _, result = recipe.partition("->")
    left, _, right = inputs.partition(",")
    if len(left) > len(right):
        left, right, a, b = right, left, b, a
    shared = [letter for letter in left if letter in right]
    if len(left) != 2 or len(shared) != 1 or right[0] != shared[0]:
        return None
    (other,) = [letter for letter in left if letter != shared[0]] or [shared[0]]
    if other in right or result != other + right[1:]:
        return None
    matrix = a if left[1] == shared[0] else f"{a}.T"
    shape = ", ".join(str(sizes[letter]) for letter in result)
    return f"{matrix}.dot({b}.reshape({sizes[shared[0]]}, -1)).reshape({shape})"
