"""Specifications as op_system's users write them, by what each of them is about. All of them compile on both sides.

One YAML document each; add yours where it belongs, or in a dictionary of your own with a test of your own.
"""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML

_AGE = "{name: age, coords: [young, mid, old]}"
_VAX = "{name: vax, coords: [u, v]}"
_IMM = "{name: imm, type: ordinal, coords: [x0, x1, x2, x3]}"
_X = "{name: x, type: continuous, coords: [0.0, 0.5, 2.0, 3.0, 5.5]}"
_Z = "{name: z, type: continuous, domain: {lb: 1.0, ub: 8.0}, size: 4, spacing: log}"
_AXES = f"axes: [{_AGE}, {_VAX}, {_IMM}, {_X}, {_Z}]"

EQUATIONS = {
    "sir": """
        state: [S, I, R]
        aliases: {N: S + I + R}
        equations: {S: -b*S*I/N, I: b*S*I/N - g*I, R: g*I}
    """,
    "kind in capitals": """
        kind: EXPR
        state: [S, I]
        equations: {S: -b*S*I, I: b*S*I}
    """,
    "functions": """
        state: [x, y]
        equations:
          x: np.exp(-x) + np.log(y) + np.sqrt(x) + np.sin(t) + np.cos(t) + np.tan(y/10) + np.abs(x - y) + np.log1p(x)
          y: >-
            np.expm1(x/5) + np.log2(y) + np.log10(x) + np.sinh(x/4) + np.cosh(y/4) + np.tanh(x) + np.maximum(x, y)
            + np.minimum(x, 1.0) + np.hypot(x, y) + np.arctan2(x, y) + np.clip(x, 0.7, 1.2) + np.where(x > y, x, y)
    """,
    "operators": """
        state: [x, y]
        equations: {x: -x**2 + +y % 0.7 - 3*x/y, y: (x > y)*x + (x <= 1) - 2**y + x**-1 + x**0.5}
    """,
    "ternary": """
        state: [x]
        equations: {x: a if t < 10 else (b if x > 1 else 0)}
    """,
    "truth values": """
        state: [x, y]
        equations: {x: "True*x + np.where(False, x, y) + (x if True else y)", y: "(x > 1) == (y > x)"}
    """,
    "sum_state": """
        state: [S, I, R]
        equations: {S: -b*S*I/sum_state(), I: b*S*I/sum_state(), R: 0*R}
    """,
    "sum_prefix": """
        state: [S, I1, I2, I3]
        equations: {S: -b*S*sum_prefix('I'), I1: b*S*sum_prefix('I'), I2: 0*S, I3: -sum_prefix('I')}
    """,
    "alias of alias": """
        state: [S, I]
        aliases: {foi: b*prev, prev: I/N, N: S + I}
        equations: {S: -foi*S, I: foi*S}
    """,
    "state_axes": f"""
        {_AXES}
        state: ["u[x]"]
        state_axes: {{"u[x]": [x]}}
        equations: {{"u[x]": "-k*u[x]"}}
    """,
}
AXES = {
    "template": f"""
        {_AXES}
        state: ["S[age]", "I[age, vax]", R]
        equations:
          S[age]: -b[age]*S[age]
          "I[age, vax]": c[age, vax]*I[age, vax] + d[vax, age]*S[age]
          R: k*R
    """,
    "pinned equations": f"""
        {_AXES}
        state: ["D[age=young]", "S[age]"]
        equations: {{"S[age]": "-k*S[age]*D__age_young", "D[age=young]": -k*D__age_young}}
    """,
    "cells by name": f"""
        {_AXES}
        state: ["S[age]", R]
        equations: {{"S[age]": "-k*S[age]", R: S__age_young + 2*S__age_old}}
    """,
    "an equation per cell": f"""
        {_AXES}
        state: ["S[vax]"]
        equations: {{S__vax_u: -k*S__vax_u, S__vax_v: -k*S__vax_v}}
    """,
    "labels of many kinds": """
        axes: [{name: age, coords: ["0-4", "5-17", "65+"]}]
        state: ["S[age]"]
        equations: {"S[age]": "-k[age]*S[age]"}
    """,
    "aliases with axes": f"""
        {_AXES}
        state: ["S[age, vax]", "I[age, vax]"]
        aliases:
          foi[age]: sum_over(C[age, age:b]*I[age:b, vax:w], age=b, vax=w)/N[age]
          N[age]: sum_over(S[age, vax:w] + I[age, vax:w], vax=w)
          speed: 2*k
        equations:
          "S[age, vax]": -speed*foi[age]*S[age, vax]
          "I[age, vax]": speed*foi[age]*S[age, vax] - g[vax]*I[age, vax]
    """,
    "contact matrix": f"""
        {_AXES}
        state: ["S[age]", "I[age]"]
        equations:
          S[age]: -S[age]*apply_along(C[age, age:b]*I[age:b], age=b)
          I[age]: S[age]*sum_over(C[age, age:b]*I[age:b], age=b) - g*I[age]
    """,
    "continuous": f"""
        {_AXES}
        state: ["u[x]", "v[z]", m]
        equations:
          u[x]: integrate_over(K[x, x:s]*u[x:s], x=s) - d*u[x]
          v[z]: apply_along(v[z:s]*w[z:s], z=s) - v[z]
          m: apply_along(u[x:s]*v[z:q], x=s, z=q)
    """,
    "mixed kernel": f"""
        {_AXES}
        state: ["u[x, age]", m]
        equations:
          "u[x, age]": -u[x, age]
          m: sum_over(apply_along(u[x:s, age:a], x=s, kernel=integrate), age=a)
    """,
    "categorical filter": f"""
        {_AXES}
        state: ["I[age]", m]
        equations: {{"I[age]": "-I[age]", m: "sum_over(I[age:a], age=a in [young, old])"}}
    """,
    "ordinal filter": f"""
        {_AXES}
        state: ["I[imm]", m]
        equations:
          I[imm]: -I[imm]*sum_over(I[imm:j], imm=j in [x1, x3])
          m: sum_over(I[imm:a], imm=a in [x1, x2])
    """,
    "continuous filter": f"""
        {_AXES}
        state: ["u[x]", m]
        equations: {{"u[x]": "-u[x]", m: "integrate_over(u[x:s], x=s in [0.5, 3.0])"}}
    """,
    "two filters": f"""
        {_AXES}
        state: ["I[age, imm]", m]
        equations:
          "I[age, imm]": -I[age, imm]
          m: sum_over(I[age:a, imm:j], age=a in [young, mid], imm=j in [x2, x3])
    """,
    "comparisons and where": f"""
        {_AXES}
        state: ["I[age]"]
        equations: {{"I[age]": "np.where(I[age] > 1, k*I[age], -I[age])"}}
    """,
    "nested reducers": f"""
        {_AXES}
        state: ["I[age, vax]"]
        equations:
          "I[age, vax]": >-
            sum_over(A[age, age:b]*sum_over(B[vax, vax:w]*I[age:b, vax:w], vax=w), age=b) - I[age, vax]
    """,
    "a pinned index in an expression": f"""
        {_AXES}
        state: ["S[age, vax]", m]
        equations: {{"S[age, vax]": "-k*S[age, vax:u]", m: "sum_over(S[age:a, vax:v], age=a) + S[age:young, vax:u]"}}
    """,
    "sum_state with templates": f"""
        {_AXES}
        state: ["S[age]", "I[age, vax]", R]
        equations: {{"S[age]": "-S[age]/sum_state()", "I[age, vax]": "-k*I[age, vax]", R: sum_state()}}
    """,
}
TRANSITIONS = {
    "sir": """
        kind: transitions
        state: [S, I, R]
        transitions:
          - {from: S, to: I, rate: b*I}
          - {from: I, to: R, rate: g}
          - {to: S, rate: births}
          - {from: null, to: R, rate: imports}
    """,
    "a state that nothing changes": """
        kind: transitions
        state: [I, H]
        transitions: [{to: H, rate: k*I}]
    """,
    "names, reactants and catalysts": f"""
        kind: transitions
        {_AXES}
        state: ["S[age, vax]", "E[age, vax]", "I[age]"]
        transitions:
          - name: infection
            from: S[age, vax]
            to: E[age, vax]
            rate: b*I[age]
            reactants: [{{state: "S[age, vax]", order: 1}}, {{state: "I[age]", order: 1}}]
          - {{name: progress, from: "E[age, vax]", to: "I[age]", rate: s, reactants: auto}}
          - {{from: "I[age]", to: "S[age, vax=u]", rate: g}}
    """,
    "pins": f"""
        kind: transitions
        {_AXES}
        state: ["S[age, vax]", "D[age=young]"]
        transitions:
          - {{from: "S[age, vax=u]", to: "S[age, vax=v]", rate: "nu[age]"}}
          - {{from: "S[age=young, vax]", to: "S[age=mid, vax]", rate: ageing}}
          - {{to: "S[age=young, vax=u]", rate: births}}
    """,
    "rates of a pinned source": f"""
        kind: transitions
        {_AXES}
        state: ["S[age, vax]", "X[imm, vax]"]
        transitions:
          - {{from: "S[age=young, vax]", to: "S[age=mid, vax]", rate: "k[age]*sum_over(C[age, age:b]*w[age:b], age=b)"}}
          - {{from: "S[age=mid, vax=u]", to: "S[age=old, vax=v]", rate: "m[age, vax]"}}
          - {{coord_shift: {{imm: "x1 -> x3"}}, rate: "r[imm]", apply_to: [X]}}
    """,
    "other axes on the other side": f"""
        kind: transitions
        {_AXES}
        state: ["S[age, vax]", "T[vax, age]", "I[age]", Q]
        transitions:
          - {{from: "S[age, vax]", to: "T[vax, age]", rate: "k[age]"}}
          - {{from: "I[age=young]", to: "S[age=old, vax=u]", rate: g}}
          - {{from: Q, to: "I[age]", rate: "p[age]"}}
          - {{from: "S[age, vax]", to: "I[age=young]", rate: "w[vax]"}}
          - {{from: "I[age]", to: "I[age]", rate: h}}
    """,
    "drop an axis": f"""
        kind: transitions
        {_AXES}
        state: ["S[age, vax]", "D[age]", F]
        transitions:
          - {{from: "S[age, vax]", to: "D[age]", rate: "mu[age]"}}
          - {{from: "S[age, vax]", to: F, rate: k}}
    """,
    "routing": f"""
        kind: transitions
        {_AXES}
        state: ["X[vax, imm]"]
        transitions:
          - {{from: "X[vax, imm:i]", to: "X[vax, imm:j]", rate: "w*G[imm:i, imm:j]"}}
          - {{from: "X[vax=u, imm:i]", to: "X[vax=v, imm:j]", rate: "nu*H[imm:i, imm:j]", name: vaccination}}
    """,
    "fan out": f"""
        kind: transitions
        {_AXES}
        state: ["I[age]", "X[age, imm]"]
        transitions: [{{from: "I[age]", to: "X[age, imm:j]", rate: "k*w[imm:j]"}}]
    """,
    "shift along an axis": f"""
        kind: transitions
        {_AXES}
        state: ["S[imm]", "I[age, imm]"]
        transitions:
          - {{name: ageing, coord_shift: {{axis: imm, step: 1, rate: "r[imm]", boundary: stay}}, apply_to: [S, I]}}
          - name: back
            coord_shift: {{axis: imm, step: -2, boundary: absorb}}
            rate: k
            apply_to: [S]
            catalysts: []
    """,
    "shift between two labels": f"""
        kind: transitions
        {_AXES}
        state: ["X[imm, vax]"]
        transitions: [{{coord_shift: {{imm: "x0 -> x2"}}, rate: r, apply_to: [X]}}]
    """,
    "aliases in rates": f"""
        kind: transitions
        {_AXES}
        state: ["S[age]", "I[age]"]
        aliases: {{"foi[age]": "sum_over(C[age, age:b]*I[age:b], age=b)/N", N: sum_state()}}
        transitions:
          - {{name: infection, from: "S[age]", to: "I[age]", rate: "foi[age]"}}
          - {{from: "I[age]", to: "S[age]", rate: "g[age]"}}
    """,
    "renewal births": f"""
        kind: transitions
        {_AXES}
        state: ["N[age]"]
        transitions:
          - {{to: "N[age=young]", rate: "sum_over(B[age:a]*N[age:a], age=a)", name: births}}
    """,
    "inflow over an axis": f"""
        kind: transitions
        {_AXES}
        state: ["N[age]"]
        transitions: [{{to: "N[age]", rate: "k[age]", name: imports}}]
    """,
    "sources, couplings and meta": """
        kind: transitions
        state: [S, I]
        meta: {}
        sources: []
        couplings: {}
        transitions: [{from: S, to: I, rate: b*I}]
    """,
}
CHAINS = {
    "numbers, expressions and a list": """
        kind: transitions
        state: [S, R]
        aliases: {infectious: I1 + I2 + I3}
        chain:
          - name: I
            length: 3
            entry: {from: S, rate: b*infectious/sum_state()}
            forward: [g12, 0.5*g23]
            exit: {to: R, rate: 0.25}
        transitions: []
    """,
    "one forward rate": """
        kind: transitions
        state: [S, R]
        chain: [{name: E, length: 4, entry: {from: S, rate: k}, forward: 2*s, exit: {to: R, rate: s}}]
        transitions: [{from: R, to: S, rate: w}]
    """,
    "the older to": """
        kind: transitions
        state: [S, R]
        chain: [{name: E, length: 2, entry: {from: S, rate: k}, forward: s, to: R}]
        transitions: []
    """,
    "templates": f"""
        kind: transitions
        {_AXES}
        state: ["S[age]", "R[age]"]
        chain:
          - name: E[age]
            length: 3
            entry: {{from: "S[age]", rate: "b*sum_over(E2[age:a], age=a)"}}
            forward: "s[age]"
            exit: {{to: "R[age]", rate: "s[age]"}}
        transitions: [{{from: "R[age]", to: "S[age]", rate: w}}]
    """,
    "neither entry nor exit": """
        kind: transitions
        state: [S]
        chain: [{name: E, length: 2, forward: s}]
        transitions: [{from: S, to: E1, rate: k}]
    """,
    "with other axes on both sides": f"""
        kind: transitions
        {_AXES}
        state: ["S[age]", "R[age]", Q]
        chain:
          - name: E[age, imm]
            length: 2
            forward: "g[imm]"
            exit: {{to: "R[age]", rate: h}}
          - name: F
            length: 11
            entry: {{from: "S[age]", rate: "b[age]"}}
            forward: f
            exit: {{to: Q, rate: F1/sum_state()}}
        transitions: []
    """,
    "equations without an exit": """
        state: [S, R]
        chain: [{name: I, length: 3, forward: [g, 0.5]}]
        equations: {S: -b*S, I1: b*S - g*I1, R: 0.5*I3}
    """,
    "equations": """
        kind: expr
        state: [S, R]
        chain: [{name: I, length: 3, forward: g, exit: {to: R, rate: g}}]
        equations: {S: -b*S, I1: b*S - g*I1}
    """,
}


def read(text: str) -> dict[str, Any]:
    """The specification that a YAML text says."""
    return YAML(typ="safe", pure=True).load(text)
