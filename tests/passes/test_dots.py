"""Sums of products of vectors are one operation for NumPy; sums begin with what is added."""

from __future__ import annotations

import numpy as np
import pytest

import interpreted
import opjax

RANDOM = np.random.default_rng(4)


def model(rate: str) -> opjax.CompiledRhs:
    head = "model M:\n  axes:\n    a = [p, q, r]\n  params:\n    m[a]\n    w[a]\n  states: u[a]\n  dynamics:\n"
    return opjax.compile_rhs(f"{head}    u[a]' = {rate}\n")


def fired(rhs: opjax.CompiledRhs, name: str) -> bool:
    return {record.name: record.fired for record in rhs.explain().passes}[name]


def agrees(rhs: opjax.CompiledRhs) -> None:
    y, p = RANDOM.uniform(size=3), {name: RANDOM.uniform(size=3) for name in rhs.param_names}
    np.testing.assert_allclose(rhs(0.0, y, p), interpreted.derivative(rhs, y, p), rtol=1e-13)


@pytest.mark.parametrize(
    ("total", "one"),
    [
        ("sum(m[b]*u[b] for b in a)", True),
        ("sum(m[b]*w[b]*u[b] for b in a)", True),
        ("sum(u[b]*u[b] for b in a)", True),
        ("sum(m[b]*u[b] for b in a) + m[a]*u[a]", True),
        ("sum(exp(u[b]) for b in a)", False),
        ("sum(u[b] for b in a)", False),
        ("max(m[b]*u[b] for b in a)", False),
    ],
)
def test_products_of_vectors(total: str, one: bool) -> None:
    rhs = model(f"u[a]*({total})")
    assert fired(rhs, "dots") == one
    agrees(rhs)


@pytest.mark.parametrize(
    ("rate", "changes"),
    [
        ("-(m[a]*u[a]) - w[a]*m[a] + w[a]", True),
        ("-(m[a]*u[a]) - w[a] + 2 + u[a]", True),
        ("-(m[a]*u[a]) + w[a]*m[a] - w[a]", False),
        ("-(m[a]*u[a]) - w[a]*m[a] - w[a]", False),
        ("-(m[a]*u[a]) - w[a]*m[a] + 2", False),
        ("w[a] - m[a]*u[a] - w[a]*m[a]", False),
        ("2 - m[a]*u[a] + w[a]", False),
        ("m[a]*u[a] + w[a]*exp(m[a]) + w[a]", False),
    ],
)
def test_sums_begin_with_what_is_added(rate: str, changes: bool) -> None:
    rhs = model(rate)
    assert fired(rhs, "leading") == changes
    agrees(rhs)
