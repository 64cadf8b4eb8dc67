"""An operator many times: as a loop, as a stack of layers, with its memory saved."""

from __future__ import annotations

from typing import Any

from opjax.pipelines.arguments import check_count, check_operator
from opjax.pipelines.operator import Operator, static
from opjax.pipelines.untyped import closure, eqx, jax, jnp, partition
from opjax.pipelines.watch import through, unwatched


class ScanSequential(Operator):
    """One operator, applied `n_steps` times by `jax.lax.scan`: the program does not grow with the number of steps.

    Arguments:
        operator: a step; it keeps shape and dtype.
        n_steps: how many times; 0 gives the input back.
        collect: return ``(last, all)``, with the results of all steps along a new first axis.
        checkpoint: compute each step again in the backward pass instead of keeping what happened inside it.

    Raises:
        TypeError: if the step is no operator, or the number of steps no whole number.
        ValueError: for fewer steps than none.

    Example:
        >>> from opjax.pipelines import Lambda, ScanSequential
        >>> ScanSequential(Lambda(lambda x: 2 * x), 10)(1.0).tolist()
        1024.0
    """

    operator: Operator
    n_steps: int = static()
    collect: bool = static(default=False)
    checkpoint: bool = static(default=False)

    def __check_init__(self) -> None:
        check_operator("operator", self.operator)
        check_count("n_steps", self.n_steps, 0)

    def _apply(self, x: Any) -> Any:
        step = jax.checkpoint(closure(self.operator)) if self.checkpoint else self.operator

        def body(carry: Any, _: None) -> tuple[Any, Any]:
            value = step(carry)
            return value, value if self.collect else None

        with unwatched("ScanSequential"):
            last, collected = jax.lax.scan(body, x, None, length=self.n_steps)
        return (last, collected) if self.collect else last


class ScanStack(Operator):
    """Operators of one structure with their own parameters, one after another, as one loop with one body.

    Make it with `ScanStack.of`.

    Arguments:
        stacked: the operator, each array with a first axis over the steps.
        n_steps: how many there are.
        collect: return ``(last, all)``.

    Example:
        >>> from opjax.pipelines import Operator, ScanStack, param
        >>> class Add(Operator):
        ...     term: object = param()
        ...     def _apply(self, x):
        ...         return x + self.term
        >>> ScanStack.of(Add(1), Add(10), Add(100))(0.0).tolist()
        111.0
    """

    stacked: Operator
    n_steps: int = static()
    collect: bool = static(default=False)

    @classmethod
    def of(cls, *operators: Operator, collect: bool = False) -> ScanStack:
        """The stack of such operators, in their order.

        Raises:
            TypeError: if one of them is no operator.
            ValueError: if there is none, or if they differ in more than the values of their arrays.
        """
        for i, operator in enumerate(operators):
            check_operator(f"operators[{i}]", operator)
        if not operators:
            raise ValueError("a stack without operators has no structure: give one or more")
        parts = [partition(operator) for operator in operators]
        for i, (arrays, rest) in enumerate(parts):
            if _shapes(arrays) != _shapes(parts[0][0]) or not eqx.tree_equal(rest, parts[0][1]):
                raise ValueError(f"operator {i} differs from operator 0 in more than the values of its arrays")
        arrays = jax.tree.map(_stacked, *(arrays for arrays, _ in parts))
        return cls(eqx.combine(arrays, parts[0][1]), len(operators), collect)

    def _apply(self, x: Any) -> Any:
        arrays, rest = partition(self.stacked)

        def body(carry: Any, layer: Any) -> tuple[Any, Any]:
            value = eqx.combine(layer, rest)(carry)
            return value, value if self.collect else None

        with unwatched("ScanStack"):
            last, collected = jax.lax.scan(body, x, arrays, length=self.n_steps)
        return (last, collected) if self.collect else last


def _stacked(*leaves: Any) -> Any:
    return jnp.stack(leaves)


def _shapes(arrays: Any) -> tuple[Any, ...]:
    leaves, structure = jax.tree.flatten(arrays)
    return structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)


class Checkpoint(Operator):
    """An operator that keeps only its inputs for the backward pass and computes the rest again.

    Arguments:
        operator: what is computed again.
        policy: what to keep all the same, from `jax.checkpoint_policies`.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Checkpoint, Lambda
        >>> jax.grad(Checkpoint(Lambda(jnp.sin) | Lambda(jnp.exp)))(0.0).tolist()
        1.0
    """

    operator: Operator
    policy: Any = static(default=None)

    def __check_init__(self) -> None:
        check_operator("operator", self.operator)

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        def again(fn: Any) -> Any:
            return eqx.filter_checkpoint(fn, policy=self.policy)

        def call(operator: Operator, *inputs: Any, **named: Any) -> Any:
            return operator(*inputs, **named)

        return through(again, call)(self.operator, *args, **kwargs)
