"""How fast is one warm call of models of finite differences, against hand-written code?

The code by hand takes the differences between neighbours first, as one does on paper: a second difference is the
difference of two, a flux is computed once for each face. 64-bit numbers; all values are first checked to be those of
the code by hand. Below 1x opjax is the quicker one. With JAX the points at the ends of a line are computed apart by
hand: of four ways (see the rings) that is the quickest in one call and in a loop.

A ring (Lorenz-96) is written by hand in four ways: the array with its ends around it is written to memory once, or
joined and no more; or the neighbours are rolled; or the points at the ends are computed apart, which is the quickest
in one call and in a loop. Medians over several fresh processes; steps of Runge and Kutta in a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import harness
import opjax
import text_models
import time_models

Parameters = dict[str, Any]
RightHandSide = Callable[[Any, Parameters], Any]

MODEL = """
model Line:
  axes:
    x = grid(0, 1, {points})
  params:
{parameters}
  states:
{states}
  dynamics:
{rates}
"""


@dataclass(frozen=True)
class Case:
    """A model on a line: its name, parameters, states, rates with what lies beyond the ends, and its code by hand."""

    name: str
    parameters: Parameters
    states: str
    rates: tuple[str, ...]
    numpy: RightHandSide
    jax: RightHandSide

    def text(self, points: int) -> str:
        """The model."""
        lines = [f"    {name} = {value}" if np.ndim(value) == 0 else f"    {name}[x]" for name, value in self.given(2)]
        rates = [f"    d({state}[x])/dt = {rate}" for state, rate in zip(self.states, self.rates, strict=True)]
        states = [f"    {state}[x]" for state in self.states]
        parts = {"parameters": lines, "states": states, "rates": rates}
        return MODEL.format(points=points, **{name: "\n".join(rows) for name, rows in parts.items()})

    def given(self, points: int) -> Iterator[tuple[str, Any]]:
        """The parameters; those along the line with as many points."""
        for name, value in self.parameters.items():
            yield name, np.linspace(value[0], value[1], points) if isinstance(value, tuple) else value


def faces(u: np.ndarray, first: float, last: float) -> np.ndarray:
    """The differences between neighbours, and those at the ends."""
    found = np.empty(u.size + 1, u.dtype)
    np.subtract(u[1:], u[:-1], found[1:-1])
    found[0], found[-1] = first, last
    return found


def burgers_numpy(u: np.ndarray, p: Parameters) -> np.ndarray:
    d = faces(u, u[0] - u[-1], u[0] - u[-1])
    change = d[1:] + d[:-1]
    change *= u
    change *= -0.5 / p["dx"]
    second = d[1:] - d[:-1]
    second *= p["nu"] / p["dx"] ** 2
    change += second
    return change


def burgers_jax(u: Any, p: Parameters) -> Any:
    def inside(u: Any) -> Any:
        bend = u[2:] - 2 * u[1:-1] + u[:-2]
        return p["nu"] / p["dx"] ** 2 * bend - u[1:-1] * (u[2:] - u[:-2]) / (2 * p["dx"])

    ends = jnp.concatenate([u[-1:], u[:2]]), jnp.concatenate([u[-2:], u[:1]])
    return jnp.concatenate([inside(ends[0]), inside(u), inside(ends[1])])


def drift_numpy(u: np.ndarray, p: Parameters) -> np.ndarray:
    d = faces(u, 0.0, 0.0)
    spread, drift = p["D"] / p["dx"] ** 2, p["v"] / (2 * p["dx"])
    change = d[1:] * (spread - drift)
    change -= d[:-1] * (spread + drift)
    return change


def drift_jax(u: Any, p: Parameters) -> Any:
    d, spread, drift = u[1:] - u[:-1], p["D"] / p["dx"] ** 2, p["v"] / (2 * p["dx"])
    ahead, behind = spread - drift, spread + drift
    return jnp.concatenate([ahead * d[:1], ahead * d[1:] - behind * d[:-1], -behind * d[-1:]])


def heat_numpy(u: np.ndarray, p: Parameters) -> np.ndarray:
    flux = faces(u, 0.0, 0.0)
    flux[1:-1] *= p["k"][1:] + p["k"][:-1]
    change = flux[1:] - flux[:-1]
    change *= 0.5 / p["dx"] ** 2
    return change


def heat_jax(u: Any, p: Parameters) -> Any:
    flux = (p["k"][1:] + p["k"][:-1]) * (u[1:] - u[:-1])
    return 0.5 / p["dx"] ** 2 * jnp.concatenate([flux[:1], flux[1:] - flux[:-1], -flux[-1:]])


def chain_numpy(y: np.ndarray, p: Parameters) -> np.ndarray:
    half = y.size // 2
    q, change = y[:half], np.empty(y.size, y.dtype)
    np.multiply(y[half:], 1.0, change[:half])
    d = faces(q, q[0], -q[-1])
    force = d * d
    force *= p["beta"]
    force += 1.0
    force *= d
    np.subtract(force[1:], force[:-1], change[half:])
    return change


def chain_jax(y: Any, p: Parameters) -> Any:
    q, v = y.reshape(2, -1)

    def force(d: Any) -> Any:
        return d + p["beta"] * d**3

    inside = force(q[1:] - q[:-1])
    ends = inside[:1] - force(q[:1]), force(-q[-1:]) - inside[-1:]
    return jnp.concatenate([v, ends[0], inside[1:] - inside[:-1], ends[1]])


SECOND = "(u[x+1] - 2*u[x] + u[x-1])/dx^2"
CASES = (
    Case(
        "Burgers",
        {"nu": 0.01, "dx": 0.004},
        "u",
        (f"nu*{SECOND} - u[x]*(u[x+1] - u[x-1])/(2*dx) edge periodic",),
        burgers_numpy,
        burgers_jax,
    ),
    Case(
        "advection and diffusion",
        {"D": 0.01, "v": 0.3, "dx": 0.04},
        "u",
        (f"D*{SECOND} - v*(u[x+1] - u[x-1])/(2*dx) edge stay",),
        drift_numpy,
        drift_jax,
    ),
    Case(
        "heat, variable conductivity",
        {"k": (0.5, 1.5), "dx": 0.1},
        "u",
        ("((k[x] + k[x+1])/2*(u[x+1] - u[x]) - (k[x-1] + k[x])/2*(u[x] - u[x-1]))/dx^2 edge stay",),
        heat_numpy,
        heat_jax,
    ),
    Case(
        "chain with cubic springs",
        {"beta": 0.7},
        "qv",
        ("v[x]", "q[x+1] - 2*q[x] + q[x-1] + beta*((q[x+1] - q[x])^3 - (q[x] - q[x-1])^3) edge absorb"),
        chain_numpy,
        chain_jax,
    ),
)


def numpy_pair(case: Case, points: int) -> dict[str, harness.Candidate]:
    """The two calls with NumPy."""
    rhs, p = opjax.compile_rhs(opjax.loads(case.text(points), "ojx")), dict(case.given(points))
    y = np.random.default_rng(20261101).uniform(size=len(case.states) * points)
    np.testing.assert_allclose(rhs(0.0, y, p), case.numpy(y, p), rtol=1e-8, atol=1e-8)
    return {"opjax": lambda: rhs(0.0, y, p), "hand": lambda: case.numpy(y, p)}


def jax_pair(
    case: Case, points: int, change: Callable[[RightHandSide], RightHandSide] = lambda call: call
) -> dict[str, harness.Candidate]:
    """The two jitted calls."""
    rhs, p = opjax.compile_rhs(opjax.loads(case.text(points), "ojx")), dict(case.given(points))
    y = jnp.asarray(np.random.default_rng(20261101).uniform(size=len(case.states) * points))
    functions = (jax.jit(change(lambda y, p: rhs(0.0, y, p))), jax.jit(change(case.jax)))
    np.testing.assert_allclose(*(np.asarray(f(y, p)) for f in functions), rtol=1e-8, atol=1e-8)
    ours, by_hand = functions
    return {"opjax": lambda: ours(y, p).block_until_ready(), "hand": lambda: by_hand(y, p).block_until_ready()}


PLANE = """
model Plane:
  axes:
    x = grid(0, 1, {points})
    y = grid(0, 1, {points})
  params:
    k[x, y]
  states:
    u[x, y]
  dynamics:
    d(u[x, y])/dt = {rate} edge stay
"""
ACROSS = "(k[x, y] + k[{0}])/2*(u[{0}] - u[x, y]) - (k[{1}] + k[x, y])/2*(u[x, y] - u[{1}])"
HEATS = {
    "heat": "u[x+1, y] + u[x-1, y] + u[x, y+1] + u[x, y-1] - 4*u[x, y]",
    "variable conductivity": " + ".join(ACROSS.format(*at) for at in (("x+1, y", "x-1, y"), ("x, y+1", "x, y-1"))),
}


def plane_jax(u: Any, k: Any = None) -> Any:
    """Heat on a plane: what flows between neighbours, and between zeros."""
    steps = [u[1:] - u[:-1], u[:, 1:] - u[:, :-1]]
    if k is not None:
        steps = [(k[1:] + k[:-1]) / 2 * steps[0], (k[:, 1:] + k[:, :-1]) / 2 * steps[1]]
    down, right = jnp.pad(steps[0], ((1, 1), (0, 0))), jnp.pad(steps[1], ((0, 0), (1, 1)))
    return down[1:] - down[:-1] + right[:, 1:] - right[:, :-1]


def plane_pairs(name: str, points: int) -> Iterator[tuple[str, dict[str, harness.Candidate]]]:
    """The two jitted calls of heat on a plane, their gradients, and those of some states at once."""
    rhs = opjax.compile_rhs(opjax.loads(PLANE.format(points=points, rate=HEATS[name]), "ojx"))
    y, k = jnp.asarray(np.random.default_rng(20261102).uniform(0.5, 1.5, (2, points, points)))
    p = {"k": k} if "k" in rhs.param_names else {}

    def by_hand(y: Any) -> Any:
        return plane_jax(y.reshape(points, points), **p).reshape(-1)

    functions: tuple[Callable[[Any], Any], ...] = (lambda y: rhs(0.0, y, p), by_hand)
    many = jnp.stack([y.reshape(-1) * (1 + i / 16) for i in range(16)])
    for change, given, title in (
        (None, many[0], "call"),
        (_gradient, many[0], "gradient"),
        (jax.vmap, many, "16 states"),
    ):
        ours, hand = (jax.jit(change(f) if change else f) for f in functions)
        np.testing.assert_allclose(ours(given), hand(given), rtol=1e-8, atol=1e-8)
        calls = {"opjax": ours, "hand": hand}
        yield (
            f"{name}, {points} x {points}, {title}",
            {which: lambda f=f, given=given: f(given).block_until_ready() for which, f in calls.items()},
        )


def _gradient(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return jax.grad(lambda y: jnp.sum(f(y) ** 2))


def stepped_pair(case: Case, points: int) -> dict[str, harness.Candidate]:
    """The two jitted loops."""
    return jax_pair(case, points, time_models.steps)


def row(name: str, pair: dict[str, harness.Candidate], turns: int) -> list[str]:
    """One line of a table of times."""
    timing = harness.in_turns(pair, turns)
    cells = [harness.microseconds(timing[which].median) for which in ("opjax", "hand")]
    return [name, *cells, harness.ratio(timing["opjax"].over(timing["hand"]))]


def written(x: Any, p: Parameters) -> Any:
    """Lorenz-96 on an array with its ends around it, which XLA does not join again for each neighbour."""
    return text_models.lorenz_inside(lax.optimization_barrier(jnp.concatenate([x[-2:], x, x[:1]])), p)


def joined(x: Any, p: Parameters) -> Any:
    """Lorenz-96 on an array with its ends around it, which XLA computes where it is read."""
    return text_models.lorenz_inside(jnp.concatenate([x[-2:], x, x[:1]]), p)


def rolled(x: Any, p: Parameters) -> Any:
    """Lorenz-96 as it is written most often."""
    return (jnp.roll(x, -1) - jnp.roll(x, 2)) * jnp.roll(x, 1) - x + p["F"]


STATES = 1000
RINGS: dict[str, time_models.Call] = {
    "written once": written,
    "joined": joined,
    "rolled": rolled,
    "ends apart": lambda x, p: text_models.lorenz_jax(0.0, x, p),
}
RING_COLUMNS: dict[str, Callable[[time_models.Call], time_models.Call]] = {
    **time_models.CHANGES,
    "many states": time_models.mapped,
}


def ring_figures(points: int, turns: int, hand_first: bool) -> dict[str, float]:
    """What Lorenz-96 takes in each way, in a process of its own: seconds of opjax, and ratios."""
    found: dict[str, float] = {}
    with jax.enable_x64(True):
        rhs = opjax.compile_rhs(opjax.loads(text_models.lorenz_text(points), "ojx"))
        y, p = jnp.asarray(8 + np.random.default_rng(20261123).normal(size=points)), {"F": jnp.asarray(8.0)}
        many = y * (1 + jnp.arange(STATES)[:, None] / STATES / 100)
        sides = harness.ordered({"opjax": lambda y, p: rhs(0.0, y, p), **RINGS}, hand_first)
        for title, change in RING_COLUMNS.items():
            given = many if title == "many states" else y
            calls = {name: jax.jit(change(f)) for name, f in sides.items()}
            for f in calls.values():
                np.testing.assert_allclose(f(given, p), calls["opjax"](given, p), rtol=1e-8, atol=1e-6)
            pair = {name: lambda f=f, given=given: f(given, p).block_until_ready() for name, f in calls.items()}
            timing = harness.in_turns(pair, turns)
            found |= {f"{title}, {name}": timing["opjax"].over(timing[name]) for name in RINGS}
            found[title] = timing["opjax"].median
    return found


def ring_table(page: harness.Page, points: int) -> None:
    """Add the table of the ways to write a ring."""
    turns = 2 if page.quick else harness.FEW_TURNS
    found = harness.in_processes(ring_figures, points, turns, processes=page.processes)
    rows = [["opjax, us", *(harness.microseconds(found[title]) for title in RING_COLUMNS)]]
    rows += [
        [f"opjax / hand, {name}", *(harness.ratio(found[f"{title}, {name}"]) for title in RING_COLUMNS)]
        for name in RINGS
    ]
    titles = ["one call", f"{time_models.STEPS} steps", "gradient", f"{STATES:,} states"]
    page.table(f"JAX, a ring of {points:,} points", ["", *titles], rows)


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    columns = ["model", "opjax, us", "by hand, us", "opjax / hand"]
    sizes = (100,) if page.quick else (24, 256, 1024, 4096)
    each = [(case, points) for case in CASES for points in sizes]
    with jax.enable_x64(True):
        steps = f"JAX, {time_models.STEPS} steps of Runge and Kutta in a loop"
        pairs_of = {"NumPy, one call": numpy_pair, "JAX, one jitted call": jax_pair, steps: stepped_pair}
        for heading, pair in pairs_of.items():
            rows = [row(f"{case.name}, {points:,}", pair(case, points), page.turns) for case, points in each]
            page.table(heading, columns, rows)
        sides = (16,) if page.quick else (64, 128)
        pairs = [pair for name in HEATS for points in sides for pair in plane_pairs(name, points)]
        page.table("JAX, on a plane", columns, [row(name, pair, page.turns) for name, pair in pairs])
    for points in (40,) if page.quick else (256, 1000, 2000):
        ring_table(page, points)
    page.finish()


if __name__ == "__main__":
    main()
