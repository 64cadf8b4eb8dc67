"""Setting rows of every leaf, against NumPy."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from opjax.trees import ScatterArgs, tree_scatter_set

ITEM = {"a": np.zeros(4), "b": (jnp.zeros((4, 2)), np.arange(4))}
VALUE = {"a": np.array([1.0, 2.0]), "b": (np.ones((2, 2)), jnp.array([7, 8]))}


def by_numpy(item: Any, value: Any, index: Any) -> Any:
    def set_leaf(leaf: Any, new: Any) -> np.ndarray:
        copy = np.array(leaf)
        copy[index] = new
        return copy

    return jax.tree.map(set_leaf, item, value)


INDICES = {
    "list": [1, 3],
    "numpy": np.array([1, 3]),
    "jax": jnp.array([1, 3]),
    "negative": [0, -1],
    "slice": slice(1, 3),
    "mask": np.array([True, False, False, True]),
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_b19_tree_scatter_set_is_that_of_numpy(index) -> None:
    result = tree_scatter_set(ITEM, VALUE, index)
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(result))
    jax.tree.map(np.testing.assert_array_equal, result, by_numpy(ITEM, VALUE, index))


def test_b19_tree_scatter_set_takes_one_position_and_positions_on_several_axes() -> None:
    assert tree_scatter_set({"a": np.zeros(2)}, {"a": 5.0}, 1)["a"].tolist() == [0, 5]
    result = tree_scatter_set(np.zeros((2, 3)), 1.0, ([0, 1], [2, 0]))
    assert result.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert tree_scatter_set(np.zeros((2, 2)), 1.0, (slice(None), [1])).tolist() == [[0, 1], [0, 1]]


def test_b19_tree_scatter_set_takes_leaves_that_are_numbers() -> None:
    assert tree_scatter_set({"n": 1.0}, {"n": 2.0}, ())["n"] == 2.0
    assert tree_scatter_set(np.float32(1), 3, ...) == 3.0


@pytest.mark.parametrize("empty", [[], np.array([], int), jnp.array([], int), (slice(None), [])], ids=str)
def test_b19_an_empty_index_changes_nothing(empty) -> None:
    item = {"x": np.ones((2, 3)), "n": np.arange(6).reshape(2, 3)}
    result = tree_scatter_set(item, {"x": np.zeros((0, 3)), "n": np.zeros((0, 3), int)}, empty)
    jax.tree.map(np.testing.assert_array_equal, result, item)


def test_b19_out_of_bounds_is_dropped() -> None:
    assert tree_scatter_set(np.zeros(3), np.array([1.0, 2.0]), [1, 3]).tolist() == [0, 1, 0]


class Rows(eqx.Module):
    """A node that says how its leaves are set."""

    x: Any
    inner: Any = None
    mode: str = eqx.field(static=True, default="clip")

    @property
    def scatter_args(self) -> ScatterArgs:
        return {"mode": self.mode}


class Table(eqx.Module):
    """The same with a field instead of a property."""

    x: Any
    scatter_args: Any = eqx.field(static=True)


def set_fourth_of_three(node: Any, args: ScatterArgs | None = None) -> Any:
    new = jax.tree.map(lambda leaf: np.ones(1), node)
    return tree_scatter_set(node, new, [3], args)


def test_b19_nodes_give_defaults_and_the_caller_overrides() -> None:
    zeros = np.zeros(3)
    last, none = [0, 0, 1], [0, 0, 0]
    outside, inside = jax.tree.leaves(set_fourth_of_three([zeros, Rows(zeros)]))
    assert (outside.tolist(), inside.tolist()) == (none, last)
    assert set_fourth_of_three(Rows(zeros), {"mode": "drop"}).x.tolist() == none
    assert set_fourth_of_three(Table(zeros, {"mode": "clip"})).x.tolist() == last


def test_b19_defaults_nest() -> None:
    zeros = np.zeros(3)
    nested = Rows(zeros, {"own": Rows(zeros, mode="drop"), "from above": zeros, "merged": Table(zeros, {})})
    result = set_fourth_of_three(nested)
    assert result.x.tolist() == [0, 0, 1]
    found = {name: getattr(leaf, "x", leaf).tolist() for name, leaf in result.inner.items()}
    assert found == {"own": [0, 0, 0], "from above": [0, 0, 1], "merged": [0, 0, 1]}


def test_b19_a_property_is_computed_once() -> None:
    computed = []

    class Counting(eqx.Module):
        x: Any

        @property
        def scatter_args(self) -> ScatterArgs:
            computed.append(1)
            return {}

    set_fourth_of_three([Counting(np.zeros(3))])
    assert len(computed) == 1


@pytest.mark.parametrize("where", ["caller", "node"])
def test_b19_an_option_of_reading_is_refused(where: str) -> None:
    args: Any = {"fill_value": 0.0}
    node, given = (Table(np.zeros(3), args), None) if where == "node" else (np.zeros(3), args)
    with pytest.raises(TypeError, match="setting has no option fill_value; it has mode, "):
        set_fourth_of_three(node, given)


def test_b19_in_jit_and_differentiated() -> None:
    function = jax.jit(
        jax.grad(lambda item, value: (tree_scatter_set(item, value, [1])["a"] ** 2).sum(), argnums=(0, 1))
    )
    by_item, by_value = function({"a": jnp.array([1.0, 2.0])}, {"a": jnp.array([3.0])})
    assert (by_item["a"].tolist(), by_value["a"].tolist()) == ([2.0, 0.0], [6.0])


def test_b19_structures_are_equal() -> None:
    with pytest.raises(ValueError, match="key"):
        tree_scatter_set({"a": np.zeros(2)}, {"b": 1.0}, 0)
