"""Reactants that are nearly all species are read as they are, and what that computes too much is in no balance."""

from __future__ import annotations

import warnings
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax

SPECIES = 1000


class Network:
    """Two reactions for each species in turn, of which some have no effect, as text and as arrays."""

    def __init__(self, idle: list[int], rate: str = "k{i}", apart: bool = False) -> None:
        """Draw it; the idle species may be apart, so that they are in no other reaction."""
        random = np.random.default_rng(len(idle))
        count = 2 * SPECIES
        self.first, self.idle = np.arange(count) % SPECIES, idle
        self.second, self.made = random.integers(SPECIES, size=(2, count))
        if apart:
            taken = np.unique(self.first[idle])
            self.second[np.isin(self.second, taken)], self.made[np.isin(self.made, taken)] = 0, 0
        self.rates = np.round(random.uniform(0.1, 2.0, count), 3) if rate == "k{i}" else np.full(count, 0.7)
        self.rates[: int(apart)] = 1.999  # times the largest number it overflows
        self.alone = random.random(count) < 0.5  # of one species, others of two
        self.made[idle], self.alone[idle] = self.first[idle], True
        rows = [
            f"A{a}{'' if alone else f' + A{b}'} -> A{c} @ {rate.format(i=i)}"
            for i, (a, b, c, alone) in enumerate(zip(self.first, self.second, self.made, self.alone, strict=True))
        ]
        parameters = [f"k{i} = {k}" for i, k in enumerate(self.rates)] if rate == "k{i}" else ["k = 0.7"]
        lines = ["model Network:", "  params:", *(f"    {row}" for row in parameters)]
        lines += ["  states:", *(f"    A{i} = 1" for i in range(SPECIES)), "  dynamics:", *(f"    {r}" for r in rows)]
        self.text = "\n".join(lines) + "\n"
        self.y = random.uniform(0.5, 1.5, SPECIES)

    def terms(self) -> int:
        """How many species each reaction changes, for all of them."""
        found = 0
        for a, b, c, alone in zip(self.first, self.second, self.made, self.alone, strict=True):
            change = Counter({int(c): 1})
            change.subtract([int(a)] if alone else [int(a), int(b)])
            found += sum(times != 0 for times in change.values())
        return found

    def by_hand(self, y: np.ndarray, rates: np.ndarray) -> np.ndarray:
        """The derivative, reaction by reaction."""
        found = np.zeros(SPECIES)
        for i, (a, b, c) in enumerate(zip(self.first, self.second, self.made, strict=True)):
            if i in self.idle:
                continue
            flow = rates[i] * y[a] * (1.0 if self.alone[i] else y[b])
            found[a] -= flow
            found[b] -= 0.0 if self.alone[i] else flow
            found[c] += flow
        return found


def slices(rhs: opjax.CompiledRhs, y: np.ndarray) -> int:
    """How often a part of an array is read."""
    return str(jax.make_jaxpr(lambda y: rhs(0.0, y))(y)).count("= slice[")


IDLE = {"a gap": [37], "two in one round": [37, 250], "one in each": [37, 1555], "the first": [0], "the last": [1999]}


@pytest.mark.parametrize("name", IDLE)
def test_gaps_are_no_slices(name: str) -> None:
    network = Network(IDLE[name])
    rhs = opjax.compile_rhs(network.text)
    want = network.by_hand(network.y, network.rates)
    np.testing.assert_allclose(rhs(0.0, network.y), want, rtol=1e-12, atol=1e-12)
    (sums,) = rhs.explain().sums
    assert sums.terms == network.terms()
    with jax.enable_x64(True):
        assert slices(rhs, network.y) == 0
        found = jax.jit(lambda y: rhs(0.0, y))(network.y)
        np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-12)
        many = network.y * np.linspace(0.5, 1.5, 5)[:, None]
        mapped = jax.vmap(lambda y: rhs(0.0, y))(jnp.asarray(many))
        np.testing.assert_allclose(mapped, [network.by_hand(y, network.rates) for y in many], rtol=1e-12, atol=1e-12)


def test_parameters_that_are_not_known_yet() -> None:
    network = Network(IDLE["two in one round"])
    rhs = opjax.compile_rhs(network.text)
    rates = network.rates[::-1].copy()
    params = {f"k{i}": rate for i, rate in enumerate(rates)}
    want = network.by_hand(network.y, rates)
    np.testing.assert_allclose(rhs(0.0, network.y, params), want, rtol=1e-12, atol=1e-12)
    with jax.enable_x64(True):
        found = jax.jit(rhs.eval_fn)(0.0, network.y, **params)
        np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-12)


def test_one_rate_for_all() -> None:
    network = Network(IDLE["a gap"], "k")
    rhs = opjax.compile_rhs(network.text)
    want = network.by_hand(network.y, network.rates)
    np.testing.assert_allclose(rhs(0.0, network.y), want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("value", [np.inf, np.nan, 1.7e308])
def test_what_nothing_reads_gives_no_warning_and_reaches_nothing(value: float) -> None:
    network = Network([5, 5 + SPECIES], apart=True)
    rhs = opjax.compile_rhs(network.text)
    y = network.y.copy()
    y[5] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = np.asarray(rhs(0.0, y))
    others = np.arange(SPECIES) != 5
    y[5] = 1.0
    np.testing.assert_allclose(found[others], network.by_hand(y, network.rates)[others], rtol=1e-12, atol=1e-12)


def test_what_is_read_in_the_order_of_the_states_is_computed_in_it() -> None:
    random = np.random.default_rng(20261123)
    size = 60
    weights = np.where(random.random((size, size)) < 0.15, np.round(random.uniform(0.1, 0.9, (size, size)), 3), 0.0)
    weights[:, 0] = 0.5
    rows = [
        f"x{i}' = {' + '.join(f'{weights[i, j]}*tanh(x{j})' for j in random.permutation(size) if weights[i, j])} - x{i}"
        for i in range(size)
    ]
    lines = ["model Neurons:", "  states:", *(f"    x{i} = 1" for i in range(size)), "  dynamics:"]
    rhs = opjax.compile_rhs("\n".join([*lines, *(f"    {row}" for row in rows)]) + "\n")
    y = random.uniform(-1.0, 1.0, size)
    np.testing.assert_allclose(rhs(0.0, y), weights @ np.tanh(y) - y, rtol=1e-12, atol=1e-12)
    with jax.enable_x64(True):
        program = str(jax.make_jaxpr(lambda y: rhs(0.0, y))(y))
        assert program.count("= gather[") == 1  # the terms: what they are made of is computed of the states as they lie
        found = jax.jit(lambda y: rhs(0.0, y))(y)
    np.testing.assert_allclose(found, weights @ np.tanh(y) - y, rtol=1e-12, atol=1e-12)
