"""Trees with nodes that know how to fit to each other: labels are aligned once, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeGuard, TypeVar

from opjax.traverse import Walk, run
from opjax.trees.untyped import jax

Tree = TypeVar("Tree")
Stop = Callable[[Any], bool]


class SupportsTreeMatch(Protocol):
    """A node of a pytree that aligns itself with the nodes at the same place of other trees.

    A class takes part by having the method; nothing needs to be inherited.
    """

    def __tree_match__(self, *others: Any) -> tuple[Any, ...]:
        """This node and the others, changed so that they fit: of one structure, with leaves of one shape."""
        ...


def tree_align(*trees: Tree, is_leaf: Stop | None = None) -> tuple[Tree, ...]:
    """Trees whose matching nodes fit to each other, ready for `jax.tree.map` and the like.

    Each node of the first tree that has ``__tree_match__`` is called with the nodes at the same place of the others;
    then the same happens below it. Trees without such nodes are returned as they are, after one look.

    Arguments:
        trees: pytrees of one structure, apart from what matching nodes bring in line.
        is_leaf: nodes that it says yes to are aligned, but not looked into.

    Returns:
        As many trees; none for none.

    Raises:
        ValueError: the structures differ, or a node returned too few nodes. Errors of ``__tree_match__`` have a note
            with the place of the node.

    Example:
        >>> import equinox as eqx, jax.numpy as jnp
        >>> class Counts(eqx.Module):
        ...     labels: str = eqx.field(static=True)
        ...     values: jax.Array
        ...     def __tree_match__(self, *others):
        ...         nodes = (self, *others)
        ...         union = "".join(sorted(set().union(*(node.labels for node in nodes))))
        ...         return tuple(node.at(union) for node in nodes)
        ...     def at(self, labels):
        ...         rows = [self.labels.find(label) for label in labels]
        ...         return Counts(labels, jnp.where(jnp.array(rows) < 0, 0, self.values[jnp.array(rows)]))
        >>> here, there = Counts("AB", jnp.array([1, 2])), Counts("BC", jnp.array([10, 20]))
        >>> total = jax.tree.map(jnp.add, *tree_align({"all": here}, {"all": there}))["all"]
        >>> total.labels, total.values.tolist()
        ('ABC', [1, 12, 20])
    """
    return run(_aligned(trees, is_leaf or _never, None, "")) if len(trees) > 1 else trees


def tree_map(function: Callable[..., Any], tree: Any, *trees: Any, is_leaf: Stop | None = None) -> Any:
    """`jax.tree.map` of trees that are aligned first.

    Arguments:
        function: takes one leaf of each tree.
        tree: a pytree.
        trees: more of them, of the same structure after `tree_align`.
        is_leaf: nodes that are handed to the function as they are.

    Returns:
        A tree of the results, of the structure of the aligned trees.

    Example:
        >>> tree_map(lambda a, b: a + b, {"S": 9, "I": 1}, {"S": -1, "I": 1})
        {'I': 2, 'S': 8}
    """
    return jax.tree.map(function, *tree_align(tree, *trees, is_leaf=is_leaf), is_leaf=is_leaf)


def _never(node: object) -> bool:
    return False


def _matches(node: object) -> TypeGuard[SupportsTreeMatch]:
    return hasattr(type(node), "__tree_match__")


def _aligned(trees: tuple[Any, ...], is_leaf: Stop, inside: object, above: str) -> Walk[tuple[Any, ...]]:
    """The trees aligned; ``inside`` is a node that has been matched, whose children are next."""

    def stops(node: Any) -> bool:
        return node is not inside and (_matches(node) or is_leaf(node))

    nodes, structure = jax.tree.flatten(trees[0], is_leaf=stops)
    if not any(_matches(node) and node is not inside for node in nodes):
        return trees
    places = [above + jax.tree_util.keystr(path) for path, _ in jax.tree.leaves_with_path(trees[0], is_leaf=stops)]
    rows: list[tuple[Any, ...]] = list(zip(*(structure.flatten_up_to(tree) for tree in trees), strict=True))
    for index, (row, place) in enumerate(zip(rows, places, strict=True)):
        if _matches(row[0]):
            matched = _matched(row, place)
            rows[index] = matched if is_leaf(matched[0]) else (yield _aligned(matched, is_leaf, matched[0], place))
    return tuple(structure.unflatten(column) for column in zip(*rows, strict=True))


def _matched(row: tuple[Any, ...], place: str) -> tuple[Any, ...]:
    first, *others = row
    try:
        matched = tuple(first.__tree_match__(*others))
    except Exception as error:
        error.add_note(f"while the nodes at {place or 'the root'} were aligned")
        raise
    if len(matched) != len(row):
        name, where = type(first).__name__, place or "the root"
        raise ValueError(f"{name}.__tree_match__ returned {len(matched)} nodes for {len(row)} trees, at {where}")
    return matched
