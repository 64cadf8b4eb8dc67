"""Random keys, as many as are wanted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import jax

if TYPE_CHECKING:
    from jaxtyping import Array, Key, UInt32

    KeyArray: TypeAlias = Key[Array, "*shape"] | UInt32[Array, "... 2"]
    OneKey: TypeAlias = Key[Array, ""] | UInt32[Array, "2"]


_ELEMENTS = 2**32
"""How many numbers a key is folded with."""


def key_chain(key: OneKey, shape: int | tuple[int, ...] = ()) -> Iterator[KeyArray]:
    """New keys without end: element k is ``key_at(key, k, shape)``.

    Two chains of one key are equal. A key that a chain starts from should be used for nothing else; for several
    chains split it first.

    Arguments:
        key: a key of `jax.random.key`, or of the older `jax.random.PRNGKey`.
        shape: how many keys each element holds.

    Returns:
        An iterator over arrays of keys of this shape; of older keys, of shape [*shape, 2]. Taking an element inside a
        traced loop takes it once, while JAX traces: use `key_at` there.

    Example:
        >>> keys = key_chain(jax.random.key(0))
        >>> draws = [float(jax.random.normal(next(keys))) for _ in range(3)]
        >>> len(set(draws))
        3
        >>> next(key_chain(jax.random.key(0), (5,))).shape
        (5,)
    """
    return (key_at(key, index, shape) for index in itertools.count())


def key_at(key: OneKey, index: int | Array, shape: int | tuple[int, ...] = ()) -> KeyArray:
    """One element of a `key_chain`, without those before it.

    Arguments:
        key: the key of the chain.
        index: which element, from 0; it may be traced, as in a loop of `jax.lax.scan`.
        shape: how many keys it holds.

    Returns:
        Keys of this shape; of older keys, of shape [*shape, 2].

    Raises:
        ValueError: for an index below 0, or of 2^32 and above, where a chain has no elements.

    Example:
        >>> keys = key_chain(jax.random.key(0))
        >>> _ = next(keys)
        >>> bool(next(keys) == key_at(jax.random.key(0), 1))
        True
    """
    if not isinstance(index, jax.Array) and not 0 <= index < _ELEMENTS:
        raise ValueError(f"a chain of keys has the elements 0 to 2^32 - 1, and no element {index}")
    element = jax.random.fold_in(key, index)
    return element if shape == () else jax.random.split(element, shape)
