"""Rows of every leaf set at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypedDict, TypeGuard, TypeVar, cast

import numpy as np

from opjax.traverse import Walk, run
from opjax.trees.untyped import jax, jnp

Tree = TypeVar("Tree")


class ScatterArgs(TypedDict, total=False):
    """How to set: the options of ``array.at[index].set(value, ...)``, which JAX documents at `jax.numpy.ndarray.at`."""

    mode: str
    indices_are_sorted: bool
    unique_indices: bool
    wrap_negative_indices: bool


class HasScatterArgs(Protocol):
    """A node of a pytree that says how the leaves below it are to be set."""

    @property
    def scatter_args(self) -> ScatterArgs:
        """The defaults for these leaves."""
        ...


def tree_scatter_set(item: Tree, value: Tree, idxs: Any, args: ScatterArgs | None = None) -> Tree:
    """A tree with ``leaf.at[idxs].set(...)`` done to every leaf.

    A node that has ``scatter_args`` gives defaults for the leaves below it; those of a node within it come first, and
    ``args`` come before all. Without a ``mode``, what is out of bounds is dropped, as JAX does.

    Arguments:
        item: a pytree of arrays or numbers, shape of a leaf [n, ...].
        value: of the same structure; leaves that broadcast to what is set, as [number of indices, ...].
        idxs: an index as JAX takes it, or a list of integers: positions on the first axis. For an empty list or array
            nothing is set.
        args: options for all leaves.

    Returns:
        A tree of JAX arrays of the shapes of ``item``.

    Raises:
        TypeError: an option that setting does not have, such as ``fill_value`` (it belongs to reading).

    Example:
        >>> people, newborn = {"age": np.array([30, 40, 50])}, {"age": np.array([0])}
        >>> tree_scatter_set(people, newborn, [1])["age"].tolist()
        [30, 0, 50]
    """
    override = _checked(args or {})
    parts = cast("tuple[Any, ...]", idxs) if isinstance(idxs, tuple) else (idxs,)
    index = tuple(_index(part) for part in parts)
    if any(isinstance(part, np.ndarray | jax.Array) and part.size == 0 for part in index):
        return jax.tree.map(jnp.asarray, item)
    return run(_scattered(item, value, _Setting(index, override), {}, None))


class _Setting(NamedTuple):
    """What holds for every leaf."""

    where: tuple[Any, ...]
    override: Mapping[str, Any]


def _scattered(item: Any, value: Any, setting: _Setting, defaults: Mapping[str, Any], inside: object) -> Walk[Any]:
    """A tree with its leaves set; ``inside`` is a node whose defaults are known already."""

    def stops(node: Any) -> bool:
        return node is not inside and _has_scatter_args(node)

    nodes, structure = jax.tree.flatten(item, is_leaf=stops)
    leaves: list[Any] = []
    for node, new in zip(nodes, structure.flatten_up_to(value), strict=True):
        if stops(node):
            own = {**defaults, **_checked(node.scatter_args)}
            leaves.append((yield _scattered(node, new, setting, own, node)))
        else:
            leaves.append(jnp.asarray(node).at[setting.where].set(new, **{**defaults, **setting.override}))
    return structure.unflatten(leaves)


def _has_scatter_args(node: object) -> TypeGuard[HasScatterArgs]:
    """Said by the class, or by a field of the object: a property is not computed to find out."""
    return hasattr(type(node), "scatter_args") or "scatter_args" in getattr(node, "__dict__", ())


def _checked(args: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = sorted(set(args) - set(ScatterArgs.__annotations__))
    if unknown:
        known = ", ".join(ScatterArgs.__annotations__)
        raise TypeError(f"tree_scatter_set: setting has no option {', '.join(unknown)}; it has {known}")
    return args


def _index(part: Any) -> Any:
    if not isinstance(part, list):
        return part
    return jnp.asarray(part) if part else np.zeros(0, int)
