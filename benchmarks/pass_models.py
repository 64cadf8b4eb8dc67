"""Models as text that need one pass or another: what `time_passes` measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import by_hand
import pass_by_hand as hand
import text_models
from by_hand import Parameters

MC_KENDRICK = """
model McKendrick:
  axes:
    a = ordered [{axis}]
  params:
    m[a]
    mu[a]
    da
  states: n[a]
  dynamics:
    n[a] -> n[a+1] @ 1/da edge absorb
    n[a] -> 0 @ mu[a]
    0 -> n[a="c0"] @ sum(m[b]*n[b] for b in a)
"""

ERLANG = """
model Erlang:
  axes:
    k = ordered [{latent}]
    j = ordered [{infectious}]
  params:
    beta
    sigma
    gamma
  states: S, E[k], I[j], R
  dynamics:
    S -> E[k="c0"] @ beta*sum(I[i] for i in j)
    E[k] -> E[k+1] @ 20*sigma edge stay
    E[k="c19"] -> I[j="c0"] @ 20*sigma
    I[j] -> I[j+1] @ 10*gamma edge stay
    I[j="c9"] -> R @ 10*gamma
"""

SEXES = """
model Sexes:
  axes:
    sex = [f, m]
    group = [{axis}]
  params:
    beta
    gamma
    M[group, group]
  states: S[sex, group], I[sex, group]
  let:
    ill[sex, group] = I[sex, group]/(S[sex, group] + I[sex, group])
  dynamics:
    S[sex, group] -> I[sex, group] @ beta*sum(M[group, j]*ill[o, j] for o in sex, j in group if o != sex)
    I[sex, group] -> S[sex, group] @ gamma
"""

PLANE = """
model Plane:
  axes:
    x = grid(0, 63, 64)
    z = grid(0, 63, 64)
  params:
    D
    a
    b
    h
  states: u[x, z]
  let:
    around[x, z] = u[x+1, z] + u[x-1, z] + u[x, z+1] + u[x, z-1] - 4*u[x, z] edge periodic
    along[x, z] = u[x+1, z] - u[x-1, z] edge periodic
    across[x, z] = u[x, z+1] - u[x, z-1] edge periodic
  dynamics:
    d(u[x, z])/dt = D*around[x, z]/h^2 - a*along[x, z]/(2*h) - b*across[x, z]/(2*h)
"""

CABLE = """
model Cable:
  axes:
    x = grid(0, 1, 512)
  params:
    D
    b
    c
    tau
  states:
    v[x]
    w[x]
  dynamics:
    d(v[x])/dt = D*v[x+1] - 2*D*v[x] + D*v[x-1] + v[x] - v[x]^3/3 - w[x] edge stay
    d(w[x])/dt = (v[x] + b - c*w[x])/tau
"""

SPECIES = """
model Species:
  axes:
    i = [{axis}]
  params:
    r[i]
    A[i, i]
  states: x[i]
  dynamics:
    x[i]' = r[i]*x[i] - x[i]*sum(A[i, j]*x[j] for j in i)
"""

ORGANS = """
model Organs:
  axes:
    person = [{people}]
    i = [{axis}]
  params:
    Q[i]
    K[i]
    V
    most[i]
    half
  states: blood[person], x[person, i]
  dynamics:
    blood[person]' = sum(Q[i]*x[person, i]/K[i] for i in i) - blood[person]/V*sum(Q[j] for j in i)
    x[person, i]' = Q[i]*(blood[person]/V - x[person, i]/K[i]) - most[i]*x[person, i]/K[i]/(half + x[person, i]/K[i])
"""

NEAR = "((x[j] - x[i])^2 + (y[j] - y[i])^2 + eps^2)^(3/2)"

BODIES = f"""
model Bodies:
  axes:
    i = [{{axis}}]
  params:
    G
    eps
    m[i]
  states: x[i], y[i], vx[i], vy[i]
  dynamics:
    x[i]' = vx[i]
    y[i]' = vy[i]
    vx[i]' = -G*sum(m[j]*(x[i] - x[j])/{NEAR} for j in i)
    vy[i]' = -G*sum(m[j]*(y[i] - y[j])/{NEAR} for j in i)
"""

FLOCK = """
model Flock:
  axes:
    i = [{axis}]
  params:
    K
    beta
  states: x[i], v[i]
  dynamics:
    x[i]' = v[i]
    v[i]' = K*mean((v[j] - v[i])/(1 + (x[i] - x[j])^2)^beta for j in i)
"""

SPRINGS = """
model Springs:
  axes:
    x = grid(0, 1, 512)
  params:
    k
    b
  states:
    q[x]
    w[x]
  dynamics:
    d(q[x])/dt = w[x]
    d(w[x])/dt = k*(q[x+1] - q[x]) + b*(q[x+1] - q[x])^3 - k*(q[x] - q[x-1]) - b*(q[x] - q[x-1])^3 edge absorb
"""

POLYMER = """
model Polymer:
  axes:
    i = grid(0, 1, 256)
  params:
    k
    L
  states:
    x[i]
    y[i]
  let:
    after[i] = 1 - ((x[i+1] - x[i])^2 + (y[i+1] - y[i])^2)/L^2 edge stay
    before[i] = 1 - ((x[i] - x[i-1])^2 + (y[i] - y[i-1])^2)/L^2 edge stay
  dynamics:
    d(x[i])/dt = k*(x[i+1] - x[i])/after[i] - k*(x[i] - x[i-1])/before[i] edge stay
    d(y[i])/dt = k*(y[i+1] - y[i])/after[i] - k*(y[i] - y[i-1])/before[i] edge stay
"""

SIRS = """
model SIRS:
  axes:
    age = [{axis}]
  params:
    beta
    gamma
    omega
    nu[age]
    C[age, age]
  states: S[age], I[age], R[age]
  dynamics:
    S[age] -> I[age] @ beta*sum(C[age, j]*I[j] for j in age)
    S[age] -> R[age] @ nu[age]
    I[age] -> R[age] @ gamma
    R[age] -> S[age] @ omega
"""


WATER = """
model Water:
  axes:
    x = grid(0, 63, 64)
    z = grid(0, 63, 64)
  params:
    g
    H
    f
    b
    d
  states: e[x, z], u[x, z], v[x, z]
  let:
    along[x, z] = (H + e[x+1, z])*u[x+1, z] - (H + e[x-1, z])*u[x-1, z] edge periodic
    across[x, z] = (H + e[x, z+1])*v[x, z+1] - (H + e[x, z-1])*v[x, z-1] edge periodic
  dynamics:
    d(e[x, z])/dt = -(along[x, z] + across[x, z])/(2*d)
    d(u[x, z])/dt = -g*(e[x+1, z] - e[x-1, z])/(2*d) + f*v[x, z] - b*u[x, z] edge periodic
    d(v[x, z])/dt = -g*(e[x, z+1] - e[x, z-1])/(2*d) - f*u[x, z] - b*v[x, z] edge periodic
"""

BURSTING = """
model Bursting:
  axes:
    i = [{axis}]
  params:
    I
    r
    g
    k
    W[i, i]
  states: x[i], y[i], z[i]
  dynamics:
    x[i]' = y[i] - x[i]^3 + 3*x[i]^2 - z[i] + I - g*(x[i] - 2)*sum(W[i, j]/(1 + exp(-k*(x[j] + 0.25))) for j in i)
    y[i]' = 1 - 5*x[i]^2 - y[i]
    z[i]' = r*(4*(x[i] + 1.6) - z[i])
"""


DOSES = """
model Doses:
  axes:
    age = ordered [{axis}]
    dose = ordered [d0, d1, d2, d3]
  params:
    beta
    sigma
    gamma
    ageing
    mu[age]
    nu[dose]
    C[age, age]
  states: S[age, dose], E[age, dose], I[age, dose], R[age, dose]
  dynamics:
    S[age, dose] -> E[age, dose] @ nu[dose]*beta*sum(C[age, j]*I[j, dose] for j in age)
    E[age, dose] -> I[age, dose] @ sigma
    I[age, dose] -> R[age, dose] @ gamma
    S[age, dose] -> S[age+1, dose] @ ageing edge stay
    E[age, dose] -> E[age+1, dose] @ ageing edge stay
    I[age, dose] -> I[age+1, dose] @ ageing edge stay
    R[age, dose] -> R[age+1, dose] @ ageing edge stay
    S[age, dose] -> 0 @ mu[age]
    E[age, dose] -> 0 @ mu[age]
    I[age, dose] -> 0 @ mu[age]
    R[age, dose] -> 0 @ mu[age]
"""


def ring_text(cells: int) -> str:
    """A ring of genes each of which represses the next one, written gene by gene."""
    axis = ", ".join(f"c{i}" for i in range(cells))
    rates = "\n".join(f'    x[i="c{i}"]\' = k/(1 + x[i="c{(i - 1) % cells}"]^2) - d*x[i="c{i}"]' for i in range(cells))
    return f"\nmodel Ring:\n  axes:\n    i = [{axis}]\n  params:\n    k\n    d\n  states: x[i]\n  dynamics:\n{rates}\n"


@dataclass(frozen=True)
class Case:
    """A model: its name, the passes that it needs, its text, the code by hand, and of what size all is.

    Arguments:
        name: for tables.
        passes: the passes that are switched off, one at a time; none for pairs of which all digits are kept.
        text: the model.
        numpy: the right-hand side on NumPy arrays.
        jax: the right-hand side on JAX arrays.
        states: how many there are.
        given: numbers, and shapes of arrays, by the names of the parameters.
    """

    name: str
    passes: tuple[str, ...]
    text: str
    numpy: by_hand.RightHandSide
    jax: by_hand.RightHandSide
    states: int
    given: dict[str, Any]

    def drawn(self) -> tuple[np.ndarray, Parameters]:
        """A state and parameters."""
        random = np.random.default_rng(20261122)
        y = random.uniform(0.5, 1.5, self.states)
        return y, {k: random.uniform(0.5, 1.5, v) if isinstance(v, tuple) else v for k, v in self.given.items()}


def labels(size: int) -> str:
    """The labels of an axis."""
    return ", ".join(f"c{i}" for i in range(size))


CASES = (
    Case(
        "McKendrick's ages, 100 classes",
        ("ends", "dots"),
        MC_KENDRICK.format(axis=labels(100)),
        hand.mc_kendrick_numpy,
        hand.mc_kendrick_jax,
        100,
        {"m": (100,), "mu": (100,), "da": 0.5},
    ),
    Case(
        "Erlang's stages, 20 and 10",
        ("ends",),
        ERLANG.format(latent=labels(20), infectious=labels(10)),
        hand.erlang_numpy,
        hand.erlang_jax,
        32,
        {"beta": 0.3, "sigma": 0.2, "gamma": 0.1},
    ),
    Case(
        "two sexes, 20 groups",
        ("swaps",),
        SEXES.format(axis=labels(20)),
        hand.sexes_numpy,
        hand.sexes_jax,
        80,
        {"beta": 0.3, "gamma": 0.1, "M": (20, 20)},
    ),
    Case(
        "diffusion and drift, 64 x 64",
        ("collect",),
        PLANE,
        hand.plane_numpy,
        hand.plane_jax,
        64 * 64,
        {"D": 0.7, "a": 0.3, "b": 0.4, "h": 0.5},
    ),
    Case(
        "FitzHugh and Nagumo's cable, 512",
        ("common", "differences", "interior"),
        CABLE,
        hand.cable_numpy,
        hand.cable_jax,
        1024,
        {"D": 2.0, "b": 0.7, "c": 0.8, "tau": 12.5},
    ),
    *(
        Case(
            f"ring of {points:,} points",
            ("interior",),
            text_models.lorenz_text(points),
            text_models.lorenz_numpy,
            text_models.lorenz_jax,
            points,
            {"F": 8.0},
        )
        for points in (24, 1_000)
    ),
    Case(
        "Lotka and Volterra's species, 60",
        ("together",),
        SPECIES.format(axis=labels(60)),
        hand.species_numpy,
        hand.species_jax,
        60,
        {"r": (60,), "A": (60, 60)},
    ),
    Case(
        "organs, 12 in 50 people",
        ("quotients",),
        ORGANS.format(axis=labels(12), people=labels(50)),
        hand.organs_numpy,
        hand.organs_jax,
        650,
        {"Q": (12,), "K": (12,), "V": 5.0, "most": (12,), "half": 0.4},
    ),
    Case(
        "bodies that attract each other, 60",
        ("opposite",),
        BODIES.format(axis=labels(60)),
        hand.bodies_numpy,
        hand.bodies_jax,
        240,
        {"G": 1.0, "eps": 0.05, "m": (60,)},
    ),
    Case(
        "Cucker and Smale's flock, 60",
        (),
        FLOCK.format(axis=labels(60)),
        hand.flock_numpy,
        hand.flock_jax,
        120,
        {"K": 1.2, "beta": 0.4},
    ),
    Case(
        "springs, 512",
        ("fluxes", "faces"),
        SPRINGS,
        hand.springs_numpy,
        hand.springs_jax,
        1024,
        {"k": 1.3, "b": 0.7},
    ),
    Case(
        "polymer of 256 beads",
        ("faces",),
        POLYMER,
        hand.polymer_numpy,
        hand.polymer_jax,
        512,
        {"k": 1.5, "L": 3.0},
    ),
    Case(
        "SIRS with vaccination, 20 ages",
        ("leading",),
        SIRS.format(axis=labels(20)),
        hand.sirs_numpy,
        hand.sirs_jax,
        60,
        {"beta": 0.3, "gamma": 0.1, "omega": 0.02, "nu": (20,), "C": (20, 20)},
    ),
    Case(
        "ring of 60 genes, one by one",
        ("cells",),
        ring_text(60),
        hand.ring_numpy,
        hand.ring_jax,
        60,
        {"k": 3.0, "d": 0.5},
    ),
    Case(
        "SEIR, 20 ages, 5 doses, 50 places",
        ("coalesce",),
        text_models.seir_text(20, 5, 50),
        text_models.seir_numpy,
        text_models.seir_jax,
        20_000,
        {"beta": 0.02, "sigma": 0.2, "gamma": 0.1, "C": (20, 20)},
    ),
    Case(
        "shallow water, 64 x 64",
        ("outward",),
        WATER,
        hand.water_numpy,
        hand.water_jax,
        3 * 64 * 64,
        {"g": 9.8, "H": 10.0, "f": 0.1, "b": 0.01, "d": 0.7},
    ),
    Case(
        "bursting neurons, 100",
        ("contract",),
        BURSTING.format(axis=labels(100)),
        hand.bursting_numpy,
        hand.bursting_jax,
        300,
        {"I": 3.0, "r": 0.006, "g": 0.1, "k": 10.0, "W": (100, 100)},
    ),
    Case(
        "ages and doses, 16 x 4",
        ("alongside",),
        DOSES.format(axis=labels(16)),
        hand.doses_numpy,
        hand.doses_jax,
        256,
        {"beta": 0.02, "sigma": 0.2, "gamma": 0.1, "ageing": 0.05, "mu": (16,), "nu": (4,), "C": (16, 16)},
    ),
)
