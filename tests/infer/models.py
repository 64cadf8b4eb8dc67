"""Small models that several tests use."""

from __future__ import annotations

DECAY = """
model Decay:
  time: day origin 2020-03-01
  params:
    k : 1/day = 0.5 ~ LogNormal(loc=log(0.5), scale=0.5) "rate"
    sigma = 0.1 ~ HalfNormal(0.5)
  states:
    x = 1
  dynamics:
    x -> 0 @ k
  observe:
    y ~ Normal(loc=x, scale=sigma)
"""

GROUPS = """
model Groups:
  time: week origin 2020-03-01
  axes:
    region = [north, south]
    age = ["0-4", "5+"]
  params:
    rate[age] = 0.5 ~ LogNormal(loc=log(0.5), scale=0.5)
    share = 0.5 ~ Beta(2, 2)
    tested[region] = 100 data
  states:
    S[region, age] = 1000
    I[region, age] = 0
  dynamics:
    infection: S[region, age] -> I[region, age] @ rate[age]
  observe:
    cases[region, age] ~ Poisson(share*incidence(infection[region, age])) every 1
    positive[region] ~ Binomial(total=tested[region], probs=sum(I[region, a]/2000 for a in age))
"""
