"""What `explain` says: counted by hand, and against what XLA says of the program that it compiled."""

from __future__ import annotations

import random

import jax
import jax.numpy as jnp
import pytest

import opjax
from opjax.compile.costs import multiplications
from opjax.compile.explanation import Explanation
from opjax.compile.explanation_text import size_text
from opjax.passes import PASSES, Pass

TWO_SUMS = """
model Two:
  axes:
    a = [p, q, r]
    b = [u, v, w, z]
  params:
    A[a, b]
    B[a, b]
    C[a, a]
  states: x[a, b], y[a]
  dynamics:
    x[a, b]' = sum(sum(A[c, b]*B[a, d]*x[c, d] for c in a) for d in b)
    y[a]' = max(exp(-(A[a, d] - x[c, d])^2) for c in a, d in b)
"""
NUMBERS = "model M:\n  params:\n    k\n  states: x, y\n  dynamics:\n    x' = {x}\n    y' = -y\n"


def network(species: int) -> str:
    """Reactions of two shapes, at random."""
    draw = random.Random(4)
    rows = [
        f"    x{i} + x{(i + draw.randint(1, species - 2)) % species} -> x{(i + 1) % species} @ k"
        for i in range(species)
    ]
    rows += [f"    x{i} -> x{(i + draw.randint(1, species - 1)) % species} @ 0.{i + 1}" for i in range(species)]
    states = "\n".join(f"    x{i} = {i + 1}" for i in range(species))
    return f"model Network:\n  params:\n    k = 0.1\n  states:\n{states}\n  dynamics:\n" + "\n".join(rows) + "\n"


def ring(size: int) -> str:
    """The equations of Lorenz, one by one."""
    names = [f"x{i}" for i in range(size)]
    rows = [f"    x{i}' = ({names[(i + 1) % size]} - {names[i - 2]})*{names[i - 1]} - x{i} + F" for i in range(size)]
    return f"model Ring:\n  params:\n    F\n  states: {', '.join(names)}\n  dynamics:\n" + "\n".join(rows) + "\n"


def different(count: int) -> str:
    """Equations of which no two have the same shape."""
    names = [f"x{i}" for i in range(count)]
    rows = []
    for i in range(count):
        text = f"x{i}"
        for bit in range(7):
            text = f"({text}{'*-'[i >> bit & 1]}{names[(i + bit) % count]})"
        rows.append(f"    x{i}' = {text}")
    return f"model Odd:\n  states: {', '.join(names)}\n  dynamics:\n" + "\n".join(rows) + "\n"


def explained(text: str, xp: object = None) -> Explanation:
    return opjax.compile_rhs(text).explain(xp)


# --- counts by hand


@pytest.mark.parametrize(
    ("rate", "flops", "values"),
    [
        ("k*x + y", 2, 0),
        ("k*x - y", 2, 0),  # a subtraction is one operation
        ("-x", 1, 0),
        ("k*x*y/(1 + x)", 4, 0),
        ("x^2", 1, 0),
        ("x^7", 4, 0),  # x^2, x^4, and two products
        ("x^-3", 3, 0),
        ("exp(-x) + x^k", 2, 2),
        ("max(x, y) if x < k else 0", 3, 0),
        ("k*(x + y)/(x + y)", 3, 0),  # the sum is shared
    ],
)
def test_operations_on_numbers(rate: str, flops: int, values: int) -> None:
    costs = explained(NUMBERS.format(x=rate)).costs
    assert (costs.flops - 1, costs.function_values) == (flops, values)  # one for y' = -y


def test_operations_on_arrays() -> None:
    found = explained(TWO_SUMS)
    first, second = found.contractions
    assert first.flops == 2 * 3 * 4 * 4 or first.flops == 2 * 3 * 3 * 4
    assert second.flops in (2 * 3 * 4 * 4, 2 * 3 * 3 * 4)
    differences, squares, signs, values = (3 * 3 * 4,) * 4
    maxima = 3 * 3 * 4 - 3
    assert found.costs.flops == first.flops + second.flops + differences + squares + signs + maxima
    assert found.costs.function_values == values


def test_bytes() -> None:
    costs = explained(NUMBERS.format(x="k*x + y")).costs
    assert costs.least_bytes == 8 * (2 + 1 + 2)  # two states, a parameter, two derivatives
    product, total, sign, result = 3, 3, 2, 2 * 2  # reads and writes
    assert costs.most_bytes == 8 * (product + total + sign + result)
    assert opjax.compile_rhs(NUMBERS.format(x="k*x")).explain(itemsize=4).costs.least_bytes == 4 * 5


@pytest.mark.parametrize("exponent", range(-9, 10))
def test_multiplications_of_a_power(exponent: int) -> None:
    """Against the text that emission writes."""
    source = opjax.compile_rhs(NUMBERS.format(x=f"x^{exponent}*1")).source
    operations = source.count("*") + source.count("/") + source.count(" + ")
    assert multiplications(exponent) == operations if exponent != 1 else operations == 0


@pytest.mark.parametrize(("points", "kept"), [(2000, True), (2001, False)])
def test_a_table_that_is_too_large_to_be_kept_is_an_array_of_every_call(points: int, kept: bool) -> None:
    rhs = opjax.compile_rhs(
        f"model M:\n  axes:\n    a = grid(0, 1, {points})\n  states: x[a]\n"
        "  dynamics:\n    x[a]' = sum(x[b]*(a - b)^2 for b in a)\n"
    )
    found = rhs.explain()
    assert (found.largest is None) == kept == (not found.obstacles)
    before, _, function = rhs.source.partition("def rhs")
    assert ("base*base" in before, "base*base" in function) == (kept, not kept)


def test_one_operation_is_told_as_one() -> None:
    (remark,) = [one.remark for one in explained(NUMBERS.format(x="k")).passes if one.remark]
    assert remark.startswith("1 scalar operation stays, which is quick")


# --- against XLA


@pytest.mark.parametrize(
    "text",
    [
        "examples/sir.ojx",
        "examples/seir_age.ojx",
        "examples/fisher_kpp.ojx",
        TWO_SUMS,
        network(60),
        ring(80),
        NUMBERS.format(x="sqrt(x) if x > 0 else k*x"),
    ],
    ids=["sir", "seir_age", "fisher_kpp", "two_sums", "network", "ring", "branch"],
)
def test_estimates_are_near_those_of_the_compiler(text: str) -> None:
    """XLA counts in the program that it has fused: flops within 5 %, function values, bytes between the two bounds."""
    with jax.enable_x64(True):
        rhs = opjax.compile_rhs(text, xp=jnp)
        record = rhs.explain()
        parameters = {name: jnp.ones(shape) for name, shape in rhs.param_shapes.items()}
        run = jax.jit(lambda t, y, p: rhs.eval_fn(t, y, **p))
        analysis = run.lower(0.0, jnp.ones(record.states), parameters).compile().cost_analysis()
    found = analysis[0] if isinstance(analysis, list) else analysis
    costs = record.costs
    assert costs.flops == pytest.approx(found["flops"], rel=0.05)
    assert costs.function_values == found.get("transcendentals", 0)
    assert costs.least_bytes <= found["bytes accessed"] <= costs.most_bytes


# --- records


def test_the_groups_of_a_network() -> None:
    found = explained(network(60))
    # the number of 0.7*x is the factor of x in the sums
    assert [(group.equations, group.expression) for group in found.groups] == [(60, "k*x1*x2")]
    (sums,) = found.sums
    assert (sums.sums, sums.terms) == (60, 300)
    assert not found.obstacles
    assert {record.name: record.fired for record in found.passes} == {
        "fold": False,
        "shift": False,
        "outward": False,
        "cells": False,
        "swaps": False,
        "ends": False,
        "ratios": False,
        "contract": False,
        "batch": False,
        "alongside": False,
        "reroll": True,
        "opposite": False,
        "collect": False,
        "quotients": False,
        "together": False,
        "common": False,
        "scale": False,
        "leading": False,
        "dots": False,
        "differences": False,
        "fluxes": False,
        "faces": False,
        "coalesce": False,
    }
    (reroll,) = [record for record in found.passes if record.fired]
    assert found.operations == reroll.after < 20 < reroll.before == found.shared
    assert found.largest is not None
    assert found.largest.extent == (("terms", 300),)
    assert "added up at once" in found.largest.reason


def test_what_stops_a_model() -> None:
    found = explained(different(40))
    (obstacle,) = found.obstacles
    assert obstacle.startswith(f"{found.operations} scalar operations stay, since fewer than half of them have a shape")
    assert obstacle in str(found).replace("\n   ", "")


def test_a_large_array_has_its_reason() -> None:
    text = TWO_SUMS.replace("a = [p, q, r]", f"a = [{', '.join(f'p{i}' for i in range(40))}]")
    found = explained(text)
    assert found.largest is not None
    assert dict(found.largest.extent) == {"a": 40, "a'": 40, "b'": 4}
    assert found.largest.bytes == 8 * 40 * 40 * 4
    assert found.largest.reason == "the max is taken of values that depend on all of a 40, a' 40, b' 4"
    assert found.obstacles
    assert f"[a 40, a' 40, b' 4], {size_text(found.largest.bytes)}" in str(found)


def test_the_contractions_avoid_the_large_array() -> None:
    first, second = explained(TWO_SUMS).contractions
    assert second.avoided == 3 * 3 * 4 * 4
    assert "#1[" in " ".join(second.factors)
    assert len(first.factors) == len(second.factors) == 2


def test_sharing_is_counted() -> None:
    doubled = ["  let:", "    a0 = x*y", *[f"    a{i} = a{i - 1}*a{i - 1} + 1" for i in range(1, 60)]]
    text = NUMBERS.format(x="a59").replace("  dynamics:", "\n".join([*doubled, "  dynamics:"]))
    found = explained(text)
    assert found.written == 10**12
    assert found.shared < 130
    assert "over 10^12" in str(found)


def test_what_differentiates_has_a_pass_more() -> None:
    text = NUMBERS.format(x="sqrt(x) if x > 0 else k*x")
    numpy, jax_ = explained(text), explained(text, jnp)
    assert "guard" not in [record.name for record in numpy.passes]
    assert [record.name for record in jax_.passes if record.fired] == ["guard"]
    assert numpy.costs == jax_.costs  # what only stops a gradient costs nothing


def test_it_is_the_same_every_time() -> None:
    rhs = opjax.compile_rhs(network(30))
    assert str(rhs.explain()) == str(rhs.explain()) == str(explained(network(30)))
    assert rhs.explain() == rhs.explain()


def test_who_does_not_ask_pays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise AssertionError("a record was made")

    monkeypatch.setattr("opjax.passes.Step", fail)
    rhs = opjax.compile_rhs(network(30))
    assert rhs.source
    with pytest.raises(AssertionError, match="a record was made"):
        rhs.explain()


@pytest.mark.parametrize("row", PASSES, ids=lambda row: row.name)
def test_every_pass_says_its_purpose(row: Pass) -> None:
    purpose = row.purpose
    assert 20 < len(purpose) < 140
    assert not purpose.endswith(".")


def test_notebooks_get_a_page_without_markup_of_the_user() -> None:
    page = explained(NUMBERS.format(x="k*x if x < y else y"))._repr_html_()
    assert page.startswith("<pre>")
    assert "<" not in page.removeprefix("<pre>").removesuffix("</pre>")


def test_the_times_of_an_input_are_nothing_that_a_model_knows() -> None:
    model = opjax.loads("""
model Schools:
  axes:
    age = [young, old]
  inputs:
    open(t) = previous
    births[age](t) = linear
  states:
    x[age] = 1
  dynamics:
    x[age]' = births[age](t) - open(t)*x[age]^2
""")
    found = model.compile_rhs().explain()
    assert found.largest is None or found.largest.bytes <= 16
    assert "Schools" in model.show("program")
