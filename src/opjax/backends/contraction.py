"""Sums of products: subscripts are taken apart once, and run on matrix products where they are some.

``ab,b->a`` in the notation of `numpy.einsum`; the letters are only names, and results are always given.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from opjax.backends.base import Array, Namespace


@dataclass(frozen=True, slots=True)
class Subscripts:
    """What ``ij,jk->ik`` says: the letters of each operand and of the result."""

    operands: tuple[str, ...]
    result: str

    @classmethod
    @functools.lru_cache(maxsize=4096)
    def parse(cls, text: str) -> Subscripts:
        """Take subscripts apart.

        Raises:
            ValueError: if there is no result, or the result repeats or invents a letter.
        """
        left, arrow, result = text.replace(" ", "").partition("->")
        operands = tuple(left.split(","))
        invented = set(result) - set().union(*operands)
        if not arrow or invented or len(set(result)) < len(result):
            raise ValueError(f"the subscripts {text!r} do not give each letter of the result once")
        return cls(operands, result)


def contract(xp: Namespace, subscripts: Subscripts, operands: tuple[Array, ...]) -> Array:
    """The sum of products, by the functions of the Array API standard alone.

    Arguments:
        xp: the namespace of the operands.
        subscripts: what to multiply and to sum.
        operands: the arrays, multiplied from the left; letters are summed as soon as nothing later needs them.
    """
    value, letters = operands[0], subscripts.operands[0]
    for place in range(len(operands)):
        later = set(subscripts.result).union(*subscripts.operands[place + 1 :])
        if place == 0:
            value, letters = _diagonal(xp, value, letters)
            value, letters = _sum_out(xp, value, letters, later)
            continue
        other, other_letters = _diagonal(xp, operands[place], subscripts.operands[place])
        other, other_letters = _sum_out(xp, other, other_letters, later | set(letters))
        value, letters = _pair(xp, (value, letters), (other, other_letters), later)
    return _arrange(xp, value, letters, subscripts.result)


def _diagonal(xp: Namespace, value: Array, letters: str) -> tuple[Array, str]:
    """Letters that stand twice in one operand: the elements with equal indices, as a strided view of the flat pair."""
    for letter in dict.fromkeys(letters):
        while letters.count(letter) > 1:
            first = letters.index(letter)
            second = letters.index(letter, first + 1)
            rest = [i for i in range(len(letters)) if i not in (first, second)]
            value = xp.permute_dims(value, (*rest, first, second))
            size = value.shape[-1]
            value = xp.reshape(value, (*value.shape[:-2], size * size))[..., :: size + 1]
            letters = "".join(letters[i] for i in rest) + letter
    return value, letters


def _sum_out(xp: Namespace, value: Array, letters: str, kept: set[str]) -> tuple[Array, str]:
    axes = tuple(i for i, letter in enumerate(letters) if letter not in kept)
    if axes:
        value = xp.sum(value, axis=axes)
    return value, "".join(letter for letter in letters if letter in kept)


def _arrange(xp: Namespace, value: Array, letters: str, wanted: str) -> Array:
    if letters == wanted:
        return value
    return xp.permute_dims(value, tuple(letters.index(letter) for letter in wanted))


def _pair(xp: Namespace, left: tuple[Array, str], right: tuple[Array, str], later: set[str]) -> tuple[Array, str]:
    """The product of two operands, as one (batched) matrix product."""
    (a, a_letters), (b, b_letters) = left, right
    shared = [letter for letter in a_letters if letter in b_letters]
    batch = "".join(letter for letter in shared if letter in later)
    summed = "".join(letter for letter in shared if letter not in later)
    a_free = "".join(letter for letter in a_letters if letter not in shared)
    b_free = "".join(letter for letter in b_letters if letter not in shared)
    a = _arrange(xp, a, a_letters, batch + a_free + summed)
    b = _arrange(xp, b, b_letters, batch + summed + b_free)
    batch_shape = tuple(a.shape[: len(batch)])
    a_shape = tuple(a.shape[len(batch) : len(batch) + len(a_free)])
    b_shape = tuple(b.shape[len(batch) + len(summed) :])
    inner = math.prod(a.shape[len(batch) + len(a_free) :])
    a = xp.reshape(a, (*batch_shape, math.prod(a_shape), inner))
    b = xp.reshape(b, (*batch_shape, inner, math.prod(b_shape)))
    product = xp.matmul(a, b) if summed else a * b
    return xp.reshape(product, (*batch_shape, *a_shape, *b_shape)), batch + a_free + b_free
