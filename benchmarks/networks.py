"""Models of chemistry and genes: their text, and the code that a skilled person would write for each.

By hand a network is arrays: what reacts, what comes of it, how fast. So each function here takes the arrays that the
text was written from, and returns the derivative as a function of a namespace and the state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Derivative = Callable[[Any], Any]


@dataclass(frozen=True)
class Network:
    """One model.

    Arguments:
        name: what the table calls it.
        text: the model as a person writes it.
        y: a state.
        numpy: the derivative by hand, on NumPy arrays.
        jax: the derivative by hand, on JAX arrays.
    """

    name: str
    text: str
    y: np.ndarray
    numpy: Derivative
    jax: Derivative


def _model(name: str, parameters: dict[str, float], states: list[str], dynamics: list[str]) -> str:
    lines = [f"model {name}:", "  params:", *(f"    {k} = {v!r}" for k, v in parameters.items())]
    lines += ["  states:", *(f"    {s} = 1" for s in states), "  dynamics:", *(f"    {row}" for row in dynamics)]
    return "\n".join(lines) + "\n"


def mass_action(species: int, seed: int = 20261121) -> Network:
    """Two reactions for each species, of four kinds, between species drawn at random: ``R17: A3 + A7 -> A9 @ k17``."""
    random = np.random.default_rng(seed)
    count = 2 * species
    first = np.arange(count) % species  # each species reacts, so that each has an equation
    second, made, beside = random.integers(species, size=(3, count))
    rates = np.round(random.uniform(0.1, 2.0, count), 3)
    kind = random.integers(4, size=count)
    forms = ("A{a} -> A{c}", "A{a} + A{b} -> A{c}", "2 A{a} -> A{c}", "A{a} -> A{c} + A{d}")
    rows = [
        f"R{i}: {forms[kind[i]].format(a=first[i], b=second[i], c=made[i], d=beside[i])} @ k{i}" for i in range(count)
    ]
    text = _model(
        "Network",
        {f"k{i}": float(rate) for i, rate in enumerate(rates)},
        [f"A{i}" for i in range(species)],
        rows,
    )
    two, double, splits = kind == 1, kind == 2, kind == 3
    other = np.where(two, second, np.where(double, first, species))  # behind the species stands a one
    lost = np.where(double, 2.0, 1.0)
    entries = (np.flatnonzero(two), np.flatnonzero(splits)), np.concatenate([first, made, second[two], beside[splits]])
    by_numpy, by_jax = (_in_order if count < LONG else _as_they_lie)(rates, (first, other), -lost, *entries)
    return Network(f"mass action, {species:,} species", text, random.uniform(size=species), by_numpy, by_jax)


LONG = 2000
"""Reactions from which on it is quicker to read flows as they lie than in the order of the species."""
Reactants = tuple[np.ndarray, np.ndarray]


def _in_order(
    rates: np.ndarray, reactants: Reactants, lost: np.ndarray, some: Reactants, place: np.ndarray
) -> tuple[Derivative, Derivative]:
    """Gather, multiply, and add up what each species gains: a sorted segment sum."""
    (first, other), order, one = reactants, np.argsort(place, kind="stable"), np.ones(1)
    every, ones = np.arange(rates.size), [np.ones(found.size) for found in (rates, *some)]
    reaction = np.concatenate([every, every, *some])[order]
    sign = np.concatenate([lost, ones[0], -ones[1], ones[2]])[order]
    place = place[order]

    def by_numpy(y: Any) -> Any:
        flow = np.concatenate((y, y))  # each species is the first reactant of two reactions
        flow *= rates
        flow *= np.concatenate((y, one)).take(other)
        gained = flow.take(reaction)
        gained *= sign
        return np.bincount(place, gained, y.size)

    def by_jax(y: Any) -> Any:
        flow = jnp.asarray(rates) * y[first] * jnp.append(y, 1.0)[other]
        return jax.ops.segment_sum(flow[reaction] * sign, place, y.size, indices_are_sorted=True)

    return by_numpy, by_jax


def _as_they_lie(
    rates: np.ndarray, reactants: Reactants, lost: np.ndarray, some: Reactants, place: np.ndarray
) -> tuple[Derivative, Derivative]:
    """All flows out, all flows into the first product, and those of the few with two reactants or products."""
    (_, other), (two, splits), one = reactants, some, np.ones(1)
    ends = np.cumsum([rates.size, rates.size, two.size])

    def by_numpy(y: Any) -> Any:
        flow = np.concatenate((y, y))  # each species is the first reactant of two reactions
        flow *= rates
        flow *= np.concatenate((y, one)).take(other)
        gained = np.empty(place.size)
        np.multiply(flow, lost, gained[: ends[0]])
        gained[ends[0] : ends[1]] = flow
        np.negative(flow.take(two), gained[ends[1] : ends[2]])
        flow.take(splits, out=gained[ends[2] :], mode="clip")
        return np.bincount(place, gained, y.size)

    def by_jax(y: Any) -> Any:
        flow = jnp.asarray(rates) * jnp.concatenate([y, y]) * jnp.append(y, 1.0)[other]
        gained = jnp.concatenate([lost * flow, flow, -flow[two], flow[splits]])
        return jax.ops.segment_sum(gained, place, y.size)

    return by_numpy, by_jax


def genes(count: int = 500, seed: int = 20261122) -> Network:
    """Genes that switch each other on and off by Hill kinetics, with six shapes of rate laws."""
    random = np.random.default_rng(seed)
    one, two = random.integers(count, size=(2, count))
    v, k, w, d = np.round(random.uniform(0.2, 2.0, (4, count)), 3)
    laws = (
        "v{i}*g{a}^2/(k{i}^2 + g{a}^2) - d{i}*g{i}",
        "v{i}*k{i}^2/(k{i}^2 + g{a}^2) - d{i}*g{i}",
        "v{i}*g{a}/(k{i} + g{a})/(1 + g{b}/w{i}) - d{i}*g{i}",
        "v{i}*g{a}^4/(k{i}^4 + g{a}^4) - d{i}*g{i}",
        "v{i}*(g{a} + g{b})/(k{i} + g{a} + g{b}) - d{i}*g{i}",
        "v{i}/(1 + g{a}/k{i} + g{b}/w{i}) - d{i}*g{i}",
    )
    rows = [f"g{i}' = {laws[i % 6].format(i=i, a=one[i], b=two[i])}" for i in range(count)]
    parameters: dict[str, float] = {}
    for i in range(count):
        parameters |= {f"v{i}": float(v[i]), f"k{i}": float(k[i])}
        parameters |= {f"w{i}": float(w[i])} if i % 6 in (2, 5) else {}
        parameters[f"d{i}"] = float(d[i])
    text = _model("Genes", parameters, [f"g{i}" for i in range(count)], rows)
    groups = [np.arange(law, count, 6) for law in range(6)]
    back = np.argsort(np.concatenate(groups))
    vs, ks, ws = ([array[group] for group in groups] for array in (v, k, w))
    square, quartic, inverse = ks[0] ** 2, ks[3] ** 4, ks[1] ** 2
    other_made = vs[1] * inverse
    places = [one[group] for group in groups] + [two[groups[law]] for law in (2, 4, 5)]
    everywhere, cuts = np.concatenate(places), np.cumsum([place.size for place in places[:-1]])

    def derivative(y: Any, read: Any, xp: Any) -> Any:
        first, second, third, fourth, fifth, sixth, beside_third, beside_fifth, beside_sixth = read
        first, second, fourth = first * first, second * second, fourth * fourth
        fourth, both = fourth * fourth, fifth + beside_fifth
        made = xp.concatenate(
            [
                vs[0] * first / (square + first),
                other_made / (inverse + second),
                vs[2] * third / (ks[2] + third) / (1 + beside_third / ws[2]),
                vs[3] * fourth / (quartic + fourth),
                vs[4] * both / (ks[4] + both),
                vs[5] / (1 + sixth / ks[5] + beside_sixth / ws[5]),
            ]
        )
        return made[back] - d * y

    def by_numpy(y: Any) -> Any:
        return derivative(y, [y.take(place) for place in places], np)

    def by_jax(y: Any) -> Any:
        return derivative(y, jnp.split(y[everywhere], cuts), jnp)  # one gather, which is one sum in a gradient

    return Network(f"Hill kinetics, {count:,} genes", text, random.uniform(size=count), by_numpy, by_jax)
