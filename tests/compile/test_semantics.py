"""What the language says, statement by statement, against the same written by hand in NumPy."""

from __future__ import annotations

import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from models import compile_text

AGE = np.array([3.0, 5.0, 7.0])
C = np.array([[2.0, 1.0, 0.5], [1.0, 4.0, 1.5], [0.25, 1.0, 3.0]])
HEAD = """
model M:
  axes:
    age = ordered [young, middle, old]
    place = [town, country]
    x = grid(0, 1.5, 4)
  params:
    k = 2
    r[age] = [0.5, 0.25, 0.125]
    C[age, age] = [[2, 1, 0.5], [1, 4, 1.5], [0.25, 1, 3]]
"""


def derivative(body: str, state: object) -> np.ndarray:
    """The derivative of a model with the axes and parameters above."""
    rhs = compile_text(HEAD + textwrap.indent(textwrap.dedent(body), "  "))
    return np.asarray(rhs.eval_fn(0.0, np.asarray(state, dtype=float).ravel()))


def rate(expression: str, state: object = AGE, axes: str = "[age]") -> np.ndarray:
    """The value of an expression of ``S[age]`` as a derivative of S."""
    target = f"S{axes}"
    return derivative(f"states:\n  {target}\ndynamics:\n  {target}' = {expression}", state)


def scalar(expression: str, state: object = AGE) -> float:
    """The value of a scalar expression of ``S[age]``."""
    body = f"states:\n  S[age]\n  v\ndynamics:\n  S[age]' = 0\n  v' = {expression}"
    return float(derivative(body, [*np.ravel(state), 0.0])[-1])


# --- reductions


def test_contact_matrix_is_a_matrix_product() -> None:
    np.testing.assert_allclose(rate("sum(C[age, b]*S[b] for b in age)"), C @ AGE)
    np.testing.assert_allclose(rate("sum(C[b, age]*S[b] for b in age)"), C.T @ AGE)
    np.testing.assert_allclose(rate("sum(C[age, b]*S[b]/r[b] for b in age)*k"), 2 * C @ (AGE / [0.5, 0.25, 0.125]))


def test_reading_one_dim_twice_is_the_diagonal() -> None:
    np.testing.assert_allclose(rate("C[age, age]*S[age]"), np.diag(C) * AGE)
    assert scalar("sum(C[a, a] for a in age)") == np.trace(C)


def test_two_sided_products_and_nested_sums() -> None:
    want = AGE @ C @ C @ AGE
    np.testing.assert_allclose(scalar("sum(S[a]*C[a, b]*C[b, d]*S[d] for a in age, b in age, d in age)"), want)
    np.testing.assert_allclose(
        scalar("sum(S[a]*sum(C[a, b]*sum(C[b, d]*S[d] for d in age) for b in age) for a in age)"), want
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("sum(k for a in age)", 6.0),
        ("prod(k for a in age)", 8.0),
        ("max(k for a in age)", 2.0),
        ("mean(S[a]*k for a in age, p in place)", 10.0),
    ],
)
def test_a_sum_over_an_unused_axis_counts_its_points(expression: str, value: float) -> None:
    with pytest.warns(opjax.OpjaxWarning, match="W0404"):
        assert scalar(expression) == value


def test_other_reductions() -> None:
    assert scalar("prod(S[a] for a in age)") == 105.0
    assert scalar("min(S[a] for a in age) + 100*max(S[a] for a in age)") == 703.0
    assert scalar("mean(S[a] for a in age)") == 5.0


def test_filters_by_label_order_value_and_pair() -> None:
    assert scalar('sum(S[a] for a in age if a != "middle")') == 10.0
    assert scalar('sum(S[a] for a in age if a >= "middle")') == 12.0
    assert scalar("sum(S[a] for a in age if S[a] > 4)") == 12.0
    assert scalar("sum(C[a, b] for a in age, b in age if a != b)") == C.sum() - np.trace(C)
    assert scalar("mean(S[a] for a in age if S[a] > 4)") == 6.0
    assert scalar("min(S[a] for a in age if S[a] > 4)") == 5.0


def test_integral_is_the_trapezoid_rule() -> None:
    x = np.array([0.0, 0.5, 1.0, 1.5])
    u = np.array([1.0, 4.0, 2.0, 8.0])
    body = "states:\n  u[x]\n  v\ndynamics:\n  u[x]' = x\n  v' = {}"
    whole = derivative(body.format("integral(u[y]*y for y in x)"), [*u, 0.0])
    np.testing.assert_allclose(whole[:4], x)
    np.testing.assert_allclose(whole[4], np.trapezoid(u * x, x))
    part = derivative(body.format("integral(u[y] for y in x if y >= 0.5 and y <= 1.5)"), [*u, 0.0])
    np.testing.assert_allclose(part[4], np.trapezoid(u[1:], x[1:]))
    hole = derivative(body.format("integral(u[y] for y in x if u[y] != 2)"), [*u, 0.0])
    np.testing.assert_allclose(hole[4], np.trapezoid(u[:2], x[:2]))  # no interval has two ends inside but the first


# --- neighbours


@pytest.mark.parametrize(
    ("edge", "want"),
    [("stay", [5.0, 7.0, 7.0]), ("absorb", [5.0, 7.0, 0.0]), ("periodic", [5.0, 7.0, 3.0])],
)
def test_neighbours(edge: str, want: list[float]) -> None:
    np.testing.assert_array_equal(rate(f"S[age+1] edge {edge}"), want)


def test_labels_pick() -> None:
    assert scalar('S[age="old"] + S["young"]*10') == 37.0
    np.testing.assert_allclose(rate('C[age, "old"]*S[age]'), C[:, 2] * AGE)


# --- dynamics


def test_mass_action_multiplies_and_total_flow_does_not() -> None:
    states = "states: A, B, P\ndynamics:\n  "
    np.testing.assert_array_equal(derivative(states + "2 A + B -> P @ k", [3, 5, 0]), [-180.0, -90.0, 90.0])
    np.testing.assert_array_equal(derivative(states + "2 A + B => P @ k", [3, 5, 0]), [-4.0, -2.0, 2.0])
    np.testing.assert_array_equal(derivative(states + "A + B -> A + P @ k", [3, 5, 0]), [0.0, -30.0, 30.0])
    np.testing.assert_array_equal(
        derivative(states + "0 -> A @ k\n  B -> 0 @ k\n  P' = A", [3, 5, 0]), [2.0, -10.0, 3.0]
    )


def test_transitions_and_equations_add() -> None:
    body = "states: A, B\ndynamics:\n  A -> B @ k\n  A' = 1\n  B' = -A"
    np.testing.assert_array_equal(derivative(body, [3, 5]), [1 - 6.0, 6 - 3.0])


AGEING = "states:\n  S[age]\ndynamics:\n  S[age] -> S[age+1] @ r[age] edge {}"


@pytest.mark.parametrize(
    ("edge", "want"),
    [
        ("stay", [-1.5, 1.5 - 1.25, 1.25]),
        ("absorb", [-1.5, 1.5 - 1.25, 1.25 - 0.875]),
        ("periodic", [0.875 - 1.5, 1.5 - 1.25, 1.25 - 0.875]),
    ],
)
def test_ageing(edge: str, want: list[float]) -> None:
    np.testing.assert_allclose(derivative(AGEING.format(edge), AGE), want)


def test_pinned_reactants_and_products() -> None:
    body = 'states:\n  S[age]\n  D\ndynamics:\n  S[age="old"] -> D @ k\n  0 -> S[age="young"] @ 1\n'
    body += '  D -> S[age="middle"] @ k'
    np.testing.assert_array_equal(derivative(body, [*AGE, 11.0]), [1.0, 22.0, -14.0, 14.0 - 22.0])


def test_axes_that_one_side_lacks_are_summed_or_divided_by_the_rate() -> None:
    body = "states:\n  S[age, place]\n  D[age]\n  T\ndynamics:\n  S[age, place] -> D[age] @ r[age]\n  D[age] -> T @ k"
    s = np.arange(6.0).reshape(3, 2)
    d = np.array([1.0, 2.0, 3.0])
    flow = s * np.array([[0.5], [0.25], [0.125]])
    got = derivative(body, [*s.ravel(), *d, 0.0])
    np.testing.assert_allclose(got, [*(-flow).ravel(), *(flow.sum(1) - 2 * d), 2 * d.sum()])
    births = "states:\n  S[age]\n  M\ndynamics:\n  M -> S[age] @ r[age]"
    np.testing.assert_allclose(derivative(births, [*AGE, 4.0]), [2.0, 1.0, 0.5, -3.5])


def test_routing_between_points_of_one_axis() -> None:
    g = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 4.0], [5.0, 6.0, 0.0]])
    rhs = compile_text(
        """
model Routing:
  axes:
    imm = [x0, x1, x2]
  params:
    G[imm, imm]
  states:
    X[imm]
  dynamics:
    X[imm:i] -> X[imm:j] @ G[i, j]
"""
    )
    x = np.array([3.0, 2.0, 1.0])
    np.testing.assert_allclose(rhs.eval_fn(0.0, x, G=g), g.T @ x - g.sum(1) * x)


def test_cell_equations_and_broadcast() -> None:
    body = 'states:\n  S[age]\ndynamics:\n  S["young"]\' = 1\n  S[age="old"]\' = k*S["young"]\n  S[age]\' = 10'
    np.testing.assert_array_equal(derivative(body, AGE), [1.0, 10.0, 6.0])


# --- aliases, functions, conditions


def test_functions_of_the_model_take_values_over_any_axes() -> None:
    body = """
    states:
      S[age]
    let:
      total(z) = sum(z*r[a] for a in age)
      hill(z, h, n) = z^n/(h^n + z^n)
      both = k > 1 and not k > 3
    dynamics:
      S[age]' = total(S[age])*hill(S[age], k, 2) if both else 0
    """
    np.testing.assert_allclose(derivative(body, AGE), AGE * 0.875 * AGE**2 / (4 + AGE**2))


def test_order_of_declaration_does_not_matter() -> None:
    body = "let:\n  a = b + 1\n  b = d*2\n  d = S\nstates: S\ndynamics:\n  S' = a"
    assert derivative(body, [4.0])[0] == 9.0


def test_conditions_count_as_numbers_and_comparisons_chain() -> None:
    assert scalar('(k > 1)*5 + (0 < k < 1)*100 + (S["old"] == 7 or k > 9)') == 6.0


def test_numbers_are_floating_point() -> None:
    assert scalar("9**9**9") == np.inf
    assert scalar("1/3") == 1 / 3
    assert scalar("-2^2 + 2^-1 + (-8)^(1/3)*0 if k > 5 else -2^2 + 2^-1") == -3.5


def test_three_spellings_of_one_model_are_equal() -> None:
    text = opjax.loads("model SIR:\n  params:\n    beta\n    gamma\n  states: S, I, R\n  dynamics:\n"
                       "    infection: S -> I @ beta*I\n    recovery: I -> R @ gamma\n")  # fmt: skip
    mapping = {
        "name": "SIR",
        "kind": "transitions",
        "state": ["S", "I", "R"],
        "transitions": [
            {"name": "infection", "from": "S", "to": "I", "rate": "beta*I"},
            {"name": "recovery", "from": "I", "to": "R", "rate": "gamma"},
        ],
    }
    assert opjax.from_dict(mapping) == text
    assert opjax.from_dict(mapping).content_hash == text.content_hash
    assert opjax.loads(text.show("yaml"), "yaml") == text


def test_what_depends_on_axes_alone_is_computed_once() -> None:
    text = """
model Kernel:
  axes:
    x = grid(0, 1, 5)
  params:
    k
  states:
    u[x]
  dynamics:
    u[x]' = k*sum(exp(-(x - s)^2)*u[s] for s in x) + (1 if x > 0.4 else 0)
"""
    rhs = opjax.compile_rhs(opjax.loads(text, format="ojx"))
    before, _, function = rhs.source.partition("def rhs")
    assert "xp.exp" in before
    assert "xp.exp" not in function
    x, u = np.linspace(0, 1, 5), np.array([1.0, -0.5, 2.0, 0.25, 3.0])
    want = 0.7 * np.exp(-((x[:, None] - x) ** 2)) @ u + (x > 0.4)
    np.testing.assert_allclose(rhs.eval_fn(0.0, u, k=0.7), want, rtol=1e-13)
    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.jit(rhs.eval_fn)(0.0, jnp.asarray(u), k=0.7), want, rtol=1e-13)
        single = rhs.eval_fn(0.0, jnp.asarray(u, dtype="float32"), k=0.7)
        assert single.dtype == jnp.float32


def test_a_flow_that_is_the_same_along_an_index_counts_for_each_of_its_points() -> None:
    body = "states:\n  S[age, place]\n  D[age]\n  N\ndynamics:\n  S[age, place] => D[age] + N @ r[age]"
    found = derivative(body, np.ones(10))
    r = np.array([0.5, 0.25, 0.125])
    np.testing.assert_array_equal(found, [*np.repeat(-r, 2), *(2 * r), 2 * r.sum()])
