"""Pipelines in use: with their values built in, compiled ahead of time, and measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opjax.pipelines.arguments import check_function
from opjax.pipelines.describe import steps_of
from opjax.pipelines.operator import Operator
from opjax.pipelines.signature import Signature, structs
from opjax.pipelines.untyped import closure, eqx, jax, jax_export


def freeze(operator: Operator) -> Any:
    """The operator as a compiled function with its arrays as constants: the fastest way to call it.

    Learning is over: a change of the operator is not seen. ``freeze(op).lower(...).compile()`` compiles ahead of time.

    Arguments:
        operator: the pipeline; its inputs are arrays.

    Returns:
        A function of `jax.jit`.

    Raises:
        TypeError: for what cannot be called.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Lambda, freeze
        >>> freeze(Lambda(jnp.sin) | Lambda(jnp.exp))(0.0).tolist()
        1.0
    """
    check_function("operator", operator)
    return jax.jit(closure(operator))


def export(operator: Operator, *signatures: Signature) -> Any:
    """The frozen operator for another process that has JAX and nothing else.

    Arguments:
        operator: the pipeline.
        signatures: one per argument; a size of None may be any size there.

    Returns:
        What `jax.export` gives: ``.call(x)`` runs it, ``.serialize()`` writes it (with the package flatbuffers), and
        `jax.export.deserialize` reads it.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Lambda, Signature, export
        >>> served = export(Lambda(jnp.sum), Signature((("rows", None), ("band", 3))))
        >>> served.call(jnp.ones((5, 3), "float32")).tolist()
        15.0
    """
    return jax_export.export(freeze(operator))(*structs(signatures))


@dataclass(frozen=True)
class Profile:
    """How long the steps of a pipeline take.

    Arguments:
        steps: label and seconds per call of each step, compiled alone.
        whole: seconds per call of all of it, compiled together. XLA fuses steps, so it is usually less than their sum.
    """

    steps: tuple[tuple[str, float], ...]
    whole: float

    def __iter__(self) -> Any:
        return iter(self.steps)

    def __str__(self) -> str:
        total = sum(seconds for _, seconds in self.steps)
        rows = [*self.steps, ("sum of the steps", total), ("all together", self.whole)]
        return "\n".join(f"{1e6 * seconds:12.1f} us  {label}" for label, seconds in rows)


def profile(operator: Operator, *args: Any, n: int = 10) -> Profile:
    """Measure each step of a pipeline: compiled, warm, and waited for.

    Arguments:
        operator: the pipeline.
        args: its inputs.
        n: how many calls to take the fastest of.

    Returns:
        The times; print it for a table.
    """
    steps: list[tuple[str, float]] = []
    values = args
    for label, step in steps_of(operator):
        seconds, result = _measured(step, values, n)
        steps.append((label, seconds))
        values = (result,)
    return Profile(tuple(steps), _measured(operator, args, n)[0])


def _measured(operator: Operator, args: tuple[Any, ...], n: int) -> tuple[float, Any]:
    """The fastest of n calls, in seconds, and the result."""
    call: Callable[..., Any] = eqx.filter_jit(operator)
    result = jax.block_until_ready(call(*args))
    best = float("inf")
    for _ in range(n):
        start = time.perf_counter()
        jax.block_until_ready(call(*args))
        best = min(best, time.perf_counter() - start)
    return best, result
