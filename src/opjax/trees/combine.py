"""Several trees made into one: joined, stacked, selected from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from opjax.trees.align import tree_align, tree_map
from opjax.trees.untyped import jax, jnp

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Shaped

Tree = TypeVar("Tree")


def tree_concat(tree: Tree, *trees: Tree, axis: int = 0) -> Tree:
    """Trees joined along an axis that their leaves have; single numbers count as arrays of one.

    Arguments:
        tree: a pytree of arrays, shape of a leaf [..., n, ...].
        trees: more of them, of the same structure (see `tree_align`).
        axis: the axis that grows; the others have equal sizes.

    Returns:
        One tree; shape of a leaf [..., n1 + n2 + ..., ...].

    Example:
        >>> tree_concat({"t": 0.0, "y": [1.0, 2.0]}, {"t": 1.0, "y": [3.0, 4.0]})["t"].tolist()
        [0.0, 1.0]
    """
    return tree_map(lambda *leaves: jnp.concatenate([jnp.atleast_1d(leaf) for leaf in leaves], axis), tree, *trees)


def tree_stack(tree: Tree, *trees: Tree, axis: int = 0) -> Tree:
    """Trees stacked along a new axis, ready for `jax.vmap` and `jax.lax.scan`.

    Arguments:
        tree: a pytree of arrays, shape of a leaf [...].
        trees: more of them, of the same structure (see `tree_align`) and shapes.
        axis: where the new axis stands.

    Returns:
        One tree; shape of a leaf, for axis 0, [number of trees, ...].

    Example:
        >>> tree_stack({"beta": 0.3}, {"beta": 0.5})["beta"].shape
        (2,)
    """
    return tree_map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves], axis), tree, *trees)


def tree_where(mask: Bool[Array, "*shape"] | bool, if_true: Tree, if_false: Tree) -> Tree:
    """One of two trees, element by element; the axes of the mask are the *leading* axes of every leaf.

    With a mask for each member of a population, whole members are taken from one tree or the other, whatever else the
    leaves hold. (`jnp.where` aligns trailing axes.)

    Arguments:
        mask: booleans, shape [members, ...] or []; an axis of size 1 stands for all.
        if_true: a pytree; shape of a leaf [members, ...].
        if_false: another, of the same structure (see `tree_align`); shapes that broadcast.

    Returns:
        One tree of the shapes of the two.

    Raises:
        ValueError: a leaf whose leading axes are not those of the mask; it is named.

    Example:
        >>> new, old = {"x": jnp.ones((2, 3)), "energy": jnp.ones(2)}, {"x": jnp.zeros((2, 3)), "energy": jnp.zeros(2)}
        >>> chosen = tree_where(jnp.array([True, False]), new, old)
        >>> chosen["x"].tolist(), chosen["energy"].tolist()
        ([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]], [1.0, 0.0])
    """
    condition = jnp.asarray(mask)

    def select(path: Any, yes: Any, no: Any) -> Shaped[Array, "*shape"]:
        shape = jnp.broadcast_shapes(jnp.shape(yes), jnp.shape(no))
        fits = all(size in (1, own) for size, own in zip(condition.shape, shape, strict=False))
        if condition.ndim > len(shape) or not fits:
            raise ValueError(
                f"tree_where: a mask of shape {condition.shape} does not fit the leading axes of the leaf "
                f"{jax.tree_util.keystr(path) or 'at the root'}, which has shape {shape}"
            )
        trailing = (1,) * (len(shape) - condition.ndim)
        return jnp.where(condition.reshape(condition.shape + trailing), yes, no)

    return jax.tree.map_with_path(select, *tree_align(if_true, if_false))


tree_where_broadcast_last = tree_where
