"""Measures of axes and representations of states: three spellings, what integrals make of them, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import opjax
from opjax.errors import OpjaxError

AXES = """
    age = [young, old] measure cell [15, 70] : year
    x : m = points [0, 0.25, 1] measure quadrature [1, 2, 3] : m "places"
    site = [a, b] measure counting
    y = grid(0, 1, 3)
"""
MODEL = f"""
model Measured:
  axes:{AXES}
  states:
    S[age] : 1 counts
    rho[x] : 1/m density over [x]
    c[age, x] concentration over [x, age] log
    m cell_mass
    n[y] cumulative
    p[site]
  dynamics:
    S[age]' = 0
    rho[x]' = 0
    c[age, x]' = 0
    m' = integral(rho[x] for x in x)
    n[y]' = integral(n[b] for b in y) + integral(p[s] for s in site) + integral(rho[u] for u in x if u > 0.1)
    p[site]' = sum(trapezoid(u)*rho[u] for u in x)
"""


def problem(text: str, form: str = "ojx") -> tuple[str, str]:
    with pytest.raises(OpjaxError) as caught:
        opjax.loads(text, form)
    (first, *_) = caught.value.diagnostics
    return first.code, first.message


def test_three_spellings_say_the_same() -> None:
    model = opjax.loads(MODEL)
    assert opjax.loads(model.show("yaml"), "yaml") == model
    assert opjax.loads(model.show("ojx")) == model
    assert "measure cell [15, 70] : year" in model.show("ojx")
    assert "density over [x]" in model.show("ojx")


def test_the_typed_model_has_them() -> None:
    system = opjax.loads(MODEL).system
    measures = {name: axis.measure for name, axis in system.axes.items()}
    assert [(m.kind, m.weights, m.unit) if m else None for m in measures.values()] == [
        ("cell", (15.0, 70.0), "year"),
        ("quadrature", (1.0, 2.0, 3.0), "m"),
        ("counting", (1.0, 1.0), ""),
        None,
    ]
    said = {name: (state.representation, state.measure_axes) for name, state in system.states.items()}
    assert said == {
        "S": ("counts", ()),
        "rho": ("density", ("x",)),
        "c": ("concentration", ("x", "age")),
        "m": ("cell_mass", ()),
        "n": ("cumulative", ()),
        "p": (None, ()),
    }


def test_integrals_weigh_with_the_measure() -> None:
    rhs = opjax.loads(MODEL).compile_rhs()
    draw = np.random.default_rng(7)
    y = {name: draw.uniform(0.5, 2, shape) for name, shape in rhs.template_shapes.items()}
    rates = rhs.pytree_eval_fn(0.0, y)
    weights, trapezoid = np.array([1.0, 2.0, 3.0]), np.array([0.125, 0.5, 0.375])
    np.testing.assert_allclose(rates["m"], weights @ y["rho"], rtol=1e-14)
    np.testing.assert_allclose(rates["p"], np.full(2, trapezoid @ y["rho"]), rtol=1e-14)
    n = np.array([0.25, 0.5, 0.25]) @ y["n"] + y["p"].sum() + weights[1:] @ y["rho"][1:]
    np.testing.assert_allclose(rates["n"], np.full(3, n), rtol=1e-14)


def test_op_systems_reducer_keeps_the_trapezoid_rule() -> None:
    axis = {"name": "x", "type": "continuous", "coords": [0.0, 0.25, 1.0]}
    spec: dict[str, Any] = {
        "axes": [{**axis, "measure": {"kind": "quadrature", "weights": [1, 2, 3]}}],
        "state": ["u[x]", "m", "n"],
        "equations": {
            "u[x]": "0*u[x]",
            "m": "integrate_over(2*u[x:s], x=s)",
            "n": "apply_along(u[x:s]/2, x=s, kernel=integrate)",
        },
    }
    model = opjax.from_dict(spec)
    assert "sum(trapezoid(s)*" in model.show("ojx")
    assert opjax.loads(model.show("ojx")) == model
    rates = model.compile_rhs().eval_fn(0.0, np.array([1.0, 2.0, 4.0, 0.0, 0.0]))
    total = 0.125 + 2 * 0.5 + 4 * 0.375
    np.testing.assert_allclose(rates[3:], [2 * total, total / 2], rtol=1e-15)


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ("counting [1, 2]", "the axis 'age' has a counting measure with weights"),
        ("cell", "the axis 'age' has 2 points, and its measure has 0 weights"),
        ("cell [1, 2, 3]", "the axis 'age' has 2 points, and its measure has 3 weights"),
        ("quadrature [1, 0]", "the axis 'age' has a weight that is not a positive number"),
    ],
)
def test_bad_measures(measure: str, message: str) -> None:
    text = MODEL.replace("cell [15, 70]", measure)
    assert problem(text) == ("E0313", message)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("counts", "counts density", "the state 'S' is both counts and density"),
        ("density over [x]", "over [x]", "the state 'rho' has axes behind 'over', and is neither"),
        ("cell_mass", "density over [x]", "the state 'm' is a density over 'x', which is not among its axes"),
        ("cumulative", "density over [y]", "the state 'n' is a density over 'y', which has no measure"),
    ],
)
def test_bad_representations(old: str, new: str, message: str) -> None:
    code, found = problem(MODEL.replace(old, new, 1))
    assert code == "E0540"
    assert found.startswith(message)


def test_a_misspelt_representation_is_suggested() -> None:
    text = "state: [S]\nequations: {S: 0}\nstate_metadata: {S: {representation: densty}}"
    assert problem(text, "yaml")[0] == "E0204"


@pytest.mark.parametrize("argument", ["2", "x + 1", "age"])
def test_trapezoid_wants_an_index_of_a_numeric_axis(argument: str) -> None:
    text = MODEL.replace("trapezoid(u)", f"trapezoid({argument})").replace("S[age]' = 0", "S[age]' = trapezoid(age)")
    assert problem(text)[0] in ("E0308", "E0410")


def test_a_point_of_a_grid_is_found_by_its_written_value() -> None:
    """The second of eight points from 0 to 0.7 is computed as 0.09999999999999999."""
    text = "model M:\n  axes:\n    x = grid(0, 0.7, 8)\n  states: u[x]\n  dynamics:\n    u[x]' = u[x=0.1] - u[0.3]\n"
    rhs = opjax.compile_rhs(text)
    assert rhs.system.axes["x"].coordinates[1] != 0.1
    np.testing.assert_array_equal(rhs.eval_fn(0.0, np.arange(8.0) ** 2), np.full(8, -8.0))
    assert problem(text.replace("0.3", "0.35"))[0] == "E0305"
