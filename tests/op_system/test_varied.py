"""Varied specifications over all sections of op_system, against its numbers."""

from __future__ import annotations

import pytest

from differential.harness import compare
from differential.specs import read

AXES = """
axes:
  - {name: age, coords: ["0-4", "5-17", "65+"]}
  - {name: sex, coords: [f, m]}
  - {name: imm, type: ordinal, coords: [n, lo, mid, hi]}
  - {name: loc, coords: [p, q]}
  - {name: x, type: continuous, coords: [0.0, 1.0, 2.5, 3.0]}
  - {name: z, type: continuous, domain: {lb: 0.5, ub: 4.0}, size: 5}
  - {name: time, type: continuous, coords: [0.0, 5.0, 10.0, 20.0]}
"""
SPECS = {
    "ageing stay two steps back": AXES
    + """
kind: transitions
state: ["X[imm,sex]"]
transitions: [{coord_shift: {axis: imm, step: -2, rate: "r[imm]*q[sex]", boundary: stay}, apply_to: [X]}]
""",
    "alias named as label": AXES
    + """
state: ["S[sex]"]
aliases: {m: "2*k", f: "m + 1"}
equations: {"S[sex]": "-m*S[sex] + f" }
""",
    "alias pinned key": AXES
    + """
state: ["S[imm]", m]
aliases: {"w[imm]": "S[imm]*k[imm]", tot: "sum_over(w[imm:i], imm=i)", frac: "tot/(1+tot)"}
equations: {"S[imm]": "-w[imm]*frac", m: "w[imm:lo] + frac"}
""",
    "alias with two axes in other order": AXES
    + """
state: ["S[age,sex]"]
aliases: {"a[sex,age]": "S[age,sex]*c[sex]"}
equations: {"S[age,sex]": "-a[sex,age] + sum_over(a[sex:s,age], sex=s)"}
""",
    "alias within reducer with other axes": AXES
    + """
state: ["S[age,sex]"]
aliases: {"n[age]": "sum_over(S[age,sex:s], sex=s)", "f[age,sex]": "S[age,sex]/n[age]"}
equations: {"S[age,sex]": "-sum_over(C[age,age:b]*f[age:b,sex]*n[age:b], age=b) + f[age,sex]"}
""",
    "axis names like ours": """
axes: [{name: data, coords: [grid, points]}, {name: over, coords: [a, if_]}]
state: ["S[data,over]"]
equations: {"S[data,over]": "-sum_over(K[data,data:d]*S[data:d,over], data=d)"}
""",
    "births pinned two axes": AXES
    + """
kind: transitions
state: ["S[age,sex]"]
transitions: [{to: "S[age=0-4,sex]", rate: "b[sex]*sum_over(f[age:a]*S[age:a,sex:s], age=a, sex=s)"}]
""",
    "bound named like axis": AXES
    + """
state: ["S[age,sex]"]
equations: {"S[age,sex]": "sum_over(S[age:b,sex], age=b) - S[age,sex]"}
""",
    "bound named like param": AXES
    + """
state: ["S[age]"]
equations: {"S[age]": "-k*S[age] + sum_over(S[age:k], age=k)*k"}
""",
    "bound named like state": AXES
    + """
state: ["S[age]", I]
equations: {"S[age]": "sum_over(S[age:I], age=I)*I", I: "-I"}
""",
    "collapse into same base": AXES
    + """
kind: transitions
state: ["S[age,sex]"]
transitions: [{from: "S[age,sex=f]", to: "S[age=0-4,sex=m]", rate: "r[age]"}]
""",
    "comparisons as numbers with axes": AXES
    + """
state: ["S[age]"]
equations: {"S[age]": "-k*(S[age] > 1)*S[age] + (S[age] <= 1)*(t > 3)"}
""",
    "constant with axes": AXES
    + """
state: ["A[age]", B]
equations: {"A[age]": "1.5", B: "k"}
""",
    "continuous and categorical apply_along kernel": AXES
    + """
state: ["u[x,age]", m]
equations: {"u[x,age]": "-u[x,age]", m: "apply_along(apply_along(u[x:s,age:a]*w[x:s], x=s), age=a)"}
""",
    "continuous shift source": AXES
    + """
kind: transitions
state: ["X[imm]"]
transitions: [{to: "X[imm]", rate: "k[imm]"}, {from: "X[imm]", to: "X[imm=n]", rate: "d"}]
""",
    "coords ints in domain": """
axes: [{name: x, type: continuous, domain: {lb: -3, ub: 3}, size: 4}]
state: ["u[x]"]
equations: {"u[x]": "integrate_over(u[x:s]*K[x:s,x], x=s)"}
""",
    "exotic label cell": """
axes: [{name: a, coords: ["<1", "1 to 4", "5.5", "ü"]}]
state: ["S[a]", m]
equations: {"S[a]": "-k[a]*S[a]", m: "S__a__1 + S__a_1_to_4 + S__a_5_5"}
""",
    "factor reducers": AXES
    + """
factorize_axes: [loc]
state: ["u[x,loc]", "v[loc,age]"]
equations:
  "u[x,loc]": "integrate_over(K[x,x:s]*u[x:s,loc], x=s)*sum_over(v[loc,age:a], age=a) - d[loc]*u[x,loc]"
  "v[loc,age]": "-v[loc,age]*integrate_over(u[x:s,loc]*q[x:s,loc], x=s)"
""",
    "factorized": AXES
    + """
kind: transitions
factorize_axes: [loc]
state: ["S[loc,age]", "I[loc,age]"]
transitions: [{from: "S[loc,age]", to: "I[loc,age]", rate: "b[loc]*sum_over(C[age,age:a]*I[loc,age:a], age=a)"}]
""",
    "filters twice": AXES
    + """
state: ["S[age,imm]", m]
equations:
  S[age,imm]: "-S[age,imm]*sum_over(S[age,imm:j], imm=j in [lo, hi])"
  m: "sum_over(S[age:a,imm:j], age=a, imm=j in [n, mid]) + sum_over(S[age:a,imm:j], age=a, imm=j)"
""",
    "flat eq cell names": """
state: [a_1, b__c, _x]
equations: {a_1: "-k_1*a_1*b__c", b__c: "_x", _x: "-_x"}
""",
    "flat logic": """
state: [x, y]
equations: {x: "(x if (y > 1 and x > 1) or t > 5 else -y)", y: "1 if 0 < x < 2 else (2 if not_zero else 3)"}
""",
    "free and bound same base nested": AXES
    + """
state: ["S[age]"]
equations: {"S[age]": "S[age]*sum_over(k[age,age:b]*S[age:b], age=b) - sum_over(k[age:b,age], age=b)*S[age]"}
""",
    "gauge": """
state: [x, y]
equations: {x: "r*x*(1 - x/K) - a*x*y", y: "c*a*x*y - d*y"}
gauges: [{name: scale, states: {x: 1}, parameters: {K: 1, c: -1}}]
""",
    "inflow into all of other axes": AXES
    + """
kind: transitions
state: ["S[age,sex]"]
transitions: [{to: "S[age=0-4,sex]", rate: "b[sex]*sum_over(S[age:a,sex], age=a)"}]
""",
    "initial templated name": AXES
    + """
kind: transitions
state: ["S[age]", "I[age]"]
initial_state: {"S[age]": "s0[age]", "I[age]": {shaped: i0, axes: [age]}}
transitions: [{from: "S[age]", to: "I[age]", rate: b}]
""",
    "int division-like": """
state: [x]
equations: {x: "7/2*x + 1/3 - 2**-1 + 10%4*x"}
""",
    "integral of product with exp of none": AXES
    + """
state: ["u[x]", "v[z]", m]
equations:
  u[x]: "integrate_over(K[x,x:s]*u[x:s]*(1 - u[x]), x=s) + integrate_over(v[z:q], z=q)"
  v[z]: "-v[z]*integrate_over(G[x:s,z]*u[x:s], x=s)"
  m: "integrate_over(u[x:s]*u[x:s], x=s in [1.0, 3.0]) + integrate_over(v[z:q]*w[z:q], z=q)"
""",
    "integral with filter over two": AXES
    + """
state: ["u[x,z]", m]
equations: {"u[x,z]": "-u[x,z]", m: "integrate_over(u[x:a,z:b], x=a in [0.0, 2.5], z=b)"}
""",
    "kernel given": AXES
    + """
state: ["u[x]"]
kernels: [{name: K, axes: [x, x], form: gaussian, params: {scale: 1.0, sigma: 0.5}}]
equations: {"u[x]": "integrate_over(K[x,x:s]*u[x:s], x=s) - u[x]"}
""",
    "label equals bound": """
axes: [{name: g, coords: [a, b, c]}]
state: ["S[g]"]
equations: {"S[g]": "sum_over(S[g:a], g=a) - S[g]"}
""",
    "log scale": """
state: [x]
equations: {x: "r*x*(1-x/K)"}
state_metadata: {x: {scale: log, representation: counts}}
""",
    "mixed apply_along with kernel": AXES
    + """
state: ["u[x,age]", m]
equations:
  u[x,age]: "-u[x,age]*sum_over(C[age,age:b]*integrate_over(u[x:s,age:b], x=s), age=b)"
  m: "integrate_over(sum_over(u[x:s,age:a]*p[age:a], age=a), x=s)"
""",
    "mod neg": """
state: [x]
equations: {x: "(-x) % 2 + x % -2 - 5.5 % x"}
""",
    "null from": AXES
    + """
kind: transitions
state: ["S[age]"]
transitions: [{from: null, to: "S[age]", rate: "imp[age]*t"}]
""",
    "null sinks source": AXES
    + """
kind: transitions
state: ["S[age]"]
transitions: [{to: "S[age]", rate: "sum_over(S[age:b], age=b)*mu"}]
""",
    "operators described": AXES
    + """
state: [u, v]
equations: {u: "-k*u", v: "k*u"}
""",
    "param named e, E, I": """
state: [S]
equations: {S: "-e*S + E*I - N"}
""",
    "param only": AXES
    + """
state: ["A[age,sex]"]
equations: {"A[age,sex]": "k[sex]"}
""",
    "param same name as axis coordinate": AXES
    + """
state: ["S[sex]"]
equations: {"S[sex]": "-f*S[sex] + m"}
""",
    "pinned endpoints": AXES
    + """
kind: transitions
state: ["S[age,imm]", "V[imm]"]
transitions:
  - {from: "S[age=0-4, imm]", to: "S[age=5-17, imm]", rate: "a[imm]"}
  - {from: "S[age=65+, imm=n]", to: "S[age=65+, imm=hi]", rate: "v"}
  - {from: "S[age, imm=n]", to: "S[age, imm=lo]", rate: "q[age]"}
  - {from: "S[age, imm=mid]", to: "V[imm=mid]", rate: "h[age]"}
""",
    "pow chain": """
state: [x]
equations: {x: "2**x**2 + (-x)**2 + x**-1.5 + (2**3)**x - 10**-2"}
""",
    "powers and mods with axes": AXES
    + """
state: ["S[age]"]
equations: {"S[age]": "S[age]**p[age] - S[age]**-2 + (S[age]*7) % m[age] - -S[age]**2"}
""",
    "rate const pinned axes param": AXES
    + """
kind: transitions
state: ["S[age,imm]"]
transitions: [{from: "S[age,imm=n]", to: "S[age,imm=hi]", rate: "v[age]*p[imm]"}]
""",
    "rate pinned self axis": AXES
    + """
kind: transitions
state: ["S[age,imm]"]
transitions: [{from: "S[age=0-4,imm]", to: "S[age=5-17,imm]", rate: "p[age]*q[imm]"}]
""",
    "reducer in power": AXES
    + """
state: ["S[age]"]
equations: {"S[age]": "-S[age]**(1 + sum_over(q[age:a]*S[age:a], age=a)/10)"}
""",
    "reducer of constant times": AXES
    + """
state: ["S[age]", R]
equations: {"S[age]": "sum_over(2*S[age:a]*w, age=a)", R: "-sum_over(S[age:a]/(1+S[age:a]), age=a)"}
""",
    "routing same slice": AXES
    + """
kind: transitions
state: ["X[imm]"]
transitions: [{from: "X[imm:i]", to: "X[imm:j]", rate: "G[imm:i,imm:j]"}]
""",
    "routing transposed rate": AXES
    + """
kind: transitions
state: ["X[age,imm]"]
transitions: [{from: "X[age,imm:i]", to: "X[age,imm:j]", rate: "k[age]*G[imm:j,imm:i]*h[imm:i]"}]
""",
    "scalar state name prefix of other": """
state: [S, SS, S_1]
equations: {S: "-k*S*SS", SS: "k*S*S_1", S_1: "-S_1"}
""",
    "self pinned": AXES
    + """
kind: transitions
state: ["S[age]"]
transitions: [{from: "S[age]", to: "S[age=0-4]", rate: r}]
""",
    "sum of ternary": """
state: [x]
equations: {x: "(1 if x > 1 else 2) + (3 if t > 10 else 4)*x - (x if x < 0 else -x)"}
""",
    "sum_prefix": """
state: [I_a, I_b, J]
equations: {I_a: "-sum_prefix('I_')", I_b: "sum_prefix('I')*k", J: "sum_state() - J"}
""",
    "sum_state axes": AXES
    + """
state: ["S[age]", R]
equations: {"S[age]": "-S[age]/sum_state()", R: "sum_state()"}
""",
    "t in reducer": AXES
    + """
state: ["S[age]"]
equations: {"S[age]": "sum_over(C[age,age:b]*S[age:b]*(t > 2), age=b) - t*S[age]"}
""",
    "t with axes": AXES
    + """
state: ["S[age]", R]
equations: {"S[age]": "-(t/(1+t))*S[age]*b[age]", R: "t*sum_over(b[age:a]*S[age:a], age=a)"}
""",
    "template key spaced": AXES
    + """
state: ["S[ age , sex ]"]
equations: {"S[age,sex]": "-S[ age,sex ]*k[sex , age]"}
""",
    "tensor of four": AXES
    + """
state: ["S[age,sex]"]
equations: {"S[age,sex]": "sum_over(K[age,sex,age:b,sex:r]*S[age:b,sex:r], age=b, sex=r) - S[age,sex]"}
""",
    "time unused axis": AXES
    + """
state: [A]
equations: {A: "-k*A*t"}
""",
    "transition pin on both with drop": AXES
    + """
kind: transitions
state: ["S[age,sex]", "P[sex]"]
transitions: [{from: "S[age=65+,sex]", to: "P[sex]", rate: "m[sex]"}]
""",
    "transition pinned target other axis": AXES
    + """
kind: transitions
state: ["S[sex]", "P[sex,imm]"]
transitions: [{from: "S[sex]", to: "P[sex,imm=mid]", rate: "v[sex]"}]
""",
    "transition same template different pins": AXES
    + """
kind: transitions
state: ["S[age,sex,imm]"]
transitions:
  - {from: "S[age=0-4,sex=f,imm=n]", to: "S[age=0-4,sex=m,imm=hi]", rate: "a"}
  - {from: "S[age,sex=f,imm=n]", to: "S[age,sex=f,imm=lo]", rate: "b[age]*c[sex]"}
  - {from: "S[age,sex,imm=lo]", to: "S[age,sex,imm=n]", rate: "w[age,sex]"}
""",
    "transition to reordered axes": AXES
    + """
kind: transitions
state: ["S[age,sex]", "P[sex,age]"]
transitions: [{from: "S[age,sex]", to: "P[sex,age]", rate: "m[sex,age]"}]
""",
    "transitions with alias shadows": AXES
    + """
kind: transitions
state: ["S[age]", "I[age]"]
aliases: {k: "b*2"}
transitions: [{from: "S[age]", to: "I[age]", rate: "k*sum_over(C[age,age:k]*I[age:k], age=k)"}]
""",
    "two-coord cont": """
axes: [{name: x, type: continuous, coords: [0, 1]}]
state: ["u[x]"]
equations: {"u[x]": "integrate_over(u[x:s], x=s) - u[x]"}
""",
    "unary": """
state: [x]
equations: {x: "--x + +-+x - (-(-x))"}
""",
    "unit axis": """
axes: [{name: one, type: ordinal, coords: ["o"]}, {name: g, coords: [a, b]}]
state: ["S[one,g]"]
equations: {"S[one,g]": "-sum_over(M[one:w,g]*S[one:w,g], one=w)"}
""",
    "where with axes": AXES
    + """
state: ["S[age]"]
equations: {"S[age]": "np.where(S[age] > th[age], -k*S[age], k*(th[age] - S[age]))"}
""",
    "zero equation": AXES
    + """
state: ["A[age]", B]
equations: {"A[age]": "0*A[age]", B: "0"}
""",
}


@pytest.mark.parametrize("title", SPECS)
def test_varied(title: str) -> None:
    compare(read(SPECS[title]), count=1, jax_too=False)
