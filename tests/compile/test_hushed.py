"""Warnings of NumPy are held back where a branch that is not taken is undefined, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

import opjax
from opjax.backends.numpy import BACKEND
from opjax.compile.hushed import OVERFLOWING
from opjax.ir import functions

COUNT = 120
QUIETLY = (
    "k{i}",
    "{i}",
    "{i}*x{i}",
    "x{i}/2 - k{i}",
    "x{i}^3",
    "tanh(x{i})",
    "min(x{i}, {i})",
    "where(x{i} > k{i}, 1, t)",
)
HUSHED = (
    "1/x{i}",
    "x{i}/k{i}",
    "log(x{i})",
    "sqrt(x{i} - 1)",
    "x{i}^0.5",
    "x{i}^-1",
    "2 + 3*acos(2 + x{i})",
    "x{i}^20",
)


def switched(chosen: str) -> opjax.CompiledRhs:
    rows = "\n".join(f"    x{i}' = where(x{i} > 0, {chosen.format(i=i)}, 0) - x{i}" for i in range(COUNT))
    params = "\n".join(f"    k{i} = {i}" for i in range(COUNT))
    states = ", ".join(f"x{i}" for i in range(COUNT))
    return opjax.compile_rhs(f"model M:\n  params:\n{params}\n  states: {states}\n  dynamics:\n{rows}\n")


@pytest.mark.parametrize(("chosen", "hushed"), [(one, False) for one in QUIETLY] + [(one, True) for one in HUSHED])
def test_where_warnings_are_held_back(chosen: str, hushed: bool) -> None:
    rhs = switched(chosen)
    for y in (np.zeros(COUNT), -np.ones(COUNT), np.full(COUNT, -1e30), np.full(COUNT, -1e35)):
        np.testing.assert_array_equal(rhs.eval_fn(0.0, y), -y)  # a warning would be an error
    assert rhs._quantities.kernel(BACKEND).branches == hushed


def test_sums_and_tables_in_a_branch() -> None:
    text = """model M:
  axes: a = [p, q, r]
  params:
    W[a, a]
    K[a]
  states: x[a]
  dynamics:
    x[a]' = where(x[a] > 0, sum(W[a, b]*x[b] for b in a){divided}, 0) - x[a]
"""
    given = {"W": np.arange(9.0).reshape(3, 3), "K": np.zeros(3)}
    for divided, hushed in (("", False), ("/K[a]", True)):
        rhs = opjax.compile_rhs(text.replace("{divided}", divided))
        wanted = {name: given[name] for name in rhs.param_names}
        np.testing.assert_array_equal(rhs(0.0, np.zeros(3), wanted), np.zeros(3))
        assert rhs._quantities.kernel(BACKEND).branches == hushed


def test_functions_said_to_be_defined_everywhere_give_no_warning() -> None:
    values = np.array([-1e30, -1.0, -0.0, 0.0, 1.0, 1e30])
    for name, function in functions.FUNCTIONS.items():
        if function.total and name not in OVERFLOWING:
            given = [values > 0 if kind == "boolean" else values for kind in function.argument_kinds]
            BACKEND.function(name)(*given)
