"""op_system's mappings mean the same here: derivatives against numbers that op-system 0.9.0 computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import opjax

AGE = {"name": "age", "type": "ordinal", "coords": ["a", "b", "c"]}
IMMUNITY = {"name": "imm", "coords": ["x0", "x1", "x2"]}
TWO = [{"name": "age", "coords": ["a", "b"]}, {"name": "vax", "coords": ["u", "v"]}]


def shift(states: list[str], boundary: str) -> dict[str, Any]:
    ageing = {"axis": "age", "step": 1, "rate": "mu[age]", "boundary": boundary}
    return {"name": "ageing", "coord_shift": ageing, "apply_to": states}


SPECS: dict[str, tuple[dict[str, Any], dict[str, tuple[int, ...]], list[float]]] = {
    "equations": (
        {"kind": "expr", "state": ["S", "I"], "equations": {"S": "-b*S*I", "I": "b*S*I - g*I"}},
        {"b": (), "g": ()},
        [-0.2, -0.2],
    ),
    "contacts and births": (
        {
            "kind": "transitions",
            "axes": [AGE],
            "state": ["S[age]", "I[age]", "R[age]"],
            "aliases": {
                "N[age]": "S[age]+I[age]+R[age]",
                "foi[age]": "beta*sum_over(C[age, age:j]*I[age:j]/N[age:j], age=j)",
            },
            "transitions": [
                {"name": "inf", "from": "S[age]", "to": "I[age]", "rate": "foi[age]"},
                {"from": "I[age]", "to": "R[age]", "rate": "gamma"},
                {"to": "S[age=a]", "rate": "births"},
            ],
        },
        {"beta": (), "C": (3, 3), "gamma": (), "births": ()},
        [0.36, -0.06, -0.06, -1.16, -1.44, -1.74, 1.2, 1.5, 1.8],
    ),
    "ageing out": (
        {
            "kind": "transitions",
            "axes": [AGE],
            "state": ["S[age]", "I[age]"],
            "transitions": [shift(["S", "I"], "absorb"), {"from": "S[age]", "to": "I[age]", "rate": "k"}],
        },
        {"mu": (3,), "k": ()},
        [-0.3, -0.7, -1.1, -0.2, -0.2, -0.2],
    ),
    "ageing and staying": (
        {"kind": "transitions", "axes": [AGE], "state": ["S[age]"], "transitions": [shift(["S"], "stay")]},
        {"mu": (3,)},
        [-0.1, -0.3, 0.4],
    ),
    "a shift between two labels": (
        {
            "kind": "transitions",
            "axes": [IMMUNITY],
            "state": ["X[imm]"],
            "transitions": [{"coord_shift": {"imm": "x0 -> x2"}, "rate": "r", "apply_to": ["X"]}],
        },
        {"r": ()},
        [-0.1, 0.0, 0.1],
    ),
    "routing": (
        {
            "kind": "transitions",
            "axes": [IMMUNITY],
            "state": ["X[imm]"],
            "transitions": [{"from": "X[imm:i]", "to": "X[imm:j]", "rate": "G[imm:i, imm:j]"}],
        },
        {"G": (3, 3)},
        [0.3, -1.5, 1.2],
    ),
    "an integral over a grid": (
        {
            "kind": "expr",
            "axes": [{"name": "x", "type": "continuous", "domain": {"lb": 0, "ub": 1}, "size": 5}],
            "state": ["u[x]"],
            "equations": {"u[x]": "apply_along(K[x, x:s]*u[x:s], x=s) - u[x]"},
        },
        {"K": (5, 5)},
        [0.05, -1.4625, -2.1875, -2.65, -4.25],
    ),
    "a sum over what the target lacks": (
        {
            "kind": "transitions",
            "axes": TWO,
            "state": ["S[age,vax]", "D[age]"],
            "transitions": [{"from": "S[age,vax]", "to": "D[age]", "rate": "m[age]"}],
        },
        {"m": (2,)},
        [-0.1, -0.2, -0.6, -0.8, 0.3, 1.4],
    ),
    "pinned labels": (
        {
            "kind": "transitions",
            "axes": TWO,
            "state": ["S[age,vax]"],
            "transitions": [{"from": "S[age, vax=u]", "to": "S[age, vax=v]", "rate": "m[age]"}],
        },
        {"m": (2,)},
        [-0.1, 0.1, -0.6, 0.6],
    ),
}


@pytest.mark.parametrize(("spec", "shapes", "expected"), SPECS.values(), ids=list(SPECS))
def test_derivatives(spec: dict[str, Any], shapes: dict[str, tuple[int, ...]], expected: list[float]) -> None:
    rhs = opjax.compile_rhs(spec, xp=np)
    assert rhs.param_names == tuple(shapes)
    parameters = {
        name: np.reshape(np.arange(1, 1 + np.prod(shape, dtype=int)) * place % 7 / 10 if shape else place / 10, shape)
        for place, (name, shape) in enumerate(shapes.items(), start=1)
    }
    y = 1.0 + np.arange(len(expected))
    np.testing.assert_allclose(rhs.eval_fn(0.0, y, **parameters), expected, rtol=1e-13, atol=1e-14)
