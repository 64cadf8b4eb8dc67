"""What lies beyond the ends of an axis for values that are the same at all its points, and flows that are."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

import opjax
from opjax.interop.op_system import reaction_balances

STATE = np.array([1.0, 2.0, 4.0])


def rhs_of(equations: str, alias: str = "same[age] = k") -> opjax.CompiledRhs:
    return opjax.compile_rhs(f"""
model M:
  axes:
    age = ordered [young, middle, old]
  params:
    k = 0.5
  states:
    x[age] = 1
  let:
    {alias}
  dynamics:
    {equations}
""")


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("x[age]' = same[age+1]*x[age] edge absorb", [0.5, 1, 0]),
        ("x[age]' = same[age-1]*x[age] edge absorb", [0, 1, 2]),
        ("x[age]' = same[age+2] + 1 edge absorb", [1.5, 1, 1]),
        ("x[age]' = same[age+1]*x[age] edge stay", [0.5, 1, 2]),
        ("x[age]' = same[age-1]*x[age] edge periodic", [0.5, 1, 2]),
        ("x[age]' = x[age]*sum(same[a+1] for a in age) edge absorb", [1, 2, 4]),
        ("x[age]' = exp(same[age+1] - k) edge absorb", [1, 1, np.exp(-0.5)]),
    ],
)
def test_an_alias_without_its_axis_ends_where_the_axis_ends(equation: str, expected: list[float]) -> None:
    rhs = rhs_of(equation)
    assert_allclose(rhs.eval_fn(0.0, STATE), expected, rtol=1e-15)
    assert_allclose(rhs_of(equation, "same[age] = k + 0*x[age]").eval_fn(0.0, STATE), expected, rtol=1e-15)
    assert_allclose(jax.jit(rhs.eval_fn)(0.0, jax.numpy.asarray(STATE)), expected, rtol=1e-6)


def test_a_condition_without_its_axis_is_false_beyond_the_end() -> None:
    rhs = rhs_of("x[age]' = (1 if same[age+1] else 2) edge absorb", "same[age] = k > 0.2")
    assert_allclose(rhs.eval_fn(0.0, STATE), [1, 1, 2])


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ("x[age] => x[age+1] @ k edge absorb", [-0.5, 0, 0]),
        ("x[age] => x[age-1] @ k edge absorb", [0, 0, -0.5]),
        ("x[age] => x[age+1] @ k edge stay", [-0.5, 0, 0.5]),
        ("x[age] => x[age+1] @ k edge periodic", [0, 0, 0]),
        ("0 => x[age+1] @ k edge absorb", [0, 0.5, 0.5]),
        ("x[age+1] => 0 @ k edge absorb", [0, -0.5, -0.5]),
    ],
)
def test_a_flow_that_is_the_same_everywhere_ends_where_the_axis_ends(flow: str, expected: list[float]) -> None:
    assert_allclose(rhs_of(flow).eval_fn(0.0, STATE), expected, rtol=1e-15)


def test_a_flow_that_is_the_same_everywhere_goes_from_each_point_to_its_own() -> None:
    rhs = opjax.compile_rhs("""
model Vaccination:
  axes:
    age = [young, old]
    sex = [f, m]
  params:
    doses = 2
    w[sex] = [1, 3]
  states:
    S[age, sex] = 10
    V[age, sex] = 0
    T[age] = 0
  dynamics:
    each: S[age, sex] => V[age, sex] @ doses
    pooled: S[age, sex] => T[age] @ w[sex]
    both: S[age, sex] => T[age] @ doses
""")
    tree = rhs.pytree_eval_fn(0.0, {"S": np.ones((2, 2)), "V": np.ones((2, 2)), "T": np.ones(2)})
    assert_allclose(tree["S"], [[-5, -7], [-5, -7]])
    assert_allclose(tree["V"], np.full((2, 2), 2.0))
    assert_allclose(tree["T"], [8, 8])
    assert not rhs.reaction_gaps
    assert reaction_balances(rhs)


def slopes_of(term: str, alias: str = "same[x] = k") -> opjax.CompiledRhs:
    return opjax.compile_rhs(f"""
model M:
  axes:
    x = points [0, 1, 3, 4]
  params:
    k = 0.5
    v[x] = [1, -1, 2, -2]
  states:
    u[x] = 1
  let:
    {alias}
  dynamics:
    u[x]' = {term}
""")


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("grad(same, x) edge absorb", [0.5 / 2, 0, 0, -0.5 / 2]),
        ("grad(3*same, x) edge absorb", [1.5 / 2, 0, 0, -1.5 / 2]),
        ("div(-2*same, x) edge absorb", [-1 / 2, 0, 0, 1 / 2]),
        ("div(v*grad(same, x), x) edge absorb", [1 * -0.5 / 0.5, 0, 0, -2 * -0.5 / 0.5]),
        ("upwind(same, x, 1) edge absorb", [0.5, 0, 0, 0]),
        ("upwind(same, x, -1) edge absorb", [0, 0, 0, -0.5]),
        ("upwind(same, x, v) edge absorb", [0.5, 0, 0, -0.5]),
        ("grad(same, x)", [0, 0, 0, 0]),
        ("upwind(same, x, v) edge stay", [0, 0, 0, 0]),
        ("grad(same, x) + upwind(same, x, v) + div(v*grad(same, x), x) edge periodic", [0, 0, 0, 0]),
    ],
)
def test_a_slope_of_what_is_the_same_everywhere_ends_where_the_axis_ends(term: str, expected: list[float]) -> None:
    rhs, state = slopes_of(term), np.array([1.0, 2.0, 4.0, 8.0])
    assert_allclose(rhs.eval_fn(0.0, state), expected, rtol=1e-15)
    assert_allclose(slopes_of(term, "same[x] = k + 0*u[x]").eval_fn(0.0, state), expected, rtol=1e-15)
    assert_allclose(jax.jit(rhs.eval_fn)(0.0, jax.numpy.asarray(state)), expected, rtol=1e-6)


def test_a_slope_where_nothing_comes_in_from_beyond_needs_no_edge() -> None:
    assert_allclose(slopes_of("upwind(same, x, v)").eval_fn(0.0, np.ones(4)), np.zeros(4))


def test_a_parameter_without_the_axis_is_nothing_beyond_its_ends_too() -> None:
    assert_allclose(slopes_of("grad(k, x) edge absorb").eval_fn(0.0, np.ones(4)), [0.25, 0, 0, -0.25])


EDGES = """
model Edges:
  axes:
    x = grid(0, 1, 5)
  params:
    k = 1
  states:
    u[x] = 1
    v = 1
  let:
    same[x] = {alias}
    twice(z) = 2*z
  dynamics:
    u[x]' = {equation}
    {flow}
"""
PLAIN = {"alias": "k", "equation": "-u[x]", "flow": "v -> 0 @ k"}


@pytest.mark.parametrize(
    "said",
    [
        {"flow": "u[x] -> v @ k edge stay"},
        {"flow": "v -> 0 @ k*same[0.5] edge absorb"},
        {"flow": "u[x=0.5] => v @ k edge periodic"},
    ],
)
def test_an_edge_that_changes_nothing_is_told(said: dict[str, str]) -> None:
    with pytest.warns(opjax.OpjaxWarning, match="W0403: 'edge (stay|absorb|periodic)' changes nothing"):
        model = opjax.loads(EDGES.format(**{**PLAIN, **said}))
    with pytest.warns(opjax.OpjaxWarning, match="W0403[^W]*leave 'edge' out"):
        opjax.loads(model.show("yaml"))


@pytest.mark.parametrize(
    "said",
    [
        {"flow": "w: u[x] -> v @ k*twice(u[x-1]) edge absorb"},
        {"flow": "v -> 0 @ sum(u[y-1] for y in x) edge absorb"},
        {"flow": "u[x] -> v @ x[x+1] edge stay"},
        {"flow": "u[x] -> v @ upwind(u, x, k) edge absorb"},
        {"flow": "v -> 0 @ k\n    u[x] -> u[x+1] @ k edge stay"},
        {"flow": "v => u[x+1] @ k*x edge absorb"},
        {"equation": "-u[x] edge stay"},
    ],
)
def test_an_edge_that_changes_something_is_not(said: dict[str, str]) -> None:
    opjax.loads(EDGES.format(**{**PLAIN, **said}))
