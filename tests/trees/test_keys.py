"""Chains of random keys."""

from __future__ import annotations

import itertools

import jax
import numpy as np
import pytest

from opjax.trees import key_at, key_chain

KINDS = {"typed": jax.random.key, "legacy": jax.random.PRNGKey}


def bits(keys: jax.Array) -> list[list[int]]:
    """The numbers of keys, of both kinds, one row for each key."""
    data = jax.random.key_data(keys) if jax.dtypes.issubdtype(keys.dtype, jax.dtypes.prng_key) else keys
    return np.asarray(data).reshape(-1, data.shape[-1]).tolist()


@pytest.mark.parametrize(("kind", "last"), [("typed", ()), ("legacy", (2,))])
@pytest.mark.parametrize("shape", [(), 3, (5,), (2, 3), (0,)], ids=str)
def test_b08_key_chain_has_the_shape(kind: str, last: tuple[int, ...], shape) -> None:
    key = KINDS[kind](0)
    element = next(key_chain(key, shape))
    assert element.shape == (*np.empty(shape).shape, *last)
    assert element.dtype == key.dtype


@pytest.mark.parametrize("kind", KINDS)
def test_b08_key_chain_never_repeats(kind: str) -> None:
    key = KINDS[kind](7)
    elements = [*itertools.islice(key_chain(key, (3,)), 4), *itertools.islice(key_chain(key), 4), key]
    rows = [tuple(row) for element in elements for row in bits(element)]
    assert len(set(rows)) == len(rows) == 3 * 4 + 4 + 1


def test_b08_both_kinds_of_keys_have_one_chain() -> None:
    typed, legacy = (itertools.islice(key_chain(kind(3), 2), 3) for kind in KINDS.values())
    assert [bits(key) for key in typed] == [bits(key) for key in legacy]


@pytest.mark.parametrize("shape", [(), (2,)], ids=str)
def test_b08_the_kth_key_can_be_addressed_also_in_a_loop(shape) -> None:
    key = jax.random.key(1)
    chain = [bits(element) for element in itertools.islice(key_chain(key, shape), 3)]
    assert [bits(key_at(key, index, shape)) for index in range(3)] == chain
    in_a_loop = jax.lax.map(lambda index: key_at(key, index, shape), np.arange(3))
    assert [bits(element) for element in in_a_loop] == chain


def test_b08_a_new_chain_compiles_nothing(caplog: pytest.LogCaptureFixture) -> None:
    next(key_chain(jax.random.key(0), (4,)))
    keys = [jax.random.key(seed) for seed in range(1, 51)]
    with jax.log_compiles(True):
        for key in keys:
            next(key_chain(key, (4,)))
        assert [record for record in caplog.records if "compil" in record.message.lower()] == []
        jax.jit(lambda x: x * 3.0)(1.0)
    assert [record for record in caplog.records if "compil" in record.message.lower()] != []


def test_b08_an_array_of_keys_is_no_key() -> None:
    with pytest.raises((TypeError, ValueError), match="single key"):
        next(key_chain(jax.random.split(jax.random.key(0), 2)))


@pytest.mark.parametrize("index", [-1, 2**32, np.int64(-3)])
def test_b08_an_element_that_no_chain_has_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match=f"0 to 2\\^32 - 1, and no element {index}"):
        key_at(jax.random.key(0), index)
    key_at(jax.random.key(0), 2**32 - 1)
