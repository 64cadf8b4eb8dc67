"""The right-hand sides that a skilled person would write, without opjax: what opjax is measured against.

Each model has a NumPy form and a jax.numpy form, both as quick as their author could make them (several ways were
timed) with two promises that opjax makes too: the state's dtype is kept, and nothing is fixed at the time of writing
that the model leaves open (parameters are arguments). `parameters` has the names of the model file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

EXAMPLES = Path(__file__).parents[1] / "examples"
Parameters = Mapping[str, Any]
RightHandSide = Callable[[Any, Any, Parameters], Any]
Bound = Callable[[Any, Any], Any]
"""With its parameters given once and for all, as solvers call it."""


def sir_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    susceptible, infected, recovered = y.tolist()  # Python's floats are quicker than NumPy's scalars
    infection = p["beta"] * susceptible * infected / (susceptible + infected + recovered)
    recovery = p["gamma"] * infected
    rates = np.empty(3, y.dtype)  # quicker than a list that NumPy has to look through
    rates[0], rates[1], rates[2] = -infection, infection - recovery, recovery
    return rates


def sir_by_keyword(t: float, y: np.ndarray, *, beta: float, gamma: float) -> np.ndarray:
    susceptible, infected, recovered = y.tolist()
    infection = beta * susceptible * infected / (susceptible + infected + recovered)
    recovery = gamma * infected
    rates = np.empty(3, y.dtype)
    rates[0], rates[1], rates[2] = -infection, infection - recovery, recovery
    return rates


def sir_bound(*, beta: float, gamma: float) -> Bound:
    def derivative(t: float, y: np.ndarray) -> np.ndarray:
        susceptible, infected, recovered = y.tolist()
        infection = beta * susceptible * infected / (susceptible + infected + recovered)
        recovery = gamma * infected
        rates = np.empty(3, y.dtype)
        rates[0], rates[1], rates[2] = -infection, infection - recovery, recovery
        return rates

    return derivative


def sir_jax(t: jax.Array, y: jax.Array, p: Parameters) -> jax.Array:
    susceptible, infected, recovered = y
    infection = p["beta"] * susceptible * infected / (susceptible + infected + recovered)
    recovery = p["gamma"] * infected
    return jnp.stack([-infection, infection - recovery, recovery])


def seir_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    cells = y.reshape(4, 16)
    susceptible, exposed, infected = cells[0], cells[1], cells[2]
    change = np.empty(64, y.dtype)
    share = np.add.reduce(cells)
    infection = p["C"].dot(np.divide(infected, share, share))
    infection *= p["beta"]
    infection *= susceptible
    onset, recovery = p["sigma"] * exposed, np.multiply(infected, p["gamma"], change[48:])
    np.negative(infection, change[:16])
    np.subtract(infection, onset, change[16:32])
    np.subtract(onset, recovery, change[32:48])
    return change


def seir_jax(t: jax.Array, y: jax.Array, p: Parameters) -> jax.Array:
    susceptible, exposed, infected, recovered = y[:16], y[16:32], y[32:48], y[48:]
    everyone = susceptible + exposed + infected + recovered
    infection = susceptible * (p["beta"] * (p["C"] @ (infected / everyone)))
    onset = p["sigma"] * exposed
    recovery = p["gamma"] * infected
    return jnp.concatenate([-infection, infection - onset, onset - recovery, recovery])


def robertson_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    a, b, c = y.tolist()
    slow, fast, catalysed = p["k1"] * a, p["k2"] * b * b, p["k3"] * b * c
    rates = np.empty(3, y.dtype)
    rates[0], rates[1], rates[2] = catalysed - slow, slow - fast - catalysed, fast
    return rates


def robertson_by_keyword(t: float, y: np.ndarray, *, k1: float, k2: float, k3: float) -> np.ndarray:
    a, b, c = y.tolist()
    slow, fast, catalysed = k1 * a, k2 * b * b, k3 * b * c
    rates = np.empty(3, y.dtype)
    rates[0], rates[1], rates[2] = catalysed - slow, slow - fast - catalysed, fast
    return rates


def robertson_bound(*, k1: float, k2: float, k3: float) -> Bound:
    def derivative(t: float, y: np.ndarray) -> np.ndarray:
        a, b, c = y.tolist()
        slow, fast, catalysed = k1 * a, k2 * b * b, k3 * b * c
        rates = np.empty(3, y.dtype)
        rates[0], rates[1], rates[2] = catalysed - slow, slow - fast - catalysed, fast
        return rates

    return derivative


def robertson_jax(t: jax.Array, y: jax.Array, p: Parameters) -> jax.Array:
    a, b, c = y
    slow, fast, catalysed = p["k1"] * a, p["k2"] * b * b, p["k3"] * b * c
    return jnp.stack([catalysed - slow, slow - fast - catalysed, fast])


SPACING = 50 / 255


def fisher_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    step = y[1:] - y[:-1]
    change = np.empty_like(y)
    change[0] = step[0]
    change[-1] = -step[-1]
    np.subtract(step[1:], step[:-1], out=change[1:-1])
    change *= p["D"] / SPACING**2
    growth = y * (-p["r"] / p["K"])
    growth += p["r"]
    growth *= y
    change += growth
    return change


def fisher_jax(t: jax.Array, y: jax.Array, p: Parameters) -> jax.Array:
    step, spread = y[1:] - y[:-1], p["D"] / SPACING**2
    growth = p["r"] * y * (1 - y / p["K"])
    inside = spread * (step[1:] - step[:-1]) + growth[1:-1]
    return jnp.concatenate([spread * step[:1] + growth[:1], inside, growth[-1:] - spread * step[-1:]])


def lynx_hare_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    hare, lynx = y.tolist()
    eaten = hare * lynx
    rates = np.empty(2, y.dtype)
    rates[0], rates[1] = p["alpha"] * hare - p["beta"] * eaten, p["delta"] * eaten - p["gamma"] * lynx
    return rates


def lynx_hare_by_keyword(
    t: float, y: np.ndarray, *, alpha: float, beta: float, gamma: float, delta: float
) -> np.ndarray:
    hare, lynx = y.tolist()
    eaten = hare * lynx
    rates = np.empty(2, y.dtype)
    rates[0], rates[1] = alpha * hare - beta * eaten, delta * eaten - gamma * lynx
    return rates


def lynx_hare_bound(*, alpha: float, beta: float, gamma: float, delta: float) -> Bound:
    def derivative(t: float, y: np.ndarray) -> np.ndarray:
        hare, lynx = y.tolist()
        eaten = hare * lynx
        rates = np.empty(2, y.dtype)
        rates[0], rates[1] = alpha * hare - beta * eaten, delta * eaten - gamma * lynx
        return rates

    return derivative


def lynx_hare_jax(t: jax.Array, y: jax.Array, p: Parameters) -> jax.Array:
    hare, lynx = y
    eaten = hare * lynx
    return jnp.stack([p["alpha"] * hare - p["beta"] * eaten, p["delta"] * eaten - p["gamma"] * lynx])


@dataclass(frozen=True)
class Case:
    """A model with its file, its two hand-written forms, and a state and parameters to call them with.

    Arguments:
        name: for tables.
        file: the model file, in the folder of examples.
        numpy: the right-hand side on NumPy arrays.
        jax: the right-hand side on JAX arrays.
        y0: a state, flat, in the order of the file's declarations.
        parameters: values by name; floats, and arrays where the parameter has axes.
        step: a time step at which 200 explicit steps stay finite.
        by_keyword: the form for NumPy with the parameters by keyword, where the way of the call takes long enough.
        binds: makes the form for NumPy of the time and the state, for the same models.
    """

    name: str
    file: Path
    numpy: RightHandSide
    jax: RightHandSide
    y0: np.ndarray
    parameters: Parameters
    step: float
    by_keyword: Callable[..., np.ndarray] | None = None
    binds: Callable[..., Bound] | None = None

    @property
    def bound(self) -> Bound:
        """The form for NumPy of the time and the state alone."""
        return self.binds(**self.parameters) if self.binds else lambda t, y: self.numpy(t, y, self.parameters)


def _contacts() -> np.ndarray:
    middle = np.arange(16) * 5 + 2.5
    return 0.3 + 2.0 * np.exp(-np.abs(middle[:, None] - middle) / 10)


def _ages() -> np.ndarray:
    return np.concatenate([np.full(16, 9e5), np.full(16, 4e4), np.full(16, 3e4), np.full(16, 3e4)])


CASES: tuple[Case, ...] = (
    Case(
        "SIR",
        EXAMPLES / "sir.ojx",
        sir_numpy,
        sir_jax,
        np.array([9e5, 6e4, 4e4]),
        {"beta": 0.35, "gamma": 0.2},
        0.1,
        sir_by_keyword,
        sir_bound,
    ),
    Case(
        "SEIR, 16 ages",
        EXAMPLES / "seir_age.ojx",
        seir_numpy,
        seir_jax,
        _ages(),
        {"beta": 0.03, "sigma": 0.25, "gamma": 0.2, "C": _contacts()},
        0.1,
    ),
    Case(
        "Robertson",
        EXAMPLES / "robertson.ojx",
        robertson_numpy,
        robertson_jax,
        np.array([0.9, 2e-5, 0.1]),
        {"k1": 0.04, "k2": 3e7, "k3": 1e4},
        1e-5,
        robertson_by_keyword,
        robertson_bound,
    ),
    Case(
        "Fisher-KPP, 256 points",
        EXAMPLES / "fisher_kpp.ojx",
        fisher_numpy,
        fisher_jax,
        1000 * np.exp(-(((np.linspace(0, 50, 256) - 10) / 2) ** 2)),
        {"D": 0.1, "r": 0.3, "K": 1000.0},
        0.01,
    ),
    Case(
        "Lynx and hare",
        EXAMPLES / "lynx_hare.ojx",
        lynx_hare_numpy,
        lynx_hare_jax,
        np.array([34.0, 6.0]),
        {"alpha": 0.55, "beta": 0.028, "gamma": 0.8, "delta": 0.024},
        0.01,
        lynx_hare_by_keyword,
        lynx_hare_bound,
    ),
)


def case(name: str) -> Case:
    """The case of a name, such as ``SIR``."""
    return next(c for c in CASES if c.name == name)
