"""Absent cells: what reads them sees zero, what changes them is zero, and flows stay between cells that exist."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import opjax
from opjax.errors import OpjaxError

TEXT = """
model Vaccination:
  axes:
    age = [child, adult, old]
    dose = ordered [none, first, second]
    x = grid(0, 1, 5)
  params:
    nu = 0.3
    beta[age] = [0.1, 0.2, 0.3]
    w[age, dose] = [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]
  states:
    S[age, dose] = 10
    I[age, dose] = 1
    N = 0
    D[age] = 2
  let:
    total = sum(S[a, d] for a in age, d in dose)
  dynamics:
    vaccinate: S[age, dose] -> S[age, dose+1] @ nu edge stay
    infect: S[age, dose] -> I[age, dose] @ beta[age]
    die: I[age, dose] => D[age] @ w[age, dose]
    0 -> S[age, dose] @ 1
    N' = total
    I[age, dose]' = 7
  absent:
    S, I where age == "child" and dose != "none"
    * where dose == "second" and age == "old"
    D where age == "adult"
"""
EXISTS = np.array([[1, 0, 0], [1, 1, 1], [1, 1, 0]], bool)
BETA = np.array([0.1, 0.2, 0.3])[:, None]


def by_hand(y: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Cell by cell."""
    s = np.where(EXISTS, y["S"], 0)
    ds, di, dd = np.zeros((3, 3)), np.zeros((3, 3)), np.zeros(3)
    for age in range(3):
        for dose in range(3):
            if not EXISTS[age, dose]:
                continue
            ds[age, dose] += 1
            di[age, dose] += 7
            if dose < 2 and EXISTS[age, dose + 1]:
                ds[age, dose] -= 0.3 * s[age, dose]
                ds[age, dose + 1] += 0.3 * s[age, dose]
            ds[age, dose] -= BETA[age, 0] * s[age, dose]
            di[age, dose] += BETA[age, 0] * s[age, dose]
            if age != 1:
                di[age, dose] -= 0.5
                dd[age] += 0.5
    return {"S": ds, "I": di, "N": s.sum(), "D": dd}


@pytest.mark.parametrize("namespace", ["numpy", "jax"])
def test_as_by_hand(namespace: str, x64: None):
    import jax.numpy as jnp

    rhs = opjax.compile_rhs(TEXT)
    rng = np.random.default_rng(1)
    y = {name: rng.random(shape) for name, shape in rhs.template_shapes.items()}
    given: dict[str, Any] = y if namespace == "numpy" else {name: jnp.asarray(a) for name, a in y.items()}
    found, want = rhs.pytree_eval_fn(0.0, given), by_hand(y)
    for name, array in want.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-14, atol=1e-15, err_msg=name)


def test_initial_values_and_solutions_are_zero_there(x64: None):
    run = opjax.loads(TEXT).simulate(ts=[0.0, 1.0])
    for name in ("S", "I"):
        for time in (0.0, 1.0):
            values = np.asarray(run[name].sel(time=time))
            assert (values[~EXISTS] == 0).all()
            assert (values[EXISTS] != 0).all()


def test_masses_are_conserved_between_the_cells_that_exist():
    rhs = opjax.compile_rhs(TEXT.replace("    0 -> S[age, dose] @ 1\n", "").replace("    I[age, dose]' = 7\n", ""))
    rng = np.random.default_rng(2)
    found = rhs.pytree_eval_fn(0.0, {name: rng.random(shape) for name, shape in rhs.template_shapes.items()})
    assert abs(sum(found[name].sum() for name in ("S", "I", "D"))) < 1e-14


def test_the_three_spellings_say_the_same():
    model = opjax.loads(TEXT)
    again = opjax.loads(model.show("yaml"), format="yaml")
    assert again.content_hash == model.content_hash
    assert "absent:\n    S, I where" in again.show("ojx")
    mapping = {
        "name": "M",
        "axes": [{"name": "age", "coords": ["a", "b"]}],
        "state": ["S[age]"],
        "equations": {"S[age]": "-S[age]"},
        "constraints": [{"state": "S[age]", "where": "age == 'b'"}],
    }
    assert opjax.compile_rhs(mapping).eval_fn(0.0, np.ones(2)).tolist() == [-1.0, 0.0]


OPERATORS = (
    "advection along x with velocity = 1",
    "diffusion along x with coefficient = 1",
    "jump_integral along x with rate = 1, matrix = J",
)


@pytest.mark.parametrize("operator", OPERATORS)
def test_absent_cells_are_walls_for_operators(operator: str):
    text = f"""
    model M:
      axes:
        x = grid(0, 1, 5)
        g = [a, b]
      params:
        J[x, x] = [[9, 1, 2, 3, 4], [1, 9, 2, 3, 4], [1, 2, 9, 3, 4], [1, 2, 3, 9, 4], [1, 2, 3, 4, 9]]
      states:
        u[x, g] = 1
      operators:
        {operator}
      absent:
        * where (x == 0.5 or x > 0.8) and g == "a"
    """
    rhs = opjax.compile_rhs(text)
    u = np.random.default_rng(3).random((5, 2)) + 0.5
    found = rhs.pytree_eval_fn(0.0, {"u": u})["u"]
    assert (found[[2, 4], 0] == 0).all()
    weights = np.ones(5) if operator.startswith("jump") else np.array([0.125, 0.25, 0.25, 0.25, 0.125])
    np.testing.assert_allclose(weights @ found, 0, atol=1e-14)
    if not operator.startswith("jump"):  # below the wall there is one face
        face = u[0, 0] if operator.startswith("advection") else (u[0, 0] - u[1, 0]) / 0.25
        np.testing.assert_allclose(found[:2, 0], [-face / 0.125, face / 0.25], rtol=1e-13)
        assert found[3, 0] == 0


def test_a_condition_knows_the_axes_only():
    for condition, code in {"S[age] > 1": "E0407", 'age == "baby"': "E0305", "place == 1": "E0301"}.items():
        text = f"""
        model M:
          axes:
            age = [child, adult]
          states:
            S[age] = 1
          dynamics:
            S[age]' = 0
          absent:
            S where {condition}
        """
        with pytest.raises(OpjaxError) as caught:
            opjax.loads(text)
        assert [d.code for d in caught.value.diagnostics] == [code]
