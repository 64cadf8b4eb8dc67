"""What a first call under `jax.jit` makes XLA do: one program, whatever constants the model has."""

from __future__ import annotations

import logging

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax

SPECIES = 40
ROWS = "".join(f"    R{n}: A{n} + A{(7 * n + 3) % SPECIES} -> A{(n + 1) % SPECIES} @ k\n" for n in range(SPECIES))
NETWORK = (
    "model Net:\n  params:\n    k = 0.5\n  states:\n" + "".join(f"    A{n} = 1\n" for n in range(SPECIES))
) + f"  dynamics:\n{ROWS}"
GRID = """
model Grid:
  axes:
    x = grid(0, 1, 17)
    age = [young, old]
  params:
    C[age, age] = [[0.1, 0.2], [0.3, 0.4]]
  states: u[x], v[age]
  dynamics:
    u[x]' = sin(x)*u[x]
    v[age]' = sum(C[age, b]*v[b] for b in age)
"""


@pytest.mark.parametrize("text", [NETWORK, GRID])
def test_one_program_is_compiled(text: str, caplog: pytest.LogCaptureFixture) -> None:
    rhs = opjax.compile_rhs(text, xp=jnp)
    y = jnp.linspace(0.5, 1.5, len(rhs.state_names))
    expected = np.asarray(opjax.compile_rhs(text + "\n").eval_fn(0.0, np.asarray(y)))
    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        found = jax.jit(lambda y: rhs.eval_fn(0.0, y))(y)
    compiled = [record.getMessage() for record in caplog.records if record.getMessage().startswith("Compiling jit(")]
    assert len(compiled) == 1, compiled
    np.testing.assert_allclose(found, expected, rtol=1e-5)
