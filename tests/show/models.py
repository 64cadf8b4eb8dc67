"""Models that between them have every kind of expression that is shown."""

from __future__ import annotations

SIR = """
model SIR:
  "Cases & < deaths >"
  time: day
  params:
    beta  : 1/day = 0.35 ~ LogNormal(loc=log(0.4), scale=0.5) in (0, inf) "transmission"
    gamma : 1/day = 0.2
    rho           = 0.5
  states:
    S : person = 999
    I : person = 1
    R : person = 0
  let:
    N = S + I + R
  dynamics:
    infection: S -> I @ beta*I/N
    recovery:  I -> R @ gamma
  observe:
    cases ~ Poisson(rate=rho*incidence(infection)) every 7
  derive:
    R0   = beta/gamma
    peak = max(I for s in time)
  require:
    beta > gamma
"""

AGES = """
model Ages:
  axes:
    age   = ordered ["0-17", "18-64", "65+"]
    place = [north, "far south"]
  params:
    C[age, age] = [[3, 1, 1], [1, 2, 1], [1, 1, 2]]
    ageing[age] = [0.1, 0.02, 0.5]
    imports = 0.25
    k_on = 0.7
  states:
    I[age, place] = 1
    W[age] = 2
    v = 1
  let:
    total[age] = sum(I[age, p] for p in place)
    foi[age]   = sum(C[age, b]*total[b] for b in age if b != "65+")
    worst      = max(total[a] - W[a] for a in age)
  dynamics:
    I[age, place]' = foi[age] - k_on^2*I[age, place]
    older:  I[age, place] -> I[age+1, place] @ ageing[age] edge stay
    import: 0 -> I[age="18-64", place=north] @ imports
    W[age]' = W[age-1] + W[age+1] - 2*W[age] + (foi[age] if W[age] > v else -v) edge absorb
    v' = mean(W[a] for a in age) - sin(v)*worst + (v > 0.5)*3 - prod(W[a] for a in age)^-1
"""

GRID = """
model Grid:
  axes:
    x : mm = grid(0, 3.5, 15)
  params:
    D = 0.1
    p = 1.5
  states:
    u[x] = exp(-x^2)
    m = 0
  dynamics:
    d(u[x])/dt = D*(u[x+1] - 2*u[x] + u[x-1]) + (x*u[x] if x < 1 and not u[x] < 0.5 else u[x]^p) edge periodic
    m' = sum(u[i]*x[i] for i in x) - clip(m, -1, 1) + hypot(m, 1)*minimum(m, 2, 3)
"""

REACTIONS = """
model Reactions:
  axes:
    site = [a, b]
  params:
    k1 = 0.04
    k2 = 3e7
    end = 2
  states:
    A = 1
    B = 0
    C[site] = 0
    other = 1
  dynamics:
    A -> B @ k1
    fast: 2 B -> B + C["a"] @ k2
    B + C["b"] => A + C["b"] @ k1*B*C["b"]
    0 -> A @ end if A < 1 else 0
    C[site] -> 0 @ k1
    other' = -other
"""
