"""Tables over time as op_system 0.9 has them, at points, between them, and beyond both ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from differential.harness import both, flat
from opjax import OpjaxError
from opjax.compile.forcing import time_tables

AGE = {"name": "age", "coords": ["y", "o", "v"]}
IMMUNITY = {"name": "imm", "coords": ["x0", "x1"]}
TIME = {"name": "time", "type": "continuous", "coords": [0.0, 1.0, 3.5]}
DAY = {"name": "day", "type": "continuous", "domain": {"lb": 0, "ub": 10}, "size": 6}
LOG = {"name": "day", "type": "continuous", "domain": {"lb": 1, "ub": 8}, "size": 4, "spacing": "log"}
POINTS = (-1.0, 0.0, 0.5, 1.0, 2.0, 3.5, 4.0, 7.99, 8.0, 10.0, 11.0)


def equation(text: str, *axes: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "expr", "axes": [*axes, AGE, IMMUNITY], "state": ["x[age]"], "equations": {"x[age]": text}, **more}


ROUTED = {
    "kind": "transitions",
    "axes": [TIME, IMMUNITY],
    "state": ["X[imm]"],
    "transitions": [{"from": "X[imm:i]", "to": "X[imm:j]", "rate": "eta[time, imm:i, imm:j]"}],
}
ALIASES = {
    "kind": "expr",
    "axes": [TIME, AGE],
    "state": ["x[age]"],
    "aliases": {"b": "beta[time]", "c[age]": "q[time, age]*b"},
    "equations": {"x[age]": "b*c[age]*x[age] + sum_over(q[time, age:j]*x[age:j], age=j)"},
}
SPECS: dict[str, dict[str, Any]] = {
    "one table": equation("beta[time]*x[age]", TIME),
    "time first": equation("beta[time, age]*x[age]", TIME),
    "time last": equation("beta[age, time]*x[age]", TIME),
    "twice": equation("beta[time]*beta[time]*g[age, time] - x[age]", TIME),
    "another name": equation("beta[day, age]*x[age]", DAY, time_axis="day"),
    "a logarithmic grid": equation("beta[day]*x[age]", LOG, time_axis="day"),
    "in aliases and sums": ALIASES,
    "routed": ROUTED,
    "no other axis": {
        "kind": "expr",
        "axes": [TIME],
        "state": ["x"],
        "equations": {"x": "-beta[time]*x"},
    },
}


def shapes(theirs: Any) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters, those over time included."""
    sizes = {axis["name"]: axis["size"] for axis in theirs.meta["axes"]}
    axes = dict(theirs.meta["shaped_params"]) | dict(theirs.meta["time_varying_params"])
    own = {name: names for name, names in axes.items() if not name.startswith("__op_system")}
    shaped = {name: tuple(sizes[axis] for axis in names) for name, names in own.items()}
    return dict.fromkeys(theirs.param_names, ()) | shaped


@pytest.mark.parametrize("interpolation", ["linear", "previous"])
@pytest.mark.parametrize("name", SPECS)
def test_tables_have_the_same_values(x64: None, name: str, interpolation: str) -> None:
    ours, theirs = both({**SPECS[name], "time_interpolation": interpolation})
    rng = np.random.default_rng(7)
    given = {name: rng.uniform(0.2, 1.5, shape) for name, shape in shapes(theirs).items()}
    assert dict(ours.param_shapes) == {name: shapes(theirs)[name] for name in ours.param_names}
    y = flat({name: rng.uniform(0.5, 2, shape) for name, shape in ours.template_shapes.items()})
    compiled = jax.jit(ours.eval_fn)
    for t in POINTS:
        expected = theirs.eval_fn(t, y, **given)
        np.testing.assert_allclose(ours.eval_fn(t, y, **given), expected, rtol=1e-12)
        np.testing.assert_allclose(compiled(t, jnp.asarray(y), **given), expected, rtol=1e-12)


@pytest.mark.parametrize("interpolation", ["linear", "previous"])
def test_what_engines_ask_is_the_same(interpolation: str) -> None:
    ours, theirs = both({**SPECS["twice"], "time_interpolation": interpolation})
    (table,) = time_tables(ours.system)
    assert table.axis == theirs.meta["time_axis"]
    assert table.between == theirs.meta["time_interpolation"]
    assert table.coordinates == theirs.meta["time_coordinates"]
    assert table.breakpoints == theirs.meta["forcing_breakpoints"]
    assert sorted(table.parameters) == sorted(theirs.meta["time_varying_params"])


def test_a_table_of_the_wrong_length_is_refused_here_and_taken_there() -> None:
    ours, theirs = both(SPECS["time first"])
    longer = np.arange(12.0).reshape(4, 3)
    assert theirs.eval_fn(9.0, np.ones(3), beta=longer).shape == (3,)  # a silent wrong answer
    with pytest.raises(OpjaxError, match=r"E0804.*\(3, 3\) over \[time, age\]"):
        ours.eval_fn(9.0, np.ones(3), beta=longer)


def test_a_table_in_two_orders_is_refused_by_both() -> None:
    spec = equation("beta[age, time]*x[age] + beta[time, age]", TIME)
    with pytest.raises(OpjaxError, match="E0309"):
        opjax.compile_rhs(spec)


def test_a_table_may_be_annotated_as_the_parameter_that_it_is() -> None:
    spec = {**SPECS["one table"], "parameters": {"beta": {"support": "positive", "units": "1/day"}}}
    ours, _ = both(spec)
    assert ours.param_shapes == {"beta": (3,)}
    assert opjax.from_dict(spec).show("ojx").count("beta[time] : 1/day in (0, inf)") == 1


def test_the_three_spellings_are_one_model() -> None:
    model = opjax.from_dict(ALIASES)
    again = opjax.loads(model.show("ojx"))
    assert opjax.loads(model.show("yaml"), format="yaml").show("ojx") == model.show("ojx") == again.show("ojx")
    assert model.compile_rhs().content_hash == again.compile_rhs().content_hash
