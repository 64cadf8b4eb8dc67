"""What Equinox and JAX do already is here as the same object."""

from __future__ import annotations

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from opjax import trees

SAME = {
    "b01 Module": (trees.Module, eqx.Module),
    "b02 field": (trees.field, eqx.field),
    "b03 tree_at": (trees.tree_at, eqx.tree_at),
    "b06 filter_jit": (trees.filter_jit, eqx.filter_jit),
    "b20 tree_structure": (trees.tree_structure, jax.tree_util.tree_structure),
    "b20 PyTreeDef": (trees.PyTreeDef, jax.tree_util.PyTreeDef),
    "b21 vectorize": (trees.vectorize, jnp.vectorize),
}


@pytest.mark.parametrize(("here", "there"), SAME.values(), ids=SAME)
def test_the_object_is_the_same(here, there) -> None:
    assert here is there


class Rate(trees.Module):
    """A class that checks its values, once."""

    value: object
    name: str = trees.field(static=True, default="beta")

    def __check_init__(self) -> None:
        if not isinstance(self.value, float):
            raise TypeError("a rate is a float")


class Faster(Rate):
    """Not decorated again."""


def test_b01_module_checks_what_is_written_and_not_what_is_mapped() -> None:
    with pytest.raises(TypeError, match="a rate is a float"):
        Rate(1)
    assert jax.tree.map(lambda leaf: None, Rate(1.0)).value is None
    axes = jax.tree.map(lambda leaf: 0, Rate(1.0))
    rates = trees.tree_at(lambda rate: rate.value, Rate(1.0), jnp.arange(2.0))
    assert jax.vmap(lambda rate: rate.value + 1, (axes,))(rates).tolist() == [1.0, 2.0]


def test_b01_a_subclass_of_a_module_is_a_pytree() -> None:
    assert jax.tree.leaves(Faster(2.0)) == [2.0]
    assert Rate(1.0) == Rate(1.0)
    assert hash(Rate(1.0)) == hash(Rate(1.0))


def test_b03_tree_at_sets_and_applies() -> None:
    changed = trees.tree_at(lambda pair: pair[1].value, (1, Rate(2.0)), replace_fn=lambda x: x + 1)
    assert changed[1].value == 3.0


def test_b06_filter_jit_keeps_the_function_and_takes_other_leaves() -> None:
    @trees.filter_jit
    def scaled(x, name, *, by):
        """Words."""
        return x * by if name == "yes" else x

    assert scaled(jnp.ones(2), "yes", by=3.0).tolist() == [3.0, 3.0]
    assert (scaled.__name__, scaled.__doc__) == ("scaled", "Words.")


def test_b21_vectorize_is_a_decorator_with_arguments() -> None:
    @functools.partial(trees.vectorize, signature="(n),(n)->()")
    def dot(a, b):
        return a @ b

    np.testing.assert_array_equal(dot(jnp.ones((3, 2)), jnp.ones(2)), [2.0, 2.0, 2.0])
