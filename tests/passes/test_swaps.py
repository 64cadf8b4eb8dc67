"""What is read at the other of two points: the same values, without a selection."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
import pytest

import interpreted
import opjax
from opjax.passes import PASSES

RANDOM = np.random.default_rng(12)
HEAD = """
model Sexes:
  axes:
    sex = [f, m]
    other = [one, two]
    three = [a, b, c]
    group = [x, y, z]
  params:
    M[sex, group, group]
    W[three, group]
  states:
    I[sex, group]
    J[three, group]
  let:
    part[sex, group] = I[sex, group]/(1 + I[sex, group])
  dynamics:
"""
RATES = {
    "sum": ("sum(sum(M[sex, group, j]*part[o, j] for j in group) for o in sex if o != sex)", True),
    "at once": ("sum(M[sex, group, j]*part[o, j] for o in sex, j in group if o != sex)", True),
    "transposed": ("sum(sum(M[sex, j, group]*part[o, j] for j in group) for o in sex if o != sex)", True),
    "both": ("sum(M[o, group, group]*part[sex, group]*log(part[o, group]) for o in sex if o != sex)", True),
    "choice": ('I[sex, group]*(part[sex="m", group] if sex == "f" else part[sex="f", group])', True),
    "same": ('I[sex, group]*(part[sex="f", group] if sex == "f" else part[sex="m", group])', True),
    "all": ("sum(part[o, group] for o in sex)", False),
    "unequal": ('sum(part[o, group] for o in sex if o != "f" or sex == "f")', False),
    "no term": ("I[sex, group]*sum(exp(M[sex, group, group]) for o in sex if o != sex)", False),
    "product": ("prod(part[o, group] for o in sex if o != sex)", False),
}
OTHERS = {
    "others": ("sum(W[o, group]*J[o, group] for o in three if o != three)", False),
    "own": ("sum(W[o, group]*J[o, group] for o in three if o == three)", True),
}
ROWS = {row.name: row for row in PASSES}


def model(rate: str, state: str) -> opjax.CompiledRhs:
    rates = {"I[sex, group]": "0", "J[three, group]": "0", state: rate}
    return opjax.compile_rhs(HEAD + "".join(f"    {name}' = {text}\n" for name, text in rates.items()))


@pytest.mark.parametrize("name", [*RATES, *OTHERS])
def test_values_are_the_same(name: str) -> None:
    rate, changes = {**RATES, **OTHERS}[name]
    rhs = model(rate, "I[sex, group]" if name in RATES else "J[three, group]")
    p = {key: RANDOM.uniform(0.5, 1.5, shape) for key, shape in rhs.param_shapes.items()}
    y = RANDOM.uniform(0.5, 1.5, 15)
    want = interpreted.derivative(rhs, y, p)
    np.testing.assert_allclose(rhs(0.0, y, p), want, rtol=1e-13)
    with jax.enable_x64(True):
        run: Callable[..., np.ndarray] = jax.jit(rhs.eval_fn)
        np.testing.assert_allclose(run(0.0, y, **p), want, rtol=1e-13)
    assert {record.name: record.fired for record in rhs.explain().passes}["swaps"] == changes
    assert not changes or "where" not in rhs.source


def test_the_point_that_is_not_read_counts_for_nothing() -> None:
    """Nothing times infinity is undefined; a term that is not there is no term."""
    rhs = model("sum(1/I[o, group] for o in sex if o != sex)", "I[sex, group]")
    y = np.array([0.0, 1.0, 2.0, 4.0, 5.0, 8.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(rhs(0.0, y, {})[:6], [0.25, 0.2, 0.125, np.inf, 1.0, 0.5])
