"""The models of the law tests: text, a state, parameters. Together they use every kind of node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Case:
    """A model with a point at which it is tested."""

    name: str
    text: str
    state: np.ndarray
    parameters: dict[str, object]


SIR = """
model SIR:
  params:
    beta
    gamma
  states:
    S
    I
    R
  let:
    N = S + I + R
  dynamics:
    infection: S -> I @ beta*I/N
    recovery: I -> R @ gamma
"""

SEIR = """
model SEIR:
  axes:
    age = ordered ["0-4", "5-17", "18+"]
    place = [town, country]
  params:
    C[age, age]
    beta
    sigma = 0.25
    gamma[place]
    ageing[age]
  states:
    S[age, place]
    E[age, place]
    I[age, place]
    R[place]
  let:
    N[place] = sum(S[a, place] + E[a, place] + I[a, place] for a in age) + R[place]
    season = 1 + 0.3*cos(2*pi*t/365)
    foi[age, place] = season*beta*sum(C[age, b]*I[b, place]/N[place] for b in age)
  dynamics:
    infection: S[age, place] -> E[age, place] @ foi[age, place]
    onset: E[age, place] -> I[age, place] @ sigma
    recovery: I[age, place] -> R[place] @ gamma[place]
    older: S[age, place] -> S[age+1, place] @ ageing[age] edge stay
    imports: 0 -> I[age="18+", place=town] @ 0.5
    deaths: R[place] -> 0 @ 0.01
"""

GRID = """
model Grid:
  axes:
    x = grid(0, 2, 9)
  params:
    D
    K
  states:
    u[x]
    total
  let:
    h = 0.25
    warm[x] = max(x, 0.5)
    flux[x] = D*(u[x+1] - 2*u[x] + u[x-1])/h^2  edge stay
  dynamics:
    d(u[x])/dt = flux[x] + u[x]*(1 - u[x]/K)*warm[x] - mean(u[y] for y in x if y > 1)
    total' = integral(u[y]^2 for y in x) - min(u[y] for y in x) + prod(1 + u[y]/K for y in x)
"""

BRANCHES = """
model Branches:
  params:
    k
    n
  states:
    h
    v
  let:
    hill(x, k, n) = x^n/(k^n + x^n)
    open = h > 0 and not v > 5
  dynamics:
    h' = -k*sqrt(h) if open else 0.1 if h < -1 or v > 7 else step(t - 3)
    v' = where(h > 0, log(h), erf(v)) + hill(abs(v) + 0.1, k, n) + (h % 2) + sigmoid(v)*softplus(-v) - lgamma(n + 1)
"""

CASES = [
    Case("SIR", SIR, np.array([90.0, 9.0, 1.0]), {"beta": 0.4, "gamma": 0.2}),
    Case(
        "SEIR",
        SEIR,
        np.linspace(5.0, 40.0, 20),
        {
            "C": np.array([[2.0, 1.0, 0.5], [1.0, 4.0, 1.0], [0.25, 1.0, 3.0]]),
            "beta": 0.05,
            "gamma": np.array([0.2, 0.3]),
            "ageing": np.array([0.1, 0.05, 0.02]),
        },
    ),
    Case("Grid", GRID, np.linspace(0.25, 1.5, 10), {"D": 0.125, "K": 2.0}),
    Case("Branches", BRANCHES, np.array([0.75, 1.5]), {"k": 1.25, "n": 2.5}),
]
