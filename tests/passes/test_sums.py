"""Equations of one shape but for their numbers and the lengths of their sums: programs that do not grow with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax

Values = np.ndarray
Derivative = Callable[[Values], Values]


@dataclass(frozen=True)
class Flat:
    """Equations, names for parts of them, and the derivative by hand."""

    equations: dict[str, str]
    by_hand: Derivative
    aliases: dict[str, str]

    def compiled(self) -> opjax.CompiledRhs:
        model = {"kind": "expr", "state": list(self.equations), "equations": self.equations, "aliases": self.aliases}
        return opjax.compile_rhs(opjax.from_dict(model))


class Draws:
    """The places and numbers that a model of some size is made of."""

    def __init__(self, count: int) -> None:
        random = np.random.default_rng(count)
        self.all = np.arange(count)
        self.other = random.permutation(count)
        self.any = random.integers(count, size=count)  # some are drawn twice, and some are not drawn
        self.a, self.b = np.round(random.uniform(0.2, 0.9, (2, count)), 3)
        meet, weights = random.uniform(size=(count, count)) < 6 / count, random.uniform(-0.9, 0.9, (count, count))
        chain = np.eye(count) * 0.05 + np.roll(np.eye(count) * 0.06, 1, axis=1)  # no sum has less than two terms
        self.weights = np.round(np.where(meet, weights, 0) + chain, 2)

    def flat(self, text: Callable[[int], str], by_hand: Derivative, **aliases: str) -> Flat:
        return Flat({f"x{i}": text(i) for i in self.all}, by_hand, aliases)

    def row(self, i: int, term: str) -> str:
        """A sum over the neighbours of a point, as many as it has."""
        return " + ".join(f"({self.weights[i, j]})*" + term.format(j=j) for j in np.flatnonzero(self.weights[i]))


def conditions(d: Draws) -> Flat:
    def text(i: int) -> str:
        return f"where(x{d.other[i]} < {d.a[i]}, {d.b[i]}*x{i}, where(x{i} < 0.5, 2, {d.a[i]})) - x{i}"

    return d.flat(text, lambda x: np.where(x[d.other] < d.a, d.b * x, np.where(x < 0.5, 2.0, d.a)) - x)


def exponents(d: Draws) -> Flat:
    def text(i: int) -> str:
        return f"x{d.other[i]}^{1 + d.a[i]}/({d.b[i]} + x{d.other[i]}^{1 + d.a[i]}) - x{i}"

    def by_hand(x: Values) -> Values:
        power = x[d.other] ** (1 + d.a)
        return power / (d.b + power) - x

    return d.flat(text, by_hand)


def a_total(d: Draws) -> Flat:
    total = " + ".join(f"x{i}" for i in d.all)
    return d.flat(lambda i: f"{d.a[i]}*x{i}*(1 - total)", lambda x: d.a * x * (1 - x.sum()), total=total)


def a_mean_of_sines(d: Draws) -> Flat:
    mean = "(" + " + ".join(f"sin(x{i})" for i in d.all) + f")/{d.all.size}"
    return d.flat(lambda i: f"{d.a[i]} + mean*cos(x{i})", lambda x: d.a + np.sin(x).mean() * np.cos(x), mean=mean)


def a_weighted_total(d: Draws) -> Flat:
    total = " - ".join(f"{d.b[i]}*x{i}" for i in d.all)
    signs = np.where(d.all == 0, 1, -1)
    return d.flat(lambda i: f"{d.a[i]}*x{i} - total", lambda x: d.a * x - signs * d.b @ x, total=total)


def sums_inside(d: Draws) -> Flat:
    return d.flat(lambda i: f"tanh({d.row(i, 'x{j}')}) - x{i}", lambda x: np.tanh(d.weights @ x) - x)


def sums_of_quotients(d: Draws) -> Flat:
    return d.flat(lambda i: f"({d.row(i, 'x{j}/(1 + x{j}^2)')})*x{i}", lambda x: d.weights @ (x / (1 + x**2)) * x)


def sums_of_all(d: Draws) -> Flat:
    dense = np.round(np.add.outer(d.a, d.b), 3)
    terms = [" + ".join(f"{w}*x{j}" for j, w in enumerate(row[:40])) for row in dense]
    return d.flat(lambda i: terms[i], lambda x: dense[:, :40] @ x[:40])


def parts_with_names(d: Draws) -> Flat:
    """Each name stands in one equation, and some of them in others too."""
    names = {f"h{i}": f"{d.a[i]}*x{i}/(1 + x{d.any[i]})" for i in d.all}

    def by_hand(x: Values) -> Values:
        h = d.a * x / (1 + x[d.any])
        return h - h[d.any] * x

    return d.flat(lambda i: f"h{i} - h{d.any[i]}*x{i}", by_hand, **names)


def functions_of_some(d: Draws) -> Flat:
    return d.flat(
        lambda i: f"{d.a[i]}*exp(-x{d.any[i]}) - tanh({d.b[i]}*x{i})",
        lambda x: d.a * np.exp(-x[d.any]) - np.tanh(d.b * x),
    )


CASES = (
    parts_with_names,
    functions_of_some,
    conditions,
    exponents,
    a_total,
    a_mean_of_sines,
    a_weighted_total,
    sums_inside,
    sums_of_quotients,
    sums_of_all,
)


@pytest.mark.parametrize("case", CASES)
def test_programs_do_not_grow(case: Callable[[Draws], Flat]) -> None:
    """Twice as many equations are as many operations, and what they compute is what it is by hand."""
    operations: list[int] = []
    for count in (120, 240):
        flat = case(Draws(count))
        rhs = flat.compiled()
        y = np.random.default_rng(1).uniform(0.1, 0.9, count)
        np.testing.assert_allclose(rhs.eval_fn(0.0, y), flat.by_hand(y), rtol=1e-12, atol=1e-12)
        with jax.enable_x64(True):
            traced = jax.make_jaxpr(lambda y, f=rhs.eval_fn: f(0.0, y))(jnp.asarray(y))
            operations.append(len(traced.eqns))
    assert max(operations) < 25
    assert operations[1] <= operations[0] + 3


def test_what_two_equations_share_by_chance_is_no_shape_of_its_own() -> None:
    count = 120
    rates = [round(0.1 + 0.005 * (i % 100), 3) for i in range(count)]  # 20 of them are met twice
    equations = {f"x{i}": f"tanh({rates[i]}*x0)*x{i}/(1 + x{(7 * i) % count})" for i in range(count)}
    other = 7 * np.arange(count) % count
    flat = Flat(equations, lambda x: np.tanh(np.array(rates) * x[0]) * x / (1 + x[other]), {})
    rhs, y = flat.compiled(), np.random.default_rng(2).uniform(size=count)
    np.testing.assert_allclose(rhs.eval_fn(0.0, y), flat.by_hand(y), rtol=1e-13)
    (group,) = rhs.explain().groups
    assert group.equations == count


def test_equations_that_a_pass_has_changed_keep_their_places() -> None:
    """Numbers with a sign are folded: what becomes of them stands among the others, and all are read as slices."""
    count = 120
    d, numbers = Draws(count), [(-1) ** (i % 3) * (0.2 + 0.005 * i) for i in range(count)]
    flat = d.flat(
        lambda i: f"({numbers[i]:.3f})*x{i}*x{d.other[i]} - x{i}",
        lambda x: np.round(numbers, 3) * x * x[d.other] - x,
    )
    rhs, y = flat.compiled(), np.random.default_rng(4).uniform(size=count)
    np.testing.assert_allclose(rhs.eval_fn(0.0, y), flat.by_hand(y), rtol=1e-13)
    assert rhs.source.count("take(") == 1


def test_gradients_of_totals() -> None:
    flat = a_total(Draws(120))
    d, rhs = Draws(120), flat.compiled()
    y = np.random.default_rng(3).uniform(size=120)
    with jax.enable_x64(True):
        got = jax.jit(jax.jacrev(lambda y: rhs.eval_fn(0.0, y)))(jnp.asarray(y))
    np.testing.assert_allclose(got, np.diag(d.a * (1 - y.sum())) - np.outer(d.a * y, np.ones(120)), atol=1e-13)
