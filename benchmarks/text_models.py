"""Models as text, of a size that is asked for, with the right-hand sides that a skilled person would write for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

import by_hand
from by_hand import Parameters

LORENZ_96 = """
model Lorenz96:
  axes:
    i = grid(1, {points}, {points})
  params:
    F = 8 "forcing"
  states:
    x[i]
  dynamics:
    d(x[i])/dt = (x[i+1] - x[i-2])*x[i-1] - x[i] + F edge periodic
"""

GRAY_SCOTT = """
model GrayScott:
  axes:
    a = grid(0, {last}, {points})
    b = grid(0, {last}, {points})
  params:
    Du = 0.16   "diffusion of the substrate"
    Dv = 0.08   "diffusion of the catalyst"
    feed = 0.035
    kill = 0.065
  states:
    u[a, b]
    v[a, b]
  let:
    around_u[a, b] = u[a-1, b] + u[a+1, b] + u[a, b-1] + u[a, b+1] - 4*u[a, b] edge periodic
    around_v[a, b] = v[a-1, b] + v[a+1, b] + v[a, b-1] + v[a, b+1] - 4*v[a, b] edge periodic
    made[a, b] = u[a, b]*v[a, b]^2
  dynamics:
    d(u[a, b])/dt = Du*around_u[a, b] - made[a, b] + feed*(1 - u[a, b])
    d(v[a, b])/dt = Dv*around_v[a, b] + made[a, b] - (feed + kill)*v[a, b]
"""

SEIR = """
model SEIR:
  axes:
    age = [{ages}]
    vax = [{doses}]
    loc = [{places}]
  params:
    beta
    sigma
    gamma
    C[age, age]
  states:
    S[age, vax, loc]
    E[age, vax, loc]
    I[age, vax, loc]
    R[age, vax, loc]
  dynamics:
    S[age, vax, loc] -> E[age, vax, loc] @ beta*sum(C[age, j]*I[j, vax, loc] for j in age)
    E[age, vax, loc] -> I[age, vax, loc] @ sigma
    I[age, vax, loc] -> R[age, vax, loc] @ gamma
"""

KURAMOTO = """
model Kuramoto:
  axes:
    i = [{nodes}]
  params:
    K
    omega[i]
    W[i, i]
  states: theta[i]
  dynamics:
    theta[i]' = omega[i] + K*sum(W[i, j]*sin(theta[j] - theta[i]) for j in i)
"""


def kuramoto_text(nodes: int) -> str:
    """Oscillators on a network with weights."""
    return KURAMOTO.format(nodes=", ".join(f"n{i}" for i in range(nodes)))


def kuramoto_numpy(t: float, theta: np.ndarray, p: Parameters) -> np.ndarray:
    sine, cosine = np.sin(theta), np.cos(theta)
    change = p["W"].dot(sine)
    change *= cosine
    other = p["W"].dot(cosine)
    other *= sine
    change -= other
    change *= p["K"]
    change += p["omega"]
    return change


def kuramoto_jax(t: Any, theta: Any, p: Parameters) -> Any:
    sine, cosine = jnp.sin(theta), jnp.cos(theta)
    return p["omega"] + p["K"] * (cosine * (p["W"] @ sine) - sine * (p["W"] @ cosine))


def lorenz_text(points: int) -> str:
    """Lorenz 1996: a ring of points."""
    return LORENZ_96.format(points=points)


def lorenz_numpy(t: float, x: np.ndarray, p: Parameters) -> np.ndarray:
    wide = np.empty(x.size + 3, x.dtype)
    wide[2:-1] = x
    wide[:2] = x[-2:]
    wide[-1] = x[0]
    change = wide[3:] - wide[:-3]
    change *= wide[1:-2]
    change -= x
    change += p["F"]
    return change


def lorenz_jax(t: Any, x: Any, p: Parameters) -> Any:
    # The first two points and the last one for themselves: all is one loop then (`time_stencils.py` has other ways).
    ends = jnp.concatenate([x[-2:], x[:3]]), jnp.concatenate([x[-3:], x[:1]])
    return jnp.concatenate([lorenz_inside(ends[0], p), lorenz_inside(x, p), lorenz_inside(ends[1], p)])


def lorenz_inside(x: Any, p: Parameters) -> Any:
    """The derivative of all points but the first two and the last."""
    return (x[3:] - x[:-3]) * x[1:-2] - x[2:-1] + p["F"]


def gray_scott_text(points: int) -> str:
    """Gray and Scott: two substances on a square that goes round."""
    return GRAY_SCOTT.format(points=points, last=points - 1)


def gray_scott_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    points = round((y.size // 2) ** 0.5)
    cells = y.reshape(2, points, points)
    change = np.empty(cells.shape, y.dtype)
    np.add(cells[:, :-2], cells[:, 2:], change[:, 1:-1])
    np.add(cells[:, -1], cells[:, 1], change[:, 0])
    np.add(cells[:, -2], cells[:, 0], change[:, -1])
    other = np.empty(cells.shape, y.dtype)  # along memory, which is much quicker than row by row
    np.add(y[:-2], y[2:], other.reshape(-1)[1:-1])
    np.add(cells[:, :, -1], cells[:, :, 1], other[:, :, 0])
    np.add(cells[:, :, -2], cells[:, :, 0], other[:, :, -1])
    change += other
    change -= np.multiply(cells, 4, other)
    (u, v), (substrate, catalyst), (made, rest) = cells, change, other
    np.multiply(v, v, made)
    made *= u
    substrate *= p["Du"]
    substrate -= made
    np.subtract(1, u, rest)
    rest *= p["feed"]
    substrate += rest
    catalyst *= p["Dv"]
    catalyst += made
    catalyst -= np.multiply(v, p["feed"] + p["kill"], rest)
    return change.reshape(-1)


def gray_scott_jax(t: Any, y: Any, p: Parameters) -> Any:
    points = round((y.size // 2) ** 0.5)
    u, v = (half.reshape(points, points) for half in jnp.split(y, 2))

    def around(x: Any) -> Any:
        return jnp.roll(x, 1, 0) + jnp.roll(x, -1, 0) + jnp.roll(x, 1, 1) + jnp.roll(x, -1, 1) - 4 * x

    made = u * v * v
    substrate = p["Du"] * around(u) - made + p["feed"] * (1 - u)
    catalyst = p["Dv"] * around(v) + made - (p["feed"] + p["kill"]) * v
    return jnp.concatenate([substrate, catalyst]).reshape(-1)  # in rows, which XLA writes in one loop


def seir_text(ages: int, doses: int, places: int) -> str:
    """SEIR over three axes, with contacts between the ages."""
    names = [
        ", ".join(f"{letter}{i}" for i in range(size))
        for letter, size in zip("avl", (ages, doses, places), strict=True)
    ]
    return SEIR.format(ages=names[0], doses=names[1], places=names[2])


def seir_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    ages = len(p["C"])
    s, e, i, _ = y.reshape(4, ages, -1)
    change = np.empty((4, ages, y.size // (4 * ages)), y.dtype)
    infected = p["C"].dot(i)
    infected *= p["beta"]
    infected *= s
    sick = p["sigma"] * e
    well = np.multiply(i, p["gamma"], change[3])
    np.negative(infected, change[0])
    np.subtract(infected, sick, change[1])
    np.subtract(sick, well, change[2])
    return change.reshape(-1)


def seir_jax(t: Any, y: Any, p: Parameters) -> Any:
    s, e, i, _ = (part.reshape(len(p["C"]), -1) for part in jnp.split(y, 4))
    infected, sick, well = p["beta"] * (p["C"] @ i) * s, p["sigma"] * e, p["gamma"] * i
    return jnp.concatenate([-infected, infected - sick, sick - well, well]).reshape(-1)


@dataclass(frozen=True)
class Case:
    """A model.

    Arguments:
        name: for tables.
        text: as a person writes it.
        numpy: the right-hand side by hand, on NumPy arrays.
        jax: the right-hand side by hand, on JAX arrays.
        y0: a state.
        parameters: values by name.
        mapped: how many states are mapped over.
        bound: the right-hand side on NumPy arrays with these parameters, a function of the time and the state.
    """

    name: str
    text: str
    numpy: by_hand.RightHandSide
    jax: by_hand.RightHandSide
    y0: np.ndarray
    parameters: Parameters
    mapped: int
    bound: by_hand.Bound


def closed(f: by_hand.RightHandSide, p: Parameters) -> by_hand.Bound:
    """A right-hand side around which the parameters stand, of a model that takes long enough for one call more."""
    return lambda t, y: f(t, y, p)


def cases(quick: bool) -> Iterator[Case]:
    """The models, smaller ones for a quick run."""
    random = np.random.default_rng(20260502)
    for name, mapped in (("SIR", 1000), ("SEIR, 16 ages", 1000)):
        known = by_hand.case(name)
        text = known.file.read_text(encoding="utf-8")
        count = 50 if quick else mapped
        yield Case(name, text, known.numpy, known.jax, known.y0, known.parameters, count, known.bound)
    ages, doses, places = (4, 2, 5) if quick else (20, 5, 50)
    parameters = {"beta": 0.02, "sigma": 0.2, "gamma": 0.1, "C": random.uniform(size=(ages, ages))}
    y = random.uniform(size=4 * ages * doses * places)
    name = f"SEIR, {ages} x {doses} x {places}"
    text, bound = seir_text(ages, doses, places), closed(seir_numpy, parameters)
    yield Case(name, text, seir_numpy, seir_jax, y, parameters, 20 if quick else 1000, bound)
    points = 40 if quick else 1000
    x = 8 + random.normal(size=points)
    name, forcing, count = f"Lorenz-96, {points:,}", {"F": 8.0}, 20 if quick else 1000
    bound = closed(lorenz_numpy, forcing)
    yield Case(name, lorenz_text(points), lorenz_numpy, lorenz_jax, x, forcing, count, bound)
    side = 16 if quick else 64
    fields = random.uniform(0.0, 1.0, 2 * side * side)
    rates = {"Du": 0.16, "Dv": 0.08, "feed": 0.035, "kill": 0.065}
    name = f"Gray-Scott, {side} x {side}"
    text, bound = gray_scott_text(side), closed(gray_scott_numpy, rates)
    yield Case(name, text, gray_scott_numpy, gray_scott_jax, fields, rates, 20 if quick else 1000, bound)
    nodes = 20 if quick else 100
    network = {"K": 1.5, "omega": random.uniform(size=nodes), "W": random.uniform(size=(nodes, nodes))}
    phases, mapped = random.uniform(0.0, 6.0, nodes), 20 if quick else 1000
    name, text, bound = f"Kuramoto, {nodes}", kuramoto_text(nodes), closed(kuramoto_numpy, network)
    yield Case(name, text, kuramoto_numpy, kuramoto_jax, phases, network, mapped, bound)
