"""One of several operators, chosen by the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import equinox as eqx
import numpy as np

from opjax.pipelines.arguments import check_operator
from opjax.pipelines.basic import Identity, Lambda
from opjax.pipelines.operator import Operator, static
from opjax.pipelines.sharing import refuse_shared
from opjax.pipelines.untyped import jax, jnp
from opjax.pipelines.watch import unwatched


def as_module(function: Callable[..., Any]) -> Any:
    """A function as an operator, so that it is no leaf; modules with parameters stay what they are."""
    return function if isinstance(function, eqx.Module) else Lambda(function)


class Branch(Operator):
    """One of two operators.

    Where the predicate returns a plain truth value, the choice is made while the pipeline is traced and the arms may
    differ in anything. Where it returns an array, both arms must give the same shapes, and `jax.lax.cond` runs one of
    them (under `jax.vmap` both, with a select whose gradients stay finite).

    Arguments:
        predicate: a function or module of the same arguments; gives one truth value.
        if_true: what runs where it holds.
        if_false: what runs elsewhere.

    Raises:
        TypeError: if an arm is no operator.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Branch, Lambda
        >>> Branch(lambda x: x.sum() > 0, Lambda(jnp.sqrt), Lambda(jnp.abs))(jnp.array([-4.0])).tolist()
        [4.0]
    """

    predicate: Any = eqx.field(converter=as_module)
    if_true: Operator
    if_false: Operator = eqx.field(default_factory=Identity)

    def __check_init__(self) -> None:
        check_operator("if_true", self.if_true)
        check_operator("if_false", self.if_false)
        refuse_shared((self.predicate, self.if_true, self.if_false))

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        chosen = self.predicate(*args, **kwargs)
        if not isinstance(chosen, jax.Array):
            return (self.if_true if _truth(chosen) else self.if_false)(*args, **kwargs)
        if chosen.shape != ():
            raise TypeError(
                f"a predicate gives one truth value, not the shape {chosen.shape}: use any, all or VMapOver"
            )
        # closures and not the modules: lax.cond hashes the functions that it is given
        with unwatched("Branch"):
            return jax.lax.cond(chosen, lambda: self.if_true(*args, **kwargs), lambda: self.if_false(*args, **kwargs))


def _truth(value: Any) -> bool:
    if isinstance(value, np.ndarray) and np.shape(cast("Any", value)) != ():
        raise TypeError("a predicate gives one truth value: use any or all")
    return bool(cast("object", value))


class Switch(Operator):
    """One of several operators, by a key; a key that no case has goes to `default`, never to a neighbour.

    Arguments:
        key: a function or module of the same arguments. A plain value chooses while the pipeline is traced and may be
            anything that can be hashed; an array must be one integer, and the cases' keys must be integers.
        cases: the operators by key.
        default: what runs where no case fits.

    Raises:
        TypeError: if `cases` is no mapping, or if a case is no operator.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Lambda, Switch
        >>> by_axes = Switch(lambda x: x.ndim, {1: Lambda(jnp.sum), 2: Lambda(jnp.trace)})
        >>> by_axes(jnp.ones((3, 3))).tolist()
        3.0
    """

    key: Any
    steps: tuple[Operator, ...]
    default: Operator
    keys: tuple[Any, ...] = static()

    def __init__(self, key: Callable[..., Any], cases: Mapping[Any, Operator], default: Operator | None = None) -> None:
        if not isinstance(cast("object", cases), Mapping):
            raise TypeError(f"cases is a mapping from keys to operators, not {cases!r}")
        self.key = as_module(key)
        self.keys = tuple(cases)
        self.steps = tuple(cases.values())
        self.default = Identity() if default is None else default
        for name, operator in cases.items():
            check_operator(f"cases[{name!r}]", operator)
        check_operator("default", self.default)
        refuse_shared((self.key, *self.steps, self.default))

    @property
    def cases(self) -> dict[Any, Operator]:
        """The operators by key."""
        return dict(zip(self.keys, self.steps, strict=True))

    def get_config(self) -> dict[str, Any]:
        """The key, the cases and the default."""
        return {"key": self.key, "cases": self.cases, "default": self.default}

    def parts(self) -> list[tuple[str, Operator]]:
        """The key's operator and the cases."""
        rows = [(repr(key), step) for key, step in self.cases.items()]
        return [("key", self.key), *rows, ("default", self.default)]

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        found = self.key(*args, **kwargs)
        if not isinstance(found, jax.Array):
            return self.cases.get(found, self.default)(*args, **kwargs)
        arms = [*self.steps, self.default]
        place = _place(found, self.keys)
        with unwatched("Switch"):
            return jax.lax.switch(place, [lambda arm=arm: arm(*args, **kwargs) for arm in arms])


def _place(found: Any, keys: tuple[Any, ...]) -> Any:
    """The place of a key among the cases, or their number: lax.switch alone would take the nearest one."""
    if not (jnp.issubdtype(found.dtype, jnp.integer) or found.dtype == jnp.bool_) or found.shape != ():
        raise TypeError(f"a key is one integer, not {found.dtype} of the shape {found.shape}")
    wrong = [key for key in keys if not isinstance(key, int)]
    if wrong:
        raise TypeError(f"the key is an array, so the cases need integers as keys, not {wrong[0]!r}")
    number = found.astype(jnp.int32) if found.dtype == jnp.bool_ else found
    info = jnp.iinfo(number.dtype)
    place = jnp.asarray(len(keys), dtype=jnp.int32)
    for i, key in enumerate(keys):
        if info.min <= key <= info.max:  # any other key cannot be met, and would wrap round
            place = jnp.where(number == key, i, place)
    return place
