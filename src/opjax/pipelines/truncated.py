"""A scan whose gradients reach back a limited number of steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opjax.pipelines.untyped import jax, jnp, tree_map


def truncated_scan(
    step: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any, *, live: int, length: int | None = None
) -> tuple[Any, Any]:
    """`jax.lax.scan` whose last `live` steps alone are differentiated.

    Two scans: the first keeps nothing for the backward pass, so memory grows with `live` and not with the length.

    Arguments:
        step: ``(carry, x) -> (carry, y)``.
        init: the first carry.
        xs: arrays with the steps along their first axis; None with a `length`.
        live: how many steps gradients reach back; at least 1. From the length on, all gradients are whole.
        length: the number of steps, where `xs` is None.

    Returns:
        The last carry and all results, equal to those of `jax.lax.scan`.

    Raises:
        ValueError: if `live` is less than 1, or if the number of steps is not known.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import truncated_scan
        >>> def total(gain, live):
        ...     return truncated_scan(lambda c, x: (c + gain * x, None), 0.0, jnp.ones(10), live=live)[0]
        >>> [jax.grad(total)(1.0, live).tolist() for live in (10, 3)]
        [10.0, 3.0]
    """
    if live < 1:
        raise ValueError(f"live is {live}: gradients reach back at least one step")
    leaves = jax.tree.leaves(xs)
    if not leaves and length is None:
        raise ValueError("without xs the number of steps is not known: give length")
    steps = int(leaves[0].shape[0]) if leaves else int(length or 0)
    head = max(0, steps - live)
    if head == 0:
        return jax.lax.scan(step, init, xs, length=steps)
    early = jax.lax.stop_gradient(tree_map(lambda leaf: leaf[:head], xs))
    dead = _without_gradient(step)
    carry, first = jax.lax.scan(dead, jax.lax.stop_gradient(init), early, length=head)
    late = tree_map(lambda leaf: leaf[head:], xs)
    last, second = jax.lax.scan(step, jax.lax.stop_gradient(carry), late, length=steps - head)
    return last, jax.tree.map(_joined, first, second)


def _joined(early: Any, late: Any) -> Any:
    return jnp.concatenate([jax.lax.stop_gradient(early), late])


def _without_gradient(step: Callable[[Any, Any], tuple[Any, Any]]) -> Callable[[Any, Any], tuple[Any, Any]]:
    """A step whose results carry no tangents, also where it closes over what is differentiated."""

    def dead(carry: Any, x: Any) -> tuple[Any, Any]:
        return jax.lax.stop_gradient(step(carry, x))

    return dead
