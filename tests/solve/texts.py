"""Small models with known solutions."""

SIR = """
model SIR:
  params:
    beta = 0.4
    gamma = 0.1
  states:
    S = 990
    I = 10
    R = 0
  dynamics:
    infection: S -> I @ beta*I/(S + I + R)
    recovery: I -> R @ gamma
"""

DECAY = """
model Decay:
  params:
    k = 0.5
    x0 = 2
  states:
    x = x0
  dynamics:
    loss: x -> 0 @ k
"""

LOTKA_VOLTERRA = """
model LotkaVolterra:
  params:
    alpha = 0.55
    beta = 0.028
    gamma = 0.8
    delta = 0.024
  states:
    hare = 34
    lynx = 6
  dynamics:
    hare' = alpha*hare - beta*hare*lynx
    lynx' = delta*hare*lynx - gamma*lynx
"""

ROBERTSON = """
model Robertson:
  params:
    k1 = 0.04
    k2 = 3e7
    k3 = 1e4
  states:
    A = 1
    B = 0
    C = 0
  dynamics:
    A -> B @ k1
    2 B -> B + C @ k2
    B + C -> A + C @ k3
"""

VAN_DER_POL = """
model VanDerPol:
  params:
    mu = 1000
  states:
    x = 2
    v = 0
  dynamics:
    x' = v
    v' = mu*(1 - x^2)*v - x
"""

BLOW_UP = """
model BlowUp:
  params:
    a = 1
  states:
    x = 1
  dynamics:
    x' = a*x^2
"""
