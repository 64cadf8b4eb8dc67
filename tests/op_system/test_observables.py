"""Observables, measures and metadata against op_system 0.9, and what it refuses and opjax computes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from differential.harness import both, compare, flat, template_shapes
from opjax.errors import OpjaxError

AXES = [
    {"name": "age", "coords": ["y", "o"], "measure": {"kind": "counting"}},
    {
        "name": "x",
        "type": "continuous",
        "coords": [0.0, 0.25, 1.0],
        "units": "m",
        "measure": {"kind": "quadrature", "weights": [1.0, 2.0, 0.5], "units": "m"},
    },
]
SPEC: dict[str, Any] = {
    "kind": "expr",
    "axes": AXES,
    "state": ["S[age]", "rho[x]", "u[age,x]", "z"],
    "equations": {
        "S[age]": "-b*S[age]",
        "rho[x]": "-rho[x]",
        "u[age,x]": "-u[age,x]*k[age]",
        "z": "b - z*integrate_over(rho[x:s], x=s)",
    },
    "state_metadata": {
        "S": {"representation": "counts", "units": "people", "description": "susceptible"},
        "rho": {"representation": "density", "measure_axes": ["x"], "units": "1/m"},
        "u": {"representation": "concentration", "measure_axes": ["x"]},
        "z": {"scale": "log"},
    },
    "observables": {
        "total": {
            "expr": "S[age]",
            "reduction": {"kind": "sum", "axes": ["age"]},
            "units": "people",
            "description": "all",
        },
        "mass": {"expr": "rho[x]", "reduction": {"kind": "integral", "axes": ["x"]}},
        "product": {"expr": "u[age,x]*rho[x]", "axes": ["age"], "reduction": {"kind": "integral", "axes": ["x"]}},
        "both": {"expr": "u[age,x]*w[x]", "reduction": {"kind": "sum", "axes": ["x", "age"]}},
        "node": {"expr": "rho[0.25]*c"},
        "clock": {"expr": "z*t/(1+t)"},
        "rate": {"expr": "k[age]*S[age]/z", "axes": ["age"]},
        "turned": {"expr": "u[age,x]+S[age]", "axes": ["x", "age"]},
        "spread": {"expr": "np.exp(-z)", "axes": ["x"]},
        "number": {"expr": "1"},
    },
}
FIELDS = ("output_shape", "coordinates", "state_dependencies", "parameter_shapes", "time_dependent")


def test_the_derivatives_agree() -> None:
    compare(SPEC)


def measured(measure: Any) -> tuple[Any, ...] | None:
    """What a measure says."""
    return measure and (measure.kind, measure.weights, measure.units)


def said(observable: Any) -> list[Any]:
    """Its definition but for the text; the axes of a reduction have no order."""
    definition = observable.definition
    parts = definition.reduction and (definition.reduction.kind, sorted(definition.reduction.axes))
    return [definition.name, definition.axes, parts, definition.units, definition.description]


@pytest.mark.parametrize("name", SPEC["observables"])
def test_values_and_descriptions_agree(name: str) -> None:
    ours, theirs = both(SPEC)
    found, expected = ours.observables[name], theirs.observables[name]
    assert {field: getattr(found, field) for field in FIELDS} == {field: getattr(expected, field) for field in FIELDS}
    requirements = [(axis, measured(measure)) for axis, measure in found.measure_requirements]
    assert requirements == [(axis, measured(measure)) for axis, measure in expected.measure_requirements]
    assert said(found) == said(expected)
    draw = np.random.default_rng(3)
    states = {state: draw.uniform(0.5, 2.0, shape) for state, shape in template_shapes(theirs).items()}
    params = {parameter: draw.uniform(0.5, 2.0, shape) for parameter, shape in found.parameter_shapes}
    wanted = expected.eval_fn(2.5, flat(states), **params)
    for precision, tolerance in ((np.float64, 1e-12), (np.float32, 1e-5)):
        cast = {state: array.astype(precision) for state, array in states.items()}
        given = {key: np.asarray(value, precision) for key, value in params.items()}
        flat_value = found.eval_fn(2.5, flat(cast), **given)
        tree_value = found.pytree_eval_fn(2.5, cast, **given)
        with jax.enable_x64(precision is np.float64):
            compiled = jax.jit(found.eval_fn)(2.5, jnp.asarray(flat(cast)), **given)
        for value in (flat_value, tree_value, compiled):
            assert np.shape(value) == found.output_shape
            assert value.dtype == precision
            np.testing.assert_allclose(value, wanted, rtol=tolerance)


def test_metadata_agrees() -> None:
    ours, theirs = both(SPEC)
    for name, state in theirs.state_meta.items():
        fields = ("representation", "units", "description", "measure_axes", "scale")
        assert [getattr(ours.state_meta[name], f) for f in fields] == [getattr(state, f) for f in fields]
    for name, axis in theirs.axis_meta.items():
        assert ours.axis_meta[name].units == axis.units
        assert measured(ours.axis_meta[name].measure) == measured(axis.measure)


MORE = {
    "functions": ("np.log(z) + np.maximum(z, 2.0)", np.log(4.0) + 4.0),
    "ternary": ("1.0 if z > 3 and z < 5 else 0.0", 1.0),
    "aliases": ("twice + 1", 9.0),
    "reducers": ("sum_over(S[age:i]*S[age:i], age=i)", 5.0),
    "observables of observables": ("total*z", 12.0),
    "largest of an axis": ("max(S[i] for i in age)", 2.0),
    "labels": ('S[age="o"]', 2.0),
}


@pytest.mark.parametrize("title", MORE)
def test_the_whole_language_may_be_used(title: str) -> None:
    expression, expected = MORE[title]
    spec = {
        "axes": AXES[:1],
        "state": ["S[age]", "z"],
        "aliases": {"twice": "2*z"},
        "equations": {"S[age]": "-S[age]", "z": "twice"},
        "observables": {
            "total": {"expr": "S[age]", "reduction": {"kind": "sum", "axes": ["age"]}},
            "wanted": {"expr": expression},
        },
    }
    rhs = opjax.compile_rhs(spec)
    assert rhs.observables["wanted"].eval_fn(0.0, np.array([1.0, 2.0, 4.0])) == pytest.approx(expected, rel=1e-15)
    with jax.enable_x64(True):
        value = jax.jit(rhs.observables["wanted"].eval_fn)(0.0, jnp.array([1.0, 2.0, 4.0]))
    assert value == pytest.approx(expected, rel=1e-15)


def refused(**change: Any) -> list[str]:
    with pytest.raises(OpjaxError) as caught:
        opjax.compile_rhs({**SPEC, **change})
    return [d.code for d in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("observable", "code"),
    [
        ({"expr": "S[age]"}, "E0308"),
        ({"expr": "S[age]", "axes": ["age"], "reduction": {"kind": "sum", "axes": ["age"]}}, "E0542"),
        ({"expr": "z", "reduction": {"kind": "sum", "axes": []}}, "E0542"),
        ({"expr": "z", "reduction": {"kind": "mean", "axes": ["x"]}}, "E0204"),
        ({"expr": "z", "reduction": {"kind": "sum"}}, "E0205"),
        ({"expr": "z", "unit": "m"}, "E0202"),
        ({"expr": "rho[0.3]"}, "E0305"),
        ({"expr": "S[age]", "reduction": {"kind": "integral", "axes": ["age"]}}, "E0541"),
        ("z", "E0204"),
    ],
)
def test_what_both_refuse(observable: Any, code: str) -> None:
    assert code in refused(observables={"wanted": observable})


def test_a_name_means_one_thing() -> None:
    """op_system takes an observable named like a state; here one name is one quantity."""
    assert refused(observables={"z": {"expr": "2*z"}})[0] == "E0302"


def test_a_sum_over_an_axis_that_is_not_used_repeats() -> None:
    repeated = {"expr": "z", "reduction": {"kind": "sum", "axes": ["x"]}}
    with pytest.warns(opjax.OpjaxWarning, match="W0404: 'x' is not used"):
        ours, theirs = both(SPEC | {"observables": {"repeated": repeated}})
    y = np.arange(1.0, 13.0)
    assert ours.observables["repeated"].eval_fn(0.0, y) == theirs.observables["repeated"].eval_fn(0.0, y) == 36.0


def test_calls_are_checked() -> None:
    node = opjax.compile_rhs(SPEC).observables["node"]
    y = np.ones(12)
    calls = [
        lambda: node.eval_fn(0.0, np.ones(11), c=1.0),
        lambda: node.eval_fn(0.0, y),
        lambda: node.eval_fn(0.0, y, c=1.0, nothing=2.0),
        lambda: node.pytree_eval_fn(0.0, {"S": np.ones(2)}, c=1.0),
        lambda: node.pytree_eval_fn(0.0, {"rho": np.ones(2)}, c=1.0),
        lambda: node.pytree_eval_fn(0.0, {"rho": np.ones(3), "Q": y}, c=1.0),
    ]
    codes: list[str] = []
    for call in calls:
        with pytest.raises(OpjaxError) as caught:
            call()
        codes.append(caught.value.diagnostics[0].code)
    assert codes == ["E0804", "E0805", "E0806", "E0806", "E0804", "E0806"]
    assert node.pytree_eval_fn(0.0, {"rho": np.array([1.0, 3.0, 5.0])}, c=2.0) == 6.0


def test_observables_are_derived_quantities() -> None:
    """They print as `derive`, read back to the same model, and leave out what needs the whole solution."""
    model = opjax.from_dict(SPEC)
    assert "mass = integral(rho[x] over x)" in " ".join(model.show("ojx").split())
    assert opjax.loads(model.show("ojx")) == model
    assert opjax.loads(model.show("yaml"), "yaml") == model
    text = "model M:\n  states: x\n  dynamics:\n    x' = -x\n  derive:\n    y = 2*x\n    top = max(y for s in time)\n"
    assert list(opjax.compile_rhs(text).observables) == ["y"]
