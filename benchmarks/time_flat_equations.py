"""How fast are models whose equations are written one by one, as other programs write them?

Each model has an equation for every state that differs from the others in numbers, in what it reads, and in how many
terms its sums have. The code by hand gathers, computes with vectors, and adds up segments. 64-bit numbers; all values
are checked to be those of the code by hand. The number of operations that JAX is given must not grow with the model:
the last column is for twice as many equations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import harness
import opjax
from count_jaxpr_equations import equations

Derivative = Callable[[Any], Any]
Namespace = Any


class Draws:
    """The numbers and places of a model of some size."""

    def __init__(self, count: int) -> None:
        random = np.random.default_rng(20261122)
        self.count, self.each = count, range(count)
        self.a, self.b = np.round(random.uniform(0.2, 0.9, (2, count)), 3)
        self.other = random.integers(count, size=count)
        lengths = random.integers(2, 12, count)
        self.row = np.repeat(np.arange(count), lengths)
        self.column = random.integers(count, size=self.row.size)
        self.weight = np.round(random.uniform(0.1, 0.9, self.row.size), 3)

    def total(self, i: int, term: str) -> str:
        """A sum over what a state is connected to."""
        found = np.flatnonzero(self.row == i)
        return " + ".join(f"{self.weight[n]}*" + term.format(j=self.column[n]) for n in found)

    def by_hand(self, xp: Namespace) -> Derivative:
        """The same sums of a vector, for all states."""
        if xp is np:
            return lambda x: np.bincount(self.row, self.weight * x.take(self.column), self.count)
        row, column, weight = map(jnp.asarray, (self.row, self.column, self.weight))
        return lambda x: jax.ops.segment_sum(weight * x[column], row, self.count, indices_are_sorted=True)


@dataclass(frozen=True)
class Case:
    """A model: its name, an equation for each state, named parts for each or for all, and the code by hand."""

    name: str
    equation: Callable[[Draws, int], str]
    derivative: Callable[[Draws, Namespace], Derivative]
    part: Callable[[Draws, int], str] | None = None
    whole: Callable[[Draws], str] | None = None

    def rhs(self, d: Draws) -> opjax.CompiledRhs:
        """The model, compiled."""
        parts = {f"h{i}": self.part(d, i) for i in d.each} if self.part else {}
        parts |= {"total": self.whole(d)} if self.whole else {}
        rows = {f"x{i}": self.equation(d, i) for i in d.each}
        model = {"kind": "expr", "state": list(rows), "equations": rows, "aliases": parts}
        return opjax.compile_rhs(opjax.from_dict(model))


def thresholds(d: Draws, xp: Namespace) -> Derivative:
    other, a, b = map(xp.asarray, (d.other, d.a, d.b))
    return lambda x: xp.where(x[other] < a, b * x, 1.0) - x


def powers(d: Draws, xp: Namespace) -> Derivative:
    other, a, b = map(xp.asarray, (d.other, d.a + 1, d.b))

    def f(x: Any) -> Any:
        power = x[other] ** a
        return power / (b + power) - x

    return f


def named(d: Draws, xp: Namespace) -> Derivative:
    other, a = map(xp.asarray, (d.other, d.a))

    def f(x: Any) -> Any:
        h = a * x / (1 + x[other])
        return h - h[other] * x

    return f


def logistic(d: Draws, xp: Namespace) -> Derivative:
    a = xp.asarray(d.a)
    return lambda x: a * x * (1 - x.sum() / d.count)


def oscillators(d: Draws, xp: Namespace) -> Derivative:
    a = xp.asarray(d.a)
    return lambda x: a + xp.sin(x).sum() / d.count * xp.cos(x)


def neurons(d: Draws, xp: Namespace) -> Derivative:
    add = d.by_hand(xp)
    return lambda x: xp.tanh(add(x)) - x


def patches(d: Draws, xp: Namespace) -> Derivative:
    add, a = d.by_hand(xp), xp.asarray(d.a)
    return lambda x: (1 - x) * add(x / (1 + x)) - a * x


CASES = (
    Case("thresholds", lambda d, i: f"where(x{d.other[i]} < {d.a[i]}, {d.b[i]}*x{i}, 1) - x{i}", thresholds),
    Case(
        "powers of genes",
        lambda d, i: f"x{d.other[i]}^{1 + d.a[i]}/({d.b[i]} + x{d.other[i]}^{1 + d.a[i]}) - x{i}",
        powers,
    ),
    Case(
        "parts with names",
        lambda d, i: f"h{i} - h{d.other[i]}*x{i}",
        named,
        part=lambda d, i: f"{d.a[i]}*x{i}/(1 + x{d.other[i]})",
    ),
    Case(
        "logistic growth of all",
        lambda d, i: f"{d.a[i]}*x{i}*(1 - total)",
        logistic,
        whole=lambda d: f"({' + '.join(f'x{i}' for i in d.each)})/{d.count}",
    ),
    Case(
        "oscillators",
        lambda d, i: f"{d.a[i]} + total*cos(x{i})",
        oscillators,
        whole=lambda d: f"({' + '.join(f'sin(x{i})' for i in d.each)})/{d.count}",
    ),
    Case("neurons", lambda d, i: f"tanh({d.total(i, 'x{j}')}) - x{i}", neurons),
    Case("patches", lambda d, i: f"(1 - x{i})*({d.total(i, 'x{j}/(1 + x{j})')}) - {d.a[i]}*x{i}", patches),
)


def operations(f: Derivative, y: Any) -> int:
    """How many operations JAX is given."""
    return equations(jax.make_jaxpr(f)(y).jaxpr)


def row(case: Case, count: int, turns: int) -> list[str]:
    """One line of the table."""
    d = Draws(count)
    rhs, larger = case.rhs(d), case.rhs(Draws(2 * count))
    y = np.random.default_rng(1).uniform(0.1, 0.9, 2 * count)
    ours, by_hand = partial(rhs.eval_fn, 0.0), case.derivative(d, np)
    np.testing.assert_allclose(ours(y[:count]), by_hand(y[:count]), rtol=1e-12, atol=1e-12)
    x, z = jnp.asarray(y[:count]), jnp.asarray(y)
    jitted, jitted_by_hand = jax.jit(ours), jax.jit(case.derivative(d, jnp))
    np.testing.assert_allclose(jitted(x), jitted_by_hand(x), rtol=1e-12, atol=1e-12)
    small = harness.in_turns({"opjax": lambda: ours(y[:count]), "hand": lambda: by_hand(y[:count])}, turns)
    compiled = {
        "opjax": lambda: jitted(x).block_until_ready(),
        "hand": lambda: jitted_by_hand(x).block_until_ready(),
    }
    cells: list[str] = []
    for timing in (small, harness.in_turns(compiled, turns)):
        cells += [harness.microseconds(timing[which].median) for which in ("opjax", "hand")]
        cells.append(harness.ratio(timing["opjax"].over(timing["hand"])))
    counts = [operations(ours, x), operations(case.derivative(d, jnp), x), operations(partial(larger.eval_fn, 0.0), z)]
    return [case.name, *cells, *map(str, counts)]


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    columns = ["model", "NumPy, us", "hand, us", "ratio", "JAX, us", "hand, us", "ratio"]
    columns += ["operations", "by hand", "for twice as many"]
    with jax.enable_x64(True):
        for count in (120,) if page.quick else (120, 500):
            page.table(f"{count} equations", columns, [row(case, count, page.turns) for case in CASES])
    page.finish()


if __name__ == "__main__":
    main()
