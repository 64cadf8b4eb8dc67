"""The right-hand sides that a skilled person would write for the models of `pass_models`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from by_hand import Parameters


def mc_kendrick_numpy(t: float, n: np.ndarray, p: Parameters) -> np.ndarray:
    older = n * (1 / p["da"])
    change = np.empty(n.size, n.dtype)
    change[0] = p["m"].dot(n) - older[0]
    np.subtract(older[:-1], older[1:], change[1:])
    change -= np.multiply(p["mu"], n, older)
    return change


def mc_kendrick_jax(t: Any, n: Any, p: Parameters) -> Any:
    older = n / p["da"]
    return jnp.concatenate([(p["m"] @ n)[None], older[:-1]]) - older - p["mu"] * n


def erlang_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    flows = np.empty(33, y.dtype)
    flows[0] = flows[32] = 0.0
    flows[1] = p["beta"] * y[0] * np.add.reduce(y[21:31])
    np.multiply(y[1:21], 20 * p["sigma"], flows[2:22])
    np.multiply(y[21:31], 10 * p["gamma"], flows[22:32])
    return flows[:-1] - flows[1:]


def erlang_jax(t: Any, y: Any, p: Parameters) -> Any:
    infection = p["beta"] * y[0] * jnp.sum(y[21:31])
    flows = jnp.concatenate([infection[None], 20 * p["sigma"] * y[1:21], 10 * p["gamma"] * y[21:31]])
    wide = jnp.pad(flows, 1)
    return wide[:-1] - wide[1:]


def sexes_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    s, i = y.reshape(2, 2, -1)
    change = np.empty((2, *s.shape), y.dtype)
    caught = (i / (s + i))[::-1].dot(p["M"].T)
    caught *= p["beta"]
    caught *= s
    np.subtract(p["gamma"] * i, caught, change[0])
    np.negative(change[0], change[1])
    return change.reshape(-1)


def sexes_jax(t: Any, y: Any, p: Parameters) -> Any:
    s, i = y.reshape(2, 2, -1)
    caught = p["beta"] * s * ((i / (s + i))[::-1] @ p["M"].T) - p["gamma"] * i
    return jnp.stack([-caught, caught]).reshape(-1)


def around(u: np.ndarray) -> np.ndarray:
    """A square that goes round with one more point on each side, row behind row."""
    wide = np.empty((66, 66), u.dtype)
    wide[1:-1, 1:-1] = u.reshape(64, 64)
    wide[0, 1:-1], wide[-1, 1:-1] = wide[-2, 1:-1], wide[1, 1:-1]
    wide[:, 0], wide[:, -1] = wide[:, -2], wide[:, 1]
    return wide.reshape(-1)


INSIDE = slice(67, 66 * 65 - 1)
"""From the first point of such a square to the last, with those beside them: computed along memory."""
ABOVE, BELOW, BEFORE, AFTER = (slice(67 + step, 66 * 65 - 1 + step) for step in (-66, 66, -1, 1))


def rows_of(values: np.ndarray) -> np.ndarray:
    """What was computed at these points, without those beside them."""
    rows = np.lib.stride_tricks.as_strided(values, (64, 64), (66 * values.itemsize, values.itemsize))
    return rows.reshape(-1)


def plane_numpy(t: float, u: np.ndarray, p: Parameters) -> np.ndarray:
    spread, drift, across = p["D"] / p["h"] ** 2, p["a"] / (2 * p["h"]), p["b"] / (2 * p["h"])
    wide = around(u)
    change = wide[INSIDE] * (-4 * spread)
    other = np.empty_like(change)
    for points, number in (
        (ABOVE, spread + drift),
        (BELOW, spread - drift),
        (BEFORE, spread + across),
        (AFTER, spread - across),
    ):
        change += np.multiply(wide[points], number, other)
    return rows_of(change)


def plane_jax(t: Any, y: Any, p: Parameters) -> Any:
    spread, drift, across = p["D"] / p["h"] ** 2, p["a"] / (2 * p["h"]), p["b"] / (2 * p["h"])
    u = y.reshape(64, 64)
    change = (spread - drift) * jnp.roll(u, -1, 0) + (spread + drift) * jnp.roll(u, 1, 0) - 4 * spread * u
    change += (spread - across) * jnp.roll(u, -1, 1) + (spread + across) * jnp.roll(u, 1, 1)
    return change.reshape(-1)


def cable_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    v, w = y.reshape(2, -1)
    change = np.empty((2, v.size), y.dtype)
    rate, recovery = change
    step = np.empty(v.size + 1, y.dtype)
    step[0] = step[-1] = 0.0
    np.subtract(v[1:], v[:-1], step[1:-1])
    np.subtract(step[1:], step[:-1], rate)
    rate *= p["D"]
    cubic = v * v
    cubic *= -1 / 3
    cubic += 1.0
    cubic *= v
    rate += cubic
    rate -= w
    np.multiply(w, -p["c"], recovery)
    recovery += v
    recovery += p["b"]
    recovery *= 1 / p["tau"]
    return change.reshape(-1)


def cable_jax(t: Any, y: Any, p: Parameters) -> Any:
    v, w = y.reshape(2, -1)
    wide = jnp.pad(v, 1, mode="edge")
    rate = p["D"] * (wide[2:] - 2 * v + wide[:-2]) + v - v**3 / 3 - w
    return jnp.concatenate([rate, (v + p["b"] - p["c"] * w) / p["tau"]])


def species_numpy(t: float, x: np.ndarray, p: Parameters) -> np.ndarray:
    change = p["A"].dot(x)
    np.subtract(p["r"], change, change)
    change *= x
    return change


def species_jax(t: Any, x: Any, p: Parameters) -> Any:
    return x * (p["r"] - p["A"] @ x)


def organs_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    people = y.size // (len(p["Q"]) + 1)
    x = y[people:].reshape(people, -1)
    change = np.empty(y.size, y.dtype)
    arterial = y[:people] / p["V"]
    venous = x / p["K"]
    change[:people] = venous.dot(p["Q"]) - arterial * np.add.reduce(p["Q"])
    rate = np.subtract(arterial[:, None], venous, change[people:].reshape(people, -1))
    rate *= p["Q"]
    cleared = p["most"] * venous
    venous += p["half"]
    cleared /= venous
    rate -= cleared
    return change


def organs_jax(t: Any, y: Any, p: Parameters) -> Any:
    people = y.size // (len(p["Q"]) + 1)
    venous, arterial = y[people:].reshape(people, -1) / p["K"], y[:people] / p["V"]
    mixed = venous @ p["Q"] - arterial * jnp.sum(p["Q"])
    rate = p["Q"] * (arterial[:, None] - venous) - p["most"] * venous / (p["half"] + venous)
    return jnp.concatenate([mixed, rate.reshape(-1)])


def bodies_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    places, speeds = y.reshape(2, 2, -1)
    apart = places[:, None, :] - places[:, :, None]
    near = apart[0] * apart[0]
    near += apart[1] * apart[1]
    near += p["eps"] ** 2
    near *= np.sqrt(near)
    apart /= near
    return np.concatenate((speeds.reshape(-1), (apart.dot(p["G"] * p["m"])).reshape(-1)))


def bodies_jax(t: Any, y: Any, p: Parameters) -> Any:
    a, b = y.reshape(4, -1)[:2]
    across, along = a - a[:, None], b - b[:, None]
    near = across * across + along * along + p["eps"] ** 2
    pull = 1 / (near * jnp.sqrt(near))
    mass = p["G"] * p["m"]
    return jnp.concatenate([y[y.size // 2 :], (across * pull) @ mass, (along * pull) @ mass])


def flock_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    x, v = y.reshape(2, -1)
    change = np.empty((2, x.size), y.dtype)
    change[0] = v
    near = x[:, None] - x
    near *= near
    near += 1.0
    near **= -p["beta"]
    pulled = near.dot(v)
    pulled -= np.add.reduce(near, 1) * v
    pulled *= p["K"] / x.size
    change[1] = pulled
    return change.reshape(-1)


def flock_jax(t: Any, y: Any, p: Parameters) -> Any:
    x, v = y.reshape(2, -1)
    near = (1 + (x[:, None] - x) ** 2) ** -p["beta"]
    return jnp.concatenate([v, p["K"] / x.size * (near @ v - near.sum(1) * v)])


def springs_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    q, w = y.reshape(2, -1)
    change = np.empty((2, q.size), y.dtype)
    change[0] = w
    d = np.empty(q.size + 1, y.dtype)
    np.subtract(q[1:], q[:-1], d[1:-1])
    d[0], d[-1] = q[0], -q[-1]
    force = d * d
    force *= p["b"]
    force += p["k"]
    force *= d
    np.subtract(force[1:], force[:-1], change[1])
    return change.reshape(-1)


def springs_jax(t: Any, y: Any, p: Parameters) -> Any:
    q, w = y.reshape(2, -1)
    d = jnp.diff(jnp.pad(q, 1))
    return jnp.concatenate([w, jnp.diff(d * (p["k"] + p["b"] * (d * d)))])


def polymer_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    beads = y.reshape(2, -1)
    bonds = np.empty((2, beads.shape[1] + 1), y.dtype)
    bonds[:, 0] = bonds[:, -1] = 0.0
    np.subtract(beads[:, 1:], beads[:, :-1], bonds[:, 1:-1])
    square = bonds * bonds
    spring = np.add(square[0], square[1], square[0])
    spring *= -1 / p["L"] ** 2
    spring += 1.0
    np.divide(p["k"], spring, spring)
    bonds *= spring
    return (bonds[:, 1:] - bonds[:, :-1]).reshape(-1)


def polymer_jax(t: Any, y: Any, p: Parameters) -> Any:
    bonds = jnp.pad(jnp.diff(y.reshape(2, -1)), ((0, 0), (1, 1)))
    return jnp.diff(bonds * (p["k"] / (1 - jnp.sum(bonds * bonds, 0) / p["L"] ** 2))).reshape(-1)


def sirs_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    s, i, r = y.reshape(3, -1)
    change = np.empty((3, s.size), y.dtype)
    caught = p["C"].dot(i)
    caught *= p["beta"]
    caught *= s
    kept = p["nu"] * s
    kept -= p["omega"] * r
    cured = p["gamma"] * i
    np.subtract(caught, cured, change[1])
    np.add(kept, cured, change[2])
    caught += kept
    np.negative(caught, change[0])
    return change.reshape(-1)


def sirs_jax(t: Any, y: Any, p: Parameters) -> Any:
    s, i, r = y.reshape(3, -1)
    caught, kept, cured = p["beta"] * (p["C"] @ i) * s, p["nu"] * s - p["omega"] * r, p["gamma"] * i
    return jnp.concatenate([-caught - kept, caught - cured, kept + cured])


def ring_numpy(t: float, x: np.ndarray, p: Parameters) -> np.ndarray:
    made = np.empty(x.size, x.dtype)
    np.multiply(x[:-1], x[:-1], made[1:])
    made[0] = x[-1] * x[-1]
    made += 1.0
    np.divide(p["k"], made, made)
    made -= p["d"] * x
    return made


def ring_jax(t: Any, x: Any, p: Parameters) -> Any:
    before = jnp.roll(x, 1)
    return p["k"] / (1 + before * before) - p["d"] * x


def water_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    cells, change = y.reshape(3, 64, 64), np.empty((3, 64, 64), y.dtype)
    (e, u, v), (surface, along, across), half = cells, change, 0.5 / p["d"]
    depth = e + p["H"]
    other = depth * u
    depth *= v
    _central(other, surface)
    _central_along_memory(depth, other)
    surface += other
    surface *= -half
    _central(e, along)
    _central_along_memory(e, across)
    change[1:] *= -p["g"] * half
    along += np.multiply(v, p["f"], other)
    across -= np.multiply(u, p["f"], other)
    change[1:] -= p["b"] * cells[1:]
    return change.reshape(-1)


def _central(x: np.ndarray, out: np.ndarray) -> None:
    np.subtract(x[2:], x[:-2], out[1:-1])
    np.subtract(x[1], x[-1], out[0])
    np.subtract(x[0], x[-2], out[-1])


def _central_along_memory(x: np.ndarray, out: np.ndarray) -> None:
    flat = x.reshape(-1)
    np.subtract(flat[2:], flat[:-2], out.reshape(-1)[1:-1])  # the ends of rows are put right afterwards
    np.subtract(x[:, 1], x[:, -1], out[:, 0])
    np.subtract(x[:, 0], x[:, -2], out[:, -1])


def water_jax(t: Any, y: Any, p: Parameters) -> Any:
    e, u, v = (part.reshape(64, 64) for part in jnp.split(y, 3))
    depth, half = p["H"] + e, 0.5 / p["d"]

    def central(x: Any, dim: int) -> Any:
        return jnp.roll(x, -1, dim) - jnp.roll(x, 1, dim)

    surface = -half * (central(depth * u, 0) + central(depth * v, 1))
    along = -p["g"] * half * central(e, 0) + p["f"] * v - p["b"] * u
    across = -p["g"] * half * central(e, 1) - p["f"] * u - p["b"] * v
    return jnp.concatenate([surface, along, across]).reshape(-1)


def bursting_numpy(t: float, s: np.ndarray, p: Parameters) -> np.ndarray:
    change = np.empty((3, s.size // 3), s.dtype)
    (x, y, z), (fast, slow, current) = s.reshape(change.shape), change
    open_gates = x + 0.25
    open_gates *= -p["k"]
    np.exp(open_gates, open_gates)
    open_gates += 1.0
    np.divide(1.0, open_gates, open_gates)
    inflow = p["W"].dot(open_gates)
    np.subtract(2.0, x, open_gates)
    open_gates *= p["g"]
    inflow *= open_gates
    square = x * x
    np.subtract(3.0, x, fast)
    fast *= square
    fast += inflow
    fast += y
    fast -= z
    fast += p["I"]
    square *= -5.0
    square += 1.0
    np.subtract(square, y, slow)
    np.multiply(x, 4.0, current)
    current += 6.4
    current -= z
    current *= p["r"]
    return change.reshape(-1)


def bursting_jax(t: Any, s: Any, p: Parameters) -> Any:
    x, y, z = jnp.split(s, 3)
    inflow = p["W"] @ (1.0 / (1.0 + jnp.exp(-p["k"] * (x + 0.25))))
    fast = y - x * x * x + 3.0 * x * x - z + p["I"] - p["g"] * (x - 2.0) * inflow
    return jnp.concatenate([fast, 1.0 - 5.0 * x * x - y, p["r"] * (4.0 * (x + 1.6) - z)])


def doses_numpy(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    cells, change = y.reshape(4, 16, 4), np.empty((4, 16, 4), y.dtype)
    np.multiply(cells, -p["mu"][:, None], change)
    older = p["ageing"] * cells[:, :-1]
    change[:, :-1] -= older
    change[:, 1:] += older
    infected = p["C"].dot(cells[2])
    infected *= p["beta"] * p["nu"]
    infected *= cells[0]
    sick, well = p["sigma"] * cells[1], p["gamma"] * cells[2]
    change[0] -= infected
    infected -= sick
    change[1] += infected
    sick -= well
    change[2] += sick
    change[3] += well
    return change.reshape(-1)


def doses_jax(t: Any, y: Any, p: Parameters) -> Any:
    s, e, i, r = (part.reshape(16, 4) for part in jnp.split(y, 4))
    infected = p["nu"] * p["beta"] * (p["C"] @ i) * s
    sick, well = p["sigma"] * e, p["gamma"] * i

    def along(x: Any) -> Any:
        older = p["ageing"] * x[:-1]
        gained = jnp.pad(older, ((1, 0), (0, 0))) - jnp.pad(older, ((0, 1), (0, 0)))
        return gained - p["mu"][:, None] * x

    flows = [along(s) - infected, along(e) + infected - sick, along(i) + sick - well, along(r) + well]
    return jnp.concatenate(flows).reshape(-1)
