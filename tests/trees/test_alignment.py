"""Nodes that align themselves, against sums by label in plain Python."""

from __future__ import annotations

from collections import Counter
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opjax import trees
from opjax.trees import tree_align, tree_concat, tree_map, tree_stack, tree_where


class Labelled(eqx.Module):
    """One value for each label; the inner tree may hold labelled nodes too."""

    labels: str = eqx.field(static=True)
    values: Any
    inner: Any = None

    def __tree_match__(self, *others: Labelled) -> tuple[Labelled, ...]:
        nodes = (self, *others)
        union = "".join(sorted(set().union(*(node.labels for node in nodes))))
        return tuple(node.at(union) for node in nodes)

    def at(self, labels: str) -> Labelled:
        values = [self.values[self.labels.index(label)] if label in self.labels else 0.0 for label in labels]
        return Labelled(labels, jnp.stack([jnp.asarray(value) for value in values]), self.inner)


def labelled(labels: str, inner: Any = None) -> Labelled:
    """Values that tell the labels apart: A is 1, B is 2, ..."""
    return Labelled(labels, jnp.array([1.0 + ord(label) - ord("A") for label in labels]), inner)


def counts(node: Labelled) -> Counter[str]:
    return Counter({label: float(value) for label, value in zip(node.labels, node.values, strict=True)})


def total(*values: Any) -> Any:
    return sum(values)


def test_b15_tree_map_aligns_labels() -> None:
    result = tree_map(jnp.add, {"x": labelled("AB"), "n": 1}, {"x": labelled("BC"), "n": 2})
    assert result["x"].labels == "ABC"
    assert result["x"].values.tolist() == [1.0, 4.0, 3.0]
    assert result["n"] == 3


@settings(max_examples=20)
@given(st.lists(st.sets(st.sampled_from("ABCD"), min_size=1).map("".join), min_size=2, max_size=3))
def test_b15_tree_map_is_the_sum_by_label(labels: list[str]) -> None:
    nodes = [labelled(label) for label in labels]
    result = tree_map(total, *([node] for node in nodes))[0]
    assert counts(result) == sum(map(counts, nodes), Counter())
    assert result.labels == "".join(sorted(set("".join(labels))))


def test_b15_nodes_within_nodes_are_aligned() -> None:
    one = labelled("A", {"in": (labelled("AB", labelled("D")), jnp.ones(2))})
    two = labelled("B", {"in": (labelled("C", labelled("A")), jnp.ones(2))})
    result = tree_map(jnp.add, one, two)
    middle = result.inner["in"][0]
    assert (result.labels, middle.labels, middle.inner.labels) == ("AB", "ABC", "AD")
    assert middle.inner.values.tolist() == [1.0, 4.0]
    assert result.inner["in"][1].tolist() == [2.0, 2.0]


def test_b15_nodes_many_levels_deep_do_not_exhaust_the_stack() -> None:
    one, two = labelled("A"), labelled("B")
    for _ in range(150):
        one, two = Labelled("A", jnp.ones(1), one), Labelled("A", jnp.ones(1), two)
    aligned, _ = tree_align(one, two)
    while aligned.inner is not None:
        aligned = aligned.inner
    assert aligned.labels == "AB"


def test_b15_tree_align_of_plain_trees_gives_them_back() -> None:
    plain = ({"a": np.ones(2), "b": None}, {"a": jnp.ones(2), "b": None})
    aligned = tree_align(*plain)
    assert all(same is tree for same, tree in zip(aligned, plain, strict=True))
    assert tree_align() == ()
    node = labelled("A")
    assert tree_align(node)[0] is node


def test_b15_plain_trees_cost_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second traversal, no protocol checks: one call of `jax.tree.flatten`, of the first tree."""
    looks: list[object] = []
    flatten = jax.tree.flatten

    def counting(tree, is_leaf=None):
        looks.append(tree)
        return flatten(tree, is_leaf=is_leaf)

    monkeypatch.setattr(jax.tree, "flatten", counting)
    tree = {str(i): np.float32(i) for i in range(200)}
    assert tree_map(np.add, tree, tree) == {str(i): 2 * np.float32(i) for i in range(200)}
    assert len(looks) == 1


def test_b15_is_leaf_stops_the_map_and_the_alignment_below() -> None:
    def is_labelled(node: object) -> bool:
        return isinstance(node, Labelled)

    one, two = labelled("A", [labelled("A")]), labelled("B", [labelled("B")])
    labels = tree_map(lambda a, b: (a.labels, b.labels, a.inner[0].labels), {"x": one}, {"x": two}, is_leaf=is_labelled)
    assert labels == {"x": ("AB", "AB", "A")}
    pairs = tree_map(lambda a, b: (a, b), [1, (2, 3)], [4, 5], is_leaf=lambda node: isinstance(node, tuple))
    assert pairs == [(1, 4), ((2, 3), 5)]


class Stubborn(eqx.Module):
    """A node that cannot be aligned."""

    fault: str = eqx.field(static=True)

    def __tree_match__(self, *others: object) -> tuple[object, ...]:
        if self.fault == "few":
            return (self,)
        raise KeyError(self.fault)


def test_b15_errors_name_the_place() -> None:
    def tree(fault: str) -> Any:
        return labelled("A", {"deep": [1, Stubborn(fault)]})

    with pytest.raises(KeyError, match="label") as raised:
        tree_align({"pop": tree("label")}, {"pop": tree("label")})
    assert "while the nodes at ['pop'].inner['deep'][1] were aligned" in raised.value.__notes__
    with pytest.raises(ValueError, match=r"Stubborn\.__tree_match__ returned 1 nodes for 2 trees, at the root"):
        tree_align(Stubborn("few"), Stubborn("few"))
    with pytest.raises(ValueError, match="key"):
        tree_map(jnp.add, {"a": 1}, {"b": 1})


def test_b15_a_matching_object_that_is_no_pytree_is_a_leaf() -> None:
    class Unit:
        def __init__(self, name: str) -> None:
            self.name = name

        def __tree_match__(self, *others: Unit) -> tuple[Unit, ...]:
            return tuple(Unit("m") for _ in (self, *others))

    assert tree_map(lambda a, b: a.name + b.name, [Unit("km")], [Unit("cm")]) == ["mm"]


def test_b15_alignment_goes_through_jit_and_grad() -> None:
    def overlap(one: Labelled, two: Labelled) -> jax.Array:
        return tree_map(jnp.multiply, one, two).values.sum()

    slope = jax.jit(jax.grad(overlap))(labelled("AB"), labelled("BC"))
    assert slope.values.tolist() == [0.0, 2.0]


# --- B16


TREES = [{"t": float(i), "y": np.full((2, 3), i)} for i in range(3)]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_b16_tree_stack_is_that_of_numpy(axis: int) -> None:
    stacked = tree_stack(*({"y": tree["y"]} for tree in TREES), axis=axis)
    np.testing.assert_array_equal(stacked["y"], np.stack([tree["y"] for tree in TREES], axis))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_b16_tree_concat_is_that_of_numpy(axis: int) -> None:
    joined = tree_concat(*({"y": tree["y"]} for tree in TREES), axis=axis)
    np.testing.assert_array_equal(joined["y"], np.concatenate([tree["y"] for tree in TREES], axis))


@pytest.mark.parametrize("join", [tree_stack, tree_concat], ids=["stack", "concat"])
def test_b16_single_numbers_are_joined_and_kinds_kept(join) -> None:
    joined = join({"t": 0.5, "n": 1, "b": True}, {"t": 1.5, "n": 2, "b": False})
    assert [joined[name].tolist() for name in "tnb"] == [[0.5, 1.5], [1, 2], [True, False]]
    assert jax.random.key_data(join(jax.random.key(0), jax.random.key(1))).shape == (2, 2)


@pytest.mark.parametrize("join", [tree_stack, tree_concat], ids=["stack", "concat"])
def test_b16_a_tree_is_needed(join) -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'tree'"):
        join()


def test_b16_labels_are_aligned_first() -> None:
    stacked = tree_stack(labelled("AB"), labelled("BC"))
    assert (stacked.labels, stacked.values.tolist()) == ("ABC", [[1.0, 2.0, 0.0], [0.0, 2.0, 3.0]])
    assert tree_concat(labelled("A"), labelled("B")).values.tolist() == [1.0, 0.0, 0.0, 2.0]


# --- B18


NEW = {"x": jnp.ones((2, 3)), "e": jnp.ones(2), "n": (np.ones((2, 1, 2)),)}
OLD = jax.tree.map(lambda leaf: leaf * 0, NEW)


def test_b18_tree_where_aligns_the_leading_axes() -> None:
    mask = jnp.array([True, False])
    chosen = tree_where(mask, NEW, OLD)
    for leaf, new in zip(jax.tree.leaves(chosen), jax.tree.leaves(NEW), strict=True):
        assert leaf.shape == new.shape
        np.testing.assert_array_equal(leaf, np.asarray(mask).reshape(-1, *[1] * (new.ndim - 1)) * np.ones(new.shape))
    by_row = jax.vmap(lambda keep, new, old: jax.tree.map(lambda a, b: jnp.where(keep, a, b), new, old))
    assert eqx.tree_equal(chosen, by_row(mask, jax.tree.map(jnp.asarray, NEW), jax.tree.map(jnp.asarray, OLD)))


@pytest.mark.parametrize("mask", [True, np.True_, jnp.array(True), jnp.array([True])], ids=repr)
def test_b18_tree_where_takes_one_boolean_for_all(mask) -> None:
    assert eqx.tree_equal(tree_where(mask, NEW, OLD), jax.tree.map(jnp.asarray, NEW))


def test_b18_tree_where_takes_masks_of_more_axes_and_plain_numbers() -> None:
    mask = np.array([[True, False, True], [False, True, False]])
    np.testing.assert_array_equal(tree_where(mask, jnp.ones((2, 3, 2)), 0.0)[..., 0], mask)
    assert tree_where(False, 1.0, 2.0) == 2.0


@pytest.mark.parametrize("shape", [(3,), (2, 2), (2, 3, 1)], ids=str)
def test_b18_a_mask_that_does_not_fit_is_refused_by_name(shape: tuple[int, ...]) -> None:
    """Also where both trees are the same object."""
    with pytest.raises(ValueError, match=r"mask of shape .* does not fit the leading axes of the leaf \['x'\]"):
        tree_where(jnp.ones(shape, bool), {"x": NEW["x"]}, {"x": NEW["x"]})


def test_b18_a_mask_never_enlarges_a_leaf() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        tree_where(jnp.ones(2, bool), jnp.ones((1, 3)), jnp.zeros((1, 3)))


def test_b18_tree_where_in_jit_with_gradients_of_the_chosen() -> None:
    slopes = jax.jit(jax.grad(lambda new, old: tree_where(jnp.array([True, False]), new, old).sum(), argnums=(0, 1)))(
        jnp.ones((2, 2)), jnp.ones((2, 2))
    )
    assert [slope.tolist() for slope in slopes] == [[[1, 1], [0, 0]], [[0, 0], [1, 1]]]


def test_b18_the_name_of_kups() -> None:
    assert trees.tree_where_broadcast_last is tree_where
