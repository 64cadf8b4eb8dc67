"""Small operators: nothing, a constant, a function, a part of a value, several operators at one input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import equinox as eqx
import numpy as np

from opjax.pipelines.arguments import check_operator
from opjax.pipelines.operator import Operator, static
from opjax.pipelines.sharing import refuse_shared
from opjax.pipelines.untyped import jax


class Identity(Operator):
    """The input as it is.

    Example:
        >>> from opjax.pipelines import Identity
        >>> Identity()(3.0)
        3.0
    """

    def _apply(self, x: Any) -> Any:
        return x


class _Rest(eqx.Module):
    """What of a constant is no array: its structure and its plain values; `arrays` says where the arrays stand."""

    structure: Any = static()
    plain: tuple[Any, ...] = static()
    arrays: tuple[int, ...] = static()


class Const(Operator):
    """The same value, whatever comes in; arrays in it are leaves and can be learned, everything else is static.

    Arguments:
        value: an array, a number, or tuples, lists and mappings of these.

    Example:
        >>> from opjax.pipelines import Const
        >>> Const(2.0)("anything")
        2.0
    """

    _arrays: tuple[Any, ...]
    _rest: _Rest

    def __init__(self, value: Any) -> None:
        leaves, structure = jax.tree.flatten(value)
        places = tuple(i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array | np.ndarray | np.generic))
        self._arrays = tuple(leaves[i] for i in places)
        plain = tuple(None if i in places else leaf for i, leaf in enumerate(leaves))
        self._rest = _Rest(structure, plain, places)

    @property
    def value(self) -> Any:
        """The constant."""
        leaves = list(self._rest.plain)
        for place, array in zip(self._rest.arrays, self._arrays, strict=True):
            leaves[place] = array
        return jax.tree.unflatten(self._rest.structure, leaves)

    def get_config(self) -> dict[str, Any]:
        """The value."""
        return {"value": self.value}

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        return self.value


def _function(fn: Any) -> Any:
    if isinstance(fn, eqx.Module):
        raise TypeError(f"{type(fn).__name__} may have parameters: make it a field of an operator, not a Lambda")
    if not callable(fn):
        raise TypeError(f"Lambda wants a function, not {fn!r}")
    return fn


class Lambda(Operator):
    """A function as an operator.

    A function is compared by identity: one that is made anew for every pipeline compiles anew, so give it a name at the
    level of a module. What has parameters is no function but a module: make it a field of an operator.

    Arguments:
        fn: the function.
        name: a name for `describe`; by default the function's own.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Lambda
        >>> (Lambda(jnp.sin) | Lambda(jnp.cos))(0.0).tolist()
        1.0
    """

    fn: Callable[..., Any] = eqx.field(static=True, converter=_function)
    name: str = static(default="")

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        return self.fn(*args, **kwargs)


class Item(Operator):
    """One part of a tuple, a list, a mapping or an array: ``x[key]``.

    Arguments:
        key: an index, a name, a slice or a tuple of these; static.

    Example:
        >>> from opjax.pipelines import Item
        >>> Item("nir")({"nir": 0.8, "red": 0.2})
        0.8
    """

    key: Any = static()

    def _apply(self, x: Any) -> Any:
        return x[self.key]


class Fanout(Operator):
    """Several operators at one input, their results together.

    Arguments:
        operators: a mapping, for results by name, or a sequence, for results in a tuple. Under `jax.jit` JAX sorts
            the names of a mapping; their order is no promise.

    Raises:
        ValueError: if there is no operator.
        TypeError: if something is no operator.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Fanout, Lambda
        >>> Fanout((Lambda(jnp.min), Lambda(jnp.max)))(jnp.array([1.0, 4.0]))
        (Array(1., dtype=float32...), Array(4., dtype=float32...))
    """

    steps: tuple[Operator, ...]
    names: tuple[str, ...] | None = static()

    def __init__(self, operators: Mapping[str, Operator] | tuple[Operator, ...] | list[Operator]) -> None:
        named = isinstance(operators, Mapping)
        if not named and not isinstance(cast("object", operators), tuple | list):
            raise TypeError(f"operators is a mapping or a tuple of operators, not {operators!r}")
        rows = cast("list[tuple[str, Operator]]", list(operators.items() if named else enumerate(operators)))
        if not rows:
            raise ValueError("a fanout without operators has no result: give one or more")
        for name, operator in rows:
            check_operator(f"operators[{name!r}]", operator)
        self.steps = tuple(operator for _, operator in rows)
        self.names = tuple(name for name, _ in rows) if named else None
        refuse_shared(self.steps)

    @property
    def operators(self) -> dict[str, Operator] | tuple[Operator, ...]:
        """The operators as they were given."""
        return self.steps if self.names is None else dict(zip(self.names, self.steps, strict=True))

    def get_config(self) -> dict[str, Any]:
        """The operators."""
        return {"operators": self.operators}

    def parts(self) -> list[tuple[str, Operator]]:
        """The operators by name."""
        return list(zip(self.names or [f"[{i}]" for i in range(len(self.steps))], self.steps, strict=True))

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        results = tuple(operator(*args, **kwargs) for operator in self.steps)
        return results if self.names is None else dict(zip(self.names, results, strict=True))
