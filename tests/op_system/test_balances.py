"""What reactions conserve: as op_system finds it for unit transfers, and against the derivative for the rest."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import opjax
from differential.harness import both
from opjax.compile.balances import reaction_balances

UNITS: dict[str, tuple[list[str], list[dict[str, Any]]]] = {
    "two parts and a source": (
        ["A", "B", "C", "D"],
        [{"from": "A", "to": "B"}, {"from": "C", "to": "D"}, {"to": "C"}],
    ),
    "a circle": (["A", "B", "C"], [{"from": "A", "to": "B"}, {"from": "B", "to": "C"}, {"from": "C", "to": "A"}]),
    "crossing": (["A", "B", "C", "D"], [{"from": "D", "to": "B"}, {"from": "A", "to": "C"}, {"from": "C", "to": "B"}]),
}


@pytest.mark.parametrize(("states", "rows"), UNITS.values(), ids=UNITS)
def test_as_op_system_finds_them(states: list[str], rows: list[dict[str, Any]]) -> None:
    import op_system

    transitions = [{"name": f"r{place}", "rate": "k", **row} for place, row in enumerate(rows)]
    ours, theirs = both({"kind": "transitions", "state": states, "transitions": transitions})
    found, expected = reaction_balances(ours), op_system.reaction_balances(theirs)
    assert found.state_names == expected.state_names
    assert found.scope == expected.scope
    assert found.coverage_gaps == expected.coverage_gaps == ()
    assert [(law.name, law.coefficients, law.reaction_names) for law in found.laws] == [
        (law.name, law.coefficients, law.reaction_names) for law in expected.laws
    ]
    assert [[(s.reaction_name, s.coefficient, s.target_state) for s in law.sources] for law in found.laws] == [
        [(s.reaction_name, s.coefficient, s.target_state) for s in law.sources] for law in expected.laws
    ]


GENERAL = """
model Enzyme:
  axes:
    age = [young, old]
  params:
    k
    q
  states:
    E
    S[age]
    ES[age]
    P
    W
  dynamics:
    bind: E + S[age] -> ES[age] @ k
    free: ES[age] -> E + S[age] @ q
    turn: ES[age] -> E + 2 P @ k*q
    waste: 3 P -> W @ q
    feed: 0 -> S[age] @ k
    lose: W -> 0 @ q
    older: S[age] -> S[age+1] @ k edge stay
"""


def test_laws_hold_for_the_derivative() -> None:
    rhs = opjax.compile_rhs(GENERAL)
    report = reaction_balances(rhs)
    assert report.scope == "integer_stoichiometry"
    assert [law.coefficients for law in report.laws] == [(1, 0, 0, 1, 1, 0, 0), (0, 2, 2, 2, 2, 1, 3)]
    y = np.random.default_rng(0).uniform(1.0, 2.0, 7)
    given = {"k": 0.3, "q": 1.7}
    derivative = rhs.eval_fn(0.0, y, **given)
    fire = {r.name: float(np.sum(r.propensity_fn(0.0, rhs.unflatten(y), **given))) for r in rhs.reactions}
    for law in report.laws:
        expected = sum(source.coefficient * fire[source.reaction_name] for source in law.sources)
        np.testing.assert_allclose(np.dot(law.coefficients, derivative), expected, rtol=1e-12, atol=1e-12)


def test_a_long_chain_is_one_law() -> None:
    names = [f"x{place}" for place in range(400)]
    rows = [{"from": a, "to": b, "rate": "k", "name": f"to_{b}"} for a, b in itertools.pairwise(names)]
    rhs = opjax.compile_rhs({"kind": "transitions", "state": names, "transitions": rows})
    (law,) = reaction_balances(rhs).laws
    assert law.coefficients == (1,) * 400


@pytest.mark.parametrize(
    ("line", "reason"),
    [("S[age]' = -k*S[age]", "expr_spec"), ("S[age] -> S[age+1] @ k edge absorb", "leaves_over_an_edge")],
)
def test_what_the_reactions_do_not_say_leaves_no_law(line: str, reason: str) -> None:
    text = "model M:\n axes:\n  age = [young, old]\n params:\n  k\n states:\n  S[age]\n dynamics:\n  "
    report = reaction_balances(opjax.compile_rhs(f"{text}{line}\n"))
    assert report.laws == ()
    assert [gap.reason for gap in report.coverage_gaps] == [reason]


def test_nothing_is_conserved_where_a_reaction_makes_more_of_the_same() -> None:
    rhs = opjax.compile_rhs("model M:\n params:\n  k\n states: A\n dynamics:\n  A -> 2 A @ k\n")
    assert reaction_balances(rhs).laws == ()
    assert reaction_balances(rhs).coverage_gaps == ()
