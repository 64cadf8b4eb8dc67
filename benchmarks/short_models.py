"""Models with short axes, and the best code by hand: with Python's numbers, or with arrays where these are quicker."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A model: its name, its text, its code by hand, how many states it has, and its parameters."""

    name: str
    text: str
    hand: Callable[[float, np.ndarray, Parameters], np.ndarray]
    states: int
    parameters: Parameters = field(default_factory=dict[str, Any])


JAK_STAT = """
model Chain:
  axes:
    stage = grid(1, {stages}, {stages})
  params:
    k1
    k2
    k3
    k4
  states: s1, s2, s3, x[stage]
  let:
    epo = exp(-0.05*t)
  dynamics:
    s1' = -k1*s1*epo + 2*k4*x[stage={stages}]
    s2' = k1*s1*epo - k2*s2^2
    s3' = -k3*s3 + 0.5*k2*s2^2
    d(x[stage])/dt = (k3*s3 if stage == 1 else k4*x[stage-1]) - k4*x[stage] edge absorb
"""


def jak_stat(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    """Python's numbers, each with its name."""
    s1, s2, s3, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10 = y.tolist()
    k2, k4 = p["k2"], p["k4"]
    on, pair, into = p["k1"] * s1 * math.exp(-0.05 * t), k2 * s2 * s2, p["k3"] * s3
    v1, v2, v3, v4, v5 = k4 * x1, k4 * x2, k4 * x3, k4 * x4, k4 * x5
    v6, v7, v8, v9, v10 = k4 * x6, k4 * x7, k4 * x8, k4 * x9, k4 * x10
    chain = (into - v1, v1 - v2, v2 - v3, v3 - v4, v4 - v5, v5 - v6, v6 - v7, v7 - v8, v8 - v9, v9 - v10)
    return np.array((2 * v10 - on, on - pair, 0.5 * pair - into, *chain))


ERLANG = """
model Erlang:
  axes:
    m = grid(1, 4, 4)
    n = grid(1, 4, 4)
  params:
    beta
    sigma
    gamma
  states: S, E[m], I[n], R
  let:
    infection = beta*S*sum(I[j] for j in n)/(S + sum(E[i] for i in m) + sum(I[j] for j in n) + R)
  dynamics:
    S' = -infection
    d(E[m])/dt = (infection if m == 1 else 4*sigma*E[m-1]) - 4*sigma*E[m] edge absorb
    d(I[n])/dt = (4*sigma*E[m=4] if n == 1 else 4*gamma*I[n-1]) - 4*gamma*I[n] edge absorb
    R' = 4*gamma*I[n=4]
"""


def erlang(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    """Python's numbers, each with its name."""
    s, e1, e2, e3, e4, i1, i2, i3, i4, r = y.tolist()
    sigma, gamma = 4 * p["sigma"], 4 * p["gamma"]
    infected = i1 + i2 + i3 + i4
    flow = p["beta"] * s * infected / (s + e1 + e2 + e3 + e4 + infected + r)
    a1, a2, a3, a4 = sigma * e1, sigma * e2, sigma * e3, sigma * e4
    b1, b2, b3, b4 = gamma * i1, gamma * i2, gamma * i3, gamma * i4
    return np.array((-flow, flow - a1, a1 - a2, a2 - a3, a3 - a4, a4 - b1, b1 - b2, b2 - b3, b3 - b4, b4))


COUPLED = """
model Coupled:
  axes:
    g = [{groups}]
  params:
    beta
    gamma
    C[g, g]
  states: S[g], I[g], R[g]
  dynamics:
    S[g] -> I[g] @ beta*sum(C[g, h]*I[h]/(S[h] + I[h] + R[h]) for h in g)
    I[g] -> R[g] @ gamma
"""


def three(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    """Python's numbers, each with its name."""
    s1, s2, s3, i1, i2, i3, r1, r2, r3 = y.tolist()
    (c11, c12, c13), (c21, c22, c23), (c31, c32, c33) = p["C"].tolist()
    beta, gamma = p["beta"], p["gamma"]
    p1, p2, p3 = i1 / (s1 + i1 + r1), i2 / (s2 + i2 + r2), i3 / (s3 + i3 + r3)
    f1 = beta * s1 * (c11 * p1 + c12 * p2 + c13 * p3)
    f2 = beta * s2 * (c21 * p1 + c22 * p2 + c23 * p3)
    f3 = beta * s3 * (c31 * p1 + c32 * p2 + c33 * p3)
    g1, g2, g3 = gamma * i1, gamma * i2, gamma * i3
    return np.array((-f1, -f2, -f3, f1 - g1, f2 - g2, f3 - g3, g1, g2, g3))


def four(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    """Python's numbers, each with its name."""
    s1, s2, s3, s4, i1, i2, i3, i4, r1, r2, r3, r4 = y.tolist()
    (c11, c12, c13, c14), (c21, c22, c23, c24), (c31, c32, c33, c34), (c41, c42, c43, c44) = p["C"].tolist()
    beta, gamma = p["beta"], p["gamma"]
    p1, p2, p3, p4 = i1 / (s1 + i1 + r1), i2 / (s2 + i2 + r2), i3 / (s3 + i3 + r3), i4 / (s4 + i4 + r4)
    f1 = beta * s1 * (c11 * p1 + c12 * p2 + c13 * p3 + c14 * p4)
    f2 = beta * s2 * (c21 * p1 + c22 * p2 + c23 * p3 + c24 * p4)
    f3 = beta * s3 * (c31 * p1 + c32 * p2 + c33 * p3 + c34 * p4)
    f4 = beta * s4 * (c41 * p1 + c42 * p2 + c43 * p3 + c44 * p4)
    g1, g2, g3, g4 = gamma * i1, gamma * i2, gamma * i3, gamma * i4
    return np.array((-f1, -f2, -f3, -f4, f1 - g1, f2 - g2, f3 - g3, f4 - g4, g1, g2, g3, g4))


def groups(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    """Arrays, as few as possible."""
    s, i, r = y.reshape(3, -1)
    out = np.empty(y.size)
    flow = p["C"].dot(i / (s + i + r))
    flow *= s
    flow *= p["beta"]
    n = i.size
    back = np.multiply(p["gamma"], i, out[2 * n :])
    np.negative(flow, out[:n])
    np.subtract(flow, back, out[n : 2 * n])
    return out


RING = """
model Ring:
  axes:
    i = grid(1, {genes}, {genes})
  params:
    alpha
    n
    beta
  states: m[i], x[i]
  dynamics:
    d(m[i])/dt = alpha/(1 + x[i-1]^n) - m[i] edge periodic
    d(x[i])/dt = beta*(m[i] - x[i])
"""


def ring(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    """Python's numbers, each with its name."""
    m1, m2, m3, m4, m5, x1, x2, x3, x4, x5 = y.tolist()
    alpha, n, beta = p["alpha"], p["n"], p["beta"]
    first = (alpha / (1 + x5**n) - m1, alpha / (1 + x1**n) - m2, alpha / (1 + x2**n) - m3, alpha / (1 + x3**n) - m4)
    last = (beta * (m1 - x1), beta * (m2 - x2), beta * (m3 - x3), beta * (m4 - x4), beta * (m5 - x5))
    return np.array((*first, alpha / (1 + x4**n) - m5, *last))


def long_ring(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    """Arrays, as few as possible."""
    half = y.size // 2
    m, x, out = y[:half], y[half:], np.empty(y.size)
    first, last = out[:half], out[half:]
    first[1:] = x[:-1]
    first[0] = x[-1]
    np.power(first, p["n"], first)
    np.add(first, 1.0, first)
    np.divide(p["alpha"], first, first)
    np.subtract(first, m, first)
    np.subtract(m, x, last)
    np.multiply(p["beta"], last, last)
    return out


LOTKA_VOLTERRA = """
model LotkaVolterra:
  axes:
    i = [a, b, c, d, e]
  params:
    r[i]
    A[i, i]
  states: x[i]
  dynamics:
    d(x[i])/dt = x[i]*(r[i] - sum(A[i, j]*x[j] for j in i))
"""


def lotka_volterra(t: float, y: np.ndarray, p: Parameters) -> np.ndarray:
    """Arrays, as few as possible."""
    change = p["A"].dot(y)
    np.subtract(p["r"], change, change)
    change *= y
    return change


def cases() -> Iterator[Case]:
    """The models."""
    random = np.random.default_rng(20261123)
    rates = {"k1": 0.02, "k2": 2.5, "k3": 0.5, "k4": 0.4}
    yield Case("JAK-STAT, 10 stages", JAK_STAT.format(stages=10), jak_stat, 13, rates)
    yield Case("SEIR, 4 + 4 stages", ERLANG, erlang, 10, {"beta": 0.4, "sigma": 0.2, "gamma": 0.1})
    for count, hand in ((3, three), (4, four), (8, groups)):
        text = COUPLED.format(groups=", ".join("abcdefgh"[:count]))
        given = {"beta": 0.4, "gamma": 0.1, "C": random.uniform(size=(count, count))}
        yield Case(f"SIR, {count} groups", text, hand, 3 * count, given)
    for count, hand in ((5, ring), (20, long_ring)):
        text = RING.format(genes=count)
        yield Case(f"ring of {count} genes", text, hand, 2 * count, {"alpha": 10.0, "n": 2.5, "beta": 0.7})
    given = {"r": random.uniform(size=5), "A": random.uniform(size=(5, 5))}
    yield Case("Lotka-Volterra, 5 species", LOTKA_VOLTERRA, lotka_volterra, 5, given)
