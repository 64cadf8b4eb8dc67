"""Long sums read their terms as they lie: the same sums, for one state and for many, with all their derivatives."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import opjax
from opjax.passes.layers import MANY, layers_of

SPECIES, REACTIONS = 400, 1400


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(0, 12), st.integers(0, 400))
def test_every_term_is_read_once(seed: int, whole: int, gaps: int, more: int) -> None:
    random = np.random.default_rng(seed)
    values = np.sort(random.choice(10_000, MANY, replace=False))
    again = [np.delete(values, random.integers(MANY, size=gaps)) for _ in range(whole)]
    places = random.permutation(np.concatenate([values, *again, random.choice(values, more)]))
    factors = random.choice([-2.0, -1.0, 1.0, 0.5], places.size)
    found = layers_of(places, factors)
    assert found is not None
    assert found.once is not None
    vector, runs = places[found.once], [*itertools.chain(*found.runs)]
    read = np.concatenate([*(vector[low:high] for low, high in runs), vector[found.rest]])
    term = found.order < places.size
    np.testing.assert_array_equal(read[term], places[found.order[term]])
    np.testing.assert_array_equal(np.sort(found.order[term]), np.arange(places.size))
    np.testing.assert_array_equal(vector, values)
    assert found.runs[0] == ((0, MANY),)
    assert all(len(runs) == 1 for runs in found.runs)  # a few gaps are no cuts
    least = [factors[places == value].min() for value in vector[:9]]
    np.testing.assert_array_equal(factors[found.order[:9]], least)


@pytest.mark.parametrize("idle", [0, 1, 100])
def test_nearly_all_of_a_vector_is_read_as_it_is(idle: int) -> None:
    random = np.random.default_rng(idle)
    values = np.sort(random.choice(MANY + idle, MANY, replace=False))
    places = np.concatenate([values, random.permutation(values)])
    found = layers_of(places, np.ones(places.size), MANY + idle)
    assert found is not None
    assert found.once is None
    assert found.runs == (((0, MANY + idle),),) * 2
    read = np.tile(np.arange(MANY + idle), 2)
    term = found.order < places.size
    assert (~term).sum() == 2 * idle
    np.testing.assert_array_equal(read[term], places[found.order[term]])


def test_what_is_far_from_all_of_a_vector_is_read_apart() -> None:
    found = layers_of(np.tile(np.arange(MANY), 2), np.ones(2 * MANY), 2 * MANY)
    assert found is not None
    assert found.once is not None


def test_what_is_read_here_and_there_stays_as_it_is() -> None:
    assert layers_of(np.arange(MANY - 1), np.ones(MANY - 1)) is None
    alternating = np.concatenate([np.arange(MANY), *[np.arange(0, MANY, 2)] * 4])
    assert layers_of(alternating, np.ones(alternating.size)) is None


def test_a_term_of_many_sums_is_not_read_a_thousand_times() -> None:
    hub = np.concatenate([np.arange(MANY), np.arange(MANY), np.full(1000, 7)])
    found = layers_of(hub, np.ones(hub.size))
    assert found is not None
    assert found.runs == (((0, MANY),), ((0, MANY),))
    assert found.rest.size == 1000


class Network:
    """Reactions of two species that make others, with a catalyst here and there, as text and as matrices."""

    def __init__(self, seed: int) -> None:
        """Draw it."""
        random = np.random.default_rng(seed)
        self.first, self.second = random.integers(SPECIES, size=(2, REACTIONS))
        made = random.integers(SPECIES, size=(REACTIONS, 2))
        made[::90, 0] = self.first[::90]
        self.rates = np.round(random.uniform(0.1, 2.0, REACTIONS), 3)
        self.matrix = np.zeros((SPECIES, REACTIONS))
        at = np.arange(REACTIONS)
        for places, change in ((self.first, -1), (self.second, -1), (made[:, 0], 1), (made[:, 1], 1)):
            np.add.at(self.matrix, (places, at), change)
        names = [f"A{self.first[i]} + A{self.second[i]} -> A{made[i, 0]} + A{made[i, 1]} @ k{i}" for i in at]
        unused = np.flatnonzero(np.all(self.matrix == 0, axis=1))
        lines = ["model Network:", "  params:", *(f"    k{i} = {rate}" for i, rate in enumerate(self.rates))]
        lines += ["  states:", *(f"    A{i} = 1" for i in range(SPECIES)), "  dynamics:", *(f"    {n}" for n in names)]
        lines += [f"    d(A{i})/dt = 0" for i in unused if i not in {*self.first, *self.second, *made.ravel()}]
        self.rhs = opjax.compile_rhs("\n".join(lines) + "\n")
        self.y = random.uniform(0.5, 1.5, SPECIES)

    def by_hand(self, y: jax.Array) -> jax.Array:
        """The derivative, as a product with a matrix of all."""
        return jnp.asarray(self.matrix) @ (jnp.asarray(self.rates) * y[self.first] * y[self.second])


@pytest.fixture(scope="module", params=[1, 2])
def network(request: pytest.FixtureRequest) -> Network:
    return Network(request.param)


def test_values_with_numpy(network: Network) -> None:
    with jax.enable_x64(True):
        want = np.asarray(network.by_hand(jnp.asarray(network.y)))
    np.testing.assert_allclose(network.rhs(0.0, network.y), want, rtol=1e-12, atol=1e-12)
    single = network.rhs(0.0, network.y.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, want, rtol=1e-4, atol=1e-4)


def peak(call: Callable[[], object]) -> int:
    """The most memory that one call holds."""
    call()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_terms_are_written_where_they_go(network: Network) -> None:
    bound, flows, terms = network.rhs.bind({}), 8 * REACTIONS, 8 * int((network.matrix != 0).sum())
    assert peak(lambda: bound(0.0, network.y)) <= terms + flows + 2048  # joined, all would be there twice


Function = Callable[[jax.Array], jax.Array]


def gradient(f: Function) -> Function:
    return jax.grad(lambda y: jnp.sum(f(y) ** 2))


def chosen(f: Function, bound: jax.Array) -> Function:
    """The function where the first state is above a bound, and the state itself elsewhere."""
    return lambda y: jax.lax.cond(y[0] > bound, f, lambda y: y, y)


TRANSFORMS: dict[str, Callable[[Function, jax.Array, jax.Array], jax.Array]] = {
    "one state": lambda f, y, many: f(y),
    "many": lambda f, y, many: jax.vmap(f)(many),
    "one column each": lambda f, y, many: jax.vmap(f, in_axes=1, out_axes=1)(many.T),
    "forward": lambda f, y, many: jax.jacfwd(f)(y),
    "reverse": lambda f, y, many: jax.jacrev(f)(y),
    "gradients of many": lambda f, y, many: jax.vmap(gradient(f))(many),
    "gradient of many": lambda f, y, many: gradient(jax.vmap(f))(many),
    "many, where a condition holds": lambda f, y, many: jax.vmap(chosen(f, many[2, 0]))(many),
    "gradient where a condition holds": lambda f, y, many: gradient(jax.vmap(chosen(f, many[2, 0])))(many),
    "second order": lambda f, y, many: jax.jvp(gradient(f), (y,), (y**2,))[1],
    "transposed": lambda f, y, many: jax.linear_transpose(jax.linearize(f, y)[1], y)(y)[0],
    "in a loop": lambda f, y, many: jax.lax.scan(lambda y, _: (y + 0.01 * f(y), None), y, None, 3)[0],
    "gradient of a loop": lambda f, y, many: gradient(
        lambda y: jax.lax.scan(lambda y, _: (y + 0.01 * jax.checkpoint(f)(y), None), y, None, 3)[0]
    )(y),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_one_state_and_many_with_all_derivatives(network: Network, name: str) -> None:
    with jax.enable_x64(True):
        y = jnp.asarray(network.y)
        many = y * (1 + jnp.arange(5.0)[:, None] / 10)

        def ours(y: jax.Array) -> jax.Array:
            return network.rhs(0.0, y)

        assert "custom_vmap_call" in str(jax.make_jaxpr(ours)(y))  # otherwise this tests nothing
        found, want = (
            jax.jit(lambda y, many, f=f: TRANSFORMS[name](f, y, many))(y, many) for f in (ours, network.by_hand)
        )
        np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-8)


def test_of_many_states_terms_alone_are_read(network: Network) -> None:
    """In the order of the sums nothing has to be read that is in none of them."""
    terms = int((network.matrix != 0).sum())
    assert terms != 2 * REACTIONS  # otherwise this tests nothing
    with jax.enable_x64(True):
        program = jax.make_jaxpr(jax.vmap(lambda y: network.rhs(0.0, y)))(jnp.ones((5, SPECIES)))
    assert f"f64[5,{terms}] = gather" in str(program)
