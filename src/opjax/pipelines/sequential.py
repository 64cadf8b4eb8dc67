"""Operators one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast, overload

import equinox as eqx

from opjax.pipelines.arguments import check_operator
from opjax.pipelines.operator import Operator
from opjax.pipelines.sharing import refuse_shared, refuse_shared_with


def _as_tuple(operators: Iterable[Operator]) -> tuple[Operator, ...]:
    if isinstance(operators, Operator | str) or not isinstance(cast("object", operators), Iterable):
        raise TypeError(f"operators is a list of operators, not {operators!r}")
    return tuple(operators)


class Sequential(Operator):
    """Operators one after another: the first gets all arguments, each next one the result before it.

    ``a | b | c`` is the same.

    Arguments:
        operators: the steps.

    Raises:
        TypeError: if a step is no operator, or if something follows a step that ends a pipeline.
        ValueError: if one object with arrays stands twice.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Lambda, Sequential
        >>> Sequential([Lambda(jnp.exp), Lambda(jnp.log)])(2.0).tolist()
        2.0
    """

    operators: tuple[Operator, ...] = eqx.field(converter=_as_tuple)

    def __check_init__(self) -> None:
        steps = self.operators
        for i, operator in enumerate(steps):
            check_operator(f"operators[{i}]", operator)
            if i + 1 < len(steps) and type(operator).ends_pipeline(operator):
                raise TypeError(f"operators[{i}], {type(operator).__name__}, is terminal: nothing may follow it")
        refuse_shared(steps)

    def ends_pipeline(self) -> bool:
        """Whether the last step is terminal."""
        return bool(self.operators) and self.operators[-1].ends_pipeline()

    def __len__(self) -> int:
        return len(self.operators)

    def __iter__(self) -> Iterator[Operator]:
        return iter(self.operators)

    @overload
    def __getitem__(self, key: int) -> Operator: ...
    @overload
    def __getitem__(self, key: slice) -> Sequential: ...
    def __getitem__(self, key: int | slice) -> Operator:
        return Sequential(self.operators[key]) if isinstance(key, slice) else self.operators[key]

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        if not self.operators:
            return _nothing_to_do(*args, **kwargs)
        value = self.operators[0](*args, **kwargs)
        for operator in self.operators[1:]:
            value = operator(value)
        return value


def _nothing_to_do(x: Any) -> Any:
    return x


def joined(first: Operator, second: Operator) -> Operator:
    """``first | second``: the steps of both, one after another."""
    if not isinstance(cast("object", second), Operator):
        return NotImplemented
    left, right = _steps(first), _steps(second)
    if right and left and left[-1].ends_pipeline():
        raise TypeError(f"operators[{len(left) - 1}], {type(left[-1]).__name__}, is terminal: nothing may follow it")
    chain = object.__new__(Sequential)  # both sides have been checked when they were made
    object.__setattr__(chain, "operators", (*left, *right))
    refuse_shared_with(first, left, chain, right)
    return chain


def _steps(operator: Operator) -> tuple[Operator, ...]:
    return operator.operators if isinstance(operator, Sequential) else (operator,)
