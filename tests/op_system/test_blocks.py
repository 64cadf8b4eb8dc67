"""Blocks: what op_system publishes of them, their values, and what does not fall apart."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import opjax
from differential.harness import both, samples
from opjax import OpjaxError

SPEC: dict[str, Any] = {
    "kind": "transitions",
    "state": ["S[loc,age]", "I[age,loc]", "R[loc]"],
    "axes": [{"name": "loc", "coords": ["p", "q", "r"]}, {"name": "age", "coords": ["young", "old"]}],
    "aliases": {"foi[loc,age]": "beta[loc]*apply_along(C[age,age:b]*I[age:b,loc], age=b)"},
    "transitions": [
        {"name": "infect", "from": "S[loc,age]", "to": "I[age,loc]", "rate": "foi[loc,age]"},
        {"name": "recover", "from": "I[age,loc]", "to": "R[loc]", "rate": "g"},
        {"name": "old", "from": "S[loc,age=young]", "to": "S[loc,age=old]", "rate": "m[loc]"},
    ],
    "factorize_axes": ["loc"],
}


def block_of(arrays: dict[str, Any], places: dict[str, Any], position: int) -> dict[str, Any]:
    """The slices of some arrays at a position."""
    chosen = {name: places.get(name) for name in arrays}
    return {
        name: array if chosen[name] is None else np.take(array, position, axis=chosen[name])
        for name, array in arrays.items()
    }


def published(info: Any) -> dict[str, Any]:
    """What op_system says of a block axis, without the constants that it makes up."""
    row = dataclasses.asdict(info)
    own = {name: place for name, place in row["param_axis_pos"].items() if not name.startswith("__op_system")}
    return {**row, "param_axis_pos": own}


def test_as_op_system_publishes_them() -> None:
    ours, theirs = both(SPEC)
    assert ours.factorize_axes == theirs.factorize_axes == ("loc",)
    assert [dataclasses.asdict(info) for info in ours.block_axes] == [published(info) for info in theirs.block_axes]
    assert ours.block_template_shapes == theirs.block_template_shapes
    assert ours.meta["factorize_axes"] == theirs.meta["factorize_axes"]
    assert [r.independent_axes for r in ours.reactions] == [r.independent_axes for r in theirs.reactions]


def test_blocks_are_slices_of_the_whole_and_op_systems() -> None:
    ours, theirs = both(SPEC)
    assert ours.block_pytree_eval_fn is not None
    (sample,) = samples(theirs, {}, 1, 2)
    whole = ours.pytree_eval_fn(sample.time, sample.states, **sample.parameters)
    (info,) = ours.block_axes
    for position in range(info.size):
        states = block_of(sample.states, dict(info.state_axis_pos), position)
        given = block_of(sample.parameters, dict(info.param_axis_pos), position)
        found = ours.block_pytree_eval_fn(sample.time, states, **given)
        expected = theirs.block_pytree_eval_fn(sample.time, states, **given)
        for name, array in block_of(whole, dict(info.state_axis_pos), position).items():
            np.testing.assert_allclose(found[name], array, rtol=1e-12, err_msg=name)
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, err_msg=name)


def test_all_blocks_at_once() -> None:
    import jax

    ours, theirs = both(SPEC)
    block = ours.block_pytree_eval_fn
    assert block is not None
    (sample,) = samples(theirs, {}, 1, 2)
    (info,) = ours.block_axes
    states, given = dict(info.state_axis_pos), {name: info.param_axis_pos.get(name) for name in sample.parameters}
    mapped = jax.vmap(lambda y, p: block(0.0, y, **p), in_axes=(states, given), out_axes=states)
    with jax.enable_x64(True):
        found = mapped(sample.states, sample.parameters)
        for name, array in ours.pytree_eval_fn(0.0, sample.states, **sample.parameters).items():
            np.testing.assert_allclose(found[name], array, rtol=1e-12, err_msg=name)


def test_without_such_axes_there_are_no_blocks() -> None:
    ours, theirs = both({key: value for key, value in SPEC.items() if key != "factorize_axes"})
    assert ours.block_axes == theirs.block_axes == ()
    assert ours.block_pytree_eval_fn is theirs.block_pytree_eval_fn is None
    assert ours.block_template_shapes is theirs.block_template_shapes is None


def test_the_first_of_several_is_stripped() -> None:
    spec = {
        "kind": "expr",
        "state": ["u[loc,age]"],
        "axes": SPEC["axes"],
        "equations": {"u[loc,age]": "-k[age]*u[loc,age]"},
    }
    for names in (["loc", "age"], ["age", "loc"]):
        ours, theirs = both({**spec, "factorize_axes": names})
        assert ours.factorize_axes == theirs.factorize_axes
        assert ours.block_template_shapes == theirs.block_template_shapes
        assert [dataclasses.asdict(i) for i in ours.block_axes] == [dataclasses.asdict(i) for i in theirs.block_axes]


MODEL = """
model Towns:
  axes:
    loc = [p, q, r]
    x = grid(0, 1, 4)
  independent: loc, x
  params:
    k[loc]
    G[loc, loc]
    c = 2
    d = c*3
    w[loc] = [1, 2, 3]
  states:
    u[loc, x]
    n
  let:
    total = sum(u[i, j] for i in loc, j in x)
  dynamics:
    u[loc, x]' = -d*w[loc]*u[loc, x]*n {extra}
    n' = -n {more}
"""
MIXING = {
    "a sum": ("+ sum(k[j]*u[j, x] for j in loc)", "", "'loc': this runs over all its positions"),
    "an alias": ("", "+ total", "'loc': this runs over all its positions"),
    "one position": ("+ u[loc=q, x]", "", "'loc': this reads what is at 'q'"),
    "of a parameter": ("+ k[loc=q]", "", "'loc': this reads what is at 'q'"),
    "a matrix": ("+ G[loc, loc]", "", "'loc': this has it twice"),
    "a neighbour": ("+ u[loc, x+1] edge stay", "", "'x': this reads a neighbour along it"),
    "where": ("+ x", "", "'x': this asks where along it"),
    "an integral": ("", "+ integral(u[loc=p, j] for j in x)", "'x': this "),
}


@pytest.mark.parametrize(("extra", "more", "sentence"), MIXING.values(), ids=MIXING)
def test_what_mixes_positions_is_refused(extra: str, more: str, sentence: str) -> None:
    with pytest.raises(OpjaxError, match="E0530") as problem:
        opjax.loads(MODEL.format(extra=extra, more=more))
    assert sentence in str(problem.value)


def test_a_cell_of_its_own_does_not_fall_apart() -> None:
    text = "model M:\n axes:\n  loc = [p, q]\n independent: loc\n params:\n  k\n states:\n  u[loc]\n dynamics:\n  "
    with pytest.raises(OpjaxError, match="this happens at 'p' only"):
        opjax.loads(f"{text}0 -> u[loc=p] @ k\n")


def test_defaults_and_scalars_in_blocks() -> None:
    rhs = opjax.compile_rhs(MODEL.format(extra="", more=""))
    assert rhs.block_pytree_eval_fn is not None
    assert rhs.block_template_shapes == {"u": (4,), "n": ()}
    states = {"u": np.array([1.0, 2.0, 3.0, 4.0]), "n": np.array(0.5)}
    found = rhs.block_pytree_eval_fn(0.0, states, w=1.5)
    np.testing.assert_allclose(found["u"], -6.0 * 1.5 * 0.5 * states["u"])
    np.testing.assert_allclose(found["n"], -0.5)
    with pytest.raises(OpjaxError, match="E0805"):  # which of the three is the block's?
        rhs.block_pytree_eval_fn(0.0, states)


@pytest.mark.parametrize(("names", "code"), [("place", "E0304"), ("loc, loc", "E0302")])
def test_wrong_names(names: str, code: str) -> None:
    with pytest.raises(OpjaxError, match=code):
        opjax.loads(MODEL.format(extra="", more="").replace("independent: loc, x", f"independent: {names}"))


def test_they_survive_all_spellings() -> None:
    model = opjax.loads(MODEL.format(extra="", more=""))
    assert "independent: loc, x" in model.show("ojx")
    assert opjax.loads(model.show("yaml"), "yaml") == model
    assert opjax.loads(model.show("ojx")) == model


def test_blocks_of_one_model_with_other_parameters_fixed_are_told_apart() -> None:
    spec = {
        "axes": [{"name": "loc", "coords": ["p", "q"]}],
        "state": ["x[loc]"],
        "equations": {"x[loc]": "r*x[loc]*(1 - x[loc]/K)"},
        "factorize_axes": ["loc"],
    }
    plain = opjax.compile_rhs(spec)
    fixed = opjax.compile_rhs(spec, gauge_fix={"K": 1.0})
    assert plain.block_pytree_eval_fn is not None
    assert fixed.block_pytree_eval_fn is not None
    found = plain.block_pytree_eval_fn(0.0, {"x": np.asarray(0.5)}, r=0.8, K=2.0)["x"]
    np.testing.assert_allclose(found, 0.8 * 0.5 * 0.75, rtol=1e-14)
    found = fixed.block_pytree_eval_fn(0.0, {"x": np.asarray(0.5)}, r=0.8)["x"]
    np.testing.assert_allclose(found, 0.8 * 0.5 * 0.5, rtol=1e-14)
