"""Formulas as people write them: a minus leads, one fraction stands for two, the last point of an axis is named."""

from __future__ import annotations

import pytest

import opjax

AGES = "  axes:\n    age = ordered [young, old]\n"


def right_side(text: str, axes: str = "") -> str:
    """The formula of an equation, without its left side."""
    where = "[age]" if axes else ""
    declared = f"{axes}  params:\n    a = 1\n    b = 2\n  states:\n    x{where} = 1\n"
    model = opjax.loads(f"model M:\n{declared}  dynamics:\n    x{where}' = {text}\n")
    row = next(line for line in model.show("latex").splitlines() if "{t}} &= " in line or "t} &= " in line)
    return row.partition("&= ")[2].removesuffix(r" \\[1ex]")


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("-a*x", r"-a \, x"),
        ("b - (-a)*x", r"b - \left(-a \, x\right)"),
        ("b + (-a)*x", r"b - a \, x"),
        ("-exp(-t/10)*x", r"-\exp\left(-\frac{t}{10}\right) \, x"),
        ("x/a/b", r"\frac{x}{a \, b}"),
        ("-x/5/365", r"-\frac{x}{5 \cdot 365}"),
        ("x/(a/b)", r"\frac{x}{\frac{a}{b}}"),
        ("a*(-x)", r"a \, \left(-x\right)"),
        ("(-x)^2", r"\left(-x\right)^{2}"),
    ],
)
def test_signs_and_fractions(text: str, formula: str) -> None:
    assert right_side(text) == formula


def test_a_minus_leads_a_sum() -> None:
    assert right_side("sum(-a*x[i] for i in age) + b", AGES) == r"-\sum_{\mathrm{age}} a \, x_{\mathrm{age}} + b"


def test_the_last_point_is_named() -> None:
    model = opjax.loads(
        f"model M:\n{AGES}  states:\n    x[age] = 1\n  dynamics:\n    x[age] -> x[age+1] @ 0.1 edge stay\n"
    )
    assert r"\text{if } \mathrm{age} \ne \text{old}" in model.show("latex")
    assert r"\left|" not in model.show("latex")


def test_plain_text_stays_as_it_is_computed() -> None:
    model = opjax.loads("model M:\n  states:\n    x = 1\n  dynamics:\n    x' = -x/5/365\n")
    assert model.show("expanded") == "d(x)/dt = -x/5/365\n"


OPERATORS = """
model Pond:
  axes:
    z = grid(0, 1, 5)
  params:
    D = 0.1
  states:
    u[z] = 1 density
    v[z] = 1 density
    w = 0
  dynamics:
    w' = 1
  operators:
    mixing: diffusion along z with coefficient = D
    advection of u along z with velocity = 1
"""


def test_operators_are_shown_where_the_model_is() -> None:
    model = opjax.loads(OPERATORS)
    described = str(model)
    assert "mixing diffusion along z with coefficient = D" in " ".join(described.split())
    assert "advection of u along z with velocity = 1" in described
    chart = model.show("diagram").splitlines()
    assert '  operator_1>"mixing: diffusion along z"]' in chart
    assert [line for line in chart if line.startswith("  operator_1 -.->")] == [
        "  operator_1 -.-> u",
        "  operator_1 -.-> v",
    ]
    assert [line for line in chart if line.startswith("  operator_2 -.->")] == ["  operator_2 -.-> u"]
