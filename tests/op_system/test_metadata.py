"""Names, declarations and `meta`, against what op_system publishes."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import opjax
from differential.harness import both

SPEC: dict[str, Any] = {
    "kind": "transitions",
    "state": ["S[age,vax]", "R[age]", "u[x]", "D"],
    "axes": [
        {"name": "age", "coords": ["0-4", "5 to 64", "65+"], "units": "year"},
        {"name": "vax", "type": "ordinal", "coords": ["u", "v"]},
        {"name": "x", "type": "continuous", "coords": [0, 0.5, 3], "units": "m"},
    ],
    "transitions": [
        {"name": "move", "from": "S[age,vax]", "to": "R[age]", "rate": "k[age]*q"},
        {"name": "die", "from": "R[age]", "to": "D", "rate": "mu"},
        {"name": "make", "to": "u[x]", "rate": "w[x]"},
    ],
    "initial_state": {
        "S[age,vax]": {"shaped": "S0", "axes": ["age", "vax"]},
        "R[age]": "R0",
        "u[x]": 2.5,
        "D": 0.0,
    },
    "parameters": {
        "q": {"support": "positive", "units": "1/day", "description": "rate"},
        "mu": {"support": "unit_interval", "fixed": True},
        "k": {"support": {"kind": "bounded", "lower": -1, "upper": 2}},
    },
    "state_metadata": {"S": {"representation": "counts", "units": "person"}, "D": {"scale": "log"}},
    "factorize_axes": [],
}


def rows(found: Any) -> dict[str, Any]:
    """The attributes of a declaration that op_system has."""
    names = ("representation", "units", "description", "measure_axes", "scale", "support", "fixed", "measure")
    row = {name: getattr(found, name) for name in names if hasattr(found, name)}
    if row.get("support") is not None:
        row["support"] = (row["support"].kind, row["support"].lower, row["support"].upper)
    return row


def test_names_of_cells() -> None:
    ours, theirs = both(SPEC)
    assert ours.state_names == theirs.state_names
    assert ours.cell_names[:3] == ("S[0-4,u]", "S[0-4,v]", "S[5 to 64,u]")


@pytest.mark.parametrize("attribute", ["param_meta", "state_meta", "axis_meta"])
def test_declarations(attribute: str) -> None:
    ours, theirs = both(SPEC)
    found, expected = getattr(ours, attribute), getattr(theirs, attribute)
    assert expected
    for name, declared in expected.items():
        said = rows(declared)
        assert {key: value for key, value in rows(found[name]).items() if key in said} == said, name


@pytest.mark.parametrize("key", ["initial_state", "time_axis", "time_varying_params", "time_interpolation"])
def test_meta(key: str) -> None:
    ours, theirs = both(SPEC)
    assert ours.meta[key] == theirs.meta[key]


def test_meta_of_axes_and_parameters() -> None:
    ours, theirs = both(SPEC)
    for found, expected in zip(ours.meta["axes"], theirs.meta["axes"], strict=True):
        assert found == {key: expected[key] for key in found}
    shaped = tuple(row for row in theirs.meta["shaped_params"] if not row[0].startswith("__op_system"))
    assert {name: axes for name, axes in ours.meta["shaped_params"] if name != "S0"} == dict(shaped)


def test_transitions_are_told_once_each() -> None:
    ours = opjax.compile_rhs(SPEC)
    assert ours.meta["transitions"] == [
        {"name": "move", "from": "S[age, vax]", "to": "R[age]", "rate": "k[age]*q"},
        {"name": "die", "from": "R[age]", "to": "D", "rate": "mu"},
        {"name": "make", "from": None, "to": "u[x]", "rate": "w[x]"},
    ]


def test_initial_values_that_op_system_has_no_word_for_are_their_texts() -> None:
    text = """
    model M:
      axes:
        i = [p, q]
      params:
        a
        b[i]
      states:
        x = 2*a
        y[i] = b[i]
        z[i]
      init:
        z[i=p] = a
      dynamics:
        x' = 0
        y[i]' = 0
        z[i]' = 0
    """
    meta = opjax.compile_rhs(text).meta["initial_state"]
    assert meta == {
        "x": "2*a",
        "y__i_p": {"shaped": "b", "axes": ("i",), "coords": {"i": "p"}},
        "y__i_q": {"shaped": "b", "axes": ("i",), "coords": {"i": "q"}},
        "z__i_p": "a",
        "z__i_q": 0.0,
    }


def test_it_survives_pickling() -> None:
    rhs = opjax.compile_rhs(SPEC, extra_parameters="ignore")
    again = pickle.loads(pickle.dumps(rhs))
    assert again == rhs
    assert again.meta == rhs.meta
    assert again.state_names == rhs.state_names
    given = {"k": np.ones(3), "q": 1.0, "mu": 0.5, "w": np.ones(3), "nothing": 1.0}
    y = np.arange(13.0)
    np.testing.assert_array_equal(again.eval_fn(0.0, y, **given), rhs.eval_fn(0.0, y, **given))


@pytest.mark.parametrize("interpolation", ["linear", "previous"])
def test_meta_of_tables_over_time(interpolation: str) -> None:
    spec = {
        "kind": "expr",
        "state": ["x[age]"],
        "axes": [{"name": "age", "coords": ["a", "b"]}, {"name": "day", "type": "continuous", "coords": [0, 2, 5]}],
        "equations": {"x[age]": "beta[day]*eta[day,age]*k[age]*x[age]"},
        "time_axis": "day",
        "time_interpolation": interpolation,
    }
    ours, theirs = both(spec)
    keys = ("time_axis", "time_interpolation", "time_coordinates", "forcing_breakpoints", "time_varying_params")
    assert {key: ours.meta[key] for key in keys} == {key: theirs.meta[key] for key in keys}
    assert ours.meta["shaped_params"] == theirs.meta["shaped_params"]
    assert opjax.validate_spec(spec).parameters == {"beta": ("day",), "eta": ("day", "age"), "k": ("age",)}


def test_inputs_are_told() -> None:
    text = """
    model M:
      inputs:
        open(t) = previous
        rain(t) = linear
      states: x
      dynamics:
        x' = -open(t)*x
    """
    found = opjax.compile_rhs(text).meta["inputs"]
    assert found == [
        {"name": "open", "axes": (), "interpolation": "previous"},
        {"name": "rain", "axes": (), "interpolation": "linear"},
    ]


KEPT: dict[str, Any] = {
    "kind": "transitions",
    "state": ["S[age]", "X[age,imm]"],
    "axes": [
        {"name": "age", "coords": ["a", "b"], "units": "year"},
        {"name": "imm", "type": "ordinal", "coords": ["x0", "x1", "x2"]},
        {"name": "x", "type": "continuous", "domain": {"lb": 1, "ub": 8}, "size": 4, "spacing": "log"},
        {"name": "y", "type": "continuous", "domain": {"lb": -1, "ub": 2}, "size": 7},
        {"name": "z", "type": "continuous", "coords": [0, 1, 5]},
    ],
    "transitions": [
        {"coord_shift": {"axis": "imm", "step": 1, "boundary": "stay"}, "rate": "r", "apply_to": ["X"]},
        {"from": "X[age,imm:i]", "to": "X[age,imm:j]", "rate": "G[imm:i,imm:j]"},
        {"from": "S[age]", "to": "X[age,imm:j]", "rate": "w[imm:j]"},
    ],
    "sources": {"a": [1, 2.5, None, 'é"x\n', {"b": True}]},
    "couplings": [],
}


@pytest.mark.filterwarnings("ignore::opjax.OpjaxWarning")
def test_what_engines_read_of_axes_moves_and_what_is_kept() -> None:
    ours, theirs = both(KEPT)
    assert ours.meta["axes"] == theirs.meta["axes"]
    for key in ("sources", "couplings"):
        assert ours.meta[key] == theirs.meta[key]
    moves = [(row.get("coord_shift"), row.get("routing")) for row in ours.meta["transitions"]]
    wanted = [(row.get("coord_shift"), row.get("routing")) for row in theirs.meta["transitions"]]
    for (shift, routing), (their_shift, their_routing) in zip(moves, wanted, strict=True):
        assert shift == their_shift
        assert (routing is None) == (their_routing is None)
        if routing is not None:
            assert [routing[key] for key in ("axis", "target_only")] == [
                their_routing[key] for key in ("axis", "target_only")
            ]


@pytest.mark.filterwarnings("ignore::opjax.OpjaxWarning")
def test_what_is_kept_survives_every_spelling() -> None:
    model = opjax.from_dict({**KEPT, "meta": {"note": {"x": []}}})
    for form in ("ojx", "yaml"):
        again = opjax.loads(model.show(form), format=form)
        assert again.content_hash == model.content_hash
        assert again.meta["sources"] == KEPT["sources"]
        assert again.meta["note"] == {"x": []}


def test_a_text_that_is_no_json_is_kept_as_it_is() -> None:
    text = 'model M:\n  states:\n    x = 0\n  dynamics:\n    x\' = 1\n  kept:\n    note "{}"\n    axes "mine"\n'
    for note in ("free", "[" * 5000):
        meta = opjax.loads(text.format(note)).meta
        assert (meta["note"], meta["axes"]) == (note, [])
