"""Formulas in which two names, or two numbers, would look like one."""

from __future__ import annotations

import pytest

import opjax


def right_side(rate: str, *parameters: str) -> str:
    declared = "".join(f"    {name} = 1\n" for name in ("a", *parameters))
    text = f"model M:\n  params:\n{declared}  states:\n    x = 1\n  dynamics:\n    x' = {rate}\n"
    return opjax.loads(text).show("latex").splitlines()[2].partition(" &= ")[2].removesuffix(r" \\[1ex]")


@pytest.mark.parametrize(
    ("rate", "parameters", "shown"),
    [
        ("x_*x*_x", ("x_", "_x"), r"\mathit{x\_} \, x \, \mathit{\_x}"),
        ("N0 + N_0", ("N0", "N_0"), r"N_{0} + \mathit{N\_0}"),
        ("beta*β", ("beta", "β"), r"\mathit{beta} \, \beta"),
        ("t_*t", ("t_",), r"\mathit{t\_} \, t"),
        ("N_0*x", ("N_0",), r"N_{0} \, x"),
    ],
)
def test_names_that_would_look_alike_are_spelled(rate: str, parameters: tuple[str, ...], shown: str) -> None:
    assert right_side(rate, *parameters) == shown


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        ("2*3*x", r"2 \cdot 3 \, x"),
        ("x*2*a", r"x \cdot 2 \, a"),
        ("2*3^a", r"2 \cdot {3}^{a}"),
        ("2*pi*x", r"2 \, \pi \, x"),
        ("-pi", r"-\pi"),
    ],
)
def test_a_number_is_told_from_the_one_before(rate: str, shown: str) -> None:
    assert right_side(rate) == shown


def test_both_sides_have_the_same_name() -> None:
    text = "model M:\n  states:\n    x_ = 1\n    x = 1\n  dynamics:\n    x_' = -x_\n    x' = -x\n"
    first, second = opjax.loads(text).show("latex").splitlines()[2:4]
    assert first.startswith(r"\frac{\mathrm{d}\mathit{x\_}}{\mathrm{d}t} &= -\mathit{x\_}")
    assert second.startswith(r"\frac{\mathrm{d}x}{\mathrm{d}t} &= -x")
