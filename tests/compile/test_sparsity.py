"""The pattern of the Jacobian, against the derivatives themselves at several points, and against patterns by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.sparse import coo_array

import opjax
from opjax import OpjaxError

EXAMPLES = Path(__file__).parents[2] / "examples"
AXES = 'model M:\n  axes:\n    age = ordered ["a", "b", "c"]\n    place = [n, s]\n    x = grid(0, 3, 4)\n  params:\n'
MODELS = {
    "contacts": """
    C[age, age]
    k[age] = [1, 2, 3]
  states:
    S[age, place] = 3
    I[place, age] = 1
  let:
    N[place] = sum(S[a, place] + I[place, a] for a in age)
  dynamics:
    S[age, place] -> I[place, age] @ k[age]*sum(C[age, b]*I[place, b]/N[place] for b in age)
    I[place, age="b"] -> 0 @ 2
    older: S[age, place] -> S[age+1, place] @ 0.3 edge stay
""",
    "two sides": """
    A[age, age]
    B[place, place]
  states:
    u[age, place] = 1
  dynamics:
    u[age, place]' = sum(A[age, i]*B[place, j]*u[i, j]^2 for i in age, j in place) - u[age, place]
""",
    "no coupling": """
    A[age, age]
  states:
    u[age] = 1
    v = 1
    w = 1
  dynamics:
    u[age]' = A[age, age]*u[age]*w
    v' = max(u[a] for a in age) + floor(w)*0.5 - v
    w' = w if w > v else 2*w
""",
    "shifts": """
    D = 1
  states:
    u[x] = 1
    v[x] = 1
    w[x] = 1
  dynamics:
    u[x]' = u[x+1] - 2*u[x]^2 + u[x-1] + v[x] + u[x+2]^2 edge absorb
    v[x]' = D*(v[x+1] - v[x-1])*w[x=1] edge periodic
    w[x]' = w[x+1] - w[x-2] edge stay
""",
    "places": """
    D = 1
  states:
    u[x] = 1
    s = 1
  dynamics:
    u[x]' = D*at(u, x=0.5 + D) - div(D*grad(u, x), x)*s
    s' = integral(u[y] for y in x) - s^2
""",
    "fixed places": """
    D = 1
  states:
    u[x] = 1
    v[x] = 1
    w[x, age] = 1
    a = 1
    b = 1
    c = 1
    d = 1
    e = 1
    f[age] = 1
    g = 1
  dynamics:
    u[x]' = D*at(u, x=1.5) - u[x]
    v[x]' = 0.1*v[x] - at(v, x=0.5)*at(v^2, x=2.25)
    w[x, age]' = -w[x, age]
    a' = D*at(u, x=2)
    b' = at(u*v, x=3)
    c' = at(u, x=7)
    d' = at(v, x=-1)
    e' = at(u + v, x=0.7 + 1e-9) + at(u, x=0.2)
    f[age]' = at(w, x=2.5)
    g' = sum(at(w[x, a], x=0.1) for a in age)
""",
}


def pattern(rhs: opjax.CompiledRhs, parameters: dict[str, np.ndarray]) -> np.ndarray:
    random = np.random.default_rng(5)
    size = len(rhs.state_names)
    points = [rhs.jacobian(0.3, random.uniform(0.5, 2.0, size), parameters) for _ in range(20)]
    return np.any([np.abs(point) > 1e-12 for point in points], axis=0)


@pytest.mark.parametrize("name", MODELS)
def test_the_places_are_those_of_the_derivatives(name: str) -> None:
    rhs = opjax.compile_rhs(AXES + MODELS[name].removeprefix("\n"))
    random = np.random.default_rng(3)
    parameters = {p: random.uniform(0.5, 2, shape) for p, shape in rhs.param_shapes.items() if shape}
    found = rhs.jacobian_sparsity()
    wanted = pattern(rhs, parameters)
    table = name == "places"  # where a table is read is known by the parameter
    if table:
        assert (found.toarray() >= wanted).all()
    else:
        np.testing.assert_array_equal(found.toarray(), wanted)
    assert (np.diff(found.rows * found.shape[1] + found.columns) > 0).all()


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_a_place_that_is_computed_may_lie_on_the_other_side_of_a_point(precision: type) -> None:
    text = "model M:\n  axes:\n    x = points [0, 0.1, 0.3, 0.7]\n  states:\n    u[x] = 1\n  dynamics:\n"
    for place in ("0.1 + 0.2", "0.3", "0.4 - 0.1", "0.7 - 0.4", "0.1*3"):
        rhs = opjax.compile_rhs(text + f"    u[x]' = at(u^2, x={place})\n")
        found = rhs.jacobian(0.0, np.ones(4, precision)) != 0
        assert (rhs.jacobian_sparsity().toarray() >= found).all()
        assert not rhs.jacobian_sparsity().toarray()[:, 0].any()


@pytest.mark.parametrize("name", ["sir.ojx", "robertson.ojx", "lynx_hare.ojx", "fisher_kpp.ojx"])
def test_examples(name: str) -> None:
    rhs = opjax.load(EXAMPLES / name).compile_rhs()
    required = {p: 0.7 for p in rhs.param_names if not rhs.param_shapes[p]}
    required |= {p: np.full(shape, 0.7) for p, shape in rhs.param_shapes.items() if shape}
    np.testing.assert_array_equal(rhs.jacobian_sparsity().toarray(), pattern(rhs, required))


def test_a_large_network_needs_no_matrix() -> None:
    size = 2_000
    text = "opjax: 1\nstate: [" + ", ".join(f"x{i}" for i in range(size)) + "]\nequations:\n"
    text += "".join(f"  x{i}: x{(i + 1) % size}*x{(i * 7) % size} - x{i}\n" for i in range(size))
    found = opjax.compile_rhs(text).jacobian_sparsity()
    wanted = sorted({(i, j) for i in range(size) for j in (i, (i + 1) % size, (i * 7) % size)})
    assert list(zip(found.rows.tolist(), found.columns.tolist(), strict=True)) == wanted


def test_scipy_takes_it() -> None:
    text = AXES.replace(
        "params:\n", "states:\n    u[x] = x\n  dynamics:\n    u[x]' = u[x+1] - 2*u[x] + u[x-1] edge stay\n"
    )
    rhs = opjax.compile_rhs(text)
    rows, columns, shape = rhs.jacobian_sparsity()
    assert coo_array((np.ones(len(rows)), (rows, columns)), shape).nnz == 10
    solved = solve_ivp(rhs.bind({}), (0, 50), [0.0, 1, 2, 3], "Radau", jac_sparsity=rhs.jacobian_sparsity().toarray())
    np.testing.assert_allclose(solved.y[:, -1], 1.5, atol=1e-3)


def test_a_model_that_asks_for_its_past_is_refused() -> None:
    rhs = opjax.compile_rhs("model M:\n  states: x\n  dynamics:\n    x' = -x(t - 1)\n")
    with pytest.raises(OpjaxError, match="E0584"):
        rhs.jacobian_sparsity()
