"""The base of all operators: what a call means, what an operator is made of, and how two are joined."""

from __future__ import annotations

import abc
import functools
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import equinox as eqx
import numpy as np

from opjax.pipelines.node import holds_node, write_down
from opjax.pipelines.registry import add_operator
from opjax.pipelines.untyped import jax, jnp

if TYPE_CHECKING:
    from opjax.pipelines.signature import Signature


def static(**options: Any) -> Any:
    """A field that belongs to the structure: compared with ``==``, never traced, never learned.

    Arguments:
        options: those of `dataclasses.field`, such as ``default``.

    Returns:
        The field: ``k: float = static()``.
    """
    return eqx.field(static=True, **options)


def param(**options: Any) -> Any:
    """A field that is an array: traced, learned, and of one dtype, so that new values never compile again.

    Numbers and lists of numbers become arrays of the default float dtype; arrays keep their dtype.

    Arguments:
        options: those of `dataclasses.field`, such as ``default``.

    Returns:
        The field: ``gain: Array = param()``.
    """
    return eqx.field(converter=strong_array, **options)


def strong_array(value: Any) -> Any:
    """A value as an array whose dtype is not weak: a weak one would compile once more."""
    if value is None:
        return None
    found = jnp.asarray(value)
    given = isinstance(value, jax.Array | np.ndarray | np.generic)
    kind = jnp.result_type(float) if not given and jnp.issubdtype(found.dtype, jnp.integer) else found.dtype
    weak = getattr(found, "weak_type", False)  # keys of random numbers have none
    return jnp.asarray(found, dtype=kind) if weak or found.dtype != kind else found


class Operator(eqx.Module):
    """A function with parts: arrays in it are leaves, so it goes through jit, grad, vmap and scan as it is.

    A subclass names its parts as fields (`static`, `param`, other operators) and writes `_apply`. Called with values
    an operator computes; called with a `Node` anywhere in its arguments it is written down as a node of a graph.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Operator, param
        >>> class Gain(Operator):
        ...     gain: object = param()
        ...     def _apply(self, x):
        ...         return x * self.gain
        >>> Gain(2.0)(jnp.ones(3)).tolist()
        [2.0, 2.0, 2.0]
    """

    terminal: ClassVar[bool] = False
    """Whether nothing may follow: a step that writes its input away."""
    forbid_in_yaml: ClassVar[bool] = False
    """Whether the operator refuses to be written to a file."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        add_operator(cls)

    @abc.abstractmethod
    def _apply(self, /, *args: Any, **kwargs: Any) -> Any:
        """Compute."""

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Compute with values, or write the call down where an argument holds a `Node`."""
        if holds_node(args) or (kwargs and holds_node(tuple(kwargs.values()))):
            return write_down(self, args, kwargs)
        with jax.named_scope(type(self).__name__):  # the profiler shows it
            return type(self)._apply(self, *args, **kwargs)  # `self._apply` makes a module of the method at each call

    def __or__(self, other: Operator) -> Operator:
        from opjax.pipelines.sequential import joined

        return joined(self, other)

    # jax.jit, lax.cond and others keep what they traced by the function that they are given. An operator with arrays is
    # equal to itself alone, as a closure is: equal values of two operators do not make them one to differentiate.
    def __eq__(self, other: object) -> bool:
        if self is other or not isinstance(other, Operator):
            return self is other
        return not _has_arrays(self) and not _has_arrays(other) and bool(eqx.tree_equal(self, other))

    def __hash__(self) -> int:
        return object.__hash__(self) if _has_arrays(self) else super().__hash__()

    def ends_pipeline(self) -> bool:
        """Whether nothing may follow."""
        return type(self).terminal

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this operator again.

        Raises:
            AttributeError: for an argument that the operator did not keep under its name.
        """
        config: dict[str, Any] = {}
        for name in constructor_names(type(self)):
            if name not in vars(self):
                message = f"{type(self).__name__} does not keep its argument '{name}': store it in a field of that name"
                raise AttributeError(message)
            config[name] = vars(self)[name]
        return config

    @property
    def state(self) -> dict[str, Any]:
        """The operator as texts, numbers, lists and mappings: what `dumps` writes."""
        from opjax.pipelines.encode import encode_operator

        return encode_operator(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any], *, allow: Any = None, functions: Any = None) -> Self:
        """The operator of a `state`; `allow` and `functions` as for `loads`.

        Raises:
            TypeError: if it is no operator of this class.
        """
        from opjax.pipelines.serial import from_mapping

        found = from_mapping(state, allow=allow, functions=functions)
        if not isinstance(found, cls):
            raise TypeError(f"this is the state of a {type(found).__name__}, not of a {cls.__name__}")
        return found

    def parts(self) -> list[tuple[str, Operator]]:
        """The operators that stand directly in this one, each with the name of its place."""
        found: list[tuple[str, Operator]] = []
        for name, value in vars(self).items():
            if isinstance(value, Operator):
                found.append((name, value))
            elif isinstance(value, tuple):
                rows = enumerate(cast("tuple[object, ...]", value))
                found += [(f"[{i}]", part) for i, part in rows if isinstance(part, Operator)]
        return found

    def compute_output_signature(self, *signatures: Signature) -> Any:
        """What the operator makes of such inputs, found by tracing it without data.

        Arguments:
            signatures: one per positional argument; a size of None stays a symbol.

        Returns:
            A `Signature`, or tuples and mappings of them as the operator returns them.

        Raises:
            TypeError, ValueError: what JAX says about shapes that do not fit.
        """
        from opjax.pipelines.signature import output_signature

        return output_signature(self, signatures)

    def summary(self, *signatures: Signature) -> str:
        """A table of the steps with what goes in and what comes out."""
        from opjax.pipelines.describe import summary

        return summary(self, signatures)

    def describe(self) -> str:
        """The operator and everything inside it, as an indented list."""
        from opjax.pipelines.describe import describe

        return describe(self)


def _has_arrays(operator: Operator) -> bool:
    return any(eqx.is_array(leaf) or isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(operator))


@functools.cache
def constructor_names(kind: type[Operator]) -> tuple[str, ...]:
    """The names of the arguments of a class; ``*args`` and ``**kwargs`` cannot be kept."""
    parameters = inspect.signature(kind).parameters.values()
    return tuple(p.name if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) else f"*{p.name}" for p in parameters)
